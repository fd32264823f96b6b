package fault

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killed runs a command and kills it when it has used that much processor time, which is where in its
// work it is, however busy the machine; false when it ended before.
func (s *site) killed(after time.Duration, args ...string) bool {
	s.t.Helper()
	cmd := s.command(args...)
	var msg bytes.Buffer
	cmd.Stderr = &msg
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // how it ended, ProcessState tells
	tick, late := time.NewTicker(200*time.Microsecond), time.After(patience)
	defer tick.Stop()
	for used(cmd.Process.Pid) < after {
		select {
		case <-ended:
			return false
		case <-late:
			_ = cmd.Process.Kill()
			s.t.Fatalf("%s does not end", args[0])
		case <-tick.C:
		}
	}
	_ = cmd.Process.Kill()
	<-ended
	s.clean("the messages of "+args[0], msg.String())
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// used is the processor time of a process, over its threads.
func used(pid int) (sum time.Duration) {
	list, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, file := range list {
		b, err := os.ReadFile(file)
		var ns int64
		if _, bad := fmt.Sscan(string(b), &ns); err == nil && bad == nil {
			sum += time.Duration(ns)
		}
	}
	return sum
}

func needsProc(t *testing.T) {
	t.Helper()
	if used(os.Getpid()) == 0 {
		t.Skip("skipped: this system does not tell a process's time in /proc")
	}
}

// cost runs a command to its end and returns its processor time.
func (s *site) cost(args ...string) time.Duration {
	s.t.Helper()
	cmd := s.command(args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", args[0], err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// An import that is killed is there wholly or not at all: a file is one change set.
func TestKillImport(t *testing.T) {
	t.Parallel()
	needsProc(t)
	for engine, rounds := range map[string]int{"sqlite": 6, "postgresql": 3} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				rounds = 1
			}
			const n = 600
			s := newSite(t, engine)
			file := s.lines("many.csv", n)
			r := rand.New(rand.NewPCG(4, 4))
			whole := s.cost("import", "company", file)
			killed, want := 0, n
			for range rounds {
				if s.killed(whole*time.Duration(20+r.IntN(75))/100, "import", "company", file) {
					killed++
				}
				v := s.start()
				got := v.count()
				v.kill()
				if got != want && got != want+n {
					t.Fatalf("%d companies after an import of %d was killed; there were %d", got, n, want)
				}
				want = got
			}
			if killed == 0 {
				t.Error("no import was killed")
			}
			s.verify()
		})
	}
}

// Commands that write the keyring or the checkpoint are killed anywhere: the old file or the new one is
// there, and the command can be repeated.
func TestKillKeeping(t *testing.T) {
	t.Parallel()
	needsProc(t)
	rounds := 10
	if testing.Short() {
		rounds = 5
	}
	s := newSite(t, "sqlite")
	s.must("import", "company", s.lines("few.csv", 20))
	r := rand.New(rand.NewPCG(5, 5))
	commands := [][]string{
		{"key", "rotate", "audit.sign"},
		{"key", "rotate", "file.data"},
		{"key", "rotate", "kek.personal"},
		{"journal", "verify"},
		{"key", "add-slot", "--new-key-file", s.path("second")},
	}
	killed := 0
	for i := range rounds {
		c := commands[i%len(commands)]
		whole := s.cost("status")
		if s.killed(whole*time.Duration(30+r.IntN(70))/100, c...) {
			killed++
		}
		s.must("status")
		s.must(c...)
	}
	if killed == 0 {
		t.Error("nothing was killed")
	}
	for _, name := range []string{"key", "second"} {
		s.keyFile = s.path(name)
		s.must("key", "status")
	}
	s.verify()
	left, err := filepath.Glob(filepath.Join(s.data, ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%d temporary files of killed commands were left", len(left))
	}
}

// An init that is killed made an organisation that works, or says what to do about the folder; either
// way the same key file and another folder do.
func TestKillInit(t *testing.T) {
	t.Parallel()
	needsProc(t)
	for engine, rounds := range map[string]int{"sqlite": 5, "postgresql": 2} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				rounds = 2
			}
			s := bare(t, engine)
			r := rand.New(rand.NewPCG(6, 6))
			whole := s.cost(s.initArgs()...)
			killed := 0
			for i := range rounds {
				s.data, s.keyFile = s.path(fmt.Sprintf("data%d", i)), s.path(fmt.Sprintf("key%d", i))
				if s.killed(whole*time.Duration(3+r.IntN(100))/100, s.initArgs()...) {
					killed++
				}
				s.afterInit()
			}
			if killed == 0 {
				t.Error("no init was killed")
			}
		})
	}
}

func (s *site) afterInit() {
	s.t.Helper()
	if _, err := os.Stat(filepath.Join(s.data, "wardbook.json")); err == nil {
		s.verify()
		return
	}
	status := s.run("status")
	again := s.run(s.initArgs()...)
	switch _, err := os.Stat(filepath.Join(s.data, "keyring")); {
	case again.code == 0: // nothing had been made yet
		s.verify()
		return
	case err == nil && !(strings.Contains(again.err, "an init was interrupted") && strings.Contains(status.err, "wardbook.json is missing")):
		s.t.Errorf("no clear refusal:\n%s%s", status.err, again.err)
	case errors.Is(err, os.ErrNotExist) && !strings.Contains(again.err, "not empty"):
		s.t.Errorf("no clear refusal: %s", again.err)
	}
	s.data += "-other"
	s.must(s.initArgs()...)
	s.verify()
}
