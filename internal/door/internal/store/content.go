package store

import (
	"context"
	"fmt"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// chunkSize is how much of a file is sealed as one piece, in bytes.
const chunkSize = 256 << 10

// PutContent stores what a file field of a row holds, sealed piece by piece under the keys of the
// person whom the row is about. A piece opens only at its place, in this content of this field of this
// row. Contents are never changed: another upload is another content.
func (s *Store) PutContent(ctx context.Context, tx *sqldb.Tx, o *schema.Object, r *Row, f *schema.Field, content id.ID, body []byte) error {
	pair, err := s.pair(ctx, r.Subject)
	if err != nil {
		return err
	}
	total := (len(body) + chunkSize - 1) / chunkSize
	for n := range total {
		piece := body[n*chunkSize : min((n+1)*chunkSize, len(body))]
		key, err := pieceKey(pair, f, content, n, total)
		if err != nil {
			return err
		}
		sealed := seal.Seal(s.rand, key, keyVersion, seal.Chunk, s.address(o, r, f.ID), piece)
		if _, err := tx.Exec(ctx, "INSERT INTO content (id, n, subject, sealed) VALUES (?, ?, ?, ?)", content.Bytes(), int64(n), r.Subject.Bytes(), sealed); err != nil {
			return err
		}
	}
	return nil
}

// pieceKey is a key for one piece of a content, so that pieces cannot change places.
func pieceKey(pair PersonKeys, f *schema.Field, content id.ID, n, total int) (key seal.Key, err error) {
	key = pair.Personal
	if f.Class == schema.Restricted {
		if key, err = pair.Restricted(); err != nil {
			return key, err
		}
	}
	return key.DeriveKey(fmt.Sprintf("file/1/%s/%d/%d", content, n, total)), nil
}

// Content reads what a file field of a row holds. The error has kind NotFound where it belongs to
// another record or field, or was erased with the person's keys.
func (s *Store) Content(ctx context.Context, db sqldb.Querier, o *schema.Object, r *Row, f *schema.Field, ref schema.FileRef) ([]byte, error) {
	rows, err := db.Query(ctx, "SELECT subject, sealed FROM content WHERE id = ? ORDER BY n", ref.Content.Bytes())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var pieces [][]byte
	at := *r // whom the row was about when the file was uploaded
	for rows.Next() {
		var subject, sealed []byte
		if err := rows.Scan(&subject, &sealed); err != nil {
			return nil, sqldb.Classify(err)
		}
		if at.Subject, err = id.FromBytes(subject); err != nil {
			return nil, err
		}
		pieces = append(pieces, sealed)
	}
	if err := rows.Err(); err != nil {
		return nil, sqldb.Classify(err)
	}
	pair, found, err := s.keys.One(ctx, at.Subject)
	if err != nil {
		return nil, err
	}
	if want := int((ref.Size + chunkSize - 1) / chunkSize); len(pieces) != want || !found {
		return nil, fault.New(fault.NotFound, "no_content", "the content of this file is not there any more")
	}
	body := make([]byte, 0, ref.Size)
	for n, sealed := range pieces {
		key, err := pieceKey(pair, f, ref.Content, n, len(pieces))
		if err != nil {
			return nil, err
		}
		piece, err := seal.Open(key, seal.Chunk, s.address(o, &at, f.ID), sealed)
		if err != nil {
			return nil, damagedRow(err)
		}
		body = append(body, piece...)
	}
	if int64(len(body)) != ref.Size {
		return nil, damagedRow(nil)
	}
	return body, nil
}

// EachContent reads the pieces of every content as they are stored.
func (s *Store) EachContent(ctx context.Context, db sqldb.Querier, do func(content id.ID, n int64, subject id.ID, sealed []byte) error) error {
	rows, err := db.Query(ctx, "SELECT id, n, subject, sealed FROM content ORDER BY id, n")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var raw, about, sealed []byte
		var n int64
		if err := rows.Scan(&raw, &n, &about, &sealed); err != nil {
			return sqldb.Classify(err)
		}
		content, err := id.FromBytes(raw)
		if err != nil {
			return err
		}
		subject, err := id.FromBytes(about)
		if err != nil {
			return err
		}
		if err := do(content, n, subject, sealed); err != nil {
			return err
		}
	}
	return sqldb.Classify(rows.Err())
}
