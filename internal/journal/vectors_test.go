package journal

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// vectors is testdata/vectors.json, described in docs/formats/journal.md, section 8. It was made by
// a program in another language that shares no code with this package.
type vectors struct {
	Bodies []struct {
		Name   string
		Fields map[string]string
		Body   string
	}
	Refused []struct{ Name, Body string }
	Leaves  []struct {
		Seq        uint64
		Body, Leaf string
	}
	Trees []struct {
		Size           uint64
		Root, Frontier string
	}
	Subtrees []struct {
		Level int
		N     uint64
		Hash  string
	}
	Inclusion []struct {
		Size, Seq uint64
		Proof     tlog.RecordProof
	}
	Consistency []struct {
		Old, New uint64
		Proof    tlog.TreeProof
	}
	Checkpoints []struct {
		Seeds, Keys      []string
		Name, Root, Note string
		Size             uint64
	}
}

func readVectors(t *testing.T) *vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Bodies) < 7 || len(v.Refused) < 15 || len(v.Trees) < 12 || len(v.Inclusion) < 5 || len(v.Consistency) < 6 || len(v.Checkpoints) < 3 {
		t.Fatal("vectors are missing")
	}
	return &v
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fieldsOf builds an entry from a vector's fields.
func fieldsOf(t *testing.T, m map[string]string) Entry {
	t.Helper()
	number := func(name string) uint64 {
		if m[name] == "" {
			return 0
		}
		n, err := strconv.ParseUint(m[name], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	e := Entry{
		Time: int64(number("time")), Via: m["via"], Verb: m["verb"], Object: m["object"], Version: number("version"),
		Decision: m["decision"], Reason: m["reason"], Request: m["request"], Count: number("count"),
	}
	for name, x := range map[string]*id.ID{"id": &e.ID, "actor": &e.Actor, "app": &e.App, "session": &e.Session, "record": &e.Record, "changeset": &e.ChangeSet} {
		copy(x[:], unhex(t, m[name]))
	}
	copy(e.Sealed[:], unhex(t, m["sealed"]))
	copy(e.State[:], unhex(t, m["state"]))
	return e
}

func TestVectorsEntry(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, b := range v.Bodies {
		e := fieldsOf(t, b.Fields)
		if got := hex.EncodeToString(e.AppendBody(nil)); got != b.Body {
			t.Errorf("%s: body %s, want %s", b.Name, got, b.Body)
		}
		if got, err := DecodeBody(unhex(t, b.Body)); err != nil || got != e {
			t.Errorf("%s: %+v, %v; want %+v", b.Name, got, err, e)
		}
	}
	for _, b := range v.Refused {
		if _, err := DecodeBody(unhex(t, b.Body)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want an Invalid error", b.Name, err)
		}
	}
	for _, l := range v.Leaves {
		if got := Leaf(l.Seq, unhex(t, l.Body)); hex.EncodeToString(got[:]) != l.Leaf {
			t.Errorf("leaf %d: %x, want %s", l.Seq, got, l.Leaf)
		}
	}
}

func TestVectorsTree(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	const size = 70_000
	m := &memLog{subtrees: map[int][]tlog.Hash{}}
	frontiers := map[uint64]string{}
	for _, tt := range v.Trees {
		frontiers[tt.Size] = ""
	}
	var f Frontier
	for n := range uint64(size + 1) {
		m.roots = append(m.roots, f.Root())
		if _, ok := frontiers[n]; ok {
			frontiers[n] = hex.EncodeToString(f.Marshal())
		}
		h := Leaf(n, (&Entry{Time: int64(n) + 1}).AppendBody(nil))
		m.leaves = append(m.leaves, h)
		for _, s := range f.Append(h) {
			m.subtrees[s.Level] = append(m.subtrees[s.Level], s.Hash)
		}
	}
	for _, tt := range v.Trees {
		if root := m.roots[tt.Size]; hex.EncodeToString(root[:]) != tt.Root || frontiers[tt.Size] != tt.Frontier {
			t.Errorf("size %d: root %x or frontier differs", tt.Size, root)
		}
	}
	for _, s := range v.Subtrees {
		if got := m.subtrees[s.Level][s.N]; hex.EncodeToString(got[:]) != s.Hash {
			t.Errorf("subtree %d/%d: %x, want %s", s.Level, s.N, got, s.Hash)
		}
	}
	for _, p := range v.Inclusion {
		got, err := InclusionProof(m.hashes(p.Size), p.Size, p.Seq)
		if err != nil || !slices.Equal(got, p.Proof) {
			t.Errorf("entry %d of %d: %v, %v", p.Seq, p.Size, got, err)
		}
	}
	for _, p := range v.Consistency {
		got, err := ConsistencyProof(m.hashes(p.New), p.Old, p.New)
		if err != nil || !slices.Equal(got, p.Proof) {
			t.Errorf("%d to %d: %v, %v", p.Old, p.New, got, err)
		}
	}
}

func TestVectorsCheckpoint(t *testing.T) {
	t.Parallel()
	for _, c := range readVectors(t).Checkpoints {
		var signers []note.Signer
		for i, seed := range c.Seeds {
			s, err := NewSigner(c.Name, unhex(t, seed))
			if err != nil {
				t.Fatal(err)
			}
			if s.VerifierKey() != c.Keys[i] {
				t.Errorf("verifier key %s, want %s", s.VerifierKey(), c.Keys[i])
			}
			signers = append(signers, s)
		}
		root := tlog.Hash(unhex(t, c.Root))
		msg, err := SignCheckpoint(c.Size, root, signers...)
		if err != nil || string(msg) != c.Note {
			t.Errorf("size %d: %q, %v; want %q", c.Size, msg, err, c.Note)
		}
		for _, k := range c.Keys {
			trusted, err := NewVerifiers(k)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := OpenCheckpoint([]byte(c.Note), trusted); err != nil || got.Size != c.Size || got.Root != root || got.Origin != c.Name {
				t.Errorf("size %d: %+v, %v", c.Size, got, err)
			}
		}
	}
}
