// Package store is the only SQL on customer data. It lies inside the door, so that the compiler keeps
// everybody else out: whoever wants a record asks a door.Session.
//
// A table per object holds its plain fields in typed columns, the personal fields of a row in one
// sealed blob, and each restricted or secret field in a sealed cell of its own. Beside them lie the
// journal (Log) and, in a database of its own, the keys of persons (Keys).
package store

import (
	"context"
	"encoding/json"
	"io"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Store keeps the records of one organisation.
type Store struct {
	db   *sqldb.DB
	keys *Keys
	ring func() *seal.Ring
	org  id.ID
	rand io.Reader

	layouts layouts
	aside   *Aside
	memo    memo
}

// New brings the fixed tables up to date and returns the store.
func New(ctx context.Context, db *sqldb.DB, keys *Keys, aside *Aside, ring func() *seal.Ring, org id.ID, rand io.Reader) (*Store, error) {
	if err := db.Migrate(ctx, "data", migrations()); err != nil {
		return nil, err
	}
	return &Store{db: db, keys: keys, aside: aside, ring: ring, org: org, rand: rand}, nil
}

// DB returns the database, for transactions and reads.
func (s *Store) DB() *sqldb.DB { return s.db }

// Keys returns the keys of persons.
func (s *Store) Keys() *Keys { return s.keys }

func migrations() []sqldb.Migration {
	return []sqldb.Migration{
		{Name: "journal", Steps: []string{
			`CREATE TABLE journal_pending (id {id} PRIMARY KEY NOT NULL, body {bytes} NOT NULL, sealed {bytes}) {strict}`,
			`CREATE TABLE journal (seq {int} PRIMARY KEY NOT NULL, id {id} NOT NULL, at {int} NOT NULL, actor {id}, verb {text} NOT NULL,
				object {text} NOT NULL, record {id}, changeset {id}, body {bytes} NOT NULL, sealed {bytes}, hash {bytes} NOT NULL) {strict}`,
			`CREATE INDEX journal_record ON journal (record, seq) WHERE record IS NOT NULL`,
			`CREATE INDEX journal_changeset ON journal (changeset, seq) WHERE changeset IS NOT NULL`,
			`CREATE TABLE journal_tile (level {int} NOT NULL, n {int} NOT NULL, hash {bytes} NOT NULL, PRIMARY KEY (level, n)) {strict}`,
			`CREATE TABLE journal_head (id {int} PRIMARY KEY NOT NULL, size {int} NOT NULL, frontier {bytes}) {strict}`,
			`INSERT INTO journal_head (id, size) VALUES (1, 0)`,
			`CREATE TABLE journal_checkpoint (size {int} PRIMARY KEY NOT NULL, at {int} NOT NULL, note {text} NOT NULL) {strict}`,
		}},
		{Name: "structure, epochs, counters, repeated requests", Steps: []string{
			`CREATE TABLE structure (name {text} PRIMARY KEY NOT NULL) {strict}`,
			`CREATE TABLE definition (object {int} PRIMARY KEY NOT NULL, body {text} NOT NULL) {strict}`,
			`CREATE TABLE epoch (name {text} PRIMARY KEY NOT NULL, n {int} NOT NULL) {strict}`,
			`CREATE TABLE counter (object {int} NOT NULL, field {int} NOT NULL, n {int} NOT NULL, PRIMARY KEY (object, field)) {strict}`,
			`CREATE TABLE repeated (actor {id} NOT NULL, token {bytes} NOT NULL, request {bytes} NOT NULL, answer {text} NOT NULL, at {int} NOT NULL, PRIMARY KEY (actor, token)) {strict}`,
			`CREATE INDEX repeated_at ON repeated (at)`,
		}},
		{Name: "contents of files", Steps: []string{
			`CREATE TABLE content (id {id} NOT NULL, n {int} NOT NULL, subject {id}, sealed {bytes} NOT NULL, PRIMARY KEY (id, n)) {strict}`,
		}},
		{Name: "rows that are being sealed", Steps: []string{
			`CREATE TABLE raising (object {int} PRIMARY KEY NOT NULL, after {id}, rewritten {int} NOT NULL, found {bool} NOT NULL) {strict}`,
		}},
	}
}

// Definitions returns the objects that people defined or changed.
func (s *Store) Definitions(ctx context.Context) ([]schema.Object, error) {
	rows, err := s.db.Query(ctx, "SELECT body FROM definition ORDER BY object")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []schema.Object
	for rows.Next() {
		var body string
		var o schema.Object
		if err := rows.Scan(&body); err != nil {
			return nil, sqldb.Classify(err)
		}
		if err := json.Unmarshal([]byte(body), &o); err != nil {
			return nil, fault.Wrap(fault.Internal, err, "bad_definition", "a stored definition is damaged")
		}
		list = append(list, o)
	}
	return list, sqldb.Classify(rows.Err())
}

// Define stores an object's definition.
func (s *Store) Define(ctx context.Context, tx *sqldb.Tx, o schema.Object) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO definition (object, body) VALUES (?, ?) ON CONFLICT (object) DO UPDATE SET body = excluded.body", int64(o.ID), string(body))
	return err
}

// Bump counts an epoch up: other nodes drop what they keep of what it stands for.
func (s *Store) Bump(ctx context.Context, tx *sqldb.Tx, name string) error {
	_, err := tx.Exec(ctx, "INSERT INTO epoch (name, n) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = epoch.n + 1", name)
	return err
}

// Epoch returns an epoch's number.
func (s *Store) Epoch(ctx context.Context, name string) (n int64, err error) {
	_, err = s.db.Row(ctx, "SELECT n FROM epoch WHERE name = ?", []any{name}, &n)
	return n, err
}

// Count takes the next number of an automatic number's counter.
func (s *Store) Count(ctx context.Context, tx *sqldb.Tx, o *schema.Object, f *schema.Field) (n int64, err error) {
	args := []any{int64(o.ID), int64(f.ID)}
	if _, err := tx.Exec(ctx, "INSERT INTO counter (object, field, n) VALUES (?, ?, 1) ON CONFLICT (object, field) DO UPDATE SET n = counter.n + 1", args...); err != nil {
		return 0, err
	}
	_, err = tx.Row(ctx, "SELECT n FROM counter WHERE object = ? AND field = ?", args, &n)
	return n, err
}

// Repeated returns the answer to a request that was already carried out under the same token.
func (s *Store) Repeated(ctx context.Context, tx *sqldb.Tx, actor id.ID, token []byte) (request []byte, answer string, found bool, err error) {
	found, err = tx.Row(ctx, "SELECT request, answer FROM repeated WHERE actor = ? AND token = ?", []any{actor[:], token}, &request, &answer)
	return request, answer, found, err
}

// Remember keeps the answer to a request, for its repetition. At is in microseconds since 1970. The
// error has reason Raced when the same request was carried out meanwhile.
func (s *Store) Remember(ctx context.Context, tx *sqldb.Tx, actor id.ID, token, request []byte, answer string, at int64) error {
	n, err := tx.Exec(ctx, "INSERT INTO repeated (actor, token, request, answer, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (actor, token) DO NOTHING", actor[:], token, request, answer, at)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, Raced, "the same request is being carried out: try again")
	}
	return err
}

// Forget drops answers kept since before a moment.
func (s *Store) Forget(ctx context.Context, before int64) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM repeated WHERE at < ?", before)
		return err
	})
}
