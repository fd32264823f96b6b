// Package web is the HTTP edge: one server with safe headers, bounded sizes and times, a log without
// personal data, and a graceful end.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/wardbook/wardbook/internal/config"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/web/api"
	"github.com/wardbook/wardbook/internal/web/page"
)

// Server serves one organisation.
type Server struct {
	http  *http.Server
	tls   bool
	conf  config.Config
	log   *slog.Logger
	ids   *id.Source
	now   func() time.Time
	ready func(ctx context.Context) error
	slots chan struct{}
	seen  func(method, route string, status int, took time.Duration) // nil: nobody counts
}

// Observe has each answered request told to seen. It is for before the first request.
func (s *Server) Observe(seen func(method, route string, status int, took time.Duration)) {
	s.seen = seen
}

// maxRequests is how many requests are worked on at once; more are told to come again.
const maxRequests = 256

// New returns a server. Pages may be nil for one that serves the API alone; ready reports whether
// requests can be served now.
func New(conf config.Config, a *api.API, pages *page.Pages, ids *id.Source, now func() time.Time, log *slog.Logger, ready func(ctx context.Context) error) *Server {
	s := &Server{tls: conf.TLSCert != "", conf: conf, log: log, ids: ids, now: now, ready: ready, slots: make(chan struct{}, maxRequests)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.readiness)
	mux.Handle("/healthz", api.NotAllowed(http.MethodGet))
	mux.Handle("/readyz", api.NotAllowed(http.MethodGet))
	if pages == nil {
		mux.Handle("/", a.Handler())
	} else {
		mux.Handle("/api/", a.Handler())
		pages.Register(mux)
	}
	read := conf.ReadTimeout
	if read == 0 {
		read = time.Minute
	}
	s.http = &http.Server{
		Handler: s.guard(mux), ReadHeaderTimeout: min(5*time.Second, read), ReadTimeout: read, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13},
	}
	s.http.RegisterOnShutdown(a.Stop)
	return s
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the other side may be gone
}

func (s *Server) readiness(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		say(w, http.StatusServiceUnavailable, "not ready: "+fault.Message(err))
		return
	}
	say(w, http.StatusOK, "ready")
}

// Listen opens the address and returns the one that was got, for a port of 0.
func (s *Server) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", s.conf.Listen)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "address_in_use", "--listen %s cannot be opened: another program may use it", s.conf.Listen)
	}
	return l, nil
}

// stopTime is how long running requests may take to end.
const stopTime = 20 * time.Second

// Serve serves until the context ends, and then lets running requests end.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	failed := make(chan error, 1)
	go func() {
		if s.tls {
			failed <- s.http.ServeTLS(l, s.conf.TLSCert, s.conf.TLSKey)
			return
		}
		failed <- s.http.Serve(l)
	}()
	select {
	case err := <-failed:
		return fault.Wrap(fault.Unavailable, err, "serve", "the server stopped: check the certificate and key files")
	case <-ctx.Done():
	}
	s.log.Info("stopping", "running", len(s.slots), "seconds", int(stopTime/time.Second))
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := s.http.Shutdown(end)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests did not end in time and were cut off", "running", len(s.slots))
		return s.http.Close()
	}
	return err
}

// guard surrounds every request: headers, an identifier, a bound on how many run, a line in the log.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := s.now()
		t := &api.Trace{Request: s.ids.New().String()}
		r = api.WithTrace(r, t)
		s.headers(w.Header(), t.Request)
		seen := &status{ResponseWriter: w}
		defer func() {
			p := recover()
			if p == http.ErrAbortHandler { //nolint:errorlint // a value of panic, as net/http compares it
				defer panic(p) // cuts the connection: what was sent is not the whole answer
			} else if p != nil {
				s.log.Error("request panicked", "request", t.Request, "route", t.Route)
				if seen.code == 0 {
					api.Problem(seen, r, fault.New(fault.Internal, "panic", "internal error"))
				}
			}
			took := s.now().Sub(begun)
			s.log.Info("request", "request", t.Request, "method", r.Method, "route", t.Route, "status", seen.code, "bytes", seen.bytes,
				"milliseconds", took.Milliseconds(), "user", t.User.String())
			if s.seen != nil {
				s.seen(r.Method, t.Route, seen.code, took)
			}
		}()
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			api.Problem(seen, r, fault.New(fault.Unavailable, "busy", "too many requests at once: try again"))
			return
		}
		next.ServeHTTP(seen, r)
	})
}

// headers forbid a browser everything that an API answer never needs.
func (s *Server) headers(h http.Header, request string) {
	h.Set("X-Request-Id", request)
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if s.tls {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// status remembers what was answered, for the log.
type status struct {
	http.ResponseWriter
	code  int
	bytes int
}

// Unwrap lets http.ResponseController reach the connection.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (s *status) WriteHeader(code int) {
	if s.code == 0 {
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (s *status) Write(b []byte) (int, error) {
	if s.code == 0 {
		s.code = http.StatusOK
	}
	n, err := s.ResponseWriter.Write(b)
	s.bytes += n
	return n, err
}
