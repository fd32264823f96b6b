package transfer

import (
	"context"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// linkIndex finds the records of an object by a text: their title or e-mail, or another field.
type linkIndex struct {
	object *door.ObjectInfo
	by     string         // the field; "" for the title
	ids    map[string]any // plain text → identifier, or door.Made
	many   map[string]bool
}

// targetOf is the object that a field points to; "" where it points to none or to several.
func targetOf(f *schema.Field) string {
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

func isID(text string) bool {
	if len(text) != 36 {
		return false
	}
	_, err := id.Parse(text)
	return err == nil
}

// prepareLink makes the index of what a column points to.
func (im *importer) prepareLink(ctx context.Context, t target) error {
	object := targetOf(t.field)
	if object == "" {
		return nil
	}
	if im.links == nil {
		im.links = map[string]*linkIndex{}
	}
	if im.links[object+"."+t.by] != nil {
		return nil
	}
	info, err := objectOf(ctx, im.s, object)
	if err != nil {
		return fault.InField("--map", "unknown_object", "%s points to %s records, which you may not read: leave the column out with -", t.name, object)
	}
	if t.by != "" && !filterable(info, t.by) {
		return fault.InField("--map", "not_filterable", "%s records cannot be found by %q", object, t.by)
	}
	im.links[object+"."+t.by] = &linkIndex{object: info, by: t.by, ids: map[string]any{}, many: map[string]bool{}}
	return nil
}

func filterable(info *door.ObjectInfo, name string) bool {
	for _, f := range info.Fields {
		if f.Field.Name == name {
			return f.Filter
		}
	}
	return false
}

// resolve finds, or plans to make, the records that lookups in the file name.
func (im *importer) resolve(ctx context.Context) error {
	for i := range im.columns {
		c := &im.columns[i]
		if c.field == nil || targetOf(c.field) == "" {
			continue
		}
		index := im.links[targetOf(c.field)+"."+c.by]
		names := sortedNames(c.names)
		if err := im.fill(ctx, index, names); err != nil {
			return err
		}
		if !im.plan.CreateMissing || targetOf(c.field) == im.plan.Object || index.by != "" {
			continue
		}
		for _, name := range names {
			if key := plain(name); key != "" && index.ids[key] == nil {
				index.ids[key] = door.Made{Operation: len(im.made)}
				op, err := im.makeNamed(ctx, index.object.Object, name)
				if err != nil {
					return err
				}
				im.made = append(im.made, op)
			}
		}
	}
	for i := range im.columns {
		im.columns[i].names = nil
	}
	return nil
}

// makeNamed makes a record of which only the name is known.
func (im *importer) makeNamed(ctx context.Context, o *schema.Object, name string) (door.Operation, error) {
	v := door.Values{o.Title[0]: name}
	switch o.Name {
	case "user": // somebody whom old records name; without a password they cannot sign in
		v["active"] = false
	case "stage": // at the end of the first pipeline
		p, err := im.s.List(ctx, door.Query{Object: "pipeline", Sort: []string{"position"}, Limit: 1, Fields: []string{"name"}})
		if err != nil {
			return door.Operation{}, err
		}
		if len(p.Records) > 0 {
			v["pipeline"] = p.Records[0].ID.String()
		}
		v["position"] = door.Parsed{Value: int64(100 + len(im.made))}
	}
	return door.Operation{Op: "create", Object: o.Name, Fields: v}, nil
}

// fill looks up records by the names given.
func (im *importer) fill(ctx context.Context, index *linkIndex, names []string) error {
	if index.by != "" {
		return im.lookUp(ctx, index, index.by, names)
	}
	var emails, titles []string
	for _, n := range names {
		if strings.Contains(n, "@") && filterable(index.object, "email") {
			emails = append(emails, n)
			continue
		}
		titles = append(titles, n)
	}
	if err := im.lookUp(ctx, index, "email", emails); err != nil {
		return err
	}
	return im.lookUp(ctx, index, index.object.Object.Title[0], titles)
}

func (im *importer) lookUp(ctx context.Context, index *linkIndex, field string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	o := index.object.Object
	take := func(r *door.Record) error {
		key := plain(r.Text(field))
		if key == "" {
			return nil
		}
		if was, twice := index.ids[key]; twice && was != r.ID.String() && index.by != "" {
			index.many[key] = true
		}
		if index.ids[key] == nil {
			index.ids[key] = r.ID.String()
		}
		return nil
	}
	if !filterable(index.object, field) { // what cannot be asked for is read whole
		return each(ctx, im.s, door.Query{Object: o.Name, Fields: []string{field}}, func(r *door.Record) error {
			if len(index.ids) >= maxNames {
				return fault.New(fault.TooLarge, "too_many_names", "more than %d %s records: use identifiers in the file", maxNames, o.Name)
			}
			return take(r)
		})
	}
	f := o.Field(field)
	literals := make([]string, len(names))
	for i, n := range names {
		literals[i] = literal(f, n)
	}
	for len(literals) > 0 {
		var filter string
		filter, literals = inFilter(field, literals)
		if err := each(ctx, im.s, door.Query{Object: o.Name, Filter: filter, Fields: []string{field}}, take); err != nil {
			return err
		}
	}
	return nil
}

// maxFilter is how long a filter is made, in bytes: less than the expression language takes.
const maxFilter = 3800

// inFilter makes a filter of as many values as fit, and returns the rest.
func inFilter(field string, literals []string) (filter string, rest []string) {
	size, n := len(field)+8, 0
	for n < len(literals) && n < 400 && (n == 0 || size+len(literals[n])+2 < maxFilter) {
		size += len(literals[n]) + 2
		n++
	}
	return field + " in [" + strings.Join(literals[:n], ", ") + "]", literals[n:]
}

// each reads a list page by page.
func each(ctx context.Context, s *door.Session, q door.Query, do func(*door.Record) error) error {
	q.Limit = door.MaxLimit
	for {
		page, err := s.List(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			if err := do(r); err != nil {
				return err
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return nil
		}
	}
}

// literal writes a value for a filter.
func literal(f *schema.Field, text string) string {
	switch f.Type {
	case schema.Int, schema.DecimalT:
		if v, err := f.ParseText(text); err == nil {
			return f.Text(v)
		}
	}
	return strconv.Quote(text)
}

// link finds the record that a text names.
func (im *importer) link(c *column, text string, row int) (any, error) {
	object := targetOf(c.field)
	index, key := im.links[object+"."+c.by], plain(text)
	if index.many[key] {
		return nil, fault.InField(c.field.Name, "ambiguous", "several %s records have this %s", object, c.by)
	}
	if rid, ok := index.ids[key]; ok {
		return rid, nil
	}
	switch {
	case object == im.plan.Object && c.by == "": // a record of this very file, perhaps further down
		im.later = append(im.later, later{op: im.ops, field: c.field.Name, title: key, row: row})
		return nil, nil
	case c.by != "":
		return nil, fault.InField(c.field.Name, "no_such_record", "there is no %s with this %s: import them first", object, c.by)
	}
	return nil, fault.InField(c.field.Name, "no_such_record", "there is no such %s; --create-missing makes it", object)
}
