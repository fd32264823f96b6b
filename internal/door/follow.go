package door

import (
	"context"
	"sync"
	"time"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/schema"
)

// Event says that a record changed. It holds no value: whoever wants one reads the record.
type Event struct {
	Seq       uint64
	Time      time.Time
	Object    string
	Record    id.ID
	Verb      string
	Version   int64
	ChangeSet id.ID
}

// Stream gives a session the changes of records that it may see, in the order of the journal. It is used
// by one goroutine.
type Stream struct {
	s     *Session
	next  uint64 // the entry to look at next
	reset bool
}

const (
	// MaxBehind is how many entries a stream may be behind: reading the records anew is faster then.
	MaxBehind = 100_000
	// followStep is how many entries a stream looks at in one go.
	followStep = 1000
)

// Follow begins a stream with the entry numbered from, or, for 0, with what happens from now on. A
// number of another journal, or one that is too long ago, begins now too, and Reset tells so.
func (s *Session) Follow(ctx context.Context, from uint64) (_ *Stream, err error) {
	defer fault.Op(&err, "door.Follow")
	if _, err := s.access(ctx); err != nil {
		return nil, err
	}
	if err := s.d.flush(ctx, true); err != nil {
		return nil, err
	}
	head, err := s.d.log.Head(ctx)
	if err != nil {
		return nil, err
	}
	t := &Stream{s: s, next: from}
	if from == 0 || from > head.Size || head.Size-from > MaxBehind {
		t.next, t.reset = head.Size, from != 0
	}
	return t, s.queue(ctx, s.entry("follow", ""), "")
}

// Reset reports whether the stream could not begin where it was asked to: changes are missing.
func (t *Stream) Reset() bool { return t.reset }

// From returns where to begin another stream that goes on where this one is.
func (t *Stream) From() uint64 { return t.next }

// News returns a channel that is closed when there may be something to read: when this node journals
// something next. What other nodes change is seen by whoever looks once a second.
func (t *Stream) News() <-chan struct{} { return t.s.d.news.wait() }

// Read returns the next events, and whether there may be more at once. What the session may see is judged
// at this moment: who lost a right gets nothing more, and one whose account ended an error.
func (t *Stream) Read(ctx context.Context) (_ []Event, more bool, err error) {
	defer fault.Op(&err, "door.Stream")
	a, err := t.s.access(ctx)
	if err != nil {
		return nil, false, err
	}
	head, err := t.s.d.log.Head(ctx)
	if err != nil || head.Size <= t.next {
		return nil, false, err
	}
	if head.Size-t.next > MaxBehind {
		return nil, false, fault.New(fault.Unavailable, "behind", "more than %d entries behind: begin anew", MaxBehind)
	}
	to := min(head.Size, t.next+followStep)
	var entries []*journal.Row
	err = t.s.d.log.Rows(ctx, t.next, store.Plain("seq < ? AND changeset IS NOT NULL AND record IS NOT NULL", int64(to)), func(r *journal.Row) error { //nolint:gosec // below 2^48
		entries = append(entries, r)
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	events, err := t.visible(ctx, a, entries)
	if err != nil {
		return nil, false, err
	}
	t.next = to
	return events, to < head.Size, nil
}

// visible makes events of the entries about records that the session may see where they are now; of
// those in the bin, that it may take back.
func (t *Stream) visible(ctx context.Context, a *access, entries []*journal.Row) ([]Event, error) {
	v := t.s.viewer(ctx, a)
	byObject := map[string][]id.ID{}
	for _, e := range entries {
		byObject[e.Object] = append(byObject[e.Object], e.Record)
	}
	seen := map[id.ID]bool{}
	for name, ids := range byObject {
		o := a.cat.schema.Object(name)
		if o == nil || o.Archived {
			continue
		}
		if err := t.see(ctx, v, o, ids, seen); err != nil {
			return nil, err
		}
	}
	var list []Event
	for _, row := range entries {
		if !seen[row.Record] {
			continue
		}
		e, err := journal.DecodeBody(row.Body)
		if err != nil {
			return nil, err
		}
		list = append(list, Event{
			Seq: row.Seq, Time: time.UnixMicro(e.Time).UTC(), Object: e.Object, Record: e.Record, Verb: e.Verb,
			Version: int64(e.Version), ChangeSet: e.ChangeSet, //nolint:gosec // counts up
		})
	}
	return list, nil
}

func (t *Stream) see(ctx context.Context, v *viewer, o *schema.Object, ids []id.ID, seen map[id.ID]bool) error {
	visible := v.visible(o.Name)
	if visible == nil {
		return nil
	}
	rows, err := t.s.d.data.GetMany(ctx, t.s.d.data.DB(), store.NewPlan(o, nil), ids)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if seen[row.ID], err = t.s.seesPast(v, o, row); err != nil {
			return err
		}
	}
	return nil
}

// bell wakes everybody who waits.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

func newBell() *bell { return &bell{ch: make(chan struct{})} }

func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ch)
	b.ch = make(chan struct{})
}
