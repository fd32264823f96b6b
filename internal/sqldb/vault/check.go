package vault

import (
	"errors"
	"io"
	"os"

	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wardbook/wardbook/internal/fault"
)

// Check reads every page of a database file that no connection has open, also those that no statement
// would read: of indexes, and free ones. It returns how many there are. The first one that does not open
// is an error of kind Unavailable, and OnFailure hears of it.
func (v *VFS) Check(path string) (pages int64, err error) {
	defer fault.Op(&err, "vault.Check")
	f, err := os.Open(path)
	if err != nil {
		return 0, fault.Wrap(fault.Unavailable, err, "unreadable_file", "the file cannot be read")
	}
	defer f.Close()
	m := &mainFile{File: readOnly{at: f}, crypter: crypter{v: v}, path: path}
	v.pages.clear() // what is on the disk, not what was read before
	var body [PageSize]byte
	for {
		_, err := m.readPage(body[:], pages+1)
		if errors.Is(err, io.EOF) {
			return pages, nil
		}
		if err != nil {
			return pages, fault.Wrap(fault.Unavailable, err, "damaged_file", "page %d was altered or is damaged: restore a backup", pages+1)
		}
		pages++
	}
}

// readOnly is a file as far as reading pages needs one.
type readOnly struct {
	vfs.File // nil: nothing else is asked for

	at io.ReaderAt
}

// ReadAt implements [vfs.File].
func (r readOnly) ReadAt(p []byte, off int64) (int, error) { return r.at.ReadAt(p, off) }
