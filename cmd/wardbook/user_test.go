package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// People are listed, invited, kept out and let in again.
func TestUsers(t *testing.T) { //nolint:paralleltest // kong reads the environment
	dir := t.TempDir()
	folder := []string{"--data", filepath.Join(dir, "data"), "--key-file", filepath.Join(dir, "key")}
	ask := func(args ...string) (string, string, int) {
		con := &console{}
		code := run(context.Background(), append(args, folder...), con.env(false))
		return con.out.String(), con.err.String(), code
	}
	if _, says, code := ask("init", "--company", "Twin", "--owner", "olga@example.com", "--password-file", write600(t, dir, "password", "correct horse battery staple\n")); code != 0 {
		t.Fatal(says)
	}
	if _, says, code := ask("create", "user", "name=Rita", "email=rita@example.com"); code != 0 {
		t.Fatal(says)
	}
	list := func() map[string]string { // state by address
		out, says, code := ask("user", "list")
		if code != 0 {
			t.Fatal(says)
		}
		all := map[string]string{}
		for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
			cells := strings.Split(line, "\t")
			all[cells[2]], all[cells[2]+" id"] = cells[1], cells[0]
		}
		return all
	}
	before := list()
	rita := before["rita@example.com id"]
	if before["rita@example.com"] != "active" || before["olga@example.com"] != "active" {
		t.Fatalf("%v", before)
	}
	if out, says, code := ask("user", "invite", "Rita@example.com"); code != 0 || !strings.Contains(out, "/setup#wbi_") {
		t.Errorf("%d %q %s", code, out, says)
	}
	if _, says, code := ask("user", "disable", rita); code != 0 || list()["rita@example.com"] != "disabled" {
		t.Errorf("not disabled: %s", says)
	}
	if _, says, code := ask("user", "invite", "rita@example.com"); code != 1 || !strings.Contains(says, "wardbook user list") {
		t.Errorf("invited while disabled: %d %s", code, says)
	}
	if _, says, code := ask("user", "enable", rita); code != 0 || list()["rita@example.com"] != "active" {
		t.Errorf("not enabled: %s", says)
	}
	if _, says, code := ask("user", "disable", "rita"); code == 0 || !strings.Contains(says, "user list") {
		t.Errorf("%d %s", code, says)
	}
	if out, _, code := ask("journal", "tail", "-n", "50"); code != 0 || !strings.Contains(out, "allow\tinvitation\tuser\t"+rita) {
		t.Errorf("the journal does not have the invitation: %s", out)
	}
}
