package door_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

func TestBatch(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		anna := w.Person(t, "Anna", id.ID{}, "sales_manager")
		b := &batching{w: w, s: w.As(anna), who: anna}
		t.Run("atomic", b.atomic)
		t.Run("partial", b.partial)
		t.Run("made", b.made)
		t.Run("repeated", b.repeated)
		t.Run("limits", b.limits)
	})
}

type batching struct {
	w   *doortest.World
	s   *door.Session
	who id.ID
}

func creation(name string) door.Operation {
	return door.Operation{Op: "create", Object: "company", Fields: door.Values{"name": name}}
}

func (b *batching) atomic(t *testing.T) {
	ctx := context.Background()
	n, before := size(t, b.w), stored(t, b.w, "company", "change_set")
	ops := []door.Operation{creation("A"), creation("B"), {Op: "update", Object: "company", Made: 0, Fields: door.Values{"employees": "many"}}}
	_, err := b.s.Batch(ctx, ops, door.BatchOptions{})
	refused(t, "with one wrong operation", err, fault.Invalid, "employees:not_a_number")
	if f := fault.FieldsOf(err); len(f) != 1 || f[0].Row != 3 {
		t.Errorf("the row of the wrong operation: %+v", f)
	}
	if stored(t, b.w, "company", "change_set") != before || size(t, b.w) != n {
		t.Error("a refused batch left a trace")
	}
	ops[2].Fields = door.Values{"employees": num("7")}
	dry := must[*door.BatchResult](t)(b.s.Batch(ctx, ops, door.BatchOptions{DryRun: true}))
	if stored(t, b.w, "company", "change_set") != before || size(t, b.w) != n || !dry.ChangeSet.IsZero() {
		t.Error("a dry run left a trace")
	}
	run := must[*door.BatchResult](t)(b.s.Batch(ctx, ops, door.BatchOptions{}))
	for i := range ops {
		if dry.Results[i].Version != run.Results[i].Version || (dry.Results[i].Err == nil) != (run.Results[i].Err == nil) {
			t.Errorf("operation %d: dry %+v, run %+v", i, dry.Results[i], run.Results[i])
		}
	}
	sets := map[id.ID]int{}
	for _, e := range entriesSince(t, b.w, n) {
		sets[e.ChangeSet]++
	}
	if len(sets) != 1 || sets[run.ChangeSet] != 3 {
		t.Errorf("the batch is in %v, want one change set with three entries", sets)
	}
	if v := must[*door.BatchResult](t)(b.s.Batch(ctx, []door.Operation{{Op: "update", Object: "company", ID: run.Results[0].ID, Fields: door.Values{"name": "A"}}}, door.BatchOptions{})); !v.ChangeSet.IsZero() {
		t.Error("a batch that changes nothing has a change set")
	}
}

// partial leaves out what is wrong; a dry run finds the same.
func (b *batching) partial(t *testing.T) {
	ctx := context.Background()
	rep := b.w.As(b.w.Person(t, "Rita", id.ID{}, "sales_rep"))
	other := must[*door.Record](t)(b.s.Create(ctx, "company", door.Values{"name": "Other"}, "")).ID
	ops := []door.Operation{
		creation("Good"),
		{Op: "create", Object: "company", Fields: door.Values{"name": nil}},
		{Op: "update", Object: "company", ID: other, Fields: door.Values{"name": "X"}},
		{Op: "update", Object: "company", Made: 1, Fields: door.Values{"name": "X"}},
		{Op: "create", Object: "company", Fields: door.Values{"name": "Child", "parent": door.Made{Operation: 2}}},
		{Op: "delete", Object: "company", Made: 0, Version: 9},
		{Op: "explode", Object: "company"},
		{Op: "create", Object: "nothing"},
	}
	kinds := []fault.Kind{"", fault.Invalid, fault.NotFound, fault.NotFound, fault.Invalid, fault.Stale, fault.Invalid, fault.NotFound}
	for _, opt := range []door.BatchOptions{{DryRun: true}, {Partial: true, DryRun: true}, {Partial: true}} {
		got := must[*door.BatchResult](t)(rep.Batch(ctx, ops, opt))
		if got.Failed != 7 || opt.DryRun != got.ChangeSet.IsZero() {
			t.Errorf("%+v: %+v", opt, got)
		}
		for i, want := range kinds {
			if fault.KindOf(got.Results[i].Err) != want {
				t.Errorf("%+v, operation %d: %v, want %q", opt, i, got.Results[i].Err, want)
			}
		}
	}
	if page := must[*door.Page](t)(rep.List(ctx, door.Query{Object: "company"})); len(page.Records) != 1 {
		t.Errorf("%d companies, want the good one", len(page.Records))
	}
}

func (b *batching) made(t *testing.T) {
	ctx := context.Background()
	got := must[*door.BatchResult](t)(b.s.Batch(ctx, []door.Operation{
		creation("Mother"),
		{Op: "create", Object: "company", Fields: door.Values{"name": "Daughter", "parent": door.Made{Operation: 0}}},
		{Op: "update", Object: "company", Made: 1, Fields: door.Values{"city": "Bonn"}},
	}, door.BatchOptions{}))
	d := get(t, b.s, "company", got.Results[1].ID)
	if d.JSON("parent") != got.Results[0].ID.String() || d.JSON("city") != "Bonn" || got.Results[2].Version != 2 {
		t.Errorf("the daughter: %s", shown(d))
	}
	for _, n := range []int{1, 5, -1} {
		_, err := b.s.Batch(ctx, []door.Operation{creation("X"), {Op: "create", Object: "company", Fields: door.Values{"name": "Y", "parent": door.Made{Operation: n}}}}, door.BatchOptions{})
		refused(t, fmt.Sprintf("a link to operation %d of 2", n), err, fault.Invalid, "parent:not_made")
	}
	for _, n := range []int{1, 5, -1} {
		_, err := b.s.Batch(ctx, []door.Operation{creation("X"), {Op: "delete", Object: "company", Made: n}}, door.BatchOptions{})
		refused(t, fmt.Sprintf("deleting what operation %d of 2 made", n), err, fault.NotFound, "")
	}
}

func (b *batching) repeated(t *testing.T) {
	ctx := context.Background()
	ops := []door.Operation{creation("Once"), {Op: "create", Object: "company"}, {Op: "update", Object: "company", Made: 0, Fields: door.Values{"city": "Bonn"}}}
	opt := door.BatchOptions{Partial: true, Repeat: "batch-1"}
	first := must[*door.BatchResult](t)(b.s.Batch(ctx, ops, opt))
	n := size(t, b.w)
	second := must[*door.BatchResult](t)(b.s.Batch(ctx, ops, opt))
	if size(t, b.w) != n || first.ChangeSet != second.ChangeSet || first.Failed != 1 || second.Failed != 1 {
		t.Errorf("first %+v, again %+v", first, second)
	}
	for i := range ops {
		x, y := first.Results[i], second.Results[i]
		if x.ID != y.ID || x.Version != y.Version || fault.KindOf(x.Err) != fault.KindOf(y.Err) || fmt.Sprint(fault.FieldsOf(x.Err)) != fmt.Sprint(fault.FieldsOf(y.Err)) {
			t.Errorf("operation %d: first %+v, again %+v", i, x, y)
		}
	}
	_, err := b.s.Batch(ctx, ops[:1], opt)
	refused(t, "the key for another batch", err, fault.Conflict, "idempotency_reuse")
	nothing := []door.Operation{{Op: "update", Object: "company", ID: first.Results[0].ID, Fields: door.Values{"city": "Bonn"}}}
	for range 2 {
		must[*door.BatchResult](t)(b.s.Batch(ctx, nothing, door.BatchOptions{Repeat: "batch-2"}))
	}
}

func (b *batching) limits(t *testing.T) {
	ctx := context.Background()
	_, err := b.s.Batch(ctx, nil, door.BatchOptions{})
	refused(t, "of nothing", err, fault.Invalid, "batch_size")
	_, err = b.s.Batch(ctx, make([]door.Operation, door.MaxOperations+1), door.BatchOptions{})
	refused(t, "of too much", err, fault.Invalid, "batch_size")
	imports := b.w.Door.As(authn.Operator(b.who), door.ViaImport)
	ops := make([]door.Operation, door.MaxOperations+1)
	for i := range ops {
		ops[i] = door.Operation{Op: "none"}
	}
	got, err := imports.Batch(ctx, ops, door.BatchOptions{Partial: true})
	if err != nil || got.Failed != len(ops) || !got.ChangeSet.IsZero() {
		t.Errorf("an import may have more: %v", err)
	}
	many := make(door.Values, 501)
	for i := range 501 {
		many[fmt.Sprint("f", i)] = "x"
	}
	_, err = b.s.Create(ctx, "company", many, "")
	refused(t, "too many fields", err, fault.TooLarge, "too_many_fields")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	before := stored(t, b.w, "company")
	if _, err := b.s.Batch(gone, []door.Operation{creation("Late")}, door.BatchOptions{}); err == nil {
		t.Error("a request that was given up is carried out")
	}
	if stored(t, b.w, "company") != before {
		t.Error("a request that was given up changed something")
	}
}
