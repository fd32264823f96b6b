package seal

import (
	"io"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Lock is the keyring file, opened: slots that each wrap the root key, and the ring under the root key. Like
// a Ring it never changes: every change returns another Lock. Write what Marshal gives to disk (a new file,
// fsync, rename) before using a changed ring.
type Lock struct {
	info  LockInfo
	slots []slot // one for each of info.Slots
	root  Key
	ring  *Ring
}

// LockInfo is what anyone who has the file can read.
type LockInfo struct {
	Org     id.ID
	Created time.Time
	Serial  uint32 // counts the changes, so that an older copy is told from a newer one
	Slots   []Slot
}

// Slot describes a slot without its secret part.
type Slot struct {
	ID      uint32 // counts from 1
	Kind    SlotKind
	Label   string
	Created time.Time
	Cost    Cost // of a passphrase; zero for a key file
}

// slot is the secret part of a Slot.
type slot struct {
	salt    []byte // of a passphrase
	check   []byte // tells a secret that is not of this slot from a damaged slot
	wrapped []byte // the root key, as by Wrap
}

const (
	maxSlots  = 16
	saltSize  = 16
	checkSize = 8
)

// CreateLock makes a new keyring of an organisation: a new root key, a new ring, and a slot for each
// unlocker, of which there must be at least one. Errors: those of AddSlot, and Invalid "slot_last" without
// an unlocker.
func CreateLock(rand io.Reader, now time.Time, org id.ID, slots ...Unlocker) (*Lock, error) {
	l := &Lock{
		info: LockInfo{Org: org, Created: stamp(now)},
		root: NewKey(rand), ring: NewRing(rand, now),
	}
	return l.withSlots(rand, now, slots)
}

// withSlots adds a slot for each unlocker, as one change.
func (l *Lock) withSlots(rand io.Reader, now time.Time, unlockers []Unlocker) (*Lock, error) {
	if len(unlockers) == 0 {
		return nil, fault.New(fault.Invalid, "slot_last", "a keyring needs at least one key file or passphrase")
	}
	n := l.next()
	for _, u := range unlockers {
		if err := n.add(rand, now, u); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// next returns a copy of l that counts as its next change.
func (l *Lock) next() *Lock {
	n := *l
	n.info.Serial++
	n.info.Slots, n.slots = slices.Clone(l.info.Slots), slices.Clone(l.slots)
	return &n
}

// add puts a slot for u into l, which the caller has just made.
func (l *Lock) add(rand io.Reader, now time.Time, u Unlocker) error {
	switch {
	case u.derive == nil:
		return fault.New(fault.Invalid, "slot_kind", "a slot needs a key file or a passphrase")
	case u.short:
		return fault.InField("passphrase", "short_passphrase", "must have at least %d characters", leastPassphrase)
	case !goodLabel(u.label):
		return fault.InField("label", "bad_label", "must be at most %d printable characters", maxLabel)
	case len(l.slots) >= maxSlots:
		return fault.New(fault.TooMany, "slot_many", "a keyring has at most %d slots: remove one first", maxSlots)
	}
	pub := Slot{ID: 1, Kind: u.kind, Label: u.label, Created: stamp(now)}
	if n := len(l.info.Slots); n > 0 {
		pub.ID = l.info.Slots[n-1].ID + 1
	}
	var s slot
	if u.kind == KindPassphrase {
		if err := u.limits.check(u.cost); err != nil {
			return err
		}
		pub.Cost, s.salt = u.cost, make([]byte, saltSize)
		mustRead(rand, s.salt)
	}
	kek := u.derive(s.salt, pub.Cost)
	s.check = slotCheck(kek)
	s.wrapped = Wrap(rand, kek, pub.ID, Keyring, Address{Org: l.info.Org}, l.root)
	l.info.Slots, l.slots = append(l.info.Slots, pub), append(l.slots, s)
	return nil
}

// slotCheck is a short fingerprint of a slot's key. It helps a guesser of passphrases no more than the
// wrapped key's tag does.
func slotCheck(kek Key) []byte { return kek.Derive("wardbook-slot/check/1", checkSize) }

func goodLabel(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxLabel {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// OpenLock reads a keyring file and opens it with what a person holds.
//
// Its errors say what to do next. About the secret: Invalid "key_file_foreign" (the key file opens no slot of
// this keyring: it is another organisation's, or its slot was removed), Unauthenticated "passphrase_wrong",
// Invalid "slot_none" (the keyring has no slot of this kind). About the file: Invalid "lock_unknown" (not
// a keyring), "lock_newer", "lock_damaged", "slot_damaged" (try another slot), "ring_damaged", and "cost_low"
// or "cost_high" (a slot that no release of ours made).
func OpenLock(data []byte, u Unlocker) (*Ring, *Lock, error) {
	f, err := parseLock(data)
	if err != nil {
		return nil, nil, err
	}
	l := f.lock()
	if l.root, err = l.openRoot(u); err != nil {
		return nil, nil, err
	}
	if string(f.Root) != string(l.root.s().commitment()) {
		return nil, nil, errLockDamaged("its slots and its keys do not belong together")
	}
	encoded, err := Open(l.root, Keyring, Address{Org: l.info.Org}, f.Ring)
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "ring_damaged", "the keys inside the keyring file are damaged: restore it from a copy")
	}
	if l.ring, err = decodeRing(encoded); err != nil {
		return nil, nil, err
	}
	return l.ring, l, nil
}

// openRoot finds the slot that u opens, and the root key in it.
func (l *Lock) openRoot(u Unlocker) (Key, error) {
	tried := false
	for i, pub := range l.info.Slots {
		if u.derive == nil || pub.Kind != u.kind {
			continue
		}
		tried = true
		if pub.Kind == KindPassphrase {
			if err := u.limits.check(pub.Cost); err != nil {
				return Key{}, err
			}
		}
		s := l.slots[i]
		kek := u.derive(s.salt, pub.Cost)
		if string(slotCheck(kek)) != string(s.check) {
			continue
		}
		h, err := ParseWrapped(s.wrapped)
		if err != nil || h.Version != pub.ID {
			return Key{}, errSlotDamaged(pub)
		}
		root, err := Unwrap(kek, Keyring, Address{Org: l.info.Org}, s.wrapped)
		if err != nil {
			return Key{}, errSlotDamaged(pub)
		}
		return root, nil
	}
	switch {
	case !tried:
		return Key{}, fault.New(fault.Invalid, "slot_none", "this keyring has no slot that a %s opens", string(u.kind))
	case u.kind == KindPassphrase:
		return Key{}, fault.New(fault.Unauthenticated, "passphrase_wrong", "the passphrase opens no slot of this keyring")
	}
	return Key{}, fault.New(fault.Invalid, "key_file_foreign",
		"this key file does not open this keyring: it belongs to another organisation, or its slot was removed")
}

func errSlotDamaged(s Slot) error {
	return fault.New(fault.Invalid, "slot_damaged",
		"slot %d of the keyring is damaged: use another slot, or restore the file from a copy", s.ID)
}

func errLockDamaged(how string) error {
	return fault.New(fault.Invalid, "lock_damaged", "the keyring file is damaged (%s): restore it from a copy", how)
}

// Info returns the readable part, with a copy of the slots.
func (l *Lock) Info() LockInfo {
	info := l.info
	info.Slots = slices.Clone(info.Slots)
	return info
}

// Ring returns the ring.
func (l *Lock) Ring() *Ring { return l.ring }

// WithRing returns a lock around another ring, such as l.Ring() after Rotate.
func (l *Lock) WithRing(r *Ring) *Lock {
	n := l.next()
	n.ring = r
	return n
}

// AddSlot returns a lock that u opens too, by a new last slot. Errors: Invalid "invalid_field" for a short
// passphrase or a bad label, "cost_low", "cost_high", "slot_kind" for the zero Unlocker; TooMany "slot_many".
func (l *Lock) AddSlot(rand io.Reader, now time.Time, u Unlocker) (*Lock, error) {
	return l.withSlots(rand, now, []Unlocker{u})
}

// RemoveSlot returns a lock without a slot. Who has the secret of the slot and an older copy of the file can
// still open that copy, and so get the root key: after a theft use RotateRoot, and Rotate the keys. Errors:
// NotFound "slot_unknown", Conflict "slot_last" for the only slot.
func (l *Lock) RemoveSlot(slotID uint32) (*Lock, error) {
	i := slices.IndexFunc(l.info.Slots, func(s Slot) bool { return s.ID == slotID })
	if i < 0 {
		return nil, fault.New(fault.NotFound, "slot_unknown", "the keyring has no slot %d", slotID)
	}
	if len(l.slots) == 1 {
		return nil, fault.New(fault.Conflict, "slot_last", "slot %d is the only one: add another first, or nobody can open the keyring", slotID)
	}
	n := l.next()
	n.info.Slots, n.slots = slices.Delete(n.info.Slots, i, i+1), slices.Delete(n.slots, i, i+1)
	return n, nil
}

// RotateRoot returns a lock with a new root key. All slots are made anew from the unlockers given here, because
// a slot cannot be re-wrapped without its secret; slots whose secret is not given are gone. Errors: those of
// CreateLock.
func (l *Lock) RotateRoot(rand io.Reader, now time.Time, slots ...Unlocker) (*Lock, error) {
	n := *l
	n.root, n.info.Slots, n.slots = NewKey(rand), nil, nil
	return n.withSlots(rand, now, slots)
}
