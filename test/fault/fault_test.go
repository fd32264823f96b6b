// Package fault breaks things around the real binary, on both engines: processes are killed, disks fill
// up, files are cut off, keys are lost and strangers send what nobody should. Whatever happens, what was
// acknowledged is there, nothing is half there, the message names a remedy, and no log holds what was sent.
package fault

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
)

// patience bounds every wait; no test depends on how long something takes.
const patience = 3 * time.Minute

// binary is the program, built once for the test process.
var binary struct {
	sync.Once
	dir, path string
	err       error
}

func TestMain(m *testing.M) {
	defer func() { _ = os.RemoveAll(binary.dir) }()
	pgtest.Main(m)
}

func wardbook(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("faults are part of the whole run (make test), not of the short one")
	}
	binary.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "wbfault"); binary.err != nil {
			return
		}
		binary.path = filepath.Join(binary.dir, "wardbook")
		cmd := exec.Command("go", "build", "-o", binary.path, "../../cmd/wardbook")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			binary.err = errors.New(string(out))
		}
	})
	if binary.err != nil {
		t.Fatalf("build: %v", binary.err)
	}
	// Some tests run it as another user.
	if err := errors.Join(os.Chmod(binary.dir, 0o755), os.Chmod(binary.path, 0o755)); err != nil { //nolint:gosec // holds nothing secret
		t.Fatal(err)
	}
	return binary.path
}

// What tests send as names, addresses and secrets holds one of these, and no log may.
const (
	canary      = "zimtstern" // in names, e-mail addresses, filters, keys of requests
	canaryPhone = "139123477"
	password    = "correct horse zimtstern staple"
)

// site is an organisation in a folder of its own.
type site struct {
	t             *testing.T
	dir           string
	data, keyFile string
	database      string // PostgreSQL URL; "" for SQLite
	token         string
	log           string   // what every server wrote
	wrap          []string // command line before the program's, such as a limit
}

func engines() []string { return []string{"sqlite", "postgresql"} }

// bare returns a site without an organisation.
func bare(t *testing.T, engine string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, dir: dir, data: filepath.Join(dir, "data"), keyFile: filepath.Join(dir, "key"), log: filepath.Join(dir, "server.log")}
	if engine == "postgresql" {
		s.database = pgtest.DSN(t)
	}
	s.write("password", password+"\n")
	t.Cleanup(s.checkLog)
	return s
}

// newSite returns a site with an organisation.
func newSite(t *testing.T, engine string) *site {
	t.Helper()
	s := bare(t, engine)
	s.must(s.initArgs()...)
	s.token = strings.TrimSpace(s.read("token"))
	return s
}

func (s *site) initArgs() []string {
	return []string{"init", "--company", "Twin", "--owner", canary + "@example.com", "--password-file", s.path("password"), "--token-file", s.path("token")}
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name, text string) string {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.path(name)
}

func (s *site) read(name string) string {
	s.t.Helper()
	b, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// command is the program with the site's settings.
func (s *site) command(args ...string) *exec.Cmd {
	line := append(append([]string(nil), s.wrap...), wardbook(s.t))
	line = append(line, args...)
	cmd := exec.Command(line[0], line[1:]...) //nolint:gosec // our own program
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "WARDBOOK_DATA=" + s.data, "WARDBOOK_KEY_FILE=" + s.keyFile, "WARDBOOK_DATABASE=" + s.database}
	return cmd
}

// answer is how a command ended.
type answer struct {
	out, err string
	code     int
}

// run runs a command to its end. Whatever it does, it does not panic, and says nothing of what
// tests keep secret unless asked to print it.
func (s *site) run(args ...string) answer {
	s.t.Helper()
	var out, msg bytes.Buffer
	ctx, cancel := context.WithTimeout(s.t.Context(), patience/3)
	defer cancel()
	cmd := s.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &msg
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	if e, failed := errors.AsType[*exec.ExitError](err); err != nil && (!failed || !e.Exited()) {
		s.t.Fatalf("%s: %v\n%s", args[0], err, msg.String())
	}
	s.clean("the messages of "+args[0], msg.String())
	return answer{out.String(), msg.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that has to succeed and returns what it printed.
func (s *site) must(args ...string) string {
	s.t.Helper()
	a := s.run(args...)
	if a.code != 0 {
		s.t.Fatalf("%s: exit %d\n%s", strings.Join(args, " "), a.code, a.err)
	}
	return a.out
}

// failing is the exit code that belongs to a message: 2 where a flag was given wrongly, else 1.
func failing(message string) int {
	if strings.Contains(message, "wardbook: --") {
		return 2
	}
	return 1
}

// refused runs a command that has to fail, with a message that holds all the words.
func (s *site) refused(args []string, words ...string) {
	s.t.Helper()
	a := s.run(args...)
	if want := failing(a.err); a.code != want {
		s.t.Errorf("%s: exit %d, want %d\n%s%s", strings.Join(args, " "), a.code, want, a.out, a.err)
	}
	for _, w := range words {
		if !strings.Contains(a.err, w) {
			s.t.Errorf("%s: the message does not say %q:\n%s", strings.Join(args, " "), w, a.err)
		}
	}
}

// verify demands that nothing was altered.
func (s *site) verify() {
	s.t.Helper()
	if out := s.must("journal", "verify"); !strings.Contains(out, "nothing was altered") {
		s.t.Fatalf("journal verify: %s", out)
	}
}

// checkLog is the end of every test: the log holds nothing of what was sent.
func (s *site) checkLog() {
	b, err := os.ReadFile(s.log)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.clean("the server's log", string(b))
	if s.token != "" && strings.Contains(string(b), s.token) {
		s.t.Error("the server's log holds a token")
	}
}

func (s *site) clean(what, text string) {
	s.t.Helper()
	low := strings.ToLower(text)
	for _, secret := range []string{canary, canaryPhone, "panic:", "goroutine "} {
		if i := strings.Index(low, secret); i >= 0 {
			s.t.Errorf("%s: %q stands in it: …%s…", what, secret, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}

// server is a running server.
type server struct {
	s    *site
	cmd  *exec.Cmd
	url  string
	http *http.Client
}

// start starts a server on a free port and returns when it listens.
func (s *site) start(args ...string) *server {
	s.t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := s.command(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		s.t.Fatalf("the server did not start: %v\n%s", err, s.read("server.log"))
	}
	v := &server{s: s, cmd: cmd, url: strings.TrimSpace(line[strings.LastIndex(line, " ")+1:])}
	v.http = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	s.t.Cleanup(v.kill)
	return v
}

// kill ends the server as a power cut would.
func (v *server) kill() {
	if v.cmd == nil {
		return
	}
	_ = v.cmd.Process.Kill()
	_ = v.cmd.Wait()
	v.cmd = nil
	v.http.CloseIdleConnections()
}

// stop ends the server as a system would and demands that it ends well.
func (v *server) stop() {
	v.s.t.Helper()
	v.http.CloseIdleConnections()
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		v.s.t.Fatal(err)
	}
	if err := v.cmd.Wait(); err != nil {
		v.s.t.Errorf("the server ended badly: %v", err)
	}
	v.cmd = nil
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

func (r *reply) text(name string) string { x, _ := r.body[name].(string); return x }

// send sends a request and returns the answer, or an error where there was none. Headers are "Name:
// value".
func (v *server) send(method, path string, body any, headers ...string) (*reply, error) {
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, v.url+path, in)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+v.s.token)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := v.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	r := &reply{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &r.body) // what is no JSON has no body
	}
	return r, nil
}

// want sends a request and demands a status.
func (v *server) want(status int, method, path string, body any, headers ...string) *reply {
	v.s.t.Helper()
	r, err := v.send(method, path, body, headers...)
	if err != nil {
		v.s.t.Fatalf("%s: %v", method, err)
	}
	if r.status != status {
		v.s.t.Errorf("%s %s: status %d, want %d: %s", method, path[:min(len(path), 100)], r.status, status, r.raw[:min(len(r.raw), 500)])
	}
	return r
}

// get reads, again while the server says that it is not available just now, as a client does.
func (v *server) get(path string) *reply {
	v.s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		r, err := v.send("GET", path, nil)
		if err != nil {
			v.s.t.Fatalf("GET: %v", err)
		}
		if r.status == http.StatusOK {
			return r
		}
		if r.status != http.StatusServiceUnavailable {
			break
		}
		<-tick.C
	}
	return v.want(http.StatusOK, "GET", path, nil)
}

// create makes a company and returns its identifier.
func (v *server) create(name string) string {
	v.s.t.Helper()
	return v.want(http.StatusCreated, "POST", "/api/v1/records/company", map[string]any{"fields": map[string]any{"name": name}}).text("id")
}

// count returns how many companies there are.
func (v *server) count() int {
	v.s.t.Helper()
	n, _ := v.want(http.StatusOK, "GET", "/api/v1/records/company?limit=1&count=true", nil).body["count"].(float64)
	return int(n)
}

// lines makes a CSV file of companies.
func (s *site) lines(name string, n int) string {
	var b strings.Builder
	b.WriteString("name,city,employees\n")
	for i := range n {
		b.WriteString(canary + " " + strconv.Itoa(i) + ",Bonn," + strconv.Itoa(i) + "\n")
	}
	return s.write(name, b.String())
}
