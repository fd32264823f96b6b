package sqldb_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func TestLockFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	held, err := sqldb.LockFolder(dir)
	must(t, err)
	if _, err := sqldb.LockFolder(dir); fault.Reason(err) != "in_use" || !fault.Is(err, fault.Conflict) {
		t.Errorf("a second lock: %v", err)
	}
	other, err := sqldb.LockFolder(t.TempDir())
	must(t, err)
	must(t, other.Release())
	must(t, held.Release())
	again, err := sqldb.LockFolder(dir)
	must(t, err)
	must(t, again.Release())
	if _, err := sqldb.LockFolder(filepath.Join(dir, "absent")); fault.Reason(err) != "no_data_folder" {
		t.Errorf("no folder: %v", err)
	}
	must(t, os.Remove(filepath.Join(dir, "lock")))
	must(t, os.Mkdir(filepath.Join(dir, "lock"), 0o700))
	if _, err := sqldb.LockFolder(dir); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a folder in the lock's place: %v", err)
	}
}

// TestHoldLock is not a test but the other process of the next one.
func TestHoldLock(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SQLDB_LOCK")
	if dir == "" {
		t.Skip("runs as a process of TestLockEndsWithItsProcess")
	}
	_, err := sqldb.LockFolder(dir)
	must(t, err)
	_, _ = os.Stdout.WriteString("locked\n")
	select {} // until killed
}

func TestLockEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestHoldLock$") //nolint:gosec // ourselves
	child.Env = append(os.Environ(), "SQLDB_LOCK="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	if _, err := sqldb.LockFolder(dir); fault.Reason(err) != "in_use" {
		t.Errorf("while another process holds it: %v", err)
	}
	must(t, child.Process.Kill())
	_ = child.Wait() // killed by intention
	held, err := sqldb.LockFolder(dir)
	must(t, err)
	must(t, held.Release())
}
