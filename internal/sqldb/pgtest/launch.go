//go:build unix

package pgtest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

//go:embed serve.sh
var serveScript string

// oldest is the first major version of PostgreSQL that Wardbook supports.
const oldest = 15

// folders lists where systems put the server's programs when they are not in PATH.
func folders() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",             // Debian, Ubuntu
		"/usr/pgsql-*/bin",                      // PostgreSQL's own packages for Red Hat
		"/opt/homebrew/opt/postgresql@*/bin",    // Homebrew on ARM
		"/usr/local/opt/postgresql@*/bin",       // Homebrew on Intel
		"/usr/local/pgsql/bin",                  // built from source
		"/Applications/Postgres.app/*/*/*/bin/", // Postgres.app
	}
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// find returns the folder of the newest PostgreSQL programs in path (as in PATH) or in the folders
// that match the patterns.
func find(path string, patterns []string) (string, error) {
	dirs := filepath.SplitList(path)
	for _, p := range patterns {
		m, err := filepath.Glob(p)
		if err != nil {
			return "", err
		}
		dirs = append(dirs, m...)
	}
	best, newest := "", 0
	for _, dir := range dirs {
		if dir == "" {
			continue // an empty entry of PATH means the current folder, which is not to be trusted
		}
		if v := version(filepath.Join(dir, "postgres")); v > newest {
			best, newest = dir, v
		}
	}
	switch {
	case best == "":
		return "", errors.New("PostgreSQL is not installed (apt-get install postgresql, or run scripts/setup)")
	case newest < oldest:
		return "", fmt.Errorf("PostgreSQL %d in %s is too old: want %d or later", newest, best, oldest)
	}
	return best, nil
}

// version returns the major version of a postgres program, or 0 when it is none.
func version(program string) int {
	if _, err := os.Stat(program); err != nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	if m := versionLine.FindSubmatch(out); err == nil && m != nil {
		v, _ := strconv.Atoi(string(m[1])) //nolint:errcheck // digits by the pattern
		return v
	}
	return 0
}

// launch starts a server and returns when it answers.
func launch(path string) (_ *server, err error) {
	bin, err := find(path, folders())
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wbpg")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	account, err := handOver(dir)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	stdin, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", serveScript, "serve.sh", bin, dir, account) //nolint:gosec // our own script
	cmd.Dir, cmd.Env = dir, []string{"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=" + path}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, log, log
	// A session of its own, so that an interrupt at the terminal reaches the tests, not the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(cmd.Start(), stdin.Close()); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() //nolint:errcheck // await tells more, from the log
	s := &server{
		admin: url.URL{
			Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
			RawQuery: url.Values{"host": {dir}, "sslmode": {"disable"}}.Encode(),
		},
		role: "wardbook",
		stop: func() error {
			err := lifeline.Close()
			<-ended
			return errors.Join(err, log.Close())
		},
	}
	if err := s.await(ended); err != nil {
		return nil, errors.Join(err, fmt.Errorf("its log ends: %s", tail(log)), s.stop())
	}
	return s, nil
}

// await returns when the server answers and has the tests' role, or with an error when it ended.
func (s *server) await(ended <-chan struct{}) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		err := s.exec("CREATE ROLE " + s.role + " LOGIN")
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("PostgreSQL did not start")
		case <-late:
			return fmt.Errorf("PostgreSQL did not answer within %v: %w", patience, err)
		case <-tick.C:
		}
	}
}

// handOver gives dir to the account that shall run the server, and returns its name: empty, meaning
// ourselves, unless we are root.
func handOver(dir string) (string, error) {
	if os.Geteuid() != 0 {
		return "", nil
	}
	const account = "postgres"
	u, err := user.Lookup(account)
	if err != nil {
		return "", fmt.Errorf("PostgreSQL refuses to run as root, and there is no user %s: %w", account, err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return "", err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return "", err
	}
	return account, os.Chown(dir, uid, gid)
}

// tail returns the last lines of a log.
func tail(log *os.File) string {
	const size = 2000
	end, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err.Error()
	}
	b := make([]byte, min(end, size))
	n, _ := log.ReadAt(b, end-int64(len(b))) //nolint:errcheck // what could be read is shown
	return string(b[:n])
}
