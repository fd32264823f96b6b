package seal

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// Purpose says what a key of the ring is for. A key serves one purpose only (NIST SP 800-57 part 1,
// section 5.2).
type Purpose string

// The purposes.
const (
	FileData      Purpose = "file.data"      // pages of the organisation's database file
	FileKeys      Purpose = "file.keys"      // pages of keys.db
	FileControl   Purpose = "file.control"   // pages of the control database
	FileSearch    Purpose = "file.search"    // pages of search.db
	Backup        Purpose = "backup"         // backup sets
	AuditSign     Purpose = "audit.sign"     // Ed25519 seed of the journal's checkpoints
	AuditSeal     Purpose = "audit.seal"     // journal values that belong to no person
	SessionMAC    Purpose = "session.mac"    // session and form tokens
	KEKPersonal   Purpose = "kek.personal"   // wraps persons' first keys
	KEKRestricted Purpose = "kek.restricted" // wraps persons' second keys
	KEKSecret     Purpose = "kek.secret"     // seals integrations' credentials
	IndexRoot     Purpose = "idx.root"       // root of the blind indexes
	Canary        Purpose = "canary"         // derives canary records of exports
)

// Purposes returns all purposes, sorted.
func Purposes() []Purpose {
	return []Purpose{
		AuditSeal, AuditSign, Backup, Canary, FileControl, FileData, FileKeys, FileSearch,
		IndexRoot, KEKPersonal, KEKRestricted, KEKSecret, SessionMAC,
	}
}

// State is the state of one version of a key.
type State byte

// The states. A key goes down this list, never up.
const (
	Active      State = 1 // seals and opens; exactly one version of each purpose
	DecryptOnly State = 2 // only opens what it once sealed
	Destroyed   State = 3 // gone; what it sealed is lost for good
)

// String returns the state's name in words of the command line: active, decrypt-only or destroyed.
func (s State) String() string {
	switch s {
	case Active:
		return "active"
	case DecryptOnly:
		return "decrypt-only"
	case Destroyed:
		return "destroyed"
	}
	return "unknown"
}

// Version describes one version of a key, without the key.
type Version struct {
	Purpose   Purpose
	Number    uint32 // counts from 1
	State     State
	Created   time.Time
	Retired   time.Time // when it ceased to be active; zero while it is
	Destroyed time.Time // zero until it is
}

// Ring holds the keys by purpose and version. It never changes and is safe for concurrent use: Rotate and
// Destroy return another Ring. Store that one durably (Lock.WithRing, Lock.Marshal) before using it, or a
// crash loses a key that has already sealed something.
type Ring struct {
	entries []entry // sorted by purpose, then number
}

// entry is a version with its key, which is zero when destroyed.
type entry struct {
	Version
	key Key
}

// maxRingKeys bounds a ring: all purposes rotated monthly for 26 years.
const maxRingKeys = 4096

// NewRing returns a ring with a fresh version 1 of every purpose.
func NewRing(rand io.Reader, now time.Time) *Ring {
	return new(Ring).Complete(rand, now)
}

// Complete returns a ring that also has version 1 of every purpose that r lacks; r itself when it lacks
// none. Call it after opening a ring that an older release made.
func (r *Ring) Complete(rand io.Reader, now time.Time) *Ring {
	entries := slices.Clone(r.entries)
	for _, p := range Purposes() {
		if r.active(p) < 0 {
			entries = append(entries, fresh(p, 1, rand, now))
		}
	}
	if len(entries) == len(r.entries) {
		return r
	}
	return newRing(entries)
}

// Current returns the active key of a purpose and its version. It panics when the ring lacks the
// purpose, which Complete prevents.
func (r *Ring) Current(p Purpose) (version uint32, key Key) {
	i := r.active(p)
	if i < 0 {
		panic("seal: the ring has no key for " + string(p))
	}
	return r.entries[i].Number, r.entries[i].key
}

// Get returns one version of a purpose's key, for opening. A version that never existed or was destroyed
// answers NotFound with reason "key_unknown" or "key_destroyed".
func (r *Ring) Get(p Purpose, version uint32) (Key, error) {
	i, ok := r.search(p, version)
	if !ok {
		return Key{}, fault.New(fault.NotFound, "key_unknown", "the keyring has no version %d of the key %s", version, p)
	}
	if r.entries[i].State == Destroyed {
		return Key{}, fault.New(fault.NotFound, "key_destroyed", "version %d of the key %s was destroyed", version, p)
	}
	return r.entries[i].key, nil
}

// Rotate returns a ring in which a fresh version of the purpose is active and the one before only
// decrypts. Its errors are Invalid "key_unknown" for a purpose the ring lacks, and TooMany "ring_full".
func (r *Ring) Rotate(p Purpose, rand io.Reader, now time.Time) (*Ring, error) {
	i := r.active(p)
	if i < 0 {
		return nil, fault.New(fault.Invalid, "key_unknown", "the keyring has no key named %.40q", string(p))
	}
	if len(r.entries) >= maxRingKeys {
		return nil, fault.New(fault.TooMany, "ring_full", "the keyring is full: it holds at most %d keys", maxRingKeys)
	}
	entries := slices.Clone(r.entries)
	entries[i].State = DecryptOnly
	entries[i].Retired = stamp(now)
	return newRing(append(entries, fresh(p, entries[i].Number+1, rand, now))), nil
}

// Destroy returns a ring without the key of one version; its dates stay. What the key sealed is lost
// everywhere the old ring is no longer kept. The active version cannot be destroyed: rotate first. Errors:
// Conflict "key_active", NotFound "key_unknown"; destroying twice changes nothing.
func (r *Ring) Destroy(p Purpose, version uint32, now time.Time) (*Ring, error) {
	i, ok := r.search(p, version)
	if !ok {
		return nil, fault.New(fault.NotFound, "key_unknown", "the keyring has no version %d of the key %.40q", version, string(p))
	}
	switch r.entries[i].State {
	case Active:
		return nil, fault.New(fault.Conflict, "key_active", "version %d of the key %s is in use: rotate it first", version, p)
	case Destroyed:
		return r, nil
	}
	entries := slices.Clone(r.entries)
	entries[i].State = Destroyed
	entries[i].Destroyed = stamp(now)
	entries[i].key = Key{}
	return newRing(entries), nil
}

// Versions lists every version of every key, by purpose and number.
func (r *Ring) Versions() []Version {
	list := make([]Version, len(r.entries))
	for i := range r.entries {
		list[i] = r.entries[i].Version
	}
	return list
}

// active returns where the active version of p is, or -1.
func (r *Ring) active(p Purpose) int {
	return slices.IndexFunc(r.entries, func(e entry) bool { return e.Purpose == p && e.State == Active })
}

// search returns where a version of p is, and whether there is one.
func (r *Ring) search(p Purpose, number uint32) (int, bool) {
	return slices.BinarySearchFunc(r.entries, Version{Purpose: p, Number: number}, func(e entry, v Version) int {
		return compareVersions(e.Version, v)
	})
}

func compareVersions(a, b Version) int {
	return cmp.Or(cmp.Compare(a.Purpose, b.Purpose), cmp.Compare(a.Number, b.Number))
}

func newRing(entries []entry) *Ring {
	slices.SortFunc(entries, func(a, b entry) int { return compareVersions(a.Version, b.Version) })
	return &Ring{entries}
}

func fresh(p Purpose, number uint32, rand io.Reader, now time.Time) entry {
	return entry{Version{Purpose: p, Number: number, State: Active, Created: stamp(now)}, NewKey(rand)}
}

// stamp is the time as the ring stores it: whole milliseconds, UTC.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
