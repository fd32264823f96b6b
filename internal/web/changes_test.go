package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/web/api"
)

// What others do is told to who may see it, and only that; who comes again gets what it missed, once.
func TestChanges(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		url, _ := s.streaming(t)
		rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
		token := s.token(t, rita, "*:*")
		x, first := s.open(t, url, token, "")
		if first.id == "" || first.name != "" {
			t.Errorf("begins with %+v", first)
		}
		var want []string
		for i := range 2 { // two of hers follow each other in the journal, and two do not
			var ops []door.Operation
			for _, name := range []string{"Not", "Hers", "Hers"} {
				v := door.Values{"last_name": fmt.Sprint(name, i)}
				if name == "Hers" {
					v["owner"] = rita.String()
				}
				ops = append(ops, door.Operation{Op: "create", Object: "lead", Fields: v})
			}
			r, err := s.As(s.Owner).Batch(context.Background(), ops, door.BatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range r.Results[1:] {
				want = append(want, "create lead "+x.ID.String()+" 1")
			}
		}
		all := x.changes(4)
		if got := said(t, all); !slices.Equal(got, want) {
			t.Fatalf("told %q, want %q", got, want)
		}
		for _, e := range all {
			for _, word := range []string{"Hers", "Not"} {
				if strings.Contains(e.data, word) {
					t.Errorf("an event tells a value: %s", e.data)
				}
			}
		}
		for i, e := range append([]event{first}, all...) {
			again, b := s.open(t, url, token, e.id)
			if b.name != "" {
				t.Errorf("after %s: %+v", e.id, b)
			}
			if got := said(t, again.changes(4-i)); !slices.Equal(got, want[i:]) {
				t.Errorf("after %s: told %q, want %q", e.id, got, want[i:])
			}
			again.body.Close()
		}
		if _, b := s.open(t, url, token, "99999999"); b.name != "reset" {
			t.Errorf("after an event that is not: %+v", b)
		}
	})
}

// Who loses the token, the session, the account or the right is told nothing more.
func TestChangesEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		signed bool
		lose   func(t *testing.T, s *site, rita id.ID)
		stays  bool
	}{
		{"the token is revoked", false, func(t *testing.T, s *site, rita id.ID) {
			t.Helper()
			list, err := s.desk.Tokens.List(context.Background(), rita)
			if err != nil || len(list) != 1 {
				t.Fatal(err, len(list))
			}
			if found, err := s.desk.Tokens.Revoke(context.Background(), list[0].ID); err != nil || !found {
				t.Fatal(err, found)
			}
		}, false},
		{"the token expires", false, func(_ *testing.T, s *site, _ id.ID) { s.Clock.Add(time.Hour) }, false},
		{"the session is ended", true, func(t *testing.T, s *site, rita id.ID) {
			t.Helper()
			if err := s.desk.Sessions.EndAll(context.Background(), rita, "test"); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"the session is not used", true, func(_ *testing.T, s *site, _ id.ID) { s.Clock.Add(31 * time.Minute) }, false},
		{"the account", true, func(t *testing.T, s *site, rita id.ID) {
			t.Helper()
			s.change(t, rita, door.Values{"active": false})
		}, false},
		{"the role", false, func(t *testing.T, s *site, rita id.ID) {
			t.Helper()
			s.change(t, rita, door.Values{"roles": []any{}})
		}, true},
	} {
		for _, news := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, news %t", c.name, news), func(t *testing.T) {
				t.Parallel()
				s := newSite(t, sqldb.SQLite)
				url, b := s.streaming(t)
				rita := s.Person(t, "Rita Rep", id.ID{}, "sales_manager")
				var token string
				if c.signed {
					token = s.signIn(t, rita)
				} else {
					token = s.token(t, rita, "*:*")
				}
				x, _ := s.open(t, url, token, "")
				s.Make(t, "company", door.Values{"name": "Before"})
				x.changes(1)
				if c.stays {
					c.lose(t, s, rita)
					s.Make(t, "company", door.Values{"name": "After"})
					s.settle(t)
					s.Clock.Add(15 * time.Second)
					b.pass()
					if e, ok := x.next(); !ok || e.name != "" || e.comment == "" {
						t.Errorf("told without the right: %+v", e)
					}
					return
				}
				c.lose(t, s, rita)
				if news { // nothing is sent, though no second has passed
					s.Make(t, "company", door.Values{"name": "After"})
					s.settle(t)
				} else {
					b.pass()
				}
				x.ends()
				if n := s.api.Streams(); n != 0 {
					t.Errorf("%d streams are open", n)
				}
			})
		}
	}
}

func (s *site) change(t *testing.T, user id.ID, v door.Values) {
	t.Helper()
	if _, err := s.As(s.Owner).Update(context.Background(), "user", user, 0, v); err != nil {
		t.Fatal(err)
	}
}

func (s *site) settle(t *testing.T) {
	t.Helper()
	if err := s.Door.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// After a silence a stream shows that it is there, and how far it is.
func TestChangesBeat(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	url, b := s.streaming(t)
	x, first := s.open(t, url, s.token(t, s.Person(t, "Stan Stranger", id.ID{}), "*:*"), "")
	before := must1[uint64](t)(strconv.ParseUint(first.id, 10, 64))
	s.Make(t, "company", door.Values{"name": "Nothing to a stranger"})
	s.settle(t)
	s.Clock.Add(14 * time.Second)
	b.pass()
	s.Clock.Add(time.Second)
	b.pass()
	e, ok := x.next()
	if at := must1[uint64](t)(strconv.ParseUint(e.id, 10, 64)); !ok || e.comment != "still here" || at < before {
		t.Errorf("%+v after %d", e, before)
	}
}

func must1[T any](t *testing.T) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// A person has so many streams, and all together so many; who leaves makes room.
func TestTooManyStreams(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	url, b := s.streaming(t)
	var open []*stream
	for range api.MaxPersonStreams {
		x, _ := s.open(t, url, s.owner, "")
		open = append(open, x)
	}
	got := ask(t, url, s.token(t, s.Owner, "*:read"), "")
	if got.StatusCode != 429 || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	mark := s.token(t, s.Owner, "*:*")
	for s.api.Streams() < api.MaxStreams {
		p := s.Person(t, fmt.Sprint("Person ", s.api.Streams()), id.ID{})
		x, _ := s.open(t, url, s.token(t, p, "*:*"), "")
		open = append(open, x)
	}
	if got := ask(t, url, s.token(t, s.Person(t, "One More", id.ID{}), "*:*"), ""); got.StatusCode != 503 || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	s.send(t, "GET", "/api/v1/me", mark, "").want(200) // the rest of the server has room
	list, err := s.desk.Tokens.List(context.Background(), s.Owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.desk.Tokens.Revoke(context.Background(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	b.pass()
	for _, x := range open[:api.MaxPersonStreams] {
		for ok := true; ok; _, ok = x.next() { // to its end
		}
	}
	s.open(t, url, mark, "")
}

// A server that stops ends its streams, and waits for none of them.
func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	l, err := s.server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.server.Serve(ctx, l) }()
	x, _ := s.open(t, "http://"+l.Addr().String(), s.owner, "")
	stop()
	x.ends()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if strings.Contains(s.log.String(), "cut off") {
		t.Error("the stream was cut off and did not end")
	}
}

// one is a listener with a single connection.
type one struct {
	conn chan net.Conn
}

func (o one) Accept() (net.Conn, error) {
	c, ok := <-o.conn
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (one) Close() error   { return nil }
func (one) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// A reader that does not take what is sent is dropped: it would keep its place for ever.
func TestStalledReadersAreDropped(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	s.api.KeepPace(api.Pace{Tick: (&beats{all: map[chan time.Time]bool{}}).tick, Stall: time.Millisecond})
	here, there := net.Pipe() // which keeps nothing: what is not read is not sent
	defer here.Close()
	l := one{make(chan net.Conn, 1)}
	l.conn <- there
	done := make(chan struct{})
	web := &http.Server{Handler: s.server.http.Handler, ReadHeaderTimeout: time.Minute, ConnState: func(_ net.Conn, st http.ConnState) {
		if st == http.StateClosed {
			close(done)
		}
	}}
	go func() { _ = web.Serve(l) }()
	defer close(l.conn)
	if _, err := io.WriteString(here, "GET /api/v1/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+s.owner+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-done
	if n := s.api.Streams(); n != 0 {
		t.Errorf("%d streams are open", n)
	}
}
