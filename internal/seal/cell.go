package seal

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/wardbook/wardbook/internal/id"
)

// Scope says what sort of thing is sealed. It is part of every cell and authenticated, so that a cell of
// one scope never opens as another.
type Scope byte

// The scopes, with the numbers of the format.
const (
	Record     Scope = 1 // a row that is about no person, under a key of the organisation
	Personal   Scope = 2 // personal fields, under the person's first key
	Restricted Scope = 3 // one restricted field, under the person's second key
	Secret     Scope = 4 // an integration's credential; written, never shown
	Audit      Scope = 5 // the sealed part of a journal entry
	Chunk      Scope = 6 // a piece of a file; the only scope whose length is not hidden
	Keyring    Scope = 7 // inside a Lock: the root key in a slot, and the ring
)

func (s Scope) known() bool { return s >= Record && s <= Keyring }

// Address is the place of a cell. All of it is authenticated: a cell that was moved does not open.
// Table and Field are numbers that never change, so that renaming needs no re-encryption.
type Address struct {
	Org     id.ID  // organisation
	Table   uint32 // number of the object
	Row     id.ID  // record
	Field   uint32 // number of the field; 0 for a blob made by Pack
	Subject id.ID  // the person whom the data is about; zero when it is about none
}

// Header is the readable beginning of a cell or of a wrapped key.
type Header struct {
	Scope   Scope
	Version uint32 // of the key that opens it
}

// The byte formats; docs/formats/sealed-cell.md.
const (
	formatCell = 0x01
	formatWrap = 0x81
	suiteXAES  = 1

	headerSize  = 7
	addressSize = 16 + 4 + 16 + 4 + 16
	labelSize   = 10
	cellAADSize = labelSize + headerSize + addressSize

	cellLabel = "crm-cell/1"
	wrapLabel = "crm-wrap/1"

	// Overhead is what a cell is longer than its padded plaintext, in bytes.
	Overhead = headerSize + nonceSize + tagSize
)

// Seal encrypts plaintext under key and returns the cell. The version is that of the key and is
// stored, readable, in the cell. Cells of all scopes but Chunk are padded: see CellSize.
func Seal(rand io.Reader, key Key, version uint32, scope Scope, addr Address, plaintext []byte) []byte {
	return AppendSeal(nil, rand, key, version, scope, addr, plaintext)
}

// AppendSeal is Seal, appending the cell to dst.
func AppendSeal(dst []byte, rand io.Reader, key Key, version uint32, scope Scope, addr Address, plaintext []byte) []byte {
	s := key.must()
	if !scope.known() {
		panic("seal: unknown scope")
	}
	size := CellSize(scope, len(plaintext))
	dst = slices.Grow(dst, size)
	cell := dst[len(dst) : len(dst)+size]
	putHeader(cell, formatCell, scope, version)
	nonce := cell[headerSize : headerSize+nonceSize]
	mustRead(rand, nonce)
	body := cell[headerSize+nonceSize : size-tagSize]
	if scope == Chunk {
		copy(body, plaintext)
	} else {
		putPadded(body, plaintext)
	}
	w := new(scratch)
	aad := appendAAD(w.aad[:0], cellLabel, cell, addr)
	s.sealTo(w, body[:0], nonce, body, aad)
	return dst[:len(dst)+size]
}

// Open decrypts a cell with the key of the version that ParseHeader names. Whatever is wrong, the
// error is the one for which IsUnsealed is true.
func Open(key Key, scope Scope, addr Address, cell []byte) ([]byte, error) {
	h, err := ParseHeader(cell)
	if err != nil || h.Scope != scope || key.IsZero() {
		return nil, errUnsealed
	}
	w := new(scratch)
	aad := appendAAD(w.aad[:0], cellLabel, cell, addr)
	sealed := cell[headerSize+nonceSize:]
	body := make([]byte, 0, len(sealed)-tagSize)
	body, err = key.s().openTo(w, body, cell[headerSize:headerSize+nonceSize], sealed, aad)
	if err != nil {
		return nil, errUnsealed
	}
	if scope == Chunk {
		return body, nil
	}
	return unpad(body)
}

// ParseHeader reads the scope and key version of a cell, which are not yet proven true: only Open does
// that. Its error is the one for which IsUnsealed is true.
func ParseHeader(cell []byte) (Header, error) {
	if len(cell) < Overhead {
		return Header{}, errUnsealed
	}
	return parseHeader(cell, formatCell)
}

// CellSize returns the size of a cell of a plaintext of n bytes. The content with its length is padded
// to 16, 32, 64, 128 or 256 bytes, then to multiples of 256, and from 2 KiB on to an eighth of the power of
// two below: a length tells little about a name or a number, and padding costs at most an eighth of a long text.
func CellSize(scope Scope, n int) int {
	if scope == Chunk {
		return Overhead + n
	}
	return Overhead + paddedSize(n)
}

func putHeader(b []byte, format byte, scope Scope, version uint32) {
	b[0], b[1], b[2] = format, suiteXAES, byte(scope)
	binary.BigEndian.PutUint32(b[3:headerSize], version)
}

func parseHeader(b []byte, format byte) (Header, error) {
	scope := Scope(b[2])
	if b[0] != format || b[1] != suiteXAES || !scope.known() {
		return Header{}, errUnsealed
	}
	return Header{Scope: scope, Version: binary.BigEndian.Uint32(b[3:headerSize])}, nil
}

// appendAAD appends the additional data: every part has a fixed width, so no two addresses give the
// same bytes.
func appendAAD(dst []byte, label string, header []byte, addr Address) []byte {
	dst = append(dst, label...)
	dst = append(dst, header[:headerSize]...)
	dst = append(dst, addr.Org[:]...)
	dst = binary.BigEndian.AppendUint32(dst, addr.Table)
	dst = append(dst, addr.Row[:]...)
	dst = binary.BigEndian.AppendUint32(dst, addr.Field)
	return append(dst, addr.Subject[:]...)
}
