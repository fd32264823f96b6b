package transfer

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

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

func TestReadCSV(t *testing.T) {
	t.Parallel()
	const table = "名称,城市\n王芳,\"上海\"\n"
	rows := func(list ...[]string) [][]string { return list }
	chinese := rows([]string{"名称", "城市"}, []string{"王芳", "上海"})
	long := strings.Repeat("x", blockSize-3)
	for _, c := range []struct {
		name, file string
		want       [][]string // the heading and the rows; nil for a refusal
		lines      []int
		reason     string
	}{
		{"UTF-8", table, chinese, []int{2}, ""},
		{"UTF-8 with a mark", "\ufeff" + table, chinese, []int{2}, ""},
		{"UTF-16 little endian", encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), table), chinese, []int{2}, ""},
		{"UTF-16 big endian", encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), table), chinese, []int{2}, ""},
		{"GB 18030", encoded(t, simplifiedchinese.GB18030, table), chinese, []int{2}, ""},
		{"GBK that begins like UTF-8", encoded(t, simplifiedchinese.GB18030, "名称\n模〇\n"), rows([]string{"名称"}, []string{"模〇"}), []int{2}, ""},
		{"UTF-16 without a mark", encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "name\nA\n"), nil, nil, "bad_encoding"},
		{"UTF-16 cut in a character", encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "a\nb") + "\x00", nil, nil, "bad_encoding"},
		{"UTF-16 with half a pair", "\xff\xfea\x00\n\x00\x00\xd8\n\x00", nil, nil, "bad_encoding"},
		{"neither", "name\n\xff\xff\xff\n", nil, nil, "bad_encoding"},
		{"a character on the border of two blocks", "name\n" + long[:blockSize-7] + "王\nz\n", rows([]string{"name"}, []string{long[:blockSize-7] + "王"}, []string{"z"}), []int{2, 3}, "cell_too_large"},
		{"NUL", "name\na\x00b\n", nil, nil, "bad_encoding"},
		{"semicolons", "a;b\n1,5;2\n", rows([]string{"a", "b"}, []string{"1,5", "2"}), []int{2}, ""},
		{"tabs", "a\tb\n1\t2\n", rows([]string{"a", "b"}, []string{"1", "2"}), []int{2}, ""},
		{"bars", "a|b\n1|2\n", rows([]string{"a", "b"}, []string{"1", "2"}), []int{2}, ""},
		{"a delimiter in quotes does not count", "\"a;;;;\",b\n1,2\n", rows([]string{"a;;;;", "b"}, []string{"1", "2"}), []int{2}, ""},
		{"one column", "name\nA\nB", rows([]string{"name"}, []string{"A"}, []string{"B"}), []int{2, 3}, ""},
		{"Windows lines, and in a cell", "a,b\r\n\"x\r\ny\",2\r\n3,4\r\n", rows([]string{"a", "b"}, []string{"x\ny", "2"}, []string{"3", "4"}), []int{2, 4}, ""},
		{"quotes in quotes", "a,b\n\"say \"\"hi\"\"\",2\n", rows([]string{"a", "b"}, []string{`say "hi"`, "2"}), []int{2}, ""},
		{"a quote for inches", "a,b\n5\" pipe,2\n", rows([]string{"a", "b"}, []string{`5" pipe`, "2"}), []int{2}, ""},
		{"a quote that is never closed", "a,b\n1,2\n\"x,4\n5,6\n", nil, nil, "open_quote"},
		{"short and long rows", "a,b\n1\n1,2,3\n", rows([]string{"a", "b"}, []string{"1"}, []string{"1", "2", "3"}), []int{2, 3}, ""},
		{"empty rows are passed over", "a,b\n\n,\n1,2\n  ,\n", rows([]string{"a", "b"}, []string{"1", "2"}), []int{4}, ""},
		{"empty columns at the end of the heading", "a,b,,\n1,2,,\n", rows([]string{"a", "b"}, []string{"1", "2", "", ""}), []int{2}, ""},
		{"two columns of a name", "a,a\n1,2\n", rows([]string{"a", "a"}, []string{"1", "2"}), []int{2}, ""},
		{"a heading only", "a,b\n", rows([]string{"a", "b"}), nil, ""},
		{"empty", "", nil, nil, "empty_file"},
		{"blank", " \n\n", nil, nil, "empty_file"},
		{"a mark only", "\ufeff", nil, nil, "empty_file"},
		{"too many columns", strings.Repeat("a,", MaxColumns) + "a\n", nil, nil, "too_many_columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := ReadCSV(strings.NewReader(c.file))
			if c.reason != "" && err != nil {
				if fault.Reason(err) != c.reason || fault.Is(err, fault.Internal) {
					t.Errorf("got %v, want %s", err, c.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := append([][]string{s.Columns}, s.Rows...); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %.200q", got)
			}
			if !reflect.DeepEqual(s.Lines, c.lines) {
				t.Errorf("lines %v, want %v", s.Lines, c.lines)
			}
		})
	}
}

func TestOpenQuoteNamesTheLine(t *testing.T) {
	t.Parallel()
	_, err := ReadCSV(strings.NewReader("a,b\n1,2\n3,\"x\n5,6\n7,8"))
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

// A file of 200 MB needs its own size for the file, which goes as it is read, and again for its rows.
// What is counted is all that was ever allocated, so the collector's mood does not matter.
func TestLargeFile(t *testing.T) { //nolint:paralleltest // it counts the memory of the process
	if testing.Short() {
		t.Skip("200 MB")
	}
	const rows = 199_000
	var before, after, made runtime.MemStats
	var size int64
	// What the generator itself allocates is measured first.
	runtime.ReadMemStats(&before)
	size, err := io.Copy(io.Discard, io.MultiReader(strings.NewReader("name,employees,description\n"), &endless{rows: rows}))
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&made)
	generator := made.TotalAlloc - before.TotalAlloc
	s, err := ReadCSV(io.MultiReader(strings.NewReader("name,employees,description\n"), &endless{rows: rows}))
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	used := float64(after.TotalAlloc-made.TotalAlloc-generator) / float64(size)
	t.Logf("%d MB, %d rows: %.2f bytes allocated for each byte", size>>20, len(s.Rows), used)
	if len(s.Rows) != rows || size < 195<<20 || used > 2.6 {
		t.Errorf("%d rows of %d MB took %.2f bytes for each byte", len(s.Rows), size>>20, used)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := float64(after.HeapAlloc) / float64(size); held > 1.6 {
		t.Errorf("%.2f bytes are held for each byte", held)
	}
	runtime.KeepAlive(s)
}

func TestFilesAreBounded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("256 MB")
	}
	if _, err := ReadCSV(io.MultiReader(strings.NewReader("a\n"), &endless{rows: MaxRows + 1})); fault.Reason(err) != "too_many_rows" {
		t.Error(err)
	}
	if _, err := ReadCSV(strings.NewReader("a\n" + strings.Repeat("x", maxCell+1))); fault.Reason(err) != "cell_too_large" {
		t.Error(err)
	}
	if _, err := ReadCSV(&endless{rows: 300_000}); fault.Reason(err) != "file_too_large" {
		t.Error(err)
	}
	if _, err := ReadCSV(io.MultiReader(strings.NewReader("a\nb"), failing{})); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("\xff\xfea\x00\n\x00"))
	f.Add([]byte("a\n\"x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ReadCSV(bytes.NewReader(b))
		if err != nil {
			if fault.Is(err, fault.Internal) {
				t.Error(err)
			}
			return
		}
		if len(s.Columns) == 0 || len(s.Rows) != len(s.Lines) {
			t.Errorf("%d columns, %d rows, %d lines", len(s.Columns), len(s.Rows), len(s.Lines))
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
