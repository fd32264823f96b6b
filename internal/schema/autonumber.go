package schema

// autonumberKind: a text such as T-00042 that the program counts, from the field's pattern.
func autonumberKind() *kind { return textKind() }
