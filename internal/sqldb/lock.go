package sqldb

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/wardbook/wardbook/internal/fault"
)

// Folder is a data folder held by this process.
type Folder struct{ file *os.File }

// LockFolder takes the data folder for this process alone, so that two servers never write one
// database. The lock ends with the process, however it ends.
func LockFolder(dir string) (*Folder, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Wrap(fault.NotFound, err, "no_data_folder", "the data folder does not exist: make an organisation with wardbook init")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return nil, fault.Wrap(fault.Unavailable, err, "disk_read_only", "the data folder cannot be written: check its owner and mount")
	case err != nil:
		return nil, fault.Wrap(fault.Unavailable, err, "disk_error", "the data folder cannot be opened")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fault.Wrap(fault.Conflict, err, "in_use", "another Wardbook process uses this data folder: stop it, or talk to it with --server")
	}
	return &Folder{file: f}, nil
}

// Release gives the folder back.
func (f *Folder) Release() error { return f.file.Close() }
