package script

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// realFiles are files that no one here wrote: broken tables, exports of other systems, cards of telephones.
const realFiles = "../../../shared/data"

// program runs the built program on an organisation of its own.
type program struct {
	bin, dir string
	env      []string
}

func newProgram(t *testing.T) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{
		bin: filepath.Join(build(t), "wardbook"), dir: dir,
		env: append(os.Environ(), "WARDBOOK_DATA="+filepath.Join(dir, "data"), "WARDBOOK_KEY_FILE="+filepath.Join(dir, "key")),
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.must(t, "init", "--company", "Files", "--owner", "owner@example.com", "--password-file", password)
	return p
}

func (p *program) run(args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(p.bin, args...)
	cmd.Env = p.env
	var out, says strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &says
	err = cmd.Run()
	return out.String(), says.String(), err
}

func (p *program) must(t *testing.T, args ...string) string {
	t.Helper()
	out, says, err := p.run(args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, says)
	}
	return out
}

// imported is what `wardbook import --json` prints.
type imported struct {
	Changeset string `json:"changeset"`
	Created   int    `json:"created"`
	Failed    int    `json:"failed"`
	Missing   int    `json:"missing"`
}

// define makes an object with its fields, each as name=type.
func (p *program) define(t *testing.T, object, title string, fields ...string) {
	t.Helper()
	p.must(t, "object", "create", object, "--label", object+"/"+object, "--title", title)
	for _, field := range fields {
		name, kind, _ := strings.Cut(field, "=")
		p.must(t, "field", "add", object, name, "--label", name+"/"+name, "--type", kind)
	}
}

// take imports a file; failed rows are an answer, not an error.
func (p *program) take(t *testing.T, args ...string) imported {
	t.Helper()
	out, says, err := p.run(append([]string{"import", "--json"}, args...)...)
	var got imported
	if json.Unmarshal([]byte(out), &got) != nil {
		t.Fatalf("%v: %v\n%s", args, err, says)
	}
	return got
}

// realFile returns the path of a file that no one here wrote, or skips.
func realFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(realFiles, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("skipped: the real files are not on this machine")
	}
	return path
}

// A table that its program broke comes in as the same table mended by hand does.
func TestBrokenTables(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the short run has the same faults in internal/transfer")
	}
	folder := realFile(t, "datablist-broken/broken_csv")
	files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	if err != nil || len(files) != 12 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	p := newProgram(t)
	p.define(t, "sheet", "name", "line=int", "email=text", "country=text", "city=text", "notes=longtext")
	// A row with a value too many is refused, because nobody can say which one is; by hand it was dropped.
	refused := map[string]int{"ragged-rows-extra-columns.csv": 1}
	for _, file := range files {
		name := filepath.Base(file)
		broken, count := p.table(t, file)
		mended, _ := p.table(t, filepath.Join(folder, "expected-fixed", name))
		if count.Failed != refused[name] {
			t.Errorf("%s: %d rows refused, want %d", name, count.Failed, refused[name])
		}
		for _, row := range broken {
			if !slices.Contains(mended, row) {
				t.Errorf("%s: a row comes in unlike its mended twin", name)
			}
		}
		if len(broken) != len(mended)-refused[name] {
			t.Errorf("%s: %d rows, mended by hand %d", name, len(broken), len(mended))
		}
	}
}

// table imports a file as sheets and returns what is stored, row by row; then takes it back.
func (p *program) table(t *testing.T, file string) ([]string, imported) {
	t.Helper()
	args := []string{"sheet", file, "--map", "id=line"}
	head, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.SplitN(string(head), "\n", 2)[0], "name") {
		args = append(args, "--map", "company=name")
	}
	if strings.Contains(strings.SplitN(string(head), "\n", 2)[0], "Email,Email") || strings.Contains(string(head), "Email 1") {
		args = append(args, "--map", "Email 1=email", "--map", "Email 2=notes")
	}
	got := p.take(t, args...)
	var list struct {
		Records []struct{ Fields map[string]any }
	}
	if err := json.Unmarshal([]byte(p.must(t, "list", "sheet", "--fields", "line,name,email,country,city,notes", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	p.must(t, "undo", got.Changeset)
	rows := make([]string, len(list.Records))
	for i, r := range list.Records {
		rows[i] = fmt.Sprint(r.Fields) // a map prints in the order of its keys
	}
	return rows, got
}

// What other systems exported comes in with the guessed columns, or one obvious correction.
func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("20,000 rows")
	}
	p := newProgram(t)
	p.define(t, "plain", "column1", "column2=text", "column3=text")
	p.define(t, "case", "ticket_id", "ticket_type=text", "priority=text", "status=text", "created_date=datetime", "csat_score=decimal")
	for _, tc := range []struct {
		file, object    string
		args            []string
		created, failed int
	}{
		{"lead-scoring/Lead Scoring.csv", "lead", []string{"--map", "Prospect ID=last_name", "--null", "Select"}, 9240, 0},
		{"support-tickets/customer_support_tickets.csv", "case", []string{"--create-missing"}, 1000, 0},
		{"salesforce-dataloader/20kRows.csv", "plain", []string{"--map", "COLUMN1=column1"}, 20000, 0},
		{"salesforce-dataloader/accountData.csv", "company", nil, 423, 0},
		{"salesforce-dataloader/accountsForInsert.csv", "company", nil, 4, 0},
		{"salesforce-dataloader/csvEscapedQuotes.csv", "plain", nil, 2, 0},
		{"salesforce-dataloader/csvSeparator.csv", "plain", nil, 2, 0},
		{"salesforce-dataloader/csvtext_BOM_UTF16BE.csv", "plain", nil, 2, 0},
		{"salesforce-dataloader/csvtext_BOM_UTF16LE.csv", "plain", nil, 2, 0},
		{"salesforce-dataloader/csvtext_BOM_UTF32LE.csv", "plain", nil, 2, 0},
		{"salesforce-dataloader/csvtext_BOM_UTF8.csv", "plain", nil, 2, 0},
		{"salesforce-dataloader/dateWithTimeZone.csv", "company", nil, 2, 0},
		{"salesforce-dataloader/error0413060133.csv", "deal", []string{"--create-missing"}, 11, 0},
		{"salesforce-dataloader/opportunityData.csv", "deal", []string{"--create-missing"}, 38, 0},
		{"salesforce-dataloader/success0413060133.csv", "deal", []string{"--create-missing"}, 9, 0},
		{"vcards/John_Doe_ANDROID.vcf", "contact", []string{"--create-missing"}, 4, 2},
		{"vcards/John_Doe_IPHONE.vcf", "contact", []string{"--create-missing"}, 1, 0},
		{"vcards/John_Doe_MS_OUTLOOK.vcf", "contact", []string{"--create-missing"}, 1, 0},
		{"vcards/gmail-single.vcf", "contact", []string{"--create-missing"}, 1, 0},
		{"vcards/outlook-2007.vcf", "contact", []string{"--create-missing"}, 1, 0},
		{"vcards/rfc2426-example.vcf", "contact", []string{"--create-missing"}, 2, 0},
		{"vcards/rfc6350-example.vcf", "contact", []string{"--create-missing"}, 1, 0},
		{"vcards/thunderbird-MoreFunctionsForAddressBook-extension.vcf", "contact", []string{"--create-missing"}, 1, 0},
	} {
		t.Run(filepath.Base(tc.file), func(t *testing.T) { //nolint:paralleltest // one organisation, one process at a time
			got := p.take(t, append([]string{tc.object, realFile(t, tc.file)}, tc.args...)...)
			if got.Created != tc.created || got.Failed != tc.failed {
				t.Errorf("created %d, failed %d; want %d, %d", got.Created, got.Failed, tc.created, tc.failed)
			}
		})
	}
	p.must(t, "journal", "verify")
}
