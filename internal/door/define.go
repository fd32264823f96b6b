package door

import (
	"context"
	"slices"
	"strconv"

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
	Rename  *string // its new name; an object that comes with the program keeps its own
	Label   *schema.Text
	Plural  *schema.Text
	Title   []string // fields that name a record; nil leaves them
	Archive *bool    // hide the object or, with false, show it again; a built-in object cannot be hidden
	Add     []schema.Field
	Change  []FieldPatch
	Repeat  string `json:"-"` // as in Create
	Dry     bool   `json:"-"` // only check, and answer what the object would be
}

// request is what a repetition is compared with: a patch's JSON leaves out which field it is for.
func (d *Definition) request() any {
	var names []string
	for _, p := range d.Change {
		names = append(names, p.Name)
	}
	return []any{d, names}
}

// FieldPatch changes a field; nil leaves a part as it is. The type stays: what is stored under it could
// not follow. Of a field that comes with the program label, help and options can be changed, and it can
// be made required.
//
// Max, Default and Currency hold for what is written from then on. Required is refused while records
// lack a value and Unique while two have the same one. A choice that is missing from Options is removed,
// or refused while records have it. A new name is refused while expressions, roles or views use the old
// one; titles and indexes of the object follow.
type FieldPatch struct {
	Name     string          `json:"-"`
	Rename   *string         `json:"name"`
	Label    *schema.Text    `json:"label"`
	Help     *schema.Text    `json:"help"`
	Required *bool           `json:"required"`
	Unique   *bool           `json:"unique"`
	Archived *bool           `json:"archived"`
	Class    *schema.Class   `json:"class"` // one that guards more: what is stored is sealed in the background
	Max      *int            `json:"max"`
	Digits   *int            `json:"digits"`
	Default  *string         `json:"default"`
	Currency *string         `json:"currency"`
	Pattern  *string         `json:"pattern"`
	Formula  *string         `json:"formula"`
	Rollup   *schema.Rollup  `json:"rollup"`
	Options  []schema.Option `json:"options"` // all of them, in order; nil leaves them
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
	cat := s.d.catalogue.Load()
	if o, err := s.definedBefore(ctx, a, cat.schema, def); o != nil || err != nil {
		return o, err
	}
	next, err := s.d.redefined(cat.schema, def)
	if err != nil {
		return nil, err
	}
	if was := cat.schema.ObjectByID(next.ID); was != nil {
		if err := s.checkPlaces(ctx, cat, was, &next); err != nil {
			return nil, err
		}
	}
	all := append([]schema.Object{next}, followers(cat.schema, next)...)
	made, err := rebuild(cat.schema, all)
	if err != nil {
		return nil, err
	}
	o := made.ObjectByID(next.ID)
	raised := raises(cat.schema.ObjectByID(next.ID), o)
	for _, x := range made.Objects() { // a formula of another object may read what is sealed from now on
		if x == o || raised {
			if err := s.checkRules(made, x); err != nil {
				return nil, err
			}
		}
	}
	if was := cat.schema.ObjectByID(next.ID); was != nil {
		if err := s.checkStored(ctx, a, cat, was, o); err != nil {
			return nil, err
		}
	}
	if def.Dry {
		return o, nil
	}
	if err := s.writeDefinition(ctx, a, cat.schema, o, all, def); err != nil {
		return nil, err
	}
	s.d.redefine(made)
	s.d.follow(context.WithoutCancel(ctx))
	s.d.wakeRaising()
	return o, nil
}

// writeDefinition stores and journals changed objects, the first of which has its table brought up to
// date.
func (s *Session) writeDefinition(ctx context.Context, a *access, was *schema.Schema, o *schema.Object, all []schema.Object, def Definition) error {
	_, err := s.change(ctx, a, kindDefine, false, id.ID{}, func(c *change) error {
		for _, next := range all {
			if err := s.d.data.Define(ctx, c.tx, next); err != nil {
				return err
			}
			if err := c.defined(ctx, next); err != nil {
				return err
			}
		}
		if err := s.d.data.EnsureTable(ctx, c.tx, o); err != nil {
			return err
		}
		if err := s.d.data.DropIndexes(ctx, c.tx, was.ObjectByID(o.ID), o); err != nil {
			return err
		}
		if raises(was.ObjectByID(o.ID), o) {
			if err := s.d.data.BeginRaising(ctx, c.tx, o); err != nil {
				return err
			}
		}
		if err := c.remember(ctx, def.Repeat, def.request(), strconv.FormatUint(uint64(o.ID), 10)); err != nil {
			return err
		}
		return s.d.data.Bump(ctx, c.tx, schemaEpoch)
	})
	return err
}

// definedBefore returns the object that an earlier request of the same name defined; nil where there was
// none.
func (s *Session) definedBefore(ctx context.Context, a *access, sch *schema.Schema, def Definition) (o *schema.Object, err error) {
	if def.Repeat == "" {
		return nil, nil
	}
	_, err = s.change(ctx, a, kindDefine, true, id.ID{}, func(c *change) error {
		before, err := c.repeated(ctx, def.Repeat, def.request())
		if err != nil || before == "" {
			return err
		}
		n, err := strconv.ParseUint(before, 10, 32)
		if err != nil {
			return fault.Wrap(fault.Internal, err, "bad_answer", "a stored answer is damaged")
		}
		o = sch.ObjectByID(uint32(n))
		return nil
	})
	return o, err
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
	return c.journal(ctx, e, sealed)
}

// rebuild returns the schema with objects put in or replaced.
func rebuild(sch *schema.Schema, changed []schema.Object) (*schema.Schema, error) {
	var list []schema.Object
	for _, o := range sch.Objects() {
		i := slices.IndexFunc(changed, func(next schema.Object) bool { return next.ID == o.ID })
		if i < 0 {
			list = append(list, o.Declared())
		} else {
			list = append(list, changed[i])
		}
	}
	for _, next := range changed {
		if sch.ObjectByID(next.ID) == nil {
			list = append(list, next)
		}
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
		if f.Type == schema.RollupT {
			if err := cat.checkRollup(o, f); err != nil {
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
		for i, name := range index {
			if f := o.Field(name); f == nil || len(f.Columns()) == 0 && (i == 0 || len(f.Aside()) == 0 || !f.Sortable()) {
				return fault.InField("indexes", "bad_index", "there can be no index of %s", clip(name))
			}
		}
	}
	return nil
}

// checkValues checks the values that a definition itself gives.
func checkValues(f *schema.Field) error {
	if f.Default != "" {
		v, err := f.ParseText(f.Default)
		if err != nil {
			return fault.InField(f.Name, "bad_default", "the default is no value of the field: %s", fault.Message(err))
		}
		if key := archivedChoice(f, nil, v); key != "" {
			return fault.InField(f.Name, "bad_default", "the default is the archived option %s", key)
		}
	}
	if f.Type == schema.MoneyT && f.Currency != "" {
		if _, err := f.ParseJSON(map[string]any{"amount": "1", "currency": f.Currency}); err != nil {
			return fault.InField(f.Name, "bad_currency", "the currency is a code of three letters, such as CNY")
		}
	}
	return nil
}
