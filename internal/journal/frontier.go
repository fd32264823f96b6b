package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
)

// Leaf returns the leaf hash of the entry with sequence number seq (the first is 0) and this body:
// SHA-256(0x00 ‖ seq as 8 bytes, big-endian ‖ body), which is RFC 6962's hash of seq ‖ body. The
// number is inside, so that two rows cannot change places.
func Leaf(seq uint64, body []byte) tlog.Hash {
	var buf [1024]byte // on the stack; longer bodies are rare
	b := binary.BigEndian.AppendUint64(buf[:1], seq)
	return sha256.Sum256(append(b, body...))
}

// Subtree is a complete subtree of 2^Level leaves: those from N·2^Level on.
type Subtree struct {
	Level int
	N     uint64
	Hash  tlog.Hash
}

// Frontier is the right edge of the tree: the roots of the largest complete subtrees that together
// hold every entry, one for each bit set in the size ("compact range" in the literature). It is all
// that appending needs, at most 48 hashes. The zero Frontier is the empty log.
//
// It is not safe for concurrent use; the sequencer holds the head row while it appends.
type Frontier struct {
	size  uint64
	nodes []tlog.Hash // from the left, largest subtree first
}

// Size returns the number of entries.
func (f *Frontier) Size() uint64 { return f.size }

// Append adds the next leaf hash. It returns the subtrees of 256, 65,536, … leaves that this leaf
// completes, lowest first and mostly none: the caller stores them, and Hashes reads them later. A
// tree keeps one such hash per 255 leaves.
func (f *Frontier) Append(leaf tlog.Hash) (done []Subtree) {
	n, level := f.size, 0
	f.size++
	// Every trailing one of the old size is a subtree that is complete and waits for its sibling.
	for ; n&1 == 1; n >>= 1 {
		last := len(f.nodes) - 1
		leaf = tlog.NodeHash(f.nodes[last], leaf)
		f.nodes = f.nodes[:last]
		if level++; level%tileHeight == 0 {
			done = append(done, Subtree{Level: level, N: n >> 1, Hash: leaf})
		}
	}
	f.nodes = append(f.nodes, leaf)
	return done
}

// Root returns the root hash, MTH of RFC 6962, section 2.1; of the empty log the SHA-256 of nothing.
func (f *Frontier) Root() tlog.Hash {
	if len(f.nodes) == 0 {
		return sha256.Sum256(nil)
	}
	h := f.nodes[len(f.nodes)-1]
	for _, left := range slices.Backward(f.nodes[:len(f.nodes)-1]) {
		h = tlog.NodeHash(left, h)
	}
	return h
}

// Clone returns a copy that shares nothing with f.
func (f *Frontier) Clone() *Frontier {
	return &Frontier{size: f.size, nodes: slices.Clone(f.nodes)}
}

// frontierVersion is the first byte of a stored frontier.
const frontierVersion = 1

// Marshal returns the stored form: a version byte, the size as 8 bytes, big-endian, and the hashes
// from the largest subtree to the smallest. At most 1,545 bytes.
func (f *Frontier) Marshal() []byte {
	b := make([]byte, 0, 9+tlog.HashSize*len(f.nodes))
	b = append(b, frontierVersion)
	b = binary.BigEndian.AppendUint64(b, f.size)
	for i := range f.nodes {
		b = append(b, f.nodes[i][:]...)
	}
	return b
}

// UnmarshalFrontier reads the stored form. It takes only what Marshal gives, for at most MaxSize
// entries; anything else is an error of kind Invalid.
func UnmarshalFrontier(b []byte) (*Frontier, error) {
	if len(b) < 9 || b[0] != frontierVersion {
		return nil, fault.New(fault.Invalid, "journal_frontier", "journal frontier: not version %d", frontierVersion)
	}
	f := &Frontier{size: binary.BigEndian.Uint64(b[1:9])}
	if f.size > MaxSize {
		return nil, fault.New(fault.Invalid, "journal_frontier", "journal frontier: more than %d entries", uint64(MaxSize))
	}
	b = b[9:]
	n := bits.OnesCount64(f.size)
	if len(b) != n*tlog.HashSize {
		return nil, fault.New(fault.Invalid, "journal_frontier", "journal frontier: %d bytes of hashes, want %d", len(b), n*tlog.HashSize)
	}
	for ; n > 0; n-- {
		f.nodes = append(f.nodes, tlog.Hash(b[:tlog.HashSize]))
		b = b[tlog.HashSize:]
	}
	return f, nil
}
