package fault

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// files reads a folder: name → contents.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		b, err := os.ReadFile(path)
		all[filepath.Base(path)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// put makes a folder that holds exactly these files.
func put(t *testing.T, dir string, all map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// with returns a copy in which one file is other text; "" with gone removes it.
func with(all map[string]string, name, text string, gone bool) map[string]string {
	c := map[string]string{}
	for n, x := range all {
		c[n] = x
	}
	c[name] = text
	if gone {
		delete(c, name)
	}
	return c
}

// A file of the folder is cut off, emptied or gone: every command says which and what to do, and leaves
// everything as it was, so that putting the file back puts everything right.
func TestDamagedFolder(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	s.must("import", "company", s.lines("few.csv", 20))
	whole := files(t, s.data)
	for name, words := range map[string][]string{
		"data.db": {"restore|put it back|Put the newest copy back"}, "keys.db": {"restore|put it back|Put the newest copy back"}, "control.db": {"restore|put it back|Put the newest copy back"},
		"keyring": {"keyring", "restore|put it back"}, "wardbook.json": {"wardbook.json", "put it back"}, "checkpoint": {"checkpoint", "put a copy"},
	} {
		size := len(whole[name])
		for _, keep := range []int{-1, 0, 10, size / 2, size * 9 / 10} {
			if name == "checkpoint" && keep < 0 {
				continue // harmless, see TestCheckpoint
			}
			damaged := with(whole, name, whole[name][:max(keep, 0)], keep < 0)
			put(t, s.data, damaged)
			for _, command := range [][]string{{"status"}, {"serve", "--listen", "127.0.0.1:0"}, {"key", "rotate", "audit.sign"}, {"token", "list"}} {
				a := s.run(command...)
				if a.code != failing(a.err) || a.out != "" {
					t.Errorf("%s of %d bytes: %s: exit %d: %s%s", name, keep, command[0], a.code, a.out, a.err)
				}
				for _, w := range words {
					if !anyOf(a.err, w) {
						t.Errorf("%s of %d bytes: %s: the message does not say %q: %s", name, keep, command[0], w, a.err)
					}
				}
			}
			after := files(t, s.data)
			for n, text := range damaged {
				if after[n] != text {
					t.Errorf("%s of %d bytes: %s was overwritten", name, keep, n)
				}
			}
		}
	}
	put(t, s.data, whole)
	s.verify()
}

func anyOf(text, words string) bool {
	for _, w := range strings.Split(words, "|") {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// The checkpoint beside the data: none and an older one do no harm; where it is ahead of the data, the
// data is older, and nothing goes on before somebody has looked.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	before := files(t, s.data)
	s.must("import", "company", s.lines("few.csv", 20))
	whole := files(t, s.data)
	for what, folder := range map[string]map[string]string{
		"missing": with(whole, "checkpoint", "", true), "older": with(whole, "checkpoint", before["checkpoint"], false),
	} {
		put(t, s.data, folder)
		s.verify()
		s.must("status")
		if now := files(t, s.data)["checkpoint"]; now == folder["checkpoint"] || now == "" {
			t.Errorf("%s: no checkpoint was written", what)
		}
	}
	for what, folder := range map[string]map[string]string{
		"older data":                    with(whole, "data.db", before["data.db"], false),
		"older data, and no checkpoint": with(with(whole, "data.db", before["data.db"], false), "checkpoint", "", true),
		"older data and keys":           with(with(whole, "data.db", before["data.db"], false), "keys.db", before["keys.db"], false),
	} {
		t.Run(what, func(t *testing.T) {
			put(t, s.data, folder)
			for range 2 {
				s.refused([]string{"status"}, "older copy", "Put the newest copy back")
				s.refused([]string{"serve", "--listen", "127.0.0.1:0"}, "older copy")
				if a := s.run("journal", "verify"); a.code != 1 || !strings.Contains(a.out, "ALTERED") {
					t.Errorf("journal verify: exit %d: %s%s", a.code, a.out, a.err)
				}
				for n, text := range files(t, s.data) {
					if n == "checkpoint" && text != folder[n] {
						t.Error("the checkpoint, which is the evidence, was overwritten")
					}
				}
			}
		})
	}
	put(t, s.data, whole)
	s.verify()
}

// A PostgreSQL URL that leads to another database makes no second, empty organisation there.
func TestForeignDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, "postgresql")
	other := bare(t, "postgresql")
	own := s.database
	s.database = other.database
	s.refused([]string{"status"}, "Put the newest copy back")
	s.refused([]string{"serve", "--listen", "127.0.0.1:0"}, "the database is missing")
	s.database = own
	s.verify()
}

// Several who make an organisation in one folder at once: one does, the others hear so, and nobody
// removes what is another's.
func TestInitTogether(t *testing.T) {
	t.Parallel()
	s := bare(t, "sqlite")
	answers := make([]bytes.Buffer, 6)
	codes := make([]int, len(answers))
	var all sync.WaitGroup
	for i := range answers {
		cmd := s.command("init", "--company", "Twin", "--owner", canary+"@example.com", "--password-file", s.path("password"), "--token-file", s.path("token"+strconv.Itoa(i)))
		cmd.Stderr = &answers[i]
		all.Go(func() {
			_ = cmd.Run() // its exit code says it
			codes[i] = cmd.ProcessState.ExitCode()
		})
	}
	all.Wait()
	made := -1
	for i, code := range codes {
		switch {
		case code == 0 && made >= 0:
			t.Error("two organisations were made in one folder")
		case code == 0:
			made = i
		case code != failing(answers[i].String()) || answers[i].Len() == 0 || strings.Contains(answers[i].String(), "internal"):
			t.Errorf("exit %d: %s", code, answers[i].String())
		}
	}
	if made < 0 {
		t.Fatalf("nobody made it: %s", answers[0].String())
	}
	s.verify()
}
