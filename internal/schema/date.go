package schema

import (
	"strings"
	"time"
)

// Date is a day, counted from 1970-01-01.
type Date int32

// String returns YYYY-MM-DD.
func (d Date) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// DateOf returns the day of a moment in its location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400) //nolint:gosec // years, not aeons
}

// sane bounds years so that every value fits everywhere and sorts.
func sane(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// dateKind: a day without a place. The value is a Date.
func dateKind() *kind {
	k := momentKind(parseDate, notDate)
	k.show = func(_ *Field, v any) any { d, _ := v.(Date); return d.String() }
	k.store = func(v any) []any { d, _ := v.(Date); return []any{int64(d)} }
	k.load = func(cols []any) (any, error) {
		if n, ok := cols[0].(int64); ok {
			return Date(n), nil //nolint:gosec // stored from a Date
		}
		return nil, damaged()
	}
	return k
}

// momentKind is what days and moments have in common: they are read from text and stored as a number.
func momentKind(parse func(*Field, string) (any, error), bad func(*Field) error) *kind {
	k := &kind{columns: []Column{{As: StoreInt}}, parse: parse, filter: true, sort: true, group: true}
	k.text = func(f *Field, v any) string { s, _ := k.show(f, v).(string); return s }
	k.read = func(f *Field, v any) (any, error) {
		s, ok := v.(string)
		if !ok {
			return nil, bad(f)
		}
		return parse(f, s)
	}
	return k
}

func notDate(f *Field) error { return invalid(f, "not_a_date", "want a day like 2026-11-24") }

// parseDate reads a day, year first; or day and month first where only one reading is possible.
func parseDate(f *Field, s string) (any, error) {
	for _, layout := range []string{time.DateOnly, "2006/1/2", "2006-1-2", "2006.1.2", "2006年1月2日", "20060102", time.RFC3339, time.DateTime, "2 Jan 2006", "Jan 2, 2006"} {
		if t, err := time.Parse(layout, s); err == nil && sane(t) {
			return DateOf(t), nil
		}
	}
	s = strings.NewReplacer("/", "-", ".", "-").Replace(s)
	month, err1 := time.Parse("1-2-2006", s)
	day, err2 := time.Parse("2-1-2006", s)
	switch {
	case err1 == nil && err2 == nil && !month.Equal(day):
		return nil, invalid(f, "ambiguous_date", "day and month could be either way round; write 2026-11-24")
	case err1 == nil && sane(month):
		return DateOf(month), nil
	case err2 == nil && sane(day):
		return DateOf(day), nil
	}
	return nil, notDate(f)
}
