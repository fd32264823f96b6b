package vault

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/ncruces/go-sqlite3/vfs"
)

// SQLite's write-ahead log is a header of 32 bytes and frames of 24 + 4096 bytes
// (https://sqlite.org/fileformat.html#the_write_ahead_log). On disk a frame keeps its size, because
// the reserved bytes of its page make room; the header grows.
const (
	walHead     = 32
	frameHead   = 24
	frameSize   = frameHead + PageSize
	frameBody   = frameHead + bodySize // what is sealed of a frame
	walHeadSize = 12 + 12 + walHead + 16 + 4
	walShift    = walHeadSize - walHead // from an offset of SQLite's to one on disk
	saltOff     = 16                    // of the salts in the log's header
	saltInFrame = 8                     // of their copy in a frame's header
)

// A key ring that lacks an epoch at most this much younger than the log's header lost it; any other
// unknown epoch in a frame is what a power cut left.
const epochLead = 1 << 16

// walFile is a handle on a write-ahead log.
type walFile struct {
	vfs.File
	crypter
	main *mainFile
	path string

	salts   [8]byte  // of the log's header, as last seen
	epoch   uint32   // of the log's header
	big     bool     // its checksums are of big-endian numbers
	pending int64    // frame whose header was written and whose page was not; 0 for none
	loaded  int64    // frame that plain holds, as read by the operation just before; 0 for none
	wrote   []uint32 // page numbers of the frames that this handle wrote one after another, the last ones
	first   int64    // frame of wrote[0]

	id    fileID // of the sealers
	read  *sealer
	write *sealer
	buf   [frameSize]byte
	plain [frameSize]byte
}

func newWAL(v *VFS, inner vfs.File, main *mainFile, path string) *walFile {
	return &walFile{File: inner, crypter: crypter{v: v}, main: main, path: path}
}

func (w *walFile) fail(frame int64, reason string) error {
	return w.v.fail(Failure{Path: w.path, File: "wal", Number: frame, Reason: reason})
}

// locate splits an offset of SQLite's into the number of a frame, from 1, and the place within it.
// Frame 0 is the header.
func locate(off int64) (frame int64, at int) {
	if off < walHead {
		return 0, int(off)
	}
	off -= walHead
	return off/frameSize + 1, int(off % frameSize)
}

func frameOffset(frame int64) int64 { return walHeadSize + (frame-1)*frameSize }

func (w *walFile) ReadAt(p []byte, off int64) (int, error) {
	if err := w.settled(); err != nil {
		return 0, err
	}
	w.loaded = 0
	frame, at := locate(off)
	if frame == 0 {
		if at+len(p) > walHead {
			return 0, w.fail(frame, Unsupported)
		}
		if err := w.readHead(); err != nil {
			return 0, err
		}
		return copy(p, w.plain[at:walHead]), nil
	}
	if at+len(p) > frameSize {
		return 0, w.fail(frame, Unsupported)
	}
	if len(p) == frameSize {
		return w.recover(p, frame)
	}
	if err := w.load(frame); err != nil {
		return 0, err
	}
	return copy(p, w.plain[at:]), nil
}

// recover reads a whole frame, header and all: SQLite does so when it looks for the end of a log
// that a crash left, and when it computes the checksums of a transaction anew. What does not open is
// handed over as zeros, whose salts never fit, so that the log ends there: a power cut leaves half
// written frames behind the last commit. What no power cut leaves is an error.
func (w *walFile) recover(p []byte, frame int64) (int, error) {
	err := w.readFrame(frame)
	switch {
	case err == nil:
		w.loaded = frame
		return copy(p, w.plain[:]), nil
	case errors.Is(err, errNoKey):
		epoch := binary.BigEndian.Uint32(w.buf[frameSize-4:])
		if epoch > w.epoch && epoch-w.epoch <= epochLead {
			return 0, w.fail(frame, WrongKey)
		}
	case !errors.Is(err, errAuth):
		return 0, err
	}
	zero := allZero(w.buf[:])
	if !w.v.opt.Relaxed && w.damaged(frame) {
		return 0, w.fail(frame, Tampered)
	}
	if !zero {
		w.v.note(Failure{Path: w.path, File: "wal", Number: frame, Reason: Tampered, Ended: true})
	}
	clear(p)
	return len(p), nil
}

// load reads a frame that the log's index says is part of it.
func (w *walFile) load(frame int64) error {
	err := w.readFrame(frame)
	if err != nil && !w.main.onDisk && (errors.Is(err, errAuth) || errors.Is(err, errNoKey)) {
		// The file was made by another connection and its first page is in the log alone: the log's
		// header tells which file it is of.
		if err = w.readHead(); err == nil {
			err = w.readFrame(frame)
		}
	}
	if err == nil && !w.current() {
		// Another connection may have started the log again.
		keep := w.plain
		if err = w.readHead(); err != nil {
			return err
		}
		w.plain = keep
		if !w.current() {
			err = errAuth
		}
	}
	if err != nil && (errors.Is(err, errAuth) || errors.Is(err, errNoKey)) {
		return w.fail(frame, Tampered)
	}
	return err
}

func (w *walFile) current() bool { return [8]byte(w.plain[saltInFrame:][:8]) == w.salts }

// readFrame reads and opens a frame into plain. It returns io.EOF, errAuth, errNoKey, or what the
// file returned.
func (w *walFile) readFrame(frame int64) error {
	n, err := w.File.ReadAt(w.buf[:], frameOffset(frame))
	if n < frameSize {
		if err == nil || errors.Is(err, io.EOF) {
			return io.EOF
		}
		return err
	}
	s, err := w.reader(binary.BigEndian.Uint32(w.buf[frameSize-4:]))
	if err != nil {
		return err
	}
	if err := w.open(w.plain[:0], w.buf[:frameSize-4], s, kindFrame, w.id, uint64(frame)); err != nil {
		return err
	}
	clear(w.plain[frameBody:])
	return nil
}

// readHead reads and opens the log's header into plain. A header that was never written, or only in
// length, reads as an empty log. One that does not open is an error and not the end of the log: it
// lies within one sector, so no power cut tears it, and SQLite would delete the log with all its
// commits.
func (w *walFile) readHead() error {
	b := w.buf[:walHeadSize]
	n, err := w.File.ReadAt(b, 0)
	if n < walHeadSize {
		if err == nil || errors.Is(err, io.EOF) {
			return io.EOF
		}
		return err
	}
	clear(w.plain[:walHead])
	if allZero(b) {
		return nil
	}
	if !w.main.belongs(fileID(b[:12])) {
		return w.fail(0, Foreign)
	}
	w.epoch = binary.BigEndian.Uint32(b[walHeadSize-4:])
	s, err := w.reader(w.epoch)
	if err == nil {
		err = w.open(w.plain[:0], b[12:walHeadSize-4], s, kindWALHead, w.id, 0)
	}
	if err != nil {
		if !w.main.verified && !w.main.firstOpens() {
			return w.fail(0, WrongKey)
		}
		return w.fail(0, Tampered)
	}
	copy(w.salts[:], w.plain[saltOff:])
	w.big = w.plain[3]&bigEndian != 0
	return nil
}

// settled makes sure that no frame was left half written: SQLite writes a new frame's header and
// then its page.
func (w *walFile) settled() error {
	if w.pending == 0 {
		return nil
	}
	frame := w.pending
	w.pending = 0
	return w.fail(frame, Unsupported)
}

func (w *walFile) WriteAt(p []byte, off int64) (int, error) {
	frame, at := locate(off)
	loaded := w.loaded
	w.loaded = 0
	var err error
	switch {
	case frame == 0 && at == 0 && len(p) == walHead:
		err = w.writeHead(p)
	case frame != 0 && at == 0 && len(p) == frameHead:
		// A header on its own follows a read of the same frame; else the page comes next.
		if err = w.settled(); err != nil {
			break
		}
		w.setHead(p)
		if loaded == frame {
			err = w.writeFrame(frame)
		} else {
			w.pending = frame
			w.remember(frame)
		}
	case frame != 0 && at == frameHead && len(p) == PageSize:
		err = w.writePage(p, frame)
	default:
		err = w.fail(frame, Unsupported)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// setHead puts the header of a frame into plain. While a transaction rewrites its own frames, SQLite
// leaves salts and checksum zero and fills them in before it commits. We put the salts in at once,
// so that every frame tells which log it is of; the checksum alone keeps it from being believed.
func (w *walFile) setHead(p []byte) {
	copy(w.plain[:], p)
	salts := w.plain[saltInFrame:][:len(w.salts)]
	if allZero(p[saltInFrame:]) {
		copy(salts, w.salts[:])
	} else {
		copy(w.salts[:], salts)
	}
}

// writePage writes the page of a frame: of a new one together with its header, else into the place
// of an earlier version from the same transaction.
func (w *walFile) writePage(p []byte, frame int64) error {
	if !allZero(p[bodySize:]) || w.plainFirst(p) {
		return w.fail(frame, Unsupported)
	}
	if w.pending != frame {
		if err := w.settled(); err != nil {
			return err
		}
		if err := w.reuse(frame); err != nil {
			return err
		}
	}
	w.pending = 0
	copy(w.plain[frameHead:], p)
	return w.writeFrame(frame)
}

// reuse puts the header of a frame that is on disk into plain. SQLite writes a frame twice only
// within one transaction, so it is one of our own, of no commit: its page number tells all. Reading
// and opening it for 24 bytes cost an import that spills 5 % of its time.
func (w *walFile) reuse(frame int64) error {
	i := frame - w.first
	if i < 0 || i >= int64(len(w.wrote)) {
		return w.load(frame)
	}
	clear(w.plain[:frameHead])
	binary.BigEndian.PutUint32(w.plain[:], w.wrote[i])
	copy(w.plain[saltInFrame:], w.salts[:])
	return nil
}

// remember notes the page number of a new frame.
func (w *walFile) remember(frame int64) {
	if frame != w.first+int64(len(w.wrote)) {
		w.first, w.wrote = frame, w.wrote[:0]
	}
	w.wrote = append(w.wrote, binary.BigEndian.Uint32(w.plain[:]))
}

// plainFirst reports whether p is a page 1 that the format cannot hold.
func (w *walFile) plainFirst(p []byte) bool {
	return string(p[:len(magic)]) == magic && binary.BigEndian.Uint32(w.plain[:]) == 1 && !writable(p, true)
}

func (w *walFile) writeFrame(frame int64) error {
	s, err := w.writer()
	if err != nil {
		return err
	}
	if err := w.seal(w.buf[:0], w.plain[:frameBody], s, kindFrame, w.id, uint64(frame)); err != nil {
		return w.fail(frame, reasonOf(err))
	}
	binary.BigEndian.PutUint32(w.buf[frameSize-4:], s.epoch)
	_, err = w.File.WriteAt(w.buf[:], frameOffset(frame))
	if w.main.wrote != nil && err == nil {
		w.main.wrote()
	}
	return full(err)
}

func (w *walFile) writeHead(p []byte) error {
	if err := w.settled(); err != nil {
		return err
	}
	s, err := w.writer()
	if err != nil {
		return err
	}
	b := w.buf[:walHeadSize]
	copy(b, w.id[:])
	copy(w.plain[:], p)
	if err := w.seal(b[12:12], w.plain[:walHead], s, kindWALHead, w.id, 0); err != nil {
		return w.fail(0, reasonOf(err))
	}
	binary.BigEndian.PutUint32(b[walHeadSize-4:], s.epoch)
	w.epoch = s.epoch
	copy(w.salts[:], p[saltOff:])
	_, err = w.File.WriteAt(b, 0)
	return full(err)
}

func (w *walFile) reader(epoch uint32) (*sealer, error) {
	w.useID(w.main.id)
	if w.read == nil || w.read.epoch != epoch {
		s, err := w.v.sealer(w.id, roleWAL, epoch)
		if err != nil {
			return nil, err
		}
		w.read = s
	}
	return w.read, nil
}

func (w *walFile) writer() (*sealer, error) {
	if err := w.main.needID(); err != nil {
		return nil, err
	}
	w.useID(w.main.id)
	epoch := w.v.keys.Current()
	if w.write == nil || w.write.epoch != epoch {
		s, err := w.v.sealer(w.id, roleWAL, epoch)
		if err != nil {
			return nil, w.fail(0, reasonOf(err))
		}
		w.write = s
	}
	return w.write, nil
}

func (w *walFile) useID(id fileID) {
	if w.id != id {
		w.id, w.read, w.write = id, nil, nil
	}
}

func (w *walFile) Size() (int64, error) {
	n, err := w.File.Size()
	if err != nil || n < walHeadSize {
		return 0, err
	}
	return n - walShift, nil
}

func (w *walFile) Truncate(size int64) error {
	if err := w.settled(); err != nil {
		return err
	}
	w.loaded = 0
	if size > 0 {
		size = max(size+walShift, walHeadSize)
	}
	return w.File.Truncate(size)
}

func (w *walFile) Sync(flags vfs.SyncFlag) error {
	if err := w.settled(); err != nil {
		return err
	}
	return w.File.Sync(flags)
}

func (w *walFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return w.File.DeviceCharacteristics() & vfs.IOCAP_UNDELETABLE_WHEN_OPEN
}

// Unwrap implements [vfs.FileUnwrap].
func (w *walFile) Unwrap() vfs.File { return w.File }
