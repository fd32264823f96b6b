package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// Plan says how a table becomes records.
type Plan struct {
	Object string `json:"object"`
	// Map says where columns go: a field, a part of an address (address.city), full_name, a lookup by a
	// field of what it points to (company.credit_code), or "-" to leave the column out. Columns that are
	// not named are matched by their names.
	Map           map[string]string            `json:"map,omitempty"`
	Values        map[string]map[string]string `json:"values,omitempty"`         // field → text in the file → text to read instead
	Nulls         []string                     `json:"nulls,omitempty"`          // texts that mean no value, in any case
	Mode          string                       `json:"mode,omitempty"`           // create (default), update, upsert
	Key           string                       `json:"key,omitempty"`            // field by which update and upsert find records
	Duplicates    string                       `json:"duplicates,omitempty"`     // create (default), skip, update: what to do with rows about records that are there
	CreateMissing bool                         `json:"create_missing,omitempty"` // make records that lookups name and that are not there
	NewOptions    bool                         `json:"new_options,omitempty"`    // add options that the file names to picklists; takes the right to define
	Dates         string                       `json:"dates,omitempty"`          // day or month first (dmy, mdy) where the column does not tell
	Currency      string                       `json:"currency,omitempty"`       // of amounts that name none
	Strict        bool                         `json:"strict,omitempty"`         // refuse the whole file when a row is wrong
	DryRun        bool                         `json:"-"`

	First int `json:"-"` // read this many rows only, for a preview; 0 for all

	// Progress hears how many rows of how many are done; may be nil.
	Progress func(done, of int) `json:"-"`
}

// Result is what an import did or, in a dry run, would do.
type Result struct {
	ChangeSet  id.ID             `json:"changeset"`
	Rows       int               `json:"rows"`
	Created    int               `json:"created"`
	Updated    int               `json:"updated"`
	Skipped    int               `json:"skipped"` // rows about records that are there already
	Failed     int               `json:"failed"`
	Missing    int               `json:"missing"`    // records that were made because a lookup named them
	Duplicates int               `json:"duplicates"` // rows about records that are there already, or twice in the file
	Mapping    map[string]string `json:"mapping"`    // column → where it goes
	Unused     []string          `json:"unused"`     // columns that no field takes
	Notes      []Note            `json:"notes,omitempty"`
	Twins      []Twin            `json:"twins,omitempty"`  // the first duplicates
	Wrong      []WrongValue      `json:"wrong,omitempty"`  // what is wrong with them, the same values together
	Errors     []RowError        `json:"errors,omitempty"` // the first rows that are wrong
}

// WrongValue is what is wrong in the same way in some rows.
type WrongValue struct {
	Column  string `json:"column"`          // or the field that no column fills
	Field   string `json:"field,omitempty"` // where the column goes
	Text    string `json:"text,omitempty"`  // in the file; none where it is not the value that is wrong
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Rows    int    `json:"rows"`
	Line    int    `json:"line"` // of the first of them
}

// RowError says what is wrong with a row of the file.
type RowError struct {
	Line   int           `json:"line"` // of the file, from 1
	Row    int           `json:"row"`  // of the table, from 0
	Fields []fault.Field `json:"fields"`
}

// Twin is a row about a record that is there already, or that an earlier row is about.
type Twin struct {
	Line   int    `json:"line"`
	By     string `json:"by"`              // email, phone, name, domain
	Record id.ID  `json:"record,omitzero"` // that is there
	Other  int    `json:"other,omitempty"` // line of the earlier row
}

// How much of a result is listed; the counts are always whole.
const (
	maxErrors = 20_000
	maxTwins  = 1000
	maxWrong  = 200
	maxShown  = 200 // bytes of a wrong value
)

// Import makes or changes records from a table. The whole file is one transaction and one change set,
// so it can be undone as one; a crash leaves nothing of it, and the file can simply be sent again.
// Rows that are wrong are left out and reported, unless Strict.
func Import(ctx context.Context, d *door.Door, actor authn.Actor, table *Table, p Plan) (_ *Result, err error) {
	defer fault.Op(&err, "transfer.Import(%s)", p.Object)
	s := d.As(actor, door.ViaImport)
	im := &importer{d: d, s: s, plan: p, table: table, result: &Result{Mapping: map[string]string{}, Notes: slices.Clone(table.Notes)}}
	if im.info, err = objectOf(ctx, s, p.Object); err != nil {
		return nil, err
	}
	if err := im.match(); err != nil {
		return nil, err
	}
	if err := im.survey(ctx); err != nil {
		return nil, err
	}
	if err := im.resolve(ctx); err != nil {
		return nil, err
	}
	if err := im.run(ctx); err != nil {
		if fault.Reason(err) == "rows_wrong" {
			return im.result, err
		}
		return nil, err
	}
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
	table  *Table
	result *Result

	columns  []column              // as the table has them
	links    map[string]*linkIndex // by object and field
	made     []door.Operation      // records that lookups need, made first
	matchers []*matcher            // by which rows and records are known to be the same
	rows     int

	// Of one run through the rows, which may have to be done again:
	ops   int             // operations given to the door so far
	about []int32         // row of each of them; -1 for one that a lookup needs, -2-row for a link that is set later
	lines []int32         // line of each row
	kinds []byte          // of each operation: c or u
	later []later         // links to records of the same file
	wrong map[string]int  // where the same wrong values are in the result
	taken map[id.ID]int32 // records that a row changes, with its line
	own   map[string]int  // title → operation that makes it, where columns point to the same object
}

// later is a link from one record of the file to another.
type later struct {
	op    int
	field string
	title string
	row   int
}

// run carries the plan out: first the records that lookups need, then the rows, then the links within
// the file.
func (im *importer) run(ctx context.Context) error {
	opt := door.BatchOptions{DryRun: im.plan.DryRun, Partial: true, Each: im.done}
	got, err := im.s.Stream(ctx, im.operations, opt)
	r := im.result
	slices.SortStableFunc(r.Errors, func(a, b RowError) int { return a.Row - b.Row })
	if err != nil {
		return err
	}
	r.ChangeSet = got.ChangeSet
	return nil
}

// operations makes an operation of each row.
func (im *importer) operations(yield func(door.Operation, error) bool) {
	r := im.result
	r.Created, r.Updated, r.Skipped, r.Failed, r.Missing, r.Duplicates, r.Twins, r.Errors, r.Wrong = 0, 0, 0, 0, 0, 0, nil, nil, nil
	im.wrong = map[string]int{}
	im.ops, im.about, im.lines, im.kinds, im.later, im.own, im.taken = 0, im.about[:0], im.lines[:0], im.kinds[:0], nil, map[string]int{}, map[id.ID]int32{}
	im.about, im.lines, im.kinds = slices.Grow(im.about, im.rows), slices.Grow(im.lines, im.rows), slices.Grow(im.kinds, im.rows)
	for _, m := range im.matchers {
		m.aimed = newFirsts(im.rows)
	}
	for _, op := range im.made {
		if !im.give(yield, op, -1) {
			return
		}
	}
	err := im.each(nil, func(n int, row *Row) error {
		im.lines = append(im.lines, int32(row.Line)) //nolint:gosec // bounded by the file's size
		op, ok := im.operation(n, row)
		if im.plan.Progress != nil {
			im.plan.Progress(n+1, im.rows)
		}
		if ok && !im.give(yield, op, n) {
			return errStopped
		}
		return nil
	})
	switch {
	case errors.Is(err, errStopped):
		return
	case err != nil:
		yield(door.Operation{}, err)
		return
	}
	for _, l := range im.later {
		op, ok := im.own[l.title]
		if !ok {
			im.fail(l.row, nil, []fault.Field{{Name: l.field, Reason: "no_such_record", Message: "there is no such " + im.plan.Object + ", neither stored nor in the file; the rest of the row was imported"}})
			continue
		}
		if !im.give(yield, door.Operation{Op: "update", Object: im.plan.Object, Made: l.op, Fields: door.Values{l.field: door.Made{Operation: op}}}, -2-l.row) {
			return
		}
	}
	if im.plan.Strict && r.Failed > 0 {
		yield(door.Operation{}, fault.New(fault.Invalid, "rows_wrong", "%d rows are wrong, so nothing was imported", r.Failed))
	}
}

// errStopped ends a run through the rows of which no more are wanted, errEnough one through the first.
var (
	errStopped = errors.New("no more operations are wanted")
	errEnough  = errors.New("enough rows for a preview")
)

// each goes through the rows that the plan wants.
func (im *importer) each(note func(Note), do func(n int, r *Row) error) error {
	err := im.table.Each(note, func(n int, r *Row) error {
		if im.plan.First > 0 && n == im.plan.First {
			return errEnough
		}
		return do(n, r)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func (im *importer) give(yield func(door.Operation, error) bool, op door.Operation, about int) bool {
	im.about = append(im.about, int32(about)) //nolint:gosec // at most MaxRows
	im.kinds = append(im.kinds, op.Op[0])
	im.ops++
	return yield(op, nil)
}

// done hears what an operation did.
func (im *importer) done(i int, got door.OperationResult) {
	r, about := im.result, int(im.about[i])
	switch {
	case got.Err != nil && about == -1: // the rows that need the record fail too
	case got.Err != nil:
		if about < -1 {
			about = -2 - about
		}
		im.fail(about, nil, im.named(got.Err))
	case about == -1:
		r.Missing++
	case about < -1:
	case im.kinds[i] == 'c':
		r.Created++
	default:
		r.Updated++
	}
}

// named calls fields by the columns that fill them.
func (im *importer) named(err error) []fault.Field {
	fields := fault.FieldsOf(err)
	for i := range fields {
		for _, c := range im.columns {
			if c.field != nil && c.field.Name == fields[i].Name && c.part == "" && !c.full {
				fields[i].Name = c.title
				break
			}
		}
	}
	return fields
}

// fail notes a row that is wrong. cells are as the file has them, where they are at hand.
func (im *importer) fail(row int, cells *Row, wrong []fault.Field) {
	r := im.result
	im.gather(int(im.lines[row]), cells, wrong)
	if r.Failed++; len(r.Errors) < maxErrors {
		for i := range wrong {
			wrong[i].Row = 0 // the line says where
		}
		r.Errors = append(r.Errors, RowError{Line: int(im.lines[row]), Row: row, Fields: wrong})
	}
}

// gather puts the same wrong values of several rows together.
func (im *importer) gather(line int, cells *Row, wrong []fault.Field) {
	r := im.result
	for _, f := range wrong {
		w := WrongValue{Column: f.Name, Reason: f.Reason, Message: f.Message, Line: line}
		for i, c := range im.columns {
			if c.title != f.Name || c.field == nil {
				continue
			}
			if w.Field = c.name; cells != nil && i < len(cells.Cells) {
				w.Text = strings.TrimSpace(cells.Cells[i])
			}
		}
		if len(w.Text) > maxShown {
			w.Text = ""
		}
		key := w.Column + "\x00" + w.Reason + "\x00" + w.Text
		at, known := im.wrong[key]
		switch {
		case known:
			r.Wrong[at].Rows++
		case len(r.Wrong) < maxWrong:
			w.Rows = 1
			im.wrong[key] = len(r.Wrong)
			r.Wrong = append(r.Wrong, w)
		}
	}
}

// operation makes the operation of a row; false where there is none.
func (im *importer) operation(n int, row *Row) (door.Operation, bool) {
	op := door.Operation{Op: "create", Object: im.plan.Object}
	before := len(im.later)
	values, wrong := im.values(n, row)
	wrong = append(wrong, row.Wrong...)
	if len(wrong) == 0 {
		var skip bool
		if skip, wrong = im.aim(&op, row, n); skip {
			im.result.Skipped++
			im.later = im.later[:before]
			return op, false
		}
	}
	if len(wrong) > 0 {
		im.fail(n, row, wrong)
		im.later = im.later[:before]
		return op, false
	}
	op.Fields = values
	if im.links[im.plan.Object+"."] != nil && op.Op == "create" {
		if title := im.title(values); title != "" {
			im.own[title] = im.ops
		}
	}
	return op, true
}

// title is the first title field's text, by which other rows may name the record.
func (im *importer) title(v door.Values) string {
	p, _ := v[im.info.Object.Title[0]].(door.Parsed)
	s, _ := p.Value.(string)
	return plain(s)
}

// keep leaves a record of the import. Its mapping is the plan, so that it can be used again.
func (im *importer) keep(ctx context.Context, actor authn.Actor) error {
	r := im.result
	saved := im.plan
	saved.Map = map[string]string{}
	for _, c := range im.columns {
		saved.Map[c.title] = "-"
		if c.field != nil {
			saved.Map[c.title] = c.name
		}
	}
	mapping, err := json.Marshal(saved)
	if err != nil {
		return err
	}
	v := door.Values{
		"for_object": im.plan.Object, "format": im.table.Format, "created": num(r.Created + r.Missing), "updated": num(r.Updated), "failed": num(r.Failed),
		"change_set": r.ChangeSet.String(), "mapping": door.Parsed{Value: json.RawMessage(mapping)},
	}
	if !actor.User().IsZero() {
		v["owner"] = actor.User().String()
	}
	_, err = im.d.As(authn.Clerk(), door.ViaImport).Create(ctx, "import", v, "")
	return err
}

// Saved returns the plan of an earlier import that the session sees.
func Saved(ctx context.Context, s *door.Session, rid id.ID) (Plan, error) {
	var p Plan
	r, err := s.Get(ctx, "import", rid, door.GetOptions{Fields: []string{"mapping"}})
	if err != nil {
		return p, err
	}
	raw, _ := r.JSON("mapping").(json.RawMessage)
	if err := json.Unmarshal(raw, &p); err != nil || p.Object == "" {
		return p, fault.New(fault.Invalid, "no_plan", "that import has no mapping that can be used again")
	}
	return p, nil
}

func num(n int) door.Parsed { return door.Parsed{Value: int64(n)} }

func itoa(n int) string { return strconv.Itoa(n) }

// column is a column of the table and where it goes; field is nil where it is left out.
type column struct {
	target
	title string
	told  bool // by the plan; else it was guessed

	dates   dates
	checked int             // values looked at
	bad     int             // of them, those that the field refuses
	unknown map[string]bool // texts that are no option
	names   map[string]bool // different texts of a lookup
}

func (c *column) is(t schema.Type) bool { return c.field != nil && c.field.Type == t }
