package transfer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
)

// readCSV reads delimited text: comma, semicolon, tab or bar. Rows may be shorter than the heading.
// encoding/csv is not used because what it cannot read it cannot mend either: a quote that is never
// closed, a row with another delimiter, a line break without quotes (docs/decisions/0014-import-files.md).
func readCSV(src Source, w writing, opt ReadOptions) (*Table, error) {
	t := &Table{Format: "csv", Reading: Reading{Encoding: w.word()}}
	if w.name == "Windows-1252" && opt.Encoding == "" {
		t.note(Note{Code: "western", Text: "the file says not how it is written; it was read as Windows-1252 (Western Europe). Look at accented letters before you import it; where they are wrong, save it as CSV UTF-8"})
	}
	in, err := w.open(src)
	if err != nil {
		return nil, err
	}
	defer in.close()
	first, comma, err := headLines(in)
	if err != nil {
		return nil, err
	}
	if opt.Delimiter != "" {
		comma = opt.Delimiter[0]
	}
	t.Delimiter = string(comma)
	begin := &csvReader{in: in, comma: comma, note: t.note}
	row, err := begin.record()
	if errors.Is(err, io.EOF) {
		return nil, emptyFile()
	}
	if err != nil {
		return nil, err
	}
	if first.n > 0 {
		t.note(Note{Line: first.n, Text: "this line is no row of the table and was passed over", Code: "passed"})
	}
	if err := t.heading(row); err != nil {
		return nil, err
	}
	last := row.Line + strings.Count(strings.Join(row.Cells, ""), "\n")
	t.rows = func(note func(Note)) (rowReader, error) {
		in, err := w.open(src)
		if err != nil {
			return nil, err
		}
		for in.n < last {
			if _, err := in.next(); err != nil {
				return nil, errors.Join(err, in.close())
			}
		}
		return &csvReader{in: in, comma: comma, width: len(t.Columns), note: note}, nil
	}
	return t, nil
}

// headLines finds the delimiter and passes over what stands before the table: "sep=;" and titles
// without any delimiter above rows that have one.
func headLines(in *lines) (passed line, comma byte, err error) {
	var head []line
	size := 0
	for len(head) < 20 && size < headSize {
		x, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return passed, 0, err
		}
		size += len(x.text)
		head = append(head, x)
	}
	for len(head) > 0 && strings.TrimSpace(head[0].text) == "" {
		head = head[1:]
	}
	if len(head) == 0 {
		return passed, ',', nil
	}
	if told, ok := strings.CutPrefix(head[0].text, "sep="); ok && len(told) == 1 && strings.Contains(",;\t|", told) {
		in.unread(head[1:])
		return passed, told[0], nil
	}
	comma, n := delimiter(head[0].text)
	for skip := 1; n == 0 && skip < min(len(head), 6); skip++ {
		below, count := delimiter(head[skip].text)
		// A title above a table: two rows or more have the same number of delimiters.
		if count > 0 && skip+1 < len(head) {
			if again, same := delimiter(head[skip+1].text); again == below && same == count {
				passed, comma, head = head[0], below, head[skip:]
				break
			}
		}
	}
	in.unread(head)
	return passed, comma, nil
}

// delimiters are the signs between values.
const delimiters = ",;\t|"

// delimiter is the sign that stands most often in a line, outside of quotes, and how often.
func delimiter(text string) (byte, int) {
	const signs = delimiters
	var counts [len(signs)]int
	quoted := false
	for i := range len(text) {
		if text[i] == '"' {
			quoted = !quoted
		}
		if k := strings.IndexByte(signs, text[i]); k >= 0 && !quoted {
			counts[k]++
		}
	}
	best := 0
	for k := range counts {
		if counts[k] > counts[best] {
			best = k
		}
	}
	return signs[best], counts[best]
}

// csvReader reads records.
type csvReader struct {
	in    *lines
	comma byte
	width int // columns of the heading; 0 while it is read
	note  func(Note)

	s       splitter
	ahead   *Row // was read already
	other   int  // rows whose first value is no number
	numbers int  // rows whose first value is one
}

// Close implements io.Closer.
func (c *csvReader) Close() error { return c.in.close() }

// next returns the next row that is not empty.
func (c *csvReader) next() (*Row, error) {
	row := c.ahead
	c.ahead = nil
	var err error
	if row == nil {
		if row, err = c.record(); err != nil {
			return nil, err
		}
	}
	if c.width < 3 || len(row.Cells) != c.width {
		c.learn(row)
		return row, nil
	}
	c.learn(row)
	for { // a line that only continues the last value of the row
		more, err := c.record()
		if errors.Is(err, io.EOF) {
			return row, nil
		}
		if err != nil {
			return nil, err
		}
		if !c.continues(more) {
			c.ahead = more
			return row, nil
		}
		c.note(Note{Line: more.Line, Text: "this line continues the last value of the row before it; quotes around that value are missing", Code: "continued"})
		row.Cells[c.width-1] += "\n" + more.Cells[0]
	}
}

func (c *csvReader) learn(row *Row) {
	if number(row.Cells[0]) {
		c.numbers++
	} else {
		c.other++
	}
}

// continues reports whether a row of one value can only be more of the value before it: every row of
// the file begins with a number, and it does not.
func (c *csvReader) continues(row *Row) bool {
	return len(row.Cells) == 1 && c.numbers > 0 && c.other == 0 && !number(row.Cells[0])
}

func number(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// record reads one record that is not empty.
func (c *csvReader) record() (*Row, error) {
	for {
		first, err := c.in.next()
		if err != nil {
			return nil, err
		}
		cells, err := c.from(first)
		if err != nil {
			return nil, err
		}
		if blank(cells) {
			continue
		}
		if c.width > 1 && len(cells) == 1 {
			cells = c.otherwise(first, cells)
		}
		return &Row{Line: first.n, Cells: cells}, nil
	}
}

// otherwise splits a row of one value in another way, where that gives just the columns of the heading:
// at another delimiter, or, where the whole row stands in quotes, once more.
func (c *csvReader) otherwise(first line, cells []string) []string {
	for _, sign := range []byte(",;\t|") {
		if strings.Count(cells[0], string(sign)) < c.width-1 {
			continue
		}
		var s splitter
		s.feed(cells[0], sign)
		switch {
		case s.open || len(s.cells) != c.width:
		case sign == c.comma:
			c.note(Note{Line: first.n, Text: "the whole row stands in quotes, as if it were one value; they were taken away", Code: "quoted_row"})
			return s.cells
		default:
			c.note(Note{Line: first.n, Text: fmt.Sprintf("this row has the delimiter %q where the others have %q", sign, c.comma), Code: "other_delimiter"})
			return s.cells
		}
	}
	return cells
}

// from reads the record that begins with a line.
func (c *csvReader) from(first line) ([]string, error) {
	c.s.reset()
	c.s.feed(first.text, c.comma)
	if !c.s.open {
		return c.s.cells, nil
	}
	var held []line
	size := len(first.text)
	for c.s.open {
		more, err := c.in.next()
		if errors.Is(err, io.EOF) {
			return c.unclosed(first, held)
		}
		if err != nil {
			return nil, err
		}
		if size += len(more.text); size > maxLine {
			return nil, fault.New(fault.TooLarge, "cell_too_large", "line %d: a value is larger than 1 MB, or the quote before it is never closed", first.n)
		}
		held = append(held, more)
		c.s.feed(more.text, c.comma)
	}
	if c.s.stray && c.whole(held) {
		return c.unclosed(first, held)
	}
	return c.s.cells, nil
}

// unclosed ends a quote that is never closed at the end of its line, where that and every line after
// it gives just the columns of the heading.
func (c *csvReader) unclosed(first line, held []line) ([]string, error) {
	c.s.reset()
	c.s.feed(first.text, c.comma)
	cells := c.s.end()
	if c.width < 2 || len(cells) != c.width || !c.whole(held) {
		return nil, fault.New(fault.Invalid, "open_quote", "line %d: a quote (\") is never closed, and it is not clear where its value ends: close it, or save the file anew", first.n)
	}
	c.note(Note{Line: first.n, Text: "a quote (\") is never closed; its value was taken to end with the line", Code: "open_quote"})
	c.in.unread(held)
	return cells, nil
}

// whole reports whether each of the lines is a row of its own.
func (c *csvReader) whole(held []line) bool {
	return c.width > 1 && !slices.ContainsFunc(held, func(x line) bool {
		var s splitter
		s.feed(x.text, c.comma)
		return strings.TrimSpace(x.text) != "" && (s.open || len(s.cells) != c.width)
	})
}

// splitter cuts lines into values (RFC 4180). A quote that neither ends its value nor is doubled
// stands for itself.
type splitter struct {
	cells []string
	value strings.Builder
	open  bool // the last value goes on in the next line
	stray bool // there was a quote that stands for itself in a quoted value
}

func (s *splitter) reset() { *s = splitter{} }

// end closes the open value and returns all.
func (s *splitter) end() []string {
	if s.open {
		s.cells, s.open = append(s.cells, s.value.String()), false
	}
	return s.cells
}

// feed adds a line.
func (s *splitter) feed(text string, comma byte) {
	if s.open {
		s.value.WriteByte('\n')
		var more bool
		if text, more = s.quoted(text, comma); !more {
			return
		}
	}
	for {
		rest := strings.TrimLeft(text, " ")
		if strings.HasPrefix(rest, `"`) {
			s.value.Reset()
			var more bool
			if text, more = s.quoted(rest[1:], comma); !more {
				return
			}
			continue
		}
		cell, after, more := strings.Cut(text, string(comma))
		s.cells = append(s.cells, cell)
		if text = after; !more {
			return
		}
	}
}

// quoted reads the rest of a quoted value and returns what stands after the delimiter that ends it.
func (s *splitter) quoted(text string, comma byte) (rest string, more bool) {
	s.open = true
	for {
		i := strings.IndexByte(text, '"')
		if i < 0 {
			s.value.WriteString(text)
			return "", false
		}
		s.value.WriteString(text[:i])
		text = text[i+1:]
		after := strings.TrimLeft(text, " ")
		switch {
		case strings.HasPrefix(text, `"`):
			s.value.WriteByte('"')
			text = text[1:]
		case after == "" || after[0] == comma:
			s.cells, s.open = append(s.cells, s.value.String()), false
			s.value = strings.Builder{}
			if after == "" {
				return "", false
			}
			return after[1:], true
		default:
			s.value.WriteByte('"')
			s.stray = true
		}
	}
}
