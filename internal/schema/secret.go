package schema

// secretKind: a credential. It is written and never read back: it shows as nothing.
func secretKind() *kind {
	k := textKind()
	k.columns = k.columns[:1]
	k.limit = 2000
	k.show = func(*Field, any) any { return nil }
	k.text = func(*Field, any) string { return "" }
	k.filter, k.sort, k.group, k.unique = false, false, false, false
	return k
}
