package web

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// browser keeps cookies as a browser does, against a real server over TLS.
type browser struct {
	t    *testing.T
	http *http.Client
	base string
	csrf string
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	server := httptest.NewUnstartedServer(s.server.http.Handler)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	server.StartTLS()
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	return &browser{t: t, http: client, base: server.URL}
}

func (b *browser) send(method, path, body string, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 Firefox/140.0")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if b.csrf != "" {
		r.Header.Set("X-CSRF-Token", b.csrf)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	got, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{t: b.t, status: got.StatusCode, header: got.Header, text: string(text)}
	a.check(r)
	return a
}

// acts are the journal's newest entries about credentials, newest first: verb, decision, whether it is
// about the person, and the reason where it is a word.
func (s *site) acts(t *testing.T, about id.ID) []string {
	t.Helper()
	list, err := s.As(s.Owner).Journal(context.Background(), door.JournalQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		switch e.Verb {
		case "sign_in", "sign_in_failed", "sign_out", "session_ended", "password_changed", "invitation", "issue", "revoke":
			if e.Record == about {
				out = append(out, strings.TrimSpace(e.Verb+" "+e.Decision))
			}
		}
	}
	return out
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("%s: %s; want %s", what, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// A day of a person: invited, sets a password, signs in, works, changes the password, signs out.
func TestADayOfAPerson(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
		made := s.send(t, "POST", "/api/v1/users/"+rita.String()+"/invitation", s.signIn(t, s.Owner), "").want(201)
		if made.str("path") != "/setup#"+made.str("token") || made.str("token") == "" {
			t.Error(made.text)
		}
		b := s.browser(t)
		accept := func(password string) answer {
			return b.send("POST", "/api/v1/invitation", `{"token":"`+made.str("token")+`","email":"rita.rep@example.com","password":"`+password+`"}`)
		}
		if a := accept("rita rep rita rep").want(422); a.str("errors/0/reason") != "guessable" {
			t.Error(a.text)
		}
		accept(password).want(204)
		accept(another).want(401)
		a := b.send("POST", "/api/v1/session", `{"email":"Rita.Rep@Example.com","password":"`+password+`"}`).want(200)
		cookie, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
		if err != nil || cookie.Name != "__Host-wardbook" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("%s (%v)", a.header.Get("Set-Cookie"), err)
		}
		if a.str("user/name") != "Rita Rep" || a.str("user/id") != rita.String() || a.str("locale") != "en" || a.get("can/audit") != false || a.str("roles/0") == "" || len(a.str("csrf")) != 43 {
			t.Error(a.text)
		}
		if again := b.send("GET", "/api/v1/session", "").want(200); again.text != a.text {
			t.Errorf("who am I: %s", again.text)
		}
		b.send("POST", "/api/v1/records/company", `{"fields":{"name":"Alpha"}}`).want(403)
		b.csrf = a.str("csrf")
		company := b.send("POST", "/api/v1/records/company", `{"fields":{"name":"Alpha"}}`).want(201).str("id")
		list, err := s.As(s.Owner).Journal(context.Background(), door.JournalQuery{Verb: "create", Object: "company"})
		if err != nil || len(list) == 0 || list[0].Actor != rita || list[0].Session.String() != a.str("session") || list[0].Via != "ui" || list[0].Record.String() != company {
			t.Errorf("the entry of a session: %+v (%v)", list, err)
		}
		changed := b.send("POST", "/api/v1/password", `{"old":"`+password+`","password":"`+another+`"}`).want(200)
		if changed.str("csrf") == b.csrf {
			t.Error("the session was not made anew")
		}
		b.send("DELETE", "/api/v1/session", "").want(403) // with the old csrf value
		b.csrf = changed.str("csrf")
		b.send("DELETE", "/api/v1/session", "").want(204)
		b.send("GET", "/api/v1/session", "").want(401)
		u, err := url.Parse(b.base)
		if err != nil {
			t.Fatal(err)
		}
		if left := b.http.Jar.Cookies(u); len(left) != 0 {
			t.Errorf("the cookie is still there: %v", left)
		}
		b.csrf = ""
		b.send("POST", "/api/v1/session", `{"email":"rita.rep@example.com","password":"`+password+`"}`).want(401)
		equal(t, "the journal", s.acts(t, rita),
			"sign_in_failed deny", "sign_out allow", "sign_in allow", "password_changed allow", "sign_in allow", "password_changed allow", "invitation allow")
	})
}

// The answer to who does not get in says nothing about why, and the journal nothing of what was typed.
func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		rita, gone := s.Person(t, "Rita Rep", id.ID{}, "sales_rep"), s.Person(t, "Gus Gone", id.ID{}, "sales_rep")
		s.signIn(t, rita)
		s.signIn(t, gone)
		if _, err := s.As(s.Owner).Update(t.Context(), "user", gone, 0, door.Values{"active": false}); err != nil {
			t.Fatal(err)
		}
		var first answer
		for i, c := range []struct{ email, password string }{
			{rita.String() + "@example.com", another},
			{"typed.secret@example.com", password},
			{"typed secret", password},
			{gone.String() + "@example.com", password},
			{"", ""},
		} {
			a := s.sign(t, c.email, c.password).want(401)
			if i == 0 {
				first = a
			}
			if a.str("reason") != "bad_credentials" || a.str("detail") != first.str("detail") || a.header.Get("Set-Cookie") != "" || len(a.header) != len(first.header) {
				t.Errorf("%d: %v %s", i, a.header, a.text)
			}
		}
		equal(t, "of the person", s.acts(t, rita)[:1], "sign_in_failed deny")
		equal(t, "of who is inactive", s.acts(t, gone)[:1], "sign_in_failed deny")
		equal(t, "of nobody", s.acts(t, id.ID{}), "sign_in_failed deny", "sign_in_failed deny", "sign_in_failed deny")
		list, err := s.As(s.Owner).Journal(t.Context(), door.JournalQuery{Verb: "sign_in_failed"})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, e := range list {
			seen[e.Reason] = true
			if !strings.HasPrefix(e.Reason, "account ") || strings.Contains(e.Reason, "secret") || !e.Actor.IsZero() {
				t.Errorf("%+v", e)
			}
		}
		if len(seen) != 5 || strings.Contains(s.log.String(), "secret") || strings.Contains(s.log.String(), password) {
			t.Errorf("%d accounts, and the log: %s", len(seen), s.log)
		}
	})
}

// Somebody who guesses from elsewhere, as often as may be, does not keep the person out.
func TestAnAttackerElsewhereLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
	s.signIn(t, rita)
	email := rita.String() + "@example.com"
	early := 0
	for range 40 {
		switch a := s.sign(t, email, another, "X-From: 198.51.100.7"); a.status {
		case 401:
		case 429:
			early++
			seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
			if err != nil || seconds < 1 || seconds > 900 || a.str("code") != "too_many" {
				t.Fatalf("%v %s", a.header, a.text)
			}
			if early > 10 { // the guesser waits as told, and goes on
				s.Clock.Add(time.Duration(seconds) * time.Second)
			}
		default:
			a.want(401)
		}
	}
	if early < 20 {
		t.Errorf("slowed %d times", early)
	}
	s.sign(t, email, another, "X-From: 198.51.100.7")
	s.sign(t, email, password, "X-From: 198.51.100.7").want(429)
	s.sign(t, email, password, "X-From: 203.0.113.5").want(200)
	failed := -1 // the one after the loop, or one that it did not wait for
	for _, act := range s.acts(t, rita) {
		if act == "sign_in_failed deny" {
			failed++
		}
	}
	if failed < 40-early-1 || failed > 40-early {
		t.Errorf("%d failures in the journal of %d", failed, 40-early)
	}
}

func TestCrossSiteRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	b := s.browser(t)
	s.signIn(t, s.Owner)
	in := `{"email":"` + s.Owner.String() + `@example.com","password":"` + password + `"}`
	csrf := b.send("POST", "/api/v1/session", in).want(200).str("csrf")
	const body = `{"fields":{"name":"Alpha"}}`
	for _, c := range []struct {
		name    string
		headers []string
		status  int
		reason  string
	}{
		{"our own page", []string{"X-CSRF-Token: " + csrf}, 201, ""},
		{"without the value", nil, 403, "bad_csrf"},
		{"another value", []string{"X-CSRF-Token: " + strings.Repeat("A", 43)}, 403, "bad_csrf"},
		{"another site", []string{"X-CSRF-Token: " + csrf, "Sec-Fetch-Site: cross-site"}, 403, "cross_origin"},
		{"another host of the site", []string{"X-CSRF-Token: " + csrf, "Sec-Fetch-Site: same-site"}, 403, "cross_origin"},
		{"an old browser on another site", []string{"X-CSRF-Token: " + csrf, "Sec-Fetch-Site: ", "Origin: https://evil.example"}, 403, "cross_origin"},
		{"a token besides", []string{"X-CSRF-Token: " + csrf, "Authorization: Bearer " + s.owner}, 400, "two_proofs"},
		{"another program", []string{"X-CSRF-Token: " + csrf, "User-Agent: curl/8"}, 401, "bad_session"}, // and it ends
		{"afterwards", []string{"X-CSRF-Token: " + csrf}, 401, "bad_session"},
	} {
		a := b.send("POST", "/api/v1/records/company", body, c.headers...).want(c.status)
		if c.reason != "" && a.str("reason") != c.reason {
			t.Errorf("%s: %s", c.name, a.text)
		}
	}
	if a := b.send("POST", "/api/v1/session", in, "Sec-Fetch-Site: cross-site").want(403); a.str("reason") != "cross_origin" {
		t.Errorf("another site signs somebody in: %s", a.text)
	}
	s.send(t, "POST", "/api/v1/records/company", s.owner, body, "Sec-Fetch-Site: cross-site").want(201) // a token is no cookie
}

// Without TLS there are sessions on the same machine only, under another name.
func TestPlainCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	signed := s.signIn(t, s.Owner)
	s.send(t, "GET", "/api/v1/session", signed, "").want(200)
	text, _, _ := strings.Cut(signed, signedMark)
	from := func(address, cookie string, secure bool) answer {
		r := httptest.NewRequest("GET", "http://wardbook.test/api/v1/session", nil)
		r.RemoteAddr = address
		if secure {
			r.TLS = &tls.ConnectionState{}
		}
		r.Header.Set("Cookie", cookie)
		return s.serve(t, r)
	}
	from("[::1]:5", "wardbook="+text, false).want(200)
	from("192.0.2.1:5", "wardbook="+text, false).want(401)
	from("127.0.0.1:5", "wardbook="+text, true).want(401)
	from("127.0.0.1:5", "__Host-wardbook="+text, false).want(401)
	from("192.0.2.1:5", "__Host-wardbook="+text, true).want(200)
	a := s.sign(t, s.Owner.String()+"@example.com", password).want(200)
	if c := a.header.Get("Set-Cookie"); !strings.HasPrefix(c, "wardbook=") || !strings.Contains(c, "; HttpOnly; SameSite=Lax") || strings.Contains(c, "Secure") {
		t.Error(c)
	}
	r := httptest.NewRequest("POST", "http://wardbook.test/api/v1/session", strings.NewReader(`{"email":"x","password":"y"}`))
	if a := s.serve(t, r).want(403); a.str("reason") != "needs_tls" {
		t.Error(a.text)
	}
}

func TestSessionsAreSeenAndEnded(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		rita, rob := s.Person(t, "Rita Rep", id.ID{}, "sales_rep"), s.Person(t, "Rob Rep", id.ID{}, "sales_rep")
		one := s.signIn(t, rita)
		two := s.sign(t, rita.String()+"@example.com", password).want(200).signed()
		robs, owner := s.signIn(t, rob), s.signIn(t, s.Owner)
		list := s.send(t, "GET", "/api/v1/sessions", two, "").want(200)
		first := list.str("sessions/0/id")
		if list.get("sessions/0/current") != false || list.get("sessions/1/current") != true || list.get("sessions/2") != nil || strings.Contains(list.text, strings.Split(one, " ")[0]) {
			t.Error(list.text)
		}
		s.send(t, "DELETE", "/api/v1/sessions/"+first, robs, "").want(404)
		s.send(t, "GET", "/api/v1/sessions?user="+rita.String(), robs, "").want(403)
		s.send(t, "GET", "/api/v1/sessions?user=x", robs, "").want(400)
		s.send(t, "DELETE", "/api/v1/sessions/x", robs, "").want(404)
		s.send(t, "DELETE", "/api/v1/sessions/"+rob.String(), robs, "").want(404)
		s.send(t, "GET", "/api/v1/me", one, "").want(200)
		s.send(t, "DELETE", "/api/v1/sessions/"+first, two, "").want(204)
		s.send(t, "GET", "/api/v1/me", one, "").want(401)
		s.send(t, "DELETE", "/api/v1/sessions/"+first, two, "").want(404)
		second := s.send(t, "GET", "/api/v1/sessions?user="+rita.String(), owner, "").want(200).str("sessions/0/id")
		s.send(t, "DELETE", "/api/v1/sessions/"+second, owner, "").want(204)
		s.send(t, "GET", "/api/v1/me", two, "").want(401)
		equal(t, "the journal", s.acts(t, rita)[:3], "session_ended allow", "session_ended allow", "session_ended deny")
		again := s.sign(t, rob.String()+"@example.com", password, "Cookie: wardbook="+strings.Split(robs, " ")[0]).want(200).signed()
		s.send(t, "GET", "/api/v1/me", robs, "").want(401) // signing in ends the session before
		s.send(t, "GET", "/api/v1/me", again, "").want(200)
		s.Clock.Add(authn.AdminSessionIdle)
		s.send(t, "GET", "/api/v1/me", again, "").want(200)
		s.send(t, "GET", "/api/v1/me", owner, "").want(401) // who administers has less time
	})
}

// What changes of a person's rights changes open sessions at once; another node follows within a second.
func TestRightsReachOpenSessions(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
		signed, token := s.signIn(t, rita), s.token(t, rita, "*:*")
		update := func(d *door.Door, v door.Values) {
			t.Helper()
			if _, err := d.As(authn.Operator(s.Owner), door.ViaAPI).Update(t.Context(), "user", rita, 0, v); err != nil {
				t.Fatal(err)
			}
		}
		s.send(t, "GET", "/api/v1/records/deal", signed, "").want(200)
		update(w.Door, door.Values{"roles": []any{}})
		s.send(t, "GET", "/api/v1/records/deal", signed, "").want(404)
		update(w.Door, door.Values{"active": false})
		if a := s.send(t, "GET", "/api/v1/me", signed, "").want(401); a.str("reason") != "inactive" {
			t.Error(a.text)
		}
		s.send(t, "GET", "/api/v1/me", token, "").want(401)
		update(w.Door, door.Values{"active": true})
		s.send(t, "GET", "/api/v1/me", signed, "").want(401) // the session ended for good
		s.send(t, "GET", "/api/v1/me", token, "").want(200)
		signed = s.sign(t, rita.String()+"@example.com", password).want(200).signed()
		update(w.Open(t), door.Values{"active": false})
		s.until(t, 401, signed)
		s.until(t, 401, token)
	})
}

// until asks until the answer is as it should be. A second is what the door promises; the test does not
// hold a busy machine to it.
func (s *site) until(t *testing.T, status int, who string) {
	t.Helper()
	tick, last := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for s.send(t, "GET", "/api/v1/me", who, "").status != status {
		select {
		case <-tick.C:
		case <-last:
			t.Fatalf("never %d", status)
		}
	}
}

func TestTokensOfOnesOwn(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		rita := s.Person(t, "Rita Reader", id.ID{}, "reader")
		signed, owner := s.signIn(t, rita), s.signIn(t, s.Owner)
		made := s.send(t, "POST", "/api/v1/tokens", signed, `{"name":"report","scopes":["*:*"],"days":30}`).want(201)
		text, token := made.str("token"), made.str("id")
		s.send(t, "GET", "/api/v1/records/company", text, "").want(200)
		s.send(t, "POST", "/api/v1/records/company", text, `{"fields":{"name":"X"}}`).want(404) // no wider than the person's own rights
		if list := s.send(t, "GET", "/api/v1/tokens", signed, "").want(200); list.str("tokens/0/id") != token || strings.Contains(list.text, text) || list.get("tokens/1") != nil || list.str("tokens/0/used_at") == "" {
			t.Error(list.text)
		}
		for _, c := range []struct{ name, body, field string }{
			{"no scope", `{"name":"x"}`, "scopes"},
			{"no name", `{"scopes":["*:*"]}`, "name"},
			{"no day", `{"name":"x","scopes":["*:*"],"days":0}`, "days"},
			{"too many days", `{"name":"x","scopes":["*:*"],"days":367}`, "days"},
			{"days beyond counting", `{"name":"x","scopes":["*:*"],"days":9000000000000000000}`, "days"},
		} {
			if a := s.send(t, "POST", "/api/v1/tokens", signed, c.body).want(422); a.str("errors/0/field") != c.field {
				t.Errorf("%s: %s", c.name, a.text)
			}
		}
		for _, path := range []string{"/api/v1/tokens", "/api/v1/password"} { // a token makes nothing that outlives it
			if a := s.send(t, "POST", path, text, `{}`).want(403); a.str("reason") != "sign_in_first" {
				t.Error(a.text)
			}
		}
		other := s.send(t, "POST", "/api/v1/tokens", signed, `{"name":"other","scopes":["deal:read"]}`).want(201)
		s.send(t, "DELETE", "/api/v1/tokens/"+token, other.str("token"), "").want(404)
		s.send(t, "DELETE", "/api/v1/tokens/"+other.str("id"), other.str("token"), "").want(204)
		s.send(t, "GET", "/api/v1/me", other.str("token"), "").want(401)
		owners := s.send(t, "POST", "/api/v1/tokens", owner, `{"name":"o","scopes":["*:*"]}`).want(201)
		s.send(t, "DELETE", "/api/v1/tokens/"+owners.str("id"), signed, "").want(404)
		s.send(t, "GET", "/api/v1/tokens?user="+s.Owner.String(), signed, "").want(403)
		s.send(t, "DELETE", "/api/v1/tokens/"+token, owner, "").want(204)
		s.send(t, "GET", "/api/v1/me", text, "").want(401)
		s.send(t, "DELETE", "/api/v1/tokens/"+token, owner, "").want(404)
		for i := range authn.MaxTokens {
			if status := s.send(t, "POST", "/api/v1/tokens", signed, `{"name":"`+strconv.Itoa(i)+`","scopes":["deal:read"]}`).status; status != 201 {
				t.Fatalf("token %d: %d", i, status)
			}
		}
		if a := s.send(t, "POST", "/api/v1/tokens", signed, `{"name":"x","scopes":["*:*"]}`).want(409); a.str("reason") != "too_many_tokens" {
			t.Error(a.text)
		}
	})
}

func TestInvitationsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
	mute := s.Make(t, "user", door.Values{"name": "Mute"})
	gone := s.Make(t, "user", door.Values{"name": "Gone", "email": "gone@example.com", "active": false})
	owner, signed := s.signIn(t, s.Owner), s.signIn(t, rita)
	for _, c := range []struct {
		name, who string
		user      id.ID
		status    int
		reason    string
	}{
		{"by a colleague", signed, s.Owner, 403, "forbidden"},
		{"by a token", s.owner, rita, 403, "sign_in_first"},
		{"of nobody", owner, id.ID{1}, 404, "not_found"},
		{"without an address", owner, mute, 422, "invalid_field"},
		{"of who is not active", owner, gone, 409, "inactive"},
	} {
		if a := s.send(t, "POST", "/api/v1/users/"+c.user.String()+"/invitation", c.who, "").want(c.status); a.str("reason") != c.reason {
			t.Errorf("%s: %s", c.name, a.text)
		}
	}
	equal(t, "a denial", s.acts(t, s.Owner)[:1], "invitation deny")
	var last answer
	tries := 0
	for ; tries < 100; tries++ {
		if last = s.send(t, "POST", "/api/v1/invitation", "", `{"token":"wbi_x","email":"x@example.com","password":"`+password+`"}`); last.status == 429 {
			break
		}
	}
	if last.want(429); tries > 40 {
		t.Errorf("slowed after %d tries", tries)
	}
}

func TestChangingAPasswordIsSlowed(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	signed := s.signIn(t, s.Owner)
	body, err := json.Marshal(map[string]string{"old": "wrong", "password": another})
	if err != nil {
		t.Fatal(err)
	}
	var last answer
	for range 20 {
		if last = s.send(t, "POST", "/api/v1/password", signed, string(body)); last.status != 422 {
			break
		}
	}
	if last.want(429).header.Get("Retry-After") != "1" {
		t.Error(last.header)
	}
}
