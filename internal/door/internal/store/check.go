package store

import (
	"context"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Check reads the rows of an object, or the one named, as they are stored and calls do with the digest
// of each. A row is not sound where a column holds what the store would not have written there, such
// as a folded text that is not that of its text: the digest does not cover that.
func (s *Store) Check(ctx context.Context, db sqldb.Querier, o *schema.Object, only id.ID, do func(rid id.ID, state [32]byte, sound bool)) error {
	st := &sqldb.Statement{}
	lay := s.layouts.of(o)
	list := lay.names
	for _, cols := range lay.left {
		for _, c := range cols {
			list = append(slices.Clone(list), c.name)
		}
	}
	st.Text("SELECT id, ", strings.Join(list, ", "), " FROM ", o.Table())
	if !only.IsZero() {
		st.Text(" WHERE id = ").Bind(only.Bytes())
	}
	st.Text(" ORDER BY id")
	rows, err := db.Query(ctx, st.Query(), st.Args()...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		cols, dest := make([]any, len(list)+1), make([]any, len(list)+1)
		for i := range cols {
			dest[i] = &cols[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return sqldb.Classify(err)
		}
		do(s.check(o, cols))
	}
	return sqldb.Classify(rows.Err())
}

func (s *Store) check(o *schema.Object, cols []any) (rid id.ID, state [32]byte, sound bool) {
	r := &Row{Values: map[uint32]any{}, Cells: map[uint32][]byte{}}
	bytesOf := func(v any) []byte {
		b, _ := v.([]byte)
		return b
	}
	var wrong []error
	note := func(err error) {
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	var err error
	r.ID, err = id.FromBytes(bytesOf(cols[0]))
	note(err)
	r.Version, _ = cols[1].(int64)
	r.Subject, err = id.FromBytes(bytesOf(cols[2]))
	note(err)
	r.sealed = bytesOf(cols[3])
	at, lay := 4, s.layouts.of(o)
	before := 1 + len(lay.names)
	for i := range o.Fields {
		f := &o.Fields[i]
		own := lay.columns[i]
		shown := slices.IndexFunc(own, func(c column) bool { return c.fold })
		if shown < 0 {
			shown = len(own)
		}
		note(r.take(f, own[:shown], cols[at:at+shown]))
		at += len(own)
		n := len(lay.left[i])
		note(r.takeLeft(f, lay.left[i], cols[before:before+n]))
		before += n
	}
	vals, state := s.values(o, r)
	for i, v := range vals {
		if b, isBytes := v.([]byte); isBytes && b == nil {
			v = nil
		}
		if !sameColumn(v, cols[i+1]) {
			return r.ID, state, false
		}
	}
	return r.ID, state, len(wrong) == 0
}
