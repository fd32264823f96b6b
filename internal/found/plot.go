package found

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/door"
)

// How much there is. What has not happened yet at the end of the year is left out, so that there are
// somewhat fewer.
const (
	demoCompanies = 200
	demoContacts  = 600
	demoDeals     = 300
	demoLeads     = 160
)

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// tell makes the plot.
func (s *story) tell() {
	s.contacts = map[*thing][]*thing{}
	s.stock()
	s.meet()
	s.prospect()
	s.sell()
}

// turn returns the person of the sales staff whose turn it is.
func turn(i int) int { return firstRep + i%reps }

// spread returns the day of the year on which the i-th of n things begins: more and more of them, as in
// a company that grows, and the last a few days ago.
func spread(i, n, first, last int) int {
	x := float64(i) / float64(n)
	return first + int(float64(last-first)*(1.35*x-0.35*x*x))
}

// stock is what the company sells.
func (s *story) stock() {
	for i, p := range s.words.products {
		t := s.create(s.day(s.begun, 1, 10, 0), manager, "product", p.name, door.Values{
			"name": p.name, "code": p.code, "family": p.family, "unit": p.unit, "list_price": s.money(p.price), "cost": s.money(p.price * 6 / 10), "active": i != len(s.words.products)-1,
		})
		s.products = append(s.products, t)
	}
}

// meet is whom the company knows: sixty customers taken over from a file, the rest met over the year.
func (s *story) meet() {
	named := map[string]bool{}
	for i := range demoCompanies {
		industry := s.choice("company.industry", i)
		name := s.words.companyName(i, industry, named)
		city := s.words.cities[s.dice.roll(len(s.words.cities))]
		who, employees := turn(i), []int{12, 25, 48, 90, 160, 340, 720, 1500, 4200}[s.dice.roll(9)]+s.dice.roll(10)
		v := door.Values{
			"name": name, "industry": industry, "city": city[0], "country": city[1], "employees": number(employees), "annual_revenue": s.money(employees * s.dice.between(60, 190) * 1000),
			"founded": number(s.now.Year() - s.dice.between(3, 90)), "website": "https://" + s.words.domain(i), "phone": s.words.phone(&s.dice), "email": "info@" + s.words.domain(i),
			"relation": s.choice("company.relation", []int{0, 0, 0, 2, 0, 0, 4, 0, 0, 0, 0, 3}[i%12]), "level": s.choice("company.level", s.dice.roll(3)), "owner": s.staff[who].ID.String(), "team": s.teams[teamOf(who)],
			"billing_address": map[string]any{"street": s.words.street(&s.dice), "city": city[0], "country": city[1]},
		}
		if i%4 == 1 {
			v["description"] = s.words.about[s.dice.roll(len(s.words.about))]
		}
		if i%9 == 2 {
			v["next_contact_at"] = s.day(s.now, s.dice.between(1, 20), s.dice.between(9, 16), 0).UTC().Format(time.RFC3339)
		}
		if i%5 == 3 && i > 20 {
			v["parent"] = s.companies[i-20]
		}
		at, by := s.day(s.begun, 2, 11, 0), manager
		if i >= 60 {
			at, by = s.day(s.begun, spread(i-60, demoCompanies-60, 5, 361), s.dice.between(9, 16), 0), who
			delete(v, "parent") // it may be another's, whom this person does not know
		}
		c := s.create(at, by, "company", name, v)
		if c == nil {
			continue
		}
		if i < 60 {
			s.steps[len(s.steps)-1].via = door.ViaImport
		}
		c.who = who
		s.companies = append(s.companies, c)
		s.people(i, c, by)
	}
}

// people are the contacts of a company.
func (s *story) people(i int, c *thing, by int) {
	for j := range []int{3, 2, 4, 3}[i%4] * demoContacts / (3 * demoCompanies) {
		n := 4*i + j
		first, last := s.words.person(&s.dice)
		part := s.choice("contact.part", n)
		v := door.Values{
			"first_name": first, "last_name": last, "company": c, "part": part, "position": s.words.positions[part][s.dice.roll(len(s.words.positions[part]))],
			"department": s.words.departments[n%len(s.words.departments)], "email": fmt.Sprintf("%s@%s", s.words.mailbox(n), s.words.domain(i)), "phone": s.words.phone(&s.dice),
			"preferred_language": s.words.lang, "owner": s.staff[c.who].ID.String(), "team": s.teams[teamOf(c.who)],
		}
		if s.words.lang == "zh" {
			v["wechat"] = fmt.Sprintf("wx_demo_%04d", n)
		}
		if n%6 == 1 {
			v["birthday"] = fmt.Sprintf("%d-%02d-%02d", s.dice.between(1962, 2000), s.dice.between(1, 12), s.dice.between(1, 28))
		}
		if n%15 == 4 {
			v["identity_number"] = fmt.Sprintf("DEMO%08d", 10_000_000+n*7919)
		}
		if n%23 == 7 {
			v["do_not_call"] = true
		}
		at, via := c.born, door.ViaCLI
		if i < 60 {
			via = door.ViaImport
		}
		if i >= 60 && j > 0 { // one is known from the beginning, the others are met later
			at = s.day(c.born, s.dice.between(1, 60), s.dice.between(9, 16), 0)
		}
		if t := s.create(at, by, "contact", strings.TrimSpace(first+" "+last), v); t != nil {
			s.steps[len(s.steps)-1].via = via
			t.who = c.who
			s.contacts[c] = append(s.contacts[c], t)
		}
	}
}

// prospect is who might become a customer. Most leads are worked on and decided; the newest are new.
func (s *story) prospect() {
	ends := s.options["lead.status"]
	for i := range demoLeads {
		first, last := s.words.person(&s.dice)
		who := turn(i * 2)
		industry := s.choice("lead.industry", i)
		v := door.Values{
			"first_name": first, "last_name": last, "company_name": s.words.companyName(i+500, industry, map[string]bool{}), "position": s.words.positions["evaluator"][i%len(s.words.positions["evaluator"])],
			"email": fmt.Sprintf("%s@%s", s.words.mailbox(2000+i), s.words.domain(500+i)), "phone": s.words.phone(&s.dice), "industry": industry,
			"lead_source": s.choice("lead.lead_source", i), "rating": s.choice("lead.rating", s.dice.roll(3)), "employees": number(s.dice.between(8, 900)), "owner": s.staff[who].ID.String(), "team": s.teams[teamOf(who)],
			"description": s.words.wishes[i%len(s.words.wishes)],
		}
		born := s.day(s.begun, spread(i, demoLeads, 6, 364), s.dice.between(9, 16), 0)
		lead := s.create(born, manager, "lead", last, v)
		if lead == nil {
			continue
		}
		lead.who = who
		end := ends[i%len(ends)]
		if end == "new" && s.now.Sub(born) > 21*24*time.Hour {
			end = "disqualified"
		}
		s.follow(lead, end)
	}
}

// follow is how a lead comes to its end, a step every few days.
func (s *story) follow(lead *thing, end string) {
	at := lead.born
	for _, status := range s.options["lead.status"][1:] { // after new
		if end == "new" {
			return
		}
		last := status == end
		if !last && status != "assigned" && status != "working" && !(status == "qualified" && end == "converted") {
			continue
		}
		at = s.day(at, s.dice.between(1, 6), s.dice.between(9, 16), 1)
		v := door.Values{"status": status}
		if last && (end == "disqualified" || end == "recycled") {
			v["lost_reason"] = s.words.reasons[s.dice.roll(len(s.words.reasons))]
		}
		if status == "working" {
			v["next_contact_at"] = s.day(at, s.dice.between(2, 9), 10, 0).UTC().Format(time.RFC3339)
		}
		if !s.change(at, lead.who, lead, v) || last {
			return
		}
	}
}
