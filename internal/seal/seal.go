// Package seal turns customer data into ciphertext and back.
//
// It is pure: no files, no clock, no database. Randomness comes in as an io.Reader (crypto/rand.Reader
// in the product), times come in as arguments, and what goes out is bytes for others to store.
//
// The levels, from the machine's owner down to one value:
//
//	Lock    the keyring file: slots (key file, passphrase) that each wrap the root key
//	Ring    versioned keys by purpose, sealed under the root key inside the Lock
//	Wrap    the key of one person, wrapped under a kek.* key of the Ring, kept in keys.db
//	Seal    one cell (a value, or a row's personal fields made into one blob by Pack), under that person's key
//	Index   truncated keyed tokens, to find equal values without opening every row
//
// A cell is bound to its place: organisation, table, row, field, person, scope and key version are
// authenticated, so that a cell copied elsewhere does not open. Erasing a person is destroying the
// person's wrapped key; then no copy of any cell, in any backup, can be opened again.
//
// The cipher is XAES-256-GCM (C2SP, https://c2sp.org/XAES-256-GCM): AES-256-GCM of the standard library
// behind a standard key derivation, with nonces long enough to be drawn at random for ever. Byte
// formats and test vectors: docs/formats/sealed-cell.md and docs/formats/keyring.md.
//
// Two conventions. Failing randomness is a broken machine and panics, as does sealing under the zero
// Key. And whatever does not open answers one and the same error (IsUnsealed): which check failed is
// nobody's business.
package seal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"

	"github.com/wardbook/wardbook/internal/fault"
)

// KeySize is the size of every key in bytes.
const KeySize = 32

// reasonUnsealed is the stable word of errUnsealed.
const reasonUnsealed = "unsealed"

// errUnsealed is the only answer to everything that does not open.
var errUnsealed = fault.New(fault.Internal, reasonUnsealed, "a sealed value could not be opened")

// IsUnsealed reports whether err says that something sealed did not open: wrong key, wrong place, or
// damaged. The caller raises a security event and never tries another key.
func IsUnsealed(err error) bool { return err != nil && fault.Reason(err) == reasonUnsealed }

// Key is a 256-bit secret. It prints as "seal.Key(redacted)" whatever the verb, refuses to be encoded as
// text or JSON, and is safe for concurrent use. The zero Key is no key: sealing with it panics, opening
// with it fails.
type Key struct {
	// A function, because fmt follows a pointer in an unexported field, without asking Format, when a
	// struct that holds a Key is printed with a verb that does not fit. No reflection looks into this.
	s func() *secret
}

// NewKey draws a key from rand.
func NewKey(rand io.Reader) Key {
	var b [KeySize]byte
	mustRead(rand, b[:])
	return newKey(&b)
}

// KeyFromBytes makes a key from 32 secret, uniformly random bytes, which it copies. Its error is
// Invalid with reason "key_size".
func KeyFromBytes(b []byte) (Key, error) {
	if len(b) != KeySize {
		return Key{}, fault.New(fault.Invalid, "key_size", "a key has %d bytes, not %d", KeySize, len(b))
	}
	return newKey((*[KeySize]byte)(b)), nil
}

func newKey(b *[KeySize]byte) Key {
	s := &secret{raw: *b}
	return Key{func() *secret { return s }}
}

// IsZero reports whether k is no key.
func (k Key) IsZero() bool { return k.s == nil }

// Equal reports, in constant time, whether both are the same key.
func (k Key) Equal(other Key) bool {
	if k.s == nil || other.s == nil {
		return k.s == nil && other.s == nil
	}
	return subtle.ConstantTimeCompare(k.s().raw[:], other.s().raw[:]) == 1
}

// Derive returns size (at most 8160) bytes of HKDF-SHA256 (RFC 5869) of the key without salt, with
// label as info. It is how a package that needs raw key bytes gets them: each label, such as
// "vault/page/1", gives independent bytes, and the key itself stays here.
func (k Key) Derive(label string, size int) []byte {
	out, err := hkdf.Key(sha256.New, k.must().raw[:], nil, label, size)
	if err != nil {
		panic("seal: " + err.Error()) // only for more than 255 blocks
	}
	return out
}

// DeriveKey returns a key derived as by Derive.
func (k Key) DeriveKey(label string) Key {
	return newKey((*[KeySize]byte)(k.Derive(label, KeySize)))
}

// MAC returns HMAC-SHA256 (RFC 2104) of msg. Messages of different kinds need different keys: use
// DeriveKey first. Compare with hmac.Equal.
func (k Key) MAC(msg []byte) [32]byte {
	h := hmac.New(sha256.New, k.must().raw[:])
	h.Write(msg)
	var out [32]byte
	h.Sum(out[:0])
	return out
}

// Ed25519 returns the signing key (RFC 8032) whose seed is this key, for the purpose audit.sign.
func (k Key) Ed25519() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.must().raw[:]) }

const redacted = "seal.Key(redacted)"

// String returns "seal.Key(redacted)".
func (k Key) String() string { return redacted }

// GoString returns "seal.Key(redacted)".
func (k Key) GoString() string { return redacted }

// Format prints "seal.Key(redacted)" for every verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "seal.Key(redacted)".
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText always fails, and with it every text and JSON encoding of a key.
func (k Key) MarshalText() ([]byte, error) {
	return nil, fault.New(fault.Internal, "key_encoded", "a key cannot be encoded")
}

// must returns the secret, or panics for the zero Key: going on would mean storing plaintext.
func (k Key) must() *secret {
	if k.s == nil {
		panic("seal: use of the zero Key")
	}
	return k.s()
}

// mustRead fills b from rand, or panics: crypto/rand never fails on a working machine, and a
// predictable key or nonce is worse than a crash.
func mustRead(rand io.Reader, b []byte) {
	if _, err := io.ReadFull(rand, b); err != nil {
		panic("seal: no randomness: " + err.Error())
	}
}
