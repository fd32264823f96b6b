package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
)

// memFile is a file of a memDir that becomes visible when it is closed.
type memFile struct {
	bytes.Buffer
	done func([]byte)
}

func (f *memFile) Close() error { f.done(f.Bytes()); return nil }

// into returns a create function that fills a MapFS and refuses to write a file twice.
func into(m fstest.MapFS) func(string) (io.WriteCloser, error) {
	return func(name string) (io.WriteCloser, error) {
		if !fs.ValidPath(name) || m[name] != nil {
			return nil, fmt.Errorf("bad name %q", name)
		}
		return &memFile{done: func(b []byte) { m[name] = &fstest.MapFile{Data: b} }}, nil
	}
}

// export writes a whole test log.
func (l *testLog) export(t testing.TB, create func(string) (io.WriteCloser, error)) {
	t.Helper()
	w, err := NewWriter(create, testOrigin(), []string{l.signer.VerifierKey()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, n := range l.notes {
		if err := w.AddCheckpoint(n); err != nil {
			t.Fatal(err)
		}
	}
	for i := range l.rows {
		if err := w.Add(&l.rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	var f Frontier
	for i := range l.rows {
		f.Append(l.rows[i].Hash)
	}
	if err := w.Close(sign(t, f.Size(), f.Root(), l.signer)); err != nil {
		t.Fatal(err)
	}
}

func exportLog(t testing.TB, l *testLog) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	l.export(t, into(m))
	return m
}

func TestExportGood(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{0, 1, 255, 256, 257, 512, logSize, 66_000} {
		l := newTestLog(t, n)
		m := exportLog(t, l)
		for _, keys := range [][]string{nil, {l.signer.VerifierKey()}} {
			r, err := VerifyExport(m, Trust{Keys: keys, Known: l.notes[len(l.notes)/2:]})
			if err != nil || !r.OK() {
				t.Fatalf("%d entries: %v, %v", n, err, r.FirstBad)
			}
			if r.Entries != n || r.Signed != n || r.Checkpoints != uint64(len(l.notes))+1 || r.Sealed != (n+2)/3 || r.SelfSigned != (keys == nil) || r.Origin != testOrigin() {
				t.Errorf("%d entries: %+v", n, r)
			}
		}
	}
}

func TestTilePath(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{0: "d/000", 7: "d/007", 999: "d/999", 1000: "d/x001/000", 1_234_067: "d/x001/x234/067"} {
		if got := tilePath("d", n, tileWidth); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if got := tilePath("tile/0", 1234, 17); got != "tile/0/x001/234.p/17" {
		t.Errorf("partial: %s", got)
	}
}

// goTiles lets tlog's own tile reader, which is not ours, read an export.
type goTiles struct{ fsys fs.FS }

func (goTiles) Height() int                     { return tileHeight }
func (goTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (g goTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		// tlog names its height in the path; C2SP tlog-tiles, where it is always 8, does not.
		data, err := fs.ReadFile(g.fsys, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

// TestExportAgreesWithTlog checks root, inclusion and consistency with the code of x/mod alone: its
// TileHashReader authenticates every tile against the signed root.
func TestExportAgreesWithTlog(t *testing.T) {
	t.Parallel()
	const size = 66_000
	l := newTestLog(t, size)
	m := exportLog(t, l)
	c, err := OpenCheckpoint(m[checkpointName].Data, l.trusted)
	if err != nil {
		t.Fatal(err)
	}
	tree := tlog.Tree{N: int64(c.Size), Hash: c.Root}
	r := tlog.TileHashReader(tree, goTiles{m})
	if root, err := tlog.TreeHash(tree.N, r); err != nil || root != c.Root {
		t.Fatalf("root %v, %v; want %v", root, err, c.Root)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		seq := rnd.Int64N(size)
		bundle := m[tilePath(entriesDir, uint64(seq/tileWidth), min(tileWidth, size-uint64(seq)/tileWidth*tileWidth))].Data
		var entry []byte
		for range seq%tileWidth + 1 {
			var ok bool
			if entry, bundle, ok = cutRecord(bundle); !ok {
				t.Fatalf("bundle of entry %d ends", seq)
			}
		}
		p, err := tlog.ProveRecord(tree.N, seq, r)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(p, tree.N, tree.Hash, seq, tlog.RecordHash(entry)); err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
		old := 1 + rnd.Int64N(size)
		var f Frontier
		for i := range old {
			f.Append(l.rows[i].Hash)
		}
		q, err := tlog.ProveTree(tree.N, old, r)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(q, tree.N, tree.Hash, old, f.Root()); err != nil {
			t.Errorf("size %d: %v", old, err)
		}
	}
}

func TestExportToDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := newTestLog(t, 300)
	l.export(t, func(name string) (io.WriteCloser, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	})
	r, err := VerifyExport(os.DirFS(dir), Trust{Keys: []string{l.signer.VerifierKey()}})
	if err != nil || !r.OK() || r.Entries != 300 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestExportTamper changes files of an export.
func TestExportTamper(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, logSize)
	good := exportLog(t, l)
	lastNote := l.notes[len(l.notes)-1]
	flip := func(name string, at int) func(fstest.MapFS) {
		return func(m fstest.MapFS) { m[name].Data[at] ^= 1 }
	}
	drop := func(name string) func(fstest.MapFS) { return func(m fstest.MapFS) { delete(m, name) } }
	cut := func(name string) func(fstest.MapFS) {
		return func(m fstest.MapFS) { m[name].Data = m[name].Data[:len(m[name].Data)-1] }
	}
	grow := func(name string) func(fstest.MapFS) {
		return func(m fstest.MapFS) { m[name].Data = append(m[name].Data, 0) }
	}
	resize := func(size string) func(fstest.MapFS) {
		return func(m fstest.MapFS) {
			m[manifestName].Data = bytes.Replace(m[manifestName].Data, []byte(`"size": 1030`), []byte(`"size": `+size), 1)
		}
	}
	shorter := exportLog(t, newTestLog(t, 777))
	tests := map[string]struct {
		do          func(fstest.MapFS)
		index, last uint64
		what        string
		known       [][]byte
	}{
		"entry number":        {flip("tile/entries/001", 2+7), 256, 0, BadGap, nil}, // 256 became 257
		"entry body":          {flip("tile/entries/001", 2+8+6), 256, 0, BadHash, nil},
		"entry length":        {flip("tile/entries/001", 0), 256, 0, BadBody, nil},
		"bundle gone":         {drop("tile/entries/001"), 256, 1029, BadGap, nil},
		"bundle cut":          {cut("tile/entries/001"), 511, 1029, BadGap, nil},
		"bundle longer":       {grow("tile/entries/001"), 511, 0, BadOrder, nil},
		"last bundle gone":    {drop("tile/entries/004.p/6"), 1024, 1029, BadGap, nil},
		"leaf hash":           {flip("tile/0/002", 3*32), 515, 0, BadHash, nil},
		"leaf tile gone":      {drop("tile/0/002"), 512, 767, BadTile, nil},
		"leaf tile cut":       {cut("tile/0/004.p/6"), 1024, 1029, BadTile, nil},
		"leaf tile longer":    {grow("tile/0/004.p/6"), 1024, 1029, BadTile, nil},
		"upper hash":          {flip("tile/1/000.p/4", 2*32), 512, 767, BadTile, nil},
		"upper tile gone":     {drop("tile/1/000.p/4"), 0, 255, BadTile, nil},
		"sealed blob":         {flip("sealed/001", 9), 258, 0, BadSealed, nil},
		"sealed length":       {flip("sealed/001", 0), 258, 0, BadSealed, nil},
		"sealed gone":         {drop("sealed/001"), 258, 0, BadSealed, nil},
		"sealed cut":          {cut("sealed/001"), 510, 0, BadSealed, nil},
		"sealed longer":       {grow("sealed/001"), 511, 0, BadSealed, nil},
		"checkpoint":          {flip("checkpoint", 60), 1030, 0, BadCheckpoint, nil},
		"checkpoint gone":     {drop("checkpoint"), 1030, 0, BadCheckpoint, nil},
		"checkpoint too long": {func(m fstest.MapFS) { m["checkpoint"].Data = make([]byte, MaxNote+1) }, 1030, 0, BadCheckpoint, nil},
		"history":             {flip("checkpoints/000", 100), 0, 0, BadCheckpoint, nil},
		"history length":      {flip("checkpoints/000", 3), 0, 0, BadCheckpoint, nil},
		"history gone":        {drop("checkpoints/000"), 0, 0, BadCheckpoint, nil},
		"history longer":      {grow("checkpoints/000"), 1000, 0, BadCheckpoint, nil},
		"size smaller":        {resize("768"), 768, 0, BadHead, nil},
		"size greater":        {resize("1031"), 1030, 0, BadHead, nil},
		"size, no checkpoint": {func(m fstest.MapFS) { resize("768")(m); drop("checkpoint")(m) }, 0, 255, BadTile, nil},
		"huge, no checkpoint": {func(m fstest.MapFS) { resize("281474976710656")(m); drop("checkpoint")(m) }, 0, 255, BadTile, nil},
		"an older export":     {func(m fstest.MapFS) { clear(m); maps.Copy(m, shorter) }, 777, 1029, BadTail, [][]byte{lastNote}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := fstest.MapFS{}
			for path, f := range good {
				m[path] = &fstest.MapFile{Data: bytes.Clone(f.Data)}
			}
			tt.do(m)
			r, err := VerifyExport(m, Trust{Keys: []string{l.signer.VerifierKey()}, Known: tt.known})
			if err != nil {
				t.Fatal(err)
			}
			if r.OK() {
				t.Fatal("not found")
			}
			want := Problem{Index: tt.index, Last: max(tt.index, tt.last), What: tt.what}
			got := *r.FirstBad
			got.Detail = ""
			if got != want {
				t.Errorf("got %v, want %v", r.FirstBad, &want)
			}
		})
	}
}

func TestExportTrust(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 300)
	m := exportLog(t, l)
	other := testSigner(t, testOrigin(), 9)
	r, err := VerifyExport(m, Trust{Keys: []string{other.VerifierKey()}})
	if err != nil || r.OK() || r.FirstBad.What != BadCheckpoint || r.Signed != 0 {
		t.Errorf("a log that the trusted key did not sign: %v, %v", r.FirstBad, err)
	}
	if _, err := VerifyExport(m, Trust{Keys: []string{"x"}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bad key: %v", err)
	}
	if _, err := VerifyExport(m, Trust{Known: [][]byte{nil}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bad known checkpoint: %v", err)
	}
	for name, text := range map[string]string{
		"empty": "", "other format": `{"format":"x"}`, "unknown member": `{"format":"` + ExportFormat + `","x":1}`,
		"too great": `{"format":"` + ExportFormat + `","size":281474976710657}`, "too long": strings.Repeat(" ", maxManifest+1),
		"two objects": `{"format":"` + ExportFormat + `"}{}`,
	} {
		_, err := VerifyExport(fstest.MapFS{manifestName: {Data: []byte(text)}}, Trust{})
		if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.TooLarge {
			t.Errorf("manifest %s: %v", name, err)
		}
	}
	if _, err := VerifyExport(fstest.MapFS{}, Trust{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an empty folder: %v", err)
	}
}

// brokenFS fails to read one file.
type brokenFS struct {
	fs.FS
	name string
}

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == b.name {
		return nil, fs.ErrPermission
	}
	return b.FS.Open(name)
}

func TestExportUnreadable(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 300)
	m := exportLog(t, l)
	for name := range m {
		if _, err := VerifyExport(brokenFS{m, name}, Trust{}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v, want the file system's error", name, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 300)
	wrong := func(do func(r *Row)) func(w *Writer) error {
		return func(w *Writer) error {
			r := l.rows[0]
			r.Body, r.Sealed = bytes.Clone(r.Body), bytes.Clone(r.Sealed)
			do(&r)
			return w.Add(&r)
		}
	}
	tests := map[string]func(w *Writer) error{
		"body":      wrong(func(r *Row) { r.Body[0]++ }),
		"hash":      wrong(func(r *Row) { r.Hash[0]++ }),
		"number":    wrong(func(r *Row) { r.Seq++ }),
		"sealed":    wrong(func(r *Row) { r.Sealed[0]++ }),
		"no sealed": wrong(func(r *Row) { r.Sealed = nil }),
		"no rows":   func(w *Writer) error { return w.Close(l.notes[0]) },
		"wrong root": func(w *Writer) error {
			_ = w.Add(&l.rows[0])
			return w.Close(sign(t, 1, tlog.Hash{1}, l.signer))
		},
		"bad note":        func(w *Writer) error { return w.AddCheckpoint(nil) },
		"falling notes":   func(w *Writer) error { _ = w.AddCheckpoint(l.notes[1]); return w.AddCheckpoint(l.notes[0]) },
		"another's note":  func(w *Writer) error { _, n := twoLogs(t, l); return w.AddCheckpoint(n) },
		"another's close": func(w *Writer) error { _, n := twoLogs(t, l); return w.Close(n) },
	}
	for name, do := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := fstest.MapFS{}
			w, err := NewWriter(into(m), testOrigin(), []string{l.signer.VerifierKey()})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Abort()
			first := do(w)
			if kind := fault.KindOf(first); kind != fault.Conflict && kind != fault.Invalid {
				t.Fatalf("got %v", first)
			}
			if err := w.Add(&l.rows[0]); !errors.Is(err, first) {
				t.Errorf("went on after an error: %v", err)
			}
			if err := w.Close(l.notes[0]); !errors.Is(err, first) || m[manifestName] != nil {
				t.Errorf("finished after an error: %v", err)
			}
		})
	}
	if _, err := NewWriter(nil, testOrigin(), []string{"x"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bad key: %v", err)
	}
}

// failingFile fails to write, or to close.
type failingFile struct{ write bool }

func (f failingFile) Write(b []byte) (int, error) {
	if f.write {
		return 0, fs.ErrClosed
	}
	return len(b), nil
}
func (failingFile) Close() error { return fs.ErrClosed }

// TestWriterDisk fails each file in turn, in each way, and wants the error to come out.
func TestWriterDisk(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 300)
	for name := range exportLog(t, l) {
		for way, open := range map[string]func() (io.WriteCloser, error){
			"create": func() (io.WriteCloser, error) { return nil, fs.ErrClosed },
			"write":  func() (io.WriteCloser, error) { return failingFile{true}, nil },
			"close":  func() (io.WriteCloser, error) { return failingFile{}, nil },
		} {
			good := into(fstest.MapFS{})
			w, err := NewWriter(func(n string) (io.WriteCloser, error) {
				if n == name {
					return open()
				}
				return good(n)
			}, testOrigin(), []string{l.signer.VerifierKey()})
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; err == nil && i < len(l.rows); i++ {
				err = w.Add(&l.rows[i])
			}
			for i := 0; err == nil && i < len(l.notes); i++ {
				err = w.AddCheckpoint(l.notes[i])
			}
			if err == nil {
				err = w.Close(l.notes[len(l.notes)-1])
			}
			w.Abort()
			if !errors.Is(err, fs.ErrClosed) {
				t.Errorf("%s, %s: %v", name, way, err)
			}
		}
	}
}

// FuzzVerifyExport overwrites part of one file, or cuts it there. Every change must be found, and
// none may panic. Only the white space of the manifest may change unnoticed.
func FuzzVerifyExport(f *testing.F) {
	l := newTestLog(f, 300)
	good := exportLog(f, l)
	names := slices.Sorted(maps.Keys(good))
	for i := range names {
		f.Add(uint8(i), uint32(0), []byte{0xff}, false)
		f.Add(uint8(i), uint32(len(good[names[i]].Data)/2), []byte("x"), true)
		f.Add(uint8(i), uint32(len(good[names[i]].Data)), []byte("more"), false)
	}
	trust := Trust{Keys: []string{l.signer.VerifierKey()}}
	f.Fuzz(func(t *testing.T, file uint8, at uint32, with []byte, cut bool) {
		name := names[int(file)%len(names)]
		old := good[name].Data
		pos := int(at) % (len(old) + 1)
		data := append(bytes.Clone(old[:pos]), with...)
		if !cut && len(data) < len(old) {
			data = append(data, old[len(data):]...)
		}
		m := maps.Clone(good)
		m[name] = &fstest.MapFile{Data: data}
		r, err := VerifyExport(m, trust)
		if err == nil && r.OK() && name != manifestName && !bytes.Equal(data, old) {
			t.Fatalf("%s: a change at %d was not found", name, pos)
		}
	})
}

// TestExportBlobTooLong offers a blob over the limit that is what its entry names.
func TestExportBlobTooLong(t *testing.T) {
	t.Parallel()
	for _, size := range []int{MaxSealed, MaxSealed + 1} {
		blob := make([]byte, size)
		e := Entry{Verb: "x", Sealed: sha256.Sum256(blob)}
		row := rowOf(0, &e, blob)
		s := testSigner(t, testOrigin(), 1)
		w, err := NewWriter(into(fstest.MapFS{}), testOrigin(), []string{s.VerifierKey()})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(&row); (err == nil) != (size <= MaxSealed) {
			t.Errorf("%d bytes: writer says %v", size, err)
		}
		w.Abort()
		rec := record(0, row.Body)
		m := fstest.MapFS{
			manifestName:           {Data: fmt.Appendf(nil, `{"format":%q,"origin":%q,"size":1}`, ExportFormat, testOrigin())},
			checkpointName:         {Data: sign(t, 1, row.Hash, s)},
			"tile/0/000.p/1":       {Data: row.Hash[:]},
			"tile/entries/000.p/1": {Data: append(binary.BigEndian.AppendUint16(nil, uint16(len(rec))), rec...)},
			"sealed/000":           {Data: append(binary.BigEndian.AppendUint32(nil, uint32(size)), blob...)},
		}
		r, err := VerifyExport(m, Trust{Keys: []string{s.VerifierKey()}})
		if err != nil || r.OK() != (size <= MaxSealed) {
			t.Errorf("%d bytes: %v, %v", size, r.FirstBad, err)
		}
	}
}
