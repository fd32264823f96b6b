package schema

import (
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/id"
)

// Ref points to a record of some object.
type Ref struct {
	Object string
	ID     id.ID
}

// linkKind serves the types that point to records: the value is an id.ID, []id.ID for lookups, and
// a Ref for any.
func linkKind(t Type) *kind {
	switch t {
	case Any:
		return anyKind()
	case Lookups:
		return lookupsKind()
	}
	parse := func(f *Field, s string) (any, error) {
		x, err := id.Parse(s)
		if err != nil {
			return nil, invalid(f, "not_an_id", "want the identifier of a record: 36 characters")
		}
		return x, nil
	}
	return &kind{
		columns: []Column{{As: StoreBytes}},
		read: func(f *Field, v any) (any, error) {
			s, _ := v.(string)
			return parse(f, s)
		},
		parse: parse,
		show:  func(_ *Field, v any) any { x, _ := v.(id.ID); return x.String() },
		text:  func(_ *Field, v any) string { x, _ := v.(id.ID); return x.String() },
		store: func(v any) []any { x, _ := v.(id.ID); return []any{x.Bytes()} },
		load: func(cols []any) (any, error) {
			b, _ := cols[0].([]byte)
			x, err := id.FromBytes(b)
			if err != nil || x.IsZero() {
				return nil, err
			}
			return x, nil
		},
		filter: true, group: true, unique: true,
	}
}

// maxLinks is how many records a lookups field points to.
const maxLinks = 200

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

func stringList(v any) ([]string, bool) {
	list, ok := v.([]any)
	if !ok || len(list) > MaxOptions {
		return nil, false
	}
	out := make([]string, 0, len(list))
	for _, x := range list {
		s, ok := x.(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

func anyKind() *kind {
	make1 := func(f *Field, object, text string) (any, error) {
		x, err := id.Parse(text)
		if err != nil || !slices.Contains(f.Target, object) {
			return nil, invalid(f, "not_a_reference", `want {"object":"…","id":"…"} with one of: %s`, strings.Join(f.Target, ", "))
		}
		return Ref{Object: object, ID: x}, nil
	}
	return &kind{
		columns: []Column{{As: StoreBytes}, {Suffix: "o", As: StoreText}},
		read: func(f *Field, v any) (any, error) {
			m, _ := v.(map[string]any)
			object, _ := m["object"].(string)
			text, _ := m["id"].(string)
			return make1(f, object, text)
		},
		parse: func(f *Field, s string) (any, error) {
			object, text, _ := strings.Cut(s, ":")
			return make1(f, object, text)
		},
		show: func(_ *Field, v any) any {
			r, _ := v.(Ref)
			return map[string]string{"object": r.Object, "id": r.ID.String()}
		},
		text:  func(_ *Field, v any) string { r, _ := v.(Ref); return r.Object + ":" + r.ID.String() },
		store: func(v any) []any { r, _ := v.(Ref); return []any{r.ID.Bytes(), r.Object} },
		load: func(cols []any) (any, error) {
			b, _ := cols[0].([]byte)
			object, _ := cols[1].(string)
			x, err := id.FromBytes(b)
			if err != nil || x.IsZero() {
				return nil, err
			}
			return Ref{Object: object, ID: x}, nil
		},
		filter: true, group: true,
	}
}

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

// formulaKind stands for the type only: a formula's value is of its result's type.
func formulaKind() *kind { return &kind{} }
