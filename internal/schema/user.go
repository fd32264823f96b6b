package schema

// userKind: a person of the organisation. The value is an id.ID.
func userKind() *kind { return lookupKind() }
