package store

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// feedEntries is how many entries one step reads, and feedRecords how many records one of rebuilding.
const (
	feedEntries = 4000
	feedRecords = 1000
)

// Feed takes in what changed, one step, and reports whether there is more to do.
func (p *Aside) Feed(ctx context.Context, s *Store, log *Log, sch *schema.Schema) (more bool, err error) {
	defer fault.Op(&err, "store.Feed")
	p.mu.Lock()
	defer p.mu.Unlock()
	head, err := log.Head(ctx)
	if err != nil {
		return false, err
	}
	if p.cursor < head.Size {
		return p.take(ctx, s, log, sch, head.Size)
	}
	if !p.pending {
		return false, nil
	}
	return true, p.rebuild(ctx, s)
}

// intake is what one step takes in: the records that some entries are about, as they are.
type intake struct {
	from, to uint64
	of       map[*aside][]*taken
}

// taken is a record as it is kept aside.
type taken struct {
	id      id.ID
	deleted bool
	values  []any // of aside.names
	words   []any // of aside.words
	open    []any // of the copy of its open columns; nil where there is none
}

// take brings the records that the next entries are about up to date. Meanwhile it reads what the
// step after it takes in: records are read and decrypted in about half the time in which they are
// written. Reading early loses nothing, because what changes after it has an entry further on.
func (p *Aside) take(ctx context.Context, s *Store, log *Log, sch *schema.Schema, size uint64) (more bool, err error) {
	now := p.ahead
	p.ahead = nil
	if now == nil || now.from != p.cursor {
		if now, err = p.read(ctx, s, log, sch, p.cursor, size); err != nil {
			return false, err
		}
	}
	var next *intake
	var reading sync.WaitGroup
	if now.to < size {
		reading.Go(func() { next, _ = p.read(ctx, s, log, sch, now.to, size) }) // what fails is tried again by the next step
	}
	err = p.db.Write(ctx, func(tx *sqldb.Tx) error {
		for a, list := range now.of {
			if err := a.put(ctx, tx, s, list); err != nil {
				return err
			}
		}
		return p.move(ctx, tx, log, now.to)
	})
	reading.Wait()
	if err != nil {
		return false, err
	}
	p.cursor, p.ahead = now.to, next
	return p.pending || now.to < size, nil
}

// read reads the records that entries from a number on are about.
func (p *Aside) read(ctx context.Context, s *Store, log *Log, sch *schema.Schema, from, size uint64) (*intake, error) {
	in := &intake{from: from, to: min(from+feedEntries, size), of: map[*aside][]*taken{}}
	changed, err := log.changed(ctx, in.from, in.to)
	if err != nil {
		return nil, err
	}
	for name, ids := range changed {
		o := sch.Known(name)
		if o == nil || p.asides[o.ID] == nil {
			continue
		}
		a := p.asides[o.ID]
		rows, err := s.GetMany(ctx, s.db, a.plan, ids)
		if err != nil {
			return nil, err
		}
		in.of[a] = append(in.of[a], p.takenOf(s, a, rows)...) // it may have had another name
	}
	return in, nil
}

// takenOf makes of records what is kept of them, in the order in which they were made.
func (p *Aside) takenOf(s *Store, a *aside, rows []*Row) []*taken {
	slices.SortFunc(rows, func(x, y *Row) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	list := make([]*taken, len(rows))
	for i, r := range rows {
		list[i] = &taken{id: r.ID, deleted: r.Values[deletedField] != nil, values: a.values(r), words: a.text(r)}
		if p.whole {
			open := &Row{ID: r.ID, Version: r.Version, Subject: r.Subject, Values: r.Values}
			list[i].open, _ = s.values(a.object, open)
		}
	}
	return list
}

// changed returns the records that entries from one number to below another are about, by object.
func (l *Log) changed(ctx context.Context, from, to uint64) (map[string][]id.ID, error) {
	rows, err := l.db.Query(ctx, "SELECT object, record FROM journal WHERE seq >= ? AND seq < ? AND changeset IS NOT NULL AND record IS NOT NULL", int64(from), int64(to)) //nolint:gosec // below 2^48
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list, seen := map[string][]id.ID{}, map[id.ID]bool{}
	for rows.Next() {
		var object string
		var raw []byte
		if err := rows.Scan(&object, &raw); err != nil {
			return nil, sqldb.Classify(err)
		}
		rid, err := id.FromBytes(raw)
		if err != nil {
			return nil, err
		}
		if !seen[rid] {
			seen[rid] = true
			list[object] = append(list[object], rid)
		}
	}
	return list, sqldb.Classify(rows.Err())
}

// rebuild reads the next records of the objects that are not complete.
func (p *Aside) rebuild(ctx context.Context, s *Store) error {
	room := feedRecords
	for _, a := range p.asides {
		for !a.done && room > 0 {
			n, err := p.readOn(ctx, s, a, room)
			if err != nil {
				return err
			}
			room -= n
		}
		if !a.done {
			return nil
		}
	}
	p.pending = false
	return nil
}

// readOn reads at most limit further records of an object and returns how many there were.
func (p *Aside) readOn(ctx context.Context, s *Store, a *aside, limit int) (int, error) {
	rows, err := s.following(ctx, a.plan, a.after, limit)
	if err != nil {
		return 0, err
	}
	last, done := a.after, len(rows) < limit
	if len(rows) > 0 {
		last = rows[len(rows)-1].ID
	}
	list := p.takenOf(s, a, rows)
	err = p.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := a.put(ctx, tx, s, list); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE aside SET done = ?, after = ? WHERE object = ?", done, last.Bytes(), int64(a.object.ID))
		return err
	})
	if err == nil {
		a.after, a.done = last, done
	}
	return len(rows), err
}

// following reads the records after one, in the order of identifiers, living and deleted.
func (s *Store) following(ctx context.Context, p *Plan, after id.ID, limit int) ([]*Row, error) {
	st := &sqldb.Statement{}
	st.Text("SELECT ", p.list, " FROM ", p.object.Table(), " t")
	if !after.IsZero() {
		st.Text(" WHERE t.id > ").Bind(after.Bytes())
	}
	st.Text(" ORDER BY t.id LIMIT ").Bind(int64(limit))
	return s.collect(ctx, s.db, p, st)
}
