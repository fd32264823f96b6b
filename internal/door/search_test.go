package door_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// names lists what a query finds, in order, page by page.
func names(t *testing.T, s *door.Session, q door.Query, field string) []string {
	t.Helper()
	list := []string{}
	for {
		page, err := s.List(context.Background(), q)
		if err != nil {
			t.Fatalf("list %+v: %v", q, err)
		}
		for _, r := range page.Records {
			list = append(list, r.Text(field))
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return list
		}
	}
}

func people(t *testing.T, w *doortest.World) map[string]id.ID {
	t.Helper()
	made := map[string]id.ID{}
	for _, p := range []door.Values{
		{"last_name": "Müller", "first_name": "Eva", "email": "eva.mueller@example.com", "phone": "+49 30 1234567", "birthday": "1990-03-04"},
		{"last_name": "李", "first_name": "晓明", "email": "lixm@example.cn", "phone": "+8613800138000", "birthday": "1985-12-31"},
		{"last_name": "Adams", "first_name": "Bo", "email": "bo@example.org", "position": "Buyer"},
		{"last_name": "adler", "first_name": "Cid"},
	} {
		made[p["last_name"].(string)] = w.Make(t, "contact", p)
	}
	return made
}

func TestFindByEncryptedFields(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		people(t, w)
		s := w.As(w.Owner)
		for _, c := range []struct {
			name string
			q    door.Query
			want string
		}{
			{"equal, whatever the case", door.Query{Filter: "last_name == 'MÜLLER'"}, "Müller"},
			{"contains", door.Query{Filter: "email.contains('@EXAMPLE.c')", Sort: []string{"last_name"}}, "Müller 李"},
			{"absent", door.Query{Filter: "!has(email)"}, "adler"},
			{"unequal holds the absent", door.Query{Filter: "birthday != date('1990-03-04')", Sort: []string{"last_name"}}, "Adams adler 李"},
			{"range of dates", door.Query{Filter: "birthday < date('1988-01-01')"}, "李"},
			{"with an open field", door.Query{Filter: "position == 'buyer' && first_name.startsWith('b')"}, "Adams"},
			{"or with an open field", door.Query{Filter: "position == 'buyer' || first_name == 'cid'", Sort: []string{"-last_name"}}, "adler Adams"},
			{"sorted, the absent first", door.Query{Sort: []string{"email", "id"}}, "adler Adams Müller 李"},
			{"sorted backwards, in pages", door.Query{Sort: []string{"-last_name"}, Limit: 1}, "李 Müller adler Adams"},
			{"words", door.Query{Search: "adams"}, "Adams"},
			{"part of a word", door.Query{Search: "ülle"}, "Müller"},
			{"without marks", door.Query{Search: "muller eva"}, "Müller"},
			{"two characters", door.Query{Search: "晓明"}, "李"},
			{"one character", door.Query{Search: "晓"}, "李"},
			{"pinyin", door.Query{Search: "xiaoming"}, "李"},
			{"initials", door.Query{Search: "xm"}, "李"},
			{"part of a number", door.Query{Search: "0138-0"}, "李"},
			{"part of an address", door.Query{Search: "mueller@exam"}, "Müller"},
			{"newest first, in pages", door.Query{Search: "example", Limit: 1}, "Adams 李 Müller"},
			{"search and filter", door.Query{Search: "example", Filter: "!has(birthday)"}, "Adams"},
			{"search and order", door.Query{Search: "example", Sort: []string{"birthday"}}, "Adams 李 Müller"},
			{"nothing", door.Query{Search: "nobody"}, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				c.q.Object = "contact"
				if got := strings.Join(names(t, s, c.q, "last_name"), " "); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		}
		page, err := s.List(context.Background(), door.Query{Object: "contact", Search: "example", Count: true, Limit: 2})
		if err != nil || page.Count != 3 {
			t.Errorf("count: %d, %v", page.Count, err)
		}
		table, err := s.Aggregate(context.Background(), door.AggregateQuery{Object: "contact", Filter: "last_name.startsWith('ad')", Measures: []door.Measure{{Op: "count"}}})
		if err != nil || len(table.Rows) != 1 || table.Rows[0].Count != 2 {
			t.Errorf("aggregate: %+v, %v", table, err)
		}
		for _, q := range []door.Query{{Filter: "identity_number == '1'"}, {Sort: []string{"identity_number"}}, {Search: "-"}, {Search: "a", Deleted: true}} {
			q.Object = "contact"
			if _, err := s.List(context.Background(), q); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// What was changed a moment ago is found, and what it was before is not.
func TestFoundAtOnce(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		made := people(t, w)
		s, ctx := w.As(w.Owner), context.Background()
		if _, err := s.Update(ctx, "contact", made["Adams"], 0, door.Values{"last_name": "Zweig"}); err != nil {
			t.Fatal(err)
		}
		if got := names(t, s, door.Query{Object: "contact", Search: "adams"}, "last_name"); len(got) > 0 {
			t.Errorf("the name before is found: %v", got)
		}
		if got := names(t, s, door.Query{Object: "contact", Search: "zweig"}, "last_name"); len(got) != 1 {
			t.Errorf("the new name is not found: %v", got)
		}
		if err := s.Delete(ctx, "contact", made["Adams"], 0); err != nil {
			t.Fatal(err)
		}
		if got := names(t, s, door.Query{Object: "contact", Search: "zweig"}, "last_name"); len(got) > 0 {
			t.Errorf("what is in the bin is found: %v", got)
		}
		if got := names(t, s, door.Query{Object: "contact", Filter: "last_name == 'zweig'", Deleted: true}, "last_name"); len(got) != 1 {
			t.Errorf("the bin, filtered: %v", got)
		}
		if _, err := s.Restore(ctx, door.Restoration{Object: "contact", ID: made["Adams"]}); err != nil {
			t.Fatal(err)
		}
		if got := names(t, s, door.Query{Object: "contact", Search: "zweig"}, "last_name"); len(got) != 1 {
			t.Errorf("taken out of the bin: %v", got)
		}
	})
}

// Who may not read a field finds nothing by it, and cannot tell it from one that is not there.
func TestFindOnlyWhatMayBeRead(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		made := people(t, w)
		ctx := context.Background()
		role := w.Make(t, "role", door.Values{
			"name": "own contacts", "grants": door.Parsed{Value: json.RawMessage(`[{"object":"contact","verbs":["read"],"scope":"own"}]`)},
			"masks": door.Parsed{Value: json.RawMessage(`[{"object":"contact","field":"email","access":"hidden"},{"object":"contact","field":"phone","access":"masked"}]`)},
		})
		user := w.Make(t, "user", door.Values{"name": "Sam", "roles": []any{role.String()}})
		if _, err := w.As(w.Owner).Update(ctx, "contact", made["李"], 0, door.Values{"owner": user.String()}); err != nil {
			t.Fatal(err)
		}
		s := w.As(user)
		if got := names(t, s, door.Query{Object: "contact", Search: "晓明"}, "last_name"); !slices.Equal(got, []string{"李"}) {
			t.Errorf("own: %v", got)
		}
		for _, typed := range []string{"adams", "lixm", "13800138"} {
			if got := names(t, s, door.Query{Object: "contact", Search: typed}, "last_name"); len(got) > 0 {
				t.Errorf("%q finds %d records", typed, len(got))
			}
		}
		for _, q := range []door.Query{{Filter: "email == 'x'"}, {Filter: "nosuch == 'x'"}, {Filter: "phone == 'x'"}, {Sort: []string{"email"}}, {Sort: []string{"phone"}}} {
			q.Object = "contact"
			if _, err := s.List(ctx, q); fault.KindOf(err) != fault.Invalid || fault.Reason(err) == "sealed_field" {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// A field or object that people add can be found by at once, with the values that are there.
func TestFindDefined(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		made := people(t, w)
		s, ctx := w.As(w.Owner), context.Background()
		nick := schema.Field{Name: "nickname", Type: schema.Short, Class: schema.Personal, Label: schema.Text{En: "Nickname", Zh: "昵称"}}
		if _, err := s.Define(ctx, door.Definition{Object: "contact", Add: []schema.Field{nick}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Update(ctx, "contact", made["adler"], 0, door.Values{"nickname": "Eagle"}); err != nil {
			t.Fatal(err)
		}
		if got := names(t, s, door.Query{Object: "contact", Filter: "nickname == 'eagle'"}, "last_name"); !slices.Equal(got, []string{"adler"}) {
			t.Errorf("by the new field: %v", got)
		}
		if got := names(t, s, door.Query{Object: "contact", Search: "agl"}, "last_name"); !slices.Equal(got, []string{"adler"}) {
			t.Errorf("searched: %v", got)
		}
		if got := names(t, s, door.Query{Object: "contact", Search: "müller"}, "last_name"); !slices.Equal(got, []string{"Müller"}) {
			t.Errorf("what was there before: %v", got)
		}
	})
}

// Another node, with nothing kept aside yet, finds what is there, and what the first one changes.
func TestFindOnAnotherNode(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		made := people(t, w)
		other := w.Open(t)
		s := other.As(authn.Operator(w.Owner), door.ViaAPI)
		if got := names(t, s, door.Query{Object: "contact", Search: "adams"}, "last_name"); len(got) != 1 {
			t.Errorf("found %v", got)
		}
		if _, err := w.As(w.Owner).Update(context.Background(), "contact", made["Adams"], 0, door.Values{"last_name": "Zweig"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Door.Settle(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := names(t, s, door.Query{Object: "contact", Filter: "last_name == 'zweig'"}, "last_name"); len(got) != 1 {
			t.Errorf("changed by another node: %v", got)
		}
	})
}
