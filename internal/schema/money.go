package schema

import (
	"regexp"
	"strings"
)

// Money is an amount in a currency (ISO 4217, capital letters).
type Money struct {
	Amount   Decimal
	Currency string
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// moneyKind: an amount and its currency. The value is a Money; amounts sort by number, whatever the
// currency.
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
	currency, text := m["currency"].(string)
	if m["currency"] == nil || text && currency == "" {
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
	for _, x := range [][2]string{{"¥", "CNY"}, {"￥", "CNY"}, {"$", "USD"}, {"€", "EUR"}, {"£", "GBP"}} {
		if strings.HasPrefix(s, x[0]) || strings.HasSuffix(s, x[0]) {
			currency = x[1]
			s = strings.TrimSpace(strings.Trim(s, x[0]))
			break // a second sign is no part of an amount
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
