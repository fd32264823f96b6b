package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wardbook/wardbook/internal/fault"
)

// SQLiteConfig says how to open a SQLite file.
type SQLiteConfig struct {
	DSN     string // names the file and its VFS (vault.DSN); never a key
	Readers int    // connections for reading; 0 means two per processor, at least four
	CacheMB int    // page cache of each connection; 0 means 16
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
	setup := func(conn *sqlite3.Conn) error { return pragmas(conn, c.CacheMB) }
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
	db := &DB{engine: SQLite, read: newPool(r), db: r, writer: one}
	db.group = newGroup(db)
	return db, nil
}

// pragmas makes a connection durable and private: a commit is on disk before it is answered, and
// nothing of a query spills into a temporary file.
func pragmas(conn *sqlite3.Conn, cacheMB int) error {
	for _, p := range []string{
		"PRAGMA busy_timeout=10000",
		"PRAGMA journal_mode=WAL",
		"PRAGMA synchronous=FULL",
		"PRAGMA temp_store=MEMORY",
		"PRAGMA foreign_keys=ON",
		"PRAGMA trusted_schema=OFF",
		"PRAGMA cache_size=-" + strconv.Itoa(cacheMB*1024),
	} {
		if err := conn.Exec(p); err != nil {
			return err
		}
	}
	return nil
}

// PostgresConfig says how to reach an organisation's schema.
type PostgresConfig struct {
	URL    string // postgres://…; a password in it never appears in an error
	Schema string // made when absent; letters, digits and underscores
	Conns  int    // connections at most; 0 means 20
}

var schemaName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// OpenPostgres opens the schema of one organisation on a PostgreSQL server.
func OpenPostgres(ctx context.Context, c PostgresConfig) (_ *DB, err error) {
	defer fault.Op(&err, "sqldb.OpenPostgres")
	if !schemaName.MatchString(c.Schema) {
		return nil, fault.New(fault.Invalid, "bad_schema", "database schema: use small letters, digits and underscores, at most 48, beginning with a letter")
	}
	conf, err := pgx.ParseConfig(c.URL)
	if err != nil {
		// pgx's error may repeat the URL: it is dropped, because a URL may hold a password.
		return nil, fault.New(fault.Invalid, "bad_database_url", "--database: not a PostgreSQL URL; want postgres://user@host:5432/name")
	}
	conf.DefaultQueryExecMode = pgx.QueryExecModeExec
	conf.RuntimeParams["search_path"] = c.Schema
	conf.RuntimeParams["application_name"] = "wardbook"
	conf.RuntimeParams["timezone"] = "UTC"
	d := stdlib.OpenDB(*conf)
	if c.Conns == 0 {
		c.Conns = 20
	}
	d.SetMaxOpenConns(c.Conns)
	d.SetMaxIdleConns(c.Conns)
	d.SetConnMaxLifetime(10 * time.Minute)
	if err := preparePostgres(ctx, d, c.Schema); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &DB{engine: Postgres, read: d, db: d, retry: backoff}, nil
}

// preparePostgres checks the server and makes the schema.
func preparePostgres(ctx context.Context, d *sql.DB, schema string) error {
	var version int
	if err := d.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		if e := Classify(err); !fault.Is(e, fault.Internal) {
			return e
		}
		return fault.New(fault.Unavailable, "database_away", "the database server cannot be reached; check host and port in --database")
	}
	if version < 150000 {
		return fault.New(fault.Invalid, "old_postgres", "PostgreSQL %d is too old: Wardbook needs 15 or later", version/10000)
	}
	_, err := d.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS "`+schema+`"`)
	return Classify(err)
}

// backoff waits before a transaction is run again, longer each time and never in step with others.
func backoff(ctx context.Context, attempt int) error {
	limit := min(5*time.Millisecond<<attempt, time.Second)
	wait := time.NewTimer(rand.N(limit)) //nolint:gosec // spreading load needs no secret
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
