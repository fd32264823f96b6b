package door

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// GetOptions say how to read a record.
type GetOptions struct {
	Fields []string  // names, or paths such as company.name; none for all that may be read
	AsOf   time.Time // zero: now
}

// Get reads a record.
func (s *Session) Get(ctx context.Context, object string, rid id.ID, opt GetOptions) (_ *Record, err error) {
	defer fault.Op(&err, "door.Get(%s)", clip(object))
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.object(ctx, a, object, policy.Read)
	if err != nil {
		return nil, err
	}
	sh, err := a.shape(o, opt.Fields)
	if err != nil {
		return nil, err
	}
	v := s.viewer(ctx, a)
	v.past = !opt.AsOf.IsZero()
	var row *store.Row
	if opt.AsOf.IsZero() {
		row, err = s.findFor(ctx, v, o, sh.plan, rid)
	} else if row, err = s.findAny(ctx, v, o, rid); err == nil {
		if err = s.d.flush(ctx, true); err != nil {
			return nil, err
		}
		if row, err = s.rowAsOf(ctx, o, row, opt.AsOf); err == nil && row == nil {
			err = notFound(o.Name)
		}
	}
	if err != nil {
		return nil, err
	}
	e := s.entry("get", o.Name)
	e.Record, e.Version, e.Count = row.ID, uint64(row.Version), 1 //nolint:gosec // counts up
	if err := s.queue(ctx, e, ""); err != nil {
		return nil, err
	}
	list, err := s.show(ctx, v, sh, []*store.Row{row})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// find reads a living record that the session may see.
func (s *Session) find(ctx context.Context, v *viewer, o *schema.Object, rid id.ID) (*store.Row, error) {
	return s.findFor(ctx, v, o, s.d.data.Whole(o), rid)
}

// findFor is find for a plan that has what rights are judged by.
func (s *Session) findFor(ctx context.Context, v *viewer, o *schema.Object, p *store.Plan, rid id.ID) (*store.Row, error) {
	rows, err := s.d.data.GetMany(ctx, s.d.data.DB(), p, []id.ID{rid})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound(o.Name)
	}
	row := rows[0]
	if row.Values[deletedField] != nil {
		return nil, notFound(o.Name)
	}
	seen, err := v.holds(v.visible(o.Name), o, row)
	if err != nil {
		return nil, err
	}
	if !seen {
		return nil, s.denied(ctx, policy.Read, o, rid)
	}
	return row, nil
}

// show makes records of rows and reads what their lookups point to, one query for each lookup, and what
// computed fields need.
func (s *Session) show(ctx context.Context, v *viewer, sh *shape, rows []*store.Row) ([]*Record, error) {
	if err := v.prepare(ctx, sh.object, sh.own, rows); err != nil {
		return nil, err
	}
	list := make([]*Record, len(rows))
	for i, row := range rows {
		r, err := v.record(ctx, sh, row)
		if err != nil {
			return nil, err
		}
		list[i] = r
	}
	for _, l := range sh.links {
		if err := s.expand(ctx, v, l, rows, list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Session) expand(ctx context.Context, v *viewer, l link, rows []*store.Row, list []*Record) error {
	want := map[id.ID]bool{}
	var ids []id.ID
	for _, row := range rows {
		if to, ok := row.Values[l.field.ID].(id.ID); ok && !want[to] {
			want[to] = true
			ids = append(ids, to)
		}
	}
	visible := v.visible(l.to.Name)
	if visible == nil {
		for _, r := range list {
			r.values = append(r.values, make([]any, len(l.parts))...)
		}
		return nil
	}
	fields := append(ownFields(l.to, visible), l.to.FieldByID(deletedField))
	for _, p := range l.parts {
		fields = append(fields, v.inputs(l.to, p.field)...)
	}
	got, err := s.d.data.GetMany(ctx, s.d.data.DB(), store.NewPlan(l.to, fields), ids)
	if err != nil {
		return err
	}
	byID, shown := make(map[id.ID]*store.Row, len(got)), make([]*store.Row, 0, len(got))
	for _, row := range got {
		seen, err := v.holds(visible, l.to, row)
		if err != nil {
			return err
		}
		if seen && row.Values[deletedField] == nil {
			byID[row.ID] = row
			shown = append(shown, row)
		}
	}
	if err := v.prepare(ctx, l.to, l.parts, shown); err != nil {
		return err
	}
	for i, row := range rows {
		to, _ := row.Values[l.field.ID].(id.ID)
		other := byID[to]
		if other == nil {
			other = &store.Row{}
		}
		for _, p := range l.parts {
			if err := v.put(ctx, list[i], l.to, other, p); err != nil {
				return err
			}
		}
	}
	return nil
}
