package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
)

// Limits of a file.
const (
	MaxFile    = 4 << 30 // bytes
	MaxRows    = 2_000_000
	MaxColumns = 500
	maxCell    = 1 << 20 // bytes
	maxHeading = 1000    // bytes of a column's name
	maxNotes   = 200
)

// Table is a file of rows with a heading. The rows are read anew each time that they are gone
// through, so a table takes no memory for them.
type Table struct {
	Format  string // csv, xlsx or vcard
	Columns []string
	Notes   []Note // what was found out about the file
	Reading        // how it is read

	// rows reads the rows one after another and ends with io.EOF. It tells what it mended by note.
	rows func(note func(Note)) (rowReader, error)
}

// Reading is how a file is read.
type Reading struct {
	Encoding  string   `json:"encoding,omitempty"`  // of a text; one of Encodings where it can be told, too
	Delimiter string   `json:"delimiter,omitempty"` // of a text: one of , ; tab |
	Sheet     string   `json:"sheet,omitempty"`     // of a workbook
	Sheets    []string `json:"sheets,omitempty"`    // that the workbook has
}

// visible are the names of sheets that are not hidden.
func visible(sheets []sheet) (names []string) {
	for _, s := range sheets {
		if !s.hidden {
			names = append(names, s.name)
		}
	}
	return names
}

// Note is something about a file that its owner should know and that is no error.
type Note struct {
	Line   int    `json:"line,omitempty"` // 0: the whole file
	Text   string `json:"text"`
	Code   string `json:"code,omitempty"`   // for programs that say it in other words
	Column string `json:"column,omitempty"` // that it is about
}

// Row is a row of a table. It is valid until the next one is read.
type Row struct {
	Line  int // of the file, from 1: where the row begins
	Cells []string
	Wrong []fault.Field // what is wrong with the row as it stands in the file
}

type rowReader interface {
	next() (*Row, error)
	io.Closer
}

// Each goes through the rows in order. What was mended on the way is handed to note, which may be nil.
// Empty rows are passed over. It ends with the first error of do.
func (t *Table) Each(note func(Note), do func(n int, r *Row) error) (err error) {
	if note == nil {
		note = func(Note) {}
	}
	rows, err := t.rows(note)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for n := 0; ; n++ {
		row, err := rows.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n == MaxRows:
			return fault.New(fault.TooLarge, "too_many_rows", "line %d: more than %d rows: cut the file into parts", row.Line, MaxRows)
		}
		if len(row.Cells) > len(t.Columns) {
			if !blank(row.Cells[len(t.Columns):]) {
				row.Wrong = append(row.Wrong, fault.Field{Name: "row", Reason: "too_long", Message: fmt.Sprintf("has %d values, and the heading has %d columns: put quotes around values that hold a delimiter", len(row.Cells), len(t.Columns))})
			}
			row.Cells = row.Cells[:len(t.Columns)]
		}
		for i, cell := range row.Cells {
			if len(cell) > maxCell {
				return fault.New(fault.TooLarge, "cell_too_large", "line %d, column %q: a value is larger than 1 MB", row.Line, t.Columns[i])
			}
		}
		if err := do(n, row); err != nil {
			return err
		}
	}
}

// ReadOptions tell how to read a file, where that is not to be found out.
type ReadOptions struct {
	Sheet     string // of a workbook; none: the first one that holds rows
	Encoding  string // of a text: one of Encodings
	Delimiter string // of a text: one of , ; tab |
}

// check refuses options that mean nothing.
func (o ReadOptions) check() error {
	if _, known := writings()[o.Encoding]; !known && o.Encoding != "" {
		return fault.InField("encoding", "unknown_word", "use %s", strings.Join(Encodings(), ", "))
	}
	if o.Delimiter != "" && (len(o.Delimiter) != 1 || !strings.Contains(delimiters, o.Delimiter)) {
		return fault.InField("delimiter", "unknown_word", "use a comma, a semicolon, a tab or a bar")
	}
	return nil
}

// Read finds out what a file is and reads its heading.
func Read(src Source, opt ReadOptions) (*Table, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	f, err := src()
	if err != nil {
		return nil, unreadable(err)
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	_ = f.Close()
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, unreadable(err)
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return readXLSX(src, opt)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, fault.New(fault.Invalid, "old_workbook", "the file is a workbook of Excel 97, or one with a password: save it as XLSX without a password, or as CSV UTF-8")
	case bytes.HasPrefix(head, []byte("%PDF")):
		return nil, fault.New(fault.Invalid, "no_table", "the file is a PDF: send CSV, XLSX or vCard")
	}
	w, err := told(src, opt)
	if err != nil {
		return nil, err
	}
	t, isCards, err := readCards(src, w)
	if err != nil || isCards {
		return t, err
	}
	return readCSV(src, w, opt)
}

// heading makes names of columns of a row: none empty, none twice.
func (t *Table) heading(row *Row) error {
	cells := row.Cells
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > MaxColumns {
		return fault.New(fault.TooLarge, "too_many_columns", "line %d: the heading has %d columns, and a file may have %d: take out those that are not needed", row.Line, len(cells), MaxColumns)
	}
	count := map[string]int{}
	for _, name := range cells {
		if len(name) > maxHeading {
			return fault.New(fault.TooLarge, "heading_too_long", "line %d: the name of a column is longer than %d bytes: the first row must name the columns", row.Line, maxHeading)
		}
		count[strings.TrimSpace(name)]++
	}
	if looksLikeData(cells) {
		return fault.New(fault.Invalid, "no_heading", "line %d holds values where the names of the columns are expected: put a row with their names before it", row.Line)
	}
	seen := map[string]int{}
	for i, name := range cells {
		name = strings.TrimSpace(name)
		base := name
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		if count[base] > 1 && base != "" {
			seen[base]++
			for name = fmt.Sprintf("%s %d", base, seen[base]); count[name] > 0; name = fmt.Sprintf("%s %d", base, seen[base]) {
				seen[base]++
			}
			if seen[base] == 2 {
				t.note(Note{row.Line, fmt.Sprintf("several columns have the name %q: they are called %q, %q and so on here", base, base+" 1", base+" 2"), "same_name", base})
			}
		}
		t.Columns = append(t.Columns, name)
	}
	return nil
}

func (t *Table) note(n Note) {
	if len(t.Notes) < maxNotes {
		t.Notes = append(t.Notes, n)
	}
}

// looksLikeData reports whether a heading is none: it holds an address, or numbers only.
func looksLikeData(cells []string) bool {
	numbers := 0
	for _, c := range cells {
		c = strings.TrimSpace(c)
		if at := strings.IndexByte(c, '@'); at > 0 && strings.Contains(c[at:], ".") && !strings.ContainsAny(c, " \t") {
			return true
		}
		if c != "" && strings.Trim(c, "0123456789.,-+ %") == "" {
			numbers++
		}
	}
	return numbers > 0 && numbers == len(cells)
}

func blank(row []string) bool {
	for _, c := range row {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

func emptyFile() error {
	return fault.New(fault.Invalid, "empty_file", "the file is empty: its first row must name the columns")
}

// What a sample of a table holds.
const (
	sampleRows = 20
	sampleCell = 120 // characters
)

// sample is the first rows of a table; of a row that is wrong as it stands, what can be read.
func (t *Table) sample() ([][]string, error) {
	out := [][]string{}
	err := t.Each(nil, func(n int, r *Row) error {
		if n == sampleRows {
			return errEnough
		}
		row := make([]string, len(t.Columns))
		for i, cell := range r.Cells {
			row[i] = strings.TrimSpace(cell)
			if long := []rune(row[i]); len(long) > sampleCell {
				row[i] = string(long[:sampleCell]) + "…"
			}
		}
		out = append(out, row)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}
