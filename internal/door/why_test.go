package door_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func why(w *door.Why) string {
	var list []string
	for _, v := range w.Verbs {
		text := fmt.Sprintf("%s %t", v.Verb, v.Allowed)
		for _, g := range v.Grants {
			text += fmt.Sprintf(" [%s %s %s]", g.Name, g.Object, g.Scope)
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

// What Why says agrees with what Get, Update and the fields of a record do, for random people, and who
// may not see a record is not told why.
func TestWhyOracle(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), doortest.New(t, sqldb.SQLite)
	o := newOracle(t, w, 31)
	told := 0
	for _, p := range o.people {
		s := w.As(p.id)
		for rid, rec := range o.byID {
			got, err := s.Why(ctx, rec.object, rid)
			read, refusal := s.Get(ctx, rec.object, rid, door.GetOptions{})
			if fault.Reason(err) != fault.Reason(refusal) || fault.Message(err) != fault.Message(refusal) {
				t.Fatalf("why answers %v, get %v", err, refusal)
			}
			if err != nil {
				continue
			}
			told++
			verbs := map[policy.Verb]door.WhyVerb{}
			for _, v := range got.Verbs {
				verbs[v.Verb] = v
				if v.Allowed != (len(v.Grants) > 0 && len(verbs[policy.Read].Grants) > 0) {
					t.Errorf("%s of a %s: allowed is %t by %d grants", v.Verb, rec.object, v.Allowed, len(v.Grants))
				}
			}
			if !verbs[policy.Read].Allowed || verbs[policy.Update].Allowed != read.Can.Update || verbs[policy.Delete].Allowed != read.Can.Delete {
				t.Errorf("why says %s, get %+v", why(got), read.Can)
			}
			var names []string
			for _, f := range got.Fields {
				names = append(names, f.Field.Name)
				best := policy.Hidden
				for _, m := range f.Masks {
					best = max(best, m.Access)
				}
				if best < f.Access {
					t.Errorf("%s is %s, and no role says more than %s", f.Field.Name, f.Access, best)
				}
			}
			for _, name := range read.Names() {
				if !slices.Contains(names, name) {
					t.Errorf("get shows %s, why does not know it", name)
				}
			}
		}
	}
	if told == 0 {
		t.Error("nobody sees anything")
	}
}

// A record of one's own is reached by other grants than one of the team's.
func TestWhyByGrants(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		team := w.Make(t, "team", door.Values{"name": "North"})
		rita := w.Person(t, "Rita", team, "sales_rep")
		own := w.Make(t, "lead", door.Values{"last_name": "Own", "owner": rita.String()})
		others := w.Make(t, "lead", door.Values{"last_name": "Others", "team": team.String()})
		for _, c := range []struct {
			name string
			id   id.ID
			want string
		}{
			{"own", own, "read true [Sales * team]; update true [Sales * own]; delete true [Sales * own]; export false; reveal true [Sales * own]"},
			{"the team's", others, "read true [Sales * team]; update false; delete false; export false; reveal false"},
		} {
			if got := why(must[*door.Why](t)(w.As(rita).Why(ctx, "lead", c.id))); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
		if err := w.As(w.Owner).Delete(ctx, "lead", own, 0); err != nil {
			t.Fatal(err)
		}
		if got, err := w.As(rita).Why(ctx, "lead", own); got != nil || !fault.Is(err, fault.NotFound) {
			t.Errorf("in the bin: %v", err)
		}
	})
}
