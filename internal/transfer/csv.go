package transfer

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
)

// Limits of a file.
const (
	MaxFile    = 256 << 20 // bytes
	MaxRows    = 200_000
	MaxColumns = 500
	maxCell    = 1 << 20 // bytes
	maxHeading = 1000    // bytes of a column's name
)

// Sheet is a file of rows with a heading. Lines holds for each row the number of its first line in
// the file, from 1.
type Sheet struct {
	Columns []string
	Rows    [][]string
	Lines   []int
}

// ReadCSV reads delimited text: comma, semicolon, tab or bar; UTF-8, UTF-16 with a mark, or GB 18030,
// as spreadsheet programs write it. Rows may be shorter than the heading; a longer one is an error.
// It needs little more memory than the file has bytes.
func ReadCSV(r io.Reader) (*Sheet, error) {
	file, err := readBlocks(r)
	if err != nil {
		return nil, err
	}
	text, err := file.text()
	if err != nil {
		return nil, err
	}
	// The end shows whether a quote was left open: then the mark is part of what the quote swallowed.
	c := csv.NewReader(io.MultiReader(text, strings.NewReader("\n"+endMark+"\n")))
	start, err := text.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, badEncoding()
	}
	c.Comma = delimiter(start)
	c.FieldsPerRecord = -1
	c.LazyQuotes = true
	s := &Sheet{}
	for {
		row, err := c.Read()
		if err != nil {
			return nil, csvError(err)
		}
		line, _ := c.FieldPos(0)
		if row[len(row)-1] == endMark {
			break
		}
		if strings.Contains(row[len(row)-1], endMark) {
			return nil, fault.New(fault.Invalid, "open_quote", "the file is no table that can be read: a quote (\") in the row of line %d is never closed", line)
		}
		if err := s.add(row, line); err != nil {
			return nil, err
		}
	}
	if s.Columns == nil {
		return nil, fault.New(fault.Invalid, "empty_file", "the file is empty: its first row must name the columns")
	}
	return s, nil
}

const (
	endMark  = "\x00end"
	headSize = 64 << 10
)

func csvError(err error) error {
	if fault.Is(err, fault.Invalid) {
		return err
	}
	if _, ok := errors.AsType[*csv.ParseError](err); !ok {
		return badEncoding()
	}
	return fault.Wrap(fault.Invalid, err, "bad_csv", "the file is no table of delimited text that can be read: %s", csvReason(err))
}

func csvReason(err error) string {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return "line " + itoa(e.Line)
	}
	return "unreadable"
}

func (s *Sheet) add(row []string, line int) error {
	if blank(row) {
		return nil
	}
	if s.Columns == nil {
		for len(row) > 0 && strings.TrimSpace(row[len(row)-1]) == "" {
			row = row[:len(row)-1]
		}
		if len(row) > MaxColumns {
			return fault.New(fault.TooLarge, "too_many_columns", "line %d: more than %d columns", line, MaxColumns)
		}
		for _, name := range row {
			if len(name) > maxHeading {
				return fault.New(fault.TooLarge, "heading_too_long", "line %d: the name of a column is longer than %d bytes: the first row must name the columns", line, maxHeading)
			}
		}
		s.Columns = row
		return nil
	}
	if len(s.Rows) == MaxRows {
		return fault.New(fault.TooLarge, "too_many_rows", "more than %d rows: cut the file into parts", MaxRows)
	}
	for _, cell := range row {
		if len(cell) > maxCell {
			return fault.New(fault.TooLarge, "cell_too_large", "line %d: a value is larger than 1 MB", line)
		}
	}
	s.Rows, s.Lines = append(s.Rows, row), append(s.Lines, line)
	return nil
}

func blank(row []string) bool {
	for _, c := range row {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

func badEncoding() error {
	return fault.New(fault.Invalid, "bad_encoding", "the file is neither UTF-8 nor GB 18030 text: save it as CSV UTF-8")
}

// delimiter is the sign that stands most often in the heading, outside of quotes.
func delimiter(text []byte) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range string(text) {
		if r == '"' {
			quoted = !quoted
		}
		if r == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[r]++
		}
	}
	best := ','
	for _, r := range []rune{';', '\t', '|'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}
