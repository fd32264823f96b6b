package door_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

func (o *oracle) kind() string { return choose(o.r, []string{"company", "contact", "deal"}) }

// bin lists what a person may take out of the bin.
func (o *oracle) bin(p *oraclePerson) {
	object := o.kind()
	want := map[id.ID]bool{}
	for _, rec := range o.records[object] {
		if rec.binned && o.does(p, rec, "delete") {
			want[rec.id] = true
		}
	}
	o.compare("the bin", p, door.Query{Object: object, Deleted: true}, want)
}

// seesPast says whether a person may see what a record was.
func (o *oracle) seesPast(p *oraclePerson, rec *oracleRecord) bool {
	if rec.binned {
		return o.does(p, rec, "delete")
	}
	return o.visible(p, rec)
}

// past reads one deal as it was.
func (o *oracle) past(p *oraclePerson) {
	rec := choose(o.r, o.records["deal"])
	r, err := o.w.As(p.id).Get(context.Background(), "deal", rec.id, door.GetOptions{AsOf: o.then})
	o.decisions++
	if seen := o.seesPast(p, rec); seen != (err == nil) || err != nil && !fault.Is(err, fault.NotFound) {
		o.t.Errorf("the past of a deal: seen %t, got %v", seen, err)
		return
	}
	if err != nil {
		return
	}
	got, want := fmt.Sprint(r.JSON("next_step")), fmt.Sprint(rec.was)
	switch access := o.access(p, "deal", "next_step"); {
	case access == "hidden" && r.JSON("next_step") != nil, access == "masked" && got == want:
		o.t.Errorf("the past shows next_step, which is %s", access)
	case (access == "read" || access == "edit") && got != want:
		o.t.Errorf("the past's next_step: %s, want %s", got, want)
	}
}

// pastList filters deals by what they were.
func (o *oracle) pastList(p *oraclePerson) {
	q := door.Query{Object: "deal", AsOf: o.then, Filter: "next_step == 'visit'"}
	if !o.reads(p, "deal", "next_step") {
		o.refused(p, "deal", "next_step", q)
		return
	}
	want := map[id.ID]bool{}
	for _, rec := range o.records["deal"] {
		if rec.was == "visit" && o.seesPast(p, rec) {
			want[rec.id] = true
		}
	}
	o.compare("the past", p, q, want)
}

// hiddenEverywhere tries a field that a person may not read in every way to find out its values.
func (o *oracle) hiddenEverywhere(p *oraclePerson) {
	object := o.kind()
	field := choose(o.r, oracleFields[object])
	access := o.access(p, object, field)
	if !o.may(p, object) || access == "read" || access == "edit" {
		return
	}
	s, ctx := o.w.As(p.id), context.Background()
	for what, q := range map[string]door.Query{
		"sort": {Sort: []string{field}}, "filter": {Filter: "has(" + field + ")"}, "negated filter": {Filter: "!has(" + field + ")"},
		"the past": {Filter: "has(" + field + ")", AsOf: o.then},
	} {
		q.Object = object
		o.decisions++
		if _, err := s.List(ctx, q); !fault.Is(err, fault.Invalid) {
			o.t.Errorf("%s by %s.%s, which is %s: %v", what, object, field, access, err)
		}
	}
	queries := map[string]door.AggregateQuery{
		"group": {GroupBy: []door.GroupKey{{Field: field}}}, "count": {Measures: []door.Measure{{Op: "count", Field: field}}},
		"count_distinct": {Measures: []door.Measure{{Op: "count_distinct", Field: field}}}, "min": {Measures: []door.Measure{{Op: "min", Field: field}}},
	}
	if object == "company" && o.may(p, "deal") { // the same by a path
		queries["a group by a path"] = door.AggregateQuery{Object: "deal", GroupBy: []door.GroupKey{{Field: "company." + field}}}
		queries["a measure by a path"] = door.AggregateQuery{Object: "contact", Measures: []door.Measure{{Op: "count", Field: "company." + field}}}
	}
	for what, q := range queries {
		if q.Object == "" {
			q.Object = object
		}
		o.decisions++
		if _, err := s.Aggregate(ctx, q); !fault.Is(err, fault.Invalid) && o.may(p, q.Object) {
			o.t.Errorf("%s of %s.%s, which is %s: %v", what, object, field, access, err)
		}
	}
}

// can: what a record says may be done to it is what then may be done.
func (o *oracle) can(p *oraclePerson) {
	rec := choose(o.r, o.records[o.kind()])
	s, ctx := o.w.As(p.id), context.Background()
	r, err := s.Get(ctx, rec.object, rec.id, door.GetOptions{})
	if err != nil {
		return // get is compared elsewhere
	}
	if r.Can.Update != o.does(p, rec, "update") || r.Can.Delete != o.does(p, rec, "delete") {
		o.t.Errorf("%s says %+v", rec.object, r.Can)
	}
	_, updated := s.Update(ctx, rec.object, rec.id, 0, door.Values{})
	tried, deleted := s.Batch(ctx, []door.Operation{{Op: "delete", Object: rec.object, ID: rec.id}}, door.BatchOptions{DryRun: true})
	o.decisions += 4
	if (updated == nil) != r.Can.Update || deleted != nil || (tried.Results[0].Err == nil) != r.Can.Delete {
		o.t.Errorf("%s says %+v, update answers %v, delete %+v %v", rec.object, r.Can, updated, tried, deleted)
	}
}

// changeSets: whoever sees only own change sets sees none, as these people have changed nothing.
func (o *oracle) changeSets(p *oraclePerson) {
	page, err := o.w.As(p.id).List(context.Background(), door.Query{Object: "change_set", Count: true})
	widest := "none"
	for _, role := range p.roles {
		if role.scope["change_set"] == "all" || widest == "none" {
			widest = role.scope["change_set"]
		}
	}
	o.decisions++
	switch {
	case widest == "none":
		if !fault.Is(err, fault.NotFound) {
			o.t.Errorf("change sets without the right: %v", err)
		}
	case err != nil:
		o.t.Errorf("change sets: %v", err)
	case widest == "own" && page.Count != 0, widest == "all" && page.Count == 0:
		o.t.Errorf("%d change sets within %s", page.Count, widest)
	}
}

// owners reads the names of people through records: nobody here may list people.
func (o *oracle) owners(p *oraclePerson) {
	object := o.kind()
	_, err := o.w.As(p.id).List(context.Background(), door.Query{Object: object, Fields: []string{"owner.name"}})
	o.decisions++
	if err == nil || o.may(p, object) && !fault.Is(err, fault.Invalid) {
		o.t.Errorf("the owner's name through a %s: %v", object, err)
	}
	if _, err := o.w.As(p.id).Aggregate(context.Background(), door.AggregateQuery{Object: object, GroupBy: []door.GroupKey{{Field: "owner.position"}}}); err == nil {
		o.t.Errorf("the owner's position through a %s", object)
	}
}

// rolledUp: a company counts the deals that the person sees, and shows no more of them than the deals do.
func (o *oracle) rolledUp(p *oraclePerson) {
	rank := []string{"hidden", "masked", "read", "edit"}
	for field, parts := range map[string][]string{"deals": {"company"}, "calls": {"company", "amount", "next_step"}} {
		if !o.may(p, "company") {
			return
		}
		access := slices.Index(rank, o.access(p, "company", field))
		for _, part := range parts {
			access = min(access, slices.Index(rank, o.access(p, "deal", part)))
		}
		page, err := o.w.As(p.id).List(context.Background(), door.Query{Object: "company", Fields: []string{field}, Limit: 100})
		o.decisions++
		if (access == 0) != fault.Is(err, fault.Invalid) || access > 0 && err != nil {
			o.t.Errorf("the rollup %s, which is %s: %v", field, rank[access], err)
		}
		if err != nil {
			continue
		}
		for _, r := range page.Records {
			o.decisions++
			n := 0
			for _, deal := range o.records["deal"] {
				switch {
				case deal.company.id != r.ID || !o.visible(p, deal):
				case field == "deals":
					n++
				case deal.values["next_step"] == "call":
					amount, _ := strconv.Atoi(deal.values["amount"].(map[string]any)["amount"].(string))
					n += amount
				}
			}
			want := fmt.Sprint(n)
			if field == "calls" {
				want = fmt.Sprint(map[string]string{"amount": want + ".00", "currency": "EUR"})
				if n == 0 {
					want = "<nil>"
				}
			}
			switch got := fmt.Sprint(r.JSON(field)); {
			case access == 1 && got == want && want != "<nil>":
				o.t.Errorf("the rollup %s is masked and came as %s", field, got)
			case access > 1 && got != want:
				o.t.Errorf("the rollup %s: %s, want %s", field, got, want)
			}
		}
	}
}

// A broken oracle would agree with everything: it must tell a leak.
func TestOracleTellsALeak(t *testing.T) {
	t.Parallel()
	o := &oracle{}
	p := &oraclePerson{id: id.ID{1}, team: id.ID{2}, roles: []oracleRole{{scope: map[string]string{"deal": "own"}, writes: map[string]map[string]string{"delete": {"deal": "none"}}}}}
	mine, other := &oracleRecord{object: "deal", owner: id.ID{1}}, &oracleRecord{object: "deal", owner: id.ID{9}, team: id.ID{2}}
	if !o.visible(p, mine) || o.visible(p, other) || o.does(p, mine, "delete") || o.mayDo(p, "deal", "delete") {
		t.Error("the oracle does not tell own from other records")
	}
}
