package door

import (
	"context"
	"slices"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Definition is a change of the structure: a new object, or changes of one that exists.
type Definition struct {
	Object  string // the object to change; "" to make a new one
	New     *schema.Object
	Label   *schema.Text
	Plural  *schema.Text
	Archive *bool // hide the object or, with false, show it again; a built-in object cannot be hidden
	Add     []schema.Field
	Change  []FieldPatch
}

// FieldPatch changes a field that people defined. Type and class stay as they are: what is stored
// under them could not follow.
type FieldPatch struct {
	Name     string
	Label    *schema.Text
	Help     *schema.Text
	Required *bool
	Archived *bool
	Options  []schema.Option // all of them, those to be hidden with Archived; nil leaves them
}

// Define changes objects and fields. New columns are added while everybody works on; nothing that is
// stored is ever dropped. It needs the right to define, granted on everything.
func (s *Session) Define(ctx context.Context, def Definition) (_ *schema.Object, err error) {
	defer fault.Op(&err, "door.Define")
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	if a.rights.Scope(policy.Everything, policy.Define) != policy.All {
		return nil, s.forbidden(ctx, "define", "", fault.New(fault.Forbidden, "forbidden", "you may not change objects and fields"))
	}
	s.d.defining.Lock()
	defer s.d.defining.Unlock()
	if err := s.d.loadSchema(ctx); err != nil { // another node may have been here
		return nil, err
	}
	sch := s.d.Schema()
	next, err := redefined(sch, def)
	if err != nil {
		return nil, err
	}
	made, err := rebuild(sch, next)
	if err != nil {
		return nil, err
	}
	o := made.ObjectByID(next.ID)
	if err := s.checkRules(made, o); err != nil {
		return nil, err
	}
	_, err = s.change(ctx, a, kindDefine, false, id.ID{}, func(c *change) error {
		if err := s.d.data.Define(ctx, c.tx, next); err != nil {
			return err
		}
		if err := s.d.data.EnsureTable(ctx, c.tx, o); err != nil {
			return err
		}
		if err := s.d.data.Bump(ctx, c.tx, schemaEpoch); err != nil {
			return err
		}
		return c.defined(ctx, next)
	})
	if err != nil {
		return nil, err
	}
	s.d.setSchema(made)
	s.d.follow(context.WithoutCancel(ctx))
	return o, nil
}

// defined journals a definition, whole: it holds no customer data but may name what a company keeps
// secret, so it is sealed.
func (c *change) defined(ctx context.Context, o schema.Object) error {
	sealed, err := c.d.data.SealNote(ctx, describe(o), c.from())
	if err != nil {
		return err
	}
	e := c.entry("define", o.Name)
	e.ChangeSet, e.Sealed = c.set, journal.Digest(sealed)
	c.n++
	return c.d.log.Append(ctx, c.tx, e, sealed)
}

// redefined returns the object that a definition asks for.
func redefined(sch *schema.Schema, def Definition) (schema.Object, error) {
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
	next.Fields = slices.Clone(next.Fields)
	if def.Label != nil {
		next.Label = *def.Label
	}
	if def.Plural != nil {
		next.Plural = *def.Plural
	}
	if def.Archive != nil {
		if !o.Custom {
			return next, fault.New(fault.Forbidden, "builtin_object", "%s comes with Wardbook and cannot be hidden", o.Name)
		}
		next.Archived = *def.Archive
	}
	for _, p := range def.Change {
		if err := patchField(&next, p); err != nil {
			return next, err
		}
	}
	addFields(&next, def.Add)
	return next, nil
}

func newObject(sch *schema.Schema, def Definition) (schema.Object, error) {
	if def.New == nil {
		return schema.Object{}, fault.InField("name", "required", "name the new object")
	}
	o := *def.New
	if sch.Object(o.Name) != nil {
		e := fault.InField("name", "taken", "there is an object of this name")
		e.Kind = fault.Conflict
		return o, e
	}
	o.ID, o.Custom, o.System, o.Written, o.Archived, o.Timeline = firstCustom, true, false, false, false, nil
	for _, other := range sch.Objects() {
		o.ID = max(o.ID, other.ID+1)
	}
	fields := o.Fields
	o.Fields = nil
	addFields(&o, fields)
	return o, nil
}

func addFields(o *schema.Object, fields []schema.Field) {
	next := uint32(firstCustom)
	for _, f := range o.Fields {
		next = max(next, f.ID+1)
	}
	for _, f := range fields {
		f.ID, f.System, f.Takes, f.Stamp = next, false, "", ""
		f.ReadOnly = f.Type == schema.Formula || f.Type == schema.Autonumber
		o.Fields = append(o.Fields, f)
		next++
	}
}

func patchField(o *schema.Object, p FieldPatch) error {
	i := slices.IndexFunc(o.Fields, func(f schema.Field) bool { return f.Name == p.Name })
	if i < 0 {
		return fault.New(fault.NotFound, "unknown_field", "there is no field %q of %s", clip(p.Name), o.Name)
	}
	f := &o.Fields[i]
	if f.ID < firstCustom {
		return fault.New(fault.Forbidden, "builtin_field", "%s comes with Wardbook and cannot be changed", f.Name)
	}
	if p.Label != nil {
		f.Label = *p.Label
	}
	if p.Help != nil {
		f.Help = *p.Help
	}
	if p.Required != nil {
		f.Required = *p.Required
	}
	if p.Archived != nil {
		f.Archived = *p.Archived
	}
	if p.Options != nil {
		for _, old := range f.Options { // a choice that records may have is hidden, never dropped
			if !slices.ContainsFunc(p.Options, func(x schema.Option) bool { return x.Key == old.Key }) {
				old.Archived = true
				p.Options = append(p.Options, old)
			}
		}
		f.Options = p.Options
	}
	return nil
}

// rebuild returns the schema with one object put in or replaced.
func rebuild(sch *schema.Schema, next schema.Object) (*schema.Schema, error) {
	var list []schema.Object
	for _, o := range sch.Objects() {
		if o.ID != next.ID {
			list = append(list, o.Declared())
		} else {
			list = append(list, next)
		}
	}
	if sch.ObjectByID(next.ID) == nil {
		list = append(list, next)
	}
	return schema.New(list...)
}

// checkRules compiles the formulas of an object and reads what new records begin with, so that what is
// wrong is refused when it is written and not when a record is.
func (s *Session) checkRules(sch *schema.Schema, o *schema.Object) error {
	cat := &catalogue{schema: sch, vars: exprSchemaOf(sch, nil), rules: nil}
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Type == schema.Formula {
			if err := cat.checkFormula(o, f); err != nil {
				return err
			}
			continue
		}
		if err := checkValues(f); err != nil {
			return err
		}
	}
	for _, index := range o.Indexes {
		if len(index) == 0 || len(index) > MaxSort {
			return fault.InField("indexes", "bad_index", "an index is of 1 to %d fields", MaxSort)
		}
		for _, name := range index {
			if f := o.Field(name); f == nil || len(f.Columns()) == 0 {
				return fault.InField("indexes", "bad_index", "there can be no index of %s", clip(name))
			}
		}
	}
	return nil
}

// checkValues checks the values that a definition itself gives.
func checkValues(f *schema.Field) error {
	if f.Default != "" {
		if _, err := f.ParseText(f.Default); err != nil {
			return fault.InField(f.Name, "bad_default", "the default is no value of the field: %s", fault.Message(err))
		}
	}
	if f.Type == schema.MoneyT && f.Currency != "" {
		if _, err := f.ParseJSON(map[string]any{"amount": "1", "currency": f.Currency}); err != nil {
			return fault.InField(f.Name, "bad_currency", "the currency is a code of three letters, such as CNY")
		}
	}
	return nil
}
