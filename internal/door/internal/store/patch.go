package store

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
)

// Patch is what an operation changed in a row: old and new values by field number, each as
// Field.Encode gives it, or for a restricted or secret field the sealed cell itself. An absent value
// is empty.
type Patch struct {
	Old, New map[uint32][]byte
	Subject  id.ID // whose keys seal it, as read back
}

// Diff returns what changed from old to new; a nil row stands for one that does not exist.
func Diff(o *schema.Object, old, new *Row) Patch {
	p := Patch{Old: map[uint32][]byte{}, New: map[uint32][]byte{}}
	for i := range o.Fields {
		f := &o.Fields[i]
		a, b := encoded(f, old), encoded(f, new)
		if bytes.Equal(a, b) {
			continue
		}
		if len(a) > 0 {
			p.Old[f.ID] = a
		}
		if len(b) > 0 {
			p.New[f.ID] = b
		}
	}
	return p
}

func encoded(f *schema.Field, r *Row) []byte {
	switch {
	case r == nil:
		return nil
	case f.Class.Cell():
		return r.Cells[f.ID]
	}
	return f.Encode(r.Values[f.ID])
}

// Fields lists the numbers of the fields that the patch changes.
func (p Patch) Fields() []uint32 {
	var list []uint32
	for n := range p.Old {
		list = append(list, n)
	}
	for n := range p.New {
		if _, both := p.Old[n]; !both {
			list = append(list, n)
		}
	}
	return list
}

// The sealed part of a journal entry: a version byte, whose keys it is under, and one or two cells.
// The first holds the patch or, for a read, what was asked; the second where the request came from,
// under the acting person's key (docs/formats/journal.md).
const (
	sealedVersion = 1
	noteField     = 1 // numbers the cells' places: the note of a read,
	originField   = 2 // and the origin
)

// SealPatch makes the sealed part of an entry about a row.
func (s *Store) SealPatch(ctx context.Context, o *schema.Object, row, subject id.ID, p Patch, origin Origin) ([]byte, error) {
	packed := make(map[uint32][]byte, len(p.Old)+len(p.New))
	for n, v := range p.Old {
		packed[2*n] = v
	}
	for n, v := range p.New {
		packed[2*n+1] = v
	}
	return s.sealEntry(ctx, seal.Address{Org: s.org, Table: o.ID, Row: row, Subject: subject}, seal.Pack(packed), origin)
}

// SealNote makes the sealed part of an entry about a read: what was asked for, such as a filter,
// which may name a person.
func (s *Store) SealNote(ctx context.Context, note string, origin Origin) ([]byte, error) {
	if note == "" && origin.empty() {
		return nil, nil
	}
	return s.sealEntry(ctx, seal.Address{Org: s.org, Field: noteField}, []byte(note), origin)
}

// Origin is where a request came from.
type Origin struct {
	Actor   id.ID // whose key seals it
	Address string
	Agent   string
}

func (o Origin) empty() bool { return o.Address == "" && o.Agent == "" }

func (s *Store) sealEntry(ctx context.Context, at seal.Address, content []byte, origin Origin) ([]byte, error) {
	pair, found, err := s.keys.One(ctx, at.Subject)
	if err != nil {
		return nil, err
	}
	b := append([]byte{sealedVersion}, at.Subject[:]...)
	if !found { // the person was erased: what happens now leaves no values
		return nil, nil
	}
	b = appendCell(b, seal.Seal(s.rand, pair.Personal, keyVersion, seal.Audit, at, content))
	if !origin.empty() {
		own, found, err := s.keys.One(ctx, s.org)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fault.New(fault.Unavailable, "organisation_key", "the organisation's key is missing from the key database; restore it from its backup")
		}
		place := seal.Address{Org: s.org, Field: originField}
		b = appendCell(b, seal.Seal(s.rand, own.Personal, keyVersion, seal.Audit, place, []byte(origin.Address+"\n"+origin.Agent)))
	}
	return b, nil
}

func appendCell(b, cell []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(cell))), cell...)
}

// OpenPatch reads the patch out of an entry's sealed part; erased is true when its key is destroyed.
func (s *Store) OpenPatch(ctx context.Context, o *schema.Object, row id.ID, sealed []byte) (p Patch, erased bool, err error) {
	p = Patch{Old: map[uint32][]byte{}, New: map[uint32][]byte{}}
	if len(sealed) == 0 {
		return p, true, nil
	}
	if len(sealed) < 17 || sealed[0] != sealedVersion {
		return p, false, damagedRow(nil)
	}
	subject := id.ID(sealed[1:17])
	p.Subject = subject
	n, size := binary.Uvarint(sealed[17:])
	if size <= 0 || n > uint64(len(sealed)-17-size) {
		return p, false, damagedRow(nil)
	}
	cell := sealed[17+size : 17+size+int(n)] //nolint:gosec // checked above
	pair, found, err := s.keys.One(ctx, subject)
	if err != nil {
		return p, false, err
	}
	if !found {
		return p, true, nil
	}
	content, err := seal.Open(pair.Personal, seal.Audit, seal.Address{Org: s.org, Table: o.ID, Row: row, Subject: subject}, cell)
	if err != nil {
		return p, false, damagedRow(err)
	}
	parts, err := seal.Unpack(content)
	if err != nil {
		return p, false, damagedRow(err)
	}
	for n, v := range parts {
		if n%2 == 0 {
			p.Old[n/2] = v
		} else {
			p.New[n/2] = v
		}
	}
	return p, false, nil
}

// Apply sets a patch's new (forward) or old values in a row.
func (p Patch) Apply(o *schema.Object, r *Row, forward bool) error {
	values := p.Old
	if forward {
		values = p.New
	}
	for _, n := range p.Fields() {
		f := o.FieldByID(n)
		if f == nil {
			continue
		}
		b := values[n]
		if f.Class.Cell() {
			delete(r.Cells, n)
			delete(r.Values, n)
			if cell(b) {
				r.setCell(n, b)
				continue
			}
		}
		v, err := f.Decode(b)
		if err != nil {
			return err
		}
		if v == nil {
			delete(r.Values, n)
		} else {
			r.Values[n] = v
		}
	}
	return nil
}

// Holds reports whether a row still has the patch's new values, field by field; it returns the
// numbers of the fields that it does not.
func (p Patch) Holds(o *schema.Object, r *Row) (differ []uint32) {
	for _, n := range p.Fields() {
		if f := o.FieldByID(n); f != nil && !bytes.Equal(encoded(f, r), p.New[n]) {
			differ = append(differ, n)
		}
	}
	return differ
}
