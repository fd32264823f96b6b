package schema

import "slices"

// Override is what people changed of an object that comes with the program, or of one of its fields.
// It is kept apart from what the program declares, so that the next version of the program brings what
// nobody changed here.
type Override struct {
	Field    uint32   `json:"field"` // its number; 0 for the object itself
	Label    *Text    `json:"label,omitempty"`
	Plural   *Text    `json:"plural,omitempty"` // the object
	Help     *Text    `json:"help,omitempty"`
	Required bool     `json:"required,omitempty"` // beside what the program requires
	Options  []Option `json:"options,omitempty"`  // all of them, in order; those that the program adds later come after
}

// Override returns what is changed of a field (0: of the object), to be changed further.
func (o *Object) Override(field uint32) *Override {
	i := slices.IndexFunc(o.Overrides, func(x Override) bool { return x.Field == field })
	if i < 0 {
		o.Overrides = append(o.Overrides, Override{Field: field})
		i = len(o.Overrides) - 1
	}
	return &o.Overrides[i]
}

// Overridden returns a declared object with changes laid over it. A change of a field that the program
// no longer declares is left alone.
func (o Object) Overridden(with []Override) Object {
	o.Overrides, o.Fields = with, slices.Clone(o.Fields)
	for _, x := range with {
		if x.Field == 0 {
			set(&o.Label, x.Label)
			set(&o.Plural, x.Plural)
			continue
		}
		if f := o.FieldByID(x.Field); f != nil {
			set(&f.Label, x.Label)
			set(&f.Help, x.Help)
			f.Required = f.Required || x.Required
			f.Options = overOptions(f.Options, x.Options)
		}
	}
	return o
}

func set(t *Text, to *Text) {
	if to != nil {
		*t = *to
	}
}

func overOptions(declared, ours []Option) []Option {
	if ours == nil || declared == nil {
		return declared
	}
	list := slices.Clone(ours)
	for _, op := range declared {
		if !slices.ContainsFunc(list, func(x Option) bool { return x.Key == op.Key }) {
			list = append(list, op)
		}
	}
	return list
}
