package store

import (
	"context"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// CountMissing counts the living records without a value in a field that has a column of its own, up to
// CountCap + 1.
func (s *Store) CountMissing(ctx context.Context, o *schema.Object, f *schema.Field) (n int64, err error) {
	_, err = s.db.Row(ctx, "SELECT count(*) FROM (SELECT 1 AS one FROM "+o.Table()+" WHERE "+columnsOf(f)[0].name+" IS NULL AND "+deletedAt+" IS NULL LIMIT ?) c", []any{int64(CountCap + 1)}, &n)
	return n, err
}

// Duplicates returns pairs of living records that have the same value in a field, at most limit of them
// and one pair for a value.
func (s *Store) Duplicates(ctx context.Context, o *schema.Object, f *schema.Field, limit int) ([][2]id.ID, error) {
	col := sortColumn(f)
	rows, err := s.db.Query(ctx, "SELECT v FROM (SELECT "+col+" AS v, count(*) AS n FROM "+o.Table()+" WHERE "+col+" IS NOT NULL AND "+deletedAt+" IS NULL GROUP BY "+col+") g WHERE n > 1 LIMIT ?", int64(limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []any
	for rows.Next() {
		var v any
		if err := rows.Scan(&v); err != nil {
			return nil, sqldb.Classify(err)
		}
		values = append(values, v)
	}
	if err := rows.Err(); err != nil {
		return nil, sqldb.Classify(err)
	}
	var list [][2]id.ID
	for _, v := range values {
		pair, err := s.sharing(ctx, o, col, v)
		if err != nil {
			return nil, err
		}
		list = append(list, pair)
	}
	return list, nil
}

// sharing returns two records that have a value in a column.
func (s *Store) sharing(ctx context.Context, o *schema.Object, col string, v any) (pair [2]id.ID, err error) {
	rows, err := s.db.Query(ctx, "SELECT id FROM "+o.Table()+" WHERE "+col+" = ? AND "+deletedAt+" IS NULL ORDER BY id LIMIT 2", v)
	if err != nil {
		return pair, err
	}
	defer rows.Close()
	for i := 0; rows.Next() && i < 2; i++ {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return pair, sqldb.Classify(err)
		}
		if pair[i], err = id.FromBytes(raw); err != nil {
			return pair, err
		}
	}
	return pair, sqldb.Classify(rows.Err())
}

// DropIndexes takes the unique indexes away that an object had and has no longer. Was is nil for a new
// object.
func (s *Store) DropIndexes(ctx context.Context, tx *sqldb.Tx, was, o *schema.Object) error {
	if was == nil {
		return nil
	}
	for i := range was.Fields {
		old := &was.Fields[i]
		if f := o.FieldByID(old.ID); !old.Unique || f == nil || f.Unique {
			continue
		}
		name := uniqueIndex(o, old)
		if _, err := tx.Exec(ctx, "DELETE FROM structure WHERE name = ?", name); err != nil {
			return err
		}
		if err := tx.DDL(ctx, "DROP INDEX IF EXISTS "+name); err != nil {
			return err
		}
	}
	return nil
}

func uniqueIndex(o *schema.Object, f *schema.Field) string { return o.Table() + "_u_" + sortColumn(f) }
