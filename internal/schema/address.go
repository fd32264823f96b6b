package schema

import (
	"strings"
	"unicode/utf8"
)

// Address is a postal address; any part may be empty.
type Address struct {
	Street     string `json:"street,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"state,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country,omitempty"`
}

// addressKind: a postal address. The value is an Address; text that is not JSON is its street.
func addressKind() *kind {
	decode := func(raw []byte) (any, bool) {
		var a Address
		ok := strict(raw, &a) == nil && a.sane()
		return a, ok
	}
	short := func(s string) (v any, ok, is bool) {
		a := Address{Street: s}
		return a, a.sane(), !strings.HasPrefix(s, "{")
	}
	return structKind(`want {"street","city","state","postal_code","country"}, each at most 255 characters`, decode, short)
}

func (a Address) sane() bool {
	for _, s := range []string{a.Street, a.City, a.State, a.PostalCode, a.Country} {
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > 255 || strings.ContainsRune(s, 0) {
			return false
		}
	}
	return true
}
