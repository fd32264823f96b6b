package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file goes into a record and comes back, in a folder and through a server, and lies nowhere in the clear.
func TestFiles(t *testing.T) { //nolint:paralleltest // kong reads the environment
	s := serveTwin(t)
	text := strings.Repeat("CanaryContract in plain words. ", 20_000)
	path := write600(t, s.dir, "合同 (1).txt", text)
	var doc record
	s.json(t, &doc, "create", "document", "name=Contract")
	s.json(t, &doc, "set", "document", doc.ID.String(), "file=@"+path, "--if-version", "1")
	if ref, _ := doc.Fields["file"].(map[string]any); doc.Version != 2 || ref["name"] != "合同 (1).txt" {
		t.Errorf("set %+v", doc)
	}
	out := filepath.Join(s.dir, "out.txt")
	if con, code := s.ask("get", "document", doc.ID.String(), "--file", "file", "--output", out); code != 0 {
		t.Fatal(con.err.String())
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != text {
		t.Errorf("%d bytes came back of %d: %v", len(got), len(text), err)
	}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a file that is there": {[]string{"get", "document", doc.ID.String(), "--file", "file", "--output", out}, "nothing is replaced"},
		"no output":            {[]string{"get", "document", doc.ID.String(), "--file", "file"}, "--output"},
		"no file":              {[]string{"set", "document", doc.ID.String(), "file=@" + path + "x"}, "cannot be read"},
		"with other fields":    {[]string{"set", "document", doc.ID.String(), "file=@" + path, "name=B"}, "alone"},
		"of a new record":      {[]string{"create", "document", "file=@" + path}, "make the record first"},
		"a stale version":      {[]string{"set", "document", doc.ID.String(), "file=@" + path, "--if-version", "1"}, "changed this record"},
		"no such field":        {[]string{"get", "document", doc.ID.String(), "--file", "nosuch", "--output", out + "2"}, "no such file field"},
	} {
		if con, code := s.ask(c.args...); code == 0 || !strings.Contains(con.err.String(), c.says) {
			t.Errorf("%s: exit code %d: %s", name, code, con.err.String())
		}
	}
	if _, err := os.Stat(out + "2"); err == nil {
		t.Error("what was refused left a file")
	}
	err := filepath.WalkDir(filepath.Join(s.dir, "data"), func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if bytes.Contains(b, []byte("CanaryContract")) {
			t.Errorf("%s holds the file in the clear", d.Name())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The same in a folder that no server has open.
func TestFilesInFolder(t *testing.T) { //nolint:paralleltest // kong reads the environment
	dir := t.TempDir()
	folder := []string{"--data", filepath.Join(dir, "data"), "--key-file", filepath.Join(dir, "key")}
	do := func(args ...string) string {
		t.Helper()
		con := &console{}
		if code := run(context.Background(), append(args, folder...), con.env(false)); code != 0 {
			t.Fatalf("%v: %s", args, con.err.String())
		}
		return con.out.String()
	}
	do("init", "--company", "Twin", "--owner", "olga@example.com", "--password-file", write600(t, dir, "password", "correct horse battery staple\n"))
	made := strings.Fields(do("create", "document", "name=Contract"))[1]
	do("set", "document", made, "file=@"+write600(t, dir, "a.txt", "plain words"), "--if-version", "1")
	if got := do("get", "document", made, "--file", "file", "--output", "-"); got != "plain words" {
		t.Errorf("got %q", got)
	}
	do("set", "document", made, `description:="@alder"`)
}
