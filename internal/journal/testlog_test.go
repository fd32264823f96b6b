package journal

import (
	"bytes"
	"crypto/sha256"
	"io"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/id"
)

// testLog is a whole log as a store would hold it, to be tampered with.
type testLog struct {
	rows     []Row
	notes    [][]byte
	sizes    []uint64 // of the notes
	subtrees map[[2]uint64]tlog.Hash
	head     Head
	signer   *Signer
	trusted  note.Verifiers
}

const checkpointEvery = 50

// testEntry makes the n-th entry of a test log and its sealed blob: every third has one.
func testEntry(n uint64) (Entry, []byte) {
	e := Entry{
		ID: id.ID{1, byte(n >> 16), byte(n >> 8), byte(n)}, Time: 1_700_000_000_000_000 + int64(n)*1000, Actor: id.ID{2, byte(n % 7)},
		Via: "api", Verb: "update", Object: "contact", Record: id.ID{3, byte(n % 50)}, Version: n/50 + 1, ChangeSet: id.ID{4, byte(n / 4)},
		Decision: Allow, Request: "req", State: sha256.Sum256([]byte{byte(n)}),
	}
	if n%3 != 0 {
		return e, nil
	}
	blob := bytes.Repeat([]byte{byte(n), byte(n >> 8), 7}, 20+int(n%50))
	e.Sealed = sha256.Sum256(blob)
	return e, blob
}

func rowOf(seq uint64, e *Entry, blob []byte) Row {
	body := e.AppendBody(nil)
	return Row{
		Seq: seq, ID: e.ID, At: e.Time, Actor: e.Actor, Verb: e.Verb, Object: e.Object, Record: e.Record, ChangeSet: e.ChangeSet,
		Body: body, Sealed: blob, Hash: Leaf(seq, body),
	}
}

// newTestLog makes a log of n entries with a checkpoint at every 50th and at the end.
func newTestLog(t testing.TB, n uint64) *testLog {
	t.Helper()
	l := &testLog{signer: testSigner(t, testOrigin(), 1), subtrees: map[[2]uint64]tlog.Hash{}}
	l.trusted = trust(t, l.signer)
	for seq := range n {
		e, blob := testEntry(seq)
		l.rows = append(l.rows, rowOf(seq, &e, blob))
	}
	l.build(t)
	return l
}

// build makes checkpoints, subtrees and head anew from the rows' hashes, as somebody with the key could.
func (l *testLog) build(t testing.TB) {
	t.Helper()
	var f Frontier
	l.notes, l.sizes = nil, nil
	for i := range l.rows {
		for _, s := range f.Append(l.rows[i].Hash) {
			l.subtrees[[2]uint64{uint64(s.Level), s.N}] = s.Hash
		}
		if f.Size()%checkpointEvery == 0 || i == len(l.rows)-1 {
			l.notes = append(l.notes, sign(t, f.Size(), f.Root(), l.signer))
			l.sizes = append(l.sizes, f.Size())
		}
	}
	l.head = Head{Size: f.Size(), Frontier: f.Marshal()}
}

// clone returns a copy whose rows and notes can be changed.
func (l *testLog) clone() *testLog {
	c := *l
	c.rows = slices.Clone(l.rows)
	for i := range c.rows {
		c.rows[i].Body = bytes.Clone(c.rows[i].Body)
		c.rows[i].Sealed = bytes.Clone(c.rows[i].Sealed)
	}
	c.notes = nil
	for _, n := range l.notes {
		c.notes = append(c.notes, bytes.Clone(n))
	}
	c.sizes = slices.Clone(l.sizes)
	c.subtrees = map[[2]uint64]tlog.Hash{}
	for k, v := range l.subtrees {
		c.subtrees[k] = v
	}
	c.head.Frontier = bytes.Clone(l.head.Frontier)
	return &c
}

func (l *testLog) options(known ...[]byte) Options {
	i := 0
	return Options{
		Origin: testOrigin(), Trusted: l.trusted, Known: known,
		Checkpoints: func() ([]byte, error) {
			if i == len(l.notes) {
				return nil, io.EOF
			}
			i++
			return l.notes[i-1], nil
		},
		Subtree: func(level int, n uint64) (tlog.Hash, bool, error) {
			h, ok := l.subtrees[[2]uint64{uint64(level), n}]
			return h, ok, nil
		},
	}
}

// verify runs the whole log through a Verifier.
func (l *testLog) verify(t testing.TB, opt Options) Report {
	t.Helper()
	v, err := NewVerifier(opt)
	if err != nil {
		t.Fatal(err)
	}
	for i := range l.rows {
		if err := v.Add(&l.rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	r, err := v.Finish(&l.head)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dropNotes forgets the checkpoints that cover more than size entries.
func (l *testLog) dropNotes(size uint64) {
	for len(l.sizes) > 0 && l.sizes[len(l.sizes)-1] > size {
		l.sizes, l.notes = l.sizes[:len(l.sizes)-1], l.notes[:len(l.notes)-1]
	}
}
