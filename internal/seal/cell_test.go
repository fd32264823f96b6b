package seal

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestCellRoundTrip(t *testing.T) {
	t.Parallel()
	key, addr := NewKey(stream("key")), someAddress()
	for _, scope := range []Scope{Record, Personal, Restricted, Secret, Audit, Chunk, Keyring} {
		for _, n := range []int{0, 1, 14, 15, 16, 17, 127, 128, 300, 5000, 70_000} {
			t.Run(fmt.Sprintf("scope %d/%d bytes", scope, n), func(t *testing.T) {
				t.Parallel()
				value := bytes.Repeat([]byte("客"), n)[:n]
				cell := AppendSeal([]byte("before"), stream("rand"), key, 42, scope, addr, value)
				cell, found := bytes.CutPrefix(cell, []byte("before"))
				if !found || len(cell) != CellSize(scope, n) {
					t.Fatalf("cell of %d bytes, want %d", len(cell), CellSize(scope, n))
				}
				h, err := ParseHeader(cell)
				if err != nil || h != (Header{Scope: scope, Version: 42}) {
					t.Fatalf("header %+v, %v", h, err)
				}
				got, err := Open(key, scope, addr, cell)
				if err != nil || !bytes.Equal(got, value) {
					t.Fatalf("opened %d bytes, %v", len(got), err)
				}
			})
		}
	}
}

func TestEqualValuesDiffer(t *testing.T) {
	t.Parallel()
	key, rand := NewKey(stream("key")), stream("rand")
	a := Seal(rand, key, 1, Personal, someAddress(), []byte("Li Na"))
	b := Seal(rand, key, 1, Personal, someAddress(), []byte("Li Na"))
	if bytes.Equal(a[headerSize:], b[headerSize:]) || bytes.Equal(a[headerSize+nonceSize:], b[headerSize+nonceSize:]) {
		t.Error("two seals of one value are equal")
	}
	x, y := Wrap(rand, key, 1, Personal, someAddress(), key), Wrap(rand, key, 1, Personal, someAddress(), key)
	if bytes.Equal(x[headerSize+commitSize:], y[headerSize+commitSize:]) {
		t.Error("two wraps of one key are equal")
	}
}

// moves are the ways to put something sealed where it does not belong.
func moves() map[string]func(*Scope, *Address, []byte) {
	return map[string]func(*Scope, *Address, []byte){
		"organisation":     func(_ *Scope, a *Address, _ []byte) { a.Org[15] ^= 1 },
		"table":            func(_ *Scope, a *Address, _ []byte) { a.Table++ },
		"row":              func(_ *Scope, a *Address, _ []byte) { a.Row[0] ^= 0x80 },
		"field":            func(_ *Scope, a *Address, _ []byte) { a.Field = 0 },
		"subject":          func(_ *Scope, a *Address, _ []byte) { a.Subject = a.Row },
		"row and subject":  func(_ *Scope, a *Address, _ []byte) { a.Row, a.Subject = a.Subject, a.Row },
		"table and field":  func(_ *Scope, a *Address, _ []byte) { a.Table, a.Field = a.Field, a.Table },
		"scope asked":      func(s *Scope, _ *Address, _ []byte) { *s = Restricted },
		"scope rewritten":  func(s *Scope, _ *Address, b []byte) { *s = Restricted; b[2] = byte(Restricted) },
		"scope to chunk":   func(s *Scope, _ *Address, b []byte) { *s = Chunk; b[2] = byte(Chunk) },
		"version":          func(_ *Scope, _ *Address, b []byte) { b[6]++ },
		"suite downgraded": func(_ *Scope, _ *Address, b []byte) { b[1] = 2 },
		"other format":     func(_ *Scope, _ *Address, b []byte) { b[0] = 2 },
		"cell as wrap":     func(_ *Scope, _ *Address, b []byte) { b[0] ^= formatCell ^ formatWrap },
	}
}

func TestMovedDoesNotOpen(t *testing.T) {
	t.Parallel()
	key, dek := NewKey(stream("key")), NewKey(stream("dek"))
	for name, move := range moves() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cell := Seal(stream("rand"), key, 5, Personal, someAddress(), []byte("138 0013 8000"))
			scope, addr := Personal, someAddress()
			move(&scope, &addr, cell)
			got, err := Open(key, scope, addr, cell)
			mustFailSealed(t, err)
			if got != nil {
				t.Error("plaintext came with the error")
			}
			wrapped := Wrap(stream("rand"), key, 5, Personal, someAddress(), dek)
			scope, addr = Personal, someAddress()
			move(&scope, &addr, wrapped)
			none, err := Unwrap(key, scope, addr, wrapped)
			mustFailSealed(t, err)
			if !none.IsZero() {
				t.Error("a key came with the error")
			}
		})
	}
	_, err := Open(dek, Personal, someAddress(), Seal(stream("rand"), key, 5, Personal, someAddress(), nil))
	mustFailSealed(t, err)
	_, err = Unwrap(dek, Personal, someAddress(), Wrap(stream("rand"), key, 5, Personal, someAddress(), dek))
	mustFailSealed(t, err)
}

func TestEveryBitAndEveryLengthCounts(t *testing.T) {
	t.Parallel()
	key, dek, addr := NewKey(stream("key")), NewKey(stream("dek")), someAddress()
	sealed := map[string]struct {
		bytes []byte
		open  func([]byte) error
	}{
		"cell": {
			Seal(stream("rand"), key, 5, Restricted, addr, []byte("6222 0212 3456 7890")),
			func(b []byte) error { _, err := Open(key, Restricted, addr, b); return err },
		},
		"chunk": {
			Seal(stream("rand"), key, 5, Chunk, addr, []byte("of a file")),
			func(b []byte) error { _, err := Open(key, Chunk, addr, b); return err },
		},
		"wrapped key": {
			Wrap(stream("rand"), key, 5, Restricted, addr, dek),
			func(b []byte) error { _, err := Unwrap(key, Restricted, addr, b); return err },
		},
	}
	for name, c := range sealed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.open(c.bytes); err != nil {
				t.Fatalf("untouched: %v", err)
			}
			for bit := range len(c.bytes) * 8 {
				b := bytes.Clone(c.bytes)
				b[bit/8] ^= 1 << (bit % 8)
				mustFailSealed(t, c.open(b))
			}
			for n := range c.bytes {
				mustFailSealed(t, c.open(c.bytes[:n]))
			}
			mustFailSealed(t, c.open(append(bytes.Clone(c.bytes), 0)))
			mustFailSealed(t, c.open(nil))
		})
	}
}

// A wrapped key whose commitment names another key is refused even when it is authentic.
func TestCommitmentIsChecked(t *testing.T) {
	t.Parallel()
	kek, dek, addr := NewKey(stream("kek")), NewKey(stream("dek")), someAddress()
	out := Wrap(stream("rand"), kek, 1, Personal, addr, dek)
	copy(out[headerSize:], NewKey(stream("another")).s().commitment())
	w := new(scratch)
	aad := append(appendAAD(nil, wrapLabel, out, addr), out[headerSize:headerSize+commitSize]...)
	nonce := out[headerSize+commitSize : headerSize+commitSize+nonceSize]
	out = kek.s().sealTo(w, out[:headerSize+commitSize+nonceSize], nonce, dek.s().raw[:], aad)
	_, err := Unwrap(kek, Personal, addr, out)
	mustFailSealed(t, err)
}

func TestPaddedSizes(t *testing.T) {
	t.Parallel()
	cases := map[int]int{
		0: 16, 1: 16, 15: 16, 16: 32, 31: 32, 32: 64, 63: 64, 64: 128, 127: 128, 128: 256, 254: 256, 255: 512,
		510: 512, 511: 768, 2046: 2048, 2047: 2304, 4094: 4096, 4095: 4608, 1 << 20: 1<<20 + 1<<17,
	}
	for n, want := range cases {
		if got := paddedSize(n); got != want {
			t.Errorf("%d bytes are padded to %d, want %d", n, got, want)
		}
	}
	last, steps := 0, 0
	for n := range 1 << 20 {
		size := paddedSize(n)
		if size < last || size < n+uvarintSize(uint64(n)) {
			t.Fatalf("%d bytes are padded to %d after %d", n, size, last)
		}
		if n >= 2048 && float64(size) > math.Ceil(float64(n)*1.13) {
			t.Fatalf("%d bytes are padded to %d: more than an eighth", n, size)
		}
		if size != last {
			steps++
		}
		last = size
	}
	if steps > 90 {
		t.Errorf("%d different sizes up to 1 MiB tell too much", steps)
	}
}

// What is sealed says the same only in one way: a length or a filling that putPadded does not write is refused.
func TestUnpadIsStrict(t *testing.T) {
	t.Parallel()
	cases := map[string][]byte{
		"empty":             {},
		"no length":         bytes.Repeat([]byte{0x80}, 16),
		"length too long":   append([]byte{16}, make([]byte, 15)...),
		"filling":           append(make([]byte, 15), 1),
		"not the step":      make([]byte, 32),
		"longer form":       append([]byte{0x80, 0}, make([]byte, 14)...),
		"huge length":       append(bytes.Repeat([]byte{0xff}, 9), 1, 0, 0, 0, 0, 0, 0),
		"overflowed length": append(bytes.Repeat([]byte{0xff}, 10), 1, 0, 0, 0, 0, 0),
	}
	for name, body := range cases {
		if v, err := unpad(body); err == nil {
			t.Errorf("%s: took %q", name, v)
		}
	}
	if v, err := unpad(append([]byte{3, 'a', 'b', 'c'}, make([]byte, 12)...)); err != nil || string(v) != "abc" {
		t.Errorf("good padding: %q, %v", v, err)
	}
}

func FuzzOpen(f *testing.F) {
	key, addr := NewKey(stream("key")), someAddress()
	for _, s := range []Scope{Personal, Chunk} {
		cell := Seal(stream("rand"), key, 1, s, addr, []byte(strings.Repeat("x", 40)))
		f.Add(cell)
		f.Add(cell[:50])
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, cell []byte) {
		h, err := ParseHeader(cell)
		if err != nil {
			mustFailSealed(t, err)
		}
		if v, err := Open(key, h.Scope, addr, cell); err == nil {
			if len(cell) != CellSize(h.Scope, len(v)) {
				t.Errorf("a cell of %d bytes opened to %d", len(cell), len(v))
			}
		} else {
			mustFailSealed(t, err)
		}
		if k, err := Unwrap(key, h.Scope, addr, cell); err == nil {
			t.Errorf("a stranger's wrapped key opened: %v", k)
		}
	})
}

func FuzzUnpad(f *testing.F) {
	f.Add([]byte{3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := unpad(body)
		if err != nil {
			return
		}
		again := make([]byte, paddedSize(len(v)))
		putPadded(again, v)
		if !bytes.Equal(again, body) {
			t.Errorf("%x and %x mean the same", body, again)
		}
	})
}
