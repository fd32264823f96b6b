package door

import (
	"context"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Item is a record of a snapshot as it is stored: plain fields encoded, the rest still sealed.
type Item struct {
	Object  uint32
	ID      id.ID
	Version int64
	Subject id.ID
	Fields  map[uint32][]byte // Field.Encode of plain fields; the sealed cell of restricted and secret ones
	Sealed  []byte            // the blob of personal fields
	State   [32]byte          // the digest that the journal vouches for

	// Of a piece of a file, which has no object: ID is the content, Version the piece's number, Sealed the
	// piece.
	Piece bool
}

// Snapshot reads every record, living and deleted, as of one moment, and calls do for each, by object
// and identifier, and then for each piece of the files that they hold. It feeds backups: nothing is decrypted for it. Only a part of the program that may
// export everything gets it.
func (s *Session) Snapshot(ctx context.Context, do func(Item) error) (err error) {
	defer fault.Op(&err, "door.Snapshot")
	a, err := s.access(ctx)
	if err != nil {
		return err
	}
	if _, program := s.actor.System(); !program || a.rights.Scope(policy.Everything, policy.Export) != policy.All {
		return s.forbidden(ctx, "snapshot", "", fault.New(fault.NotFound, "not_found", "there is nothing here"))
	}
	if err := s.durable(ctx, s.entry("snapshot", "*"), ""); err != nil {
		return err
	}
	return s.d.data.DB().Read(ctx, func(tx *sqldb.Tx) error {
		for _, o := range a.cat.schema.Objects() {
			err := s.d.data.EachSealed(ctx, tx, o, func(r *store.Row, sealed []byte) error {
				it := Item{Object: o.ID, ID: r.ID, Version: r.Version, Subject: r.Subject, Fields: map[uint32][]byte{}, Sealed: sealed, State: s.d.data.State(o, r)}
				for n, v := range r.Values {
					it.Fields[n] = o.FieldByID(n).Encode(v)
				}
				for n, cell := range r.Cells {
					it.Fields[n] = cell
				}
				return do(it)
			})
			if err != nil {
				return err
			}
		}
		return s.d.data.EachContent(ctx, tx, func(content id.ID, n int64, subject id.ID, sealed []byte) error {
			return do(Item{ID: content, Version: n, Subject: subject, Sealed: sealed, Piece: true})
		})
	})
}
