package transfer

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

const (
	maxChecked = 2000   // values of a column that are tried
	maxUnknown = 200    // different texts that are no option of a picklist
	maxNames   = 50_000 // different texts of a column that points to records
)

// survey goes through the file once: it finds out how dates are written, whether guessed columns fit
// their fields, whom lookups name, and which rows are about records that are there.
func (im *importer) survey(ctx context.Context) error {
	if err := im.prepareMatchers(ctx); err != nil {
		return err
	}
	for _, c := range im.columns {
		if c.field != nil {
			if err := im.prepareLink(ctx, c.target); err != nil {
				return err
			}
		}
	}
	err := im.each(im.mended, func(n int, row *Row) error {
		im.rows = n + 1
		for i := range im.columns {
			if c := &im.columns[i]; c.field != nil && i < len(row.Cells) {
				if err := im.look(c, row.Cells[i]); err != nil {
					return err
				}
			}
		}
		for _, m := range im.matchers {
			if err := im.remember(ctx, m, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range im.matchers {
		if err := im.ask(ctx, m); err != nil {
			return err
		}
		m.asked = nil
	}
	im.result.Rows = im.rows
	if err := im.newOptions(ctx); err != nil {
		return err
	}
	im.settle()
	return im.checkColumns()
}

func (im *importer) mended(n Note) { im.note(n) }

func (im *importer) note(n Note) {
	if len(im.result.Notes) < maxNotes {
		im.result.Notes = append(im.result.Notes, n)
	}
}

// look notes what a value says about its column.
func (im *importer) look(c *column, text string) error {
	text = im.cell(c, text)
	if text == "" {
		return nil
	}
	switch {
	case c.part != "" || c.full:
		return nil
	case targetOf(c.field) != "":
		if !isID(text) && !c.names[text] {
			if len(c.names) == maxNames {
				return fault.New(fault.TooLarge, "too_many_names", "column %q names more than %d %s records: use identifiers in the file", c.title, maxNames, targetOf(c.field))
			}
			c.names[text] = true
		}
		return nil
	case c.is(schema.DateT), c.is(schema.Datetime):
		c.dates.see(text)
	case c.is(schema.Picklist), c.is(schema.Multipick):
		for _, word := range im.words(c, text) {
			if _, err := c.field.ParseText(word); err != nil && len(c.unknown) < maxUnknown {
				c.unknown[word] = true
			}
		}
	}
	if c.checked >= maxChecked {
		return nil
	}
	c.checked++
	if _, err := im.money(c.field).ParseText(spelled(c.field, text, dayFirst)); err != nil {
		c.bad++
	}
	return nil
}

// words are the choices that a value names.
func (im *importer) words(c *column, text string) []string {
	if c.is(schema.Picklist) {
		return []string{text}
	}
	list := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|，；、", r) })
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// settle decides what the survey has found out: columns that were only guessed and do not fit are
// left out, and dates that could be read either way are told of.
func (im *importer) settle() {
	for i := range im.columns {
		c := &im.columns[i]
		if c.field != nil && !c.told && c.bad*2 > c.checked && c.field.Name != im.plan.Key && !c.field.Required {
			im.note(Note{Code: "left_out", Column: c.title, Text: fmt.Sprintf("column %q is left out: most of its values do not fit %s (%s); to use it, name it with --map, and say what its values mean with --value or --new-options", c.title, c.field.Name, c.field.Type)})
			c.target = target{}
		}
		if c.field == nil {
			if im.plan.Map[c.title] != "-" {
				im.result.Unused = append(im.result.Unused, c.title)
			}
			continue
		}
		im.result.Mapping[c.title] = c.name
		if c.dates.both > 0 && c.dates.order() == unknownOrder && im.plan.Dates == "auto" {
			im.note(Note{Code: "date_order", Column: c.title, Text: fmt.Sprintf("column %q: %d dates can be read with the day or the month first, and nothing in the column tells which: say it with --dates dmy or --dates mdy", c.title, c.dates.both)})
		}
	}
}

// order says how the dates of a column are written.
func (im *importer) order(c *column) order {
	if o := c.dates.order(); o != unknownOrder {
		return o
	}
	switch im.plan.Dates {
	case "dmy":
		return dayFirst
	case "mdy":
		return monthFirst
	}
	return unknownOrder
}

// newOptions adds what the file names to picklists, where the plan says so.
func (im *importer) newOptions(ctx context.Context) error {
	if !im.plan.NewOptions {
		return nil
	}
	var patches []door.FieldPatch
	for i := range im.columns {
		c := &im.columns[i]
		if c.field == nil || len(c.unknown) == 0 {
			continue
		}
		if len(c.unknown) == maxUnknown {
			return fault.InField("--new-options", "too_many", "column %q has more than %d values that are no options of %s: it is no picklist", c.title, maxUnknown, c.field.Name)
		}
		grown := *c.field
		grown.Options = append([]schema.Option(nil), c.field.Options...)
		for _, word := range sortedNames(c.unknown) {
			grown.Options = append(grown.Options, schema.Option{Key: optionKey(&grown, word), Label: schema.Text{En: word, Zh: word}})
		}
		patches = append(patches, door.FieldPatch{Name: c.field.Name, Options: grown.Options})
		c.field, c.bad = &grown, 0
	}
	if len(patches) == 0 {
		return nil
	}
	if im.plan.DryRun {
		me, err := im.s.Me(ctx)
		if err == nil && !me.Define {
			err = fault.New(fault.Forbidden, "forbidden", "you may not add options to picklists: ask somebody who may, or map the values")
		}
		return err
	}
	_, err := im.s.Define(ctx, door.Definition{Object: im.plan.Object, Change: patches})
	return err
}

// optionKey makes a key of a text: small letters, digits, underscores.
func optionKey(f *schema.Field, word string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(word) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	base := strings.Trim(b.String()[:min(b.Len(), 50)], "_")
	if base == "" {
		base = "option"
	}
	key := base
	for n := 2; ; n++ {
		if _, taken := f.Option(key); !taken {
			return key
		}
		key = fmt.Sprintf("%s_%d", base, n)
	}
}

// cell is a value's text: what the plan says to read instead of it, or itself without the mark that
// keeps spreadsheet programs from running it; "" where it means no value.
func (im *importer) cell(c *column, text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	if other, told := im.plan.Values[c.field.Name][text]; told {
		return other
	}
	for _, null := range im.plan.Nulls {
		if strings.EqualFold(null, text) {
			return ""
		}
	}
	return unguard(text)
}

// money is a field that takes the plan's currency where an amount names none.
func (im *importer) money(f *schema.Field) *schema.Field {
	if f.Type != schema.MoneyT || im.plan.Currency == "" {
		return f
	}
	own := *f
	own.Currency = im.plan.Currency
	return &own
}

// values makes a record's values of a row.
func (im *importer) values(n int, row *Row) (door.Values, []fault.Field) {
	values := make(door.Values, len(im.columns))
	var wrong []fault.Field
	addresses := map[string]*schema.Address{}
	for i := range im.columns {
		c := &im.columns[i]
		if c.field == nil || i >= len(row.Cells) {
			continue
		}
		text := im.cell(c, row.Cells[i])
		if text == "" {
			continue
		}
		var err error
		switch {
		case c.part != "":
			err = addressPart(addresses, c, text)
		case c.full:
			last, first := splitName(text)
			if values["first_name"] == nil && first != "" {
				values["first_name"] = first
			}
			values["last_name"], err = im.value(c, last, n)
		default:
			var v any
			if v, err = im.value(c, text, n); v != nil && err == nil {
				values[c.field.Name] = v
			}
		}
		for _, x := range fault.FieldsOf(err) {
			x.Name = c.title
			wrong = append(wrong, x)
		}
	}
	for name, a := range addresses {
		if values[name] == nil {
			values[name] = door.Parsed{Value: *a}
		}
	}
	return values, wrong
}

func addressPart(into map[string]*schema.Address, c *column, text string) error {
	a := into[c.field.Name]
	if a == nil {
		a = &schema.Address{}
		into[c.field.Name] = a
	}
	if len(text) > 255 {
		return fault.InField(c.title, "too_long", "at most 255 characters")
	}
	switch text = strings.Join(strings.Fields(text), " "); c.part {
	case "street":
		a.Street = text
	case "city":
		a.City = text
	case "state":
		a.State = text
	case "postal_code":
		a.PostalCode = text
	case "country":
		a.Country = text
	}
	return nil
}

// spelled writes a date or a number as its field reads it.
func spelled(f *schema.Field, text string, o order) string {
	switch f.Type {
	case schema.DateT, schema.Datetime:
		return isoDate(f, text, o)
	case schema.MoneyT, schema.DecimalT, schema.Int, schema.Percent:
		if exponent.MatchString(text) { // 8.48E10, as Java writes large numbers
			if n, err := strconv.ParseFloat(text, 64); err == nil {
				return digits(n)
			}
		}
	}
	return text
}

var exponent = regexp.MustCompile(`^[+-]?\d+(\.\d+)?[eE]\+?\d{1,2}$`)

func (im *importer) value(c *column, text string, row int) (any, error) {
	f := c.field
	if targetOf(f) != "" && !isID(text) {
		return im.link(c, text, row)
	}
	v, err := im.money(f).ParseText(spelled(f, text, im.order(c)))
	if err != nil {
		return nil, err
	}
	return door.Parsed{Value: v}, nil
}
