//go:build unix

package pgtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Own is a server that belongs to one test, which may freeze it.
type Own struct {
	server *server
	frozen []int // processes
}

// NewOwn starts a server that ends with the test. It takes a second or two: where nothing is done to
// the server itself, DSN is enough.
func NewOwn(t testing.TB) *Own {
	t.Helper()
	DSN(t) // skips or fails where there is no PostgreSQL
	s, err := launch(os.Getenv("PATH"))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	o := &Own{server: s}
	t.Cleanup(func() {
		o.Thaw(t)
		if err := s.stop(); err != nil {
			t.Errorf("pgtest: stopping PostgreSQL: %v", err)
		}
	})
	return o
}

// DSN returns the URL of a fresh, empty database on this server.
func (o *Own) DSN(t testing.TB) string {
	t.Helper()
	return o.server.database(t)
}

// Freeze stops every process of the server, as a machine does that hangs: connections stay open, the
// kernel still takes new ones, and nobody answers.
func (o *Own) Freeze(t testing.TB) {
	t.Helper()
	pids, err := o.server.processes()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	o.frozen = pids
	signal(t, pids, syscall.SIGSTOP)
}

// Thaw lets a frozen server go on.
func (o *Own) Thaw(t testing.TB) {
	t.Helper()
	signal(t, o.frozen, syscall.SIGCONT)
	o.frozen = nil
}

func signal(t testing.TB, pids []int, sig syscall.Signal) {
	t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("pgtest: %v to process %d: %v", sig, pid, err)
		}
	}
}

// processes returns the server's own process, which makes the others, and then those.
func (s *server) processes() ([]int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	text, err := os.ReadFile(filepath.Join(s.admin.Query().Get("host"), "data", "postmaster.pid"))
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	main, err := strconv.Atoi(first)
	if err != nil {
		return nil, err
	}
	c, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx) //nolint:errcheck // it was only asked
	rows, err := c.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	return append([]int{main}, pids...), err
}
