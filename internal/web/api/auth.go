package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
)

// caller is who sent a request: a program with a token, or a person who signed in.
type caller struct {
	actor  authn.Actor
	via    door.Via
	signed *authn.Signed // nil for a token, and for a stranger
}

// name is under what the calls of somebody are counted.
func (c caller) name(r *http.Request) string {
	if c.actor.IsZero() {
		return remote(r)
	}
	return c.actor.App().String() + c.actor.User().String()
}

// Open reports whether strangers may call the route: with it one begins to be known.
func (r Route) Open() bool {
	switch r.Method + " " + r.Path {
	case "POST /api/v1/session", "POST /api/v1/invitation":
		return true
	}
	return false
}

// authenticate finds out who asks, by the token or the session.
func (a *API) authenticate(ctx context.Context, r *http.Request, route Route) (caller, error) {
	if route.Open() {
		return caller{via: door.ViaUI}, SameOrigin(r)
	}
	header, cookie := r.Header.Get("Authorization"), cookieOf(r)
	switch {
	case header != "" && cookie != "":
		return caller{}, fault.New(fault.Invalid, "two_proofs", "send a token or the session's cookie, not both")
	case cookie != "":
		return a.bySession(ctx, r, cookie)
	}
	text, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return caller{}, fault.New(fault.Unauthenticated, "no_token", "sign in, or send an API token: Authorization: Bearer wb_…")
	}
	from := remote(r)
	if a.limits.blocked(from) {
		return caller{}, fault.New(fault.TooMany, "too_many_attempts", "too many wrong tokens: wait a minute")
	}
	actor, err := a.desk.Tokens.Check(ctx, strings.TrimSpace(text))
	if fault.Is(err, fault.Unauthenticated) {
		a.limits.failed(from)
	}
	return caller{actor: actor, via: door.ViaAPI}, err
}

// bySession checks a session's cookie and, where something is to change, that the request comes from
// our own page. Wrong cookies are not counted: they cannot be guessed, and on a Monday morning a whole
// office has one that has ended.
func (a *API) bySession(ctx context.Context, r *http.Request, cookie string) (caller, error) {
	signed, err := a.desk.Sessions.Check(ctx, cookie, r.UserAgent(), func(who authn.Actor) (bool, error) { return a.administers(ctx, who) })
	if err != nil {
		return caller{}, err
	}
	who := caller{actor: signed.Actor, via: door.ViaUI, signed: &signed}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return who, nil
	}
	if err := SameOrigin(r); err != nil {
		return caller{}, err
	}
	if !signed.SameCSRF(r.Header.Get("X-CSRF-Token")) {
		return caller{}, fault.New(fault.Forbidden, "bad_csrf", "send the csrf value of GET /api/v1/session as X-CSRF-Token")
	}
	return who, nil
}

// administers reports whether somebody administers, whose sessions have less time.
func (a *API) administers(ctx context.Context, who authn.Actor) (bool, error) {
	p, err := a.door.As(who, door.ViaUI).Me(ctx)
	return err == nil && (p.Audit || p.Define), err
}

// as is the door's session of a person whom a request has just proved to be there.
func (a *API) as(r *http.Request, who authn.Actor) *door.Session {
	return a.door.As(who, door.ViaUI).From(origin(r))
}

// The session's cookie. A browser takes one with the first name only from us, only over TLS and for no
// other host or path. Without TLS, which is served to this machine alone, browsers refuse that name.
const (
	cookieName      = "__Host-wardbook"
	plainCookieName = "wardbook"
)

// cookieOf returns the text of the session's cookie; "" where there is none that counts.
func cookieOf(r *http.Request) string {
	name := cookieName
	if r.TLS == nil {
		if !ownMachine(r) {
			return ""
		}
		name = plainCookieName
	}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// ownMachine reports whether a request comes from the machine that the server runs on.
func ownMachine(r *http.Request) bool {
	ip := net.ParseIP(remote(r))
	return ip != nil && ip.IsLoopback()
}

// sessionCookie gives a browser a session, or takes it away for a text of "". The cookie has no time:
// when a session ends, the server says.
func sessionCookie(r *http.Request, text string) *http.Cookie {
	c := &http.Cookie{Name: cookieName, Value: text, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if r.TLS == nil {
		c.Name, c.Secure = plainCookieName, false
	}
	if text == "" {
		c.MaxAge = -1
	}
	return c
}

// waits is how long somebody is to wait, as the cause of an error.
type waits time.Duration

// Error implements error.
func (w waits) Error() string { return "wait " + time.Duration(w).String() }

// tooEarly answers who tried too often.
func tooEarly(wait time.Duration) error {
	return fault.Wrap(fault.TooMany, waits(wait), "too_many_attempts", "too many attempts that failed: wait and try again")
}

// waitOf returns how long an error says to wait.
func waitOf(err error) (time.Duration, bool) {
	w, ok := errors.AsType[waits](err)
	return time.Duration(w), ok
}
