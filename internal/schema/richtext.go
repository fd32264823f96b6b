package schema

// richtextKind: text in Markdown (CommonMark). It is kept as it is written; whoever shows it makes it
// safe, because what is safe depends on where it is shown.
func richtextKind() *kind { return longtextKind() }
