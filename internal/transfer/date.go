package transfer

import (
	"regexp"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/schema"
)

// order says which of day and month a column writes first.
type order int

const (
	unknownOrder order = iota
	dayFirst
	monthFirst
)

var numericDate = regexp.MustCompile(`^(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4}|\d{2})((?:[ T,]+)(.*))?$`)

// dates finds out over a whole column which of day and month stands first.
type dates struct {
	day, month bool   // some value can only be read with the day, or the month, first
	both       int    // values that can be read either way, with two meanings
	example    string // the first of them
}

// see looks at a value.
func (d *dates) see(text string) {
	m := numericDate.FindStringSubmatch(text)
	if m == nil {
		return
	}
	first, second := small(m[1]), small(m[3])
	switch {
	case first > 12 && second <= 12:
		d.day = true
	case second > 12 && first <= 12:
		d.month = true
	case first != second:
		if d.both++; d.both == 1 {
			d.example = text
		}
	}
}

// small reads one or two digits.
func small(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// order is what the column says, or unknownOrder where it says nothing or both.
func (d *dates) order() order {
	switch {
	case d.day && !d.month:
		return dayFirst
	case d.month && !d.day:
		return monthFirst
	}
	return unknownOrder
}

// clocks are the ways to write a time of day.
func clocks() []string {
	return []string{"15:04:05.999999999", "15:04", "3:04:05 PM", "3:04 PM", "3:04:05PM", "3:04PM", "15h04"}
}

// isoDate rewrites a day or moment, however it is written, as a field reads it. What is not
// understood comes back as it is, for the field to refuse.
func isoDate(f *schema.Field, text string, o order) string {
	if m := numericDate.FindStringSubmatch(text); m != nil {
		first, second, year := small(m[1]), small(m[3]), m[4]
		if len(year) == 2 { // as POSIX strptime reads it
			if year < "69" {
				year = "20" + year
			} else {
				year = "19" + year
			}
		}
		if o == unknownOrder && (first > 12 || first == second) {
			o = dayFirst
		} else if o == unknownOrder && second > 12 {
			o = monthFirst
		}
		switch o {
		case monthFirst:
			return withClock(f, year+"-"+two(m[1])+"-"+two(m[3]), m[6], text)
		case dayFirst:
			return withClock(f, year+"-"+two(m[3])+"-"+two(m[1]), m[6], text)
		}
		return text
	}
	for _, layout := range []string{"Jan 2, 2006", "January 2, 2006", "2 Jan 2006", "2 January 2006", "02-Jan-2006", "2-Jan-06", "Jan 2 2006", "Mon, 2 Jan 2006"} {
		for _, whole := range []string{layout, layout + " 15:04:05", layout + " 15:04", layout + ", 3:04 PM", layout + " 3:04 PM"} {
			if t, err := time.Parse(whole, text); err == nil {
				return withClock(f, t.Format(time.DateOnly), t.Format("15:04:05"), text)
			}
		}
	}
	if day, clock, ok := strings.Cut(text, "T"); ok && len(day) == len(time.DateOnly) {
		if f.Type == schema.DateT {
			return day
		}
		if at := strings.IndexByte(clock, 'Z'); at >= 0 && at < len(clock)-1 { // Salesforce: …Z-0300
			return day + "T" + clock[:at] + clock[at+1:]
		}
	}
	if f.Type == schema.DateT && len(text) > len(time.DateOnly) && text[len(time.DateOnly)] == ' ' {
		if _, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)]); err == nil {
			return text[:len(time.DateOnly)]
		}
	}
	return text
}

func two(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// withClock adds the time of day where the field holds one.
func withClock(f *schema.Field, day, clock, text string) string {
	clock = strings.TrimSpace(clock)
	if clock == "" {
		return day
	}
	for _, layout := range clocks() {
		if t, err := time.Parse(layout, strings.ToUpper(clock)); err == nil {
			if f.Type == schema.DateT {
				return day
			}
			return day + " " + t.Format("15:04:05")
		}
	}
	return text
}
