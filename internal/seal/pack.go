package seal

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/wardbook/wardbook/internal/fault"
)

// packFormat is the first byte of a blob.
const packFormat = 0x01

// Pack makes one blob of the personal fields of a row, so that a row costs one decryption and not one
// per field. Equal values give equal bytes: fields are sorted by number. A field without a value is left
// out by the caller; an empty value is kept.
func Pack(values map[uint32][]byte) []byte {
	size := 1
	for _, v := range values {
		size += binary.MaxVarintLen32 + uvarintSize(uint64(len(v))) + len(v)
	}
	blob := append(make([]byte, 0, size), packFormat)
	for _, f := range slices.Sorted(maps.Keys(values)) {
		blob = binary.AppendUvarint(blob, uint64(f))
		blob = binary.AppendUvarint(blob, uint64(len(values[f])))
		blob = append(blob, values[f]...)
	}
	return blob
}

// Unpack reads a blob made by Pack. The values point into the blob. It takes only what Pack makes, and
// its error is Internal with reason "bad_blob". Memory is bounded by the size of the blob.
func Unpack(blob []byte) (map[uint32][]byte, error) {
	fields := 0
	if !eachField(blob, func(uint32, []byte) { fields++ }) {
		return nil, fault.New(fault.Internal, "bad_blob", "the fields of a sealed row are damaged")
	}
	values := make(map[uint32][]byte, fields)
	eachField(blob, func(f uint32, v []byte) { values[f] = v })
	return values, nil
}

// eachField calls do for every field of the blob, in order, and reports whether the blob is well formed.
func eachField(blob []byte, do func(field uint32, value []byte)) bool {
	if len(blob) == 0 || blob[0] != packFormat {
		return false
	}
	last := int64(-1)
	for rest := blob[1:]; len(rest) > 0; {
		field, after, ok := takeUvarint(rest)
		if !ok || field > 1<<32-1 || int64(field) <= last {
			return false
		}
		n, after, ok := takeUvarint(after)
		if !ok || n > uint64(len(after)) {
			return false
		}
		do(uint32(field), after[:n:n])
		last, rest = int64(field), after[n:]
	}
	return true
}
