package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// MaxLockSize is the largest keyring file in bytes that is read.
const MaxLockSize = 1 << 20

const (
	lockFormat  = "wardbook-keyring"
	lockVersion = 1
)

// lockFile is the keyring file: JSON, because an operator who is looking for a lost key reads it.
// Format: docs/formats/keyring.md.
type lockFile struct {
	Format  string     `json:"format"`
	Version int        `json:"version"`
	Org     id.ID      `json:"organisation"`
	Created time.Time  `json:"created"`
	Serial  uint32     `json:"serial"`
	Slots   []slotFile `json:"slots"`
	Root    []byte     `json:"root"` // commitment to the root key
	Ring    []byte     `json:"ring"` // cell
}

type slotFile struct {
	ID      uint32    `json:"id"`
	Kind    SlotKind  `json:"kind"`
	Label   string    `json:"label,omitempty"`
	Created time.Time `json:"created"`
	Argon2  *Cost     `json:"argon2id,omitempty"`
	Salt    []byte    `json:"salt,omitempty"`
	Check   []byte    `json:"check"`
	Wrapped []byte    `json:"wrapped"`
}

// Marshal returns the keyring file. It holds no key that is not wrapped or sealed. Every call seals the
// ring anew, so two calls differ.
func (l *Lock) Marshal(rand io.Reader) []byte {
	f := lockFile{
		Format: lockFormat, Version: lockVersion,
		Org: l.info.Org, Created: l.info.Created, Serial: l.info.Serial,
		Root: l.root.s().commitment(),
		Ring: Seal(rand, l.root, l.info.Serial, Keyring, Address{Org: l.info.Org}, l.ring.encode()),
	}
	for i, pub := range l.info.Slots {
		s := slotFile{
			ID: pub.ID, Kind: pub.Kind, Label: pub.Label, Created: pub.Created,
			Salt: l.slots[i].salt, Check: l.slots[i].check, Wrapped: l.slots[i].wrapped,
		}
		if pub.Kind == KindPassphrase {
			s.Argon2 = &pub.Cost
		}
		f.Slots = append(f.Slots, s)
	}
	out, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		panic("seal: " + err.Error()) // only for a time after the year 9999
	}
	return append(out, '\n')
}

// ReadLock returns the readable part of a keyring file without opening it. Nothing in it is proven: that
// takes OpenLock. Errors: as OpenLock about the file.
func ReadLock(data []byte) (LockInfo, error) {
	f, err := parseLock(data)
	if err != nil {
		return LockInfo{}, err
	}
	return f.lock().info, nil
}

// parseLock reads the file and checks its shape.
func parseLock(data []byte) (*lockFile, error) {
	if len(data) > MaxLockSize {
		return nil, fault.New(fault.Invalid, "lock_unknown", "this is not a keyring file: it is larger than %d KiB", MaxLockSize>>10)
	}
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil && bytes.Contains(data, []byte(lockFormat)) {
		return nil, errLockDamaged("its text is cut off or changed")
	}
	switch {
	case head.Format != lockFormat:
		return nil, fault.New(fault.Invalid, "lock_unknown", "this is not a Wardbook keyring file")
	case head.Version > lockVersion:
		return nil, fault.New(fault.Invalid, "lock_newer", "the keyring file was written by a newer release: it has version %d, this one reads %d", head.Version, lockVersion)
	case head.Version < 1:
		return nil, errLockDamaged("it has no version")
	}
	f := new(lockFile)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(f); err != nil {
		return nil, errLockDamaged("a part of it cannot be read")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errLockDamaged("there is something after its end")
	}
	return f, f.check()
}

// check returns an error unless every part is there and of its size.
func (f *lockFile) check() error {
	if f.Org.IsZero() || !goodTime(f.Created) || len(f.Root) != commitSize || len(f.Ring) > CellSize(Keyring, maxRingSize) {
		return errLockDamaged("a part of it is missing")
	}
	if h, err := ParseHeader(f.Ring); err != nil || h.Scope != Keyring || h.Version != f.Serial {
		return errLockDamaged("its keys and its serial number do not belong together")
	}
	if len(f.Slots) == 0 || len(f.Slots) > maxSlots {
		return errLockDamaged("it must have 1 to 16 slots")
	}
	last := uint32(0)
	for i := range f.Slots {
		s := &f.Slots[i]
		if s.ID <= last {
			return errLockDamaged("its slots are not in order")
		}
		last = s.ID
		if err := s.verify(); err != nil {
			return err
		}
	}
	return nil
}

// goodTime reports whether t can be written again.
func goodTime(t time.Time) bool { return t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 }

func (s *slotFile) verify() error {
	good := len(s.Check) == checkSize && len(s.Wrapped) == WrappedSize && goodLabel(s.Label) && goodTime(s.Created)
	switch s.Kind {
	case KindKeyFile:
		good = good && s.Argon2 == nil && len(s.Salt) == 0
	case KindPassphrase:
		good = good && s.Argon2 != nil && len(s.Salt) == saltSize
	default:
		return fault.New(fault.Invalid, "lock_newer", "slot %d of the keyring file is of a kind that this release does not know", s.ID)
	}
	if !good {
		return errLockDamaged("a slot is not of its kind's shape")
	}
	return nil
}

// lock returns the Lock of the file, still without root and ring.
func (f *lockFile) lock() *Lock {
	l := &Lock{info: LockInfo{Org: f.Org, Created: stamp(f.Created), Serial: f.Serial}}
	for i := range f.Slots {
		s := &f.Slots[i]
		pub := Slot{ID: s.ID, Kind: s.Kind, Label: s.Label, Created: stamp(s.Created)}
		if s.Argon2 != nil {
			pub.Cost = *s.Argon2
		}
		l.info.Slots = append(l.info.Slots, pub)
		l.slots = append(l.slots, slot{salt: s.Salt, check: s.Check, wrapped: s.Wrapped})
	}
	return l
}
