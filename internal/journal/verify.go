package journal

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

const (
	// MaxSkew is how far back the time may go from one entry to the next, in microseconds, before a
	// Report counts it: clocks of several nodes differ a little.
	MaxSkew = 2_000_000
	// DefaultUnsigned is how many entries may follow the last checkpoint of a running log.
	DefaultUnsigned = 10_000
	// MaxKnown is the greatest number of checkpoints held elsewhere that a Verifier takes.
	MaxKnown = 100_000
)

// Row is an entry as it is stored: the columns by which it is found, its encoding, the ciphertext
// beside it, and its leaf hash.
type Row struct {
	Seq               uint64
	ID                id.ID
	At                int64 // microseconds since 1970-01-01 UTC
	Actor             id.ID
	Verb, Object      string
	Record, ChangeSet id.ID
	Body, Sealed      []byte
	Hash              tlog.Hash
}

// Options say what a log is verified against.
type Options struct {
	// Origin is the log's name; checkpoints of another log are refused.
	Origin string
	// Trusted are the keys believed.
	Trusted note.Verifiers
	// Checkpoints returns the next stored note, by rising size, and io.EOF after the last. Any other
	// error ends the verification. Nil means that there are none.
	Checkpoints func() ([]byte, error)
	// Known are notes of this log that were kept somewhere else, in any order. They find what the
	// log alone cannot show: a tail cut off together with its checkpoints, or a log written anew by
	// somebody who has the signing key.
	Known [][]byte
	// Subtree returns a hash stored as Frontier.Append gave it, and false when it is not there. Nil
	// means that they are not looked at.
	Subtree func(level int, n uint64) (tlog.Hash, bool, error)
	// NoColumns leaves out the comparison of the columns with the body: an export has none.
	NoColumns bool
	// MaxUnsigned is how many entries may follow the last good checkpoint. 0 means DefaultUnsigned.
	MaxUnsigned uint64
	// Complete demands that the last checkpoint covers the last entry, as in an export.
	Complete bool
}

// Head is the head row as stored: the size and the frontier in its stored form.
type Head struct {
	Size     uint64
	Frontier []byte
}

// Verifier reads a log from its first entry to its last and says what is wrong with it. It needs
// the same memory, a few kilobytes, for a log of any length. It is not safe for concurrent use.
//
// It does not look at record versions: they are given out by one transaction and numbered by
// another, so that their order in the log proves nothing that the hashes do not.
type Verifier struct {
	opt    Options
	report Report
	tree   Frontier
	next   uint64 // the sequence number that must come now

	known   []Checkpoint // sorted by size; those not yet reached
	pending *Checkpoint  // stored, read ahead, not yet reached
	last    uint64       // size of the stored checkpoint read last

	// suspect is set when a problem with an entry may have changed the tree since the last good
	// checkpoint, and broken when a root was wrong. Either way the next wrong root says nothing new.
	suspect, broken bool
	tile            *Problem // a stored subtree that differs; the next checkpoint tells what it means
	tail            Problem  // what is missing at the end, if Detail is set
	stopped         bool     // the reader gave up; that the rest is missing is reported already

	err error
}

// NewVerifier returns a verifier at the start of the log. It fails with kind Invalid when a known
// checkpoint is not one of this log signed by a trusted key: then it cannot testify.
func NewVerifier(opt Options) (*Verifier, error) {
	if len(opt.Known) > MaxKnown {
		return nil, fault.New(fault.TooLarge, "journal_known", "journal verify: more than %d known checkpoints", MaxKnown)
	}
	if opt.MaxUnsigned == 0 {
		opt.MaxUnsigned = DefaultUnsigned
	}
	if opt.Complete {
		opt.MaxUnsigned = 0
	}
	v := &Verifier{opt: opt, report: Report{Origin: opt.Origin}}
	for i, msg := range opt.Known {
		c, err := OpenCheckpoint(msg, opt.Trusted)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "journal_known", "journal verify: known checkpoint %d is not signed by a trusted key", i+1)
		}
		if c.Origin != opt.Origin {
			return nil, fault.New(fault.Invalid, "journal_known", "journal verify: known checkpoint %d is of another log", i+1)
		}
		v.known = append(v.known, c)
	}
	v.opt.Known = nil
	slices.SortStableFunc(v.known, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	v.readCheckpoint()
	v.reach()
	return v, v.err
}

// Add takes the next row. Its byte slices are not kept. What is wrong with the row is for the
// report; the error is that of a function in Options, and ends the verification.
func (v *Verifier) Add(row *Row) error {
	e, err := DecodeBody(row.Body)
	return v.add(row, &e, err)
}

// add is Add for a body that was decoded already, with the outcome.
func (v *Verifier) add(row *Row, e *Entry, undecodable error) error {
	if v.err != nil {
		return v.err
	}
	v.report.Entries++
	if !v.place(row.Seq) {
		return nil
	}
	if undecodable != nil {
		v.bad(row.Seq, BadBody, fault.Message(undecodable))
	} else {
		if !v.opt.NoColumns {
			v.checkColumns(row, e)
		}
		v.checkSealed(row, e)
		v.checkTime(row.Seq, e.Time)
	}
	if Leaf(row.Seq, row.Body) != row.Hash {
		v.bad(row.Seq, BadHash, "the stored hash is not that of the number and the body")
		v.suspect = true
	}
	// The tree grows by the stored hash: if only the body was altered, the checkpoints still hold
	// and so show that the hash is the one that was signed.
	done := v.tree.Append(row.Hash)
	if v.opt.Subtree != nil {
		for _, s := range done {
			v.checkSubtree(s)
		}
	}
	v.reach()
	return v.err
}

// bad adds a problem with one entry.
func (v *Verifier) bad(seq uint64, what, detail string) {
	v.report.add(Problem{Index: seq, What: what, Detail: detail})
}

// place checks the sequence number. It returns false when the row cannot be part of any tree.
func (v *Verifier) place(seq uint64) bool {
	switch {
	case seq == v.next:
		v.next++
		return true
	case seq >= MaxSize:
		v.bad(v.next, BadOrder, "a sequence number is out of range")
		v.suspect = true
		return false
	case seq > v.next:
		v.report.add(Problem{Index: v.next, Last: seq - 1, What: BadGap, Detail: "missing"})
		v.next = seq + 1
	default:
		v.bad(seq, BadOrder, "comes twice, or after a later one")
	}
	v.suspect = true
	return true
}

func (v *Verifier) checkColumns(row *Row, e *Entry) {
	column := ""
	switch {
	case row.ID != e.ID:
		column = "id"
	case row.At != e.Time:
		column = "at"
	case row.Actor != e.Actor:
		column = "actor"
	case row.Verb != e.Verb:
		column = "verb"
	case row.Object != e.Object:
		column = "object"
	case row.Record != e.Record:
		column = "record"
	case row.ChangeSet != e.ChangeSet:
		column = "changeset"
	default:
		return
	}
	v.bad(row.Seq, BadColumns, "column "+column+" differs from the body")
}

// checkSealed compares the blob with the entry. Erasing a person destroys the key and leaves the
// ciphertext, so a missing blob is always wrong.
func (v *Verifier) checkSealed(row *Row, e *Entry) {
	named := e.Sealed != [32]byte{}
	switch {
	case !named && len(row.Sealed) == 0:
	case !named:
		v.bad(row.Seq, BadSealed, "a sealed blob that the entry does not name")
	case len(row.Sealed) == 0:
		v.bad(row.Seq, BadSealed, "the sealed blob is missing")
	case sha256.Sum256(row.Sealed) != e.Sealed:
		v.bad(row.Seq, BadSealed, "the sealed blob was altered")
	default:
		v.report.Sealed++
	}
}

func (v *Verifier) checkTime(seq uint64, at int64) {
	r := &v.report
	if r.From == 0 || at < r.From {
		r.From = at
	}
	if at < r.To-MaxSkew {
		if r.TimeJumps++; r.TimeJumps == 1 {
			r.FirstTimeJump = seq
		}
	}
	r.To = max(r.To, at)
}

// checkSubtree compares a stored subtree hash. If it differs, either it or an entry below it was
// altered, and only the next checkpoint tells which; until then the problem waits in v.tile.
func (v *Verifier) checkSubtree(s Subtree) {
	stored, ok, err := v.opt.Subtree(s.Level, s.N)
	if err != nil {
		v.err = err
		return
	}
	if ok && stored == s.Hash || v.suspect || v.broken || v.tile != nil {
		return // a tree that is wrong already has wrong subtrees
	}
	detail := "a stored subtree hash is wrong"
	if !ok {
		detail = "a stored subtree hash is missing"
	}
	first := s.N << s.Level
	v.tile = &Problem{Index: first, Last: first + 1<<s.Level - 1, What: BadTile, Detail: detail}
}

// readCheckpoint reads ahead to the next stored checkpoint whose signature is right.
func (v *Verifier) readCheckpoint() {
	for v.pending = nil; v.pending == nil && v.err == nil && v.opt.Checkpoints != nil; {
		msg, err := v.opt.Checkpoints()
		if errors.Is(err, io.EOF) {
			v.opt.Checkpoints = nil
			return
		}
		if err != nil {
			v.err = err
			return
		}
		c, err := OpenCheckpoint(msg, v.opt.Trusted)
		switch {
		case err != nil:
			v.bad(v.report.Signed, BadCheckpoint, fault.Message(err))
		case c.Origin != v.opt.Origin:
			v.bad(v.report.Signed, BadCheckpoint, "a checkpoint of another log")
		case c.Size < v.last:
			v.bad(v.report.Signed, BadCheckpoint, "a checkpoint out of its order")
		default:
			v.pending, v.last = &c, c.Size
		}
	}
}

// reach compares the tree with every checkpoint, stored or known, of exactly the present size. Those
// of a size that a gap leapt over are passed by: the gap is reported already.
func (v *Verifier) reach() {
	var root tlog.Hash
	from, good, computed := v.report.Signed, false, false
	compare := func(c *Checkpoint) bool {
		if c.Size != v.next {
			return false
		}
		if !computed {
			root, computed = v.tree.Root(), true
		}
		if root == c.Root {
			good = true
			return true
		}
		if !v.suspect && !v.broken {
			v.report.add(Problem{Index: from, Last: max(v.next, 1) - 1, What: BadRoot, Detail: "the entries are not those that were signed"})
			v.broken, v.tile = true, nil
		}
		return false
	}
	for ; len(v.known) > 0 && v.known[0].Size <= v.next; v.known = v.known[1:] {
		if compare(&v.known[0]) {
			v.report.Known++
		}
	}
	for v.pending != nil && v.pending.Size <= v.next {
		if compare(v.pending) {
			v.report.Checkpoints++
		}
		if good {
			v.report.Signed = v.next // before the next note is read: if bad, it is blamed from here on
		}
		v.readCheckpoint()
	}
	if good {
		v.report.Signed = v.next
		v.suspect, v.broken = false, false
		v.endTile()
	}
}

// endTile reports the stored subtree that differs, if there is one.
func (v *Verifier) endTile() {
	if v.tile != nil {
		v.report.add(*v.tile)
		v.tile = nil
	}
}

// Finish ends the verification after the last row. Head is the stored head row, nil when there is
// none to compare, as in an export. The error is that of a function in Options.
func (v *Verifier) Finish(head *Head) (Report, error) {
	for v.pending != nil && v.err == nil {
		v.cut(v.pending.Size, "a stored checkpoint covers entries that are gone")
		v.readCheckpoint()
	}
	for _, c := range v.known {
		v.cut(c.Size, "a checkpoint held elsewhere covers entries that are gone")
	}
	if head != nil {
		v.checkHead(head)
	}
	if v.tail.Detail != "" {
		v.report.add(v.tail)
	}
	if v.tile != nil {
		v.tile.Index = max(v.tile.Index, min(v.report.Signed, v.tile.Last)) // what is signed is good
		v.endTile()
	}
	unsigned := v.next - v.report.Signed
	nothing := v.next > 0 && v.report.Checkpoints+v.report.Known == 0
	if (unsigned > v.opt.MaxUnsigned || nothing) && !v.suspect && !v.broken {
		v.report.add(Problem{Index: v.report.Signed, Last: max(v.next, 1) - 1, What: BadUnsigned, Detail: "too many entries after the last good checkpoint"})
	}
	v.report.Root = v.tree.Root()
	return v.report, v.err
}

// cut notes that the log should have had this size.
func (v *Verifier) cut(size uint64, detail string) {
	if size > v.next && (size-1 > v.tail.Last || v.tail.Detail == "") && !v.stopped {
		v.tail = Problem{Index: v.next, Last: size - 1, What: BadTail, Detail: detail}
	}
}

func (v *Verifier) checkHead(head *Head) {
	f, err := UnmarshalFrontier(head.Frontier)
	switch {
	case err != nil:
		v.bad(v.report.Signed, BadHead, fault.Message(err))
	case f.Size() != head.Size:
		v.bad(min(f.Size(), head.Size, v.next), BadHead, "size and frontier of the head differ")
	case head.Size > v.next:
		v.cut(head.Size, "the head counts entries that are gone")
	case head.Size < v.next:
		v.report.add(Problem{Index: head.Size, Last: v.next - 1, What: BadHead, Detail: "entries that the head does not count"})
	case !bytes.Equal(head.Frontier, v.tree.Marshal()) && !v.suspect && !v.broken:
		v.report.add(Problem{Index: v.report.Signed, Last: max(v.next, 1) - 1, What: BadHead, Detail: "the head is not that of the entries"})
	}
}
