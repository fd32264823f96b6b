// Package control keeps what is not customer data: credentials, sessions, API tokens and the cursors of
// the journal's readers. It holds hashes and identifiers only, no name and no address, and it has a
// database of its own (control.db, or a schema of its own on PostgreSQL), which the door cannot reach.
package control

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// DB is the control database.
type DB struct {
	db     *sqldb.DB
	now    func() time.Time
	tokens knownTokens
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *sqldb.DB, now func() time.Time) (*DB, error) {
	if err := db.Migrate(ctx, "control", migrations()); err != nil {
		return nil, err
	}
	return &DB{db: db, now: now}, nil
}

// Close closes the database.
func (c *DB) Close() error { return c.db.Close() }

func migrations() []sqldb.Migration {
	return []sqldb.Migration{{Name: "credentials, tokens, cursors", Steps: []string{
		`CREATE TABLE credential (user_id {id} PRIMARY KEY NOT NULL, login {int} NOT NULL, phc {text} NOT NULL, changed_at {int} NOT NULL) {strict}`,
		`CREATE INDEX credential_login ON credential (login)`,
		`CREATE TABLE token (id {id} PRIMARY KEY NOT NULL, hash {bytes} NOT NULL, user_id {id} NOT NULL, name {text} NOT NULL,
			limits {text} NOT NULL, created_at {int} NOT NULL, expires_at {int} NOT NULL, revoked_at {int}, used_at {int}) {strict}`,
		`CREATE UNIQUE INDEX token_hash ON token (hash)`,
		`CREATE INDEX token_user ON token (user_id)`,
		`CREATE TABLE reader_cursor (name {text} PRIMARY KEY NOT NULL, position {int} NOT NULL) {strict}`,
	}}, {Name: "the newest keyring", Steps: []string{
		`CREATE TABLE keyring (id {int} PRIMARY KEY NOT NULL, serial {int} NOT NULL) {strict}`,
	}}, {Name: "sessions, invitations, attempts", Steps: []string{
		`ALTER TABLE credential ADD COLUMN address {bytes}`,
		`CREATE UNIQUE INDEX credential_address ON credential (address)`,
		`CREATE TABLE session (id {id} PRIMARY KEY NOT NULL, hash {bytes} NOT NULL, user_id {id} NOT NULL, client {text} NOT NULL,
			created_at {int} NOT NULL, used_at {int} NOT NULL, expires_at {int} NOT NULL, ended_at {int}, why {text}) {strict}`,
		`CREATE UNIQUE INDEX session_hash ON session (hash)`,
		`CREATE INDEX session_of_user ON session (user_id)`,
		`CREATE INDEX session_expires ON session (expires_at)`,
		`CREATE TABLE invitation (user_id {id} PRIMARY KEY NOT NULL, hash {bytes} NOT NULL, login {int} NOT NULL, address {bytes} NOT NULL,
			expires_at {int} NOT NULL) {strict}`,
		`CREATE UNIQUE INDEX invitation_hash ON invitation (hash)`,
		`CREATE TABLE attempt (id {bytes} PRIMARY KEY NOT NULL, fails {int} NOT NULL, last_at {int} NOT NULL) {strict}`,
		`CREATE INDEX attempt_last ON attempt (last_at)`,
	}}}
}

// Keyring returns the serial number of the newest keyring that was in use; 0 where none was noted.
func (c *DB) Keyring(ctx context.Context) (serial uint32, err error) {
	var n int64
	_, err = c.db.Row(ctx, "SELECT serial FROM keyring WHERE id = 1", nil, &n)
	return uint32(n), err //nolint:gosec // as it was noted
}

// NoteKeyring keeps the serial number of the keyring in use.
func (c *DB) NoteKeyring(ctx context.Context, serial uint32) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO keyring (id, serial) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET serial = excluded.serial", int64(serial))
		return err
	})
}

// Token is an API token as stored: its hash, whose it is and what it may do.
type Token struct {
	ID      id.ID
	Hash    []byte // SHA-256 of the token's text
	User    id.ID
	Name    string
	Limits  []string // "object:verb", "*" for any
	Created time.Time
	Expires time.Time
	Revoked time.Time // zero: not revoked
	Used    time.Time // zero: never; kept to the hour
}

const tokenColumns = "id, hash, user_id, name, limits, created_at, expires_at, revoked_at, used_at"

// AddToken stores a new token.
func (c *DB) AddToken(ctx context.Context, t Token) error {
	limits, err := json.Marshal(t.Limits)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "encode", "internal error")
	}
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO token (id, hash, user_id, name, limits, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			t.ID.Bytes(), t.Hash, t.User.Bytes(), t.Name, string(limits), t.Created.UnixMicro(), t.Expires.UnixMicro())
		return err
	})
}

// TokenByHash returns the token with the hash, as it is or was less than a second ago, and never as it was
// before a change by this process; found is false where there is none.
func (c *DB) TokenByHash(ctx context.Context, hash []byte) (t Token, found bool, err error) {
	read := c.now()
	t, found, turn := c.tokens.get(hash, read)
	if found {
		return t, true, nil
	}
	list, err := c.readTokens(ctx, "SELECT "+tokenColumns+" FROM token WHERE hash = ?", hash)
	if err != nil || len(list) == 0 {
		return Token{}, false, err
	}
	c.tokens.put(list[0], turn, read)
	return list[0], true, nil
}

// TokenByID returns a token, ended ones too; found is false where there is none.
func (c *DB) TokenByID(ctx context.Context, token id.ID) (t Token, found bool, err error) {
	list, err := c.readTokens(ctx, "SELECT "+tokenColumns+" FROM token WHERE id = ?", token.Bytes())
	if err != nil || len(list) == 0 {
		return Token{}, false, err
	}
	return list[0], true, nil
}

// Tokens returns a person's tokens, or everybody's for the zero ID, oldest first, at most 1,000.
func (c *DB) Tokens(ctx context.Context, user id.ID) ([]Token, error) {
	if user.IsZero() {
		return c.readTokens(ctx, "SELECT "+tokenColumns+" FROM token ORDER BY id LIMIT 1000")
	}
	return c.readTokens(ctx, "SELECT "+tokenColumns+" FROM token WHERE user_id = ? ORDER BY id LIMIT 1000", user.Bytes())
}

// RevokeToken ends a token at once; found is false where there is no such living token.
func (c *DB) RevokeToken(ctx context.Context, token id.ID) (found bool, err error) {
	defer c.tokens.forget()
	err = c.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", c.now().UnixMicro(), token.Bytes())
		found = n > 0
		return err
	})
	return found, err
}

// TokenUsed records the hour of a token's last use.
func (c *DB) TokenUsed(ctx context.Context, token id.ID) error {
	defer c.tokens.forget()
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE token SET used_at = ? WHERE id = ?", c.now().Truncate(time.Hour).UnixMicro(), token.Bytes())
		return err
	})
}

func (c *DB) readTokens(ctx context.Context, query string, args ...any) (list []Token, err error) {
	rows, err := c.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t Token
		var tid, user []byte
		var limits string
		var created, expires int64
		var revoked, used *int64
		if err := rows.Scan(&tid, &t.Hash, &user, &t.Name, &limits, &created, &expires, &revoked, &used); err != nil {
			return nil, sqldb.Classify(err)
		}
		copy(t.ID[:], tid)
		copy(t.User[:], user)
		t.Created, t.Expires = at(&created), at(&expires)
		t.Revoked, t.Used = at(revoked), at(used)
		if err := json.Unmarshal([]byte(limits), &t.Limits); err != nil {
			return nil, fault.Wrap(fault.Internal, err, "decode", "internal error")
		}
		list = append(list, t)
	}
	return list, sqldb.Classify(rows.Err())
}

func at(micros *int64) time.Time {
	if micros == nil {
		return time.Time{}
	}
	return time.UnixMicro(*micros).UTC()
}
