package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/transfer"
)

// stream answers with a body that is written as it is made. An error before the first byte is a
// problem like any other; after it the connection is cut, so that nobody takes a part for the whole.
func (a *API) stream(w http.ResponseWriter, r *http.Request, got reply) {
	control := http.NewResponseController(w)
	// The server's bounds are for short answers; a stream has its own, at which a reader that does not
	// take it is cut off. Where the writer has no deadlines, as in a test, there is no such reader.
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
	ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(got.life, transfer.ExportTime))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = control.SetWriteDeadline(past()) })
	defer stop()
	out := &streamed{w: w, header: got.header}
	err := got.stream(ctx, out)
	switch {
	case err == nil:
		out.begin()
	case !out.begun:
		stop()
		a.problem(w, r, err)
	default:
		a.log.WarnContext(ctx, "an answer was cut off", "request", requestOf(r), "reason", fault.Reason(err))
		panic(http.ErrAbortHandler)
	}
}

// past is a deadline that is over, by whatever clock.
func past() time.Time { return time.Unix(1, 0) }

// streamed sets the headers when the first bytes come.
type streamed struct {
	w      http.ResponseWriter
	header map[string]string
	begun  bool
}

func (s *streamed) begin() {
	if s.begun {
		return
	}
	s.begun = true
	for k, v := range s.header {
		s.w.Header().Set(k, v)
	}
	s.w.WriteHeader(http.StatusOK)
}

// Write implements io.Writer.
func (s *streamed) Write(b []byte) (int, error) {
	s.begin()
	return s.w.Write(b)
}

// send writes what is to be there at once, and gives up on a reader that does not take it in time.
func (s *streamed) send(b []byte, within time.Duration) error {
	control := http.NewResponseController(s.w)
	slow := time.AfterFunc(within, func() { _ = control.SetWriteDeadline(past()) })
	defer slow.Stop()
	if _, err := s.Write(b); err != nil {
		return fault.Wrap(fault.Unavailable, err, "reader_gone", "the reader does not take what is sent")
	}
	if err := control.Flush(); err != nil {
		return fault.Wrap(fault.Unavailable, err, "reader_gone", "the reader does not take what is sent")
	}
	return nil
}
