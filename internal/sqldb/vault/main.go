package vault

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// The format knows one page size. Each page ends with 32 bytes that SQLite does not use.
const (
	PageSize = 4096 // bytes of a page
	reserved = 32   // nonce, tag and epoch
	bodySize = PageSize - reserved
	epochOff = PageSize - 4
	overhead = 12 + 16 // nonce and tag
	idSize   = 16      // file identity(12) and key check(4), in place of the magic string
)

const magic = "SQLite format 3\x00"

// The fields of SQLite's database header (https://sqlite.org/fileformat.html#the_database_header)
// that the format fixes.
const (
	headerSize     = 100
	headPageSize   = 16
	headReserved   = 20
	headAutoVacuum = 52
)

// probe is what SQLite sees when it opens a file and reads the first 100 bytes, without a lock: the
// page size, the reserved bytes and the lack of auto-vacuum, which are the same in every file of
// this format, also in an empty one. The true header is read later with page 1.
func probe(p []byte) {
	clear(p)
	copy(p, magic)
	binary.BigEndian.PutUint16(p[headPageSize:], PageSize)
	p[headReserved] = reserved
}

// mainFile is a handle on a database file. One connection owns it, so it needs no lock.
type mainFile struct {
	vfs.File
	crypter
	path string

	id       fileID
	onDisk   bool   // id was read from the file or written to it
	verified bool   // something opened under id
	locks    uint64 // counts changes of the lock: what other connections may have changed since
	wrote    func() // hears of each page written to the file or its log; may be nil
	size     int64  // a lower bound of the file's size that holds until the next lock; 0 says nothing

	write *sealer // of the current epoch
	read  *sealer // the one used last
	buf   [PageSize]byte
	plain [PageSize]byte
}

func newMain(v *VFS, inner vfs.File, path string) (*mainFile, error) {
	if inner.DeviceCharacteristics()&vfs.IOCAP_POWERSAFE_OVERWRITE == 0 {
		// Without it SQLite splits log frames at sector boundaries, which sealed frames cannot be.
		return nil, vfs.SystemError(errors.New("vault: the file system must be power-safe on overwrite"), sqlite3.CANTOPEN)
	}
	return &mainFile{File: inner, crypter: crypter{v: v}, path: path}, nil
}

func (m *mainFile) fail(page int64, reason string) error {
	return m.v.fail(Failure{Path: m.path, File: "database", Number: page, Reason: reason})
}

func (m *mainFile) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 && len(p) == headerSize {
		probe(p)
		return len(p), nil
	}
	page, at := off/PageSize+1, int(off%PageSize)
	if at == 0 && len(p) == PageSize {
		return m.readPage(p, page)
	}
	if at+len(p) > PageSize {
		return 0, m.fail(page, Unsupported)
	}
	// SQLite looks at the change counter alone to see whether its cache is good.
	if n, err := m.readPage(m.plain[:], page); err != nil {
		return min(n, len(p)), err
	}
	return copy(p, m.plain[at:]), nil
}

func (m *mainFile) readPage(p []byte, page int64) (int, error) {
	key, ticket := pageKey{m.id, page}, uint64(0)
	if page > 1 && m.onDisk { // page 1 says whose pages the others are
		var found bool
		if found, ticket = m.v.pages.get(key, p); found {
			return PageSize, nil
		}
	}
	n, err := m.File.ReadAt(m.buf[:], (page-1)*PageSize)
	if n < PageSize {
		if err == nil || errors.Is(err, io.EOF) {
			if n == 0 {
				return 0, io.EOF
			}
			if page == 1 && bytes.HasPrefix(m.buf[:n], []byte(magic)) {
				return 0, m.fail(page, NotEncrypted) // with smaller pages than ours
			}
			return 0, m.fail(page, Truncated)
		}
		return 0, err
	}
	if err := m.loadID(page == 1); err != nil {
		return 0, err
	}
	err = m.openPage(p, m.buf[:], page)
	if err != nil && m.reloadID() {
		err = m.openPage(p, m.buf[:], page)
	}
	if err != nil {
		return 0, m.fail(page, m.reason(err, page))
	}
	m.verified = true
	if page > 1 && key.file == m.id {
		m.v.pages.put(key, p, ticket)
	}
	return PageSize, nil
}

// openPage opens a sealed page into p.
func (m *mainFile) openPage(p, sealed []byte, page int64) error {
	epoch := binary.BigEndian.Uint32(sealed[epochOff:])
	if m.read == nil || m.read.epoch != epoch {
		s, err := m.v.sealer(m.id, rolePage, epoch)
		if err != nil {
			return err
		}
		m.read = s
	}
	at := 0
	if page == 1 {
		if [4]byte(sealed[12:idSize]) != m.read.check {
			return errNoKey
		}
		at = copy(p, magic)
	}
	if err := m.open(p[at:at], sealed[at:epochOff], m.read, kindPage, m.id, uint64(page)); err != nil {
		return err
	}
	clear(p[bodySize:PageSize])
	return nil
}

// reason tells why a page did not open. On page 1 a wrong key is the likely cause, further on it
// cannot be when something else has opened.
func (m *mainFile) reason(err error, page int64) string {
	if page == 1 && string(m.buf[:idSize]) == magic {
		return NotEncrypted
	}
	r := reasonOf(err)
	if r == WrongKey && m.verified {
		return Tampered // an epoch that never was, or a changed key check
	}
	return r
}

func (m *mainFile) WriteAt(p []byte, off int64) (int, error) {
	page := off/PageSize + 1
	if off%PageSize != 0 || len(p) != PageSize {
		return 0, m.fail(page, Unsupported)
	}
	if err := m.fill(off); err != nil {
		return 0, err
	}
	if err := m.writePage(p, page); err != nil {
		return 0, err
	}
	m.size = max(m.size, off+PageSize)
	return len(p), nil
}

func (m *mainFile) writePage(p []byte, page int64) error {
	if !writable(p, page == 1) {
		return m.fail(page, Unsupported)
	}
	if err := m.needID(); err != nil {
		return err
	}
	if err := m.sealPage(m.buf[:], p, page); err != nil {
		return m.fail(page, reasonOf(err))
	}
	m.v.pages.drop(pageKey{m.id, page})
	_, err := m.File.WriteAt(m.buf[:], (page-1)*PageSize)
	m.v.pages.drop(pageKey{m.id, page})
	if err != nil {
		return full(err)
	}
	if page == 1 {
		m.onDisk, m.verified = true, true
	}
	if m.wrote != nil {
		m.wrote()
	}
	return nil
}

// sealPage seals the page p into dst. They must not overlap.
func (m *mainFile) sealPage(dst, p []byte, page int64) error {
	epoch := m.v.keys.Current()
	if m.write == nil || m.write.epoch != epoch {
		s, err := m.v.sealer(m.id, rolePage, epoch)
		if err != nil {
			return err
		}
		m.write = s
	}
	at := 0
	if page == 1 {
		copy(dst, m.id[:])
		copy(dst[12:], m.write.check[:])
		at = idSize
	}
	if err := m.seal(dst[at:at], p[at:bodySize], m.write, kindPage, m.id, uint64(page)); err != nil {
		return err
	}
	binary.BigEndian.PutUint32(dst[epochOff:], epoch)
	return nil
}

// writable reports whether the format can hold a page. A database without our reserved bytes, such
// as one copied in from elsewhere with the backup API, would lose the end of every page.
func writable(p []byte, first bool) bool {
	if !allZero(p[bodySize:]) {
		return false
	}
	return !first || string(p[:len(magic)]) == magic &&
		binary.BigEndian.Uint16(p[headPageSize:]) == PageSize && p[headReserved] == reserved &&
		binary.BigEndian.Uint32(p[headAutoVacuum:]) == 0
}

func allZero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

// fill writes sealed pages of zeros between the end of the file and off. SQLite leaves out pages
// that a transaction both allocated and freed, and the page at 1 GiB that carries its locks. A hole
// of raw zeros could not be told from a page that somebody wiped.
func (m *mainFile) fill(off int64) error {
	if off <= m.size {
		return nil
	}
	size, err := m.File.Size()
	if err != nil {
		return err
	}
	clear(m.plain[:])
	for at := max(size/PageSize, 1) * PageSize; at < off; at += PageSize {
		if err := m.writePage(m.plain[:], at/PageSize+1); err != nil {
			return err
		}
	}
	m.size = max(off, size)
	return nil
}

// loadID learns the identity of the file: from page 1 in buf, or from the disk when it is not known.
func (m *mainFile) loadID(inBuf bool) error {
	if inBuf {
		m.setID(fileID(m.buf[:12]))
		return nil
	}
	if m.onDisk {
		return nil
	}
	var head [idSize]byte
	n, err := m.File.ReadAt(head[:], 0)
	if n < idSize {
		if err == nil || errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	m.setID(fileID(head[:12]))
	return nil
}

func (m *mainFile) setID(id fileID) {
	if id.zero() || id == m.id && m.onDisk {
		return
	}
	if id != m.id {
		m.id, m.read, m.write, m.verified = id, nil, nil, false
	}
	m.onDisk = true
}

// reloadID reads the identity again and reports whether it changed: another connection emptied the
// file and made it anew.
func (m *mainFile) reloadID() bool {
	old := m.id
	m.onDisk = false
	return m.loadID(false) == nil && m.id != old
}

// needID makes an identity for a new file. It reaches the disk with page 1.
func (m *mainFile) needID() error {
	if err := m.loadID(false); err != nil {
		return err
	}
	for m.id.zero() {
		if _, err := rand.Read(m.id[:]); err != nil {
			return err
		}
	}
	return nil
}

// belongs reports whether a log or journal that names the database id is this one's. When page 1
// does not open, because a power cut tore it, the log that will mend it is believed.
func (m *mainFile) belongs(id fileID) bool {
	if err := m.loadID(false); err != nil {
		return false
	}
	if m.id == id {
		return true
	}
	if m.verified || m.firstOpens() {
		return false
	}
	m.id, m.read, m.write, m.onDisk = id, nil, nil, true
	return true
}

// firstOpens reports whether page 1 on the disk opens under our keys.
func (m *mainFile) firstOpens() bool {
	if n, _ := m.File.ReadAt(m.buf[:], 0); n < PageSize {
		return false
	}
	m.verified = m.openPage(m.plain[:], m.buf[:], 1) == nil
	return m.verified
}

func (m *mainFile) Truncate(size int64) error {
	if size%PageSize != 0 {
		return m.fail(size/PageSize+1, Unsupported)
	}
	m.size = 0
	if err := m.fill(size); err != nil {
		return err
	}
	m.size = 0
	m.v.pages.clear()
	defer m.v.pages.clear()
	return m.File.Truncate(size)
}

func (m *mainFile) Lock(lock vfs.LockLevel) error {
	m.locks++
	m.size = 0
	return m.File.Lock(lock)
}

// Pragma refuses the settings that the format cannot hold.
func (m *mainFile) Pragma(name, value string) (string, error) {
	n, err := strconv.Atoi(value)
	switch {
	case name == "page_size" && value != "" && n != PageSize:
		return "", fmt.Errorf("vault: the page size is always %d", PageSize)
	case name == "auto_vacuum" && value != "" && (err != nil || n != 0) && !bytes.EqualFold([]byte(value), []byte("none")):
		return "", errors.New("vault: auto_vacuum is not supported; use VACUUM")
	}
	return vfsutil.WrapPragma(m.File, name, value)
}

// DeviceCharacteristics passes on what holds for whole pages. SUBPAGE_READ does not.
func (m *mainFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return m.File.DeviceCharacteristics() & (vfs.IOCAP_ATOMIC | vfs.IOCAP_ATOMIC4K | vfs.IOCAP_SEQUENTIAL |
		vfs.IOCAP_POWERSAFE_OVERWRITE | vfs.IOCAP_IMMUTABLE | vfs.IOCAP_UNDELETABLE_WHEN_OPEN)
}

// The rest is passed on. Size hints are not: the size says which pages were written.

func (m *mainFile) Unwrap() vfs.File                { return m.File }
func (m *mainFile) SharedMemory() vfs.SharedMemory  { return vfsutil.WrapSharedMemory(m.File) }
func (m *mainFile) LockState() vfs.LockLevel        { return vfsutil.WrapLockState(m.File) }
func (m *mainFile) PersistWAL() bool                { return vfsutil.WrapPersistWAL(m.File) }
func (m *mainFile) SetPersistWAL(keep bool)         { vfsutil.WrapSetPersistWAL(m.File, keep) }
func (m *mainFile) HasMoved() (bool, error)         { return vfsutil.WrapHasMoved(m.File) }
func (m *mainFile) Overwrite() error                { return vfsutil.WrapOverwrite(m.File) }
func (m *mainFile) SyncSuper(super string) error    { return vfsutil.WrapSyncSuper(m.File, super) }
func (m *mainFile) CommitPhaseTwo() error           { return vfsutil.WrapCommitPhaseTwo(m.File) }
func (m *mainFile) CheckpointDone()                 { vfsutil.WrapCheckpointDone(m.File) }
func (m *mainFile) BusyHandler(handler func() bool) { vfsutil.WrapBusyHandler(m.File, handler) }
func (m *mainFile) CheckpointStart() {
	m.size = 0 // another connection may have truncated the file
	vfsutil.WrapCheckpointStart(m.File)
}
