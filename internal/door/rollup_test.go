package door_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

func rollup(name, op, of, filter string) schema.Field {
	return schema.Field{Name: name, Type: schema.RollupT, Class: schema.Internal, Label: label(name), Rollup: &schema.Rollup{Object: "deal", Through: "company", Op: op, Field: of, Filter: filter}}
}

func rollups() []schema.Field {
	return []schema.Field{
		rollup("deals", "count", "", ""), rollup("calls", "count", "", "next_step == 'call'"), rollup("worth", "sum", "amount", ""), rollup("least", "min", "amount", ""),
		rollup("typical", "avg", "amount", "next_step == 'call'"), rollup("closing", "max", "close_date", ""),
	}
}

func TestRollup(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		owner, s := w.As(w.Owner), w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		must[*schema.Object](t)(owner.Define(ctx, door.Definition{Object: "company", Add: rollups()}))
		must[*schema.Object](t)(owner.Define(ctx, door.Definition{Object: "deal", Add: []schema.Field{
			{Name: "place", Type: schema.Formula, Result: schema.Short, Formula: "company.city", Class: schema.Internal, Label: label("Place")},
			{Name: "chief", Type: schema.Formula, Result: schema.Short, Formula: "company.owner.position", Class: schema.Internal, Label: label("Chief")},
		}}))
		var companies []id.ID
		for i := range 12 {
			companies = append(companies, must[*door.Record](t)(s.Create(ctx, "company", door.Values{"name": fmt.Sprint("C", i), "city": fmt.Sprint("City ", i)}, "")).ID)
		}
		deal := func(company int, step, amount, currency, closes string) id.ID {
			v := door.Values{"name": "D", "next_step": step, "company": companies[company].String(), "stage": w.Stage(t, "Prospecting").String(), "close_date": closes}
			if amount != "" {
				v["amount"] = map[string]any{"amount": amount, "currency": currency}
			}
			return must[*door.Record](t)(s.Create(ctx, "deal", v, "")).ID
		}
		first := deal(0, "call", "10", "EUR", "2026-05-01")
		deal(0, "call", "5", "EUR", "2026-06-01")
		deal(0, "visit", "1", "EUR", "2026-04-01")
		deal(1, "call", "7", "EUR", "")
		deal(1, "call", "7", "USD", "")
		deal(1, "call", "7", "GBP", "")
		deal(2, "mail", "", "", "")
		for i := 3; i < len(companies); i++ {
			deal(i, "mail", "", "", "")
		}
		names := []string{"deals", "calls", "worth", "least", "typical", "closing"}
		check := func(what string, r *door.Record, want string) {
			t.Helper()
			var got []string
			for _, n := range names {
				b, _ := json.Marshal(r.JSON(n))
				got = append(got, string(b))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %s, want %s", what, strings.Join(got, " "), want)
			}
		}
		money := func(s string) string { return `{"amount":"` + s + `","currency":"EUR"}` }
		check("three deals", get(t, s, "company", companies[0]), "3 2 "+money("16.00")+" "+money("1.00")+" "+money("7.50")+` "2026-06-01"`)
		check("three currencies", get(t, s, "company", companies[1]), "3 3 null null null null")
		check("no amount", get(t, s, "company", companies[2]), "1 0 null null null null")
		made := must[*door.Record](t)(s.Create(ctx, "company", door.Values{"name": "New"}, ""))
		check("just made", made, "0 0 null null null null")
		must[*door.Record](t)(s.Update(ctx, "deal", first, 0, door.Values{"next_step": "visit"}))
		check("never stale", must[*door.Record](t)(s.Update(ctx, "company", companies[0], 0, door.Values{"city": "Ulm"})), "3 1 "+money("16.00")+" "+money("1.00")+" "+money("5.00")+` "2026-06-01"`)
		through := must[*door.Record](t)(s.Get(ctx, "deal", first, door.GetOptions{Fields: []string{"company.deals", "company.worth"}}))
		if fmt.Sprint(through.JSON("company.deals")) != "3" || through.JSON("company.worth") == nil {
			t.Errorf("through a lookup: %v %v", through.JSON("company.deals"), through.JSON("company.worth"))
		}
		past := must[*door.Record](t)(s.Get(ctx, "company", companies[0], door.GetOptions{AsOf: w.Clock.Now()}))
		check("of the past nothing is known", past, "null null null null null null")
		for reason, q := range map[string]door.Query{"filter:computed_field": {Filter: "deals > 1"}, "sort:not_sortable": {Sort: []string{"-worth"}}} {
			q.Object = "company"
			_, err := s.List(ctx, q)
			refused(t, "a list by a rollup", err, fault.Invalid, reason)
		}
		_, err := s.Aggregate(ctx, door.AggregateQuery{Object: "company", GroupBy: []door.GroupKey{{Field: "deals"}}})
		refused(t, "group", err, fault.Invalid, "not_groupable")
		_, err = s.Aggregate(ctx, door.AggregateQuery{Object: "deal", GroupBy: []door.GroupKey{{Field: "place"}}})
		refused(t, "group by a formula", err, fault.Invalid, "not_groupable")
		_, err = s.Update(ctx, "company", made.ID, 0, door.Values{"deals": json.Number("5")})
		refused(t, "a write", err, fault.Invalid, "deals:read_only")
		countStatements(t, w, s)
		refuseRollups(t, owner)
	})
}

// countStatements proves that what is read of other records is read once for a page.
func countStatements(t *testing.T, w *doortest.World, s *door.Session) {
	t.Helper()
	ctx := context.Background()
	must[*door.Page](t)(s.List(ctx, door.Query{Object: "company", Search: "nothing"})) // and everything is in what is kept aside
	table := func(name string) string { return " " + w.Door.Schema().Object(name).Table() + " t" }
	count := func(name string) (n int) {
		for _, q := range w.Sent() {
			if strings.Contains(q, table(name)) {
				n++
			}
		}
		return n
	}
	w.Sent()
	page := must[*door.Page](t)(s.List(ctx, door.Query{Object: "company", Fields: []string{"name", "deals", "worth", "closing"}}))
	if n := count("deal"); len(page.Records) != 13 || n != 3 {
		t.Errorf("three rollups of %d companies took %d statements, want 3", len(page.Records), n)
	}
	page = must[*door.Page](t)(s.List(ctx, door.Query{Object: "deal", Fields: []string{"place", "chief"}}))
	sent := w.Sent()
	companies, users := 0, 0
	for _, q := range sent {
		if strings.Contains(q, table("company")) {
			companies++
		}
		if strings.Contains(q, table("user")) {
			users++
		}
	}
	if len(page.Records) != 16 || companies != 1 || users > 1 {
		t.Errorf("formulas of %d deals took %d statements about companies and %d about users, want 1 for each", len(page.Records), companies, users)
	}
	if got := page.Records[0].JSON("place"); got != "City 11" {
		t.Errorf("the formula gives %v", got)
	}
}

func refuseRollups(t *testing.T, owner *door.Session) {
	t.Helper()
	for name, f := range map[string]schema.Field{
		"of nothing": {Name: "x", Type: schema.RollupT, Class: schema.Internal, Label: label("X")},
		"of a text":  rollup("x", "sum", "name", ""), "of a sum without a field": rollup("x", "sum", "", ""), "an unknown operation": rollup("x", "median", "amount", ""),
		"a broken filter": rollup("x", "count", "", "next_step =="), "a filter of another object": rollup("x", "count", "", "city == 'Ulm'"),
		"a count of a field": rollup("x", "count", "name", ""), "of a computed field": rollup("x", "max", "place", ""),
		"through another lookup": {Name: "x", Type: schema.RollupT, Class: schema.Internal, Label: label("X"), Rollup: &schema.Rollup{Object: "deal", Through: "stage", Op: "count"}},
		"of an unknown object":   {Name: "x", Type: schema.RollupT, Class: schema.Internal, Label: label("X"), Rollup: &schema.Rollup{Object: "nothing", Through: "company", Op: "count"}},
		"of an encrypted field":  {Name: "x", Type: schema.RollupT, Class: schema.Internal, Label: label("X"), Rollup: &schema.Rollup{Object: "contact", Through: "company", Op: "max", Field: "birthday"}},
		"by an encrypted field":  {Name: "x", Type: schema.RollupT, Class: schema.Internal, Label: label("X"), Rollup: &schema.Rollup{Object: "contact", Through: "company", Op: "count", Filter: "last_name == 'Li'"}},
		"required":               {Name: "x", Type: schema.RollupT, Class: schema.Internal, Required: true, Label: label("X"), Rollup: &schema.Rollup{Object: "deal", Through: "company", Op: "count"}},
	} {
		_, err := owner.Define(context.Background(), door.Definition{Object: "company", Add: []schema.Field{f}})
		refused(t, name, err, fault.Invalid, "")
	}
}
