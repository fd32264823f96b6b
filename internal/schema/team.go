package schema

// teamKind: a team of the organisation. The value is an id.ID.
func teamKind() *kind { return lookupKind() }
