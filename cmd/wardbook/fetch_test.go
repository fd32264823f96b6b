package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An export over a server is the file and the count; one that the server refuses, or does not offer,
// leaves no file.
func TestFetch(t *testing.T) { //nolint:paralleltest // kong reads the environment
	s := serveTwin(t)
	for _, name := range []string{"A", "B", "C"} {
		if con, code := s.ask("create", "company", "name="+name); code != 0 {
			t.Fatal(con.err.String())
		}
	}
	out := filepath.Join(s.dir, "out.csv")
	con, code := s.ask("export", "company", "--fields", "name", "--filter", `name != "B"`, "--output", out)
	text, err := os.ReadFile(out)
	if strings.Contains(con.err.String(), "does not offer that") {
		if !errors.Is(err, fs.ErrNotExist) || code != 1 {
			t.Errorf("exit code %d, the file: %v", code, err)
		}
		t.Skip("skipped: the server has no exports yet")
	}
	if code != 0 || con.out.String() != "exported 2\n" || err != nil || strings.Count(string(text), "\n") != 3 {
		t.Errorf("exit code %d, prints %q, says %q; the file: %q %v", code, con.out.String(), con.err.String(), text, err)
	}
	if con, code := s.ask("export", "company", "--output", out); code != 1 || !strings.Contains(con.err.String(), "there already") {
		t.Errorf("over a file: exit code %d, %q", code, con.err.String())
	}
	refused := filepath.Join(s.dir, "refused.csv")
	if con, code := s.ask("export", "company", "--filter", "nosuch > 1", "--output", refused); code != 1 || !strings.Contains(con.err.String(), "nosuch") {
		t.Errorf("refused: exit code %d, %q", code, con.err.String())
	}
	if _, err := os.Stat(refused); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused export leaves a file: %v", err)
	}
}
