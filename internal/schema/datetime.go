package schema

import "time"

// Time is a moment in microseconds since 1970-01-01 UTC.
type Time int64

// String returns the moment as RFC 3339 in UTC.
func (t Time) String() string { return time.UnixMicro(int64(t)).UTC().Format(time.RFC3339Nano) }

// TimeOf returns the moment.
func TimeOf(t time.Time) Time { return Time(t.UnixMicro()) }

// datetimeKind: a moment. The value is a Time. Text without a zone is read as UTC.
func datetimeKind() *kind {
	k := momentKind(parseTime, notTime)
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

func notTime(f *Field) error {
	return invalid(f, "not_a_time", "want a moment like 2026-11-24T09:30:00Z")
}

func parseTime(f *Field, s string) (any, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05Z07:00", time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/1/2 15:04:05", "2006/1/2 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && sane(t.UTC()) {
			return TimeOf(t), nil
		}
	}
	return nil, notTime(f)
}
