package sqldb

import (
	"context"
	"errors"
	"runtime"
	"strconv"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wardbook/wardbook/internal/fault"
)

// SQLiteConfig says how to open a SQLite file.
type SQLiteConfig struct {
	DSN     string // names the file and its VFS (vault.DSN); never a key
	Readers int    // connections for reading; 0 means two per processor, at least four
	CacheMB int    // page cache of each connection; 0 means 16
	// Overwrite fills what is deleted with zeros, so that no part of the file keeps it.
	Overwrite bool

	// Relaxed is for what can be made anew: a commit does not wait for the disk. After a loss of power the
	// newest transactions may be missing, never a part of one. The file's VFS must be relaxed too.
	Relaxed bool
	// Attach names files that reading connections see beside this one; they must be there. Tokenizer,
	// where it is set, makes full-text search (FTS5) available, with a tokenizer named gram.
	Attach    []Attachment
	Tokenizer Tokenizer
	// Observe sees the text of every statement before it runs, never a value. Nil: nobody looks.
	Observe func(query string)
}

// OpenSQLite opens or creates a SQLite database in WAL mode with full synchronous commits.
func OpenSQLite(ctx context.Context, c SQLiteConfig) (_ *DB, err error) {
	defer fault.Op(&err, "sqldb.OpenSQLite")
	if c.Readers == 0 {
		c.Readers = max(4, 2*runtime.NumCPU())
	}
	if c.CacheMB == 0 {
		c.CacheMB = 16
	}
	setup := func(conn *sqlite3.Conn) error {
		if err := pragmas(conn, c); err != nil {
			return err
		}
		if c.Overwrite {
			if err := conn.Exec("PRAGMA secure_delete=ON"); err != nil {
				return err
			}
		}
		return tokenize(conn, c.Tokenizer)
	}
	w, err := driver.Open(c.DSN, setup)
	if err != nil {
		return nil, Classify(err)
	}
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	if err := w.PingContext(ctx); err != nil {
		return nil, errors.Join(Classify(err), w.Close())
	}
	r, err := driver.Open(c.DSN, func(conn *sqlite3.Conn) error {
		if err := setup(conn); err != nil {
			return err
		}
		// Not to the writer: its transactions would lock the attached files too.
		if err := attach(conn, c.Attach, c.CacheMB); err != nil {
			return err
		}
		return conn.Exec("PRAGMA query_only=ON")
	})
	if err != nil {
		return nil, errors.Join(Classify(err), w.Close())
	}
	r.SetMaxOpenConns(c.Readers)
	r.SetMaxIdleConns(c.Readers)
	one, err := newWriter(ctx, w)
	if err != nil {
		return nil, errors.Join(Classify(err), w.Close(), r.Close())
	}
	db := &DB{session: session{run: newPool(r), engine: SQLite, observe: c.Observe}, db: r, writer: one}
	db.group = newGroup(db)
	return db, nil
}

// pragmas makes a connection durable and private: a commit is on disk before it is answered, and
// nothing of a query spills into a temporary file.
func pragmas(conn *sqlite3.Conn, c SQLiteConfig) error {
	// A plan must not hang on what is bound: SQLite would compile a statement with LIMIT ? anew each time it runs.
	if _, err := conn.Config(sqlite3.DBCONFIG_ENABLE_QPSG, true); err != nil {
		return err
	}
	synchronous := "FULL"
	if c.Relaxed {
		synchronous = "NORMAL"
	}
	for _, p := range []string{
		"PRAGMA busy_timeout=10000",
		"PRAGMA journal_mode=WAL",
		"PRAGMA synchronous=" + synchronous,
		"PRAGMA temp_store=MEMORY",
		"PRAGMA foreign_keys=ON",
		"PRAGMA trusted_schema=OFF",
		"PRAGMA wal_autocheckpoint=4000", // pages: 16 MB. What one change after the other wrote to the same page is then copied once
		"PRAGMA cache_size=-" + strconv.Itoa(c.CacheMB*1024),
	} {
		if err := conn.Exec(p); err != nil {
			return err
		}
	}
	return nil
}
