package door_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// What cannot be found or counted by because it is sealed is refused, naming the field, and never
// answered as if nothing matched: a restricted field by nothing, a personal field by groups and sums.
func TestSealedFieldsAreRefused(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		must[*door.Record](t)(s.Create(ctx, "contact", door.Values{"last_name": "Muster"}, ""))
		for _, f := range []string{"last_name", "email", "birthday", "address", "identity_number"} {
			tries := map[string]func() error{
				"group": func() error {
					return aggregate(s, door.AggregateQuery{Object: "contact", GroupBy: []door.GroupKey{{Field: f}}})
				},
				"measure": func() error {
					return aggregate(s, door.AggregateQuery{Object: "contact", Measures: []door.Measure{{Op: "count", Field: f}}})
				},
				"path": func() error {
					return aggregate(s, door.AggregateQuery{Object: "deal", GroupBy: []door.GroupKey{{Field: "contact." + f}}})
				},
			}
			if f == "identity_number" {
				for how, q := range map[string]door.Query{
					"sort": {Object: "contact", Sort: []string{"-" + f}}, "presence": {Object: "contact", Filter: "has(" + f + ")"},
					"by path": {Object: "deal", Filter: "has(contact." + f + ")"}, "filter": {Object: "contact", Filter: f + " == 'Muster'"},
					"search": {Object: "contact", Filter: f + ".contains('ust')"},
				} {
					tries[how] = func() error {
						_, err := s.List(ctx, q)
						return err
					}
				}
			}
			for how, try := range tries {
				err := try()
				refused(t, how+" by "+f, err, fault.Invalid, "")
				if text := fault.Message(err); !strings.Contains(text, f) || strings.Contains(text, "internal error") {
					t.Errorf("%s by %s: %q does not name the field", how, f, text)
				}
			}
		}
	})
}

func aggregate(s *door.Session, q door.AggregateQuery) error {
	_, err := s.Aggregate(context.Background(), q)
	return err
}

// canaries are values that must not lie anywhere in the clear.
func canaries() []string {
	return []string{"CanaryPerson", "CanaryIdent", "CanarySecret", "CanaryOld", "CanaryUser", "CanaryFilter", "CanaryAgent", "CanaryCursor", "192.0.2.77"}
}

func TestNothingPersonalInTheClear(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "CanaryUser", id.ID{}, "sales_manager")).From(door.Origin{Request: "r-1", Address: "192.0.2.77", Agent: "CanaryAgent"})
		v := door.Values{"name": "PlainCanary", "private": "CanaryOld", "bank": "CanaryIdent", "key": "CanarySecret"}
		made := must[*door.Record](t)(s.Create(ctx, "sample", v, "repeat-1"))
		must[*door.Record](t)(s.Update(ctx, "sample", made.ID, 0, door.Values{"private": "CanaryPerson", "bank": "CanaryIdent2"}))
		must[*door.BatchResult](t)(s.Batch(ctx, []door.Operation{{Op: "create", Object: "contact", Fields: door.Values{"last_name": "CanaryPerson", "description": "CanaryPerson", "identity_number": "CanaryIdent"}}, {Op: "create", Object: "sample", Fields: door.Values{"name": strings.Repeat("CanaryPerson", 9)}}},
			door.BatchOptions{Partial: true, Repeat: "repeat-2"}))
		must[*door.Page](t)(s.List(ctx, door.Query{Object: "sample", Filter: "name == 'CanaryFilter'"}))
		must[any](t)(s.Reveal(ctx, "sample", made.ID, "bank", "a check"))
		if err := s.Delete(ctx, "sample", made.ID, 0); err != nil {
			t.Fatal(err)
		}
		size(t, w)
		plain := false
		for _, db := range []*sqldb.DB{w.Data, w.Keys} {
			for place, text := range everything(t, db) {
				plain = plain || strings.Contains(text, "PlainCanary")
				for _, c := range canaries() {
					if strings.Contains(strings.ToLower(text), strings.ToLower(c)) {
						t.Errorf("%s lies in the clear in %s", c, place)
					}
				}
			}
		}
		if !plain {
			t.Error("the search finds nothing, not even what is plain")
		}
		if w.Data.Engine() == sqldb.SQLite {
			searchFiles(t, w.Dir)
		}
	}, sample())
}

// everything returns all that a database holds, by table.
func everything(t *testing.T, db *sqldb.DB) map[string]string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if db.Engine() == sqldb.Postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	found := map[string]string{}
	for _, table := range rowsOf(t, db, query) {
		rows, err := db.Query(context.Background(), "SELECT * FROM "+table[0])
		if err != nil {
			t.Fatal(err)
		}
		cols, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for rows.Next() {
			vals, dest := make([]any, len(cols)), make([]any, len(cols))
			for i := range vals {
				dest[i] = &vals[i]
			}
			if err := rows.Scan(dest...); err != nil {
				t.Fatal(err)
			}
			for _, v := range vals {
				switch x := v.(type) {
				case []byte:
					b.Write(x)
				case string:
					b.WriteString(x)
				}
				b.WriteByte('\n')
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		found[table[0]] = b.String()
	}
	if len(found) < 2 {
		t.Fatalf("%d tables", len(found))
	}
	return found
}

func searchFiles(t *testing.T, dir string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n += len(text)
		for _, c := range append(canaries(), "PlainCanary", "SQLite format 3", "CREATE TABLE") {
			if bytes.Contains(text, []byte(c)) {
				t.Errorf("%s lies in the clear in %s", c, d.Name())
			}
		}
		return nil
	})
	if err != nil || n < 100_000 {
		t.Errorf("%d bytes searched: %v", n, err)
	}
}

// Equal values are not equal where they are sealed, within a person's record and across persons.
func TestEqualValuesDiffer(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		v := door.Values{"name": "N", "private": "the same", "bank": "the same", "key": "the same"}
		for i := range 3 {
			must[*door.Record](t)(s.Create(ctx, "sample", v, "key-"+string(rune('a'+i))))
			must[*door.Record](t)(s.Create(ctx, "contact", door.Values{"last_name": "the same", "identity_number": "the same"}, ""))
		}
		size(t, w)
		contact := w.Door.Schema().Object("contact")
		for _, query := range []string{
			"SELECT sealed FROM o900", "SELECT f129 FROM o900", "SELECT f127 FROM o900", "SELECT sealed FROM " + contact.Table(),
			"SELECT " + contact.Field("identity_number").Column("") + " FROM " + contact.Table(),
			"SELECT sealed FROM journal WHERE verb = 'create' AND object = 'sample'", "SELECT request FROM repeated",
		} {
			seen := map[string]bool{}
			rows := rowsOf(t, w.Data, query)
			for _, r := range rows {
				seen[r[0]] = true
			}
			if len(rows) != 3 || len(seen) != 3 || seen["<nil>"] || seen["[]"] {
				t.Errorf("%s: %d rows, %d of them different", query, len(rows), len(seen))
			}
		}
	}, sample())
}
