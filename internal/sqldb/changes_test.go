package sqldb

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

func TestChangedBy(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"INSERT INTO o23 (id) VALUES (?)": "o23", "UPDATE o23 SET f1 = ? WHERE id = ?": "o23", "DELETE FROM journal_pending WHERE id = ?": "journal_pending",
		"DELETE FROM o1": "o1", "INSERT INTO x SELECT * FROM y": "x", "UPDATE x SET y = (SELECT 1 FROM z)": "x",
		"INSERT OR REPLACE INTO x (y) VALUES (1)": everyTable, "REPLACE INTO x VALUES (1)": everyTable, "WITH a AS (SELECT 1) DELETE FROM x": everyTable,
		"UPDATE main.x SET y = 1": everyTable, `UPDATE "x" SET y = 1`: everyTable, "CREATE TABLE x (y)": everyTable, "update x set y = 1": everyTable, "UPDATE ": everyTable, "": everyTable,
	} {
		if got := changedBy(query); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
}

// The number of a table changes with each commit that changes it, before the commit is answered.
func TestChanged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := OpenSQLite(ctx, SQLiteConfig{DSN: "file:" + filepath.Join(t.TempDir(), "data.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	numbers := func() (n [2]uint64) {
		for i, table := range []string{"a", "b"} {
			var known bool
			if n[i], known = db.Changed(table); !known {
				t.Fatal("not known")
			}
		}
		return n
	}
	exec := func(queries ...string) func(tx *Tx) error {
		return func(tx *Tx) error {
			for _, q := range queries {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for _, step := range []struct {
		name string
		do   func(tx *Tx) error
		want [2]bool // that a and b have other numbers
	}{
		{"new tables", func(tx *Tx) error {
			return errors.Join(tx.DDL(ctx, "CREATE TABLE a (n INTEGER)"), tx.DDL(ctx, "CREATE TABLE b (n INTEGER)"))
		}, [2]bool{true, true}},
		{"a row", exec("INSERT INTO a (n) VALUES (1)"), [2]bool{true, false}},
		{"another table", exec("INSERT INTO b (n) VALUES (1)"), [2]bool{false, true}},
		{"both", exec("UPDATE a SET n = 2", "DELETE FROM b"), [2]bool{true, true}},
		{"reading", func(tx *Tx) error {
			var n int
			_, err := tx.Row(ctx, "SELECT n FROM a", nil, &n)
			return err
		}, [2]bool{false, false}},
		{"a query that writes", func(tx *Tx) error {
			var n int
			_, err := tx.Row(ctx, "UPDATE a SET n = 3 RETURNING n", nil, &n)
			return err
		}, [2]bool{true, false}},
		{"what cannot be told", exec("WITH x AS (SELECT 1) UPDATE a SET n = 4"), [2]bool{true, true}},
	} {
		before := numbers()
		if err := db.Write(ctx, step.do); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		after := numbers()
		if got := [2]bool{after[0] != before[0], after[1] != before[1]}; got != step.want {
			t.Errorf("%s: changed %v, want %v", step.name, got, step.want)
		}
	}
	if _, known := (&DB{}).Changed("a"); known {
		t.Error("known where others write too")
	}
}
