package door

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// AggregateQuery asks for numbers about groups of records.
type AggregateQuery struct {
	Object   string     `json:"object"`
	GroupBy  []GroupKey `json:"group_by,omitempty"` // none: one group of all
	Measures []Measure  `json:"measures,omitempty"`
	Filter   string     `json:"filter,omitempty"`
	Sort     string     `json:"sort,omitempty"`  // "keys" (default), or "count" or the number of a measure from 0, with "-" before it for the greatest first
	Limit    int        `json:"limit,omitempty"` // 0 means 100; at most MaxGroupRows
}

// GroupKey is a field, or a path such as company.industry, and for a date or time the length of the
// period.
type GroupKey struct {
	Field string `json:"field"`
	By    string `json:"by,omitempty"` // day, week, month, quarter, year
}

// Measure is a number for each group.
type Measure struct {
	Op    string `json:"op"`              // count, sum, avg, min, max, count_distinct
	Field string `json:"field,omitempty"` // none for count
}

// Limits of an aggregate.
const (
	MaxGroupRows = 1000
	maxKeys      = 4
	maxMeasures  = 20
)

// GroupRow is one group: keys and values as the API shows them.
type GroupRow struct {
	Keys   []any `json:"keys"`
	Values []any `json:"values"`
	Count  int64 `json:"count"`

	rank []any // what the row is sorted by
}

// Table is the answer to an aggregate. More is true where the limit left groups out.
type Table struct {
	Rows []GroupRow `json:"rows"`
	More bool       `json:"more,omitempty"`
}

// Aggregate computes numbers over the records that the session sees. Sums of money are never made
// across currencies: a group with several has a row for each.
func (s *Session) Aggregate(ctx context.Context, q AggregateQuery) (_ *Table, err error) {
	defer fault.Op(&err, "door.Aggregate(%s)", clip(q.Object))
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.object(ctx, a, q.Object, policy.Read)
	if err != nil {
		return nil, err
	}
	keys, measures, err := a.resolve(o, &q)
	if err != nil {
		return nil, err
	}
	sel, err := s.selection(a, a.session(s.d.now()), o, policy.Read, q.Filter)
	if err != nil {
		return nil, err
	}
	if sel.Aside {
		if err := s.whole(ctx); err != nil {
			return nil, err
		}
	}
	groups, err := s.d.data.Aggregate(ctx, s.d.data.DB(), sel, keys, measures)
	if err != nil {
		return nil, err
	}
	if len(groups) > store.MaxGroups {
		return nil, fault.New(fault.TooLarge, "too_many_groups", "more than %d groups: group by something coarser, or filter", store.MaxGroups)
	}
	t, err := table(joinCurrencies(groups), keys, measures)
	if err != nil {
		return nil, err
	}
	if err := t.finish(&q); err != nil {
		return nil, err
	}
	e := s.entry("aggregate", o.Name)
	e.Count = uint64(len(t.Rows))
	if err := s.queue(ctx, e, describe(q)); err != nil {
		return nil, err
	}
	return t, nil
}

// resolve finds the fields of an aggregate. A field that may not be read is as unknown as none.
func (a *access) resolve(o *schema.Object, q *AggregateQuery) ([]store.Key, []store.Measure, error) {
	switch {
	case len(q.GroupBy) > maxKeys:
		return nil, nil, fault.InField("group_by", "too_many", "at most %d fields", maxKeys)
	case len(q.Measures) > maxMeasures:
		return nil, nil, fault.InField("measures", "too_many", "at most %d", maxMeasures)
	case q.Limit == 0:
		q.Limit = 100
	case q.Limit < 0 || q.Limit > MaxGroupRows:
		return nil, nil, fault.InField("limit", "out_of_range", "1 to %d", MaxGroupRows)
	}
	var keys []store.Key
	for _, g := range q.GroupBy {
		p, err := a.path(o, "group_by", g.Field)
		if err != nil {
			return nil, nil, err
		}
		dated := p.Field.Type == schema.DateT || p.Field.Type == schema.Datetime
		switch {
		case g.By != "" && (!dated || !slices.Contains([]string{"day", "week", "month", "quarter", "year"}, g.By)):
			return nil, nil, fault.InField("group_by", "bad_period", "%s: by is day, week, month, quarter or year, of a date or time", g.Field)
		case g.By == "" && !p.Field.Groupable():
			return nil, nil, fault.InField("group_by", "not_groupable", "records cannot be grouped by %s", g.Field)
		}
		keys = append(keys, store.Key{Path: p, By: g.By})
	}
	var measures []store.Measure
	for _, m := range q.Measures {
		got, err := a.measure(o, m)
		if err != nil {
			return nil, nil, err
		}
		measures = append(measures, got)
	}
	return keys, measures, nil
}

func (a *access) measure(o *schema.Object, m Measure) (store.Measure, error) {
	if m.Field == "" {
		if m.Op != "count" {
			return store.Measure{}, fault.InField("measures", "field_needed", "%s needs a field", clip(m.Op))
		}
		return store.Measure{Op: "count"}, nil
	}
	p, err := a.path(o, "measures", m.Field)
	if err != nil {
		return store.Measure{}, err
	}
	ok := false
	switch m.Op {
	case "count":
		ok = true
	case "count_distinct":
		ok = p.Field.Groupable()
	case "sum", "avg":
		ok = p.Field.Summable()
	case "min", "max":
		ok = p.Field.Sortable() && p.Field.Type != schema.Bool
	default:
		return store.Measure{}, fault.InField("measures", "unknown_operation", "op: count, sum, avg, min, max or count_distinct")
	}
	if !ok {
		return store.Measure{}, fault.InField("measures", "not_measurable", "%s of %s has no meaning", m.Op, m.Field)
	}
	return store.Measure{Path: p, Op: m.Op}, nil
}

// path resolves a field or a path through lookups for grouping and measuring.
func (a *access) path(o *schema.Object, where, name string) (store.Path, error) {
	parts := strings.Split(name, ".")
	if len(parts) > 4 {
		return store.Path{}, fault.InField(where, "too_long", "at most three lookups in a row")
	}
	for i, part := range parts {
		f := o.Field(part)
		if f == nil || !a.rights.May(o.Name, policy.Read) || a.field(o, f) < policy.Masked || a.field(o, f) == policy.Masked && !f.Class.Cell() {
			return store.Path{}, fault.InField(where, "unknown_field", "there is no field %q of %s", clip(part), o.Name)
		}
		if f.Computed() {
			return store.Path{}, computedField(where, map[string]string{"group_by": "not_groupable", "measures": "not_measurable"}[where], f, "grouped by or measured")
		}
		if f.Class.Sealed() {
			return store.Path{}, fault.New(fault.Invalid, "sealed_field", "%s is encrypted: it cannot be grouped by or measured yet", f.Name)
		}
		if i == len(parts)-1 {
			return store.Path{Via: parts[:i], Field: f}, nil
		}
		if o = a.cat.schema.Object(refOf(f)); o == nil {
			return store.Path{}, fault.InField(where, "bad_path", "%s does not point to a record of one object", clip(part))
		}
	}
	return store.Path{}, fault.InField(where, "required", "name a field")
}

// joinCurrencies adds the rows of a group without any amount to the group's first currency, so that
// a deal without an amount makes no row of its own.
func joinCurrencies(groups []store.Group) []store.Group {
	first := map[string]int{}
	name := func(g store.Group) string { return describe(g.Keys) }
	for i, g := range groups {
		if _, seen := first[name(g)]; !seen && g.Currency != "" {
			first[name(g)] = i
		}
	}
	var list []store.Group
	for _, g := range groups {
		if i, ok := first[name(g)]; ok && g.Currency == "" {
			groups[i].Rows += g.Rows
		}
	}
	for _, g := range groups {
		if _, ok := first[name(g)]; !ok || g.Currency != "" {
			list = append(list, g)
		}
	}
	return list
}

func table(groups []store.Group, keys []store.Key, measures []store.Measure) (*Table, error) {
	t := &Table{Rows: []GroupRow{}}
	for _, g := range groups {
		row := GroupRow{Keys: []any{}, Values: []any{}, Count: g.Rows}
		for i, k := range keys {
			v, rank, err := shownKey(k, g.Keys[i])
			if err != nil {
				return nil, err
			}
			row.Keys, row.rank = append(row.Keys, v), append(row.rank, rank)
		}
		for i, m := range measures {
			v, rank, err := shownMeasure(m, g, i)
			if err != nil {
				return nil, err
			}
			row.Values, row.rank = append(row.Values, v), append(row.rank, rank)
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func shownKey(k store.Key, cols []any) (v, rank any, err error) {
	if cols[0] == nil {
		return nil, nil, nil
	}
	if k.By != "" {
		n, _ := cols[0].(int64)
		return period(n, k.By), n, nil
	}
	val, err := load(k.Field, cols)
	return k.Field.JSON(val), cols[0], err
}

// load reads driver values of a field, whatever the engine gives for a yes or no.
func load(f *schema.Field, cols []any) (any, error) {
	if n, isInt := cols[0].(int64); isInt && f.Type == schema.Bool {
		cols = []any{n != 0}
	}
	return f.Load(cols)
}

// period names a bucket: a day, the Monday of a week, 2026-07, 2026-Q3, 2026.
func period(n int64, by string) string {
	switch by {
	case "day":
		return schema.Date(n).String() //nolint:gosec // days
	case "week":
		return schema.Date(n*7 - 3).String() //nolint:gosec // days
	case "month":
		return pad(n/12) + "-" + strconv.FormatInt(n%12+101, 10)[1:]
	case "quarter":
		return pad(n/4) + "-Q" + strconv.FormatInt(n%4+1, 10)
	}
	return pad(n)
}

func pad(year int64) string {
	s := strconv.FormatInt(year, 10)
	return strings.Repeat("0", max(0, 4-len(s))) + s
}

func shownMeasure(m store.Measure, g store.Group, i int) (v, rank any, err error) {
	raw := g.Values[i]
	if n, ok := raw.(int64); ok && m.Op == "avg" && g.Counts[i] > 0 {
		raw = average(n, g.Counts[i])
	}
	if raw == nil {
		return nil, nil, nil
	}
	if m.Field == nil || m.Op == "count" || m.Op == "count_distinct" {
		return raw, raw, nil
	}
	cols := []any{raw}
	if m.Field.Type == schema.MoneyT {
		cols = append(cols, g.Currency)
	}
	val, err := load(m.Field, cols)
	return m.Field.JSON(val), raw, err
}

// average divides, rounding half away from zero.
func average(sum, count int64) int64 {
	half := count / 2
	if sum < 0 {
		half = -half
	}
	return (sum + half) / count
}

// finish sorts and cuts the rows.
func (t *Table) finish(q *AggregateQuery) error {
	name, desc := strings.CutPrefix(q.Sort, "-")
	by := func(r GroupRow) any { return r.Count }
	// By keys in any case: what is equal otherwise comes in that order, on every engine and every time.
	slices.SortStableFunc(t.Rows, func(a, b GroupRow) int {
		for i := range q.GroupBy {
			if c := compare(a.rank[i], b.rank[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	switch n, err := strconv.Atoi(name); {
	case name == "" || name == "keys":
		if desc {
			slices.Reverse(t.Rows)
		}
		by = nil
	case name == "count":
	case err == nil && n >= 0 && n < len(q.Measures):
		by = func(r GroupRow) any { return r.rank[len(q.GroupBy)+n] }
	default:
		return fault.InField("sort", "unknown_order", `use "keys", "count" or the number of a measure, from 0`)
	}
	if by != nil {
		slices.SortStableFunc(t.Rows, func(a, b GroupRow) int {
			c := compare(by(a), by(b))
			if desc {
				return -c
			}
			return c
		})
	}
	if len(t.Rows) > q.Limit {
		t.Rows, t.More = t.Rows[:q.Limit], true
	}
	return nil
}

// compare orders driver values; an absent one is the smallest.
func compare(a, b any) int {
	switch x := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return -1
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return slices.Compare(x, y)
		}
	case bool:
		if y, ok := b.(bool); ok && x != y {
			if x {
				return 1
			}
			return -1
		}
		return 0
	}
	return 1
}
