package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/door"
)

// appender is a body that writes itself as JSON: lists have many records, and encoding/json goes about
// maps and interfaces slowly.
type appender interface {
	appendJSON(b []byte) ([]byte, error)
}

// recordJSON is a record as the API shows it (shapes.go).
type recordJSON struct{ *door.Record }

// MarshalJSON implements json.Marshaler, for a record that is part of a larger body.
func (r recordJSON) MarshalJSON() ([]byte, error) { return r.appendJSON(nil) }

func (r recordJSON) appendJSON(b []byte) (_ []byte, err error) {
	b = append(slices.Grow(b, 128), `{"id":"`...)
	b = append(b, r.ID.String()...)
	b = append(b, `","object":`...)
	if b, err = appendValue(b, r.Object.Name); err != nil {
		return nil, err
	}
	b = strconv.AppendInt(append(b, `,"version":`...), r.Version, 10)
	b = append(b, `,"fields":{`...)
	first := true
	for name, v := range r.Fields() {
		if !first {
			b = append(b, ',')
		}
		first = false
		if b, err = appendValue(b, name); err != nil {
			return nil, err
		}
		if b, err = appendValue(append(b, ':'), v); err != nil {
			return nil, err
		}
	}
	b = append(b, `},"can":{"update":`...)
	b = strconv.AppendBool(b, r.Can.Update)
	b = append(b, `,"delete":`...)
	b = append(strconv.AppendBool(b, r.Can.Delete), '}')
	if r.Erased {
		b = append(b, `,"erased":true`...)
	}
	return append(b, '}'), nil
}

// pageJSON is a page of a list of records.
type pageJSON struct {
	*door.Page

	counted bool
}

func (p pageJSON) appendJSON(b []byte) (_ []byte, err error) {
	const record = 512 // bytes, more than most have
	b = append(slices.Grow(b, 128+record*len(p.Records)), '{')
	if p.counted {
		b = strconv.AppendInt(append(b, `"count":`...), p.Count, 10)
		b = strconv.AppendBool(append(b, `,"count_capped":`...), p.Capped)
		b = append(b, ',')
	}
	if b, err = appendValue(append(b, `"next_cursor":`...), p.Next); err != nil {
		return nil, err
	}
	b = append(b, `,"records":[`...)
	for i, r := range p.Records {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = (recordJSON{r}).appendJSON(b); err != nil {
			return nil, err
		}
	}
	return append(b, ']', '}'), nil
}

// appendValue writes a value as encoding/json does.
func appendValue(b []byte, v any) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, x), nil
	case int64:
		return strconv.AppendInt(b, x, 10), nil
	case string:
		if plain(x) {
			return append(append(append(b, '"'), x...), '"'), nil
		}
	case map[string]string:
		names := make([]string, 0, 8)
		for name := range x {
			names = append(names, name)
		}
		slices.Sort(names)
		b = append(b, '{')
		for i, name := range names {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendValue(b, name); err != nil {
				return nil, err
			}
			if b, err = appendValue(append(b, ':'), x[name]); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}

// plain reports whether a text is the same in JSON. U+2028 and U+2029, which encoding/json escapes, begin
// with 0xE2 0x80.
func plain(s string) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		switch {
		case c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0xE2 && i+1 < len(s) && s[i+1] == 0x80:
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return ascii || utf8.ValidString(s)
}
