package journal

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// What can be wrong with a log. Each is the What of a Problem.
const (
	BadGap        = "gap"        // entries are missing
	BadOrder      = "order"      // an entry comes twice, or out of its order
	BadBody       = "body"       // the body is not a canonical encoding
	BadColumns    = "columns"    // a stored column differs from the body
	BadSealed     = "sealed"     // the sealed blob is missing, altered, or named by no entry
	BadHash       = "hash"       // the stored leaf hash is not that of number and body
	BadTile       = "tile"       // a stored hash above the leaves is missing or wrong
	BadRoot       = "root"       // the entries do not give the root that was signed
	BadCheckpoint = "checkpoint" // a checkpoint is malformed, not signed by a trusted key, or misplaced
	BadHead       = "head"       // the head row contradicts the entries
	BadTail       = "tail"       // entries at the end, of which a checkpoint or the head knows, are gone
	BadUnsigned   = "unsigned"   // more entries than allowed stand after the last good checkpoint
)

// Problem is one thing that is wrong with a log.
type Problem struct {
	// Index is the first entry that is, or may be, concerned, and Last the last. They are the same
	// when the evidence points at one entry. A wrong root points at all entries since the last good
	// checkpoint; a cut tail at those that are gone. The Index of a bad checkpoint is the first
	// entry that no good checkpoint before it covers.
	Index  uint64 `json:"index"`
	Last   uint64 `json:"last"`
	What   string `json:"what"`   // one of the Bad constants
	Detail string `json:"detail"` // plain words; never customer data
}

// String returns the problem in one line.
func (p *Problem) String() string {
	if p.Last > p.Index {
		return fmt.Sprintf("entries %d to %d: %s: %s", p.Index, p.Last, p.What, p.Detail)
	}
	return fmt.Sprintf("entry %d: %s: %s", p.Index, p.What, p.Detail)
}

// Report is what a verification found.
type Report struct {
	Origin      string    `json:"origin"`
	Entries     uint64    `json:"entries"`     // read
	Sealed      uint64    `json:"sealed"`      // sealed blobs that match
	Checkpoints uint64    `json:"checkpoints"` // whose signature and root are right
	Known       uint64    `json:"known"`       // the same, of those held elsewhere
	Signed      uint64    `json:"signed"`      // size at the last good checkpoint: so many entries are vouched for
	Root        tlog.Hash `json:"root"`        // of all entries read
	From        int64     `json:"from"`        // earliest time of an entry, microseconds since 1970
	To          int64     `json:"to"`          // latest

	// TimeJumps counts the entries made more than MaxSkew before an entry that precedes them, and
	// FirstTimeJump is the first. It is a warning and no proof of tampering: an entry is timed when
	// the thing is done and numbered when its transaction ends, so a long transaction jumps back.
	TimeJumps     uint64 `json:"time_jumps"`
	FirstTimeJump uint64 `json:"first_time_jump"`

	// SelfSigned is true when no trusted keys were given and the keys beside the log were believed.
	// The log then agrees with itself, and anybody can make one that does.
	SelfSigned bool `json:"self_signed"`

	FirstBad *Problem `json:"first_bad,omitempty"` // the problem with the lowest Index
	Problems uint64   `json:"problems"`            // how many in all; some follow from others
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return r.FirstBad == nil }

// add counts a problem and keeps it if it lies before the first one known.
func (r *Report) add(p Problem) {
	r.Problems++
	p.Last = max(p.Last, p.Index)
	if r.FirstBad == nil || p.Index < r.FirstBad.Index {
		r.FirstBad = &p
	}
}
