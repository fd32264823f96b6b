package door

import (
	"context"
	"sync"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// catalogue is a schema with what is derived from it.
type catalogue struct {
	schema *schema.Schema
	vars   exprSchema // every field, for conditions of roles and rules

	mu    sync.Mutex
	rules map[string]*expr.Expr // compiled stamps and formulas by object and text
	texts expr.Texts            // of filters, which many people ask in one form
}

// loadSchema reads what people defined over the program's own objects.
func (d *Door) loadSchema(ctx context.Context) error {
	d.loading.Lock()
	defer d.loading.Unlock()
	defined, err := d.data.Definitions(ctx)
	if err != nil {
		return err
	}
	sch, err := schema.New(merge(d.builtin, defined)...)
	if err != nil {
		return err
	}
	d.setSchema(sch)
	return nil
}

// redefine takes a schema that was just stored. Who was reading an older one meanwhile is waited for: it
// would put that over this one.
func (d *Door) redefine(sch *schema.Schema) {
	d.loading.Lock()
	defer d.loading.Unlock()
	d.setSchema(sch)
}

// follow makes what is kept aside fit a changed definition. The definition holds even where that
// fails: it is tried again with the next one, and until then what is encrypted cannot be found.
func (d *Door) follow(ctx context.Context) {
	d.complete.forget()
	d.report("search", d.aside.Prepare(ctx, d.Schema(), d.log))
	d.complete.forget()
	d.wakeAside()
}

func (d *Door) setSchema(sch *schema.Schema) {
	d.catalogue.Store(&catalogue{schema: sch, vars: exprSchemaOf(sch, nil), rules: map[string]*expr.Expr{}})
	d.forgetRights()
}

// merge puts defined objects over the program's own. A built-in object keeps the fields that the
// program declares, as it declares them now with what people changed of them, and gets those that people
// added.
func merge(builtin, defined []schema.Object) []schema.Object {
	list := append([]schema.Object(nil), builtin...)
	for _, def := range defined {
		at := -1
		for i := range list {
			if list[i].ID == def.ID {
				at = i
			}
		}
		if at < 0 {
			list = append(list, def)
			continue
		}
		own := list[at]
		fields := append([]schema.Field(nil), own.Fields...)
		for _, f := range def.Fields {
			if f.ID >= firstCustom {
				fields = append(fields, f)
			}
		}
		own.Fields = fields
		list[at] = own.Overridden(def.Overrides)
	}
	return list
}

// firstCustom is the first number of objects and fields that people define.
const firstCustom = 1000

// rule returns a compiled stamp (condition) or formula of an object.
func (c *catalogue) rule(object, text string, condition bool) (*expr.Expr, error) {
	key := object + "\x00" + text
	c.mu.Lock()
	defer c.mu.Unlock()
	if x := c.rules[key]; x != nil {
		return x, nil
	}
	compile := expr.CompileValue
	if condition {
		compile = expr.Compile
	}
	x, err := compile(c.vars, object, text)
	if err == nil {
		c.rules[key] = x
	}
	return x, err
}

// exprSchema is a schema as expressions see it.
type exprSchema map[string]*expr.Object

// Object implements expr.Schema.
func (s exprSchema) Object(name string) *expr.Object { return s[name] }

// exprSchemaOf shows the fields for which see is true; nil shows all.
func exprSchemaOf(sch *schema.Schema, see func(o *schema.Object, f *schema.Field) bool) exprSchema {
	all := exprSchema{}
	for _, o := range sch.Objects() {
		x := &expr.Object{Name: o.Name, Vars: map[string]expr.Var{}}
		for i := range o.Fields {
			if f := &o.Fields[i]; !f.Archived && (see == nil || see(o, f)) {
				addVars(x.Vars, f)
			}
		}
		if see == nil || len(x.Vars) > 0 {
			x.Vars["id"] = expr.Var{Name: "id", Kind: expr.ID, Column: "id"}
			all[o.Name] = x
		}
	}
	return all
}

func addVars(vars map[string]expr.Var, f *schema.Field) {
	if f.Computed() || f.Type == schema.SecretType {
		return
	}
	aside := f.Aside()
	v := expr.Var{Name: f.Name, Kind: kindOf(f.Type), Column: f.Column(""), Sealed: f.Class.Cell(), Aside: len(aside) > 0, Ref: refOf(f)}
	for _, c := range append(aside, f.Columns()...) {
		if c.Fold {
			v.Fold = f.Column(c.Suffix)
		}
	}
	for _, o := range f.Options {
		v.Enum = append(v.Enum, o.Key)
	}
	vars[f.Name] = v
	if f.Type == schema.MoneyT {
		name := f.Name + ".currency"
		vars[name] = expr.Var{Name: name, Kind: expr.Text, Column: f.Column("c"), Sealed: v.Sealed, Aside: v.Aside}
	}
}

func kindOf(t schema.Type) expr.Kind {
	switch t {
	case schema.Int:
		return expr.Int
	case schema.DecimalT, schema.Percent, schema.MoneyT:
		return expr.Decimal
	case schema.Bool:
		return expr.Bool
	case schema.DateT:
		return expr.Date
	case schema.Datetime:
		return expr.Time
	case schema.Duration:
		return expr.Duration
	case schema.Lookup, schema.User, schema.Team, schema.Any:
		return expr.ID
	case schema.Multipick:
		return expr.TextList
	case schema.Lookups, schema.AddressT, schema.JSON, schema.GeoT, schema.File, schema.Image:
		return expr.Opaque
	}
	return expr.Text
}

// refOf is the object that a field points to for paths; "" where there is not exactly one.
func refOf(f *schema.Field) string {
	switch f.Type {
	case schema.Lookup:
		return f.Target[0]
	case schema.User:
		return "user"
	case schema.Team:
		return "team"
	}
	return ""
}

// value gives a stored value in the type that expressions use.
func value(v any) any {
	switch x := v.(type) {
	case schema.Decimal:
		return int64(x)
	case schema.Money:
		return int64(x.Amount)
	case schema.Date:
		return int64(x)
	case schema.Time:
		return int64(x)
	case schema.Ref:
		return x.ID
	case nil, string, int64, bool, id.ID, []string:
		return x
	}
	return true // structured: only its presence can be asked for
}

// checkFormula refuses a formula that cannot be read, whose result is not what the field says, or
// that would carry a restricted value out of its cell.
func (c *catalogue) checkFormula(o *schema.Object, f *schema.Field) error {
	x, err := expr.CompileValue(c.vars, o.Name, f.Formula)
	if err != nil {
		return fault.InField(f.Name, "bad_formula", "%s", fault.Message(err))
	}
	if x.Kind() != kindOf(f.Result) {
		return fault.InField(f.Name, "bad_formula", "the formula gives %s, the field wants %s", x.Kind(), kindOf(f.Result))
	}
	for _, used := range x.Fields() {
		part := c.schema.Object(used.Object).Field(baseName(used.Name))
		if part != nil && part.Class.Sealed() && f.Class != part.Class {
			return fault.InField(f.Name, "bad_formula", "it reads %s, so its class must be %s too", part.Name, part.Class)
		}
		if part != nil && part.Class.Cell() {
			return fault.InField(f.Name, "bad_formula", "%s is restricted and cannot be calculated with", part.Name)
		}
	}
	return nil
}

// checkRollup refuses a rollup whose condition cannot be read or reads what is encrypted: what is shown
// beside one record must not tell what is sealed in others.
func (c *catalogue) checkRollup(_ *schema.Object, f *schema.Field) error {
	if f.Rollup.Filter == "" {
		return nil
	}
	x, err := expr.Compile(c.vars, f.Rollup.Object, f.Rollup.Filter)
	if err != nil {
		return fault.InField(f.Name, "bad_rollup", "filter: %s", fault.Message(err))
	}
	for _, used := range x.Fields() {
		if part := c.schema.Object(used.Object).Field(baseName(used.Name)); part != nil && part.Class.Sealed() {
			return fault.InField(f.Name, "bad_rollup", "filter: %s is encrypted and cannot be calculated with", part.Name)
		}
	}
	return nil
}
