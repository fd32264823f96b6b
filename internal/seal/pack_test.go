package seal

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
)

func TestPackRoundTrip(t *testing.T) {
	t.Parallel()
	cases := map[string]map[uint32][]byte{
		"nothing":       {},
		"empty value":   {5: {}},
		"usual":         {1: []byte("李娜"), 2: []byte("li.na@example.cn"), 300: []byte("+8613800138000")},
		"largest field": {0: []byte("a"), 1<<32 - 1: []byte("z")},
		"long value":    {9: bytes.Repeat([]byte{7}, 100_000)},
	}
	for name, values := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blob := Pack(values)
			got, err := Unpack(blob)
			if err != nil || !maps.EqualFunc(got, values, bytes.Equal) {
				t.Fatalf("got %v, %v", got, err)
			}
			if !bytes.Equal(Pack(got), blob) {
				t.Error("packing again gives other bytes")
			}
		})
	}
}

// Values must not run into one another when the caller appends to one.
func TestUnpackedValuesAreClipped(t *testing.T) {
	t.Parallel()
	values, err := Unpack(Pack(map[uint32][]byte{1: []byte("a"), 2: []byte("b")}))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(values[1], 0xff)
	if string(values[2]) != "b" {
		t.Error("appending to one value changed another")
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string][]byte{
		"empty":            {},
		"other format":     {2},
		"no length":        {1, 5},
		"short value":      {1, 5, 3, 'a', 'b'},
		"unsorted":         {1, 5, 0, 4, 0},
		"twice":            {1, 5, 0, 5, 0},
		"longer field":     {1, 0x85, 0, 0},
		"longer length":    {1, 5, 0x80, 0},
		"field over 32":    {1, 0xff, 0xff, 0xff, 0xff, 0x1f, 0},
		"endless number":   append([]byte{1}, bytes.Repeat([]byte{0xff}, 20)...),
		"length overflows": append(append([]byte{1, 5}, bytes.Repeat([]byte{0xff}, 9)...), 1),
	}
	for name, blob := range cases {
		if v, err := Unpack(blob); fault.Reason(err) != "bad_blob" || v != nil {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte{1})
	f.Add(Pack(map[uint32][]byte{1: []byte("a"), 300: {}, 1 << 30: []byte("zz")}))
	f.Add([]byte{1, 5, 0, 5, 0})
	f.Fuzz(func(t *testing.T, blob []byte) {
		values, err := Unpack(slices.Clone(blob))
		if err == nil && !bytes.Equal(Pack(values), blob) {
			t.Errorf("%x is not what Pack makes of %v", blob, values)
		}
	})
}
