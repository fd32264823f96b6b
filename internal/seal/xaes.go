package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// XAES-256-GCM, https://c2sp.org/XAES-256-GCM: a key and the first half of a 24-byte nonce give, by the
// counter KDF of NIST SP 800-108r1 over AES-CMAC, the key of one AES-256-GCM message whose nonce is
// the second half.

const (
	nonceSize = 24
	tagSize   = 16
)

// secret is what a Key holds: the bytes alone. What XAES computes of them is twelve times as large and
// takes less time than opening a cell, and the keys of very many persons are held at a time.
type secret struct {
	raw [KeySize]byte
}

// block returns the key's AES, and the CMAC subkey K1 of SP 800-38B, section 6.1.
func (s *secret) block() (cipher.Block, [aes.BlockSize]byte) {
	block, err := aes.NewCipher(s.raw[:])
	if err != nil {
		panic("seal: " + err.Error()) // 32 bytes are a valid AES key
	}
	return block, cmacSubkey(block)
}

// scratch holds what must live on the heap during one operation, because it passes through the
// interfaces of crypto/cipher; one allocation instead of five.
type scratch struct {
	in  [aes.BlockSize]byte
	sub [KeySize]byte
	aad [wrapAADSize]byte // the longest additional data of our formats
}

// cmacSubkey returns K1: the encryption of the zero block, doubled in GF(2^128).
func cmacSubkey(block cipher.Block) [aes.BlockSize]byte {
	var l [aes.BlockSize]byte
	block.Encrypt(l[:], l[:])
	hi, lo := binary.BigEndian.Uint64(l[:8]), binary.BigEndian.Uint64(l[8:])
	carry := hi >> 63
	binary.BigEndian.PutUint64(l[:8], hi<<1|lo>>63)
	binary.BigEndian.PutUint64(l[8:], lo<<1^carry*0x87)
	return l
}

// aead returns the AES-256-GCM of the message with this nonce, to be used with nonce[12:].
func (s *secret) aead(w *scratch, nonce []byte) cipher.AEAD {
	block, k1 := s.block()
	for i := range 2 {
		copy(w.in[:], []byte{0, byte(i + 1), 'X', 0})
		copy(w.in[4:], nonce[:12])
		for j := range w.in {
			w.in[j] ^= k1[j]
		}
		block.Encrypt(w.sub[i*aes.BlockSize:], w.in[:])
	}
	return newGCM(w.sub[:])
}

// newGCM returns AES-GCM with a 96-bit nonce and a 128-bit tag (NIST SP 800-38D).
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: " + err.Error()) // 32 bytes are a valid AES key
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: " + err.Error()) // AES has the block size that GCM wants
	}
	return gcm
}

// sealTo appends the ciphertext and tag of plaintext to dst. The plaintext may lie just where the
// ciphertext goes.
func (s *secret) sealTo(w *scratch, dst, nonce, plaintext, aad []byte) []byte {
	return s.aead(w, nonce).Seal(dst, nonce[12:], plaintext, aad)
}

// openTo appends the plaintext to dst, or fails.
func (s *secret) openTo(w *scratch, dst, nonce, ciphertext, aad []byte) ([]byte, error) {
	return s.aead(w, nonce).Open(dst, nonce[12:], ciphertext, aad)
}
