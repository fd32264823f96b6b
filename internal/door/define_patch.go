package door

import (
	"slices"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

// redefined returns the object that a definition asks for.
func (d *Door) redefined(sch *schema.Schema, def Definition) (schema.Object, error) {
	if def.Object == "" {
		return newObject(sch, def)
	}
	o := sch.Object(def.Object)
	if o == nil {
		return schema.Object{}, fault.New(fault.NotFound, "unknown_object", "there is no object %q", clip(def.Object))
	}
	if o.System {
		return schema.Object{}, fault.New(fault.Forbidden, "system_object", "the structure of %s is the program's own", o.Name)
	}
	next := o.Declared()
	next.Fields, next.Overrides = slices.Clone(next.Fields), slices.Clone(next.Overrides)
	if err := patchObject(sch, &next, def); err != nil {
		return next, err
	}
	for _, p := range def.Change {
		if err := d.patchField(&next, p); err != nil {
			return next, err
		}
	}
	add := slices.Clone(def.Add)
	for i := range add {
		if err := resolveFormula(sch, next.Name, &add[i]); err != nil {
			return next, err
		}
	}
	addFields(sch, &next, add)
	return next, nil
}

func patchObject(sch *schema.Schema, next *schema.Object, def Definition) error {
	if !next.Custom {
		if def.Archive != nil || def.Rename != nil || def.Title != nil {
			return fault.New(fault.Forbidden, "builtin_object", "%s comes with Wardbook: it cannot be hidden, and name and title stay", next.Name)
		}
		if def.Label != nil || def.Plural != nil {
			over := next.Override(0)
			over.Label, over.Plural = either(def.Label, over.Label), either(def.Plural, over.Plural)
		}
	}
	if def.Label != nil {
		next.Label = *def.Label
	}
	if def.Plural != nil {
		next.Plural = *def.Plural
	}
	if def.Title != nil {
		next.Title = def.Title
	}
	if def.Archive != nil {
		next.Archived = *def.Archive
	}
	if def.Rename != nil && *def.Rename != next.Name {
		if known := sch.Known(*def.Rename); known != nil && known.ID != next.ID {
			return taken()
		}
		next.Former = slices.DeleteFunc(append(slices.Clone(next.Former), next.Name), func(name string) bool { return name == *def.Rename })
		next.Name = *def.Rename
	}
	return nil
}

func either(now, before *schema.Text) *schema.Text {
	if now != nil {
		return now
	}
	return before
}

func taken() error {
	e := fault.InField("name", "taken", "there is, or was, an object of this name")
	e.Kind = fault.Conflict
	return e
}

func newObject(sch *schema.Schema, def Definition) (schema.Object, error) {
	if def.New == nil {
		return schema.Object{}, fault.InField("name", "required", "name the new object")
	}
	o := *def.New
	if sch.Known(o.Name) != nil {
		return o, taken()
	}
	o.ID, o.Custom, o.System, o.Written, o.Archived, o.Timeline = firstCustom, true, false, false, false, nil
	o.Former, o.Overrides = nil, nil
	for _, other := range sch.Objects() {
		o.ID = max(o.ID, other.ID+1)
	}
	fields := o.Fields
	o.Fields = nil
	addFields(sch, &o, fields)
	return o, nil
}

func addFields(sch *schema.Schema, o *schema.Object, fields []schema.Field) {
	next := uint32(firstCustom)
	for _, f := range o.Fields {
		next = max(next, f.ID+1)
	}
	for _, f := range fields {
		f.ID, f.System, f.Archived, f.Takes, f.Stamp, f.Was = next, false, false, "", "", nil
		f.ReadOnly = f.Computed() || f.Type == schema.Autonumber
		resolveRollup(sch, &f)
		o.Fields = append(o.Fields, f)
		next++
	}
}

// resolveRollup gives a rollup the type of its result, and how many decimals are shown.
func resolveRollup(sch *schema.Schema, f *schema.Field) {
	if f.Type != schema.RollupT || f.Rollup == nil {
		return
	}
	from := sch.Object(f.Rollup.Object)
	if f.Result = schema.RollupResult(from, f.Rollup); f.Result != "" && f.Rollup.Field != "" && f.Digits == 0 {
		f.Digits = from.Field(f.Rollup.Field).Digits
	}
}

// resolveFormula gives a formula that names no type of its result the plainest one that holds it.
func resolveFormula(sch *schema.Schema, object string, f *schema.Field) error {
	if f.Type != schema.Formula || f.Result != "" || f.Formula == "" {
		return nil
	}
	x, err := expr.CompileValue(exprSchemaOf(sch, nil), object, f.Formula)
	if err != nil {
		return fault.InField(f.Name, "bad_formula", "%s", fault.Message(err))
	}
	switch x.Kind() {
	case expr.Bool:
		f.Result = schema.Bool
	case expr.Int:
		f.Result = schema.Int
	case expr.Decimal:
		f.Result = schema.DecimalT
	case expr.Date:
		f.Result = schema.DateT
	case expr.Time:
		f.Result = schema.Datetime
	case expr.Duration:
		f.Result = schema.Duration
	case expr.Text:
		f.Result = schema.Short
	default:
		return fault.InField(f.Name, "bad_formula", "the formula gives %s, which a field cannot show", x.Kind())
	}
	return nil
}

// followers returns the other objects that must change with one: those with links to an object that
// gets a new name.
func followers(sch *schema.Schema, next schema.Object) []schema.Object {
	was := sch.ObjectByID(next.ID)
	if was == nil || was.Name == next.Name {
		return nil
	}
	var list []schema.Object
	renamed := func(fields []schema.Field) bool {
		moved := false
		for i := range fields {
			f := &fields[i]
			if at := slices.Index(f.Target, was.Name); at >= 0 {
				f.Target = slices.Clone(f.Target)
				f.Target[at], moved = next.Name, true
			}
			if f.Rollup != nil && f.Rollup.Object == was.Name {
				r := *f.Rollup
				r.Object = next.Name
				f.Rollup, moved = &r, true
			}
		}
		return moved
	}
	renamed(next.Fields)
	for _, o := range sch.Objects() {
		other := o.Declared()
		if o.ID != next.ID && renamed(other.Fields) {
			list = append(list, other)
		}
	}
	return list
}

func (d *Door) patchField(o *schema.Object, p FieldPatch) error {
	i := slices.IndexFunc(o.Fields, func(f schema.Field) bool { return f.Name == p.Name })
	if i < 0 {
		return fault.New(fault.NotFound, "unknown_field", "there is no field %q of %s", clip(p.Name), o.Name)
	}
	f := &o.Fields[i]
	if f.ID < firstCustom {
		return d.patchBuiltin(o, f, p)
	}
	put(&f.Label, p.Label)
	put(&f.Help, p.Help)
	put(&f.Required, p.Required)
	put(&f.Unique, p.Unique)
	put(&f.Archived, p.Archived)
	put(&f.Max, p.Max)
	put(&f.Digits, p.Digits)
	put(&f.Default, p.Default)
	put(&f.Currency, p.Currency)
	put(&f.Pattern, p.Pattern)
	put(&f.Formula, p.Formula)
	if p.Class != nil && *p.Class != f.Class {
		if err := raiseClass(f, *p.Class); err != nil {
			return err
		}
	}
	if p.Rollup != nil {
		f.Rollup = p.Rollup
	}
	if p.Options != nil {
		f.Options = p.Options
	}
	if p.Rename != nil {
		rename(o, f, *p.Rename)
	}
	return nil
}

func raiseClass(f *schema.Field, to schema.Class) error {
	switch {
	case f.Class == schema.Secret || !to.Above(schema.Public) && to != schema.Public:
		return fault.InField(f.Name, "bad_class", "a class can be raised to internal, personal or restricted; a secret stays one")
	case to == schema.Restricted && (f.Type == schema.File || f.Type == schema.Image):
		return fault.InField(f.Name, "bad_class", "what files hold is sealed when they come: make a restricted field, and move them there")
	case !to.Above(f.Class):
		return fault.New(fault.Forbidden, "needs_approval", "%s would be guarded less than now: that needs approval, and Wardbook cannot ask for it yet", f.Name)
	}
	f.Raise(to)
	return nil
}

func put[T any](at *T, v *T) {
	if v != nil {
		*at = *v
	}
}

// rename gives a field another name, in the object's own lists of names too.
func rename(o *schema.Object, f *schema.Field, name string) {
	swap := func(list []string) []string {
		list = slices.Clone(list)
		for i := range list {
			if list[i] == f.Name {
				list[i] = name
			}
		}
		return list
	}
	o.Title, o.Indexes = swap(o.Title), slices.Clone(o.Indexes)
	for i := range o.Indexes {
		o.Indexes[i] = swap(o.Indexes[i])
	}
	if o.Subject == f.Name {
		o.Subject = name
	}
	f.Name = name
}

// patchBuiltin changes what may be changed of a field that comes with the program.
func (d *Door) patchBuiltin(o *schema.Object, f *schema.Field, p FieldPatch) error {
	if p.Rename != nil || p.Unique != nil || p.Archived != nil || p.Class != nil || p.Max != nil || p.Digits != nil || p.Default != nil || p.Currency != nil || p.Pattern != nil || p.Formula != nil || p.Rollup != nil {
		return fault.New(fault.Forbidden, "builtin_field", "%s comes with Wardbook: label, help, options and required can be changed", f.Name)
	}
	own := d.declared(o.ID, f.ID)
	over := o.Override(f.ID)
	over.Label, over.Help = either(p.Label, over.Label), either(p.Help, over.Help)
	put(&f.Label, p.Label)
	put(&f.Help, p.Help)
	if p.Required != nil {
		switch {
		case !*p.Required && own.Required:
			return fault.New(fault.Forbidden, "builtin_field", "Wardbook itself needs %s", f.Name)
		case *p.Required && f.ReadOnly:
			return fault.New(fault.Forbidden, "builtin_field", "the program writes %s, so nobody could give a value", f.Name)
		}
		over.Required, f.Required = *p.Required, *p.Required
	}
	if p.Options != nil {
		for _, op := range own.Options {
			if !slices.ContainsFunc(p.Options, func(x schema.Option) bool { return x.Key == op.Key }) {
				return fault.InField(f.Name, "builtin_option", "the option %s comes with Wardbook: archive it instead", op.Key)
			}
		}
		over.Options, f.Options = p.Options, p.Options
	}
	return nil
}

// declared returns a field as the program itself declares it.
func (d *Door) declared(object, field uint32) schema.Field {
	for i := range d.builtin {
		if o := &d.builtin[i]; o.ID == object {
			if f := o.FieldByID(field); f != nil {
				return *f
			}
		}
	}
	return schema.Field{}
}
