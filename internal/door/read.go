package door

import (
	"context"
	"encoding/json"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// notFound is the one answer for what is not there and for what may not be seen.
func notFound(object string) error {
	return fault.New(fault.NotFound, "not_found", "there is no such %s", object)
}

// object returns an object on which the session has a verb. Without the right it answers as if there
// were no such object, and the journal keeps the denial.
func (s *Session) object(ctx context.Context, a *access, name string, verb policy.Verb) (*schema.Object, error) {
	o := a.cat.schema.Object(name)
	if o == nil || o.Archived {
		return nil, fault.New(fault.NotFound, "unknown_object", "there is no object %q", clip(name))
	}
	if a.rights.May(name, verb) && (verb == policy.Read || a.rights.May(name, policy.Read) || verb == policy.Create) {
		return o, nil
	}
	return nil, s.denied(ctx, verb, o, id.ID{})
}

// denied journals a refusal and returns the answer that tells nothing.
func (s *Session) denied(ctx context.Context, verb policy.Verb, o *schema.Object, record id.ID) error {
	e := s.entry(string(verb), o.Name)
	e.Record, e.Decision = record, journal.Deny
	if err := s.queue(ctx, e, ""); err != nil {
		return err
	}
	if record.IsZero() {
		return fault.New(fault.NotFound, "unknown_object", "there is no object %q", clip(o.Name))
	}
	return notFound(o.Name)
}

// forbidden journals the refusal of a verb that takes a right on everything and returns the answer.
func (s *Session) forbidden(ctx context.Context, verb, object string, answer error) error {
	e := s.entry(verb, object)
	e.Decision = journal.Deny
	if err := s.queue(ctx, e, ""); err != nil {
		return err
	}
	return answer
}

// clip keeps a name that a stranger gave short enough for a message.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// entry begins a journal entry of this session.
func (s *Session) entry(verb, object string) *journal.Entry {
	e := &journal.Entry{
		ID: s.d.ids.New(), Time: s.d.now().UnixMicro(), Actor: s.actor.User(), App: s.actor.App(), Session: s.actor.Session(), Via: string(s.via),
		Verb: verb, Object: object, Decision: journal.Allow, Request: s.origin.Request,
	}
	if role, ok := s.actor.System(); ok {
		e.Reason = "as " + role.Name
	}
	return e
}

func (s *Session) from() store.Origin {
	return store.Origin{Actor: s.actor.User(), Address: s.origin.Address, Agent: s.origin.Agent}
}

// queue journals an ordinary read: it is numbered within 50 ms.
func (s *Session) queue(ctx context.Context, e *journal.Entry, note string) error {
	p, err := s.pending(ctx, e, note)
	if err != nil {
		return err
	}
	return s.d.reads.add(p)
}

// durable journals a sensitive read before it is answered.
func (s *Session) durable(ctx context.Context, e *journal.Entry, note string) error {
	p, err := s.pending(ctx, e, note)
	if err != nil {
		return err
	}
	_, err = s.d.log.Sequence(ctx, []store.Pending{p})
	return err
}

func (s *Session) pending(ctx context.Context, e *journal.Entry, note string) (store.Pending, error) {
	sealed, err := s.d.data.SealNote(ctx, note, s.from())
	if err != nil {
		return store.Pending{}, err
	}
	if sealed != nil {
		e.Sealed = journal.Digest(sealed)
	}
	return store.Pending{Entry: *e, Sealed: sealed}, e.Check()
}

// describe writes what was asked, for the sealed note of a read.
func describe(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
