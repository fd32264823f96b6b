package store

import (
	"slices"
	"strings"
	"sync"

	"github.com/wardbook/wardbook/internal/schema"
)

// layout is how an object's rows lie in its table. It is made once for each object, because every
// row and every statement asks for it.
type layout struct {
	columns [][]column // of each field, in the order of the object's fields
	left    [][]column // the same for values from before a field was encrypted, without those for finding
	names   []string   // every column but id, in the order in which values gives them
	insert  string     // the statement that stores a row
	whole   *Plan      // reads every field
	copied  []*schema.Field
	clear   *Plan // reads those that are not encrypted
}

// layouts keeps the layout of each object. An object never changes: a new definition makes a new one.
type layouts struct {
	mu   sync.RWMutex
	made map[*schema.Object]*layout
}

func (l *layouts) of(o *schema.Object) *layout {
	l.mu.RLock()
	lay := l.made[o]
	l.mu.RUnlock()
	if lay != nil {
		return lay
	}
	lay = newLayout(o)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made == nil || len(l.made) >= 2*schema.MaxObjects { // those of earlier definitions go, too
		l.made = map[*schema.Object]*layout{}
	}
	l.made[o] = lay
	return lay
}

func newLayout(o *schema.Object) *layout {
	lay := &layout{names: []string{"version", "subject", "sealed"}, whole: NewPlan(o, nil), copied: copied(o)}
	for i := range o.Fields {
		cols := columnsOf(&o.Fields[i])
		lay.columns, lay.left = append(lay.columns, cols), append(lay.left, open(left(&o.Fields[i])))
		for _, c := range cols {
			lay.names = append(lay.names, c.name)
		}
	}
	var unsealed []*schema.Field
	for i := range o.Fields {
		if f := &o.Fields[i]; !f.Class.Sealed() {
			unsealed = append(unsealed, f)
		}
	}
	lay.clear = NewPlan(o, unsealed)
	lay.insert = "INSERT INTO " + o.Table() + " (id, " + strings.Join(lay.names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(lay.names)) + ")"
	return lay
}

// copied lists the fields in the clear of which what is kept aside has a copy, so that a list by an
// encrypted field can be found there alone: those that rights are judged by, and those of indexes.
func copied(o *schema.Object) []*schema.Field {
	var list []*schema.Field
	for i := range o.Fields {
		f := &o.Fields[i]
		judged := f.ID == ownerField || f.ID == teamField || f.ID == deletedField
		indexed := slices.ContainsFunc(o.Indexes, func(index []string) bool { return slices.Contains(index, f.Name) })
		if (judged || indexed) && !f.Class.Sealed() && len(columnsOf(f)) > 0 {
			list = append(list, f)
		}
	}
	return list
}

// Clear returns the plan that reads the fields of an object that are not encrypted.
func (s *Store) Clear(o *schema.Object) *Plan { return s.layouts.of(o).clear }

type column struct {
	name string
	as   schema.Storage
	fold bool
}

// columnsOf returns the columns of a field in its object's table: those of its type, or one for a
// sealed cell. Personal fields share the row's blob, formulas are computed.
func columnsOf(f *schema.Field) []column {
	switch {
	case f.Class.Cell() && !f.Computed():
		return []column{{name: f.CellColumn(), as: schema.StoreBytes}}
	case f.Class.Sealed() || f.Computed():
		return nil
	}
	var list []column
	for _, c := range f.Columns() {
		list = append(list, column{f.Column(c.Suffix), c.As, c.Fold})
	}
	return list
}

// loaded returns the columns of a field that are read: all but those for finding and sorting.
func loaded(f *schema.Field) []column {
	return slices.DeleteFunc(columnsOf(f), func(c column) bool { return c.fold })
}

// left returns the columns in which values of a field may lie from before it was encrypted.
func left(f *schema.Field) []column {
	var list []column
	for _, c := range f.Left() {
		list = append(list, column{f.Column(c.Suffix), c.As, c.Fold})
	}
	return list
}

// open leaves out the columns for finding and sorting.
func open(cols []column) []column {
	return slices.DeleteFunc(slices.Clone(cols), func(c column) bool { return c.fold })
}

// sortColumn is the column by which records are sorted and found: the folded text where there is one.
func sortColumn(f *schema.Field) string {
	cols := f.Columns()
	if i := slices.IndexFunc(cols, func(c schema.Column) bool { return c.Fold }); i >= 0 {
		return f.Column(cols[i].Suffix)
	}
	return f.Column("")
}

// Plan says what to read of an object's rows.
type Plan struct {
	object   *schema.Object
	fields   []*schema.Field
	columns  [][]column // of each of fields
	left     [][]column // the same for values from before a field was encrypted
	width    int        // columns of all fields
	personal bool
	list     string          // what a SELECT names, of the table t
	wanted   map[uint32]bool // numbers of the fields; nil for all
}

func (p *Plan) wants(n uint32) bool { return p.wanted == nil || p.wanted[n] }

// inBlob reports whether values of a field may lie in the blob of personal fields.
func inBlob(f *schema.Field) bool {
	return f.Class == schema.Personal || f.Class == schema.Restricted && slices.Contains(f.Was, schema.Personal)
}

// NewPlan reads the fields given; nil for all.
func NewPlan(o *schema.Object, fields []*schema.Field) *Plan {
	p := &Plan{object: o}
	if fields == nil {
		for i := range o.Fields {
			fields = append(fields, &o.Fields[i])
		}
	} else {
		p.wanted = map[uint32]bool{}
		for _, f := range fields {
			p.wanted[f.ID] = true
		}
	}
	p.personal = slices.ContainsFunc(fields, inBlob)
	names := []string{"t.id", "t.version", "t.subject"}
	if p.personal {
		names = append(names, "t.sealed")
	}
	seen := map[uint32]bool{}
	for _, f := range fields {
		if seen[f.ID] || f.Computed() {
			continue
		}
		seen[f.ID] = true
		cols := loaded(f)
		for _, c := range cols {
			names = append(names, "t."+c.name)
		}
		before := open(left(f))
		for _, c := range before {
			names = append(names, "t."+c.name)
		}
		p.fields, p.columns, p.left = append(p.fields, f), append(p.columns, cols), append(p.left, before)
		p.width += len(cols) + len(before)
	}
	p.list = strings.Join(names, ", ")
	return p
}
