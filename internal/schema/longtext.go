package schema

// longtextKind: several lines of text. The value is a string; it is neither found nor sorted by.
func longtextKind() *kind {
	k := textKind()
	k.columns = k.columns[:1]
	k.limit, k.lines = 100_000, true
	k.filter, k.sort, k.group, k.unique = false, false, false, false
	return k
}
