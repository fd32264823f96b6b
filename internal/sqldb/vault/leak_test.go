package vault_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
	"github.com/wardbook/wardbook/internal/sqldb/vaulttest"
)

// canaries are texts that nobody may find on the disk: of rows, of the schema, of SQLite itself.
func canaries() []string {
	return []string{"CANARY-row", "canary_column", "CREATE TABLE", "SQLite format 3", "indexed-CANARY"}
}

// spill writes canaries in every way that makes SQLite use another file: the log or journal, a sort
// and an index too large for the cache, a temporary table, a savepoint and a VACUUM.
func spill(t *testing.T, dsn, mode string) {
	t.Helper()
	db := open(t, dsn+"&_pragma=journal_mode("+mode+")&_pragma=cache_size(10)&_pragma=temp_store(file)&_pragma=cache_spill(10)")
	db.SetMaxOpenConns(1)
	exec(t, db, `CREATE TABLE canary_table (id INTEGER PRIMARY KEY, canary_column TEXT, sorted TEXT)`)
	exec(t, db, `BEGIN`)
	for i := range 4000 {
		exec(t, db, `INSERT INTO canary_table (canary_column, sorted) VALUES (?, ?)`,
			strings.Repeat(fmt.Sprint("CANARY-row ", i), 10), fmt.Sprintf("%x indexed-CANARY", i*7919%4001))
	}
	exec(t, db, `SAVEPOINT s`)
	exec(t, db, `UPDATE canary_table SET canary_column = canary_column || ' more'`)
	exec(t, db, `ROLLBACK TO s`)
	exec(t, db, `COMMIT`)
	exec(t, db, `CREATE INDEX by_sorted ON canary_table (sorted)`)
	exec(t, db, `CREATE TEMP TABLE copied AS SELECT canary_column AS canary_column FROM canary_table ORDER BY sorted DESC`)
	rows, err := db.Query(`SELECT canary_column FROM canary_table ORDER BY substr(canary_column, 20), sorted`)
	if err := drain(rows, err); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `VACUUM`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// No byte that was ever written to the disk, into whatever file, holds a canary; the record of the
// disk knows them all, those of files that are gone included.
func TestCanaries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mode, file string }{{"wal", "a.db-wal"}, {"delete", "a.db-journal"}} {
		t.Run(c.mode, func(t *testing.T) {
			t.Parallel()
			disk := vaulttest.NewDisk()
			v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: disk})
			spill(t, vault.DSN(v.Name(), filepath.Join(t.TempDir(), "a.db")), c.mode)
			if leaks := disk.Holding(canaries()...); len(leaks) > 0 {
				t.Errorf("plain text in %v", leaks)
			}
			files := disk.Files()
			if !slices.Contains(files, c.file) || !slices.Contains(files, "temp1") {
				t.Errorf("only %v were written: the test does not spill", files)
			}
		})
	}
}

// Under plain SQLite the same work leaves canaries in every file, or the test above proves nothing.
func TestCanariesAreFound(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"wal", "delete"} {
		disk := vaulttest.NewDisk()
		name := "plain_canaries_" + mode
		vfs.Register(name, disk)
		t.Cleanup(func() { vfs.Unregister(name) })
		spill(t, vault.DSN(name, filepath.Join(t.TempDir(), "a.db")), mode)
		leaks := disk.Holding(canaries()...)
		for _, f := range []string{"a.db", "temp1", map[string]string{"wal": "a.db-wal", "delete": "a.db-journal"}[mode]} {
			if !slices.Contains(leaks, f) {
				t.Errorf("%s: no canary in %s, only in %v", mode, f, leaks)
			}
		}
	}
}
