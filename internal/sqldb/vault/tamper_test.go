package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

const page = vault.PageSize

// An attempt is what came of opening files that somebody changed.
type attempt struct {
	rows  string // all that SQLite read
	err   error
	heard []vault.Failure
}

// read opens sealed files under a key, reads every row and checks every page.
func read(t *testing.T, key byte, files map[string][]byte) (a attempt) {
	t.Helper()
	v := register(t, vault.Static([32]byte{key}), vault.Options{OnFailure: func(f vault.Failure) { a.heard = append(a.heard, f) }})
	path := filepath.Join(t.TempDir(), "a.db")
	for suffix, b := range files {
		if err := os.WriteFile(path+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db := open(t, vault.DSN(v.Name(), path))
	db.SetMaxOpenConns(1)
	var ok string
	if a.err = db.QueryRow(`PRAGMA integrity_check`).Scan(&ok); a.err == nil && ok != "ok" {
		a.err = fmt.Errorf("%w: %.100s", sqlite3.CORRUPT, ok) // a check goes on after an error and lists it
	}
	if a.err == nil {
		a.rows, a.err = dump(db)
	}
	return a
}

// victim makes a database of some 40 pages, without free ones, whose last commits are in the log. It
// returns its files and what it holds after each commit, the last first.
func victim(t *testing.T, key byte) (files map[string][]byte, states []string) {
	t.Helper()
	v := register(t, vault.Static([32]byte{key}), vault.Options{})
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, vault.DSN(v.Name(), path)+"&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=wal_autocheckpoint(0)")
	db.SetMaxOpenConns(1)
	exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i ON t (v)`)
	for i := range 60 {
		exec(t, db, `INSERT INTO t (v) VALUES (?)`, strings.Repeat(fmt.Sprint("row ", i, " "), 130))
	}
	exec(t, db, `VACUUM`)
	exec(t, db, `PRAGMA wal_checkpoint(TRUNCATE)`)
	states = []string{mustDump(t, db)}
	for i := range 5 {
		exec(t, db, `UPDATE t SET v = v || ? WHERE id % 7 = ?`, fmt.Sprint(" change ", i), i)
		states = append([]string{mustDump(t, db)}, states...)
	}
	return sealedFiles(t, path), states
}

// with returns files of which one was changed.
func with(files map[string][]byte, suffix string, change func(b []byte) []byte) map[string][]byte {
	out := maps.Clone(files)
	out[suffix] = change(bytes.Clone(files[suffix]))
	return out
}

// noticed reports whether an error says that a file was changed.
func noticed(err error) bool {
	return vault.Corrupt(err) || vault.BadKey(err) || errors.Is(err, sqlite3.CORRUPT)
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte { b[at] ^= 1 << (at % 8); return b }
}

// Every changed bit of the database file is noticed: each page is read.
func TestTamperBits(t *testing.T) {
	t.Parallel()
	files, _ := victim(t, 1)
	main := map[string][]byte{"": files[""]}
	size := len(files[""])
	places := []int{0, 11, 12, 15, 16, 27, 28, page - 21, page - 20, page - 5, page - 4, page - 1, page, page + 11, page + 12, size - 21, size - 20, size - 5, size - 4, size - 1}
	luck := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		places = append(places, luck.IntN(size))
	}
	if a := read(t, 1, main); a.err != nil {
		t.Fatal(a.err)
	}
	for _, at := range places {
		a := read(t, 1, with(main, "", flip(at)))
		if !noticed(a.err) {
			t.Errorf("bit in byte %d (page %d): %v", at, at/page+1, a.err)
			continue
		}
		if len(a.heard) == 0 || at >= page && a.heard[0].Number != int64(at/page+1) {
			t.Errorf("byte %d of page %d: the failure names %v", at%page, at/page+1, a.heard)
		}
	}
}

// A changed bit of the log is an error; one in the last two commits, where a power cut could have left
// it, may end the log instead and is reported: SQLite shows an earlier commit.
func TestTamperLogBits(t *testing.T) {
	t.Parallel()
	files, states := victim(t, 1)
	if a := read(t, 1, files); a.err != nil || a.rows != states[0] || len(a.heard) > 0 {
		t.Fatal(a.err, a.heard)
	}
	size := len(files["-wal"])
	places := []int{0, 11, 12, 23, 24, 55, 56, 71, 72, 75, 76, 87, 88, 111, 112, 76 + 4099, 76 + 4100, 76 + 4115, 76 + 4116, 76 + 4119, size - 1, size - 4, size - 5}
	luck := rand.New(rand.NewPCG(7, 8))
	for range 30 {
		places = append(places, luck.IntN(size))
	}
	refused, ended := 0, 0
	for _, at := range places {
		a := read(t, 1, with(files, "-wal", flip(at)))
		switch {
		case noticed(a.err):
			refused++
		case a.err == nil && len(a.heard) > 0 && a.heard[0].Ended && earlier(states[:3], a.rows):
			ended++
		default:
			t.Errorf("bit in byte %d (frame %d): %v, %v, the current rows: %v", at, (at-76)/4120+1, a.err, a.heard, a.rows == states[0])
		}
	}
	t.Logf("%d refused, %d ended the log and were reported", refused, ended)
}

func earlier(states []string, rows string) bool {
	for _, s := range states[1:] {
		if s == rows {
			return true
		}
	}
	return false
}

// What somebody can do who has other files to copy from.
func TestTamperPieces(t *testing.T) {
	t.Parallel()
	files, states := victim(t, 1)
	other, _ := victim(t, 1)    // another database under the same key
	stranger, _ := victim(t, 2) // … and under another key
	swap := func(i, j, size, head int) func(b []byte) []byte {
		return func(b []byte) []byte {
			x, y := b[head+i*size:][:size], b[head+j*size:][:size]
			keep := bytes.Clone(x)
			copy(x, y)
			copy(y, keep)
			return b
		}
	}
	from := func(src []byte, at, size int) func(b []byte) []byte {
		return func(b []byte) []byte { copy(b[at:], src[at:at+size]); return b }
	}
	cut := func(size int) func(b []byte) []byte { return func(b []byte) []byte { return b[:size] } }
	zero := func(at, size int) func(b []byte) []byte {
		return func(b []byte) []byte { clear(b[at:][:size]); return b }
	}
	pages := len(files[""]) / page
	for _, c := range []struct {
		name, file string
		change     func(b []byte) []byte
		want       string // "error", "right", or "ended": an earlier commit, reported
	}{
		{"two pages exchanged", "", swap(1, 2, page, 0), "error"},
		{"first page exchanged", "", swap(0, pages-1, page, 0), "error"},
		{"a page doubled", "", func(b []byte) []byte { copy(b[5*page:], b[6*page:7*page]); return b }, "error"},
		{"page of another file", "", from(other[""], 7*page, page), "error"},
		{"first page of another file", "", from(other[""], 0, page), "error"},
		{"header of another file", "", from(other[""], 0, 16), "error"},
		{"page of another key", "", from(stranger[""], 7*page, page), "error"},
		{"file of another key", "", func([]byte) []byte { return stranger[""] }, "error"},
		{"a page wiped", "", zero(3*page, page), "error"},
		{"first page wiped", "", zero(0, page), "error"},
		{"plain header", "", func(b []byte) []byte { copy(b, "SQLite format 3\x00"); return b }, "error"},
		{"cut within a page", "", cut(9*page + 100), "error"},
		{"cut within the first page", "", cut(100), "error"},
		{"cut between pages", "", cut(9 * page), "error"},
		{"pages appended", "", func(b []byte) []byte { return append(b, b[3*page:5*page]...) }, "right"},

		{"two frames exchanged", "-wal", swap(3, 4, 4120, 76), "error"},
		{"frame of another log", "-wal", from(other["-wal"], 76+2*4120, 4120), "error"},
		{"log of another file", "-wal", func([]byte) []byte { return other["-wal"] }, "error"},
		{"log of another key", "-wal", func([]byte) []byte { return stranger["-wal"] }, "error"},
		{"header of another log", "-wal", from(other["-wal"], 0, 76), "error"},
		{"header wiped in part", "-wal", zero(0, 40), "error"},
		{"a frame wiped", "-wal", zero(76+3*4120, 4120), "error"},
		{"last frame wiped", "-wal", func(b []byte) []byte { clear(b[len(b)-4120:]); b[len(b)-1] = 1; return b }, "ended"},
		{"a page in the log", "-wal", func(b []byte) []byte { copy(b[76+24:], files[""][page:2*page]); return b }, "error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set := files
			if c.file == "" { // pages that the log holds too would hide the change
				set = map[string][]byte{"": files[""]}
			}
			a := read(t, 1, with(set, c.file, c.change))
			switch {
			case c.want == "error" && a.err != nil:
				if !noticed(a.err) || a.rows != "" {
					t.Error("the error does not say so: ", a.err)
				}
			case c.want == "right" && a.err == nil && a.rows == states[len(states)-1]:
			case c.want == "ended" && a.err == nil && len(a.heard) > 0 && a.heard[0].Ended && earlier(states, a.rows):
			default:
				t.Errorf("want %s: %v, %v", c.want, a.err, a.heard)
			}
		})
	}
}

// What docs/formats/vault.md says that is not found: old copies of the same file.
func TestTamperOldCopies(t *testing.T) {
	t.Parallel()
	files, states := victim(t, 1)
	oldest := states[len(states)-1]
	if a := read(t, 1, map[string][]byte{"": files[""]}); a.err != nil || a.rows != oldest {
		t.Errorf("without its log the file is not that of the checkpoint: %v", a.err)
	}
	short := with(files, "-wal", func(b []byte) []byte { return b[:len(b)-4120] })
	if a := read(t, 1, short); a.err != nil || !earlier(states, a.rows) {
		t.Errorf("a log without its last commit is not that of the commit before: %v", a.err)
	}
}

// A page of an epoch whose key is destroyed cannot be put back.
func TestTamperOldEpoch(t *testing.T) {
	t.Parallel()
	one, two := [32]byte{1}, [32]byte{2}
	files, _ := victim(t, 1)
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path, files[""], 0o600); err != nil {
		t.Fatal(err)
	}
	both := register(t, vault.KeyRing(2, map[uint32][32]byte{1: one, 2: two}), vault.Options{})
	rewrite(t, vault.DSN(both.Name(), path))
	b := sealedFiles(t, path)[""]
	copy(b[4*page:], files[""][4*page:5*page])
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	alone := register(t, vault.KeyRing(2, map[uint32][32]byte{2: two}), vault.Options{})
	var ok string
	err := open(t, vault.DSN(alone.Name(), path)).QueryRow(`PRAGMA integrity_check`).Scan(&ok)
	if f, _ := alone.LastFailure(); ok == "ok" || f.Number != 5 || f.Reason != vault.Tampered {
		t.Errorf("%q, %v, %v", ok, err, f)
	}
}
