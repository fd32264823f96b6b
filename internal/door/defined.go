package door

import (
	"context"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Defined is an object as those see it who may change it.
type Defined struct {
	Object  *schema.Object  // fields that were hidden, and an object that was, included
	Own     map[string]bool // fields that people added, by name
	Sealing bool            // what is stored is being sealed, because a field got a higher class
	Sealed  int64           // records of which that is done so far
}

// Definitions returns the objects whose structure can be changed, hidden ones included. It needs the
// right to define, granted on everything; which records there are, it does not tell.
func (s *Session) Definitions(ctx context.Context) (_ []Defined, err error) {
	defer fault.Op(&err, "door.Definitions")
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	if a.rights.Scope(policy.Everything, policy.Define) != policy.All {
		return nil, s.forbidden(ctx, "define", "", fault.New(fault.Forbidden, "forbidden", "you may not change objects and fields"))
	}
	going, err := s.d.data.Raisings(ctx)
	if err != nil {
		return nil, err
	}
	var list []Defined
	for _, o := range a.cat.schema.Objects() {
		if o.System {
			continue
		}
		x := DefinedOf(o)
		for _, r := range going {
			if r.Object == o.ID {
				x.Sealing, x.Sealed = true, r.Rows
			}
		}
		list = append(list, x)
	}
	return list, nil
}

// DefinedOf tells which fields of an object people added.
func DefinedOf(o *schema.Object) Defined {
	x := Defined{Object: o, Own: map[string]bool{}}
	for i := range o.Fields {
		if f := &o.Fields[i]; f.ID >= firstCustom {
			x.Own[f.Name] = true
		}
	}
	return x
}
