package journal

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
)

// reference is a tree kept by code that is not ours: every hash, in tlog's own order.
type reference []tlog.Hash

func (r *reference) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = (*r)[x]
	}
	return out, nil
}

func (r *reference) add(t testing.TB, n int64, data []byte) {
	t.Helper()
	hashes, err := tlog.StoredHashes(n, data, r)
	if err != nil {
		t.Fatal(err)
	}
	*r = append(*r, hashes...)
}

// record is what the tree holds for an entry: the number and the body.
func record(seq uint64, body []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, seq), body...)
}

func TestLeafIsRFC6962(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 200, 1015, 1016, MaxBody} {
		body := bytes.Repeat([]byte{7}, size)
		if Leaf(1<<40+3, body) != tlog.RecordHash(record(1<<40+3, body)) {
			t.Errorf("body of %d bytes: not the hash of RFC 6962", size)
		}
	}
}

func TestFrontierAgreesWithTlog(t *testing.T) {
	t.Parallel()
	const size = 66_000
	var f Frontier
	var ref reference
	stored := 0
	for n := range int64(size + 1) {
		if n < 1100 || n > size-300 || n&(n-1) == 0 {
			want, err := tlog.TreeHash(n, &ref)
			if err != nil {
				t.Fatal(err)
			}
			if f.Root() != want || f.Size() != uint64(n) {
				t.Fatalf("size %d: root %v, want %v", n, f.Root(), want)
			}
		}
		body := []byte{byte(n), byte(n >> 8), byte(n >> 16)}
		ref.add(t, n, record(uint64(n), body))
		for _, s := range f.Append(Leaf(uint64(n), body)) {
			if want := ref[tlog.StoredHashIndex(s.Level, int64(s.N))]; s.Hash != want || s.Level%8 != 0 {
				t.Fatalf("subtree %d/%d: %v, want %v", s.Level, s.N, s.Hash, want)
			}
			stored++
		}
	}
	if want := size/256 + size/65_536; stored != want {
		t.Errorf("%d subtrees, want %d", stored, want)
	}
}

func TestFrontierRoundTrip(t *testing.T) {
	t.Parallel()
	var f Frontier
	for n := range uint64(600) {
		g, err := UnmarshalFrontier(f.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		c := g.Clone()
		c.Append(tlog.Hash{1}) // must not reach g
		if g.Root() != f.Root() || g.Size() != n || !bytes.Equal(g.Marshal(), f.Marshal()) {
			t.Fatalf("size %d does not come back", n)
		}
		f.Append(Leaf(n, nil))
		g.Append(Leaf(n, nil))
		if g.Root() != f.Root() {
			t.Fatalf("size %d: a read frontier appends differently", n)
		}
	}
}

func TestUnmarshalFrontierRefuses(t *testing.T) {
	t.Parallel()
	var f Frontier
	for n := range uint64(5) {
		f.Append(Leaf(n, nil))
	}
	good := f.Marshal()
	over := binary.BigEndian.AppendUint64([]byte{frontierVersion}, 1<<49)
	for name, in := range map[string][]byte{
		"nothing": nil, "version": append([]byte{2}, good[1:]...), "short": good[:len(good)-1], "long": append(good[:len(good):len(good)], 0),
		"one hash less": good[:len(good)-32], "too great": append(over, make([]byte, 32)...),
	} {
		if _, err := UnmarshalFrontier(in); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want an Invalid error", name, err)
		}
	}
}

func FuzzUnmarshalFrontier(f *testing.F) {
	var g Frontier
	for n := range uint64(7) {
		f.Add(g.Marshal())
		g.Append(Leaf(n, nil))
	}
	f.Add(binary.BigEndian.AppendUint64([]byte{frontierVersion}, MaxSize+1))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := UnmarshalFrontier(b)
		if err != nil {
			return
		}
		if !bytes.Equal(g.Marshal(), b) {
			t.Fatalf("%x does not come back", b)
		}
		g.Root()
		g.Append(tlog.Hash{})
	})
}

func BenchmarkFrontierAppend(b *testing.B) {
	var f Frontier
	b.ReportAllocs()
	for b.Loop() {
		f.Append(tlog.Hash{1})
	}
}
