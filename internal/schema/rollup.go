package schema

import "slices"

// Rollup says what a rollup field counts or adds up: records of another object that point to this one.
type Rollup struct {
	Object  string `json:"object"`           // whose records
	Through string `json:"through"`          // their lookup to this object
	Op      string `json:"op"`               // count, sum, min, max, avg
	Field   string `json:"field,omitempty"`  // of theirs; none for count
	Filter  string `json:"filter,omitempty"` // CEL over them; "" for all
}

// rollupKind stands for the type only: a rollup's value is of its result's type, and nothing is stored.
func rollupKind() *kind { return &kind{} }

// RollupResult returns the type of a rollup's result; "" where it names something that is not there or
// cannot be computed with.
func RollupResult(from *Object, r *Rollup) Type {
	if from == nil || r == nil {
		return ""
	}
	if r.Op == "count" && r.Field == "" {
		return Int
	}
	f := from.Field(r.Field)
	if f == nil || f.Class.Sealed() || f.Computed() {
		return ""
	}
	switch r.Op {
	case "sum", "avg":
		if f.Summable() {
			return f.Type
		}
	case "min", "max":
		if f.Summable() || f.Type == DateT || f.Type == Datetime {
			return f.Type
		}
	}
	return ""
}

func (s *Schema) checkRollup(o *Object, f *Field) error {
	where := o.Name + "." + f.Name
	if f.Type != RollupT {
		if f.Rollup != nil {
			return define(where, "only a field of type rollup has a rollup")
		}
		return nil
	}
	if f.Rollup == nil {
		return define(where, "a rollup needs the object, its lookup to this one and what to compute")
	}
	from := s.byName[f.Rollup.Object]
	if from == nil {
		return define(where, "rollup: there is no object %q", f.Rollup.Object)
	}
	through := from.Field(f.Rollup.Through)
	if through == nil || through.Class.Sealed() || !slices.Contains(s.points(through), o.Name) {
		return define(where, "rollup: %s needs a lookup to %s that is not encrypted", from.Name, o.Name)
	}
	if result := RollupResult(from, f.Rollup); result == "" || result != f.Result {
		return define(where, "rollup: count, or sum, avg, min or max of a field of %s that has a sum and is not encrypted (min and max also of a date or time)", from.Name)
	}
	return nil
}

// points lists the objects that a field with one identifier points to.
func (s *Schema) points(f *Field) []string {
	switch f.Type {
	case Lookup:
		return f.Target
	case User:
		return []string{"user"}
	case Team:
		return []string{"team"}
	}
	return nil
}
