package vault_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// Check finds a bit that was turned in any page, also in those that no statement reads.
func TestCheckReadsEveryPage(t *testing.T) {
	t.Parallel()
	failures := 0
	v := register(t, vault.Static([32]byte{1}), vault.Options{OnFailure: func(vault.Failure) { failures++ }})
	path := filepath.Join(t.TempDir(), "x.db")
	db := open(t, vault.DSN(v.Name(), path)+"&_pragma=journal_mode(wal)")
	exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, fill TEXT NOT NULL)`)
	exec(t, db, `CREATE INDEX u ON t (fill)`)
	exec(t, db, `WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 60) INSERT INTO t SELECT i, printf('%d%.*c', i, 900, 'x') FROM k`)
	exec(t, db, `DELETE FROM t WHERE id > 20`) // leaves free pages
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pages := int64(len(whole) / vault.PageSize)
	if got, err := v.Check(path); err != nil || got != pages || pages < 10 {
		t.Fatalf("%d of %d pages: %v", got, pages, err)
	}
	for page := range pages {
		bad := append([]byte(nil), whole...)
		bad[page*vault.PageSize+vault.PageSize/2] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		failures = 0
		if got, err := v.Check(path); !fault.Is(err, fault.Unavailable) || got != page || failures != 1 {
			t.Errorf("page %d: %d pages opened, %d failures, %v", page+1, got, failures, err)
		}
	}
}
