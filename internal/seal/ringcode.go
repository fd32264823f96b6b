package seal

import (
	"encoding/binary"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// The ring's bytes hold plaintext keys: they exist only inside a cell under the root key, which is why
// encode and decodeRing are not exported. Format: docs/formats/keyring.md.

const (
	ringFormat  = 0x01
	maxPurpose  = 32      // bytes of a purpose's name
	entryFixed  = 29      // number, state, three times
	maxRingSize = 1 << 19 // maxRingKeys of the longest entries
)

// encode returns the bytes of the ring; the same ring gives the same bytes.
func (r *Ring) encode() []byte {
	b := []byte{ringFormat}
	for i := range r.entries {
		e := &r.entries[i]
		b = append(b, byte(len(e.Purpose)))
		b = append(b, e.Purpose...)
		b = binary.BigEndian.AppendUint32(b, e.Number)
		b = append(b, byte(e.State))
		for _, t := range []time.Time{e.Created, e.Retired, e.Destroyed} {
			b = appendTime(b, t)
		}
		if e.State != Destroyed {
			b = append(b, e.key.s().raw[:]...)
		}
	}
	return b
}

// appendTime writes milliseconds since 1970; a time that has not come, the zero time.Time, is one of them too.
func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixMilli())) //nolint:gosec // two's complement, as read back
}

func readTime(b []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC() //nolint:gosec // two's complement, as written
}

// decodeRing reads what encode wrote and checks its laws. Purposes this release does not know are kept,
// for a newer one. The error is Invalid with reason "ring_damaged".
func decodeRing(b []byte) (*Ring, error) {
	damaged := fault.New(fault.Invalid, "ring_damaged", "the keys inside the keyring file are damaged: restore it from a copy")
	if len(b) == 0 || len(b) > maxRingSize || b[0] != ringFormat {
		return nil, damaged
	}
	r := new(Ring)
	for b = b[1:]; len(b) > 0; {
		e, rest, ok := readEntry(b)
		if !ok || len(r.entries) == maxRingKeys || !r.mayFollow(e.Version) {
			return nil, damaged
		}
		r.entries = append(r.entries, e)
		b = rest
	}
	if n := len(r.entries); n == 0 || r.entries[n-1].State != Active {
		return nil, damaged
	}
	return r, nil
}

// mayFollow reports whether v may come after the entries so far: in order, versions of a purpose
// without a gap, and the last of each purpose active and no other.
func (r *Ring) mayFollow(v Version) bool {
	if len(r.entries) == 0 {
		return v.Number == 1
	}
	last := &r.entries[len(r.entries)-1]
	if last.Purpose == v.Purpose {
		return last.State != Active && v.Number == last.Number+1
	}
	return last.State == Active && last.Purpose < v.Purpose && v.Number == 1
}

func readEntry(b []byte) (e entry, rest []byte, ok bool) {
	n := int(b[0])
	if n == 0 || n > maxPurpose || len(b) < 1+n+entryFixed {
		return e, nil, false
	}
	e.Purpose, b = Purpose(b[1:1+n]), b[1+n:]
	e.Number, e.State = binary.BigEndian.Uint32(b), State(b[4])
	e.Created, e.Retired, e.Version.Destroyed = readTime(b[5:]), readTime(b[13:]), readTime(b[21:])
	b = b[entryFixed:]
	switch e.State {
	case Destroyed:
		return e, b, true
	case Active, DecryptOnly:
		if len(b) < KeySize {
			return e, nil, false
		}
		e.key = newKey((*[KeySize]byte)(b))
		return e, b[KeySize:], true
	}
	return e, nil, false
}
