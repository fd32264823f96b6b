package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"sync"
	"testing"
)

func TestTokenIsTruncatedHMAC(t *testing.T) {
	t.Parallel()
	root := NewKey(stream("idx.root"))
	key := root.Derive("bi/1\x00\x00\x00\x07\x00\x00\x00\x03\x00\x00\x00\x01", KeySize)
	h := hmac.New(sha256.New, key)
	h.Write([]byte("li.na@example.cn"))
	full := binary.BigEndian.Uint64(h.Sum(nil))
	for bits := uint8(1); bits <= MaxBits; bits++ {
		x := NewIndex(root, 7, 3, 1, bits)
		got := x.Token("li.na@example.cn")
		if got != int64(full>>(64-bits)) || got < 0 || got >= 1<<bits {
			t.Errorf("%d bits: token %d", bits, got)
		}
		if got != x.Token("li.na@example.cn") {
			t.Error("the same value gave another token")
		}
	}
}

func TestTokensOfOtherIndexesDiffer(t *testing.T) {
	t.Parallel()
	root := NewKey(stream("idx.root"))
	seen := map[int64]string{}
	for name, x := range map[string]*Index{
		"this":          NewIndex(root, 7, 3, 1, MaxBits),
		"another table": NewIndex(root, 8, 3, 1, MaxBits),
		"another field": NewIndex(root, 7, 4, 1, MaxBits),
		"another index": NewIndex(root, 7, 3, 2, MaxBits),
		"another root":  NewIndex(NewKey(stream("other")), 7, 3, 1, MaxBits),
	} {
		token := x.Token("+8613800138000")
		if other, twice := seen[token]; twice {
			t.Errorf("%s and %s agree", name, other)
		}
		seen[token] = name
	}
}

func TestTokenConcurrently(t *testing.T) {
	t.Parallel()
	x := NewIndex(NewKey(stream("idx.root")), 1, 2, 3, MaxBits)
	want := [2]int64{x.Token("a"), x.Token("b")}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				if x.Token("a") != want[0] || x.Token("b") != want[1] {
					t.Error("tokens mix")
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestBits(t *testing.T) {
	t.Parallel()
	for rows, want := range map[uint64]uint8{0: 1, 1: 1, 16: 3, 1000: 6, 10_000: 10, 1_000_000: 16, 10_000_000: 20, math.MaxUint64: 32} {
		if got := Bits(rows); got != want {
			t.Errorf("Bits(%d) = %d, want %d", rows, got, want)
		}
	}
	for rows := uint64(16); rows < 1<<34; rows += 1 + rows/7 {
		share := float64(rows) / float64(uint64(1)<<Bits(rows))
		if share < 2 || share >= math.Sqrt(float64(rows)) {
			t.Errorf("%d rows: %g rows share a token", rows, share)
		}
	}
	for _, bits := range []uint8{0, MaxBits + 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("an index of %d bits was made", bits)
				}
			}()
			NewIndex(NewKey(stream("r")), 1, 1, 1, bits)
		}()
	}
}
