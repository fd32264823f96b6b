package schema

import "strings"

// percentKind: a share. The value is a Decimal, and 12.5 is 12.5 %.
func percentKind() *kind {
	k := decimalKind()
	number := k.parse
	k.parse = func(f *Field, s string) (any, error) { return number(f, strings.TrimRight(s, " %％")) }
	return k
}
