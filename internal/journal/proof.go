package journal

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
)

// tileHeight is the number of tree levels in a tile, and tileWidth the hashes along its lower edge
// (C2SP tlog-tiles).
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// maxProof is more hashes than any proof in a log of MaxSize entries has.
const maxProof = 100

// Hashes lets tlog read any hash of the tree from what a log stores: its leaf hashes and, of the
// hashes above, only the subtrees that Frontier.Append returned. What lies between is computed again
// from at most 256 hashes. A proof costs at most three calls for each eight levels of the tree: in a
// log of a million entries, at most nine calls of 256 hashes each.
//
// The zero value of a function field panics; both must be set. Hashes has no state of its own.
type Hashes struct {
	// Size is the number of entries in the tree that is read.
	Size uint64
	// Leaves returns the leaf hashes of the entries from ≤ seq < to, at most 256 of them, in order.
	Leaves func(from, to uint64) ([]tlog.Hash, error)
	// Subtrees returns the hashes of the subtrees from ≤ n < to of a level, at most 256 of them, in
	// order. The level is 8, 16, …
	Subtrees func(level int, from, to uint64) ([]tlog.Hash, error)
}

// tileKey names the tile whose lower edge is at a level of the tree.
type tileKey struct {
	level int
	n     uint64
}

// ReadHashes implements tlog.HashReader. Errors are those of the two functions, or of kind Internal
// when they return too few hashes or the tree has no such hash.
func (h Hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	tiles := map[tileKey][]tlog.Hash{}
	out := make([]tlog.Hash, 0, len(indexes))
	for _, x := range indexes {
		if x < 0 {
			return nil, fault.New(fault.Internal, "journal_tree", "journal tree: no hash %d", x)
		}
		level, m := tlog.SplitStoredHashIndex(x)
		n := uint64(m)                                       //nolint:gosec // never negative
		if level >= 48 || n >= h.Size>>level || n >= 1<<48 { // the subtree must be complete
			return nil, fault.New(fault.Internal, "journal_tree", "journal tree: no complete subtree %d at level %d", n, level)
		}
		base := level - level%tileHeight
		first := n << (level - base)
		key := tileKey{base, first / tileWidth}
		tile, ok := tiles[key]
		if !ok {
			var err error
			if tile, err = h.readTile(key); err != nil {
				return nil, err
			}
			tiles[key] = tile
		}
		from := first % tileWidth
		out = append(out, foldHashes(tile[from:from+1<<(level-base)]))
	}
	return out, nil
}

// readTile reads as much of a tile's lower edge as the tree has.
func (h Hashes) readTile(k tileKey) ([]tlog.Hash, error) {
	from := k.n * tileWidth
	to := min(from+tileWidth, h.Size>>k.level)
	var got []tlog.Hash
	var err error
	if k.level == 0 {
		got, err = h.Leaves(from, to)
	} else {
		got, err = h.Subtrees(k.level, from, to)
	}
	if err != nil {
		return nil, err
	}
	if uint64(len(got)) != to-from {
		return nil, fault.New(fault.Internal, "journal_tree", "journal tree: %d hashes stored at level %d from %d on, want %d", len(got), k.level, from, to-from)
	}
	return got, nil
}

// foldHashes returns the root of a complete tree over the hashes, whose number is a power of two.
func foldHashes(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(foldHashes(hashes[:half]), foldHashes(hashes[half:]))
}

// InclusionProof returns the proof (RFC 6962, section 2.1.1) that the tree of the given size holds
// the entry seq. Errors are those of r, or Invalid when there is no such entry.
func InclusionProof(r tlog.HashReader, size, seq uint64) (tlog.RecordProof, error) {
	if size > MaxSize || seq >= size {
		return nil, fault.New(fault.Invalid, "journal_proof", "journal proof: no entry %d in a log of %d", seq, size)
	}
	return tlog.ProveRecord(int64(size), int64(seq), r) //nolint:gosec // bounded by MaxSize
}

// VerifyInclusion checks that the tree of this size and root holds the leaf hash at seq. A nil error
// means that it is proven; otherwise the error has kind Invalid.
func VerifyInclusion(p tlog.RecordProof, size uint64, root tlog.Hash, seq uint64, leaf tlog.Hash) error {
	if size > MaxSize || seq >= size || len(p) > maxProof {
		return fault.New(fault.Invalid, "journal_proof", "journal proof: no entry %d in a log of %d, or the proof is too long", seq, size)
	}
	if err := tlog.CheckRecord(p, int64(size), root, int64(seq), leaf); err != nil { //nolint:gosec // bounded by MaxSize
		return fault.Wrap(fault.Invalid, err, "journal_proof", "journal proof: entry %d is not proven", seq)
	}
	return nil
}

// ConsistencyProof returns the proof (RFC 6962, section 2.1.2) that the tree of size oldSize is the
// beginning of the tree of size newSize. The empty tree begins every tree, and its proof is empty.
// Errors are those of r, or Invalid when the sizes are the wrong way round.
func ConsistencyProof(r tlog.HashReader, oldSize, newSize uint64) (tlog.TreeProof, error) {
	if newSize > MaxSize || oldSize > newSize {
		return nil, fault.New(fault.Invalid, "journal_proof", "journal proof: %d entries cannot grow into %d", oldSize, newSize)
	}
	if oldSize == 0 {
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(int64(newSize), int64(oldSize), r) //nolint:gosec // bounded by MaxSize
}

// VerifyConsistency checks that the log with the old size and root has only grown into the one with
// the new size and root. A nil error means that it is proven; otherwise the error has kind Invalid.
func VerifyConsistency(p tlog.TreeProof, oldSize uint64, oldRoot tlog.Hash, newSize uint64, newRoot tlog.Hash) error {
	bad := fault.New(fault.Invalid, "journal_proof", "journal proof: the log of %d entries is not proven to begin the log of %d", oldSize, newSize)
	if newSize > MaxSize || oldSize > newSize || len(p) > maxProof {
		return bad
	}
	if oldSize == 0 {
		empty := tlog.Hash(sha256.Sum256(nil))
		if len(p) != 0 || oldRoot != empty || newSize == 0 && newRoot != empty {
			return bad
		}
		return nil
	}
	if err := tlog.CheckTree(p, int64(newSize), newRoot, int64(oldSize), oldRoot); err != nil { //nolint:gosec // bounded by MaxSize
		bad.Cause = err
		return bad
	}
	return nil
}
