// Package journal is the append-only, tamper-evident record of who did what.
//
// It is the arithmetic of the journal and nothing else: bytes in, bytes out. It holds no database,
// no clock and no randomness, so that the store, the sequencer, the offline verifier and the
// exporter all use one code and none of them can be told a different truth.
//
// The pieces, from the bottom:
//
//   - An Entry says one thing that happened. AppendBody gives its one and only encoding, and
//     DecodeBody takes back that encoding and no other. What is personal is not in it: old and new
//     values, addresses and user agents lie beside it, sealed, and the entry names the SHA-256 of
//     that ciphertext. Destroying the key therefore erases the past without breaking a proof.
//   - Leaf hashes a sequence number and a body into a leaf of a Merkle tree (RFC 6962, section 2.1).
//     A Frontier is the right edge of that tree: enough to append and to know the root.
//   - A checkpoint is the root and the size, signed (C2SP tlog-checkpoint). Whoever keeps one can
//     later prove that nothing before it was altered, and notice when the tail was cut off.
//   - Hashes, InclusionProof and ConsistencyProof prove one entry, or that the log only grew.
//   - Verifier reads a whole log in order, in bounded memory, and names the first bad entry.
//   - Writer puts a log into a folder in the C2SP tlog-tiles layout, which VerifyExport and programs
//     that are not ours can check with no database and no secret.
//
// docs/formats/journal.md gives the bytes, so that somebody else can write a verifier.
//
// The tree and the proofs are those of golang.org/x/mod/sumdb/tlog, the notes those of
// golang.org/x/mod/sumdb/note: the code that has guarded Go's module checksums since 2019.
package journal

// Limits that hold for everything this package writes and reads.
const (
	// MaxString is the greatest length of a string in an entry, in bytes.
	MaxString = 255
	// MaxBody is the greatest length of an entry's encoding in any version of the format, in bytes.
	MaxBody = 4 << 10
	// MaxSealed is the greatest length of one entry's sealed part, in bytes.
	MaxSealed = 16 << 20
	// MaxSize is the greatest number of entries in a log: a million a second for nine years. It keeps
	// the arithmetic of tlog, which counts hashes in an int64, far from its edge.
	MaxSize = 1 << 48
	// MaxNote is the greatest length of a signed checkpoint in bytes: room for the 16 signatures that
	// C2SP signed-note demands, post-quantum ones too.
	MaxNote = 128 << 10
	// MaxKeys is the greatest number of verifier keys trusted at once.
	MaxKeys = 64
)
