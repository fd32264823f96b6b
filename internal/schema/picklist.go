package schema

import "strings"

// picklistKind: one of the field's options. The value is the option's key.
func picklistKind() *kind {
	k := textKind()
	k.columns = k.columns[:1]
	k.read = readPick
	k.parse = parsePick
	k.unique = false
	return k
}

// readPick takes an option's key.
func readPick(f *Field, v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, invalid(f, "not_text", "want the key of an option in quotes")
	}
	if o, ok := f.Option(s); ok {
		return o.Key, nil
	}
	return nil, unknownOption(f)
}

// parsePick takes an option's key or its label in either language, in any case.
func parsePick(f *Field, s string) (any, error) {
	for _, o := range f.Options {
		if strings.EqualFold(s, o.Key) || strings.EqualFold(s, o.Label.En) || s == o.Label.Zh {
			return o.Key, nil
		}
	}
	return nil, unknownOption(f)
}

func unknownOption(f *Field) error {
	var b strings.Builder
	for i, o := range f.Options {
		if i == 20 {
			b.WriteString(" …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(o.Key)
	}
	return invalid(f, "unknown_option", "not one of the options: %s", b.String())
}
