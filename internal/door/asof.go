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
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// maxBack is how many records may have changed since the moment that a list is read as of.
const maxBack = 10_000

// rowAsOf turns a record back to a moment, change by change; nil where it was not there. Who may see it
// is decided by what it is now.
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
			return nil, nil
		}
		if err := s.turnBack(ctx, o, past, entry); err != nil {
			return nil, err
		}
	}
	if past.Values[deletedField] != nil {
		return nil, nil
	}
	return past, nil
}

func tooFarBack() error {
	return fault.New(fault.TooLarge, "too_far_back", "more than %d changes lie between then and now: choose a later moment", maxBack)
}

// turnBack undoes one change in a row in memory. A change that was made after the row was read is none of
// its own. Where the values were erased with a person's keys, nothing is known of the row from there
// on backwards.
func (s *Session) turnBack(ctx context.Context, o *schema.Object, row *store.Row, entry *journal.Row) error {
	e, err := journal.DecodeBody(entry.Body)
	if err != nil {
		return err
	}
	if int64(e.Version) > row.Version { //nolint:gosec // counts up
		return nil
	}
	row.Version = int64(e.Version) - 1 //nolint:gosec // counts up
	p, erased, err := s.d.data.OpenPatch(ctx, o, row.ID, entry.Sealed)
	if err != nil {
		return err
	}
	if erased || row.Erased {
		row.Values, row.Cells, row.Erased = map[uint32]any{}, map[uint32][]byte{}, true
		return nil
	}
	if err := p.Apply(o, row, false); err != nil {
		return err
	}
	return s.subjectBack(ctx, o, row, p)
}

// subjectBack finds whose keys sealed a row before a patch changed the link to that person. The cells
// that the patch brought back are under those keys.
func (s *Session) subjectBack(ctx context.Context, o *schema.Object, row *store.Row, p store.Patch) error {
	if o.Subject == "" || o.Subject == schema.Self || !slices.Contains(p.Fields(), o.Field(o.Subject).ID) {
		return nil
	}
	row.Subject = id.ID{}
	f, sch := o.Field(o.Subject), s.d.Schema()
	for _, link := range linksOf(sch, f, row.Values[f.ID]) {
		// Whoever may see that person: it is about a key and shows nothing.
		rows, err := s.d.data.GetMany(ctx, s.d.data.DB(), store.NewPlan(sch.ObjectByID(link.object), []*schema.Field{}), []id.ID{link.id})
		if err != nil {
			return err
		}
		if len(rows) == 1 {
			row.Subject = rows[0].Subject
		}
		break
	}
	return nil
}

// listAsOf reads a list as it was at a moment. Records that did not change since come from the
// database; those that did are turned back and judged in memory. The order is that of creation,
// newest first.
func (s *Session) listAsOf(ctx context.Context, l *listing, q Query) (*Page, error) {
	if len(q.Sort) > 0 || q.Count {
		return nil, fault.New(fault.Invalid, "as_of", "as_of: a list of the past is ordered by creation and is not counted; leave out sort and count")
	}
	if q.Deleted {
		return nil, fault.New(fault.Invalid, "as_of", "as_of: the bin of the past cannot be read; leave out deleted")
	}
	past, seen, err := s.pastRows(ctx, l, q.AsOf)
	if err != nil {
		return nil, err
	}
	unchanged, err := s.unchanged(ctx, l, past, q.Limit+1)
	if err != nil {
		return nil, err
	}
	if err := s.changedMeanwhile(ctx, l, past, seen, q.AsOf); err != nil {
		return nil, err
	}
	var rows []*store.Row
	for _, row := range unchanged {
		if _, changed := past[row.ID]; !changed {
			rows = append(rows, row)
		}
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

// unchanged reads rows that did not change since the moment, at least as many as wanted if there are. A
// page that ended early because others of it changed is followed by the next.
func (s *Session) unchanged(ctx context.Context, l *listing, past map[id.ID]*store.Row, want int) (rows []*store.Row, err error) {
	for after, n := l.after, 0; n < want; {
		batch, places, err := s.d.data.List(ctx, s.d.data.DB(), l.sel, l.sh.plan, nil, after, want)
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			if row == nil {
				continue
			}
			rows = append(rows, row)
			if _, changed := past[row.ID]; !changed {
				n++
			}
		}
		if len(batch) < want {
			break
		}
		after = places[len(places)-1]
	}
	return rows, nil
}

// pastRows returns the records that changed since a moment, as they were then; nil for one that was
// not there, that the filter does not match, or that the session may not see now. It knows of the
// entries with numbers below seen.
func (s *Session) pastRows(ctx context.Context, l *listing, at time.Time) (past map[id.ID]*store.Row, seen uint64, err error) {
	if err := s.d.flush(ctx, true); err != nil {
		return nil, 0, err
	}
	head, err := s.d.log.Head(ctx)
	if err != nil {
		return nil, 0, err
	}
	from, err := s.d.log.SeqAt(ctx, at.UnixMicro())
	if err != nil {
		return nil, 0, err
	}
	entries, err := s.changesFrom(ctx, l.o, from, at)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]id.ID, 0, len(entries))
	for rid := range entries {
		ids = append(ids, rid)
	}
	rows, err := s.d.data.GetMany(ctx, s.d.data.DB(), store.NewPlan(l.o, nil), ids)
	if err != nil {
		return nil, 0, err
	}
	past = make(map[id.ID]*store.Row, len(ids))
	for _, rid := range ids {
		past[rid] = nil
	}
	for _, now := range rows {
		if past[now.ID], err = s.past(ctx, l, now, entries[now.ID]); err != nil {
			return nil, 0, err
		}
	}
	return past, head.Size, nil
}

// changedMeanwhile turns back what was changed while the list was read.
func (s *Session) changedMeanwhile(ctx context.Context, l *listing, past map[id.ID]*store.Row, seen uint64, at time.Time) error {
	if err := s.d.flush(ctx, true); err != nil {
		return err
	}
	entries, err := s.changesFrom(ctx, l.o, seen, at)
	if err != nil {
		return err
	}
	for rid := range entries {
		past[rid] = nil
		now, found, err := s.d.data.Get(ctx, s.d.data.DB(), l.o, rid)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if past[rid], err = s.past(ctx, l, now, nil); err != nil {
			return err
		}
	}
	return nil
}

// past returns a row as it was, if the session may see it and the filter matches it. Entries, oldest
// first, are those that changed it since; nil to look for them.
func (s *Session) past(ctx context.Context, l *listing, now *store.Row, entries []*journal.Row) (*store.Row, error) {
	if seen, err := s.seesPast(l.v, l.o, now); err != nil || !seen {
		return nil, err
	}
	row := now.Clone()
	newest := int64(0)
	for _, entry := range slices.Backward(entries) {
		e, err := journal.DecodeBody(entry.Body)
		if err != nil {
			return nil, err
		}
		newest = max(newest, int64(e.Version)) //nolint:gosec // counts up
		if entry.Verb == "create" {
			return nil, nil
		}
		if err := s.turnBack(ctx, l.o, row, entry); err != nil {
			return nil, err
		}
	}
	if newest < now.Version { // changed again before it was read
		var err error
		if row, err = s.rowAsOf(ctx, l.o, now, l.asOf); err != nil || row == nil {
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

// seesPast reports whether the session may see what a record was: it must see what it is, and take it
// back where it is in the bin.
func (s *Session) seesPast(v *viewer, o *schema.Object, now *store.Row) (bool, error) {
	verb := policy.Read
	if now.Values[deletedField] != nil {
		verb = policy.Delete
	}
	cond, err := v.condition(o.Name, verb)
	if err != nil {
		return false, err
	}
	return v.holds(cond, o, now)
}

// changesFrom returns the entries with numbers from `from` on about changes of an object's records
// after a moment, oldest first.
func (s *Session) changesFrom(ctx context.Context, o *schema.Object, from uint64, at time.Time) (map[id.ID][]*journal.Row, error) {
	found := map[id.ID][]*journal.Row{}
	err := s.d.log.Rows(ctx, from, store.Plain("object = ? AND changeset IS NOT NULL AND at > ?", o.Name, at.UnixMicro()), func(row *journal.Row) error {
		found[row.Record] = append(found[row.Record], row)
		if len(found) > maxBack {
			return tooFarBack()
		}
		return nil
	})
	return found, err
}
