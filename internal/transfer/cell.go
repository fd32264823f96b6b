package transfer

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// style says how the numbers of cells are shown.
type style int

const (
	plainNumber style = iota
	dateNumber
)

// Days that serial number 0 stands for (ECMA-376, 18.17.4.1), in days since 1970.
const (
	epoch1900 = -25569
	epoch1904 = -24107
)

// value is a cell's value as text.
func (wb *workbook) value(kind, styled, text string) (string, *fault.Field) {
	switch kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 0 || n >= len(wb.texts) {
			return "", &fault.Field{Reason: "damaged", Message: "points to a text that the workbook does not hold: save the workbook anew"}
		}
		return wb.texts[n], nil
	case "b":
		if text == "1" {
			return "true", nil
		}
		return "false", nil
	case "e":
		return "", &fault.Field{Reason: "formula_error", Message: "holds the error " + clip(text) + ": mend the formula, or clear the cell"}
	case "inlineStr", "str":
		return text, nil
	case "d": // ISO 8601
		return strings.TrimSuffix(text, "T00:00:00"), nil
	}
	if text == "" {
		return "", nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return text, nil
	}
	if s, err := strconv.Atoi(styled); err == nil && s >= 0 && s < len(wb.styles) && wb.styles[s] == dateNumber {
		if moment, ok := wb.moment(n); ok {
			return moment, nil
		}
	}
	return digits(n), nil
}

func clip(s string) string {
	if len(s) > 20 {
		return strings.ToValidUTF8(s[:20], "") + "…"
	}
	return s
}

// digits writes a number with the 15 digits that spreadsheet programs show and no exponent.
func digits(n float64) string {
	if math.Abs(n) >= 1e15 || n != 0 && math.Abs(n) < 1e-9 {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64)
	if err != nil {
		short = n
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// moment writes a serial number as a day, or as a day and a time where it has one.
func (wb *workbook) moment(n float64) (string, bool) {
	const lastDay = 2_958_465 // 9999-12-31
	if n < 1 || n > lastDay {
		return "", false
	}
	if wb.from == epoch1900 && n < 60 { // Excel takes 1900 for a leap year
		n++
	}
	day := math.Floor(n)
	seconds := int64(math.Round((n - day) * 86400))
	t := time.Unix((int64(day)+wb.from)*86400+seconds, 0).UTC()
	if seconds == 0 {
		return t.Format(time.DateOnly), true
	}
	return t.Format(time.DateTime), true
}

// readStyles finds out which styles show numbers as days or times.
func (wb *workbook) readStyles() error {
	f := wb.part("xl/styles.xml")
	if f == nil {
		return nil
	}
	p, err := wb.read(f, maxSmall)
	if err != nil {
		return err
	}
	defer p.c.Close()
	own := map[string]bool{}
	inside := false
	for {
		start, end, err := p.next(nil)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return badWorkbook(err)
		case end == "cellXfs":
			inside = false
		case start == nil:
		case start.Name.Local == "numFmt":
			own[attr(start, "numFmtId")] = showsDate(attr(start, "formatCode"))
		case start.Name.Local == "cellXfs":
			inside = true
		case start.Name.Local == "xf" && inside:
			wb.styles = append(wb.styles, styleOf(start, own))
		}
	}
}

func styleOf(xf *xml.StartElement, own map[string]bool) style {
	format := attr(xf, "numFmtId")
	is, told := own[format]
	n, err := strconv.Atoi(format)
	// Numbers of the formats that every program knows; 27 to 36 and 50 to 58 are those of East Asia.
	builtin := err == nil && (n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58)
	if told && is || !told && builtin {
		return dateNumber
	}
	return plainNumber
}

// showsDate reports whether a number format shows a day or a time: it has a letter for one outside of
// quotes and brackets.
func showsDate(code string) bool {
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch b := code[i]; {
		case b == '\\' || b == '_' || b == '*':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '[':
			bracket = true
		case b == ']':
			bracket = false
		case !bracket && strings.IndexByte("dmyhsDMYHS", b) >= 0:
			return !strings.HasPrefix(strings.ToLower(code), "general")
		case b == ';': // the format of negative numbers
			return false
		}
	}
	return false
}
