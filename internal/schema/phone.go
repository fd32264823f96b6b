package schema

import "strings"

// phoneKind: a telephone number, kept as people write it.
func phoneKind() *kind {
	k := textKind()
	k.limit = 40
	k.parse = cleaned(func(f *Field, s string) (any, error) {
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
	})
	return k
}
