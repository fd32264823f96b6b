package transfer

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// WriteErrors writes rows that were wrong as they were, with their line and what is wrong, as CSV, so
// that they can be corrected and imported alone. The errors are in the order of the rows.
func WriteErrors(w io.Writer, t *Table, list []RowError) error {
	out := csv.NewWriter(w)
	if err := out.Write(append(slices.Clone(t.Columns), "line", "what is wrong")); err != nil {
		return err
	}
	next := 0
	err := t.Each(nil, func(n int, r *Row) error {
		row := make([]string, len(t.Columns), len(t.Columns)+2)
		var reasons []string
		for ; next < len(list) && list[next].Row == n; next++ {
			for _, f := range list[next].Fields {
				reasons = append(reasons, f.Name+": "+f.Message)
			}
		}
		if len(reasons) == 0 {
			return nil
		}
		for i, cell := range r.Cells {
			row[i] = guard(unguard(cell))
		}
		return out.Write(append(row, strconv.Itoa(r.Line), strings.Join(reasons, "; ")))
	})
	out.Flush()
	if err != nil {
		return err
	}
	return out.Error()
}

// With returns the plan with what the other one says: where both say something, the other one wins.
func (p Plan) With(q Plan) Plan {
	out := p
	out.Object, out.DryRun, out.Progress = q.Object, q.DryRun, q.Progress
	out.Map, out.Values = maps.Clone(p.Map), maps.Clone(p.Values)
	if out.Map == nil {
		out.Map = map[string]string{}
	}
	if out.Values == nil {
		out.Values = map[string]map[string]string{}
	}
	maps.Copy(out.Map, q.Map)
	maps.Copy(out.Values, q.Values)
	for _, x := range []struct {
		to   *string
		from string
	}{{&out.Mode, q.Mode}, {&out.Key, q.Key}, {&out.Duplicates, q.Duplicates}, {&out.Dates, q.Dates}, {&out.Currency, q.Currency}} {
		if x.from != "" {
			*x.to = x.from
		}
	}
	if len(q.Nulls) > 0 {
		out.Nulls = q.Nulls
	}
	out.CreateMissing = p.CreateMissing || q.CreateMissing
	out.NewOptions = p.NewOptions || q.NewOptions
	out.Strict = p.Strict || q.Strict
	return out
}
