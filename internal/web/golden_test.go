package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// golden is a script of requests; what is answered stands in testdata/golden.txt, the same for both
// engines. $name is the identifier of the record of that name, and of what the answer before made.
func golden() []string {
	return []string{
		`GET /api/v1/me`,
		`GET /api/v1/objects/product`,
		`GET /api/v1/objects/nosuch`,
		`POST /api/v1/records/company {"fields":{"name":"Gamma <& Co>","industry":"software","annual_revenue":{"amount":"12.5","currency":"EUR"},"founded":1999,"website":"example.com","billing_address":{"city":"上海"}}}`,
		`POST /api/v1/records/company {"fields":{"nosuch":1,"industry":"nonsense","founded":"x"}}`,
		`POST /api/v1/records/company {"fields":{"city":"Bonn"}}`,
		`GET /api/v1/records/company/$company`,
		`GET /api/v1/records/company/$company?fields=name,parent.name`,
		`GET /api/v1/records/contact/$contact?fields=last_name,identity_number,birthday,company.name`,
		`GET /api/v1/records/company?filter=city=="bonn"%26%26employees>=5&sort=-employees,name&fields=name,city,employees&limit=2&count=true`,
		`GET /api/v1/records/company?filter=city=`,
		`GET /api/v1/records/company?filter=cty=="Bonn"`,
		`GET /api/v1/records/contact?filter=last_name=="Li"`,
		`GET /api/v1/search?q=gam`,
		`GET /api/v1/search?q=bonn&limit=1`,
		`GET /api/v1/status`,
		`PATCH /api/v1/records/company/$company {"fields":{"city":"Lyon","employees":null}}`,
		`GET /api/v1/records/company/$company/history`,
		`PUT /api/v1/records/document/$document/files/file {"kept":"as it is"}`,
		`GET /api/v1/records/document/$document/files/file`,
		`PUT /api/v1/records/contact/$contact/files/photo <svg/>`,
		`DELETE /api/v1/records/document/$document/files/file`,
		`GET /api/v1/records/document/$document/files/file`,
		`POST /api/v1/records/contact/$contact/reveal {"field":"identity_number","purpose":"contract signing"}`,
		`POST /api/v1/aggregate/company {"group_by":["city"],"measures":[{"op":"count"},{"op":"sum","field":"employees"},{"op":"max","field":"annual_revenue"}],"sort":"keys"}`,
		`POST /api/v1/aggregate/company {"group_by":[{"field":"created_at","by":"month"}]}`,
		`POST /api/v1/batch {"operations":[{"op":"create","object":"company","fields":{"name":"Delta"}},{"op":"update","object":"company","id":"$company","fields":{"city":"Rome"}}],"dry_run":true}`,
		`POST /api/v1/batch {"operations":[{"op":"create","object":"company","fields":{"name":"Delta"}},{"op":"create","object":"company","fields":{}}],"partial":true}`,
		`POST /api/v1/batch {"operations":[{"op":"update","object":"company","fields":{"city":"Rome"}}]}`,
		`GET /api/v1/changesets?limit=1`,
		`GET /api/v1/changesets/$changeset`,
		`POST /api/v1/changesets/$changeset/undo {"dry_run":true}`,
		`DELETE /api/v1/records/company/$company`,
		`GET /api/v1/records/company/$company`,
		`POST /api/v1/records/company/$company/restore`,
		`GET /api/v1/journal?limit=2`,
		`POST /api/v1/exports {"object":"contact","fields":["last_name","identity_number"],"format":"json","purpose":"the printer's list"}`,
		`POST /api/v1/exports {"object":"contact","fields":["nosuch"],"purpose":"the printer's list"}`,
		`GET /api/v1/exports/$export`,
		`GET /api/v1/exports/$export/file`,
		`GET /api/v1/exports/$export`,
		`GET /api/v1/exports/$export/file`,
		`PUT /api/v1/journal`,
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	if *update {
		got := answers(t, siteOf(t, doortest.New(t, sqldb.SQLite)))
		if err := os.WriteFile("testdata/golden.txt", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		want, err := os.ReadFile("testdata/golden.txt")
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(answers(t, siteOf(t, w)), "\n## ")
		for i, part := range strings.Split(string(want), "\n## ") {
			if i >= len(got) || got[i] != part {
				t.Fatalf("got %s\nwant %s\nmake golden writes it anew", got[min(i, len(got)-1)], part)
			}
		}
	})
}

func answers(t *testing.T, s *site) string {
	t.Helper()
	company := s.Make(t, "company", door.Values{"name": "Alpha", "city": "Bonn", "employees": json.Number("12")})
	s.Make(t, "company", door.Values{"name": "Beta", "city": "BONN", "employees": json.Number("7"), "parent": company.String()})
	contact := s.Make(t, "contact", door.Values{"last_name": "Li", "identity_number": "110101199003078515", "birthday": "1990-03-07", "company": company.String()})
	document := s.Make(t, "document", door.Values{"name": "Contract"})
	names := []string{"$company", company.String(), "$contact", contact.String(), "$document", document.String()}
	n := normal{seen: map[string]string{}}
	var b strings.Builder
	for _, line := range golden() {
		parts := strings.SplitN(line, " ", 3)
		parts = append(parts, "")
		fill := strings.NewReplacer(names...)
		a := s.send(t, parts[0], fill.Replace(strings.ReplaceAll(parts[1], `"`, "%22")), s.owner, fill.Replace(parts[2]))
		fmt.Fprintf(&b, "## %s\n%d %s", line, a.status, a.header.Get("Content-Type"))
		for _, h := range []string{"ETag", "Location", "Allow"} {
			if v := a.header.Get(h); v != "" {
				fmt.Fprintf(&b, " %s=%s", h, n.replace(v))
			}
		}
		b.WriteString("\n")
		if a.text != "" {
			b.WriteString(n.replace(indent(t, a.text)) + "\n")
			if set := a.str("changeset"); a.status == 200 && strings.Trim(set, "0-") != "" {
				names = append([]string{"$changeset", set}, names...)
			}
			if made := strings.TrimPrefix(a.header.Get("Location"), "/api/v1/exports/"); made != a.header.Get("Location") {
				names = append([]string{"$export", made}, names...)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func indent(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		t.Fatalf("no JSON: %s", text)
	}
	return strings.TrimSpace(b.String())
}

// normal gives what differs from run to run a name.
type normal struct{ seen map[string]string }

var (
	anyID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	anyTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	anySeq  = regexp.MustCompile(`"(seq|next_cursor)": "?[0-9]+"?`)
	missing = regexp.MustCompile(`"missing": [0-9]+`) // reads of a moment ago are journaled, too
	cursor  = regexp.MustCompile(`"next_cursor": "[A-Za-z0-9_-]{20,}"`)
)

func (n normal) replace(text string) string {
	text = anyID.ReplaceAllStringFunc(text, func(x string) string {
		if n.seen[x] == "" {
			n.seen[x] = fmt.Sprintf("id-%d", len(n.seen)+1)
		}
		return n.seen[x]
	})
	text = anyTime.ReplaceAllString(text, "time")
	text = missing.ReplaceAllString(text, `"missing": n`)
	text = cursor.ReplaceAllString(text, `"next_cursor": "cursor"`)
	return anySeq.ReplaceAllString(text, `"$1": n`)
}
