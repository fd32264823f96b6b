package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Path names a field of the selection's object, or of one that lookups lead to.
type Path struct {
	Via   []string
	Field *schema.Field
}

// Key is something that records are grouped by.
type Key struct {
	Path
	By string // "", or for a date or time: day, week, month, quarter, year
}

// Measure is something computed for each group.
type Measure struct {
	Path
	Op string // count, sum, avg, min, max, count_distinct; count alone needs no field
}

// Group is one row of an aggregate. Keys holds for each key its driver values, or for a bucket an
// int64: days since 1970 for day, weeks since Monday 1969-12-29, months, quarters or years since year 0.
type Group struct {
	Keys     [][]any
	Values   []any // int64 or string as stored; nil for none
	Counts   []int64
	Currency string // of the money measures, when there are any
	Rows     int64
}

// MaxGroups is how many groups an aggregate may have.
const MaxGroups = 10_000

// Aggregate computes the measures for each group, at most MaxGroups+1. Money is never added across
// currencies: the currency becomes part of the group.
func (s *Store) Aggregate(ctx context.Context, db sqldb.Querier, sel *Selection, keys []Key, measures []Measure) ([]Group, error) {
	q := s.newQuery(db, sel)
	var group []string
	q.Text("SELECT count(*)")
	for _, k := range keys {
		cols, err := q.key(k)
		if err != nil {
			return nil, err
		}
		for _, c := range cols {
			q.Text(", ", c)
			group = append(group, c)
		}
	}
	currency, err := q.currency(measures)
	if err != nil {
		return nil, err
	}
	if currency != "" {
		q.Text(", ", currency)
		group = append(group, currency)
	}
	for _, m := range measures {
		text, err := q.measure(m)
		if err != nil {
			return nil, err
		}
		q.Text(", ", text)
	}
	if err := q.where(); err != nil {
		return nil, err
	}
	if len(group) > 0 {
		// By position: a bound value is never the same expression twice for PostgreSQL.
		q.Text(" GROUP BY ")
		for i := range group {
			q.Text(strings.Repeat(", ", min(i, 1)), fmt.Sprint(i+2))
		}
	}
	q.Text(" LIMIT ").Bind(int64(MaxGroups + 1))
	t := s.ticket(db, q)
	if groups, known := s.memo.get(t); known {
		return groups, nil
	}
	groups, err := s.groups(ctx, q, keys, measures, currency != "")
	if err == nil {
		s.memo.put(t, groups)
	}
	return groups, err
}

func (s *Store) groups(ctx context.Context, q *query, keys []Key, measures []Measure, money bool) ([]Group, error) {
	rows, err := q.db.Query(ctx, q.Query(), q.Args()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Group
	for rows.Next() {
		g := Group{Keys: make([][]any, len(keys)), Values: make([]any, len(measures)), Counts: make([]int64, len(measures))}
		dest := []any{&g.Rows}
		for i, k := range keys {
			g.Keys[i] = make([]any, k.width())
			for j := range g.Keys[i] {
				dest = append(dest, &g.Keys[i][j])
			}
		}
		var currency any
		if money {
			dest = append(dest, &currency)
		}
		for i := range measures {
			dest = append(dest, &g.Values[i], &g.Counts[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, sqldb.Classify(err)
		}
		g.Currency, _ = currency.(string)
		list = append(list, g)
	}
	return list, sqldb.Classify(rows.Err())
}

func (k Key) width() int {
	if k.By != "" {
		return 1
	}
	return len(loaded(k.Field))
}

func (q *query) column(p Path, suffix string) (string, error) {
	alias, err := q.Alias(p.Via)
	return alias + "." + p.Field.Column(suffix), err
}

// key returns the columns of a key.
func (q *query) key(k Key) ([]string, error) {
	if k.By == "" {
		var cols []string
		for _, c := range k.Field.Columns() {
			if c.Fold {
				continue
			}
			col, err := q.column(k.Path, c.Suffix)
			if err != nil {
				return nil, err
			}
			cols = append(cols, col)
		}
		return cols, nil
	}
	col, err := q.column(k.Path, "")
	if err != nil {
		return nil, err
	}
	day := col
	if k.Field.Type == schema.Datetime {
		day = floorDiv("("+col+" + "+q.offset(col)+")", "86400000000")
	}
	return []string{q.bucket(day, k.By)}, nil
}

// floorDiv divides downwards; SQL divides towards zero.
func floorDiv(x, by string) string {
	return "((" + x + " - ((" + x + " % " + by + ") + " + by + ") % " + by + ") / " + by + ")"
}

// bucket computes the number of the bucket that a day lies in.
func (q *query) bucket(day, by string) string {
	year, month := "CAST(strftime('%Y', "+day+" * 86400, 'unixepoch') AS INTEGER)", "CAST(strftime('%m', "+day+" * 86400, 'unixepoch') AS INTEGER)"
	if q.d == expr.Postgres {
		date := "(DATE '1970-01-01' + (" + day + ")::int)"
		year, month = "extract(year FROM "+date+")::bigint", "extract(month FROM "+date+")::bigint"
	}
	switch by {
	case "week": // 1970-01-01 was a Thursday
		return floorDiv("("+day+" + 3)", "7")
	case "month":
		return "(" + year + " * 12 + " + month + " - 1)"
	case "quarter":
		return "((" + year + " * 12 + " + month + " - 1) / 3)"
	case "year":
		return year
	}
	return day
}

// offset is the session's distance from UTC in microseconds at the moment in a column. Its clock
// changes become a CASE, because no engine's own time zones are the same as another's.
func (q *query) offset(col string) string {
	zone := q.sel.Session.Location
	if zone == nil {
		return "0"
	}
	var b strings.Builder
	at := time.Date(1990, 1, 1, 0, 0, 0, 0, zone)
	end := q.sel.Session.Now.AddDate(10, 0, 0)
	for n := 0; ; n++ {
		_, seconds := at.Zone()
		_, next := at.ZoneBounds()
		if next.IsZero() || next.After(end) || n == 200 {
			if n == 0 {
				return fmt.Sprint(int64(seconds) * 1e6)
			}
			fmt.Fprintf(&b, " ELSE %d END)", int64(seconds)*1e6)
			return "(CASE" + b.String()
		}
		fmt.Fprintf(&b, " WHEN %s < %d THEN %d", col, next.UnixMicro(), int64(seconds)*1e6)
		at = next
	}
}

// currency returns the column of the currency that money measures are grouped by; "" without any.
func (q *query) currency(measures []Measure) (string, error) {
	for _, m := range measures {
		if m.Field != nil && m.Field.Type == schema.MoneyT && m.Op != "count" && m.Op != "count_distinct" {
			return q.column(m.Path, "c")
		}
	}
	return "", nil
}

// measure returns a measure and how many values went into it.
func (q *query) measure(m Measure) (string, error) {
	if m.Field == nil {
		return "count(*), count(*)", nil
	}
	col, err := q.column(m.Path, "")
	if err != nil {
		return "", err
	}
	count := ", count(" + col + ")"
	switch m.Op {
	case "count":
		return "count(" + col + ")" + count, nil
	case "count_distinct":
		return "count(DISTINCT " + col + ")" + count, nil
	case "min", "max":
		return m.Op + "(" + col + ")" + count, nil
	}
	return "CAST(sum(" + col + ") AS BIGINT)" + count, nil // an average is the sum by the count
}
