package schema

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Decimal is a number with four decimals, as a count of ten-thousandths (docs/decisions/0006).
type Decimal int64

// scale is how many parts a unit of a Decimal has.
const scale = 10_000

// ParseDecimal reads digits with an optional sign and at most four decimals that are not zero.
func ParseDecimal(s string) (Decimal, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	whole, part, point := strings.Cut(digits, ".")
	if point {
		part = strings.TrimRight(part, "0")
	}
	if whole == "" && part == "" || len(part) > 4 || len(whole) > 15 || !allDigits(whole) || !allDigits(part) {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+"0000"[len(part):], 10, 64)
	if err != nil {
		return 0, false
	}
	if negative {
		n = -n
	}
	return Decimal(n), true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// String returns the number without needless zeros.
func (d Decimal) String() string {
	s := d.Fixed(4)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// Fixed returns the number with at least the given decimals; it never drops one that is not zero.
func (d Decimal) Fixed(digits int) string {
	n, sign := uint64(d), "" //nolint:gosec // the sign is handled below
	if d < 0 {
		n, sign = -n, "-"
	}
	part := strconv.FormatUint(n%scale+scale, 10)[1:]
	for len(part) > digits && part[len(part)-1] == '0' {
		part = part[:len(part)-1]
	}
	s := sign + strconv.FormatUint(n/scale, 10)
	if part == "" {
		return s
	}
	return s + "." + part
}

// decimalKind: a number with at most four decimals. The value is a Decimal.
func decimalKind() *kind {
	return &kind{
		columns: []Column{{As: StoreInt}},
		read: func(f *Field, v any) (any, error) {
			s, ok := number(v)
			if !ok {
				return nil, notDecimal(f)
			}
			return readDecimal(f, s)
		},
		parse: func(f *Field, s string) (any, error) {
			return readDecimal(f, plainNumber(s))
		},
		show:  func(f *Field, v any) any { d, _ := v.(Decimal); return d.Fixed(f.Digits) },
		text:  func(f *Field, v any) string { d, _ := v.(Decimal); return d.Fixed(f.Digits) },
		store: func(v any) []any { d, _ := v.(Decimal); return []any{int64(d)} },
		load: func(cols []any) (any, error) {
			if n, ok := cols[0].(int64); ok {
				return Decimal(n), nil
			}
			return nil, damaged()
		},
		filter: true, sort: true, group: true, sum: true, unique: true,
	}
}

func readDecimal(f *Field, s string) (any, error) {
	if strings.ContainsAny(s, "eE") { // JSON writes 1e3
		if x, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(x) < 1e15 {
			s = strconv.FormatFloat(x, 'f', -1, 64)
		}
	}
	if d, ok := ParseDecimal(s); ok {
		return d, nil
	}
	return nil, notDecimal(f)
}

func notDecimal(f *Field) error {
	return invalid(f, "not_a_number", "want a number with at most 4 decimals, such as 12.5")
}

// plainNumber removes spaces and thousands separators; a lone comma followed by other than three
// digits is left, so that 12,5 is refused rather than read as 125.
func plainNumber(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, " ", ""), "\u00a0", "")
	if thousands.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	return s
}

var thousands = regexp.MustCompile(`^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$`)
