package vaulttest

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// sector is what a disk writes whole.
const sector = 512

// Cuts goes once through a record and stops at moments of it to cut the power.
type Cuts struct {
	ops   []Op
	luck  *rand.Rand
	files map[string]*image
	marks []int64
}

// image is a file of the record: what is safe, and what waits.
type image struct {
	data    []byte
	waiting []Op
}

// Cuts returns the power cuts of what was recorded so far.
func (d *Disk) Cuts(luck *rand.Rand) *Cuts {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &Cuts{ops: d.ops, luck: luck, files: map[string]*image{}}
}

// Next goes n operations on and reports whether there were so many.
func (c *Cuts) Next(n int) bool {
	if n > len(c.ops) {
		return false
	}
	for _, op := range c.ops[:n] {
		c.step(op)
	}
	c.ops = c.ops[n:]
	return true
}

func (c *Cuts) step(op Op) {
	if op.Kind == Mark {
		c.marks = append(c.marks, op.Off)
		return
	}
	if op.Kind == Delete {
		delete(c.files, op.File)
		return
	}
	if strings.HasPrefix(op.File, "temp") {
		return
	}
	f := c.files[op.File]
	if f == nil {
		f = &image{}
		if op.Kind == Open {
			f.data = bytes.Clone(op.Data)
		}
		c.files[op.File] = f
	}
	switch op.Kind {
	case Write, Truncate:
		f.waiting = append(f.waiting, op)
	case Sync:
		for _, w := range f.waiting {
			f.apply(w, func() bool { return true })
		}
		f.waiting = nil
	}
}

// Write writes the files, as they are when the power goes now, into a folder, and returns the marks
// that were set before. Of the writes and truncations since a file's last sync, luck decides which
// sectors last. The record goes on from where it was.
func (c *Cuts) Write(dir string) (marks []int64, err error) {
	// Sometimes nothing unsynced lasts, sometimes all of it does, and sometimes some sectors.
	of := []int{0, 1, 2, 8}[c.luck.IntN(4)]
	keep := func() bool { return of == 1 || of > 1 && c.luck.IntN(of) != 0 }
	for name, f := range c.files {
		cut := image{data: bytes.Clone(f.data)}
		for _, w := range f.waiting {
			cut.apply(w, keep)
		}
		if err := os.WriteFile(filepath.Join(dir, name), cut.data, 0o600); err != nil {
			return nil, err
		}
	}
	return c.marks, nil
}

// apply performs a write sector by sector, of which some are kept, or a truncation.
func (f *image) apply(op Op, keep func() bool) {
	if op.Kind == Truncate {
		if keep() {
			f.resize(op.Off)
		}
		return
	}
	for p, off := op.Data, op.Off; len(p) > 0; {
		n := min(int64(len(p)), sector-off%sector)
		if keep() {
			if end := off + n; end > int64(len(f.data)) {
				f.resize(end)
			}
			copy(f.data[off:], p[:n])
		}
		p, off = p[n:], off+n
	}
}

func (f *image) resize(size int64) {
	if size <= int64(len(f.data)) {
		f.data = f.data[:size]
		return
	}
	f.data = append(f.data, make([]byte, size-int64(len(f.data)))...)
}
