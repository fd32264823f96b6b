package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wardbook/wardbook/internal/fault"
)

// Progress hears how many pages of how many were written. The total may change on the way.
type Progress func(done, total int64)

// Rewrite seals every page of the main database of conn anew, under the current epoch, in one
// transaction: readers go on, writers wait, and an interruption leaves the database as it was. It is
// a VACUUM, so rows of tables without an INTEGER PRIMARY KEY may get other rowids, and it needs
// about twice the size of the database on the disk while it runs. The connection must be idle and
// outside a transaction.
//
// Afterwards ask [Epochs]: old pages remain while a reader keeps the log from being emptied, and an
// old key must be kept until its epoch is gone there, and gone from the backups that are to be read.
func Rewrite(ctx context.Context, conn *sqlite3.Conn, progress Progress) (err error) {
	defer fault.Op(&err, "vault.Rewrite")
	main, err := mainOf(conn)
	if err != nil {
		return err
	}
	defer conn.SetInterrupt(conn.SetInterrupt(ctx))
	store, err := query(conn, "PRAGMA temp_store")
	if err != nil {
		return err
	}
	pages, err := query(conn, "PRAGMA page_count")
	if err != nil {
		return err
	}
	if progress != nil {
		total := pages
		if _, ok := journalOf(conn).(*walFile); ok {
			total *= 2 // once into the log, once into the database
		}
		var done int64
		main.wrote = func() {
			done++
			progress(done, max(done, total))
		}
		defer func() { main.wrote = nil }()
	}
	// The copy that VACUUM makes is sealed on disk too, and too large for memory.
	if err := conn.Exec("PRAGMA temp_store = FILE"); err != nil {
		return err
	}
	err = conn.Exec("VACUUM")
	if back := conn.Exec("PRAGMA temp_store = " + []string{"DEFAULT", "FILE", "MEMORY"}[store%3]); err == nil {
		err = back
	}
	if err != nil {
		return err
	}
	return conn.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
}

// copyBatch is how many pages Copy copies between looks at its context.
const copyBatch = 256

// Copy writes the main database of conn into a new file, sealed under the current epoch of the VFS
// that dsn names, a batch of pages at a time. Other connections may read and write meanwhile; what
// they commit is part of the copy, and much writing makes it start again. A file that is there
// already must be a database of the same VFS, and is overwritten.
func Copy(ctx context.Context, conn *sqlite3.Conn, dsn string, progress Progress) (err error) {
	defer fault.Op(&err, "vault.Copy")
	b, err := conn.BackupInit("main", dsn)
	if err != nil {
		return err
	}
	for done := false; err == nil && !done; {
		if err = ctx.Err(); err != nil {
			break
		}
		done, err = b.Step(copyBatch)
		if progress != nil && err == nil {
			progress(int64(b.PageCount()-b.Remaining()), int64(b.PageCount()))
		}
	}
	return errors.Join(err, b.Close())
}

// Epochs counts the pages and log frames of the main database of conn by the epoch of their keys,
// frames of the log that are of no use any more included. It reads the files past SQLite and takes
// the numbers as they stand there, unauthenticated: to decide which keys can go, not whom to trust.
func Epochs(conn *sqlite3.Conn) (count map[uint32]int64, err error) {
	defer fault.Op(&err, "vault.Epochs")
	main, err := mainOf(conn)
	if err != nil {
		return nil, err
	}
	if _, err := query(conn, "PRAGMA schema_version"); err != nil { // opens the log
		return nil, err
	}
	count = map[uint32]int64{}
	if err := trailers(main.File, 0, PageSize, count); err != nil {
		return nil, err
	}
	if w, ok := journalOf(conn).(*walFile); ok {
		err = trailers(w.File, walHeadSize, frameSize, count)
	}
	delete(count, 0) // never written
	return count, err
}

// trailers counts the epochs at the end of each piece of a file.
func trailers(f vfs.File, off, piece int64, count map[uint32]int64) error {
	buf := make([]byte, 64*piece)
	for {
		n, err := f.ReadAt(buf, off)
		for at := piece; at <= int64(n); at += piece {
			count[binary.BigEndian.Uint32(buf[at-4:])]++
		}
		if errors.Is(err, io.EOF) || err == nil && n < len(buf) {
			return nil
		}
		if err != nil {
			return err
		}
		off += int64(n)
	}
}

func mainOf(conn *sqlite3.Conn) (*mainFile, error) {
	f, err := conn.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		return nil, err
	}
	if file, ok := f.(vfs.File); ok {
		if main, ok := vfsutil.UnwrapFile[*mainFile](file); ok {
			return main, nil
		}
	}
	return nil, fault.New(fault.Invalid, NotEncrypted, "the connection is not to an encrypted database")
}

// journalOf returns the open log or journal of a connection, or nil.
func journalOf(conn *sqlite3.Conn) vfs.File {
	f, err := conn.FileControl("main", sqlite3.FCNTL_JOURNAL_POINTER)
	if err != nil {
		return nil
	}
	file, _ := f.(vfs.File)
	return file
}

func query(conn *sqlite3.Conn, q string) (int64, error) {
	s, _, err := conn.Prepare(q)
	if err != nil {
		return 0, err
	}
	var n int64
	if s.Step() {
		n = s.ColumnInt64(0)
	}
	return n, s.Close()
}
