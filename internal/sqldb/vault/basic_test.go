package vault_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

func register(t testing.TB, keys vault.Keys, opt vault.Options) *vault.VFS {
	t.Helper()
	v := vault.Register(strings.ReplaceAll(t.TempDir(), "/", "_"), keys, opt) // no other test has that folder
	t.Cleanup(v.Unregister)
	return v
}

func open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := driver.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t testing.TB, db *sql.DB, q string, args ...any) {
	t.Helper()
	if _, err := db.Exec(q, args...); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

func one(t testing.TB, db *sql.DB, q string, args ...any) (s string) {
	t.Helper()
	if err := db.QueryRow(q, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return s
}

func TestModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"wal", "delete", "truncate", "persist", "memory", "off"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			v := register(t, vault.Static([32]byte{1}), vault.Options{OnFailure: func(f vault.Failure) { t.Log(f) }})
			path := filepath.Join(t.TempDir(), "a b?c%.db")
			db := open(t, vault.DSN(v.Name(), path)+"&_pragma=journal_mode("+mode+")&_pragma=cache_size(20)")
			exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i ON t (v)`)
			for round := range 3 {
				tx, err := db.Begin()
				if err != nil {
					t.Fatal(err)
				}
				for i := range 500 {
					if _, err := tx.Exec(`INSERT INTO t (v) VALUES (?)`, strings.Repeat(fmt.Sprintf("CANARY%d.%d ", round, i), 50)); err != nil {
						t.Fatal(err)
					}
				}
				if round == 1 && mode != "off" {
					err = tx.Rollback()
				} else {
					err = tx.Commit()
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			exec(t, db, `UPDATE t SET v = upper(v) WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0; VACUUM`)
			if got := one(t, db, `PRAGMA integrity_check`); got != "ok" {
				t.Fatal(got)
			}
			files, _ := filepath.Glob(filepath.Dir(path) + "/*")
			for _, f := range files {
				b, _ := os.ReadFile(f)
				if bytes.Contains(b, []byte("CANARY")) || bytes.Contains(b, []byte("SQLite format")) || bytes.Contains(b, []byte("CREATE")) {
					t.Errorf("plain text in %s", f)
				}
			}
			count := one(t, db, `SELECT count(*) FROM t`)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = open(t, vault.DSN(v.Name(), path))
			if got := one(t, db, `SELECT count(*) FROM t`); got != count {
				t.Fatal(got, count)
			}
			if f, bad := v.LastFailure(); bad {
				t.Error(f)
			}
		})
	}
}
