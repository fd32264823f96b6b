package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/bits"
	"sync"
)

// MaxBits is the longest token of a blind index. Longer ones would tell more than a lookup gains.
const MaxBits = 32

// Index makes the tokens of one blind index: a truncated keyed hash by which equal values of a sealed field
// find each other without being opened. A token names a bucket of several values on purpose: look up by token,
// open the candidates, compare them. What still shows in a stolen table is how full the buckets are, so fields of
// few values (yes or no, country, stage) get no index.
//
// It is safe for concurrent use.
type Index struct {
	bits uint8
	macs sync.Pool // of hash.Hash, keyed
}

// NewIndex returns an index of the field of a table. Its key is HKDF-SHA256(root, "bi/1" ‖ table ‖ field ‖ index),
// where root is the ring's idx.root and index tells several indexes of one field apart (another normaliser,
// another length). The tokens have bits bits, 1 to MaxBits; see Bits.
func NewIndex(root Key, table, field, index uint32, bits uint8) *Index {
	if bits < 1 || bits > MaxBits {
		panic("seal: an index has 1 to 32 bits")
	}
	info := []byte("bi/1")
	for _, n := range []uint32{table, field, index} {
		info = binary.BigEndian.AppendUint32(info, n)
	}
	key := root.Derive(string(info), KeySize)
	x := &Index{bits: bits}
	x.macs.New = func() any { return hmac.New(sha256.New, key) }
	return x
}

// Token returns the first bits of HMAC-SHA256 of a normalised value, as a number of 0 to 2^bits-1 that
// every database stores as an INTEGER. An empty value needs no token: store NULL.
func (x *Index) Token(normalised string) int64 {
	h := x.macs.Get().(hash.Hash)
	h.Reset()
	h.Write([]byte(normalised))
	var sum [sha256.Size]byte
	token := binary.BigEndian.Uint64(h.Sum(sum[:0])) >> (64 - x.bits)
	x.macs.Put(h)
	return int64(token) //nolint:gosec // at most 32 bits
}

// Bits returns the token length for an index that will hold so many rows: about 8 to 16 rows share a token,
// and always at least 2 and fewer than √rows, the safe range of CipherSweet's planner and of the AWS Database
// Encryption SDK. A million rows give 16 bits. Below 16 rows no length is safe. Choose for the number of rows
// to come: another length means another index number and filling it again.
func Bits(rows uint64) uint8 {
	log := bits.Len64(max(rows, 1)) - 1
	return uint8(min(MaxBits, max(log-3, log/2+1))) //nolint:gosec // 1 to 32
}
