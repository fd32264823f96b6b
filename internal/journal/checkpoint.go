package journal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Origin returns the name of an organisation's log. It is the first line of its checkpoints and the
// name of its signing keys, as C2SP tlog-checkpoint recommends, so that a checkpoint of one
// organisation can never pass for another's.
func Origin(org id.ID) string { return "wardbook/" + org.String() }

// Signer signs checkpoints with an Ed25519 key (C2SP signed-note, signature type 0x01). It is a
// note.Signer, is safe for concurrent use, and prints as its public key.
type Signer struct {
	name string
	hash uint32
	vkey string
	key  ed25519.PrivateKey
}

// NewSigner returns the signer with the given name, which must be the log's Origin, and the 32-byte
// Ed25519 seed (RFC 8032). Errors have kind Invalid and do not show the seed.
func NewSigner(name string, seed []byte) (*Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fault.New(fault.Invalid, "journal_key", "journal key: seed of %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	key := ed25519.NewKeyFromSeed(seed)
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fault.New(fault.Internal, "journal_key", "journal key: not an Ed25519 key")
	}
	vkey, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "journal_key", "journal key: cannot be written as a verifier key")
	}
	v, err := note.NewVerifier(vkey) // refuses a bad name and knows the key's hash
	if err != nil || len(name) > MaxString {
		return nil, fault.Wrap(fault.Invalid, err, "journal_key", "journal key: the name must be 1 to %d bytes with no space and no plus sign", MaxString)
	}
	return &Signer{name: name, hash: v.KeyHash(), vkey: vkey, key: key}, nil
}

// Name returns the name of the key: the log's origin.
func (s *Signer) Name() string { return s.name }

// KeyHash returns the four bytes that tell keys of one name apart.
func (s *Signer) KeyHash() uint32 { return s.hash }

// Sign returns the Ed25519 signature of msg.
func (s *Signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// VerifierKey returns the public key in the form "name+hash+key" that note.NewVerifier and the tools
// of other logs read. It is no secret.
func (s *Signer) VerifierKey() string { return s.vkey }

// String returns the verifier key, so that a signer in a log line shows no secret.
func (s *Signer) String() string { return s.vkey }

// GoString returns the verifier key, for %#v.
func (s *Signer) GoString() string { return s.vkey }

// NewVerifiers returns the trusted set of the given verifier keys, at most MaxKeys. While a signing
// key is being replaced, give both. A key named twice counts once. Errors have kind Invalid.
func NewVerifiers(vkeys ...string) (note.Verifiers, error) {
	if len(vkeys) > MaxKeys {
		return nil, fault.New(fault.TooLarge, "journal_key", "journal key: %d verifier keys, at most %d", len(vkeys), MaxKeys)
	}
	seen := make(map[string]bool, len(vkeys))
	list := make([]note.Verifier, 0, len(vkeys))
	for i, k := range vkeys {
		k = strings.TrimSpace(k)
		if seen[k] {
			continue
		}
		seen[k] = true
		v, err := note.NewVerifier(k)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "journal_key", "journal key: verifier key %d is not of the form name+hash+key", i+1)
		}
		list = append(list, v)
	}
	return note.VerifierList(list...), nil
}

// Checkpoint is what a signed note says about a log: at this size its root was this.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   tlog.Hash
	Keys   []string // the keys whose signatures were verified, each as "name+hash"
}

// SignCheckpoint returns the signed note (C2SP tlog-checkpoint) that a log had this root at this
// size. The origin is the first signer's name; while a key is being replaced both keys sign.
//
// There is no line with the time. C2SP advises against extension lines, and the ML-DSA cosignature
// of C2SP tlog-cosignature does not cover them; when the newest entry was made is inside the tree,
// and when a checkpoint was seen is the witness's to say.
func SignCheckpoint(size uint64, root tlog.Hash, signers ...note.Signer) ([]byte, error) {
	if len(signers) == 0 || size > MaxSize {
		return nil, fault.New(fault.Invalid, "journal_checkpoint", "journal checkpoint: needs a signer and at most %d entries", uint64(MaxSize))
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", signers[0].Name(), size, root)
	msg, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "journal_checkpoint", "journal checkpoint: the signing key could not sign")
	}
	return msg, nil
}

// OpenCheckpoint verifies a signed note and reads it. At least one signature must be by a trusted
// key whose name is the note's origin, so that a witness's signature alone is not enough, and no
// signature by a trusted key may be wrong. Extension lines are allowed, signed and not read.
// Errors have kind Invalid; their reason is "journal_checkpoint" for a note that is malformed and
// "journal_signature" for one that no trusted key signed.
func OpenCheckpoint(msg []byte, trusted note.Verifiers) (Checkpoint, error) {
	if len(msg) > MaxNote {
		return Checkpoint{}, fault.New(fault.Invalid, "journal_checkpoint", "journal checkpoint: longer than %d bytes", MaxNote)
	}
	n, err := note.Open(msg, trusted)
	if err != nil {
		if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
			return Checkpoint{}, fault.Wrap(fault.Invalid, err, "journal_signature", "journal checkpoint: not signed by a trusted key")
		}
		if _, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
			return Checkpoint{}, fault.Wrap(fault.Invalid, err, "journal_signature", "journal checkpoint: the signature is wrong")
		}
		return Checkpoint{}, fault.Wrap(fault.Invalid, err, "journal_checkpoint", "journal checkpoint: not a signed note")
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	own := false
	for _, s := range n.Sigs {
		// note.Open ignores the spare bits of the last base64 digit. Here one signature has one form.
		if raw, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil || len(raw) == 0 {
			return Checkpoint{}, fault.New(fault.Invalid, "journal_checkpoint", "journal checkpoint: a signature is not in canonical base64")
		}
		own = own || s.Name == c.Origin
		c.Keys = append(c.Keys, fmt.Sprintf("%s+%08x", s.Name, s.Hash))
	}
	if !own {
		return Checkpoint{}, fault.New(fault.Invalid, "journal_signature", "journal checkpoint: not signed by a trusted key of its own log")
	}
	return c, nil
}

// parseCheckpoint reads the note's text: origin, size, root, then lines that are not empty.
func parseCheckpoint(text string) (Checkpoint, error) {
	bad := func(what string) (Checkpoint, error) {
		return Checkpoint{}, fault.New(fault.Invalid, "journal_checkpoint", "journal checkpoint: %s", what)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return bad("fewer than three lines")
	}
	for _, l := range lines {
		if l == "" {
			return bad("an empty line")
		}
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || size > MaxSize || lines[1] != strconv.FormatUint(size, 10) {
		return bad("the size is not a number in its shortest form, or too great")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize || lines[2] != base64.StdEncoding.EncodeToString(root) {
		return bad("the root is not a hash in base64")
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}, nil
}
