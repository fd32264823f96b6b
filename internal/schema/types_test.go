package schema

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
)

// vector is what a type must do.
type vector struct {
	text    [][2]string // as people write it → as an export writes it
	badText [][2]string // → the reason of the refusal
	json    [][2]string // as a request gives it → as an answer gives it
	badJSON [][2]string
	order   []string // texts in ascending order; empty for a type without an order
}

const other = "01890a5d-ac96-774b-bcce-000000000001"

var notText = [2]string{`7`, "not_text"}

// lines is what every text of one line refuses.
var lines = [][2]string{{"a\nb", "control_character"}, {"a\x00b", "control_character"}, {"a\xff", "not_text"}, {"\U0010FFFF", "control_character"}, {strings.Repeat("字", 256), "too_long"}}

// texts are the vectors of the types whose value is a text, numbers and links those of the others.
func texts() map[Type]vector {
	return map[Type]vector{
		Short: {
			text:    [][2]string{{" Ada ", "Ada"}, {"王芳", "王芳"}, {"e\u0301", "é"}, {strings.Repeat("字", 255), strings.Repeat("字", 255)}},
			badText: lines, json: [][2]string{{`"Ada"`, `"Ada"`}, {`"\u3000Ada\u00a0"`, `"Ada"`}}, badJSON: [][2]string{notText, {`["a"]`, "not_text"}, {`"a\nb"`, "control_character"}},
			order: []string{"a", "B", "c", "Straße", "strasst", "王"},
		},
		Longtext: {
			text:    [][2]string{{"two\n\tlines", "two\n\tlines"}, {"of\r\nWindows\rand of old", "of\nWindows\nand of old"}},
			badText: [][2]string{{"a\x00", "control_character"}, {strings.Repeat("x", 100_001), "too_long"}}, json: [][2]string{{`"a\r\nb"`, `"a\nb"`}}, badJSON: [][2]string{notText},
		},
		Richtext: {
			text: [][2]string{{"**bold**\n<script>", "**bold**\n<script>"}}, badText: [][2]string{{"a\x1bb", "control_character"}},
			json: [][2]string{{`"# A"`, `"# A"`}}, badJSON: [][2]string{notText},
		},
		Email: {
			text:    [][2]string{{"Ada@EXAMPLE.com", "Ada@example.com"}, {"李@例子.中国", "李@例子.中国"}},
			badText: [][2]string{{"ada", "not_an_email"}, {"ada@", "not_an_email"}, {"@server.de", "not_an_email"}, {"a@b", "not_an_email"}, {"a@b@c.de", "not_an_email"}, {"a@.de", "not_an_email"}, {"a@b.de.", "not_an_email"}, {"a b@c.de", "not_an_email"}, {strings.Repeat("x", 250) + "@c.de", "too_long"}},
			json:    [][2]string{{`"Ada@example.com"`, `"Ada@example.com"`}}, badJSON: [][2]string{notText, {`"a@b.de, c@d.ef"`, "not_an_email"}}, order: []string{"a@x.de", "B@x.de", "c@x.de"},
		},
		Phone: {
			text:    [][2]string{{" +86 138-0013-8000 ", "+86 138-0013-8000"}, {"(010) 6552 9988 转 12", "(010) 6552 9988 转 12"}},
			badText: [][2]string{{"call me", "not_a_phone"}, {"12", "not_a_phone"}, {strings.Repeat("1", 21), "not_a_phone"}, {strings.Repeat("1 ", 30), "too_long"}, {"=1+2", "not_a_phone"}},
			json:    [][2]string{{`"123"`, `"123"`}}, badJSON: [][2]string{{`123`, "not_text"}}, order: []string{"+1 23", "123"},
		},
		URL: {
			text:    [][2]string{{"example.com", "https://example.com"}, {"http://[::1]:80/x?y#z", "http://[::1]:80/x?y#z"}},
			badText: [][2]string{{"javascript:alert(1)", "not_a_url"}, {"ftp://example.com", "not_a_url"}, {"https://user:pw@example.com", "not_a_url"}, {"https://", "not_a_url"}, {"https://intranet", "not_a_url"}, {"https://exa mple.com", "not_a_url"}},
			json:    [][2]string{{`"https://example.com"`, `"https://example.com"`}}, badJSON: [][2]string{notText}, order: []string{"https://a.de", "https://b.de"},
		},
		Picklist: {
			text: [][2]string{{"a", "a"}, {"A", "a"}, {"Beta", "b"}, {"乙", "b"}}, badText: [][2]string{{"c", "unknown_option"}},
			json: [][2]string{{`"a"`, `"a"`}}, badJSON: [][2]string{notText, {`"Alpha"`, "unknown_option"}}, order: []string{"a", "b"},
		},
		Multipick: {
			text:    [][2]string{{"b;a", "a;b"}, {"甲，乙", "a;b"}, {"Alpha, alpha", "a"}},
			badText: [][2]string{{"a;c", "unknown_option"}},
			json:    [][2]string{{`["b","a","b"]`, `["a","b"]`}}, badJSON: [][2]string{{`"a"`, "not_a_list"}, {`[1]`, "not_a_list"}, {`["x"]`, "unknown_option"}},
		},
		Autonumber: {text: [][2]string{{"T-00001", "T-00001"}}, badText: lines, json: [][2]string{{`"T-1"`, `"T-1"`}}, badJSON: [][2]string{notText}, order: []string{"T-00001", "T-00002"}},
		SecretType: {text: [][2]string{{"hunter2", ""}}, badText: [][2]string{{strings.Repeat("x", 2001), "too_long"}}, json: [][2]string{{`"hunter2"`, `null`}}, badJSON: [][2]string{notText}},
	}
}

func numbers() map[Type]vector {
	wrong := [2]string{"x", "not_a_number"}
	decimal := vector{
		text:    [][2]string{{"1,234.50", "1234.5"}, {"-0.0001", "-0.0001"}, {"1 000", "1000"}, {"0.10000", "0.1"}, {"1e3", "1000"}, {"-0", "0"}},
		badText: [][2]string{wrong, {"12,5", "not_a_number"}, {"0.12345", "not_a_number"}, {"99999999999999999", "not_a_number"}, {"1e99", "not_a_number"}, {"NaN", "not_a_number"}, {"1.2.3", "not_a_number"}},
		json:    [][2]string{{`"12.5"`, `"12.5"`}, {`0.0001`, `"0.0001"`}, {`1e2`, `"100"`}}, badJSON: [][2]string{{`true`, "not_a_number"}, {`"x"`, "not_a_number"}, {`0.00001`, "not_a_number"}},
		order: []string{"-10", "-9.5", "-0.0001", "0", "0.0001", "9", "10"},
	}
	percent := decimal
	percent.text = append([][2]string{{"12.5 %", "12.5"}, {"12％", "12"}}, decimal.text...)
	whole := vector{
		text: [][2]string{{"12,345", "12345"}, {"5.00", "5"}, {"-7", "-7"}, {"9007199254740991", "9007199254740991"}}, badText: [][2]string{wrong, {"5.5", "not_a_number"}, {"9007199254740992", "not_a_number"}, {"1e3", "not_a_number"}},
		json: [][2]string{{`-7`, `-7`}, {`0`, `0`}}, badJSON: [][2]string{{`"7"`, "not_a_number"}, {`7.5`, "not_a_number"}, {`9007199254740992`, "not_a_number"}}, order: []string{"-10", "-9", "0", "9", "10"},
	}
	return map[Type]vector{
		Int: whole, Duration: whole, DecimalT: decimal, Percent: percent, Formula: decimal, RollupT: decimal,
		MoneyT: {
			text:    [][2]string{{"12.5", "12.50 CNY"}, {"$1,200.50", "1200.50 USD"}, {"-3 EUR", "-3.00 EUR"}, {"EUR 3", "3.00 EUR"}, {"￥5", "5.00 CNY"}, {"5€", "5.00 EUR"}, {"0.0001 JPY", "0.0001 JPY"}},
			badText: [][2]string{{"x", "not_money"}, {"12 eur", "not_money"}, {"12 USD EUR", "not_money"}, {"$5€", "not_money"}, {"€5$", "not_money"}, {"12,5 EUR", "not_money"}},
			json:    [][2]string{{`{"amount":"12.5","currency":"USD"}`, `{"amount":"12.50","currency":"USD"}`}, {`{"amount":3}`, `{"amount":"3.00","currency":"CNY"}`}},
			badJSON: [][2]string{{`12.5`, "not_money"}, {`{"amount":"1","currency":"usd"}`, "not_money"}, {`{"currency":"USD"}`, "not_money"}, {`{"amount":"1","currency":"USD","x":1}`, "not_money"}, {`{"amount":"1","currency":7}`, "not_money"}},
			order:   []string{"-1 EUR", "0 CNY", "2 USD", "10 CNY"},
		},
		Bool: {
			text: [][2]string{{"YES", "true"}, {"否", "false"}, {"1", "true"}}, badText: [][2]string{{"maybe", "not_a_bool"}},
			json: [][2]string{{`true`, `true`}, {`false`, `false`}}, badJSON: [][2]string{{`"true"`, "not_a_bool"}, {`1`, "not_a_bool"}}, order: []string{"false", "true"},
		},
		DateT: {
			text:    [][2]string{{"2026-11-24", "2026-11-24"}, {"24/11/2026", "2026-11-24"}, {"2026年11月24日", "2026-11-24"}, {"20261124", "2026-11-24"}, {"1969-12-31", "1969-12-31"}, {"0001-01-01", "0001-01-01"}, {"2024-02-29", "2024-02-29"}, {"5/5/2026", "2026-05-05"}},
			badText: [][2]string{{"04/05/2026", "ambiguous_date"}, {"2026-02-30", "not_a_date"}, {"2025-02-29", "not_a_date"}, {"soon", "not_a_date"}, {"0000-01-01", "not_a_date"}},
			json:    [][2]string{{`"2026-11-24"`, `"2026-11-24"`}}, badJSON: [][2]string{{`20261124`, "not_a_date"}, {`"x"`, "not_a_date"}}, order: []string{"0001-01-01", "1969-12-31", "1970-01-01", "9999-12-31"},
		},
		Datetime: {
			text:    [][2]string{{"2026-11-24T09:30:00+08:00", "2026-11-24T01:30:00Z"}, {"2026-11-24 09:30", "2026-11-24T09:30:00Z"}, {"2026/1/2 3:04", "2026-01-02T03:04:00Z"}, {"2026-11-24", "2026-11-24T00:00:00Z"}, {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"}},
			badText: [][2]string{{"2026-11-24T25:00:00Z", "not_a_time"}, {"soon", "not_a_time"}},
			json:    [][2]string{{`"2026-11-24T09:30:00Z"`, `"2026-11-24T09:30:00Z"`}}, badJSON: [][2]string{{`0`, "not_a_time"}}, order: []string{"0001-01-01", "1969-12-31T23:59:59.999999Z", "1970-01-01", "9999-12-31"},
		},
		GeoT: {
			text:    [][2]string{{"31.23, 121.47", `{"lat":31.23,"lon":121.47}`}, {`{"lat":-90,"lon":180}`, `{"lat":-90,"lon":180}`}, {"0,0", `{"lat":0,"lon":0}`}},
			badText: [][2]string{{"91,0", "bad_structure"}, {"NaN,NaN", "bad_structure"}, {"31.23", "bad_structure"}, {"x", "bad_structure"}, {`{"lat":1}`, "bad_structure"}, {`{"lat":1,"lon":2} x`, "bad_structure"}, {"null", "bad_structure"}},
			json:    [][2]string{{`{"lat":31.23,"lon":121.47}`, `{"lat":31.23,"lon":121.47}`}}, badJSON: [][2]string{{`{}`, "bad_structure"}, {`{"lon":3}`, "bad_structure"}, {`{"lat":1,"lon":2,"alt":3}`, "bad_structure"}, {`{"lat":null,"lon":2}`, "bad_structure"}, {`[1,2]`, "bad_structure"}, {`{"lat":1,"lon":181}`, "bad_structure"}},
		},
	}
}

func links() map[Type]vector {
	link := vector{
		text: [][2]string{{strings.ToUpper(anID), anID}}, badText: [][2]string{{"x", "not_an_id"}, {"00000000-0000-0000-0000-000000000000", "not_an_id"}},
		json: [][2]string{{`"` + anID + `"`, `"` + anID + `"`}}, badJSON: [][2]string{{`7`, "not_an_id"}, {`["` + anID + `"]`, "not_an_id"}},
	}
	return map[Type]vector{
		Lookup: link, User: link, Team: link,
		Lookups: {
			text: [][2]string{{anID + "; " + other + ";" + anID, other + ";" + anID}}, badText: [][2]string{{anID + ";x", "not_an_id"}},
			json: [][2]string{{`["` + anID + `","` + other + `"]`, `["` + other + `","` + anID + `"]`}}, badJSON: [][2]string{{`"` + anID + `"`, "not_a_list"}, {`[7]`, "not_a_list"}, {`["x"]`, "not_an_id"}},
		},
		Any: {
			text: [][2]string{{"contact:" + anID, "contact:" + anID}}, badText: [][2]string{{anID, "not_a_reference"}, {"deal:" + anID, "not_a_reference"}, {"contact:x", "not_a_reference"}},
			json: [][2]string{{`{"object":"contact","id":"` + anID + `"}`, `{"id":"` + anID + `","object":"contact"}`}}, badJSON: [][2]string{{`"` + anID + `"`, "not_a_reference"}, {`{"id":"` + anID + `"}`, "not_a_reference"}, {`{"object":"deal","id":"` + anID + `"}`, "not_a_reference"}},
		},
		AddressT: {
			text:    [][2]string{{"1 Main St", `{"street":"1 Main St"}`}, {`{"city":"上海","street":"A & B <1>"}`, `{"street":"A & B <1>","city":"上海"}`}},
			badText: [][2]string{{strings.Repeat("x", 256), "bad_structure"}, {`{"town":"x"}`, "bad_structure"}, {`{"city":"x"`, "bad_structure"}, {`{"city":"x"}{}`, "bad_structure"}},
			json:    [][2]string{{`{"city":"上海"}`, `{"city":"上海"}`}}, badJSON: [][2]string{{`{"town":"x"}`, "bad_structure"}, {`{"city":7}`, "bad_structure"}, {`["x"]`, "bad_structure"}, {`{"city":"a\u0000"}`, "bad_structure"}},
		},
		File:  fileVector("application/pdf", `"text/plain/x"`),
		Image: fileVector("image/png", `"image/svg+xml"`),
		JSON: {
			text:    [][2]string{{` { "a" : [1, "<&>"] } `, `{"a":[1,"<&>"]}`}, {"[]", "[]"}, {"false", "false"}},
			badText: [][2]string{{"{", "bad_structure"}, {"{} {}", "bad_structure"}, {`"` + strings.Repeat("x", 65<<10) + `"`, "too_long"}},
			json:    [][2]string{{`{"a":[1,"<&>",1.50]}`, `{"a":[1,"<&>",1.50]}`}, {`[]`, `[]`}}, badJSON: [][2]string{{`{"a":"\u0000"}`, "bad_structure"}},
		},
	}
}

func fileVector(media, bad string) vector {
	ref := func(content, name, media, size string) string {
		return `{"content":` + content + `,"name":` + name + `,"media":` + media + `,"size":` + size + `}`
	}
	sound := ref(`"`+anID+`"`, `"a & b.x"`, `"`+media+`"`, "7")
	wrong := [][2]string{{"a.pdf", "bad_structure"}}
	for _, s := range []string{ref(`"x"`, `"a"`, `"`+media+`"`, "7"), ref(`"`+anID+`"`, `"../a"`, `"`+media+`"`, "7"), ref(`"`+anID+`"`, `"a"`, bad, "7"), ref(`"`+anID+`"`, `"a"`, `"`+media+`"`, "26214401"), ref(`"`+anID+`"`, `"a"`, `"`+media+`"`, "-1")} {
		wrong = append(wrong, [2]string{s, "bad_structure"})
	}
	return vector{text: [][2]string{{sound, sound}}, badText: wrong, json: [][2]string{{sound, sound}}, badJSON: wrong[1:]}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a.pdf": "a.pdf", `C:\Docs\a.pdf`: "a.pdf", "../../etc/passwd": "passwd", "": "file", "..": "file", "合同 1.pdf": "合同 1.pdf",
		"a\u202efdp.exe": "afdp.exe", "a\r\nb": "ab", strings.Repeat("字", 100): strings.Repeat("字", 85),
		"a\u200f\u061cb\u2028\u0085c\xff.txt": "abc.txt", `say "hi"; x=1.txt`: `say "hi"; x=1.txt`, " .a. .": "a",
		strings.Repeat("x", 300) + ".pdf": strings.Repeat("x", 251) + ".pdf", strings.Repeat("x", 250) + ". y.pdf": strings.Repeat("x", 250) + ".pdf",
		"a." + strings.Repeat("x", 300): "a." + strings.Repeat("x", 253), strings.Repeat("x", 254) + "  y": strings.Repeat("x", 254),
	} {
		if got := FileName(in); got != want || FileName(got) != got {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// vectors has a row for every type.
func vectors() map[Type]vector {
	all := texts()
	for _, more := range []map[Type]vector{numbers(), links()} {
		for t, v := range more {
			all[t] = v
		}
	}
	return all
}

func TestEveryTypeHasVectors(t *testing.T) {
	t.Parallel()
	for _, typ := range Types() {
		v, ok := vectors()[typ]
		if !ok || len(v.text) == 0 || len(v.badText) == 0 || len(v.json) == 0 || len(v.badJSON) == 0 {
			t.Errorf("%s has no vectors, or lacks some", typ)
		}
		if f := field(typ); f.Sortable() != (len(v.order) > 0) {
			t.Errorf("%s: sortable %v, but the vectors have an order of %d", typ, f.Sortable(), len(v.order))
		}
	}
	if len(vectors()) != len(Types()) {
		t.Errorf("%d vectors for %d types", len(vectors()), len(Types()))
	}
}

func show(t *testing.T, f *Field, v any) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(f.JSON(v)); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, typ := range Types() {
		t.Run(string(typ), func(t *testing.T) {
			t.Parallel()
			f, v := field(typ), vectors()[typ]
			for _, c := range v.text {
				got, err := f.ParseText(c[0])
				if err != nil || got == nil {
					t.Fatalf("text %q: %v, %v", c[0], got, err)
				}
				if text := f.Text(got); text != c[1] {
					t.Errorf("text %q is exported as %q, want %q", c[0], text, c[1])
				}
				roundTrip(t, f, got)
			}
			for _, c := range v.json {
				got, err := f.ParseJSON(decode(t, c[0]))
				if err != nil || got == nil {
					t.Fatalf("JSON %s: %v, %v", c[0], got, err)
				}
				if text := show(t, f, got); text != c[1] {
					t.Errorf("JSON %s is answered as %s, want %s", c[0], text, c[1])
				}
				roundTrip(t, f, got)
			}
			for _, c := range v.badText {
				got, err := f.ParseText(c[0])
				refused(t, c[0], c[1], got, err)
			}
			for _, c := range v.badJSON {
				got, err := f.ParseJSON(decode(t, c[0]))
				refused(t, c[0], c[1], got, err)
			}
			absent(t, f)
		})
	}
}

// refused checks a refusal: its reason, and that it does not repeat the value.
func refused(t *testing.T, in, reason string, got any, err error) {
	t.Helper()
	if len(in) > 40 {
		in = in[:40]
	}
	fs := fault.FieldsOf(err)
	if len(fs) != 1 || fs[0].Reason != reason || fs[0].Name != "f" || !fault.Is(err, fault.Invalid) || got != nil {
		t.Errorf("%q: got %v (%v), want a refusal for %s", in, got, err, reason)
		return
	}
	if len(in) > 8 && strings.Contains(fs[0].Message, in) {
		t.Errorf("the message repeats the value: %s", fs[0].Message)
	}
}

// roundTrip holds a value to every way out and back.
func roundTrip(t *testing.T, f *Field, v any) {
	t.Helper()
	if got, err := f.Load(f.Store(v)); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("store and load: got %v (%v), want %v", got, err, v)
	}
	if got, err := f.Decode(f.Encode(v)); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("encode and decode: got %v (%v), want %v", got, err, v)
	}
	if first, again := f.Encode(v), f.Encode(v); string(first) != string(again) {
		t.Error("the encoding is not deterministic")
	}
	if f.Type == SecretType {
		if f.JSON(v) != nil || f.Text(v) != "" {
			t.Error("a secret can be read back")
		}
		return
	}
	if got, err := f.ParseJSON(decode(t, show(t, f, v))); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("JSON %s: got %v (%v), want %v", show(t, f, v), got, err, v)
	}
	if got, err := f.ParseText(f.Text(v)); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("text %q: got %v (%v), want %v", f.Text(v), got, err, v)
	}
}

// absent checks that nothing is nothing on every way.
func absent(t *testing.T, f *Field) {
	t.Helper()
	for _, s := range []string{"", "  ", "\t\n"} {
		if v, err := f.ParseText(s); v != nil || err != nil {
			t.Errorf("text %q: %v, %v", s, v, err)
		}
	}
	for _, in := range []any{nil, ""} {
		if v, err := f.ParseJSON(in); v != nil || err != nil {
			t.Errorf("JSON %v: %v, %v", in, v, err)
		}
	}
	if v, err := f.ParseText("null"); f.Type == JSON && (v != nil || err != nil) {
		t.Errorf("null: %v, %v", v, err)
	}
	if f.JSON(nil) != nil || f.Text(nil) != "" || f.Encode(nil) != nil {
		t.Error("an absent value shows as something")
	}
	if v, err := f.Load(f.Store(nil)); v != nil || err != nil {
		t.Errorf("load: %v, %v", v, err)
	}
}

// What a store sorts by, the first column or its folded text, has the order of the values.
func TestSortKeysAreInOrder(t *testing.T) {
	t.Parallel()
	for typ, v := range vectors() {
		t.Run(string(typ), func(t *testing.T) {
			t.Parallel()
			f := field(typ)
			var keys []any
			for _, s := range v.order {
				got, err := f.ParseText(s)
				if err != nil {
					t.Fatal(err)
				}
				key := f.Store(got)[0]
				if text, ok := key.(string); ok && slices.ContainsFunc(f.kind().columns, func(c Column) bool { return c.Fold }) {
					key = expr.Fold(text)
				}
				keys = append(keys, key)
			}
			if !slices.IsSortedFunc(keys, compareKeys) {
				t.Errorf("%v sort as %v", v.order, keys)
			}
		})
	}
}

// compareKeys compares as both engines do.
func compareKeys(a, b any) int {
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case string:
		return cmp.Compare(x, b.(string))
	case bool:
		if x == b.(bool) {
			return 0
		}
		if b.(bool) {
			return -1
		}
	}
	return 1
}
