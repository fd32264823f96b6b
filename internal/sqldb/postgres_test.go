package sqldb_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
)

// Organisations on one server never meet: the same names mean each one's own tables, and what only
// another one has, or lies in the public schema, is not found.
func TestOrganisationsAreApart(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqldb.Postgres)
	p.schema = "wb_a"
	a := p.open(t)
	p.schema = "wb_b"
	b := p.open(t)
	for i, db := range []*sqldb.DB{a, b} {
		people(t, db)
		must(t, db.Write(t.Context(), insert(t.Context(), i+1)))
	}
	must(t, b.Write(t.Context(), func(tx *sqldb.Tx) error {
		if err := tx.DDL(t.Context(), "CREATE TABLE secret (id BIGINT)"); err != nil {
			return err
		}
		return tx.DDL(t.Context(), "CREATE TABLE public.shared (id BIGINT)")
	}))
	if got := ids(t, a); !slices.Equal(got, []int{1}) {
		t.Errorf("the first organisation sees %v", got)
	}
	if got := ids(t, b); !slices.Equal(got, []int{2}) {
		t.Errorf("the second organisation sees %v", got)
	}
	for _, table := range []string{"secret", "shared"} {
		if _, err := a.Row(t.Context(), "SELECT id FROM "+table, nil); err == nil {
			t.Errorf("the first organisation sees the table %s", table)
		}
	}
	var n int
	if _, err := a.Row(t.Context(), "SELECT count(*) FROM wb_migration WHERE part = 'test'", nil, &n); err != nil || n != 1 {
		t.Errorf("%d steps, %v", n, err)
	}
}

// Two transactions that wait for each other: the server ends one, which is run again.
func TestDeadlockIsRetried(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqldb.Postgres)
	db, other := p.open(t), p.open(t)
	people(t, db)
	must(t, db.Write(t.Context(), insert(t.Context(), 1, 2)))
	var both, done sync.WaitGroup
	both.Add(2)
	var mu sync.Mutex
	runs, after := 0, 0
	for i, node := range []*sqldb.DB{db, other} {
		done.Go(func() {
			first := true
			err := node.Write(t.Context(), func(tx *sqldb.Tx) error {
				mu.Lock()
				runs++
				mu.Unlock()
				tx.AfterCommit(func() { mu.Lock(); after++; mu.Unlock() })
				for step := range 2 {
					if _, err := tx.Exec(t.Context(), "UPDATE person SET name = name || 'x' WHERE id = ?", 1+(i+step)%2); err != nil {
						return err
					}
					if step == 0 && first { // both have one row and want the other's
						first = false
						both.Done()
						both.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if runs != 3 || after != 2 {
		t.Errorf("%d runs, %d of them committed; want 3 and 2", runs, after)
	}
	var names string
	if _, err := db.Row(t.Context(), "SELECT string_agg(name, ' ') FROM person", nil, &names); err != nil || names != "pxx pxx" {
		t.Errorf("names %q, %v", names, err)
	}
}

// A serialization failure, and a connection that the server ends: both run again and then succeed.
func TestFailuresAreRetried(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqldb.Postgres)
	db, other := p.open(t), p.open(t)
	people(t, db)
	must(t, db.Write(t.Context(), insert(t.Context(), 1)))
	for name, disturb := range map[string]func(tx *sqldb.Tx) error{
		"serialization": func(*sqldb.Tx) error {
			return other.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE person SET name = name || 'o' WHERE id = 1")
				return err
			})
		},
		"connection": func(tx *sqldb.Tx) error {
			var pid int
			if _, err := tx.Row(t.Context(), "SELECT pg_backend_pid()", nil, &pid); err != nil {
				return err
			}
			_, err := other.Row(t.Context(), "SELECT pg_terminate_backend(?, 10000)", []any{pid}, new(bool))
			return err
		},
	} {
		runs, after := 0, 0
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			runs++
			tx.AfterCommit(func() { after++ })
			if _, err := tx.Exec(t.Context(), "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); err != nil {
				return err
			}
			if got := ids(t, tx); !slices.Equal(got, []int{1}) {
				t.Errorf("%s: read %v", name, got)
			}
			if runs == 1 {
				if err := disturb(tx); err != nil {
					return err
				}
			}
			_, err := tx.Exec(t.Context(), "UPDATE person SET name = name || 'x' WHERE id = 1")
			return err
		})
		if err != nil || runs != 2 || after != 1 {
			t.Errorf("%s: %d runs, %d of them committed, %v; want 2 and 1", name, runs, after, err)
		}
	}
	var got string
	if _, err := db.Row(t.Context(), "SELECT name FROM person", nil, &got); err != nil || strings.Count(got, "x") != 2 || strings.Count(got, "o") != 1 {
		t.Errorf("name %q, %v", got, err)
	}
}

// A transaction that fails each time gives up.
func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqldb.Postgres)
	db := p.open(t)
	runs := 0
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		runs++
		_, err := tx.Exec(t.Context(), "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")
		return err
	})
	if fault.Reason(err) != "busy" || runs != 11 {
		t.Errorf("%d runs, %v", runs, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	runs = 0
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		runs++
		cancel()
		_, err := tx.Exec(t.Context(), "SELECT 1")
		return err
	})
	if !fault.Is(err, fault.Unavailable) || runs != 1 {
		t.Errorf("a caller who left: %d runs, %v", runs, err)
	}
}

// The connection breaks while the commit is on its way. Nobody can say whether it was stored, so the
// transaction must not be run again, and the caller must not hear that nothing was changed.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string]bool{"before the server": false, "before the answer": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, sqldb.Postgres)
			direct := p.open(t)
			people(t, direct)
			proxy := newProxy(t, p.dsn, stored)
			p.dsn = proxy.dsn
			db := p.open(t)
			runs := 0
			proxy.arm()
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				runs++
				tx.AfterCommit(func() { t.Error("told of a commit that nobody knows of") })
				return insert(t.Context(), 1)(tx)
			})
			if fault.Reason(err) != "outcome_unknown" || !fault.Is(err, fault.Unavailable) || strings.Contains(fault.Message(err), "nothing was changed") {
				t.Errorf("error %v", err)
			}
			if got := ids(t, direct); runs != 1 || (len(got) == 1) != stored {
				t.Errorf("%d runs, stored %v", runs, got)
			}
			must(t, db.Write(t.Context(), insert(t.Context(), 2)))
		})
	}
}

// proxy stands between a client and the server and breaks the connection at the first commit.
type proxy struct {
	dsn    string
	socket string
	stored bool // let the server have the commit, and keep its answer back

	mu    sync.Mutex
	armed bool
}

func newProxy(t *testing.T, dsn string, stored bool) *proxy {
	t.Helper()
	u, err := url.Parse(dsn)
	must(t, err)
	if u.Query().Get("host") == "" {
		t.Skip("the server is not on a Unix socket")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	p := &proxy{socket: u.Query().Get("host") + "/.s.PGSQL.5432", stored: stored}
	u.Host, u.RawQuery = l.Addr().String(), "sslmode=disable"
	p.dsn = u.String()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

func (p *proxy) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = true
}

func (p *proxy) bites(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	bite := p.armed && bytes.Contains(bytes.ToLower(b), []byte("commit\x00"))
	p.armed = p.armed && !bite
	return bite
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", p.socket)
	if err != nil {
		return
	}
	defer server.Close()
	var quiet sync.Mutex // held once the server's answers are kept back
	go pump(server, func(b []byte) bool {
		quiet.Lock()
		defer quiet.Unlock()
		_, err := client.Write(b)
		return err == nil
	}, client)
	pump(client, func(b []byte) bool {
		if p.bites(b) {
			quiet.Lock() // for ever: the answer goes nowhere
			if p.stored {
				_, _ = server.Write(append(b, "X\x00\x00\x00\x04"...)) // and Terminate: the server works in order
				awaitEnd(server)
			}
			return false
		}
		_, err := server.Write(b)
		return err == nil
	}, server)
}

// awaitEnd waits until the server has closed its side.
func awaitEnd(server net.Conn) {
	b := make([]byte, 1024)
	for {
		if _, err := server.Read(b); err != nil {
			return
		}
	}
}

func pump(from net.Conn, do func([]byte) bool, other net.Conn) {
	defer other.Close()
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		if n > 0 && !do(b[:n]) || err != nil {
			return
		}
	}
}

// A change of structure behind a long reader does not make everybody else wait: it gives up, tries
// again, and succeeds when the reader is gone.
func TestDDLDoesNotBlockReaders(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqldb.Postgres)
	db, other := p.open(t), p.open(t)
	people(t, db)
	reading, tried, done := make(chan struct{}), make(chan struct{}, 20), make(chan error, 1)
	release := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = db.Read(t.Context(), func(tx *sqldb.Tx) error {
			ids(t, tx)
			close(reading)
			<-release
			return nil
		})
	})
	<-reading
	wg.Go(func() {
		done <- other.Write(t.Context(), func(tx *sqldb.Tx) error {
			tried <- struct{}{}
			return tx.DDL(t.Context(), "ALTER TABLE person ADD COLUMN age BIGINT")
		})
	})
	for range 3 { // the third try proves that two gave up
		<-tried
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := db.Row(ctx, "SELECT count(*) FROM person", nil, new(int)); err != nil {
			t.Errorf("a reader behind the change: %v", err)
		}
		cancel()
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	wg.Wait()
}

// A primary that freezes: every request ends in bounded time although its caller would wait for ever,
// and when the server is back the pool works again without a restart.
func TestFrozenPrimary(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a server of its own")
	}
	server := pgtest.NewOwn(t)
	ctx := t.Context()
	db, err := sqldb.OpenPostgres(ctx, sqldb.PostgresConfig{URL: server.DSN(t) + "&connect_timeout=1", Schema: "wb", Conns: 4, Silence: 500 * time.Millisecond})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	people(t, db)
	must(t, db.Write(ctx, insert(ctx, 1)))

	frozen := make(chan struct{})
	requests := map[string]func(n int) error{
		"write": func(n int) error { return db.Write(ctx, insert(ctx, n)) },
		"read":  func(int) error { _, err := db.Row(ctx, "SELECT id FROM person", nil, new(int)); return err },
		"read transaction": func(int) error {
			return db.Read(ctx, func(tx *sqldb.Tx) error { _, err := tx.Row(ctx, "SELECT id FROM person", nil, new(int)); return err })
		},
	}
	var began, ended sync.WaitGroup
	began.Add(1)
	ended.Go(func() {
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if err := insert(ctx, 2)(tx); err != nil {
				return err
			}
			began.Done()
			<-frozen
			return insert(ctx, 3)(tx)
		})
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("a transaction in its middle: %v", err)
		}
	})
	began.Wait()
	server.Freeze(t)
	close(frozen)
	for round := range 4 { // more requests than connections
		for name, request := range requests {
			ended.Go(func() {
				if err := request(10 + round); !fault.Is(err, fault.Unavailable) {
					t.Errorf("%s on a frozen server: %v", name, err)
				}
			})
		}
	}
	before := time.Now()
	ended.Wait() // while the server is still frozen
	t.Logf("every request had ended %v after the server froze", time.Since(before))
	server.Thaw(t)
	must(t, db.Write(ctx, insert(ctx, 100)))
	if got := ids(t, db); !slices.Contains(got, 100) || slices.Contains(got, 3) {
		t.Errorf("stored %v", got)
	}
}
