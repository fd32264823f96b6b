package door_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// A list by an encrypted field is found in what is kept aside, without the records. What changes in a
// record or in what may be seen holds for the next list and its count.
func TestListApart(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		owner := w.As(w.Owner)
		grants := func(verbs, scope string) door.Parsed {
			return door.Parsed{Value: json.RawMessage(`[{"object":"contact","verbs":[` + verbs + `],"scope":"` + scope + `"},{"object":"company","verbs":["read"],"scope":"all"}]`)}
		}
		role := w.Make(t, "role", door.Values{"name": "contacts", "grants": grants(`"read","delete"`, "all")})
		w.Roles["contacts"] = role
		anna, ben := w.Person(t, "Anna", id.ID{}, "contacts"), w.Person(t, "Ben", id.ID{}, "contacts")
		s := w.As(anna)
		acme, other := w.Make(t, "company", door.Values{"name": "Acme"}), w.Make(t, "company", door.Values{"name": "Other"})
		person := func(name string, company, of id.ID) id.ID {
			return w.Make(t, "contact", door.Values{"last_name": name, "company": company.String(), "owner": of.String()})
		}
		abel, byrd, cole := person("Abel", acme, anna), person("Byrd", acme, ben), person("Cole", acme, anna)
		person("Dunn", other, anna)
		filter := "company == '" + acme.String() + "'"
		check := func(what string, q door.Query, want string) {
			t.Helper()
			q.Object, q.Count, q.Fields = "contact", true, []string{"last_name"}
			page := must[*door.Page](t)(s.List(ctx, q))
			var names []string
			for _, r := range page.Records {
				names = append(names, r.Text("last_name"))
			}
			if q.Search != "" {
				slices.Sort(names)
			}
			if got := strings.Join(names, " "); got != want || int(page.Count) != len(names) {
				t.Errorf("%s: got %q, a count of %d, want %q", what, got, page.Count, want)
			}
		}
		lists := func(what, want string) {
			t.Helper()
			check(what+", sorted", door.Query{Filter: filter, Sort: []string{"last_name"}}, want)
			check(what+", filtered", door.Query{Filter: filter + " && last_name >= 'A'", Sort: []string{"last_name", "id"}}, want)
			for _, name := range []string{"Abel", "Byrd", "Cole"} {
				found := ""
				if strings.Contains(want, name) {
					found = name
				}
				check(what+", searched", door.Query{Filter: filter, Search: name}, found)
				check(what+", searched and sorted", door.Query{Search: name, Sort: []string{"last_name"}}, found)
			}
		}
		change := func(rid id.ID, v door.Values) {
			t.Helper()
			must[*door.Record](t)(owner.Update(ctx, "contact", rid, 0, v))
		}
		lists("at first", "Abel Byrd Cole")
		must[*door.Record](t)(owner.Update(ctx, "role", role, 0, door.Values{"grants": grants(`"read","delete"`, "own")}))
		lists("with the own ones only", "Abel Cole")
		change(byrd, door.Values{"owner": anna.String()})
		lists("once Byrd is hers", "Abel Byrd Cole")
		change(abel, door.Values{"owner": ben.String()})
		lists("once Abel is not", "Byrd Cole")
		change(cole, door.Values{"company": other.String()})
		check("once Cole is elsewhere", door.Query{Filter: filter, Sort: []string{"last_name"}}, "Byrd")
		change(cole, door.Values{"company": acme.String()})
		if err := s.Delete(ctx, "contact", byrd, 0); err != nil {
			t.Fatal(err)
		}
		lists("with Byrd in the bin", "Cole")
		check("the bin", door.Query{Filter: filter, Sort: []string{"last_name"}, Deleted: true}, "Byrd")
		must[*door.Record](t)(owner.Update(ctx, "role", role, 0, door.Values{"grants": grants(`"delete"`, "own")}))
		if page, err := s.List(ctx, door.Query{Object: "contact", Filter: filter, Sort: []string{"last_name"}}); err == nil {
			t.Errorf("without the right to read: %d records", len(page.Records))
		}
	})
}

// The lists that people look at most are found by an index in their order.
func TestPlans(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	ctx := context.Background()
	s := w.As(w.Owner)
	company := w.Make(t, "company", door.Values{"name": "Acme"}).String()
	stage := w.Stage(t, "Proposal").String()
	for _, name := range []string{"Ives", "Li"} { // more than a page of one, so that its total is asked for
		w.Make(t, "contact", door.Values{"last_name": name, "company": company})
	}
	must[*door.Page](t)(s.List(ctx, door.Query{Object: "contact", Search: "nobody"})) // everything is in what is kept aside
	for name, tc := range map[string]struct {
		ask   func() error
		plans []string // of the statements about records, by what they begin with
	}{
		"contacts of a company by name": {
			func() error {
				_, err := s.List(ctx, door.Query{Object: "contact", Filter: "company == '" + company + "'", Sort: []string{"last_name"}, Limit: 1, Count: true})
				return err
			},
			[]string{"SEARCH t USING COVERING INDEX s22_i_f103_f101k", "SEARCH t USING COVERING INDEX s22_i_f103_f101k"},
		},
		"my contacts by name": {
			func() error {
				_, err := s.List(ctx, door.Query{Object: "contact", Filter: "owner == me()", Sort: []string{"-last_name"}})
				return err
			},
			[]string{"SEARCH t USING COVERING INDEX s22_i_f3_f101k"},
		},
		"contacts by name": {
			func() error {
				_, err := s.List(ctx, door.Query{Object: "contact", Sort: []string{"last_name"}})
				return err
			},
			[]string{"SCAN t USING INDEX s22_f101"},
		},
		"deals of a stage by amount": {
			func() error {
				_, err := s.List(ctx, door.Query{Object: "deal", Filter: "stage == '" + stage + "' && amount > 5", Sort: []string{"-amount"}})
				return err
			},
			[]string{"SEARCH t USING INDEX o23_i_f106_f103"},
		},
		"deals by stage": {
			func() error {
				_, err := s.Aggregate(ctx, door.AggregateQuery{Object: "deal", GroupBy: []door.GroupKey{{Field: "stage"}}})
				return err
			},
			[]string{"SCAN t USING COVERING INDEX o23_i_f106_f103"},
		},
	} {
		w.Sent()
		if err := tc.ask(); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var plans []string
		for _, query := range w.Sent() {
			if !strings.Contains(query, " t WHERE ") && !strings.Contains(query, " t ORDER BY ") || strings.Contains(query, "t.id IN (") {
				continue
			}
			var plan []string
			for _, row := range rowsOf(t, w.Data, "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...) {
				plan = append(plan, row[3])
			}
			plans = append(plans, strings.Join(plan, "; "))
		}
		ok := len(plans) == len(tc.plans)
		for i := 0; ok && i < len(plans); i++ {
			ok = strings.Contains(plans[i], tc.plans[i]) && !strings.Contains(plans[i], "TEMP B-TREE")
		}
		if !ok {
			t.Errorf("%s: %q", name, plans)
		}
	}
}
