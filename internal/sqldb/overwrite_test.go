package sqldb_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb"
)

// With Overwrite a file holds nothing of what was emptied or deleted, short or long; without, it does.
func TestOverwrite(t *testing.T) {
	t.Parallel()
	for _, overwrite := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "data.db")
		db, err := sqldb.OpenSQLite(t.Context(), sqldb.SQLiteConfig{DSN: "file:" + path, Overwrite: overwrite})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
			if err := tx.DDL(t.Context(), "CREATE TABLE o1000 (id INTEGER PRIMARY KEY, f1000 TEXT, f1001 TEXT) STRICT"); err != nil {
				return err
			}
			if err := tx.DDL(t.Context(), "CREATE INDEX o1000_x ON o1000 (f1000)"); err != nil {
				return err
			}
			for i := range 300 {
				if _, err := tx.Exec(t.Context(), "INSERT INTO o1000 (id, f1000, f1001) VALUES (?, ?, ?)", int64(i), "CANARY-short", strings.Repeat("CANARY-long ", 2000)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE o1000 SET f1000 = NULL, f1001 = NULL")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Vacuum(context.Background(), "o1000"); err != nil { // nothing to do there
			t.Error(err)
		}
		if err := db.Close(); err != nil { // and the log is in the file
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if found := bytes.Contains(b, []byte("CANARY")); found == overwrite {
			t.Errorf("overwrite %t: the file holds an emptied value: %t", overwrite, found)
		}
		if left, err := os.ReadFile(path + "-wal"); err == nil && bytes.Contains(left, []byte("CANARY")) {
			t.Error("the log is still there")
		}
	}
}
