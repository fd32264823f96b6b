package store

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Log is the stored journal. A business transaction leaves its entries in journal_pending; Sequence
// numbers them, hashes them into the tree and moves them to the journal, many in one transaction,
// so that no business transaction ever waits for the head of the log (docs/decisions/0007).
type Log struct {
	db     *sqldb.DB
	signer note.Signer
	now    func() time.Time

	mu     sync.Mutex // one sequencing of this process at a time
	signed uint64     // size of the last checkpoint known here

	numbered sync.Mutex
	tallies  map[Act]uint64 // of what this process has numbered
}

// Act is what an entry says was done, and how it was decided.
type Act struct{ Verb, Decision string }

// Tallies returns how many entries this process has numbered, by what was done.
func (l *Log) Tallies() map[Act]uint64 {
	l.numbered.Lock()
	defer l.numbered.Unlock()
	return maps.Clone(l.tallies)
}

// Waiting returns how many entries have no number yet.
func (l *Log) Waiting(ctx context.Context) (uint64, error) {
	var n int64
	_, err := l.db.Row(ctx, "SELECT count(*) FROM journal_pending", nil, &n)
	return uint64(n), err //nolint:gosec // never negative
}

// NewLog returns the journal stored in db, signed by signer.
func NewLog(db *sqldb.DB, signer note.Signer, now func() time.Time) *Log {
	return &Log{db: db, signer: signer, now: now, tallies: map[Act]uint64{}}
}

// Pending is an entry that has no number yet.
type Pending struct {
	Entry  journal.Entry
	Sealed []byte // old and new values, sealed; nil when there are none
}

// Changes returns a number that is another one once a transaction has left entries or they were numbered;
// known is false where other processes do so too. It does not count reads.
func (s *Store) Changes() (n uint64, known bool) { return s.db.Changed("journal_pending") }

// batch is how many entries are numbered in one transaction, at most.
const batch = 1000

// Append leaves entries with the transaction that they describe.
func (l *Log) Append(ctx context.Context, tx *sqldb.Tx, list ...Pending) error {
	rows := make([][]any, len(list))
	for i := range list {
		e := &list[i].Entry
		if err := e.Check(); err != nil {
			return err
		}
		rows[i] = []any{e.ID.Bytes(), e.AppendBody(nil), list[i].Sealed}
	}
	return insertAll(ctx, tx, "INSERT INTO journal_pending (id, body, sealed) VALUES ", rows)
}

// Sequence numbers every pending entry, and the reads given, which need no pending row because
// nothing else happens in their transaction. It returns the size of the log afterwards.
func (l *Log) Sequence(ctx context.Context, reads []Pending) (size uint64, err error) {
	defer fault.Op(&err, "store.Sequence")
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		more := false
		var s *sequencing // of the attempt that was committed
		err := l.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			size, more = 0, false
			if s, err = l.begin(ctx, tx); err != nil {
				return err
			}
			if more, err = s.pending(ctx); err != nil {
				return err
			}
			for i := 0; i < len(reads) && !more; i++ { // in the last transaction: when it fails, none of them is numbered
				s.add(&reads[i].Entry, reads[i].Entry.AppendBody(nil), reads[i].Sealed)
			}
			size = s.frontier.Size()
			return s.end(ctx)
		})
		if err == nil {
			l.tally(s.acts)
		}
		if err != nil || !more {
			return size, err
		}
	}
}

func (l *Log) tally(acts []Act) {
	l.numbered.Lock()
	defer l.numbered.Unlock()
	for _, a := range acts {
		l.tallies[a]++
	}
}

// sequencing is one transaction of Sequence.
type sequencing struct {
	tx       *sqldb.Tx
	frontier *journal.Frontier
	before   uint64

	entries, tiles [][]any // rows to be stored
	numbered       []any   // identifiers of pending entries that are among them
	acts           []Act
}

// begin locks the head of the log: whoever has it numbers alone, however many try.
func (l *Log) begin(ctx context.Context, tx *sqldb.Tx) (*sequencing, error) {
	query := "SELECT frontier FROM journal_head WHERE id = 1"
	if tx.Engine() == sqldb.Postgres {
		query += " FOR UPDATE"
	}
	var raw []byte
	found, err := tx.Row(ctx, query, nil, &raw)
	if err != nil {
		return nil, err
	}
	s := &sequencing{tx: tx, frontier: &journal.Frontier{}}
	if !found {
		return nil, fault.New(fault.Unavailable, "journal_head", "the journal has lost its head; run wardbook journal verify")
	}
	if len(raw) > 0 {
		if s.frontier, err = journal.UnmarshalFrontier(raw); err != nil {
			return nil, err
		}
	}
	s.before = s.frontier.Size()
	return s, nil
}

// pending numbers what transactions have left, in the order of their identifiers.
func (s *sequencing) pending(ctx context.Context) (more bool, err error) {
	rows, err := s.tx.Query(ctx, "SELECT id, body, sealed FROM journal_pending ORDER BY id LIMIT ?", batch)
	if err != nil {
		return false, err
	}
	type row struct{ id, body, sealed []byte }
	var list []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.body, &r.sealed); err != nil {
			rows.Close()
			return false, sqldb.Classify(err)
		}
		list = append(list, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return false, sqldb.Classify(err)
	}
	for _, r := range list {
		e, err := journal.DecodeBody(r.body)
		if err != nil {
			return false, err
		}
		s.add(&e, r.body, r.sealed)
		s.numbered = append(s.numbered, r.id)
	}
	return len(list) == batch, nil
}

// add numbers an entry.
func (s *sequencing) add(e *journal.Entry, body, sealed []byte) {
	seq := s.frontier.Size()
	hash := journal.Leaf(seq, body)
	s.acts = append(s.acts, Act{e.Verb, e.Decision})
	s.entries = append(s.entries, []any{
		int64(seq), e.ID.Bytes(), e.Time, e.Actor.Bytes(), e.Verb, e.Object, e.Record.Bytes(), e.ChangeSet.Bytes(), body, sealed, hash[:], //nolint:gosec // below 2^48
	})
	for _, t := range s.frontier.Append(hash) {
		s.tiles = append(s.tiles, []any{t.Level, int64(t.N), t.Hash[:]}) //nolint:gosec // below 2^48
	}
}

// end stores what was numbered.
func (s *sequencing) end(ctx context.Context) error {
	if s.frontier.Size() == s.before {
		return nil
	}
	if err := insertAll(ctx, s.tx, "INSERT INTO journal (seq, id, at, actor, verb, object, record, changeset, body, sealed, hash) VALUES ", s.entries); err != nil {
		return err
	}
	if err := insertAll(ctx, s.tx, "INSERT INTO journal_tile (level, n, hash) VALUES ", s.tiles); err != nil {
		return err
	}
	// By identifier, not by range: another transaction may have committed a smaller one since.
	for chunk := range slices.Chunk(s.numbered, Together) {
		st := &sqldb.Statement{}
		st.Text("DELETE FROM journal_pending WHERE id IN (").BindList(chunk).Text(")")
		if _, err := s.tx.Exec(ctx, st.Query(), st.Args()...); err != nil {
			return err
		}
	}
	_, err := s.tx.Exec(ctx, "UPDATE journal_head SET size = ?, frontier = ? WHERE id = 1", int64(s.frontier.Size()), s.frontier.Marshal()) //nolint:gosec // below 2^48
	return err
}

// Together is how many rows one statement stores: a statement costs as much as several rows.
const Together = 50

// insertAll stores rows, many with one statement and the rest one by one, so that there are only two
// statements to prepare.
func insertAll(ctx context.Context, tx *sqldb.Tx, insert string, rows [][]any) error {
	for len(rows) > 0 {
		n := 1
		if len(rows) >= Together {
			n = Together
		}
		one := "(?" + strings.Repeat(", ?", len(rows[0])-1) + ")"
		if _, err := tx.Exec(ctx, insert+one+strings.Repeat(", "+one, n-1), slices.Concat(rows[:n]...)...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// Checkpoint signs the state of the log, unless the last checkpoint says the same, and returns the
// newest checkpoint; nil for an empty log.
func (l *Log) Checkpoint(ctx context.Context) (msg []byte, err error) {
	defer fault.Op(&err, "store.Checkpoint")
	l.mu.Lock()
	defer l.mu.Unlock()
	frontier, err := l.frontier(ctx)
	if err != nil || frontier.Size() == 0 {
		return nil, err
	}
	size := frontier.Size()
	if size == l.signed {
		return l.Latest(ctx)
	}
	if msg, err = journal.SignCheckpoint(size, frontier.Root(), l.signer); err != nil {
		return nil, err
	}
	err = l.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO journal_checkpoint (size, at, note) VALUES (?, ?, ?) ON CONFLICT (size) DO NOTHING",
			int64(size), l.now().UnixMicro(), string(msg)) //nolint:gosec // below 2^48
		return err
	})
	if err == nil {
		l.signed = size
	}
	return msg, err
}

func (l *Log) frontier(ctx context.Context) (*journal.Frontier, error) {
	var raw []byte
	if _, err := l.db.Row(ctx, "SELECT frontier FROM journal_head WHERE id = 1", nil, &raw); err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return &journal.Frontier{}, nil
	}
	return journal.UnmarshalFrontier(raw)
}

// Latest returns the newest checkpoint, or nil when there is none.
func (l *Log) Latest(ctx context.Context) ([]byte, error) {
	var msg string
	found, err := l.db.Row(ctx, "SELECT note FROM journal_checkpoint ORDER BY size DESC LIMIT 1", nil, &msg)
	if err != nil || !found {
		return nil, err
	}
	return []byte(msg), nil
}

// Head returns the size of the log and its frontier as stored.
func (l *Log) Head(ctx context.Context) (journal.Head, error) {
	var h journal.Head
	var size int64
	if _, err := l.db.Row(ctx, "SELECT size, frontier FROM journal_head WHERE id = 1", nil, &size, &h.Frontier); err != nil {
		return h, err
	}
	h.Size = uint64(size) //nolint:gosec // never negative
	return h, nil
}

// Strays returns how many entries have numbers outside of the log, and the lowest such number.
func (l *Log) Strays(ctx context.Context) (n, first int64, err error) {
	// One statement, so that entries that are being added are counted by the head too.
	_, err = l.db.Row(ctx, `SELECT count(*), coalesce(min(j.seq), 0) FROM journal j WHERE j.seq < 0
		OR j.seq >= (SELECT coalesce(max(h.size), 0) FROM journal_head h WHERE h.id = 1)`, nil, &n, &first)
	return n, first, err
}

// Rows calls do for entries with numbers from `from` on that fulfil the condition (nil for all), in
// order.
func (l *Log) Rows(ctx context.Context, from uint64, where Where, do func(*journal.Row) error) error {
	st := &sqldb.Statement{}
	st.Text("SELECT seq, id, at, actor, verb, object, record, changeset, body, sealed, hash FROM journal WHERE seq >= ").Bind(int64(from)) //nolint:gosec // below 2^48
	if where != nil {
		cond, err := where(st)
		if err != nil {
			return err
		}
		st.Text(" AND ", cond)
	}
	st.Text(" ORDER BY seq")
	rows, err := l.db.Query(ctx, st.Query(), st.Args()...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanEntry(rows)
		if err != nil {
			return err
		}
		if err := do(r); err != nil {
			return err
		}
	}
	return sqldb.Classify(rows.Err())
}

// Where adds a condition on entries to a statement and returns its text.
type Where func(st *sqldb.Statement) (string, error)

// Plain is a condition with plain `?` marks.
func Plain(text string, args ...any) Where {
	return func(st *sqldb.Statement) (string, error) {
		var b strings.Builder
		for i, part := range strings.Split(text, "?") {
			b.WriteString(part)
			if i < len(args) {
				b.WriteString(st.Mark(args[i]))
			}
		}
		return b.String(), nil
	}
}

// Find returns, newest first, at most limit entries that fulfil the condition and have a number below
// `below` (0: all).
func (l *Log) Find(ctx context.Context, below uint64, limit int, where Where) ([]*journal.Row, error) {
	st := &sqldb.Statement{}
	cond, err := where(st)
	if err != nil {
		return nil, err
	}
	st.Text("SELECT seq, id, at, actor, verb, object, record, changeset, body, sealed, hash FROM journal WHERE ", cond)
	if below > 0 {
		st.Text(" AND seq < ").Bind(int64(below)) //nolint:gosec // below 2^48
	}
	st.Text(" ORDER BY seq DESC LIMIT ").Bind(int64(limit))
	rows, err := l.db.Query(ctx, st.Query(), st.Args()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*journal.Row
	for rows.Next() {
		r, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, sqldb.Classify(rows.Err())
}

type scanner interface{ Scan(dest ...any) error }

func scanEntry(rows scanner) (*journal.Row, error) {
	var r journal.Row
	var seq int64
	var eid, actor, record, set, hash []byte
	if err := rows.Scan(&seq, &eid, &r.At, &actor, &r.Verb, &r.Object, &record, &set, &r.Body, &r.Sealed, &hash); err != nil {
		return nil, sqldb.Classify(err)
	}
	r.Seq = uint64(seq) //nolint:gosec // never negative
	for _, f := range []struct {
		to   *id.ID
		from []byte
	}{{&r.ID, eid}, {&r.Actor, actor}, {&r.Record, record}, {&r.ChangeSet, set}} {
		if len(f.from) > 0 && len(f.from) != len(f.to) {
			*f.to = id.ID(bytes.Repeat([]byte{0xff}, len(f.to))) // damaged: the verifier compares it with the body and reports it
			continue
		}
		copy(f.to[:], f.from)
	}
	r.Hash = hashOf(hash)
	return &r, nil
}

// hashOf reads a stored hash; a damaged one is that of nothing.
func hashOf(raw []byte) (h tlog.Hash) {
	if len(raw) == len(h) {
		copy(h[:], raw)
	}
	return h
}

// Signed returns the size of the log at its newest stored checkpoint.
func (l *Log) Signed(ctx context.Context) (uint64, error) {
	var size int64
	_, err := l.db.Row(ctx, "SELECT size FROM journal_checkpoint ORDER BY size DESC LIMIT 1", nil, &size)
	return uint64(size), err //nolint:gosec // never negative
}

// Checkpoints returns at most limit stored checkpoints with sizes above from and up to upTo, in order,
// and the size of the last.
func (l *Log) Checkpoints(ctx context.Context, from int64, upTo uint64, limit int) (notes [][]byte, last int64, err error) {
	rows, err := l.db.Query(ctx, "SELECT size, note FROM journal_checkpoint WHERE size > ? AND size <= ? ORDER BY size LIMIT ?", from, int64(upTo), limit) //nolint:gosec // below 2^48
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	last = from
	for rows.Next() {
		var msg string
		if err := rows.Scan(&last, &msg); err != nil {
			return nil, 0, sqldb.Classify(err)
		}
		notes = append(notes, []byte(msg))
	}
	return notes, last, sqldb.Classify(rows.Err())
}

// Subtree returns the stored hash of a complete subtree.
func (l *Log) Subtree(ctx context.Context, level int, n uint64) (h tlog.Hash, found bool, err error) {
	var raw []byte
	found, err = l.db.Row(ctx, "SELECT hash FROM journal_tile WHERE level = ? AND n = ?", []any{level, int64(n)}, &raw) //nolint:gosec // below 2^48
	return hashOf(raw), found, err
}

// Hashes gives the log's tree to proofs.
func (l *Log) Hashes(ctx context.Context, size uint64) *journal.Hashes {
	read := func(query string, args ...any) ([]tlog.Hash, error) {
		rows, err := l.db.Query(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var list []tlog.Hash
		for rows.Next() {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				return nil, sqldb.Classify(err)
			}
			list = append(list, hashOf(raw))
		}
		return list, sqldb.Classify(rows.Err())
	}
	return &journal.Hashes{
		Size: size,
		Leaves: func(from, to uint64) ([]tlog.Hash, error) {
			return read("SELECT hash FROM journal WHERE seq >= ? AND seq < ? ORDER BY seq", int64(from), int64(to)) //nolint:gosec // below 2^48
		},
		Subtrees: func(level int, from, to uint64) ([]tlog.Hash, error) {
			return read("SELECT hash FROM journal_tile WHERE level = ? AND n >= ? AND n < ? ORDER BY n", level, int64(from), int64(to)) //nolint:gosec // below 2^48
		},
	}
}
