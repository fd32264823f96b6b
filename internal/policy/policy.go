// Package policy decides who may do what: deny by default, roles that grant a verb on an object
// within a scope, and a mask for each class of field. It is pure: it decides over what it is given
// and reads nothing.
//
// Its answer for many records is not a yes but a condition in the one language of Wardbook (CEL,
// docs/expressions.md). The same text is compiled to SQL for a list and evaluated in memory for a
// single record, so a list can never show what a single read would refuse.
//
// Nobody, the owner of the organisation included, may read customer data merely by being an
// administrator: administering is a set of verbs on system objects like any other.
package policy

import (
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Verb is something that can be done to records of an object.
type Verb string

// The verbs that roles grant.
const (
	Read   Verb = "read"   // get, list, count, aggregate, history
	Create Verb = "create" // also by import
	Update Verb = "update"
	Delete Verb = "delete" // into the bin, and back out of it
	Export Verb = "export" // take many records out of the system at once
	Reveal Verb = "reveal" // see a masked value, with a purpose
	Define Verb = "define" // change objects and fields; granted on "*"
	Audit  Verb = "audit"  // read the journal of everyone; granted on "*"
)

// Verbs lists every verb.
func Verbs() []Verb { return []Verb{Read, Create, Update, Delete, Export, Reveal, Define, Audit} }

// Scope says for which records a grant holds. A wider scope contains the narrower ones.
type Scope uint8

// The scopes, narrowest first.
const (
	None   Scope = iota
	Own          // records that the person owns
	Team         // and those of the person's teams
	Branch       // and those of the teams below
	All
)

func scopeNames() []string { return []string{"none", "own", "team", "branch", "all"} }

// String returns the scope's name as roles write it.
func (s Scope) String() string { return scopeNames()[s] }

// ParseScope reads a scope's name.
func ParseScope(name string) (Scope, error) {
	if i := slices.Index(scopeNames(), name); i >= 0 {
		return Scope(i), nil //nolint:gosec // i < 5
	}
	return None, fault.New(fault.Invalid, "unknown_scope", "unknown scope %q: use %s", name, strings.Join(scopeNames(), ", "))
}

// condition is the scope as a condition over a record.
func (s Scope) condition() string {
	switch s {
	case Own:
		return "owner == me()"
	case Team:
		return "owner == me() || team in myTeam()"
	case Branch:
		return "owner == me() || team in myBranch()"
	case All:
		return "true"
	case None:
	}
	return "false"
}

// Access says what a person may do with a field. A higher access contains the lower ones.
type Access uint8

// The accesses, lowest first.
const (
	Hidden Access = iota
	Masked        // shown as 138****5678; the value only by Reveal
	Readable
	Editable
)

func accessNames() []string { return []string{"hidden", "masked", "read", "edit"} }

// String returns the access's name as roles write it.
func (a Access) String() string { return accessNames()[a] }

// ParseAccess reads an access's name.
func ParseAccess(name string) (Access, error) {
	if i := slices.Index(accessNames(), name); i >= 0 {
		return Access(i), nil //nolint:gosec // i < 4
	}
	return Hidden, fault.New(fault.Invalid, "unknown_access", "unknown access %q: use %s", name, strings.Join(accessNames(), ", "))
}

// Everything stands for every object that is not a system object in a grant or mask.
const Everything = "*"

// Grant lets the holders of a role do a verb on an object within a scope.
type Grant struct {
	Object string
	Verb   Verb
	Scope  Scope
}

// Mask sets what the holders of a role may do with a field, or with every field of a class where
// Field is empty. The most particular mask of a role counts: field, then class, then the default.
type Mask struct {
	Object string
	Field  string
	Class  string
	Access Access
}

// Role is a named set of grants and masks.
type Role struct {
	ID     id.ID
	Name   string
	Grants []Grant
	Masks  []Mask
}

// Restriction is a condition that every record of an object must fulfil for everybody, whatever
// their roles grant. Restrictions are joined by "and".
type Restriction struct {
	Object string
	When   string // CEL over the record
}

// Rights are what one person may do, compiled from the roles held at a moment. They are immutable.
type Rights struct {
	roles        []Role
	restrictions map[string][]string
	system       func(object string) bool
	limits       [][]Limit // each narrows what the ones before left
}

// Limit narrows rights to what an API token or app was given: an object and verb, "*" for any.
type Limit struct {
	Object string
	Verb   string
}

// Compile makes the rights of a person who holds the roles. system tells the system objects, which
// Everything does not include.
func Compile(roles []Role, restrictions []Restriction, system func(object string) bool) *Rights {
	r := &Rights{roles: roles, restrictions: map[string][]string{}, system: system}
	for _, x := range restrictions {
		r.restrictions[x.Object] = append(r.restrictions[x.Object], x.When)
	}
	return r
}

// Limited returns the rights narrowed to the limits, for a token that may do less than its person.
// Rights that are narrowed already are narrowed further.
func (r *Rights) Limited(limits []Limit) *Rights {
	c := *r
	c.limits = append(slices.Clone(r.limits), limits)
	return &c
}

// Scope returns the widest scope that the rights grant for a verb on an object; None means denied.
func (r *Rights) Scope(object string, verb Verb) Scope {
	if r == nil || !r.within(object, verb) {
		return None
	}
	widest := None
	for i := range r.roles {
		widest = max(widest, r.roles[i].scope(object, verb, r.system))
	}
	return widest
}

// May reports whether the rights grant the verb on some record of the object.
func (r *Rights) May(object string, verb Verb) bool { return r.Scope(object, verb) > None }

// Within reports whether the limits leave a verb on an object, whatever the roles grant; of Everything,
// whether they leave it on every object.
func (r *Rights) Within(object string, verb Verb) bool { return r.within(object, verb) }

func (r *Rights) within(object string, verb Verb) bool {
	for _, list := range r.limits {
		if !slices.ContainsFunc(list, func(l Limit) bool {
			return (l.Object == Everything || l.Object == object) && (l.Verb == Everything || l.Verb == string(verb))
		}) {
			return false
		}
	}
	return true
}

func (role *Role) scope(object string, verb Verb, system func(string) bool) Scope {
	widest := None
	for _, g := range role.Grants {
		if g.Verb == verb && covers(g.Object, object, system) {
			widest = max(widest, g.Scope)
		}
	}
	return widest
}

// covers reports whether a grant or mask written for pattern holds for object. Everything does not
// reach the system objects: who may read the role table must be granted it by name.
func covers(pattern, object string, system func(string) bool) bool {
	return pattern == object || pattern == Everything && !system(object)
}

// Condition returns the condition in CEL that a record must fulfil for the verb: the widest grant,
// and every restriction. A verb other than Read and Create also needs what Read needs.
func (r *Rights) Condition(object string, verb Verb) string {
	parts := []string{r.Scope(object, verb).condition()}
	if verb != Read && verb != Create {
		parts = append(parts, r.Scope(object, Read).condition())
	}
	if slices.Contains(parts, "false") {
		return "false"
	}
	parts = append(parts, r.restrictions[object]...)
	parts = slices.DeleteFunc(slices.Compact(parts), func(p string) bool { return p == "true" })
	if len(parts) == 0 {
		return "true"
	}
	return "(" + strings.Join(parts, ") && (") + ")"
}

// Field returns what the person may do with a field of an object. Several roles add up.
func (r *Rights) Field(object, field, class string) Access {
	if r == nil {
		return Hidden
	}
	best := Hidden
	for i := range r.roles {
		if r.roles[i].scope(object, Read, r.system) > None || r.roles[i].scope(object, Create, r.system) > None {
			best = max(best, r.roles[i].field(object, field, class, r.system))
		}
	}
	return best
}

func (role *Role) field(object, field, class string, system func(string) bool) Access {
	access, _ := role.mask(object, field, class, system)
	return access
}

// mask returns what a role says about a field, and what decided so.
func (role *Role) mask(object, field, class string, system func(string) bool) (Access, By) {
	access := byClass(class)
	rank := 0 // how particular the mask found is: 1 class everywhere, 2 class here, 3 field
	for _, m := range role.Masks {
		if !covers(m.Object, object, system) {
			continue
		}
		at := 0
		switch {
		case m.Field != "" && m.Field == field:
			at = 3
		case m.Field == "" && m.Class == class && m.Object == object:
			at = 2
		case m.Field == "" && m.Class == class:
			at = 1
		}
		if at > rank {
			rank, access = at, m.Access
		}
	}
	return access, []By{ByDefault, ByClass, ByOwnClass, ByFieldName}[rank]
}

// byClass is the access that a role gives where no mask says otherwise. A secret can be written and
// never read by anyone; the door treats it so whatever a mask says.
func byClass(class string) Access {
	switch class {
	case "public", "internal", "personal":
		return Editable
	case "restricted":
		return Masked
	}
	return Hidden
}
