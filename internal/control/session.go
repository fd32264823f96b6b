package control

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Session is somebody signed in, as stored.
type Session struct {
	ID      id.ID
	Hash    []byte // SHA-256 of the cookie's text
	User    id.ID
	Client  string // family of the program, such as "firefox"; never more of what it says of itself
	Created time.Time
	Used    time.Time // kept to the minute
	Expires time.Time
	Ended   time.Time // zero: not ended
	Why     string    // what ended it
}

// sessionsKept is how long what is known of a session outlives it.
const sessionsKept = 30 * 24 * time.Hour

const sessionColumns = "id, hash, user_id, client, created_at, used_at, expires_at, ended_at, why"

// AddSession stores a new session. Where the person has more than most in force the longest unused
// ones end.
func (c *DB) AddSession(ctx context.Context, s Session, most int) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		now := c.now()
		if _, err := tx.Exec(ctx, "DELETE FROM session WHERE expires_at < ?", now.Add(-sessionsKept).UnixMicro()); err != nil {
			return err
		}
		list, err := c.living(ctx, tx, s.User)
		if err != nil {
			return err
		}
		for i := 0; i+most <= len(list); i++ {
			if _, err := c.endSession(ctx, tx, list[i].ID, "too_many"); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "INSERT INTO session (id, hash, user_id, client, created_at, used_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			s.ID.Bytes(), s.Hash, s.User.Bytes(), s.Client, s.Created.UnixMicro(), s.Used.UnixMicro(), s.Expires.UnixMicro())
		return err
	})
}

// SessionByHash returns the session with the hash, ended ones too; found is false where there is none.
func (c *DB) SessionByHash(ctx context.Context, hash []byte) (Session, bool, error) {
	return c.session(ctx, "hash = ?", hash)
}

// SessionByID returns a session, ended ones too; found is false where there is none.
func (c *DB) SessionByID(ctx context.Context, session id.ID) (Session, bool, error) {
	return c.session(ctx, "id = ?", session.Bytes())
}

func (c *DB) session(ctx context.Context, where string, arg any) (s Session, found bool, err error) {
	err = c.db.Read(ctx, func(tx *sqldb.Tx) error {
		list, err := sessions(ctx, tx, where, arg)
		if found = len(list) > 0; found {
			s = list[0]
		}
		return err
	})
	return s, found, err
}

// Sessions returns a person's sessions that have not ended and are within their absolute life, longest
// unused first.
func (c *DB) Sessions(ctx context.Context, user id.ID) (list []Session, err error) {
	err = c.db.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = c.living(ctx, tx, user)
		return err
	})
	return list, err
}

func (c *DB) living(ctx context.Context, tx *sqldb.Tx, user id.ID) ([]Session, error) {
	return sessions(ctx, tx, "user_id = ? AND ended_at IS NULL AND expires_at > ? ORDER BY used_at, id LIMIT 1000", user.Bytes(), c.now().UnixMicro())
}

// UseSession records when a session was used last.
func (c *DB) UseSession(ctx context.Context, session id.ID) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE session SET used_at = ? WHERE id = ?", c.now().UnixMicro(), session.Bytes())
		return err
	})
}

// EndSession ends a session at once; found is false where it is not in force.
func (c *DB) EndSession(ctx context.Context, session id.ID, why string) (found bool, err error) {
	err = c.db.Write(ctx, func(tx *sqldb.Tx) error {
		found, err = c.endSession(ctx, tx, session, why)
		return err
	})
	return found, err
}

func (c *DB) endSession(ctx context.Context, tx *sqldb.Tx, session id.ID, why string) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE session SET ended_at = ?, why = ? WHERE id = ? AND ended_at IS NULL", c.now().UnixMicro(), why, session.Bytes())
	return n > 0, err
}

// EndSessions ends all of a person's sessions at once.
func (c *DB) EndSessions(ctx context.Context, user id.ID, why string) (ended int64, err error) {
	err = c.db.Write(ctx, func(tx *sqldb.Tx) error {
		ended, err = c.endSessions(ctx, tx, user, why)
		return err
	})
	return ended, err
}

func (c *DB) endSessions(ctx context.Context, tx *sqldb.Tx, user id.ID, why string) (int64, error) {
	return tx.Exec(ctx, "UPDATE session SET ended_at = ?, why = ? WHERE user_id = ? AND ended_at IS NULL", c.now().UnixMicro(), why, user.Bytes())
}

func sessions(ctx context.Context, tx *sqldb.Tx, where string, args ...any) (list []Session, err error) {
	rows, err := tx.Query(ctx, "SELECT "+sessionColumns+" FROM session WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s Session
		var sid, user []byte
		var created, used, expires int64
		var ended *int64
		var why *string
		if err := rows.Scan(&sid, &s.Hash, &user, &s.Client, &created, &used, &expires, &ended, &why); err != nil {
			return nil, sqldb.Classify(err)
		}
		copy(s.ID[:], sid)
		copy(s.User[:], user)
		s.Created, s.Used, s.Expires, s.Ended = at(&created), at(&used), at(&expires), at(ended)
		if why != nil {
			s.Why = *why
		}
		list = append(list, s)
	}
	return list, sqldb.Classify(rows.Err())
}
