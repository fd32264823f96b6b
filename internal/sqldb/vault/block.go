package vault

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"

	"github.com/ncruces/go-sqlite3/vfs"
)

// Journals and temporary files are written in pieces of any size, so they are cut into blocks, each
// sealed by itself and filled up with zeros. A journal's blocks are one sector of 512 bytes: SQLite
// starts each part of a journal that it has synced on a sector of its own, so that what it writes
// later cannot, by a power cut, harm what it relies on. Blocks of that size keep the promise, since
// a block that was left partly filled is not written again when a later one is.
const (
	journalBlock = 512
	tempBlock    = PageSize
	journalHead  = 16 + 12 + 4 // identity of the journal, of its database, epoch
	fillSize     = 2           // at the end of a block: how much of it was filled
	blockExtra   = overhead + fillSize
	batch        = 16 // blocks that are written at once
)

// blockFile is a handle on a journal or a temporary file.
type blockFile struct {
	vfs.File
	crypter
	main    *mainFile // of a rollback journal
	path    string
	journal bool
	block   int
	head    int64

	db    fileID
	s     *sealer // nil while a journal has no head
	known bool    // size and s are those of the file
	locks uint64  // of main, when they were
	size  int64   // as SQLite sees it

	at   int64  // block that data holds, -1 for none
	data []byte // zeros after fill; with room for the fill
	fill int    // bytes of the block that were written, or are left out and zero
	buf  []byte // sealed blocks on their way to the disk
	one  []byte // a sealed block from the disk
}

func newBlocks(v *VFS, inner vfs.File, block int) *blockFile {
	return &blockFile{
		File: inner, crypter: crypter{v: v}, block: block, at: -1,
		data: make([]byte, block+fillSize), buf: make([]byte, 0, batch*(block+blockExtra)), one: make([]byte, block+blockExtra),
	}
}

// newTemp wraps a file that dies with its connection. Its key is random and nowhere else.
func newTemp(v *VFS, inner vfs.File) (*blockFile, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	b := newBlocks(v, inner, tempBlock)
	b.s, b.known = &sealer{aead: newAEAD(key)}, true
	return b, nil
}

// newJournal wraps a rollback journal of main, or a super-journal, which has no database of its own.
func newJournal(v *VFS, inner vfs.File, main *mainFile, path string) *blockFile {
	b := newBlocks(v, inner, journalBlock)
	b.journal, b.head, b.main, b.path = true, journalHead, main, path
	return b
}

func (b *blockFile) failure(block int64, reason string) Failure {
	f := Failure{Path: b.path, File: "temporary", Number: block, Reason: reason}
	if b.journal {
		f.File = "journal"
	}
	return f
}

func (b *blockFile) offset(block int64) int64 { return b.head + block*int64(b.block+blockExtra) }

// refresh learns size and key from the file, where another connection may have changed them.
func (b *blockFile) refresh() error {
	if !b.journal || b.known && (b.main == nil || b.locks == b.main.locks) {
		return nil
	}
	b.known, b.s, b.size, b.at = false, nil, 0, -1
	n, err := b.File.Size()
	if err != nil {
		return err
	}
	if n > b.head {
		if err := b.readHead(); err != nil {
			return err
		}
	}
	if b.s != nil {
		if err := b.measure((n - b.head) / int64(b.block+blockExtra)); err != nil {
			return err
		}
	}
	b.settle()
	return nil
}

// measure learns the size from the last of so many blocks. One that does not open counts as full.
func (b *blockFile) measure(blocks int64) error {
	b.size = blocks * int64(b.block)
	if blocks == 0 {
		return nil
	}
	if err := b.load(blocks - 1); err != nil {
		return err
	}
	b.size -= int64(b.block - b.fill)
	return nil
}

func (b *blockFile) settle() {
	b.known = true
	if b.main != nil {
		b.locks = b.main.locks
	}
}

// readHead derives the key of a journal. A head of zeros, as a power cut may leave it, is that of an
// empty journal, and so is the one of another database's.
func (b *blockFile) readHead() error {
	var head [journalHead]byte
	if n, err := b.File.ReadAt(head[:], 0); n < len(head) {
		return err
	}
	if allZero(head[:]) {
		return nil
	}
	db, epoch := fileID(head[16:28]), binary.BigEndian.Uint32(head[28:])
	if b.main != nil && !b.main.belongs(db) {
		b.v.note(b.failure(0, Foreign))
		return nil
	}
	s, err := b.v.journalSealer(head[:16], db, epoch)
	if err != nil {
		return b.v.fail(b.failure(0, WrongKey))
	}
	b.s, b.db = s, db
	return nil
}

// journalSealer derives the cipher of one journal. It is not kept: the next journal has another.
func (v *VFS) journalSealer(id []byte, db fileID, epoch uint32) (*sealer, error) {
	master, ok := v.keys.Key(epoch)
	if !ok || epoch == 0 {
		return nil, errNoKey
	}
	return &sealer{aead: newAEAD(derive(master, id, roleJournal+string(db[:]), 32)), epoch: epoch}, nil
}

// start gives an empty journal a head.
func (b *blockFile) start() error {
	var head [journalHead]byte
	if _, err := rand.Read(head[:16]); err != nil {
		return err
	}
	if b.main != nil {
		if err := b.main.needID(); err != nil {
			return err
		}
		b.db = b.main.id
	}
	copy(head[16:], b.db[:])
	epoch := b.v.keys.Current()
	binary.BigEndian.PutUint32(head[28:], epoch)
	s, err := b.v.journalSealer(head[:16], b.db, epoch)
	if err != nil {
		return b.v.fail(b.failure(0, reasonOf(err)))
	}
	if err := b.File.Truncate(0); err != nil {
		return err
	}
	if _, err := b.File.WriteAt(head[:], 0); err != nil {
		return full(err)
	}
	b.s, b.size, b.at = s, 0, -1
	return nil
}

// load makes data hold a block. One of a rollback journal that does not open is taken for zeros,
// which SQLite takes for the end of the journal: what it had not synced, a power cut may have torn.
// That it names a database tells a rollback journal, which SQLite opens as a super-journal when it
// looks for the name of one.
func (b *blockFile) load(block int64) error {
	if b.at == block {
		return nil
	}
	b.at = -1
	err := b.read(block)
	if errors.Is(err, errAuth) {
		f := b.failure(block, Tampered)
		f.Ended = !b.db.zero()
		if !f.Ended {
			return b.v.fail(f)
		}
		b.v.note(f)
		clear(b.data)
		b.fill = b.block
		err = nil
	}
	if err == nil {
		b.at = block
	}
	return err
}

// length returns how many bytes of a block SQLite sees: all but of the last one.
func (b *blockFile) length(block int64) int {
	return int(min(b.size-block*int64(b.block), int64(b.block)))
}

// read reads and opens a block.
func (b *blockFile) read(block int64) error {
	n, err := b.File.ReadAt(b.one, b.offset(block))
	if n < len(b.one) {
		if err == nil || errors.Is(err, io.EOF) {
			return errAuth
		}
		return err
	}
	if err := b.open(b.data[:0], b.one, b.s, kindBlock, b.db, uint64(block)); err != nil {
		return err
	}
	b.fill = int(binary.BigEndian.Uint16(b.data[b.block:]))
	if b.fill > b.block {
		return errAuth
	}
	return nil
}

// sealTo appends the block that data holds to dst, sealed.
func (b *blockFile) sealTo(dst []byte, block int64) ([]byte, error) {
	binary.BigEndian.PutUint16(b.data[b.block:], uint16(b.fill))
	if err := b.seal(dst[len(dst):], b.data, b.s, kindBlock, b.db, uint64(block)); err != nil {
		return nil, b.v.fail(b.failure(block, reasonOf(err)))
	}
	return dst[:len(dst)+len(b.one)], nil
}

func (b *blockFile) ReadAt(p []byte, off int64) (n int, err error) {
	if err := b.refresh(); err != nil {
		return 0, err
	}
	for n < len(p) && off < b.size {
		block, at := off/int64(b.block), int(off%int64(b.block))
		if err := b.load(block); err != nil {
			return n, err
		}
		k := copy(p[n:], b.data[at:b.length(block)])
		n += k
		off += int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (b *blockFile) WriteAt(p []byte, off int64) (int, error) {
	if err := b.refresh(); err != nil {
		return 0, err
	}
	if b.s == nil {
		if err := b.start(); err != nil {
			return 0, err
		}
	}
	if end := off - off%int64(b.block); end > b.size && end-b.size < int64(b.block) {
		b.size = end // what is left out of the last block reads as zeros from now on
	}
	err := b.pad(off)
	if err == nil {
		err = b.put(p, off)
	}
	if err != nil {
		b.at, b.known = -1, !b.journal // neither size nor content is sure
		return 0, err
	}
	return len(p), nil
}

// pad writes zeros up to off.
func (b *blockFile) pad(off int64) error {
	var zeros [PageSize]byte
	for b.size < off {
		if err := b.put(zeros[:min(off-b.size, PageSize)], b.size); err != nil {
			return err
		}
	}
	return nil
}

// put writes p at off, which is at most the size, a batch of blocks at a time.
func (b *blockFile) put(p []byte, off int64) error {
	for len(p) > 0 {
		first := off / int64(b.block)
		buf := b.buf[:0]
		end := off
		for block := first; block < first+batch && len(p) > 0; block++ {
			n, err := b.merge(p, end, block)
			if err != nil {
				return err
			}
			if buf, err = b.sealTo(buf, block); err != nil {
				return err
			}
			p = p[n:]
			end += int64(n)
		}
		if _, err := b.File.WriteAt(buf, b.offset(first)); err != nil {
			return full(err)
		}
		b.size = max(b.size, end)
		off = end
	}
	return nil
}

// merge makes data the new content of a block, of which p at off is a part, and returns how much of
// p it took.
func (b *blockFile) merge(p []byte, off, block int64) (int, error) {
	at := int(off - block*int64(b.block))
	n := min(len(p), b.block-at)
	if at > 0 || n < b.length(block) {
		if err := b.load(block); err != nil {
			return 0, err
		}
	} else {
		clear(b.data)
		b.fill = 0
	}
	copy(b.data[at:], p[:n])
	b.at, b.fill = block, max(b.fill, at+n)
	return n, nil
}

func (b *blockFile) Truncate(size int64) error {
	if err := b.refresh(); err != nil {
		return err
	}
	switch {
	case size >= b.size:
		if size == b.size {
			return nil
		}
		if b.s == nil {
			if err := b.start(); err != nil {
				return err
			}
		}
		return b.pad(size)
	case size == 0:
		b.size, b.at = 0, -1
		if b.journal {
			b.s = nil
		}
		return b.File.Truncate(0)
	}
	return b.cut(size)
}

// cut shortens the file to a size within it, where the last block is sealed again.
func (b *blockFile) cut(size int64) error {
	block := (size - 1) / int64(b.block)
	if err := b.load(block); err != nil {
		return err
	}
	b.at = -1
	if rest := int(size - block*int64(b.block)); rest != b.fill {
		clear(b.data[rest:])
		b.fill = rest
		buf, err := b.sealTo(b.buf[:0], block)
		if err != nil {
			return err
		}
		if _, err := b.File.WriteAt(buf, b.offset(block)); err != nil {
			return full(err)
		}
	}
	b.size = size
	return b.File.Truncate(b.offset(block + 1))
}

func (b *blockFile) Size() (int64, error) {
	err := b.refresh()
	return b.size, err
}

func (b *blockFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return b.File.DeviceCharacteristics() & vfs.IOCAP_UNDELETABLE_WHEN_OPEN
}

// Unwrap implements [vfs.FileUnwrap].
func (b *blockFile) Unwrap() vfs.File { return b.File }
