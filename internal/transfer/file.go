package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/wardbook/wardbook/internal/fault"
)

// blocks is a file in memory, in pieces that are let go when they were read: what is made of it grows
// while it shrinks.
type blocks struct{ list [][]byte }

const blockSize = 1 << 20

// readBlocks reads a file of at most MaxFile bytes.
func readBlocks(r io.Reader) (*blocks, error) {
	b := &blocks{}
	for size := 0; ; {
		block := make([]byte, blockSize)
		n, err := io.ReadFull(r, block)
		if size += n; size > MaxFile {
			return nil, fault.New(fault.TooLarge, "file_too_large", "the file is larger than %d MB: cut it into parts", MaxFile>>20)
		}
		b.list = append(b.list, block[:n])
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return b, nil
		default:
			return nil, fault.Wrap(fault.Unavailable, err, "unreadable", "the file cannot be read")
		}
	}
}

// Read implements io.Reader.
func (b *blocks) Read(p []byte) (int, error) {
	for len(b.list) > 0 && len(b.list[0]) == 0 {
		b.list[0], b.list = nil, b.list[1:]
	}
	if len(b.list) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.list[0])
	b.list[0] = b.list[0][n:]
	return n, nil
}

// text finds out how the file is written and returns it as UTF-8. A character that is none is an
// error of the reader.
func (b *blocks) text() (*bufio.Reader, error) {
	head := b.list[0]
	var decoder transform.Transformer
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		decoder = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
	case b.isUTF8():
		b.list[0] = bytes.TrimPrefix(head, []byte("\ufeff"))
		return bufio.NewReaderSize(&whole{r: b}, headSize), nil
	default:
		decoder = simplifiedchinese.GB18030.NewDecoder()
	}
	return bufio.NewReaderSize(&whole{r: transform.NewReader(b, decoder), decoded: true}, headSize), nil
}

// isUTF8 looks through the file without letting it go.
func (b *blocks) isUTF8() bool {
	again := &blocks{list: append([][]byte(nil), b.list...)}
	_, err := io.Copy(io.Discard, transform.NewReader(again, encoding.UTF8Validator))
	return err == nil
}

// whole refuses text that holds NUL or, where it was decoded, the sign for what could not be.
type whole struct {
	r       io.Reader
	decoded bool
	tail    []byte
}

// Read implements io.Reader.
func (w *whole) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, badEncoding()
	}
	const lost = "\ufffd"
	edge := append(w.tail, p[:min(n, len(lost)-1)]...) // the sign may lie on the border of two reads
	if bytes.IndexByte(p[:n], 0) >= 0 || w.decoded && (bytes.Contains(p[:n], []byte(lost)) || bytes.Contains(edge, []byte(lost))) {
		return 0, badEncoding()
	}
	w.tail = append([]byte(nil), p[max(0, n-len(lost)+1):n]...)
	return n, err
}
