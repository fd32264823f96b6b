package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"sync/atomic"
)

// Keys is where a VFS gets the keys of its epochs. An epoch is a number from 1 that only grows; what
// is written carries the epoch of its key, so old pages stay readable while new ones use a new key.
// The methods are called from many goroutines and often: Current for each page written.
type Keys interface {
	// Current returns the epoch that new writes use.
	Current() uint32
	// Key returns the 32-byte key of an epoch, or false when there is none (any more).
	Key(epoch uint32) (key [32]byte, ok bool)
}

// Static returns Keys that hold one key, as epoch 1.
func Static(key [32]byte) Keys { return KeyRing(1, map[uint32][32]byte{1: key}) }

// KeyRing returns Keys that hold a copy of keys and write with the one of epoch current.
func KeyRing(current uint32, keys map[uint32][32]byte) Keys {
	return &fixed{current, maps.Clone(keys)}
}

type fixed struct {
	current uint32
	keys    map[uint32][32]byte
}

func (f *fixed) Current() uint32 { return f.current }

func (f *fixed) Key(epoch uint32) ([32]byte, bool) {
	k, ok := f.keys[epoch]
	return k, ok
}

// A fileID is the random identity of a database file. It stands in clear where SQLite's magic string
// would, and every key and every message of the file is bound to it.
type fileID [12]byte

func (id fileID) zero() bool { return id == fileID{} }

// The roles of keys: each has its own key, so that a page can never pass for a frame.
const (
	rolePage    = "page"
	roleWAL     = "wal"
	roleJournal = "journal"
	roleCheck   = "check"
)

const label = "wardbook-vault/1/"

type sealerID struct {
	id    fileID
	role  string
	epoch uint32
}

// A sealer is the cipher of one file, role and epoch. It is shared by all connections.
type sealer struct {
	aead   cipher.AEAD
	epoch  uint32
	check  [4]byte // of page sealers: tells a wrong key from a changed page
	sealed atomic.Uint64
}

var (
	errNoKey = errors.New("no key for the epoch")
	errSpent = errors.New("too many messages under one key")
	errAuth  = errors.New("authentication failed")
)

// More sealers than this are dropped and derived again: a process opens few databases.
const maxSealers = 1024

// sealer returns the cipher of a file's role and epoch, or errNoKey.
func (v *VFS) sealer(id fileID, role string, epoch uint32) (*sealer, error) {
	key := sealerID{id, role, epoch}
	v.mu.Lock()
	s := v.sealers[key]
	v.mu.Unlock()
	if s != nil {
		return s, nil
	}
	master, ok := v.keys.Key(epoch)
	if !ok || epoch == 0 {
		return nil, errNoKey
	}
	s = &sealer{aead: newAEAD(derive(master, id[:], role, 32)), epoch: epoch}
	copy(s.check[:], derive(master, id[:], roleCheck, len(s.check)))

	v.mu.Lock()
	defer v.mu.Unlock()
	if other := v.sealers[key]; other != nil {
		return other, nil
	}
	if len(v.sealers) >= maxSealers {
		clear(v.sealers)
	}
	v.sealers[key] = s
	return s, nil
}

// derive is HKDF-SHA256 (RFC 5869) of a master key for one file and role.
func derive(master [32]byte, salt []byte, info string, size int) []byte {
	out, err := hkdf.Key(sha256.New, master[:], salt, label+info, size)
	if err != nil {
		panic("vault: " + err.Error()) // only sizes over 8160 fail
	}
	return out
}

// newAEAD returns AES-256-GCM that draws its own nonces: no code of ours can repeat one. Sealing
// gives nonce(12) ‖ ciphertext ‖ tag(16).
func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("vault: " + err.Error()) // the size is ours
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("vault: " + err.Error())
	}
	return aead
}

// Usage is how much one process has sealed under one epoch.
type Usage struct {
	Epoch uint32
	// Messages is the greatest number of messages sealed under any one file key of the epoch since
	// Register. SP 800-38D allows 2^32 over the life of a key: add the numbers up across restarts,
	// and start a new epoch well before.
	Messages uint64
}

// Usage returns the use of the epochs since Register, in no particular order.
func (v *VFS) Usage() []Usage {
	most := map[uint32]uint64{}
	v.mu.Lock()
	for id, s := range v.sealers {
		most[id.epoch] = max(most[id.epoch], s.sealed.Load())
	}
	v.mu.Unlock()
	var out []Usage
	for e, n := range most {
		out = append(out, Usage{e, n})
	}
	return out
}

// The kinds of messages, as the additional data names them.
const (
	kindPage    = "page"
	kindWALHead = "walh"
	kindFrame   = "walf"
	kindBlock   = "jrnl"
)

const aadSize = 28

// A crypter seals and opens the messages of one handle. The additional data of a message is
// kind(4) ‖ file identity(12) ‖ position(8) ‖ epoch(4), numbers big-endian.
type crypter struct {
	v   *VFS
	aad [aadSize]byte
}

func (c *crypter) address(kind string, id fileID, pos uint64, epoch uint32) []byte {
	copy(c.aad[:4], kind)
	copy(c.aad[4:16], id[:])
	binary.BigEndian.PutUint64(c.aad[16:], pos)
	binary.BigEndian.PutUint32(c.aad[24:], epoch)
	return c.aad[:]
}

// seal appends the sealed message to dst, whose room must not overlap plain.
func (c *crypter) seal(dst, plain []byte, s *sealer, kind string, id fileID, pos uint64) error {
	if s.sealed.Add(1) > c.v.opt.Budget {
		return errSpent
	}
	s.aead.Seal(dst, nil, plain, c.address(kind, id, pos, s.epoch))
	return nil
}

// open appends the plain text to dst, whose room must not overlap sealed.
func (c *crypter) open(dst, sealed []byte, s *sealer, kind string, id fileID, pos uint64) error {
	if _, err := s.aead.Open(dst, nil, sealed, c.address(kind, id, pos, s.epoch)); err != nil {
		return errAuth
	}
	return nil
}
