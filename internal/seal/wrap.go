package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"io"
)

const (
	commitSize  = 8
	commitLabel = "commit"
	wrapAADSize = cellAADSize + commitSize

	// WrappedSize is the size of every wrapped key in bytes.
	WrappedSize = headerSize + commitSize + nonceSize + KeySize + tagSize
)

// Wrap encrypts the key of a person (dek) under a key of the ring (kek). The scope and address are bound
// as in a cell: use the scope that the key will seal, and an address that names its owner.
//
// Beside the ciphertext lies an 8-byte commitment to the wrapped key, HKDF(dek, "commit"), because GCM alone
// would let one who chooses keys make a ciphertext that opens under two of them.
func Wrap(rand io.Reader, kek Key, kekVersion uint32, scope Scope, addr Address, dek Key) []byte {
	s, inner := kek.must(), dek.must()
	if !scope.known() {
		panic("seal: unknown scope")
	}
	out := make([]byte, WrappedSize)
	putHeader(out, formatWrap, scope, kekVersion)
	commit := out[headerSize : headerSize+commitSize]
	copy(commit, inner.commitment())
	nonce := out[headerSize+commitSize : headerSize+commitSize+nonceSize]
	mustRead(rand, nonce)
	w := new(scratch)
	aad := append(appendAAD(w.aad[:0], wrapLabel, out, addr), commit...)
	s.sealTo(w, out[:headerSize+commitSize+nonceSize], nonce, inner.raw[:], aad)
	return out
}

// Unwrap decrypts a wrapped key with the kek of the version that ParseWrapped names. Whatever is wrong,
// the error is the one for which IsUnsealed is true.
func Unwrap(kek Key, scope Scope, addr Address, wrapped []byte) (Key, error) {
	h, err := ParseWrapped(wrapped)
	if err != nil || h.Scope != scope || kek.IsZero() {
		return Key{}, errUnsealed
	}
	commit := wrapped[headerSize : headerSize+commitSize]
	nonce := wrapped[headerSize+commitSize : headerSize+commitSize+nonceSize]
	w := new(scratch)
	aad := append(appendAAD(w.aad[:0], wrapLabel, wrapped, addr), commit...)
	raw, err := kek.s().openTo(w, make([]byte, 0, KeySize), nonce, wrapped[headerSize+commitSize+nonceSize:], aad)
	if err != nil {
		return Key{}, errUnsealed
	}
	dek := newKey((*[KeySize]byte)(raw))
	if subtle.ConstantTimeCompare(commit, dek.s().commitment()) != 1 {
		return Key{}, errUnsealed
	}
	return dek, nil
}

// ParseWrapped reads the scope and kek version of a wrapped key, which only Unwrap proves true. Its
// error is the one for which IsUnsealed is true.
func ParseWrapped(wrapped []byte) (Header, error) {
	if len(wrapped) != WrappedSize {
		return Header{}, errUnsealed
	}
	return parseHeader(wrapped, formatWrap)
}

// commitment returns the first bytes of HKDF-Expand-SHA256(key, "commit"). A key is uniformly random, so
// the extract step is left out (RFC 5869, section 3.3), and the first block of expand is one HMAC of
// info ‖ 0x01.
func (s *secret) commitment() []byte {
	h := hmac.New(sha256.New, s.raw[:])
	h.Write([]byte(commitLabel + "\x01"))
	return h.Sum(nil)[:commitSize]
}
