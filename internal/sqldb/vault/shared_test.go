package vault_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// Connections that share pages see what each other wrote: readers always find the same sum, while a
// writer moves parts of it about, the log is emptied into the file again and again, and the file grows
// and shrinks.
func TestConnectionsSharePages(t *testing.T) {
	t.Parallel()
	v := register(t, vault.Static([32]byte{1}), vault.Options{Cache: 1 << 20})
	dsn := vault.DSN(v.Name(), filepath.Join(t.TempDir(), "x.db")) + "&_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=cache_size(4)&_pragma=wal_autocheckpoint(8)"
	db := open(t, dsn)
	db.SetMaxOpenConns(1)
	exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, fill TEXT NOT NULL)`)
	exec(t, db, `WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 300) INSERT INTO t SELECT i, 100, printf('%.*c', 900, 'x') FROM k`)
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	failed := make(chan error, 3)
	for range 3 {
		r := open(t, dsn)
		r.SetMaxOpenConns(1)
		readers.Go(func() {
			for {
				var sum string
				if err := r.QueryRow(`SELECT sum(n) FROM t WHERE length(fill) > 1`).Scan(&sum); err != nil || sum != "30000" {
					failed <- errors.Join(err, errors.New("the sum is "+sum))
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		from, to, n := 1+random.IntN(300), 1+random.IntN(300), random.IntN(50)
		fill := strings.Repeat("y", 2+random.IntN(3000))
		for _, q := range []string{
			"UPDATE t SET fill = '" + fill + "', n = n - " + strconv.Itoa(n) + " WHERE id = " + strconv.Itoa(from),
			"UPDATE t SET n = n + " + strconv.Itoa(n) + " WHERE id = " + strconv.Itoa(to),
		} {
			if _, err := tx.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if round%100 == 99 {
			exec(t, db, `VACUUM; PRAGMA wal_checkpoint(TRUNCATE)`)
		}
	}
	close(done)
	readers.Wait()
	select {
	case err := <-failed:
		t.Error(err)
	default:
	}
	if got := one(t, db, `PRAGMA integrity_check`); got != "ok" {
		t.Error(got)
	}
	if f, bad := v.LastFailure(); bad {
		t.Error(f)
	}
}
