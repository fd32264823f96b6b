package door_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func countOf(t *testing.T, w *doortest.World, object, filter string) int64 {
	t.Helper()
	p, err := w.As(w.Owner).List(context.Background(), door.Query{Object: object, Filter: filter, Count: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p.Count
}

// A stream is one change set, points to what it made, tells of each operation, and is undone as one,
// page by page.
func TestStream(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.Door.As(authn.Operator(w.Owner), door.ViaImport)
		const rows = 1200 // more than two pages of an undoing
		failed, heard := 0, 0
		ops := func(yield func(door.Operation, error) bool) {
			failed, heard = 0, 0
			for i := range rows {
				v := door.Values{"name": "Company " + strconv.Itoa(i)}
				if i%100 == 7 {
					v = door.Values{"city": "Bonn"}
				}
				if !yield(door.Operation{Op: "create", Object: "company", Fields: v}, nil) {
					return
				}
			}
			yield(door.Operation{Op: "update", Object: "company", Made: 0, Fields: door.Values{"parent": door.Made{Operation: 1}}}, nil)
		}
		got, err := s.Stream(ctx, ops, door.BatchOptions{Partial: true, Each: func(_ int, r door.OperationResult) {
			if heard++; r.Err != nil {
				failed++
			}
		}})
		if err != nil || got.Failed != 12 || failed != 12 || heard != rows+1 || len(got.Results) != 0 || got.ChangeSet.IsZero() {
			t.Fatalf("%+v, heard %d, failed %d: %v", got, heard, failed, err)
		}
		if n := countOf(t, w, "company", "parent.name == 'Company 1'"); n != 1 {
			t.Errorf("%d companies point to the second one", n)
		}
		undone, err := w.As(w.Owner).Restore(ctx, door.Restoration{ChangeSet: got.ChangeSet})
		if err != nil || undone.Changed != rows-12+1 || len(undone.Conflicts) > 0 {
			t.Errorf("undone: %+v (%v)", undone, err)
		}
		if n := countOf(t, w, "company", ""); n != 0 {
			t.Errorf("%d companies are left", n)
		}
	})
}

// An error that comes with the operations ends the batch, and nothing of it is kept.
func TestStreamBreaksOff(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	broken := errors.New("the file is cut off")
	op := door.Operation{Op: "create", Object: "company", Fields: door.Values{"name": "Alpha"}}
	_, err := w.Door.As(authn.Operator(w.Owner), door.ViaImport).Stream(context.Background(), func(yield func(door.Operation, error) bool) {
		_ = yield(op, nil) && yield(door.Operation{}, broken)
	}, door.BatchOptions{Partial: true})
	if !errors.Is(err, broken) || countOf(t, w, "company", "") != 0 {
		t.Errorf("%v, %d companies", err, countOf(t, w, "company", ""))
	}
	_, err = w.As(w.Owner).Stream(context.Background(), func(yield func(door.Operation, error) bool) {
		for range door.MaxOperations + 1 {
			if !yield(op, nil) {
				return
			}
		}
	}, door.BatchOptions{})
	if fault.Reason(err) != "batch_size" || countOf(t, w, "company", "") != 0 {
		t.Errorf("too many operations: %v", err)
	}
	none, err := w.As(w.Owner).Stream(context.Background(), func(func(door.Operation, error) bool) {}, door.BatchOptions{})
	if err != nil || none.ChangeSet != (id.ID{}) {
		t.Errorf("no operations: %+v (%v)", none, err)
	}
}
