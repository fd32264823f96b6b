package schema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// field returns a field of the type that can hold values.
func field(t Type) *Field {
	f := &Field{ID: 100, Name: "f", Type: t, Class: Internal}
	switch t {
	case Picklist, Multipick:
		One("a", "Alpha", "甲", "b", "Beta", "乙")(f)
	case Any:
		f.Target = []string{"contact"}
	case Formula, RollupT:
		f.Result = DecimalT
	}
	return f
}

const anID = "01890a5d-ac96-774b-bcce-b302099a8057"

func decode(t *testing.T, s string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParseText(t *testing.T) {
	t.Parallel()
	date := func(s string) any { v, _ := parseDate(field(DateT), s); return v }
	for _, c := range []struct {
		name   string
		typ    Type
		in     string
		want   any
		reason string
	}{
		{"thousands", Int, "12,345", int64(12345), ""},
		{"a whole number with zeros", Int, "5.00", int64(5), ""},
		{"comma as decimal point", DecimalT, "12,5", nil, "not_a_number"},
		{"too many decimals", DecimalT, "0.12345", nil, "not_a_number"},
		{"harmless zeros", DecimalT, "0.100000", Decimal(1000), ""},
		{"overflow", DecimalT, "99999999999999999", nil, "not_a_number"},
		{"percent sign", Percent, "12.5 %", Decimal(125000), ""},
		{"sign before", MoneyT, "$1,200.50", Money{12005000, "USD"}, ""},
		{"code after", MoneyT, "12.50 EUR", Money{125000, "EUR"}, ""},
		{"no currency", MoneyT, "55", Money{550000, "CNY"}, ""},
		{"Chinese yes", Bool, "是", true, ""},
		{"maybe", Bool, "maybe", nil, "not_a_bool"},
		{"day first, unambiguous", DateT, "24/11/2026", date("2026-11-24"), ""},
		{"ambiguous", DateT, "04/05/2026", nil, "ambiguous_date"},
		{"Chinese date", DateT, "2026年11月24日", date("2026-11-24"), ""},
		{"no such day", DateT, "2026-02-30", nil, "not_a_date"},
		{"option by label", Picklist, "Beta", "b", ""},
		{"option by Chinese label", Picklist, "乙", "b", ""},
		{"no option", Picklist, "c", nil, "unknown_option"},
		{"several options", Multipick, "乙; alpha", []string{"a", "b"}, ""},
		{"blank", Short, "   ", nil, ""},
		{"NUL", Short, "a\x00b", nil, "control_character"},
		{"bad UTF-8", Short, "a\xff", nil, "not_text"},
		{"too long", Short, strings.Repeat("字", 256), nil, "too_long"},
		{"domain in capitals", Email, "Ada@EXAMPLE.com", "Ada@example.com", ""},
		{"no domain", Email, "ada@", nil, "not_an_email"},
		{"script as address", URL, "javascript:alert(1)", nil, "not_a_url"},
		{"without scheme", URL, "example.com", "https://example.com", ""},
		{"letters in a number", Phone, "call me", nil, "not_a_phone"},
		{"an identifier", Lookup, "x", nil, "not_an_id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := field(c.typ).ParseText(c.in)
			if c.reason != "" {
				if fs := fault.FieldsOf(err); len(fs) != 1 || fs[0].Reason != c.reason {
					t.Fatalf("got %v, want reason %s", err, c.reason)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v (%v), want %v", got, err, c.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := func() Object {
		return Object{ID: 1000, Name: "car", Label: Text{"Car", "车"}, Plural: Text{"Cars", "车"}, Title: []string{"name"}, Fields: []Field{F(100, "name", Short, "Name", "名称")}}
	}
	if _, err := New(good()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		edit func(*Object)
	}{
		{"no number", func(o *Object) { o.ID = 0 }},
		{"capital letters", func(o *Object) { o.Name = "Car" }},
		{"injection as name", func(o *Object) { o.Fields[0].Name = "a; drop table" }},
		{"reserved word", func(o *Object) { o.Fields[0].Name = "in" }},
		{"no Chinese label", func(o *Object) { o.Label.Zh = "" }},
		{"no class", func(o *Object) { o.Fields[0].Class = "" }},
		{"two of a name", func(o *Object) { o.Fields = append(o.Fields, F(101, "name", Int, "N", "数")) }},
		{"two of a number", func(o *Object) { o.Fields = append(o.Fields, F(100, "n", Int, "N", "数")) }},
		{"a system field's name", func(o *Object) { o.Fields = append(o.Fields, F(101, "owner", Int, "N", "数")) }},
		{"unknown type", func(o *Object) { o.Fields[0].Type = "blob" }},
		{"lookup into nowhere", func(o *Object) { o.Fields = append(o.Fields, F(101, "to", Lookup, "To", "到", To("nowhere"))) }},
		{"picklist without options", func(o *Object) { o.Fields = append(o.Fields, F(101, "p", Picklist, "P", "选")) }},
		{"secret of class internal", func(o *Object) { o.Fields = append(o.Fields, F(101, "s", SecretType, "S", "密")) }},
		{"unique and sealed", func(o *Object) { o.Fields = append(o.Fields, F(101, "e", Email, "E", "邮", OfPerson, Once)) }},
		{"index on a sealed field", func(o *Object) {
			o.Fields = append(o.Fields, F(101, "e", Email, "E", "邮", OfPerson))
			o.Indexes = [][]string{{"e"}}
		}},
		{"title without field", func(o *Object) { o.Title = []string{"nothing"} }},
		{"subject without field", func(o *Object) { o.Subject = "nobody" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := good()
			c.edit(&o)
			if _, err := New(o); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"12.50": "12.5", "-0.0001": "-0.0001", "922337203685477.5807": "922337203685477.5807", "-922337203685477.5807": "-922337203685477.5807", ".5": "0.5", "+3": "3"} {
		d, ok := ParseDecimal(in)
		if !ok || d.String() != want {
			t.Errorf("%s: got %s (%v), want %s", in, d, ok, want)
		}
	}
	for _, in := range []string{"", "-", ".", "1.23456", "922337203685477.5808", "1e3", "١", "--1", "+-1"} {
		if d, ok := ParseDecimal(in); ok {
			t.Errorf("%q read as %s", in, d)
		}
	}
}

func FuzzParseText(f *testing.F) {
	for i := range Types() {
		f.Add(i, "12.5")
		f.Add(i, "王芳")
		f.Add(i, anID)
	}
	f.Fuzz(func(t *testing.T, n int, s string) {
		types := Types()
		fd := field(types[(n%len(types)+len(types))%len(types)])
		v, err := fd.ParseText(s)
		if err != nil || v == nil {
			return
		}
		if got, err := fd.Decode(fd.Encode(v)); err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%s: encode and decode: got %v (%v), want %v", fd.Type, got, err, v)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(3, []byte{tagText, 1, 'a'})
	f.Fuzz(func(_ *testing.T, n int, b []byte) {
		types := Types()
		_, _ = field(types[(n%len(types)+len(types))%len(types)]).Decode(b)
	})
}

func TestLookupsAreSorted(t *testing.T) {
	t.Parallel()
	other := "01890a5d-ac96-774b-bcce-000000000001"
	v, err := field(Lookups).ParseText(anID + ";" + other + ";" + anID)
	list, _ := v.([]id.ID)
	if err != nil || len(list) != 2 || list[0].String() != other {
		t.Errorf("got %v (%v)", v, err)
	}
}
