// Package vault is a SQLite file layer that encrypts and authenticates every byte it puts on disk.
//
// SQLite reads and writes whole pages and asks an operating-system layer, the VFS, to store them
// (https://sqlite.org/vfs.html). This package is such a layer. It stands between SQLite and another
// VFS, by default the one of the operating system, and seals each page, write-ahead-log frame and
// journal block with AES-256-GCM (NIST SP 800-38D) under a random nonce. Nonce, tag and the epoch of
// the key lie in 32 bytes that SQLite leaves free at the end of each page, so a page stays one
// aligned write of 4096 bytes and nothing but the cipher is added to the cost of plain SQLite.
//
// What a reader of the disk learns: the sizes of the files, which pages change and when, the random
// identity of the file and the epoch numbers of its keys. What somebody who writes to the disk can
// do: put back an older version of a page, or of all files, at the same place. Everything else is
// noticed: a changed, moved, exchanged or foreign page is an error with its number, never data.
// The bytes and the limits are in docs/formats/vault.md.
//
// Use:
//
//	v := vault.Register("crm", keys, vault.Options{})
//	defer v.Unregister()
//	db, err := driver.Open(vault.DSN("crm", path))
//
// Keys never stand in the DSN. A connection needs no PRAGMA and no file control of its own: the
// layer tells SQLite about the page size and the 32 bytes itself, and refuses what the format cannot
// hold: other page sizes, auto_vacuum, memory mapping.
package vault

import (
	"net/url"
	"path/filepath"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// Options are the settings of Register. The zero value is right for a program; tests set more.
type Options struct {
	// Inner is where the sealed bytes go; nil means the operating system's files.
	Inner vfs.VFS

	// Budget is how many messages one process may seal under one file key before writes are
	// refused with "key_spent"; 0 means 2^32, the limit of SP 800-38D section 8.3 for random nonces.
	Budget uint64

	// Cache is about how many bytes of pages all connections together keep in the clear, beside what
	// each keeps itself; 0 means none. Nobody else may write to the files while it is used.
	Cache int
	// Relaxed says that commits do not wait for the disk (synchronous=NORMAL), so that a power cut may
	// leave out any frame of a write-ahead log, and the transactions from there on are lost. Without it
	// such a gap is refused as tampering.
	Relaxed bool

	// OnFailure, when not nil, hears of each failure as it happens, from whatever goroutine runs the
	// statement. It must not use the database.
	OnFailure func(Failure)
}

// VFS is a registered encrypting file layer. Its methods may be called from several goroutines.
type VFS struct {
	name  string
	inner vfs.VFS
	keys  Keys
	opt   Options
	pages *pages

	mu      sync.Mutex
	sealers map[sealerID]*sealer
	failed  uint64
	last    Failure
}

// Register makes an encrypting VFS known to SQLite under a name and returns it. A name in use is
// replaced; "" and "os" belong to SQLite and panic.
func Register(name string, keys Keys, opt Options) *VFS {
	if name == "" || name == "os" || keys == nil {
		panic("vault: Register needs a name of its own and keys")
	}
	if opt.Inner == nil {
		opt.Inner = vfs.Find("")
	}
	if opt.Budget == 0 {
		opt.Budget = 1 << 32
	}
	v := &VFS{name: name, inner: opt.Inner, keys: keys, opt: opt, pages: newPages(opt.Cache), sealers: map[sealerID]*sealer{}}
	vfs.Register(name, v)
	return v
}

// Unregister makes the name unknown again. Close every connection first.
func (v *VFS) Unregister() {
	vfs.Unregister(v.name)
	v.pages.clear()
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.sealers)
}

// Name returns the name that the VFS was registered under.
func (v *VFS) Name() string { return v.name }

// DSN returns the data source name that opens path through the VFS of that name. More parameters
// may be added with "&", such as "&_pragma=busy_timeout(5000)".
func DSN(name, path string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	return "file:" + u.EscapedPath() + "?vfs=" + url.QueryEscape(name)
}

// Open implements [vfs.VFS]; SQLite calls OpenFilename, except for files without a name.
func (v *VFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if name == "" {
		return v.OpenFilename(nil, flags)
	}
	return nil, flags, sqlite3.CANTOPEN
}

// What SQLite calls the files that live no longer than their connection.
const temporary = vfs.OPEN_TEMP_DB | vfs.OPEN_TRANSIENT_DB | vfs.OPEN_TEMP_JOURNAL | vfs.OPEN_SUBJOURNAL

// OpenFilename implements [vfs.VFSFilename]. A file of a kind that it does not know is refused, so
// that no later version of SQLite can make it write plain text.
func (v *VFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	const known = vfs.OPEN_MAIN_DB | vfs.OPEN_WAL | vfs.OPEN_MAIN_JOURNAL | vfs.OPEN_SUPER_JOURNAL | temporary
	if flags&known == 0 {
		return nil, flags, sqlite3.CANTOPEN
	}
	inner, out, err := vfsutil.WrapOpenFilename(v.inner, name, flags)
	if err != nil {
		return nil, out, err
	}
	file, err := v.wrap(inner, name, flags)
	if err != nil {
		_ = inner.Close() // the first error says more
		return nil, out, err
	}
	return file, out, nil
}

func (v *VFS) wrap(inner vfs.File, name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, error) {
	path := name.String()
	if flags&vfs.OPEN_MAIN_DB != 0 {
		return newMain(v, inner, path)
	}
	if flags&temporary != 0 {
		return newTemp(v, inner)
	}
	if flags&vfs.OPEN_SUPER_JOURNAL != 0 {
		return newJournal(v, inner, nil, path), nil
	}
	main, ok := vfsutil.UnwrapFile[*mainFile](name.DatabaseFile())
	if !ok {
		return nil, sqlite3.CANTOPEN
	}
	if flags&vfs.OPEN_WAL != 0 {
		return newWAL(v, inner, main, path), nil
	}
	return newJournal(v, inner, main, path), nil
}

// Delete implements [vfs.VFS].
func (v *VFS) Delete(name string, syncDir bool) error { return v.inner.Delete(name, syncDir) }

// Access implements [vfs.VFS].
func (v *VFS) Access(name string, flags vfs.AccessFlag) (bool, error) {
	return v.inner.Access(name, flags)
}

// FullPathname implements [vfs.VFS].
func (v *VFS) FullPathname(name string) (string, error) { return v.inner.FullPathname(name) }
