package fault

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// disk mounts a small file system for the data folder, or skips with the reason.
func disk(t *testing.T, s *site, megabytes int) {
	t.Helper()
	dir := s.path("disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "mode=0700,size="+strconv.Itoa(megabytes)+"m", "wbfault", dir).CombinedOutput(); err != nil { //nolint:gosec // a test's own
		t.Skipf("skipped: a file system of our own cannot be mounted here (needs root): %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil { //nolint:gosec // a test's own
			t.Errorf("umount: %s", out)
		}
	})
	s.data = filepath.Join(dir, "data")
}

// fill takes all room that is left, and returns how to give it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1 << 20, 4096} {
		b := make([]byte, size)
		for range 100_000 {
			if _, err := f.Write(b); err != nil {
				break
			}
		}
	}
	_ = f.Close() // it is full, as it shall be
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// The disk is full under a running server: writes are refused with the remedy, what was there stays,
// and with room again everything goes on without a restart.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := bare(t, "sqlite")
	disk(t, s, 24)
	s.must(s.initArgs()...)
	s.token = strings.TrimSpace(s.read("token"))
	l := newLoad(s, 2, 8)
	v := s.start()
	stop := make(chan struct{})
	l.until(v, 30, func() { close(stop) }, stop)
	for range 2 {
		free := fill(t, s.path("disk"))
		full(t, v)
		s2 := *s
		s2.data = s.path("disk/other")
		s2.refused([]string{"init", "--company", "Other", "--owner", "o@example.com", "--password-file", s.path("password"), "--key-file", s.path("key2")}, "room")
		free()
		v.create(canary + " with room") // the first of these settles what the fill left
		stop := make(chan struct{})
		l.until(v, 20, func() { close(stop) }, stop)
	}
	v.kill()
	s.verify()
	free := fill(t, s.path("disk"))
	for _, command := range [][]string{{"import", "company", s.lines("many.csv", 2000)}, {"key", "rotate", "audit.sign"}} {
		if a := s.run(command...); a.code != 1 || !strings.Contains(a.err, "room") {
			t.Errorf("%s on a full disk: exit %d: %s", command[0], a.code, a.err)
		}
	}
	s.refused([]string{"export", "company", "--output", s.path("disk/out.csv")}, "make room")
	free()
	s.verify()
	v = s.start()
	if n := v.count(); n > 500 {
		t.Errorf("%d companies: the import was refused", n)
	}
	v.stop()
}

// full writes until the disk is full and demands a clear refusal.
func full(t *testing.T, v *server) {
	t.Helper()
	body := map[string]any{"fields": map[string]any{"name": canary, "description": strings.Repeat("x", 20_000)}}
	for range 3000 {
		r, err := v.send("POST", "/api/v1/records/company", body)
		if err != nil {
			t.Fatal(err)
		}
		switch r.status {
		case http.StatusCreated:
			continue
		case http.StatusServiceUnavailable:
			if r.text("reason") != "disk_full" || !strings.Contains(r.text("detail"), "make room") {
				t.Errorf("no remedy: %s", r.raw)
			}
			r = v.want(http.StatusOK, "GET", "/api/v1/records/company?limit=5", nil)
			if list, _ := r.body["records"].([]any); len(list) == 0 {
				t.Error("nothing can be read")
			}
			return
		default:
			t.Fatalf("status %d: %s", r.status, r.raw)
		}
	}
	t.Error("the disk was never full")
}

// A process may write no file beyond a size, which is as good as a full disk where nobody may mount
// one.
func TestFileLimit(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	s.wrap = []string{"sh", "-c", `ulimit -f 4096; exec "$@"`, "sh"} // 2 MiB or 4 MiB, as the shell counts
	v := s.start()
	kept := v.create(canary)
	full(t, v)
	v.kill()
	s.wrap = nil
	v = s.start()
	v.want(http.StatusOK, "GET", "/api/v1/records/company/"+kept, nil)
	v.create(canary)
	v.stop()
	s.verify()
}

// nobody is the user that owns nothing, by number.
const nobody = 65534

// A folder that may not be written says so.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	few := s.lines("few.csv", 3)
	if os.Geteuid() == 0 {
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skip("skipped: root may write everything, and there is no setpriv to become another user")
		}
		n := strconv.Itoa(nobody)
		s.wrap = []string{"setpriv", "--reuid=" + n, "--regid=" + n, "--clear-groups", "--"}
		if err := filepath.WalkDir(s.dir, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, nobody, nobody)
		}); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(s.dir), 0o755); err != nil { //nolint:gosec // t.TempDir's parent, for the other user
			t.Fatal(err)
		}
	}
	s.must("status") // as that user
	before := files(t, s.data)
	mode := func(folder, file os.FileMode) {
		for name := range before {
			if err := os.Chmod(filepath.Join(s.data, name), file); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(s.data, folder); err != nil {
			t.Fatal(err)
		}
	}
	for what, m := range map[string][2]os.FileMode{"folder and files": {0o500, 0o400}, "folder": {0o500, 0o600}, "files": {0o700, 0o400}} {
		mode(m[0], m[1])
		for _, command := range [][]string{{"status"}, {"serve", "--listen", "127.0.0.1:0"}, {"import", "company", few}} {
			a := s.run(command...)
			if a.code != failing(a.err) || !strings.Contains(a.err, "check its owner") {
				t.Errorf("%s read-only: %s: exit %d: %s%s", what, command[0], a.code, a.out, a.err)
			}
		}
		mode(0o700, 0o600)
		for name, text := range files(t, s.data) {
			if name != "lock" && before[name] != text {
				t.Errorf("%s read-only: %s was changed", what, name)
			}
		}
	}
	s.must("status")
	s.verify()
}

// The same limit is set on a running server and taken back.
func TestFileLimitLifted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip("skipped: there is no prlimit")
	}
	s := newSite(t, "sqlite")
	v := s.start()
	kept := v.create(canary)
	pid := strconv.Itoa(v.cmd.Process.Pid)
	if out, err := exec.Command("prlimit", "--pid", pid, "--fsize=1:unlimited").CombinedOutput(); err != nil { //nolint:gosec // a test's own
		t.Skipf("skipped: prlimit: %s", out)
	}
	r := v.want(http.StatusServiceUnavailable, "POST", "/api/v1/records/company", map[string]any{"fields": map[string]any{"name": canary}})
	if !strings.Contains(r.text("detail"), "make room") {
		t.Errorf("no remedy: %s", r.raw)
	}
	v.want(http.StatusOK, "GET", "/api/v1/records/company/"+kept, nil)
	if out, err := exec.Command("prlimit", "--pid", pid, "--fsize=unlimited:unlimited").CombinedOutput(); err != nil { //nolint:gosec // a test's own
		t.Fatalf("prlimit: %s", out)
	}
	tick, late := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		r, err := v.send("POST", "/api/v1/records/company", map[string]any{"fields": map[string]any{"name": canary}})
		if err == nil && r.status == http.StatusCreated {
			break
		}
		select {
		case <-late:
			t.Fatalf("the server does not recover: %v", r)
		case <-tick.C:
		}
	}
	v.stop()
	s.verify()
}
