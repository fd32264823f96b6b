package schema

import "slices"

// rank orders the classes that a field can be raised through.
func (c Class) rank() int { return slices.Index([]Class{Public, Internal, Personal, Restricted}, c) }

// Above reports whether a class guards more than another. A secret is beside the order: nothing becomes
// one or ceases to be one.
func (c Class) Above(other Class) bool { return other.rank() >= 0 && c.rank() > other.rank() }

// Raise changes the field's class to one that guards more. What is stored follows in the background;
// until then, and for what a node wrote that knew the field as it was, Was says where to look.
func (f *Field) Raise(to Class) {
	if to.Sealed() && !f.Computed() && !slices.Contains(f.Was, f.Class) {
		f.Was = append(slices.Clone(f.Was), f.Class)
	}
	f.Class = to
}

// Left returns the columns in the clear in which values may lie from before the field was encrypted.
func (f *Field) Left() []Column {
	if !f.Class.Sealed() || !slices.ContainsFunc(f.Was, func(c Class) bool { return !c.Sealed() }) {
		return nil
	}
	return kindOf(f.Type).columns
}

// CellColumn returns the column of a field that is sealed in a cell of its own. Where the field had a
// column in the clear, that one keeps its name and its type.
func (f *Field) CellColumn() string {
	if f.Left() != nil {
		return f.Column("x")
	}
	return f.Column("")
}
