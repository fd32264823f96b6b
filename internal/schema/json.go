package schema

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// jsonKind: structured data that nothing else looks into. The value is a compact json.RawMessage.
func jsonKind() *kind {
	decode := func(raw []byte) (any, bool) {
		var b bytes.Buffer
		if !utf8.Valid(raw) || bytes.Contains(raw, []byte(`\u0000`)) || json.Compact(&b, raw) != nil {
			return nil, false
		}
		return json.RawMessage(b.Bytes()), true
	}
	k := structKind("want valid JSON", decode, func(string) (any, bool, bool) { return nil, false, false })
	parse := k.parse
	k.parse = func(f *Field, s string) (any, error) {
		if s == "null" { // as in a request, where null is absent
			return nil, nil
		}
		return parse(f, s)
	}
	return k
}
