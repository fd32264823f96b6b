// Package fault is the one error type of Wardbook.
//
// An error carries two voices. Message is what the person who asked may read: plain words, no
// secrets, no values of customer data. Cause and Op are for the log. What a caller does not
// recognise becomes Internal, and an Internal error never shows more than "internal error".
//
// The kinds are those of the public problem documents (RFC 9457, see docs/api.md), so one table
// maps a kind to an HTTP status and to an exit code.
package fault

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Kind says what sort of failure an error is. The zero Kind is Internal.
type Kind string

// The kinds, in the words that the API shows in a problem's "code".
const (
	Internal        Kind = "internal"        // a bug or a broken machine
	Invalid         Kind = "invalid"         // the request is wrong; repeating it will not help
	Unauthenticated Kind = "unauthenticated" // we do not know who asks
	Forbidden       Kind = "forbidden"       // known, and not allowed; only where absence would lie
	NotFound        Kind = "not_found"       // absent, or not to be seen by this person
	Conflict        Kind = "conflict"        // clashes with what is stored
	Stale           Kind = "stale"           // the record changed since it was read
	Held            Kind = "held"            // waits for an approval
	TooLarge        Kind = "too_large"       // over a size, depth or count limit
	TooMany         Kind = "too_many"        // over a rate limit or budget
	Unavailable     Kind = "unavailable"     // try again later
)

// Field is what is wrong with one field of a request.
type Field struct {
	Name    string `json:"field"`         // the field's API name; a path for nested input
	Reason  string `json:"reason"`        // stable word a program can test, such as "required"
	Message string `json:"message"`       // plain words naming the remedy
	Row     int    `json:"row,omitempty"` // 1-based row of a file or operation of a batch; 0 when there is only one
}

// Error is a failure with a kind. Build one with New, Invalidf or Wrap.
type Error struct {
	Kind    Kind
	Reason  string // stable word a program or a translation can test, such as "unknown_field"
	Message string // safe for the person who asked
	Fields  []Field
	Op      string // what was being done, such as "door.Update"; for the log
	Cause   error  // for the log only
}

// Error returns the text for the log: operation, message and cause.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op)
		b.WriteString(": ")
	}
	b.WriteString(Message(e))
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Name, f.Message)
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New returns an error of the given kind. Reason is a stable word for programs, and the message,
// made like fmt.Sprintf, is shown to the person who asked: it must not hold secrets.
func New(kind Kind, reason, format string, args ...any) *Error {
	return &Error{Kind: kind, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// InField returns an Invalid error about one field.
func InField(name, reason, format string, args ...any) *Error {
	m := fmt.Sprintf(format, args...)
	return &Error{
		Kind: Invalid, Reason: "invalid_field", Message: name + ": " + m,
		Fields: []Field{{Name: name, Reason: reason, Message: m}},
	}
}

// InFields returns one Invalid error about several fields, or nil when there are none.
func InFields(fields []Field) error {
	switch len(fields) {
	case 0:
		return nil
	case 1:
		return &Error{Kind: Invalid, Reason: "invalid_field", Message: fields[0].Name + ": " + fields[0].Message, Fields: fields}
	}
	return &Error{Kind: Invalid, Reason: "invalid_fields", Message: fmt.Sprintf("%d fields need correction", len(fields)), Fields: fields}
}

// Wrap returns an error of the given kind with a safe message and a cause that only the log sees.
func Wrap(kind Kind, cause error, reason, format string, args ...any) *Error {
	return &Error{Kind: kind, Reason: reason, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Op adds the operation to the error that err points to, for the log. Use it deferred, as the
// first line of an exported function that does I/O:
//
//	defer fault.Op(&err, "door.Get(%s)", object)
//
// The arguments must not be customer data.
func Op(err *error, format string, args ...any) {
	if *err == nil {
		return
	}
	op := fmt.Sprintf(format, args...)
	e, ok := errors.AsType[*Error](*err)
	if !ok {
		*err = &Error{Kind: Internal, Op: op, Cause: *err}
		return
	}
	c := *e
	if c.Op != "" {
		op += ": " + c.Op
	}
	c.Op = op
	*err = &c
}

// KindOf returns the kind of err: Internal when it is not a *Error, empty when it is nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Kind != "" {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Reason returns the stable word of err, or its kind where it has none.
func Reason(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Reason != "" {
		return e.Reason
	}
	return string(KindOf(err))
}

// Message returns what the person who asked may read. Internal errors say nothing more than that.
func Message(err error) string {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind == "" || e.Kind == Internal || e.Message == "" {
		if ok && e.Kind != Internal && e.Kind != "" {
			return strings.ReplaceAll(string(e.Kind), "_", " ")
		}
		return "internal error"
	}
	return e.Message
}

// FieldsOf returns the field errors of err.
func FieldsOf(err error) []Field {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fields
	}
	return nil
}

// AtRow returns err with the row set on every field error, so that a file's reader knows where to look.
func AtRow(err error, row int) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || row == 0 {
		return err
	}
	c := *e
	c.Fields = make([]Field, len(e.Fields))
	copy(c.Fields, e.Fields)
	for i := range c.Fields {
		c.Fields[i].Row = row
	}
	if len(c.Fields) == 0 {
		c.Fields = []Field{{Reason: e.Reason, Message: Message(e), Row: row}}
	}
	c.Message = fmt.Sprintf("row %d: %s", row, Message(e))
	return &c
}

// ExitCode returns what a command that ends with err exits with: 0 when it is nil, 2 when a flag was
// given wrongly (an Invalid error about a field that begins with "--"), else 1. Of joined errors the
// first counts.
func ExitCode(err error) int {
	switch fields := FieldsOf(err); {
	case err == nil:
		return 0
	case Is(err, Invalid) && len(fields) > 0 && strings.HasPrefix(fields[0].Name, "--"):
		return 2
	}
	return 1
}

// Status returns the HTTP status of a kind.
func (k Kind) Status() int {
	switch k {
	case Invalid:
		return http.StatusUnprocessableEntity
	case Unauthenticated:
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	case NotFound:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Stale:
		return http.StatusPreconditionFailed
	case Held:
		return http.StatusAccepted
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case TooMany:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
