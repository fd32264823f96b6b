package script

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/web/api"
)

// shellBlock is what a page tells its reader to type.
var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestReadme types what README.md tells its reader to type: all blocks, in order, in one shell that
// ends at the first command that fails. Only the port differs, and make targets are looked at instead
// of made.
func TestReadme(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("skipped: README.md uses curl, which is not on this machine")
	}
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllSubmatch(page, -1)
	if len(blocks) == 0 {
		t.Fatal("README.md has no sh block")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(build(t), filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	var script bytes.Buffer
	for _, b := range blocks {
		for line := range strings.Lines(string(b[1])) {
			if target, ok := strings.CutPrefix(line, "make "); ok {
				line = fmt.Sprintf("make -n -C %q %s", root, target)
			}
			script.WriteString(line)
		}
	}
	out, err := typed(dir, strings.ReplaceAll(script.String(), "127.0.0.1:8080", freeAddress(t)))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	for _, want := range []string{
		"would have created 2", "created 2, updated 0, failed 0", "ready", `"city":"Bonn"`, `"110****8515"`, `"entries":[`,
		"nothing was altered", "vouched for", "undone: 2 records", "exported 1",
	} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("nothing said %q:\n%s", want, out)
		}
	}
}

// A test that lets a failing command pass proves nothing.
func TestTypedStops(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"false\ntrue", "false | true\ntrue", "echo \"$NOSUCH\"", "nosuchcommand\ntrue"} {
		if out, err := typed(t.TempDir(), script); err == nil {
			t.Errorf("%q ended well:\n%s", script, out)
		}
	}
}

// typed runs lines in one shell that ends at the first one that fails. Whatever the shell leaves
// running ends with it.
func typed(dir, script string) ([]byte, error) {
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"+script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8", "GOCACHE=" + os.Getenv("GOCACHE"), "NO_PROXY=*"}
	return cmd.CombinedOutput()
}

// freeAddress returns an address that nobody listens on right now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// expressions are examples of conditions.
var expressions = regexp.MustCompile("(?ms)^```cel\n(.*?)^```$")

// TestExpressionsPage asks for deals by every example of docs/expressions.md.
func TestExpressionsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	block := expressions.FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/expressions.md has no cel block")
	}
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		for filter := range strings.Lines(string(block[1])) {
			if _, err := w.As(w.Owner).List(t.Context(), door.Query{Object: "deal", Filter: filter}); err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(filter), err)
			}
		}
	})
}

var update = flag.Bool("update", false, "rewrite the expected outputs")

// routesPart is the part of docs/api.md that is made from the code.
var routesPart = regexp.MustCompile(`(?s)(<!-- routes -->\n).*(<!-- end of routes -->)`)

// TestAPIPage holds the list of calls on the page to the list in the code.
func TestAPIPage(t *testing.T) {
	t.Parallel()
	const file = "../../docs/api.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| call | |\n|---|---|\n")
	for _, r := range api.Routes() {
		fmt.Fprintf(&table, "| `%s %s` | %s |\n", r.Method, r.Path, r.About)
	}
	if !routesPart.Match(page) {
		t.Fatal("docs/api.md has lost its marks")
	}
	want := routesPart.ReplaceAll(page, []byte("${1}"+table.String()+"${2}"))
	switch {
	case bytes.Equal(page, want):
	case *update:
		if err := os.WriteFile(file, want, 0o644); err != nil { //nolint:gosec // a page
			t.Fatal(err)
		}
	default:
		t.Error("docs/api.md does not list the calls of api.Routes: make golden")
	}
}
