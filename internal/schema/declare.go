package schema

// The functions here make declarations of fields short enough to be read as a table.

// F declares a field of class internal.
func F(n uint32, name string, t Type, en, zh string, with ...func(*Field)) Field {
	f := Field{ID: n, Name: name, Type: t, Class: Internal, Label: Text{En: en, Zh: zh}}
	for _, set := range with {
		set(&f)
	}
	return f
}

// Needed makes a field required.
func Needed(f *Field) { f.Required = true }

// OfPerson makes a field's class personal.
func OfPerson(f *Field) { f.Class = Personal }

// Guarded makes a field's class restricted.
func Guarded(f *Field) { f.Class = Restricted }

// Shown makes a field's class public.
func Shown(f *Field) { f.Class = Public }

// Once makes a field's values unique.
func Once(f *Field) { f.Unique = true }

// Kept makes a field one that only the program writes.
func Kept(f *Field) { f.ReadOnly = true }

// To names the objects that a link may point to.
func To(objects ...string) func(*Field) { return func(f *Field) { f.Target = objects } }

// From gives a new record's value, as text.
func From(text string) func(*Field) { return func(f *Field) { f.Default = text } }

// Up bounds the characters of a text.
func Up(limit int) func(*Field) { return func(f *Field) { f.Max = limit } }

// One gives the choices of a picklist: key, English, Chinese, and so on.
func One(triples ...string) func(*Field) {
	return func(f *Field) {
		for i := 0; i+2 < len(triples); i += 3 {
			f.Options = append(f.Options, Option{Key: triples[i], Label: Text{En: triples[i+1], Zh: triples[i+2]}})
		}
	}
}

// Taking has the field take over a value, such as "stage.probability", when that link changes and no
// value is given.
func Taking(path string) func(*Field) { return func(f *Field) { f.Takes = path } }

// When makes a datetime field hold the moment since which the record fulfils a condition.
func When(condition string) func(*Field) {
	return func(f *Field) { f.Stamp, f.ReadOnly = condition, true }
}
