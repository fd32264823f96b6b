package door

import (
	"context"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Why says by which of its rights a session sees a record, and what it may do to it.
type Why struct {
	Object  *schema.Object
	ID      id.ID
	Version int64
	Verbs   []WhyVerb
	Fields  []WhyField
}

// WhyVerb is whether a session may do a verb to a record, and the grants that hold for the record. A
// verb other than read is allowed where a grant of it holds and one of read.
type WhyVerb struct {
	Verb     policy.Verb
	Allowed  bool
	Withheld bool // by the token, whatever the roles grant
	Grants   []policy.Reason
}

// WhyField is what a session may do with a field, and what each of its roles says about it. A computed
// field shows no more than what it is computed from.
type WhyField struct {
	Field  *schema.Field
	Access policy.Access
	Masks  []policy.FieldReason
}

// Why explains the session's own rights to a record that it may see. It is a reading of the record: what
// Get refuses is refused, and the journal has it.
func (s *Session) Why(ctx context.Context, object string, rid id.ID) (_ *Why, err error) {
	defer fault.Op(&err, "door.Why(%s)", clip(object))
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.object(ctx, a, object, policy.Read)
	if err != nil {
		return nil, err
	}
	v := s.viewer(ctx, a)
	row, err := s.find(ctx, v, o, rid)
	if err != nil {
		return nil, err
	}
	e := s.entry("why", o.Name)
	e.Record, e.Version, e.Count = row.ID, uint64(row.Version), 1 //nolint:gosec // counts up
	if err := s.queue(ctx, e, ""); err != nil {
		return nil, err
	}
	w := &Why{Object: o, ID: row.ID, Version: row.Version}
	for _, verb := range []policy.Verb{policy.Read, policy.Update, policy.Delete, policy.Export, policy.Reveal} {
		x := WhyVerb{Verb: verb, Withheld: !a.rights.Within(o.Name, verb)}
		cond, err := a.condition(o.Name, verb) // the decision itself
		if err != nil {
			return nil, err
		}
		if x.Allowed, err = v.holds(cond, o, row); err != nil {
			return nil, err
		}
		for _, r := range a.rights.Reasons(o.Name, verb) {
			when, err := expr.Compile(a.cat.vars, o.Name, r.When)
			if err != nil {
				return nil, err
			}
			held, err := v.holds(when, o, row)
			if err != nil {
				return nil, err
			}
			if held {
				x.Grants = append(x.Grants, r)
			}
		}
		w.Verbs = append(w.Verbs, x)
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		if got := a.field(o, f); got != policy.Hidden && !f.Archived {
			w.Fields = append(w.Fields, WhyField{f, got, a.rights.FieldReasons(o.Name, f.Name, string(f.Class))})
		}
	}
	return w, nil
}
