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
func (a *aside) put(ctx context.Context, tx *sqldb.Tx, s *Store, list []*taken) error {
	known, next, err := a.numbers(ctx, tx, list)
	if err != nil {
		return err
	}
	numbers := make([]int64, len(list))
	var fresh [][]any
	for i, r := range list {
		n, found := known[r.id]
		switch {
		case !found:
			next++
			n = next
			fresh = append(fresh, append([]any{n, r.id.Bytes()}, r.values...))
		case a.update != "":
			if _, err := tx.Exec(ctx, a.update, append(slices.Clip(r.values), n)...); err != nil {
				return err
			}
		}
		numbers[i] = n
		if err := a.putOpen(ctx, tx, s, r); err != nil {
			return err
		}
	}
	if err := insertAll(ctx, tx, a.insert, fresh); err != nil || len(a.words) == 0 {
		return err
	}
	for i, r := range list {
		if _, found := known[r.id]; found {
			if _, err := tx.Exec(ctx, a.forget, numbers[i]); err != nil {
				return err
			}
		}
		if r.deleted {
			continue // what is in the bin is not searched
		}
		if _, err := tx.Exec(ctx, a.index, append([]any{numbers[i]}, r.words...)...); err != nil {
			return err
		}
	}
	return nil
}

// numbers returns the numbers of the records that are known, and the highest one of any.
func (a *aside) numbers(ctx context.Context, tx *sqldb.Tx, list []*taken) (known map[id.ID]int64, last int64, err error) {
	known = map[id.ID]int64{}
	for part := range slices.Chunk(list, 500) {
		ids := make([]any, len(part))
		for i, r := range part {
			ids[i] = r.id.Bytes()
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
func (a *aside) putOpen(ctx context.Context, tx *sqldb.Tx, s *Store, r *taken) error {
	if r.open == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, "DELETE FROM "+a.object.Table()+" WHERE id = ?", r.id.Bytes()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, s.layouts.of(a.object).insert, append([]any{r.id.Bytes()}, r.open...)...)
	return err
}
