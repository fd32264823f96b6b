package transfer

import "math/bits"

// firsts knows the first row with each key, by the hash of the key. It is a table of its own because a
// map takes two and a half times the memory, and there is one for each matcher, of all rows.
type firsts struct {
	hashes []uint64
	rows   []int32 // counted from 1; 0 where the place is free
	used   int
}

// newFirsts returns a table with room for n rows.
func newFirsts(n int) *firsts {
	size := n + n/4 + 8
	return &firsts{hashes: make([]uint64, size), rows: make([]int32, size)}
}

// place returns where a hash is, or the free place where it belongs. Hashes are evenly spread, so that
// their upper bits choose where to begin.
func (f *firsts) place(hash uint64) int {
	at, _ := bits.Mul64(hash, uint64(len(f.rows)))
	for f.rows[at] != 0 && f.hashes[at] != hash {
		if at++; at == uint64(len(f.rows)) {
			at = 0
		}
	}
	return int(at) //nolint:gosec // below the table's length
}

// get returns the row of a hash.
func (f *firsts) get(hash uint64) (row int32, found bool) {
	n := f.rows[f.place(hash)]
	return n - 1, n != 0
}

// put keeps a row for a hash that has none.
func (f *firsts) put(hash uint64, row int32) {
	if f.used >= len(f.rows)*7/8 {
		f.grow()
	}
	at := f.place(hash)
	f.hashes[at], f.rows[at] = hash, row+1
	f.used++
}

func (f *firsts) grow() {
	old := *f
	*f = *newFirsts(2 * len(old.rows))
	for i, n := range old.rows {
		if n != 0 {
			f.put(old.hashes[i], n-1)
		}
	}
}
