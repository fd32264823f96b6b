package transfer

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

// bookWriter writes an Office Open XML workbook (ECMA-376) of one sheet as a stream. Texts stand in the
// cells themselves and not in a table of their own, so nothing is kept in memory; there are no
// formulas, links or macros.
type bookWriter struct {
	t     *table
	zip   *zip.Writer
	sheet *bufio.Writer
	line  int
	text  bytes.Buffer
	code  *regexp.Regexp
}

// Limits of spreadsheet programs.
const (
	maxSheetRows = 1_048_576 - 1 // without the heading
	maxSheetText = 32_767        // UTF-16 units in a cell
	maxDigits    = 15            // of a number that a program keeps exactly
)

// Styles of cells, by their place in styles.xml.
const (
	plainCell = iota
	dateCell
	headingCell
)

func newBookWriter(t *table, w io.Writer) (*bookWriter, error) {
	// A text such as _x000D_ stands for a control character (ECMA-376 part 1, 22.9.2.19).
	b := &bookWriter{t: t, zip: zip.NewWriter(w), code: regexp.MustCompile(`_(x[0-9A-Fa-f]{4}_)`)}
	for _, part := range bookParts() {
		out, err := b.zip.Create(part[0])
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(out, xml.Header+part[1]); err != nil {
			return nil, err
		}
	}
	out, err := b.zip.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	b.sheet = bufio.NewWriterSize(out, 32<<10)
	_, _ = b.sheet.WriteString(xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`)
	b.begin()
	for i, text := range t.headings() {
		b.string(i, text, headingCell)
	}
	return b, b.finish()
}

// bookParts are the files of a workbook beside its sheet.
func bookParts() [][2]string {
	const (
		main     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
		links    = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
		packages = "http://schemas.openxmlformats.org/package/2006/"
		kind     = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	)
	return [][2]string{
		{"[Content_Types].xml", `<Types xmlns="` + packages + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + kind + `sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + kind + `worksheet+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + kind + `styles+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="` + packages + `relationships"><Relationship Id="r1" Type="` + links + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="` + main + `" xmlns:r="` + links + `"><sheets><sheet name="Export" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + packages + `relationships"><Relationship Id="r1" Type="` + links + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="r2" Type="` + links + `/styles" Target="styles.xml"/></Relationships>`},
		{"xl/styles.xml", `<styleSheet xmlns="` + main + `"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts>` +
			`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
			`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>` +
			`<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/><xf xfId="0" numFmtId="164" applyNumberFormat="1"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs></styleSheet>`},
	}
}

func (b *bookWriter) begin() {
	b.line++
	fmt.Fprintf(b.sheet, `<row r="%d">`, b.line)
}

func (b *bookWriter) finish() error {
	_, err := b.sheet.WriteString("</row>")
	return err
}

func (b *bookWriter) record(r *door.Record) error {
	b.begin()
	b.string(0, r.ID.String(), plainCell)
	for i, c := range b.t.columns {
		if err := b.value(i+1, c, r); err != nil {
			return err
		}
	}
	return b.finish()
}

// firstDay is 1900-03-01 in days since 1970: before it, programs disagree about the calendar.
const firstDay, daysBefore1970 = -25_508, 25_569

func (b *bookWriter) value(i int, c outColumn, r *door.Record) error {
	text := b.t.text(c, r)
	if text == "" {
		return nil
	}
	if d, ok := r.Value(c.name).(schema.Date); ok && d >= firstDay {
		b.number(i, strconv.Itoa(int(d)+daysBefore1970), dateCell)
		return nil
	}
	if _, masked := r.Value(c.name).(door.Masked); !masked && numeric(c) && exact(text) {
		b.number(i, text, plainCell)
		return nil
	}
	if len(text) > maxSheetText && len(utf16.Encode([]rune(text))) > maxSheetText {
		return fault.New(fault.TooLarge, "cell_too_large", "%s of record %s has more than %d characters, which no cell holds: leave the field out, or export csv or json", c.name, r.ID, maxSheetText)
	}
	b.string(i, text, plainCell)
	return nil
}

// numeric reports whether a column holds numbers to calculate with.
func numeric(c outColumn) bool {
	switch kindOf(c.field) {
	case schema.Int, schema.DecimalT, schema.Percent:
		return true
	case schema.MoneyT:
		return c.half == "amount"
	}
	return false
}

// exact reports whether a program that calculates in floating point keeps a number as it is.
func exact(text string) bool {
	digits := 0
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.', c == '-' && i == 0:
		default:
			return false
		}
	}
	return digits > 0 && digits <= maxDigits
}

// place names a cell: A1, AB12.
func (b *bookWriter) place(column int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name + strconv.Itoa(b.line)
}

func (b *bookWriter) number(i int, text string, style int) {
	fmt.Fprintf(b.sheet, `<c r="%s" s="%d"><v>%s</v></c>`, b.place(i), style, text)
}

func (b *bookWriter) string(i int, text string, style int) {
	b.text.Reset()
	_ = xml.EscapeText(&b.text, []byte(b.escape(text))) // memory
	fmt.Fprintf(b.sheet, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, b.place(i), style, b.text.Bytes())
}

// escape writes the control characters that XML cannot hold.
func (b *bookWriter) escape(text string) string {
	if strings.Contains(text, "_x") {
		text = b.code.ReplaceAllString(text, "_x005F_$1")
	}
	control := func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF }
	if !strings.ContainsFunc(text, control) {
		return text
	}
	var s strings.Builder
	for _, r := range text {
		if control(r) {
			fmt.Fprintf(&s, "_x%04X_", r)
			continue
		}
		s.WriteRune(r)
	}
	return s.String()
}

func (b *bookWriter) end() error {
	_, _ = b.sheet.WriteString("</sheetData></worksheet>") // Flush tells of an error
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	return b.zip.Close()
}

func (b *bookWriter) most() int { return maxSheetRows }
