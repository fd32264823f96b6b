package door

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Change is one change of a record, newest first in a history.
type Change struct {
	Seq       uint64
	Time      time.Time
	Actor     id.ID
	Via       string
	Verb      string
	Version   int64
	ChangeSet id.ID
	Erased    bool // the values were erased with the person's keys
	Fields    []FieldChange
}

// FieldChange is what a change did to a field: values as the API shows them, nil for an absent one.
type FieldChange struct {
	Field string `json:"field"`
	Old   any    `json:"old"`
	New   any    `json:"new"`
}

// MaxHistory is how many changes one call returns.
const MaxHistory = 200

// History returns the changes of a record that the session may see, newest first, at most MaxHistory
// with numbers below `below` (0: from the newest). Fields that the session may not read are left
// out.
func (s *Session) History(ctx context.Context, object string, rid id.ID, below uint64) (_ []Change, err error) {
	defer fault.Op(&err, "door.History(%s)", clip(object))
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.object(ctx, a, object, policy.Read)
	if err != nil {
		return nil, err
	}
	v := s.viewer(ctx, a)
	if _, err := s.findAny(ctx, v, o, rid); err != nil {
		return nil, err
	}
	entries, err := s.changesOf(ctx, rid, below, MaxHistory)
	if err != nil {
		return nil, err
	}
	var list []Change
	for _, row := range entries {
		c, err := s.explain(ctx, v, o, row)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	e := s.entry("history", o.Name)
	e.Record, e.Count = rid, uint64(len(list))
	if err := s.queue(ctx, e, ""); err != nil {
		return nil, err
	}
	return list, nil
}

// findAny reads a record that the session may see or, of one in the bin, that it may take back.
func (s *Session) findAny(ctx context.Context, v *viewer, o *schema.Object, rid id.ID) (*store.Row, error) {
	row, found, err := s.d.data.Get(ctx, s.d.data.DB(), o, rid)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, notFound(o.Name)
	}
	seen, err := s.seesPast(v, o, row)
	if err == nil && !seen {
		err = s.denied(ctx, policy.Read, o, rid)
	}
	if err != nil {
		return nil, err
	}
	return row, nil
}

// changesOf reads the entries about changes of a record, newest first.
func (s *Session) changesOf(ctx context.Context, rid id.ID, below uint64, limit int) ([]*journal.Row, error) {
	if err := s.d.flush(ctx, true); err != nil {
		return nil, err
	}
	return s.d.log.Find(ctx, below, limit, store.Plain("record = ? AND changeset IS NOT NULL", rid.Bytes()))
}

func (s *Session) explain(ctx context.Context, v *viewer, o *schema.Object, row *journal.Row) (Change, error) {
	e, err := journal.DecodeBody(row.Body)
	if err != nil {
		return Change{}, err
	}
	c := Change{
		Seq: row.Seq, Time: time.UnixMicro(e.Time).UTC(), Actor: e.Actor, Via: e.Via, Verb: e.Verb,
		Version: int64(e.Version), ChangeSet: e.ChangeSet, //nolint:gosec // counts up
	}
	p, erased, err := s.d.data.OpenPatch(ctx, o, e.Record, row.Sealed)
	if err != nil {
		return Change{}, err
	}
	c.Erased = erased
	for i := range o.Fields { // in the order of the object, not of a map
		f := &o.Fields[i]
		before, after := p.Old[f.ID], p.New[f.ID]
		if len(before) == 0 && len(after) == 0 || f.ID == updatedAt || f.ID == updatedBy {
			continue
		}
		got := v.field(o, f)
		if got == policy.Hidden {
			continue
		}
		fc := FieldChange{Field: f.Name}
		if fc.Old, err = s.shown(ctx, o, e.Record, p, f, got, before); err != nil {
			return Change{}, err
		}
		if fc.New, err = s.shown(ctx, o, e.Record, p, f, got, after); err != nil {
			return Change{}, err
		}
		c.Fields = append(c.Fields, fc)
	}
	return c, nil
}

// shown returns a value of a patch as the session may see it.
func (s *Session) shown(ctx context.Context, o *schema.Object, rid id.ID, p store.Patch, f *schema.Field, got policy.Access, b []byte) (any, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if !f.Class.Cell() {
		v, err := f.Decode(b)
		if err != nil || got >= policy.Readable {
			return f.JSON(v), err
		}
		return string(mask(f.Text(v))), nil
	}
	if got < policy.Readable || f.Class == schema.Secret {
		return "****", nil
	}
	if old, err := s.d.data.FromBefore(f, b); err != nil || old != nil {
		return f.JSON(old), err
	}
	v, err := s.d.data.OpenCell(ctx, o, &store.Row{ID: rid, Subject: p.Subject, Cells: map[uint32][]byte{f.ID: b}}, f)
	if err != nil { // sealed for another person, or erased
		return "****", nil
	}
	return f.JSON(v), nil
}
