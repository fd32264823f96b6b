package schema

import (
	"strings"
	"time"
)

// Date is a day, counted from 1970-01-01.
type Date int32

// Time is a moment in microseconds since 1970-01-01 UTC.
type Time int64

// String returns YYYY-MM-DD.
func (d Date) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// String returns the moment as RFC 3339 in UTC.
func (t Time) String() string { return time.UnixMicro(int64(t)).UTC().Format(time.RFC3339Nano) }

// DateOf returns the day of a moment in its location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400) //nolint:gosec // years, not aeons
}

// TimeOf returns the moment.
func TimeOf(t time.Time) Time { return Time(t.UnixMicro()) }

// sane bounds years so that every value fits everywhere and sorts.
func sane(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

func timeKind(t Type) *kind {
	k := &kind{columns: []Column{{As: StoreInt}}, filter: true, sort: true, group: true}
	k.text = func(f *Field, v any) string { s, _ := k.show(f, v).(string); return s }
	k.read = func(f *Field, v any) (any, error) {
		s, ok := v.(string)
		if !ok {
			return nil, badTime(f)
		}
		return k.parse(f, s)
	}
	if t == DateT {
		k.parse = parseDate
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
	k.parse = parseTime
	k.show = func(_ *Field, v any) any { d, _ := v.(Time); return d.String() }
	k.store = func(v any) []any { d, _ := v.(Time); return []any{int64(d)} }
	k.load = func(cols []any) (any, error) {
		if n, ok := cols[0].(int64); ok {
			return Time(n), nil
		}
		return nil, damaged()
	}
	return k
}

func badTime(f *Field) error {
	if f.Type == DateT {
		return invalid(f, "not_a_date", "want a day like 2026-11-24")
	}
	return invalid(f, "not_a_time", "want a moment like 2026-11-24T09:30:00Z")
}

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
	return nil, badTime(f)
}

func parseTime(f *Field, s string) (any, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05Z07:00", time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/1/2 15:04:05", "2006/1/2 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && sane(t.UTC()) {
			return TimeOf(t), nil
		}
	}
	return nil, badTime(f)
}
