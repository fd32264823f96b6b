package door_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Whoever made a record finds it by its encrypted fields, also while the door is numbering entries in
// the background.
func TestFoundWhileEntriesAreNumbered(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.Postgres)
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	for i := range rounds {
		name := "Li" + strconv.Itoa(i)
		w.Make(t, "contact", door.Values{"last_name": name})
		page, err := w.As(w.Owner).List(context.Background(), door.Query{Object: "contact", Filter: "last_name == '" + name + "'"})
		if err != nil || len(page.Records) != 1 {
			t.Fatalf("%s: %d records (%v)", name, len(page.Records), err)
		}
	}
}
