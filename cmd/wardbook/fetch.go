package main

import (
	"context"
	"io"
	"net/http"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// fetched is an export that a server prepares and writes once.
type fetched struct {
	ID   id.ID `json:"id"`
	Rows int   `json:"rows"`
}

// export has the server make an export and copies its file to w. An answer that is cut off is an error.
func (c *client) export(ctx context.Context, request map[string]any, w io.Writer) (rows int, err error) {
	var x fetched
	if err := c.call(ctx, http.MethodPost, "/exports", request, &x, nil); err != nil {
		return 0, err
	}
	at := address("exports", x.ID.String())
	resp, err := c.send(ctx, http.MethodGet, at+"/file", nil, nil)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if err := copied(w, resp.Body); err != nil {
		return 0, err
	}
	err = c.call(ctx, http.MethodGet, at, nil, &x, nil)
	return x.Rows, err
}

// copied copies a file that a server sends.
func copied(w io.Writer, body io.Reader) error {
	out := &noted{w: w}
	if _, err := io.Copy(out, body); err != nil {
		if out.err != nil {
			return fault.Wrap(fault.Unavailable, out.err, "output", "--output cannot be written: is there room?")
		}
		return fault.Wrap(fault.Unavailable, err, "cut_off", "the file was cut off before its end: try again")
	}
	return nil
}

// noted keeps the error of a writer, to tell it from one of a reader.
type noted struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (n *noted) Write(b []byte) (int, error) {
	done, err := n.w.Write(b)
	n.err = err
	return done, err
}
