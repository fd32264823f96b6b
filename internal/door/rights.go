package door

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// access is what a session may do, with the conditions compiled. It is a snapshot: a change of a
// user, role or team makes a new one.
type access struct {
	rights *policy.Rights
	cat    *catalogue
	me     id.ID
	team   id.ID // main team
	teams  []id.ID
	branch []id.ID
	zone   *time.Location
	locale string
	theme  string
	name   string
	roles  []id.ID

	mu      sync.Mutex
	vars    exprSchema
	conds   map[string]*expr.Expr
	shapes  map[string]*shape     // by object and names of fields
	filters map[string]*expr.Expr // by object and text
}

// maxRemembered bounds each map of what was compiled for a session: strangers choose the keys.
const maxRemembered = 500

// remembered returns what was made before for the key, or makes it.
func remembered[T any](a *access, m map[string]*T, key string, newOne func() (*T, error)) (*T, error) {
	a.mu.Lock()
	got := m[key]
	a.mu.Unlock()
	if got != nil {
		return got, nil
	}
	got, err := newOne()
	if err != nil || len(key) > 2000 {
		return got, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(m) >= maxRemembered {
		clear(m)
	}
	m[key] = got
	return got, nil
}

// filter compiles a person's own condition: what the person may not read is not there.
func (a *access) filter(object, text string) (*expr.Expr, error) {
	return remembered(a, a.filters, object+"\x00"+text, func() (*expr.Expr, error) { return a.cat.texts.Compile(a.schemaSeen(), object, text) })
}

// access returns what the session may do now. An unknown or inactive person is refused.
func (s *Session) access(ctx context.Context) (*access, error) {
	if s.actor.IsZero() {
		return nil, fault.New(fault.Unauthenticated, "nobody", "sign in first")
	}
	if role, ok := s.actor.System(); ok {
		cat := s.d.catalogue.Load()
		return newAccess(cat, policy.Compile([]policy.Role{role}, nil, systemOf(cat.schema))), nil
	}
	return s.d.accessOf(ctx, s.actor)
}

// narrowed returns the rights of a person through a token that may do less.
func (a *access) narrowed(limits []policy.Limit) *access {
	n := newAccess(a.cat, a.rights.Limited(limits))
	n.me, n.team, n.teams, n.branch, n.zone, n.locale, n.theme, n.name, n.roles = a.me, a.team, a.teams, a.branch, a.zone, a.locale, a.theme, a.name, a.roles
	return n
}

func newAccess(cat *catalogue, r *policy.Rights) *access {
	return &access{
		rights: r, cat: cat, zone: time.UTC, conds: map[string]*expr.Expr{}, shapes: map[string]*shape{}, filters: map[string]*expr.Expr{},
	}
}

func systemOf(sch *schema.Schema) func(string) bool {
	return func(object string) bool {
		o := sch.Object(object)
		return o == nil || o.System
	}
}

// holder is a person, perhaps through a token.
type holder struct{ user, app id.ID }

// accessOf returns a person's rights, from memory where nothing changed since.
func (d *Door) accessOf(ctx context.Context, actor authn.Actor) (*access, error) {
	who := holder{actor.User(), actor.App()}
	d.mu.Lock()
	a, epoch := d.known[who], d.epoch
	d.mu.Unlock()
	if a != nil {
		return a, nil
	}
	a, err := d.loadAccess(ctx, who.user)
	if err != nil {
		return nil, err
	}
	if limits, limited := actor.Limits(); limited {
		a = a.narrowed(limits)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.epoch == epoch { // nothing changed while it was read
		if len(d.known) > 10_000 {
			clear(d.known)
		}
		d.known[who] = a
	}
	return a, nil
}

// forgetRights drops all rights kept in memory.
func (d *Door) forgetRights() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch[0]--
	clear(d.known)
}

const (
	rightsEpoch = "rights"
	schemaEpoch = "schema"
)

// refreshEpochs sees what other nodes changed: rights and definitions take effect on every node
// within a second, on the node that changed them at once.
func (d *Door) refreshEpochs(ctx context.Context, first bool) error {
	rights, err := d.data.Epoch(ctx, rightsEpoch)
	if err != nil {
		return err
	}
	defs, err := d.data.Epoch(ctx, schemaEpoch)
	if err != nil {
		return err
	}
	d.mu.Lock()
	was := d.epoch
	d.epoch = [2]int64{rights, defs}
	if was[0] != rights {
		clear(d.known)
	}
	d.mu.Unlock()
	if was[1] == defs || first {
		return nil
	}
	if err := d.loadSchema(ctx); err != nil {
		return err
	}
	d.follow(ctx)
	return nil
}

func (d *Door) loadAccess(ctx context.Context, user id.ID) (*access, error) {
	cat := d.catalogue.Load()
	o := cat.schema.Object("user")
	row, found, err := d.data.Get(ctx, d.data.DB(), o, user)
	if err != nil {
		return nil, err
	}
	if !found || row.Values[deletedField] != nil || row.Values[o.Field("active").ID] == false {
		return nil, fault.New(fault.Unauthenticated, "inactive", "this account is not active; ask your administrator")
	}
	ids, _ := row.Values[o.Field("roles").ID].([]id.ID)
	roles, err := d.loadRoles(ctx, cat, ids)
	if err != nil {
		return nil, err
	}
	a := newAccess(cat, policy.Compile(roles, nil, systemOf(cat.schema)))
	a.me, a.roles = user, ids
	a.locale, _ = row.Values[o.Field("locale").ID].(string)
	a.theme, _ = row.Values[o.Field("theme").ID].(string)
	a.name, _ = row.Values[o.Field("name").ID].(string)
	if zone, _ := row.Values[o.Field("timezone").ID].(string); zone != "" {
		if loc, err := time.LoadLocation(zone); err == nil {
			a.zone = loc
		}
	}
	a.team, _ = row.Values[o.Field("main_team").ID].(id.ID)
	a.teams, _ = row.Values[o.Field("teams").ID].([]id.ID)
	if !a.team.IsZero() {
		a.teams = append(slices.Clone(a.teams), a.team)
	}
	a.branch, err = d.branch(ctx, cat, a.teams)
	return a, err
}

func (d *Door) loadRoles(ctx context.Context, cat *catalogue, ids []id.ID) ([]policy.Role, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	o := cat.schema.Object("role")
	rows, err := d.data.GetMany(ctx, d.data.DB(), store.NewPlan(o, nil), ids)
	if err != nil {
		return nil, err
	}
	var roles []policy.Role
	for _, r := range rows {
		if r.Values[deletedField] != nil {
			continue
		}
		grants, _ := r.Values[o.Field("grants").ID].(json.RawMessage)
		masks, _ := r.Values[o.Field("masks").ID].(json.RawMessage)
		role, err := parseRole(cat.schema, grants, masks)
		if err != nil {
			return nil, err
		}
		role.ID = r.ID
		role.Name, _ = r.Values[o.Field("name").ID].(string)
		roles = append(roles, role)
	}
	return roles, nil
}

// roleGrant and roleMask are a role's entries as its JSON fields hold them.
type roleGrant struct {
	Object string   `json:"object"`
	Verbs  []string `json:"verbs"`
	Scope  string   `json:"scope"`
}

type roleMask struct {
	Object string `json:"object"`
	Field  string `json:"field,omitempty"`
	Class  string `json:"class,omitempty"`
	Access string `json:"access"`
}

// parseRole reads and checks what a role grants.
func parseRole(sch *schema.Schema, grants, masks json.RawMessage) (policy.Role, error) {
	var role policy.Role
	var gs []roleGrant
	if err := json.Unmarshal(grants, &gs); err != nil {
		return role, fault.InField("grants", "bad_grants", `want a list like [{"object":"deal","verbs":["read","update"],"scope":"team"}]`)
	}
	for _, g := range gs {
		if err := knownObject(sch, g.Object); err != nil {
			return role, fault.InField("grants", "unknown_object", "%s", fault.Message(err))
		}
		scope, err := policy.ParseScope(g.Scope)
		if err != nil {
			return role, fault.InField("grants", "unknown_scope", "%s", fault.Message(err))
		}
		for _, v := range g.Verbs {
			if !slices.Contains(policy.Verbs(), policy.Verb(v)) {
				return role, fault.InField("grants", "unknown_verb", "unknown verb %q", v)
			}
			role.Grants = append(role.Grants, policy.Grant{Object: g.Object, Verb: policy.Verb(v), Scope: scope})
		}
	}
	var ms []roleMask
	if len(masks) > 0 {
		if err := json.Unmarshal(masks, &ms); err != nil {
			return role, fault.InField("masks", "bad_masks", `want a list like [{"object":"contact","class":"restricted","access":"masked"}]`)
		}
	}
	for _, m := range ms {
		if err := knownObject(sch, m.Object); err != nil {
			return role, fault.InField("masks", "unknown_object", "%s", fault.Message(err))
		}
		access, err := policy.ParseAccess(m.Access)
		if err != nil {
			return role, fault.InField("masks", "unknown_access", "%s", fault.Message(err))
		}
		role.Masks = append(role.Masks, policy.Mask{Object: m.Object, Field: m.Field, Class: m.Class, Access: access})
	}
	return role, nil
}

func knownObject(sch *schema.Schema, name string) error {
	if name != policy.Everything && sch.Object(name) == nil {
		return fault.New(fault.Invalid, "unknown_object", "there is no object %q", name)
	}
	return nil
}

// branch adds to teams those below them.
func (d *Door) branch(ctx context.Context, cat *catalogue, teams []id.ID) ([]id.ID, error) {
	if len(teams) == 0 {
		return nil, nil
	}
	o := cat.schema.Object("team")
	parent := o.Field("parent").ID
	below := map[id.ID][]id.ID{}
	err := d.data.Each(ctx, o, func(rows []*store.Row) error {
		for _, r := range rows {
			if p, ok := r.Values[parent].(id.ID); ok {
				below[p] = append(below[p], r.ID)
			}
		}
		return nil
	})
	seen := map[id.ID]bool{}
	var list []id.ID
	for queue := slices.Clone(teams); len(queue) > 0; queue = queue[1:] {
		if t := queue[0]; !seen[t] {
			seen[t] = true
			list = append(list, t)
			queue = append(queue, below[t]...)
		}
	}
	return list, err
}

// session returns what expressions know about who asks.
func (a *access) session(now time.Time) expr.Session {
	return expr.Session{Now: now, Location: a.zone, Me: a.me, MyTeam: a.teams, MyBranch: a.branch}
}

// condition returns the compiled condition for a verb on an object; nil where no record fulfils it.
func (a *access) condition(object string, verb policy.Verb) (*expr.Expr, error) {
	key := object + "\x00" + string(verb)
	a.mu.Lock()
	defer a.mu.Unlock()
	if x, done := a.conds[key]; done {
		return x, nil
	}
	text := a.rights.Condition(object, verb)
	if text == "false" || a.cat.schema.Object(object) == nil {
		a.conds[key] = nil
		return nil, nil
	}
	x, err := expr.Compile(a.cat.vars, object, text)
	if err != nil {
		return nil, err
	}
	a.conds[key] = x
	return x, nil
}

// visible is the condition under which records of another object are seen; nil for none.
func (a *access) visible(object string) *expr.Expr {
	x, err := a.condition(object, policy.Read)
	if err != nil {
		return nil
	}
	return x
}

// field returns what the session may do with a field. A computed field shows no more than the fields
// that it is computed from.
func (a *access) field(o *schema.Object, f *schema.Field) policy.Access {
	if f.Class == schema.Secret {
		return policy.Hidden
	}
	got := a.rights.Field(o.Name, f.Name, string(f.Class))
	var parts []expr.Field
	switch f.Type {
	case schema.Formula:
		x, err := a.cat.rule(o.Name, f.Formula, false)
		if err != nil {
			return policy.Hidden
		}
		parts = x.Fields()
	case schema.RollupT:
		if !a.rights.May(f.Rollup.Object, policy.Read) {
			return policy.Hidden
		}
		parts = a.rollupParts(f.Rollup)
	}
	for _, used := range parts {
		of := a.cat.schema.Object(used.Object)
		if part := of.Field(baseName(used.Name)); part != nil {
			got = min(got, a.field(of, part))
		}
	}
	return got
}

// baseName is the field of a part such as amount.currency.
func baseName(name string) string {
	for i := range len(name) {
		if name[i] == '.' {
			return name[:i]
		}
	}
	return name
}

// readable reports whether the session may read a field's values as they are.
func (a *access) readable(o *schema.Object, f *schema.Field) bool {
	return a.field(o, f) >= policy.Readable
}

// schemaSeen is the schema as this session's own expressions see it: what may not be read is not
// there, so a filter by a hidden field is refused like one by a field that does not exist.
func (a *access) schemaSeen() exprSchema {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.vars == nil {
		a.vars = exprSchemaOf(a.cat.schema, func(o *schema.Object, f *schema.Field) bool {
			got := a.field(o, f)
			return a.rights.May(o.Name, policy.Read) && (got >= policy.Readable || got == policy.Masked && f.Class.Cell())
		})
	}
	return a.vars
}
