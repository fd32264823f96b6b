package schema

// formulaKind stands for the type only: a formula's value is of its result's type, and nothing is
// stored.
func formulaKind() *kind { return &kind{} }
