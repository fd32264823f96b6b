package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/locales"
)

// Visitor is a person who signed in, with the session that proves it.
type Visitor struct {
	Signed authn.Signed
	Person *door.Person
	Cookie *http.Cookie // gives the browser a session that has just been opened
}

// SignIn opens a session for who knows an address and its password. Whatever is wrong with address,
// password or account, the answer is the same, and it is journaled. Where there were too many
// failures, WaitOf the error says how long to wait.
func (a *API) SignIn(ctx context.Context, r *http.Request, email, password string) (*Visitor, error) {
	if r.TLS == nil && !ownMachine(r) {
		return nil, fault.New(fault.Forbidden, "needs_tls", "signing in takes TLS, except on the machine that the server runs on")
	}
	try, err := a.desk.Passwords.Verify(ctx, email, password, remote(r))
	if try.Wait > 0 {
		return nil, tooEarly(try.Wait)
	}
	var person *door.Person
	if err == nil {
		person, err = a.as(r, try.Actor).Me(ctx)
	}
	if fault.Is(err, fault.Unauthenticated) {
		failed := door.Act{Verb: "sign_in_failed", Object: "user", Record: try.User, Reason: "account " + try.Account, Denied: true}
		if err := a.door.NoteAct(ctx, a.as(r, authn.Actor{}), failed); err != nil {
			return nil, err
		}
		return nil, authn.BadCredentials()
	}
	if err != nil {
		return nil, err
	}
	if err := a.desk.Passwords.Succeeded(ctx, try); err != nil {
		return nil, err
	}
	if old := cookieOf(r); old != "" { // a session is never carried over a sign-in
		if err := a.desk.Sessions.EndText(ctx, old, "signed_in_again"); err != nil {
			return nil, err
		}
	}
	return a.open(ctx, r, try.Actor, person)
}

// open opens a session of a person who has proved to be one.
func (a *API) open(ctx context.Context, r *http.Request, who authn.Actor, person *door.Person) (*Visitor, error) {
	text, signed, err := a.desk.Sessions.Open(ctx, who, r.UserAgent())
	if err != nil {
		return nil, err
	}
	act := door.Act{Verb: "sign_in", Object: "user", Record: person.ID}
	if err := a.door.NoteAct(ctx, a.as(r, signed.Actor), act); err != nil {
		return nil, err // nobody has the text: the session is of no use
	}
	if person.Audit || person.Define { // who administers has less time
		signed.Expires = signed.Expires.Add(authn.AdminSessionLife - authn.SessionLife)
	}
	return &Visitor{Signed: signed, Person: person, Cookie: sessionCookie(r, text)}, nil
}

// Visitor returns who sent a request for a page; nil for a stranger and for who sends a session that
// has ended.
func (a *API) Visitor(ctx context.Context, r *http.Request) (*Visitor, error) {
	text := cookieOf(r)
	if text == "" {
		return nil, nil
	}
	who, err := a.bySession(ctx, r, text)
	if fault.Is(err, fault.Unauthenticated) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := a.as(r, who.actor).Me(ctx)
	if err != nil {
		return nil, err
	}
	return &Visitor{Signed: *who.signed, Person: p}, nil
}

// SignOut ends a visitor's session and returns the cookie that takes it from the browser.
func (a *API) SignOut(ctx context.Context, r *http.Request, signed *authn.Signed) (*http.Cookie, error) {
	if _, err := a.desk.Sessions.End(ctx, signed.ID, "sign_out"); err != nil {
		return nil, err
	}
	return sessionCookie(r, ""), a.door.NoteAct(ctx, a.as(r, signed.Actor), door.Act{Verb: "sign_out", Object: "user", Record: signed.Actor.User()})
}

// Accept sets the password of the person whom an invitation is for.
func (a *API) Accept(ctx context.Context, r *http.Request, token, email, password string) error {
	from := remote(r)
	if a.limits.blocked(from) {
		return fault.New(fault.TooMany, "too_many_attempts", "too many wrong invitations: wait a minute")
	}
	_, err := a.desk.Passwords.Accept(ctx, token, email, password, func(who authn.Actor) error {
		return a.door.NoteAct(ctx, a.as(r, who), door.Act{Verb: "password_changed", Object: "user", Record: who.User(), Reason: "by invitation"})
	})
	if fault.Is(err, fault.Unauthenticated) {
		a.limits.failed(from)
	}
	return err
}

// Take counts a request for a page towards what an address may ask for, and returns how long to wait
// before it is answered; 0 to answer.
func (a *API) Take(r *http.Request) time.Duration {
	wait, _ := a.limits.take(remote(r))
	return wait
}

// SameOrigin refuses what a browser sends for the page of another site.
func SameOrigin(r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return fault.Wrap(fault.Forbidden, err, "cross_origin", "this was sent for the page of another site")
	}
	return nil
}

// WaitOf returns how long an error says to wait.
func WaitOf(err error) (time.Duration, bool) { return waitOf(err) }

// Note tells the server's log which route a request took, and who sent it.
func Note(r *http.Request, route string, who authn.Actor) { note(r, route, who) }

// RequestOf returns the identifier of a request, which the log has too.
func RequestOf(r *http.Request) string { return requestOf(r) }

// The cookies in which a browser keeps how pages are to be, before it is known who comes. Scripts of the
// front end may read and write them: they say nothing about anybody.
const (
	LangCookie  = "wardbook_lang"  // en or zh-CN
	ThemeCookie = "wardbook_theme" // light, dark, or auto; auto-light and auto-dark say what the system last was
)

// Preference is a cookie that keeps a preference for a year.
func Preference(r *http.Request, name, value string) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 60 * 60, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode}
}

// Preferences are the cookies of what a person prefers. Who follows the system's look keeps what the
// front end noted of it.
func Preferences(r *http.Request, p *door.Person) []*http.Cookie {
	list := []*http.Cookie{Preference(r, LangCookie, locales.Tag(p.Locale))}
	had, err := r.Cookie(ThemeCookie)
	if look := lookOf(p); look != themeAuto || err == nil && !strings.HasPrefix(had.Value, themeAuto) {
		list = append(list, Preference(r, ThemeCookie, look))
	}
	return list
}

const themeAuto = "auto"

// lookOf is the look that a person prefers; one that never chose follows the system.
func lookOf(p *door.Person) string {
	if p.Theme == "" {
		return themeAuto
	}
	return p.Theme
}

// TooEarly is the error of who is to wait.
func TooEarly(wait time.Duration) error { return tooEarly(wait) }
