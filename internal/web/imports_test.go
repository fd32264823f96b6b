package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

const boundary = "b0undary"

// form is a body of parts: names and contents in turn.
func form(parts ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(parts); i += 2 {
		file := ""
		if parts[i] == "file" {
			file = `; filename="x.csv"`
		}
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q%s\r\n\r\n%s\r\n", boundary, parts[i], file, parts[i+1])
	}
	return b.String() + "--" + boundary + "--\r\n"
}

// A file is sent, looked at, imported, and its wrong rows come back.
func TestImportOverTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	const secret = "Geheimrat"
	a := s.send(t, "POST", "/api/v1/imports", s.owner, form("object", "contact", "plan", `{"map":{"who":"last_name"}}`, "file", "who,E-mail\n"+secret+",a@example.com\nTwo,none\n")).want(201)
	path := "/api/v1/imports/" + a.str("id")
	if a.header.Get("Location") != path || a.str("status") != "waiting" || a.str("format") != "csv" || a.str("result/mapping/who") != "last_name" || !strings.Contains(a.text, `"created":1,`) || !strings.Contains(a.text, `"line":3,`) {
		t.Error(a.text)
	}
	if a := s.send(t, "GET", "/api/v1/records/contact?count=true", s.owner, "").want(200); !strings.Contains(a.text, `"count":0,`) {
		t.Errorf("the preview made contacts: %s", a.text)
	}
	s.onDisk(t, secret, true)
	other := s.token(t, s.Person(t, "Mia Manager", id.ID{}, "sales_manager"), "*:*")
	for _, call := range []string{"GET ", "POST /run", "GET /errors.csv", "DELETE "} {
		method, rest, _ := strings.Cut(call, " ")
		s.send(t, method, path+rest, other, "").want(404)
	}
	s.send(t, "POST", path+"/run", s.owner, `{"dry_run":true}`).want(200)
	if a := s.send(t, "POST", path+"/run", s.owner, `{}`).want(200); a.str("status") != "done" || !strings.Contains(a.text, `"created":1,`) || !strings.Contains(a.text, `"failed":1,`) || !strings.Contains(a.text, `"done":2,"of":2,`) {
		t.Error(a.text)
	}
	if a := s.send(t, "POST", path+"/run", s.owner, `{}`).want(409); a.str("reason") != "imported" {
		t.Error(a.text)
	}
	set := s.send(t, "GET", path, s.owner, "").want(200).str("result/changeset")
	if a := s.send(t, "GET", path+"/errors.csv", s.owner, "").want(200); !strings.HasPrefix(a.text, "who,E-mail,line,what is wrong\nTwo,none,3,") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		t.Error(a.text, a.header)
	}
	imported := s.send(t, "GET", "/api/v1/records/import", s.owner, "").want(200).str("records/0/id")
	s.send(t, "POST", "/api/v1/changesets/"+set+"/undo", s.owner, `{}`).want(200)
	a = s.send(t, "POST", "/api/v1/imports", s.owner, form("object", "contact", "like", imported, "file", "who,E-mail\nThree,c@example.com\n")).want(201)
	if a.str("result/mapping/who") != "last_name" {
		t.Error(a.text)
	}
	s.send(t, "DELETE", "/api/v1/imports/"+a.str("id"), s.owner, "").want(204)
	s.send(t, "GET", "/api/v1/imports/"+a.str("id"), s.owner, "").want(404)
	s.send(t, "DELETE", path, s.owner, "").want(204)
	s.onDisk(t, secret, false)
}

// A file that was read wrongly is read in another way, without sending it again; what is the same in wrong
// rows stands together, with its text.
func TestImportReadAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	a := s.send(t, "POST", "/api/v1/imports", s.owner, form("object", "company", "encoding", "windows-1252", "file", "name|staff, about\n北京|a few, or so\nB|a few, or so\nC|7,8\n")).want(201)
	path := "/api/v1/imports/" + a.str("id")
	if a.str("encoding") != "windows-1252" || a.str("delimiter") != "," || a.str("sample/0/0") != "åŒ—äº¬|a few" || a.str("columns/0") != "name|staff" {
		t.Error(a.text)
	}
	a = s.send(t, "PATCH", path, s.owner, `{"delimiter":"|","plan":{"map":{"staff, about":"employees"}}}`).want(200)
	if a.str("encoding") != "utf-8" || a.str("sample/0/0") != "北京" || a.str("guess/name") != "name" || a.str("result/mapping/staff, about") != "employees" {
		t.Error(a.text)
	}
	if a.str("result/wrong/0/text") != "a few, or so" || a.str("result/wrong/0/field") != "employees" || !strings.Contains(a.text, `"rows":2,"line":2}`) {
		t.Error(a.text)
	}
	for body, reason := range map[string]string{`{"encoding":"ebcdic"}`: "invalid_field", `{"delimiter":"x"}`: "invalid_field", `{"encoding":"utf-16le"}`: "bad_encoding"} {
		if a := s.send(t, "PATCH", path, s.owner, body).want(422); a.str("reason") != reason {
			t.Error(a.text)
		}
	}
	a = s.send(t, "GET", path, s.owner, "").want(200) // what could not be read left it as it was
	if a.str("delimiter") != "|" || a.str("sample/1/0") != "B" {
		t.Error(a.text)
	}
	s.send(t, "POST", path+"/run", s.owner, `{"plan":{"map":{"staff, about":"employees"},"values":{"employees":{"a few, or so":"5","7,8":"8"}}}}`).want(200)
	if a := s.send(t, "PATCH", path, s.owner, `{}`).want(409); a.str("reason") != "imported" {
		t.Error(a.text)
	}
}

// onDisk looks at the files that wait: none of them holds the text, and there are some, or none.
func (s *site) onDisk(t *testing.T, text string, some bool) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(s.waiting, "*"))
	if err != nil || (len(list) > 0) != some {
		t.Errorf("%d files wait (%v)", len(list), err)
	}
	for _, name := range list {
		if b, err := os.ReadFile(name); err != nil || strings.Contains(string(b), text) {
			t.Errorf("a file that waits can be read (%v)", err)
		}
	}
}

// Forms and files that are refused leave nothing behind.
func TestImportsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	for _, c := range []struct {
		name, body string
		status     int
		reason     string
	}{
		{"no form", "{}", 400, "bad_body"},
		{"no file", form("object", "company"), 422, "invalid_field"},
		{"no object", form("file", "name\nA\n"), 422, "invalid_field"},
		{"the object after the file", form("file", "name\nA\n", "object", "company"), 422, "invalid_field"},
		{"no such object", form("object", "nosuch", "file", "name\nA\n"), 404, "unknown_object"},
		{"an object that only the program writes", form("object", "import", "file", "name\nA\n"), 404, "unknown_object"},
		{"no such part", form("object", "company", "asAdmin", "1", "file", "name\nA\n"), 422, "invalid_field"},
		{"a plan that is none", form("object", "company", "plan", "[", "file", "name\nA\n"), 400, "bad_json"},
		{"a plan that is deep", form("object", "company", "plan", strings.Repeat("[", 40), "file", "name\nA\n"), 413, "json_too_deep"},
		{"an earlier import that is none", form("object", "company", "like", "x", "file", "name\nA\n"), 422, "invalid_field"},
		{"an earlier import that is not there", form("object", "company", "like", "019cb7dc-6400-712f-9ca9-66963e3d8f68", "file", "name\nA\n"), 404, "not_found"},
		{"a file that is cut off", strings.TrimSuffix(form("object", "company", "file", "name\nA\n"), "--"+boundary+"--\r\n")[:150], 400, "bad_body"},
		{"an empty file", form("object", "company", "file", ""), 422, "empty_file"},
		{"an encoding that it does not have", form("object", "company", "encoding", "utf-8", "file", "name\n\xb1\xb1\xbe\xa9\n"), 422, "bad_encoding"},
		{"a file that cannot be read", form("object", "company", "file", "name\na\x00b\n"), 422, "bad_encoding"},
	} {
		if a := s.send(t, "POST", "/api/v1/imports", s.owner, c.body).want(c.status); a.str("reason") != c.reason {
			t.Errorf("%s: %s", c.name, a.text)
		}
	}
	s.onDisk(t, "name", false)
	// A plan that does not fit is told of, and another one can be tried.
	a := s.send(t, "POST", "/api/v1/imports", s.owner, form("object", "company", "file", "foo\nA\n")).want(201)
	if a.str("problem/reason") != "nothing_matches" {
		t.Error(a.text)
	}
	path := "/api/v1/imports/" + a.str("id")
	if a := s.send(t, "POST", path+"/run", s.owner, `{}`).want(200); a.str("status") != "failed" || a.str("problem/reason") != "nothing_matches" {
		t.Error(a.text)
	}
	if a := s.send(t, "POST", path+"/run", s.owner, `{"plan":{"map":{"foo":"name"}}}`).want(200); a.str("status") != "done" || !strings.Contains(a.text, `"created":1,`) {
		t.Error(a.text)
	}
	for range 9 {
		s.send(t, "POST", "/api/v1/imports", s.owner, form("object", "company", "file", "name\nA\n")).want(201)
	}
	if a := s.send(t, "POST", "/api/v1/imports", s.owner, form("object", "company", "file", "name\nA\n")).want(429); a.str("reason") != "too_many_uploads" {
		t.Error(a.text)
	}
	s.Clock.Add(3 * 3600 * 1e9)
	s.send(t, "GET", path, s.owner, "").want(401) // the token was for an hour
	s.owner = s.token(t, s.Owner, "*:*")
	s.send(t, "GET", path, s.owner, "").want(404)
}
