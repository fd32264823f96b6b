package vault_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

const (
	benchRows  = 120_000 // some 50 MB, three times what the page cache holds
	benchSetup = "&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=temp_store(memory)&_pragma=cache_size(-16384)"
)

// A task is a piece of work large enough to be measured; n counts the pieces done.
type task struct {
	name string
	do   func(db *sql.DB, n int) error
}

func tasks() []task {
	return []task{
		{"import", func(db *sql.DB, n int) error { return load(db, benchRows+n*2000, 2000) }},
		{"commit", func(db *sql.DB, n int) error {
			for i := range 20 {
				if _, err := db.Exec(`UPDATE contact SET note = ? WHERE id = ?`, fmt.Sprint("called ", n), 1+(n*7919+i*104729)%benchRows); err != nil {
					return err
				}
			}
			return nil
		}},
		{"point", func(db *sql.DB, n int) error {
			for i := range 100 {
				if err := drain(db.Query(`SELECT * FROM contact WHERE id = ?`, 1+(n*7919+i*104729)%benchRows)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"list", func(db *sql.DB, n int) error {
			for i := range 10 {
				if err := drain(db.Query(`SELECT * FROM contact WHERE city = ? ORDER BY name LIMIT 50`, fmt.Sprint("city ", (n*10+i)%97))); err != nil {
					return err
				}
			}
			return nil
		}},
		{"scan", func(db *sql.DB, _ int) error {
			return drain(db.Query(`SELECT id FROM contact WHERE note LIKE '%never%' ORDER BY +name LIMIT 50`))
		}},
	}
}

// load inserts contacts after the id from in one transaction.
func load(db *sql.DB, from, count int) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.Prepare(`INSERT INTO contact VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return err
	}
	for id := from + 1; id <= from+count; id++ {
		mixed := uint32(id) * 2654435761 // spreads the index entries
		if _, err := insert.Exec(id, fmt.Sprintf("name %08x", mixed), fmt.Sprint("city ", mixed%97), fmt.Sprintf("%x@example.com", mixed),
			mixed>>3, "open", mixed%11, 1_700_000_000+id, 1_700_000_000+id, "import", "team", strings.Repeat("met at the fair; ", 12)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func drain(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(sql.RawBytes)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// cpu returns the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip("no processor time on this system: ", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchDB(b *testing.B, dsn string) *sql.DB {
	b.Helper()
	db := open(b, dsn+benchSetup)
	db.SetMaxOpenConns(1)
	exec(b, db, `CREATE TABLE contact (id INTEGER PRIMARY KEY, name TEXT, city TEXT, email TEXT, phone INT, state TEXT, owner INT,
		created INT, updated INT, source TEXT, team TEXT, note TEXT);
		CREATE INDEX by_city ON contact (city, name); CREATE INDEX by_email ON contact (email); CREATE INDEX by_name ON contact (name)`)
	if err := load(db, 0, benchRows); err != nil {
		b.Fatal(err)
	}
	exec(b, db, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return db
}

// BenchmarkAgainstPlain does the same work on a plain and on a sealed database in turn and reports
// the processor time of the sealed one in proportion to the plain one.
func BenchmarkAgainstPlain(b *testing.B) {
	v := register(b, vault.Static([32]byte{1}), vault.Options{})
	dir := b.TempDir()
	dbs := [2]*sql.DB{
		benchDB(b, "file:"+filepath.Join(dir, "plain.db")+"?vfs=os"),
		benchDB(b, vault.DSN(v.Name(), filepath.Join(dir, "vault.db"))),
	}
	var done int
	for _, task := range tasks() {
		b.Run(task.name, func(b *testing.B) {
			var used [2]time.Duration
			for b.Loop() {
				for i := range dbs {
					side := (i + done) % 2 // neither always goes first
					before := cpu(b)
					if err := task.do(dbs[side], done); err != nil {
						b.Fatal(err)
					}
					used[side] += cpu(b) - before
				}
				done++
			}
			b.ReportMetric(float64(used[0].Microseconds())/float64(b.N), "plain-µs/op")
			b.ReportMetric(float64(used[1].Microseconds())/float64(b.N), "vault-µs/op")
			b.ReportMetric(float64(used[1])/float64(used[0]), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
