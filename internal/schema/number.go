package schema

import (
	"encoding/json"
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

// Money is an amount in a currency (ISO 4217, capital letters).
type Money struct {
	Amount   Decimal
	Currency string
}

func numberKind(t Type) *kind {
	switch t {
	case MoneyT:
		return moneyKind()
	case Bool:
		return boolKind()
	case Int, Duration:
		return intKind()
	}
	k := &kind{
		columns: []Column{{As: StoreInt}},
		read: func(f *Field, v any) (any, error) {
			s, ok := number(v)
			if !ok {
				return nil, notDecimal(f)
			}
			return readDecimal(f, s)
		},
		parse: func(f *Field, s string) (any, error) {
			if f.Type == Percent {
				s = strings.TrimRight(s, " %％")
			}
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
	return k
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

func intKind() *kind {
	read := func(f *Field, s string) (any, error) {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > -1<<53 && n < 1<<53 {
			return n, nil
		}
		return nil, invalid(f, "not_a_number", "want a whole number")
	}
	return &kind{
		columns: []Column{{As: StoreInt}},
		read: func(f *Field, v any) (any, error) {
			n, ok := v.(json.Number)
			if !ok {
				return nil, invalid(f, "not_a_number", "want a whole number without quotes")
			}
			return read(f, n.String())
		},
		parse: func(f *Field, s string) (any, error) {
			s = plainNumber(s)
			if whole, part, ok := strings.Cut(s, "."); ok && strings.Trim(part, "0") == "" {
				s = whole
			}
			return read(f, s)
		},
		show:  func(_ *Field, v any) any { return v },
		text:  func(_ *Field, v any) string { n, _ := v.(int64); return strconv.FormatInt(n, 10) },
		store: func(v any) []any { return []any{v} },
		load: func(cols []any) (any, error) {
			if n, ok := cols[0].(int64); ok {
				return n, nil
			}
			return nil, damaged()
		},
		filter: true, sort: true, group: true, sum: true, unique: true,
	}
}

func boolKind() *kind {
	return &kind{
		columns: []Column{{As: StoreBool}},
		read: func(f *Field, v any) (any, error) {
			if b, ok := v.(bool); ok {
				return b, nil
			}
			return nil, invalid(f, "not_a_bool", "want true or false")
		},
		parse: func(f *Field, s string) (any, error) {
			switch strings.ToLower(s) {
			case "true", "yes", "y", "1", "x", "on", "是", "对", "真", "有":
				return true, nil
			case "false", "no", "n", "0", "off", "否", "错", "假", "无":
				return false, nil
			}
			return nil, invalid(f, "not_a_bool", "want yes or no")
		},
		show:  func(_ *Field, v any) any { return v },
		text:  func(_ *Field, v any) string { b, _ := v.(bool); return strconv.FormatBool(b) },
		store: func(v any) []any { return []any{v} },
		load: func(cols []any) (any, error) {
			switch b := cols[0].(type) {
			case bool:
				return b, nil
			case int64: // SQLite has no boolean
				return b != 0, nil
			}
			return nil, damaged()
		},
		filter: true, sort: true, group: true,
	}
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func moneyKind() *kind {
	return &kind{
		columns: []Column{{As: StoreInt}, {Suffix: "c", As: StoreText}},
		read:    readMoney,
		parse:   parseMoney,
		show: func(f *Field, v any) any {
			m, _ := v.(Money)
			return map[string]string{"amount": m.Amount.Fixed(max(2, f.Digits)), "currency": m.Currency}
		},
		text: func(_ *Field, v any) string {
			m, _ := v.(Money)
			return m.Amount.Fixed(2) + " " + m.Currency
		},
		store: func(v any) []any { m, _ := v.(Money); return []any{int64(m.Amount), m.Currency} },
		load: func(cols []any) (any, error) {
			n, ok1 := cols[0].(int64)
			c, ok2 := cols[1].(string)
			if ok1 && ok2 {
				return Money{Amount: Decimal(n), Currency: c}, nil
			}
			return nil, damaged()
		},
		filter: true, sort: true, group: true, sum: true,
	}
}

func readMoney(f *Field, v any) (any, error) {
	bad := invalid(f, "not_money", `want {"amount":"12.50","currency":"CNY"}`)
	m, ok := v.(map[string]any)
	if !ok {
		return nil, bad
	}
	for key := range m {
		if key != "amount" && key != "currency" {
			return nil, bad
		}
	}
	amount, ok := number(m["amount"])
	currency, _ := m["currency"].(string)
	if currency == "" {
		currency = f.currency()
	}
	if !ok || !currencyForm.MatchString(currency) {
		return nil, bad
	}
	d, ok := ParseDecimal(amount)
	if !ok {
		return nil, bad
	}
	return Money{Amount: d, Currency: currency}, nil
}

// currency is what an amount without a currency is in.
func (f *Field) currency() string {
	if f.Currency != "" {
		return f.Currency
	}
	return "CNY"
}

// parseMoney reads an amount with a code or sign before or after it, such as "12.50 CNY" or "$1,200".
func parseMoney(f *Field, s string) (any, error) {
	currency := f.currency()
	for sign, code := range map[string]string{"¥": "CNY", "￥": "CNY", "$": "USD", "€": "EUR", "£": "GBP"} {
		if strings.HasPrefix(s, sign) || strings.HasSuffix(s, sign) {
			currency = code
			s = strings.TrimSpace(strings.Trim(s, sign))
		}
	}
	if code := codeOf(s); code != "" {
		currency = code
		s = strings.TrimSpace(strings.ReplaceAll(s, code, ""))
	}
	d, ok := ParseDecimal(plainNumber(s))
	if !ok {
		return nil, invalid(f, "not_money", "want an amount, perhaps with its currency: 12.50 CNY")
	}
	return Money{Amount: d, Currency: currency}, nil
}

func codeOf(s string) string {
	for _, part := range strings.Fields(s) {
		if currencyForm.MatchString(part) {
			return part
		}
	}
	return ""
}
