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

// anyKind: a record of one of several objects. The value is a Ref.
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
