package transfer

import (
	"bufio"
	"encoding/csv"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// format writes records one after another.
type format interface {
	record(r *door.Record) error
	end() error
	most() int // how many records such a file can hold
}

// table is what an export reads and how it lays it out.
type table struct {
	object  *schema.Object
	names   []string // of the fields to read
	columns []outColumn
	zone    *time.Location // of moments
}

// outColumn is a column of a table: a field, or one half of an amount.
type outColumn struct {
	name    string
	field   *schema.Field
	half    string // "", "amount" or "currency"
	heading string
}

func findObject(list []door.ObjectInfo, name string) *door.ObjectInfo {
	for i := range list {
		if list[i].Object.Name == name {
			return &list[i]
		}
	}
	return nil
}

// newTable checks fields, format and layout, and fills in what the request left out.
func newTable(list []door.ObjectInfo, info *door.ObjectInfo, zone *time.Location, r *Request) (*table, error) {
	if r.Format == "" {
		r.Format = "csv"
	}
	t := &table{object: info.Object, zone: time.UTC}
	switch r.Format {
	case "csv", "xlsx":
	case "json", "ndjson", "vcf", "vcf3":
		if r.Layout != (Layout{}) {
			return nil, fault.InField("format", "no_table", "heading, zone and money are for the tables csv and xlsx")
		}
	default:
		return nil, fault.InField("format", "unknown_format", "use csv, xlsx, json, ndjson, vcf or vcf3")
	}
	if err := r.Layout.check(); err != nil {
		return nil, err
	}
	if r.Layout.Zone == "mine" {
		t.zone = zone
	}
	if r.Format == "vcf" || r.Format == "vcf3" {
		return t, t.chooseCard(list, info, r)
	}
	if len(r.Fields) == 0 {
		r.Fields = readable(info)
	}
	t.names = r.Fields
	seen := map[string]bool{}
	for _, name := range r.Fields {
		if seen[name] {
			return nil, fault.InField("fields", "twice", "%s is named twice", name)
		}
		seen[name] = true
		f, label := resolveField(list, info, name)
		if f == nil {
			return nil, fault.InField("fields", "unknown_field", "there is no field %q of %s", name, info.Object.Name)
		}
		t.add(outColumn{name: name, field: f}, label, r.Layout)
	}
	return t, nil
}

func (l Layout) check() error {
	for _, x := range []struct{ name, value, choices string }{
		{"heading", l.Heading, " name en zh "}, {"zone", l.Zone, " utc mine "}, {"money", l.Money, " one two "},
	} {
		if x.value != "" && !strings.Contains(x.choices, " "+x.value+" ") {
			return fault.InField(x.name, "unknown_option", "use one of: %s", strings.TrimSpace(x.choices))
		}
	}
	return nil
}

// readable are the fields of an export when none are named: all that hold a value of the record's own.
func readable(info *door.ObjectInfo) []string {
	var list []string
	for _, f := range info.Fields {
		if f.Access > policy.Hidden && f.Field.Name != "deleted_at" && f.Field.Class != schema.Secret {
			list = append(list, f.Field.Name)
		}
	}
	return list
}

// resolveField finds a field by its name or path, among those that the session sees.
func resolveField(list []door.ObjectInfo, info *door.ObjectInfo, name string) (*schema.Field, schema.Text) {
	first, rest, deep := strings.Cut(name, ".")
	f := fieldOf(info, first)
	if f == nil || !deep {
		return f, labelOf(f)
	}
	to := findObject(list, targetOf(f))
	if to == nil || !to.Can["read"] {
		return nil, schema.Text{}
	}
	far := fieldOf(to, rest)
	near, end := labelOf(f), labelOf(far)
	return far, schema.Text{En: near.En + ": " + end.En, Zh: near.Zh + "：" + end.Zh}
}

// reachable reports whether the link of a path may be followed: one that is masked may not.
func reachable(info *door.ObjectInfo, name string) bool {
	first, _, deep := strings.Cut(name, ".")
	for _, f := range info.Fields {
		if f.Field.Name == first {
			return !deep || f.Access >= policy.Readable
		}
	}
	return false
}

func fieldOf(info *door.ObjectInfo, name string) *schema.Field {
	for _, f := range info.Fields {
		if f.Field.Name == name && f.Access > policy.Hidden {
			return f.Field
		}
	}
	return nil
}

func labelOf(f *schema.Field) schema.Text {
	if f == nil {
		return schema.Text{}
	}
	return f.Label
}

// add adds a column, or two for an amount and its currency.
func (t *table) add(c outColumn, label schema.Text, l Layout) {
	heading := func(half, en, zh string) string {
		switch l.Heading {
		case "en":
			return strings.TrimSpace(label.En + " " + en)
		case "zh":
			return label.Zh + zh
		}
		return c.name + half
	}
	if kindOf(c.field) != schema.MoneyT || l.Money != "two" {
		c.heading = heading("", "", "")
		t.columns = append(t.columns, c)
		return
	}
	amount, currency := c, c
	amount.half, amount.heading = "amount", heading(".amount", "amount", "金额")
	currency.half, currency.heading = "currency", heading(".currency", "currency", "币种")
	t.columns = append(t.columns, amount, currency)
}

// kindOf is the type of a field's values.
func kindOf(f *schema.Field) schema.Type {
	if f.Type == schema.Formula {
		return f.Result
	}
	return f.Type
}

// headings is the first row: the identifier and every column.
func (t *table) headings() []string {
	row := []string{"id"}
	for _, c := range t.columns {
		row = append(row, guard(c.heading))
	}
	return row
}

// text is a value as a cell holds it. What a spreadsheet program would run is marked.
func (t *table) text(c outColumn, r *door.Record) string {
	v := r.Value(c.name)
	m, money := v.(schema.Money)
	at, moment := v.(schema.Time)
	_, masked := v.(door.Masked)
	switch {
	case masked && c.half == "currency":
		return ""
	case money && c.half == "amount":
		return m.Amount.Fixed(2)
	case money && c.half == "currency":
		return m.Currency
	case moment && t.zone != time.UTC:
		return time.UnixMicro(int64(at)).In(t.zone).Format(time.RFC3339Nano)
	case !masked && harmless(kindOf(c.field)):
		return r.Text(c.name)
	}
	return guard(r.Text(c.name))
}

func (t *table) writer(name string, w *bufio.Writer) (format, error) {
	switch name {
	case "xlsx":
		return newBookWriter(t, w)
	case "json", "ndjson":
		return &jsonFormat{w: w, fields: t.names, lines: name == "ndjson"}, nil
	case "vcf", "vcf3":
		return &cards{w: w, t: t, old: name == "vcf3"}, nil
	}
	c := &csvFormat{w: csv.NewWriter(w), t: t}
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // spreadsheet programs then read UTF-8
		return nil, err
	}
	return c, c.w.Write(t.headings())
}

type csvFormat struct {
	w   *csv.Writer
	t   *table
	row []string
}

func (c *csvFormat) record(r *door.Record) error {
	c.row = append(c.row[:0], r.ID.String())
	for _, col := range c.t.columns {
		c.row = append(c.row, c.t.text(col, r))
	}
	return c.w.Write(c.row)
}

func (c *csvFormat) end() error {
	c.w.Flush()
	return c.w.Error()
}

func (c *csvFormat) most() int { return MaxExport }

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
