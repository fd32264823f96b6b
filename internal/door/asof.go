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
// is decided by what it is now. The journal must hold every change of the row as it was read.
func (s *Session) rowAsOf(ctx context.Context, o *schema.Object, row *store.Row, at time.Time) (*store.Row, error) {
	made, _ := row.Values[createdAt].(schema.Time)
	if int64(made) > at.UnixMicro() {
		return nil, nil
	}
	past := row.Clone()
	if err := s.turnBackTo(ctx, o, past, at); err != nil {
		return nil, err
	}
	if past.Version == 0 || past.Values[deletedField] != nil {
		return nil, nil
	}
	return past, nil
}

// turnBackTo undoes the changes of a row since a moment; version 0 says that it was not there.
func (s *Session) turnBackTo(ctx context.Context, o *schema.Object, row *store.Row, at time.Time) error {
	if unchangedSince(row, at) {
		return nil
	}
	entries, err := s.d.log.Find(ctx, 0, maxBack+1, store.Plain("record = ? AND changeset IS NOT NULL AND at > ?", row.ID.Bytes(), at.UnixMicro()))
	if err != nil {
		return err
	}
	if len(entries) > maxBack {
		return tooFarBack()
	}
	for _, entry := range entries {
		if err := s.turnBack(ctx, o, row, entry); err != nil {
			return err
		}
	}
	return nil
}

// unchangedSince reports whether a row is still what it was at a moment: its changes and their entries
// bear the time when their transaction began.
func unchangedSince(row *store.Row, at time.Time) bool {
	moved, _ := row.Values[updatedAt].(schema.Time)
	return int64(moved) <= at.UnixMicro()
}

func tooFarBack() error {
	return fault.New(fault.TooLarge, "too_far_back", "more than %d changes lie between then and now: choose a later moment", maxBack)
}

// turnBack undoes the last change of a row in memory. A change that is not its last is left alone. Where the values were erased with a person's keys, nothing is known of the row from there
// on backwards.
func (s *Session) turnBack(ctx context.Context, o *schema.Object, row *store.Row, entry *journal.Row) error {
	e, err := journal.DecodeBody(entry.Body)
	if err != nil {
		return err
	}
	if int64(e.Version) != row.Version { //nolint:gosec // counts up
		return nil // made after the row was read or, by a clock that was ahead, before one that is past
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
	links := linksOf(sch, f, row.Values[f.ID])
	if len(links) == 0 {
		return nil
	}
	// Whoever may see that person: it is about a key and shows nothing.
	rows, err := s.d.data.GetMany(ctx, s.d.data.DB(), store.NewPlan(sch.ObjectByID(links[0].object), []*schema.Field{}), []id.ID{links[0].id})
	if err == nil && len(rows) == 1 {
		row.Subject = rows[0].Subject
	}
	return err
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
	// First those that did not change, then those that did: what changes in between is among both, and
	// as it was either way.
	unchanged, err := s.unchanged(ctx, l, q.Limit+1)
	if err != nil {
		return nil, err
	}
	past, err := s.pastRows(ctx, l)
	if err != nil {
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

// unchanged reads rows that did not change since the moment, as many as wanted if there are.
func (s *Session) unchanged(ctx context.Context, l *listing, want int) (rows []*store.Row, err error) {
	for after := l.after; len(rows) < want; {
		batch, places, err := s.d.data.List(ctx, s.d.data.DB(), l.sel, l.sh.plan, nil, after, want)
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			if row != nil && unchangedSince(row, l.asOf) {
				rows = append(rows, row)
			}
		}
		if len(batch) < want {
			break
		}
		after = places[len(places)-1]
	}
	return rows, nil
}

// pastRows returns the records that changed since the moment, as they were then; nil for one that was
// not there, that the filter does not match, or that the session may not see now.
func (s *Session) pastRows(ctx context.Context, l *listing) (map[id.ID]*store.Row, error) {
	ids, err := s.d.data.ChangedSince(ctx, s.d.data.DB(), l.o, l.asOf.UnixMicro(), maxBack+1)
	if err != nil {
		return nil, err
	}
	if len(ids) > maxBack {
		return nil, tooFarBack()
	}
	rows, err := s.d.data.GetMany(ctx, s.d.data.DB(), store.NewPlan(l.o, nil), ids)
	if err != nil {
		return nil, err
	}
	if err := s.d.flush(ctx, true); err != nil { // after the rows were read: the journal knows how they came to be
		return nil, err
	}
	past := make(map[id.ID]*store.Row, len(ids))
	for _, now := range rows {
		if past[now.ID], err = s.past(ctx, l, now); err != nil {
			return nil, err
		}
	}
	return past, nil
}

// past returns a row as it was, if the session may see it and the filter matches it.
func (s *Session) past(ctx context.Context, l *listing, now *store.Row) (*store.Row, error) {
	if seen, err := s.seesPast(l.v, l.o, now); err != nil || !seen {
		return nil, err
	}
	row, err := s.rowAsOf(ctx, l.o, now, l.asOf)
	if err != nil || row == nil {
		return nil, err
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
