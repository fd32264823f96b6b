//go:build unix

// Package pgtest gives a test a real, empty PostgreSQL database.
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestStore(t *testing.T) {
//		db := open(t, pgtest.DSN(t))
//
// The first DSN of a test process starts one server from the system's packages (PostgreSQL 15 or
// later) in a temporary folder. It listens on a private Unix socket only, so several test processes
// never meet, and it runs as the user postgres where the tests run as root, because PostgreSQL
// refuses root. It ends with the test process, however that ends: see serve.sh.
//
// The server keeps fsync on, as production does: a test of durability is worth nothing without it.
// Tests connect as the role wardbook, who owns the database and is no superuser, as in production.
//
// Environment: WARDBOOK_TEST_POSTGRES, a URL of a role that may create databases, uses that server
// instead. Where there is no PostgreSQL a test is skipped, unless CI=true or
// WARDBOOK_REQUIRE_POSTGRES=1 says that skipping would hide something.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds every wait for the server. It is long because a busy machine may run several.
const patience = 2 * time.Minute

// shared is the server of this test process, started by the first DSN.
var shared struct {
	sync.Mutex
	begun  bool
	server *server
	err    error
}

// server is a running PostgreSQL.
type server struct {
	admin url.URL      // connects to an existing database as a role that may create others
	role  string       // owns the databases of tests; empty: the role of admin
	stop  func() error // ends the server and returns when it is gone
}

// Main runs the tests of a package and returns when the server, if one was started, is gone. Without
// it the server ends too, but perhaps a moment after the test process.
func Main(m *testing.M) {
	defer stopShared()
	m.Run()
}

// DSN returns the URL of a fresh, empty database, which is dropped when the test ends.
func DSN(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("PostgreSQL is part of the whole run (make test), not of the short one")
	}
	s, err := start(os.Getenv)
	if err != nil {
		if required(os.Getenv) {
			t.Fatalf("pgtest: %v", err)
		}
		t.Skipf("pgtest: skipped: %v", err)
	}
	return s.database(t)
}

// required reports whether a test must fail where PostgreSQL is missing.
func required(getenv func(string) string) bool {
	return getenv("CI") == "true" || getenv("WARDBOOK_REQUIRE_POSTGRES") == "1"
}

// start returns the server of this process, starting it at the first call.
func start(getenv func(string) string) (*server, error) {
	shared.Lock()
	defer shared.Unlock()
	if !shared.begun {
		shared.begun = true
		if dsn := getenv("WARDBOOK_TEST_POSTGRES"); dsn != "" {
			shared.server, shared.err = external(dsn)
		} else {
			shared.server, shared.err = launch(getenv("PATH"))
		}
	}
	return shared.server, shared.err
}

func stopShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return
	}
	if err := shared.server.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: stopping PostgreSQL:", err)
	}
	shared.server, shared.err = nil, fmt.Errorf("the tests have ended")
}

// external returns the server that a URL names. Stopping it is not our business.
func external(dsn string) (*server, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, fmt.Errorf("WARDBOOK_TEST_POSTGRES is not a URL like postgres://user@host/database")
	}
	s := &server{admin: *u, stop: func() error { return nil }}
	return s, s.exec("SELECT 1")
}

// database creates a database for one test. It is made from template0, which nobody can be
// connected to, so that tests may create databases at the same time.
func (s *server) database(t testing.TB) string {
	t.Helper()
	name := "wb_" + strings.ToLower(rand.Text())
	create := "CREATE DATABASE " + name + " TEMPLATE template0"
	if s.role != "" {
		create += " OWNER " + s.role
	}
	if err := s.exec(create); err != nil {
		t.Fatalf("pgtest: create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: drop the database: %v", err)
		}
	})
	u := s.admin
	u.Path = "/" + name
	if s.role != "" {
		u.User = url.User(s.role)
	}
	return u.String()
}

// exec runs one statement as the administrator.
func (s *server) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer c.Close(ctx) //nolint:errcheck // the statement's own error is the one that counts
	_, err = c.Exec(ctx, sql)
	return err
}
