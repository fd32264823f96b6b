package policy

import "github.com/wardbook/wardbook/internal/id"

// Reason is a grant that lets the holder of a role do a verb on some records of an object.
type Reason struct {
	Role   id.ID
	Name   string // of the role
	Object string // for which the grant is written; Everything for all
	Scope  Scope
	When   string // the scope as a condition in CEL over a record
}

// Reasons returns the grants of which Scope is the widest; none where limits leave nothing.
func (r *Rights) Reasons(object string, verb Verb) (list []Reason) {
	if r == nil || !r.within(object, verb) {
		return nil
	}
	for i := range r.roles {
		role := &r.roles[i]
		for _, g := range role.Grants {
			if g.Verb == verb && g.Scope > None && covers(g.Object, object, r.system) {
				list = append(list, Reason{role.ID, role.Name, g.Object, g.Scope, g.Scope.condition()})
			}
		}
	}
	return list
}

// By is what decided about a field in a role.
type By string

// What may decide about a field, least particular first.
const (
	ByDefault   By = "default"    // no mask: the class alone
	ByClass     By = "class"      // a mask for the class, of every object
	ByOwnClass  By = "own_class"  // a mask for the class, of this object
	ByFieldName By = "field_name" // a mask for the field
)

// FieldReason is what one role says about a field.
type FieldReason struct {
	Role   id.ID
	Name   string // of the role
	Access Access
	By     By
}

// FieldReasons returns what each role says about a field of which Field is the best.
func (r *Rights) FieldReasons(object, field, class string) (list []FieldReason) {
	if r == nil {
		return nil
	}
	for i := range r.roles {
		role := &r.roles[i]
		if role.scope(object, Read, r.system) > None || role.scope(object, Create, r.system) > None {
			access, by := role.mask(object, field, class, r.system)
			list = append(list, FieldReason{role.ID, role.Name, access, by})
		}
	}
	return list
}
