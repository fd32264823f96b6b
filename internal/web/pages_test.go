package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/web/api"
	"github.com/wardbook/wardbook/internal/web/page"
)

const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const shellHTML = "<!doctype html>\n<html lang=\"en\" data-mantine-color-scheme=\"light\" data-x=\"1\">\n<body><div id=\"root\"></div></body></html>\n"

// built is a front end as its build leaves it.
func built() fstest.MapFS {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte("code()"))
	_ = z.Close()
	return fstest.MapFS{
		".keep": {}, "index.html": {Data: []byte(shellHTML)}, "favicon.svg": {Data: []byte("<svg/>")},
		"assets/a-1.js": {Data: []byte("code()")}, "assets/a-1.js.br": {Data: []byte("BR")}, "assets/a-1.js.gz": {Data: zipped.Bytes()},
		"assets/b-1.css": {Data: []byte("b{}")}, "assets/c-1.exe": {Data: []byte("MZ")},
	}
}

func pagesOf(t *testing.T, a *api.API, log *slog.Logger) *page.Pages {
	t.Helper()
	p, err := page.New(a, built(), log)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// visitor is a browser on the machine that the server runs on, which follows no redirect.
type visitor struct {
	t       *testing.T
	s       *site
	cookies map[string]string
}

func (s *site) visitor(t *testing.T) *visitor {
	t.Helper()
	return &visitor{t: t, s: s, cookies: map[string]string{}}
}

// ask sends a request for a page and holds the answer to what every page must be. A body is a form.
func (v *visitor) ask(method, path string, form url.Values, headers ...string) answer {
	v.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:1234"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if r.Header.Set(name, value); name == "X-From" {
			r.RemoteAddr = value + ":1234"
		}
	}
	w := httptest.NewRecorder()
	v.s.server.http.Handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if v.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	a := answer{t: v.t, status: w.Code, header: w.Result().Header, text: w.Body.String()}
	if a.status == http.StatusMethodNotAllowed {
		return a
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": pagePolicy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := a.header.Get(name); got != want {
			v.t.Errorf("%s %s: %s is %q, want %q", method, path, name, got, want)
		}
	}
	if !strings.Contains(a.header.Get("Permissions-Policy"), "camera=()") {
		v.t.Errorf("%s: Permissions-Policy is %q", path, a.header.Get("Permissions-Policy"))
	}
	if kept := a.header.Get("Cache-Control"); strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && kept != "no-store" {
		v.t.Errorf("%s: a page is kept: %q", path, kept)
	}
	return a
}

// to checks that an answer sends the browser on.
func (a answer) to(path string) {
	a.t.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != path {
		a.t.Errorf("%d to %q, want to %q: %s", a.status, a.header.Get("Location"), path, a.text)
	}
}

// says checks what a page says.
func (a answer) says(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			a.t.Errorf("%q is not said: %s", text, a.text)
		}
	}
	return a
}

func credentials(user id.ID, password string) url.Values {
	return url.Values{"email": {user.String() + "@example.com"}, "password": {password}}
}

func TestSignInPage(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
		s.signIn(t, rita)
		v := s.visitor(t)
		v.ask("GET", "/o/deal?layout=board", nil).to("/signin?next=%2Fo%2Fdeal%3Flayout%3Dboard")
		v.ask("GET", "/", nil).to("/signin")
		v.ask("GET", "/signin?next=%2Fo%2Fdeal%3Flayout%3Dboard", nil).want(200).says(`<html lang="en">`, `name="next" value="/o/deal?layout=board"`, "You will go on where you were")
		form := credentials(rita, another)
		form.Set("next", "/o/deal?layout=board")
		wrong := v.ask("POST", "/signin", form).want(401).says("Address or password is wrong", `role="alert"`, `value="/o/deal?layout=board"`)
		if strings.Contains(wrong.text, another) || wrong.header.Get("Set-Cookie") != "" || len(v.cookies) != 0 {
			t.Errorf("after a wrong password: %v %s", v.cookies, wrong.text)
		}
		form.Set("password", password)
		v.ask("POST", "/signin", form).to("/o/deal?layout=board")
		if v.cookies["wardbook"] == "" || v.cookies["wardbook_lang"] != "en" {
			t.Errorf("cookies: %v", v.cookies)
		}
		v.ask("GET", "/signin?next=/o/deal", nil).to("/o/deal")
		v.ask("GET", "/o/deal?layout=board", nil).want(200).says(`<html lang="en" data-mantine-color-scheme="light" data-x="1">`)
		equal(t, "the journal", s.acts(t, rita), "sign_in allow", "sign_in_failed deny", "sign_in allow")

		out := v.ask("GET", "/signout", nil).want(200).says("Rita Rep")
		csrf := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(out.text)
		if csrf == nil {
			t.Fatal(out.text)
		}
		v.ask("POST", "/signout", url.Values{"csrf": {"x"}}).want(403)
		v.ask("GET", "/", nil).want(200)
		was := v.cookies["wardbook"]
		v.ask("POST", "/signout", url.Values{"csrf": {csrf[1]}}).to("/signin?out")
		v.ask("GET", "/signin?out", nil).want(200).says("You are signed out")
		v.cookies["wardbook"] = was
		v.ask("GET", "/", nil).to("/signin")
		v.ask("GET", "/signout", nil).to("/signin")
		v.ask("POST", "/signout", url.Values{}).to("/signin")
		equal(t, "the journal", s.acts(t, rita)[:1], "sign_out allow")
	})
}

// Whoever asks, and whatever is wrong, the page says the same, and slows down who guesses.
func TestSignInPageTellsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	rita, gone := s.Person(t, "Rita Rep", id.ID{}, "sales_rep"), s.Person(t, "Gus Gone", id.ID{}, "sales_rep")
	s.signIn(t, rita)
	s.signIn(t, gone)
	if _, err := s.As(s.Owner).Update(t.Context(), "user", gone, 0, door.Values{"active": false}); err != nil {
		t.Fatal(err)
	}
	v := s.visitor(t)
	var pages []string
	for _, form := range []url.Values{
		credentials(rita, another), credentials(gone, password),
		{"email": {"nobody@example.com"}, "password": {password}},
		{"email": {"no address"}, "password": {password}},
		{"email": {`"><script>`}, "password": {password}},
	} {
		a := v.ask("POST", "/signin", form).want(401)
		pages = append(pages, regexp.MustCompile(`value="[^"]*"`).ReplaceAllString(a.text, ""))
		if strings.Contains(a.text, "<script>") {
			t.Error(a.text)
		}
	}
	for _, p := range pages[1:] {
		if p != pages[0] {
			t.Errorf("%s\nis not\n%s", p, pages[0])
		}
	}
	v.ask("POST", "/signin", url.Values{"email": {"a@example.com"}}).want(422).says("both fields")
	v.ask("POST", "/signin", credentials(rita, password), "X-From: 198.51.100.7").want(403).says("https://")
	for range 6 {
		v.ask("POST", "/signin", credentials(rita, another))
	}
	if a := v.ask("POST", "/signin", credentials(rita, password)).want(429).says("too many attempts that failed"); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	v.ask("POST", "/signin", url.Values{"email": {strings.Repeat("a", 20_000)}}).want(413).says("too long")
	for _, foreign := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"} {
		v.ask("POST", "/signin", credentials(rita, password), foreign).want(403).says("another site")
	}
	if log := s.log.String(); strings.Contains(log, password) || strings.Contains(log, "example.com") || !strings.Contains(log, "route=/signin") {
		t.Error(log)
	}
}

func TestNextStaysHere(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	s.signIn(t, s.Owner)
	for next, want := range map[string]string{
		"/o/deal/1?peek=a:b#x": "/o/deal/1?peek=a:b#x", "/客户": "/客户", "": "/", "o/deal": "/",
		"//evil.example": "/", "///evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/", "https://evil.example/": "/", "https:/evil.example": "/",
		"javascript:alert(1)": "/", "/\t/evil.example": "/", "/\n/evil.example": "/", " //evil.example": "/", "/%zz": "/", "http://127.0.0.1:8080@evil.example": "/",
		"/signin?next=/a": "/", "/signout": "/", "/setup": "/", "/api/v1/openapi.json": "/", "/signing": "/signing", strings.Repeat("/a", 2000): "/",
	} {
		v := s.visitor(t)
		form := credentials(s.Owner, password)
		form.Set("next", next)
		a := v.ask("POST", "/signin", form)
		got, err := url.PathUnescape(a.header.Get("Location"))
		if err != nil || a.status != 303 || got != want {
			t.Errorf("%q leads to %d %q, want %q", next, a.status, got, want)
		}
	}
}

func TestSetupPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	rita := s.Person(t, "Rita Rep", id.ID{}, "sales_rep")
	made := s.send(t, "POST", "/api/v1/users/"+rita.String()+"/invitation", s.signIn(t, s.Owner), "").want(201)
	link := made.str("path")
	v := s.visitor(t)
	page := v.ask("GET", "/setup", nil).want(200).says(`autocomplete="new-password"`, "/page/setup-")
	form := func(code, email, password string) url.Values {
		return url.Values{"code": {code}, "email": {email}, "password": {password}}
	}
	const email = "rita.rep@example.com"
	v.ask("POST", "/setup", form(link, email, "")).want(422).says("fill in all", `value="`+made.str("token")+`"`)
	v.ask("POST", "/setup", form(link, email, "short")).want(422).says("at least 15")
	v.ask("POST", "/setup", form(link, email, "passwordpassword")).want(422).says("can be guessed")
	v.ask("POST", "/setup", form(link, email, strings.Repeat("long words ", 200))).want(422).says("Take a shorter one")
	unknown := v.ask("POST", "/setup", form("wbi_wrong", email, password)).want(401).says("not for this address")
	other := v.ask("POST", "/setup", form(link, "olga@example.com", password)).want(401)
	strip := regexp.MustCompile(`value="[^"]*"`)
	if strip.ReplaceAllString(unknown.text, "") != strip.ReplaceAllString(other.text, "") {
		t.Error("the page says whether the code or the address is wrong")
	}
	v.ask("POST", "/setup", form("http://127.0.0.1:8080"+link, email, password)).to("/signin?set")
	v.ask("POST", "/setup", form(link, email, another)).want(401)
	v.ask("GET", "/signin?set", nil).want(200).says("Your password is set")
	v.ask("POST", "/signin", url.Values{"email": {email}, "password": {password}}).to("/")
	for _, path := range regexp.MustCompile(`/page/[a-z]+-[0-9a-f]+\.[a-z]+`).FindAllString(page.text, -1) {
		if a := v.ask("GET", path, nil).want(200); !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %v", path, a.header)
		}
	}
	for range 40 { // somebody who guesses codes is stopped
		v.ask("POST", "/setup", form("wbi_wrong", email, password))
	}
	v.ask("POST", "/setup", form("wbi_wrong", email, password)).want(429)
}

// A page speaks what the browser asks for, until somebody chooses, and then what the person speaks.
func TestLanguagesOfPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	zh := "zh_cn"
	if _, err := s.As(s.Owner).Prefer(context.Background(), door.Preferences{Locale: &zh}); err != nil {
		t.Fatal(err)
	}
	s.signIn(t, s.Owner)
	for header, lang := range map[string]string{
		"": "en", "zh-CN,zh;q=0.9,en;q=0.8": "zh-CN", "zh-TW": "zh-CN", "en-GB,zh;q=0.5": "en", "zh;q=0.5,en": "en", "fr,zh;q=0.3": "zh-CN", "fr": "en", ";;;": "en", strings.Repeat("zh,", 400): "en",
	} {
		if a := s.visitor(t).ask("GET", "/forgot", nil, "Accept-Language: "+header).want(200); !strings.Contains(a.text, `<html lang="`+lang+`">`) || a.header.Get("Content-Language") != lang {
			t.Errorf("%q is answered in %q", header, a.header.Get("Content-Language"))
		}
	}
	v := s.visitor(t)
	v.ask("GET", "/signin?next=%2Fo%2Fdeal&lang=zh-CN", nil, "Accept-Language: en").to("/signin?next=%2Fo%2Fdeal")
	v.ask("GET", "/signin", nil, "Accept-Language: en").want(200).says(`<html lang="zh-CN">`, "登录", `lang="en"`)
	v.ask("POST", "/signin", credentials(s.Owner, another)).want(401).says("邮箱或密码不正确")
	v.ask("GET", "/signin?lang=en", nil).to("/signin")
	v.ask("POST", "/signin", credentials(s.Owner, password)).to("/")
	v.ask("GET", "/", nil).want(200).says(`<html lang="zh-CN" data-mantine-color-scheme="light"`)
	if v.cookies["wardbook_lang"] != "zh-CN" {
		t.Errorf("cookies: %v", v.cookies)
	}
}

func TestLooksOfPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	s.signIn(t, s.Owner)
	v := s.visitor(t)
	v.ask("POST", "/signin", credentials(s.Owner, password)).to("/")
	for _, c := range []struct{ cookie, hint, form, app string }{
		{"", "", "", "light"},
		{"", "dark", "", "dark"},
		{"light", "dark", ` data-theme="light"`, "light"},
		{"dark", "light", ` data-theme="dark"`, "dark"},
		{"auto", "", "", "light"},
		{"auto-dark", "", "", "dark"},
		{"auto-dark", "light", "", "light"},
		{"pink", `"><b>`, "", "light"},
	} {
		if v.cookies["wardbook_theme"] = c.cookie; c.cookie == "" {
			delete(v.cookies, "wardbook_theme")
		}
		hint := "Sec-CH-Prefers-Color-Scheme: " + c.hint
		v.ask("GET", "/forgot", nil, hint).want(200).says(`<html lang="en"` + c.form + `>`)
		v.ask("GET", "/", nil, hint).want(200).says(`data-mantine-color-scheme="` + c.app + `"`)
	}
	dark := "dark"
	if _, err := s.As(s.Owner).Prefer(context.Background(), door.Preferences{Theme: &dark}); err != nil {
		t.Fatal(err)
	}
	delete(v.cookies, "wardbook_theme")
	v.ask("GET", "/", nil).want(200).says(`data-mantine-color-scheme="dark"`)
	fresh := s.visitor(t)
	fresh.ask("POST", "/signin", credentials(s.Owner, password)).to("/")
	if fresh.cookies["wardbook_theme"] != "dark" {
		t.Errorf("cookies: %v", fresh.cookies)
	}
}

// What a person prefers is said by the session, and kept by the browser for the pages before it.
func TestPreferences(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	as := s.signIn(t, s.Owner)
	if a := s.send(t, "GET", "/api/v1/session", as, "").want(200); a.str("theme") != "auto" || a.str("timezone") != "UTC" || a.str("locale") != "en" {
		t.Error(a.text)
	}
	a := s.send(t, "PATCH", "/api/v1/session", as, `{"theme":"dark","timezone":"Asia/Shanghai","locale":"zh_cn"}`).want(200)
	if kept := strings.Join(a.header.Values("Set-Cookie"), "\n"); !strings.Contains(kept, "wardbook_theme=dark; Path=/; Max-Age=31536000; SameSite=Lax") || !strings.Contains(kept, "wardbook_lang=zh-CN;") {
		t.Error(kept)
	}
	if b := s.send(t, "GET", "/api/v1/session", as, "").want(200); b.text != a.text || b.str("theme") != "dark" || b.str("timezone") != "Asia/Shanghai" || b.str("locale") != "zh_cn" {
		t.Errorf("%s, and then %s", a.text, b.text)
	}
	if a := s.send(t, "PATCH", "/api/v1/session", as, `{"theme":"pink"}`).want(422); a.str("errors/0/field") != "theme" {
		t.Error(a.text)
	}
	s.send(t, "PATCH", "/api/v1/session", strings.Split(as, signedMark)[0]+signedMark+"x", `{"theme":"light"}`).want(403)
}

func TestFilesOfTheFrontEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	v := s.visitor(t)
	for _, c := range []struct{ path, accept, encoding, kind, text string }{
		{"/assets/a-1.js", "gzip, deflate, br, zstd", "br", "text/javascript; charset=utf-8", "BR"},
		{"/assets/a-1.js", "br;q=0, gzip;q=0.5", "gzip", "text/javascript; charset=utf-8", "code()"},
		{"/assets/a-1.js", "", "", "text/javascript; charset=utf-8", "code()"},
		{"/assets/b-1.css", "br", "", "text/css; charset=utf-8", "b{}"},
		{"/favicon.svg", "br", "", "image/svg+xml", "<svg/>"},
	} {
		a := v.ask("GET", c.path, nil, "Accept-Encoding: "+c.accept).want(200)
		text := a.text
		if c.encoding == "gzip" {
			z, err := gzip.NewReader(strings.NewReader(a.text))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		cache := "public, max-age=31536000, immutable"
		if c.path == "/favicon.svg" {
			cache = "no-cache"
		}
		if text != c.text || a.header.Get("Content-Encoding") != c.encoding || a.header.Get("Content-Type") != c.kind || a.header.Get("Cache-Control") != cache || !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%s for %q: %q %v", c.path, c.accept, text, a.header)
		}
	}
	for _, path := range []string{
		"/assets/gone-1.js", "/assets/", "/assets/a-1.js.br", "/assets/c-1.exe", "/favicon.ico", "/index.html", "/.keep", "/assets/..%2findex.html", "/assets/%2e%2e/index.html", "/page/style-0.css", "/o/deal/app.js",
	} {
		if a := v.ask("GET", path, nil).want(404); strings.Contains(a.text, "<") || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v %s", path, a.header, a.text)
		}
	}
	v.ask("POST", "/assets/a-1.js", nil).want(405)
	v.ask("DELETE", "/o/deal", nil).want(405)
	v.ask("POST", "/forgot", nil).want(405)
	if a := v.ask("HEAD", "/signin", nil).want(200); a.header.Get("Content-Length") == "" {
		t.Error("HEAD without a length")
	}
}

func TestWithoutAFrontEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	log := slog.New(slog.DiscardHandler)
	p, err := page.New(s.api, fstest.MapFS{".keep": {}}, log)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Register(mux)
	s.signIn(t, s.Owner)
	s.server.http.Handler = s.server.guard(mux)
	v := s.visitor(t)
	v.ask("POST", "/signin", credentials(s.Owner, password)).to("/")
	v.ask("GET", "/o/deal", nil).want(501).says("There is no screen in this program", "make build", "/signout")
	v.ask("GET", "/assets/a-1.js", nil).want(404)
}
