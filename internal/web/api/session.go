package api

import (
	"net/http"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// signIn opens a session.
func signIn(a *API, c *call) (reply, error) {
	var in struct{ Email, Password, Code string }
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.Code != "" {
		return reply{}, fault.InField("code", "no_second_factor", "leave it out: there is no second factor yet")
	}
	v, err := a.SignIn(c.ctx, c.Request, in.Email, in.Password)
	if err != nil {
		return reply{}, err
	}
	return v.reply(), nil
}

// reply answers with a session that was opened.
func (v *Visitor) reply() reply {
	return reply{body: describe(v.Person, &v.Signed), cookies: []*http.Cookie{v.Cookie}}
}

// describe is who somebody is, what they may do beside records, and what their page needs to go on.
func describe(p *door.Person, signed *authn.Signed) map[string]any {
	roles := p.Roles
	if roles == nil {
		roles = []id.ID{}
	}
	out := map[string]any{
		"user": map[string]any{"id": p.ID, "name": p.Name}, "roles": roles, "locale": p.Locale, "timezone": p.Zone.String(), "theme": lookOf(p),
		"can": map[string]bool{"audit": p.Audit, "define": p.Define}, "csrf": "",
	}
	if signed != nil {
		out["csrf"], out["session"], out["expires_at"] = signed.CSRF, signed.ID, stamp(signed.Expires)
	}
	return out
}

func whoAmI(_ *API, c *call) (reply, error) {
	p, err := c.session.Me(c.ctx)
	if err != nil {
		return reply{}, err
	}
	return reply{body: describe(p, c.signed)}, nil
}

// prefer changes how Wardbook shows itself to who signed in.
func prefer(_ *API, c *call) (reply, error) {
	var in struct {
		Locale   *string `json:"locale"`
		Timezone *string `json:"timezone"`
		Theme    *string `json:"theme"`
	}
	if err := c.person(); err != nil {
		return reply{}, err
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	p, err := c.session.Prefer(c.ctx, door.Preferences{Locale: in.Locale, Zone: in.Timezone, Theme: in.Theme})
	if err != nil {
		return reply{}, err
	}
	return reply{body: describe(p, c.signed), cookies: Preferences(c.Request, p)}, nil
}

func signOut(a *API, c *call) (reply, error) {
	if err := c.person(); err != nil {
		return reply{}, err
	}
	cookie, err := a.SignOut(c.ctx, c.Request, c.signed)
	return reply{status: http.StatusNoContent, cookies: []*http.Cookie{cookie}}, err
}

// person refuses a token where a person must have signed in: a token that could change a password or
// make another token would be worth more than what it was given.
func (c *call) person() error {
	if c.signed == nil {
		return fault.New(fault.Forbidden, "sign_in_first", "this takes a person who signed in, not a token")
	}
	return nil
}

// manages returns a person whom the caller may change, which is what it takes to act on another's
// sessions, tokens and password. Who may not even see the person gets the answer of the door.
func (a *API) manages(c *call, user id.ID, act door.Act) (*door.Record, error) {
	r, err := c.session.Get(c.ctx, "user", user, door.GetOptions{Fields: []string{"email", "active"}})
	if err != nil {
		return nil, err
	}
	if !r.Can.Update {
		act.Record, act.Denied = user, true
		if err := a.door.NoteAct(c.ctx, c.session, act); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Forbidden, "forbidden", "this takes the right to change that person")
	}
	return r, nil
}

// sessionJSON is a session as its person, or an administrator, sees it.
type sessionJSON struct {
	ID      id.ID  `json:"id"`
	Client  string `json:"client"`
	Created string `json:"created_at"`
	Used    string `json:"used_at"`
	Expires string `json:"expires_at"`
	Current bool   `json:"current"`
}

func listSessions(a *API, c *call) (reply, error) {
	user, err := a.whose(c, door.Act{Verb: "list", Object: "session"})
	if err != nil {
		return reply{}, err
	}
	list, err := a.desk.Sessions.List(c.ctx, user)
	if err != nil {
		return reply{}, err
	}
	out := make([]sessionJSON, len(list))
	for i, s := range list {
		out[i] = sessionJSON{s.ID, s.Client, stamp(s.Created), stamp(s.Used), stamp(s.Expires), c.signed != nil && c.signed.ID == s.ID}
	}
	return reply{body: map[string]any{"sessions": out}}, nil
}

// whose returns the person whom a list is asked of: oneself, or ?user= for who may change that person.
func (a *API) whose(c *call, act door.Act) (id.ID, error) {
	if err := c.person(); err != nil {
		return id.ID{}, err
	}
	text := c.query["user"]
	if text == "" {
		return c.signed.Actor.User(), nil
	}
	user, err := id.Parse(text)
	if err != nil {
		return user, parameter("user", "want the identifier of a person")
	}
	if user != c.signed.Actor.User() {
		_, err = a.manages(c, user, act)
	}
	return user, err
}

func endSession(a *API, c *call) (reply, error) {
	absent := fault.New(fault.NotFound, "not_found", "there is no such session in force")
	if err := c.person(); err != nil {
		return reply{}, err
	}
	sid, err := id.Parse(c.PathValue("id"))
	if err != nil {
		return reply{}, absent
	}
	s, found, err := a.desk.Sessions.Get(c.ctx, sid)
	if err != nil || !found {
		return reply{}, firstOf(err, absent)
	}
	act := door.Act{Verb: "session_ended", Object: "session", Record: s.User, Reason: sid.String()}
	if s.User != c.signed.Actor.User() {
		if _, err := a.manages(c, s.User, act); err != nil {
			return reply{}, firstOf(kept(err), absent)
		}
	}
	if _, err := a.desk.Sessions.End(c.ctx, sid, "ended"); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, a.door.NoteAct(c.ctx, c.session, act)
}

// firstOf returns the first error that is one.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// kept drops a refusal for which absence is the answer: who may not end a session is not told that
// there is one.
func kept(err error) error {
	if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func changePassword(a *API, c *call) (reply, error) {
	var in struct{ Old, Password string }
	if err := c.person(); err != nil {
		return reply{}, err
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	p, err := c.session.Me(c.ctx)
	if err != nil {
		return reply{}, err
	}
	words := []string{p.Name}
	if r, err := c.session.Get(c.ctx, "user", p.ID, door.GetOptions{Fields: []string{"email"}}); err == nil { // some may not read even their own
		words = append(words, r.Text("email"))
	}
	wait, err := a.desk.Passwords.Change(c.ctx, authn.Change{
		User: p.ID, Old: in.Old, New: in.Password, From: remote(c.Request), Words: words,
		Note: func(authn.Actor) error {
			return a.door.NoteAct(c.ctx, c.session, door.Act{Verb: "password_changed", Object: "user", Record: p.ID, Reason: "by the person"})
		},
	})
	if err == nil && wait > 0 {
		err = tooEarly(wait)
	}
	if err != nil {
		return reply{}, err
	}
	v, err := a.open(c.ctx, c.Request, c.signed.Actor, p)
	if err != nil {
		return reply{}, err
	}
	return v.reply(), nil
}

func invite(a *API, c *call) (reply, error) {
	if err := c.person(); err != nil {
		return reply{}, err
	}
	user, err := c.record()
	if err != nil {
		return reply{}, err
	}
	act := door.Act{Verb: "invitation", Object: "user", Record: user}
	r, err := a.manages(c, user, act)
	if err != nil {
		return reply{}, err
	}
	if r.Value("active") == false {
		return reply{}, fault.New(fault.Conflict, "inactive", "this person is not active: make them active first")
	}
	if r.Text("email") == "" {
		return reply{}, fault.InField("email", "required", "give the person an address to sign in with first")
	}
	text, expires, err := a.desk.Passwords.Invite(c.ctx, user, r.Text("email"))
	if err != nil {
		return reply{}, err
	}
	if err := a.door.NoteAct(c.ctx, c.session, act); err != nil {
		return reply{}, err
	}
	// In a fragment, so that no server and no proxy writes it into a log.
	return reply{status: http.StatusCreated, body: map[string]any{"token": text, "path": "/setup#" + text, "expires_at": stamp(expires)}}, nil
}

func acceptInvitation(a *API, c *call) (reply, error) {
	var in struct{ Token, Email, Password string }
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, a.Accept(c.ctx, c.Request, in.Token, in.Email, in.Password)
}

// tokenJSON is a token as its person sees it; its text is not among what is stored.
type tokenJSON struct {
	ID      id.ID    `json:"id"`
	Name    string   `json:"name"`
	Scopes  []string `json:"scopes"`
	Created string   `json:"created_at"`
	Expires string   `json:"expires_at"`
	Used    string   `json:"used_at,omitempty"`
	Text    string   `json:"token,omitempty"`
}

func tokenOf(t authn.Token) tokenJSON {
	out := tokenJSON{ID: t.ID, Name: t.Name, Scopes: t.Limits, Created: stamp(t.Created), Expires: stamp(t.Expires)}
	if !t.Used.IsZero() {
		out.Used = stamp(t.Used)
	}
	return out
}

func listTokens(a *API, c *call) (reply, error) {
	user, err := a.whose(c, door.Act{Verb: "list", Object: "token"})
	if err != nil {
		return reply{}, err
	}
	list, err := a.desk.Tokens.List(c.ctx, user)
	if err != nil {
		return reply{}, err
	}
	out := make([]tokenJSON, len(list))
	for i, t := range list {
		out[i] = tokenOf(t)
	}
	return reply{body: map[string]any{"tokens": out}}, nil
}

// defaultDays is how long a token lives where the request does not say.
const defaultDays = 90

func issueToken(a *API, c *call) (reply, error) {
	var in struct {
		Name   string
		Scopes []string
		Days   *int
	}
	if err := c.person(); err != nil {
		return reply{}, err
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	user, days := c.signed.Actor.User(), defaultDays
	if in.Days != nil {
		days = *in.Days
	}
	if days < 1 || days > int(authn.MaxTokenLife/(24*time.Hour)) {
		return reply{}, fault.InField("days", "out_of_range", "want 1 to %d", int(authn.MaxTokenLife/(24*time.Hour)))
	}
	list, err := a.desk.Tokens.List(c.ctx, user)
	if err != nil {
		return reply{}, err
	}
	if len(list) >= authn.MaxTokens {
		return reply{}, fault.New(fault.Conflict, "too_many_tokens", "you have %d tokens: revoke one first", len(list))
	}
	text, token, err := a.desk.Tokens.Issue(c.ctx, user, in.Name, in.Scopes, time.Duration(days)*24*time.Hour)
	if err != nil {
		return reply{}, err
	}
	if err := a.door.NoteAct(c.ctx, c.session, door.Act{Verb: "issue", Object: "token", Record: user, Reason: token.String()}); err != nil {
		return reply{}, err // nobody has the text: the token is of no use
	}
	made, _, err := a.desk.Tokens.Get(c.ctx, token)
	if err != nil {
		return reply{}, err
	}
	out := tokenOf(made)
	out.Text = text
	return reply{status: http.StatusCreated, body: out}, nil
}

// revokeToken ends a token: one's own, that of a person whom one may change, or, for who holds nothing
// else, the very token that the request was sent with.
func revokeToken(a *API, c *call) (reply, error) {
	absent := fault.New(fault.NotFound, "not_found", "there is no such token in force")
	token, err := id.Parse(c.PathValue("id"))
	if err != nil {
		return reply{}, absent
	}
	t, found, err := a.desk.Tokens.Get(c.ctx, token)
	if err != nil || !found {
		return reply{}, firstOf(err, absent)
	}
	act := door.Act{Verb: "revoke", Object: "token", Record: t.User, Reason: token.String()}
	switch {
	case c.signed == nil && c.actor.App() != token:
		return reply{}, absent
	case c.signed != nil && c.actor.User() != t.User:
		if _, err := a.manages(c, t.User, act); err != nil {
			return reply{}, firstOf(kept(err), absent)
		}
	}
	if _, err := a.desk.Tokens.Revoke(c.ctx, token); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, a.door.NoteAct(c.ctx, c.session, act)
}
