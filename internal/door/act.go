package door

import (
	"context"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
)

// Act is something that happens outside of the door, such as signing in, and belongs in the journal.
type Act struct {
	Verb, Object string
	Record       id.ID  // the person or the credential that it is about
	Reason       string // a machine word or an identifier, never what somebody typed
	Denied       bool
}

// NoteAct journals an act of a session, with the place that it came from, before it is answered. The
// session may be of nobody: that is who fails to sign in.
func (d *Door) NoteAct(ctx context.Context, s *Session, act Act) (err error) {
	defer fault.Op(&err, "door.NoteAct")
	e := s.entry(act.Verb, act.Object)
	e.Record = act.Record
	if act.Reason != "" {
		e.Reason = act.Reason
	}
	if act.Denied {
		e.Decision = journal.Deny
	}
	return s.durable(ctx, e, "")
}
