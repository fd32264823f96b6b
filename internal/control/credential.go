package control

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Credential is what proves a person by password.
type Credential struct {
	User    id.ID
	Login   int64  // blind index of the sign-in address; several people may share one by chance
	Address []byte // keyed hash of the sign-in address, of one person alone; nil in rows of an older Wardbook
	PHC     string // argon2id, in the PHC string format
}

// SetCredential stores or replaces a person's credential. A sign-in address that somebody else has is
// a conflict.
func (c *DB) SetCredential(ctx context.Context, x Credential) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error { return c.setCredential(ctx, tx, x) })
}

func (c *DB) setCredential(ctx context.Context, tx *sqldb.Tx, x Credential) error {
	if x.Address != nil {
		var other []byte
		found, err := tx.Row(ctx, "SELECT user_id FROM credential WHERE address = ? AND user_id <> ?", []any{x.Address, x.User.Bytes()}, &other)
		if err != nil {
			return err
		}
		if found {
			return fault.InField("email", "taken", "another person signs in with this address")
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO credential (user_id, login, address, phc, changed_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET login = excluded.login, address = excluded.address, phc = excluded.phc, changed_at = excluded.changed_at`,
		x.User.Bytes(), x.Login, x.Address, x.PHC, c.now().UnixMicro())
	return err
}

// ChangePassword replaces a person's credential and ends all of the person's sessions, as one.
func (c *DB) ChangePassword(ctx context.Context, x Credential, why string) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := c.setCredential(ctx, tx, x); err != nil {
			return err
		}
		_, err := c.endSessions(ctx, tx, x.User, why)
		return err
	})
}

// CredentialOf returns a person's credential; found is false where the person has none.
func (c *DB) CredentialOf(ctx context.Context, user id.ID) (x Credential, found bool, err error) {
	x.User = user
	found, err = c.db.Row(ctx, "SELECT login, address, phc FROM credential WHERE user_id = ?", []any{user.Bytes()}, &x.Login, &x.Address, &x.PHC)
	return x, found, err
}

// CredentialAt returns the credential of a sign-in address. A row without a keyed hash is found by the
// blind index alone.
func (c *DB) CredentialAt(ctx context.Context, login int64, address []byte) (x Credential, found bool, err error) {
	for _, q := range []struct {
		where string
		arg   any
	}{{"address = ?", address}, {"address IS NULL AND login = ?", login}} {
		var user, mac []byte
		var y Credential
		ok, err := c.db.Row(ctx, "SELECT user_id, login, address, phc FROM credential WHERE "+q.where+" ORDER BY user_id LIMIT 1", []any{q.arg}, &user, &y.Login, &mac, &y.PHC)
		if err != nil {
			return Credential{}, false, err
		}
		if ok && !found { // both are asked, whatever the first says: how long it takes tells nothing
			copy(y.User[:], user)
			y.Address = mac
			x, found = y, true
		}
	}
	return x, found, nil
}

// Invitation lets a person set a password once. There is at most one for a person.
type Invitation struct {
	User    id.ID
	Hash    []byte // SHA-256 of the text
	Login   int64  // as of the credential to be
	Address []byte
	Expires time.Time
}

// Invite stores an invitation; one before it ends.
func (c *DB) Invite(ctx context.Context, x Invitation) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM invitation WHERE expires_at <= ?", c.now().UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO invitation (user_id, hash, login, address, expires_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, login = excluded.login, address = excluded.address, expires_at = excluded.expires_at`,
			x.User.Bytes(), x.Hash, x.Login, x.Address, x.Expires.UnixMicro())
		return err
	})
}

// Invitation returns the invitation with the hash; found is false where there is none in force.
func (c *DB) Invitation(ctx context.Context, hash []byte) (x Invitation, found bool, err error) {
	err = c.db.Read(ctx, func(tx *sqldb.Tx) error {
		x, found, err = c.invitation(ctx, tx, hash)
		return err
	})
	return x, found, err
}

func (c *DB) invitation(ctx context.Context, tx *sqldb.Tx, hash []byte) (x Invitation, found bool, err error) {
	var user []byte
	var expires int64
	x.Hash = hash
	found, err = tx.Row(ctx, "SELECT user_id, login, address, expires_at FROM invitation WHERE hash = ? AND expires_at > ?",
		[]any{hash, c.now().UnixMicro()}, &user, &x.Login, &x.Address, &expires)
	copy(x.User[:], user)
	x.Expires = at(&expires)
	return x, found, err
}

// Accept uses an invitation up: it stores the credential and ends the person's sessions. found is false
// where the invitation is not in force any more.
func (c *DB) Accept(ctx context.Context, hash []byte, x Credential) (found bool, err error) {
	err = c.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM invitation WHERE hash = ? AND user_id = ? AND expires_at > ?", hash, x.User.Bytes(), c.now().UnixMicro())
		found = n > 0
		if err != nil || !found {
			return err
		}
		if err := c.setCredential(ctx, tx, x); err != nil {
			return err
		}
		_, err = c.endSessions(ctx, tx, x.User, "password")
		return err
	})
	return found, err
}

// Withdraw ends a person's invitation, where there is one.
func (c *DB) Withdraw(ctx context.Context, user id.ID) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM invitation WHERE user_id = ?", user.Bytes())
		return err
	})
}
