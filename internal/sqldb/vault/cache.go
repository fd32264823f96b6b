package vault

import "sync"

// pages keeps pages of database files in the clear, for all connections of a VFS together: each
// connection has a small cache of its own, and what misses there need not be read and opened again.
//
// It relies on every write to a file in use going through the same VFS, as SQLite's own caches rely on
// every write taking the file's locks: a data folder belongs to one process (docs/decisions/0002-sql-layer.md).
// What somebody else does to the file is noticed when a page is next read from it.
type pages struct {
	shards [16]shard
}

type pageKey struct {
	file fileID
	page int64
}

// shard is a part of the cache, under a lock of its own.
type shard struct {
	mu     sync.Mutex
	writes uint64 // counts writes to pages of the shard: what was read before one is not kept after it
	at     map[pageKey]int
	slots  []slot
	hand   int // of the clock that finds a slot to give up
	most   int // slots
}

type slot struct {
	key  pageKey
	used bool // since the hand came by
	body *[PageSize]byte
}

// newPages returns a cache of about so many bytes; nil, which keeps nothing, for less than a page in each
// shard.
func newPages(size int) *pages {
	c := &pages{}
	most := size / PageSize / len(c.shards)
	if most == 0 {
		return nil
	}
	for i := range c.shards {
		c.shards[i].most = most
	}
	return c
}

func (c *pages) shard(k pageKey) *shard { return &c.shards[k.page%int64(len(c.shards))] }

// get copies a page into p; or it returns a ticket for put.
func (c *pages) get(k pageKey, p []byte) (found bool, ticket uint64) {
	if c == nil {
		return false, 0
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	i, found := s.at[k]
	if found {
		s.slots[i].used = true
		copy(p, s.slots[i].body[:])
	}
	return found, s.writes
}

// put keeps a page that was read since the ticket was given, unless one was written meanwhile.
func (c *pages) put(k pageKey, p []byte, ticket uint64) {
	if c == nil {
		return
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.at[k]; known || s.writes != ticket {
		return
	}
	i := s.free()
	s.slots[i].key, s.slots[i].used = k, false
	copy(s.slots[i].body[:], p)
	s.at[k] = i
}

// free returns an empty slot; the caller holds mu.
func (s *shard) free() int {
	if len(s.slots) < s.most {
		if s.at == nil {
			s.at = map[pageKey]int{}
		}
		s.slots = append(s.slots, slot{body: new([PageSize]byte)})
		return len(s.slots) - 1
	}
	for {
		i := s.hand
		s.hand = (s.hand + 1) % len(s.slots)
		if !s.slots[i].used {
			if s.at[s.slots[i].key] == i {
				delete(s.at, s.slots[i].key)
			}
			return i
		}
		s.slots[i].used = false
	}
}

// drop forgets a page. It is called before and after each write, so that neither what was there before
// nor what was read meanwhile is kept.
func (c *pages) drop(k pageKey) {
	if c == nil {
		return
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	delete(s.at, k)
}

// clear forgets every page, and gives their memory back.
func (c *pages) clear() {
	if c == nil {
		return
	}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.writes++
		s.at, s.slots, s.hand = nil, nil, 0
		s.mu.Unlock()
	}
}
