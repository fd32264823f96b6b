package store

import (
	"context"
	"slices"

	"github.com/wardbook/wardbook/internal/gram"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// put brings records up to date: first the columns of all, then the words of all. A statement that
// reads makes the index of words write down what it gathered, so that the two in turn for each record
// take five times as long.
func (p *Aside) put(ctx context.Context, tx *sqldb.Tx, s *Store, a *aside, rows []*Row) error {
	known, next, err := a.numbers(ctx, tx, rows)
	if err != nil {
		return err
	}
	numbers := make([]int64, len(rows))
	for i, r := range rows {
		n, found := known[r.ID]
		if !found {
			next++
			n = next
		}
		numbers[i] = n
		if err := p.putColumns(ctx, tx, s, a, r, n, found); err != nil {
			return err
		}
	}
	if len(a.words) == 0 {
		return nil
	}
	for i, r := range rows {
		if _, found := known[r.ID]; found {
			if _, err := tx.Exec(ctx, a.forget, numbers[i]); err != nil {
				return err
			}
		}
		if r.Values[deletedField] != nil {
			continue // what is in the bin is not searched
		}
		if _, err := tx.Exec(ctx, a.index, append([]any{numbers[i]}, a.text(r)...)...); err != nil {
			return err
		}
	}
	return nil
}

// numbers returns the numbers of the records that are known, and the highest one of any.
func (a *aside) numbers(ctx context.Context, tx *sqldb.Tx, rows []*Row) (known map[id.ID]int64, last int64, err error) {
	known = map[id.ID]int64{}
	for part := range slices.Chunk(rows, 500) {
		ids := make([]any, len(part))
		for i, r := range part {
			ids[i] = r.ID.Bytes()
		}
		st := &sqldb.Statement{}
		st.Text(a.find).BindList(ids).Text(")")
		if err := a.number(ctx, tx, st, known); err != nil {
			return nil, 0, err
		}
	}
	_, err = tx.Row(ctx, a.last, nil, &last)
	return known, last, err
}

func (a *aside) number(ctx context.Context, tx *sqldb.Tx, st *sqldb.Statement, known map[id.ID]int64) error {
	found, err := tx.Query(ctx, st.Query(), st.Args()...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var n int64
		var raw []byte
		if err := found.Scan(&n, &raw); err != nil {
			return sqldb.Classify(err)
		}
		rid, err := id.FromBytes(raw)
		if err != nil {
			return err
		}
		known[rid] = n
	}
	return sqldb.Classify(found.Err())
}

// putColumns stores the columns of a record under its number; found says that it was known before.
func (p *Aside) putColumns(ctx context.Context, tx *sqldb.Tx, s *Store, a *aside, r *Row, n int64, found bool) (err error) {
	if p.whole {
		if err := p.putOpen(ctx, tx, s, a.object, r); err != nil {
			return err
		}
	}
	switch {
	case !found:
		_, err = tx.Exec(ctx, a.insert, append([]any{n, r.ID.Bytes()}, a.values(r)...)...)
	case a.update != "":
		_, err = tx.Exec(ctx, a.update, append(a.values(r), n)...)
	}
	return err
}

// Numbers of the system fields owner, team and deleted_at.
const (
	ownerField   = 3
	teamField    = 4
	deletedField = 11
)

// values are the typed columns of a record's personal fields, and copies of those of some others.
func (a *aside) values(r *Row) []any {
	list := make([]any, 0, len(a.names))
	for _, f := range a.fields {
		cols := f.Aside()
		if r.Values[f.ID] == nil {
			list = append(list, make([]any, len(cols))...)
			continue
		}
		stored := f.Store(r.Values[f.ID])
		list = append(list, stored...)
		for range cols[len(stored):] {
			list = append(list, foldOf(stored[0]))
		}
	}
	for _, f := range a.copied {
		list = appendColumns(list, f, columnsOf(f), r.Values[f.ID])
	}
	return list
}

// text are the words of a record, by field.
func (a *aside) text(r *Row) []any {
	list := make([]any, len(a.words))
	for i, f := range a.words {
		v := r.Values[f.ID]
		ref, file := v.(schema.FileRef)
		switch {
		case v == nil:
		case file:
			list[i] = gram.Document(ref.Name)
		case f.Type == schema.Phone:
			list[i] = gram.Digits(f.Words(v))
		default:
			list[i] = gram.Document(f.Words(v))
		}
	}
	return list
}

// putOpen keeps a copy of the columns that are not sealed.
func (p *Aside) putOpen(ctx context.Context, tx *sqldb.Tx, s *Store, o *schema.Object, r *Row) error {
	open := &Row{ID: r.ID, Version: r.Version, Subject: r.Subject, Values: r.Values}
	vals, _ := s.values(o, open)
	if _, err := tx.Exec(ctx, "DELETE FROM "+o.Table()+" WHERE id = ?", r.ID.Bytes()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, s.layouts.of(o).insert, append([]any{r.ID.Bytes()}, vals...)...)
	return err
}
