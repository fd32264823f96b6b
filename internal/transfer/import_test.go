package transfer

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func load(t *testing.T, w *doortest.World, file string, p Plan) (*Result, error) {
	t.Helper()
	table, err := Read(Bytes([]byte(file)), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return Import(context.Background(), w.Door, authn.Operator(w.Owner), table, p)
}

func dump(t *testing.T, w *doortest.World, r Request) string {
	t.Helper()
	var b bytes.Buffer
	r.Purpose = "a test of exports"
	if _, err := Export(context.Background(), w.Door, authn.Operator(w.Owner), door.ViaCLI, r, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func count(t *testing.T, w *doortest.World, object, filter string) int64 {
	t.Helper()
	p, err := w.As(w.Owner).List(context.Background(), door.Query{Object: object, Filter: filter, Count: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p.Count
}

// TestImport loads files one after another into the same organisation.
func TestImport(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		for _, c := range []struct {
			name, file               string
			plan                     Plan
			created, updated, missed int
			wrong                    string // "line field reason" of each error
			reason                   string // of a file that is refused
		}{
			{"labels in both languages, other case", "NAME,城市,Employees\nAlpha,Bonn,\"1,200\"\nBeta,Lyon,\n", Plan{Object: "company"}, 2, 0, 0, "", ""},
			{"wrong types, with line and column", "name,Staff,industry\nGamma,many,software\nDelta,3,nonsense\n\"Epsi\r\nlon\",4,\nZeta,5,Software\n", Plan{Object: "company", Map: map[string]string{"Staff": "employees"}}, 1, 0, 0, "2 Staff not_a_number, 3 industry unknown_option, 4 name control_character", ""},
			{"a required field", "name,city\n,Bonn\n", Plan{Object: "company"}, 0, 0, 0, "2 name required", ""},
			{"a row with too much", "name,city\nEta,Bonn,x\nTheta,Bonn,,\n", Plan{Object: "company"}, 1, 0, 0, "2 row too_long", ""},
			{"strict", "name,employees\nIota,1\nKappa,x\n", Plan{Object: "company", Strict: true}, 0, 0, 0, "3 employees not_a_number", "rows_wrong"},
			{"update", "name,city\nalpha,Rome\nNobody,Rome\n,Rome\n", Plan{Object: "company", Mode: "update", Key: "name"}, 0, 1, 0, "3 name no_such_record, 4 name required", ""},
			{"upsert, with a value twice", "name,city\nAlpha,Oslo\nLambda,Oslo\nlambda,Rome\nALPHA,Rome\n", Plan{Object: "company", Mode: "upsert", Key: "name"}, 1, 1, 0, "4 name twice, 5 name twice", ""},
			{"a lookup that is not there", "name,parent\nMu,Nothing\n", Plan{Object: "company"}, 1, 0, 0, "2 parent no_such_record", ""},
			{"a lookup into the file, further down", "name,parent\nNu,Xi\nXi,\n", Plan{Object: "company"}, 2, 0, 0, "", ""},
			{"lookups that are made", "last_name,company\nLi,Omega\nWang,omega\nZhao,Alpha\n", Plan{Object: "contact", CreateMissing: true}, 3, 0, 1, "", ""},
			{"lookups that are not made", "last_name,company\nSun,Psi\n", Plan{Object: "contact"}, 0, 0, 0, "2 company no_such_record", ""},
			{"other texts", "name,industry\nRho,tech\n", Plan{Object: "company", Values: map[string]map[string]string{"industry": {"tech": "technology"}}}, 1, 0, 0, "", ""},
			{"two columns for a field", "name,Name\nA,B\n", Plan{Object: "company"}, 0, 0, 0, "", "invalid_field"},
			{"two columns, one left out", "name,名称\nSigma,B\n", Plan{Object: "company", Map: map[string]string{"名称": "-"}}, 1, 0, 0, "", ""},
			{"a column that is not there", "name\nA\n", Plan{Object: "company", Map: map[string]string{"nam": "name"}}, 0, 0, 0, "", "invalid_field"},
			{"a field that is not there", "name\nA\n", Plan{Object: "company", Map: map[string]string{"name": "nam"}}, 0, 0, 0, "", "invalid_field"},
			{"a field that the program writes", "name,x\nA,2020-01-01\n", Plan{Object: "company", Map: map[string]string{"x": "created_at"}}, 0, 0, 0, "", "invalid_field"},
			{"nothing matches", "foo,bar\n1,2\n", Plan{Object: "company"}, 0, 0, 0, "", "nothing_matches"},
			{"no such object", "name\nA\n", Plan{Object: "nosuch"}, 0, 0, 0, "", "unknown_object"},
			{"no such mode", "name\nA\n", Plan{Object: "company", Mode: "replace"}, 0, 0, 0, "", "invalid_field"},
			{"upsert without a key", "name\nA\n", Plan{Object: "company", Mode: "upsert"}, 0, 0, 0, "", "invalid_field"},
			{"a key that is encrypted under a key of its own", "identity_number\nA\n", Plan{Object: "contact", Mode: "upsert", Key: "identity_number"}, 0, 0, 0, "", "invalid_field"},
		} {
			dry := c.plan
			dry.DryRun = true
			before := count(t, w, "company", "")
			would, dryErr := load(t, w, c.file, dry)
			if count(t, w, "company", "") != before {
				t.Errorf("%s: the dry run wrote something", c.name)
			}
			got, err := load(t, w, c.file, c.plan)
			if c.reason != "" {
				if fault.Reason(err) != c.reason || fault.Reason(dryErr) != c.reason {
					t.Errorf("%s: got %v, and %v dry, want %s", c.name, err, dryErr, c.reason)
				}
				continue
			}
			if err != nil || dryErr != nil {
				t.Errorf("%s: %v, dry %v", c.name, err, dryErr)
				continue
			}
			var wrong []string
			for _, x := range got.Errors {
				wrong = append(wrong, fmt.Sprintf("%d %s %s", x.Line, x.Fields[0].Name, x.Fields[0].Reason))
			}
			if got.Created != c.created || got.Updated != c.updated || got.Missing != c.missed || strings.Join(wrong, ", ") != c.wrong {
				t.Errorf("%s: created %d, updated %d, missing %d, wrong: %s", c.name, got.Created, got.Updated, got.Missing, strings.Join(wrong, ", "))
			}
			if written := c.created+c.updated > 0; got.ChangeSet.IsZero() == written || !would.ChangeSet.IsZero() {
				t.Errorf("%s: change set %v, dry %v", c.name, got.ChangeSet, would.ChangeSet)
			}
			kept := *got
			kept.ChangeSet = would.ChangeSet
			if would.Failed != got.Failed || !reflect.DeepEqual(*would, kept) {
				t.Errorf("%s: the dry run says %+v, the run %+v", c.name, would, got)
			}
		}
	})
}

// One file is one change set, which takes back what it made, changed, and made because of it.
func TestImportIsOneChangeSet(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	w.Make(t, "company", door.Values{"name": "Alpha", "city": "Bonn"})
	got, err := load(t, w, "name,city,parent\nAlpha,Rome,\nBeta,Lyon,Alpha\nGamma,Oslo,Delta\nDelta,Bern,\n", Plan{Object: "company", Mode: "upsert", Key: "name"})
	if err != nil || got.Created != 3 || got.Updated != 1 {
		t.Fatalf("%+v (%v)", got, err)
	}
	if _, err := w.As(w.Owner).Restore(context.Background(), door.Restoration{ChangeSet: got.ChangeSet}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, w, "company", ""); n != 1 || count(t, w, "company", "city == 'Bonn'") != 1 {
		t.Errorf("%d companies are left", n)
	}
	if count(t, w, "import", "created == 3 && updated == 1 && failed == 0") != 1 {
		t.Error("the import left no record of itself")
	}
}

// What was exported is imported as it was, whatever a spreadsheet would make of it.
func TestExportComesBack(t *testing.T) {
	t.Parallel()
	w, other := doortest.New(t, sqldb.SQLite), doortest.New(t, sqldb.SQLite)
	names := []string{"=cmd|' /C calc'!A0", "'=1", "''=1", "+1", "-1", "@x", "＝1", "it's", "a,b;c", `say "hi"`, "王芳", "a|b", "'"}
	for i, n := range names {
		w.Make(t, "company", door.Values{
			"name": n, "description": "one\r\ntwo\n" + n, "annual_revenue": map[string]any{"amount": "-1234.5678", "currency": "JPY"},
			"phone": "+86 138 0013 8000", "industry": "software", "founded": jsonNumber(i), "billing_address": map[string]any{"city": "上海", "street": "=x"},
		})
	}
	fields := []string{"name", "description", "annual_revenue", "phone", "industry", "founded", "billing_address"}
	file := dump(t, w, Request{Object: "company", Fields: fields})
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if dangerous(cell) && fields[max(0, i-1)] != "annual_revenue" && fields[max(0, i-1)] != "phone" {
				t.Errorf("%s: %q would be run", rows[0][i], cell)
			}
		}
	}
	got, err := load(t, other, file, Plan{Object: "company", Map: map[string]string{"id": "-"}})
	if err != nil || got.Created != len(names) || len(got.Errors) > 0 {
		t.Fatalf("%+v (%v)", got, err)
	}
	again := dump(t, other, Request{Object: "company", Fields: fields})
	if sorted(t, again) != sorted(t, file) {
		t.Errorf("exported\n%s\nand again\n%s", file, again)
	}
}

func jsonNumber(i int) any { return door.Parsed{Value: int64(i)} }

// sorted returns the rows without their identifiers.
func sorted(t *testing.T, file string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		seen[fmt.Sprintf("%q", row[1:])] = true
	}
	return fmt.Sprint(seen)
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	reader := w.Person(t, "Rita Reader", [16]byte{}, "reader")
	for _, c := range []struct {
		name   string
		r      Request
		kind   fault.Kind
		actors authn.Actor
	}{
		{"no purpose", Request{Object: "company"}, fault.Invalid, authn.Operator(w.Owner)},
		{"no such object", Request{Object: "nosuch", Purpose: "a test"}, fault.NotFound, authn.Operator(w.Owner)},
		{"no such format", Request{Object: "company", Purpose: "a test", Format: "pdf"}, fault.Invalid, authn.Operator(w.Owner)},
		{"no such field", Request{Object: "company", Purpose: "a test", Fields: []string{"nosuch"}}, fault.Invalid, authn.Operator(w.Owner)},
		{"no right to export", Request{Object: "company", Purpose: "a test"}, fault.NotFound, authn.Operator(reader)},
	} {
		var b bytes.Buffer
		if _, err := Export(context.Background(), w.Door, c.actors, door.ViaAPI, c.r, &b); fault.KindOf(err) != c.kind {
			t.Errorf("%s: got %v, want %s", c.name, err, c.kind)
		}
	}
}
