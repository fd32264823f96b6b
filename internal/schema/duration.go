package schema

// durationKind: a length of time in whole seconds. The value is an int64.
func durationKind() *kind { return intKind() }
