package door

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/schema"
)

// maxBack is how many records may have changed since the moment that a list is read as of.
const maxBack = 10_000

// rowAsOf turns a record back to a moment, change by change. Who may see it is decided by what it is
// now.
func (s *Session) rowAsOf(ctx context.Context, o *schema.Object, row *store.Row, at time.Time) (*store.Row, error) {
	if err := s.d.flush(ctx, true); err != nil {
		return nil, err
	}
	entries, err := s.d.log.Find(ctx, 0, maxBack+1, store.Plain("record = ? AND changeset IS NOT NULL AND at > ?", row.ID.Bytes(), at.UnixMicro()))
	if err != nil {
		return nil, err
	}
	if len(entries) > maxBack {
		return nil, tooFarBack()
	}
	past := row.Clone()
	for _, entry := range entries {
		if entry.Verb == "create" {
			return nil, notFound(o.Name)
		}
		if err := s.turnBack(ctx, o, past, entry); err != nil {
			return nil, err
		}
	}
	if past.Values[deletedField] != nil {
		return nil, notFound(o.Name)
	}
	return past, nil
}

func tooFarBack() error {
	return fault.New(fault.TooLarge, "too_far_back", "more than %d changes lie between then and now: choose a later moment", maxBack)
}

// turnBack undoes one change in a row in memory.
func (s *Session) turnBack(ctx context.Context, o *schema.Object, row *store.Row, entry *journal.Row) error {
	p, _, err := s.d.data.OpenPatch(ctx, o, row.ID, entry.Sealed)
	if err != nil {
		return err
	}
	row.Version--
	return p.Apply(o, row, false)
}

// listAsOf reads a list as it was at a moment. Records that did not change since come from the
// database; those that did are turned back and judged in memory. The order is that of creation,
// newest first.
func (s *Session) listAsOf(ctx context.Context, l *listing, q Query) (*Page, error) {
	if len(q.Sort) > 0 || q.Count {
		return nil, fault.New(fault.Invalid, "as_of", "as_of: a list of the past is ordered by creation and is not counted; leave out sort and count")
	}
	past, err := s.pastRows(ctx, l, q.AsOf)
	if err != nil {
		return nil, err
	}
	var rows []*store.Row
	after := l.after
	for len(rows) <= q.Limit {
		// The filter may read fields that are not shown: whole rows are read.
		batch, places, err := s.d.data.List(ctx, s.d.data.DB(), l.sel, l.sh.plan, nil, after, q.Limit+1)
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			if row == nil {
				continue
			}
			if _, changed := past[row.ID]; !changed {
				rows = append(rows, row)
			}
		}
		if len(batch) <= q.Limit {
			break
		}
		after = places[len(places)-1]
	}
	for _, row := range past {
		if row != nil && (l.after == nil || bytes.Compare(row.ID[:], l.after.ID[:]) < 0) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b *store.Row) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	page := &Page{}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		page.Next = s.d.sealCursor(&store.Place{ID: rows[q.Limit-1].ID}, l.bind)
	}
	if page.Records, err = s.show(ctx, l.v, l.sh, rows); err != nil {
		return nil, err
	}
	if err := s.journalList(ctx, q, len(page.Records)); err != nil {
		return nil, err
	}
	return page, nil
}

// pastRows returns the records that changed since a moment, as they were then; nil for one that was
// not there, that the filter does not match, or that the session may not see now.
func (s *Session) pastRows(ctx context.Context, l *listing, at time.Time) (map[id.ID]*store.Row, error) {
	entries, err := s.changedSince(ctx, l.o, at)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, 0, len(entries))
	for rid := range entries {
		ids = append(ids, rid)
	}
	rows, err := s.d.data.GetMany(ctx, s.d.data.DB(), store.NewPlan(l.o, nil), ids)
	if err != nil {
		return nil, err
	}
	past := make(map[id.ID]*store.Row, len(ids))
	for _, rid := range ids {
		past[rid] = nil
	}
	for _, now := range rows {
		row, err := s.past(ctx, l, now, entries[now.ID])
		if err != nil {
			return nil, err
		}
		past[now.ID] = row
	}
	return past, nil
}

func (s *Session) past(ctx context.Context, l *listing, now *store.Row, entries []*journal.Row) (*store.Row, error) {
	if seen, err := l.v.holds(l.sel.Where[0], l.o, now); err != nil || !seen {
		return nil, err
	}
	row := now.Clone()
	for _, entry := range slices.Backward(entries) {
		if entry.Verb == "create" {
			return nil, nil
		}
		if err := s.turnBack(ctx, l.o, row, entry); err != nil {
			return nil, err
		}
	}
	if row.Values[deletedField] != nil {
		return nil, nil
	}
	for _, x := range l.sel.Where[1:] {
		if match, err := l.v.holds(x, l.o, row); err != nil || !match {
			return nil, err
		}
	}
	return row, nil
}

// changedSince returns the entries about changes of an object's records after a moment, oldest first.
func (s *Session) changedSince(ctx context.Context, o *schema.Object, at time.Time) (map[id.ID][]*journal.Row, error) {
	if err := s.d.flush(ctx, true); err != nil {
		return nil, err
	}
	from, err := s.d.log.SeqAt(ctx, at.UnixMicro())
	if err != nil {
		return nil, err
	}
	found := map[id.ID][]*journal.Row{}
	err = s.d.log.Rows(ctx, from, store.Plain("object = ? AND changeset IS NOT NULL AND at > ?", o.Name, at.UnixMicro()), func(row *journal.Row) error {
		found[row.Record] = append(found[row.Record], row)
		if len(found) > maxBack {
			return tooFarBack()
		}
		return nil
	})
	return found, err
}
