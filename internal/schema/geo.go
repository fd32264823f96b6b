package schema

import (
	"strconv"
	"strings"
)

// Geo is a place in degrees (WGS 84).
type Geo struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// geoKind: a place. The value is a Geo; a file may also hold "31.23, 121.47".
func geoKind() *kind {
	decode := func(raw []byte) (any, bool) {
		var both struct{ Lat, Lon *float64 } // half a place is none
		if strict(raw, &both) != nil || both.Lat == nil || both.Lon == nil {
			return nil, false
		}
		g := Geo{Lat: *both.Lat, Lon: *both.Lon}
		return g, g.sane()
	}
	short := func(s string) (v any, ok, is bool) {
		lat, lon, both := strings.Cut(s, ",")
		var g Geo
		var err1, err2 error
		g.Lat, err1 = strconv.ParseFloat(strings.TrimSpace(lat), 64)
		g.Lon, err2 = strconv.ParseFloat(strings.TrimSpace(lon), 64)
		return g, both && err1 == nil && err2 == nil && g.sane(), !strings.HasPrefix(s, "{")
	}
	return structKind(`want {"lat":31.23,"lon":121.47}`, decode, short)
}

// sane is false for a place that is not on Earth, and for NaN.
func (g Geo) sane() bool { return g.Lat >= -90 && g.Lat <= 90 && g.Lon >= -180 && g.Lon <= 180 }
