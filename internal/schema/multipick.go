package schema

import "strings"

// multipickKind: the value is a []string of option keys, in the order of the options. It is stored
// as |a|b| so that both engines find one of them by the same means.
func multipickKind() *kind {
	collect := func(f *Field, parts []string, one func(*Field, string) (any, error)) (any, error) {
		chosen := map[string]bool{}
		for _, p := range parts {
			v, err := one(f, strings.TrimSpace(p))
			if err != nil {
				return nil, err
			}
			if key, ok := v.(string); ok {
				chosen[key] = true
			}
		}
		var list []string
		for _, o := range f.Options {
			if chosen[o.Key] {
				list = append(list, o.Key)
			}
		}
		if len(list) == 0 {
			return nil, nil
		}
		return list, nil
	}
	return &kind{
		columns: []Column{{As: StoreText}},
		read: func(f *Field, v any) (any, error) {
			parts, ok := stringList(v)
			if !ok {
				return nil, invalid(f, "not_a_list", "want a list of option keys")
			}
			return collect(f, parts, func(f *Field, s string) (any, error) { return readPick(f, s) })
		},
		parse: func(f *Field, s string) (any, error) {
			return collect(f, strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(";|；,，", r) }), parsePick)
		},
		show:  func(_ *Field, v any) any { return v },
		text:  func(_ *Field, v any) string { list, _ := v.([]string); return strings.Join(list, ";") },
		store: func(v any) []any { list, _ := v.([]string); return []any{"|" + strings.Join(list, "|") + "|"} },
		load: func(cols []any) (any, error) {
			s, ok := cols[0].(string)
			if !ok || len(s) < 2 {
				return nil, damaged()
			}
			return strings.Split(strings.Trim(s, "|"), "|"), nil
		},
		filter: true,
	}
}
