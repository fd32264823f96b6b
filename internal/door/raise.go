package door

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// raiseRows is how many rows one transaction seals: others write in between.
const raiseRows = 100

// raiseEvery is how often this node looks for what another one left undone.
const raiseEvery = 5 * time.Second

// raises reports whether a definition seals what was stored otherwise.
func raises(was, o *schema.Object) bool {
	if was == nil {
		return false
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		if old := was.FieldByID(f.ID); old != nil && len(f.Was) > len(old.Was) {
			return true
		}
	}
	return false
}

// keepRaising seals what is stored as the class of a field was before it was raised, until Close.
func (d *Door) keepRaising() {
	defer d.stopped.Done()
	ctx := context.Background()
	d.report("raising", d.leftovers(ctx))
	look := time.NewTicker(raiseEvery)
	defer look.Stop()
	for {
		for more := true; more; {
			select {
			case <-d.quit:
				return
			default:
			}
			var err error
			if more, err = d.Raise(ctx); err != nil {
				d.report("raising", err)
				break
			}
		}
		select {
		case <-d.quit:
			return
		case <-d.raise:
		case <-look.C:
		}
	}
}

func (d *Door) wakeRaising() {
	select {
	case d.raise <- struct{}{}:
	default:
	}
}

// leftovers looks for values that a node wrote in the clear which had not heard yet that their field is
// encrypted: they are read as what they are, and sealed now.
func (d *Door) leftovers(ctx context.Context) error {
	for _, o := range d.Schema().Objects() {
		clear := false
		for i := range o.Fields {
			clear = clear || o.Fields[i].Left() != nil
		}
		if !clear {
			continue
		}
		found, err := d.data.Leftover(ctx, o)
		if err != nil {
			return err
		}
		if found {
			if err := d.data.DB().Write(ctx, func(tx *sqldb.Tx) error { return d.data.BeginRaising(ctx, tx, o) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// Raise seals the next rows that are stored as the class of a field was before it was raised, and reports
// whether there may be more. It goes on where it, or another process, was interrupted. Each row gets an
// entry in the journal, because what is stored of it changes; values, history and the time of the last
// change stay. A whole pass without a find ends it, and is in the journal too.
func (d *Door) Raise(ctx context.Context) (more bool, err error) {
	defer fault.Op(&err, "door.Raise")
	d.raising.Lock()
	defer d.raising.Unlock()
	r, err := d.data.NextRaising(ctx)
	if err != nil || r == nil {
		return false, err
	}
	o := d.Schema().ObjectByID(r.Object)
	if o == nil {
		return false, nil // of a definition that this node has not heard of
	}
	rows, last, err := d.data.Stale(ctx, d.data.DB(), o, r.After, raiseRows)
	if err != nil {
		return false, err
	}
	s := d.As(authn.Sealer(), ViaJob)
	if last.IsZero() && len(rows) == 0 && !r.Found {
		return true, s.endRaising(ctx, o, r)
	}
	a, err := s.access(ctx)
	if err != nil {
		return false, err
	}
	_, err = s.change(ctx, a, kindDefine, false, [16]byte{}, func(c *change) error {
		next := *r
		now, err := d.data.StillStale(ctx, c.tx, o, rows)
		if err != nil {
			return err
		}
		for _, row := range now {
			if err := c.reseal(ctx, o, row); err != nil {
				return err
			}
		}
		next.After, next.Rows = last, r.Rows+int64(len(now))
		// At the end from the beginning, until nothing is found: somebody may have written meanwhile who
		// had not heard of it.
		next.Found = !last.IsZero() && (r.Found || len(now) > 0)
		return d.data.MoveRaising(ctx, c.tx, &next)
	})
	return true, err
}

// reseal stores a row anew as its fields' classes want it.
func (c *change) reseal(ctx context.Context, o *schema.Object, old *store.Row) error {
	row := old.Clone()
	row.Version = old.Version + 1
	state, err := c.d.data.Update(ctx, c.tx, o, old, row)
	if err != nil {
		return err
	}
	sealed, err := c.d.data.SealPatch(ctx, o, row.ID, row.Subject, store.Patch{}, c.from())
	if err != nil {
		return err
	}
	e := c.entry("seal", o.Name)
	e.Time = int64(c.at)
	e.Record, e.Version, e.ChangeSet, e.State = row.ID, uint64(row.Version), c.set, state //nolint:gosec // counts up
	if sealed != nil {
		e.Sealed = journal.Digest(sealed)
	}
	c.n++
	return c.journal(ctx, e, sealed)
}

// endRaising has the database let go of what it held in the clear, and says in the journal that it is
// done.
func (s *Session) endRaising(ctx context.Context, o *schema.Object, r *store.Raising) error {
	if err := s.d.data.DB().Vacuum(ctx, o.Table()); err != nil {
		return err
	}
	var names []string
	for i := range o.Fields {
		if len(o.Fields[i].Was) > 0 {
			names = append(names, o.Fields[i].Name)
		}
	}
	e := s.entry("sealed", o.Name)
	e.Count = uint64(max(r.Rows, 0)) //nolint:gosec // not negative
	if err := s.durable(ctx, e, fmt.Sprintf("%s: no value is left in the clear", strings.Join(names, ", "))); err != nil {
		return err
	}
	return s.d.data.DB().Write(ctx, func(tx *sqldb.Tx) error { return s.d.data.EndRaising(ctx, tx, r) })
}
