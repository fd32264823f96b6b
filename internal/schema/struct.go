package schema

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Address is a postal address; any part may be empty.
type Address struct {
	Street     string `json:"street,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"state,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country,omitempty"`
}

// Geo is a place in degrees (WGS 84).
type Geo struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// maxJSON is the longest structured value in bytes.
const maxJSON = 64 << 10

// structKind serves the types whose value is stored as JSON text: Address, Geo and, for json,
// json.RawMessage.
func structKind(t Type) *kind {
	decode := func(raw []byte) (any, bool) {
		switch t {
		case AddressT:
			var a Address
			ok := strict(raw, &a) == nil && a.sane()
			return a, ok
		case GeoT:
			var g Geo
			ok := strict(raw, &g) == nil && g.Lat >= -90 && g.Lat <= 90 && g.Lon >= -180 && g.Lon <= 180
			return g, ok
		}
		var b bytes.Buffer
		if !utf8.Valid(raw) || bytes.Contains(raw, []byte(`\u0000`)) || json.Compact(&b, raw) != nil {
			return nil, false
		}
		return json.RawMessage(b.Bytes()), true
	}
	encode := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			return nil
		}
		return b
	}
	k := &kind{
		columns: []Column{{As: StoreText}},
		read: func(f *Field, v any) (any, error) {
			raw := encode(v)
			if len(raw) > maxJSON {
				return nil, invalid(f, "too_long", "at most %d bytes", maxJSON)
			}
			if got, ok := decode(raw); ok {
				return got, nil
			}
			return nil, invalid(f, "bad_structure", "%s", wanted(t))
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
	k.parse = func(f *Field, s string) (any, error) {
		switch {
		case len(s) > maxJSON:
			return nil, invalid(f, "too_long", "at most %d bytes", maxJSON)
		case t == AddressT && !strings.HasPrefix(s, "{"):
			a := Address{Street: s}
			if !a.sane() {
				return nil, invalid(f, "bad_structure", "%s", wanted(t))
			}
			return a, nil
		case t == GeoT && !strings.HasPrefix(s, "{"):
			lat, lon, _ := strings.Cut(s, ",")
			if _, err := strconv.ParseFloat(strings.TrimSpace(lat), 64); err == nil {
				s = `{"lat":` + strings.TrimSpace(lat) + `,"lon":` + strings.TrimSpace(lon) + `}`
			}
		}
		if got, ok := decode([]byte(s)); ok {
			return got, nil
		}
		return nil, invalid(f, "bad_structure", "%s", wanted(t))
	}
	return k
}

func wanted(t Type) string {
	switch t {
	case AddressT:
		return `want {"street","city","state","postal_code","country"}, each at most 255 characters`
	case GeoT:
		return `want {"lat":31.23,"lon":121.47}`
	}
	return "want valid JSON"
}

func (a Address) sane() bool {
	for _, s := range []string{a.Street, a.City, a.State, a.PostalCode, a.Country} {
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > 255 || strings.ContainsRune(s, 0) {
			return false
		}
	}
	return true
}

func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
