package door_test

import (
	"context"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

func TestDeleteAndRestore(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		made := must[*door.Record](t)(s.Create(ctx, "company", door.Values{"name": "Acme", "tax_account": "DE89370400440532013000"}, ""))
		refused(t, "over an old version", s.Delete(ctx, "company", made.ID, 7), fault.Stale, "stale")
		if err := s.Delete(ctx, "company", made.ID, 1); err != nil {
			t.Fatal(err)
		}
		refused(t, "twice", s.Delete(ctx, "company", made.ID, 0), fault.NotFound, "")
		for name, err := range map[string]error{
			"get":    func() error { _, err := s.Get(ctx, "company", made.ID, door.GetOptions{}); return err }(),
			"reveal": func() error { _, err := s.Reveal(ctx, "company", made.ID, "tax_account", "because"); return err }(),
		} {
			refused(t, name+" of what is in the bin", err, fault.NotFound, "")
		}
		bin := must[*door.Page](t)(s.List(ctx, door.Query{Object: "company", Deleted: true, Count: true}))
		if living := must[*door.Page](t)(s.List(ctx, door.Query{Object: "company"})); len(bin.Records) != 1 || bin.Count != 1 || len(living.Records) != 0 {
			t.Errorf("%d in the bin, %d living", len(bin.Records), len(living.Records))
		}
		before := stored(t, w, "company", "change_set")
		if r := must[*door.Restored](t)(s.Restore(ctx, door.Restoration{Object: "company", ID: made.ID, DryRun: true})); r.Changed != 1 || !r.ChangeSet.IsZero() {
			t.Errorf("a dry run: %+v", r)
		}
		if stored(t, w, "company", "change_set") != before {
			t.Error("a dry run changed something")
		}
		must[*door.Restored](t)(s.Restore(ctx, door.Restoration{Object: "company", ID: made.ID}))
		_, err := s.Restore(ctx, door.Restoration{Object: "company", ID: made.ID})
		refused(t, "of what is not in the bin", err, fault.NotFound, "")
		if back := get(t, s, "company", made.ID); shown(back) != shown(made) || back.Version != 3 {
			t.Errorf("taken back:\n%s\n%s", shown(back), shown(made))
		}
		h := must[[]door.Change](t)(s.History(ctx, "company", made.ID, 0))
		if len(h) != 3 || h[0].Verb != "restore" || h[1].Verb != "delete" {
			t.Errorf("history: %+v", h)
		}
	})
}

func TestRestoreVersion(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		was := []*door.Record{nil, must[*door.Record](t)(s.Create(ctx, "contact", door.Values{"last_name": "A", "identity_number": "110101199003071234"}, ""))}
		rid := was[1].ID
		for _, v := range []door.Values{{"last_name": "B", "position": "CEO"}, {"identity_number": nil}, {"identity_number": "330303199003071234", "position": nil}, {"do_not_call": true}} {
			was = append(was, must[*door.Record](t)(s.Update(ctx, "contact", rid, 0, v)))
		}
		for _, v := range []int64{1, 4, 2, 5, 3} {
			must[*door.Restored](t)(s.Restore(ctx, door.Restoration{Object: "contact", ID: rid, Version: v}))
			if got := get(t, s, "contact", rid); shown(got) != shown(was[v]) {
				t.Errorf("version %d:\n%s\n%s", v, shown(got), shown(was[v]))
			}
		}
		now := get(t, s, "contact", rid)
		for _, v := range []int64{now.Version, now.Version + 1} {
			_, err := s.Restore(ctx, door.Restoration{Object: "contact", ID: rid, Version: v})
			refused(t, "to a version that is none before", err, fault.Invalid, "version:out_of_range")
		}
		if r := must[*door.Restored](t)(s.Restore(ctx, door.Restoration{Object: "contact", ID: rid, Version: 3})); r.Changed != 0 || !r.ChangeSet.IsZero() {
			t.Errorf("to what it is already: %+v", r)
		}
		deal := must[*door.Record](t)(s.Create(ctx, "deal", door.Values{"name": "D", "stage": w.Stage(t, "Prospecting").String()}, ""))
		must[*door.Record](t)(s.Update(ctx, "deal", deal.ID, 0, door.Values{"stage": w.Stage(t, "Won").String()}))
		must[*door.Restored](t)(s.Restore(ctx, door.Restoration{Object: "deal", ID: deal.ID, Version: 1}))
		changes := must[*door.Page](t)(s.List(ctx, door.Query{Object: "stage_change", Filter: "has(from_stage)"}))
		back := get(t, s, "deal", deal.ID)
		if len(changes.Records) != 2 || back.JSON("closed_at") != nil || back.JSON("stage_changed_at") == deal.JSON("stage_changed_at") {
			t.Errorf("a stage taken back leaves %d changes of stage: %s", len(changes.Records), shown(back))
		}
	})
}

func TestUndo(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		u := &undoing{w: w, s: w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))}
		t.Run("everything", u.everything)
		t.Run("conflicts", u.conflicts)
		t.Run("window", u.window)
		t.Run("rights", u.rights)
	})
}

type undoing struct {
	w *doortest.World
	s *door.Session
}

func (u *undoing) company(t *testing.T, name string) id.ID {
	t.Helper()
	return must[*door.Record](t)(u.s.Create(context.Background(), "company", door.Values{"name": name}, "")).ID
}

// state writes everything of the companies but versions and times.
func (u *undoing) state(t *testing.T) string {
	t.Helper()
	text := ""
	for _, deleted := range []bool{false, true} {
		for _, r := range must[*door.Page](t)(u.s.List(context.Background(), door.Query{Object: "company", Deleted: deleted, Limit: 500, Sort: []string{"id"}})).Records {
			text += shown(r) + "\n"
		}
	}
	return text
}

// everything undoes a batch that creates, changes twice, deletes and restores, and undoes that again.
func (u *undoing) everything(t *testing.T) {
	ctx := context.Background()
	changed, deleted, binned := u.company(t, "Changed"), u.company(t, "Deleted"), u.company(t, "Binned")
	if err := u.s.Delete(ctx, "company", binned, 0); err != nil {
		t.Fatal(err)
	}
	before := u.state(t)
	done := must[*door.BatchResult](t)(u.s.Batch(ctx, []door.Operation{
		{Op: "create", Object: "company", Fields: door.Values{"name": "Created"}},
		{Op: "update", Object: "company", Made: 0, Fields: door.Values{"parent": door.Made{Operation: 0}, "city": "Bonn"}},
		{Op: "update", Object: "company", ID: changed, Fields: door.Values{"name": "One", "tax_account": "DE89370400440532013000"}},
		{Op: "update", Object: "company", ID: changed, Fields: door.Values{"name": "Two"}},
		{Op: "delete", Object: "company", ID: deleted},
		{Op: "restore", Object: "company", ID: binned},
		{Op: "update", Object: "company", ID: binned, Fields: door.Values{"city": "Lyon"}},
	}, door.BatchOptions{}))
	after := u.state(t)
	all := stored(t, u.w, "company", "change_set")
	dry := must[*door.Restored](t)(u.s.Restore(ctx, door.Restoration{ChangeSet: done.ChangeSet, DryRun: true}))
	if stored(t, u.w, "company", "change_set") != all {
		t.Error("a dry run changed something")
	}
	undo := must[*door.Restored](t)(u.s.Restore(ctx, door.Restoration{ChangeSet: done.ChangeSet}))
	if undo.Changed != 7 || dry.Changed != 7 || len(undo.Conflicts) > 0 || undo.ChangeSet.IsZero() {
		t.Errorf("dry %+v, done %+v", dry, undo)
	}
	living := must[*door.Page](t)(u.s.List(ctx, door.Query{Object: "company", Filter: "name == 'created'"}))
	if len(living.Records) != 0 {
		t.Error("what was created is still there")
	}
	bin := must[*door.Page](t)(u.s.List(ctx, door.Query{Object: "company", Deleted: true, Filter: "name == 'created'"}))
	if got := u.state(t); len(bin.Records) != 1 || got != before+shown(bin.Records[0])+"\n" {
		t.Errorf("undone:\n%swas\n%s", got, before)
	}
	_, err := u.s.Restore(ctx, door.Restoration{ChangeSet: done.ChangeSet})
	refused(t, "undone twice", err, fault.Conflict, "already_undone")
	must[*door.Restored](t)(u.s.Restore(ctx, door.Restoration{ChangeSet: undo.ChangeSet}))
	if got := u.state(t); got != after {
		t.Errorf("the undoing undone:\n%swas\n%s", got, after)
	}
}

func (u *undoing) conflicts(t *testing.T) {
	ctx := context.Background()
	a, b := u.company(t, "A"), u.company(t, "B")
	done := must[*door.BatchResult](t)(u.s.Batch(ctx, []door.Operation{
		{Op: "update", Object: "company", ID: a, Fields: door.Values{"city": "Bonn"}},
		{Op: "update", Object: "company", ID: b, Fields: door.Values{"city": "Bonn"}},
		{Op: "create", Object: "company", Fields: door.Values{"name": "C"}},
	}, door.BatchOptions{}))
	c := done.Results[2].ID
	must[*door.Record](t)(u.s.Update(ctx, "company", a, 0, door.Values{"city": "Lyon"}))
	must[*door.Record](t)(u.s.Update(ctx, "company", b, 0, door.Values{"country": "Germany"})) // another field
	must[*door.Record](t)(u.s.Update(ctx, "company", c, 0, door.Values{"country": "Germany"}))
	before := stored(t, u.w, "company", "change_set")
	dry := must[*door.Restored](t)(u.s.Restore(ctx, door.Restoration{ChangeSet: done.ChangeSet, DryRun: true}))
	names := map[id.ID]string{}
	for _, x := range dry.Conflicts {
		names[x.ID] = x.Object
		if x.ID == a && (len(x.Fields) != 1 || x.Fields[0] != "city") {
			t.Errorf("the conflict names %v", x.Fields)
		}
	}
	if dry.Changed != 1 || len(names) != 2 || names[a] != "company" || names[c] != "company" {
		t.Errorf("dry run: %+v", dry)
	}
	_, err := u.s.Restore(ctx, door.Restoration{ChangeSet: done.ChangeSet})
	refused(t, "with conflicts", err, fault.Conflict, "changed_since")
	if stored(t, u.w, "company", "change_set") != before {
		t.Error("a refused undoing changed something")
	}
	skip := must[*door.Restored](t)(u.s.Restore(ctx, door.Restoration{ChangeSet: done.ChangeSet, SkipConflicts: true}))
	if skip.Changed != 1 || len(skip.Conflicts) != 2 {
		t.Errorf("skipping: %+v", skip)
	}
	for rid, want := range map[id.ID]any{a: "Lyon", b: nil} {
		if got := get(t, u.s, "company", rid).JSON("city"); got != want {
			t.Errorf("city %v, want %v", got, want)
		}
	}
	if get(t, u.s, "company", b).JSON("country") != "Germany" {
		t.Error("a later change of another field was lost")
	}
	get(t, u.s, "company", c)
	alone := lastSet(t, u.s, "company", c)
	must[*door.Record](t)(u.s.Update(ctx, "company", c, 0, door.Values{"country": "France"}))
	none := must[*door.Restored](t)(u.s.Restore(ctx, door.Restoration{ChangeSet: alone, SkipConflicts: true}))
	if none.Changed != 0 || !none.ChangeSet.IsZero() {
		t.Errorf("nothing to undo: %+v", none)
	}
	must[*door.Record](t)(u.s.Update(ctx, "company", c, 0, door.Values{"country": "Germany"}))
	must[*door.Restored](t)(u.s.Restore(ctx, door.Restoration{ChangeSet: alone})) // what undid nothing is not done
}

func (u *undoing) window(t *testing.T) {
	ctx := context.Background()
	a := u.company(t, "Window")
	first := lastSet(t, u.s, "company", a)
	must[*door.Record](t)(u.s.Update(ctx, "company", a, 0, door.Values{"city": "Bonn"}))
	second := lastSet(t, u.s, "company", a)
	u.w.Clock.Add(door.UndoWindow - time.Minute)
	must[*door.Restored](t)(u.s.Restore(ctx, door.Restoration{ChangeSet: second}))
	u.w.Clock.Add(2 * time.Minute)
	_, err := u.s.Restore(ctx, door.Restoration{ChangeSet: first})
	refused(t, "after 30 days", err, fault.Conflict, "too_old")
	_, err = u.s.Restore(ctx, door.Restoration{ChangeSet: id.ID{3}})
	refused(t, "of no change set", err, fault.NotFound, "")
}

// rights: who may not do the opposite, or not see the change set, may not undo.
func (u *undoing) rights(t *testing.T) {
	ctx := context.Background()
	rita := u.w.Person(t, "Rita", id.ID{}, "sales_rep")
	rep := u.w.As(rita)
	mine := must[*door.Record](t)(rep.Create(ctx, "company", door.Values{"name": "Mine"}, ""))
	theirs := lastSet(t, u.s, "company", mine.ID)
	other := u.company(t, "Theirs")
	_, err := rep.Restore(ctx, door.Restoration{ChangeSet: lastSet(t, u.s, "company", other)})
	refused(t, "another person's change set", err, fault.NotFound, "")
	must[*door.Record](t)(u.s.Update(ctx, "company", mine.ID, 0, door.Values{"owner": u.w.Owner.String()}))
	_, err = rep.Restore(ctx, door.Restoration{ChangeSet: theirs, SkipConflicts: true})
	if err == nil {
		t.Error("undid what is no longer hers")
	}
}
