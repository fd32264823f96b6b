package policy

import (
	"strings"
	"testing"
)

func system(object string) bool { return object == "role" || object == "user" }

func rep() Role {
	return Role{Name: "rep", Grants: []Grant{
		{Everything, Read, Team}, {Everything, Update, Own}, {"deal", Create, Own}, {"user", Read, All},
	}, Masks: []Mask{{Object: Everything, Class: "restricted", Access: Hidden}, {Object: "contact", Field: "wechat", Access: Readable}}}
}

func clerk() Role {
	return Role{Name: "clerk", Grants: []Grant{{"contact", Read, All}}, Masks: []Mask{{Object: "contact", Class: "restricted", Access: Readable}}}
}

func TestScope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, object string
		verb         Verb
		roles        []Role
		want         Scope
	}{
		{"nobody", "deal", Read, nil, None},
		{"granted on everything", "deal", Read, []Role{rep()}, Team},
		{"granted by name", "deal", Create, []Role{rep()}, Own},
		{"not granted", "contact", Create, []Role{rep()}, None},
		{"everything leaves system objects out", "role", Read, []Role{rep()}, None},
		{"a system object by name", "user", Read, []Role{rep()}, All},
		{"several roles add up", "contact", Read, []Role{rep(), clerk()}, All},
		{"unknown verb", "deal", "drop", []Role{rep()}, None},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Compile(c.roles, nil, system).Scope(c.object, c.verb); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestNilRightsDeny(t *testing.T) {
	t.Parallel()
	var r *Rights
	if r.May("deal", Read) || r.Field("deal", "name", "public") != Hidden {
		t.Error("nil rights allow something")
	}
}

func TestCondition(t *testing.T) {
	t.Parallel()
	restrict := []Restriction{{"deal", "!confidential"}}
	for _, c := range []struct {
		name, object string
		verb         Verb
		roles        []Role
		want         string
	}{
		{"denied", "deal", Read, nil, "false"},
		{"team", "company", Read, []Role{rep()}, "(owner == me() || team in myTeam())"},
		{"restriction", "deal", Read, []Role{rep()}, "(owner == me() || team in myTeam()) && (!confidential)"},
		{"update needs read too", "company", Update, []Role{rep()}, "(owner == me()) && (owner == me() || team in myTeam())"},
		{"update without read", "deal", Update, []Role{{Grants: []Grant{{"deal", Update, All}}}}, "false"},
		{"all", "contact", Read, []Role{clerk()}, "true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Compile(c.roles, restrict, system).Condition(c.object, c.verb); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, object, field, class string
		roles                      []Role
		want                       Access
	}{
		{"personal by default", "contact", "email", "personal", []Role{rep()}, Editable},
		{"restricted masked by default", "contact", "passport", "restricted", []Role{{Grants: []Grant{{"contact", Read, All}}}}, Masked},
		{"class mask", "deal", "bank", "restricted", []Role{rep()}, Hidden},
		{"field beats class", "contact", "wechat", "restricted", []Role{rep()}, Readable},
		{"roles add up", "contact", "passport", "restricted", []Role{rep(), clerk()}, Readable},
		{"a role that cannot read the object adds nothing", "deal", "bank", "restricted", []Role{rep(), clerk()}, Hidden},
		{"secret", "connection", "password", "secret", []Role{rep()}, Hidden},
		{"unknown class", "contact", "x", "", []Role{rep()}, Hidden},
		{"nobody", "contact", "email", "personal", nil, Hidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Compile(c.roles, nil, system).Field(c.object, c.field, c.class); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestLimited(t *testing.T) {
	t.Parallel()
	r := Compile([]Role{rep()}, nil, system).Limited([]Limit{{"deal", "*"}, {"*", "read"}})
	for _, c := range []struct {
		object string
		verb   Verb
		want   Scope
	}{{"deal", Create, Own}, {"company", Read, Team}, {"company", Update, None}, {"contact", Create, None}} {
		if got := r.Scope(c.object, c.verb); got != c.want {
			t.Errorf("%s %s: got %v, want %v", c.verb, c.object, got, c.want)
		}
	}
	if Compile([]Role{rep()}, nil, system).Limited(nil).May("deal", Read) {
		t.Error("a token without limits listed may do something")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for s := None; s <= All; s++ {
		if got, err := ParseScope(s.String()); err != nil || got != s {
			t.Errorf("scope %v: %v, %v", s, got, err)
		}
	}
	for a := Hidden; a <= Editable; a++ {
		if got, err := ParseAccess(a.String()); err != nil || got != a {
			t.Errorf("access %v: %v, %v", a, got, err)
		}
	}
	if _, err := ParseScope("world"); err == nil {
		t.Error("unknown scope accepted")
	}
	if _, err := ParseAccess(""); err == nil {
		t.Error("unknown access accepted")
	}
}

// Nobody's rights grow by being limited, whatever the roles, the limits and the question.
func TestLimitsOnlyNarrow(t *testing.T) {
	t.Parallel()
	roles := [][]Role{nil, {rep()}, {clerk()}, {rep(), clerk()}}
	limits := [][]Limit{nil, {{"*", "*"}}, {{"deal", "*"}}, {{"*", "read"}}, {{"contact", "read"}, {"deal", "create"}}, {{"", ""}}}
	for _, held := range roles {
		full := Compile(held, nil, system)
		for _, l := range limits {
			narrow := full.Limited(l)
			for _, object := range []string{"deal", "contact", "company", "user", "role", "nosuch", "", "*"} {
				for _, verb := range append(Verbs(), "drop", "", "*") {
					got, most := narrow.Scope(object, verb), full.Scope(object, verb)
					if got > most || got != None && got != most || narrow.May(object, verb) != (got > None) {
						t.Errorf("%s %s with %v: %v, without %v", verb, object, l, got, most)
					}
					if c := narrow.Condition(object, verb); got == None && c != "false" {
						t.Errorf("%s %s is denied, and its condition is %s", verb, object, c)
					}
				}
			}
			if again := narrow.Limited([]Limit{{"*", "*"}}); len(l) == 1 && l[0].Object == "deal" && again.May("company", Read) {
				t.Errorf("limiting twice widened %v", l)
			}
		}
	}
}

// More roles never take a right away, and the order of roles and restrictions changes nothing.
func TestRolesAddUp(t *testing.T) {
	t.Parallel()
	restrict := []Restriction{{"deal", "!confidential"}, {"deal", "has(name)"}, {"company", "true"}}
	one, two, both, swapped := Compile([]Role{rep()}, restrict, system), Compile([]Role{clerk()}, restrict, system), Compile([]Role{rep(), clerk()}, restrict, system), Compile([]Role{clerk(), rep()}, restrict, system)
	for _, object := range []string{"deal", "contact", "company", "user"} {
		for _, verb := range Verbs() {
			want := max(one.Scope(object, verb), two.Scope(object, verb))
			if both.Scope(object, verb) != want || swapped.Scope(object, verb) != want {
				t.Errorf("%s %s: %v and %v, want %v", verb, object, both.Scope(object, verb), swapped.Scope(object, verb), want)
			}
			if both.Condition(object, verb) != swapped.Condition(object, verb) {
				t.Errorf("%s %s: the order of roles counts", verb, object)
			}
		}
		for _, class := range []string{"public", "internal", "personal", "restricted", "secret", ""} {
			want := max(one.Field(object, "f", class), two.Field(object, "f", class))
			if got := both.Field(object, "f", class); got != want || swapped.Field(object, "f", class) != want {
				t.Errorf("%s, %s: %v, want %v", object, class, got, want)
			}
		}
	}
	for _, r := range restrict[:2] {
		for _, verb := range []Verb{Read, Create} {
			if c := both.Condition("deal", verb); c != "false" && !strings.Contains(c, "("+r.When+")") {
				t.Errorf("%s: the restriction %s is missing in %s", verb, r.When, c)
			}
		}
	}
}

// Wider scopes contain the narrower ones, as conditions too.
func TestScopesContainEachOther(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scope Scope
		want  string
	}{{None, "false"}, {Own, "owner == me()"}, {Team, "owner == me() || team in myTeam()"}, {Branch, "owner == me() || team in myBranch()"}, {All, "true"}} {
		if got := c.scope.condition(); got != c.want {
			t.Errorf("%v: %s", c.scope, got)
		}
	}
}
