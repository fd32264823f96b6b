package door

import (
	"context"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Delete puts a record into the bin, from which Restore takes it back. Version as in Update.
func (s *Session) Delete(ctx context.Context, object string, rid id.ID, version int64) (err error) {
	defer fault.Op(&err, "door.Delete(%s)", clip(object))
	a, o, err := s.writable(ctx, object, policy.Delete)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, a, kindEdit, false, id.ID{}, func(c *change) error { return c.remove(ctx, o, rid, version) })
	return err
}

func (c *change) remove(ctx context.Context, o *schema.Object, rid id.ID, version int64) error {
	old, err := c.load(ctx, o, rid, version, policy.Delete, false)
	if err != nil {
		return err
	}
	row := old.Clone()
	row.Values[deletedField] = c.at
	return c.update(ctx, "delete", o, old, row)
}

func (c *change) undelete(ctx context.Context, o *schema.Object, rid id.ID, version int64) error {
	old, err := c.load(ctx, o, rid, version, policy.Delete, true)
	if err != nil {
		return err
	}
	row := old.Clone()
	delete(row.Values, deletedField)
	return c.update(ctx, "restore", o, old, row)
}
