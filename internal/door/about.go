package door

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Now returns the door's clock.
func (d *Door) Now() time.Time { return d.now() }

// Objects returns the objects that the session may see, with what it may do with them.
func (s *Session) Objects(ctx context.Context) ([]ObjectInfo, error) {
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	var list []ObjectInfo
	for _, o := range a.cat.schema.Objects() {
		if o.Archived || !a.rights.May(o.Name, policy.Read) && !a.rights.May(o.Name, policy.Create) {
			continue
		}
		list = append(list, a.describe(o))
	}
	return list, nil
}

// ObjectInfo is an object as a session may use it.
type ObjectInfo struct {
	Object *schema.Object
	Can    map[string]bool // by verb
	Fields []FieldInfo
}

// FieldInfo is a field as a session may use it.
type FieldInfo struct {
	Field                    *schema.Field
	Access                   policy.Access
	Filter, Sort, Group, Sum bool
}

func (a *access) describe(o *schema.Object) ObjectInfo {
	info := ObjectInfo{Object: o, Can: map[string]bool{}}
	for _, v := range []policy.Verb{policy.Read, policy.Create, policy.Update, policy.Delete, policy.Export, policy.Reveal} {
		info.Can[string(v)] = a.rights.May(o.Name, v) && (v == policy.Read || !o.Written || v == policy.Export)
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		got := a.field(o, f)
		if f.Archived || got == policy.Hidden && f.Class != schema.Secret {
			continue
		}
		plain := got >= policy.Readable && !f.Class.Cell() && !f.Computed()
		open := plain && !f.Class.Sealed()
		info.Fields = append(info.Fields, FieldInfo{
			Field: f, Access: got, Filter: plain && f.Filterable(), Sort: plain && f.Sortable(), Group: open && f.Groupable(), Sum: open && f.Summable(),
		})
	}
	return info
}

// Person is who a session acts for.
type Person struct {
	ID     id.ID
	Name   string
	Locale string
	Zone   *time.Location
	Theme  string // light, dark, auto, or "" for who never chose
	Roles  []id.ID
	Audit  bool
	Define bool
}

// Me returns the person behind the session.
func (s *Session) Me(ctx context.Context) (*Person, error) {
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	return &Person{ID: a.me, Name: a.name, Locale: a.locale, Zone: a.zone, Theme: a.theme, Roles: a.roles, Audit: mayAudit(a), Define: a.rights.Scope(policy.Everything, policy.Define) == policy.All}, nil
}

// Ready reports whether the door can work: both databases answer and the journal can take a read.
func (d *Door) Ready(ctx context.Context) error {
	if _, err := d.keys.KnownCheckpoint(ctx); err != nil {
		return err
	}
	if _, err := d.log.Head(ctx); err != nil {
		return err
	}
	return d.reads.room()
}
