package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// The decisions that an entry can record.
const (
	Allow = "allow" // it was permitted, and done
	Deny  = "deny"  // it was refused
	Held  = "held"  // it waits for an approval
)

// Entry is one thing that happened. A zero field means "none" or "does not apply".
//
// Nothing in it is personal: people, records and sessions are named by identifiers, and Reason and
// Request must be machine words or what the actor gave as a purpose, never field values.
type Entry struct {
	ID        id.ID    // of the entry itself
	Time      int64    // microseconds since 1970-01-01 UTC; not negative
	Actor     id.ID    // the user, token or system actor
	App       id.ID    // the app acting for the actor
	Session   id.ID    // the session
	Via       string   // the way in, such as "web", "api", "cli"
	Verb      string   // what was done, such as "update", "reveal"
	Object    string   // kind of the thing, such as "contact"
	Record    id.ID    // the thing
	Version   uint64   // of the record, after the change
	ChangeSet id.ID    // groups what was done at once
	Decision  string   // Allow, Deny or Held
	Reason    string   // why it was decided so, or the purpose given
	Request   string   // the request's identifier
	Count     uint64   // rows returned or exported
	Sealed    [32]byte // SHA-256 of the sealed blob
	State     [32]byte // SHA-256 of the stored row after the change
}

// bodyVersion is the first byte of a body.
const bodyVersion = 1

// The presence bits, in the order in which the fields are written.
const (
	hasID = 1 << iota
	hasTime
	hasActor
	hasApp
	hasSession
	hasVia
	hasVerb
	hasObject
	hasRecord
	hasVersion
	hasChangeSet
	hasDecision
	hasReason
	hasRequest
	hasCount
	hasSealed
	hasState
	knownBits = 1<<iota - 1
)

// Check reports whether e can be encoded: strings of at most MaxString bytes of UTF-8 without NUL,
// a known decision, a time that is not negative. The error has kind Invalid.
func (e *Entry) Check() error {
	if e.Time < 0 {
		return fault.New(fault.Invalid, "journal_entry", "journal entry: time lies before 1970")
	}
	for _, s := range [...]struct{ name, value string }{
		{"via", e.Via}, {"verb", e.Verb}, {"object", e.Object}, {"reason", e.Reason}, {"request", e.Request},
	} {
		if len(s.value) > MaxString {
			return fault.New(fault.Invalid, "journal_entry", "journal entry: %s is longer than %d bytes", s.name, MaxString)
		}
		if !validText(s.value) {
			return fault.New(fault.Invalid, "journal_entry", "journal entry: %s is not UTF-8 text", s.name)
		}
	}
	if decisionCode(e.Decision) == 0 && e.Decision != "" {
		return fault.New(fault.Invalid, "journal_entry", "journal entry: decision must be allow, deny or held")
	}
	return nil
}

// validText refuses NUL too, because PostgreSQL cannot hold it in a text column.
func validText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// decisionCode returns the byte that stands for a decision, 0 when there is none.
func decisionCode(s string) byte {
	switch s {
	case Allow:
		return 1
	case Deny:
		return 2
	case Held:
		return 3
	}
	return 0
}

// present returns the bits of the fields that are not zero.
func (e *Entry) present() uint32 {
	var p uint32
	set := func(bit uint32, have bool) {
		if have {
			p |= bit
		}
	}
	set(hasID, !e.ID.IsZero())
	set(hasTime, e.Time != 0)
	set(hasActor, !e.Actor.IsZero())
	set(hasApp, !e.App.IsZero())
	set(hasSession, !e.Session.IsZero())
	set(hasVia, e.Via != "")
	set(hasVerb, e.Verb != "")
	set(hasObject, e.Object != "")
	set(hasRecord, !e.Record.IsZero())
	set(hasVersion, e.Version != 0)
	set(hasChangeSet, !e.ChangeSet.IsZero())
	set(hasDecision, e.Decision != "")
	set(hasReason, e.Reason != "")
	set(hasRequest, e.Request != "")
	set(hasCount, e.Count != 0)
	set(hasSealed, e.Sealed != [32]byte{})
	set(hasState, e.State != [32]byte{})
	return p
}

// AppendBody appends the canonical encoding of e to dst: a version byte, 24 presence bits, then the
// present fields in order (docs/formats/journal.md). Equal entries give equal bytes and different
// entries different bytes.
//
// Call Check first where any field comes from outside. AppendBody panics on an entry that Check
// refuses: cutting a string would make the journal lie, and a body that cannot be read back would
// lie in it for ever.
func (e *Entry) AppendBody(dst []byte) []byte {
	if err := e.Check(); err != nil {
		panic(err)
	}
	p := e.present()
	dst = append(dst, bodyVersion, byte(p>>16), byte(p>>8), byte(p)) //nolint:gosec // 24 bits, one byte at a time
	dst = appendID(dst, &e.ID)
	if e.Time != 0 {
		dst = binary.BigEndian.AppendUint64(dst, uint64(e.Time)) //nolint:gosec // checked: not negative
	}
	dst = appendID(dst, &e.Actor)
	dst = appendID(dst, &e.App)
	dst = appendID(dst, &e.Session)
	dst = appendString(dst, e.Via)
	dst = appendString(dst, e.Verb)
	dst = appendString(dst, e.Object)
	dst = appendID(dst, &e.Record)
	dst = appendUint(dst, e.Version)
	dst = appendID(dst, &e.ChangeSet)
	if c := decisionCode(e.Decision); c != 0 {
		dst = append(dst, c)
	}
	dst = appendString(dst, e.Reason)
	dst = appendString(dst, e.Request)
	dst = appendUint(dst, e.Count)
	if p&hasSealed != 0 {
		dst = append(dst, e.Sealed[:]...)
	}
	if p&hasState != 0 {
		dst = append(dst, e.State[:]...)
	}
	return dst
}

func appendID(dst []byte, x *id.ID) []byte {
	if x.IsZero() {
		return dst
	}
	return append(dst, x[:]...)
}

func appendString(dst []byte, s string) []byte {
	if s == "" {
		return dst
	}
	dst = append(dst, byte(len(s))) //nolint:gosec // checked: at most MaxString
	return append(dst, s...)
}

func appendUint(dst []byte, n uint64) []byte {
	if n == 0 {
		return dst
	}
	return binary.AppendUvarint(dst, n)
}

// DecodeBody reads what AppendBody wrote. It takes exactly the encodings that AppendBody can give:
// DecodeBody(e.AppendBody(nil)) is e, and encoding the result again gives the same bytes. Anything
// else, such as a field that is present but zero, is an error of kind Invalid.
func DecodeBody(body []byte) (Entry, error) {
	var e Entry
	if len(body) > MaxBody {
		return e, fault.New(fault.Invalid, "journal_body", "journal body: longer than %d bytes", MaxBody)
	}
	if len(body) < 4 || body[0] != bodyVersion {
		return e, fault.New(fault.Invalid, "journal_body", "journal body: not version %d", bodyVersion)
	}
	d := decoder{rest: body[4:], has: uint32(body[1])<<16 | uint32(body[2])<<8 | uint32(body[3])}
	if d.has&^uint32(knownBits) != 0 {
		return e, fault.New(fault.Invalid, "journal_body", "journal body: unknown fields")
	}
	e.ID = d.id(hasID)
	e.Time = d.time(hasTime)
	e.Actor = d.id(hasActor)
	e.App = d.id(hasApp)
	e.Session = d.id(hasSession)
	e.Via = d.text(hasVia)
	e.Verb = d.text(hasVerb)
	e.Object = d.text(hasObject)
	e.Record = d.id(hasRecord)
	e.Version = d.uint(hasVersion)
	e.ChangeSet = d.id(hasChangeSet)
	e.Decision = d.decision(hasDecision)
	e.Reason = d.text(hasReason)
	e.Request = d.text(hasRequest)
	e.Count = d.uint(hasCount)
	e.Sealed = d.hash(hasSealed)
	e.State = d.hash(hasState)
	if len(d.rest) != 0 {
		d.fail("bytes after the last field")
	}
	if d.bad != "" {
		return Entry{}, fault.New(fault.Invalid, "journal_body", "journal body: %s", d.bad)
	}
	return e, nil
}

// decoder reads the present fields in order and remembers the first thing that is wrong.
type decoder struct {
	rest []byte
	has  uint32
	bad  string
}

func (d *decoder) fail(what string) {
	if d.bad == "" {
		d.bad = what
	}
	d.rest = nil
}

// take returns the next n bytes of a present field, or nil when the field is absent or cut short.
func (d *decoder) take(bit uint32, n int) []byte {
	if d.has&bit == 0 || d.bad != "" {
		return nil
	}
	if len(d.rest) < n {
		d.fail("ends within a field")
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) id(bit uint32) (x id.ID) {
	if b := d.take(bit, len(x)); b != nil {
		copy(x[:], b)
		if x.IsZero() {
			d.fail("a present field is zero")
		}
	}
	return x
}

func (d *decoder) hash(bit uint32) (h [32]byte) {
	if b := d.take(bit, len(h)); b != nil {
		copy(h[:], b)
		if h == [32]byte{} {
			d.fail("a present field is zero")
		}
	}
	return h
}

func (d *decoder) time(bit uint32) int64 {
	b := d.take(bit, 8)
	if b == nil {
		return 0
	}
	n := binary.BigEndian.Uint64(b)
	if n == 0 || n > math.MaxInt64 {
		d.fail("time is zero or too great")
		return 0
	}
	return int64(n)
}

func (d *decoder) text(bit uint32) string {
	b := d.take(bit, 1)
	if b == nil {
		return ""
	}
	if b[0] == 0 {
		d.fail("a present field is zero")
		return ""
	}
	s := string(d.take(bit, int(b[0])))
	if !validText(s) {
		d.fail("a string is not UTF-8 text")
	}
	return s
}

func (d *decoder) uint(bit uint32) uint64 {
	if d.has&bit == 0 || d.bad != "" {
		return 0
	}
	n, size := binary.Uvarint(d.rest)
	// A last byte of zero adds nothing: the same number has a shorter form, or is the absent zero.
	if size <= 0 || d.rest[size-1] == 0 {
		d.fail("a number is not in its shortest form")
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) decision(bit uint32) string {
	b := d.take(bit, 1)
	if b == nil {
		return ""
	}
	switch b[0] {
	case 1:
		return Allow
	case 2:
		return Deny
	case 3:
		return Held
	}
	d.fail("unknown decision")
	return ""
}

// Digest returns the SHA-256 that an entry holds of what lies beside it: of the parts, one after
// another.
func Digest(parts ...[]byte) [32]byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}
