package seal

import (
	"encoding/binary"
	"math/bits"
)

// Padding hides the length of a value. The padded content is uvarint(length) ‖ value ‖ zeros, and its
// total size is one of few steps, fixed by the length alone.

const (
	padSmallest = 16
	padStep     = 256
	padFine     = 3 // steps per doubling, as a power of two, for long values
)

// paddedSize returns the padded size of a value of n bytes.
func paddedSize(n int) int {
	size := uvarintSize(uint64(n)) + n //nolint:gosec // a length is not negative
	if size <= padSmallest {
		return padSmallest
	}
	top := 1 << (bits.Len(uint(size)) - 1) //nolint:gosec // size > 16: the power of two at or below it
	switch {
	case size == top && size <= padStep:
		return size
	case size < padStep:
		return top << 1
	}
	step := max(padStep, top>>padFine)
	return (size + step - 1) / step * step
}

// putPadded fills body, whose size is paddedSize(len(value)).
func putPadded(body, value []byte) {
	n := binary.PutUvarint(body, uint64(len(value)))
	n += copy(body[n:], value)
	clear(body[n:])
}

// unpad returns the value inside body. Only what putPadded makes is taken: two different plaintexts
// never mean the same value.
func unpad(body []byte) ([]byte, error) {
	n, rest, ok := takeUvarint(body)
	if !ok || n > uint64(len(rest)) || len(body) != paddedSize(int(n)) { //nolint:gosec // n fits: it is at most a length
		return nil, errUnsealed
	}
	for _, b := range rest[n:] {
		if b != 0 {
			return nil, errUnsealed
		}
	}
	return rest[:n:n], nil
}

// uvarintSize returns how many bytes the uvarint of v takes.
func uvarintSize(v uint64) int { return max(1, (bits.Len64(v)+6)/7) }

// takeUvarint splits the shortest-form uvarint off the front of b.
func takeUvarint(b []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 || n != uvarintSize(v) {
		return 0, nil, false
	}
	return v, b[n:], true
}
