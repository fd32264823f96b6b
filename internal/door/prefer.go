package door

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// Preferences are what people decide about how Wardbook shows itself to them; nil leaves one as it is.
type Preferences struct {
	Locale *string // en or zh_cn
	Zone   *string // a name of the IANA time zone database
	Theme  *string // auto, light or dark
}

// Prefer changes the preferences of the session's person. It takes no right, because it changes nothing
// that anybody else sees; a token may not, because it was given for other things. It is a change of the
// person's record like any other: in its history, and to be taken back.
func (s *Session) Prefer(ctx context.Context, p Preferences) (_ *Person, err error) {
	defer fault.Op(&err, "door.Prefer")
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	if _, limited := s.actor.Limits(); limited || a.me.IsZero() {
		return nil, fault.New(fault.Forbidden, "sign_in_first", "this takes a person who signed in, not a token")
	}
	_, err = s.change(ctx, a, kindEdit, false, id.ID{}, func(c *change) error { return c.prefer(ctx, p) })
	if err != nil {
		return nil, err
	}
	return s.Me(ctx)
}

func (c *change) prefer(ctx context.Context, p Preferences) error {
	o := c.v.cat.schema.Object("user")
	old, found, err := c.d.data.Get(ctx, c.tx, o, c.actor.User())
	if err != nil {
		return err
	}
	if !found {
		return notFound(o.Name)
	}
	row := old.Clone()
	var wrong []fault.Field
	for _, x := range []struct {
		name  string
		value *string
	}{{"locale", p.Locale}, {"timezone", p.Zone}, {"theme", p.Theme}} {
		if x.value == nil {
			continue
		}
		f := o.Field(x.name)
		v, err := preferred(f, *x.value)
		if err != nil {
			wrong = append(wrong, fault.FieldsOf(err)...)
			continue
		}
		row.Values[f.ID] = v
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	if len(store.Diff(o, old, row).Fields()) == 0 {
		return nil
	}
	return c.update(ctx, "update", o, old, row)
}

// preferred reads the value of a preference.
func preferred(f *schema.Field, text string) (any, error) {
	if f.Name == "timezone" {
		if _, err := time.LoadLocation(text); err != nil || text == "" || text == "Local" {
			return nil, fault.InField(f.Name, "unknown_zone", "want a time zone such as Europe/Berlin or Asia/Shanghai")
		}
	}
	v, err := f.ParseJSON(text)
	if err == nil && v == nil {
		err = fault.InField(f.Name, "required", "is required")
	}
	return v, err
}
