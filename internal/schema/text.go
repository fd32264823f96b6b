package schema

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// textKind: one line of text. The value is a string in NFC; it is found and sorted by its folded form.
func textKind() *kind {
	return &kind{
		columns: []Column{{As: StoreText}, {Suffix: "k", As: StoreText, Fold: true}},
		limit:   255,
		read: func(f *Field, v any) (any, error) {
			s, ok := v.(string)
			if !ok {
				return nil, invalid(f, "not_text", "want text in quotes")
			}
			return f.kind().parse(f, s)
		},
		parse: cleanText,
		show:  func(_ *Field, v any) any { return v },
		text:  func(_ *Field, v any) string { s, _ := v.(string); return s },
		store: func(v any) []any { return []any{v} },
		load: func(cols []any) (any, error) {
			if s, ok := cols[0].(string); ok {
				return s, nil
			}
			return nil, damaged()
		},
		filter: true, sort: true, group: true, unique: true,
	}
}

// cleanText checks and normalises a text of any of the types whose value is a string.
func cleanText(f *Field, s string) (any, error) {
	if !utf8.ValidString(s) {
		return nil, invalid(f, "not_text", "the text is not valid UTF-8; save the file as UTF-8")
	}
	k := f.kind()
	s = norm.NFC.String(strings.TrimSpace(s))
	if k.lines { // CSV readers and browsers do the same, so that a text is one text on every way
		s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	}
	for _, r := range s {
		if unicode.IsControl(r) && !(k.lines && (r == '\n' || r == '\t')) || r == utf8.MaxRune {
			return nil, invalid(f, "control_character", "the text holds an invisible control character; remove it")
		}
	}
	limit := k.limit
	if f.Max > 0 && f.Max < limit {
		limit = f.Max
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return nil, invalid(f, "too_long", "%d characters, at most %d are allowed", n, limit)
	}
	if s == "" {
		return nil, nil
	}
	return s, nil
}

// cleaned is cleanText with a further step for what is left.
func cleaned(then func(f *Field, s string) (any, error)) func(*Field, string) (any, error) {
	return func(f *Field, s string) (any, error) {
		v, err := cleanText(f, s)
		if text, ok := v.(string); ok && err == nil {
			return then(f, text)
		}
		return v, err
	}
}
