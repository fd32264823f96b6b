package fault

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Every way to come with the wrong key says what is wrong with it, and nothing is touched.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	other := newSite(t, "sqlite")
	before := files(t, s.data)
	own := s.keyFile
	text := s.read("key")
	for what, c := range map[string]struct {
		file  string
		words string
	}{
		"missing":   {s.path("nowhere"), "the key file is not there"},
		"foreign":   {other.keyFile, "does not open this keyring"},
		"empty":     {s.write("empty", ""), "key file"},
		"cut off":   {s.write("cut", text[:len(text)/2]), "key file"},
		"no key":    {s.path("password"), "key file"},
		"a folder":  {s.dir + "/..", "key file"},
		"in folder": {filepath.Join(s.data, "key"), "must not lie in the data folder"},
	} {
		s.keyFile = c.file
		for _, command := range [][]string{{"status"}, {"serve", "--listen", "127.0.0.1:0"}, {"key", "rotate", "audit.sign"}} {
			a := s.run(command...)
			if a.code != failing(a.err) || !strings.Contains(a.err, c.words) {
				t.Errorf("%s: %s: exit %d: %s", what, command[0], a.code, a.err)
			}
		}
	}
	s.keyFile = own
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o660} {
		if err := os.Chmod(own, mode); err != nil {
			t.Fatal(err)
		}
		s.refused([]string{"status"}, "others may read the key file", "chmod")
		s.refused([]string{"serve", "--listen", "127.0.0.1:0"}, "chmod")
	}
	if err := os.Chmod(own, 0o400); err != nil {
		t.Fatal(err)
	}
	for name, text := range files(t, s.data) {
		if before[name] != text {
			t.Errorf("%s was changed", name)
		}
	}
	s.verify()
}

// One folder serves one process.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	for _, engine := range engines() {
		s := newSite(t, engine)
		v := s.start()
		kept := v.create(canary)
		for _, command := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"import", "company", s.lines("few.csv", 3)}, {"key", "rotate", "audit.sign"}, {"journal", "verify"}} {
			s.refused(command, "another Wardbook process uses this data folder", "stop it")
		}
		v.want(http.StatusOK, "GET", "/api/v1/records/company/"+kept, nil)
		v.stop()
		s.verify()
	}
}

// An older copy of the keyring is told from the newest, whichever key was rotated since: with it a
// removed slot would open again, and what newer keys sealed would not.
func TestOlderKeyring(t *testing.T) {
	t.Parallel()
	for _, change := range [][]string{
		{"key", "rotate", "audit.sign"}, {"key", "rotate", "file.data"}, {"key", "rotate", "file.control"}, {"key", "rotate", "kek.personal"}, {"key", "add-slot", "--new-key-file", "second"},
	} {
		t.Run(strings.Join(change[1:], " "), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite")
			old := files(t, s.data)["keyring"]
			args := append([]string(nil), change...)
			if args[len(args)-1] == "second" {
				args[len(args)-1] = s.path("second")
			}
			s.must(args...)
			s.must("import", "company", s.lines("few.csv", 300))
			newest := files(t, s.data)
			put(t, s.data, with(newest, "keyring", old, false))
			for _, command := range [][]string{{"status"}, {"serve", "--listen", "127.0.0.1:0"}, {"key", "rotate", "kek.secret"}} {
				s.refused(command, "keyring", "older copy", "newest")
			}
			for name, text := range files(t, s.data) {
				if name == "keyring" && text != old || name == "checkpoint" && text != newest[name] {
					t.Errorf("%s was overwritten", name)
				}
			}
			put(t, s.data, newest)
			s.verify()
			if change[1] == "add-slot" { // and where the newest is lost for good
				put(t, s.data, with(newest, "keyring", old, false))
				s.must("key", "accept-older")
				s.verify()
				s.must("status")
			}
		})
	}
}

// SIGTERM lets requests in flight end, says so in the log, and the process ends well.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, engine := range engines() {
		s := newSite(t, engine)
		v := s.start()
		c := begin(t, v, `{"fields":{"name":"`+canary+` in flight"}}`)
		if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		untilClosed(t, v) // it takes no new ones
		if status := c.finish(); status != http.StatusCreated {
			t.Errorf("%s: the request in flight was answered %d", engine, status)
		}
		if err := v.cmd.Wait(); err != nil {
			t.Errorf("%s: %v", engine, err)
		}
		v.cmd = nil
		log := s.read("server.log")
		for _, want := range []string{`"stopping"`, `"stopped"`} {
			if !strings.Contains(log, want) {
				t.Errorf("%s: the log does not say %s", engine, want)
			}
		}
		v = s.start()
		if n := v.count(); n != 1 {
			t.Errorf("%s: %d companies, want the one that was in flight", engine, n)
		}
		v.stop()
		s.verify()
	}
}

// A second SIGTERM ends a process that waits for a request which does not end.
func TestStopTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	v := s.start()
	kept := v.create(canary)
	begin(t, v, `{"fields":{"name":"never"}}`)
	for range 2 {
		if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		untilClosed(t, v)
	}
	ended := make(chan struct{})
	go func() { _ = v.cmd.Wait(); close(ended) }() // how it ended does not matter
	select {
	case <-ended:
	case <-time.After(10 * time.Second): // less than requests in flight are given
		t.Error("a second SIGTERM did not end the process")
		_ = v.cmd.Process.Kill()
		<-ended
	}
	v.cmd = nil
	v = s.start()
	v.want(http.StatusOK, "GET", "/api/v1/records/company/"+kept, nil)
	v.stop()
	s.verify()
}

// flight is a request whose body is not sent to its end yet.
type flight struct {
	t    *testing.T
	conn net.Conn
	rest string
}

// begin sends a request but for the last byte, and returns when the server works on it.
func begin(t *testing.T, v *server, body string) *flight {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "POST /api/v1/records/company HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", v.s.token, len(body))
	b := make([]byte, 200)
	n, err := conn.Read(b) // it asks for the body, so it has begun
	if err != nil || !bytes.HasPrefix(b[:n], []byte("HTTP/1.1 100")) {
		t.Fatalf("no 100 Continue: %v %s", err, b[:n])
	}
	last := len(body) - 1
	if _, err := conn.Write([]byte(body[:last])); err != nil {
		t.Fatal(err)
	}
	return &flight{t, conn, body[last:]}
}

// finish sends the last byte and returns the status.
func (f *flight) finish() (status int) {
	f.t.Helper()
	if _, err := f.conn.Write([]byte(f.rest)); err != nil {
		f.t.Fatal(err)
	}
	b := make([]byte, 20)
	n, err := f.conn.Read(b)
	if err != nil {
		f.t.Fatalf("no answer: %v", err)
	}
	if _, err := fmt.Sscanf(string(b[:n]), "HTTP/1.1 %d", &status); err != nil {
		f.t.Fatal(err)
	}
	return status
}

// untilClosed returns when the server takes no connection any more.
func untilClosed(t *testing.T, v *server) {
	t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
		if err != nil {
			return
		}
		_ = conn.Close()
		select {
		case <-late:
			t.Fatal("the server still listens")
		case <-tick.C:
		}
	}
}
