package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// A page that was altered is in the log with its file and number, and nothing of what is in it.
func TestRefusalsAreLogged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := []string{"--data", filepath.Join(dir, "data"), "--key-file", filepath.Join(dir, "key")}
	con := &console{}
	if code := run(context.Background(), append([]string{"init", "--company", "Twin", "--owner", "olga@example.com", "--password-file", write600(t, dir, "password", "correct horse battery staple\n")}, at...), con.env(false)); code != 0 {
		t.Fatal(con.err.String())
	}
	f, err := os.OpenFile(filepath.Join(dir, "data", "data.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for page := int64(1); page < st.Size()/4096; page++ { // all but the first
		if _, err := f.WriteAt([]byte{0xA5, 0xA5, 0xA5, 0xA5}, page*4096+100); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	con = &console{}
	if code := run(context.Background(), append([]string{"doctor"}, at...), con.env(false)); code != 1 {
		t.Fatalf("exit code %d: %s", code, con.out.String())
	}
	if text := con.err.String(); !strings.Contains(text, "file=data.db") || !strings.Contains(text, "number=") || strings.Contains(text, dir) {
		t.Errorf("it logs %q", text)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := refusals{log: slog.New(slog.NewTextHandler(&log, nil))}
	r.note("data", vault.Failure{Path: "/srv/secret/data.db-wal", File: "wal", Number: 7, Reason: vault.Tampered, Ended: true})
	if err := r.err(); err != nil {
		t.Errorf("a log that ends early: %v", err)
	}
	r.note("data", vault.Failure{Path: "/srv/secret/data.db", File: "database", Number: 9, Reason: vault.Tampered})
	if err := r.err(); err == nil || !strings.Contains(err.Error(), "data.db: page 9 of the database: tampered") {
		t.Errorf("a refused page: %v", err)
	}
	if strings.Contains(log.String(), "/srv/secret") || strings.Count(log.String(), "\n") != 2 {
		t.Errorf("it logs %q", log.String())
	}
}
