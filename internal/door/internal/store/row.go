package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"slices"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Row is a record as stored, its personal fields opened. Values are in the types of package schema,
// by field number; an absent value is not in the map.
type Row struct {
	ID      id.ID
	Version int64
	Subject id.ID             // whose keys seal it; zero: the organisation's
	Values  map[uint32]any    // fields that are not sealed in a cell
	Cells   map[uint32][]byte // restricted and secret fields, still sealed
	Erased  bool              // the subject's keys were destroyed: personal fields are gone for ever
	sealed  []byte            // the stored blob of personal fields
	left    map[uint32]any    // values as they lie in the clear, from before their fields were encrypted
	stale   bool              // it holds a value as its field was before it was raised to a higher class
}

// Clone returns a copy whose maps can be changed.
func (r *Row) Clone() *Row {
	c := *r
	c.Values, c.Cells = make(map[uint32]any, len(r.Values)), make(map[uint32][]byte, len(r.Cells))
	for k, v := range r.Values {
		c.Values[k] = v
	}
	for k, v := range r.Cells {
		c.Cells[k] = v
	}
	return &c
}

// rowReader reads the rows of a plan one after the other, into the same places.
type rowReader struct {
	plan         *Plan
	rid, subject []byte
	sealed       []byte
	version      int64
	vals, dest   []any
	more         []any // the last of dest, for columns that the plan does not name
}

// reader returns one for rows with further columns.
func (p *Plan) reader(more int) *rowReader {
	s := &rowReader{plan: p, vals: make([]any, p.width)}
	s.dest = append(make([]any, 0, 4+p.width+more), &s.rid, &s.version, &s.subject)
	if p.personal {
		s.dest = append(s.dest, &s.sealed)
	}
	for i := range s.vals {
		s.dest = append(s.dest, &s.vals[i])
	}
	s.dest = append(s.dest, make([]any, more)...)
	s.more = s.dest[len(s.dest)-more:]
	return s
}

// row reads one row; its personal fields are opened by Store.open.
func (s *rowReader) row(rows *sql.Rows) (*Row, error) {
	s.sealed = nil
	if err := rows.Scan(s.dest...); err != nil {
		return nil, sqldb.Classify(err)
	}
	p, vals := s.plan, s.vals
	r := &Row{Version: s.version, Values: make(map[uint32]any, len(p.fields)), sealed: s.sealed}
	var err error
	if r.ID, err = id.FromBytes(s.rid); err != nil {
		return nil, err
	}
	if r.Subject, err = id.FromBytes(s.subject); err != nil {
		return nil, err
	}
	for i, f := range p.fields {
		n := len(p.columns[i])
		if err := r.take(f, p.columns[i], vals[:n]); err != nil {
			return nil, err
		}
		vals = vals[n:]
		n = len(p.left[i])
		if err := r.takeLeft(f, p.left[i], vals[:n]); err != nil {
			return nil, err
		}
		vals = vals[n:]
	}
	return r, nil
}

// setCell keeps a sealed value.
func (r *Row) setCell(n uint32, cell []byte) {
	if r.Cells == nil {
		r.Cells = map[uint32][]byte{}
	}
	r.Cells[n] = cell
}

// take puts the columns of a field into the row.
func (r *Row) take(f *schema.Field, cols []column, vals []any) error {
	if len(vals) == 0 || vals[0] == nil {
		return nil
	}
	if f.Class.Cell() {
		cell, _ := vals[0].([]byte)
		r.setCell(f.ID, cell)
		return nil
	}
	for i, c := range cols {
		if n, isInt := vals[i].(int64); isInt && c.as == schema.StoreBool { // SQLite has no type of its own for it
			vals[i] = n != 0
		}
	}
	v, err := f.Load(vals)
	if err == nil && v != nil {
		r.Values[f.ID] = v
	}
	return err
}

// open decrypts the personal fields of rows, fetching the keys of all at once.
func (s *Store) open(ctx context.Context, p *Plan, rows []*Row) error {
	o := p.object
	var want []id.ID
	for _, r := range rows {
		if len(r.sealed) > 0 || r.stale {
			want = append(want, r.Subject)
		}
	}
	if len(want) == 0 {
		return nil
	}
	keys, err := s.keys.Load(ctx, want)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if len(r.sealed) == 0 && !r.stale {
			continue
		}
		pair, found := keys[r.Subject]
		if !found {
			r.Erased = true
			r.forgetLeft(o)
			continue
		}
		if len(r.sealed) > 0 {
			blob, err := seal.Open(pair.Personal, seal.Personal, s.address(o, r, 0), r.sealed)
			if err != nil {
				return damagedRow(err)
			}
			if err := r.unpack(p, blob); err != nil {
				return err
			}
		}
		if err := s.raise(o, r, pair); err != nil {
			return err
		}
	}
	return nil
}

func damagedRow(err error) error {
	return fault.Wrap(fault.Unavailable, err, "damaged_record", "a record is damaged or was altered outside of Wardbook; run wardbook doctor and restore a backup")
}

func (r *Row) unpack(p *Plan, blob []byte) error {
	parts, err := seal.Unpack(blob)
	if err != nil {
		return damagedRow(err)
	}
	for n, b := range parts {
		f := p.object.FieldByID(n)
		if f == nil || !p.wants(n) {
			continue // not asked for; or a field of a newer definition: another node is ahead of this one
		}
		v, err := f.Decode(b)
		if err != nil {
			return damagedRow(err)
		}
		if v != nil {
			r.Values[n] = v
			r.stale = r.stale || f.Class.Cell()
		}
	}
	return nil
}

func (s *Store) address(o *schema.Object, r *Row, field uint32) seal.Address {
	return seal.Address{Org: s.org, Table: o.ID, Row: r.ID, Field: field, Subject: r.Subject}
}

// keyVersion is the version of a person's keys: they are destroyed, never rotated.
const keyVersion = 1

// sealPersonal makes the blob of a row's personal fields.
func (s *Store) sealPersonal(ctx context.Context, o *schema.Object, r *Row) error {
	parts := map[uint32][]byte{}
	for i := range o.Fields {
		f := &o.Fields[i]
		if v := r.Values[f.ID]; v != nil && f.Class == schema.Personal {
			parts[f.ID] = f.Encode(v)
		}
	}
	r.sealed = nil
	if len(parts) == 0 {
		return nil
	}
	pair, err := s.pair(ctx, r.Subject)
	if err != nil {
		return err
	}
	r.sealed = seal.Seal(s.rand, pair.Personal, keyVersion, seal.Personal, s.address(o, r, 0), seal.Pack(parts))
	return nil
}

func (s *Store) pair(ctx context.Context, subject id.ID) (PersonKeys, error) {
	pair, found, err := s.keys.One(ctx, subject)
	if err == nil && !found {
		err = fault.New(fault.Conflict, "erased", "this person's data was erased for good: it cannot be changed")
	}
	return pair, err
}

// SealCell seals a value of a restricted or secret field for a row; nil for an absent value.
func (s *Store) SealCell(ctx context.Context, o *schema.Object, r *Row, f *schema.Field, v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	if f.Class == schema.Secret {
		version, key := s.ring().Current(seal.KEKSecret)
		return seal.Seal(s.rand, key, version, seal.Secret, s.address(o, r, f.ID), f.Encode(v)), nil
	}
	pair, err := s.pair(ctx, r.Subject)
	if err != nil {
		return nil, err
	}
	key, err := pair.Restricted()
	if err != nil {
		return nil, err
	}
	return seal.Seal(s.rand, key, keyVersion, seal.Restricted, s.address(o, r, f.ID), f.Encode(v)), nil
}

// OpenCell opens a restricted field of a row. A secret is never opened here.
func (s *Store) OpenCell(ctx context.Context, o *schema.Object, r *Row, f *schema.Field) (any, error) {
	cell := r.Cells[f.ID]
	switch {
	case f.Class != schema.Restricted:
		return nil, nil
	case len(cell) == 0:
		return r.Values[f.ID], nil // of a time before the field was raised, read from the journal
	}
	pair, err := s.pair(ctx, r.Subject)
	if err != nil {
		return nil, err
	}
	key, err := pair.Restricted()
	if err != nil {
		return nil, err
	}
	b, err := seal.Open(key, seal.Restricted, s.address(o, r, f.ID), cell)
	if err != nil {
		return nil, damagedRow(err)
	}
	return f.Decode(b)
}

// values returns the driver values of all columns of a row but id, in the order of the fields, and a
// digest of everything stored: the state that a journal entry vouches for.
func (s *Store) values(o *schema.Object, r *Row) (vals []any, state [32]byte) {
	lay := s.layouts.of(o)
	vals = append(make([]any, 0, len(lay.names)), r.Version, r.Subject.Bytes(), blob(r.sealed))
	digest := binary.BigEndian.AppendUint64(slices.Concat(r.ID[:], r.Subject[:]), uint64(r.Version)) //nolint:gosec // counts up
	digest = appendPart(digest, 0, r.sealed)
	for i := range o.Fields {
		f := &o.Fields[i]
		cols := lay.columns[i]
		if f.Class.Cell() && len(cols) > 0 {
			vals = append(vals, blob(r.Cells[f.ID]))
			digest = appendPart(digest, f.ID, r.Cells[f.ID])
		}
		if f.Class.Sealed() {
			if v := r.left[f.ID]; v != nil {
				digest = appendPart(digest, f.ID, f.Encode(v))
			}
			continue
		}
		if len(cols) == 0 {
			continue
		}
		v := r.Values[f.ID]
		vals = appendColumns(vals, f, cols, v)
		digest = appendPart(digest, f.ID, f.Encode(v))
	}
	return vals, journal.Digest(digest)
}

// appendColumns appends the driver values of a field's columns.
func appendColumns(vals []any, f *schema.Field, cols []column, v any) []any {
	stored := f.Store(v)
	vals = append(vals, stored...)
	for range cols[len(stored):] {
		vals = append(vals, foldOf(stored[0]))
	}
	return vals
}

// blob keeps an absent value NULL: a nil []byte in an interface is not nil.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

func appendPart(b []byte, n uint32, part []byte) []byte {
	if len(part) == 0 {
		return b // so that a field added later does not change the digest of older rows
	}
	b = binary.BigEndian.AppendUint32(b, n)
	b = binary.AppendUvarint(b, uint64(len(part)))
	return append(b, part...)
}

func foldOf(v any) any {
	if s, ok := v.(string); ok {
		return expr.Fold(s)
	}
	return nil
}

// Insert stores a new row and returns the digest of its state.
func (s *Store) Insert(ctx context.Context, tx *sqldb.Tx, o *schema.Object, r *Row) (state [32]byte, err error) {
	r.left, r.stale = nil, false
	if err := s.sealPersonal(ctx, o, r); err != nil {
		return state, err
	}
	vals, state := s.values(o, r)
	_, err = tx.Exec(ctx, s.layouts.of(o).insert, slices.Insert(vals, 0, any(r.ID.Bytes()))...)
	return state, err
}

// Raced is the reason of an error when another transaction changed a row between its reading and its
// writing: the transaction can be run again.
const Raced = "raced"

// Update stores a changed row over the version that was read and returns the digest of its state.
// The error has kind Stale and reason Raced when that version is no longer the stored one.
func (s *Store) Update(ctx context.Context, tx *sqldb.Tx, o *schema.Object, old, r *Row) (state [32]byte, err error) {
	if err := s.raiseGiven(ctx, o, r); err != nil {
		return state, err
	}
	if personalChanged(o, old, r) || old.stale && !old.Erased {
		if err := s.sealPersonal(ctx, o, r); err != nil {
			return state, err
		}
	}
	r.left, r.stale = nil, false
	before, _ := s.values(o, old)
	vals, state := s.values(o, r)
	st := &sqldb.Statement{}
	st.Text("UPDATE ", o.Table(), " SET ")
	fresh := map[string]bool{}
	if old.stale { // what was sealed while the row was read is not stored yet, and what it was lies in the clear
		fresh = freshCells(o)
	}
	for i, n := range s.layouts.of(o).names {
		if i == 0 || fresh[n] || !sameColumn(before[i], vals[i]) {
			if i > 0 {
				st.Text(", ")
			}
			st.Text(n, " = ").Bind(vals[i])
		}
	}
	if len(old.left) > 0 {
		for _, n := range leftNames(o) {
			st.Text(", ", n, " = NULL")
		}
	}
	st.Text(" WHERE id = ").Bind(r.ID.Bytes()).Text(" AND version = ").Bind(old.Version)
	n, err := tx.Exec(ctx, st.Query(), st.Args()...)
	if err == nil && n == 0 {
		err = fault.New(fault.Stale, Raced, "somebody changed this record meanwhile: read it again")
	}
	return state, err
}

func personalChanged(o *schema.Object, old, r *Row) bool {
	if old.Subject != r.Subject {
		return true
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Class == schema.Personal && !bytes.Equal(f.Encode(old.Values[f.ID]), f.Encode(r.Values[f.ID])) {
			return true
		}
	}
	return false
}

func sameColumn(a, b any) bool {
	x, isBytes := a.([]byte)
	y, both := b.([]byte)
	if isBytes || both {
		return isBytes == both && bytes.Equal(x, y)
	}
	return a == b
}

// Whole returns the plan that reads every field of an object.
func (s *Store) Whole(o *schema.Object) *Plan { return s.layouts.of(o).whole }

// Get reads one row, whoever may see it; found is false where there is none.
func (s *Store) Get(ctx context.Context, q sqldb.Querier, o *schema.Object, rid id.ID) (*Row, bool, error) {
	list, err := s.GetMany(ctx, q, s.layouts.of(o).whole, []id.ID{rid})
	if err != nil || len(list) == 0 {
		return nil, false, err
	}
	return list[0], true, nil
}

// GetMany reads the rows with the identifiers, in no order, whoever may see them; those that do not
// exist are left out.
func (s *Store) GetMany(ctx context.Context, q sqldb.Querier, p *Plan, ids []id.ID) ([]*Row, error) {
	var list []*Row
	for chunk := range slices.Chunk(ids, 500) {
		st := &sqldb.Statement{}
		st.Text("SELECT ", p.list, " FROM ", p.object.Table(), " t WHERE t.id IN (")
		args := make([]any, len(chunk))
		for i := range chunk {
			args[i] = chunk[i].Bytes()
		}
		st.BindList(args).Text(")")
		got, err := s.collect(ctx, q, p, st)
		if err != nil {
			return nil, err
		}
		list = append(list, got...)
	}
	return list, nil
}

func (s *Store) collect(ctx context.Context, q sqldb.Querier, p *Plan, st *sqldb.Statement) ([]*Row, error) {
	rows, err := q.Query(ctx, st.Query(), st.Args()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*Row
	sc := p.reader(0)
	for rows.Next() {
		r, err := sc.row(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, sqldb.Classify(err)
	}
	return list, s.open(ctx, p, list)
}

// State returns the digest of a row as it is stored, to compare with what the journal vouches for.
func (s *Store) State(o *schema.Object, r *Row) [32]byte {
	_, state := s.values(o, r)
	return state
}
