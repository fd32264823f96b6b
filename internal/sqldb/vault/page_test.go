package vault

import (
	"bytes"
	"testing"
)

// newPage returns a handle with an identity and keys but no file, and a page that the format holds.
func newPage() (*mainFile, []byte) {
	v := &VFS{keys: Static([32]byte{1}), opt: Options{Budget: 1 << 32}, sealers: map[sealerID]*sealer{}}
	m := &mainFile{crypter: crypter{v: v}, id: fileID{7}, onDisk: true}
	page := bytes.Repeat([]byte("page"), PageSize/4)
	clear(page[bodySize:])
	return m, page
}

// A page is sealed and opened without a single allocation: these run for every page of every query.
func TestPageAllocations(t *testing.T) {
	m, page := newPage()
	sealed, opened := make([]byte, PageSize), make([]byte, PageSize)
	for _, op := range []struct {
		name string
		do   func() error
	}{
		{"seal", func() error { return m.sealPage(sealed, page, 2) }},
		{"open", func() error { return m.openPage(opened, sealed, 2) }},
	} {
		var err error
		if n := testing.AllocsPerRun(100, func() { err = op.do() }); n != 0 || err != nil {
			t.Errorf("%s: %v allocations, %v", op.name, n, err)
		}
	}
	if !bytes.Equal(opened, page) {
		t.Error("the page did not come back")
	}
}

func BenchmarkPage(b *testing.B) {
	m, page := newPage()
	sealed, opened := make([]byte, PageSize), make([]byte, PageSize)
	b.Run("seal", func(b *testing.B) {
		b.SetBytes(PageSize)
		b.ReportAllocs()
		for b.Loop() {
			if err := m.sealPage(sealed, page, 2); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		b.SetBytes(PageSize)
		b.ReportAllocs()
		for b.Loop() {
			if err := m.openPage(opened, sealed, 2); err != nil {
				b.Fatal(err)
			}
		}
	})
}
