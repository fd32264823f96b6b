package web

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/config"
	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
	"github.com/wardbook/wardbook/internal/transfer"
	"github.com/wardbook/wardbook/internal/web/api"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew")

func TestMain(m *testing.M) { pgtest.Main(m) }

// site is a server of a real organisation, called without a network.
type site struct {
	waiting string // folder of the files to import
	*doortest.World
	server  *Server
	desk    *authn.Desk
	control *control.DB
	api     *api.API
	log     *strings.Builder
	owner   string // a token that may do what the owner may
	told    *contract
}

func newSite(t *testing.T, engine sqldb.Engine) *site {
	t.Helper()
	return siteOf(t, doortest.New(t, engine))
}

func siteOf(t *testing.T, w *doortest.World) *site {
	t.Helper()
	name := strings.NewReplacer("/", "_", "#", "_").Replace(t.TempDir())
	vfs := vault.Register(name, vault.Static([32]byte{8}), vault.Options{})
	t.Cleanup(vfs.Unregister)
	db, err := sqldb.OpenSQLite(context.Background(), sqldb.SQLiteConfig{DSN: vault.DSN(name, filepath.Join(t.TempDir(), "control.db"))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ctl, err := control.Open(context.Background(), db, w.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{World: w, log: &strings.Builder{}, told: newContract()}
	ids := id.NewSource(w.Clock.Now, rand.Reader)
	_, root := w.Ring.Current(seal.IndexRoot)
	s.desk = authn.NewDesk(authn.Config{
		DB: ctl, IDs: ids, Now: w.Clock.Now, Rand: rand.Reader, Roots: []seal.Key{root}, Company: "Alder Works", Cost: authn.Cost{Memory: 64, Passes: 1, Lanes: 1},
	})
	s.control = ctl
	log := slog.New(slog.NewTextHandler(s.log, nil))
	a := api.New(w.Door, s.desk, ids, w.Clock.Now, log)
	s.api = a
	s.waiting = filepath.Join(t.TempDir(), "waiting")
	waiting, err := transfer.NewWaiting(context.Background(), w.Door, s.waiting, ids, w.Clock.Now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(waiting.Close)
	a.KeepImports(waiting)
	s.server = New(config.Config{Listen: "127.0.0.1:0"}, a, pagesOf(t, a, log), ids, w.Clock.Now, log, w.Door.Ready)
	s.owner = s.token(t, w.Owner, "*:*")
	return s
}

// bare is a server without an organisation, for what needs none.
func bare() *site {
	s := &site{log: &strings.Builder{}, told: newContract()}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	ids := id.NewSource(time.Now, rand.Reader)
	s.server = New(config.Config{Listen: "127.0.0.1:0"}, api.New(nil, &authn.Desk{}, ids, time.Now, log), nil, ids, time.Now, log, func(context.Context) error { return nil })
	return s
}

func (s *site) token(t *testing.T, user id.ID, scopes ...string) string {
	t.Helper()
	text, _, err := s.desk.Tokens.Issue(context.Background(), user, "test", scopes, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// signedMark parts the cookie's text from the csrf value where send takes a person who signed in instead
// of a token.
const signedMark = " csrf "

// signIn gives a person a password and signs the person in, with a browser on the same machine.
func (s *site) signIn(t *testing.T, user id.ID) string {
	t.Helper()
	email := user.String() + "@example.com"
	if err := s.desk.Passwords.Set(context.Background(), user, email, password); err != nil {
		t.Fatal(err)
	}
	return s.sign(t, email, password).want(200).signed()
}

const (
	password = "correct horse battery staple"
	another  = "quiet lanterns above the weir"
)

// sign tries to sign in.
func (s *site) sign(t *testing.T, email, password string, headers ...string) answer {
	t.Helper()
	b, err := json.Marshal(map[string]string{"email": email, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "http://127.0.0.1:8080/api/v1/session", strings.NewReader(string(b)))
	r.RemoteAddr = "127.0.0.1:1234"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
		if name == "X-From" { // the address that the request comes from
			r.RemoteAddr = value + ":1234"
			r.TLS = &tls.ConnectionState{}
		}
	}
	return s.serve(t, r)
}

// signed is what send takes, of an answer that opened a session.
func (a answer) signed() string {
	a.t.Helper()
	c, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
	if err != nil {
		a.t.Fatalf("no cookie: %v", err)
	}
	return c.Value + signedMark + a.str("csrf")
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

// send sends a request and holds the answer to what every answer must be. Headers are "Name: value".
func (s *site) send(t *testing.T, method, path, token, body string, headers ...string) answer {
	t.Helper()
	r := s.request(method, path, token, strings.NewReader(body))
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	if strings.HasPrefix(body, "--"+boundary) {
		r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return s.serve(t, r)
}

// request is a request of who holds a token, or signed in.
func (s *site) request(method, path, token string, body io.Reader) *http.Request {
	r := httptest.NewRequest(method, "http://wardbook.test"+path, body)
	switch text, csrf, signed := strings.Cut(token, signedMark); {
	case signed:
		r.RemoteAddr = "127.0.0.1:1234"
		r.Header.Set("Cookie", "wardbook="+text)
		r.Header.Set("X-CSRF-Token", csrf)
	case token != "":
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func (s *site) serve(t *testing.T, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	var to http.ResponseWriter = w
	if r.URL.Path == "/api/v1/changes" { // who reads it whole stays for ever: this one leaves at the first word
		ctx, leave := context.WithCancel(r.Context())
		defer leave()
		r, to = r.WithContext(ctx), &onFirst{ResponseWriter: w, do: leave}
	}
	s.server.http.Handler.ServeHTTP(to, r)
	a := answer{t: t, status: w.Code, header: w.Result().Header, text: w.Body.String()}
	a.check(r)
	s.told.hold(s, a, r)
	return a
}

// safe are the headers of every answer.
func safe() map[string]string {
	return map[string]string{
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
		"X-Content-Type-Options":  "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
	}
}

// check holds an answer to the safe headers, a request's identifier, and for an error to RFC 9457.
func (a answer) check(r *http.Request) {
	a.t.Helper()
	for name, want := range safe() {
		if name == "Content-Security-Policy" && a.status == 200 && strings.Contains(r.URL.Path, "/files/") && r.Method == "GET" {
			want += "; sandbox" // what a stranger uploaded
		}
		if got := a.header.Get(name); got != want {
			a.t.Errorf("%s %s: %s is %q, want %q", r.Method, r.URL.Path, name, got, want)
		}
	}
	if _, err := id.Parse(a.header.Get("X-Request-Id")); err != nil {
		a.t.Errorf("%s %s: no X-Request-Id", r.Method, r.URL.Path)
	}
	if a.status < 400 {
		return
	}
	var p struct {
		Type, Title, Detail, Code, Reason string
		Status                            int
		RequestID                         string `json:"request_id"`
		Errors                            []struct{ Field, Message string }
	}
	d := json.NewDecoder(strings.NewReader(a.text))
	if err := d.Decode(&p); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Errorf("%s %s: %d without a problem document: %s", r.Method, r.URL.Path, a.status, a.text)
		return
	}
	if p.Type != "about:blank" || p.Title != http.StatusText(a.status) || p.Status != a.status || p.Detail == "" || p.Code == "" || p.Reason == "" || p.RequestID != a.header.Get("X-Request-Id") {
		a.t.Errorf("%s %s: an incomplete problem: %s", r.Method, r.URL.Path, a.text)
	}
	for _, e := range p.Errors {
		if e.Message == "" {
			a.t.Errorf("%s %s: an error without a message: %s", r.Method, r.URL.Path, a.text)
		}
	}
}

// want checks the status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("status %d, want %d: %s", a.status, status, a.text)
	}
	return a
}

// get returns a value of the JSON answer by its path, such as "errors/0/field".
func (a answer) get(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		a.t.Fatalf("no JSON: %s", a.text)
	}
	for _, part := range strings.Split(path, "/") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			if len(part) != 1 || int(part[0]-'0') >= len(x) {
				return nil
			}
			v = x[part[0]-'0']
		default:
			return nil
		}
	}
	return v
}

func (a answer) str(path string) string {
	a.t.Helper()
	s, _ := a.get(path).(string)
	return s
}

// fixture is what the rows of the table speak of.
type fixture struct {
	company, binned, contact, set, entry, export, upload, upload2 string
	person, session, token                                        string
}

func (s *site) fixture(t *testing.T) fixture {
	t.Helper()
	var f fixture
	make := func(object string, v door.Values) string { return s.Make(t, object, v).String() }
	f.company = make("company", door.Values{"name": "Alpha", "city": "Bonn"})
	f.binned = make("company", door.Values{"name": "Beta"})
	f.contact = make("contact", door.Values{"last_name": "Li", "identity_number": "110101199003078515"})
	s.send(t, "DELETE", "/api/v1/records/company/"+f.binned, s.owner, "").want(204)
	f.set = s.send(t, "POST", "/api/v1/batch", s.owner, `{"operations":[{"op":"create","object":"product","fields":{"name":"P1"}},{"op":"create","object":"product","fields":{"name":"P2"}}]}`).want(200).str("changeset")
	f.upload = s.send(t, "POST", "/api/v1/imports", s.owner, form("object", "company", "file", "name,employees\nDelta,1\nEta,many\n")).want(201).str("id")
	f.upload2 = s.send(t, "POST", "/api/v1/imports", s.owner, form("object", "company", "file", "name\nTheta\n")).want(201).str("id")
	f.entry = s.send(t, "GET", "/api/v1/journal", s.owner, "").want(200).str("entries/0/id")
	person := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
	f.person = person.String()
	s.signIn(t, person)
	s.token(t, person, "*:*")
	sessions, err1 := s.desk.Sessions.List(context.Background(), person)
	tokens, err2 := s.desk.Tokens.List(context.Background(), person)
	if err1 != nil || err2 != nil || len(sessions) != 1 || len(tokens) != 1 {
		t.Fatal(err1, err2)
	}
	f.session, f.token = sessions[0].ID.String(), tokens[0].ID.String()
	return f
}

// export prepares an export and returns its identifier.
func (s *site) export(t *testing.T, object, format string) string {
	t.Helper()
	return s.send(t, "POST", "/api/v1/exports", s.owner, `{"object":"`+object+`","format":"`+format+`","purpose":"a test of exports"}`).want(201).str("id")
}

func (s *site) fill(text string, f fixture) string {
	return strings.NewReplacer("$company", f.company, "$binned", f.binned, "$contact", f.contact, "$set", f.set, "$entry", f.entry, "$export", f.export, "$upload2", f.upload2, "$upload", f.upload, "$person", f.person, "$session", f.session, "$token", f.token).Replace(text)
}

// reader is a body that is as long as it is told to be, and no memory.
func reader(n int64) io.Reader { return io.LimitReader(spaces{}, n) }

type spaces struct{}

func (spaces) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}
