package door

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// checkPlaces refuses a new name, or the hiding of a field, while something goes by the old name. What
// people wrote is not rewritten behind their back: the answer lists the places.
func (s *Session) checkPlaces(ctx context.Context, cat *catalogue, was, o *schema.Object) error {
	p := &places{cat: cat, object: was.Name, whole: was.Name != o.Name}
	for i := range was.Fields {
		old := &was.Fields[i]
		if f := o.FieldByID(old.ID); f != nil && (f.Name != old.Name || f.Archived && !old.Archived) {
			p.fields = append(p.fields, old.Name)
		}
	}
	if len(p.fields) == 0 && !p.whole {
		return nil
	}
	p.computed()
	for object, look := range map[string]func(o *schema.Object, r *store.Row){"role": p.role, "view": p.view} {
		of := cat.schema.Object(object)
		err := s.d.data.Each(ctx, of, func(rows []*store.Row) error {
			for _, r := range rows {
				if r.Values[deletedField] == nil {
					look(of, r)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(p.found) == 0 {
		return nil
	}
	slices.Sort(p.found)
	list := slices.Compact(p.found)
	more := ""
	if len(list) > 10 {
		list, more = list[:10], fmt.Sprintf(" and %d more", len(list)-10)
	}
	return fault.New(fault.Conflict, "name_in_use", "change these first, they use the name: %s%s", strings.Join(list, "; "), more)
}

// places collects what goes by the name of an object or of some of its fields.
type places struct {
	cat    *catalogue
	object string
	whole  bool // the object's own name is looked for
	fields []string
	found  []string
}

func (p *places) uses(x *expr.Expr, err error) bool {
	if err != nil {
		return false // it is broken already
	}
	return slices.ContainsFunc(x.Fields(), func(f expr.Field) bool {
		return f.Object == p.object && slices.Contains(p.fields, baseName(f.Name))
	})
}

func (p *places) names(object, path string) bool {
	for o := p.cat.schema.Object(object); o != nil; {
		first, rest, deep := strings.Cut(path, ".")
		if o.Name == p.object && slices.Contains(p.fields, first) {
			return true
		}
		f := o.Field(first)
		if !deep || f == nil {
			break
		}
		o, path = p.cat.schema.Object(refOf(f)), rest
	}
	return false
}

// computed looks through formulas and rollups.
func (p *places) computed() {
	for _, o := range p.cat.schema.Objects() {
		for i := range o.Fields {
			f := &o.Fields[i]
			hit := false
			switch f.Type {
			case schema.Formula:
				hit = p.uses(p.cat.rule(o.Name, f.Formula, false))
			case schema.RollupT:
				hit = p.names(f.Rollup.Object, f.Rollup.Through) || p.names(f.Rollup.Object, f.Rollup.Field)
				if f.Rollup.Filter != "" {
					hit = hit || p.uses(p.cat.rule(f.Rollup.Object, f.Rollup.Filter, true))
				}
			}
			if hit && !(o.Name == p.object && slices.Contains(p.fields, f.Name)) {
				p.found = append(p.found, "the field "+o.Name+"."+f.Name)
			}
		}
	}
}

func (p *places) role(o *schema.Object, r *store.Row) {
	grants, _ := r.Values[o.Field("grants").ID].(json.RawMessage)
	masks, _ := r.Values[o.Field("masks").ID].(json.RawMessage)
	role, err := parseRole(p.cat.schema, grants, masks)
	if err != nil {
		return
	}
	hit := p.whole && slices.ContainsFunc(role.Grants, func(g policy.Grant) bool { return g.Object == p.object })
	for _, m := range role.Masks {
		hit = hit || p.whole && m.Object == p.object
		hit = hit || (m.Object == p.object || m.Object == policy.Everything) && slices.Contains(p.fields, m.Field)
	}
	if hit {
		name, _ := r.Values[o.Field("name").ID].(string)
		p.found = append(p.found, fmt.Sprintf("the role %q", name))
	}
}

func (p *places) view(o *schema.Object, r *store.Row) {
	text := func(field string) string { v, _ := r.Values[o.Field(field).ID].(string); return v }
	object := text("for_object")
	hit := p.whole && object == p.object
	if filter := text("filter"); filter != "" && p.cat.schema.Object(object) != nil {
		hit = hit || p.uses(expr.Compile(p.cat.vars, object, filter))
	}
	for _, name := range strings.Split(text("sort"), ",") {
		hit = hit || p.names(object, strings.TrimPrefix(strings.TrimSpace(name), "-"))
	}
	columns, _ := r.Values[o.Field("columns").ID].(json.RawMessage)
	var list []string
	if json.Unmarshal(columns, &list) == nil {
		hit = hit || slices.ContainsFunc(list, func(name string) bool { return p.names(object, name) })
	}
	if hit {
		p.found = append(p.found, fmt.Sprintf("the view %q", text("name")))
	}
}

// checkStored refuses what the stored records do not fulfil. It reads without a lock: others write
// meanwhile, and what they write under the definition before is not held to the new one, but by the
// unique index.
func (s *Session) checkStored(ctx context.Context, a *access, cat *catalogue, was, o *schema.Object) error {
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Archived {
			continue
		}
		old := was.FieldByID(f.ID)
		if f.Required && (old == nil || !old.Required || old.Archived) {
			if err := s.checkFilled(ctx, a, cat, was, old, f); err != nil {
				return err
			}
		}
		if old == nil {
			continue
		}
		if f.Unique && !old.Unique {
			if err := s.checkAlone(ctx, was, old); err != nil {
				return err
			}
		}
		for _, op := range old.Options {
			if _, stays := f.Option(op.Key); !stays {
				if err := s.checkUnused(ctx, a, cat, was, old, op.Key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *Session) checkFilled(ctx context.Context, a *access, cat *catalogue, o *schema.Object, old, f *schema.Field) (err error) {
	var n int64
	switch {
	case old == nil: // nobody has a value of a new field
		n, err = s.countWhere(ctx, a, cat, o, "true", false)
	case old.Class.Cell():
		n, err = s.d.data.CountMissing(ctx, o, old)
	default:
		n, err = s.countWhere(ctx, a, cat, o, "!has("+old.Name+")", false)
	}
	if err == nil && n > 0 {
		err = conflict(f, "values_missing", "%s of %s have no value: fill them in first", counted(n), o.Name)
	}
	return err
}

func (s *Session) checkAlone(ctx context.Context, o *schema.Object, f *schema.Field) error {
	pairs, err := s.d.data.Duplicates(ctx, o, f, 3)
	if err != nil || len(pairs) == 0 {
		return err
	}
	var list []string
	for _, p := range pairs {
		list = append(list, p[0].String()+" and "+p[1].String())
	}
	return conflict(f, "duplicates", "some %s have the same value, such as %s", o.Name, strings.Join(list, "; "))
}

func (s *Session) checkUnused(ctx context.Context, a *access, cat *catalogue, o *schema.Object, f *schema.Field, key string) error {
	if f.Class.Cell() {
		return conflict(f, "option_in_use", "%s is encrypted under a key of its own, so nobody can tell who has %s: archive the option instead", f.Name, key)
	}
	if f.Archived {
		return conflict(f, "archived", "bring the field back before you remove options")
	}
	cond := f.Name + " == '" + key + "'"
	if f.Type == schema.Multipick {
		cond = "'" + key + "' in " + f.Name
	}
	var n int64
	for _, deleted := range []bool{false, true} {
		got, err := s.countWhere(ctx, a, cat, o, cond, deleted)
		if err != nil {
			return err
		}
		n += got
	}
	if n > 0 {
		return conflict(f, "option_in_use", "%s of %s have %s: archive the option instead", counted(n), o.Name, key)
	}
	return nil
}

// countWhere counts records that fulfil a condition, whoever may see them, up to a little more than
// store.CountCap.
func (s *Session) countWhere(ctx context.Context, a *access, cat *catalogue, o *schema.Object, cond string, deleted bool) (int64, error) {
	x, err := expr.Compile(cat.vars, o.Name, cond)
	if err != nil {
		return 0, err
	}
	sel := &store.Selection{Object: o, Where: []*expr.Expr{x}, Session: a.session(s.d.now()), Objects: cat.schema.Object, Deleted: deleted, Aside: asideUsed(cat, x)}
	if sel.Aside {
		if err := s.whole(ctx); err != nil {
			return 0, err
		}
	}
	return s.d.data.CountRows(ctx, s.d.data.DB(), sel)
}

func counted(n int64) string {
	if n > CountCap {
		return fmt.Sprintf("more than %d", CountCap)
	}
	return fmt.Sprint(n)
}

func conflict(f *schema.Field, reason, format string, args ...any) error {
	e := fault.InField(f.Name, reason, format, args...)
	e.Kind = fault.Conflict
	return e
}

// archivedChoice returns an archived option that a value has and the value before had not; "" where
// there is none.
func archivedChoice(f *schema.Field, before, v any) string {
	keys := func(v any) []string {
		switch x := v.(type) {
		case string:
			return []string{x}
		case []string:
			return x
		}
		return nil
	}
	if f.Type != schema.Picklist && f.Type != schema.Multipick {
		return ""
	}
	for _, key := range keys(v) {
		if op, known := f.Option(key); known && op.Archived && !slices.Contains(keys(before), key) {
			return key
		}
	}
	return ""
}
