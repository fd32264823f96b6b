package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// printed is what a command writes to standard output.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	con := &console{}
	if code := run(context.Background(), args, con.env(false)); code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, con.err.String())
	}
	return con.out.String()
}

// The scripts are asked as the shells ask them. A shell that is not on this machine is skipped.
func TestCompletion(t *testing.T) { //nolint:paralleltest // kong reads the environment
	dir := t.TempDir()
	file := func(shell string) string {
		path := filepath.Join(dir, "_wardbook."+shell)
		if err := os.WriteFile(path, []byte(printed(t, "completion", shell)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) { //nolint:paralleltest // as above
			path := file(shell)
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip("skipped: this shell is not installed")
			}
			if out, err := exec.Command(shell, "-n", path).CombinedOutput(); err != nil {
				t.Fatalf("the script cannot be read: %v\n%s", err, out)
			}
		})
	}
	cases := []struct {
		name, line string // the last word is the one to complete
		has, not   string
	}{
		{"the commands", "wardbook ", "journal", "tail"},
		{"the beginning of a command", "wardbook ex", "export", "import"},
		{"commands of a group", "wardbook journal ", "verify", "init"},
		{"flags", "wardbook import --", "--map", "--listen"},
		{"flags of a command in a group", "wardbook journal tail --", "--count", "--export"},
		{"after an argument", "wardbook import company --mo", "--mode", "--map"},
		{"choices of a flag", "wardbook import --mode up", "upsert", "create"},
		{"choices of an argument", "wardbook completion z", "zsh", "bash"},
	}
	ask := map[string]func(line string) []string{
		"bash": func(line string) []string {
			words := strings.Split(line, " ")
			list := "'" + strings.Join(words, "' '") + "'"
			script := `source "$1"; COMP_WORDS=(` + list + `); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _wardbook; printf '%s\n' "${COMPREPLY[@]}"`
			return answers(t, exec.Command("bash", "-c", script, "bash", filepath.Join(dir, "_wardbook.bash")))
		},
		"fish": func(line string) []string {
			cmd := exec.Command("fish", "--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, filepath.Join(dir, "_wardbook.fish"), line)
			cmd.Env = append(os.Environ(), "HOME="+dir)
			return answers(t, cmd)
		},
	}
	for shell, ask := range ask {
		for _, c := range cases {
			t.Run(shell+"/"+c.name, func(t *testing.T) { //nolint:paralleltest // as above
				if _, err := exec.LookPath(shell); err != nil {
					t.Skip("skipped: this shell is not installed")
				}
				got := ask(c.line)
				if !slices.Contains(got, c.has) || slices.Contains(got, c.not) {
					t.Errorf("%q is completed with %q; want %s and not %s", c.line, got, c.has, c.not)
				}
			})
		}
	}
}

// answers are the first words of the lines that a program prints.
func answers(t *testing.T, cmd *exec.Cmd) []string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var list []string
	for line := range strings.Lines(string(out)) {
		word, _, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		list = append(list, word)
	}
	return list
}

// The manual page is about every command and every flag, and troff has no complaints.
func TestManual(t *testing.T) { //nolint:paralleltest // kong reads the environment
	page := printed(t, "man")
	text := strings.ReplaceAll(page, `\-`, "-")
	for _, leaf := range leaves(t) {
		if !strings.Contains(text, ".SS "+strings.TrimPrefix(leaf.FullPath(), "wardbook ")) {
			t.Errorf("%s is not in it", leaf.FullPath())
		}
		for _, f := range leaf.Flags {
			if !strings.Contains(text, "--"+f.Name) {
				t.Errorf("%s: --%s is not in it", leaf.FullPath(), f.Name)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "wardbook.1")
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, check := range [][]string{
		{"groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z", path},
		{"mandoc", "-Tlint", "-Werror", path},
	} {
		t.Run(check[0], func(t *testing.T) { //nolint:paralleltest // as above
			if _, err := exec.LookPath(check[0]); err != nil {
				t.Skip("skipped: it is not installed")
			}
			if out, err := exec.Command(check[0], check[1:]...).CombinedOutput(); err != nil || len(out) > 0 { //nolint:gosec // of the table above
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
