package transfer

import (
	"bufio"
	"errors"
	"io"
	"os"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

// spool keeps files on disk, sealed in pieces under a key that only this process holds: what a crash
// leaves behind is noise. Each piece is bound to its file and place, and the last one is marked, so
// that a file that was cut or put together otherwise does not open.
type spool struct {
	dir  string
	rand io.Reader
	key  seal.Key
}

const (
	pieceSize = 64 << 10 // bytes of a piece
	lastPiece = 1        // Address.Table of the last piece of a file; the others have 0
)

func (s *spool) path(file id.ID) string {
	return s.dir + string(os.PathSeparator) + file.String() + ".sealed"
}

func pieceAt(file id.ID, n uint32, last bool) seal.Address {
	a := seal.Address{Row: file, Field: n}
	if last {
		a.Table = lastPiece
	}
	return a
}

// write keeps what r holds, at most limit bytes, and returns how many there were.
func (s *spool) write(file id.ID, r io.Reader, limit int64) (size int64, err error) {
	f, err := os.OpenFile(s.path(file), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fault.Wrap(fault.Unavailable, err, "no_room", "the file cannot be kept: the data folder cannot be written to")
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(s.path(file))
		}
	}()
	in := bufio.NewReaderSize(r, pieceSize)
	buf := make([]byte, pieceSize)
	for n := uint32(0); ; n++ {
		got, last, err := fill(in, buf)
		if err != nil {
			return 0, err
		}
		if size += int64(got); size > limit {
			return 0, fault.New(fault.TooLarge, "file_too_large", "the file is larger than %d MB: cut it into parts, or use wardbook import", limit>>20)
		}
		cell := seal.Seal(s.rand, s.key, 1, seal.Chunk, pieceAt(file, n, last), buf[:got])
		if _, err := f.Write(cell); err != nil {
			return 0, fault.Wrap(fault.Unavailable, err, "no_room", "the file cannot be kept: the disk is full or cannot be written to")
		}
		if last {
			return size, nil
		}
	}
}

// source opens a file that was kept.
func (s *spool) source(file id.ID) Source {
	return func() (io.ReadCloser, error) {
		f, err := os.Open(s.path(file))
		if err != nil {
			return nil, fault.Wrap(fault.NotFound, err, "upload_gone", "the file is not there any more: send it again")
		}
		return &sealedReader{spool: s, file: file, f: f, in: bufio.NewReaderSize(f, pieceSize)}, nil
	}
}

func (s *spool) remove(file id.ID) { _ = os.Remove(s.path(file)) }

// sealedReader opens a file piece by piece.
type sealedReader struct {
	spool *spool
	file  id.ID
	f     *os.File
	in    *bufio.Reader
	n     uint32
	piece []byte
	last  bool
}

// Read implements io.Reader.
func (r *sealedReader) Read(p []byte) (int, error) {
	for len(r.piece) == 0 {
		if r.last {
			return 0, io.EOF
		}
		if err := r.open(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	return n, nil
}

func (r *sealedReader) open() error {
	cell := make([]byte, pieceSize+seal.Overhead)
	n, last, err := fill(r.in, cell)
	if err != nil {
		return damagedUpload()
	}
	r.last = last
	if r.piece, err = seal.Open(r.spool.key, seal.Chunk, pieceAt(r.file, r.n, last), cell[:n]); err != nil {
		return damagedUpload()
	}
	r.n++
	return nil
}

// Close implements io.Closer.
func (r *sealedReader) Close() error { return r.f.Close() }

func damagedUpload() error {
	return fault.New(fault.Unavailable, "upload_damaged", "the file that was sent was damaged on this server's disk: send it again")
}
