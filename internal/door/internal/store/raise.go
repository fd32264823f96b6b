package store

import (
	"context"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// A field can be raised to a class that is sealed while records are stored as its class was before. A
// row that was not rewritten since is read as if it had been: what lies in the clear, or among the
// personal fields, is sealed while it is read. Every write of such a row leaves it as the new class wants
// it, and Stale finds those that nobody wrote.

// takeLeft reads a value that lies in the clear from before its field was encrypted.
func (r *Row) takeLeft(f *schema.Field, cols []column, vals []any) error {
	if len(cols) == 0 || vals[0] == nil {
		return nil
	}
	for i, c := range cols {
		if n, isInt := vals[i].(int64); isInt && c.as == schema.StoreBool {
			vals[i] = n != 0
		}
	}
	v, err := f.Load(vals)
	if err != nil || v == nil {
		return err
	}
	if r.left == nil {
		r.left = map[uint32]any{}
	}
	r.left[f.ID], r.stale = v, true
	r.Values[f.ID] = v // what is sealed in the row goes before it
	return nil
}

// forgetLeft drops values of a person who was erased: nothing can be sealed for that person any more.
func (r *Row) forgetLeft(o *schema.Object) {
	for n := range r.left {
		if f := o.FieldByID(n); f != nil {
			delete(r.Values, n)
		}
	}
}

// raise seals what a row holds of fields that have a cell of their own now.
func (s *Store) raise(o *schema.Object, r *Row, pair PersonKeys) error {
	if !r.stale {
		return nil
	}
	key, err := pair.Restricted()
	if err != nil {
		return err
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		v := r.Values[f.ID]
		if v == nil || f.Class != schema.Restricted {
			continue
		}
		delete(r.Values, f.ID)
		if len(r.Cells[f.ID]) == 0 {
			r.setCell(f.ID, seal.Seal(s.rand, key, keyVersion, seal.Restricted, s.address(o, r, f.ID), f.Encode(v)))
		}
	}
	return nil
}

// raiseGiven seals values that were put into a row from the journal, which has them as their fields were
// then.
func (s *Store) raiseGiven(ctx context.Context, o *schema.Object, r *Row) error {
	for i := range o.Fields {
		f := &o.Fields[i]
		v := r.Values[f.ID]
		if v == nil || f.Class != schema.Restricted {
			continue
		}
		cell, err := s.SealCell(ctx, o, r, f, v)
		if err != nil {
			return err
		}
		r.setCell(f.ID, cell)
		delete(r.Values, f.ID)
	}
	return nil
}

// freshCells names the columns of cells that may have been sealed while a row was read.
func freshCells(o *schema.Object) map[string]bool {
	names := map[string]bool{}
	for i := range o.Fields {
		if f := &o.Fields[i]; f.Class.Cell() && len(f.Was) > 0 {
			names[f.CellColumn()] = true
		}
	}
	return names
}

// leftNames are the columns of an object that hold values from before their fields were encrypted,
// those for finding them, too.
func leftNames(o *schema.Object) []string {
	var names []string
	for i := range o.Fields {
		for _, c := range left(&o.Fields[i]) {
			names = append(names, c.name)
		}
	}
	return names
}

// blobbed reports whether values of fields that have a cell of their own now may lie among the personal
// fields: no column tells in which rows.
func blobbed(o *schema.Object) bool {
	return slices.ContainsFunc(o.Fields, func(f schema.Field) bool { return f.Class == schema.Restricted && inBlob(&f) })
}

// Stale reads rows after one, in the order of identifiers, and returns those that hold a value as its
// field was before it was raised. Last is where to go on; the zero ID at the end.
func (s *Store) Stale(ctx context.Context, db sqldb.Querier, o *schema.Object, after id.ID, limit int) (stale []*Row, last id.ID, err error) {
	p := s.layouts.of(o).whole
	st := &sqldb.Statement{}
	st.Text("SELECT ", p.list, " FROM ", o.Table(), " t WHERE ")
	if names := leftNames(o); blobbed(o) || len(names) == 0 {
		st.Text("t.version > 0")
	} else {
		st.Text("(t.", strings.Join(names, " IS NOT NULL OR t."), " IS NOT NULL)")
	}
	if !after.IsZero() {
		st.Text(" AND t.id > ").Bind(after.Bytes())
	}
	st.Text(" ORDER BY t.id LIMIT ").Bind(int64(limit))
	rows, err := s.collect(ctx, db, p, st)
	if err != nil {
		return nil, last, err
	}
	if len(rows) == limit {
		last = rows[limit-1].ID
	}
	return slices.DeleteFunc(rows, func(r *Row) bool { return !r.stale }), last, nil
}

// Leftover reports whether a value of a field that is encrypted lies in the clear.
func (s *Store) Leftover(ctx context.Context, o *schema.Object) (bool, error) {
	var one int64
	return s.db.Row(ctx, "SELECT 1 FROM "+o.Table()+" WHERE "+strings.Join(leftNames(o), " IS NOT NULL OR ")+" IS NOT NULL LIMIT 1", nil, &one)
}

// StillStale returns those of the rows that are stale now.
func (s *Store) StillStale(ctx context.Context, tx *sqldb.Tx, o *schema.Object, rows []*Row) ([]*Row, error) {
	ids := make([]id.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	now, err := s.GetMany(ctx, tx, s.layouts.of(o).whole, ids)
	return slices.DeleteFunc(now, func(r *Row) bool { return !r.stale }), err
}

// Raising is an object whose rows are being rewritten.
type Raising struct {
	Object uint32
	After  id.ID // rows up to it are done
	Rows   int64 // rewritten so far
	Found  bool  // something was found in this pass
}

// BeginRaising has an object's rows looked at from the beginning.
func (s *Store) BeginRaising(ctx context.Context, tx *sqldb.Tx, o *schema.Object) error {
	_, err := tx.Exec(ctx, "INSERT INTO raising (object, after, rewritten, found) VALUES (?, ?, 0, ?) ON CONFLICT (object) DO UPDATE SET after = excluded.after, found = excluded.found", int64(o.ID), nil, false)
	return err
}

// NextRaising returns an object whose rows are being rewritten; nil where there is none.
func (s *Store) NextRaising(ctx context.Context) (*Raising, error) {
	r := &Raising{}
	var object int64
	var after []byte
	found, err := s.db.Row(ctx, "SELECT object, after, rewritten, found FROM raising ORDER BY object LIMIT 1", nil, &object, &after, &r.Rows, &r.Found)
	if err != nil || !found {
		return nil, err
	}
	r.Object = uint32(object) //nolint:gosec // was one
	r.After, err = id.FromBytes(after)
	return r, err
}

// Raisings returns all objects whose rows are being rewritten.
func (s *Store) Raisings(ctx context.Context) ([]Raising, error) {
	rows, err := s.db.Query(ctx, "SELECT object, rewritten FROM raising ORDER BY object")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Raising
	for rows.Next() {
		var object int64
		r := Raising{}
		if err := rows.Scan(&object, &r.Rows); err != nil {
			return nil, sqldb.Classify(err)
		}
		r.Object = uint32(object) //nolint:gosec // was one
		list = append(list, r)
	}
	return list, sqldb.Classify(rows.Err())
}

// MoveRaising keeps how far the rewriting of an object is.
func (s *Store) MoveRaising(ctx context.Context, tx *sqldb.Tx, r *Raising) error {
	_, err := tx.Exec(ctx, "UPDATE raising SET after = ?, rewritten = ?, found = ? WHERE object = ?", r.After.Bytes(), r.Rows, r.Found, int64(r.Object))
	return err
}

// EndRaising says that the rows of an object are rewritten.
func (s *Store) EndRaising(ctx context.Context, tx *sqldb.Tx, r *Raising) error {
	_, err := tx.Exec(ctx, "DELETE FROM raising WHERE object = ?", int64(r.Object))
	return err
}

// cell reports whether bytes of a patch are a sealed cell, and not a value from before its field had one.
func cell(b []byte) bool {
	h, err := seal.ParseHeader(b)
	return err == nil && (h.Scope == seal.Restricted || h.Scope == seal.Secret)
}

// FromBefore reads a value of a patch that is older than the cells of its field; nil where it is a cell.
func (s *Store) FromBefore(f *schema.Field, b []byte) (any, error) {
	if cell(b) {
		return nil, nil
	}
	return f.Decode(b)
}
