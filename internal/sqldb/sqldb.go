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
	"sync"

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
	session
	db     *sql.DB // for reading, and on PostgreSQL for writing too
	writer *writer // SQLite only
	group  *group  // SQLite only: commits of concurrent writers are joined
	retry  func(ctx context.Context, attempt int) error

	closing sync.Once
	closed  error
}

// runner runs statements whose placeholders are numbered already.
type runner interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Close closes the database; running statements end with an error. A second call does nothing.
func (db *DB) Close() error {
	db.closing.Do(func() {
		if db.group != nil {
			db.group.stop()
			db.closed = db.writer.close()
		}
		db.closed = errors.Join(db.closed, db.db.Close())
	})
	return db.closed
}

// Vacuum has PostgreSQL let go of the older versions of a table's rows, so that what was overwritten is
// no longer in the table but for unused space within its pages. SQLite keeps no older versions: with
// SQLiteConfig.Overwrite what is deleted is overwritten at once.
func (db *DB) Vacuum(ctx context.Context, table string) error {
	if db.engine != Postgres {
		return nil
	}
	_, err := db.db.ExecContext(ctx, "VACUUM "+table)
	return Classify(err)
}

// Querier runs statements: a DB outside of transactions (reads only), or a Tx.
type Querier interface {
	Engine() Engine
	// Query runs a statement that returns rows. The caller closes them.
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	// Row runs a statement that returns at most one row; found is false where there is none.
	Row(ctx context.Context, query string, args []any, dest ...any) (found bool, err error)
}

// session runs statements, for a DB or for a Tx.
type session struct {
	run     runner
	engine  Engine
	observe func(query string)
}

// Engine returns the engine behind the database.
func (s *session) Engine() Engine { return s.engine }

// ready returns the text to run, once the statement was shown and its values may be stored.
func (s *session) ready(query string, args []any) (string, error) {
	if s.observe != nil {
		s.observe(query)
	}
	return Rebind(s.engine, query), checkValues(args)
}

func (s *session) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	text, err := s.ready(query, args)
	if err != nil {
		return nil, err
	}
	rows, err := s.run.QueryContext(ctx, text, args...)
	return rows, Classify(err)
}

func (s *session) row(ctx context.Context, query string, args, dest []any) (bool, error) {
	text, err := s.ready(query, args)
	if err != nil {
		return false, err
	}
	switch err := s.run.QueryRowContext(ctx, text, args...).Scan(dest...); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, Classify(err)
	}
	return true, nil
}

// Query runs a reading statement outside of any transaction.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return db.query(ctx, query, args)
}

// Row runs a reading statement that returns at most one row.
func (db *DB) Row(ctx context.Context, query string, args []any, dest ...any) (bool, error) {
	return db.row(ctx, query, args, dest)
}

// Tx is a transaction; it ends with the closure that it was given to. A statement that failed dooms
// it, even when the closure hides the error: PostgreSQL knows no other way, so SQLite does the same.
type Tx struct {
	session
	after   []func()
	failed  error           // of the first statement that failed
	touched map[string]bool // tables that were changed (SQLite)
	hasty   bool            // its DDL does not wait long for locks (PostgreSQL)
}

// AfterCommit has f run once the transaction is durable, after what was registered before; never
// when it is rolled back.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// noted remembers the first failure.
func (t *Tx) noted(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// Query runs a statement that returns rows inside the transaction. Close them before the next
// statement: a PostgreSQL connection does one thing at a time.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	t.touch(query)
	rows, err := t.query(ctx, query, args)
	return rows, t.noted(err)
}

// Row runs a statement that returns at most one row inside the transaction.
func (t *Tx) Row(ctx context.Context, query string, args []any, dest ...any) (bool, error) {
	t.touch(query)
	found, err := t.row(ctx, query, args, dest)
	return found, t.noted(err)
}

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	text, err := t.ready(query, args)
	if err != nil {
		return 0, t.noted(err)
	}
	t.touch(query)
	res, err := t.run.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, t.noted(Classify(err))
	}
	n, err := res.RowsAffected()
	return n, t.noted(Classify(err))
}

// DDL runs a statement that changes the structure of the database. On PostgreSQL it gives up soon
// when somebody reads or writes the table, so that nobody queues behind it, and the transaction is
// run again: a long wait for the table's lock would stop every reader.
func (t *Tx) DDL(ctx context.Context, query string) error {
	if t.observe != nil {
		t.observe(query)
	}
	t.touch(query)
	if w, ok := t.run.(*writer); ok {
		_, err := w.conn.ExecContext(ctx, query)
		return t.noted(Classify(err))
	}
	if !t.hasty {
		if _, err := t.run.ExecContext(ctx, "SET LOCAL lock_timeout = '200ms'"); err != nil {
			return t.noted(Classify(err))
		}
		t.hasty = true
	}
	_, err := t.run.ExecContext(ctx, query)
	return t.noted(Classify(err))
}

func (db *DB) tx(run runner) *Tx {
	return &Tx{session: session{run: run, engine: db.engine, observe: db.observe}}
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
	return fn(db.tx(tx))
}

// Write runs fn in a transaction and commits it durably, or rolls back everything when fn returns
// an error or a statement of it failed. fn may run more than once (a deadlock, a lost connection,
// another caller's failure): it must have no effect but its statements and what it registers with
// AfterCommit.
//
// On SQLite the transactions of concurrent callers are joined into one commit; each still succeeds
// or fails alone. On PostgreSQL a connection that is lost during the commit leaves the outcome open:
// the error's reason is then "outcome_unknown", and the transaction is not run again.
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
	t := db.tx(tx)
	if err := guard(t, fn); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return classifyCommit(err)
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
	if err := fn(t); err != nil {
		return err
	}
	return t.failed
}
