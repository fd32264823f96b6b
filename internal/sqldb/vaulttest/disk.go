// Package vaulttest is a disk that can fail, for tests of what must survive it.
//
// A Disk is a SQLite VFS over the files of the operating system. It keeps a record of every write,
// truncation, sync and deletion. From one recorded run a test then takes as many power cuts as there
// are moments: Cuts writes the files as a disk would hold them that lost power at that moment, where
// what was synced is there and what was not is there in part, sector by sector. A hook makes single
// operations fail, as a broken disk does, and Room makes the disk full.
//
// Simplifications: creating and deleting a file lasts at once, and a sector is written whole or not
// at all. The shared memory file is not part of the record, since SQLite never reads it after a crash.
package vaulttest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// What an operation does.
const (
	Read     = "read"
	Write    = "write"
	Truncate = "truncate"
	Sync     = "sync"
	Open     = "open"
	Delete   = "delete"
	Mark     = "mark" // made by Disk.Mark, not by SQLite
)

// Op is an operation on a file.
type Op struct {
	Kind string
	File string // base name of the file; "temp" and a number for one without a name
	Off  int64  // of a read or write; the size of a truncation; the number of a mark
	Data []byte // what a write writes; in a hook also the room of a read; what a file held that Load found
}

// Disk is a VFS to pass to vault.Options.Inner, or to register under a name of its own.
type Disk struct {
	vfs.VFS

	mu    sync.Mutex
	hook  func(Op) error
	ops   []Op
	temps int
	room  int64 // how far files may still grow, less than 0 without a limit
}

// NewDisk returns a disk over the files of the operating system.
func NewDisk() *Disk { return &Disk{VFS: vfs.Find(""), room: -1} }

// Room lets the files of the disk grow by so many bytes in all. What goes beyond is written as far
// as there is room and then fails as on a full disk. Less than 0 takes the limit off.
func (d *Disk) Room(bytes int64) {
	d.mu.Lock()
	d.room = bytes
	d.mu.Unlock()
}

// take returns how many of n bytes that a file grows by there is room for.
func (d *Disk) take(n int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room < 0 {
		return n
	}
	n = min(n, d.room)
	d.room -= n
	return n
}

// Load puts the files of a folder at the beginning of the record, as safe as if they had been synced,
// so that power cuts of a later run in that folder begin with them.
func (d *Disk) Load(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		if err := d.do(Op{Kind: Open, File: e.Name(), Data: b}, func() error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// ErrShort, returned from a hook for a read, lets only half of the bytes arrive.
var ErrShort = errors.New("vaulttest: short read")

var errFull = errors.New("vaulttest: no space left on the disk")

// Hook sets what hears of each operation before it happens; an error makes it fail with that error.
// Use vfs.SystemError to choose the code that SQLite sees. Nil takes the hook off.
func (d *Disk) Hook(hook func(Op) error) {
	d.mu.Lock()
	d.hook = hook
	d.mu.Unlock()
}

// Mark puts a mark in the record, such as the number of a transaction that was acknowledged.
func (d *Disk) Mark(n int64) { _ = d.do(Op{Kind: Mark, Off: n}, func() error { return nil }) }

// Len returns how many operations were recorded.
func (d *Disk) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.ops)
}

// Holding returns the files that had any of the texts written to them, sorted.
func (d *Disk) Holding(texts ...string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := map[string]bool{}
	for _, op := range d.ops {
		for _, t := range texts {
			if op.Kind == Write && bytes.Contains(op.Data, []byte(t)) {
				found[op.File] = true
			}
		}
	}
	var names []string
	for n := range found {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Files returns the names of the files that were written to, sorted.
func (d *Disk) Files() []string { return d.Holding("") }

// do asks the hook, performs an operation and records it when it changes something.
func (d *Disk) do(op Op, f func() error) error {
	d.mu.Lock()
	hook := d.hook
	d.mu.Unlock()
	if hook != nil {
		if err := hook(op); err != nil {
			return err
		}
	}
	if op.Kind == Read {
		return f()
	}
	op.Data = bytes.Clone(op.Data)
	// The lock makes the order of the record that of the disk.
	d.mu.Lock()
	defer d.mu.Unlock()
	err := f()
	if err == nil {
		d.ops = append(d.ops, op)
	}
	return err
}

// Open implements [vfs.VFS].
func (d *Disk) Open(_ string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return d.OpenFilename(nil, flags)
}

// OpenFilename implements [vfs.VFSFilename].
func (d *Disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (file vfs.File, out vfs.OpenFlag, err error) {
	base := filepath.Base(name.String())
	if name == nil {
		d.mu.Lock()
		d.temps++
		base = fmt.Sprintf("temp%d", d.temps)
		d.mu.Unlock()
	}
	err = d.do(Op{Kind: Open, File: base}, func() error {
		file, out, err = vfsutil.WrapOpenFilename(d.VFS, name, flags)
		return err
	})
	if err != nil {
		return nil, out, err
	}
	return &diskFile{File: file, d: d, name: base}, out, nil
}

// Delete implements [vfs.VFS].
func (d *Disk) Delete(name string, syncDir bool) error {
	return d.do(Op{Kind: Delete, File: filepath.Base(name)}, func() error { return d.VFS.Delete(name, syncDir) })
}

type diskFile struct {
	vfs.File
	d    *Disk
	name string
}

func (f *diskFile) ReadAt(p []byte, off int64) (n int, err error) {
	err = f.d.do(Op{Kind: Read, File: f.name, Off: off, Data: p}, func() error {
		n, err = f.File.ReadAt(p, off)
		return err
	})
	if err == ErrShort {
		n, err = f.File.ReadAt(p[:len(p)/2], off)
		if err == nil {
			err = io.EOF
		}
	}
	return n, err
}

func (f *diskFile) WriteAt(p []byte, off int64) (n int, err error) {
	size, err := f.Size()
	if err != nil {
		return 0, err
	}
	grow := max(off+int64(len(p))-max(size, off), 0)
	lack := grow - f.d.take(grow)
	p = p[:int64(len(p))-lack]
	err = f.d.do(Op{Kind: Write, File: f.name, Off: off, Data: p}, func() error {
		n, err = f.File.WriteAt(p, off)
		return err
	})
	if err == nil && lack > 0 {
		err = vfs.SystemError(errFull, sqlite3.FULL)
	}
	return n, err
}

func (f *diskFile) Truncate(size int64) error {
	return f.d.do(Op{Kind: Truncate, File: f.name, Off: size}, func() error { return f.File.Truncate(size) })
}

func (f *diskFile) Sync(flags vfs.SyncFlag) error {
	// Real syncs would only make the test slow: the record decides what lasts.
	return f.d.do(Op{Kind: Sync, File: f.name}, func() error { return nil })
}

func (f *diskFile) Unwrap() vfs.File               { return f.File }
func (f *diskFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }
func (f *diskFile) LockState() vfs.LockLevel       { return vfsutil.WrapLockState(f.File) }
func (f *diskFile) HasMoved() (bool, error)        { return vfsutil.WrapHasMoved(f.File) }
func (f *diskFile) PersistWAL() bool               { return vfsutil.WrapPersistWAL(f.File) }
func (f *diskFile) SetPersistWAL(keep bool)        { vfsutil.WrapSetPersistWAL(f.File, keep) }
