package vault

import (
	"bytes"
	"testing"
)

func TestPages(t *testing.T) {
	t.Parallel()
	c := newPages(16 * 3 * PageSize) // three in each shard
	file := fileID{1}
	body := func(n byte) []byte { return bytes.Repeat([]byte{n}, PageSize) }
	p := make([]byte, PageSize)
	read := func(what string, k pageKey, want byte) (ticket uint64) {
		t.Helper()
		found, ticket := c.get(k, p)
		if found != (want > 0) || found && !bytes.Equal(p, body(want)) {
			t.Errorf("%s: found %v, beginning with %d", what, found, p[0])
		}
		return ticket
	}
	two := pageKey{file, 2}
	ticket := read("nothing yet", two, 0)
	c.put(two, body(7), ticket)
	read("what was kept", two, 7)
	read("of another file", pageKey{fileID{2}, 2}, 0)
	read("of the same shard", pageKey{file, 18}, 0)

	c.drop(two)
	read("after a write", two, 0)
	c.put(two, body(7), ticket)
	read("read before the write, kept after it", two, 0)

	ticket = read("", two, 0)
	c.put(two, body(8), ticket)
	c.clear()
	read("after clearing", two, 0)
	c.put(two, body(8), ticket)
	read("read before clearing, kept after it", two, 0)

	for n := range int64(100) {
		k := pageKey{file, 2 + 16*n}
		ticket := read("", k, 0)
		c.put(k, body(byte(n+1)), ticket)
		read("the one that is asked for again and again", two, 1)
	}
	if s := c.shard(two); len(s.slots) != 3 || len(s.at) != 3 {
		t.Errorf("%d slots hold %d pages, want 3", len(s.slots), len(s.at))
	}
	none := newPages(PageSize)
	none.put(two, body(1), 0)
	if found, _ := none.get(two, p); found || none != nil {
		t.Error("a cache without room keeps something")
	}
	none.drop(two)
	none.clear()
}
