package web

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

const (
	filesPath = "/api/v1/records/{object}/{id}/files/{field}"

	// gif and webp are pictures of one pixel.
	gif  = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
	webp = "RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
)

// named is the header that gives an upload its name.
func named(name string) string {
	return "Content-Disposition: attachment; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

func TestFiles(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		doc := "/api/v1/records/document/" + s.Make(t, "document", door.Values{"name": "Contract"}).String()
		canary := "<script>CanaryContract</script>" + strings.Repeat("\x00\xff", 300_000) // three pieces
		a := s.send(t, "PUT", doc+"/files/file", s.owner, canary, named("合同 1.html"), `If-Match: "1"`).want(200)
		if a.header.Get("ETag") != `"2"` || a.str("fields/file/name") != "合同 1.html" || a.get("fields/file/size") != float64(len(canary)) {
			t.Errorf("%v %.300s", a.header, a.text)
		}
		got := s.send(t, "GET", doc+"/files/file", s.owner, "").want(200)
		for name, want := range map[string]string{
			"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename*=utf-8''%E5%90%88%E5%90%8C%201.html",
			"ETag": `"` + a.str("fields/file/content") + `"`, "Content-Length": "600031",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
			}
		}
		if got.text != canary {
			t.Errorf("%d bytes came back of %d", len(got.text), len(canary))
		}
		journaled := s.send(t, "GET", "/api/v1/journal?limit=1&filter="+url.QueryEscape("verb == 'download'"), s.owner, "").want(200)
		if journaled.str("entries/0/request_id") != got.header.Get("X-Request-Id") {
			t.Errorf("the download is not in the journal: %s", journaled.text)
		}
		s.sealedContent(t, "CanaryContract")

		// Another file, and none.
		if again := s.send(t, "PUT", doc+"/files/file", s.owner, "x", `If-Match: "2"`).want(200); again.str("fields/file/name") != "file" || again.str("fields/file/content") == a.str("fields/file/content") {
			t.Error(again.text)
		}
		s.send(t, "DELETE", doc+"/files/file", s.owner, "", `If-Match: "2"`).want(412)
		if a := s.send(t, "DELETE", doc+"/files/file", s.owner, "", `If-Match: "3"`).want(200); a.get("fields/file") != nil || a.header.Get("ETag") != `"4"` {
			t.Error(a.text)
		}
		if a := s.send(t, "GET", doc+"/files/file", s.owner, "").want(404); a.str("reason") != "no_file" {
			t.Error(a.text)
		}
	})
}

// sealedContent fails the test where the pieces of files hold a text.
func (s *site) sealedContent(t *testing.T, text string) {
	t.Helper()
	rows, err := s.Data.Query(context.Background(), "SELECT sealed FROM content")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			t.Error("a file lies in the clear")
		}
	}
	if err := rows.Err(); err != nil || n == 0 {
		t.Errorf("%d pieces: %v", n, err)
	}
}

// Pictures of an image field are shown as what they are; a picture in a file field is saved as any file.
func TestPictures(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	contact := "/api/v1/records/contact/" + s.Make(t, "contact", door.Values{"last_name": "Li"}).String()
	doc := "/api/v1/records/document/" + s.Make(t, "document", door.Values{"name": "Scan"}).String()
	var p, j bytes.Buffer
	dot := image.NewGray(image.Rect(0, 0, 1, 1))
	if err1, err2 := png.Encode(&p, dot), jpeg.Encode(&j, dot, nil); err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for media, body := range map[string]string{"image/png": p.String(), "image/jpeg": j.String(), "image/gif": gif, "image/webp": webp} {
		s.send(t, "PUT", contact+"/files/photo", s.owner, body, named("me.svg"), "Content-Type: image/svg+xml").want(200)
		if a := s.send(t, "GET", contact+"/files/photo", s.owner, "").want(200); a.header.Get("Content-Type") != media || a.header.Get("Content-Disposition") != "inline; filename=me.svg" || a.text != body {
			t.Errorf("%s: %v", media, a.header)
		}
	}
	s.send(t, "PUT", doc+"/files/file", s.owner, gif, named("a.gif")).want(200)
	if a := s.send(t, "GET", doc+"/files/file", s.owner, "").want(200); a.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment;") {
		t.Error(a.header)
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	path := "/api/v1/records/document/" + s.Make(t, "document", door.Values{"name": "Names"}).String() + "/files/file"
	for _, c := range []struct{ name, header, want string }{
		{"a path", named("../../etc/pass wd.txt"), "pass wd.txt"},
		{"a path of Windows", named(`C:\temp\a.txt`), "a.txt"},
		{"lines", named("a\r\nSet-Cookie: x=1\n.txt"), "aSet-Cookie: x=1.txt"},
		{"quotes", named(`say "hi"; filename=x\"`), `"`},
		{"quotes alone", named(`say "hi"; filename=evil.exe`), `say "hi"; filename=evil.exe`},
		{"300 characters", named(strings.Repeat("x", 300) + ".pdf"), strings.Repeat("x", 251) + ".pdf"},
		{"right to left", named("invoice\u202efdp.exe"), "invoicefdp.exe"},
		{"no UTF-8", "Content-Disposition: attachment; filename*=UTF-8''a%FF.txt", "a.txt"},
		{"in plain", `Content-Disposition: attachment; filename="b.txt"`, "b.txt"},
		{"of no form", `Content-Disposition: form-data; name="f"; filename="c.txt"`, "c.txt"},
	} {
		if a := s.send(t, "PUT", path, s.owner, "x", c.header).want(200); a.str("fields/file/name") != c.want {
			t.Errorf("%s: stored as %q", c.name, a.str("fields/file/name"))
		}
		got := s.send(t, "GET", path, s.owner, "").want(200).header.Get("Content-Disposition")
		if how, p, err := mime.ParseMediaType(got); err != nil || how != "attachment" || p["filename"] != c.want || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%s: answered as %q (%v)", c.name, got, err)
		}
	}
	for name, header := range map[string]string{"no name": "Content-Disposition: attachment", "nothing that can be read": "Content-Disposition: ;;", "a broken code": "Content-Disposition: attachment; filename*=UTF-8''%zz"} {
		if a := s.send(t, "PUT", path, s.owner, "x", header).want(400); a.str("errors/0/field") != "Content-Disposition" {
			t.Errorf("%s: %s", name, a.text)
		}
	}
}

func TestFilesRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	contact, doc := s.Make(t, "contact", door.Values{"last_name": "Li"}).String(), s.Make(t, "document", door.Values{"name": "A"}).String()
	for _, c := range []struct {
		name, path, body string
		status           int
		reason, header   string
	}{
		{"nothing", "document/" + doc + "/files/file", "", 422, "empty_file", ""},
		{"a page as a picture", "contact/" + contact + "/files/photo", "<svg onload=alert(1)>", 422, "not_a_picture", ""},
		{"the beginning of a picture", "contact/" + contact + "/files/photo", "\x89PNG\r\n\x1a\n<html>", 422, "broken_picture", ""},
		{"a stale version", "document/" + doc + "/files/file", "x", 412, "stale", `If-Match: "9"`},
		{"no version", "document/" + doc + "/files/file", "x", 400, "bad_parameter", `If-Match: "x"`},
		{"a form", "document/" + doc + "/files/file", "--x", 400, "bad_body", "Content-Type: multipart/form-data; boundary=x"},
		{"a field that holds no file", "contact/" + contact + "/files/last_name", "x", 404, "unknown_field", ""},
		{"no field", "contact/" + contact + "/files/nosuch", "x", 404, "unknown_field", ""},
		{"no object", "nosuch/" + contact + "/files/file", "x", 404, "", ""},
		{"no record", "document/" + contact + "/files/file", "x", 404, "", ""},
		{"no identifier", "document/x/files/file", "x", 404, "", ""},
	} {
		a := s.send(t, "PUT", "/api/v1/records/"+c.path, s.owner, c.body, c.header).want(c.status)
		if got := a.str("reason"); got != c.reason && a.str("errors/0/reason") != c.reason && c.reason != "" {
			t.Errorf("%s: %s", c.name, a.text)
		}
	}
	s.send(t, "DELETE", "/api/v1/records/contact/"+contact+"/files/last_name", s.owner, "").want(404)
	for path, limit := range map[string]int64{"document/" + doc + "/files/file": schema.MaxFile, "contact/" + contact + "/files/photo": schema.MaxImage} {
		r := s.request("PUT", "/api/v1/records/"+path, s.owner, reader(limit+1)) // of a length that is not told
		if a := s.serve(t, r).want(413); a.str("reason") != "body_too_large" {
			t.Errorf("%s: %s", path, a.text)
		}
		r = s.request("PUT", "/api/v1/records/"+path, s.owner, broken{})
		r.ContentLength = limit + 1
		s.serve(t, r).want(413)
	}
	if a := s.serve(t, s.request("PUT", "/api/v1/records/document/"+doc+"/files/file", s.owner, broken{})).want(400); a.str("reason") != "bad_body" {
		t.Error(a.text)
	}
	if r := s.send(t, "GET", "/api/v1/records/document/"+doc, s.owner, ""); r.header.Get("ETag") != `"1"` {
		t.Errorf("what was refused changed the record: %s", r.text)
	}
}

// Who may only read a field, or must not know of it, neither changes nor downloads it, and what is
// masked is not downloaded. A body that will be refused is not read.
func TestFileRights(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	withPhoto := func() string {
		contact := s.Make(t, "contact", door.Values{"last_name": "Li", "photo": door.Upload{Name: "a.gif", Content: []byte(gif)}})
		return "/api/v1/records/contact/" + contact.String() + "/files/photo"
	}
	for access, want := range map[string]struct{ get, put, del int }{"hidden": {404, 404, 404}, "masked": {403, 422, 422}, "read": {200, 422, 422}, "edit": {200, 200, 200}} {
		path := withPhoto()
		role := s.Make(t, "role", door.Values{
			"name":   "Photos " + access,
			"grants": door.Parsed{Value: json.RawMessage(`[{"object":"contact","verbs":["read","update"],"scope":"all"}]`)},
			"masks":  door.Parsed{Value: json.RawMessage(`[{"object":"contact","field":"photo","access":"` + access + `"}]`)},
		})
		who := s.Make(t, "user", door.Values{"name": "P " + access, "email": access + "@example.com", "active": true, "roles": []any{role.String()}})
		token := s.token(t, who, "*:*")
		s.send(t, "GET", path, token, "").want(want.get)
		if want.put == 200 {
			s.send(t, "PUT", path, token, gif).want(want.put)
		} else {
			a := s.serve(t, s.request("PUT", path, token, unread{t})).want(want.put)
			if want.put == 422 && a.str("errors/0/reason") != "not_editable" {
				t.Errorf("%s: %s", access, a.text)
			}
		}
		s.send(t, "DELETE", path, token, "").want(want.del)
	}
	path, stranger := withPhoto(), s.token(t, s.Person(t, "Stan Stranger", id.ID{}), "*:*")
	s.serve(t, s.request("PUT", path, stranger, unread{t})).want(404)
	s.serve(t, s.request("PUT", path, s.token(t, s.Owner, "contact:read"), unread{t})).want(404)
}

// unread is a body that nobody may ask for.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("a body that will be refused is read")
	return 0, io.EOF
}

// A file may be on its way for longer than the server gives a short request, and its answer too.
func TestFilesTakeTheirTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	path := "/api/v1/records/document/" + s.Make(t, "document", door.Values{"name": "Slow"}).String() + "/files/file"
	for _, c := range []struct{ method, path string }{{"PUT", path}, {"POST", "/api/v1/imports"}} {
		w := &timed{ResponseRecorder: httptest.NewRecorder()}
		s.server.http.Handler.ServeHTTP(w, s.request(c.method, c.path, s.owner, strings.NewReader("x")))
		if now := s.Clock.Now(); w.read.Sub(now) < 10*time.Minute || w.write.Sub(w.read) < time.Minute {
			t.Errorf("%s: read until %v, answered until %v, and it is %v", c.path, w.read, w.write, now)
		}
	}
}

// timed notes a connection's deadlines.
type timed struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

var _ http.ResponseWriter = &timed{}

func (w *timed) SetReadDeadline(at time.Time) error {
	w.read = at
	return nil
}

func (w *timed) SetWriteDeadline(at time.Time) error {
	w.write = at
	return nil
}
