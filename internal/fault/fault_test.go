package fault

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind         Kind
		status, exit int
	}{
		{Internal, 500, 1},
		{Invalid, 422, 1},
		{Unauthenticated, 401, 1},
		{Forbidden, 403, 1},
		{NotFound, 404, 1},
		{Conflict, 409, 1},
		{Stale, 412, 1},
		{Held, 202, 1},
		{TooLarge, 413, 1},
		{TooMany, 429, 1},
		{Unavailable, 503, 1},
		{"", 500, 1},
		{"nonsense", 500, 1},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			if got := c.kind.Status(); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if got := ExitCode(New(c.kind, "r", "m")); got != c.exit {
				t.Errorf("exit code %d, want %d", got, c.exit)
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing wrong", nil, 0},
		{"a flag", InField("--limit", "out_of_range", "1 to 500"), 2},
		{"a flag, wrapped", fmt.Errorf("run: %w", InField("--limit", "out_of_range", "1 to 500")), 2},
		{"a flag that another cause broke", Wrap(Unavailable, io.EOF, "output", "--output cannot be written"), 1},
		{"a field of a record", InField("name", "required", "is required"), 1},
		{"an error of somebody else", io.EOF, 1},
		{"a flag and a failure", errors.Join(New(Conflict, "altered", "altered"), InField("--x", "r", "m")), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := ExitCode(c.err); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// What the person reads never holds the cause; what the log gets holds everything.
func TestTwoVoices(t *testing.T) {
	t.Parallel()
	secret := errors.New("pq: password=hunter2")
	for _, c := range []struct {
		name, message, log string
		err                error
	}{
		{"kind and message", "the name is taken", "the name is taken", New(Conflict, "taken", "the %s is taken", "name")},
		{"a cause", "try again", "try again: pq: password=hunter2", Wrap(Unavailable, secret, "busy", "try again")},
		{"internal says nothing", "internal error", "internal error: pq: password=hunter2", Wrap(Internal, secret, "x", "the disk /srv/a broke")},
		{"no kind says nothing", "internal error", "internal error", &Error{Message: "hunter2"}},
		{"of somebody else", "internal error", "pq: password=hunter2", secret},
		{"no message", "not found", "not found", New(NotFound, "", "")},
		{"wrapped by somebody else", "gone", "reading: gone", fmt.Errorf("reading: %w", New(NotFound, "gone", "gone"))},
		{"a field", "name: is required", "name: is required; name: is required", InField("name", "required", "is required")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Message(c.err); got != c.message {
				t.Errorf("message %q, want %q", got, c.message)
			}
			if got := c.err.Error(); got != c.log {
				t.Errorf("log %q, want %q", got, c.log)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		kind   Kind
		reason string
	}{
		{"nil", nil, "", ""},
		{"of somebody else", io.EOF, Internal, "internal"},
		{"ours", New(Stale, "stale_version", "m"), Stale, "stale_version"},
		{"without a reason", New(Stale, "", "m"), Stale, "stale"},
		{"without a kind", &Error{Reason: "x"}, Internal, "x"},
		{"wrapped", fmt.Errorf("x: %w", New(TooMany, "r", "m")), TooMany, "r"},
		{"the outer one counts", Wrap(Unavailable, New(NotFound, "inner", "m"), "outer", "m"), Unavailable, "outer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := KindOf(c.err); got != c.kind {
				t.Errorf("kind %q, want %q", got, c.kind)
			}
			if got := Reason(c.err); got != c.reason {
				t.Errorf("reason %q, want %q", got, c.reason)
			}
			if got := Is(c.err, c.kind); got != (c.err != nil) {
				t.Errorf("Is says %v", got)
			}
		})
	}
}

func TestOp(t *testing.T) {
	t.Parallel()
	inner := New(NotFound, "gone", "gone")
	do := func(err error) (got error) {
		defer Op(&got, "door.Get(%s)", "deal")
		return err
	}
	if do(nil) != nil {
		t.Error("an error out of nothing")
	}
	err := do(do(inner))
	if got := err.Error(); got != "door.Get(deal): door.Get(deal): gone" {
		t.Errorf("got %q", got)
	}
	if inner.Op != "" {
		t.Error("the error was changed for everybody who holds it")
	}
	if KindOf(err) != NotFound || Reason(err) != "gone" || Message(err) != "gone" {
		t.Errorf("kind, reason or message was lost: %v", err)
	}
	if err := do(io.EOF); KindOf(err) != Internal || !errors.Is(err, io.EOF) || Message(err) != "internal error" {
		t.Errorf("got %v", err)
	}
}

func TestInFields(t *testing.T) {
	t.Parallel()
	a, b := Field{Name: "a", Reason: "required", Message: "is required"}, Field{Name: "b", Reason: "r", Message: "m"}
	for _, c := range []struct {
		name, reason, message string
		fields                []Field
	}{
		{"one", "invalid_field", "a: is required", []Field{a}},
		{"two", "invalid_fields", "2 fields need correction", []Field{a, b}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := InFields(c.fields)
			if KindOf(err) != Invalid || Reason(err) != c.reason || Message(err) != c.message || len(FieldsOf(err)) != len(c.fields) {
				t.Errorf("got %v", err)
			}
		})
	}
	if InFields(nil) != nil {
		t.Error("an error without a field")
	}
}

func TestAtRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, message string
		err           error
		row, fields   int
	}{
		{"fields get the row", "row 3: a: m", InField("a", "r", "m"), 3, 1},
		{"without fields, one is made", "row 3: gone", New(NotFound, "gone", "gone"), 3, 1},
		{"without a message", "row 3: not found", New(NotFound, "", ""), 3, 1},
		{"internal stays silent", "internal error", Wrap(Internal, io.EOF, "x", "disk"), 3, 1},
		{"no row", "a: m", InField("a", "r", "m"), 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before := c.err.Error()
			err := AtRow(c.err, c.row)
			if Message(err) != c.message || len(FieldsOf(err)) != c.fields || FieldsOf(err)[0].Row != c.row || KindOf(err) != KindOf(c.err) {
				t.Errorf("got %v with %v", err, FieldsOf(err))
			}
			if c.err.Error() != before {
				t.Error("the error was changed for everybody who holds it")
			}
			if strings.Contains(fmt.Sprint(FieldsOf(err)), "disk") {
				t.Error("the field tells what the message must not")
			}
		})
	}
	if err := AtRow(io.EOF, 3); err != io.EOF { //nolint:errorlint // the very same
		t.Errorf("got %v", err)
	}
}

// Whatever an error is made of, the person who asked never reads its cause.
func FuzzMessage(f *testing.F) {
	f.Add("invalid", "message", "cause", "op")
	f.Add("internal", "message", "cause", "")
	f.Fuzz(func(t *testing.T, kind, message, cause, op string) {
		const secret = "\x01hunter2\x02"
		if strings.Contains(message, secret) {
			return
		}
		var err error = Wrap(Kind(kind), errors.New(cause+secret), "r", "%s", message)
		Op(&err, "%s", op)
		err = AtRow(err, 2)
		if strings.Contains(Message(err), secret) || strings.Contains(fmt.Sprint(FieldsOf(err)), secret) {
			t.Errorf("the cause is shown: %q", Message(err))
		}
		if !strings.Contains(err.Error(), secret) {
			t.Error("the log does not get the cause")
		}
		if s := KindOf(err).Status(); s != 202 && (s < 400 || s > 599) {
			t.Errorf("status %d", s)
		}
	})
}
