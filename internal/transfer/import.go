package transfer

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// Plan says how a sheet becomes records.
type Plan struct {
	Object        string
	Map           map[string]string            // column → field, "-" to leave a column out; columns not named are matched by name
	Values        map[string]map[string]string // field → text in the file → text to read instead
	Mode          string                       // create (default), update, upsert
	Key           string                       // field by which update and upsert find records
	CreateMissing bool                         // make records that lookups name and that are not there
	Currency      string                       // of amounts that name none
	DryRun        bool
	Strict        bool // refuse the whole file when a row is wrong
	// Progress hears how many rows of how many are done; may be nil.
	Progress func(done, of int)
}

// Result is what an import did or, in a dry run, would do.
type Result struct {
	ChangeSet id.ID             `json:"changeset"`
	Created   int               `json:"created"`
	Updated   int               `json:"updated"`
	Failed    int               `json:"failed"`
	Missing   int               `json:"missing"` // records that were made because a lookup named them
	Mapping   map[string]string `json:"mapping"` // column → field
	Unused    []string          `json:"unused"`  // columns that no field takes
	Errors    []RowError        `json:"errors,omitempty"`
}

// RowError says what is wrong with a row of the file.
type RowError struct {
	Line   int           `json:"line"` // of the file, from 1
	Row    int           `json:"row"`  // of the sheet, from 0
	Fields []fault.Field `json:"fields"`
}

// Import makes or changes records from a sheet. The whole file is one transaction and one change set,
// so it can be undone as one; rows that are wrong are left out and reported, unless Strict.
func Import(ctx context.Context, d *door.Door, actor authn.Actor, sheet *Sheet, p Plan) (_ *Result, err error) {
	defer fault.Op(&err, "transfer.Import(%s)", p.Object)
	s := d.As(actor, door.ViaImport)
	im := &importer{d: d, s: s, plan: p, sheet: sheet, result: &Result{Mapping: map[string]string{}}}
	if im.info, err = objectOf(ctx, s, p.Object); err != nil {
		return nil, err
	}
	if err := im.match(); err != nil {
		return nil, err
	}
	if err := im.resolve(ctx); err != nil {
		return nil, err
	}
	if err := im.build(ctx); err != nil {
		return nil, err
	}
	if p.Strict && len(im.result.Errors) > 0 {
		return im.result, fault.New(fault.Invalid, "rows_wrong", "%d rows are wrong, so nothing was imported", len(im.result.Errors))
	}
	if err := im.run(ctx); err != nil {
		return nil, err
	}
	im.result.Failed = len(im.result.Errors)
	if p.DryRun || im.result.ChangeSet.IsZero() {
		return im.result, nil
	}
	return im.result, im.keep(ctx, actor)
}

type importer struct {
	d      *door.Door
	s      *door.Session
	info   *door.ObjectInfo
	plan   Plan
	sheet  *Sheet
	result *Result

	fields []*schema.Field       // of each column; nil where it is left out
	links  map[string]*linkIndex // by object that lookups name
	known  map[string][]existing // records found by key
	aimed  map[string]int        // key → row that is about its record
	ops    []door.Operation
	rows   []int          // of each operation: the row of the sheet; -1 for one that a lookup needs
	later  []later        // links to records of the same file
	own    map[string]int // title → operation that makes it
}

type existing struct {
	id      id.ID
	version int64
}

// later is a link from one record of the file to another.
type later struct {
	op    int
	field string
	title string
	row   int
}

// match finds the field of each column.
func (im *importer) match() error {
	byName := map[string]*schema.Field{}
	for _, f := range im.info.Fields {
		if !writable(f) {
			continue
		}
		for _, name := range []string{f.Field.Label.En, f.Field.Label.Zh, f.Field.Name} {
			byName[plain(name)] = f.Field
		}
	}
	taken := map[string]string{}
	for _, column := range im.sheet.Columns {
		target, told := im.plan.Map[column]
		if target == "-" {
			im.fields = append(im.fields, nil)
			continue
		}
		f := byName[plain(column)]
		if told {
			if f = im.field(target); f == nil {
				return fault.InField("--map", "unknown_field", "%s has no field %q that a file can fill", im.plan.Object, target)
			}
		}
		if f != nil && taken[f.Name] != "" {
			return fault.InField("--map", "twice", "columns %q and %q both go to %s: map one of them elsewhere, or to - to leave it out", taken[f.Name], column, f.Name)
		}
		im.fields = append(im.fields, f)
		if f == nil {
			im.result.Unused = append(im.result.Unused, column)
			continue
		}
		taken[f.Name], im.result.Mapping[column] = column, f.Name
	}
	for column := range im.plan.Map {
		if !contains(im.sheet.Columns, column) {
			return fault.InField("--map", "unknown_column", "the file has no column %q; it has: %s", column, strings.Join(im.sheet.Columns, ", "))
		}
	}
	if len(taken) == 0 {
		return fault.New(fault.Invalid, "nothing_matches", "no column of the file matches a field of %s: use --map COLUMN=FIELD", im.plan.Object)
	}
	return im.checkMode(taken)
}

func (im *importer) checkMode(taken map[string]string) error {
	switch im.plan.Mode {
	case "", "create":
		im.plan.Mode = "create"
		return nil
	case "update", "upsert":
	default:
		return fault.InField("--mode", "unknown_mode", "use create, update or upsert")
	}
	if taken[im.plan.Key] == "" {
		return fault.InField("--key", "required", "name the field, filled by a column, by which records are found")
	}
	for _, f := range im.info.Fields {
		if f.Field.Name == im.plan.Key && !f.Filter {
			return fault.InField("--key", "not_filterable", "records cannot be found by %s", im.plan.Key)
		}
	}
	return nil
}

func (im *importer) field(name string) *schema.Field {
	for _, f := range im.info.Fields {
		if f.Field.Name == name && writable(f) {
			return f.Field
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// cell is a value's text: what the plan says to read instead of it, or itself without the mark that
// keeps spreadsheet programs from running it.
func (im *importer) cell(f *schema.Field, text string) string {
	text = strings.TrimSpace(text)
	if other, told := im.plan.Values[f.Name][text]; told {
		return other
	}
	return unguard(text)
}

// build makes an operation of each row.
func (im *importer) build(ctx context.Context) error {
	if err := im.find(ctx); err != nil {
		return err
	}
	im.own, im.aimed = map[string]int{}, map[string]int{}
	for i, row := range im.sheet.Rows {
		values, wrong := im.values(i, row)
		if len(row) > len(im.sheet.Columns) && !blank(row[len(im.sheet.Columns):]) {
			wrong = append(wrong, fault.Field{Name: "row", Reason: "too_long", Message: "has more values than the heading has columns"})
		}
		op := door.Operation{Op: "create", Object: im.plan.Object, Fields: values}
		if im.plan.Mode != "create" && len(wrong) == 0 {
			wrong = im.aim(&op, row, i)
		}
		if len(wrong) > 0 {
			im.fail(i, wrong)
			im.dropLater(len(im.ops))
			continue
		}
		if title := im.title(values); title != "" && op.Op == "create" {
			im.own[title] = len(im.ops)
		}
		im.ops, im.rows = append(im.ops, op), append(im.rows, i)
	}
	return nil
}

// dropLater forgets the links of an operation that is not made.
func (im *importer) dropLater(op int) {
	for len(im.later) > 0 && im.later[len(im.later)-1].op == op {
		im.later = im.later[:len(im.later)-1]
	}
}

func (im *importer) fail(row int, wrong []fault.Field) {
	im.result.Errors = append(im.result.Errors, RowError{Line: im.sheet.Lines[row], Row: row, Fields: wrong})
}

// title is the first title field's text, by which other rows may name the record.
func (im *importer) title(v door.Values) string {
	p, _ := v[im.info.Object.Title[0]].(door.Parsed)
	s, _ := p.Value.(string)
	return plain(s)
}

func (im *importer) values(i int, row []string) (door.Values, []fault.Field) {
	values := door.Values{}
	var wrong []fault.Field
	for c, text := range row {
		if c >= len(im.fields) || im.fields[c] == nil {
			continue
		}
		f := im.fields[c]
		if text = im.cell(f, text); text == "" {
			continue
		}
		v, err := im.value(f, text, i)
		if err != nil {
			for _, x := range fault.FieldsOf(err) {
				x.Name = im.sheet.Columns[c]
				wrong = append(wrong, x)
			}
			continue
		}
		if v != nil {
			values[f.Name] = v
		}
	}
	return values, wrong
}

func (im *importer) value(f *schema.Field, text string, row int) (any, error) {
	if index := im.links[targetOf(f)]; index != nil && !isID(text) {
		if rid, ok := index.ids[plain(text)]; ok {
			return rid, nil
		}
		if targetOf(f) == im.plan.Object { // a record of this very file, perhaps further down
			im.later = append(im.later, later{op: len(im.ops), field: f.Name, title: plain(text), row: row})
			return nil, nil
		}
		return nil, fault.InField(f.Name, "no_such_record", "there is no such %s; --create-missing makes it", targetOf(f))
	}
	if f.Type == schema.MoneyT && im.plan.Currency != "" {
		own := *f
		own.Currency = im.plan.Currency
		f = &own
	}
	v, err := f.ParseText(text)
	if err != nil {
		return nil, err
	}
	return door.Parsed{Value: v}, nil
}

func isID(text string) bool {
	_, err := id.Parse(text)
	return err == nil
}

// aim finds the record that a row changes.
func (im *importer) aim(op *door.Operation, row []string, i int) []fault.Field {
	key := ""
	for c, f := range im.fields {
		if f != nil && f.Name == im.plan.Key && c < len(row) {
			key = plain(im.cell(f, row[c]))
		}
	}
	found := im.known[key]
	before, twice := im.aimed[key]
	switch {
	case key == "":
		return []fault.Field{{Name: im.plan.Key, Reason: "required", Message: "is needed to find the record"}}
	case twice: // which of the two should stay?
		return []fault.Field{{Name: im.plan.Key, Reason: "twice", Message: "line " + itoa(im.sheet.Lines[before]) + " has the same value"}}
	case len(found) > 1:
		return []fault.Field{{Name: im.plan.Key, Reason: "ambiguous", Message: strconv.Itoa(len(found)) + " records have this value"}}
	case len(found) == 1:
		op.Op, op.ID, op.Version = "update", found[0].id, found[0].version
	case im.plan.Mode == "update":
		return []fault.Field{{Name: im.plan.Key, Reason: "no_such_record", Message: "no record has this value"}}
	}
	im.aimed[key] = i
	return nil
}

// run carries the operations out, with the records that lookups need before them and the links within
// the file after them.
func (im *importer) run(ctx context.Context) error {
	ops := append(im.missing(), im.ops...)
	before := len(ops) - len(im.ops)
	rows := make([]int, before)
	for i := range rows {
		rows[i] = -1
	}
	rows = append(rows, im.rows...)
	for _, l := range im.later {
		op, ok := im.own[l.title]
		if !ok {
			im.fail(l.row, []fault.Field{{Name: l.field, Reason: "no_such_record", Message: "there is no such " + im.plan.Object + ", neither stored nor in the file; the rest of the row was imported"}})
			continue
		}
		ops = append(ops, door.Operation{Op: "update", Object: im.plan.Object, Made: before + l.op, Fields: door.Values{l.field: door.Made{Operation: before + op}}})
		rows = append(rows, l.row)
	}
	shift(ops, before)
	if len(ops) == 0 {
		return nil
	}
	opt := door.BatchOptions{DryRun: im.plan.DryRun, Partial: !im.plan.Strict}
	if im.plan.Progress != nil {
		opt.Progress = func(done int) { im.plan.Progress(done, len(ops)) }
	}
	got, err := im.s.Batch(ctx, ops, opt)
	if err != nil {
		return err
	}
	im.count(ops, rows, got)
	return nil
}

// shift points the file's own references past the operations that were put before them.
func shift(ops []door.Operation, before int) {
	for i := before; i < len(ops); i++ {
		for name, v := range ops[i].Fields {
			if m, ok := v.(missingRef); ok {
				ops[i].Fields[name] = door.Made{Operation: int(m)}
			}
		}
	}
}

func (im *importer) count(ops []door.Operation, rows []int, got *door.BatchResult) {
	im.result.ChangeSet = got.ChangeSet
	for i, r := range got.Results {
		switch {
		case r.Err != nil && rows[i] >= 0:
			im.fail(rows[i], fault.FieldsOf(r.Err))
		case r.Err != nil:
		case rows[i] < 0:
			im.result.Missing++
		case ops[i].Made > 0 || ops[i].Op == "update" && ops[i].ID.IsZero():
		case ops[i].Op == "create":
			im.result.Created++
		default:
			im.result.Updated++
		}
	}
}

// keep leaves a record of the import.
func (im *importer) keep(ctx context.Context, actor authn.Actor) error {
	r := im.result
	mapping, err := json.Marshal(r.Mapping)
	if err != nil {
		return err
	}
	v := door.Values{
		"for_object": im.plan.Object, "format": "csv", "created": num(r.Created + r.Missing), "updated": num(r.Updated), "failed": num(r.Failed),
		"change_set": r.ChangeSet.String(), "mapping": door.Parsed{Value: json.RawMessage(mapping)},
	}
	if !actor.User().IsZero() {
		v["owner"] = actor.User().String()
	}
	_, err = im.d.As(authn.Clerk(), door.ViaImport).Create(ctx, "import", v, "")
	return err
}

func num(n int) door.Parsed { return door.Parsed{Value: int64(n)} }

func itoa(n int) string { return strconv.Itoa(n) }
