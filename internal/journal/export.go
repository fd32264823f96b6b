package journal

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
)

// ExportFormat names the layout of an export folder and its version.
const ExportFormat = "wardbook-journal-export/1"

// The files at the top of an export folder. Beside them lie tile/<level>/<n> and tile/entries/<n>
// (C2SP tlog-tiles), sealed/<n> and checkpoints/<n>.
const (
	manifestName   = "manifest.json"
	checkpointName = "checkpoint"
	entriesDir     = "tile/entries"
	sealedDir      = "sealed"
	historyDir     = "checkpoints"
)

// maxRecord is the greatest length of an entry in a bundle: the sequence number and the body.
const maxRecord = 8 + MaxBody

// manifest is manifest.json. It is a help to find one's way and proves nothing by itself: whoever
// verifies brings his own keys.
type manifest struct {
	Format      string   `json:"format"`
	Origin      string   `json:"origin"`
	Keys        []string `json:"keys"`        // verifier keys
	Size        uint64   `json:"size"`        // entries
	Checkpoints uint64   `json:"checkpoints"` // in the history
}

// tilePath returns the path of tile n, as C2SP tlog-tiles writes it: groups of three digits, all but
// the last with an x before them, and for a partial tile its width.
func tilePath(dir string, n, width uint64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < tileWidth {
		path = fmt.Sprintf("%s.p/%d", path, width)
	}
	return dir + "/" + path
}

// levelDir returns the folder of a level of tiles: level 0 holds leaf hashes.
func levelDir(level int) string { return fmt.Sprintf("tile/%d", level) }

// Writer writes a log into a folder. Give it every row in order with Add, the stored checkpoints
// with AddCheckpoint, and last the checkpoint that covers exactly those rows with Close. The folder
// is complete when manifest.json is there, which is written last.
//
// It refuses a log that does not verify, because the folder could then not be what a third party's
// checker expects: verify the database first, and keep the database as evidence.
//
// After an error the folder is worthless and every call returns that error; call Abort.
type Writer struct {
	create  func(name string) (io.WriteCloser, error)
	trusted note.Verifiers
	info    manifest

	tree    Frontier
	levels  [][]byte // the unfinished tile of each level
	bundle  []byte   // the unfinished entry bundle
	history []byte   // the unfinished chunk of checkpoints
	last    uint64   // size of the last checkpoint

	sealed    io.WriteCloser // sealed/<n> of the current bundle, once a blob needs it
	sealedBuf *bufio.Writer

	failed error // the first error, or that the export is finished
}

// NewWriter returns a writer of the log with the given origin and verifier keys, which are put into
// the manifest. Create makes a file; its name is a slash-separated path of digits, x, p, dots and
// lower-case words, and a parent folder may not exist yet. Errors have kind Invalid.
func NewWriter(create func(name string) (io.WriteCloser, error), origin string, keys []string) (*Writer, error) {
	trusted, err := NewVerifiers(keys...)
	if err != nil {
		return nil, err
	}
	return &Writer{
		create:  create,
		trusted: trusted,
		info:    manifest{Format: ExportFormat, Origin: origin, Keys: slices.Clone(keys)},
	}, nil
}

// fail remembers the first error: a folder with a hole must not be finished.
func (w *Writer) fail(err error) error {
	if w.failed == nil {
		w.failed = err
	}
	return err
}

// Add appends a row: its number, body, sealed blob and hash. The columns are not exported, because
// the body says the same. Errors are those of the files, or Conflict when the row does not verify.
func (w *Writer) Add(row *Row) error {
	if w.failed != nil {
		return w.failed
	}
	e, err := DecodeBody(row.Body)
	switch {
	case err != nil:
		return w.fail(fault.Wrap(fault.Conflict, err, "journal_export", "journal export: entry %d cannot be read; verify the journal", row.Seq))
	case row.Seq != w.tree.Size() || Leaf(row.Seq, row.Body) != row.Hash:
		return w.fail(fault.New(fault.Conflict, "journal_export", "journal export: entry %d does not follow or does not match its hash; verify the journal", row.Seq))
	case e.Sealed != [32]byte{} && (len(row.Sealed) > MaxSealed || sha256.Sum256(row.Sealed) != e.Sealed), e.Sealed == [32]byte{} && len(row.Sealed) != 0:
		return w.fail(fault.New(fault.Conflict, "journal_export", "journal export: the sealed part of entry %d is not the one it names; verify the journal", row.Seq))
	}
	w.bundle = binary.BigEndian.AppendUint16(w.bundle, uint16(8+len(row.Body))) //nolint:gosec // at most maxRecord
	w.bundle = binary.BigEndian.AppendUint64(w.bundle, row.Seq)
	w.bundle = append(w.bundle, row.Body...)
	if len(row.Sealed) > 0 {
		if err := w.addSealed(row.Seq/tileWidth, row.Sealed); err != nil {
			return w.fail(err)
		}
	}
	if err := w.addHash(0, row.Seq, row.Hash); err != nil {
		return w.fail(err)
	}
	for _, s := range w.tree.Append(row.Hash) {
		if err := w.addHash(s.Level/tileHeight, s.N, s.Hash); err != nil {
			return w.fail(err)
		}
	}
	if w.tree.Size()%tileWidth == 0 {
		if err := w.endBundle(row.Seq/tileWidth, tileWidth); err != nil {
			return w.fail(err)
		}
	}
	return nil
}

// addHash appends the n-th hash of a level of tiles and writes the tile when it is full.
func (w *Writer) addHash(level int, n uint64, h tlog.Hash) error {
	for len(w.levels) <= level {
		w.levels = append(w.levels, nil)
	}
	w.levels[level] = append(w.levels[level], h[:]...)
	if (n+1)%tileWidth != 0 {
		return nil
	}
	err := w.write(tilePath(levelDir(level), n/tileWidth, tileWidth), w.levels[level])
	w.levels[level] = w.levels[level][:0]
	return err
}

func (w *Writer) addSealed(bundle uint64, blob []byte) error {
	if w.sealed == nil {
		f, err := w.create(tilePath(sealedDir, bundle, tileWidth))
		if err != nil {
			return err
		}
		w.sealed, w.sealedBuf = f, bufio.NewWriterSize(f, 64<<10)
	}
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(blob))) //nolint:gosec // at most MaxSealed
	if _, err := w.sealedBuf.Write(size[:]); err != nil {
		return err
	}
	_, err := w.sealedBuf.Write(blob)
	return err
}

// endBundle writes the entry bundle and finishes the file of sealed blobs beside it.
func (w *Writer) endBundle(n, width uint64) error {
	err := w.write(tilePath(entriesDir, n, width), w.bundle)
	w.bundle = w.bundle[:0]
	if err != nil || w.sealed == nil {
		return err
	}
	f := w.sealed
	w.sealed = nil
	if err := w.sealedBuf.Flush(); err != nil {
		_ = f.Close() // the flush's error says more
		return err
	}
	return f.Close()
}

func (w *Writer) write(name string, data []byte) error {
	f, err := w.create(name)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		_ = f.Close() // the write's error says more
		return err
	}
	return f.Close()
}

// open verifies a checkpoint of this log.
func (w *Writer) open(msg []byte) (Checkpoint, error) {
	c, err := OpenCheckpoint(msg, w.trusted)
	if err == nil && (c.Origin != w.info.Origin || c.Size < w.last) {
		err = fault.New(fault.Conflict, "journal_export", "journal export: the checkpoint at %d is of another log or out of order", c.Size)
	}
	return c, err
}

// AddCheckpoint adds a stored checkpoint to the history, by rising size. It may be called before,
// between and after the calls of Add. Errors are those of the files and of OpenCheckpoint.
func (w *Writer) AddCheckpoint(msg []byte) error {
	if w.failed != nil {
		return w.failed
	}
	c, err := w.open(msg)
	if err != nil {
		return w.fail(err)
	}
	w.last = c.Size
	w.history = binary.BigEndian.AppendUint32(w.history, uint32(len(msg))) //nolint:gosec // at most MaxNote
	w.history = append(w.history, msg...)
	w.info.Checkpoints++
	if w.info.Checkpoints%tileWidth == 0 {
		return w.endHistory()
	}
	return nil
}

func (w *Writer) endHistory() error {
	err := w.write(tilePath(historyDir, (w.info.Checkpoints-1)/tileWidth, tileWidth), w.history)
	w.history = w.history[:0]
	if err != nil {
		return w.fail(err)
	}
	return nil
}

// Close writes what is left, the checkpoint, and at last the manifest. The checkpoint must be signed
// and of exactly the rows that were added; otherwise the error has kind Conflict or Invalid.
func (w *Writer) Close(checkpoint []byte) error {
	if w.failed != nil {
		return w.failed
	}
	size := w.tree.Size()
	c, err := w.open(checkpoint)
	if err != nil {
		return w.fail(err)
	}
	if c.Size != size || c.Root != w.tree.Root() {
		return w.fail(fault.New(fault.Conflict, "journal_export", "journal export: the checkpoint is not that of the %d entries; verify the journal", size))
	}
	for level, data := range w.levels {
		if len(data) == 0 {
			continue
		}
		count := size >> (level * tileHeight)
		if err := w.write(tilePath(levelDir(level), count/tileWidth, count%tileWidth), data); err != nil {
			return w.fail(err)
		}
	}
	if rest := size % tileWidth; rest > 0 {
		if err := w.endBundle(size/tileWidth, rest); err != nil {
			return w.fail(err)
		}
	}
	if len(w.history) > 0 {
		if err := w.endHistory(); err != nil {
			return err
		}
	}
	if err := w.write(checkpointName, checkpoint); err != nil {
		return w.fail(err)
	}
	return w.writeManifest(size)
}

func (w *Writer) writeManifest(size uint64) error {
	w.info.Size = size
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // keys hold plus signs and slashes; leave them readable
	enc.SetIndent("", "  ")
	if err := enc.Encode(&w.info); err != nil {
		return w.fail(err)
	}
	if err := w.write(manifestName, []byte(b.String())); err != nil {
		return w.fail(err)
	}
	w.failed = fault.New(fault.Conflict, "journal_export", "journal export: already finished")
	return nil
}

// Abort closes a file left open by an export that will not be finished. It is safe after Close.
func (w *Writer) Abort() {
	if w.sealed != nil {
		_ = w.sealed.Close() // nothing in it is of use
		w.sealed = nil
	}
}
