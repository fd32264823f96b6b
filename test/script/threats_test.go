package script

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// The tests here prove what docs/threat-model.md says of somebody who writes to the database without
// Wardbook. They work behind the door, with SQL.

// Whoever reads every table, as the administrator of the database can, finds no personal value in clear.
func TestTablesHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		contact := w.Make(t, "contact", door.Values{"last_name": "CANARY surname", "email": "canary@example.org", "identity_number": "CANARY110101"})
		w.Make(t, "note", door.Values{"body": "CANARY body", "related_to": map[string]any{"object": "contact", "id": contact.String()}})
		if _, err := w.As(w.Owner).Update(t.Context(), "contact", contact, 0, door.Values{"last_name": "CANARY married"}); err != nil {
			t.Fatal(err)
		}
		w.Make(t, "company", door.Values{"name": "PLAIN company"})
		if err := w.Door.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		tables := []string{"journal", "journal_pending"}
		for _, o := range w.Door.Schema().Objects() {
			tables = append(tables, o.Table())
		}
		all := dump(t, w.Data, tables)
		if !strings.Contains(all, "PLAIN company") {
			t.Error("the search finds nothing: it does not find what lies in clear either")
		}
		for _, word := range []string{"CANARY", "canary"} { // as written, and as folded for searching
			if i := strings.Index(all, word); i >= 0 {
				t.Errorf("in clear: %q", all[i:min(len(all), i+40)])
			}
		}
	})
}

// dump returns everything that the tables hold.
func dump(t *testing.T, db *sqldb.DB, tables []string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range tables {
		rows, err := db.Query(t.Context(), "SELECT * FROM "+name)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				switch x := (*v.(*any)).(type) {
				case []byte:
					all.Write(x)
				default:
					fmt.Fprintln(&all, x)
				}
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// What is changed behind the door is found, in the records and in the journal.
func TestChangesBehindTheDoor(t *testing.T) {
	t.Parallel()
	table := func(w *doortest.World, object string) string { return w.Door.Schema().Object(object).Table() }
	column := func(w *doortest.World, object, field string) string {
		return w.Door.Schema().Object(object).Field(field).Column("")
	}
	for name, tc := range map[string]struct {
		sql   func(w *doortest.World) string
		found string
	}{
		"nothing": {func(*doortest.World) string { return "" }, ""},
		"a value": {func(w *doortest.World) string {
			return "UPDATE " + table(w, "deal") + " SET " + column(w, "deal", "amount") + " = 1"
		}, "changed"},
		"a record": {func(w *doortest.World) string { return "DELETE FROM " + table(w, "deal") }, "removed"},
		"out of the bin": {func(w *doortest.World) string {
			return "UPDATE " + table(w, "company") + " SET " + column(w, "company", "deleted_at") + " = NULL"
		}, "changed"},
		"a sealed part":        {func(w *doortest.World) string { return "UPDATE " + table(w, "contact") + " SET sealed = NULL" }, "changed"},
		"an entry":             {func(*doortest.World) string { return "DELETE FROM journal WHERE seq = 3" }, "journal"},
		"the newest entries":   {func(*doortest.World) string { return "DELETE FROM journal WHERE seq > 9" }, "journal"},
		"who did it":           {func(*doortest.World) string { return "UPDATE journal SET actor = NULL WHERE verb = 'create'" }, "journal"},
		"what an entry sealed": {func(*doortest.World) string { return "UPDATE journal SET sealed = NULL WHERE verb = 'update'" }, "journal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func(t *testing.T, w *doortest.World) {
				fill(t, w)
				if sql := tc.sql(w); sql != "" {
					err := w.Data.Write(t.Context(), func(tx *sqldb.Tx) error {
						n, err := tx.Exec(t.Context(), sql)
						if err == nil && n == 0 {
							t.Error("the change changed nothing")
						}
						return err
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				v, err := w.As(w.Owner).Verify(t.Context(), nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				got := ""
				switch {
				case !v.Report.OK():
					got = "journal"
				case len(v.Altered) > 0:
					got = v.Altered[0].What
				}
				if got != tc.found {
					t.Errorf("found %q, want %q: %+v", got, tc.found, v)
				}
			}
			if testing.Short() {
				run(t, doortest.New(t, sqldb.SQLite))
				return
			}
			doortest.Engines(t, run)
		})
	}
}

// fill makes records and an entry of each kind that the table changes.
func fill(t *testing.T, w *doortest.World) {
	t.Helper()
	s := w.As(w.Owner)
	company := w.Make(t, "company", door.Values{"name": "Gone"})
	w.Make(t, "deal", door.Values{"name": "One", "stage": w.Stage(t, "Won").String(), "amount": map[string]any{"amount": "5", "currency": "EUR"}})
	contact := w.Make(t, "contact", door.Values{"last_name": "Li"})
	if _, err := s.Update(t.Context(), "contact", contact, 0, door.Values{"last_name": "Wang"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "company", company, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.Door.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A sealed value that is moved to another person opens nowhere.
func TestMovedValuesDoNotOpen(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		from := w.Make(t, "contact", door.Values{"last_name": "Li", "identity_number": "110101199003078515"})
		o := w.Door.Schema().Object("contact")
		for _, column := range []string{o.Field("identity_number").Column(""), "sealed"} {
			to := w.Make(t, "contact", door.Values{"last_name": "Wang", "identity_number": "220202199003078515"})
			if _, err := w.As(w.Owner).Get(t.Context(), "contact", to, door.GetOptions{}); err != nil {
				t.Fatal(err)
			}
			var moved []byte
			if _, err := w.Data.Row(t.Context(), "SELECT "+column+" FROM "+o.Table()+" WHERE id = ?", []any{from.Bytes()}, &moved); err != nil || len(moved) == 0 {
				t.Fatalf("%s: %d bytes, %v", column, len(moved), err)
			}
			err := w.Data.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE "+o.Table()+" SET "+column+" = ? WHERE id = ?", moved, to.Bytes())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if r, err := w.As(w.Owner).Get(t.Context(), "contact", to, door.GetOptions{}); err == nil {
				t.Errorf("%s: read as %v, %v", column, r.JSON("last_name"), r.JSON("identity_number"))
			}
		}
	})
}

// Whoever administers people and roles sees no customer by that.
func TestAdministratorSeesNoCustomers(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	company := w.Make(t, "company", door.Values{"name": "Acme"})
	admin := w.Person(t, "Ada Admin", id.ID{}, "owner")
	if _, err := w.As(admin).Get(t.Context(), "company", company, door.GetOptions{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an administrator reads a company: %v", err)
	}
	list, err := w.As(w.Owner).Journal(t.Context(), door.JournalQuery{Actor: admin})
	if err != nil || len(list) == 0 || list[0].Decision != journal.Deny {
		t.Errorf("the denial is not in the journal: %+v, %v", list, err)
	}
}
