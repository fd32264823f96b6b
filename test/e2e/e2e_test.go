// Package e2e uses the screen in a real browser: Playwright drives the system's Chromium against the real
// program, which serves a demo company. What may be missing (Node.js, Chromium, the built front end)
// skips the tests, unless WARDBOOK_REQUIRE_BROWSER is set, as make test does.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// missing says that something is not here.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("WARDBOOK_REQUIRE_BROWSER") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// look finds a program.
func look(names ...string) string {
	for _, name := range names {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func TestScreen(t *testing.T) {
	if testing.Short() {
		t.Skip("drives a browser")
	}
	chromium, node := look(os.Getenv("WARDBOOK_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"), look("node")
	playwright := filepath.Join("node_modules", "@playwright", "test", "cli.js")
	_, installed := os.Stat(playwright)
	_, built := os.Stat(filepath.Join("..", "..", "ui", "dist", "index.html"))
	switch {
	case node == "":
		missing(t, "there is no Node.js: install nodejs and npm")
	case chromium == "":
		missing(t, "there is no Chromium: install chromium, or name it in WARDBOOK_CHROMIUM")
	case installed != nil:
		missing(t, "Playwright is not installed: make e2e does that")
	case built != nil:
		missing(t, "the front end is not built: make ui does that")
	}
	d := start(t)
	people, err := json.Marshal(d.people)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, playwright, "test")
	if only := os.Getenv("WARDBOOK_E2E"); only != "" { // to look at a few while working
		cmd.Args = append(cmd.Args, strings.Fields(only)...)
	}
	cmd.Env = append(os.Environ(), "WARDBOOK_URL="+d.url, "WARDBOOK_PASSWORD="+d.password, "WARDBOOK_PEOPLE="+string(people), "WARDBOOK_CHROMIUM="+chromium, "FORCE_COLOR=0")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the tests in the browser: %v", err)
	}
}

// demo is a demo company that is being served.
type demo struct {
	url, password string
	people        map[string]string // addresses, by role
}

// start builds the program, with the front end that is built now, and starts its demo.
func start(t *testing.T) *demo {
	t.Helper()
	program := filepath.Join(t.TempDir(), "wardbook")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/wardbook").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(context.Background(), program, "demo", "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program did not end well: %v", err)
		}
		if log.Len() > 0 {
			t.Errorf("the program complained: %s", &log)
		}
	})
	d := &demo{people: map[string]string{}}
	roles := map[string]string{"Owner": "owner", "Sales manager": "manager", "Sales": "sales", "Reader": "reader"}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		fields := strings.SplitN(strings.TrimSpace(line), "  ", 2)
		switch {
		case strings.Contains(fields[0], "@") && len(fields) == 2:
			role, _, _ := strings.Cut(strings.TrimSpace(fields[1]), "  ")
			d.people[roles[role]] = fields[0]
		case line == "with the password":
			lines.Scan()
			lines.Scan()
			d.password = strings.TrimSpace(lines.Text())
		case strings.HasPrefix(line, "Wardbook serves"):
			d.url = line[strings.LastIndex(line, " ")+1:]
			if d.password == "" || len(d.people) != len(roles) {
				t.Fatalf("the demo says too little: %+v", d)
			}
			return d
		}
	}
	t.Fatalf("the demo did not start: %v\n%s", lines.Err(), &log)
	return nil
}
