package door_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// The leak oracle knows every record and every role, and says by the plainest rules, one record at a
// time, what a person may see. Every channel of the door must agree with it.

type oracle struct {
	t         *testing.T
	w         *doortest.World
	r         *rand.Rand
	teams     []id.ID
	parent    map[id.ID]id.ID
	people    []*oraclePerson
	records   map[string][]*oracleRecord
	byID      map[id.ID]*oracleRecord
	decisions int
	then      time.Time // when every record was as `was` says
}

type oraclePerson struct {
	id    id.ID
	team  id.ID
	roles []oracleRole
}

type oracleRole struct {
	scope  map[string]string            // object → scope of reading
	writes map[string]map[string]string // verb → object → scope
	mask   map[string]map[string]string // object → field → access
}

type oracleRecord struct {
	object  string
	id      id.ID
	owner   id.ID
	team    id.ID
	values  map[string]any // as the API shows them
	company *oracleRecord
	was     any  // of deals: the next step at the moment `then`
	binned  bool // after that moment
}

func choose[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func newOracle(t *testing.T, w *doortest.World, seed uint64) *oracle {
	must[*schema.Object](t)(w.As(w.Owner).Define(context.Background(), door.Definition{Object: "company", Add: []schema.Field{rollup("deals", "count", "", ""), rollup("calls", "sum", "amount", "next_step == 'call'")}}))
	o := &oracle{t: t, w: w, r: rand.New(rand.NewPCG(seed, 5)), parent: map[id.ID]id.ID{}, records: map[string][]*oracleRecord{}, byID: map[id.ID]*oracleRecord{}}
	top := w.Make(t, "team", door.Values{"name": "top"})
	o.teams = append(o.teams, top)
	for _, name := range []string{"left", "right"} {
		below := w.Make(t, "team", door.Values{"name": name, "parent": top.String()})
		o.parent[below] = top
		o.teams = append(o.teams, below)
	}
	for i := range 24 {
		o.addPerson(i)
	}
	for i := range 30 {
		o.addRecord("company", door.Values{"name": "Company " + strconv.Itoa(i), "city": choose(o.r, []string{"Bonn", "Lyon", "杭州"}), "employees": json.Number(strconv.Itoa(o.r.IntN(5)))}, nil)
	}
	for i := range 30 {
		o.addRecord("contact", door.Values{"last_name": "Person" + strconv.Itoa(i), "position": choose(o.r, []string{"CEO", "CFO"}), "identity_number": fmt.Sprintf("11010119900307%04d", i)}, choose(o.r, o.records["company"]))
	}
	for i := range 60 {
		o.addRecord("deal", door.Values{
			"name": "Deal " + strconv.Itoa(i), "next_step": choose(o.r, []string{"call", "visit", "mail"}), "stage": w.Stage(t, "Prospecting").String(),
			"amount": map[string]any{"amount": strconv.Itoa(1 + o.r.IntN(4)), "currency": "EUR"},
		}, choose(o.r, o.records["company"]))
	}
	o.then = w.Clock.Now()
	o.moveOn()
	return o
}

// moveOn changes deals and puts records of every kind into the bin.
func (o *oracle) moveOn() {
	owner := o.w.As(o.w.Person(o.t, "Mover", id.ID{}, "sales_manager"))
	for i, rec := range o.records["deal"] {
		rec.was = rec.values["next_step"]
		if i%3 == 0 {
			rec.values["next_step"] = choose(o.r, []string{"call", "visit", "mail"})
			must[*door.Record](o.t)(owner.Update(context.Background(), "deal", rec.id, 0, door.Values{"next_step": rec.values["next_step"]}))
		}
	}
	for _, object := range []string{"company", "contact", "deal"} {
		for i, rec := range o.records[object] {
			if rec.binned = i%6 == 5; rec.binned {
				if err := owner.Delete(context.Background(), object, rec.id, 0); err != nil {
					o.t.Fatal(err)
				}
			}
		}
	}
}

func (o *oracle) addPerson(i int) {
	p := &oraclePerson{team: choose(o.r, o.teams)}
	var roles []any
	for j := range 1 + o.r.IntN(2) {
		role := oracleRole{scope: map[string]string{}, mask: map[string]map[string]string{}, writes: map[string]map[string]string{"update": {}, "delete": {}, "export": {}}}
		var grants, masks []map[string]any
		for _, object := range []string{"company", "contact", "deal"} {
			role.scope[object] = choose(o.r, []string{"none", "own", "team", "branch", "all"})
			grants = append(grants, map[string]any{"object": object, "verbs": []string{"read"}, "scope": role.scope[object]})
			for verb, scopes := range role.writes {
				scopes[object] = choose(o.r, []string{"none", "own", "team", "branch", "all"})
				grants = append(grants, map[string]any{"object": object, "verbs": []string{verb}, "scope": scopes[object]})
			}
			role.mask[object] = map[string]string{}
			for _, field := range []string{"name", "city", "employees", "deals", "calls", "last_name", "position", "identity_number", "next_step", "amount", "company"} {
				if o.r.IntN(9) == 0 {
					role.mask[object][field] = choose(o.r, []string{"hidden", "masked", "read"})
					masks = append(masks, map[string]any{"object": object, "field": field, "access": role.mask[object][field]})
				}
			}
		}
		role.scope["change_set"] = choose(o.r, []string{"none", "own", "all"})
		grants = append(grants, map[string]any{"object": "change_set", "verbs": []string{"read"}, "scope": role.scope["change_set"]})
		g, _ := json.Marshal(grants)
		m, _ := json.Marshal(masks)
		made := o.w.Make(o.t, "role", door.Values{"name": fmt.Sprintf("random %d/%d", i, j), "grants": door.Parsed{Value: json.RawMessage(g)}, "masks": door.Parsed{Value: json.RawMessage(m)}})
		roles = append(roles, made.String())
		p.roles = append(p.roles, role)
	}
	p.id = o.w.Make(o.t, "user", door.Values{"name": "Person " + strconv.Itoa(i), "roles": roles, "main_team": p.team.String()})
	o.people = append(o.people, p)
}

func (o *oracle) addRecord(object string, v door.Values, company *oracleRecord) {
	rec := &oracleRecord{object: object, owner: choose(o.r, o.people).id, team: choose(o.r, o.teams), company: company, values: map[string]any{}}
	for name, x := range v {
		rec.values[name] = x
	}
	if company != nil {
		v["company"] = company.id.String()
		rec.values["company"] = company.id.String()
	}
	v["owner"], v["team"] = rec.owner.String(), rec.team.String()
	rec.id = o.w.Make(o.t, object, v)
	o.records[object] = append(o.records[object], rec)
	o.byID[rec.id] = rec
}

// visible says whether a person may see a record where it lives.
func (o *oracle) visible(p *oraclePerson, rec *oracleRecord) bool {
	return !rec.binned && o.granted(p, rec, func(r oracleRole) string { return r.scope[rec.object] })
}

// does says whether a person may update or delete a record, or take it out of the bin.
func (o *oracle) does(p *oraclePerson, rec *oracleRecord, verb string) bool {
	return o.granted(p, rec, func(r oracleRole) string { return r.scope[rec.object] }) &&
		o.granted(p, rec, func(r oracleRole) string { return r.writes[verb][rec.object] })
}

// mayDo says whether a person may do a verb to any record of an object.
func (o *oracle) mayDo(p *oraclePerson, object, verb string) bool {
	return o.may(p, object) && slices.ContainsFunc(p.roles, func(r oracleRole) bool { return r.writes[verb][object] != "none" })
}

// granted says whether the scope of any role reaches a record.
func (o *oracle) granted(p *oraclePerson, rec *oracleRecord, scope func(oracleRole) string) bool {
	for _, role := range p.roles {
		switch scope(role) {
		case "all":
			return true
		case "own":
			if rec.owner == p.id {
				return true
			}
		case "team":
			if rec.owner == p.id || rec.team == p.team {
				return true
			}
		case "branch":
			if rec.owner == p.id || rec.team == p.team || o.parent[rec.team] == p.team {
				return true
			}
		}
	}
	return false
}

// may says whether a person may see any record of an object.
func (o *oracle) may(p *oraclePerson, object string) bool {
	for _, role := range p.roles {
		if role.scope[object] != "none" {
			return true
		}
	}
	return false
}

// access says what a person may do with a field: the best of the roles that reach the object.
func (o *oracle) access(p *oraclePerson, object, field string) string {
	rank := []string{"hidden", "masked", "read", "edit"}
	best := 0
	for _, role := range p.roles {
		if role.scope[object] == "none" {
			continue
		}
		got, told := role.mask[object][field]
		if !told {
			got = "edit"
			if field == "identity_number" {
				got = "masked"
			}
		}
		best = max(best, slices.Index(rank, got))
	}
	return rank[best]
}

func (o *oracle) reads(p *oraclePerson, object, field string) bool {
	a := o.access(p, object, field)
	return a == "read" || a == "edit"
}

func (o *oracle) seen(p *oraclePerson, object string, keep func(*oracleRecord) bool) map[id.ID]bool {
	list := map[id.ID]bool{}
	for _, rec := range o.records[object] {
		if o.visible(p, rec) && (keep == nil || keep(rec)) {
			list[rec.id] = true
		}
	}
	return list
}

func TestLeakOracle(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		o := newOracle(t, w, 11)
		channels := []func(*oraclePerson){o.get, o.list, o.filtered, o.sorted, o.aggregated, o.history, o.related, o.through, o.bin, o.past, o.pastList, o.hiddenEverywhere, o.can, o.changeSets, o.owners, o.rolledUp, o.searched}
		want := 10_000
		if testing.Short() {
			want = 1_000
		}
		for i := 0; o.decisions < want && !t.Failed(); i++ {
			channels[i%len(channels)](choose(o.r, o.people))
		}
		t.Logf("%d decisions", o.decisions)
	})
}

var oracleFields = map[string][]string{
	"company": {"name", "city", "employees"}, "contact": {"last_name", "position", "identity_number", "company"}, "deal": {"name", "next_step", "amount", "company"},
}

// checkFields compares the fields of an answer with what may be read.
func (o *oracle) checkFields(p *oraclePerson, r *door.Record) {
	o.t.Helper()
	rec := o.byID[r.ID]
	for _, f := range oracleFields[rec.object] {
		o.decisions++
		got, access := r.JSON(f), o.access(p, rec.object, f)
		want := fmt.Sprint(rec.values[f])
		if m, money := rec.values[f].(map[string]any); money {
			want = fmt.Sprint(map[string]string{"amount": m["amount"].(string) + ".00", "currency": "EUR"})
		}
		switch {
		case access == "hidden" && (got != nil || slices.Contains(r.Names(), f)):
			o.t.Errorf("%s.%s is hidden and was shown", rec.object, f)
		case access == "masked" && (got == nil || fmt.Sprint(got) == want):
			o.t.Errorf("%s.%s is masked and came as %v", rec.object, f, got)
		case (access == "read" || access == "edit") && fmt.Sprint(got) != want:
			o.t.Errorf("%s.%s: got %v, want %s", rec.object, f, got, want)
		}
	}
}

func (o *oracle) get(p *oraclePerson) {
	rec := choose(o.r, o.records[choose(o.r, []string{"company", "contact", "deal"})])
	r, err := o.w.As(p.id).Get(context.Background(), rec.object, rec.id, door.GetOptions{})
	o.decisions++
	if visible := o.visible(p, rec); visible != (err == nil) || err != nil && !fault.Is(err, fault.NotFound) {
		o.t.Errorf("get %s: visible %t, got %v", rec.object, visible, err)
		return
	}
	if err == nil {
		o.checkFields(p, r)
	}
}

// compare checks that a list is exactly what may be seen.
func (o *oracle) compare(what string, p *oraclePerson, q door.Query, want map[id.ID]bool) []*door.Record {
	o.t.Helper()
	q.Count, q.Limit = q.AsOf.IsZero(), 7
	var all []*door.Record
	got := map[id.ID]bool{}
	for {
		page, err := o.w.As(p.id).List(context.Background(), q)
		if !o.may(p, q.Object) || q.Deleted && !o.mayDo(p, q.Object, "delete") {
			if !fault.Is(err, fault.NotFound) {
				o.t.Errorf("%s of %s without any right: %v", what, q.Object, err)
			}
			return nil
		}
		if err != nil {
			o.t.Errorf("%s of %s: %v", what, q.Object, err)
			return nil
		}
		if q.Count && int(page.Count) != len(want) {
			o.t.Errorf("%s of %s: count %d, want %d", what, q.Object, page.Count, len(want))
		}
		for _, r := range page.Records {
			if got[r.ID] {
				o.t.Errorf("%s of %s: a record on two pages", what, q.Object)
			}
			got[r.ID] = true
		}
		all = append(all, page.Records...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	for _, rec := range o.records[q.Object] {
		o.decisions++
		if got[rec.id] != want[rec.id] {
			o.t.Errorf("%s of %s %q: listed %t, want %t", what, q.Object, q.Filter, got[rec.id], want[rec.id])
		}
	}
	return all
}

func (o *oracle) list(p *oraclePerson) {
	object := choose(o.r, []string{"company", "contact", "deal"})
	for _, r := range o.compare("list", p, door.Query{Object: object}, o.seen(p, object, nil)) {
		o.checkFields(p, r)
	}
}

// refused checks that a hidden field is as unknown as one that does not exist, in every channel.
func (o *oracle) refused(p *oraclePerson, object, field string, q door.Query) {
	o.t.Helper()
	o.decisions++
	if _, err := o.w.As(p.id).List(context.Background(), q); !fault.Is(err, fault.Invalid) && o.may(p, object) {
		o.t.Errorf("a list by %s.%s, which may not be read: %v", object, field, err)
	}
}

func (o *oracle) filtered(p *oraclePerson) {
	if !o.reads(p, "deal", "next_step") {
		o.refused(p, "deal", "next_step", door.Query{Object: "deal", Filter: "next_step == 'call'"})
		return
	}
	o.compare("filter", p, door.Query{Object: "deal", Filter: "next_step == 'CALL' || next_step == 'mail'"},
		o.seen(p, "deal", func(r *oracleRecord) bool { return r.values["next_step"] != "visit" }))
}

func (o *oracle) sorted(p *oraclePerson) {
	if !o.reads(p, "company", "employees") {
		o.refused(p, "company", "employees", door.Query{Object: "company", Sort: []string{"employees"}})
		return
	}
	list := o.compare("sort", p, door.Query{Object: "company", Sort: []string{"-employees"}}, o.seen(p, "company", nil))
	for i := 1; i < len(list); i++ {
		if fmt.Sprint(list[i].JSON("employees")) > fmt.Sprint(list[i-1].JSON("employees")) {
			o.t.Error("not in order")
		}
	}
}

func (o *oracle) aggregated(p *oraclePerson) {
	t, err := o.w.As(p.id).Aggregate(context.Background(), door.AggregateQuery{Object: "deal", GroupBy: []door.GroupKey{{Field: "next_step"}}, Measures: []door.Measure{{Op: "count"}, {Op: "sum", Field: "amount"}}})
	allowed := o.may(p, "deal") && o.reads(p, "deal", "next_step") && o.reads(p, "deal", "amount")
	o.decisions++
	if allowed != (err == nil) {
		o.t.Errorf("aggregate: allowed %t, got %v", allowed, err)
		return
	}
	if !allowed {
		return
	}
	want := map[string][2]int{}
	for rid := range o.seen(p, "deal", nil) {
		r := o.byID[rid]
		n, _ := strconv.Atoi(r.values["amount"].(map[string]any)["amount"].(string))
		x := want[r.values["next_step"].(string)]
		want[r.values["next_step"].(string)] = [2]int{x[0] + 1, x[1] + n}
		o.decisions++
	}
	for _, row := range t.Rows {
		x := want[fmt.Sprint(row.Keys[0])]
		if row.Count != int64(x[0]) || fmt.Sprint(row.Values[1]) != fmt.Sprint(map[string]string{"amount": strconv.Itoa(x[1]) + ".00", "currency": "EUR"}) {
			o.t.Errorf("aggregate %v: %d and %v, want %v", row.Keys, row.Count, row.Values, x)
		}
		delete(want, fmt.Sprint(row.Keys[0]))
	}
	if len(want) > 0 {
		o.t.Errorf("aggregate leaves out %v", want)
	}
}

func (o *oracle) history(p *oraclePerson) {
	rec := choose(o.r, o.records[choose(o.r, []string{"company", "contact", "deal"})])
	list, err := o.w.As(p.id).History(context.Background(), rec.object, rec.id, 0)
	o.decisions++
	visible := o.visible(p, rec)
	if rec.binned {
		visible = o.does(p, rec, "delete")
	}
	if visible != (err == nil) || err != nil && !fault.Is(err, fault.NotFound) {
		o.t.Errorf("history of %s: visible %t, got %v", rec.object, visible, err)
		return
	}
	for _, c := range list {
		for _, f := range c.Fields {
			o.decisions++
			access := o.access(p, rec.object, f.Field)
			if !slices.Contains(oracleFields[rec.object], f.Field) {
				continue
			}
			if access == "hidden" || access == "masked" && f.New != nil && fmt.Sprint(f.New) == fmt.Sprint(rec.values[f.Field]) {
				o.t.Errorf("history shows %s.%s, which is %s", rec.object, f.Field, access)
			}
		}
	}
}

// related reads a company's name through a deal.
func (o *oracle) related(p *oraclePerson) {
	allowed := o.reads(p, "deal", "company") && o.may(p, "company") && o.access(p, "company", "name") != "hidden"
	if !o.may(p, "deal") {
		return
	}
	page, err := o.w.As(p.id).List(context.Background(), door.Query{Object: "deal", Fields: []string{"name", "company.name"}, Limit: 100})
	if o.access(p, "deal", "name") == "hidden" {
		allowed = false
	}
	o.decisions++
	if allowed != (err == nil) {
		o.t.Errorf("company.name: allowed %t, got %v", allowed, err)
		return
	}
	if err != nil {
		return
	}
	for _, r := range page.Records {
		o.decisions++
		company := o.byID[r.ID].company
		got := r.JSON("company.name")
		shown := o.visible(p, company)
		switch access := o.access(p, "company", "name"); {
		case !shown && got != nil:
			o.t.Error("company.name of a company that may not be seen")
		case shown && access == "masked" && fmt.Sprint(got) == company.values["name"]:
			o.t.Error("company.name is masked and was shown")
		case shown && access != "masked" && got != company.values["name"]:
			o.t.Errorf("company.name: %v, want %v", got, company.values["name"])
		}
	}
}

// through filters deals by their company's city: a company that may not be seen is as good as none.
func (o *oracle) through(p *oraclePerson) {
	q := door.Query{Object: "deal", Filter: "company.city == 'bonn'"}
	if !o.may(p, "company") || !o.reads(p, "company", "city") || !o.reads(p, "deal", "company") {
		o.refused(p, "deal", "company.city", q)
		return
	}
	o.compare("path", p, q, o.seen(p, "deal", func(r *oracleRecord) bool { return o.visible(p, r.company) && r.company.values["city"] == "Bonn" }))
}
