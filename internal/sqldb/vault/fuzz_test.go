package vault

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"
)

// memory is a file without a disk.
type memory struct {
	vfs.File
	b []byte
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(p, m.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if lack := off + int64(len(p)) - int64(len(m.b)); lack > 0 {
		m.b = append(m.b, make([]byte, lack)...)
	}
	return copy(m.b[off:], p), nil
}

func (m *memory) Size() (int64, error) { return int64(len(m.b)), nil }

func (m *memory) Truncate(size int64) error {
	m.b = m.b[:size]
	return nil
}

// fuzzVFS has keys of two epochs.
func fuzzVFS() *VFS {
	return &VFS{keys: KeyRing(2, map[uint32][32]byte{1: {1}, 2: {2}}), opt: Options{Budget: 1 << 32}, sealers: map[sealerID]*sealer{}}
}

// firstPage is a page 1 that the format holds.
func firstPage() []byte {
	p := make([]byte, PageSize)
	probe(p)
	return p
}

func mainOver(v *VFS, b []byte) *mainFile {
	return &mainFile{File: &memory{b: b}, crypter: crypter{v: v}}
}

// No bytes make the decoder of pages panic or give what was never written to that page.
func FuzzPage(f *testing.F) {
	v := fuzzVFS()
	pages := [][]byte{firstPage(), bytes.Repeat([]byte{2}, PageSize), bytes.Repeat([]byte{3}, PageSize)}
	m := mainOver(v, nil)
	for i, p := range pages {
		clear(p[bodySize:])
		if _, err := m.WriteAt(p, int64(i)*PageSize); err != nil {
			f.Fatal(err)
		}
	}
	good := m.File.(*memory).b
	f.Add(good)
	f.Add(good[:PageSize+5])
	f.Add(append(bytes.Clone(good[:PageSize]), good[2*PageSize:]...))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := mainOver(v, b)
		got := make([]byte, PageSize)
		for i, want := range pages {
			if n, err := m.ReadAt(got, int64(i)*PageSize); err == nil && (n != PageSize || !bytes.Equal(got, want)) {
				t.Errorf("page %d opens to what was never there", i+1)
			}
		}
		var counter [16]byte
		if _, err := m.ReadAt(counter[:], 24); err == nil && !bytes.Equal(counter[:], pages[0][24:40]) {
			t.Error("the change counter was never there")
		}
	})
}

// sealedLog returns a database file of one page and its log: header and three frames, in plain and
// sealed. The frames say that they end a commit, and their checksums are those of nothing.
func sealedLog(tb testing.TB, v *VFS) (file, head []byte, frames [][]byte, sealed []byte) {
	tb.Helper()
	m := mainOver(v, nil)
	w := newWAL(v, &memory{}, m, "")
	write := func(f vfs.File, p []byte, off int64) {
		if _, err := f.WriteAt(p, off); err != nil {
			tb.Fatal(err)
		}
	}
	write(m, firstPage(), 0)
	head = bytes.Repeat([]byte("head"), walHead/4)
	write(w, head, 0)
	for i := range 3 {
		frame := bytes.Repeat([]byte{byte(i + 1)}, frameSize)
		copy(frame[saltInFrame:], head[saltOff:][:8])
		clear(frame[frameBody:])
		frames = append(frames, frame)
		at := int64(walHead + i*frameSize)
		write(w, frame[:frameHead], at)
		write(w, frame[frameHead:], at+frameHead)
	}
	return m.File.(*memory).b, head, frames, w.File.(*memory).b
}

// Behind a frame that does not open, frames that do not carry on each other's checksums are the rest
// of a commit that failed: the log ends, and is not called damaged.
func TestLogEnds(t *testing.T) {
	t.Parallel()
	v := fuzzVFS()
	file, _, _, sealed := sealedLog(t, v)
	sealed[walHeadSize+50] ^= 1
	w := newWAL(v, &memory{b: sealed}, mainOver(v, file), "")
	got := make([]byte, frameSize)
	if _, err := w.ReadAt(got[:walHead], 0); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ReadAt(got, walHead); err != nil || !allZero(got) {
		t.Errorf("the log does not end: %v", err)
	}
	if f, _ := v.LastFailure(); !f.Ended {
		t.Errorf("nobody hears of it: %v", f)
	}
}

// The same of the log: its header and its frames, as read by a recovery and by a reader.
func FuzzLog(f *testing.F) {
	v := fuzzVFS()
	file, head, frames, good := sealedLog(f, v)
	f.Add(good)
	f.Add(good[:walHeadSize+100])
	f.Add(append(bytes.Clone(good[:walHeadSize]), good[walHeadSize+frameSize:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newWAL(v, &memory{b: b}, mainOver(v, file), "")
		got := make([]byte, frameSize)
		if _, err := w.ReadAt(got[:walHead], 0); err == nil && !bytes.Equal(got[:walHead], head) && !allZero(got[:walHead]) {
			t.Error("the header was never there")
		}
		for i, want := range frames {
			at := int64(walHead + i*frameSize)
			if _, err := w.ReadAt(got, at); err == nil && !bytes.Equal(got, want) && !allZero(got) {
				t.Errorf("frame %d opens to what was never there", i+1)
			}
			if _, err := w.ReadAt(got[:PageSize], at+frameHead); err == nil && !bytes.Equal(got[:PageSize], want[frameHead:]) {
				t.Errorf("the page of frame %d was never there", i+1)
			}
		}
	})
}

// The same of a journal: its head, which names the key, and its blocks.
func FuzzJournal(f *testing.F) {
	v := fuzzVFS()
	m := mainOver(v, nil)
	if _, err := m.WriteAt(firstPage(), 0); err != nil {
		f.Fatal(err)
	}
	file := m.File.(*memory).b
	j := newJournal(v, &memory{}, m, "")
	text := make([]byte, 5*journalBlock-77)
	for i := range len(text) / 2 {
		binary.BigEndian.PutUint16(text[2*i:], uint16(i+1))
	}
	if _, err := j.WriteAt(text, 0); err != nil {
		f.Fatal(err)
	}
	good := j.File.(*memory).b
	f.Add(good)
	f.Add(good[:journalHead+100])
	f.Add(make([]byte, 600))
	f.Fuzz(func(t *testing.T, b []byte) {
		j := newJournal(v, &memory{b: b}, mainOver(v, file), "")
		size, err := j.Size()
		if err != nil {
			return
		}
		if size < 0 || size > int64(len(b)) {
			t.Fatalf("a size of %d in %d bytes", size, len(b))
		}
		got := make([]byte, size)
		if _, err := j.ReadAt(got, 0); err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(got); at += journalBlock {
			block := got[at:min(at+journalBlock, len(got))]
			if !allZero(block) && (at >= len(text) || !bytes.Equal(block, text[at:min(at+len(block), len(text))])) {
				t.Errorf("block %d was never there", at/journalBlock)
			}
		}
	})
}

// Pieces of any size at any place read back as a plain file would: a model of what SQLite does with
// temporary files and journals.
func FuzzBlocks(f *testing.F) {
	f.Add([]byte{0, 0, 9, 1, 4, 200, 2, 1, 3, 0, 30, 255})
	f.Add([]byte{0, 255, 255, 1, 0, 1, 2, 16, 0, 0, 0, 40})
	f.Fuzz(func(t *testing.T, ops []byte) {
		v := fuzzVFS()
		temp, err := newTemp(v, &memory{})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range []*blockFile{temp, newJournal(v, &memory{}, nil, "")} {
			var model []byte
			for i := 0; i+3 <= min(len(ops), 60); i += 3 {
				off, n := int64(ops[i+1])*37, 1+int(ops[i+2])*41
				if ops[i]%3 < 2 {
					piece := bytes.Repeat([]byte{byte(i + 1)}, n)
					if _, err := b.WriteAt(piece, off); err != nil {
						t.Fatal(err)
					}
					model = append(model, make([]byte, max(off+int64(n)-int64(len(model)), 0))...)
					copy(model[off:], piece)
				} else if off <= int64(len(model)) {
					if err := b.Truncate(off); err != nil {
						t.Fatal(err)
					}
					model = model[:off]
				}
			}
			b.known = !b.journal // learns the size from the file
			size, err := b.Size()
			if err != nil || size != int64(len(model)) {
				t.Fatalf("a size of %d, not %d: %v", size, len(model), err)
			}
			got := make([]byte, size)
			if _, err := b.ReadAt(got, 0); err != nil || !bytes.Equal(got, model) {
				t.Fatalf("reads other bytes than were written: %v", err)
			}
		}
	})
}
