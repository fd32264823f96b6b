package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
)

// maxManifest is the greatest length of manifest.json in bytes.
const maxManifest = 64 << 10

// Trust is what whoever verifies an export brings along. Both parts are optional, and without Keys
// the report is SelfSigned.
type Trust struct {
	Keys  []string // verifier keys of the log, from a source other than the folder
	Known [][]byte // checkpoints kept elsewhere; see Options.Known
}

// VerifyExport checks an export folder: every entry, sealed blob, tile and checkpoint in it. It needs
// no database and no secret, and bounded memory for a folder of any size. The error is about a file
// that cannot be read, a folder that is no export, or trust that cannot be used; what is wrong with
// the log is in the report. Files that belong to no export are not looked at.
func VerifyExport(fsys fs.FS, trust Trust) (Report, error) {
	info, err := readManifest(fsys)
	if err != nil {
		return Report{}, err
	}
	keys := trust.Keys
	if len(keys) == 0 {
		keys = info.Keys
	}
	trusted, err := NewVerifiers(keys...)
	if err != nil {
		return Report{}, err
	}
	claimed := info.Size
	if err := signedSize(fsys, &info, trusted); err != nil {
		return Report{}, err
	}
	r := &exportReader{fsys: fsys, info: info, tiles: map[int]cachedTile{}}
	r.v, err = NewVerifier(Options{
		Origin: info.Origin, Trusted: trusted, Known: trust.Known,
		Checkpoints: r.nextCheckpoint, Subtree: r.subtree, NoColumns: true, Complete: true,
	})
	if err != nil {
		return Report{}, err
	}
	if claimed != info.Size {
		r.v.bad(min(claimed, info.Size), BadHead, "the manifest gives another size than the signed checkpoint")
	}
	if err := r.readAll(); err != nil {
		return Report{}, err
	}
	report, err := r.v.Finish(nil)
	report.SelfSigned = len(trust.Keys) == 0
	return report, err
}

// signedSize puts the size from the signed checkpoint into info, where there is a good one: nobody
// vouches for the manifest, and the size decides which files must be there.
func signedSize(fsys fs.FS, info *manifest, trusted note.Verifiers) error {
	msg, err := readPart(fsys, checkpointName, MaxNote)
	if err != nil {
		return err
	}
	if c, err := OpenCheckpoint(msg, trusted); err == nil && c.Origin == info.Origin {
		info.Size = c.Size
	}
	return nil // a bad one is reported when its turn comes
}

func readManifest(fsys fs.FS) (manifest, error) {
	var m manifest
	data, err := readFile(fsys, manifestName, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fault.Wrap(fault.Invalid, err, "journal_export", "journal export: no %s here; not an export, or one that was not finished", manifestName)
	}
	if err != nil {
		return m, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err = dec.Decode(&m)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more after the object")
		}
	}
	if err != nil || m.Format != ExportFormat {
		return m, fault.Wrap(fault.Invalid, err, "journal_export", "journal export: %s is not of the format %s", manifestName, ExportFormat)
	}
	if m.Size > MaxSize || m.Checkpoints > MaxSize {
		return m, fault.New(fault.Invalid, "journal_export", "journal export: %s gives numbers that no log has", manifestName)
	}
	return m, nil
}

// readFile reads a file of at most limit bytes.
func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, unreadable(err, name)
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, unreadable(err, name)
	}
	if int64(len(data)) > limit {
		return nil, fault.New(fault.TooLarge, "journal_export", "journal export: file %s is longer than %d bytes", name, limit)
	}
	return data, nil
}

func unreadable(err error, name string) error {
	return fault.Wrap(fault.Unavailable, err, "journal_export", "journal export: cannot read %s", name)
}

// readPart is readFile for a file whose absence or excessive length is the log's problem, not the
// reader's: then it returns nil.
func readPart(fsys fs.FS, name string, limit int64) ([]byte, error) {
	data, err := readFile(fsys, name, limit)
	if errors.Is(err, fs.ErrNotExist) || fault.Is(err, fault.TooLarge) {
		return nil, nil
	}
	return data, err
}

// exportReader feeds a Verifier from a folder.
type exportReader struct {
	fsys fs.FS
	info manifest
	v    *Verifier

	history   []byte // what is left of the current chunk
	given     uint64 // checkpoints given out
	lastGiven bool   // the file "checkpoint" too

	tiles map[int]cachedTile // the last tile read, by level
	blob  []byte             // reused
}

type cachedTile struct {
	n    uint64
	data []byte
}

// nextCheckpoint gives the history and at its end the checkpoint of the whole. A note that is
// missing or cut short is given as an empty one, which no verifier accepts.
func (r *exportReader) nextCheckpoint() ([]byte, error) {
	if r.given < r.info.Checkpoints {
		if r.given%tileWidth == 0 {
			data, err := readPart(r.fsys, tilePath(historyDir, r.given/tileWidth, tileWidth), tileWidth*(4+MaxNote))
			if err != nil {
				return nil, err
			}
			r.history = data
		}
		r.given++
		msg, rest, ok := cutNote(r.history)
		r.history = rest
		chunkEnds := r.given == r.info.Checkpoints || r.given%tileWidth == 0
		if !ok || chunkEnds && len(rest) > 0 {
			r.given, msg = r.info.Checkpoints, nil // the rest cannot be told apart; blame it once
		}
		return msg, nil
	}
	if r.lastGiven {
		return nil, io.EOF
	}
	r.lastGiven = true
	return readPart(r.fsys, checkpointName, MaxNote)
}

// cutNote splits a length-prefixed note off a chunk of the history.
func cutNote(b []byte) (msg, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.BigEndian.Uint32(b))
	b = b[4:]
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// width returns how many hashes tile n of a level has in this export, at most 256.
func (r *exportReader) width(level int, n uint64) uint64 {
	count := r.info.Size >> (level * tileHeight)
	return min(tileWidth, count-min(count, n*tileWidth))
}

// tile reads a tile of hashes, nil when it is missing or has another length than it must.
func (r *exportReader) tile(level int, n uint64) ([]byte, error) {
	if c, ok := r.tiles[level]; ok && c.n == n {
		return c.data, nil
	}
	width := r.width(level, n)
	want := int(width) * tlog.HashSize //nolint:gosec // at most 256 hashes
	data, err := readPart(r.fsys, tilePath(levelDir(level), n, width), int64(want))
	if err != nil {
		return nil, err
	}
	if len(data) != want {
		data = nil
	}
	r.tiles[level] = cachedTile{n, data}
	return data, nil
}

// subtree is the Options.Subtree of an export: the hashes in the tiles above level 0.
func (r *exportReader) subtree(level int, n uint64) (h tlog.Hash, ok bool, err error) {
	data, err := r.tile(level/tileHeight, n/tileWidth)
	if err != nil || data == nil {
		return h, false, err
	}
	copy(h[:], data[n%tileWidth*tlog.HashSize:])
	return h, true, nil
}

// readAll feeds every bundle. It stops at the first that cannot be cut into entries: what follows
// could not be told from it.
func (r *exportReader) readAll() error {
	for n := uint64(0); n*tileWidth < r.info.Size; n++ {
		width := r.width(0, n)
		data, err := readPart(r.fsys, tilePath(entriesDir, n, width), int64(width)*(2+maxRecord)) //nolint:gosec // at most 256
		if err != nil {
			return err
		}
		if data == nil {
			r.stop(n*tileWidth, BadGap, "an entry bundle is missing or too long")
			return nil
		}
		whole, err := r.readBundle(n, width, data)
		if err != nil || !whole {
			return err
		}
	}
	return nil
}

// stop reports that nothing can be read from an entry on.
func (r *exportReader) stop(seq uint64, what, detail string) {
	r.v.report.add(Problem{Index: seq, Last: r.info.Size - 1, What: what, Detail: detail})
	r.v.suspect, r.v.stopped = true, true // what else is missing follows from this
}

// readBundle feeds the entries of one bundle. It returns false when the bundle ends too early.
func (r *exportReader) readBundle(n, width uint64, data []byte) (whole bool, err error) {
	hashes, err := r.tile(0, n)
	if err != nil {
		return false, err
	}
	if hashes == nil {
		r.v.report.add(Problem{Index: n * tileWidth, Last: n*tileWidth + width - 1, What: BadTile, Detail: "a tile of leaf hashes is missing or has a wrong length"})
	}
	blobs := &blobReader{fsys: r.fsys, name: tilePath(sealedDir, n, tileWidth)}
	defer blobs.close()
	for i := range width {
		seq := n*tileWidth + i
		record, rest, ok := cutRecord(data)
		if !ok {
			r.stop(seq, BadGap, "an entry bundle ends too early or holds an entry of a wrong length")
			return false, nil
		}
		data = rest
		row := Row{Seq: binary.BigEndian.Uint64(record), Body: record[8:]}
		if hashes != nil {
			copy(row.Hash[:], hashes[i*tlog.HashSize:])
		} else {
			row.Hash = Leaf(row.Seq, row.Body)
		}
		e, bad := DecodeBody(row.Body)
		if bad == nil && e.Sealed != [32]byte{} {
			if r.blob, err = blobs.next(r.blob); err != nil {
				return false, err
			}
			row.Sealed = r.blob
		}
		if err := r.v.add(&row, &e, bad); err != nil {
			return false, err
		}
	}
	last := n*tileWidth + width - 1
	if len(data) > 0 {
		r.v.bad(last, BadOrder, "an entry bundle holds more than its entries")
	}
	more, err := blobs.more()
	if more {
		r.v.bad(last, BadSealed, "sealed blobs that no entry names")
	}
	return true, err
}

// cutRecord splits a length-prefixed entry off a bundle.
func cutRecord(b []byte) (record, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if n < 8 || n > maxRecord || n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// blobReader reads the sealed blobs of one bundle. The file is opened when the first is wanted.
type blobReader struct {
	fsys fs.FS
	name string
	file fs.File
	buf  *bufio.Reader
	gone bool // missing, cut short or malformed: there are no more
}

func (b *blobReader) open() error {
	if b.file != nil || b.gone {
		return nil
	}
	f, err := b.fsys.Open(b.name)
	if errors.Is(err, fs.ErrNotExist) {
		b.gone = true
		return nil
	}
	if err != nil {
		return unreadable(err, b.name)
	}
	b.file, b.buf = f, bufio.NewReaderSize(f, 64<<10)
	return nil
}

// next reads the next blob into the memory of old. It returns an empty one when there is none.
func (b *blobReader) next(old []byte) ([]byte, error) {
	if err := b.open(); err != nil || b.gone {
		return old[:0], err
	}
	var size [4]byte
	if _, err := io.ReadFull(b.buf, size[:]); err != nil {
		return old[:0], b.end(err)
	}
	n := int64(binary.BigEndian.Uint32(size[:]))
	if n > MaxSealed {
		b.gone = true
		return old[:0], nil
	}
	// The memory grows with what is really there, not with what the length promises.
	blob := bytes.NewBuffer(old[:0])
	if _, err := io.CopyN(blob, b.buf, n); err != nil {
		return blob.Bytes()[:0], b.end(err)
	}
	return blob.Bytes(), nil
}

// end tells the end of the file, which is the log's problem, from a disk that does not read.
func (b *blobReader) end(err error) error {
	b.gone = true
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return unreadable(err, b.name)
}

// more reports whether bytes are left that no entry asked for.
func (b *blobReader) more() (bool, error) {
	if err := b.open(); err != nil || b.gone {
		return false, err
	}
	if _, err := b.buf.Peek(1); err != nil {
		return false, b.end(err)
	}
	return true, nil
}

func (b *blobReader) close() {
	if b.file != nil {
		_ = b.file.Close() // only read
	}
}
