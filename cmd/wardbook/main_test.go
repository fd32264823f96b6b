package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// console is a command line with what it wrote.
type console struct{ out, err bytes.Buffer }

func (c *console) env(terminal bool) env {
	return env{in: strings.NewReader(""), out: &c.out, err: &c.err, now: time.Now, rand: rand.Reader, terminal: terminal}
}

func leaves(t *testing.T) []*kong.Node {
	t.Helper()
	k, err := grammar(context.Background(), (&console{}).env(false), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return k.Model.Leaves(false)
}

// words splits a line of an example as a shell would.
func words(line string) []string {
	var list []string
	var word strings.Builder
	quoted := false
	for _, r := range line + " " {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			if word.Len() > 0 {
				list = append(list, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	return list
}

// Every command explains itself, and its examples are command lines of that very command.
func TestHelpHasExamples(t *testing.T) { //nolint:paralleltest // kong reads the environment
	for _, leaf := range leaves(t) {
		name := strings.TrimPrefix(leaf.FullPath(), "wardbook ")
		if leaf.Help == "" || !strings.HasSuffix(leaf.Help, ".") {
			t.Errorf("%s: its help is no sentence: %q", name, leaf.Help)
		}
		for _, f := range leaf.Flags {
			if f.Help == "" {
				t.Errorf("%s: --%s is not explained", name, f.Name)
			}
		}
		for _, a := range leaf.Positional {
			if a.Help == "" {
				t.Errorf("%s: %s is not explained", name, a.Name)
			}
		}
		examples := 0
		for _, line := range strings.Split(strings.ReplaceAll(leaf.Detail, "\\\n", " "), "\n") {
			if !strings.HasPrefix(line, "  wardbook ") {
				continue
			}
			examples++
			k, err := grammar(context.Background(), (&console{}).env(false), func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			got, err := k.Parse(words(line)[1:])
			if err != nil {
				t.Errorf("%s: the example cannot be read: %s: %v", name, line, err)
			} else if got.Selected().FullPath() != leaf.FullPath() {
				t.Errorf("%s: the example is of %s", name, got.Selected().FullPath())
			}
		}
		if examples == 0 || !strings.Contains(leaf.Detail, "Example") {
			t.Errorf("%s has no example", name)
		}
	}
}

// The commands and flags that others rely on: the contract, as far as it is built.
func TestContract(t *testing.T) { //nolint:paralleltest // kong reads the environment
	where := " data key-file passphrase-file database"
	target := where + " server token-file ca-file"
	table := map[string]string{
		"init":             where + " company owner password-file token-file",
		"serve":            where + " listen tls-cert tls-key metrics-listen metrics-open",
		"demo":             "listen lang",
		"import":           where + " map mode key dry-run errors json",
		"export":           target + " filter format heading money zone output json",
		"journal verify":   where + " export json",
		"journal tail":     target + " json",
		"journal export":   where + " output json",
		"key status":       where + " json",
		"key accept-older": where,
		"key rotate":       where,
		"key add-slot":     where,
		"key remove-slot":  where,
		"token create":     where + " name scope",
		"token list":       where + " json",
		"token revoke":     where,
		"user list":        target + " json",
		"user invite":      where + " json",
		"user disable":     target + " json",
		"user enable":      target + " json",
		"status":           target + " json",
		"undo":             target + " dry-run json",
		"list":             target + " filter search sort fields limit json",
		"get":              target + " fields json",
		"why":              target + " json",
		"create":           target + " json",
		"set":              target + " if-version json",
		"object list":      where + " json",
		"object show":      where + " json",
		"object create":    where + " label plural title file json",
		"object change":    where + " name label plural json",
		"object archive":   where + " back json",
		"field add":        where + " type class label required unique option target formula result rollup file json",
		"field change":     where + " name label required unique option archive-option remove-option file json",
		"field archive":    where + " back json",
		"doctor":           where + " json",
		"version":          "json",
		"completion":       "",
		"man":              "",
	}
	for _, leaf := range leaves(t) {
		name := strings.TrimPrefix(leaf.FullPath(), "wardbook ")
		want, ok := table[name]
		if !ok {
			t.Errorf("%s has no row: say which flags others may rely on, and whether it reads", name)
			continue
		}
		delete(table, name)
		has := map[string]bool{}
		for _, f := range leaf.Flags {
			has[f.Name] = true
		}
		for _, flag := range strings.Fields(want) {
			if !has[flag] {
				t.Errorf("%s has no --%s", name, flag)
			}
		}
	}
	for name := range table {
		t.Errorf("there is no command %s", name)
	}
}

func TestExitCodes(t *testing.T) { //nolint:paralleltest // the environment is cleared
	for _, name := range []string{"WARDBOOK_DATA", "WARDBOOK_KEY_FILE", "WARDBOOK_PASSPHRASE_FILE", "WARDBOOK_DATABASE", "WARDBOOK_LISTEN", "WARDBOOK_TOKEN_FILE", "WARDBOOK_CA_FILE"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	at := "--data=" + filepath.Join(dir, "none") + " --key-file=" + filepath.Join(dir, "key") + " "
	for _, c := range []struct {
		name, line string
		code       int
		says       string // on standard error; "" for silence
	}{
		{"version", "version", 0, ""},
		{"version as a flag", "--version", 0, ""},
		{"help", "--help", 0, ""},
		{"completion of an unknown shell", "completion csh", 2, "must be one of"},
		{"help of a command", "import --help", 0, ""},
		{"nothing", "", 2, "expected one of"},
		{"no such command", "sell", 2, "unexpected argument sell"},
		{"no such flag", "version --loud", 2, "unknown flag --loud"},
		{"an argument too few", "import company", 2, "expected"},
		{"an argument too many", "version 2", 2, "unexpected"},
		{"a flag without its value", "export deal --output", 2, "expected"},
		{"not one of the choices", "import company x.csv --mode=replace", 2, "must be one of"},
		{"no folder", "status", 2, "--data"},
		{"no key", "status --data=" + dir, 2, "--key-file"},
		{"a key in the folder", "status --data=" + dir + " --key-file=" + dir + "/key", 2, "must not lie in the data folder"},
		{"to the network in clear", "serve " + at + "--listen=0.0.0.0:0", 2, "without --tls-cert"},
		{"no organisation", "status " + at, 1, "no organisation"},
		{"no file", "import company " + at + "none.csv", 1, "cannot be opened"},
		{"a bad mapping", "import company " + at + "--map=x none.csv", 2, "COLUMN=FIELD"},
		{"a server of a command that needs the folder", "key rotate audit.sign --server=https://crm.example.com", 2, "where that is, without --server"},
		{"no token", "status --server=https://crm.example.com", 2, "--token-file: name the file"},
		{"a server in clear", "status --server=http://crm.example.com --token-file=x", 2, "want https://"},
		{"no server's address", "status --server=crm.example.com:8080 --token-file=x", 2, "such as https://"},
		{"a password in the address", "status --server=https://a:b@crm.example.com --token-file=x", 2, "such as https://"},
		{"a token file that is not there", "status --server=http://localhost:1 --token-file=" + dir + "/none", 2, "--token-file: it cannot be read"},
		{"no assignment", "create company " + at + "name", 1, "FIELD=TEXT"},
		{"an assignment that is no JSON", "create company " + at + "employees:=many", 1, "is not JSON"},
		{"no identifier", "undo " + at + "x", 1, "not an identifier"},
	} {
		con := &console{}
		code := run(context.Background(), strings.Fields(c.line), con.env(false))
		if code != c.code || !strings.Contains(con.err.String(), c.says) || (c.says == "") != (con.err.Len() == 0) {
			t.Errorf("%s: exit code %d, want %d; says %q, want %q", c.name, code, c.code, con.err.String(), c.says)
		}
		if code != 0 && con.out.Len() > 0 {
			t.Errorf("%s: a failure writes to standard output: %s", c.name, con.out.String())
		}
	}
}

// A bar is drawn on a terminal and taken away again; in a pipe there is nothing of it. Every reading
// command writes JSON where it is asked to, and nothing else.
func TestOnARealOrganisation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	at := []string{"--data", filepath.Join(dir, "data"), "--key-file", filepath.Join(dir, "key")}
	command := func(terminal bool, args ...string) *console {
		t.Helper()
		con := &console{}
		if code := run(context.Background(), append(args, at...), con.env(terminal)); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, con.err.String())
		}
		return con
	}
	command(false, "init", "--company", "Twin", "--owner", "olga@example.com", "--password-file", file("password", "correct horse battery staple\n"))
	companies := "name,city\n" + strings.Repeat("A,Bonn\n", 300)
	quiet := command(false, "import", "company", file("a.csv", companies), "--json")
	if quiet.err.Len() > 0 {
		t.Errorf("in a pipe the import says %q", quiet.err.String())
	}
	var result struct {
		Created   int    `json:"created"`
		ChangeSet string `json:"changeset"`
	}
	if err := json.Unmarshal(quiet.out.Bytes(), &result); err != nil || result.Created != 300 {
		t.Fatalf("%s (%v)", quiet.out.String(), err)
	}
	shown := command(true, "import", "company", file("b.csv", companies))
	if text := shown.err.String(); !strings.Contains(text, "\r 50 %  150 of 300") || !strings.HasSuffix(text, "\r\033[K") {
		t.Errorf("on a terminal the import shows %q", text)
	}
	if strings.Contains(shown.out.String(), "\r") || !strings.Contains(shown.out.String(), "created 300, updated 0, failed 0") {
		t.Errorf("it prints %q", shown.out.String())
	}
	for _, args := range [][]string{
		{"status"},
		{"list", "company", "--limit", "3"},
		{"create", "company", "name=B"},
		{"doctor"},
		{"key", "status"},
		{"token", "list"},
		{"journal", "tail"},
		{"journal", "verify"},
		{"journal", "export", "--output", filepath.Join(dir, "journal")},
		{"export", "company", "--output", filepath.Join(dir, "c.csv")},
		{"undo", result.ChangeSet, "--dry-run"},
	} {
		con := command(false, append(args, "--json")...)
		var v any
		if err := json.Unmarshal(con.out.Bytes(), &v); err != nil || con.err.Len() > 0 {
			t.Errorf("%v: %v: %s%s", args, err, con.out.String(), con.err.String())
		}
	}
	for _, args := range [][]string{{"status"}, {"doctor"}, {"key", "status"}, {"journal", "tail"}, {"journal", "verify"}, {"undo", result.ChangeSet, "--dry-run"}} {
		if con := command(false, args...); con.out.Len() == 0 || strings.HasPrefix(con.out.String(), "{") || con.err.Len() > 0 {
			t.Errorf("%v prints %q and says %q", args, con.out.String(), con.err.String())
		}
	}
	piped := command(false, "export", "company", "--fields", "name", "--format", "json", "--output", "-", "--json")
	var list []map[string]any
	if err := json.Unmarshal(piped.out.Bytes(), &list); err != nil || len(list) != 601 {
		t.Errorf("%d records in the pipe (%v)", len(list), err)
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		terminal bool
		steps    [][2]int
		want     string
	}{
		{"in a pipe", false, [][2]int{{1, 2}, {2, 2}}, ""},
		{"of a known length", true, [][2]int{{1, 4}, {4, 4}}, "\r 25 %  1 of 4\r100 %  4 of 4\r\033[K"},
		{"only when it moves", true, [][2]int{{1, 1000}, {2, 1000}, {3, 1000}}, "\r  0 %  1 of 1000\r\033[K"},
		{"of an unknown length", true, [][2]int{{500, 0}, {1000, 0}}, "\r500\r1000\r\033[K"},
		{"nothing to show", true, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			con := &console{}
			b := newBar(con.env(c.terminal))
			for _, s := range c.steps {
				b.show(s[0], s[1])
			}
			b.end()
			if got := con.err.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
