package door

import (
	"bytes"
	"context"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Create makes a record. Repeat names the request (Idempotency-Key), so that it can be sent again
// after a lost answer: the second time it changes nothing and answers the same; "" where it has no
// name.
func (s *Session) Create(ctx context.Context, object string, given Values, repeat string) (_ *Record, err error) {
	defer fault.Op(&err, "door.Create(%s)", clip(object))
	a, o, err := s.writable(ctx, object, policy.Create)
	if err != nil {
		return nil, err
	}
	var row *store.Row
	_, err = s.change(ctx, a, kindEdit, false, id.ID{}, func(c *change) error {
		before, err := c.repeated(ctx, repeat, []any{object, given})
		if err != nil {
			return err
		}
		if before != "" {
			row, err = c.madeBefore(ctx, o, before)
			return err
		}
		if row, err = c.create(ctx, o, given); err != nil {
			return err
		}
		return c.remember(ctx, repeat, []any{object, given}, row.ID.String())
	})
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, a, o, row)
}

// madeBefore reads the record that the same request made the first time.
func (c *change) madeBefore(ctx context.Context, o *schema.Object, before string) (*store.Row, error) {
	made, err := id.Parse(before)
	if err != nil {
		return nil, err
	}
	row, found, err := c.d.data.Get(ctx, c.tx, o, made)
	if err == nil && !found {
		err = notFound(o.Name)
	}
	return row, err
}

// writable returns an object that the session may write to by a verb.
func (s *Session) writable(ctx context.Context, object string, verb policy.Verb) (*access, *schema.Object, error) {
	a, err := s.access(ctx)
	if err != nil {
		return nil, nil, err
	}
	o, err := s.target(ctx, a, object, verb)
	return a, o, err
}

// target returns an object that the session, with these rights, may write to by a verb.
func (s *Session) target(ctx context.Context, a *access, object string, verb policy.Verb) (*schema.Object, error) {
	o, err := s.object(ctx, a, object, verb)
	if err != nil {
		return nil, err
	}
	if _, program := s.actor.System(); o.Written && !program {
		return nil, fault.New(fault.Forbidden, "written_by_program", "only Wardbook itself writes %s records", o.Name)
	}
	return o, nil
}

// answer shows what a write left, as the session may see it. It is part of the write: it has no
// journal entry of its own.
func (s *Session) answer(ctx context.Context, a *access, o *schema.Object, row *store.Row) (*Record, error) {
	sh, err := a.shape(o, nil)
	if err != nil {
		return nil, err
	}
	v := s.viewer(ctx, a)
	seen, err := v.holds(a.visible(o.Name), o, row)
	if err != nil {
		return nil, err
	}
	if !seen { // created or handed over, and out of sight: its identifier is all there is to say
		return &Record{Object: o, ID: row.ID, Version: row.Version}, nil
	}
	list, err := s.show(ctx, v, sh, []*store.Row{row})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// create makes a record inside a transaction.
func (c *change) create(ctx context.Context, o *schema.Object, given Values) (*store.Row, error) {
	row := &store.Row{ID: c.d.ids.New(), Version: 1, Values: map[uint32]any{}, Cells: map[uint32][]byte{}}
	named, cells, err := c.assign(ctx, o, row, given)
	if err != nil {
		return nil, err
	}
	if row.Subject, err = c.subjectOf(ctx, o, nil, row); err != nil {
		return nil, err
	}
	if err := c.sealCells(ctx, o, nil, row, cells); err != nil {
		return nil, err
	}
	c.stampSystem(row, true)
	if err := c.complete(ctx, o, nil, row, named); err != nil {
		return nil, err
	}
	cond, err := c.v.condition(o.Name, policy.Create)
	if err != nil {
		return nil, err
	}
	may, err := c.v.holds(cond, o, row)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, fault.New(fault.Forbidden, "forbidden", "you may not create a %s for this owner or team", o.Name)
	}
	if err := c.insert(ctx, o, row); err != nil {
		return nil, err
	}
	if err := c.keepUploads(ctx, o, row); err != nil {
		return nil, err
	}
	return row, c.timeline(ctx, o, nil, row)
}

// repeated returns the answer to an earlier request of the same name; "" where there was none.
func (c *change) repeated(ctx context.Context, repeat string, request any) (string, error) {
	if repeat == "" {
		return "", nil
	}
	if len(repeat) > 255 {
		return "", fault.InField("Idempotency-Key", "too_long", "at most 255 characters")
	}
	token, digest := digests(repeat, request)
	was, answer, found, err := c.d.data.Repeated(ctx, c.tx, c.actor.User(), token[:])
	if err != nil || !found {
		return "", err
	}
	if !bytes.Equal(was, digest[:]) {
		return "", fault.New(fault.Conflict, "idempotency_reuse", "this Idempotency-Key was used for another request: use a new one")
	}
	return answer, nil
}

func (c *change) remember(ctx context.Context, repeat string, request any, answer string) error {
	if repeat == "" {
		return nil
	}
	token, digest := digests(repeat, request)
	return c.d.data.Remember(ctx, c.tx, c.actor.User(), token[:], digest[:], answer, int64(c.at))
}

// digests returns what is kept of a request and of its name. The name, which is random, is part of the
// request's digest, so that nobody can find out the values in it by trying.
func digests(repeat string, request any) (token, digest [32]byte) {
	return journal.Digest([]byte(repeat)), journal.Digest([]byte(repeat + "\x00" + describe(request)))
}
