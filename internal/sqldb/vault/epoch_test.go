package vault_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
	"github.com/wardbook/wardbook/internal/sqldb/vaulttest"
)

// onConn runs something on a connection of SQLite's own kind.
func onConn(t testing.TB, db *sql.DB, do func(*sqlite3.Conn) error) {
	t.Helper()
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Raw(func(c any) error { return do(c.(driver.Conn).Raw()) }); err != nil {
		t.Fatal(err)
	}
}

// rewrite seals a database anew and closes it.
func rewrite(t testing.TB, dsn string) {
	t.Helper()
	db, err := driver.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	onConn(t, db, func(c *sqlite3.Conn) error { return vault.Rewrite(context.Background(), c, nil) })
}

func epochs(t testing.TB, db *sql.DB) (count map[uint32]int64) {
	t.Helper()
	onConn(t, db, func(c *sqlite3.Conn) (err error) {
		count, err = vault.Epochs(c)
		return err
	})
	return count
}

// The life of a key: pages of two epochs side by side, a rewrite, and the old key is gone.
func TestEpochs(t *testing.T) {
	t.Parallel()
	one, two := [32]byte{1}, [32]byte{2}
	both := map[uint32][32]byte{1: one, 2: two}
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "a.db")
			pragma := "&_pragma=journal_mode(" + mode + ")"
			first := register(t, vault.KeyRing(1, both), vault.Options{})
			db := open(t, vault.DSN(first.Name(), path)+pragma)
			exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)`)
			for i := range 50 {
				exec(t, db, `INSERT INTO t (v) VALUES (?)`, strings.Repeat(fmt.Sprint("old ", i), 300))
			}
			db.Close()

			second := register(t, vault.KeyRing(2, both), vault.Options{})
			db = open(t, vault.DSN(second.Name(), path)+pragma)
			exec(t, db, `UPDATE t SET v = 'new' || v WHERE id < 5`)
			want := mustDump(t, db)
			if got := epochs(t, db); got[1] == 0 || got[2] == 0 {
				t.Errorf("epochs side by side: %v", got)
			}
			var last int64
			onConn(t, db, func(c *sqlite3.Conn) error {
				return vault.Rewrite(context.Background(), c, func(done, total int64) {
					if done <= last || done > total {
						t.Errorf("progress goes from %d to %d of %d", last, done, total)
					}
					last = done
				})
			})
			if got := epochs(t, db); got[1] != 0 || got[2] == 0 || last == 0 {
				t.Errorf("after the rewrite: %v, %d pages written", got, last)
			}
			copied := filepath.Join(t.TempDir(), "copy.db")
			onConn(t, db, func(c *sqlite3.Conn) error {
				return vault.Copy(context.Background(), c, vault.DSN(second.Name(), copied), nil)
			})
			db.Close()

			only := register(t, vault.KeyRing(2, map[uint32][32]byte{2: two}), vault.Options{})
			for _, p := range []string{path, copied} {
				if got := mustDump(t, open(t, vault.DSN(only.Name(), p))); got != want {
					t.Errorf("under the new key alone %s holds %.60q", filepath.Base(p), got)
				}
			}
			old := register(t, vault.Static(one), vault.Options{})
			if _, err := dump(open(t, vault.DSN(old.Name(), path))); !vault.BadKey(err) {
				t.Errorf("under the old key alone: %v", err)
			}
		})
	}
}

// The power goes in the middle of a rewrite: both keys open what is left, and nothing is lost.
func TestRewritePowerCuts(t *testing.T) {
	t.Parallel()
	ring := map[uint32][32]byte{1: {1}, 2: {2}}
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			disk := vaulttest.NewDisk()
			first := register(t, vault.KeyRing(1, ring), vault.Options{Inner: disk})
			second := register(t, vault.KeyRing(2, ring), vault.Options{Inner: disk})
			dir := t.TempDir()
			db := open(t, dsnFor(first.Name(), dir, mode, "full"))
			fillRounds(t, db, disk)
			db.Close()
			before := disk.Len()
			db = open(t, dsnFor(second.Name(), dir, mode, "full"))
			onConn(t, db, func(c *sqlite3.Conn) error { return vault.Rewrite(context.Background(), c, nil) })
			db.Close()

			power := disk.Cuts(rand.New(rand.NewPCG(9, 10)))
			power.Next(before)
			seen := map[uint32]bool{}
			for power.Next(max((disk.Len()-before)/40, 1)) {
				left := t.TempDir()
				marks, err := power.Write(left)
				if err != nil {
					t.Fatal(err)
				}
				dsn := vault.DSN(second.Name(), filepath.Join(left, "a.db"))
				if err := recovered(dsn, marks[len(marks)-1], marks); err != nil {
					t.Errorf("cut in a rewrite: %v", err)
				}
				for e := range maps.Keys(epochs(t, open(t, dsn))) {
					seen[e] = true
				}
			}
			if !seen[1] || !seen[2] {
				t.Errorf("the cuts saw the epochs %v only", seen)
			}
		})
	}
}
