package store

import (
	"context"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Keys keeps the keys of persons, wrapped, in a database of their own that no backup of data ever
// contains: destroying a key makes every copy of what it sealed unreadable (docs/decisions/0008).
//
// Keys are made ahead, many in one commit, and a record carries the identifier of its key. So a
// record's key is durable before the record, and creating a record does not wait for a second disk
// write. Keys that never came to use are harmless.
type Keys struct {
	db   *sqldb.DB
	ring func() *seal.Ring
	org  id.ID
	ids  *id.Source
	now  func() time.Time
	rand io.Reader

	mu     sync.Mutex
	known  map[id.ID]PersonKeys
	spare  []id.ID
	making *making // nil: nobody makes keys
	makers sync.WaitGroup

	destroyed uint64 // counts: what was read before a key was destroyed is not kept after it
}

// making is the work on the next keys.
type making struct {
	done chan struct{}
	err  error // once it is done
}

// PersonKeys are the two keys of one person.
type PersonKeys struct {
	Personal seal.Key

	restricted seal.Key
	unwrap     func() (seal.Key, error) // nil where restricted is there
}

// Restricted returns the key of restricted fields. It is unwrapped when it is asked for: most of what is
// read has none of them.
func (p PersonKeys) Restricted() (seal.Key, error) {
	if p.unwrap == nil {
		return p.restricted, nil
	}
	return p.unwrap()
}

const (
	ahead    = 256    // keys made in one commit
	maxKnown = 50_000 // unwrapped keys held in memory: 10 MB
)

// NewKeys opens the key database.
func NewKeys(ctx context.Context, db *sqldb.DB, ring func() *seal.Ring, org id.ID, ids *id.Source, now func() time.Time, rand io.Reader) (*Keys, error) {
	err := db.Migrate(ctx, "keys", []sqldb.Migration{{Name: "keys of persons", Steps: []string{
		`CREATE TABLE person_key (id {id} PRIMARY KEY NOT NULL, personal {bytes} NOT NULL, restricted {bytes} NOT NULL, created_at {int} NOT NULL) {strict}`,
		`CREATE TABLE known_checkpoint (id {int} PRIMARY KEY NOT NULL, note {text} NOT NULL) {strict}`,
	}}})
	if err != nil {
		return nil, err
	}
	k := &Keys{db: db, ring: ring, org: org, ids: ids, now: now, rand: rand, known: map[id.ID]PersonKeys{}}
	return k, k.ensure(ctx, org)
}

// Close closes the key database.
func (k *Keys) Close() error { return k.db.Close() }

// ensure makes the organisation's own key, which seals what belongs to no person.
func (k *Keys) ensure(ctx context.Context, org id.ID) error {
	return k.db.Write(ctx, func(tx *sqldb.Tx) error {
		var one int64
		found, err := tx.Row(ctx, "SELECT 1 FROM person_key WHERE id = ?", []any{org.Bytes()}, &one)
		if err != nil || found {
			return err
		}
		_, err = k.insert(ctx, tx, org)
		return err
	})
}

func (k *Keys) insert(ctx context.Context, tx *sqldb.Tx, key id.ID) (PersonKeys, error) {
	pair := PersonKeys{Personal: seal.NewKey(k.rand), restricted: seal.NewKey(k.rand)}
	addr := seal.Address{Org: k.org, Subject: key}
	ring := k.ring()
	pv, pk := ring.Current(seal.KEKPersonal)
	rv, rk := ring.Current(seal.KEKRestricted)
	_, err := tx.Exec(ctx, "INSERT INTO person_key (id, personal, restricted, created_at) VALUES (?, ?, ?, ?)", key.Bytes(),
		seal.Wrap(k.rand, pk, pv, seal.Personal, addr, pair.Personal), seal.Wrap(k.rand, rk, rv, seal.Restricted, addr, pair.restricted), k.now().UnixMicro())
	return pair, err
}

// Take returns the identifier of a key that no record uses yet. The next ones are made beside, while
// there still are some.
func (k *Keys) Take(ctx context.Context) (id.ID, error) {
	for {
		key, m := k.next(ctx)
		if !key.IsZero() {
			return key, nil
		}
		select {
		case <-m.done:
		case <-ctx.Done():
			return id.ID{}, fault.Wrap(fault.Unavailable, ctx.Err(), "timeout", "the request took too long and was stopped")
		}
		if m.err != nil {
			return id.ID{}, m.err
		}
	}
}

// next takes a spare key, or returns the work to wait for.
func (k *Keys) next(ctx context.Context) (key id.ID, m *making) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.spare) <= ahead/2 && k.making == nil {
		m := &making{done: make(chan struct{})}
		k.making = m
		// The one who happens to begin it may leave: others wait for it too.
		k.makers.Go(func() { k.makeAhead(context.WithoutCancel(ctx), m) })
	}
	if n := len(k.spare); n > 0 {
		key, k.spare = k.spare[n-1], k.spare[:n-1]
	}
	return key, k.making
}

// Wait returns once no keys are being made. Nobody may take any afterwards.
func (k *Keys) Wait() { k.makers.Wait() }

func (k *Keys) makeAhead(ctx context.Context, m *making) {
	made := map[id.ID]PersonKeys{}
	m.err = k.db.Write(ctx, func(tx *sqldb.Tx) error {
		clear(made)
		for range ahead {
			key := k.ids.New()
			pair, err := k.insert(ctx, tx, key)
			if err != nil {
				return err
			}
			made[key] = pair
		}
		return nil
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if m.err == nil {
		for key, pair := range made {
			k.remember(key, pair)
			k.spare = append(k.spare, key)
		}
	}
	k.making = nil
	close(m.done)
}

// remember keeps an unwrapped key; the caller holds mu.
func (k *Keys) remember(key id.ID, pair PersonKeys) {
	if len(k.known) >= maxKnown {
		for old := range k.known { // any: the map's order is random
			delete(k.known, old)
			if len(k.known) < maxKnown*9/10 {
				break
			}
		}
	}
	k.known[key] = pair
}

// One returns the keys with an identifier, as Load does; found is false where they were destroyed.
func (k *Keys) One(ctx context.Context, key id.ID) (pair PersonKeys, found bool, err error) {
	if key.IsZero() {
		key = k.org
	}
	k.mu.Lock()
	pair, found = k.known[key]
	k.mu.Unlock()
	if found {
		return pair, true, nil
	}
	got, err := k.Load(ctx, []id.ID{key})
	pair, found = got[key]
	return pair, found, err
}

// Load returns the keys with the identifiers; the zero ID stands for the organisation's own. A key
// that was destroyed is absent from the answer.
func (k *Keys) Load(ctx context.Context, want []id.ID) (map[id.ID]PersonKeys, error) {
	got := make(map[id.ID]PersonKeys, len(want))
	var missing []any
	k.mu.Lock()
	for _, key := range want {
		if key.IsZero() {
			key = k.org
		}
		pair, known := k.known[key]
		if known {
			got[key] = pair
		} else {
			missing = append(missing, key.Bytes())
		}
	}
	k.mu.Unlock()
	for chunk := range slices.Chunk(missing, 500) {
		if err := k.fetch(ctx, chunk, got); err != nil {
			return nil, err
		}
	}
	if own, loaded := got[k.org]; loaded {
		got[id.ID{}] = own
	}
	return got, nil
}

func (k *Keys) fetch(ctx context.Context, want []any, into map[id.ID]PersonKeys) error {
	turn := k.turn()
	st := &sqldb.Statement{}
	st.Text("SELECT id, personal, restricted FROM person_key WHERE id IN (").BindList(want).Text(")")
	rows, err := k.db.Query(ctx, st.Query(), st.Args()...)
	if err != nil {
		return err
	}
	defer rows.Close()
	fresh := make(map[id.ID]PersonKeys, len(want))
	for rows.Next() {
		var kid, personal, restricted []byte
		if err := rows.Scan(&kid, &personal, &restricted); err != nil {
			return sqldb.Classify(err)
		}
		key, err := id.FromBytes(kid)
		if err != nil {
			return err
		}
		var pair PersonKeys
		if pair.Personal, err = k.unwrap(seal.KEKPersonal, seal.Personal, key, personal); err != nil {
			return err
		}
		pair.unwrap = func() (seal.Key, error) { return k.unwrap(seal.KEKRestricted, seal.Restricted, key, restricted) }
		fresh[key] = pair
	}
	if err := rows.Err(); err != nil {
		return sqldb.Classify(err)
	}
	maps.Copy(into, fresh)
	k.keep(fresh, turn)
	return nil
}

// turn is another number after each key that was destroyed.
func (k *Keys) turn() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.destroyed
}

// keep remembers keys that were read since a turn.
func (k *Keys) keep(fresh map[id.ID]PersonKeys, turn uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if turn != k.destroyed {
		return
	}
	for key, pair := range fresh {
		k.remember(key, pair)
	}
}

func (k *Keys) unwrap(kek seal.Purpose, scope seal.Scope, key id.ID, wrapped []byte) (seal.Key, error) {
	h, err := seal.ParseWrapped(wrapped)
	if err != nil {
		return seal.Key{}, err
	}
	outer, err := k.ring().Get(kek, h.Version)
	if err != nil {
		return seal.Key{}, err
	}
	return seal.Unwrap(outer, scope, seal.Address{Org: k.org, Subject: key}, wrapped)
}

// KnownCheckpoint returns the newest checkpoint noted beside the keys: it tells of a log whose tail
// was cut together with its own checkpoints. Nil when none was noted yet.
func (k *Keys) KnownCheckpoint(ctx context.Context) ([]byte, error) {
	var msg string
	found, err := k.db.Row(ctx, "SELECT note FROM known_checkpoint WHERE id = 1", nil, &msg)
	if err != nil || !found {
		return nil, err
	}
	return []byte(msg), nil
}

// NoteCheckpoint keeps the newest checkpoint beside the keys.
func (k *Keys) NoteCheckpoint(ctx context.Context, msg []byte) error {
	return k.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO known_checkpoint (id, note) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET note = excluded.note", string(msg))
		return err
	})
}

// Destroy removes a person's keys: what they sealed is gone, in every backup too.
func (k *Keys) Destroy(ctx context.Context, key id.ID) error {
	if key == k.org || key.IsZero() {
		return fault.New(fault.Invalid, "organisation_key", "the organisation's own key cannot be destroyed")
	}
	err := k.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM person_key WHERE id = ?", key.Bytes())
		return err
	})
	if err == nil {
		k.mu.Lock()
		k.destroyed++
		delete(k.known, key)
		k.mu.Unlock()
	}
	return err
}
