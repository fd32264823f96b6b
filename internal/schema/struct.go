package schema

import (
	"bytes"
	"encoding/json"
	"errors"
)

// maxJSON is the longest structured value in bytes.
const maxJSON = 64 << 10

// structKind serves the types whose value is stored as JSON text. Decode makes a value of JSON, and
// want says what is wanted instead; short reads the spelling of a file that is not JSON, where the
// type has one.
func structKind(want string, decode func(raw []byte) (any, bool), short func(s string) (v any, ok, is bool)) *kind {
	read := func(f *Field, raw []byte) (any, error) {
		if len(raw) > maxJSON {
			return nil, invalid(f, "too_long", "at most %d bytes", maxJSON)
		}
		if got, ok := decode(raw); ok {
			return got, nil
		}
		return nil, invalid(f, "bad_structure", "%s", want)
	}
	return &kind{
		columns: []Column{{As: StoreText}},
		read:    func(f *Field, v any) (any, error) { return read(f, encode(v)) },
		parse: func(f *Field, s string) (any, error) {
			if v, ok, is := short(s); is && len(s) <= maxJSON {
				if !ok {
					return nil, invalid(f, "bad_structure", "%s", want)
				}
				return v, nil
			}
			return read(f, []byte(s))
		},
		show:  func(_ *Field, v any) any { return v },
		text:  func(_ *Field, v any) string { return string(encode(v)) },
		store: func(v any) []any { return []any{string(encode(v))} },
		load: func(cols []any) (any, error) {
			s, _ := cols[0].(string)
			if got, ok := decode([]byte(s)); ok {
				return got, nil
			}
			return nil, damaged()
		},
	}
}

// encode leaves <, > and & as they are: these bytes go into cells and files, not into a page.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// strict reads one JSON object without unknown members.
func strict(raw []byte, into any) error {
	if len(raw) == 0 || raw[0] != '{' || !json.Valid(raw) { // a decoder stops after the first value
		return errNoObject
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

var errNoObject = errors.New("no JSON object")
