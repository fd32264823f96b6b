package store

import (
	"context"
	"io"
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

	mu    sync.Mutex
	known map[id.ID]*PersonKeys
	spare []id.ID

	destroyed uint64 // counts: what was read before a key was destroyed is not kept after it
}

// PersonKeys are the two keys of one person.
type PersonKeys struct {
	Personal seal.Key

	restricted seal.Key
	unwrap     func() (seal.Key, error) // nil where restricted is there
}

// Restricted returns the key of restricted fields. It is unwrapped when it is asked for: most of what is
// read has none of them.
func (p *PersonKeys) Restricted() (seal.Key, error) {
	if p.unwrap == nil {
		return p.restricted, nil
	}
	return p.unwrap()
}

const (
	ahead    = 256     // keys made in one commit
	maxKnown = 100_000 // unwrapped keys held in memory
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
	k := &Keys{db: db, ring: ring, org: org, ids: ids, now: now, rand: rand, known: map[id.ID]*PersonKeys{}}
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

func (k *Keys) insert(ctx context.Context, tx *sqldb.Tx, key id.ID) (*PersonKeys, error) {
	pair := &PersonKeys{Personal: seal.NewKey(k.rand), restricted: seal.NewKey(k.rand)}
	addr := seal.Address{Org: k.org, Subject: key}
	ring := k.ring()
	pv, pk := ring.Current(seal.KEKPersonal)
	rv, rk := ring.Current(seal.KEKRestricted)
	_, err := tx.Exec(ctx, "INSERT INTO person_key (id, personal, restricted, created_at) VALUES (?, ?, ?, ?)", key.Bytes(),
		seal.Wrap(k.rand, pk, pv, seal.Personal, addr, pair.Personal), seal.Wrap(k.rand, rk, rv, seal.Restricted, addr, pair.restricted), k.now().UnixMicro())
	return pair, err
}

// Take returns the identifier of a key that no record uses yet.
func (k *Keys) Take(ctx context.Context) (id.ID, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.spare) == 0 {
		if err := k.makeAhead(ctx); err != nil {
			return id.ID{}, err
		}
	}
	key := k.spare[len(k.spare)-1]
	k.spare = k.spare[:len(k.spare)-1]
	return key, nil
}

func (k *Keys) makeAhead(ctx context.Context) error {
	made := map[id.ID]*PersonKeys{}
	err := k.db.Write(ctx, func(tx *sqldb.Tx) error {
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
	if err != nil {
		return err
	}
	for key, pair := range made {
		k.remember(key, pair)
		k.spare = append(k.spare, key)
	}
	return nil
}

// remember keeps an unwrapped key; the caller holds mu.
func (k *Keys) remember(key id.ID, pair *PersonKeys) {
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

// Load returns the keys with the identifiers; the zero ID stands for the organisation's own. A key
// that was destroyed is absent from the answer.
func (k *Keys) Load(ctx context.Context, want []id.ID) (map[id.ID]*PersonKeys, error) {
	got := make(map[id.ID]*PersonKeys, len(want))
	var missing []any
	k.mu.Lock()
	for _, key := range want {
		if key.IsZero() {
			key = k.org
		}
		if _, done := got[key]; done {
			continue
		}
		pair := k.known[key]
		got[key] = pair
		if pair == nil {
			missing = append(missing, key.Bytes())
		}
	}
	k.mu.Unlock()
	for len(missing) > 0 {
		n := min(len(missing), 500)
		if err := k.fetch(ctx, missing[:n], got); err != nil {
			return nil, err
		}
		missing = missing[n:]
	}
	for key, pair := range got {
		if pair == nil {
			delete(got, key)
		}
	}
	got[id.ID{}] = got[k.org]
	return got, nil
}

func (k *Keys) fetch(ctx context.Context, want []any, into map[id.ID]*PersonKeys) error {
	turn := k.turn()
	st := &sqldb.Statement{}
	st.Text("SELECT id, personal, restricted FROM person_key WHERE id IN (").BindList(want).Text(")")
	rows, err := k.db.Query(ctx, st.Query(), st.Args()...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kid, personal, restricted []byte
		if err := rows.Scan(&kid, &personal, &restricted); err != nil {
			return sqldb.Classify(err)
		}
		key, err := id.FromBytes(kid)
		if err != nil {
			return err
		}
		pair := &PersonKeys{}
		if pair.Personal, err = k.unwrap(seal.KEKPersonal, seal.Personal, key, personal); err != nil {
			return err
		}
		pair.unwrap = func() (seal.Key, error) { return k.unwrap(seal.KEKRestricted, seal.Restricted, key, restricted) }
		into[key] = pair
		k.keep(key, pair, turn)
	}
	return sqldb.Classify(rows.Err())
}

// turn is another number after each key that was destroyed.
func (k *Keys) turn() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.destroyed
}

// keep remembers a key that was read since a turn.
func (k *Keys) keep(key id.ID, pair *PersonKeys, turn uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if turn == k.destroyed {
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
