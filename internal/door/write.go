package door

import (
	"context"
	"errors"
	"slices"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// The kinds of change sets.
const (
	kindEdit   = "edit"
	kindBatch  = "batch"
	kindImport = "import"
	kindUndo   = "undo"
	kindDefine = "define"
)

// change is a transaction of the door: everything that one intention of a person changes.
type change struct {
	*Session
	v       *viewer
	tx      *sqldb.Tx
	set     id.ID
	at      schema.Time
	n       int64 // records changed
	related map[ref]*store.Row
	actual  map[ref]*store.Row // the same, whatever the session may see
	touched map[string]bool    // objects changed
	made    []id.ID            // of a batch: what each operation so far made
	uploads []upload           // of the record that is being written
	entries []store.Pending    // of the journal, not in the transaction yet
}

type ref struct {
	object uint32
	id     id.ID
}

// errDryRun rolls a transaction back that was only tried.
var errDryRun = errors.New("dry run")

// change runs fn in a transaction and stores the change set that it made; the zero ID where nothing
// changed. A dry run does everything
// and keeps nothing.
func (s *Session) change(ctx context.Context, a *access, kind string, dry bool, undoes id.ID, fn func(c *change) error) (set id.ID, err error) {
	for range maxRaces {
		if set, err = s.changeOnce(ctx, a, kind, dry, undoes, fn); fault.Reason(err) != store.Raced {
			break
		}
	}
	return set, err
}

// maxRaces is how often a change is tried that others are faster than.
const maxRaces = 20

func (s *Session) changeOnce(ctx context.Context, a *access, kind string, dry bool, undoes id.ID, fn func(c *change) error) (set id.ID, err error) {
	err = s.d.data.DB().Write(ctx, func(tx *sqldb.Tx) error {
		c := &change{Session: s, tx: tx, set: s.d.ids.New(), at: schema.TimeOf(s.d.now()), related: map[ref]*store.Row{}, actual: map[ref]*store.Row{}, touched: map[string]bool{}}
		c.v = s.viewer(ctx, a)
		c.v.get = func(o *schema.Object, rid id.ID) (*store.Row, error) { return c.find(ctx, o, rid) }
		set = c.set
		if err := fn(c); err != nil {
			return err
		}
		if dry {
			return errDryRun
		}
		if c.n == 0 {
			set = id.ID{}
			return nil
		}
		return c.finish(ctx, kind, undoes)
	})
	switch {
	case errors.Is(err, errDryRun):
		return id.ID{}, nil
	case err != nil:
		return id.ID{}, err
	}
	s.d.reads.wrote.Add(1)
	return set, nil
}

// finish stores the last entries and the change set, and tells everybody whose rights changed.
func (c *change) finish(ctx context.Context, kind string, undoes id.ID) error {
	if err := c.leave(ctx); err != nil {
		return err
	}
	o := c.v.cat.schema.Object("change_set")
	row := &store.Row{ID: c.set, Version: 1, Values: map[uint32]any{}}
	c.stampSystem(row, true)
	set := func(name string, v any) { row.Values[o.Field(name).ID] = v }
	set("kind", kind)
	set("via", string(c.via))
	set("changes", c.n)
	if !undoes.IsZero() {
		set("undoes", undoes)
	}
	if _, err := c.d.data.Insert(ctx, c.tx, o, row); err != nil {
		return err
	}
	if c.touched["user"] || c.touched["role"] || c.touched["team"] {
		if err := c.d.data.Bump(ctx, c.tx, rightsEpoch); err != nil {
			return err
		}
		c.tx.AfterCommit(c.d.forgetRights)
	}
	return nil
}

// stampSystem sets the system fields of a row that is being written.
func (c *change) stampSystem(row *store.Row, created bool) {
	me := c.actor.User()
	if created {
		row.Values[createdAt] = c.at
		if !me.IsZero() {
			row.Values[createdBy] = me
			if row.Values[ownerField] == nil {
				row.Values[ownerField] = me
			}
		}
		if row.Values[teamField] == nil && !c.v.team.IsZero() {
			row.Values[teamField] = c.v.team
		}
		if row.Values[sourceField] == nil {
			row.Values[sourceField] = string(c.via)
		}
	}
	row.Values[updatedAt] = c.at
	if !me.IsZero() {
		row.Values[updatedBy] = me
	}
}

// find reads a related record inside the transaction; nil where there is none or the session may not
// see it.
func (c *change) find(ctx context.Context, o *schema.Object, rid id.ID) (*store.Row, error) {
	key := ref{o.ID, rid}
	if row, done := c.related[key]; done {
		return row, nil
	}
	row, err := c.stored(ctx, o, rid)
	if err != nil {
		return nil, err
	}
	if row != nil {
		seen, err := c.v.holds(c.v.visible(o.Name), o, row)
		if err != nil {
			return nil, err
		}
		if !seen {
			row = nil
		}
	}
	if len(c.related) > maxRelated {
		clear(c.related)
	}
	c.related[key] = row
	return row, nil
}

// stored reads a related record as it is, whoever asks; nil where there is none. What the program
// computes must not depend on who happened to make the change.
func (c *change) stored(ctx context.Context, o *schema.Object, rid id.ID) (*store.Row, error) {
	key := ref{o.ID, rid}
	if row, done := c.actual[key]; done {
		return row, nil
	}
	rows, err := c.d.data.GetMany(ctx, c.tx, c.d.data.Clear(o), []id.ID{rid})
	if err != nil {
		return nil, err
	}
	var row *store.Row
	if len(rows) == 1 && rows[0].Values[deletedField] == nil {
		row = rows[0]
	}
	if len(c.actual) > maxRelated {
		clear(c.actual)
	}
	c.actual[key] = row
	return row, nil
}

// record journals one changed record.
func (c *change) record(ctx context.Context, verb string, o *schema.Object, old, row *store.Row, state [32]byte) error {
	sealed, err := c.d.data.SealPatch(ctx, o, row.ID, row.Subject, store.Diff(o, old, row), c.from())
	if err != nil {
		return err
	}
	// Made after the row was written: the transaction holds the row, so entries about one record are
	// numbered in the order of its versions.
	e := c.entry(verb, o.Name)
	e.Time = int64(c.at)                                                                  // the record says the same of itself, and a change set happens at once
	e.Record, e.Version, e.ChangeSet, e.State = row.ID, uint64(row.Version), c.set, state //nolint:gosec // counts up
	if sealed != nil {
		e.Sealed = journal.Digest(sealed)
	}
	c.n++
	c.touched[o.Name] = true
	delete(c.related, ref{o.ID, row.ID})
	delete(c.actual, ref{o.ID, row.ID})
	return c.journal(ctx, e, sealed)
}

// journal takes an entry of the change. It is in the transaction after the next leave, at the latest in
// finish: many are left there with one statement.
func (c *change) journal(ctx context.Context, e *journal.Entry, sealed []byte) error {
	if c.entries = append(c.entries, store.Pending{Entry: *e, Sealed: sealed}); len(c.entries) < store.Together {
		return nil
	}
	return c.leave(ctx)
}

// leave leaves the entries made so far in the transaction.
func (c *change) leave(ctx context.Context) error {
	list := c.entries
	c.entries = c.entries[:0]
	return c.d.log.Append(ctx, c.tx, list...)
}

// insert stores a new record whose values are complete.
func (c *change) insert(ctx context.Context, o *schema.Object, row *store.Row) error {
	if err := c.checkUnique(ctx, o, nil, row); err != nil {
		return err
	}
	state, err := c.d.data.Insert(ctx, c.tx, o, row)
	if err != nil {
		return err
	}
	return c.record(ctx, "create", o, nil, row, state)
}

// update stores a changed record.
func (c *change) update(ctx context.Context, verb string, o *schema.Object, old, row *store.Row) error {
	if err := c.checkUnique(ctx, o, old, row); err != nil {
		return err
	}
	row.Version = old.Version + 1
	c.stampSystem(row, false)
	state, err := c.d.data.Update(ctx, c.tx, o, old, row)
	if err != nil {
		return err
	}
	return c.record(ctx, verb, o, old, row, state)
}

// load reads a record for changing it: its version must be the one that the caller knows (0: any),
// and the session must have the verb on it.
func (c *change) load(ctx context.Context, o *schema.Object, rid id.ID, version int64, verb policy.Verb, deleted bool) (*store.Row, error) {
	row, found, err := c.d.data.Get(ctx, c.tx, o, rid)
	if err != nil {
		return nil, err
	}
	if !found || (row.Values[deletedField] != nil) != deleted {
		return nil, notFound(o.Name)
	}
	cond, err := c.v.condition(o.Name, verb)
	if err != nil {
		return nil, err
	}
	may, err := c.v.holds(cond, o, row)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, c.refuse(ctx, verb, o, row)
	}
	if version != 0 && version != row.Version {
		return nil, fault.New(fault.Stale, "stale", "somebody changed this record meanwhile: read it again")
	}
	return row, nil
}

// refuse answers that the verb is not allowed: where the session sees the record, absence would lie.
func (c *change) refuse(ctx context.Context, verb policy.Verb, o *schema.Object, row *store.Row) error {
	answer := c.denied(ctx, verb, o, row.ID)
	seen, err := c.v.holds(c.v.visible(o.Name), o, row)
	if err != nil {
		return err
	}
	if seen && fault.Is(answer, fault.NotFound) {
		return fault.New(fault.Forbidden, "forbidden", "you may see this %s but not %s it", o.Name, verb)
	}
	return answer
}

// checkUnique refuses values that another living record has in a unique field.
func (c *change) checkUnique(ctx context.Context, o *schema.Object, old, row *store.Row) error {
	for i := range o.Fields {
		f := &o.Fields[i]
		v := row.Values[f.ID]
		if !f.Unique || v == nil || old != nil && old.Values[deletedField] == nil && slices.Equal(f.Encode(old.Values[f.ID]), f.Encode(v)) {
			continue
		}
		taken, err := c.d.data.Taken(ctx, c.tx, o, f, v, row.ID)
		if err != nil {
			return err
		}
		if taken {
			e := fault.InField(f.Name, "taken", "another %s has this already", o.Name)
			e.Kind = fault.Conflict
			return e
		}
	}
	return nil
}
