package store

import (
	"strings"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// Order is one key of a list's order.
type Order struct {
	Field *schema.Field // nil: the identifier, which is the order of creation
	Desc  bool
}

// Place is where a page ended: the last row's sort values and identifier.
type Place struct {
	Values []any // driver values of the sort columns; nil for an absent one
	ID     id.ID
}

type sortKey struct {
	column string
	desc   bool
	needed bool // never NULL
}

// sortKeys ends the order with the identifier, in the direction of the key before it, so that an
// index on (column, id) serves both.
func (q *query) sortKeys(order []Order) ([]sortKey, error) {
	if q.ranked {
		// By the row of the index alone, so that it is read in order; the second key is never asked.
		return []sortKey{{column: "w.rowid", desc: true, needed: true}, {column: "t.id", desc: true, needed: true}}, nil
	}
	var keys []sortKey
	desc := true // newest first
	for _, o := range order {
		desc = o.Desc
		if o.Field == nil {
			break
		}
		column := "t." + sortColumn(o.Field)
		if len(o.Field.Aside()) > 0 {
			a, err := q.Aside(nil)
			if err != nil {
				return nil, err
			}
			column = a + "." + asideColumn(o.Field)
		}
		keys = append(keys, sortKey{column: column, desc: o.Desc})
	}
	return append(keys, sortKey{column: "t.id", desc: desc, needed: true}), nil
}

// orderBy writes the order. An absent value is the smallest on both engines.
func (q *query) orderBy(keys []sortKey) string {
	if q.ranked {
		return keys[0].column + " DESC"
	}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k.column
		switch {
		case k.desc && q.d == expr.Postgres && !k.needed:
			parts[i] += " DESC NULLS LAST"
		case k.desc:
			parts[i] += " DESC"
		case q.d == expr.Postgres && !k.needed:
			parts[i] += " NULLS FIRST"
		}
	}
	return strings.Join(parts, ", ")
}

// after is the condition that a row comes after a place in the order.
func (q *query) after(keys []sortKey, at *Place) string {
	if q.ranked {
		return q.further(keys[0], at.Values[0])
	}
	var alternatives []string
	var same []string
	for i, k := range keys {
		var v any = at.ID.Bytes()
		if i < len(at.Values) {
			v = at.Values[i]
		}
		if further := q.further(k, v); further != "" {
			alternatives = append(alternatives, strings.Join(append(append([]string(nil), same...), further), " AND "))
		}
		switch {
		case i == len(keys)-1: // PostgreSQL refuses a value that is bound and not used
		case v == nil:
			same = append(same, k.column+" IS NULL")
		default:
			same = append(same, k.column+" = "+q.Mark(v))
		}
	}
	text := "((" + strings.Join(alternatives, ") OR (") + "))"
	if first := at.Values; len(first) > 0 && first[0] != nil && !keys[0].desc { // a bound for the index
		text = keys[0].column + " >= " + q.Mark(first[0]) + " AND " + text
	}
	return text
}

func (q *query) further(k sortKey, v any) string {
	switch {
	case v == nil && k.desc:
		return ""
	case v == nil:
		return k.column + " IS NOT NULL"
	case k.desc && k.needed:
		return k.column + " < " + q.Mark(v)
	case k.desc:
		return "(" + k.column + " < " + q.Mark(v) + " OR " + k.column + " IS NULL)"
	}
	return k.column + " > " + q.Mark(v)
}
