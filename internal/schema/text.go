package schema

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// textKind serves the types whose value is a string.
func textKind(t Type) *kind {
	k := &kind{
		columns: []Column{{As: StoreText}, {Suffix: "k", As: StoreText, Fold: true}},
		read: func(f *Field, v any) (any, error) {
			s, ok := v.(string)
			if !ok {
				return nil, invalid(f, "not_text", "want text in quotes")
			}
			return cleanText(f, s)
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
	switch t {
	case Longtext, Richtext:
		k.columns = k.columns[:1]
		k.filter, k.sort, k.group, k.unique = false, false, false, false
	case Picklist:
		k.columns = k.columns[:1]
		k.read, k.parse = readPick, parsePick
		k.unique = false
	case SecretType:
		k.columns = k.columns[:1]
		k.show = func(*Field, any) any { return nil }
		k.text = func(*Field, any) string { return "" }
		k.filter, k.sort, k.group, k.unique = false, false, false, false
	}
	return k
}

// maxText is the longest text of a type in characters, where the field does not say less.
func (f *Field) maxText() int {
	limit := 255
	switch f.Type {
	case Longtext, Richtext:
		limit = 100_000
	case URL, SecretType:
		limit = 2000
	case Email:
		limit = 254
	case Phone:
		limit = 40
	}
	if f.Max > 0 && f.Max < limit {
		return f.Max
	}
	return limit
}

// cleanText checks and normalises a text of any of the string types.
func cleanText(f *Field, s string) (any, error) {
	if !utf8.ValidString(s) {
		return nil, invalid(f, "not_text", "the text is not valid UTF-8; save the file as UTF-8")
	}
	s = norm.NFC.String(strings.TrimSpace(s))
	lines := f.Type == Longtext || f.Type == Richtext
	for _, r := range s {
		if unicode.IsControl(r) && !(lines && (r == '\n' || r == '\t' || r == '\r')) || r == utf8.MaxRune {
			return nil, invalid(f, "control_character", "the text holds an invisible control character; remove it")
		}
	}
	if n := utf8.RuneCountInString(s); n > f.maxText() {
		return nil, invalid(f, "too_long", "%d characters, at most %d are allowed", n, f.maxText())
	}
	if s == "" {
		return nil, nil
	}
	switch f.Type {
	case Email:
		return cleanEmail(f, s)
	case Phone:
		return cleanPhone(f, s)
	case URL:
		return cleanURL(f, s)
	}
	return s, nil
}

// cleanEmail keeps the part before the @ as written and makes the domain small letters.
func cleanEmail(f *Field, s string) (any, error) {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || strings.ContainsAny(s, " \t,;<>()\"") || strings.Contains(domain, "@") ||
		!strings.Contains(strings.Trim(domain, "."), ".") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") {
		return nil, invalid(f, "not_an_email", "want an address like name@example.com")
	}
	return local + "@" + strings.ToLower(domain), nil
}

// cleanPhone keeps a number as people write it, without what is only decoration at its ends.
func cleanPhone(f *Field, s string) (any, error) {
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		} else if !strings.ContainsRune(" +-–().,/#*extEXT分机转", r) {
			return nil, invalid(f, "not_a_phone", "want a telephone number: digits, perhaps with + in front and an extension")
		}
	}
	if digits < 3 || digits > 20 {
		return nil, invalid(f, "not_a_phone", "want between 3 and 20 digits")
	}
	return s, nil
}

func cleanURL(f *Field, s string) (any, error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, invalid(f, "not_a_url", "want a web address like https://example.com")
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err != nil && !strings.Contains(host, ".") {
		return nil, invalid(f, "not_a_url", "want a web address like https://example.com")
	}
	return s, nil
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
