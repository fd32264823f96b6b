//go:build unix

package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) {
	if os.Getenv("PGTEST_CHILD") != "" {
		child(m)
		return
	}
	Main(m)
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { _ = c.Close(context.WithoutCancel(t.Context())) })
	return c
}

func TestDatabasesAreFreshAndSeparate(t *testing.T) {
	t.Parallel()
	a, b := connect(t, DSN(t)), connect(t, DSN(t))
	if _, err := a.Exec(t.Context(), "CREATE TABLE person (name text)"); err != nil {
		t.Fatalf("the owner cannot create a table: %v", err)
	}
	for name, tc := range map[string]struct {
		conn *pgx.Conn
		want int
	}{"the one with the table": {a, 1}, "the other": {b, 0}} {
		var got int
		err := tc.conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&got)
		if err != nil || got != tc.want {
			t.Errorf("%s: %d tables, %v; want %d", name, got, err, tc.want)
		}
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("user", func(t *testing.T) {
		c := connect(t, DSN(t)) // still connected when the database is dropped
		if err := c.QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
			t.Fatal(err)
		}
	})
	var left int
	err := connect(t, DSN(t)).QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d databases named %s are left, %v; want 0", left, name, err)
	}
}

// The server must behave like the one in production where tests rely on it, and be out of reach.
func TestSettings(t *testing.T) {
	t.Parallel()
	if os.Getenv("WARDBOOK_TEST_POSTGRES") != "" {
		t.Skip("the server is not ours")
	}
	c := connect(t, DSN(t))
	for name, want := range map[string]string{
		"current_setting('fsync')":                                           "on",
		"current_setting('full_page_writes')":                                "on",
		"current_setting('synchronous_commit')":                              "on",
		"current_setting('listen_addresses')":                                "",
		"current_setting('unix_socket_permissions')":                         "0700",
		"current_setting('server_encoding')":                                 "UTF8",
		"(current_setting('server_version_num')::int >= 150000)::text":       "true",
		"(SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user)": "false",
		"current_user::text":                                                 "wardbook",
		"lower('Ä守')":                                                        "ä守",
	} {
		var got string
		if err := c.QueryRow(t.Context(), "SELECT "+name).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestExternalServer(t *testing.T) {
	t.Parallel()
	own := DSN(t) // starts the server, or skips
	s, err := start(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	e, err := external(s.admin.String())
	if err != nil {
		t.Fatalf("external: %v", err)
	}
	dsn := e.database(t)
	if dsn == own {
		t.Error("the same database twice")
	}
	var user string
	if err := connect(t, dsn).QueryRow(t.Context(), "SELECT current_user").Scan(&user); err != nil || user != s.admin.User.Username() {
		t.Errorf("current_user = %q, %v; want the role of the URL", user, err)
	}
}

func TestExternalRefuses(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]string{
		"key words": "host=/tmp user=secret", "other scheme": "mysql://secret@h/d", "no URL": "postgres://[secret",
	} {
		if _, err := external(dsn); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v; want one that does not repeat the value", name, err)
		}
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"nothing":         {nil, false},
		"ci":              {map[string]string{"CI": "true"}, true},
		"ci off":          {map[string]string{"CI": "false"}, false},
		"asked for":       {map[string]string{"WARDBOOK_REQUIRE_POSTGRES": "1"}, true},
		"asked for by no": {map[string]string{"WARDBOOK_REQUIRE_POSTGRES": "0"}, false},
	} {
		if got := required(func(k string) string { return tc.env[k] }); got != tc.want {
			t.Errorf("%s: required = %v, want %v", name, got, tc.want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for dir, script := range map[string]string{
		"v14": "echo 'postgres (PostgreSQL) 14.9'", "v15": "echo 'postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'",
		"v17": "echo 'postgres (PostgreSQL) 17beta1'", "broken": "exit 1", "other": "echo 'mysqld 99'",
	} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, "postgres"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct{ path, pattern, want, fails string }{
		"nothing":          {"", "", "", "not installed"},
		"not PostgreSQL":   {"broken:other:absent", "", "", "not installed"},
		"too old":          {"v14", "", "", "too old"},
		"in PATH":          {"v14:v15", "", "v15", ""},
		"in a folder":      {"", "v*", "v17", ""},
		"newest of both":   {"v15", "v17", "v17", ""},
		"PATH when newest": {"v17", "v1[45]", "v17", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := ""
			for p := range strings.SplitSeq(tc.path, ":") {
				if p != "" {
					path += ":" + filepath.Join(root, p)
				}
			}
			got, err := find(path, []string{filepath.Join(root, tc.pattern)})
			switch {
			case tc.fails != "":
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("error %v, want one with %q", err, tc.fails)
				}
			case err != nil || got != filepath.Join(root, tc.want):
				t.Errorf("found %q, %v; want %s", got, err, tc.want)
			}
		})
	}
}

// A server that cannot start must say why, from its own log.
func TestBrokenServer(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	for name, script := range map[string]string{
		"postgres": `case "$1" in --version) echo "postgres (PostgreSQL) 99.1";; *) echo "could not map memory"; exit 1;; esac`,
		"initdb":   "exit 0",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	// As root the programs run as postgres, who must be able to reach them.
	if err := os.Chmod(filepath.Dir(bin), 0o755); err != nil { //nolint:gosec // see above
		t.Fatal(err)
	}
	_, err := launch(bin + ":" + os.Getenv("PATH"))
	if err == nil || !strings.Contains(err.Error(), "could not map memory") {
		t.Errorf("error %v, want the log's last words", err)
	}
}

// child starts a server, names its folder, and ends as PGTEST_CHILD says.
func child(m *testing.M) {
	s, err := start(os.Getenv)
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(s.admin.Query().Get("host"))
	switch os.Getenv("PGTEST_CHILD") {
	case "return":
		Main(m)
	case "exit":
		os.Exit(7) // as after log.Fatal: nothing deferred runs
	case "panic":
		go panic("a goroutine of a test")
		select {}
	case "hang":
		select {} // until killed
	}
}

// No server and no folder may be left, however the test process ends.
func TestServerEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	if testing.Short() || os.Getenv("WARDBOOK_TEST_POSTGRES") != "" {
		t.Skip("starts several servers of our own")
	}
	DSN(t) // skips where there is no PostgreSQL
	for _, end := range []string{"return", "exit", "panic", "hang"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^$") //nolint:gosec // ourselves
			cmd.Env = append(os.Environ(), "PGTEST_CHILD="+end)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			dir, err := bufio.NewReader(out).ReadString('\n')
			dir = strings.TrimSpace(dir)
			if err != nil || !strings.HasPrefix(dir, os.TempDir()) {
				t.Fatalf("no server: %q, %v", dir, err)
			}
			if end == "hang" {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait() // every end but "return" is a failure by intention
			if end == "return" {
				if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("%s is left after Main: %v", dir, err)
				}
				return
			}
			await(t, dir)
		})
	}
}

// await waits until dir is gone, which is the last thing that the server's keeper does.
func await(t *testing.T, dir string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s is left", dir)
		}
	}
}

// A test process that ends while its server is still starting leaves nothing either: the server is
// deaf to the signal until it has begun.
func TestServerEndsBeforeItBegan(t *testing.T) {
	t.Parallel()
	if testing.Short() || os.Getenv("WARDBOOK_TEST_POSTGRES") != "" {
		t.Skip("starts a server of our own")
	}
	DSN(t) // skips where there is no PostgreSQL
	bin, err := find(os.Getenv("PATH"), folders())
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "wbpg")
	if err != nil {
		t.Fatal(err)
	}
	account, err := handOver(dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", serveScript, "serve.sh", bin, dir, account) //nolint:gosec // our own script
	cmd.Dir, cmd.Env = dir, []string{"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	if err := cmd.Start(); err != nil { // with no standard input, as if the test process had ended
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the server runs on")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left: %v", dir, err)
	}
}
