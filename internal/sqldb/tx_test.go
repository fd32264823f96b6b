package sqldb_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb"
)

var errMine = errors.New("mine")

// Every way a transaction can end, with what is stored, what the caller hears and what runs after.
func TestWrite(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db, other := p.open(t), p.open(t)
		people(t, db)
		must(t, db.Write(t.Context(), insert(t.Context(), 1)))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for _, tc := range []struct {
			name   string
			ctx    context.Context
			end    func(tx *sqldb.Tx) error
			kind   fault.Kind
			reason string
		}{
			{"commit", t.Context(), func(*sqldb.Tx) error { return nil }, "", ""},
			{"own error", t.Context(), func(*sqldb.Tx) error { return errMine }, fault.Internal, ""},
			{"panic", t.Context(), func(*sqldb.Tx) error { panic("boom") }, fault.Internal, "panic"},
			{"constraint", t.Context(), insert(t.Context(), 1), fault.Conflict, "constraint"},
			{"hidden error", t.Context(), func(tx *sqldb.Tx) error { _ = insert(t.Context(), 1)(tx); return nil }, fault.Conflict, "constraint"},
			{"hidden error of a query", t.Context(), func(tx *sqldb.Tx) error {
				_, _ = tx.Row(t.Context(), "SELECT missing_column FROM person", nil) //nolint:errcheck // hidden on purpose
				return nil
			}, fault.Internal, "database"},
			{"bad value", t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE person SET name = ?", "a\x00b")
				return err
			}, fault.Invalid, "bad_text"},
			{"context over", ended, func(*sqldb.Tx) error { return nil }, fault.Unavailable, ""},
			{"context ends inside", t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ended, "UPDATE person SET name = 'x'")
				return err
			}, fault.Unavailable, "timeout"},
		} {
			var order []string
			err := db.Write(tc.ctx, func(tx *sqldb.Tx) error {
				tx.AfterCommit(func() { order = append(order, "first") })
				if err := insert(t.Context(), 2, 3)(tx); err != nil {
					return err
				}
				tx.AfterCommit(func() { order = append(order, "second") })
				if got := ids(t, other); !slices.Equal(got, []int{1}) {
					t.Errorf("%s: others see %v before the commit", tc.name, got)
				}
				return tc.end(tx)
			})
			if fault.KindOf(err) != tc.kind || tc.reason != "" && fault.Reason(err) != tc.reason {
				t.Errorf("%s: error %v, want %s %s", tc.name, err, tc.kind, tc.reason)
			}
			wantIDs, wantOrder := []int{1}, ""
			if tc.kind == "" {
				wantIDs, wantOrder = []int{1, 2, 3}, "first second"
			}
			if got := ids(t, other); !slices.Equal(got, wantIDs) {
				t.Errorf("%s: stored %v, want %v", tc.name, got, wantIDs)
			}
			if got := strings.Join(order, " "); got != wantOrder {
				t.Errorf("%s: after the commit ran %q, want %q", tc.name, got, wantOrder)
			}
			must(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "DELETE FROM person WHERE id > 1")
				return err
			}))
		}
	})
}

// Many callers at once, some of whom fail, panic or leave: what is stored is exactly what the others
// were told.
func TestWriteConcurrently(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db, other := p.open(t), p.open(t)
		people(t, db)
		var mu sync.Mutex
		var told []int
		var wg sync.WaitGroup
		for worker := range 12 {
			wg.Go(func() {
				for n := range 10 {
					ctx, cancel := context.WithCancel(t.Context())
					key := worker*100 + n
					err := db.Write(ctx, func(tx *sqldb.Tx) error {
						if err := insert(ctx, key)(tx); err != nil {
							return err
						}
						switch (worker + n) % 5 {
						case 1:
							return errMine
						case 2:
							panic("boom")
						case 3:
							cancel()
							return insert(ctx, key+50)(tx)
						}
						return nil
					})
					cancel()
					if err == nil {
						if !slices.Contains(ids(t, other), key) {
							t.Errorf("told of success before others see it")
						}
						mu.Lock()
						told = append(told, key)
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		slices.Sort(told)
		if got := ids(t, other); !slices.Equal(got, told) || len(told) != 12*10*2/5 {
			t.Errorf("stored %v, told %v", got, told)
		}
	})
}

// A statement that is stopped half-way by its caller's time.
func TestStatementIsStopped(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := p.open(t)
		people(t, db)
		const long = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100000000) "
		for name, run := range map[string]func(ctx context.Context) error{
			"write": func(ctx context.Context) error {
				return db.Write(ctx, func(tx *sqldb.Tx) error {
					_, err := tx.Exec(ctx, long+"INSERT INTO person (id, name) SELECT n, 'p' FROM c")
					return err
				})
			},
			"read": func(ctx context.Context) error {
				var n int64
				_, err := db.Row(ctx, long+"SELECT count(*) FROM c", nil, &n)
				return err
			},
			"read transaction": func(ctx context.Context) error {
				return db.Read(ctx, func(tx *sqldb.Tx) error {
					var n int64
					_, err := tx.Row(ctx, long+"SELECT count(*) FROM c", nil, &n)
					return err
				})
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			if err := run(ctx); fault.Reason(err) != "timeout" {
				t.Errorf("%s: %v, want a timeout", name, err)
			}
			cancel()
		}
		must(t, db.Write(t.Context(), insert(t.Context(), 7)))
		if got := ids(t, db); !slices.Equal(got, []int{7}) {
			t.Errorf("stored %v", got)
		}
	})
}

// What a read transaction sees is of one moment, whatever others commit meanwhile, and nothing can be
// written in it or through the reading connections afterwards.
func TestRead(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := p.open(t)
		people(t, db)
		must(t, db.Write(t.Context(), insert(t.Context(), 1)))
		must(t, db.Read(t.Context(), func(tx *sqldb.Tx) error {
			before := ids(t, tx)
			if err := db.Write(t.Context(), insert(t.Context(), 2)); err != nil {
				return err
			}
			if after := ids(t, tx); !slices.Equal(before, after) {
				t.Errorf("read %v, then %v", before, after)
			}
			return nil
		}))
		if got := ids(t, db); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("afterwards %v", got)
		}
		err := db.Read(t.Context(), insert(t.Context(), 3))
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("writing in a read transaction: %v", err)
		}
		if err := db.Read(t.Context(), func(*sqldb.Tx) error { return errMine }); !errors.Is(err, errMine) {
			t.Errorf("the closure's error became %v", err)
		}
		if p.engine == sqldb.SQLite {
			if _, err := db.Row(t.Context(), "INSERT INTO person (id, name) VALUES (4, 'p') RETURNING id", nil, new(int)); err == nil {
				t.Error("a reading connection writes")
			}
		}
		if got := ids(t, db); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("something was written: %v", got)
		}
	})
}

// A panic in a read transaction reaches the caller and gives the connection back.
func TestReadPanics(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := p.open(t)
		people(t, db)
		for range 40 { // more than there are connections
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic was lost")
					}
				}()
				_ = db.Read(t.Context(), func(tx *sqldb.Tx) error { ids(t, tx); panic("boom") })
			}()
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := p.open(t)
		people(t, db)
		must(t, db.Close())
		if err := db.Write(t.Context(), insert(t.Context(), 1)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("writing to a closed database: %v", err)
		}
		if _, err := db.Row(t.Context(), "SELECT id FROM person", nil); !fault.Is(err, fault.Unavailable) {
			t.Errorf("reading from a closed database: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("closing twice: %v", err)
		}
		again := p.open(t)
		must(t, again.Write(t.Context(), insert(t.Context(), 1)))
	})
}
