package transfer

import (
	"math/rand/v2"
	"testing"
)

func TestFirsts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	f, want := newFirsts(10), map[uint64]int32{} // it has to grow
	for i := range int32(5000) {
		hash := r.Uint64N(20) << 59 // many that begin at the same place
		if i%3 > 0 {
			hash = r.Uint64()
		}
		row, found := f.get(hash)
		before, known := want[hash]
		if found != known || found && row != before {
			t.Fatalf("row %d, %t; want %d, %t", row, found, before, known)
		}
		if !known {
			want[hash] = i
			f.put(hash, i)
		}
	}
	for hash, row := range want {
		if got, found := f.get(hash); !found || got != row {
			t.Fatalf("row %d, %t; want %d", got, found, row)
		}
	}
}
