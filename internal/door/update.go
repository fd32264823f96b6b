package door

import (
	"context"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Update changes fields of a record. Version is the one that the caller has read, so that nobody's
// change is lost; 0 changes whatever is there. The error has kind Stale when the record is newer.
func (s *Session) Update(ctx context.Context, object string, rid id.ID, version int64, given Values) (_ *Record, err error) {
	defer fault.Op(&err, "door.Update(%s)", clip(object))
	a, o, err := s.writable(ctx, object, policy.Update)
	if err != nil {
		return nil, err
	}
	var row *store.Row
	_, err = s.change(ctx, a, kindEdit, false, id.ID{}, func(c *change) error {
		row, err = c.edit(ctx, o, rid, version, given)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, a, o, row)
}

// edit changes a record inside a transaction. Values that change nothing leave no trace.
func (c *change) edit(ctx context.Context, o *schema.Object, rid id.ID, version int64, given Values) (*store.Row, error) {
	old, err := c.load(ctx, o, rid, version, policy.Update, false)
	if err != nil {
		return nil, err
	}
	row := old.Clone()
	named, cells, err := c.assign(ctx, o, row, given)
	if err != nil {
		return nil, err
	}
	if row.Subject, err = c.subjectOf(ctx, o, old, row); err != nil {
		return nil, err
	}
	if err := c.sealCells(ctx, o, old, row, cells); err != nil {
		return nil, err
	}
	if err := c.complete(ctx, o, old, row, named); err != nil {
		return nil, err
	}
	if len(store.Diff(o, old, row).Fields()) == 0 {
		return old, nil
	}
	if err := c.update(ctx, "update", o, old, row); err != nil {
		return nil, err
	}
	if err := c.keepUploads(ctx, o, row); err != nil {
		return nil, err
	}
	return row, c.timeline(ctx, o, old, row)
}
