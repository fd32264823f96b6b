package door

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// Numbers tell how a door is doing. They hold nothing about any record or person.
type Numbers struct {
	Entries  uint64        // numbered in the journal
	Waiting  uint64        // changes without a number
	Reads    uint64        // reads of this node without a number
	MaxReads uint64        // Reads at which nothing can be read
	Unsigned uint64        // numbered entries that no checkpoint vouches for
	SignedAt time.Time     // when all that was numbered was last known to be signed; zero: not yet
	Search   Searching     //
	Acts     []ActsOf      // what this node has numbered since it began
	Age      time.Duration // of SignedAt, now
}

// ActsOf is how often something was done, and decided so.
type ActsOf struct {
	Verb, Decision string
	Count          uint64
}

// Numbers returns how the door is doing. Whoever runs the server may know; it is no verb.
func (d *Door) Numbers(ctx context.Context) (n Numbers, err error) {
	defer fault.Op(&err, "door.Numbers")
	head, err := d.log.Head(ctx)
	if err != nil {
		return n, err
	}
	signed, err := d.log.Signed(ctx)
	if err != nil {
		return n, err
	}
	if n.Waiting, err = d.log.Waiting(ctx); err != nil {
		return n, err
	}
	if n.Search, err = d.Searching(ctx); err != nil {
		return n, err
	}
	n.Entries, n.Unsigned = head.Size, head.Size-min(signed, head.Size)
	n.Reads, n.MaxReads = d.reads.waiting(), maxReads
	if at := d.signed.Load(); at != 0 {
		n.SignedAt = time.UnixMicro(at).UTC()
		n.Age = max(0, d.now().Sub(n.SignedAt))
	}
	for act, count := range d.log.Tallies() {
		n.Acts = append(n.Acts, ActsOf{act.Verb, act.Decision, count})
	}
	return n, nil
}

func (q *readQueue) waiting() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return uint64(len(q.list) + q.taken) //nolint:gosec // a count
}
