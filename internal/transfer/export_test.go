package transfer

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func manager(t *testing.T, w *doortest.World) id.ID {
	t.Helper()
	return w.Person(t, "Mona Manager", id.ID{}, "sales_manager")
}

func fileOf(t *testing.T, w *doortest.World, who id.ID, r Request) string {
	t.Helper()
	if r.Purpose == "" {
		r.Purpose = "a test of exports"
	}
	var b bytes.Buffer
	if _, err := Export(context.Background(), w.Door, authn.Operator(who), door.ViaAPI, r, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExportFormats(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		who := manager(t, w)
		if _, err := w.As(w.Owner).Update(context.Background(), "user", who, 0, door.Values{"timezone": "Asia/Shanghai"}); err != nil {
			t.Fatal(err)
		}
		company := w.Make(t, "company", door.Values{"name": "=Alpha, \"Ltd\"", "annual_revenue": map[string]any{"amount": "-12.5", "currency": "EUR"}, "employees": json.Number("7")})
		contact := w.Make(t, "contact", door.Values{
			"last_name": "王", "first_name": "芳", "email": "wang@example.com", "phone": "+86 138 0013 8000", "company": company.String(), "identity_number": "110101199003078515",
			"birthday": "1990-03-07", "address": map[string]any{"street": "南京路 1; 2", "city": "上海", "country": "CN"}, "description": "one\ntwo, three " + strings.Repeat("很长", 40),
		})
		for _, c := range []struct {
			name string
			r    Request
			want string
		}{
			{"a table", Request{Object: "company", Fields: []string{"name", "annual_revenue", "employees"}}, "\ufeffid,name,annual_revenue,employees\n$company,\"'=Alpha, \"\"Ltd\"\"\",-12.50 EUR,7\n"},
			{"labels and two columns of money", Request{Object: "company", Fields: []string{"employees", "annual_revenue"}, Layout: Layout{Heading: "zh", Money: "two"}}, "\ufeffid,员工数,年营收金额,年营收币种\n$company,7,-12.50,EUR\n"},
			{"English labels", Request{Object: "contact", Fields: []string{"last_name", "company.employees"}, Layout: Layout{Heading: "en"}}, "\ufeffid,Last name,Company: Employees\n$contact,王,7\n"},
			{"through a link, masked", Request{Object: "contact", Fields: []string{"company.name", "company.annual_revenue", "identity_number"}, Layout: Layout{Money: "two"}}, "\ufeffid,company.name,company.annual_revenue.amount,company.annual_revenue.currency,identity_number\n$contact,\"'=Alpha, \"\"Ltd\"\"\",-12.50,EUR,110****8515\n"},
			{"an array", Request{Object: "contact", Format: "json", Fields: []string{"identity_number", "company.annual_revenue"}}, "[\n{\"company.annual_revenue\":{\"amount\":\"-12.50\",\"currency\":\"EUR\"},\"id\":\"$contact\",\"identity_number\":\"110****8515\",\"version\":1}\n]\n"},
			{"lines", Request{Object: "company", Format: "ndjson", Fields: []string{"employees"}}, "{\"employees\":7,\"id\":\"$company\",\"version\":1}\n"},
			{"an empty array", Request{Object: "lead", Format: "json"}, "[]\n"},
			{"no lines", Request{Object: "lead", Format: "ndjson"}, ""},
			{"a heading alone", Request{Object: "lead", Fields: []string{"last_name"}}, "\ufeffid,last_name\n"},
			{"no condition fulfilled", Request{Object: "company", Fields: []string{"name"}, Filter: "employees > 7"}, "\ufeffid,name\n"},
			{"vCard 3.0, chosen fields", Request{Object: "contact", Format: "vcf3", Fields: []string{"last_name", "email", "birthday"}}, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:王;;;;\r\nFN:王\r\nEMAIL;TYPE=INTERNET:wang@example.com\r\nBDAY:1990-03-07\r\nUID:$contact\r\nEND:VCARD\r\n"},
		} {
			want := strings.NewReplacer("$company", company.String(), "$contact", contact.String()).Replace(c.want)
			if got := fileOf(t, w, who, c.r); got != want {
				t.Errorf("%s: got\n%q\nwant\n%q", c.name, got, want)
			}
		}
		checkZone(t, w, who)
		checkCard(t, fileOf(t, w, who, Request{Object: "contact", Format: "vcf"}), contact)
	})
}

// Moments are in UTC, or in the person's zone, and say in which.
func checkZone(t *testing.T, w *doortest.World, who id.ID) {
	t.Helper()
	for zone, want := range map[string]string{"": "Z", "utc": "Z", "mine": "+08:00"} {
		rows, err := csv.NewReader(strings.NewReader(fileOf(t, w, who, Request{Object: "company", Fields: []string{"created_at"}, Layout: Layout{Zone: zone}}))).ReadAll()
		if err != nil || !strings.HasSuffix(rows[1][1], want) || zone == "mine" && !strings.HasPrefix(rows[1][1], "2026-03-04T16:00:") {
			t.Errorf("zone %q: %q (%v)", zone, rows, err)
		}
	}
}

func checkCard(t *testing.T, file string, contact id.ID) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSuffix(file, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ToValidUTF8(line, "") != line || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line that is too long, or cut within a character: %q", line)
		}
	}
	whole := strings.ReplaceAll(file, "\r\n ", "")
	for _, want := range []string{
		"VERSION:4.0\r\n", "N:王;芳;;;\r\n", "FN:王芳\r\n", "EMAIL:wang@example.com\r\n", "ORG:=Alpha\\, \"Ltd\"\r\n", "BDAY:19900307\r\n", "ADR:;;南京路 1\\; 2;上海;;;CN\r\n",
		"NOTE:one\\ntwo\\, three " + strings.Repeat("很长", 40) + "\r\n", "UID:urn:uuid:" + contact.String() + "\r\n", "REV:20260304T0800",
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("no %q in %q", want, whole)
		}
	}
	if strings.Contains(whole, "8515") {
		t.Error("a restricted value is in the card")
	}
}

// written reads a workbook of ours: the texts of its cells, a number as "=" and its text.
func written(t *testing.T, file string) [][]string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, part := range z.File {
		f, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Rows []struct {
				Cells []struct {
					Ref    string  `xml:"r,attr"`
					Type   string  `xml:"t,attr"`
					Style  string  `xml:"s,attr"`
					Value  string  `xml:"v"`
					Text   string  `xml:"is>t"`
					Danger *string `xml:"f"`
				} `xml:"c"`
			} `xml:"sheetData>row"`
		}
		if err := xml.Unmarshal(raw, &doc); err != nil {
			t.Fatalf("%s: %v", part.Name, err)
		}
		for n, row := range doc.Rows {
			var cells []string
			for _, c := range row.Cells {
				if c.Danger != nil || !strings.HasSuffix(c.Ref, strconv.Itoa(n+1)) {
					t.Errorf("%s: a formula, or out of place", c.Ref)
				}
				text := c.Text
				if c.Type != "inlineStr" {
					text = "=" + c.Value + "/" + c.Style
				}
				cells = append(cells, strings.TrimRight(c.Ref, "0123456789")+" "+text)
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

func TestWorkbook(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		who := manager(t, w)
		n := w.Make(t, "company", door.Values{
			"name": "=1+1", "description": "a\r\nb <&> _x000D_ 王", "employees": json.Number("12"), "annual_revenue": map[string]any{"amount": "-5", "currency": "CNY"},
			"phone": "+86 138 0013 8000", "billing_address": map[string]any{"city": "上海"},
		})
		c := w.Make(t, "contact", door.Values{"last_name": "Li", "birthday": "1990-03-07", "identity_number": "110101199003078515"})
		old := w.Make(t, "contact", door.Values{"last_name": "Old", "birthday": "1899-12-31"})
		got := written(t, fileOf(t, w, who, Request{Object: "company", Format: "xlsx", Layout: Layout{Money: "two"}, Fields: []string{"name", "description", "employees", "city", "annual_revenue", "phone"}}))
		want := [][]string{
			{"A id", "B name", "C description", "D employees", "E city", "F annual_revenue.amount", "G annual_revenue.currency", "H phone"},
			{"A " + n.String(), "B '=1+1", "C a\nb <&> _x005F_x000D_ 王", "D =12/0", "F =-5.00/0", "G CNY", "H +86 138 0013 8000"},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
		got = written(t, fileOf(t, w, who, Request{Object: "contact", Format: "xlsx", Fields: []string{"birthday", "identity_number"}}))
		want = [][]string{{"A id", "B birthday", "C identity_number"}, {"A " + old.String(), "B 1899-12-31"}, {"A " + c.String(), "B =32939/1", "C 110****8515"}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
	})
}

// What was exported is what the journal says: the purpose before the first byte, the exact count after it.
func TestExportIsJournaled(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		const many = door.MaxLimit + 7
		who := manager(t, w)
		ops := make([]door.Operation, many)
		for i := range ops {
			ops[i] = door.Operation{Op: "create", Object: "product", Fields: door.Values{"name": "P" + strconv.Itoa(i) + strings.Repeat("x", 200)}}
		}
		if _, err := w.As(who).Batch(context.Background(), ops, door.BatchOptions{}); err != nil {
			t.Fatal(err)
		}
		r := Request{Object: "product", Fields: []string{"name"}, Format: "ndjson", Purpose: "price list for the fair"}
		first := &onFirst{do: func() {
			if pages, total := exported(t, w, r.Purpose); pages != 1 || total != door.MaxLimit {
				t.Errorf("at the first byte the journal has %d pages of %d records", pages, total)
			}
		}}
		n, err := Export(context.Background(), w.Door, authn.Operator(who), door.ViaAPI, r, first)
		if err != nil || n != many || bytes.Count(first.all, []byte("\n")) != many {
			t.Errorf("%d records (%v)", n, err)
		}
		if pages, total := exported(t, w, r.Purpose); pages != 2 || total != many {
			t.Errorf("the journal has %d pages of %d records", pages, total)
		}
		if count(t, w, "export", fmt.Sprintf("rows == %d && state == 'done' && purpose == '%s' && owner == '%s'", many, r.Purpose, who)) != 1 {
			t.Error("the export left no exact record of itself")
		}
		if _, err := Export(context.Background(), w.Door, authn.Operator(who), door.ViaAPI, r, &closing{left: 1}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the reader went away: %v", err)
		}
		if count(t, w, "export", "state == 'failed' && rows > 0 && rows <= "+strconv.Itoa(many)) != 1 {
			t.Error("an export that broke off left no record of how far it came")
		}
	})
}

// exported counts the pages and records that the journal has of exports for a purpose.
func exported(t *testing.T, w *doortest.World, purpose string) (pages, total int) {
	t.Helper()
	list, err := w.As(w.Owner).Journal(context.Background(), door.JournalQuery{Verb: "export", Limit: 100})
	if err != nil {
		t.Error(err)
	}
	for _, e := range list {
		if e.Reason == purpose {
			pages++
			total += int(e.Count) //nolint:gosec // small
		}
	}
	return pages, total
}

// onFirst does something when the first bytes come.
type onFirst struct {
	do  func()
	all []byte
}

func (o *onFirst) Write(b []byte) (int, error) {
	if len(o.all) == 0 {
		o.do()
	}
	o.all = append(o.all, b...)
	return len(b), nil
}

// closing takes some writes and no more.
type closing struct{ left int }

func (c *closing) Write(b []byte) (int, error) {
	if c.left--; c.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b) / 2, io.ErrClosedPipe
}

func TestJobs(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		who, other := manager(t, w), w.Person(t, "Otto Other", id.ID{}, "sales_manager")
		r := Request{Object: "company", Fields: []string{"name"}, Filter: "name == 'Alpha'", Purpose: "a test of jobs", Layout: Layout{Heading: "en"}}
		w.Make(t, "company", door.Values{"name": "Alpha"})
		w.Make(t, "company", door.Values{"name": "Beta"})
		prepare := func() *Job {
			x, err := Prepare(ctx, w.Door, w.As(who), r)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		find := func(s *door.Session, x *Job) (*Job, error) { return Find(ctx, w.Door, s, x.ID) }
		made := prepare()
		for name, s := range map[string]*door.Session{
			"another person": w.As(other), "the owner": w.As(w.Owner),
		} {
			if _, err := find(s, made); !fault.Is(err, fault.NotFound) || fault.Reason(err) != "not_found" {
				t.Errorf("%s: %v", name, err)
			}
		}
		x, err := find(w.As(who), made)
		if err != nil || !reflect.DeepEqual(x.Request, made.Request) || x.State != "ready" {
			t.Fatalf("%+v (%v)", x, err)
		}
		twin, _ := find(w.As(who), made)
		var b bytes.Buffer
		if n, err := x.Write(ctx, &b); n != 1 || err != nil || !strings.Contains(b.String(), "Name") {
			t.Errorf("%d %v %s", n, err, b.String())
		}
		if n, err := twin.Write(ctx, &b); n != 0 || fault.Reason(err) != "fetched" {
			t.Errorf("a second time: %d, %v", n, err)
		}
		if x, err = find(w.As(who), made); err != nil || x.State != "done" || x.Rows != 1 {
			t.Errorf("%+v (%v)", x, err)
		}
		late := prepare()
		w.Clock.Add(ExportReady + 1e9)
		if late, _ = find(w.As(who), late); late.State != "expired" {
			t.Errorf("%+v", late)
		}
		if _, err := late.Write(ctx, &b); fault.Reason(err) != "expired" {
			t.Error(err)
		}
		checkAtOnce(t, w, prepare)
	})
}

// checkAtOnce starts more exports than a person may have, and forgets those of a process that is gone.
func checkAtOnce(t *testing.T, w *doortest.World, prepare func() *Job) {
	t.Helper()
	ctx := context.Background()
	var first *Job
	for i := range MaxRunning {
		x := prepare()
		if err := x.begin(ctx); err != nil {
			t.Fatalf("export %d: %v", i, err)
		}
		if first == nil {
			first = x
		}
	}
	if err := prepare().begin(ctx); !fault.Is(err, fault.TooMany) {
		t.Errorf("one too many: %v", err)
	}
	w.Clock.Add(ExportTime + 1e9)
	if x, err := Find(ctx, w.Door, first.s, first.ID); err != nil || x.State != "failed" {
		t.Errorf("%+v (%v)", x, err)
	}
	if err := prepare().begin(ctx); err != nil {
		t.Error(err)
	}
}

// What the program keeps about itself can be exported by who may read and export it.
func TestSystemObjectsAreExported(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	who := manager(t, w)
	if _, err := w.As(who).Create(context.Background(), "company", door.Values{"name": "Alpha"}, ""); err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{"change_set", "import", "export"} {
		fileOf(t, w, w.Owner, Request{Object: object})
	}
	own := fileOf(t, w, who, Request{Object: "change_set", Fields: []string{"kind"}, Format: "ndjson"})
	if strings.Count(own, "\n") != 1 {
		t.Errorf("own change sets: %s", own)
	}
}

func TestExportRefusesLayouts(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	who := manager(t, w)
	for _, c := range []struct {
		name, field string
		r           Request
	}{
		{"a purpose that says nothing", "purpose", Request{Object: "company", Purpose: " x "}},
		{"a long purpose", "purpose", Request{Object: "company", Purpose: strings.Repeat("x", door.MaxPurpose+1)}},
		{"headings of no table", "format", Request{Object: "company", Format: "json", Layout: Layout{Heading: "en"}}},
		{"a heading that is none", "heading", Request{Object: "company", Layout: Layout{Heading: "fr"}}},
		{"a zone that is none", "zone", Request{Object: "company", Layout: Layout{Zone: "mars"}}},
		{"a field twice", "fields", Request{Object: "company", Fields: []string{"name", "name"}}},
		{"a path to nowhere", "fields", Request{Object: "company", Fields: []string{"parent.nosuch"}}},
		{"a company as a person", "format", Request{Object: "company", Format: "vcf"}},
		{"no place in a card", "fields", Request{Object: "contact", Format: "vcf", Fields: []string{"identity_number"}}},
	} {
		if c.r.Purpose == "" {
			c.r.Purpose = "a test"
		}
		var b bytes.Buffer
		_, err := Export(context.Background(), w.Door, authn.Operator(who), door.ViaAPI, c.r, &b)
		if list := fault.FieldsOf(err); len(list) != 1 || list[0].Name != c.field || b.Len() > 0 {
			t.Errorf("%s: %v, and %d bytes", c.name, err, b.Len())
		}
	}
	if count(t, w, "export", "") != 0 {
		t.Error("a refused export left a record")
	}
}
