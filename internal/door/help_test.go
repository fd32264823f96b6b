package door_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// refused checks that an error has a kind and, where one is named, a reason: its own or a field's.
func refused(t *testing.T, what string, err error, kind fault.Kind, reason string) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: got %v, want a refusal of kind %s", what, err, kind)
		return
	}
	ok := reason == "" || fault.Reason(err) == reason
	for _, f := range fault.FieldsOf(err) {
		ok = ok || f.Reason == reason || f.Name+":"+f.Reason == reason
	}
	if !ok {
		t.Errorf("%s: refused for %s %v, want %s", what, fault.Reason(err), fault.FieldsOf(err), reason)
	}
}

// must returns a value or ends the test.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// behind runs statements on the database, behind the door's back.
func behind(t *testing.T, db *sqldb.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(context.Background(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(context.Background(), query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// rowsOf returns all rows of a query as text.
func rowsOf(t *testing.T, db *sqldb.DB, query string, args ...any) (list [][]string) {
	t.Helper()
	// In a transaction, which keeps no prepared statements: one with * that was prepared before a column
	// was added cannot be run after it.
	err := db.Read(context.Background(), func(tx *sqldb.Tx) error {
		rows, err := tx.Query(context.Background(), query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		cols, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			vals, dest := make([]any, len(cols)), make([]any, len(cols))
			for i := range vals {
				dest[i] = &vals[i]
			}
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			line := make([]string, len(cols))
			for i, v := range vals {
				line[i] = fmt.Sprintf("%v", v)
			}
			list = append(list, line)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

// stored returns everything that the tables of some objects hold, and the definitions.
func stored(t *testing.T, w *doortest.World, objects ...string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range objects {
		fmt.Fprintln(&b, name, rowsOf(t, w.Data, "SELECT * FROM "+w.Door.Schema().Object(name).Table()+" ORDER BY id"))
	}
	fmt.Fprintln(&b, rowsOf(t, w.Data, "SELECT * FROM definition ORDER BY object"))
	return b.String()
}

// entriesSince settles the journal and returns what was added from a number on.
func entriesSince(t *testing.T, w *doortest.World, from int) []journal.Entry {
	t.Helper()
	ctx := context.Background()
	if err := w.Door.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	rows, err := w.Data.Query(ctx, "SELECT body FROM journal WHERE seq >= ? ORDER BY seq", int64(from))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []journal.Entry
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			t.Fatal(err)
		}
		list = append(list, must[journal.Entry](t)(journal.DecodeBody(body)))
	}
	return list
}

// size is how many entries the journal has.
func size(t *testing.T, w *doortest.World) int {
	t.Helper()
	if err := w.Door.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	n := 0
	if _, err := w.Data.Row(context.Background(), "SELECT size FROM journal_head", nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// summary writes entries as "verb object decision", sorted, for comparison.
func summary(list []journal.Entry) string {
	var lines []string
	for i := range list {
		lines = append(lines, strings.TrimSpace(list[i].Verb+" "+list[i].Object)+" "+list[i].Decision)
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

// get reads a record as the one who asks.
func get(t *testing.T, s *door.Session, object string, rid id.ID) *door.Record {
	t.Helper()
	return must[*door.Record](t)(s.Get(context.Background(), object, rid, door.GetOptions{}))
}

// lastSet returns the change set of the newest change of a record.
func lastSet(t *testing.T, s *door.Session, object string, rid id.ID) id.ID {
	t.Helper()
	h := must[[]door.Change](t)(s.History(context.Background(), object, rid, 0))
	if len(h) == 0 {
		t.Fatal("no history")
	}
	return h[0].ChangeSet
}

// shown writes the fields of a record for comparison, but for what every change moves.
func shown(r *door.Record) string {
	vals := map[string]string{}
	for _, n := range r.Names() {
		if v := r.JSON(n); v != nil && n != "updated_at" && n != "updated_by" {
			vals[n] = fmt.Sprint(v)
		}
	}
	var b strings.Builder
	for _, n := range slices.Sorted(maps.Keys(vals)) {
		fmt.Fprintf(&b, "%s=%s ", n, vals[n])
	}
	return b.String()
}
