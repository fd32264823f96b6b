package fault

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The database server crashes under load and recovers, while Wardbook runs on. Not parallel: the
// server is shared with the other tests of this process.
func TestDatabaseCrash(t *testing.T) { //nolint:paralleltest // see above
	if testing.Short() {
		t.Skip("skipped in short mode: a database server recovers")
	}
	s := newSite(t, "postgresql")
	if !strings.HasPrefix(hostOf(t, s.database), "/") {
		t.Skip("skipped: the database server is not ours to kill (WARDBOOK_TEST_POSTGRES)")
	}
	l := newLoad(s, 4, 5)
	v := s.start()
	for range 2 {
		end := make(chan struct{})
		l.until(v, 40, func() {
			crash(t, s.database)
			l.await(l.acked.Load() + 40)
			close(end)
		}, end)
		l.check(v)
	}
	v.stop()
	s.verify()
}

// crash kills one of the server's processes, at which PostgreSQL cuts off all others and recovers from
// its log, as after a power cut.
func crash(t *testing.T, dsn string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context()) //nolint:errcheck // it was cut off
	var pid int
	if err := c.QueryRow(t.Context(), "SELECT pid FROM pg_stat_activity WHERE application_name = 'wardbook' AND datname = current_database() LIMIT 1").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func hostOf(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("host")
}

// await returns when so many writes were acknowledged.
func (l *load) await(acks int64) {
	tick, late := time.NewTicker(10*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for l.acked.Load() < acks {
		select {
		case <-tick.C:
		case <-late:
			l.s.t.Errorf("%d writes were acknowledged, and no more came", l.acked.Load())
			return
		}
	}
}

// The database server is out of reach for a while: every request hears so, and none is lost.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, "postgresql")
	host := hostOf(t, s.database)
	if !strings.HasPrefix(host, "/") {
		t.Skip("skipped: the database server is not ours to cut off (WARDBOOK_TEST_POSTGRES)")
	}
	p := newCable(t, filepath.Join(host, ".s.PGSQL.5432"))
	u, err := url.Parse(s.database)
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = p.addr, "sslmode=disable"
	s.database = u.String()
	l := newLoad(s, 4, 6)
	v := s.start()
	end := make(chan struct{})
	l.until(v, 40, func() {
		p.cut()
		v.forgotten("/api/v1/me") // a token counts for a second as it was read last, and so does what it says of its person
		for _, path := range []string{"/api/v1/records/company", "/api/v1/me", "/api/v1/journal"} {
			if r := v.want(http.StatusServiceUnavailable, "GET", path, nil); !strings.Contains(r.text("detail"), "try again") {
				t.Errorf("GET %s: no remedy: %s", path, r.raw)
			}
		}
		v.want(http.StatusServiceUnavailable, "GET", "/readyz", nil)
		v.want(http.StatusOK, "GET", "/healthz", nil)
		p.mend()
		l.await(l.acked.Load() + 40)
		close(end)
	}, end)
	l.check(v)
	v.get("/readyz") // without a restart
	v.stop()
	p.cut()
	s.refused([]string{"status"}, "the database server cannot be reached", "--database")
	p.mend()
	s.verify()
}

// cable is a connection to the database server that can be cut.
type cable struct {
	t        *testing.T
	addr, to string

	mu       sync.Mutex
	listener net.Listener
	ends     []net.Conn
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	c := &cable{t: t, addr: "127.0.0.1:0", to: to}
	c.mend()
	c.addr = c.listener.Addr().String()
	t.Cleanup(c.cut)
	return c
}

func (c *cable) mend() {
	c.t.Helper()
	l, err := net.Listen("tcp", c.addr)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.listener = l
	c.mu.Unlock()
	go func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("unix", c.to)
			if err != nil {
				_ = a.Close()
				continue
			}
			c.mu.Lock()
			c.ends = append(c.ends, a, b)
			c.mu.Unlock()
			go pipe(a, b)
			go pipe(b, a)
		}
	}()
}

func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from) // ends when one end does
	_ = to.Close()
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.listener.Close()
	for _, x := range c.ends {
		_ = x.Close()
	}
	c.ends = nil
}

// forgotten waits until the server answers no longer from what it read before its database went away.
func (v *server) forgotten(path string) {
	v.s.t.Helper()
	tick, late := time.NewTicker(10*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-late:
			v.s.t.Errorf("%s is still answered without a database", path)
			return
		}
		if r, err := v.send("GET", path, nil); err == nil && r.status != http.StatusOK {
			return
		}
	}
}
