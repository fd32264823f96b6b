package door

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Values are a record's fields as a request gives them: what encoding/json decodes with UseNumber,
// or Parsed for values that are in the types of package schema already.
type Values map[string]any

// Parsed marks a value that was read by Field.ParseText or Field.ParseJSON.
type Parsed struct{ Value any }

// Made stands in a batch for the record that an earlier operation, counted from 0, created.
type Made struct{ Operation int }

// maxValues bounds the fields of one request.
const maxValues = schema.MaxFields

// assign writes the given values into a row and reports all that is wrong with them at once. It returns
// which fields were given.
func (c *change) assign(ctx context.Context, o *schema.Object, row *store.Row, given Values) (map[uint32]bool, map[uint32]any, error) {
	if len(given) > maxValues {
		return nil, nil, fault.New(fault.TooLarge, "too_many_fields", "at most %d fields", maxValues)
	}
	named := make(map[uint32]bool, len(given))
	cells := map[uint32]any{}
	c.uploads = nil
	var wrong []fault.Field
	for _, name := range sortedKeys(given) {
		f := o.Field(name)
		if err := c.settable(o, f, name); err != nil {
			wrong = append(wrong, fault.FieldsOf(err)...)
			continue
		}
		v, err := c.parse(f, given[name])
		if _, uploaded := given[name].(Upload); err == nil && !uploaded {
			err = sameFile(f, row.Values[f.ID], v)
		}
		if err != nil {
			wrong = append(wrong, fault.FieldsOf(err)...)
			continue
		}
		if text, ok := v.(string); ok && f.Class == schema.Restricted && strings.Contains(text, "****") {
			wrong = append(wrong, fault.Field{Name: f.Name, Reason: "masked", Message: "this is the masked form: give the whole value, or leave the field out"})
			continue
		}
		if key := archivedChoice(f, row.Values[f.ID], v); key != "" {
			wrong = append(wrong, fault.Field{Name: f.Name, Reason: "archived_option", Message: "the option " + key + " is archived: choose another"})
			continue
		}
		named[f.ID] = true
		switch {
		case f.Class.Cell():
			cells[f.ID] = v
		case v == nil:
			delete(row.Values, f.ID)
		default:
			row.Values[f.ID] = v
		}
	}
	if o.Name == "role" {
		wrong = append(wrong, c.checkRole(o, row)...)
	}
	return named, cells, fault.InFields(wrong)
}

func sortedKeys(m Values) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// settable refuses a field that is not there, that the session may not change, or that only the
// program writes. A hidden field is as unknown as one that does not exist.
func (c *change) settable(o *schema.Object, f *schema.Field, name string) error {
	unknown := func() error { return fault.InField(clip(name), "unknown_field", "%s has no such field", o.Name) }
	if f == nil {
		return unknown()
	}
	_, program := c.actor.System()
	got := c.v.rights.Field(o.Name, f.Name, string(f.Class))
	switch {
	case f.Class == schema.Secret && got == policy.Hidden: // written and never read: the right to write the record suffices
	case got == policy.Hidden:
		return unknown()
	case got < policy.Editable && f.Class != schema.Secret && !(got == policy.Masked && f.Class == schema.Restricted):
		return fault.InField(f.Name, "not_editable", "you may not change this field")
	}
	if (f.ReadOnly || f.Computed() || f.Type == schema.Autonumber) && !(program && !f.System) {
		return fault.InField(f.Name, "read_only", "the program writes this field")
	}
	return nil
}

func (c *change) parse(f *schema.Field, v any) (any, error) {
	switch x := v.(type) {
	case Parsed:
		return x.Value, nil
	case Upload:
		return c.accept(f, x)
	case Made:
		if x.Operation < 0 || x.Operation >= len(c.made) || c.made[x.Operation].IsZero() {
			return nil, fault.InField(f.Name, "not_made", "the operation that it points to made no record")
		}
		return c.made[x.Operation], nil
	}
	return f.ParseJSON(v)
}

func (c *change) checkRole(o *schema.Object, row *store.Row) []fault.Field {
	grants, _ := row.Values[o.Field("grants").ID].(json.RawMessage)
	masks, _ := row.Values[o.Field("masks").ID].(json.RawMessage)
	if len(grants) == 0 {
		return nil
	}
	_, err := parseRole(c.v.cat.schema, grants, masks)
	return fault.FieldsOf(err)
}

// complete gives a row what follows from its other values, and checks it: values taken over from
// linked records, moments since which something is true, required fields, links to records that
// exist. Old is nil for a new record.
func (c *change) complete(ctx context.Context, o *schema.Object, old, row *store.Row, named map[uint32]bool) error {
	if old == nil {
		if err := c.defaults(ctx, o, row, named); err != nil {
			return err
		}
	}
	var wrong []fault.Field
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Archived {
			continue
		}
		missing, err := c.checkLinks(ctx, o, f, old, row)
		if err != nil {
			return err
		}
		wrong = append(wrong, missing...)
	}
	if err := fault.InFields(wrong); err != nil {
		return err
	}
	for i := range o.Fields {
		if f := &o.Fields[i]; f.Takes != "" && !named[f.ID] {
			if err := c.take(ctx, o, f, old, row); err != nil {
				return err
			}
		}
	}
	if t := o.Timeline; t != nil && changed(o.Field(t.Field), old, row) {
		row.Values[o.Field(t.Since).ID] = c.at
	}
	if err := c.stamps(ctx, o, row); err != nil {
		return err
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Required && !f.Archived && row.Values[f.ID] == nil && len(row.Cells[f.ID]) == 0 {
			wrong = append(wrong, fault.Field{Name: f.Name, Reason: "required", Message: "is required"})
		}
	}
	return fault.InFields(wrong)
}

// defaults fills in what a new record begins with.
func (c *change) defaults(ctx context.Context, o *schema.Object, row *store.Row, named map[uint32]bool) error {
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Archived || row.Values[f.ID] != nil {
			continue
		}
		switch {
		case f.Type == schema.Autonumber:
			n, err := c.d.data.Count(ctx, c.tx, o, f)
			if err != nil {
				return err
			}
			row.Values[f.ID] = autonumber(f.Pattern, n)
		case f.Default != "" && !named[f.ID] && !f.Class.Cell():
			v, err := f.ParseText(f.Default)
			if err != nil {
				return err
			}
			row.Values[f.ID] = v
		}
	}
	return nil
}

// autonumber writes a number into the zeros of a pattern such as T-{00000}.
func autonumber(pattern string, n int64) string {
	before, rest, _ := strings.Cut(pattern, "{")
	zeros, after, _ := strings.Cut(rest, "}")
	return before + fmt.Sprintf("%0*d", len(zeros), n) + after
}

// changed reports whether a field differs between two versions of a record.
func changed(f *schema.Field, old, row *store.Row) bool {
	if old == nil {
		return row.Values[f.ID] != nil
	}
	return !slices.Equal(f.Encode(old.Values[f.ID]), f.Encode(row.Values[f.ID]))
}

// checkLinks checks that changed links point to records that the session sees.
func (c *change) checkLinks(ctx context.Context, _ *schema.Object, f *schema.Field, old, row *store.Row) ([]fault.Field, error) {
	targets := linksOf(c.v.cat.schema, f, row.Values[f.ID])
	if len(targets) == 0 || !changed(f, old, row) {
		return nil, nil
	}
	if row.Values[f.ID] == c.actor.User() { // oneself is always there, also for who may not list people
		return nil, nil
	}
	for _, t := range targets {
		o := c.v.cat.schema.ObjectByID(t.object)
		got, err := c.find(ctx, o, t.id)
		if err != nil {
			return nil, err
		}
		if got == nil {
			return []fault.Field{{Name: f.Name, Reason: "no_such_record", Message: "there is no such " + o.Name}}, nil
		}
	}
	return nil, nil
}

// linksOf lists the records that a value points to.
func linksOf(sch *schema.Schema, f *schema.Field, v any) []ref {
	object := func(name string) uint32 { return sch.Object(name).ID }
	switch x := v.(type) {
	case id.ID:
		return []ref{{object(refOf(f)), x}}
	case schema.Ref:
		return []ref{{object(x.Object), x.ID}}
	case []id.ID:
		list := make([]ref, len(x))
		for i := range x {
			list[i] = ref{object(f.Target[0]), x[i]}
		}
		return list
	}
	return nil
}

// take copies a value from a linked record when the link changed.
func (c *change) take(ctx context.Context, o *schema.Object, f *schema.Field, old, row *store.Row) error {
	link, name, _ := strings.Cut(f.Takes, ".")
	via := o.Field(link)
	if !changed(via, old, row) {
		return nil
	}
	rid, _ := row.Values[via.ID].(id.ID)
	if rid.IsZero() {
		return nil
	}
	to := c.v.cat.schema.Object(refOf(via))
	other, err := c.find(ctx, to, rid)
	if err != nil || other == nil {
		return err
	}
	if v := other.Values[to.Field(name).ID]; v != nil {
		row.Values[f.ID] = v
	}
	return nil
}

// stamps keeps the moments since which conditions hold. They hold or not whatever the session sees of
// the records that they read.
func (c *change) stamps(ctx context.Context, o *schema.Object, row *store.Row) error {
	v := *c.v
	v.get = func(o *schema.Object, rid id.ID) (*store.Row, error) { return c.stored(ctx, o, rid) }
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Stamp == "" {
			continue
		}
		x, err := c.v.cat.rule(o.Name, f.Stamp, true)
		if err != nil {
			return err
		}
		holds, err := v.holds(x, o, row)
		switch {
		case err != nil:
			return err
		case !holds:
			delete(row.Values, f.ID)
		case row.Values[f.ID] == nil:
			row.Values[f.ID] = c.at
		}
	}
	return nil
}

// sealCells seals restricted and secret values for the row's subject. When the subject changed, the
// cells that the row has already are sealed anew.
func (c *change) sealCells(ctx context.Context, o *schema.Object, old, row *store.Row, given map[uint32]any) error {
	if old != nil && old.Subject != row.Subject {
		for n := range row.Cells {
			f := o.FieldByID(n)
			if _, replaced := given[n]; replaced || f.Class != schema.Restricted {
				continue
			}
			v, err := c.d.data.OpenCell(ctx, o, old, f)
			if err != nil {
				return err
			}
			given[n] = v
		}
	}
	for n, v := range given {
		cell, err := c.d.data.SealCell(ctx, o, row, o.FieldByID(n), v)
		if err != nil {
			return err
		}
		if cell == nil {
			delete(row.Cells, n)
			continue
		}
		row.Cells[n] = cell
	}
	return nil
}

// subjectOf finds whose keys seal a row.
func (c *change) subjectOf(ctx context.Context, o *schema.Object, old, row *store.Row) (id.ID, error) {
	switch {
	case o.Subject == "":
		return id.ID{}, nil
	case o.Subject == schema.Self && old != nil:
		return old.Subject, nil
	case o.Subject == schema.Self:
		return c.d.keys.Take(ctx)
	}
	f := o.Field(o.Subject)
	if old != nil && !changed(f, old, row) {
		return old.Subject, nil
	}
	links := linksOf(c.v.cat.schema, f, row.Values[f.ID])
	if len(links) == 0 {
		return id.ID{}, nil
	}
	other, err := c.find(ctx, c.v.cat.schema.ObjectByID(links[0].object), links[0].id)
	if err != nil || other == nil {
		return id.ID{}, err
	}
	return other.Subject, nil
}

// timeline leaves a record of a change of the field that the object's timeline follows.
func (c *change) timeline(ctx context.Context, o *schema.Object, old, row *store.Row) error {
	t := o.Timeline
	if t == nil || !changed(o.Field(t.Field), old, row) {
		return nil
	}
	to := c.v.cat.schema.Object(t.Object)
	left := &store.Row{ID: c.d.ids.New(), Version: 1, Values: map[uint32]any{}, Cells: map[uint32][]byte{}}
	set := func(name string, v any) {
		if v != nil {
			left.Values[to.Field(name).ID] = v
		}
	}
	set(t.Record, row.ID)
	set(t.To, row.Values[o.Field(t.Field).ID])
	set(t.At, c.at)
	set(t.Copy, row.Values[o.Field(t.Copy).ID])
	if old != nil {
		set(t.From, old.Values[o.Field(t.Field).ID])
		if since, ok := old.Values[o.Field(t.Since).ID].(schema.Time); ok {
			set(t.Spent, int64(c.at-since)/1_000_000)
		}
	}
	for _, n := range []uint32{ownerField, teamField} { // who sees the record sees where it has been
		if v := row.Values[n]; v != nil {
			left.Values[n] = v
		}
	}
	c.stampSystem(left, true)
	return c.insert(ctx, to, left)
}
