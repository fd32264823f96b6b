package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func TestExports(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		s := siteOf(t, w)
		s.Make(t, "contact", door.Values{"last_name": "Li", "identity_number": "110101199003078515"})
		s.Make(t, "contact", door.Values{"last_name": "Wu"})
		const body = `{"object":"contact","fields":["last_name","identity_number"],"filter":"last_name == 'Li'","format":"csv","layout":{"heading":"zh"},"purpose":"the printer's list"}`
		a := s.send(t, "POST", "/api/v1/exports", s.owner, body, "Idempotency-Key: x1").want(201)
		path := "/api/v1/exports/" + a.str("id")
		if a.header.Get("Location") != path || a.str("file") != path+"/file" || a.str("state") != "ready" || a.str("filter") != "last_name == 'Li'" || a.str("layout/heading") != "zh" {
			t.Errorf("%s", a.text)
		}
		if again := s.send(t, "POST", "/api/v1/exports", s.owner, body, "Idempotency-Key: x1").want(201); again.str("id") != a.str("id") {
			t.Error("the same request prepared another export")
		}
		file := s.send(t, "GET", path+"/file", s.owner, "").want(200)
		if !strings.HasSuffix(file.text, ",Li,110****8515\n") || !strings.HasPrefix(file.text, "\ufeffid,姓,证件号码\n") || strings.Contains(file.text, "Wu") {
			t.Error(file.text)
		}
		if got := file.header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="contact-`) || !strings.HasSuffix(got, `.csv"`) || file.header.Get("Content-Type") != "text/csv; charset=utf-8; header=present" {
			t.Error(file.header)
		}
		if a := s.send(t, "GET", path, s.owner, "").want(200); a.str("state") != "done" || a.get("rows") != 1.0 {
			t.Error(a.text)
		}
		if a := s.send(t, "GET", path+"/file", s.owner, "").want(409); a.str("reason") != "fetched" || a.header.Get("Content-Disposition") != "" {
			t.Error(a.text)
		}
		for format, want := range map[string]string{"xlsx": "PK", "json": "[\n{", "ndjson": "{", "vcf": "BEGIN:VCARD", "vcf3": "BEGIN:VCARD"} {
			if file := s.send(t, "GET", "/api/v1/exports/"+s.export(t, "contact", format)+"/file", s.owner, "").want(200); !strings.HasPrefix(file.text, want) {
				t.Errorf("%s: %.40q", format, file.text)
			}
		}
		if file := s.send(t, "GET", "/api/v1/exports/"+s.export(t, "lead", "vcf")+"/file", s.owner, "").want(200); file.text != "" || file.header.Get("Content-Type") != "text/vcard; charset=utf-8" {
			t.Errorf("no leads: %v %q", file.header, file.text)
		}
	})
}

func TestExportsRefuse(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	for _, c := range []struct {
		name, body, field string
		status            int
	}{
		{"no purpose", `{"object":"company"}`, "purpose", 422},
		{"no such format", `{"object":"company","purpose":"a test","format":"pdf"}`, "format", 422},
		{"no such field", `{"object":"company","purpose":"a test","fields":["nosuch"]}`, "fields", 422},
		{"no such layout", `{"object":"company","purpose":"a test","layout":{"zone":"x"}}`, "zone", 422},
		{"no condition", `{"object":"company","purpose":"a test","filter":"name =="}`, "", 422},
		{"no such object", `{"object":"nosuch","purpose":"a test"}`, "", 404},
	} {
		a := s.send(t, "POST", "/api/v1/exports", s.owner, c.body).want(c.status)
		if c.field != "" && a.str("errors/0/field") != c.field {
			t.Errorf("%s: %s", c.name, a.text)
		}
	}
	s.send(t, "GET", "/api/v1/exports/nosuch", s.owner, "").want(404)
	other := s.token(t, s.Person(t, "Otto Other", [16]byte{}, "sales_manager"), "*:*")
	mine := s.export(t, "company", "csv")
	s.send(t, "GET", "/api/v1/exports/"+mine+"/file", other, "").want(404)
	s.send(t, "GET", "/api/v1/exports/"+mine+"/file", s.owner, "").want(200)
}

// Who loses the right while a file is sent gets no more of it, and cannot take it for the whole.
func TestFilesAreCutOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, sqldb.SQLite)
	ops := make([]door.Operation, door.MaxLimit+1)
	for i := range ops {
		ops[i] = door.Operation{Op: "create", Object: "company", Fields: door.Values{"name": fmt.Sprint("C", i), "description": strings.Repeat("x", 300)}}
	}
	if _, err := s.As(s.Owner).Batch(context.Background(), ops, door.BatchOptions{}); err != nil {
		t.Fatal(err)
	}
	rita := s.Person(t, "Rita Right", [16]byte{}, "sales_manager")
	token := s.token(t, rita, "*:*")
	path := "/api/v1/exports/" + s.send(t, "POST", "/api/v1/exports", token, `{"object":"company","format":"csv","purpose":"a test of ends"}`).want(201).str("id")
	lose := func() {
		if _, err := s.As(s.Owner).Update(context.Background(), "user", rita, 0, door.Values{"roles": []any{s.Roles["reader"].String()}}); err != nil {
			t.Error(err)
		}
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.server.http.Handler.ServeHTTP(&onFirst{ResponseWriter: w, do: lose}, r)
	}))
	defer web.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", web.URL+path+"/file", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := web.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if n, err := io.Copy(io.Discard, got.Body); !errors.Is(err, io.ErrUnexpectedEOF) || n == 0 {
		t.Errorf("%d bytes, and then %v", n, err)
	}
	page, err := s.As(s.Owner).List(context.Background(), door.Query{Object: "export", Filter: fmt.Sprintf("state == 'failed' && rows == %d", door.MaxLimit), Count: true})
	if err != nil || page.Count != 1 {
		t.Errorf("%d broken exports (%v)", page.Count, err)
	}
}

// onFirst does something before the first bytes are sent.
type onFirst struct {
	http.ResponseWriter
	do func()
}

func (o *onFirst) Unwrap() http.ResponseWriter { return o.ResponseWriter }

func (o *onFirst) Write(b []byte) (int, error) {
	if o.do != nil {
		o.do()
		o.do = nil
	}
	return o.ResponseWriter.Write(b)
}
