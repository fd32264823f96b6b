package journal

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
)

// memLog is what a store keeps of a log: leaves and the subtrees that Append returned.
type memLog struct {
	leaves   []tlog.Hash
	subtrees map[int][]tlog.Hash
	roots    []tlog.Hash // by size
	calls    int
}

func newMemLog(n int) *memLog {
	m := &memLog{subtrees: map[int][]tlog.Hash{}}
	var f Frontier
	for i := range n {
		m.roots = append(m.roots, f.Root())
		h := Leaf(uint64(i), []byte{byte(i)})
		m.leaves = append(m.leaves, h)
		for _, s := range f.Append(h) {
			m.subtrees[s.Level] = append(m.subtrees[s.Level], s.Hash)
		}
	}
	m.roots = append(m.roots, f.Root())
	return m
}

func (m *memLog) hashes(size uint64) Hashes {
	return Hashes{
		Size:   size,
		Leaves: func(from, to uint64) ([]tlog.Hash, error) { m.calls++; return m.leaves[from:to], nil },
		Subtrees: func(level int, from, to uint64) ([]tlog.Hash, error) {
			m.calls++
			return m.subtrees[level][from:to], nil
		},
	}
}

func TestProofs(t *testing.T) {
	t.Parallel()
	const total = 70_000
	m := newMemLog(total)
	rnd := rand.New(rand.NewPCG(1, 2))
	sizes := []uint64{1, 2, 3, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, total}
	for range 60 {
		sizes = append(sizes, 1+rnd.Uint64N(total))
	}
	for _, size := range sizes {
		h := m.hashes(size)
		for _, seq := range []uint64{0, size / 2, size - 1, rnd.Uint64N(size)} {
			m.calls = 0
			p, err := InclusionProof(h, size, seq)
			if err != nil {
				t.Fatalf("size %d, entry %d: %v", size, seq, err)
			}
			if err := VerifyInclusion(p, size, m.roots[size], seq, m.leaves[seq]); err != nil {
				t.Fatalf("size %d, entry %d: %v", size, seq, err)
			}
			if err := VerifyInclusion(p, size, m.roots[size], seq, tlog.Hash{1}); !fault.Is(err, fault.Invalid) {
				t.Fatalf("size %d, entry %d: another leaf is proven", size, seq)
			}
			if m.calls > 7 {
				t.Errorf("size %d, entry %d: %d reads", size, seq, m.calls)
			}
		}
		for _, old := range []uint64{0, 1, size / 2, size - 1, size, rnd.Uint64N(size)} {
			m.calls = 0
			p, err := ConsistencyProof(h, old, size)
			if err != nil {
				t.Fatalf("%d to %d: %v", old, size, err)
			}
			if err := VerifyConsistency(p, old, m.roots[old], size, m.roots[size]); err != nil {
				t.Fatalf("%d to %d: %v", old, size, err)
			}
			if err := VerifyConsistency(p, old, tlog.Hash{1}, size, m.roots[size]); !fault.Is(err, fault.Invalid) {
				t.Fatalf("%d to %d: another beginning is proven", old, size)
			}
			if m.calls > 9 {
				t.Errorf("%d to %d: %d reads", old, size, m.calls)
			}
		}
	}
}

func TestProofsRefuse(t *testing.T) {
	t.Parallel()
	m := newMemLog(300)
	h := m.hashes(300)
	long := make([]tlog.Hash, maxProof+1)
	failed := errors.New("disk")
	_, err1 := InclusionProof(h, 300, 300)
	_, err2 := InclusionProof(h, MaxSize+1, 0)
	_, err3 := ConsistencyProof(h, 2, 1)
	_, err4 := ConsistencyProof(h, 2, MaxSize+1)
	for name, err := range map[string]error{
		"prove an entry after the end": err1, "prove in too great a log": err2, "prove shrinking": err3, "prove growing too far": err4,
		"entry after the end":  VerifyInclusion(nil, 1, tlog.Hash{}, 1, tlog.Hash{}),
		"too great a log":      VerifyInclusion(nil, MaxSize+1, tlog.Hash{}, 1, tlog.Hash{}),
		"long inclusion":       VerifyInclusion(long, 300, m.roots[300], 1, m.leaves[1]),
		"long consistency":     VerifyConsistency(long, 100, m.roots[100], 300, m.roots[300]),
		"shrinking":            VerifyConsistency(nil, 2, tlog.Hash{}, 1, tlog.Hash{}),
		"growing too far":      VerifyConsistency(nil, 2, tlog.Hash{}, MaxSize+1, tlog.Hash{}),
		"wrong empty":          VerifyConsistency(nil, 0, tlog.Hash{1}, 300, m.roots[300]),
		"empty with a proof":   VerifyConsistency(tlog.TreeProof{{}}, 0, m.roots[0], 300, m.roots[300]),
		"empty to wrong empty": VerifyConsistency(nil, 0, m.roots[0], 0, tlog.Hash{1}),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want an Invalid error", name, err)
		}
	}
	h.Leaves = func(uint64, uint64) ([]tlog.Hash, error) { return nil, failed }
	if _, err := InclusionProof(h, 300, 1); !errors.Is(err, failed) {
		t.Errorf("the store's error is lost: %v", err)
	}
	h.Leaves = func(uint64, uint64) ([]tlog.Hash, error) { return m.leaves[:1], nil }
	if _, err := InclusionProof(h, 300, 1); !fault.Is(err, fault.Internal) {
		t.Errorf("too few hashes: %v", err)
	}
	for _, x := range []int64{-1, tlog.StoredHashIndex(0, 300), tlog.StoredHashIndex(9, 0), 1<<62 - 1} {
		if _, err := h.ReadHashes([]int64{x}); !fault.Is(err, fault.Internal) {
			t.Errorf("hash %d: %v, want an Internal error", x, err)
		}
	}
}

// TestProofJSON pins the form in which the API gives a proof: base64 strings.
func TestProofJSON(t *testing.T) {
	t.Parallel()
	m := newMemLog(5)
	p, err := InclusionProof(m.hashes(5), 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back tlog.RecordProof
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(back, p) {
		t.Errorf("%s does not come back: %v", text, err)
	}
}

func FuzzVerifyProofs(f *testing.F) {
	m := newMemLog(300)
	f.Add([]byte("proof"), uint64(300), uint64(7))
	f.Add(make([]byte, 32*9), uint64(1)<<62, uint64(1))
	f.Fuzz(func(t *testing.T, raw []byte, size, seq uint64) {
		var p []tlog.Hash
		for ; len(raw) >= 32; raw = raw[32:] {
			p = append(p, tlog.Hash(raw[:32]))
		}
		if VerifyInclusion(p, size, m.roots[300], seq, tlog.Hash{1}) == nil {
			t.Fatal("a leaf that no log holds is proven")
		}
		if VerifyConsistency(p, seq, tlog.Hash{1}, size, m.roots[300]) == nil && size != seq {
			t.Fatal("a log that never was is proven")
		}
	})
}

func BenchmarkInclusionProof(b *testing.B) {
	m := newMemLog(70_000)
	h := m.hashes(70_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := InclusionProof(h, 70_000, 1234); err != nil {
			b.Fatal(err)
		}
	}
}
