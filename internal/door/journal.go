package door

import (
	"context"
	"errors"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// JournalQuery asks for entries, newest first. The zero value of a condition leaves it out.
type JournalQuery struct {
	Below     uint64 // numbers below this one; 0: from the newest
	Limit     int    // 0 means 50; at most MaxLimit
	Actor     id.ID
	Record    id.ID
	ChangeSet id.ID
	Object    string
	Verb      string
	Filter    string // CEL over seq, at, actor, verb, object, record and changeset; "" for all

	within []string // only entries about these objects; nil for all
}

// JournalEntry is an entry with its number.
type JournalEntry struct {
	Seq uint64
	journal.Entry
}

// Journal returns entries: everybody's to who may audit, to others only their own and, through a token
// that may do less than its person, of those only the ones about objects that the token may read.
// Reading everybody's is in the journal before the answer.
func (s *Session) Journal(ctx context.Context, q JournalQuery) (_ []JournalEntry, err error) {
	defer fault.Op(&err, "door.Journal")
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return nil, fault.InField("limit", "out_of_range", "1 to %d", MaxLimit)
	}
	auditor := mayAudit(a)
	if !auditor {
		if !q.Actor.IsZero() && q.Actor != a.me {
			return nil, s.forbidden(ctx, "journal", "", nil)
		}
		q.Actor, q.within = a.me, withinToken(a)
	}
	if err := s.d.flush(ctx, true); err != nil {
		return nil, err
	}
	rows, err := s.d.log.Find(ctx, q.Below, q.Limit, q.where(a.session(s.d.now()), s.d.data.Dialect()))
	if err != nil {
		return nil, err
	}
	var list []JournalEntry
	for _, row := range rows {
		e, err := journal.DecodeBody(row.Body)
		if err != nil {
			return nil, err
		}
		list = append(list, JournalEntry{row.Seq, e})
	}
	e := s.entry("journal", "")
	e.Count = uint64(len(list))
	if auditor {
		err = s.durable(ctx, e, describe(q))
	} else {
		err = s.queue(ctx, e, "")
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// withinToken lists the objects whose entries the limits of a token leave to it; nil for all, and for
// entries about no object.
func withinToken(a *access) []string {
	if a.rights.Within(policy.Everything, policy.Read) {
		return nil
	}
	list := []string{}
	for _, o := range a.cat.schema.Objects() {
		if a.rights.Within(o.Name, policy.Read) {
			list = append(list, o.Name)
		}
	}
	return list
}

// ownEntry reports whether an entry is about what the session's person did and its token may see.
func ownEntry(a *access, row *journal.Row) bool {
	within := withinToken(a)
	return row.Actor == a.me && (within == nil || slices.Contains(within, row.Object))
}

func mayAudit(a *access) bool {
	return a.rights.Scope(policy.Everything, policy.Audit) == policy.All
}

func (q *JournalQuery) where(es expr.Session, d expr.Dialect) store.Where {
	return func(st *sqldb.Statement) (string, error) {
		text := "1=1"
		add := func(use bool, column string, v any) {
			if use {
				text += " AND " + column + " = " + st.Mark(v)
			}
		}
		add(!q.Actor.IsZero(), "actor", q.Actor.Bytes())
		add(!q.Record.IsZero(), "record", q.Record.Bytes())
		add(!q.ChangeSet.IsZero(), "changeset", q.ChangeSet.Bytes())
		add(q.Object != "", "object", q.Object)
		add(q.Verb != "", "verb", q.Verb)
		if q.within != nil {
			text += " AND (1=0"
			for _, name := range q.within {
				text += " OR object = " + st.Mark(name)
			}
			text += ")"
		}
		if q.Filter == "" {
			return text, nil
		}
		x, err := expr.Compile(entrySchema{}, "journal", q.Filter)
		if err != nil {
			return "", err
		}
		cond, err := x.SQL(d, es, entryTarget{st})
		return text + " AND " + cond, err
	}
}

// entrySchema lets the journal be filtered in the one language: by the columns that an entry is found
// by.
type entrySchema struct{}

// Object implements expr.Schema.
func (entrySchema) Object(string) *expr.Object {
	vars := map[string]expr.Var{}
	for name, kind := range map[string]expr.Kind{
		"seq": expr.Int, "at": expr.Time, "actor": expr.ID, "verb": expr.Text, "object": expr.Text, "record": expr.ID, "changeset": expr.ID,
	} {
		vars[name] = expr.Var{Name: name, Kind: kind, Column: name}
	}
	return &expr.Object{Name: "journal", Vars: vars}
}

// entryTarget puts such a condition into a statement on the journal.
type entryTarget struct{ *sqldb.Statement }

// Alias implements expr.Target.
func (entryTarget) Alias([]string) (string, error) { return "journal", nil }

// Aside implements expr.Target; nothing of an entry lies aside.
func (entryTarget) Aside([]string) (string, error) { return "journal", nil }

// Checkpoint returns the newest signed checkpoint. It tells nothing but that the log exists, so
// anybody with a session may have it, and keep it.
func (s *Session) Checkpoint(ctx context.Context) ([]byte, error) {
	if _, err := s.access(ctx); err != nil {
		return nil, err
	}
	if err := s.d.Settle(ctx); err != nil {
		return nil, err
	}
	return s.d.log.Latest(ctx)
}

// Proof is evidence that an entry is in the log that a checkpoint signs (RFC 6962).
type Proof struct {
	Entry      JournalEntry
	Body       []byte
	Checkpoint []byte
	Hashes     tlog.RecordProof
}

// Prove returns the proof for an entry that the session may read. It shows an entry, so it is in the
// journal before the answer.
func (s *Session) Prove(ctx context.Context, entry id.ID) (_ *Proof, err error) {
	defer fault.Op(&err, "door.Prove")
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	msg, err := s.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.d.log.Find(ctx, 0, 1, store.Plain("id = ?", entry.Bytes()))
	if err != nil {
		return nil, err
	}
	absent := fault.New(fault.NotFound, "not_found", "there is no such entry")
	switch {
	case len(rows) == 0:
		return nil, absent
	case !mayAudit(a) && !ownEntry(a, rows[0]):
		return nil, s.forbidden(ctx, "prove", "", absent)
	}
	if err := s.durable(ctx, s.entry("prove", ""), entry.String()); err != nil {
		return nil, err
	}
	e, err := journal.DecodeBody(rows[0].Body)
	if err != nil {
		return nil, err
	}
	trusted, err := s.d.Trusted()
	if err != nil {
		return nil, err
	}
	cp, err := journal.OpenCheckpoint(msg, trusted)
	if err != nil {
		return nil, err
	}
	hashes, err := journal.InclusionProof(*s.d.log.Hashes(ctx, cp.Size), cp.Size, rows[0].Seq)
	return &Proof{Entry: JournalEntry{rows[0].Seq, e}, Body: rows[0].Body, Checkpoint: msg, Hashes: hashes}, err
}

// Keys returns the verifier keys of the journal, oldest first, in the form of C2SP signed-note.
func (d *Door) Keys() ([]string, error) {
	var list []string
	for _, v := range d.ring().Versions() {
		if v.Purpose != seal.AuditSign {
			continue
		}
		key, err := d.ring().Get(seal.AuditSign, v.Number)
		if err != nil {
			continue // destroyed: what it signed is under a later key's checkpoints too
		}
		signer, err := journal.NewSigner(journal.Origin(d.org), key.Ed25519().Seed())
		if err != nil {
			return nil, err
		}
		list = append(list, signer.VerifierKey())
	}
	return list, nil
}

// Trusted returns the set of keys that sign the journal.
func (d *Door) Trusted() (note.Verifiers, error) {
	keys, err := d.Keys()
	if err != nil {
		return nil, err
	}
	return journal.NewVerifiers(keys...)
}

// ExportJournal writes the whole journal, without opening what is sealed, for verification by others;
// create makes a file of the export (journal.Writer). It needs the right to audit and is in the
// journal, with its purpose, before the first byte.
func (s *Session) ExportJournal(ctx context.Context, purpose string, create func(name string) (io.WriteCloser, error)) (size uint64, err error) {
	defer fault.Op(&err, "door.ExportJournal")
	if purpose, err = checkPurpose(purpose); err != nil {
		return 0, err
	}
	a, err := s.access(ctx)
	if err != nil {
		return 0, err
	}
	if !mayAudit(a) {
		return 0, s.forbidden(ctx, "export", "journal", fault.New(fault.Forbidden, "forbidden", "you may not export the journal"))
	}
	e := s.entry("export", "journal")
	e.Reason = purpose
	if err := s.durable(ctx, e, ""); err != nil {
		return 0, err
	}
	msg, err := s.Checkpoint(ctx)
	if err != nil {
		return 0, err
	}
	keys, err := s.d.Keys()
	if err != nil {
		return 0, err
	}
	w, err := journal.NewWriter(create, journal.Origin(s.d.org), keys)
	if err != nil {
		return 0, err
	}
	defer w.Abort()
	if size, err = s.d.writeLog(ctx, w, msg); err != nil {
		return 0, err
	}
	return size, w.Close(msg)
}

// writeLog writes the entries that a checkpoint signs, and the checkpoints before it.
func (d *Door) writeLog(ctx context.Context, w *journal.Writer, msg []byte) (uint64, error) {
	trusted, err := d.Trusted()
	if err != nil {
		return 0, err
	}
	cp, err := journal.OpenCheckpoint(msg, trusted)
	if err != nil {
		return 0, err
	}
	for next := d.checkpoints(ctx, cp.Size); ; {
		old, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		if err := w.AddCheckpoint(old); err != nil {
			return 0, err
		}
	}
	return cp.Size, d.log.Rows(ctx, 0, store.Plain("seq < ?", int64(cp.Size)), w.Add) //nolint:gosec // below 2^48
}

// Note journals an act that happens outside of the door, such as issuing a token or rotating a key,
// before it is answered. Reason is a machine word or an identifier.
func (d *Door) Note(ctx context.Context, actor authn.Actor, via Via, verb, object, reason string) (err error) {
	defer fault.Op(&err, "door.Note")
	s := d.As(actor, via)
	e := s.entry(verb, object)
	e.Reason = reason
	return s.durable(ctx, e, "")
}
