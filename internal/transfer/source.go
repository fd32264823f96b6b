package transfer

import (
	"bytes"
	"errors"
	"io"

	"github.com/wardbook/wardbook/internal/fault"
)

// Source opens a file at its beginning, as often as it is asked. A file is gone through several
// times: to find out how it is written, to prepare, and to import it. So it need not fit into memory.
type Source func() (io.ReadCloser, error)

// Bytes is a file in memory.
func Bytes(b []byte) Source {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

const (
	blockSize = 1 << 20
	// maxHeld is how large a file may be that comes once only, such as standard input, in bytes.
	maxHeld = 256 << 20
)

// Hold keeps a file in memory that can be read only once.
func Hold(r io.Reader) (Source, error) {
	var blocks [][]byte
	for size := 0; ; {
		block := make([]byte, blockSize)
		n, last, err := fill(r, block)
		if size += n; size > maxHeld {
			return nil, fault.New(fault.TooLarge, "file_too_large", "what comes through standard input may have %d MB at most: name the file instead", maxHeld>>20)
		}
		blocks = append(blocks, block[:n])
		switch {
		case err != nil:
			return nil, unreadable(err)
		case last:
			return func() (io.ReadCloser, error) { return io.NopCloser(&blockReader{list: blocks}), nil }, nil
		}
	}
}

// fill reads until the buffer is full or the end is there. io.ReadFull will not do: it answers the end
// with an error that a connection which broke off has too.
func fill(r io.Reader, buf []byte) (n int, last bool, err error) {
	for n < len(buf) {
		m, err := r.Read(buf[n:])
		n += m
		switch {
		case err == io.EOF: //nolint:errorlint // an error that wraps the end is none
			return n, true, nil
		case err != nil:
			return n, false, err
		}
	}
	return n, false, nil
}

// blockReader reads blocks one after another.
type blockReader struct {
	list [][]byte
	at   int
}

// Read implements io.Reader.
func (b *blockReader) Read(p []byte) (int, error) {
	for len(b.list) > 0 && b.at == len(b.list[0]) {
		b.list, b.at = b.list[1:], 0
	}
	if len(b.list) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.list[0][b.at:])
	b.at += n
	return n, nil
}

func unreadable(err error) error {
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(fault.Unavailable, err, "unreadable", "the file cannot be read: try again")
}

// counted refuses a file that is larger than limit bytes while it is read.
type counted struct {
	r    io.Reader
	left int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, fault.New(fault.TooLarge, "file_too_large", "the file is larger than %d MB: cut it into parts", MaxFile>>20)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = unreadable(err)
	}
	return n, err
}

// openAt opens a source past its first bytes.
func (s Source) openAt(skip int64) (io.ReadCloser, error) {
	f, err := s()
	if err != nil {
		return nil, unreadable(err)
	}
	if _, err := io.CopyN(io.Discard, f, skip); err != nil && !errors.Is(err, io.EOF) {
		_ = f.Close()
		return nil, unreadable(err)
	}
	return f, nil
}
