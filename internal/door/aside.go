package door

import (
	"context"
	"sync"
	"time"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/gram"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// SearchName is the name under which connections to records in SQLite must have the file of
// Config.Search attached.
const SearchName = store.AsideName

const (
	asideEvery = time.Second            // how often this node looks for what others changed
	asideAfter = 100 * time.Millisecond // what changed meanwhile is taken in together: many small steps cost several times as much
)

// keepAside takes what changed into what is kept aside, until Close.
func (d *Door) keepAside() {
	defer d.stopped.Done()
	look := time.NewTicker(asideEvery)
	defer look.Stop()
	for {
		select {
		case <-d.quit:
			return
		case <-d.changed:
			select {
			case <-d.quit:
				return
			case <-time.After(asideAfter): // whoever searches before takes it in
			}
		case <-look.C:
		}
		for more := true; more; {
			var err error
			if more, err = d.aside.Feed(context.Background(), d.data, d.log, d.Schema()); err != nil {
				d.report("search", err)
				break
			}
			select {
			case <-d.quit:
				return
			default:
			}
		}
	}
}

// wakeAside tells that there may be something to take in.
func (d *Door) wakeAside() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// maxSteps bounds how much of what is missing one request takes in itself.
const maxSteps = 8

// whole waits until everything that was changed before is in what is kept aside, so that whoever
// changed something finds it. Where much is missing, as after a large import, a request is asked to
// come again; a command waits.
func (s *Session) whole(ctx context.Context) error {
	seen, turn := s.d.complete.state()
	if now, known := s.d.data.Changes(); known && seen == now+1 {
		return nil
	}
	if err := s.d.flushWrites(ctx); err != nil {
		return err
	}
	now, known := s.d.data.Changes()
	for step := 0; ; step++ {
		entries, rebuilding, err := s.d.aside.Missing(ctx, s.d.log)
		if err != nil {
			return err
		}
		if entries == 0 && !rebuilding {
			if known {
				s.d.complete.reached(now+1, turn)
			}
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fault.Wrap(fault.Unavailable, err, "timeout", "the request took too long and was stopped")
		}
		if step >= maxSteps && s.via != ViaCLI && s.via != ViaJob && s.via != ViaImport {
			return fault.New(fault.Unavailable, "search_building", "encrypted fields are being made searchable (%d changes to go): try again in a moment", entries)
		}
		if _, err := s.d.aside.Feed(ctx, s.d.data, s.d.log, s.d.Schema()); err != nil {
			return err
		}
	}
}

// complete remembers up to which change everything is in what is kept aside, so that not every list
// need look.
type complete struct {
	mu   sync.Mutex
	seen uint64 // Store.Changes and 1; 0 for none
	turn uint64 // counts changes of the structure
}

func (c *complete) state() (seen, turn uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen, c.turn
}

func (c *complete) reached(seen, turn uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn == turn {
		c.seen = seen
	}
}

// forget has everybody look again.
func (c *complete) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = 0
	c.turn++
}

// Searching says how much of what was changed cannot be found yet.
type Searching struct {
	Missing    uint64 // entries of the journal
	Rebuilding bool   // records are read anew
}

// Searching returns the state of what makes encrypted fields findable on this node.
func (d *Door) Searching(ctx context.Context) (s Searching, err error) {
	s.Missing, s.Rebuilding, err = d.aside.Missing(ctx, d.log)
	return s, err
}

// asideUsed reports whether an expression reads a field that is kept aside.
func asideUsed(cat *catalogue, x *expr.Expr) bool {
	if x == nil {
		return false
	}
	for _, f := range x.Fields() {
		if o := cat.schema.Object(f.Object); o != nil {
			if field := o.Field(baseName(f.Name)); field != nil && len(field.Aside()) > 0 {
				return true
			}
		}
	}
	return false
}

// match makes a full-text query of what was typed, in the fields that the session may read.
func (a *access) match(o *schema.Object, typed string) (string, error) {
	words, err := wordsOf("search", typed)
	if err != nil {
		return "", err
	}
	worded := a.worded(o)
	if len(worded) == 0 {
		return "", fault.InField("search", "not_searchable", "%s has no field that you can search", o.Name)
	}
	return gram.Match(words, columnsOf(worded)), nil
}

// wordsOf reads what was typed into a field of a request.
func wordsOf(field, typed string) ([]gram.Word, error) {
	if len(typed) > 500 {
		return nil, fault.InField(field, "too_long", "at most 500 bytes")
	}
	words := gram.Words(typed)
	if len(words) == 0 {
		return nil, fault.InField(field, "too_short", "type two letters, or one Chinese character")
	}
	return words, nil
}

// worded lists the fields of an object by whose words the session may find records.
func (a *access) worded(o *schema.Object) (list []*schema.Field) {
	for i := range o.Fields {
		if f := &o.Fields[i]; !o.Written && f.Worded() && !f.Archived && a.field(o, f) >= policy.Readable {
			list = append(list, f)
		}
	}
	return list
}

func columnsOf(fields []*schema.Field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.Column("")
	}
	return list
}
