package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Trace is what the server's log says about a request. It holds nothing personal: the route and not
// the address, identifiers and not names.
type Trace struct {
	Request string
	Route   string
	User    id.ID
}

type traceKey struct{}

// WithTrace puts a trace into a request, for the API to fill in.
func WithTrace(r *http.Request, t *Trace) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), traceKey{}, t))
}

func note(r *http.Request, route string, actor authn.Actor) {
	if t, ok := r.Context().Value(traceKey{}).(*Trace); ok {
		t.Route, t.User = route, actor.User()
	}
}

func requestOf(r *http.Request) string {
	if t, ok := r.Context().Value(traceKey{}).(*Trace); ok {
		return t.Request
	}
	return ""
}

// remote is the address that a request came from, without its port.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func origin(r *http.Request) door.Origin {
	agent := r.UserAgent()
	if len(agent) > 200 {
		agent = agent[:200]
	}
	return door.Origin{Request: requestOf(r), Address: remote(r), Agent: strings.ToValidUTF8(agent, "?")}
}

// Limits of a request.
const (
	maxBody  = 1 << 20  // bytes
	maxBatch = 10 << 20 // bytes of a batch
	maxDepth = 32       // of nested JSON
)

// decode reads a JSON body into v: one value, no unknown members, not deeper than maxDepth.
func (c *call) decode(v any) error { return c.read(v, false) }

// decodeAny is decode for a body that may be left out.
func (c *call) decodeAny(v any) error { return c.read(v, true) }

func (c *call) read(v any, optional bool) error {
	if c.ContentLength > c.limit { // before it is waited for
		return &http.MaxBytesError{Limit: c.limit}
	}
	b, err := io.ReadAll(c.Body)
	switch {
	case err != nil && tooLarge(err):
		return err
	case err != nil:
		return fault.Wrap(fault.Invalid, err, "bad_body", "the request ended before its body was complete")
	case len(b) == 0 && optional:
		return nil
	}
	if ct := c.Header.Get("Content-Type"); ct != "" {
		if media, _, err := mime.ParseMediaType(ct); err != nil || media != "application/json" {
			return fault.New(fault.Invalid, "bad_json", "send JSON (Content-Type: application/json)")
		}
	}
	if err := checkDepth(b); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "bad_json", "the request holds more than one JSON value")
	}
	return nil
}

func badJSON(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &fault.Error{
			Kind: fault.Invalid, Reason: "bad_json", Message: "the request has a value of the wrong type",
			Fields: []fault.Field{{Name: e.Field, Reason: "wrong_type", Message: "want " + e.Type.String()}},
		}
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return &fault.Error{
			Kind: fault.Invalid, Reason: "bad_json", Message: "the request has an unknown member " + name,
			Fields: []fault.Field{{Name: strings.Trim(name, `"`), Reason: "unknown_field", Message: "there is no such member"}},
		}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fault.New(fault.Invalid, "bad_json", "the request is not valid JSON, near byte %d", e.Offset)
	}
	return fault.New(fault.Invalid, "bad_json", "the request is not valid JSON")
}

// checkDepth refuses deep nesting before a recursive decoder meets it.
func checkDepth(b []byte) error {
	depth, text, escaped := 0, false, false
	for _, x := range b {
		switch {
		case escaped:
			escaped = false
		case text && x == '\\':
			escaped = true
		case x == '"':
			text = !text
		case text:
		case x == '{' || x == '[':
			if depth++; depth > maxDepth {
				return fault.New(fault.TooLarge, "json_too_deep", "the request is nested more than %d deep", maxDepth)
			}
		case x == '}' || x == ']':
			depth--
		}
	}
	return nil
}

// record reads the identifier in the path.
func (c *call) record() (id.ID, error) {
	rid, err := id.Parse(c.PathValue("id"))
	if err != nil {
		return rid, fault.New(fault.NotFound, "not_found", "there is no such record")
	}
	return rid, nil
}

// version reads If-Match; 0 where it is not there.
func (c *call) version() (int64, error) {
	text := strings.Trim(strings.TrimPrefix(c.Header.Get("If-Match"), "W/"), `"`)
	if text == "" || text == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, fault.New(fault.Invalid, "bad_parameter", "If-Match: want the ETag that the record was read with")
	}
	return n, nil
}

// params reads query parameters and refuses those that the route does not know.
func params(r *http.Request, known []string) (map[string]string, error) {
	// Not URL.Query: it drops what it cannot read, and a list without its filter is a wrong answer.
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault.New(fault.Invalid, "bad_parameter", "the part of the address after ? cannot be read: encode it (; is %%3B, %% is %%25)")
	}
	out := map[string]string{}
	for name, values := range query {
		switch {
		case len(known) == 0:
			return nil, parameter(name, "this address takes no parameters")
		case !slices.Contains(known, name):
			return nil, parameter(name, "there is no such parameter; there are: "+strings.Join(known, ", "))
		case len(values) != 1:
			return nil, parameter(name, "give it once")
		}
		out[name] = values[0]
	}
	return out, nil
}

func parameter(name, message string) error {
	if len(name) > 60 {
		name = name[:60]
	}
	return &fault.Error{
		Kind: fault.Invalid, Reason: "bad_parameter", Message: name + ": " + message,
		Fields: []fault.Field{{Name: name, Reason: "bad_parameter", Message: message}},
	}
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func integer(name, text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, parameter(name, "want a whole number")
	}
	return n, nil
}

func boolean(name, text string) (bool, error) {
	switch text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, parameter(name, "want true or false")
}

func moment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, parameter(name, "want a time such as 2026-03-04T08:00:00Z")
	}
	return t, nil
}

// limits bounds how often somebody asks and how often somebody tries wrong tokens.
type limits struct {
	now func() time.Time

	mu    sync.Mutex
	asks  map[string]*rate.Limiter
	fails map[string]*rate.Limiter
}

const (
	perSecond  = 200
	burst      = 600
	failEvery  = 2 * time.Second
	failBurst  = 30
	maxTracked = 50_000
)

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, asks: map[string]*rate.Limiter{}, fails: map[string]*rate.Limiter{}}
}

// take counts a request and returns how long to wait, 0 to go on, and how many may follow at once.
func (l *limits) take(who string) (wait time.Duration, left int) {
	now, x := l.now(), l.of(l.asks, who, perSecond, burst)
	r := x.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait, max(0, int(x.TokensAt(now)))
}

// rateLimits tells a caller how many calls are left, and in how many seconds all are.
func rateLimits(h http.Header, left int) {
	h.Set("RateLimit-Policy", fmt.Sprintf(`"calls";q=%d;w=%d`, burst, burst/perSecond))
	h.Set("RateLimit", fmt.Sprintf(`"calls";r=%d;t=%d`, left, (burst-left+perSecond-1)/perSecond))
}

func (l *limits) of(m map[string]*rate.Limiter, who string, every rate.Limit, burst int) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(m) > maxTracked {
		clear(m)
	}
	x := m[who]
	if x == nil {
		x = rate.NewLimiter(every, burst)
		m[who] = x
	}
	return x
}

func (l *limits) failed(from string) {
	l.of(l.fails, from, rate.Every(failEvery), failBurst).AllowN(l.now(), 1)
}

func (l *limits) blocked(from string) bool {
	return l.of(l.fails, from, rate.Every(failEvery), failBurst).TokensAt(l.now()) < 1
}
