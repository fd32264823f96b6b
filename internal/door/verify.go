package door

import (
	"context"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/schema"
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
	if msg, err := s.d.keys.KnownCheckpoint(ctx); err != nil {
		return nil, err
	} else if msg != nil {
		known = append(known, msg)
	}
	// A damaged journal may take no entry and no signature, and just then it must be possible to find
	// out where it is damaged.
	head, err := s.d.log.Head(ctx)
	if err != nil {
		return nil, err
	}
	unwritten := s.writeVerify(ctx)
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
	v.checkHead(head)
	strays, first, err := s.d.log.Strays(ctx) // no hash covers them
	if err != nil {
		return nil, err
	}
	if strays > 0 {
		v.note(uint64(max(first, 0)), journal.BadOrder, "an entry with a number that the log never gave") //nolint:gosec // not negative
	}
	if unwritten != nil {
		if v.Report.OK() {
			return nil, unwritten
		}
		return v, nil // and the records are compared with a journal that is whole
	}
	if err := s.compare(ctx, states, v); err != nil {
		return nil, err
	}
	return v, nil
}

// writeVerify journals the verification, and signs the log as it is then, unless it is known already
// to be altered: then nothing must be put over the place.
func (s *Session) writeVerify(ctx context.Context) error {
	if _, err := s.d.grown(ctx); err != nil {
		return err
	}
	if err := s.durable(ctx, s.entry("verify", ""), ""); err != nil {
		return err
	}
	return s.d.Settle(ctx)
}

// checkHead reports a head whose two columns differ, as it was before an entry was added and put that
// right.
func (v *Verification) checkHead(head journal.Head) {
	f, err := journal.UnmarshalFrontier(head.Frontier)
	if err != nil || f.Size() == head.Size {
		return // a head that cannot be read is not put right either
	}
	v.note(min(f.Size(), head.Size), journal.BadHead, "size and frontier of the head differ")
}

// note adds a problem with one entry to the report.
func (v *Verification) note(index uint64, what, detail string) {
	v.Problems++
	if v.FirstBad == nil || index < v.FirstBad.Index {
		v.FirstBad = &journal.Problem{Index: index, Last: index, What: what, Detail: detail}
	}
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

// compare checks every stored record against the digest that the journal holds of it. Records go on
// being changed meanwhile: what differs is looked at again, beside the newest entry about it.
func (s *Session) compare(ctx context.Context, known *states, v *Verification) error {
	for _, o := range s.d.Schema().Objects() {
		if o.Name == "change_set" { // written with the entries that name it, and by no entry of its own
			continue
		}
		var differ []id.ID
		err := s.d.data.Check(ctx, s.d.data.DB(), o, id.ID{}, func(rid id.ID, state [32]byte, sound bool) {
			v.Records++
			if want, ok := known.last[rid]; !ok || !sound || want.digest != state {
				differ = append(differ, rid)
			}
			delete(known.last, rid)
		})
		if err != nil {
			return err
		}
		for _, rid := range differ {
			if len(v.Altered) >= maxAltered {
				return nil
			}
			if err := s.compareAgain(ctx, o, rid, v); err != nil {
				return err
			}
		}
	}
	for rid, st := range known.last {
		if len(v.Altered) < maxAltered {
			v.Altered = append(v.Altered, AlteredRecord{st.object, rid, "removed"})
		}
	}
	return nil
}

// compareAgain compares one record with the newest entry about it, until no entry is added meanwhile.
func (s *Session) compareAgain(ctx context.Context, o *schema.Object, rid id.ID, v *Verification) error {
	latest := func() (*journal.Row, error) {
		rows, err := s.changesOf(ctx, rid, 0, 1)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		return rows[0], nil
	}
	before, err := latest()
	for range 100 { // a record that is written all the time
		if err != nil {
			return err
		}
		same := false
		err = s.d.data.Check(ctx, s.d.data.DB(), o, rid, func(_ id.ID, state [32]byte, sound bool) {
			same = sound && before != nil && stateOf(before) == state
		})
		if err != nil || same {
			return err
		}
		var after *journal.Row
		after, err = latest()
		if err == nil && (after == nil) == (before == nil) && (after == nil || after.Seq == before.Seq) {
			break
		}
		before = after
	}
	what := "changed"
	if before == nil {
		what = "added"
	}
	v.Altered = append(v.Altered, AlteredRecord{o.Name, rid, what})
	return err
}

// stateOf is the digest that an entry vouches for.
func stateOf(row *journal.Row) [32]byte {
	e, err := journal.DecodeBody(row.Body)
	if err != nil {
		return [32]byte{}
	}
	return e.State
}
