package schema

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
)

// Type names a field type; each has a file of its own.
type Type string

// The field types.
const (
	Short      Type = "text"       // one line
	Longtext   Type = "longtext"   // several lines
	Richtext   Type = "richtext"   // Markdown
	Int        Type = "int"        // whole number
	DecimalT   Type = "decimal"    // four decimals at most
	MoneyT     Type = "money"      // amount and currency
	Percent    Type = "percent"    // 12.5 is 12.5 %
	Bool       Type = "bool"       //
	DateT      Type = "date"       // a day
	Datetime   Type = "datetime"   // a moment
	Duration   Type = "duration"   // seconds
	Email      Type = "email"      //
	Phone      Type = "phone"      //
	URL        Type = "url"        //
	AddressT   Type = "address"    // street, city, state, postal code, country
	Picklist   Type = "picklist"   // one of the options
	Multipick  Type = "multipick"  // several of the options
	Autonumber Type = "autonumber" // counted by the program
	Formula    Type = "formula"    // computed from the record
	RollupT    Type = "rollup"     // computed from the records that point to it
	Lookup     Type = "lookup"     // a record of one object
	Lookups    Type = "lookups"    // several records
	Any        Type = "any"        // a record of one of several objects
	User       Type = "user"       // a person of the organisation
	Team       Type = "team"       // a team of the organisation
	JSON       Type = "json"       // structured data, opaque to filters
	GeoT       Type = "geo"        // latitude and longitude
	File       Type = "file"       // a file of any sort
	Image      Type = "image"      // a picture
	SecretType Type = "secret"     // a credential: written, never read
)

// Types lists every field type.
func Types() []Type {
	return []Type{
		Short, Longtext, Richtext, Int, DecimalT, MoneyT, Percent, Bool, DateT, Datetime, Duration, Email, Phone, URL, AddressT,
		Picklist, Multipick, Autonumber, Formula, RollupT, Lookup, Lookups, Any, User, Team, JSON, GeoT, File, Image, SecretType,
	}
}

// Storage is the type of a column.
type Storage uint8

// The storage types, the same on both engines.
const (
	StoreInt Storage = iota
	StoreText
	StoreBytes
	StoreBool
)

// Column is a column that stores a value or part of it.
type Column struct {
	Suffix string // after the field's own column name; "" for the first
	As     Storage
	Fold   bool // holds the folded text of the first column, for finding and sorting; the store fills it
}

// kind is what a field type can do. Values are canonical Go values, named in each type's file; nil is
// "absent" everywhere, and empty text is absent.
type kind struct {
	columns []Column
	// read takes what encoding/json gives with UseNumber.
	read func(f *Field, v any) (any, error)
	// parse takes text from a file or a form, in the spellings that people use.
	parse func(f *Field, s string) (any, error)
	// show gives what encoding/json writes.
	show func(f *Field, v any) any
	// text gives what a file holds; parse reads it back.
	text func(f *Field, v any) string
	// store gives a driver value for each column but fold columns; load takes them back.
	store func(v any) []any
	load  func(cols []any) (any, error)

	limit int  // text: the most characters, where the field does not say less
	lines bool // text: may hold line breaks and tabs

	filter, sort, group, sum, unique bool
}

// kindOf returns what a type can do; nil for an unknown type.
func kindOf(t Type) *kind {
	switch t {
	case Short:
		return textKind()
	case Longtext:
		return longtextKind()
	case Richtext:
		return richtextKind()
	case Int:
		return intKind()
	case DecimalT:
		return decimalKind()
	case MoneyT:
		return moneyKind()
	case Percent:
		return percentKind()
	case Bool:
		return boolKind()
	case DateT:
		return dateKind()
	case Datetime:
		return datetimeKind()
	case Duration:
		return durationKind()
	case Email:
		return emailKind()
	case Phone:
		return phoneKind()
	case URL:
		return urlKind()
	case AddressT:
		return addressKind()
	case Picklist:
		return picklistKind()
	case Multipick:
		return multipickKind()
	case Autonumber:
		return autonumberKind()
	case Formula:
		return formulaKind()
	case RollupT:
		return rollupKind()
	case Lookup:
		return lookupKind()
	case Lookups:
		return lookupsKind()
	case Any:
		return anyKind()
	case User:
		return userKind()
	case Team:
		return teamKind()
	case JSON:
		return jsonKind()
	case GeoT:
		return geoKind()
	case File:
		return fileKind()
	case Image:
		return imageKind()
	case SecretType:
		return secretKind()
	}
	return nil
}

// Computed reports whether the field is computed whenever it is shown and never stored.
func (f *Field) Computed() bool { return f.Type == Formula || f.Type == RollupT }

// kind returns what the field's type can do: a computed field does what its result does.
func (f *Field) kind() *kind {
	t := f.Type
	if f.Computed() {
		t = f.Result
	}
	if f.does != nil && f.doing == t {
		return f.does
	}
	return kindOf(t)
}

// remember keeps what the field's type can do.
func (f *Field) remember() {
	if f.does = f.kind(); f.does != nil {
		f.doing = f.Type
		if f.Computed() {
			f.doing = f.Result
		}
	}
}

// Filterable reports whether records can be filtered by the field.
func (f *Field) Filterable() bool { return f.kind().filter }

// Sortable reports whether records can be sorted by the field.
func (f *Field) Sortable() bool { return f.kind().sort }

// Groupable reports whether records can be grouped by the field.
func (f *Field) Groupable() bool { return f.kind().group }

// Summable reports whether sums and averages of the field have a meaning.
func (f *Field) Summable() bool { return f.kind().sum }

// ParseJSON reads a value of the field from decoded JSON (with UseNumber). The error has kind Invalid
// and names the remedy, never the value.
func (f *Field) ParseJSON(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if s, ok := v.(string); ok && s == "" {
		return nil, nil
	}
	got, err := f.kind().read(f, v)
	if err != nil {
		return nil, err
	}
	return got, nil
}

// ParseText reads a value of the field from the text of a file or form.
func (f *Field) ParseText(s string) (any, error) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, nil
	}
	return f.kind().parse(f, s)
}

// JSON returns the value as the API shows it.
func (f *Field) JSON(v any) any {
	if v == nil {
		return nil
	}
	return f.kind().show(f, v)
}

// Text returns the value as a file holds it; "" for an absent one.
func (f *Field) Text(v any) string {
	if v == nil {
		return ""
	}
	return f.kind().text(f, v)
}

// Words returns the words of a value, by which records are searched; "" for an absent one.
func (f *Field) Words(v any) string {
	if a, ok := v.(Address); ok { // not the names of its parts
		parts := []string{a.Street, a.PostalCode, a.City, a.State, a.Country}
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
	}
	return f.Text(v)
}

// Store returns the driver values (int64, string, []byte, bool or nil) of the columns that are not
// fold columns.
func (f *Field) Store(v any) []any {
	k := f.kind()
	if v == nil {
		return make([]any, len(plain(k.columns)))
	}
	return k.store(v)
}

// Load makes a value of what Store gave.
func (f *Field) Load(cols []any) (any, error) {
	if len(cols) == 0 || cols[0] == nil {
		return nil, nil
	}
	return f.kind().load(cols)
}

func plain(cols []Column) []Column {
	n := 0
	for _, c := range cols {
		if !c.Fold {
			n++
		}
	}
	return cols[:n]
}

// The tags of encoded values.
const (
	tagNil = iota
	tagInt
	tagText
	tagBytes
	tagFalse
	tagTrue
)

// Encode returns the value as bytes for a sealed cell or the journal: what Store gives, each column
// with a tag. It is deterministic; nil for an absent value.
func (f *Field) Encode(v any) []byte {
	if v == nil {
		return nil
	}
	var b []byte
	for _, c := range f.Store(v) {
		switch x := c.(type) {
		case nil:
			b = append(b, tagNil)
		case int64:
			b = binary.AppendVarint(append(b, tagInt), x)
		case string:
			b = binary.AppendUvarint(append(b, tagText), uint64(len(x)))
			b = append(b, x...)
		case []byte:
			b = binary.AppendUvarint(append(b, tagBytes), uint64(len(x)))
			b = append(b, x...)
		case bool:
			if x {
				b = append(b, tagTrue)
			} else {
				b = append(b, tagFalse)
			}
		}
	}
	return b
}

// Decode makes a value of what Encode gave.
func (f *Field) Decode(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, nil
	}
	want := len(plain(f.kind().columns))
	cols := make([]any, 0, want)
	for len(b) > 0 && len(cols) < want {
		v, rest, ok := takeColumn(b)
		if !ok {
			return nil, damaged()
		}
		cols, b = append(cols, v), rest
	}
	if len(b) > 0 || len(cols) != want {
		return nil, damaged()
	}
	return f.Load(cols)
}

func damaged() error { return fault.New(fault.Internal, "bad_value", "a stored value is damaged") }

func takeColumn(b []byte) (v any, rest []byte, ok bool) {
	tag, b := b[0], b[1:]
	switch tag {
	case tagNil:
		return nil, b, true
	case tagFalse, tagTrue:
		return tag == tagTrue, b, true
	case tagInt:
		n, size := binary.Varint(b)
		if size <= 0 {
			return nil, nil, false
		}
		return n, b[size:], true
	case tagText, tagBytes:
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, nil, false
		}
		part := b[size : size+int(n)] //nolint:gosec // at most len(b)
		if tag == tagText {
			return string(part), b[size+int(n):], true //nolint:gosec // at most len(b)
		}
		return append([]byte(nil), part...), b[size+int(n):], true //nolint:gosec // at most len(b)
	}
	return nil, nil, false
}

// invalid is an error about the field's value. The message must not repeat the value.
func invalid(f *Field, reason, format string, args ...any) error {
	return fault.InField(f.Name, reason, format, args...)
}

// number is the text of a JSON number or of a string that holds one.
func number(v any) (string, bool) {
	switch x := v.(type) {
	case json.Number:
		return x.String(), true
	case string:
		return strings.TrimSpace(x), true
	}
	return "", false
}

// stringList is a JSON list of texts.
func stringList(v any) ([]string, bool) {
	list, ok := v.([]any)
	if !ok || len(list) > MaxOptions {
		return nil, false
	}
	out := make([]string, 0, len(list))
	for _, x := range list {
		s, ok := x.(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}
