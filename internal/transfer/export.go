package transfer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// Request says what to export.
type Request struct {
	Object  string
	Filter  string   // CEL; "" for all
	Fields  []string // none: all that may be read; a path such as company.name reads through a link
	Format  string   // csv (also where none is told), xlsx, json, ndjson, vcf (vCard 4.0) or vcf3 (vCard 3.0)
	Purpose string   // what it is for; it is in the journal
	Layout  Layout
	Key     string // a job that was prepared under the same key is the answer again; "" for none
	// Progress hears how many records were written; may be nil.
	Progress func(done int)
}

// Layout is how the table of a CSV or XLSX file looks.
type Layout struct {
	Heading string `json:"heading,omitempty"` // name (also where none is told), en or zh: what stands above a column
	Zone    string `json:"zone,omitempty"`    // utc (also where none is told) or mine: the zone of moments, which each of them names
	Money   string `json:"money,omitempty"`   // one (also where none is told) or two: an amount and its currency in one column or in two
}

// Bounds of an export.
const (
	MaxExport   = 5_000_000        // records
	ExportReady = 15 * time.Minute // how long a prepared export waits to be fetched
	ExportTime  = 30 * time.Minute // how long the writing of its file may take
	MaxRunning  = 3                // exports of one person that are written at once
)

// Job is a prepared export: checked, in the journal, and with a record of its own.
type Job struct {
	ID      id.ID
	Request Request
	State   string // ready, running, done, failed or expired
	Rows    int    // written so far, or exactly how many when it is done
	Created time.Time
	Ends    time.Time // until when it can be fetched or, once running, must be written

	d       *door.Door
	s       *door.Session
	version int64
	table   *table
}

// Prepare checks all that an export asks for and records it, with its purpose, before a byte is read.
// The session needs the right to export the object.
func Prepare(ctx context.Context, d *door.Door, s *door.Session, r Request) (_ *Job, err error) {
	defer fault.Op(&err, "transfer.Prepare(%s)", r.Object)
	if r.Purpose, err = purpose(r.Purpose); err != nil {
		return nil, err
	}
	x := &Job{Request: r, State: "ready", d: d, s: s}
	if err := x.plan(ctx); err != nil {
		return nil, err
	}
	// One record, read as an ordinary list, finds a wrong filter or field now and not in the file.
	q := x.query()
	q.Purpose, q.Limit = "", 1
	if _, err := s.List(ctx, q); err != nil {
		return nil, err
	}
	return x, x.keep(ctx)
}

// plan finds what the columns are and refuses who may not export the object.
func (x *Job) plan(ctx context.Context) (err error) {
	list, err := x.s.Objects(ctx)
	if err != nil {
		return err
	}
	info := findObject(list, x.Request.Object)
	if info == nil || !info.Can["export"] {
		// The door says no, and the journal keeps that it was asked.
		_, err := x.s.List(ctx, door.Query{Object: x.Request.Object, Purpose: x.Request.Purpose, Limit: 1})
		if err == nil {
			err = fault.New(fault.Unavailable, "rights_changed", "your rights changed at this moment: try again")
		}
		return err
	}
	me, err := x.s.Me(ctx)
	if err != nil {
		return err
	}
	x.table, err = newTable(list, info, me.Zone, &x.Request)
	return err
}

func purpose(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case utf8.RuneCountInString(text) < 3:
		return "", fault.InField("purpose", "required", "say what the export is for, in a few words")
	case len(text) > door.MaxPurpose || !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "", fault.InField("purpose", "too_long", "at most %d bytes of text", door.MaxPurpose)
	}
	return text, nil
}

func (x *Job) query() door.Query {
	return door.Query{Object: x.Request.Object, Filter: x.Request.Filter, Fields: x.table.names, Purpose: x.Request.Purpose}
}

// keep leaves the record of the export.
func (x *Job) keep(ctx context.Context) error {
	me, err := x.s.Me(ctx)
	if err != nil {
		return err
	}
	fields, err := json.Marshal(x.Request.Fields)
	if err != nil {
		return err
	}
	options, err := json.Marshal(x.Request.Layout)
	if err != nil {
		return err
	}
	key := x.Request.Key
	if key != "" {
		key = me.ID.String() + " " + key // keys of two people are two
	}
	r, err := x.clerk().Create(ctx, "export", door.Values{
		"for_object": x.Request.Object, "format": x.Request.Format, "purpose": x.Request.Purpose, "owner": me.ID.String(), "state": "ready",
		"columns": door.Parsed{Value: json.RawMessage(fields)}, "options": door.Parsed{Value: json.RawMessage(options)}, "filter": x.Request.Filter,
	}, key)
	if err != nil {
		return err
	}
	x.ID = r.ID
	return x.read(r)
}

func (x *Job) clerk() *door.Session { return x.d.As(authn.Clerk(), door.ViaJob) }

// Find returns an export of the session's own person, who must still have the right to export its
// object; to everybody else there is no such export.
func Find(ctx context.Context, d *door.Door, s *door.Session, rid id.ID) (_ *Job, err error) {
	defer fault.Op(&err, "transfer.Find")
	x := &Job{ID: rid, d: d, s: s}
	absent := fault.New(fault.NotFound, "not_found", "there is no such export")
	r, err := x.clerk().Get(ctx, "export", rid, door.GetOptions{})
	if fault.Is(err, fault.NotFound) {
		return nil, absent
	}
	if err != nil {
		return nil, err
	}
	me, err := s.Me(ctx)
	if err != nil {
		return nil, err
	}
	if r.Value("owner") != me.ID || me.ID.IsZero() {
		return nil, absent
	}
	if err := x.read(r); err != nil {
		return nil, err
	}
	if err := x.plan(ctx); err != nil {
		if fault.Is(err, fault.NotFound) {
			err = absent
		}
		return nil, err
	}
	return x, nil
}

// read takes over what the record of the export says.
func (x *Job) read(r *door.Record) error {
	x.Request = Request{}
	q := &x.Request
	q.Object, q.Format, q.Purpose, q.Filter = r.Text("for_object"), r.Text("format"), r.Text("purpose"), r.Text("filter")
	columns, _ := r.Value("columns").(json.RawMessage)
	options, _ := r.Value("options").(json.RawMessage)
	if len(columns) > 0 {
		if err := json.Unmarshal(columns, &q.Fields); err != nil {
			return err
		}
	}
	if len(options) > 0 {
		if err := json.Unmarshal(options, &q.Layout); err != nil {
			return err
		}
	}
	rows, _ := r.Value("rows").(int64)
	created, _ := r.Value("created_at").(schema.Time)
	updated, _ := r.Value("updated_at").(schema.Time)
	x.version, x.State, x.Rows, x.Created = r.Version, r.Text("state"), int(rows), time.UnixMicro(int64(created)).UTC()
	x.Ends = x.Created.Add(ExportReady)
	if x.State == "running" {
		x.Ends = time.UnixMicro(int64(updated)).UTC().Add(ExportTime)
	}
	switch late := x.d.Now().After(x.Ends); {
	case late && x.State == "ready":
		x.State = "expired"
	case late && x.State == "running": // the process that wrote it is gone
		x.State = "failed"
	}
	return nil
}

// Write writes the file of a prepared export, once: newest records first, page by page, each page in
// the journal before it is written. Nothing is written where the error comes before the first page.
func (x *Job) Write(ctx context.Context, w io.Writer) (rows int, err error) {
	defer fault.Op(&err, "transfer.Export(%s)", x.Request.Object)
	if err := x.begin(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, ExportTime)
	defer cancel()
	err = x.pages(ctx, bufio.NewWriterSize(w, 64<<10))
	return x.Rows, errors.Join(err, x.end(ctx, err == nil))
}

// begin takes the export, so that nobody else writes it again.
func (x *Job) begin(ctx context.Context) error {
	switch x.State {
	case "ready":
	case "expired":
		return fault.New(fault.Conflict, "expired", "the export was not fetched within %d minutes: ask for it again", int(ExportReady/time.Minute))
	default:
		return fault.New(fault.Conflict, "fetched", "the file of an export is written once: ask for it again")
	}
	if err := x.checkRunning(ctx); err != nil {
		return err
	}
	r, err := x.clerk().Update(ctx, "export", x.ID, x.version, door.Values{"state": "running"})
	if fault.Is(err, fault.Stale) {
		return fault.New(fault.Conflict, "fetched", "the file of an export is written once: ask for it again")
	}
	if err != nil {
		return err
	}
	x.version, x.State = r.Version, "running"
	return nil
}

// checkRunning bounds how many exports a person has written at once.
func (x *Job) checkRunning(ctx context.Context) error {
	me, err := x.s.Me(ctx)
	if err != nil {
		return err
	}
	page, err := x.clerk().List(ctx, door.Query{
		Object: "export", Limit: MaxRunning, Fields: []string{"state"},
		Filter: "state == 'running' && owner == '" + me.ID.String() + "' && updated_at > now() - minutes(" + itoa(int(ExportTime/time.Minute)) + ")",
	})
	if err == nil && len(page.Records) >= MaxRunning {
		err = fault.New(fault.TooMany, "too_many_exports", "%d of your exports are being written: wait for one of them", MaxRunning)
	}
	return err
}

func (x *Job) pages(ctx context.Context, w *bufio.Writer) error {
	q := x.query()
	q.Limit = door.MaxLimit
	var out format
	for {
		page, err := x.s.List(ctx, q)
		if err != nil {
			return err
		}
		if out == nil { // the journal has the first page, so bytes may flow
			if out, err = x.table.writer(x.Request.Format, w); err != nil {
				return err
			}
		}
		for _, rec := range page.Records {
			if x.Rows == min(MaxExport, out.most()) {
				return fault.New(fault.TooLarge, "too_many_records", "more than %d records: export parts of them by a filter", x.Rows)
			}
			if err := out.record(rec); err != nil {
				return err
			}
			x.Rows++
		}
		if x.Request.Progress != nil {
			x.Request.Progress(x.Rows)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if err := out.end(); err != nil {
		return err
	}
	return w.Flush()
}

// end records the exact count, also where the reader went away.
func (x *Job) end(ctx context.Context, whole bool) error {
	x.State = "failed"
	if whole {
		x.State = "done"
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err := x.clerk().Update(ctx, "export", x.ID, 0, door.Values{"state": x.State, "rows": num(x.Rows)})
	return err
}

// Export prepares and writes an export at once and returns how many records it holds.
func Export(ctx context.Context, d *door.Door, actor authn.Actor, via door.Via, r Request, w io.Writer) (rows int, err error) {
	x, err := Prepare(ctx, d, d.As(actor, via), r)
	if err != nil {
		return 0, err
	}
	x.Request.Progress = r.Progress
	return x.Write(ctx, w)
}
