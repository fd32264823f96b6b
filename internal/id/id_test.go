package id

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// rfc is the example of RFC 9562, appendix A.6.
const rfc = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, want string // want "" for a refusal
	}{
		{"version 7", rfc, rfc},
		{"capitals", strings.ToUpper(rfc), rfc},
		{"version 4 of another system", "919108f7-52d1-4320-9bac-f847db4148a8", "919108f7-52d1-4320-9bac-f847db4148a8"},
		{"empty", "", ""},
		{"all zero", "00000000-0000-0000-0000-000000000000", ""},
		{"too short", rfc[:35], ""},
		{"too long", rfc + "0", ""},
		{"no dashes", strings.ReplaceAll(rfc, "-", "0"), ""},
		{"a dash in the wrong place", "017f22e-279b0-7cc3-98c4-dc0c0c07398f", ""},
		{"one dash too many", "017f22e2-79b0-7cc3-98c4-dc0c-c07398f", ""},
		{"braces", "{" + rfc[:34] + "}", ""},
		{"no hexadecimal digit", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", ""},
		{"wide digits", "０17f22e2-79b0-7cc3-98c4-dc0c0c07398", ""},
		{"space", " " + rfc[1:], ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x, err := Parse(c.in)
			if got := x.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if (err == nil) != (c.want != "") || err != nil && (!fault.Is(err, fault.Invalid) || fault.Reason(err) != "bad_id") {
				t.Errorf("error %v", err)
			}
			if err != nil && !x.IsZero() {
				t.Error("a refused text leaves something")
			}
		})
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	x, err := Parse(rfc)
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Time().Format(time.RFC3339Nano); got != "2022-02-22T19:22:22Z" {
		t.Errorf("got %s", got)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	x, _ := Parse(rfc)
	for _, c := range []struct {
		name string
		x    ID
		json string
	}{{"one", x, `"` + rfc + `"`}, {"none", ID{}, `""`}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, err := json.Marshal(c.x)
			if err != nil || string(b) != c.json {
				t.Errorf("JSON: %s (%v)", b, err)
			}
			var back ID
			if err := json.Unmarshal(b, &back); err != nil || back != c.x {
				t.Errorf("from JSON: %v (%v)", back, err)
			}
			if back, err := FromBytes(c.x.Bytes()); err != nil || back != c.x {
				t.Errorf("from bytes: %v (%v)", back, err)
			}
		})
	}
	kept := x
	if err := json.Unmarshal([]byte(`"nonsense"`), &kept); err == nil || kept != x {
		t.Errorf("a bad text: %v, %v", kept, err)
	}
	if _, err := FromBytes(make([]byte, 15)); !fault.Is(err, fault.Invalid) {
		t.Errorf("15 bytes: %v", err)
	}
}

// TestSource runs the clock as a machine's may run: still, back, far ahead, before 1970.
func TestSource(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		clock func(i int) time.Time
	}{
		{"steady", func(i int) time.Time { return start.Add(time.Duration(i) * time.Millisecond) }},
		{"still", func(int) time.Time { return start }},
		{"back by an hour", func(i int) time.Time { return start.Add(-time.Duration(i/100) * time.Hour) }},
		{"to and fro", func(i int) time.Time { return start.Add(time.Duration(i%7) * time.Second) }},
		{"before 1970, then set right", func(i int) time.Time {
			return time.Unix(int64(i-200), 0).Add(time.Duration(max(0, i-200)) * 1000 * time.Hour)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			i := -1
			s := NewSource(func() time.Time { i++; return c.clock(i) }, rand.Reader)
			var last ID
			for range 10_000 { // more than the 4,096 of one millisecond
				x := s.New()
				if bytes.Compare(x[:], last[:]) <= 0 || x.String() <= last.String() {
					t.Fatalf("%s comes after %s", x, last)
				}
				if x[6]>>4 != 7 || x[8]>>6 != 2 {
					t.Fatalf("%s is not of version 7", x)
				}
				if back, err := Parse(x.String()); err != nil || back != x {
					t.Fatalf("%s reads as %s (%v)", x, back, err)
				}
				last = x
			}
		})
	}
}

func TestSourceTellsTheTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 8, 0, 0, 123_456_789, time.UTC)
	s := NewSource(func() time.Time { return at }, rand.Reader)
	if got := s.New().Time(); !got.Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("got %v", got)
	}
	for range 4096 {
		s.New()
	}
	if got := s.New().Time(); !got.Equal(at.Truncate(time.Millisecond).Add(time.Millisecond)) {
		t.Errorf("a full millisecond borrows from the next; got %v", got)
	}
	broken := NewSource(func() time.Time { return time.Unix(-5, 0) }, rand.Reader)
	if got := broken.New().Time(); got.Unix() != 0 {
		t.Errorf("a clock before 1970 gives %v", got)
	}
}

func TestSourceInParallel(t *testing.T) {
	t.Parallel()
	s := NewSource(func() time.Time { return time.Unix(1, 0) }, rand.Reader)
	lists := make([][]ID, 8)
	var wg sync.WaitGroup
	for i := range lists {
		wg.Go(func() {
			for range 2000 {
				lists[i] = append(lists[i], s.New())
			}
		})
	}
	wg.Wait()
	seen := map[ID]bool{}
	for _, list := range lists {
		for i, x := range list {
			if seen[x] || i > 0 && bytes.Compare(list[i-1][:], x[:]) >= 0 {
				t.Fatalf("%s twice, or out of order", x)
			}
			seen[x] = true
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rfc)
	f.Add("00000000-0000-0000-0000-000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		x, err := Parse(s)
		if (err == nil) == x.IsZero() {
			t.Fatalf("%q: %v and %v", s, x, err)
		}
		if err == nil && x.String() != strings.ToLower(s) {
			t.Errorf("%q reads as %s", s, x)
		}
	})
}
