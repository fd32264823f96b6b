package transfer

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Request says what to export.
type Request struct {
	Object  string
	Filter  string
	Fields  []string // none: all that may be read
	Format  string   // csv or json
	Purpose string   // what it is for; it is in the journal
	// Progress hears how many records were written; may be nil.
	Progress func(done int)
}

// Export writes the records of an object that the actor sees and may export, newest first, and
// returns how many. Each page is in the journal, with the purpose, before it is written.
func Export(ctx context.Context, d *door.Door, actor authn.Actor, via door.Via, r Request, w io.Writer) (rows int, err error) {
	defer fault.Op(&err, "transfer.Export(%s)", r.Object)
	s := d.As(actor, via)
	info, err := objectOf(ctx, s, r.Object)
	if err != nil {
		return 0, err
	}
	if len(r.Fields) == 0 {
		r.Fields = columns(info)
	}
	out, err := writerOf(r.Format, w, r.Fields)
	if err != nil {
		return 0, err
	}
	if strings.TrimSpace(r.Purpose) == "" {
		return 0, fault.InField("purpose", "required", "say what the export is for, in a few words")
	}
	q := door.Query{Object: r.Object, Filter: r.Filter, Fields: r.Fields, Purpose: r.Purpose}
	err = each(ctx, s, q, func(rec *door.Record) error {
		rows++
		if r.Progress != nil && rows%500 == 0 {
			r.Progress(rows)
		}
		return out.record(info.Object, rec)
	})
	if err != nil {
		return rows, err
	}
	if err := out.end(); err != nil {
		return rows, err
	}
	return rows, keepExport(ctx, d, actor, r, rows)
}

// columns are the fields of an export when none are named: all that hold a value of the record's own.
func columns(info *door.ObjectInfo) []string {
	var list []string
	for _, f := range info.Fields {
		if f.Access > policy.Hidden && f.Field.Name != "deleted_at" && f.Field.Class != schema.Secret {
			list = append(list, f.Field.Name)
		}
	}
	return list
}

func keepExport(ctx context.Context, d *door.Door, actor authn.Actor, r Request, rows int) error {
	fields, err := json.Marshal(r.Fields)
	if err != nil {
		return err
	}
	v := door.Values{"for_object": r.Object, "format": r.Format, "purpose": r.Purpose, "rows": num(rows), "columns": door.Parsed{Value: json.RawMessage(fields)}}
	if !actor.User().IsZero() {
		v["owner"] = actor.User().String()
	}
	_, err = d.As(authn.Clerk(), door.ViaJob).Create(ctx, "export", v, "")
	return err
}

// format writes records one after another.
type format interface {
	record(o *schema.Object, r *door.Record) error
	end() error
}

func writerOf(name string, w io.Writer, fields []string) (format, error) {
	switch name {
	case "", "csv":
		c := &csvFormat{w: csv.NewWriter(w), fields: fields}
		if _, err := io.WriteString(w, "\ufeff"); err != nil { // spreadsheet programs then read UTF-8
			return nil, err
		}
		return c, c.w.Write(append([]string{"id"}, fields...))
	case "json":
		return &jsonFormat{w: w, fields: fields}, nil
	}
	return nil, fault.InField("--format", "unknown_format", "use csv or json")
}

type csvFormat struct {
	w      *csv.Writer
	fields []string
}

func (c *csvFormat) record(o *schema.Object, r *door.Record) error {
	row := []string{r.ID.String()}
	for _, name := range c.fields {
		text := r.Text(name)
		if f := o.Field(name); f == nil || !harmless(f.Type) {
			text = guard(text)
		}
		row = append(row, text)
	}
	return c.w.Write(row)
}

func (c *csvFormat) end() error {
	c.w.Flush()
	return c.w.Error()
}

// dangerous reports whether a spreadsheet program would run a text as a formula (OWASP, CSV
// injection). Those for Chinese and Japanese take the wide signs too.
func dangerous(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first)
}

// guard puts a mark before a dangerous text, and before one that looks as if it had the mark already,
// so that unguard gives back what it was.
func guard(text string) string {
	if dangerous(strings.TrimLeft(text, "'")) {
		return "'" + text
	}
	return text
}

func unguard(text string) string {
	if strings.HasPrefix(text, "'") && dangerous(strings.TrimLeft(text, "'")) {
		return text[1:]
	}
	return text
}

// harmless types hold nothing but digits and signs of their own form.
func harmless(t schema.Type) bool {
	switch t {
	case schema.Int, schema.DecimalT, schema.Percent, schema.MoneyT, schema.DateT, schema.Datetime, schema.Duration, schema.Phone, schema.Bool:
		return true
	}
	return false
}

type jsonFormat struct {
	w      io.Writer
	fields []string
	begun  bool
}

func (j *jsonFormat) record(_ *schema.Object, r *door.Record) error {
	m := map[string]any{"id": r.ID.String(), "version": r.Version}
	for _, name := range j.fields {
		if v := r.JSON(name); v != nil {
			m[name] = v
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	sep := "[\n"
	if j.begun {
		sep = ",\n"
	}
	j.begun = true
	if _, err := io.WriteString(j.w, sep); err != nil {
		return err
	}
	_, err = j.w.Write(b)
	return err
}

func (j *jsonFormat) end() error {
	text := "\n]\n"
	if !j.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(j.w, text)
	return err
}
