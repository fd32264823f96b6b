package door

import (
	"context"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// What computed fields read of other records is read for all records of a page at once: a query for
// each lookup that a formula follows, and one for each rollup.

// maxRelated bounds the records that one verb keeps in memory.
const maxRelated = 50_000

// fetch reads records that others point to, as far as the session may see them, into v.related; nil
// stands there for those that it may not.
func (v *viewer) fetch(ctx context.Context, o *schema.Object, ids []id.ID) error {
	if v.related == nil || len(v.related) > maxRelated {
		v.related = map[ref]*store.Row{}
	}
	var want []id.ID
	for _, rid := range ids {
		if _, done := v.related[ref{o.ID, rid}]; !done && !rid.IsZero() {
			v.related[ref{o.ID, rid}] = nil
			want = append(want, rid)
		}
	}
	visible := v.visible(o.Name)
	if len(want) == 0 || visible == nil {
		return nil
	}
	rows, err := v.d.data.GetMany(ctx, v.d.data.DB(), store.NewPlan(o, nil), want)
	if err != nil {
		return err
	}
	for _, row := range rows {
		seen := false
		if row.Values[deletedField] == nil {
			if seen, err = v.holds(visible, o, row); err != nil {
				return err
			}
		}
		if seen {
			v.related[ref{o.ID, row.ID}] = row
		}
	}
	return nil
}

// prepare reads what the computed fields among parts need, for all rows.
func (v *viewer) prepare(ctx context.Context, o *schema.Object, parts []part, rows []*store.Row) error {
	var paths [][]string
	for _, p := range parts {
		switch p.field.Type {
		case schema.Formula:
			x, err := v.cat.rule(o.Name, p.field.Formula, false)
			if err != nil {
				return err
			}
			for _, f := range x.Fields() {
				paths = append(paths, f.Path)
			}
		case schema.RollupT:
			if err := v.rollUp(ctx, p.field, rows); err != nil {
				return err
			}
		}
	}
	return v.follow(ctx, o, paths, rows)
}

// follow reads the records that paths of lookups lead to, the shorter paths first.
func (v *viewer) follow(ctx context.Context, o *schema.Object, paths [][]string, rows []*store.Row) error {
	type place struct {
		object *schema.Object
		rows   []*store.Row
	}
	at := map[string]place{"": {o, rows}}
	for _, path := range paths {
		for n := range path {
			key := strings.Join(path[:n+1], ".")
			if _, done := at[key]; done {
				continue
			}
			from := at[strings.Join(path[:n], ".")]
			f := from.object.Field(path[n])
			to := v.cat.schema.Object(refOf(f))
			if to == nil {
				break
			}
			var ids []id.ID
			for _, row := range from.rows {
				rid, _ := row.Values[f.ID].(id.ID)
				ids = append(ids, rid)
			}
			if err := v.fetch(ctx, to, ids); err != nil {
				return err
			}
			next := place{object: to}
			for _, rid := range ids {
				if row := v.related[ref{to.ID, rid}]; row != nil {
					next.rows = append(next.rows, row)
				}
			}
			at[key] = next
		}
	}
	return nil
}

// rolled is a rollup of one record.
type rolled struct {
	field  *schema.Field
	record id.ID
}

// rollUp computes a rollup for records: of what points to them, the session's rights and the rollup's
// condition let through what is counted. Of the past nothing is known: what pointed where then is in no
// table.
func (v *viewer) rollUp(ctx context.Context, f *schema.Field, rows []*store.Row) error {
	r := f.Rollup
	from := v.cat.schema.Object(r.Object)
	visible := v.visible(from.Name)
	if visible == nil || v.past {
		return nil
	}
	if v.rolled == nil {
		v.rolled = map[rolled]any{}
	}
	sel := &store.Selection{
		Object: from, Where: []*expr.Expr{visible}, Session: v.s, Visible: v.visible, Objects: v.cat.schema.Object, Among: from.Field(r.Through),
	}
	if r.Filter != "" {
		x, err := v.cat.rule(from.Name, r.Filter, true)
		if err != nil {
			return err
		}
		sel.Where = append(sel.Where, x)
	}
	m := store.Measure{Op: r.Op}
	if r.Field != "" {
		m.Field = from.Field(r.Field)
	}
	for page := range slices.Chunk(rows, MaxLimit) {
		sel.Records = nil
		for _, row := range page {
			if !row.ID.IsZero() {
				sel.Records = append(sel.Records, row.ID)
			}
			if r.Op == "count" {
				v.rolled[rolled{f, row.ID}] = int64(0)
			}
		}
		groups, err := v.d.data.Aggregate(ctx, v.d.data.DB(), sel, []store.Key{{Path: store.Path{Field: sel.Among}}}, []store.Measure{m})
		if err != nil {
			return err
		}
		if err := v.takeGroups(f, m, groups); err != nil {
			return err
		}
	}
	return nil
}

// takeGroups keeps the results by record. Amounts in several currencies have no sum and no order: such
// a record has no value.
func (v *viewer) takeGroups(f *schema.Field, m store.Measure, groups []store.Group) error {
	mixed := map[id.ID]bool{}
	for _, g := range groups {
		raw, _ := g.Keys[0][0].([]byte)
		rid, err := id.FromBytes(raw)
		if err != nil {
			return err
		}
		n, isInt := g.Values[0].(int64)
		if !isInt || g.Counts[0] == 0 { // none of its records has a value
			continue
		}
		key := rolled{f, rid}
		if _, twice := v.rolled[key]; twice && m.Field != nil || mixed[rid] {
			mixed[rid] = true
			delete(v.rolled, key)
			continue
		}
		if m.Op == "avg" {
			n = average(n, g.Counts[0])
		}
		cols := []any{n}
		if f.Result == schema.MoneyT {
			cols = append(cols, g.Currency)
		}
		if v.rolled[key], err = f.Load(cols); err != nil {
			return err
		}
	}
	return nil
}

// rollupParts lists the fields that a rollup is computed from.
func (a *access) rollupParts(r *schema.Rollup) []expr.Field {
	list := []expr.Field{{Object: r.Object, Name: r.Through}}
	if r.Field != "" {
		list = append(list, expr.Field{Object: r.Object, Name: r.Field})
	}
	if r.Filter != "" {
		if x, err := a.cat.rule(r.Object, r.Filter, true); err == nil {
			list = append(list, x.Fields()...)
		}
	}
	return list
}

// computed says of a name that stands in a filter and cannot, why.
func (a *access) computed(o *schema.Object, filter string, err error) error {
	words := strings.FieldsFunc(filter, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	for i := range o.Fields {
		if f := &o.Fields[i]; f.Computed() && !f.Archived && a.readable(o, f) && slices.Contains(words, f.Name) {
			return computedField("filter", "computed_field", f, "filtered by")
		}
	}
	return err
}

func computedField(where, reason string, f *schema.Field, what string) error {
	return fault.InField(where, reason, "%s is computed whenever it is shown and never stored: it cannot be %s", f.Name, what)
}
