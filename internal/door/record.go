package door

import (
	"context"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// deletedField and others are numbers of system fields.
const (
	ownerField   = 3
	teamField    = 4
	createdAt    = 5
	createdBy    = 6
	updatedAt    = 7
	updatedBy    = 8
	sourceField  = 9
	deletedField = 11
)

// Masked is a restricted value of which only the ends are shown.
type Masked string

// Record is a record as one session may see it.
type Record struct {
	Object  *schema.Object
	ID      id.ID
	Version int64
	Erased  bool // the person's data was erased for good
	Can     Can

	cols   *columns
	values []any // canonical, or Masked; in the order of cols, nil where absent
}

// columns are the fields that records were read with, the same for all records of a list.
type columns struct {
	names  []string
	fields []*schema.Field
	at     map[string]int
	sorted []int // those with different names, by their names
}

func newColumns(sh *shape) *columns {
	c := &columns{at: map[string]int{}}
	parts := slices.Clone(sh.own)
	for _, l := range sh.links {
		parts = append(parts, l.parts...)
	}
	for i, p := range parts {
		c.names, c.fields = append(c.names, p.name), append(c.fields, p.field)
		if _, twice := c.at[p.name]; !twice {
			c.at[p.name] = i
			c.sorted = append(c.sorted, i)
		}
	}
	slices.SortFunc(c.sorted, func(a, b int) int { return strings.Compare(c.names[a], c.names[b]) })
	return c
}

// Can says what the session may do with a record.
type Can struct {
	Update bool `json:"update"`
	Delete bool `json:"delete"`
}

// Names lists the fields that the record was read with, in order; a path such as company.name reads
// through a lookup.
func (r *Record) Names() []string {
	if r.cols == nil {
		return nil
	}
	return r.cols.names
}

// Value returns a field's value in the types of package schema, or Masked; nil when absent.
func (r *Record) Value(name string) any {
	v, _ := r.value(name)
	return v
}

func (r *Record) value(name string) (any, *schema.Field) {
	if r.cols == nil {
		return nil, nil
	}
	i, ok := r.cols.at[name]
	if !ok || i >= len(r.values) {
		return nil, nil
	}
	return r.values[i], r.cols.fields[i]
}

// JSON returns a field as the API shows it.
func (r *Record) JSON(name string) any { return shownAs(r.value(name)) }

func shownAs(v any, f *schema.Field) any {
	switch x := v.(type) {
	case nil:
		return nil
	case Masked:
		return string(x)
	}
	return f.JSON(v)
}

// Fields yields the fields by the order of their names, each as the API shows it.
func (r *Record) Fields() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if r.cols == nil {
			return
		}
		for _, i := range r.cols.sorted {
			var v any
			if i < len(r.values) {
				v = shownAs(r.values[i], r.cols.fields[i])
			}
			if !yield(r.cols.names[i], v) {
				return
			}
		}
	}
}

// Text returns a field as a file holds it.
func (r *Record) Text(name string) string {
	switch v, f := r.value(name); x := v.(type) {
	case nil:
		return ""
	case Masked:
		return string(x)
	default:
		return f.Text(v)
	}
}

// shape is which fields of an object a session reads.
type shape struct {
	object *schema.Object
	own    []part
	links  []link
	cols   *columns
	plan   *store.Plan
	update *expr.Expr
	delete *expr.Expr
}

// part is a field and its name in the answer.
type part struct {
	name  string
	field *schema.Field
	got   policy.Access
}

// link is a lookup and what is read of the records that it points to.
type link struct {
	field *schema.Field
	to    *schema.Object
	parts []part
}

const maxNames = 200

// shape resolves the names of fields; none stands for all that the session may read.
func (a *access) shape(o *schema.Object, names []string) (*shape, error) {
	if len(names) > maxNames {
		return nil, fault.New(fault.TooLarge, "too_many_fields", "fields: at most %d", maxNames)
	}
	key := o.Name + "\x00" + strings.Join(names, "\x00")
	return remembered(a, a.shapes, key, func() (*shape, error) { return a.newShape(o, names) })
}

func (a *access) newShape(o *schema.Object, names []string) (*shape, error) {
	sh := &shape{object: o}
	if len(names) == 0 {
		for i := range o.Fields {
			f := &o.Fields[i]
			if got := a.field(o, f); !f.Archived && got > policy.Hidden && f.ID != deletedField {
				sh.own = append(sh.own, part{f.Name, f, got})
			}
		}
	}
	for _, name := range names {
		if err := a.addName(sh, name); err != nil {
			return nil, err
		}
	}
	var err error
	if sh.update, err = a.condition(o.Name, policy.Update); err != nil {
		return nil, err
	}
	if sh.delete, err = a.condition(o.Name, policy.Delete); err != nil {
		return nil, err
	}
	sh.cols, sh.plan = newColumns(sh), store.NewPlan(o, sh.needed(a))
	return sh, nil
}

func (a *access) addName(sh *shape, name string) error {
	first, rest, deep := strings.Cut(name, ".")
	f := sh.object.Field(first)
	if f == nil || a.field(sh.object, f) == policy.Hidden {
		return noField(sh.object, name)
	}
	if !deep {
		sh.own = append(sh.own, part{name, f, a.field(sh.object, f)})
		return nil
	}
	to := a.cat.schema.Object(refOf(f))
	if !a.readable(sh.object, f) || to == nil || !a.rights.May(to.Name, policy.Read) || to.Field(rest) == nil || a.field(to, to.Field(rest)) == policy.Hidden {
		return noField(sh.object, name)
	}
	p := part{name, to.Field(rest), a.field(to, to.Field(rest))}
	for i := range sh.links {
		if sh.links[i].field == f {
			sh.links[i].parts = append(sh.links[i].parts, p)
			return nil
		}
	}
	sh.links = append(sh.links, link{field: f, to: to, parts: []part{p}})
	return nil
}

func noField(o *schema.Object, name string) error {
	return fault.New(fault.Invalid, "unknown_field", "there is no field %q of %s", name, o.Name)
}

// needed lists the fields to load: those shown, those that the lookups need, those that formulas are
// computed from, and those by which rights are judged.
func (sh *shape) needed(a *access) []*schema.Field {
	var list []*schema.Field
	for _, p := range sh.own {
		list = append(list, a.inputs(sh.object, p.field)...)
	}
	for _, l := range sh.links {
		list = append(list, l.field)
	}
	for _, x := range []*expr.Expr{sh.update, sh.delete, a.visible(sh.object.Name)} {
		if x != nil {
			list = append(list, ownFields(sh.object, x)...)
		}
	}
	return append(list, sh.object.FieldByID(deletedField), sh.object.FieldByID(updatedAt))
}

// inputs lists what must be loaded to show a field: itself and, for a formula, what it is computed from.
func (a *access) inputs(o *schema.Object, f *schema.Field) []*schema.Field {
	if f.Type != schema.Formula {
		return []*schema.Field{f}
	}
	x, err := a.cat.rule(o.Name, f.Formula, false)
	if err != nil {
		return []*schema.Field{f}
	}
	return append(ownFields(o, x), f)
}

func ownFields(o *schema.Object, x *expr.Expr) []*schema.Field {
	var list []*schema.Field
	for _, f := range x.Fields() {
		if len(f.Path) > 0 {
			continue
		}
		if own := o.Field(baseName(f.Name)); own != nil {
			list = append(list, own)
		}
	}
	return list
}

// record makes what the session sees of a row.
func (v *viewer) record(ctx context.Context, sh *shape, row *store.Row) (*Record, error) {
	r := &Record{
		Object: sh.object, ID: row.ID, Version: row.Version, Erased: row.Erased, cols: sh.cols, values: make([]any, 0, len(sh.cols.names)),
	}
	for _, p := range sh.own {
		if err := v.put(ctx, r, sh.object, row, p); err != nil {
			return nil, err
		}
	}
	var err error
	if r.Can.Update, err = v.holds(sh.update, sh.object, row); err != nil {
		return nil, err
	}
	r.Can.Delete, err = v.holds(sh.delete, sh.object, row)
	return r, err
}

func (v *viewer) put(ctx context.Context, r *Record, o *schema.Object, row *store.Row, p part) error {
	f := p.field
	val := row.Values[f.ID]
	switch {
	case f.Type == schema.RollupT:
		val = v.rolled[rolled{f, row.ID}]
	case f.Type == schema.Formula:
		got, err := v.compute(o, row, f)
		if err != nil {
			return err
		}
		val = got
	case f.Class == schema.Restricted:
		open, err := v.d.data.OpenCell(ctx, o, row, f)
		if err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
		val = open
	}
	switch {
	case val == nil || p.got == policy.Hidden:
		r.values = append(r.values, nil)
	case p.got == policy.Masked:
		r.values = append(r.values, mask(f.Text(val)))
	default:
		r.values = append(r.values, val)
	}
	return nil
}

// mask keeps at most the first three and the last four characters, and never more than a third.
func mask(s string) Masked {
	n := utf8.RuneCountInString(s)
	runes := []rune(s)
	head, tail := min(3, n/6), min(4, n/4)
	return Masked(string(runes[:head]) + "****" + string(runes[n-tail:]))
}

// viewer judges and shows records to one session, at one moment, with one querier.
type viewer struct {
	*access
	d   *Door
	ctx context.Context //nolint:containedctx // lives as long as one verb
	s   expr.Session
	get func(o *schema.Object, rid id.ID) (*store.Row, error) // a related record; nil where there is none

	past    bool // records are shown as they were
	related map[ref]*store.Row
	rolled  map[rolled]any
}

// holds reports whether a condition is true for a row; a nil condition never is.
func (v *viewer) holds(x *expr.Expr, o *schema.Object, row *store.Row) (bool, error) {
	if x == nil {
		return false, nil
	}
	return x.Match(&subject{v: v, o: o, row: row}, v.s)
}

// compute evaluates a formula.
func (v *viewer) compute(o *schema.Object, row *store.Row, f *schema.Field) (any, error) {
	x, err := v.cat.rule(o.Name, f.Formula, false)
	if err != nil {
		return nil, err
	}
	got, err := x.Eval(&subject{v: v, o: o, row: row}, v.s)
	if err != nil || got == nil {
		return nil, err
	}
	return f.Load(asStored(f, got))
}

// asStored gives a computed value the columns of the field's type.
func asStored(f *schema.Field, v any) []any {
	switch x := v.(type) {
	case id.ID:
		return []any{x.Bytes()}
	case int64:
		if f.Result == schema.Int && f.Type == schema.Formula {
			return []any{x}
		}
	}
	return []any{v}
}

// subject is a row as an expression reads it.
type subject struct {
	v   *viewer
	o   *schema.Object
	row *store.Row
}

// Value implements expr.Record.
func (s *subject) Value(name string) any {
	if name == "id" {
		return s.row.ID
	}
	f := s.o.Field(baseName(name))
	if f == nil {
		return nil
	}
	if m, ok := s.row.Values[f.ID].(schema.Money); ok && name != f.Name {
		return m.Currency
	}
	return value(s.row.Values[f.ID])
}

// Related implements expr.Record.
func (s *subject) Related(lookup string) (expr.Record, error) {
	f := s.o.Field(lookup)
	to := s.v.cat.schema.Object(refOf(f))
	rid, _ := s.row.Values[f.ID].(id.ID)
	if to == nil || rid.IsZero() {
		return nil, nil
	}
	row, err := s.v.get(to, rid)
	if err != nil || row == nil {
		return nil, err
	}
	return &subject{v: s.v, o: to, row: row}, nil
}

// viewer returns a viewer that reads related records from the database as they are now, those alone
// that the session may see.
func (s *Session) viewer(ctx context.Context, a *access) *viewer {
	v := &viewer{access: a, d: s.d, ctx: ctx, s: a.session(s.d.now())}
	v.get = func(o *schema.Object, rid id.ID) (*store.Row, error) {
		if err := v.fetch(ctx, o, []id.ID{rid}); err != nil {
			return nil, err
		}
		return v.related[ref{o.ID, rid}], nil
	}
	return v
}
