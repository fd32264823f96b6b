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
// more than most of our statements.
type pool struct {
	*sql.DB

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func newPool(db *sql.DB) *pool { return &pool{DB: db, stmts: make(map[string]*sql.Stmt)} }

// QueryContext implements runner.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// QueryRowContext implements runner.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st, err := p.stmt(ctx, query)
	if err != nil {
		return p.DB.QueryRowContext(ctx, query, args...) // gives the error its usual way out
	}
	return st.QueryRowContext(ctx, args...)
}

func (p *pool) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	st := p.stmts[query]
	p.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	st, err := p.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if have := p.stmts[query]; have != nil {
		return have, st.Close()
	}
	if len(p.stmts) >= maxStmts {
		// Statements in use elsewhere stay valid until their rows are closed: only the map forgets them.
		p.stmts = make(map[string]*sql.Stmt)
	}
	p.stmts[query] = st
	return st, nil
}

func (p *pool) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stmts = make(map[string]*sql.Stmt)
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
