package found

import (
	"fmt"
	"time"

	"github.com/wardbook/wardbook/internal/door"
)

// sell is the deals of the year, each through the stages to its end, or to where it is today.
func (s *story) sell() {
	for i := range demoDeals {
		born := s.day(s.begun, spread(i, demoDeals, 8, 360), s.dice.between(9, 16), i%2)
		c := s.customer(born)
		if c == nil {
			continue
		}
		p := i % (len(s.products) - 1) // the last is no longer sold
		people := s.known(c, born)
		amount := s.words.products[p].price * s.dice.between(1, 14)
		amount -= amount % 50
		v := door.Values{
			"name": fmt.Sprintf(s.words.dealName, c.name, s.words.products[p].name), "company": c, "amount": s.money(amount), "stage": s.stages["open"][0].String(),
			"forecast": "pipeline", "kind": s.choice("deal.kind", s.dice.roll(2)+i%3), "lead_source": s.choice("deal.lead_source", i), "product": s.products[p],
			"engaged_on": born.Format(time.DateOnly), "close_date": s.day(born, s.dice.between(40, 100), 12, 0).Format(time.DateOnly), "next_step": s.words.next[0],
		}
		if len(people) > 0 {
			v["contact"] = people[s.dice.roll(len(people))]
		}
		if i%5 == 2 {
			v["competitor"] = s.words.rivals[s.dice.roll(len(s.words.rivals))]
		}
		if i%6 == 1 {
			v["description"] = s.words.wishes[i%len(s.words.wishes)]
		}
		if t := s.create(born, c.who, "deal", fmt.Sprint(v["name"]), v); t != nil {
			end, closed := s.advance(i, t, c)
			s.around(i, t, c, people, end, closed)
		}
	}
}

// customer returns a company that was known some days before a moment.
func (s *story) customer(at time.Time) *thing {
	for range 200 {
		c := s.companies[s.dice.roll(len(s.companies))]
		if c.born.Before(at.AddDate(0, 0, -2)) {
			return c
		}
	}
	return nil
}

// known returns the contacts of a company that were known at a moment.
func (s *story) known(c *thing, at time.Time) (list []*thing) {
	for _, t := range s.contacts[c] {
		if t.born.Before(at.AddDate(0, 0, -1)) {
			list = append(list, t)
		}
	}
	return list
}

// advance takes a deal from stage to stage. It returns when it was last touched, and whether it is
// closed.
func (s *story) advance(i int, deal, c *thing) (last time.Time, closed bool) {
	open := s.stages["open"]
	end, steps := "won", len(open)-1
	switch r := s.dice.roll(100); {
	case r >= 94:
		end, steps = "abandoned", s.dice.between(0, 2)
	case r >= 58:
		end, steps = "lost", s.dice.between(0, len(open)-1)
	}
	at := deal.born
	for n := 1; n <= steps; n++ {
		next := s.day(at, s.dice.between(7, 27), s.dice.between(9, 16), 1)
		v := door.Values{
			"stage": open[n].String(), "forecast": []string{"pipeline", "pipeline", "best_case", "best_case", "commit"}[min(n, 4)],
			"next_step": s.words.next[min(n, len(s.words.next)-1)], "close_date": s.day(next, s.dice.between(12, 50), 12, 0).Format(time.DateOnly),
		}
		if !s.change(next, deal.who, deal, v) {
			return at, false
		}
		at = next
	}
	next := s.day(at, s.dice.between(8, 35), s.dice.between(9, 16), 0)
	v := door.Values{"stage": s.stages[end][0].String(), "forecast": "closed", "close_date": next.Format(time.DateOnly), "next_step": nil}
	switch end {
	case "lost":
		v["lost_reason"] = s.words.reasons[i%len(s.words.reasons)]
	case "abandoned":
		v["forecast"], v["lost_reason"] = "omitted", s.words.reasons[len(s.words.reasons)-1]
	}
	if !s.change(next, deal.who, deal, v) {
		return at, false
	}
	if end == "won" {
		s.change(s.day(next, 1, 9, 1), c.who, c, door.Values{"relation": "customer"})
	}
	return next, true
}

// around is what happens beside a deal: calls, meetings, notes, tasks, documents.
func (s *story) around(i int, deal, c *thing, people []*thing, last time.Time, closed bool) {
	days := max(2, int(last.Sub(deal.born)/(24*time.Hour)))
	during := func() time.Time {
		return s.day(deal.born, s.dice.between(1, days), s.dice.between(9, 16), s.dice.roll(2))
	}
	about := func(n int) *thing { // a person too, now and then
		if len(people) > 0 && n%3 == 1 {
			return people[n%len(people)]
		}
		return deal
	}
	for j := range []int{1, 2, 1, 2}[i%4] {
		s.call(2*i+j, deal.who, about(i+j), during())
	}
	if i%5 != 4 {
		s.meeting(i, deal, c, people, during(), true)
	}
	if i%4 != 3 {
		at := during()
		s.create(at, deal.who, "note", "", door.Values{
			"subject": s.words.subjects[i%len(s.words.subjects)], "body": s.words.notes[i%len(s.words.notes)], "pinned": i%17 == 0, "related_to": about(i),
		})
	}
	s.task(i, deal, during(), true)
	if !closed { // what is to come
		ago := s.day(s.now, -s.dice.between(1, 5), s.dice.between(9, 16), 0)
		if ago.Before(deal.born.AddDate(0, 0, 1)) {
			return
		}
		s.task(i+1, deal, ago, false)
		if i%3 == 0 {
			s.meeting(i, deal, c, people, ago, false)
		}
	}
	if i%5 == 0 {
		s.document(i, deal, during())
	}
}
