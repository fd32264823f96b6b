package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"github.com/wardbook/wardbook/internal/fault"
)

// writing is how a text file is written.
type writing struct {
	name string
	mark int64             // bytes of the byte order mark
	as   encoding.Encoding // nil for UTF-8
}

// writings are the encodings that can be told, by name.
func writings() map[string]writing {
	return map[string]writing{
		"utf-8":        {name: "UTF-8"},
		"gb18030":      {name: "GB 18030", as: simplifiedchinese.GB18030},
		"windows-1252": {name: "Windows-1252", as: charmap.Windows1252},
		"utf-16le":     {name: "UTF-16 little endian", as: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		"utf-16be":     {name: "UTF-16 big endian", as: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	}
}

// Encodings are the names of encodings that can be told.
func Encodings() []string { return sortedNames(writings()) }

// word is the name by which an encoding can be told.
func (w writing) word() string {
	for word, x := range writings() {
		if x.name == w.name {
			return word
		}
	}
	return w.name
}

// told is how a text is written: as the options say, or as is found out. A mark is no part of the text.
func told(src Source, opt ReadOptions) (writing, error) {
	if opt.Encoding == "" {
		return detect(src)
	}
	w := writings()[opt.Encoding]
	f, err := src()
	if err != nil {
		return w, unreadable(err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(&counted{r: f, left: MaxFile}, headSize)
	head, err := r.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return w, err
	}
	switch {
	case w.name == "UTF-8" && bytes.HasPrefix(head, []byte("\ufeff")):
		w.mark = 3
	case strings.HasPrefix(w.name, "UTF-16") && (bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))):
		w.mark = 2
	}
	if w.as == nil { // a decoder finds what it cannot read; UTF-8 has none
		valid, _, _, err := scanUTF8(r)
		if err == nil && !valid {
			err = badEncoding()
		}
		return w, err
	}
	return w, nil
}

const headSize = 64 << 10

// detect finds out how a text is written: by its mark, by where NUL stands, and else by what it can be
// read as from beginning to end.
func detect(src Source) (writing, error) {
	f, err := src()
	if err != nil {
		return writing{}, unreadable(err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(&counted{r: f, left: MaxFile}, headSize)
	head, err := r.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return writing{}, err
	}
	if w, ok := marked(head); ok {
		return w, nil
	}
	valid, high, size, err := scanUTF8(r)
	switch {
	case err != nil:
		return writing{}, err
	case valid:
		return writing{name: "UTF-8"}, nil
	}
	chinese, err := looksChinese(src)
	if err != nil {
		return writing{}, err
	}
	switch {
	case chinese:
		return writing{name: "GB 18030", as: simplifiedchinese.GB18030}, nil
	case high*10 < size*3: // in a language of Western Europe few letters have an accent
		return writing{name: "Windows-1252", as: charmap.Windows1252}, nil
	}
	return writing{}, badEncoding()
}

// marked knows a text by its mark, or by the bytes that are NUL: some programs write UTF-32 behind the
// mark of UTF-16, or no mark at all.
func marked(head []byte) (writing, bool) {
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		return writing{name: "UTF-8", mark: 3}, !bytes.Contains(head, []byte{0})
	}
	var mark int64
	little := bytes.HasPrefix(head, []byte("\xff\xfe"))
	big := bytes.HasPrefix(head, []byte("\xfe\xff"))
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		mark = 4
	case little, big:
		mark = 2
	}
	nul := nulls(head[mark:])
	switch {
	case nul == [4]bool{false, true, true, true}:
		return writing{name: "UTF-32 little endian", mark: mark, as: utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)}, true
	case nul == [4]bool{true, true, true, false}:
		return writing{name: "UTF-32 big endian", mark: mark, as: utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)}, true
	case little, nul == [4]bool{false, true, false, true}:
		return writing{name: "UTF-16 little endian", mark: mark, as: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}, true
	case big, nul == [4]bool{true, false, true, false}:
		return writing{name: "UTF-16 big endian", mark: mark, as: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}, true
	}
	return writing{}, false
}

// nulls tells which bytes of each four are NUL where the text begins with two ASCII characters, as a
// heading does.
func nulls(b []byte) (is [4]bool) {
	if len(b) < 4 {
		return is
	}
	for i := range is {
		is[i] = b[i] == 0
	}
	return is
}

// scanUTF8 reads to the end: whether all is UTF-8, and how many of the bytes are not ASCII.
func scanUTF8(r io.Reader) (valid bool, high, size int, err error) {
	valid = true
	buf, kept := make([]byte, headSize), 0
	for {
		n, err := r.Read(buf[kept:])
		for _, b := range buf[kept : kept+n] {
			if b >= utf8.RuneSelf {
				high++
			}
		}
		size += n
		b := buf[:kept+n]
		for valid && len(b) > 0 {
			c, w := utf8.DecodeRune(b)
			if c == utf8.RuneError && w == 1 {
				valid = !utf8.FullRune(b) && err == nil
				break
			}
			b = b[w:]
		}
		if kept = 0; valid {
			kept = copy(buf, b)
		}
		switch {
		case errors.Is(err, io.EOF):
			return valid && kept == 0, high, size, nil
		case err != nil:
			return false, 0, 0, err
		}
	}
}

// looksChinese reports whether all of a text can be read as GB 18030 and whether what then stands
// there is Chinese: accented letters between plain ones make pairs too, but with an ASCII second byte.
func looksChinese(src Source) (bool, error) {
	f, err := src()
	if err != nil {
		return false, unreadable(err)
	}
	defer f.Close()
	var pairs, plain int
	lead := false
	tap := tapped{r: f, see: func(p []byte) {
		for _, b := range p {
			switch {
			case lead:
				lead = false
				if pairs++; b < utf8.RuneSelf {
					plain++
				}
			case b >= utf8.RuneSelf:
				lead = true
			}
		}
	}}
	r := transform.NewReader(&tap, simplifiedchinese.GB18030.NewDecoder())
	buf := make([]byte, headSize)
	tail := ""
	for {
		n, err := r.Read(buf)
		text := tail + string(buf[:n])
		if strings.Contains(text, "\ufffd") {
			return false, nil
		}
		tail = text[max(0, len(text)-2):]
		switch {
		case errors.Is(err, io.EOF):
			return plain*3 < pairs, nil
		case err != nil:
			return false, unreadable(err)
		}
	}
}

// tapped shows what is read.
type tapped struct {
	r   io.Reader
	see func([]byte)
}

// Read implements io.Reader.
func (t *tapped) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.see(p[:n])
	return n, err
}

func badEncoding() error {
	return fault.New(fault.Invalid, "bad_encoding", "the file is no text that can be read (UTF-8, UTF-16, UTF-32, GB 18030 or Windows-1252): save it as CSV UTF-8")
}

// lines reads a text line by line: LF, CR LF, or CR alone ends one.
type lines struct {
	r       *bufio.Reader
	close   func() error
	decoded bool
	n       int    // of the last line, from 1
	back    []line // lines that were given back, next one first
	buf     []byte
}

// line is a line with its number.
type line struct {
	n    int
	text string
}

// maxLine bounds a line, in bytes.
const maxLine = 4 << 20

// open reads a text that is written so.
func (w writing) open(src Source) (*lines, error) {
	f, err := src.openAt(w.mark)
	if err != nil {
		return nil, err
	}
	var r io.Reader = &counted{r: f, left: MaxFile}
	if w.as != nil {
		r = transform.NewReader(r, w.as.NewDecoder())
	}
	return &lines{r: bufio.NewReaderSize(&newlines{r: r}, headSize), close: f.Close, decoded: w.as != nil}, nil
}

// unread gives lines back.
func (l *lines) unread(list []line) { l.back = append(slices.Clone(list), l.back...) }

// next returns the next line without its end, or io.EOF.
func (l *lines) next() (line, error) {
	if len(l.back) > 0 {
		x := l.back[0]
		l.back = l.back[1:]
		return x, nil
	}
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case len(l.buf) > maxLine:
			return line{}, fault.New(fault.TooLarge, "cell_too_large", "line %d is longer than %d MB: no value may be larger than 1 MB", l.n+1, maxLine>>20)
		case err == nil:
			l.buf = l.buf[:len(l.buf)-1]
			return l.line()
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			if len(l.buf) == 0 {
				return line{}, io.EOF
			}
			return l.line()
		case fault.KindOf(err) != fault.Internal:
			return line{}, err
		default:
			return line{}, badEncoding()
		}
	}
}

// line counts a line, and refuses text that holds NUL or, where it was decoded, the sign for what
// could not be.
func (l *lines) line() (line, error) {
	l.n++
	text := string(l.buf)
	if strings.IndexByte(text, 0) >= 0 || l.decoded && strings.ContainsRune(text, utf8.RuneError) {
		return line{}, badEncoding()
	}
	return line{l.n, text}, nil
}

// newlines makes every end of a line LF.
type newlines struct {
	r  io.Reader
	cr bool // the last byte was CR
}

// Read implements io.Reader.
func (w *newlines) Read(p []byte) (int, error) {
	for {
		n, err := w.r.Read(p)
		kept := p[:0]
		for _, b := range p[:n] {
			switch {
			case b == '\n' && w.cr: // the end was written already
			case b == '\r':
				kept = append(kept, '\n')
			default:
				kept = append(kept, b)
			}
			w.cr = b == '\r'
		}
		if len(kept) > 0 || n == 0 || err != nil {
			return len(kept), err
		}
	}
}
