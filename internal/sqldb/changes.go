package sqldb

import (
	"strings"
	"sync"
)

// changes counts the commits that changed each table.
type changes struct {
	mu     sync.Mutex
	all    uint64 // commits that may have changed any table
	tables map[string]uint64
}

// everyTable stands for a statement of which we cannot tell what it changes.
const everyTable = "*"

// Changed returns a number that is another one after each commit that changed a table, before the commit
// is answered: what was read since the number was asked for still holds while it stays the same. Known is
// false on PostgreSQL, where other processes write too.
func (db *DB) Changed(table string) (n uint64, known bool) {
	if db.group == nil {
		return 0, false
	}
	c := &db.group.changes
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all + c.tables[table], true
}

// note counts one commit that changed some tables.
func (c *changes) note(tables map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if tables[everyTable] {
		c.all++
		return
	}
	if c.tables == nil {
		c.tables = map[string]uint64{}
	}
	for t := range tables {
		c.tables[t]++
	}
}

// touch notes what a statement of a transaction changes.
func (t *Tx) touch(query string) {
	if t.touched != nil && !strings.HasPrefix(query, "SELECT ") {
		t.touched[changedBy(query)] = true
	}
}

// changedBy returns the table that a statement changes.
func changedBy(query string) string {
	for _, verb := range []string{"INSERT INTO ", "UPDATE ", "DELETE FROM "} {
		rest, ok := strings.CutPrefix(query, verb)
		if !ok {
			continue
		}
		end := 0
		for end < len(rest) && (rest[end] == '_' || rest[end] >= '0' && rest[end] <= '9' || rest[end] >= 'a' && rest[end] <= 'z') {
			end++
		}
		if end > 0 && (end == len(rest) || rest[end] == ' ') {
			return rest[:end]
		}
	}
	return everyTable
}
