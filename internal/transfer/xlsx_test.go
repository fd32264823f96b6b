package transfer

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
)

// parts of a workbook by name.
type book map[string]string

// newBook is a workbook of one sheet with rows as given.
func newBook(rows string) book {
	return book{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><workbookPr/><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/sharedStrings.xml":       `<sst count="99999999999"><si><t>name</t></si><si><r><t>em</t></r><r><t>ail</t></r><rPh><t>x</t></rPh></si></sst>`,
		"xl/styles.xml":              `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="&quot;d&quot;0.00"/><numFmt numFmtId="171" formatCode="yyyy\-mm\-dd"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="31"/></cellXfs></styleSheet>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
	}
}

func (b book) with(part, text string) book { b[part] = text; return b }

func (b book) zip(t testing.TB) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	names := sortedNames(b)
	slices.Reverse(names)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(b[name]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const bookHead = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>`

func TestXLSX(t *testing.T) {
	t.Parallel()
	row := func(cells string) string { return bookHead + `<row r="3">` + cells + `</row>` }
	bomb := newBook(bookHead).with("xl/worksheets/sheet1.xml", "<worksheet><sheetData>"+bookHead+strings.Repeat(" ", 70<<20)+"</sheetData></worksheet>")
	for _, c := range []struct {
		name   string
		book   book
		want   string // the cells of the second row, joined
		reason string
	}{
		{"shared and own texts", newBook(row(`<c r="A3" t="inlineStr"><is><t>王</t><t>芳</t></is></c><c r="B3" t="s"><v>1</v></c>`)), "王芳|email", ""},
		{"cells that are left out", newBook(row(`<c r="B3"><v>7</v></c>`)), "|7", ""},
		{"no references", newBook(row(`<c><v>1</v></c><c><v>2</v></c>`)), "1|2", ""},
		{"a formula is its value", newBook(row(`<c r="A3" t="str"><f>UPPER("a")</f><v>A</v></c><c r="B3"><f>1+1</f><v>2</v></c>`)), "A|2", ""},
		{"a formula without a value", newBook(row(`<c r="A3"><f>1+1</f></c><c r="B3"><v>2</v></c>`)), "|2|!name formula_without_value", ""},
		{"an error", newBook(row(`<c r="A3" t="e"><v>#N/A</v></c><c r="B3"><v>2</v></c>`)), "|2|!name formula_error", ""},
		{"dates", newBook(row(`<c r="A3" s="1"><v>45000</v></c><c r="B3" s="3"><v>45000.75</v></c>`)), "2023-03-15|2023-03-15 18:00:00", ""},
		{"dates of East Asia, and before the leap day that was none", newBook(row(`<c r="A3" s="4"><v>61</v></c><c r="B3" s="1"><v>1</v></c>`)), "1900-03-01|1900-01-01", ""},
		{"dates from 1904", newBook(row(`<c r="A3" s="1"><v>1</v></c>`)).with("xl/workbook.xml", `<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="One" r:id="rId1"/></sheets></workbook>`), "1904-01-02", ""},
		{"numbers", newBook(row(`<c r="A3" s="2"><v>0.30000000000000004</v></c><c r="B3"><v>1.38001380001E10</v></c>`)), "0.3|13800138000.1", ""},
		{"yes and no", newBook(row(`<c r="A3" t="b"><v>1</v></c><c r="B3" t="b"><v>0</v></c>`)), "true|false", ""},
		{"a style that is not there", newBook(row(`<c r="A3" s="999"><v>5</v></c><c r="B3" s="-1"><v>5</v></c>`)), "5|5", ""},
		{"a text that is not there", newBook(row(`<c r="A3" t="s"><v>-1</v></c><c r="B3" t="s"><v>2</v></c>`)), "!name damaged|!email damaged", ""},
		{"no styles, no texts", book{"xl/workbook.xml": newBook("")["xl/workbook.xml"], "xl/_rels/workbook.xml.rels": newBook("")["xl/_rels/workbook.xml.rels"], "xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c t="inlineStr"><is><t>a</t></is></c></row><row><c><v>1</v></c></row></sheetData></worksheet>`}, "1", ""},
		{"a title above the table", newBook(`<row r="1"><c r="A1" t="inlineStr"><is><t>Our list</t></is></c></row><row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c></row><row r="9"><c r="A9"><v>3</v></c></row>`), "3", ""},
		{"a sheet that is cut off", newBook("").with("xl/worksheets/sheet1.xml", "<worksheet><sheetData>"+row(`<c r="A3"><v>1</v></c>`)), "", "bad_workbook"},
		{"XML that is broken in the middle", newBook(row(`<c r="A3"><v>1</v></c>`) + "<row><c r=\"A4\"><v>1</v </c>"), "", "bad_workbook"},
		{"a column far to the right", newBook(row(`<c r="XFD3"><v>1</v></c>`)), "", "too_many_columns"},
		{"a value of 2 MB", newBook(row(`<c r="A3" t="str"><v>` + strings.Repeat("x", 2<<20) + `</v></c>`)), "", "cell_too_large"},
		{"a value of 10 MB", newBook(row(`<c r="A3" t="str"><v>` + strings.Repeat("x", 10<<20) + `</v></c>`)), "", "cell_too_large"},
		{"a sheet that unpacks to far more", bomb, "", "unpacks_too_large"},
		{"no sheets", newBook("").with("xl/workbook.xml", "<workbook/>"), "", "empty_file"},
		{"no rows", newBook(""), "", "empty_file"},
		{"another archive", book{"a.txt": "a"}, "", "no_table"},
		{"no relations", book{"xl/workbook.xml": "<workbook/>"}, "", "bad_workbook"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := secondRow(c.book.zip(t))
			if fault.Reason(err) != c.reason || c.reason == "" && err != nil || got != c.want {
				t.Errorf("got %q (%v), want %q (%s)", got, err, c.want, c.reason)
			}
		})
	}
}

// secondRow reads a workbook to its end and returns what stands below the heading.
func secondRow(file string) (string, error) {
	table, err := Read(Bytes([]byte(file)), ReadOptions{})
	if err != nil {
		return "", err
	}
	var cells []string
	err = table.Each(nil, func(n int, r *Row) error {
		if n == 0 {
			cells = slices.Clone(r.Cells)
			for _, w := range r.Wrong {
				cells = append(cells, "!"+w.Name+" "+w.Reason)
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return strings.Join(cells, "|"), nil
}

func TestSheetIsChosen(t *testing.T) {
	t.Parallel()
	b := newBook("").with("xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="Empty" r:id="rId1"/><sheet name="Hidden" state="hidden" r:id="rId2"/><sheet name="Full" r:id="rId3"/></sheets></workbook>`).
		with("xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/><Relationship Id="rId3" Target="worksheets/sheet3.xml"/></Relationships>`)
	for i, name := range []string{"hidden", "full"} {
		b[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+2)] = `<worksheet><sheetData><row><c t="inlineStr"><is><t>` + name + `</t></is></c></row></sheetData></worksheet>`
	}
	file := Bytes([]byte(b.zip(t)))
	for sheet, want := range map[string]string{"": "full", "Hidden": "hidden", "Full": "full"} {
		table, err := Read(file, ReadOptions{Sheet: sheet})
		if err != nil || table.Columns[0] != want {
			t.Errorf("%q: %v (%v)", sheet, table, err)
		}
	}
	if _, err := Read(file, ReadOptions{Sheet: "Other"}); !strings.Contains(fault.Message(err), `"Hidden"`) {
		t.Error(err)
	}
}

func FuzzXLSX(f *testing.F) {
	f.Add("<sheetData>"+bookHead+`<row><c s="1"><v>1e300</v></c></row></sheetData>`, `<sst><si><t>a</t></si></sst>`, `<styleSheet><cellXfs><xf numFmtId="14"/><xf/></cellXfs></styleSheet>`)
	f.Add(`<row r="-5"><c r="ZZZZZZZZZZ1" t="s"><v>1</v></c></row>`, "<si><t>", "<numFmt formatCode='[h]\\'/>")
	f.Fuzz(func(t *testing.T, sheet, texts, styles string) {
		b := newBook("").with("xl/worksheets/sheet1.xml", sheet).with("xl/sharedStrings.xml", texts).with("xl/styles.xml", styles)
		if _, err := secondRow(b.zip(t)); err != nil && fault.Is(err, fault.Internal) {
			t.Error(err)
		}
	})
}
