package wardbook_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestRulesCatch breaks each rule once, so that a rule that catches nothing is noticed.
func TestRulesCatch(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\n", 600)
	for name, tc := range map[string]struct {
		path, text string
		want       string // part of the one problem; empty: none
	}{
		"unknown package":           {"internal/helper/a.go", "// Package helper x.\npackage helper", "no row"},
		"unknown nested package":    {"internal/door/side/a.go", "// Package side x.\npackage side", "no row"},
		"up":                        {"internal/schema/a.go", src("schema", module+"/internal/door", ""), "may not import door"},
		"expr sees schema":          {"internal/expr/a.go", src("expr", module+"/internal/schema", ""), "may not import schema"},
		"policy sees expr":          {"internal/policy/a.go", src("policy", module+"/internal/expr", ""), ""},
		"feature to feature":        {"internal/sales/a.go", src("sales", module+"/internal/insight", ""), "may not import insight"},
		"feature to feature, test":  {"internal/sales/a_test.go", src("sales", module+"/internal/insight", ""), "may not import insight"},
		"feature to store":          {"internal/sales/a.go", src("sales", module+"/internal/door/internal/store", ""), "may not import door/internal/store"},
		"feature to door":           {"internal/sales/a.go", src("sales", module+"/internal/door", ""), ""},
		"test reaches down":         {"internal/expr/a_test.go", src("expr", module+"/internal/sqldb", ""), ""},
		"nobody imports a command":  {"internal/web/a.go", src("web", module+"/cmd/wardbook", ""), "may not import /cmd/wardbook"},
		"edge to feature":           {"internal/web/a.go", src("web", module+"/internal/sales", ""), ""},
		"SQL in a feature":          {"internal/sales/a.go", src("sales", "database/sql/driver", ""), "does not own database/sql"},
		"driver in the door":        {"internal/door/a.go", src("door", "github.com/jackc/pgx/v5", ""), "does not own github.com/jackc/pgx"},
		"SQL in a test":             {"internal/door/a_test.go", src("door", "database/sql", ""), ""},
		"SQL at its owner":          {"internal/sqldb/a.go", src("sqldb", "database/sql", ""), ""},
		"hashes in a feature":       {"internal/sales/a.go", src("sales", "crypto/sha256", ""), "does not own crypto"},
		"argon2 in a feature":       {"internal/sales/a.go", src("sales", "golang.org/x/crypto/argon2", ""), "does not own golang.org/x/crypto"},
		"rand.Reader in seal":       {"internal/seal/a.go", src("seal", "crypto/rand", ""), "does not own crypto/rand"},
		"time.Now":                  {"internal/job/a.go", src("job", "time", "func f() { time.Now() }"), "a.go:6: job does not own time.Now"},
		"time.Now as a value":       {"internal/job/a.go", src("job", "time", "func f() { g(time.Now) }"), "does not own time.Now"},
		"time.Now, renamed":         {"internal/job/a.go", src("job", "time", "func f() { clock.Now() }", "clock"), "does not own time.Now"},
		"time.Now in a test":        {"internal/job/a_test.go", src("job", "time", "func f() { time.Now() }"), ""},
		"time.Sleep in a test":      {"internal/job/a_test.go", src("job", "time", "func f() { time.Sleep(1) }"), "does not own time.Sleep"},
		"a client in the edge":      {"internal/web/a.go", src("web", "net/http", "func f() { _ = http.Client{} }"), "does not own net/http.Client"},
		"a server in the edge":      {"internal/web/a.go", src("web", "net/http", "func f() { _ = http.Server{} }"), ""},
		"default client, owner too": {"internal/connect/a.go", src("connect", "net/http", "func f() { g(http.DefaultClient) }"), "does not own net/http.DefaultClient"},
		"HTTP in the door":          {"internal/door/a.go", src("door", "net/http", ""), "does not own net/http"},
		"exec":                      {"internal/backup/a.go", src("backup", "os/exec", ""), "does not own os/exec"},
		"unsafe":                    {"internal/id/a.go", src("id", "unsafe", ""), "does not own unsafe"},
		"reflect":                   {"internal/schema/a.go", src("schema", "reflect", ""), "does not own reflect"},
		"reflect in a test":         {"internal/schema/a_test.go", src("schema", "reflect", ""), ""},
		"slog":                      {"internal/web/a.go", src("web", "log/slog", ""), ""},
		"log":                       {"internal/web/a.go", src("web", "log", ""), "does not own log"},
		"no package doc":            {"internal/id/a.go", "package id\n", "no doc comment"},
		"other package's doc":       {"internal/id/a.go", "// Package ids is another.\npackage id\n", "no doc comment"},
		"command doc":               {"cmd/wardbook/main.go", "// Command wardbook is it.\npackage main\n", ""},
		"undocumented names":        {"internal/id/a.go", src("id", "", "func F() {}\ntype T int\nfunc (T) M() {}\n"), "0 of 3 exported"},
		"documented names":          {"internal/id/a.go", src("id", "", "// F does.\nfunc F() {}\nconst (\n\tA = 1 // one\n)\ntype t int\nfunc (t) M() {}"), ""},
		"init":                      {"internal/id/a.go", src("id", "", "func init() {}"), "init runs before"},
		"init in a test":            {"internal/id/a_test.go", src("id", "", "func init() {}"), "init runs before"},
		"method init":               {"internal/id/a.go", src("id", "", "type t int\nfunc (t) init() {}"), ""},
		"variable":                  {"internal/id/a.go", src("id", "", "var table = map[int]int{}"), "package variable internal/id.table"},
		"second variable":           {"internal/id/a.go", src("id", "", "var errA, b = errors.New(`a`), 1"), "package variable internal/id.b"},
		"variable in a test":        {"internal/id/a_test.go", src("id", "", "var table = map[int]int{}"), ""},
		"allowed variables":         {"internal/id/a.go", src("id", "", "var errA = fault.New(x)\nvar _ I = T{}\nvar (\n\tr = regexp.MustCompile(`x`)\n\t//go:embed a\n\ts string\n)"), ""},
		"listed variable is gone":   {"cmd/wardbook/main.go", "// Command wardbook is it.\npackage main\n", ""},
		"long file":                 {"internal/id/a.go", src("id", "", long), "at most 500"},
		"long function":             {"internal/id/a.go", src("id", "", "func (t *T[K]) f() {"+long[:90]+"}"), "internal/id.T.f has 91 lines"},
		"long text":                 {"README.md", long, "at most 150"},
		"large file":                {"docs/a.bin", strings.Repeat("x", maxFileBytes+1), "at most 1048576"},
		"home in a page":            {"docs/a.md", "see\n\n`/" + "home/ann/wardbook`", `docs/a.md:3: "` + "`/" + `home/ann" is a path`},
		"home in a URL":             {"docs/a.md", "https://example.com/" + "home/page", ""},
		"page that is not there":    {"internal/id/a.go", "// Package id is told in docs/a.md.\npackage id\n", "docs/a.md is not there"},
		"decision that is not":      {"docs/b.md", "see docs/decisions/0009.", "docs/decisions/0009 is not there"},
		"decision by its number":    {"docs/decisions/0009-why.md", "see docs/decisions/0009.", ""},
		"docs of others":            {"docs/b.md", "<https://example.com/docs/a.md>", ""},
		"broken link":               {"docs/b.md", "[a](../a.md#top)", "docs/b.md: a.md is not there"},
		"links that work":           {"docs/b.md", "[a](b.md) [b](#top) [c](https://example.com/)", ""},
		"test that is not there":    {"docs/b.md", "proved by `TestNothing`", "no test TestNothing"},
		"replace":                   {"go.mod", "module m\n\nreplace a => ../a\n", "replace line"},
		"built things":              {"bin/a.md", "/" + "home/ann", ""},
		"test data is not parsed":   {"internal/id/testdata/a.go", "not Go", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree, err := load(fstest.MapFS{tc.path: {Data: []byte(tc.text)}})
			if err != nil {
				t.Fatal(err)
			}
			var problems []string
			for _, r := range rules {
				problems = append(problems, r.check(tree)...)
			}
			problems = slices.DeleteFunc(problems, func(p string) bool { return strings.Contains(p, "needs no exception") })
			switch {
			case tc.want == "" && len(problems) > 0:
				t.Errorf("problems %q, want none", problems)
			case tc.want != "" && !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, tc.want) }):
				t.Errorf("problems %q, want one with %q", problems, tc.want)
			}
		})
	}
}

// A page that points into code must point at something, and the map must be whole.
func TestLinksCatch(t *testing.T) {
	t.Parallel()
	code := []byte(src("id", "", "type T int\n\nfunc (T) M() {}\n\nconst one = 1"))
	for name, tc := range map[string]struct{ page, want string }{
		"method":        {"`internal/id` [`T.M`](internal/id/a.go)", ""},
		"constant":      {"`internal/id` [one](internal/id/a.go)", ""},
		"file":          {"`internal/id` [a.go](internal/id/a.go)", ""},
		"gone method":   {"`internal/id` [`T.N`](internal/id/a.go)", "declares no T.N"},
		"gone function": {"`internal/id` [`M`](internal/id/a.go)", "declares no M"},
		"off the map":   {"internal/id", "the map lacks `internal/id`"},
	} {
		tree, err := load(fstest.MapFS{"internal/id/a.go": {Data: code}, "ARCHITECTURE.md": {Data: []byte(tc.page)}})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(checkLinks(tree), "\n")
		if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%s: problems %q, want %q", name, got, tc.want)
		}
	}
}

// src returns a documented file of a package, with an import and some code, which begins in line 6.
func src(pkg, imports, code string, as ...string) string {
	if imports != "" {
		imports = "import " + strings.Join(as, "") + ` "` + imports + `"`
	}
	return "// Package " + pkg + " is one.\npackage " + pkg + "\n\n" + imports + "\n\n" + code + "\n"
}

// An exception that nothing needs is a hole that nobody watches.
func TestStaleExceptions(t *testing.T) {
	t.Parallel()
	tree, err := load(fstest.MapFS{"internal/id/a.go": {Data: []byte("package id\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]int{
		"internal/id.gone": 1, "internal/id.T.gone": 1, "internal/id/gone.go": 1,
		"internal/later.x": 0, "internal/later/a.go": 0,
	} {
		if got := stale("list", map[string]string{id: "reason"}, map[string]bool{}, tree); len(got) != want {
			t.Errorf("%s: %q, want %d problems", id, got, want)
		}
		if got := stale("list", map[string]string{id: "reason"}, map[string]bool{id: true}, tree); len(got) != 0 {
			t.Errorf("%s, used: %q, want none", id, got)
		}
	}
}

// Every row and every owner must mean something.
func TestTableIsSound(t *testing.T) {
	t.Parallel()
	layers := []string{"words", "pure", "core", "feature", "edge", "cmd", "test"}
	seen := map[string]bool{}
	for _, r := range house {
		if seen[r.pkg] || r.why == "" || !slices.Contains(layers, r.layer) {
			t.Errorf("row %q: twice, without a reason, or in no layer", r.pkg)
		}
		seen[r.pkg] = true
		for may := range strings.FieldsSeq(r.may) {
			to, ok := rowOf(may)
			if may == "*" || may == "everything" {
				continue
			}
			if !ok || r.layer != "test" && slices.Index(layers, to.layer) > slices.Index(layers, r.layer) {
				t.Errorf("%s may import %s, which has no row or stands above it", r.pkg, may)
			}
		}
	}
	for _, f := range fences {
		for pkg, why := range f.owners {
			if _, ok := rowOf(pkg); !ok || why == "" {
				t.Errorf("owner %s of %q has no row or no reason", pkg, f.what)
			}
		}
	}
}
