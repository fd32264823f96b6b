package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	mrand "math/rand/v2"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// bare is a SQLite file on the bare driver, with the settings that Wardbook uses.
type bare struct {
	db    *sql.DB
	stmts map[string]*sql.Stmt
	r     *mrand.Rand
	made  int
}

func openBare(ctx context.Context, dsn string) (*bare, error) {
	db, err := driver.Open(dsn, func(c *sqlite3.Conn) error {
		return c.Exec("PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16384")
	})
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &bare{db: db, stmts: map[string]*sql.Stmt{}, r: mrand.New(mrand.NewPCG(1, 2))}, db.PingContext(ctx)
}

// stmt prepares a statement once: preparing is no part of what is measured.
func (b *bare) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := b.stmts[text]; st != nil {
		return st, nil
	}
	st, err := b.db.PrepareContext(ctx, text)
	if err == nil {
		b.stmts[text] = st
	}
	return st, err
}

// each runs a query, n times with the arguments that arg makes, and reads every row.
func (b *bare) each(ctx context.Context, n int, text string, arg func() []any) error {
	st, err := b.stmt(ctx, text)
	if err != nil {
		return err
	}
	for range n {
		rows, err := st.QueryContext(ctx, arg()...)
		if err != nil {
			return err
		}
		if err := drain(rows); err != nil {
			return err
		}
	}
	return nil
}

func drain(rows *sql.Rows) error {
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	vals := make([]any, len(names))
	dest := make([]any, len(names))
	for i := range vals {
		dest[i] = &vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// key is the identifier of row n: not in order, as identifiers of other tables' rows are not.
func key(n int) []byte {
	b := make([]byte, 16)
	binary.BigEndian.PutUint64(b, uint64(n)*0x9E3779B97F4A7C15) //nolint:gosec // wraps around
	binary.BigEndian.PutUint64(b[8:], uint64(n))                //nolint:gosec // small
	return b
}

// insert adds n rows in one transaction.
func (b *bare) insert(ctx context.Context, n int) error {
	st, err := b.stmt(ctx, "INSERT INTO t (id, owner, n, name, body) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	body := make([]byte, 240)
	for range n {
		if _, err := rand.Read(body); err != nil {
			return err
		}
		if _, err := tx.StmtContext(ctx, st).ExecContext(ctx, key(b.made), b.made%50, b.r.IntN(1_000_000), "Name of a record", body); err != nil {
			return err
		}
		b.made++
	}
	return tx.Commit()
}

// vaultPart measures what encrypting and authenticating every page costs, in processor time, against
// the same driver on plain files.
func vaultPart(ctx context.Context, s settings) (_ []result, err error) {
	vfs := vault.Register("bench", vault.Static([32]byte{1}), vault.Options{})
	defer vfs.Unregister()
	ours, err := openBare(ctx, vault.DSN(vfs.Name(), filepath.Join(s.dir, "vault.db")))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ours.db.Close()) }()
	base, err := openBare(ctx, "file:"+filepath.Join(s.dir, "plain.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, base.db.Close()) }()
	for _, b := range []*bare{ours, base} {
		if _, err := b.db.ExecContext(ctx, "CREATE TABLE t (id BLOB PRIMARY KEY NOT NULL, owner INTEGER, n INTEGER, name TEXT, body BLOB) STRICT; CREATE INDEX t_n ON t (n, id)"); err != nil {
			return nil, err
		}
	}
	share := max(s.records/(s.rounds+1), 1)
	both := func(what string, n int, target float64, do func(b *bare) error) pair {
		return pair{"vault", what, n, cpu, target, func() error { return do(ours) }, func() error { return do(base) }}
	}
	return compareAll(s.rounds, []pair{
		both("import", share, 1.3, func(b *bare) error { return b.insert(ctx, share) }),
		both("commit", 200, 1.2, func(b *bare) error {
			for range 200 {
				if err := b.insert(ctx, 1); err != nil {
					return err
				}
			}
			return nil
		}),
		both("point read", 4000, 1.3, func(b *bare) error {
			return b.each(ctx, 4000, "SELECT owner, n, name, body FROM t WHERE id = ?", func() []any { return []any{key(b.r.IntN(b.made))} })
		}),
		both("list 50", 200, 1.4, func(b *bare) error {
			return b.each(ctx, 200, "SELECT id, owner, n, name, body FROM t WHERE n >= ? ORDER BY n, id LIMIT 50", func() []any { return []any{b.r.IntN(1_000_000)} })
		}),
		both("full scan", 1, 1.7, func(b *bare) error {
			return b.each(ctx, 1, "SELECT count(*), sum(length(body) + owner) FROM t", func() []any { return nil })
		}),
	})
}
