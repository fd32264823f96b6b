package door_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// The table of a question about samples, as JSON without the counts where they are one.
func tableOf(t *testing.T, s *door.Session, q door.AggregateQuery) string {
	t.Helper()
	q.Object = "sample"
	tab, err := s.Aggregate(context.Background(), q)
	if err != nil {
		return err.Error()
	}
	b, err := json.Marshal(tab.Rows)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`"keys":`, "", `"values":`, "", `"count":`, "").Replace(string(b))
}

func TestAggregate(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		anna := w.Person(t, "Anna", id.ID{}, "sales_manager")
		s := w.As(anna)
		for _, v := range []door.Values{
			{"name": "one", "whole": num("1"), "exact": num("0.1"), "price": map[string]any{"amount": "10.00", "currency": "EUR"}, "day": "2026-01-01", "moment": "2026-03-29T00:30:00Z", "share": num("10"), "span": num("60"), "yes": true},
			{"name": "One", "whole": num("2"), "exact": num("0.2"), "price": map[string]any{"amount": "5.01", "currency": "EUR"}, "day": "2025-12-31", "moment": "2026-03-29T01:30:00Z", "share": num("11"), "span": num("61"), "yes": false},
			{"name": "two", "whole": num("-4"), "exact": num("-0.15"), "price": map[string]any{"amount": "700", "currency": "JPY"}, "day": "2024-02-29", "moment": "2026-10-24T22:30:00Z", "yes": true},
			{"name": "two", "day": "2026-04-01", "moment": "2026-10-25T23:30:00Z"},
			{"name": "three"},
		} {
			must[*door.Record](t)(s.Create(ctx, "sample", v, ""))
		}
		by := func(field, by string) []door.GroupKey { return []door.GroupKey{{Field: field, By: by}} }
		for _, c := range []struct {
			name, want string
			q          door.AggregateQuery
		}{
			{"all", `[{[],[],5}]`, door.AggregateQuery{}},
			{"numbers", `[{[],[5,3,-1,0,-4,2,3],5}]`, door.AggregateQuery{Measures: []door.Measure{{Op: "count"}, {Op: "count", Field: "whole"}, {Op: "sum", Field: "whole"}, {Op: "avg", Field: "whole"}, {Op: "min", Field: "whole"}, {Op: "max", Field: "whole"}, {Op: "count_distinct", Field: "whole"}}}},
			{"decimals and their rounded mean", `[{[],["0.15","0.05"],5}]`, door.AggregateQuery{Measures: []door.Measure{{Op: "sum", Field: "exact"}, {Op: "avg", Field: "exact"}}}},
			{
				"never across currencies", `[{[],[{"amount":"15.01","currency":"EUR"},{"amount":"7.505","currency":"EUR"}],4},{[],[{"amount":"700.00","currency":"JPY"},{"amount":"700.00","currency":"JPY"}],1}]`,
				door.AggregateQuery{Measures: []door.Measure{{Op: "sum", Field: "price"}, {Op: "avg", Field: "price"}}, Sort: "-count"},
			},
			{"by yes and no", `[{[null],[],2},{[false],[],1},{[true],[],2}]`, door.AggregateQuery{GroupBy: by("yes", "")}},
			{"by year", `[{[null],[],1},{["2024"],[],1},{["2025"],[],1},{["2026"],[],2}]`, door.AggregateQuery{GroupBy: by("day", "year")}},
			{"by quarter", `[{[null],[],1},{["2024-Q1"],[],1},{["2025-Q4"],[],1},{["2026-Q1"],[],1},{["2026-Q2"],[],1}]`, door.AggregateQuery{GroupBy: by("day", "quarter")}},
			{"by month", `[{[null],[],1},{["2024-02"],[],1},{["2025-12"],[],1},{["2026-01"],[],1},{["2026-04"],[],1}]`, door.AggregateQuery{GroupBy: by("day", "month")}},
			{"by week", `[{[null],[],1},{["2024-02-26"],[],1},{["2025-12-29"],[],2},{["2026-03-30"],[],1}]`, door.AggregateQuery{GroupBy: by("day", "week")}},
			{"by day, greatest first", `[{["2026-04-01"],[],1},{["2026-01-01"],[],1},{["2025-12-31"],[],1},{["2024-02-29"],[],1},{[null],[],1}]`, door.AggregateQuery{GroupBy: by("day", "day"), Sort: "-keys"}},
			{"by hour of UTC", `[{[null],[],1},{["2026-03-29"],[],2},{["2026-10-24"],[],1},{["2026-10-25"],[],1}]`, door.AggregateQuery{GroupBy: by("moment", "day")}},
			{"filtered", `[{[],[],2}]`, door.AggregateQuery{Filter: "name == 'ONE'"}},
			{"sorted by a measure", `[{[null],[null],2},{[true],[-3],2},{[false],[2],1}]`, door.AggregateQuery{GroupBy: by("yes", ""), Measures: []door.Measure{{Op: "sum", Field: "whole"}}, Sort: "-count"}},
			{"limited", `[{[null],[],1},{["2024"],[],1}]`, door.AggregateQuery{GroupBy: by("day", "year"), Limit: 2}},
			{"nothing", `[{[],[0,null],0}]`, door.AggregateQuery{Filter: "whole > 1000", Measures: []door.Measure{{Op: "count"}, {Op: "sum", Field: "whole"}}}},
		} {
			if got := tableOf(t, s, c.q); got != c.want {
				t.Errorf("%s:\n%s\n%s", c.name, got, c.want)
			}
		}
		zones := map[string]string{
			"Europe/Berlin":    `[{[null],[],1},{["2026-03-29"],[],2},{["2026-10-25"],[],1},{["2026-10-26"],[],1}]`,
			"Asia/Shanghai":    `[{[null],[],1},{["2026-03-29"],[],2},{["2026-10-25"],[],1},{["2026-10-26"],[],1}]`,
			"America/New_York": `[{[null],[],1},{["2026-03-28"],[],2},{["2026-10-24"],[],1},{["2026-10-25"],[],1}]`,
			"Asia/Kathmandu":   `[{[null],[],1},{["2026-03-29"],[],2},{["2026-10-25"],[],1},{["2026-10-26"],[],1}]`,
		}
		for zone, want := range zones {
			must[*door.Record](t)(w.As(w.Owner).Update(ctx, "user", anna, 0, door.Values{"timezone": zone}))
			if got := tableOf(t, s, door.AggregateQuery{GroupBy: by("moment", "day")}); got != want {
				t.Errorf("by day in %s:\n%s\n%s", zone, got, want)
			}
		}
		aggregateRefusals(t, s)
	}, sample())
}

func aggregateRefusals(t *testing.T, s *door.Session) {
	t.Helper()
	measure := func(op, field string) door.AggregateQuery {
		return door.AggregateQuery{Measures: []door.Measure{{Op: op, Field: field}}}
	}
	group := func(field, by string) door.AggregateQuery {
		return door.AggregateQuery{GroupBy: []door.GroupKey{{Field: field, By: by}}}
	}
	for _, c := range []struct {
		name, reason string
		q            door.AggregateQuery
	}{
		{"sum of text", "measures:not_measurable", measure("sum", "name")},
		{"sum of nothing", "measures:field_needed", measure("sum", "")},
		{"sum of an unknown field", "measures:unknown_field", measure("sum", "nothing")},
		{"unknown operation", "measures:unknown_operation", measure("median", "whole")},
		{"least yes", "measures:not_measurable", measure("min", "yes")},
		{"sum of a formula", "measures:not_measurable", measure("sum", "twice")},
		{"by an unknown field", "group_by:unknown_field", group("nothing", "")},
		{"by long text", "group_by:not_groupable", group("long", "")},
		{"text by month", "group_by:bad_period", group("name", "month")},
		{"by hour", "group_by:bad_period", group("moment", "hour")},
		{"hostile period", "group_by:bad_period", group("moment", "day') --")},
		{"by nothing", "group_by:unknown_field", group("", "")},
		{"a long path", "group_by:too_long", group("link.parent.parent.parent.name", "")},
		{"a path through text", "group_by:bad_path", group("name.city", "")},
		{"by a sealed field", "sealed_field", group("private", "")},
		{"through a sealed field", "sealed_field", group("patient.position", "")},
		{"a restricted field", "sealed_field", measure("count_distinct", "bank")},
		{"a secret", "measures:unknown_field", measure("count", "key")},
		{"five keys", "group_by:too_many", door.AggregateQuery{GroupBy: make([]door.GroupKey, 5)}},
		{"21 measures", "measures:too_many", door.AggregateQuery{Measures: make([]door.Measure, 21)}},
		{"limit", "limit:out_of_range", door.AggregateQuery{Limit: door.MaxGroupRows + 1}},
		{"order", "sort:unknown_order", door.AggregateQuery{Sort: "7"}},
	} {
		c.q.Object = "sample"
		_, err := s.Aggregate(context.Background(), c.q)
		refused(t, c.name, err, fault.Invalid, c.reason)
	}
}

// Numbers that are asked for again are not counted again, unless something changed: a record, what may be
// seen, or the time.
func TestAggregateAgain(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		owner := w.As(w.Owner)
		grants := func(scope string) door.Parsed {
			return door.Parsed{Value: json.RawMessage(`[{"object":"deal","verbs":["read","delete"],"scope":"` + scope + `"}]`)}
		}
		role := w.Make(t, "role", door.Values{"name": "deals", "grants": grants("all")})
		w.Roles["deals"] = role
		anna, ben := w.Person(t, "Anna", id.ID{}, "deals"), w.Person(t, "Ben", id.ID{}, "deals")
		stage := w.Stage(t, "Proposal").String()
		deal := func(of id.ID) id.ID {
			return w.Make(t, "deal", door.Values{"name": "D", "owner": of.String(), "stage": stage})
		}
		first := deal(anna)
		deal(ben)
		deal(ben)
		count := func(who id.ID, filter string) (n int64) {
			t.Helper()
			got := must[*door.Table](t)(w.As(who).Aggregate(ctx, door.AggregateQuery{Object: "deal", GroupBy: []door.GroupKey{{Field: "stage"}}, Filter: filter}))
			for _, r := range got.Rows {
				n += r.Count
			}
			return n
		}
		check := func(what string, annas, bens int64) {
			t.Helper()
			for range 2 {
				if a, b := count(anna, ""), count(ben, ""); a != annas || b != bens {
					t.Errorf("%s: Anna counts %d and Ben %d, want %d and %d", what, a, b, annas, bens)
				}
			}
		}
		check("at first", 3, 3)
		w.Sent()
		count(anna, "")
		for _, query := range w.Sent() {
			if w.Data.Engine() == sqldb.SQLite && strings.Contains(query, "GROUP BY") {
				t.Errorf("counted again: %s", query)
			}
		}
		must[*door.Record](t)(owner.Update(ctx, "role", role, 0, door.Values{"grants": grants("own")}))
		check("with the own ones only", 1, 2)
		must[*door.Record](t)(owner.Update(ctx, "deal", first, 0, door.Values{"owner": ben.String()}))
		check("once hers is his", 0, 3)
		if err := w.As(ben).Delete(ctx, "deal", first, 0); err != nil {
			t.Fatal(err)
		}
		check("with one in the bin", 0, 2)
		must[*door.Restored](t)(owner.Restore(ctx, door.Restoration{Object: "deal", ID: first}))
		check("with it back", 0, 3)
		if n := count(ben, "created_at > now() - days(1)"); n != 3 {
			t.Errorf("%d of the last day, want 3", n)
		}
		w.Clock.Add(25 * time.Hour)
		if n := count(ben, "created_at > now() - days(1)"); n != 0 {
			t.Errorf("a day later %d of the last day, want none", n)
		}
	})
}
