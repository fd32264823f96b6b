package schema

import (
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/id"
)

// maxLinks is how many records a lookups field points to.
const maxLinks = 200

// lookupsKind: several records of one object. The value is a []id.ID, sorted, each once.
func lookupsKind() *kind {
	finish := func(f *Field, list []id.ID) (any, error) {
		slices.SortFunc(list, func(a, b id.ID) int { return strings.Compare(string(a[:]), string(b[:])) })
		list = slices.Compact(list)
		if len(list) > maxLinks {
			return nil, invalid(f, "too_many", "at most %d records", maxLinks)
		}
		if len(list) == 0 {
			return nil, nil
		}
		return list, nil
	}
	texts := func(_ *Field, v any) []string {
		list, _ := v.([]id.ID)
		out := make([]string, len(list))
		for i, x := range list {
			out[i] = x.String()
		}
		return out
	}
	collect := func(f *Field, parts []string) (any, error) {
		list := make([]id.ID, 0, len(parts))
		for _, p := range parts {
			x, err := id.Parse(strings.TrimSpace(p))
			if err != nil {
				return nil, invalid(f, "not_an_id", "want identifiers of records: 36 characters each")
			}
			list = append(list, x)
		}
		return finish(f, list)
	}
	return &kind{
		columns: []Column{{As: StoreBytes}},
		read: func(f *Field, v any) (any, error) {
			parts, ok := stringList(v)
			if !ok {
				return nil, invalid(f, "not_a_list", "want a list of identifiers")
			}
			return collect(f, parts)
		},
		parse: func(f *Field, s string) (any, error) { return collect(f, strings.Split(s, ";")) },
		show:  func(f *Field, v any) any { return texts(f, v) },
		text:  func(f *Field, v any) string { return strings.Join(texts(f, v), ";") },
		store: func(v any) []any {
			list, _ := v.([]id.ID)
			b := make([]byte, 0, 16*len(list))
			for _, x := range list {
				b = append(b, x[:]...)
			}
			return []any{b}
		},
		load: func(cols []any) (any, error) {
			b, ok := cols[0].([]byte)
			if !ok || len(b)%16 != 0 {
				return nil, damaged()
			}
			list := make([]id.ID, len(b)/16)
			for i := range list {
				copy(list[i][:], b[i*16:])
			}
			if len(list) == 0 {
				return nil, nil
			}
			return list, nil
		},
	}
}
