package transfer

import (
	"context"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

// linkIndex finds the records of an object by the text that names them.
type linkIndex struct {
	object *door.ObjectInfo
	ids    map[string]any // plain title → identifier, or missingRef
	make   []string       // titles of records to make, in order
}

// missingRef is the place of a record among those that are made first.
type missingRef int

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

// maxNames is how many records are looked through where titles are encrypted.
const maxNames = 20_000

// resolve finds, or plans to make, the records that lookups in the file name.
func (im *importer) resolve(ctx context.Context) error {
	im.links = map[string]*linkIndex{}
	next := 0
	for c, f := range im.fields {
		if f == nil || targetOf(f) == "" {
			continue
		}
		index, err := im.index(ctx, targetOf(f), im.column(c))
		if err != nil {
			return err
		}
		if !im.plan.CreateMissing || targetOf(f) == im.plan.Object {
			continue
		}
		for _, row := range im.sheet.Rows {
			if c >= len(row) {
				continue
			}
			name := im.cell(f, row[c])
			if key := plain(name); key != "" && index.ids[key] == nil && !isID(name) {
				index.ids[key] = missingRef(next)
				index.make = append(index.make, name)
				next++
			}
		}
	}
	return nil
}

// column lists the different texts of a column.
func (im *importer) column(c int) []string {
	seen := map[string]bool{}
	var list []string
	for _, row := range im.sheet.Rows {
		if c < len(row) {
			if text := im.cell(im.fields[c], row[c]); text != "" && !seen[text] {
				seen[text] = true
				list = append(list, text)
			}
		}
	}
	return list
}

func (im *importer) index(ctx context.Context, object string, names []string) (*linkIndex, error) {
	index := im.links[object]
	if index == nil {
		info, err := objectOf(ctx, im.s, object)
		if err != nil {
			return nil, err
		}
		index = &linkIndex{object: info, ids: map[string]any{}}
		im.links[object] = index
	}
	title := index.object.Object.Title[0]
	var filters []string
	if index.object.Object.Field(title).Class.Sealed() {
		filters = []string{""} // encrypted titles cannot be asked for: all are read
	} else {
		for len(names) > 0 {
			n := min(len(names), 100)
			quoted := make([]string, n)
			for i := range quoted {
				quoted[i] = strconv.Quote(names[i])
			}
			filters = append(filters, title+" in ["+strings.Join(quoted, ", ")+"]")
			names = names[n:]
		}
	}
	for _, filter := range filters {
		err := each(ctx, im.s, door.Query{Object: object, Filter: filter, Fields: []string{title}}, func(r *door.Record) error {
			if len(index.ids) >= maxNames {
				return fault.New(fault.TooLarge, "too_many_names", "more than %d %s records: use identifiers in the file", maxNames, object)
			}
			if key := plain(r.Text(title)); key != "" && index.ids[key] == nil {
				index.ids[key] = r.ID.String()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return index, nil
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

// missing lists the operations that make the records which lookups name and which are not there, in
// the order of their missingRef.
func (im *importer) missing() []door.Operation {
	byPlace := map[int]door.Operation{}
	for object, index := range im.links {
		title := index.object.Object.Title[0]
		for _, name := range index.make {
			place, _ := index.ids[plain(name)].(missingRef)
			v := door.Values{title: name}
			if object == "user" { // somebody whom old records name; without a password they cannot sign in
				v["active"] = false
			}
			byPlace[int(place)] = door.Operation{Op: "create", Object: object, Fields: v}
		}
	}
	ops := make([]door.Operation, len(byPlace))
	for place, op := range byPlace {
		ops[place] = op
	}
	return ops
}

// find looks up the records that an update or upsert is about.
func (im *importer) find(ctx context.Context) error {
	if im.plan.Mode == "create" {
		return nil
	}
	im.known = map[string][]existing{}
	column := -1
	for c, f := range im.fields {
		if f != nil && f.Name == im.plan.Key {
			column = c
		}
	}
	names := im.column(column)
	for len(names) > 0 {
		n := min(len(names), 100)
		parts := make([]string, n)
		for i := range parts {
			parts[i] = im.literal(im.fields[column], names[i])
		}
		names = names[n:]
		q := door.Query{Object: im.plan.Object, Filter: im.plan.Key + " in [" + strings.Join(parts, ", ") + "]", Fields: []string{im.plan.Key}}
		err := each(ctx, im.s, q, func(r *door.Record) error {
			key := plain(r.Text(im.plan.Key))
			im.known[key] = append(im.known[key], existing{r.ID, r.Version})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// literal writes a value for a filter.
func (im *importer) literal(f *schema.Field, text string) string {
	switch f.Type {
	case schema.Int, schema.DecimalT:
		if v, err := f.ParseText(text); err == nil {
			return f.Text(v)
		}
	}
	return strconv.Quote(text)
}
