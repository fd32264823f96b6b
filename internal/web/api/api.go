// Package api is the REST interface under /api/v1: it decodes a request, calls a verb of the door and
// encodes the answer. It decides nothing. Routes lists what there is.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/transfer"
)

// API serves one organisation.
type API struct {
	door   *door.Door
	desk   *authn.Desk
	limits *limits
	turns  *turns
	ids    *id.Source
	now    func() time.Time
	log    *slog.Logger

	waiting *transfer.Waiting // nil where no files are taken
	streams streams
}

// KeepImports has the API take files to import.
func (a *API) KeepImports(w *transfer.Waiting) { a.waiting = w }

// New returns the API of an organisation.
func New(d *door.Door, desk *authn.Desk, ids *id.Source, now func() time.Time, log *slog.Logger) *API {
	return &API{door: d, desk: desk, limits: newLimits(now), turns: newTurns(), ids: ids, now: now, log: log, streams: newStreams()}
}

// call is one request of somebody known.
type call struct {
	*http.Request
	ctx     context.Context //nolint:containedctx // lives as long as the request
	session *door.Session
	actor   authn.Actor
	signed  *authn.Signed     // the session of a person who signed in; nil for a token
	query   map[string]string // the query parameters that the route knows
	limit   int64             // bytes of the body
	who     string            // under which the caller's calls are counted
}

// reply is what a handler answers.
type reply struct {
	status  int                     // 0 means 200
	body    any                     // nil for none
	write   func(w io.Writer) error // instead of a body, for what is not JSON; header says what it is
	header  map[string]string
	cookies []*http.Cookie
	stream  func(ctx context.Context, w *streamed) error // writes the body, instead of body
	life    time.Duration                                // of the stream; 0 means transfer.ExportTime
}

type handler func(a *API, c *call) (reply, error)

// Handler returns the API as an HTTP handler.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	allowed := map[string][]string{}
	for _, r := range Routes() {
		mux.Handle(r.Method+" "+r.Path, a.serve(r))
		allowed[r.Path] = append(allowed[r.Path], r.Method)
	}
	for path, methods := range allowed {
		mux.Handle(path, NotAllowed(methods...))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.problem(w, r, fault.New(fault.NotFound, "unknown_path", "there is nothing at this address; see docs/api.md"))
	})
	return mux
}

// requestTime bounds the work of one request, and longTime that of one that may change very much.
const (
	requestTime = 30 * time.Second
	longTime    = 10 * time.Minute
	writeTime   = 2 * time.Minute // to work on a file that was sent, and to answer
)

// serve runs one route: who asks, how often, how long, and then the handler.
func (a *API) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := requestTime
		if route.long() {
			limit = longTime
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // the server's own is for short answers
		}
		if route.limit() > maxBatch { // a large file takes its time
			limit = uploadTime + requestTime
			control := http.NewResponseController(w)
			_ = control.SetReadDeadline(a.now().Add(uploadTime))
			_ = control.SetWriteDeadline(a.now().Add(uploadTime + writeTime)) // the server's own began before the body
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		note(r, route.Path, authn.Actor{})
		who, err := a.authenticate(ctx, r, route)
		if err != nil {
			a.problem(w, r, err)
			return
		}
		note(r, route.Path, who.actor)
		wait, left := a.limits.take(who.name(r))
		rateLimits(w.Header(), left)
		if wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			a.problem(w, r, fault.New(fault.TooMany, "too_many_requests", "too many requests: wait and try again"))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, route.limit())
		c := &call{Request: r, ctx: ctx, session: a.door.As(who.actor, who.via).From(origin(r)), actor: who.actor, signed: who.signed, limit: route.limit(), who: who.name(r)}
		if c.query, err = params(r, strings.Fields(route.Query)); err != nil {
			a.problem(w, r, err)
			return
		}
		got, err := route.handle(a, c)
		if err != nil {
			a.problem(w, r, err)
			return
		}
		if got.stream != nil {
			a.stream(w, r, got)
			return
		}
		a.answer(w, r, got)
	})
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, got reply) {
	for k, v := range got.header {
		w.Header().Set(k, v)
	}
	for _, c := range got.cookies {
		http.SetCookie(w, c)
	}
	if got.status == 0 {
		got.status = http.StatusOK
	}
	if got.write != nil {
		w.WriteHeader(got.status)
		if err := got.write(w); err != nil { // the answer has begun: it ends early, and the log says why
			a.log.ErrorContext(r.Context(), "answer cut off", "request", requestOf(r), "error", err.Error())
		}
		return
	}
	if got.body == nil {
		w.WriteHeader(got.status)
		return
	}
	b, err := encode(got.body)
	if err != nil {
		a.problem(w, r, err)
		return
	}
	b = append(b, '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(got.status)
	_, _ = w.Write(b) // the other side may be gone
}

func encode(body any) ([]byte, error) {
	if x, ok := body.(appender); ok {
		return x.appendJSON(nil)
	}
	return json.Marshal(body)
}

// NotAllowed answers requests with a method that the address does not know.
func NotAllowed(methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		write(w, r, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "wrong_method", "this address takes %s", strings.Join(methods, ", ")))
	})
}

// problem answers an error, and logs one that is ours.
func (a *API) problem(w http.ResponseWriter, r *http.Request, err error) {
	if fault.KindOf(err) == fault.Internal && !tooLarge(err) && !timedOut(err) {
		a.log.ErrorContext(r.Context(), "request failed", "request", requestOf(r), "error", err.Error())
	}
	Problem(w, r, err)
}

func tooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}

func timedOut(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// Problem answers an error as a problem document (RFC 9457).
func Problem(w http.ResponseWriter, r *http.Request, err error) {
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = fault.New(fault.TooLarge, "body_too_large", "the request is larger than %d bytes", e.Limit)
	}
	kind := fault.KindOf(err)
	if kind == fault.Internal && timedOut(err) {
		kind, err = fault.Unavailable, fault.New(fault.Unavailable, "timeout", "the request took too long and was stopped")
	}
	status := kind.Status()
	if kind == fault.Invalid && slices.Contains([]string{"bad_json", "bad_body", "bad_parameter", "bad_id", "two_proofs"}, fault.Reason(err)) {
		status = http.StatusBadRequest
	}
	switch kind {
	case fault.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="wardbook"`)
	case fault.TooMany, fault.Unavailable:
		if wait, ok := waitOf(err); ok {
			w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		}
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", strconv.Itoa(int(failEvery/time.Second)))
		}
	}
	write(w, r, status, err)
}

func write(w http.ResponseWriter, r *http.Request, status int, err error) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{ // the other side may be gone
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fault.Message(err),
		Code: string(fault.KindOf(err)), Reason: fault.Reason(err), Errors: fault.FieldsOf(err), Request: requestOf(r),
	})
}

// problem is the document of an error.
type problem struct {
	Type    string        `json:"type"`
	Title   string        `json:"title"`
	Status  int           `json:"status"`
	Detail  string        `json:"detail"`
	Code    string        `json:"code"`
	Reason  string        `json:"reason"`
	Errors  []fault.Field `json:"errors,omitempty"`
	Request string        `json:"request_id"`
}
