// Package sqldb opens an organisation's database: one encrypted SQLite file, or one schema of a
// PostgreSQL server (15 or later). It knows no table. What it gives is the same on both: statements
// with `?` placeholders, write transactions as closures that may be run again, and reads that never
// wait for a writer.
//
// The dialect is the small common ground described in docs/decisions/0002-sql-layer.md. Values are
// int64, string, []byte and bool; times are int64 microseconds (UTC), dates int64 days, identifiers
// 16 bytes, so that comparing and sorting mean the same on both engines.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wardbook/wardbook/internal/fault"
)

// Engine names the database behind a DB.
type Engine uint8

// The engines.
const (
	SQLite Engine = iota
	Postgres
)

// String returns the engine's name.
func (e Engine) String() string {
	if e == Postgres {
		return "postgresql"
	}
	return "sqlite"
}

// DB is one organisation's database. It is safe for concurrent use.
type DB struct {
	engine Engine
	read   runner
	db     *sql.DB // for reading, and on PostgreSQL for writing too
	writer *writer // SQLite only
	group  *group  // SQLite only: commits of concurrent writers are joined
	retry  func(ctx context.Context, attempt int) error
}

// runner runs statements whose placeholders are numbered already.
type runner interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Engine returns the engine behind the database.
func (db *DB) Engine() Engine { return db.engine }

// Close closes the database; running statements end with an error.
func (db *DB) Close() error {
	if db.group == nil {
		return db.db.Close()
	}
	db.group.stop()
	return errors.Join(db.writer.close(), db.db.Close())
}

// Querier runs statements: a DB outside of transactions (reads only), or a Tx.
type Querier interface {
	Engine() Engine
	// Query runs a statement that returns rows. The caller closes them.
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	// Row runs a statement that returns at most one row; found is false where there is none.
	Row(ctx context.Context, query string, args []any, dest ...any) (found bool, err error)
}

// Tx is a write transaction; it ends with the closure that it was given to.
type Tx struct {
	run    runner
	engine Engine
	after  []func()
}

// Engine returns the engine behind the transaction.
func (t *Tx) Engine() Engine { return t.engine }

// AfterCommit has f run once the transaction is durable; never when it is rolled back.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Query runs a reading statement outside of any transaction.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := db.read.QueryContext(ctx, Rebind(db.engine, query), args...)
	return rows, Classify(err)
}

// Row runs a reading statement that returns at most one row.
func (db *DB) Row(ctx context.Context, query string, args []any, dest ...any) (bool, error) {
	return scanRow(db.read.QueryRowContext(ctx, Rebind(db.engine, query), args...), dest)
}

// Query runs a statement that returns rows inside the transaction.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := t.run.QueryContext(ctx, Rebind(t.engine, query), args...)
	return rows, Classify(err)
}

// Row runs a statement that returns at most one row inside the transaction.
func (t *Tx) Row(ctx context.Context, query string, args []any, dest ...any) (bool, error) {
	return scanRow(t.run.QueryRowContext(ctx, Rebind(t.engine, query), args...), dest)
}

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.run.ExecContext(ctx, Rebind(t.engine, query), args...)
	if err != nil {
		return 0, Classify(err)
	}
	n, err := res.RowsAffected()
	return n, Classify(err)
}

// DDL runs a statement that changes the structure of the database.
func (t *Tx) DDL(ctx context.Context, query string) error {
	if w, ok := t.run.(*writer); ok {
		_, err := w.conn.ExecContext(ctx, query)
		return Classify(err)
	}
	_, err := t.run.ExecContext(ctx, query)
	return Classify(err)
}

func scanRow(row *sql.Row, dest []any) (bool, error) {
	switch err := row.Scan(dest...); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, Classify(err)
	}
	return true, nil
}

// Read runs fn in a read-only transaction: everything it reads is of one moment.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if db.engine == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.db.BeginTx(ctx, opts)
	if err != nil {
		return Classify(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return fn(&Tx{run: tx, engine: db.engine})
}

// Write runs fn in a transaction and commits it durably, or rolls back everything when fn returns
// an error. fn may run more than once (a deadlock, a lost connection): it must have no effect but
// its statements and what it registers with AfterCommit.
//
// On SQLite the transactions of concurrent callers are joined into one commit; each still succeeds
// or fails alone.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if db.group != nil {
		return db.group.run(ctx, fn)
	}
	for attempt := 0; ; attempt++ {
		err := db.writeOnce(ctx, fn)
		if err == nil || !retryable(err) || attempt == maxAttempts {
			return err
		}
		if err := db.retry(ctx, attempt); err != nil {
			return fault.Wrap(fault.Unavailable, err, "busy", "the database is busy; try again")
		}
	}
}

// maxAttempts bounds how often a transaction is run again.
const maxAttempts = 10

func (db *DB) writeOnce(ctx context.Context, fn func(*Tx) error) (err error) {
	tx, err := db.db.BeginTx(ctx, nil)
	if err != nil {
		return Classify(err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	t := &Tx{run: tx, engine: db.engine}
	if err := guard(t, fn); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return Classify(err)
	}
	for _, f := range t.after {
		f()
	}
	return nil
}

// guard turns a panic of fn into an error, so that one bad request cannot end the process while it
// holds the writer.
func guard(t *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fault.Internal, fmt.Errorf("panic: %v", p), "panic", "internal error")
		}
	}()
	return fn(t)
}
