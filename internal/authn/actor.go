// Package authn proves who is asking. It is the only maker of an Actor, whose fields nobody else
// can set, so code that holds one holds a proof.
package authn

import (
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
)

// Actor is who acts: a person, perhaps through a token that may do less, or a named part of the
// program with listed rights. The zero Actor is nobody and may nothing.
type Actor struct {
	user    id.ID
	app     id.ID
	session id.ID
	limits  []policy.Limit
	limited bool
	system  string
	grants  []policy.Grant
}

// User returns the person, or the zero ID for a part of the program.
func (a Actor) User() id.ID { return a.user }

// App returns the token that the person acts through, or the zero ID.
func (a Actor) App() id.ID { return a.app }

// Session returns the session that the person signed in to, or the zero ID.
func (a Actor) Session() id.ID { return a.session }

// IsZero reports whether the actor is nobody.
func (a Actor) IsZero() bool { return a.user.IsZero() && a.system == "" }

// Limits returns what a token narrows the person's rights to; limited is false without a token.
func (a Actor) Limits() (limits []policy.Limit, limited bool) { return a.limits, a.limited }

// System returns the name and the rights of a part of the program; ok is false for a person.
func (a Actor) System() (role policy.Role, ok bool) {
	return policy.Role{Name: a.system, Grants: a.grants}, a.system != ""
}

// Operator is a person at the machine who holds the data folder and its key file: the command line
// without --server. Who has both can read everything anyway; as an Actor what they do is journaled
// and bound by the person's roles.
func Operator(user id.ID) Actor { return Actor{user: user} }

// Founder is the part of the program that makes a new organisation: its first person, roles and
// sales process. It can create, and see what it created, and nothing else.
func Founder() Actor {
	a := Actor{system: "founder"}
	for _, object := range []string{"user", "team", "role", "pipeline", "stage"} {
		a.grants = append(a.grants,
			policy.Grant{Object: object, Verb: policy.Create, Scope: policy.All},
			policy.Grant{Object: object, Verb: policy.Read, Scope: policy.All},
			policy.Grant{Object: object, Verb: policy.Update, Scope: policy.All})
	}
	return a
}

// Clerk is the part of the program that keeps the records of imports and exports.
func Clerk() Actor {
	a := Actor{system: "clerk"}
	for _, object := range []string{"import", "export"} {
		a.grants = append(a.grants, policy.Grant{Object: object, Verb: policy.Create, Scope: policy.All})
	}
	for _, verb := range []policy.Verb{policy.Read, policy.Update} { // an export tells how far it came
		a.grants = append(a.grants, policy.Grant{Object: "export", Verb: verb, Scope: policy.All})
	}
	for _, object := range []string{"user", "change_set"} { // what those records point to
		a.grants = append(a.grants, policy.Grant{Object: object, Verb: policy.Read, Scope: policy.All})
	}
	return a
}

// Keeper is the part of the program that makes backups: it takes every record as it is stored, still
// sealed, and can read none.
func Keeper() Actor {
	return Actor{system: "keeper", grants: []policy.Grant{{Object: policy.Everything, Verb: policy.Export, Scope: policy.All}}}
}

// Sealer is the part of the program that seals what is stored in the clear when a field's class is raised.
// It has no rights: it asks for no record and shows none.
func Sealer() Actor { return Actor{system: "sealer"} }
