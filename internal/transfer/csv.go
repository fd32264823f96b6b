package transfer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/wardbook/wardbook/internal/fault"
)

// Limits of a file.
const (
	MaxFile    = 256 << 20 // bytes
	MaxRows    = 200_000
	MaxColumns = 500
	maxCell    = 1 << 20 // bytes
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
func ReadCSV(r io.Reader) (*Sheet, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "unreadable", "the file cannot be read")
	}
	if len(raw) > MaxFile {
		return nil, fault.New(fault.TooLarge, "file_too_large", "the file is larger than %d MB: cut it into parts", MaxFile>>20)
	}
	text, err := decode(raw)
	if err != nil {
		return nil, err
	}
	c := csv.NewReader(bytes.NewReader(text))
	c.Comma = delimiter(text)
	c.FieldsPerRecord = -1
	c.LazyQuotes = true
	c.ReuseRecord = false
	s := &Sheet{}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "bad_csv", "the file is no table of delimited text that can be read: %s", csvReason(err))
		}
		line, _ := c.FieldPos(0)
		if err := s.add(row, line); err != nil {
			return nil, err
		}
	}
	if s.Columns == nil {
		return nil, fault.New(fault.Invalid, "empty_file", "the file is empty: its first row must name the columns")
	}
	return s, nil
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
			return fault.New(fault.TooLarge, "too_many_columns", "more than %d columns", MaxColumns)
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

// decode makes UTF-8 of a file.
func decode(raw []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		raw = raw[3:]
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(raw)
		if err != nil {
			return nil, badEncoding()
		}
		return out, nil
	}
	if utf8.Valid(raw) {
		if bytes.IndexByte(raw, 0) >= 0 {
			return nil, badEncoding()
		}
		return raw, nil
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) || bytes.IndexByte(out, 0) >= 0 {
		return nil, badEncoding()
	}
	return out, nil
}

func badEncoding() error {
	return fault.New(fault.Invalid, "bad_encoding", "the file is neither UTF-8 nor GB 18030 text: save it as CSV UTF-8")
}

// delimiter is the sign that stands most often in the heading, outside of quotes.
func delimiter(text []byte) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range string(text[:min(len(text), 64<<10)]) {
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
