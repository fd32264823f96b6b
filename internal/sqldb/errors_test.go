package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	own := fault.New(fault.Stale, "stale", "x")
	for _, tc := range []struct {
		err    error
		kind   fault.Kind
		reason string
	}{
		{nil, "", ""},
		{own, fault.Stale, "stale"},
		{fmt.Errorf("more: %w", own), fault.Stale, "stale"},
		{context.Canceled, fault.Unavailable, "timeout"},
		{fmt.Errorf("driver: %w", context.DeadlineExceeded), fault.Unavailable, "timeout"},
		{sql.ErrConnDone, fault.Unavailable, "closed"},
		{sql.ErrTxDone, fault.Unavailable, "closed"},
		{errors.New("sql: database is closed"), fault.Unavailable, "closed"},
		{io.ErrUnexpectedEOF, fault.Unavailable, "database_away"},
		{driver.ErrBadConn, fault.Unavailable, "database_away"},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, fault.Unavailable, "database_away"},
		{sqlite3.FULL, fault.Unavailable, "disk_full"},
		{sqlite3.IOERR_FSYNC, fault.Unavailable, "disk_error"},
		{sqlite3.READONLY_DBMOVED, fault.Unavailable, "disk_read_only"},
		{sqlite3.CANTOPEN, fault.Unavailable, "disk_read_only"},
		{sqlite3.BUSY_SNAPSHOT, fault.Unavailable, "busy"},
		{sqlite3.INTERRUPT, fault.Unavailable, "timeout"},
		{sqlite3.CORRUPT_INDEX, fault.Unavailable, "corrupt"},
		{sqlite3.NOTADB, fault.Unavailable, "corrupt"},
		{sqlite3.CONSTRAINT_FOREIGNKEY, fault.Conflict, "constraint"},
		{sqlite3.TOOBIG, fault.TooLarge, "too_large"},
		{sqlite3.ERROR, fault.Internal, "database"},
		{pg("23505"), fault.Conflict, "constraint"},
		{pg("40001"), fault.Unavailable, "busy"},
		{pg("40P01"), fault.Unavailable, "busy"},
		{pg("55P03"), fault.Unavailable, "busy"},
		{pg("53100"), fault.Unavailable, "disk_full"},
		{pg("53300"), fault.Unavailable, "database_away"},
		{pg("25006"), fault.Unavailable, "read_only"},
		{pg("57014"), fault.Unavailable, "timeout"},
		{pg("57P01"), fault.Unavailable, "database_away"},
		{pg("08006"), fault.Unavailable, "database_away"},
		{pg("25P03"), fault.Unavailable, "database_away"},
		{pg("28P01"), fault.Unavailable, "database_refused"},
		{pg("3D000"), fault.Unavailable, "database_refused"},
		{pg("42501"), fault.Unavailable, "database_refused"},
		{pg("22003"), fault.Invalid, "out_of_range"},
		{pg("42601"), fault.Internal, "database"},
		{errors.New("anything"), fault.Internal, "database"},
	} {
		got := sqldb.Classify(tc.err)
		if fault.KindOf(got) != tc.kind || tc.err != nil && fault.Reason(got) != tc.reason {
			t.Errorf("%v became %s %s, want %s %s", tc.err, fault.KindOf(got), fault.Reason(got), tc.kind, tc.reason)
		}
		if tc.err != nil && !errors.Is(got, tc.err) {
			t.Errorf("%v is lost for the log", tc.err)
		}
	}
}

func pg(code string) error {
	return &pgconn.PgError{Severity: "ERROR", Code: code, Message: "secret value"}
}

// What an operator sees who got --database wrong: a remedy, and never the password.
func TestOpenPostgresRefuses(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqldb.Postgres)
	good, err := url.Parse(p.dsn)
	must(t, err)
	with := func(change func(u *url.URL)) string {
		u := *good
		change(&u)
		return u.String()
	}
	for name, tc := range map[string]struct{ url, schema, reason string }{
		"no URL":      {"://hunter2", "wb", "bad_database_url"},
		"bad port":    {"postgres://u:hunter2@h:x/d", "wb", "bad_database_url"},
		"no database": {with(func(u *url.URL) { u.Path = "/absent" }), "wb", "database_refused"},
		"no role":     {with(func(u *url.URL) { u.User = url.UserPassword("absent", "hunter2") }), "wb", "database_refused"},
		"no server":   {"postgres://u:hunter2@/d?host=" + t.TempDir(), "wb", "database_away"},
		"TLS wanted":  {with(func(u *url.URL) { u.RawQuery = "host=127.0.0.1&port=1&sslmode=require&password=hunter2" }), "wb", "database_away"},
		"no schema":   {p.dsn, "", "bad_schema"},
		"injection":   {p.dsn, `a";DROP`, "bad_schema"},
		"capitals":    {p.dsn, "Wb", "bad_schema"},
		"long schema": {p.dsn, strings.Repeat("a", 49), "bad_schema"},
	} {
		_, err := sqldb.OpenPostgres(t.Context(), sqldb.PostgresConfig{URL: tc.url, Schema: tc.schema})
		if fault.Reason(err) != tc.reason {
			t.Errorf("%s: %v, want %s", name, err, tc.reason)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error repeats the password", name)
		}
	}
}

func TestOpenSQLiteRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	vfs := vault.Register(strings.ReplaceAll(dir, "/", "_"), vault.Static([32]byte{1}), vault.Options{OnFailure: func(vault.Failure) {}})
	t.Cleanup(vfs.Unregister)
	other := vault.Register(strings.ReplaceAll(dir, "/", "_")+"other", vault.Static([32]byte{2}), vault.Options{OnFailure: func(vault.Failure) {}})
	t.Cleanup(other.Unregister)
	path := filepath.Join(dir, "data.db")
	db, err := sqldb.OpenSQLite(t.Context(), sqldb.SQLiteConfig{DSN: vault.DSN(vfs.Name(), path)})
	must(t, err)
	people(t, db)
	must(t, db.Close())
	must(t, os.WriteFile(filepath.Join(dir, "text.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600))
	for name, dsn := range map[string]string{
		"no folder":     vault.DSN(vfs.Name(), filepath.Join(dir, "absent", "data.db")),
		"another key":   vault.DSN(other.Name(), path),
		"no database":   vault.DSN(vfs.Name(), filepath.Join(dir, "text.db")),
		"without a key": "file:" + path,
	} {
		if _, err := sqldb.OpenSQLite(t.Context(), sqldb.SQLiteConfig{DSN: dsn}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
