package sqldb

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// grouped opens a database whose group the test drives itself, to decide who shares a commit.
func grouped(t *testing.T) *DB {
	t.Helper()
	db, err := OpenSQLite(t.Context(), SQLiteConfig{DSN: "file:" + filepath.Join(t.TempDir(), "data.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Write(t.Context(), func(tx *Tx) error { return tx.DDL(t.Context(), "CREATE TABLE n (n INTEGER PRIMARY KEY)") }); err != nil {
		t.Fatal(err)
	}
	return db
}

func put(ctx context.Context, n int) func(*Tx) error {
	return func(tx *Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO n (n) VALUES (?)", n)
		return err
	}
}

func waiting(ctx context.Context, fn func(*Tx) error) *job {
	return &job{ctx: ctx, fn: fn, done: make(chan struct{})}
}

func answered(j *job) bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

// Callers who share one commit: each succeeds or fails alone, and hears nothing before the commit.
func TestGroup(t *testing.T) {
	t.Parallel()
	db := grouped(t)
	ctx := t.Context()
	left, leave := context.WithCancel(ctx)
	leave()
	first := waiting(ctx, put(ctx, 1))
	jobs := []*job{
		first,
		waiting(ctx, func(tx *Tx) error { _ = put(ctx, 2)(tx); return errors.New("no") }),
		waiting(ctx, func(tx *Tx) error { _ = put(ctx, 3)(tx); panic("no") }),
		waiting(ctx, put(ctx, 1)), // of the first one
		waiting(left, put(ctx, 5)),
		waiting(ctx, func(tx *Tx) error {
			tx.AfterCommit(func() {})
			if answered(first) {
				t.Error("the first caller heard of success before the commit")
			}
			return put(ctx, 6)(tx)
		}),
	}
	db.group.commit(jobs...)
	want := []fault.Kind{"", fault.Internal, fault.Internal, fault.Conflict, fault.Unavailable, ""}
	for i, j := range jobs {
		if !answered(j) || fault.KindOf(j.err) != want[i] {
			t.Errorf("caller %d: answered %v, %v; want %q", i, answered(j), j.err, want[i])
		}
	}
	if got := all(t, db); !slices.Equal(got, []int{1, 6}) {
		t.Errorf("stored %v", got)
	}
	if len(jobs[5].after) != 1 || len(jobs[0].after) != 0 {
		t.Error("what runs after the commit went to another caller")
	}
}

// SQLite undoes the whole transaction when a writing statement is interrupted. The others must not
// suffer from it.
func TestGroupSurvivesAnInterruptedCaller(t *testing.T) {
	t.Parallel()
	db := grouped(t)
	ctx := t.Context()
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	runs := 0
	jobs := []*job{
		waiting(ctx, func(tx *Tx) error { runs++; return put(ctx, 1)(tx) }),
		waiting(short, func(tx *Tx) error {
			_, err := tx.Exec(short, "WITH RECURSIVE c(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM c WHERE n < 100000000) INSERT INTO n (n) SELECT n FROM c")
			return err
		}),
		waiting(ctx, put(ctx, 2)),
	}
	db.group.commit(jobs...)
	if jobs[0].err != nil || jobs[2].err != nil || !fault.Is(jobs[1].err, fault.Unavailable) {
		t.Errorf("the callers heard %v, %v, %v", jobs[0].err, jobs[1].err, jobs[2].err)
	}
	if got := all(t, db); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("stored %v", got)
	}
	if runs != 2 {
		t.Errorf("the first caller ran %d times: the interrupt came too early to show anything", runs)
	}
}

// A transaction that cannot be committed is nobody's success.
func TestGroupCannotCommit(t *testing.T) {
	t.Parallel()
	db := grouped(t)
	ctx := t.Context()
	spoil := func(tx *Tx) error {
		_, err := tx.Exec(ctx, "ROLLBACK") // a closure that ends everybody's transaction
		return err
	}
	jobs := []*job{waiting(ctx, put(ctx, 1)), waiting(ctx, spoil), waiting(ctx, put(ctx, 2))}
	db.group.commit(jobs...)
	if jobs[0].err != nil || jobs[1].err == nil || jobs[2].err != nil {
		t.Errorf("the callers heard %v, %v, %v", jobs[0].err, jobs[1].err, jobs[2].err)
	}
	if got := all(t, db); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("stored %v", got)
	}
}

// More statements than are kept, while others use them, and rows that outlive their statement.
func TestPreparedStatementsAreLetGo(t *testing.T) {
	t.Parallel()
	db := grouped(t)
	p, ok := db.run.(*pool)
	if !ok {
		t.Fatal("no pool")
	}
	if err := db.Write(t.Context(), func(tx *Tx) error { return errors.Join(put(t.Context(), 1)(tx), put(t.Context(), 2)(tx)) }); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(t.Context(), "SELECT n FROM n ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	used, err := p.take(t.Context(), "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	idle := p.stmts["SELECT n FROM n ORDER BY n"]
	p.forget()
	p.mu.Unlock()
	if len(p.stmts) != 0 || !idle.forgotten {
		t.Fatal("nothing was forgotten")
	}
	if _, err := idle.Query(); err == nil {
		t.Error("a statement that nobody uses was not closed")
	}
	var n, sum int
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || sum != 3 {
		t.Errorf("rows of a forgotten statement: sum %d, %v", sum, err)
	}
	if err := used.QueryRow().Scan(&n); err != nil {
		t.Errorf("a statement in use was closed: %v", err)
	}
	p.give(used)
	if _, err := used.Query(); err == nil {
		t.Error("the last user did not close a forgotten statement")
	}
}

func all(t *testing.T, db *DB) (list []int) {
	t.Helper()
	rows, err := db.Query(t.Context(), "SELECT n FROM n ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}
