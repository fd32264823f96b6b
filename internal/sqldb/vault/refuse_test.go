package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
	"github.com/wardbook/wardbook/internal/sqldb/vaulttest"
)

// plainFile returns a database of SQLite alone.
func plainFile(t *testing.T, pageSize int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plain.db")
	db := open(t, fmt.Sprintf("file:%s?vfs=os&_pragma=page_size(%d)", path, pageSize))
	exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)`)
	db.Close()
	return sealedFiles(t, path)[""]
}

// What is there in place of the database, and what the person who started the program reads.
func TestRefused(t *testing.T) {
	t.Parallel()
	files, _ := victim(t, 2)
	for _, c := range []struct {
		name, reason, says string
		files              map[string][]byte
	}{
		{"wrong key", vault.WrongKey, "key file", map[string][]byte{"": files[""]}},
		{"wrong key, with a log", vault.WrongKey, "key file", files},
		{"plain SQLite", vault.NotEncrypted, "not encrypted", map[string][]byte{"": plainFile(t, 4096)}},
		{"plain SQLite, small pages", vault.NotEncrypted, "not encrypted", map[string][]byte{"": plainFile(t, 512)}},
		{"plain SQLite, large pages", vault.NotEncrypted, "not encrypted", map[string][]byte{"": plainFile(t, 65536)}},
		{"a text", vault.Truncated, "damaged", map[string][]byte{"": []byte("not a database\n")}},
		{"other bytes", vault.WrongKey, "key file", map[string][]byte{"": bytes.Repeat([]byte{0xaa}, 3*page)}},
		{"zeros", vault.WrongKey, "key file", map[string][]byte{"": make([]byte, 3*page)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := register(t, vault.Static([32]byte{1}), vault.Options{})
			path := filepath.Join(t.TempDir(), "a.db")
			for suffix, b := range c.files {
				if err := os.WriteFile(path+suffix, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			db := open(t, vault.DSN(v.Name(), path)+"&_pragma=busy_timeout(1000)")
			for _, q := range []string{`SELECT * FROM t`, `CREATE TABLE other (x)`, `PRAGMA journal_mode = WAL`, `VACUUM`} {
				_, err := db.Exec(q)
				if err == nil {
					t.Fatalf("%s: no error", q)
				}
				explained, ok := errors.AsType[*fault.Error](v.Explain(err))
				if !ok || explained.Reason != c.reason || !strings.Contains(explained.Message, c.says) {
					t.Errorf("%s: %v, explained as %v", q, err, explained)
				}
			}
			db.Close()
			for suffix, b := range c.files {
				if !bytes.Equal(sealedFiles(t, path)[suffix], b) {
					t.Errorf("the file %q was changed", suffix)
				}
			}
		})
	}
}

// A file that is missing or has no bytes is a new database, unless none may be made.
func TestEmpty(t *testing.T) {
	t.Parallel()
	v := register(t, vault.Static([32]byte{1}), vault.Options{})
	path := filepath.Join(t.TempDir(), "a.db")
	_, err := open(t, vault.DSN(v.Name(), path)+"&mode=rw").Exec(`SELECT 1 FROM sqlite_schema`)
	if !errors.Is(err, sqlite3.CANTOPEN) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db := open(t, vault.DSN(v.Name(), path)+"&mode=rw")
	exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'x')`)
	if got := mustDump(t, db); got != "1 x\n" {
		t.Errorf("no bytes: %q", got)
	}
	if f, bad := v.LastFailure(); bad {
		t.Error(f)
	}
}

// A folder that cannot be written: reading goes on, writing is refused, nothing changes.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			disk := vaulttest.NewDisk()
			v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: disk})
			path := filepath.Join(t.TempDir(), "a.db")
			dsn := vault.DSN(v.Name(), path)
			db := open(t, dsn+"&_pragma=journal_mode("+mode+")")
			exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'x')`)
			db.Close()
			before := sealedFiles(t, path)

			refused := errors.New("read-only file system")
			disk.Hook(func(op vaulttest.Op) error {
				switch op.Kind {
				case vaulttest.Write, vaulttest.Truncate, vaulttest.Delete:
					return vfs.SystemError(refused, sqlite3.READONLY)
				}
				return nil
			})
			db = open(t, dsn)
			if _, err := db.Exec(`UPDATE t SET v = 'y'`); !errors.Is(err, sqlite3.READONLY) {
				t.Errorf("a write: %v", err)
			}
			if got := mustDump(t, db); got != "1 x\n" {
				t.Errorf("reads %q", got)
			}
			db.Close()
			if !bytes.Equal(before[""], sealedFiles(t, path)[""]) {
				t.Error("the file was changed")
			}
			disk.Hook(nil)
			db = open(t, dsn)
			exec(t, db, `UPDATE t SET v = 'y'`)
			if got := mustDump(t, db); got != "1 y\n" {
				t.Errorf("once it can be written again: %q", got)
			}
		})
	}
}

// The disk fills up at every moment of a transaction: it is refused as such, and everything
// committed stays, and when there is room again work goes on.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"wal", "delete", "truncate", "persist"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			disk := vaulttest.NewDisk()
			v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: disk})
			db := open(t, dsnFor(v.Name(), t.TempDir(), mode, "full"))
			fillRounds(t, db, disk)
			full := 0
			for room := int64(0); ; room += 9 * 1117 {
				want := mustDump(t, db)
				disk.Room(room)
				err := grow(db)
				disk.Room(-1)
				if err == nil {
					break
				}
				if full++; !errors.Is(err, sqlite3.FULL) {
					t.Fatalf("room for %d bytes: %v", room, err)
				}
				if got := mustDump(t, db); got != want {
					t.Fatalf("room for %d bytes: what was there has changed", room)
				}
			}
			if got := one(t, db, `PRAGMA integrity_check`); got != "ok" || full < 5 {
				t.Errorf("%s after a full disk %d times", got, full)
			}
			if f, bad := v.LastFailure(); bad {
				t.Error(f)
			}
		})
	}
}

// grow adds some 100 kB in one transaction.
func grow(db *sql.DB) (err error) {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i := range 20 {
		if _, err := tx.Exec(`INSERT INTO t (round, v) VALUES (7, ?)`, strings.Repeat(fmt.Sprint(i), 4000)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Readers see whole transactions, and only those, while a writer works and the log is emptied.
func TestReadersDuringWrites(t *testing.T) {
	t.Parallel()
	v := register(t, vault.Static([32]byte{1}), vault.Options{})
	dsn := dsnFor(v.Name(), t.TempDir(), "wal", "normal") + "&_pragma=busy_timeout(10000)"
	writer := open(t, dsn)
	writer.SetMaxOpenConns(1)
	exec(t, writer, `CREATE TABLE account (id INTEGER PRIMARY KEY, amount INT, filling TEXT)`)
	for range 50 {
		exec(t, writer, `INSERT INTO account (amount, filling) VALUES (100, hex(randomblob(600)))`)
	}
	ctx, done := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 4 {
		db := open(t, dsn)
		readers.Go(func() {
			for n := 0; ctx.Err() == nil || n == 0; n++ {
				var sum int
				if err := db.QueryRow(`SELECT sum(amount) FROM account WHERE length(filling) > 0`).Scan(&sum); err != nil || sum != 5000 {
					t.Errorf("a reader sees %d: %v", sum, err)
					return
				}
			}
		})
	}
	for i := range 150 {
		tx, err := writer.Begin()
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`UPDATE account SET amount = amount - 7, filling = hex(randomblob(600)) WHERE id = ?`, `UPDATE account SET amount = amount + 7 WHERE id = 51 - ?`} {
			if _, err := tx.Exec(q, 1+i%25); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	done()
	readers.Wait()
	if got := one(t, writer, `PRAGMA integrity_check`); got != "ok" {
		t.Error(got)
	}
	if f, bad := v.LastFailure(); bad {
		t.Error(f)
	}
}
