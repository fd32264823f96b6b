package schema

import "github.com/wardbook/wardbook/internal/id"

// lookupKind: a record of the object that the field names. The value is an id.ID.
func lookupKind() *kind {
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
