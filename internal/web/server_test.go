package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/config"
	"github.com/wardbook/wardbook/internal/fault"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	s := bare()
	if a := s.send(t, "GET", "/healthz", "", "").want(200); a.text != "ok\n" {
		t.Error(a.text)
	}
	if a := s.send(t, "GET", "/readyz", "", "").want(200); a.text != "ready\n" {
		t.Error(a.text)
	}
	s.send(t, "POST", "/healthz", "", "").want(405)
	s.send(t, "POST", "/readyz", "", "").want(405)
	s.send(t, "GET", "/nothing", "", "").want(404)
	s.send(t, "GET", "/api/v1/nothing", "", "").want(404)
	s.send(t, "GET", "/api/v2/me", "", "").want(404)

	s.server.ready = func(context.Context) error {
		return fault.Wrap(fault.Unavailable, errors.New("secret detail"), "x", "the database is away")
	}
	r, err := http.NewRequest("GET", "http://wardbook.test/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &recorder{header: http.Header{}}
	s.server.http.Handler.ServeHTTP(w, r)
	if w.code != 503 || !strings.Contains(w.text.String(), "the database is away") || strings.Contains(w.text.String(), "secret") {
		t.Errorf("%d %s", w.code, w.text.String())
	}
}

// recorder is an answer that is not held to what the API's answers are.
type recorder struct {
	header http.Header
	code   int
	text   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(code int)        { r.code = code }
func (r *recorder) Write(b []byte) (int, error) { return r.text.Write(b) }

func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	s := bare()
	s.server.http.Handler = s.server.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("Verysecretname") }))
	if a := s.send(t, "GET", "/x", "", "").want(500); strings.Contains(a.text, "Verysecretname") || a.str("code") != "internal" {
		t.Error(a.text)
	}
	if log := s.log.String(); !strings.Contains(log, "request panicked") || strings.Contains(log, "Verysecretname") {
		t.Error(log)
	}
}

func TestTooManyAtOnce(t *testing.T) {
	t.Parallel()
	s := bare()
	for range maxRequests {
		s.server.slots <- struct{}{}
	}
	if a := s.send(t, "GET", "/healthz", "", "").want(503); a.header.Get("Retry-After") == "" || a.str("reason") != "busy" {
		t.Error(a.text)
	}
	<-s.server.slots
	s.send(t, "GET", "/healthz", "", "").want(200)
}

func TestStrictTransport(t *testing.T) {
	t.Parallel()
	s := bare()
	if s.send(t, "GET", "/healthz", "", "").header.Get("Strict-Transport-Security") != "" {
		t.Error("in clear there is nothing to be strict about")
	}
	s.server.tls = true
	if !strings.HasPrefix(s.send(t, "GET", "/healthz", "", "").header.Get("Strict-Transport-Security"), "max-age=63072000") {
		t.Error("TLS without Strict-Transport-Security")
	}
	if s.server.http.TLSConfig.MinVersion != 0x0304 {
		t.Error("below TLS 1.3")
	}
}

// A request that runs when the server is told to stop is answered, and new connections are refused.
func TestGracefulEnd(t *testing.T) {
	t.Parallel()
	s := bare()
	begun, finish := make(chan struct{}), make(chan struct{})
	s.server.http.Handler = s.server.guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "whole")
	}))
	s.server.log = slog.New(slog.DiscardHandler)
	stopping := make(chan struct{})
	s.server.http.RegisterOnShutdown(func() { close(stopping) })
	l, err := s.server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.server.Serve(ctx, l) }()
	conn, err := net.DialTimeout("tcp", l.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-begun
	cancel()
	<-stopping
	select {
	case err := <-ended:
		t.Fatalf("the server ended before its request: %v", err)
	default:
	}
	close(finish)
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != "whole" {
		t.Errorf("got %q (%v)", b, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if c, err := net.DialTimeout("tcp", l.Addr().String(), 5*time.Second); err == nil {
		c.Close()
		t.Error("a new connection is taken")
	}
}

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &Server{conf: config.Config{Listen: l.Addr().String()}}
	if _, err := s.Listen(); fault.Reason(err) != "address_in_use" || !strings.Contains(fault.Message(err), "--listen") {
		t.Errorf("got %v", err)
	}
}

func TestTimesAreBounded(t *testing.T) {
	t.Parallel()
	s := bare()
	for name, d := range map[string]time.Duration{
		"ReadHeaderTimeout": s.server.http.ReadHeaderTimeout, "ReadTimeout": s.server.http.ReadTimeout,
		"WriteTimeout": s.server.http.WriteTimeout, "IdleTimeout": s.server.http.IdleTimeout,
	} {
		if d <= 0 || d > 5*time.Minute {
			t.Errorf("%s is %v", name, d)
		}
	}
	if n := s.server.http.MaxHeaderBytes; n <= 0 || n > 64<<10 {
		t.Errorf("headers may have %d bytes", n)
	}
}
