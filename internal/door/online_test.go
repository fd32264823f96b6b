package door_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// bigTable is how many records the structure is changed over.
const bigTable = 50_000

// TestOnline changes the structure of a big table while people write to it: nobody is refused, and what
// is looked through is looked through without a lock. Only the unique index is built under one: on
// SQLite all writers wait for it, on PostgreSQL those of the table.
func TestOnline(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: it fills a table of fifty thousand records")
	}
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		owner, s := w.As(w.Owner), w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		kind := schema.Field{Name: "kind", Type: schema.Picklist, Class: schema.Internal, Label: label("Kind"), Options: options("lathe", "press", "saw")}
		o := must[*schema.Object](t)(owner.Define(ctx, door.Definition{New: object("machine", field("serial", schema.Short, schema.Internal), field("weight", schema.Int, schema.Internal), kind)}))
		fill(t, w, o)
		mine := must[*door.Record](t)(s.Create(ctx, "machine", door.Values{"serial": "mine", "kind": "press"}, "")).ID
		var over atomic.Bool
		var writes atomic.Int64
		done := make(chan error, 1)
		go func() {
			var err error
			for n := 0; err == nil && !over.Load(); n++ {
				_, err = s.Update(ctx, "machine", mine, 0, door.Values{"weight": num(fmt.Sprint(n))})
				writes.Add(1)
			}
			done <- err
		}()
		define := func(def door.Definition) (int64, error) {
			def.Object = "machine"
			before := writes.Load()
			_, err := owner.Define(ctx, def)
			return writes.Load() - before, err
		}
		change := func(p door.FieldPatch) door.Definition {
			return door.Definition{Change: []door.FieldPatch{p}}
		}
		for _, c := range []struct {
			name   string
			def    door.Definition
			reason string
		}{
			{"a field", door.Definition{Add: []schema.Field{field("extra", schema.Int, schema.Internal)}}, ""},
			{"options in another order", change(door.FieldPatch{Name: "kind", Options: options("saw", "press", "lathe", "drill")}), ""},
			{"an option that records have", change(door.FieldPatch{Name: "kind", Options: options("saw", "press")}), "kind:option_in_use"},
			{"required while records lack it", change(door.FieldPatch{Name: "extra", Required: ptr(true)}), "extra:values_missing"},
			{"unique while records share it", change(door.FieldPatch{Name: "kind", Unique: ptr(true)}), ""},
			{"unique, twice", change(door.FieldPatch{Name: "weight", Unique: ptr(true)}), "weight:duplicates"},
			{"unique", change(door.FieldPatch{Name: "serial", Unique: ptr(true)}), ""},
		} {
			n, err := define(c.def)
			switch {
			case c.name == "unique while records share it":
				refused(t, c.name, err, fault.Invalid, "")
			case c.reason != "":
				refused(t, c.name, err, fault.Conflict, c.reason)
			case err != nil:
				t.Errorf("%s: %v", c.name, err)
			}
			t.Logf("%s: %d writes meanwhile", c.name, n)
		}
		over.Store(true)
		if err := <-done; err != nil {
			t.Errorf("while the structure changed: %v", err)
		}
		_, err := s.Create(ctx, "machine", door.Values{"serial": "s-00042"}, "")
		refused(t, "a serial number that is taken", err, fault.Conflict, "serial:taken")
	})
}

// fill puts records into a table behind the door's back: the journal knows nothing of them.
func fill(t *testing.T, w *doortest.World, o *schema.Object) {
	t.Helper()
	const rows = 500
	source := id.NewSource(w.Clock.Now, strings.NewReader(strings.Repeat("x", 64*bigTable)))
	query := "INSERT INTO " + o.Table() + " (id, version, f1000, f1000k, f1001, f1002) VALUES (?, 1, ?, ?, 7, 'lathe')" + strings.Repeat(", (?, 1, ?, ?, 7, 'lathe')", rows-1)
	for i := 0; i < bigTable; i += rows {
		var args []any
		for k := range rows {
			serial := fmt.Sprintf("S-%05d", i+k)
			rid := source.New()
			args = append(args, rid[:], serial, strings.ToLower(serial))
		}
		behind(t, w.Data, query, args...)
	}
}
