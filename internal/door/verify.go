package door

import (
	"context"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
)

// Verification is what checking the journal and the records found.
type Verification struct {
	journal.Report
	Records int64           // compared with what the journal vouches for
	Altered []AlteredRecord // records that are not as the journal says; at most 100
}

// AlteredRecord is a record that somebody changed outside of Wardbook.
type AlteredRecord struct {
	Object string `json:"object"`
	ID     id.ID  `json:"id"`
	What   string `json:"what"` // "changed", "removed", "added"
}

// OK reports whether nothing is wrong.
func (v *Verification) OK() bool { return v.Report.OK() && len(v.Altered) == 0 }

// Verify reads the whole journal and checks every entry, sealed part, hash and signature, against
// the checkpoints in the log and those kept elsewhere, and then every record against the last entry
// about it. Progress hears how many entries were read. It needs the right to audit, or the machine's
// owner at the command line.
func (s *Session) Verify(ctx context.Context, known [][]byte, progress func(done uint64)) (_ *Verification, err error) {
	defer fault.Op(&err, "door.Verify")
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	if !mayAudit(a) {
		return nil, s.forbidden(ctx, "verify", "", fault.New(fault.Forbidden, "forbidden", "you may not audit the journal"))
	}
	if err := s.durable(ctx, s.entry("verify", ""), ""); err != nil {
		return nil, err
	}
	if err := s.d.Settle(ctx); err != nil {
		return nil, err
	}
	if msg, err := s.d.keys.KnownCheckpoint(ctx); err != nil {
		return nil, err
	} else if msg != nil {
		known = append(known, msg)
	}
	states := newStates()
	report, err := s.d.verifyLog(ctx, known, func(row *journal.Row) error {
		if progress != nil && row.Seq%1000 == 0 {
			progress(row.Seq)
		}
		return states.add(row)
	})
	if err != nil {
		return nil, err
	}
	v := &Verification{Report: report}
	if err := s.compare(ctx, a, states, v); err != nil {
		return nil, err
	}
	return v, nil
}

// verifyLog streams the journal through the verifier.
func (d *Door) verifyLog(ctx context.Context, known [][]byte, each func(*journal.Row) error) (journal.Report, error) {
	trusted, err := d.Trusted()
	if err != nil {
		return journal.Report{}, err
	}
	newest, err := d.log.Signed(ctx) // before the head is read: what is signed meanwhile proves nothing missing
	if err != nil {
		return journal.Report{}, err
	}
	verifier, err := journal.NewVerifier(journal.Options{
		Origin: journal.Origin(d.org), Trusted: trusted, Known: known, Checkpoints: d.checkpoints(ctx, newest),
		Subtree: func(level int, n uint64) (tlog.Hash, bool, error) { return d.log.Subtree(ctx, level, n) },
	})
	if err != nil {
		return journal.Report{}, err
	}
	head, err := d.log.Head(ctx)
	if err != nil {
		return journal.Report{}, err
	}
	err = d.log.Rows(ctx, 0, store.Plain("seq < ?", int64(head.Size)), func(row *journal.Row) error { //nolint:gosec // below 2^48
		if err := verifier.Add(row); err != nil {
			return err
		}
		return each(row)
	})
	if err != nil {
		return journal.Report{}, err
	}
	return verifier.Finish(&head)
}

// checkpoints yields the stored checkpoints up to a size, in order, a thousand to a query.
func (d *Door) checkpoints(ctx context.Context, upTo uint64) func() ([]byte, error) {
	var notes [][]byte
	last := int64(0)
	return func() ([]byte, error) {
		if len(notes) == 0 {
			var err error
			if notes, last, err = d.log.Checkpoints(ctx, last, upTo, 1000); err != nil {
				return nil, err
			}
			if len(notes) == 0 {
				return nil, io.EOF
			}
		}
		msg := notes[0]
		notes = notes[1:]
		return msg, nil
	}
}

// states holds what the journal says about each record: 56 bytes for each.
type states struct{ last map[id.ID]state }

type state struct {
	digest [32]byte
	object string
}

func newStates() *states { return &states{last: map[id.ID]state{}} }

func (s *states) add(row *journal.Row) error {
	if row.ChangeSet.IsZero() || row.Record.IsZero() {
		return nil
	}
	e, err := journal.DecodeBody(row.Body)
	if err != nil { // the verifier has reported it
		return nil
	}
	if e.State != [32]byte{} {
		s.last[e.Record] = state{e.State, e.Object}
	}
	return nil
}

// maxAltered is how many altered records are named.
const maxAltered = 100

// compare checks every stored record against the digest that the journal holds of it.
func (s *Session) compare(ctx context.Context, a *access, known *states, v *Verification) error {
	note := func(o string, rid id.ID, what string) {
		if len(v.Altered) < maxAltered {
			v.Altered = append(v.Altered, AlteredRecord{o, rid, what})
		}
	}
	for _, o := range a.cat.schema.Objects() {
		if o.Name == "change_set" { // written with the entries that name it, and by no entry of its own
			continue
		}
		err := s.d.data.EachSealed(ctx, s.d.data.DB(), o, func(r *store.Row, _ []byte) error {
			v.Records++
			switch want, ok := known.last[r.ID]; {
			case !ok:
				note(o.Name, r.ID, "added")
			case want.digest != s.d.data.State(o, r):
				note(o.Name, r.ID, "changed")
			}
			delete(known.last, r.ID)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for rid, st := range known.last {
		note(st.object, rid, "removed")
	}
	return nil
}
