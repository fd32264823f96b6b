package door

import (
	"bytes"
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// UndoWindow is how long a change set can be undone.
const UndoWindow = 30 * 24 * time.Hour

// Restoration says what to bring back: a record from the bin (Object and ID), a record's earlier
// version (Version too), or everything that a change set changed (ChangeSet alone).
type Restoration struct {
	Object        string
	ID            id.ID
	Version       int64
	ChangeSet     id.ID
	DryRun        bool
	SkipConflicts bool // undo what was not changed again since, leave the rest
}

// Restored is what a restoration did or, in a dry run, would do.
type Restored struct {
	ChangeSet id.ID // the new change set
	Changed   int
	Conflicts []UndoConflict
}

// UndoConflict is a record that was changed again since, so that undoing would lose that change.
type UndoConflict struct {
	Object string   `json:"object"`
	ID     id.ID    `json:"id"`
	Fields []string `json:"fields"` // that differ now; none when the record was deleted or restored since
}

// maxConflicts is how many conflicts are listed.
const maxConflicts = 100

// Restore takes a record out of the bin, returns it to a version, or undoes a change set. What it does
// is a change set of its own, which can be undone too.
func (s *Session) Restore(ctx context.Context, r Restoration) (_ *Restored, err error) {
	defer fault.Op(&err, "door.Restore")
	if !r.ChangeSet.IsZero() {
		return s.undo(ctx, r)
	}
	verb := policy.Delete
	if r.Version > 0 {
		verb = policy.Update
	}
	a, o, err := s.writable(ctx, r.Object, verb)
	if err != nil {
		return nil, err
	}
	var entries []*journal.Row
	if r.Version > 0 {
		if entries, err = s.changesOf(ctx, r.ID, 0, maxBack+1); err != nil {
			return nil, err
		}
	}
	out := &Restored{}
	set, err := s.change(ctx, a, kindEdit, r.DryRun, id.ID{}, func(c *change) (err error) {
		if r.Version == 0 {
			err = c.undelete(ctx, o, r.ID, 0)
		} else {
			err = c.revert(ctx, o, r.ID, r.Version, entries)
		}
		out.Changed = int(min(c.n, 1))
		return err
	})
	if err != nil {
		return nil, err
	}
	out.ChangeSet = set
	return out, nil
}

// revert gives a record the values that it had in an earlier version.
func (c *change) revert(ctx context.Context, o *schema.Object, rid id.ID, version int64, entries []*journal.Row) error {
	old, err := c.load(ctx, o, rid, 0, policy.Update, false)
	if err != nil {
		return err
	}
	if version >= old.Version {
		return fault.InField("version", "out_of_range", "choose a version before %d", old.Version)
	}
	row := old.Clone()
	for _, entry := range entries {
		if row.Version <= version {
			break
		}
		if err := c.turnBack(ctx, o, row, entry); err != nil {
			return err
		}
	}
	switch {
	case row.Erased:
		return fault.New(fault.Conflict, "erased", "what this %s was then was erased for good with a person's data", o.Name)
	case row.Version != version: // changed since the entries were read
		return fault.New(fault.Stale, "stale", "somebody changed this record meanwhile: read it again")
	}
	if err := c.mayRewrite(o, old, row); err != nil {
		return err
	}
	delete(row.Values, deletedField)
	if t := o.Timeline; t != nil && changed(o.Field(t.Field), old, row) {
		row.Values[o.Field(t.Since).ID] = c.at
	}
	for _, n := range []uint32{updatedAt, updatedBy} { // every change moves them
		delete(row.Values, n)
		if v := old.Values[n]; v != nil {
			row.Values[n] = v
		}
	}
	if len(store.Diff(o, old, row).Fields()) == 0 {
		return nil
	}
	if err := c.update(ctx, "update", o, old, row); err != nil {
		return err
	}
	return c.timeline(ctx, o, old, row)
}

// mayRewrite refuses to bring back values of fields that the session may not change.
func (c *change) mayRewrite(o *schema.Object, old, row *store.Row) error {
	for _, n := range store.Diff(o, old, row).Fields() {
		f := o.FieldByID(n)
		if f.System && f.ReadOnly || f.Class == schema.Secret {
			continue
		}
		if got := c.v.rights.Field(o.Name, f.Name, string(f.Class)); got < policy.Masked || got < policy.Editable && f.Class != schema.Restricted {
			return fault.New(fault.Forbidden, "forbidden", "this would change fields that you may not change")
		}
	}
	return nil
}

// undo takes back what a change set changed, newest change first.
func (s *Session) undo(ctx context.Context, r Restoration) (*Restored, error) {
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.mayUndo(ctx, a, r.ChangeSet); err != nil {
		return nil, err
	}
	if err := s.d.flush(ctx, true); err != nil {
		return nil, err
	}
	out := &Restored{}
	set, err := s.change(ctx, a, kindUndo, r.DryRun, r.ChangeSet, func(c *change) error {
		out.Changed, out.Conflicts = 0, nil
		if err := c.undoAll(ctx, r.ChangeSet, out); err != nil {
			return err
		}
		if len(out.Conflicts) > 0 && !r.SkipConflicts && !r.DryRun {
			return fault.New(fault.Conflict, "changed_since", "%d records were changed again since, so nothing was undone; look at them with dry_run, or undo the rest with skip_conflicts", len(out.Conflicts))
		}
		if r.DryRun || out.Changed == 0 {
			return nil
		}
		return c.noteUndone(ctx, r.ChangeSet)
	})
	out.ChangeSet = set
	if err != nil {
		return nil, err
	}
	return out, nil
}

// mayUndo checks that the session sees the change set, that it is not too old and was not undone.
func (s *Session) mayUndo(ctx context.Context, a *access, set id.ID) error {
	o := a.cat.schema.Object("change_set")
	row, err := s.find(ctx, s.viewer(ctx, a), o, set)
	if err != nil {
		return err
	}
	made, _ := row.Values[createdAt].(schema.Time)
	if s.d.now().Sub(time.UnixMicro(int64(made))) > UndoWindow {
		return fault.New(fault.Conflict, "too_old", "a change set can be undone for 30 days")
	}
	if row.Values[o.Field("undone_by").ID] != nil {
		return fault.New(fault.Conflict, "already_undone", "this change set was undone already")
	}
	if row.Values[o.Field("kind").ID] == kindDefine {
		return fault.New(fault.Invalid, "not_undoable", "a change of the structure is undone by changing the structure")
	}
	return nil
}

// undoPage is how many entries are held at once.
const undoPage = 500

// undoAll takes the changes back page by page, newest first. The entries do not change any more: they
// were all numbered before.
func (c *change) undoAll(ctx context.Context, set id.ID, out *Restored) error {
	moved := map[id.ID]int64{} // versions that this change set and its undoing have moved a record on
	for below := uint64(0); ; {
		entries, err := c.d.log.Find(ctx, below, undoPage, store.Plain("changeset = ?", set.Bytes()))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := c.undoEntry(ctx, entry, moved, out); err != nil {
				return err
			}
			below = entry.Seq
		}
		if len(entries) < undoPage || below == 0 {
			return nil
		}
	}
}

func (c *change) undoEntry(ctx context.Context, entry *journal.Row, moved map[id.ID]int64, out *Restored) error {
	e, err := journal.DecodeBody(entry.Body)
	if err != nil {
		return err
	}
	o := c.v.cat.schema.Known(e.Object)
	if o == nil {
		return nil
	}
	conflict, err := c.undoOne(ctx, o, entry, &e, moved)
	if err != nil {
		return err
	}
	if conflict == nil {
		out.Changed++
		moved[e.Record] += 2
	} else if len(out.Conflicts) < maxConflicts {
		out.Conflicts = append(out.Conflicts, *conflict)
	}
	return nil
}

// undoOne takes one change back, or says what was changed since.
func (c *change) undoOne(ctx context.Context, o *schema.Object, entry *journal.Row, e *journal.Entry, moved map[id.ID]int64) (*UndoConflict, error) {
	verb := map[string]policy.Verb{"create": policy.Delete, "update": policy.Update, "delete": policy.Delete, "restore": policy.Delete}[e.Verb]
	now, found, err := c.d.data.Get(ctx, c.tx, o, e.Record)
	if err != nil || !found || verb == "" {
		return nil, err
	}
	if _, err := c.load(ctx, o, e.Record, 0, verb, now.Values[deletedField] != nil); err != nil && !o.Written {
		return nil, err
	}
	p, erased, err := c.d.data.OpenPatch(ctx, o, e.Record, entry.Sealed)
	if err != nil {
		return nil, err
	}
	conflict := &UndoConflict{Object: o.Name, ID: e.Record}
	if erased {
		return conflict, nil
	}
	for _, n := range p.Holds(o, now) {
		if f := o.FieldByID(n); n != updatedAt && n != updatedBy {
			conflict.Fields = append(conflict.Fields, f.Name)
		}
	}
	row := now.Clone()
	switch e.Verb {
	case "create":
		if now.Values[deletedField] != nil || len(conflict.Fields) > 0 || now.Version != int64(e.Version)+moved[e.Record] { //nolint:gosec // counts up
			return conflict, nil
		}
		row.Values[deletedField] = c.at
		return nil, c.update(ctx, "delete", o, now, row)
	default:
		if len(conflict.Fields) > 0 {
			return conflict, nil
		}
		if err := p.Apply(o, row, false); err != nil {
			return nil, err
		}
		if err := c.subjectBack(ctx, o, row, p); err != nil {
			return nil, err
		}
		if err := c.resealKept(ctx, o, now, row); err != nil {
			return nil, err
		}
		if err := c.mayRewrite(o, now, row); err != nil {
			return nil, err
		}
		return nil, c.update(ctx, map[string]string{"update": "update", "delete": "restore", "restore": "delete"}[e.Verb], o, now, row)
	}
}

// resealKept seals the cells that an undoing leaves as they are for the row's former subject.
func (c *change) resealKept(ctx context.Context, o *schema.Object, now, row *store.Row) error {
	if now.Subject == row.Subject {
		return nil
	}
	for n, cell := range row.Cells {
		f := o.FieldByID(n)
		if f.Class != schema.Restricted || !bytes.Equal(cell, now.Cells[n]) {
			continue
		}
		v, err := c.d.data.OpenCell(ctx, o, now, f)
		if err != nil {
			return err
		}
		if row.Cells[n], err = c.d.data.SealCell(ctx, o, row, f, v); err != nil {
			return err
		}
	}
	return nil
}

// noteUndone marks a change set as undone by this one.
func (c *change) noteUndone(ctx context.Context, set id.ID) error {
	o := c.v.cat.schema.Object("change_set")
	old, found, err := c.d.data.Get(ctx, c.tx, o, set)
	if err != nil || !found {
		return err
	}
	row := old.Clone()
	row.Version++
	row.Values[o.Field("undone_by").ID] = c.set
	_, err = c.d.data.Update(ctx, c.tx, o, old, row)
	return err
}
