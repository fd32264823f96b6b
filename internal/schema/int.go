package schema

import (
	"encoding/json"
	"strconv"
	"strings"
)

// intKind: a whole number that a JavaScript client reads without loss, so below 2^53. The value is an
// int64.
func intKind() *kind {
	read := func(f *Field, s string) (any, error) {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > -1<<53 && n < 1<<53 {
			return n, nil
		}
		return nil, invalid(f, "not_a_number", "want a whole number")
	}
	return &kind{
		columns: []Column{{As: StoreInt}},
		read: func(f *Field, v any) (any, error) {
			n, ok := v.(json.Number)
			if !ok {
				return nil, invalid(f, "not_a_number", "want a whole number without quotes")
			}
			return read(f, n.String())
		},
		parse: func(f *Field, s string) (any, error) {
			s = plainNumber(s)
			if whole, part, ok := strings.Cut(s, "."); ok && strings.Trim(part, "0") == "" {
				s = whole
			}
			return read(f, s)
		},
		show:  func(_ *Field, v any) any { return v },
		text:  func(_ *Field, v any) string { n, _ := v.(int64); return strconv.FormatInt(n, 10) },
		store: func(v any) []any { return []any{v} },
		load: func(cols []any) (any, error) {
			if n, ok := cols[0].(int64); ok {
				return n, nil
			}
			return nil, damaged()
		},
		filter: true, sort: true, group: true, sum: true, unique: true,
	}
}
