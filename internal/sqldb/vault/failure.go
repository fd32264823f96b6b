package vault

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wardbook/wardbook/internal/fault"
)

// The reasons of failures, which are also the reasons of the errors of Explain.
const (
	Tampered     = "tampered"      // a page, frame or block is not what was written there
	Truncated    = "truncated"     // the file ends within a page
	Foreign      = "foreign"       // a log or journal of another database
	WrongKey     = "wrong_key"     // sealed under another key
	NotEncrypted = "not_encrypted" // a plain SQLite database
	KeySpent     = "key_spent"     // the key has sealed as much as it safely can
	Unsupported  = "unsupported"   // SQLite asked for something that the format cannot hold
)

// Failure tells which part of which file was refused.
type Failure struct {
	Path   string // of the file; empty for temporary files
	File   string // "database", "wal", "journal" or "temporary"
	Number int64  // page number of the database, frame number of the wal (0: header), block of a journal
	Reason string // one of the constants
	Ended  bool   // the log was taken to end here, as after a power cut, and no error was returned
}

func (f Failure) String() string {
	unit := map[string]string{"database": "page", "wal": "frame"}[f.File]
	if unit == "" {
		unit = "block"
	}
	s := fmt.Sprintf("%s %d of the %s: %s", unit, f.Number, f.File, f.Reason)
	if f.Ended {
		s += "; the log was taken to end there"
	}
	return s
}

// LastFailure returns the latest failure, and false when there was none since Register.
func (v *VFS) LastFailure() (Failure, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last, v.failed > 0
}

// Failures returns how many failures there were since Register.
func (v *VFS) Failures() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.failed
}

// Corrupt reports whether err comes from a part of a file that is not what was written there.
func Corrupt(err error) bool { return errors.Is(err, sqlite3.IOERR_AUTH) }

// BadKey reports whether err comes from a database that is not sealed under the keys of its VFS,
// or is not sealed at all.
func BadKey(err error) bool { return errors.Is(err, sqlite3.IOERR_BADKEY) }

// Explain turns an error of a database of this VFS into one for people: a fault of kind Invalid for
// a key that does not fit, Unavailable for damage. SQLite passes only error codes on, so the place
// is that of the latest failure. Other errors are returned as they are.
func (v *VFS) Explain(err error) error {
	if !Corrupt(err) && !BadKey(err) && !errors.Is(err, sqlite3.IOERR_CODEC) {
		return err
	}
	last, _ := v.LastFailure()
	switch last.Reason {
	case WrongKey:
		return fault.Wrap(fault.Invalid, err, WrongKey, "this key does not open the database; use the key file that it was created with")
	case NotEncrypted:
		return fault.Wrap(fault.Invalid, err, NotEncrypted, "the database file is not encrypted, so it was not made by this program; restore the right file from a backup")
	case KeySpent:
		return fault.Wrap(fault.Unavailable, err, KeySpent, "the database key has been used as often as is safe; rotate it with: wardbook key rotate")
	case Tampered, Truncated, Foreign:
		return fault.Wrap(fault.Unavailable, err, last.Reason, "the database is damaged (%s); restore it from a backup", last)
	}
	return fault.Wrap(fault.Internal, err, Unsupported, "the database was asked for something that its format cannot hold")
}

// fail records a failure and returns the error for SQLite.
func (v *VFS) fail(f Failure) error {
	v.note(f)
	code := sqlite3.IOERR_AUTH
	switch f.Reason {
	case WrongKey, NotEncrypted:
		code = sqlite3.IOERR_BADKEY
	case KeySpent, Unsupported:
		code = sqlite3.IOERR_CODEC
	}
	return vfs.SystemError(errors.New(f.String()), code)
}

func (v *VFS) note(f Failure) {
	v.mu.Lock()
	v.failed++
	v.last = f
	v.mu.Unlock()
	if v.opt.OnFailure != nil {
		v.opt.OnFailure(f)
	}
}

// full gives the error of a write that found no room its SQLite code, by which people are told what to
// do. The file system below looks for the bare number, which os.File wraps.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}

// reasonOf maps the errors of sealing and opening to reasons.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, errNoKey):
		return WrongKey
	case errors.Is(err, errSpent):
		return KeySpent
	}
	return Tampered
}
