package schema

import (
	"strconv"
	"strings"
)

// boolKind: yes or no. The value is a bool.
func boolKind() *kind {
	return &kind{
		columns: []Column{{As: StoreBool}},
		read: func(f *Field, v any) (any, error) {
			if b, ok := v.(bool); ok {
				return b, nil
			}
			return nil, invalid(f, "not_a_bool", "want true or false")
		},
		parse: func(f *Field, s string) (any, error) {
			switch strings.ToLower(s) {
			case "true", "yes", "y", "1", "x", "on", "是", "对", "真", "有":
				return true, nil
			case "false", "no", "n", "0", "off", "否", "错", "假", "无":
				return false, nil
			}
			return nil, invalid(f, "not_a_bool", "want yes or no")
		},
		show:  func(_ *Field, v any) any { return v },
		text:  func(_ *Field, v any) string { b, _ := v.(bool); return strconv.FormatBool(b) },
		store: func(v any) []any { return []any{v} },
		load: func(cols []any) (any, error) {
			switch b := cols[0].(type) {
			case bool:
				return b, nil
			case int64: // SQLite has no boolean
				return b != 0, nil
			}
			return nil, damaged()
		},
		filter: true, sort: true, group: true,
	}
}
