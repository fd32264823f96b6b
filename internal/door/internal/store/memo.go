package store

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/wardbook/wardbook/internal/sqldb"
)

// memo keeps the answers to aggregates for as long as no commit changes the table that they are of. What
// the session may see and what time it is stand in the statement and its values, which are the key: a
// change of rights asks something else.
type memo struct {
	mu    sync.Mutex
	known map[string]remembered
}

type remembered struct {
	turn   uint64
	groups []Group
}

const (
	maxMemo   = 500 // answers
	maxGroups = 100 // in one of them
)

// ticket is what an answer hangs on, taken before it is asked for.
type ticket struct {
	key  string
	turn uint64
}

// ticket returns the ticket of a query; "" is the key of one that is not kept: of several tables, of what
// is kept aside, inside a transaction, or where other processes write.
func (s *Store) ticket(db sqldb.Querier, q *query) ticket {
	if db != sqldb.Querier(s.db) || q.sel.Aside || q.joins.Len() > 0 {
		return ticket{}
	}
	turn, known := s.db.Changed(q.sel.Object.Table())
	if !known {
		return ticket{}
	}
	key := []byte(q.Query())
	for _, v := range q.Args() {
		switch x := v.(type) {
		case int64:
			key = binary.BigEndian.AppendUint64(append(key, 0, 'i'), uint64(x)) //nolint:gosec // the same for the same
		case string:
			key = append(binary.AppendUvarint(append(key, 0, 's'), uint64(len(x))), x...)
		case []byte:
			key = append(binary.AppendUvarint(append(key, 0, 'b'), uint64(len(x))), x...)
		case bool:
			key = append(key, 0, map[bool]byte{true: 'y', false: 'n'}[x])
		default:
			return ticket{}
		}
	}
	return ticket{string(key), turn}
}

func (m *memo) get(t ticket) ([]Group, bool) {
	if t.key == "" {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	got, found := m.known[t.key]
	return slices.Clone(got.groups), found && got.turn == t.turn
}

func (m *memo) put(t ticket, groups []Group) {
	if t.key == "" || len(groups) > maxGroups {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= maxMemo {
		m.known = map[string]remembered{}
	}
	m.known[t.key] = remembered{t.turn, slices.Clone(groups)}
}
