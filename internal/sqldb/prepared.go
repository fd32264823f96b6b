package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxStmts bounds the prepared statements kept; beyond it the cache starts anew.
const maxStmts = 1000

// pool is SQLite's connections for reading, with prepared statements kept by text. Preparing costs
// more than most of our statements. A change of the structure needs no care: SQLite compiles a
// statement anew when it finds the structure changed.
type pool struct {
	*sql.DB

	mu    sync.Mutex
	stmts map[string]*kept
}

// kept is a prepared statement and how many are about to run it. One that was forgotten meanwhile is
// closed by the last of them; rows that it returned stay valid.
type kept struct {
	*sql.Stmt

	users     int
	forgotten bool
}

func newPool(db *sql.DB) *pool { return &pool{DB: db, stmts: make(map[string]*kept)} }

// QueryContext implements runner.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := p.take(ctx, query)
	if err != nil {
		return nil, err
	}
	defer p.give(st)
	return st.QueryContext(ctx, args...)
}

// QueryRowContext implements runner.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st, err := p.take(ctx, query)
	if err != nil {
		return p.DB.QueryRowContext(ctx, query, args...) // gives the error its usual way out
	}
	defer p.give(st)
	return st.QueryRowContext(ctx, args...)
}

// take returns the prepared statement of a text, which the caller gives back.
func (p *pool) take(ctx context.Context, query string) (*kept, error) {
	if st := p.find(query); st != nil {
		return st, nil
	}
	st, err := p.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if have := p.stmts[query]; have != nil {
		have.users++
		_ = st.Close() // another caller was faster
		return have, nil
	}
	if len(p.stmts) >= maxStmts {
		p.forget()
	}
	fresh := &kept{Stmt: st, users: 1}
	p.stmts[query] = fresh
	return fresh, nil
}

func (p *pool) find(query string) *kept {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.stmts[query]
	if st != nil {
		st.users++
	}
	return st
}

func (p *pool) give(st *kept) {
	p.mu.Lock()
	defer p.mu.Unlock()
	st.users--
	if st.forgotten && st.users == 0 {
		_ = st.Close()
	}
}

// forget lets go of every statement; the caller holds mu.
func (p *pool) forget() {
	for _, st := range p.stmts {
		st.forgotten = true
		if st.users == 0 {
			_ = st.Close()
		}
	}
	clear(p.stmts)
}

// writer is SQLite's one connection for writing, with its prepared statements. It belongs to the
// group's goroutine alone: a second caller on the same connection would wait for ever.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &writer{db: db, conn: conn, stmts: make(map[string]*sql.Stmt)}, nil
}

func (w *writer) close() error {
	w.forget()
	return errors.Join(w.conn.Close(), w.db.Close())
}

func (w *writer) forget() {
	for _, st := range w.stmts {
		_ = st.Close()
	}
	w.stmts = make(map[string]*sql.Stmt)
}

func (w *writer) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := w.stmts[query]; st != nil {
		return st, nil
	}
	st, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(w.stmts) >= maxStmts {
		w.forget()
	}
	w.stmts[query] = st
	return st, nil
}

// QueryContext implements runner.
func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := w.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// QueryRowContext implements runner.
func (w *writer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st, err := w.stmt(ctx, query)
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...)
	}
	return st.QueryRowContext(ctx, args...)
}

// ExecContext implements runner.
func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := w.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}
