package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/wardbook/wardbook/internal/fault"
)

// PostgresConfig says how to reach an organisation's schema.
type PostgresConfig struct {
	URL     string        // postgres://…; a password in it never appears in an error
	Schema  string        // made when absent; letters, digits and underscores
	Conns   int           // connections at most; 0 means 20
	Silence time.Duration // how long a server may owe an answer before it counts as dead; 0 means 30 s

	// Observe sees the text of every statement before it runs, never a value. Nil: nobody looks.
	Observe func(query string)
}

const (
	defaultConns   = 20
	defaultSilence = 30 * time.Second
	connectTime    = 5 * time.Second // for each host, unless the URL has connect_timeout
	pingTime       = 2 * time.Second // for a connection that was idle to show that it lives
	idleTime       = time.Second     // a connection used within it needs no ping
)

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
	if c.Conns == 0 {
		c.Conns = defaultConns
	}
	if c.Silence == 0 {
		c.Silence = defaultSilence
	}
	if conf.ConnectTimeout == 0 {
		conf.ConnectTimeout = connectTime
	}
	conf.DialFunc = watchdog(c.Silence)
	conf.DefaultQueryExecMode = pgx.QueryExecModeExec
	conf.RuntimeParams["search_path"] = c.Schema
	conf.RuntimeParams["application_name"] = "wardbook"
	conf.RuntimeParams["timezone"] = "UTC"
	// A node that froze or was cut off inside a transaction must not keep its locks from the others.
	conf.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(2*c.Silence.Milliseconds(), 10)
	d := stdlib.OpenDB(*conf, stdlib.OptionShouldPing(pingIdle), stdlib.OptionResetSession(refuseClosed))
	d.SetMaxOpenConns(c.Conns)
	d.SetMaxIdleConns(c.Conns)
	d.SetConnMaxLifetime(10 * time.Minute)
	if err := preparePostgres(ctx, d, c.Schema); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &DB{session: session{run: d, engine: Postgres, observe: c.Observe}, db: d, retry: backoff}, nil
}

// pingIdle tests a connection that was idle, in its own short time: behind a server that froze, a
// request would else wait for one dead connection after the other. It closes a dead one and answers
// that no other ping is wanted.
func pingIdle(ctx context.Context, p stdlib.ShouldPingParams) bool {
	if p.IdleDuration > idleTime {
		ctx, cancel := context.WithTimeout(ctx, pingTime)
		defer cancel()
		if p.Conn.PgConn().Ping(ctx) != nil {
			_ = p.Conn.Close(ctx) // does not wait: the ping has begun to close it
		}
	}
	return false
}

func refuseClosed(_ context.Context, c *pgx.Conn) error {
	if c.IsClosed() {
		return driver.ErrBadConn
	}
	return nil
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
	exists := func() (found bool, err error) {
		err = d.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", schema).Scan(&found)
		return found, Classify(err)
	}
	// Asked first, because a role that may not make schemas may still use one, and afterwards, because
	// another node may have been faster, which IF NOT EXISTS does not forgive.
	if found, err := exists(); err != nil || found {
		return err
	}
	_, err := d.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS "`+schema+`"`)
	if err != nil {
		if found, _ := exists(); found {
			return nil
		}
	}
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
