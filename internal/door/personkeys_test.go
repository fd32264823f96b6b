package door_test

import (
	"context"
	"sync"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Many who make people at once get keys of their own for each, although keys are made ahead, many at a
// time; and the keys are in their database, not in memory alone.
func TestEveryPersonHasKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	ctx := context.Background()
	const writers, each = 8, 50 // more than are made ahead
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				if _, err := w.As(w.Owner).Create(ctx, "contact", door.Values{"last_name": "Li"}, ""); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	subjects, err := w.Data.Query(ctx, "SELECT DISTINCT subject FROM o22")
	if err != nil {
		t.Fatal(err)
	}
	defer subjects.Close()
	n := 0
	for ; subjects.Next(); n++ {
		var subject []byte
		if err := subjects.Scan(&subject); err != nil {
			t.Fatal(err)
		}
		var stored int64
		if _, err := w.Keys.Row(ctx, "SELECT count(*) FROM person_key WHERE id = ?", []any{subject}, &stored); err != nil || stored != 1 {
			t.Fatalf("the keys of a person are stored %d times (%v)", stored, err)
		}
	}
	if err := subjects.Err(); err != nil || n != writers*each {
		t.Errorf("%d different keys (%v), want %d", n, err, writers*each)
	}
}
