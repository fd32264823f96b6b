package transfer

import (
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/wardbook/wardbook/internal/fault"
)

func encoded(t *testing.T, e encoding.Encoding, s string) string {
	t.Helper()
	b, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sheetOf reads a whole table: the heading and the rows, the line of each, and what is wrong with them.
func sheetOf(file string) (rows [][]string, lines []int, notes []Note, err error) {
	t, err := Read(Bytes([]byte(file)), ReadOptions{})
	if err != nil {
		return nil, nil, nil, err
	}
	notes = t.Notes
	rows = append(rows, t.Columns)
	err = t.Each(func(n Note) { notes = append(notes, n) }, func(_ int, r *Row) error {
		cells := slices.Clone(r.Cells)
		for _, w := range r.Wrong {
			cells = append(cells, "!"+w.Reason)
		}
		rows, lines = append(rows, cells), append(lines, r.Line)
		return nil
	})
	return rows, lines, notes, err
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	const table = "名称,城市\n王芳,\"上海\"\n"
	rows := func(list ...[]string) [][]string { return list }
	chinese := rows([]string{"名称", "城市"}, []string{"王芳", "上海"})
	ab := rows([]string{"a", "b"}, []string{"1", "2"})
	long := strings.Repeat("x", maxCell-7)
	as := func(e encoding.Encoding, text string) string { return encoded(t, e, text) }
	for _, c := range []readCase{
		{"UTF-8", table, chinese, []int{2}, ""},
		{"UTF-8 with a mark", "\ufeff" + table, chinese, []int{2}, ""},
		{"UTF-16 little endian", as(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), table), chinese, []int{2}, ""},
		{"UTF-16 big endian", as(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), table), chinese, []int{2}, ""},
		{"UTF-16 without a mark", as(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "name\nA\n"), rows([]string{"name"}, []string{"A"}), []int{2}, ""},
		{"UTF-16 big endian without a mark", as(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "name\nA\n"), rows([]string{"name"}, []string{"A"}), []int{2}, ""},
		{"UTF-32 little endian", as(utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), "a,b\n1,2\n"), ab, []int{2}, ""},
		{"UTF-32 big endian", as(utf32.UTF32(utf32.BigEndian, utf32.UseBOM), "a,b\n1,2\n"), ab, []int{2}, ""},
		{"UTF-32 behind the mark of UTF-16", "\xfe\xff" + as(utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), "a,b\n1,2\n"), ab, []int{2}, ""},
		{"GB 18030", as(simplifiedchinese.GB18030, table), chinese, []int{2}, ""},
		{"GBK that begins like UTF-8", as(simplifiedchinese.GB18030, "名称\n模〇\n"), rows([]string{"名称"}, []string{"模〇"}), []int{2}, ""},
		{"Latin 1", as(charmap.ISO8859_1, "name,country\nJosé,España\nMüller,Österreich\n"), rows([]string{"name", "country"}, []string{"José", "España"}, []string{"Müller", "Österreich"}), []int{2, 3}, ""},
		{"Windows-1252", as(charmap.Windows1252, "name,notes\nAnaïs,“Premium” €\n"), rows([]string{"name", "notes"}, []string{"Anaïs", "“Premium” €"}), []int{2}, ""},
		{"UTF-16 cut in a character", as(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "a\nb") + "\x00", nil, nil, "bad_encoding"},
		{"UTF-16 with half a pair", "\xff\xfea\x00\n\x00\x00\xd8\n\x00", nil, nil, "bad_encoding"},
		{"neither", "name\n\xff\xff\xff\xff\n", nil, nil, "bad_encoding"},
		{"NUL", "name\na\x00b\n", nil, nil, "bad_encoding"},
		{"a character on the border of two blocks", "name\n" + strings.Repeat("x", headSize-6) + "王\nz\n", rows([]string{"name"}, []string{strings.Repeat("x", headSize-6) + "王"}, []string{"z"}), []int{2, 3}, ""},
		{"a value as long as may be", "name\n" + long + "\n", rows([]string{"name"}, []string{long}), []int{2}, ""},
		{"a value that is longer", "name\n" + long + long, nil, nil, "cell_too_large"},
		{"a line that is longer", "name\n" + strings.Repeat("x", maxLine+2), nil, nil, "cell_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

// readCase is a file and what it is read as.
type readCase struct {
	name, file string
	want       [][]string // the heading and the rows; nil for a refusal
	lines      []int
	reason     string
}

func (c *readCase) check(t *testing.T) {
	t.Helper()
	got, lines, _, err := sheetOf(c.file)
	if c.reason != "" {
		if fault.Reason(err) != c.reason || fault.Is(err, fault.Internal) {
			t.Errorf("got %v, want %s", err, c.reason)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, c.want) {
		t.Errorf("got %.200q", got)
	}
	if !reflect.DeepEqual(lines, c.lines) {
		t.Errorf("lines %v, want %v", lines, c.lines)
	}
}

func TestReadCSV(t *testing.T) {
	t.Parallel()
	rows := func(list ...[]string) [][]string { return list }
	ab := rows([]string{"a", "b"}, []string{"1", "2"})
	for _, c := range []readCase{
		{"semicolons", "a;b\n1,5;2\n", rows([]string{"a", "b"}, []string{"1,5", "2"}), []int{2}, ""},
		{"tabs", "a\tb\n1\t2\n", ab, []int{2}, ""},
		{"bars", "a|b\n1|2\n", ab, []int{2}, ""},
		{"the delimiter is told", "sep=|\na,b|c\n1|2\n", rows([]string{"a,b", "c"}, []string{"1", "2"}), []int{3}, ""},
		{"a title above the table", "Our customers\n\na,b\n1,2\n", ab, []int{4}, ""},
		{"a delimiter in quotes does not count", "\"a;;;;\",b\n1,2\n", rows([]string{"a;;;;", "b"}, []string{"1", "2"}), []int{2}, ""},
		{"one column", "name\nA\nB", rows([]string{"name"}, []string{"A"}, []string{"B"}), []int{2, 3}, ""},
		{"Windows lines, and in a cell", "a,b\r\n\"x\r\ny\",2\r\n3,4\r\n", rows([]string{"a", "b"}, []string{"x\ny", "2"}, []string{"3", "4"}), []int{2, 4}, ""},
		{"lines that end in three ways", "a,b\n1,2\r\n3,4\r5,6\n", rows([]string{"a", "b"}, []string{"1", "2"}, []string{"3", "4"}, []string{"5", "6"}), []int{2, 3, 4}, ""},
		{"quotes in quotes", "a,b\n\"say \"\"hi\"\"\",2\n", rows([]string{"a", "b"}, []string{`say "hi"`, "2"}), []int{2}, ""},
		{"quotes in quotes that are not doubled", "a,b\n1,\"He said \"yes\" to it\"\n", rows([]string{"a", "b"}, []string{"1", `He said "yes" to it`}), []int{2}, ""},
		{"a quote for inches", "a,b\n5\" pipe,2\n", rows([]string{"a", "b"}, []string{`5" pipe`, "2"}), []int{2}, ""},
		{"a quote that is never closed", "a,b\n1,\"2\n3,4\n", rows([]string{"a", "b"}, []string{"1", "2"}, []string{"3", "4"}), []int{2, 3}, ""},
		{"a quote that is closed by the next one", "a,b\n1,\"2\n3,4\n5,\"6\"\n", rows([]string{"a", "b"}, []string{"1", "2"}, []string{"3", "4"}, []string{"5", "6"}), []int{2, 3, 4}, ""},
		{"a quote that is never closed, no telling where", "a,b\n1,2\n\"x,4\n5,6\n", nil, nil, "open_quote"},
		{"a row with another delimiter", "a,b\n1;2\n3\t4\n", rows([]string{"a", "b"}, []string{"1", "2"}, []string{"3", "4"}), []int{2, 3}, ""},
		{"a line break without quotes", "id,name,notes\n1,A,one\ntwo\n2,B,three\n", rows([]string{"id", "name", "notes"}, []string{"1", "A", "one\ntwo"}, []string{"2", "B", "three"}), []int{2, 4}, ""},
		{"a short row that is no line break", "name,b,c\nA,1,2\nB\n", rows([]string{"name", "b", "c"}, []string{"A", "1", "2"}, []string{"B"}), []int{2, 3}, ""},
		{"short and long rows", "a,b\n1\n1,2,3\n", rows([]string{"a", "b"}, []string{"1"}, []string{"1", "2", "!too_long"}), []int{2, 3}, ""},
		{"empty rows are passed over", "a,b\n\n,\n1,2\n  ,\n", ab, []int{4}, ""},
		{"empty columns at the end of the heading", "a,b,,\n1,2,,\n", ab, []int{2}, ""},
		{"a column without a name", "a,,b\n1,2,3\n", rows([]string{"a", "column 2", "b"}, []string{"1", "2", "3"}), []int{2}, ""},
		{"spaces around names", "\ufeff a , b \n1,2\n", ab, []int{2}, ""},
		{"two columns of a name", "a,a,a 1\n1,2,3\n", rows([]string{"a 2", "a 3", "a 1"}, []string{"1", "2", "3"}), []int{2}, ""},
		{"a heading only", "a,b\n", rows([]string{"a", "b"}), nil, ""},
		{"no heading", "Jo,jo@example.com\nAl,al@example.com\n", nil, nil, "no_heading"},
		{"a heading of numbers", "1,2\n3,4\n", nil, nil, "no_heading"},
		{"a PDF", "%PDF-1.7\n", nil, nil, "no_table"},
		{"empty", "", nil, nil, "empty_file"},
		{"blank", " \n\n", nil, nil, "empty_file"},
		{"a mark only", "\ufeff", nil, nil, "empty_file"},
		{"too many columns", strings.Repeat("a,", 5000) + "a\n", nil, nil, "too_many_columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

func TestOpenQuoteNamesTheLine(t *testing.T) {
	t.Parallel()
	_, _, _, err := sheetOf("a,b\n1,2\n\"3,x\n5,6\n7,8")
	if !strings.Contains(fault.Message(err), "line 3") {
		t.Error(err)
	}
}

// endless makes rows of a table until it has made enough of them.
type endless struct {
	rows int
	part []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.part) == 0 {
		if e.rows == 0 {
			return 0, io.EOF
		}
		e.rows--
		e.part = fmt.Appendf(nil, "Company %d,%d,\"%s\"\n", e.rows, e.rows, strings.Repeat("字", 350))
	}
	n := copy(p, e.part)
	e.part = e.part[n:]
	return n, nil
}

func (e *endless) Close() error { return nil }

func endlessFile(rows int) Source {
	return func() (io.ReadCloser, error) {
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader("name,employees,description\n"), &endless{rows: rows}), &endless{}}, nil
	}
}

// A large file goes by: it takes no more memory than a small one.
func TestLargeFile(t *testing.T) { //nolint:paralleltest // it counts the memory of the process
	if testing.Short() {
		t.Skip("200 MB")
	}
	const rows = 199_000
	table, err := Read(endlessFile(rows), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	seen := 0
	err = table.Each(nil, func(int, *Row) error {
		if seen++; seen == rows-1 {
			runtime.GC()
			runtime.ReadMemStats(&during)
		}
		return nil
	})
	if held := int64(during.HeapAlloc) - int64(before.HeapAlloc); err != nil || seen != rows || held > 4<<20 {
		t.Errorf("%d rows, %d KB held (%v)", seen, held>>10, err)
	}
}

func TestFilesAreBounded(t *testing.T) {
	t.Parallel()
	if _, err := Hold(io.MultiReader(strings.NewReader("a\nb"), failing{})); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	broken := Source(func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("a\nb"), failing{})), nil
	})
	if _, err := Read(broken, ReadOptions{}); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	held, err := Hold(strings.NewReader("a,b\n1,2\n"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it can be read again
		table, err := Read(held, ReadOptions{})
		if err != nil || len(table.Columns) != 2 {
			t.Error(table, err)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func FuzzRead(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\xff\xfea\x00\n\x00", "a\n\"x", "a,b\n1,\"2\n3,\"4\"\n", "a\rb\r\r\nc", "sep=;\na;b\n", "BEGIN:VCARD\nN;ENCODING=QUOTED-PRINTABLE:=C3=\n=91;x\nEND:VCARD\n", "BEGIN:VCARD\nADR:\\;;;\n x\nEND:VCARD"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, lines, _, err := sheetOf(string(b))
		if err != nil {
			if fault.Is(err, fault.Internal) {
				t.Error(err)
			}
			return
		}
		if len(rows[0]) == 0 || len(rows)-1 != len(lines) || !slices.IsSorted(lines) {
			t.Errorf("%d columns, %d rows, lines %v", len(rows[0]), len(rows)-1, lines)
		}
	})
}

// What a spreadsheet would run is marked, and import takes the mark off: any text comes back.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{"=1+1", "'=1", "''+1", "-5", "@x", "＝1", "'", "it's", "", "\t=1", "=cmd|' /C calc'!A0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := guard(s)
		if dangerous(g) {
			t.Errorf("%q would be run", g)
		}
		if unguard(g) != s {
			t.Errorf("%q comes back as %q", s, unguard(g))
		}
	})
}
