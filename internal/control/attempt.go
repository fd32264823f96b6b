package control

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wardbook/wardbook/internal/sqldb"
)

// Attempts is what is known of failed attempts under one key.
type Attempts struct {
	Fails int       // since the last success
	Last  time.Time // zero: never
}

// Measure bounds attempts under one key.
type Measure struct {
	Key  []byte                             // a hash: whom or what it measures does not show
	Wait func(a Attempts) (d time.Duration) // how long to wait before another attempt; 0 to go on
}

const (
	// MaxAttempts is how many keys are remembered.
	MaxAttempts = 100_000

	attemptsKept = 24 * time.Hour // without another failure
)

// Attempt counts an attempt under every measure as failed, before it is known whether it is: so many
// at once cannot slip through together. Where a measure says to wait, nothing is counted. Attempts that
// succeed are taken back by Succeeded.
func (c *DB) Attempt(ctx context.Context, measures []Measure) (wait time.Duration, err error) {
	order := slices.Clone(measures) // rows are always locked in the same order
	slices.SortFunc(order, func(a, b Measure) int { return bytes.Compare(a.Key, b.Key) })
	err = c.db.Write(ctx, func(tx *sqldb.Tx) error {
		wait = 0
		now := c.now()
		for _, m := range order {
			// The row is written before it is read, so that two of these wait for each other.
			_, err := tx.Exec(ctx, "INSERT INTO attempt (id, fails, last_at) VALUES (?, 0, ?) ON CONFLICT (id) DO UPDATE SET fails = attempt.fails", m.Key, now.UnixMicro())
			if err != nil {
				return err
			}
			var a Attempts
			var fails, last int64
			if _, err := tx.Row(ctx, "SELECT fails, last_at FROM attempt WHERE id = ?", []any{m.Key}, &fails, &last); err != nil {
				return err
			}
			if a.Fails, a.Last = int(fails), at(&last); now.Sub(a.Last) > attemptsKept {
				a.Fails = 0
				if _, err := tx.Exec(ctx, "UPDATE attempt SET fails = 0 WHERE id = ?", m.Key); err != nil {
					return err
				}
			}
			wait = max(wait, m.Wait(a))
		}
		if wait > 0 {
			return errWait // leaves no row of what was not tried
		}
		for _, m := range order {
			if _, err := tx.Exec(ctx, "UPDATE attempt SET fails = fails + 1, last_at = ? WHERE id = ?", now.UnixMicro(), m.Key); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errWait) {
		return wait, nil
	}
	return wait, err
}

var errWait = errors.New("an attempt comes too early")

// Succeeded forgets the failures under one key, and takes back the attempt alone under another: who
// signs in well now and then gets no more tries at other people.
func (c *DB) Succeeded(ctx context.Context, forget, takeBack []byte) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM attempt WHERE id = ?", forget); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE attempt SET fails = fails - 1 WHERE id = ? AND fails > 0", takeBack)
		return err
	})
}

// PruneAttempts forgets what is a day old, and where there are more keys than most, the oldest.
func (c *DB) PruneAttempts(ctx context.Context, most int64) error {
	return c.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM attempt WHERE last_at < ?", c.now().Add(-attemptsKept).UnixMicro()); err != nil {
			return err
		}
		var n int64
		if _, err := tx.Row(ctx, "SELECT count(*) FROM attempt", nil, &n); err != nil || n <= most {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt ORDER BY last_at LIMIT ?)", n-most)
		return err
	})
}
