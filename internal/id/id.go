// Package id makes and reads record identifiers: UUIDs of version 7 (RFC 9562, section 5.7), so
// that identifiers made later sort later and every engine's index grows at its end.
//
// Identifiers are made by the application, never by a database, so that an insert can be repeated
// after a lost answer. They are names, not secrets: never use one as a token.
package id

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"sync"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// ID is a UUID in its 16-byte form. The zero ID means "none".
type ID [16]byte

// IsZero reports whether x is the zero ID.
func (x ID) IsZero() bool { return x == ID{} }

// Bytes returns the 16 bytes, or nil for the zero ID, as the stores want it.
func (x ID) Bytes() []byte {
	if x.IsZero() {
		return nil
	}
	return x[:]
}

// Time returns the millisecond in which a version 7 ID was made.
func (x ID) Time() time.Time {
	var b [8]byte
	copy(b[2:], x[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:]))).UTC() //nolint:gosec // 48 bits fit
}

// String returns the usual form, 8-4-4-4-12 hexadecimal digits, or "" for the zero ID.
func (x ID) String() string {
	if x.IsZero() {
		return ""
	}
	var b [36]byte
	hex.Encode(b[0:8], x[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], x[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], x[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], x[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], x[10:16])
	return string(b[:])
}

// MarshalText returns the usual form; the zero ID is the empty text.
func (x ID) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads the usual form; the empty text is the zero ID.
func (x *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*x = ID{}
		return nil
	}
	v, err := Parse(string(b))
	if err == nil {
		*x = v
	}
	return err
}

// Parse reads the 36-character form, in either case. Any UUID version is taken, because other
// systems' identifiers are imported too; the all-zero UUID is refused.
func Parse(s string) (ID, error) {
	var x ID
	bad := fault.New(fault.Invalid, "bad_id", "not an identifier: want 36 characters like 01890a5d-ac96-774b-bcce-b302099a8057")
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return x, bad
	}
	digits := make([]byte, 0, 32)
	for i := range len(s) {
		if i != 8 && i != 13 && i != 18 && i != 23 {
			digits = append(digits, s[i])
		}
	}
	if _, err := hex.Decode(x[:], digits); err != nil || x.IsZero() {
		return ID{}, bad
	}
	return x, nil
}

// FromBytes reads 16 bytes as stored; nil or empty gives the zero ID, any other length an error.
func FromBytes(b []byte) (ID, error) {
	var x ID
	switch len(b) {
	case 0:
		return x, nil
	case len(x):
		copy(x[:], b)
		return x, nil
	}
	return x, fault.New(fault.Invalid, "bad_id", "not an identifier: %d bytes, want 16", len(b))
}

// Source makes IDs. It is safe for concurrent use; each ID is greater than the one before it.
type Source struct {
	now  func() time.Time
	rand io.Reader

	mu   sync.Mutex
	last uint64 // milliseconds<<12 | counter of the last ID
}

// NewSource returns a source with the given clock and randomness (crypto/rand.Reader in the product).
func NewSource(now func() time.Time, rand io.Reader) *Source {
	return &Source{now: now, rand: rand}
}

// New returns a new ID. Its 12 bits of rand_a count up within one millisecond (RFC 9562, section
// 6.2, method 1), borrowing from the next millisecond rather than repeating.
func (s *Source) New() ID {
	var x ID
	if _, err := io.ReadFull(s.rand, x[8:]); err != nil {
		panic("id: no randomness: " + err.Error()) // crypto/rand never fails on a working machine
	}
	s.mu.Lock()
	t := uint64(max(0, s.now().UnixMilli())) << 12 // a clock that was never set may say 1969
	if t <= s.last {
		t = s.last + 1
	}
	s.last = t
	s.mu.Unlock()
	binary.BigEndian.PutUint64(x[:8], t>>12<<16|0x7000|t&0xfff)
	x[8] = x[8]&0x3f | 0x80
	return x
}
