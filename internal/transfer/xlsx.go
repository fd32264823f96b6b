package transfer

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
)

// A workbook (ECMA-376) is a zip archive of XML parts. It is read as a stream, each part against a
// bound of its own, because a small archive can unpack to anything (docs/decisions/0014-import-files.md says why no
// library reads it).
const (
	maxWorkbook = 256 << 20 // bytes of the file: it is held in memory, because a zip is read from its end
	maxParts    = 10_000
	maxStrings  = 96 << 20 // bytes of all shared texts
	maxSmall    = 8 << 20  // bytes of a part that is no sheet
	maxSheet    = 2 << 30  // bytes of a sheet
	maxPiece    = 4 << 20  // bytes between two elements that are looked at: a row's cell, a shared text
	maxRatio    = 400      // how many bytes a byte of the file may unpack to …
	freeRatio   = 64 << 20 // … where a part is larger than this
)

// workbook is an open XLSX file.
type workbook struct {
	zip    *zip.Reader
	texts  []string // shared between cells
	styles []style
	from   int64 // the day that serial number 0 stands for, in days since 1970
}

func readXLSX(src Source, opt ReadOptions) (*Table, error) {
	wb, err := openWorkbook(src)
	if err != nil {
		return nil, err
	}
	sheets, err := wb.sheets()
	if err != nil {
		return nil, err
	}
	for i, s := range sheets {
		if opt.Sheet != "" && s.name != opt.Sheet || opt.Sheet == "" && s.hidden {
			continue
		}
		t := &Table{Format: "xlsx", Reading: Reading{Sheet: s.name, Sheets: visible(sheets)}}
		first, err := wb.begin(t, s)
		if errors.Is(err, io.EOF) { // no rows
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(sheets) > 1 && opt.Sheet == "" {
			t.note(Note{Text: fmt.Sprintf("the workbook has %d sheets; this is %q", len(sheets), sheets[i].name), Code: "sheets"})
		}
		t.rows = func(func(Note)) (rowReader, error) {
			r, err := wb.open(s)
			if err != nil {
				return nil, err
			}
			for {
				row, err := r.next()
				if err != nil {
					return nil, errors.Join(err, r.Close())
				}
				if row.Line >= first {
					r.columns = t.Columns
					return r, nil
				}
			}
		}
		return t, nil
	}
	if opt.Sheet != "" {
		names := make([]string, len(sheets))
		for i := range sheets {
			names[i] = strconv.Quote(sheets[i].name)
		}
		return nil, fault.InField("sheet", "no_such_sheet", "the workbook has no sheet %q with rows; it has: %s", opt.Sheet, strings.Join(names, ", "))
	}
	return nil, emptyFile()
}

// begin reads the heading of a sheet: its first row of two values, or, where none has two, of one.
func (wb *workbook) begin(t *Table, s sheet) (line int, err error) {
	r, err := wb.open(s)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	row, err := r.next()
	if err != nil {
		return 0, err
	}
	heading := Row{Line: row.Line, Cells: append([]string(nil), row.Cells...)}
	if filled(heading.Cells) == 1 { // perhaps a title above the table
		if below, err := r.next(); err == nil && filled(below.Cells) > 1 {
			t.note(Note{Line: heading.Line, Text: "this row is no row of the table and was passed over", Code: "passed"})
			heading = Row{Line: below.Line, Cells: append([]string(nil), below.Cells...)}
		}
	}
	return heading.Line, t.heading(&heading)
}

func filled(cells []string) (n int) {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

func openWorkbook(src Source) (*workbook, error) {
	f, err := src()
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxWorkbook+1))
	switch {
	case err != nil:
		return nil, unreadable(err)
	case len(b) > maxWorkbook:
		return nil, fault.New(fault.TooLarge, "file_too_large", "the workbook is larger than %d MB: save it as CSV UTF-8", maxWorkbook>>20)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, badWorkbook(err)
	}
	if len(z.File) > maxParts {
		return nil, bomb()
	}
	wb := &workbook{zip: z, from: epoch1900}
	if wb.part("xl/workbook.xml") == nil {
		return nil, fault.New(fault.Invalid, "no_table", "the file is an archive and no XLSX workbook: unpack it, and send the files in it one by one")
	}
	if err := wb.readTexts(); err != nil {
		return nil, err
	}
	return wb, wb.readStyles()
}

func badWorkbook(err error) error {
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(fault.Invalid, err, "bad_workbook", "the workbook is damaged or was not sent whole: open it and save it anew, or save it as CSV UTF-8")
}

func bomb() error {
	return fault.New(fault.TooLarge, "unpacks_too_large", "the workbook unpacks to far more than a table needs: save it as CSV UTF-8")
}

func (wb *workbook) part(name string) *zip.File {
	for _, f := range wb.zip.File {
		if strings.EqualFold(f.Name, name) {
			return f
		}
	}
	return nil
}

// pieces reads the XML of a part piece by piece.
type pieces struct {
	*xml.Decoder
	c    io.Closer
	left *bounded
}

// bounded ends with an error when a part is larger than it may be, or a piece of it is.
type bounded struct {
	r           io.Reader
	part, piece int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > 4096 {
		p = p[:4096]
	}
	n, err := b.r.Read(p)
	b.part -= int64(n)
	b.piece -= int64(n)
	if b.part < 0 || b.piece < 0 {
		return 0, bomb()
	}
	return n, err
}

func (wb *workbook) read(f *zip.File, limit int64) (*pieces, error) {
	if f.UncompressedSize64 > uint64(limit) || f.UncompressedSize64 > freeRatio && f.UncompressedSize64/maxRatio > f.CompressedSize64 { //nolint:gosec // limits are positive
		return nil, bomb()
	}
	r, err := f.Open()
	if err != nil {
		return nil, badWorkbook(err)
	}
	b := &bounded{r: r, part: limit, piece: maxPiece}
	d := xml.NewDecoder(b)
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) {
		return nil, errors.New("a part of a workbook is UTF-8")
	}
	return &pieces{d, r, b}, nil
}

// next returns the next start or end of an element; text between them goes to text, which may be nil.
func (p *pieces) next(text *strings.Builder) (start *xml.StartElement, end string, err error) {
	for {
		p.left.piece = maxPiece
		token, err := p.RawToken()
		if err != nil {
			return nil, "", err
		}
		switch x := token.(type) {
		case xml.StartElement:
			return &x, "", nil
		case xml.EndElement:
			return nil, x.Name.Local, nil
		case xml.CharData:
			if text == nil {
				continue
			}
			if text.Write(x); text.Len() > maxCell {
				return nil, "", fault.New(fault.TooLarge, "cell_too_large", "a value of the workbook is larger than 1 MB")
			}
		}
	}
}

func attr(e *xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// readTexts reads the texts that cells share. Phonetic guides (rPh) are left out.
func (wb *workbook) readTexts() error {
	f := wb.part("xl/sharedStrings.xml")
	if f == nil {
		return nil
	}
	p, err := wb.read(f, maxStrings*2)
	if err != nil {
		return err
	}
	defer p.c.Close()
	var text strings.Builder
	size, inText, guide := 0, false, false
	for {
		into := &text
		if !inText || guide {
			into = nil
		}
		start, end, err := p.next(into)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return badWorkbook(err)
		case start != nil:
			switch start.Name.Local {
			case "si":
				text.Reset()
			case "rPh":
				guide = true
			case "t":
				inText = true
			}
		case end == "t":
			inText = false
		case end == "rPh":
			guide = false
		case end == "si":
			if size += text.Len() + 16; size > maxStrings {
				return bomb()
			}
			wb.texts = append(wb.texts, text.String())
		}
	}
}

// sheet is a sheet of a workbook.
type sheet struct {
	name   string
	hidden bool
	file   *zip.File
}

// sheets lists the sheets in order.
func (wb *workbook) sheets() ([]sheet, error) {
	targets, err := wb.targets()
	if err != nil {
		return nil, err
	}
	p, err := wb.read(wb.part("xl/workbook.xml"), maxSmall)
	if err != nil {
		return nil, err
	}
	defer p.c.Close()
	var list []sheet
	for {
		start, _, err := p.next(nil)
		switch {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, badWorkbook(err)
		case start == nil:
		case start.Name.Local == "workbookPr":
			if v := attr(start, "date1904"); v == "1" || v == "true" {
				wb.from = epoch1904
			}
		case start.Name.Local == "sheet":
			s := sheet{name: attr(start, "name"), hidden: strings.HasPrefix(strings.ToLower(attr(start, "state")), "h") || attr(start, "state") == "veryHidden"}
			for _, a := range start.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					s.file = wb.part(targets[a.Value])
				}
			}
			if s.file != nil {
				list = append(list, s)
			}
		}
	}
}

// targets tells which part a relation of the workbook is.
func (wb *workbook) targets() (map[string]string, error) {
	f := wb.part("xl/_rels/workbook.xml.rels")
	if f == nil {
		return nil, badWorkbook(errors.New("no relations"))
	}
	p, err := wb.read(f, maxSmall)
	if err != nil {
		return nil, err
	}
	defer p.c.Close()
	out := map[string]string{}
	for {
		start, _, err := p.next(nil)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, badWorkbook(err)
		case start != nil && start.Name.Local == "Relationship":
			to := attr(start, "Target")
			if abs, ok := strings.CutPrefix(to, "/"); ok {
				to = abs
			} else {
				to = path.Join("xl", to)
			}
			out[attr(start, "Id")] = to
		}
	}
}

// sheetReader reads the rows of a sheet.
type sheetReader struct {
	wb      *workbook
	p       *pieces
	line    int
	ended   bool
	columns []string // for messages
}

func (wb *workbook) open(s sheet) (*sheetReader, error) {
	p, err := wb.read(s.file, maxSheet)
	if err != nil {
		return nil, err
	}
	return &sheetReader{wb: wb, p: p}, nil
}

// Close implements io.Closer.
func (r *sheetReader) Close() error { return r.p.c.Close() }

// next returns the next row that is not empty.
func (r *sheetReader) next() (*Row, error) {
	for {
		start, end, err := r.p.next(nil)
		switch {
		case errors.Is(err, io.EOF) && r.ended:
			return nil, io.EOF
		case err != nil:
			if errors.Is(err, io.EOF) { // cut off: what came so far is not all
				err = io.ErrUnexpectedEOF
			}
			return nil, badWorkbook(err)
		case end == "sheetData", start != nil && start.Name.Local == "mergeCells":
			r.ended = true
		case start != nil && start.Name.Local == "row":
			r.line++
			if n, err := strconv.Atoi(attr(start, "r")); err == nil && n >= r.line {
				r.line = n
			}
			row, err := r.row()
			if err != nil {
				return nil, badWorkbook(err)
			}
			if !blank(row.Cells) || len(row.Wrong) > 0 {
				return row, nil
			}
		}
	}
}

func (r *sheetReader) row() (*Row, error) {
	row := &Row{Line: r.line}
	for {
		start, end, err := r.p.next(nil)
		switch {
		case err != nil:
			return nil, err
		case end == "row":
			return row, nil
		case start != nil && start.Name.Local == "c":
			at := len(row.Cells)
			if ref := attr(start, "r"); ref != "" {
				at = columnOf(ref)
			}
			text, wrong, err := r.cell(start)
			if err != nil {
				return nil, err
			}
			if wrong != nil {
				wrong.Name = "column " + strings.TrimRight(attr(start, "r"), "0123456789")
				if at < len(r.columns) {
					wrong.Name = r.columns[at]
				}
				row.Wrong = append(row.Wrong, *wrong)
			}
			if text == "" {
				continue
			}
			if at >= MaxColumns || at < 0 {
				return nil, fault.New(fault.TooLarge, "too_many_columns", "row %d has a value in column %s, and a file may have %d columns", r.line, attr(start, "r"), MaxColumns)
			}
			for len(row.Cells) <= at {
				row.Cells = append(row.Cells, "")
			}
			row.Cells[at] = text
		}
	}
}

// columnOf returns the number, from 0, of the column of a reference such as AB12.
func columnOf(ref string) int {
	n := 0
	for _, b := range []byte(ref) {
		if b|0x20 < 'a' || b|0x20 > 'z' || n > MaxColumns {
			break
		}
		n = n*26 + int(b|0x20-'a') + 1
	}
	return n - 1
}

// cell reads a cell: of a formula, the value that it had when the file was saved.
func (r *sheetReader) cell(c *xml.StartElement) (string, *fault.Field, error) {
	var text strings.Builder
	inside, formula := "", false
	for {
		into := &text
		if inside != "v" && inside != "t" {
			into = nil
		}
		start, end, err := r.p.next(into)
		switch {
		case err != nil:
			return "", nil, err
		case start != nil:
			inside = start.Name.Local
			formula = formula || inside == "f"
		case end == "c":
			value, wrong := r.wb.value(attr(c, "t"), attr(c, "s"), text.String())
			if formula && text.Len() == 0 && attr(c, "t") != "str" {
				wrong = &fault.Field{Reason: "formula_without_value", Message: "holds a formula that was never computed: open the workbook, and save it"}
			}
			return value, wrong, nil
		default:
			inside = ""
		}
	}
}
