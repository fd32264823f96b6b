package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// fromFile stands in values for what a file on this machine holds.
type fromFile string

// read returns the file as an upload. One that is larger than every field takes is not read whole.
func (f fromFile) read(field string) (door.Upload, error) {
	b, err := readSmall(string(f), schema.MaxFile)
	switch {
	case fault.Is(err, fault.TooLarge):
		return door.Upload{}, fault.InField(field, "too_large", "at most %d MB", schema.MaxFile>>20)
	case err != nil:
		return door.Upload{}, fault.InField(field, "unreadable", `the file after @ cannot be read; a text that begins with @ is written %s:='"@…"'`, field)
	}
	return door.Upload{Name: filepath.Base(string(f)), Content: b}, nil
}

// upload returns the one file among values; "" where there is none. A server takes a file alone.
func upload(fields door.Values) (field string, err error) {
	for name, v := range fields {
		if _, ok := v.(fromFile); ok {
			field = name
		}
	}
	if field != "" && len(fields) > 1 {
		return "", fault.InField(field, "not_alone", "set a file alone, and the other fields in a command of their own")
	}
	return field, nil
}

// file implements book.
func (f folder) file(ctx context.Context, object string, rid id.ID, field string, w io.Writer) error {
	got, err := f.session().File(ctx, object, rid, field)
	if err != nil {
		return err
	}
	_, err = w.Write(got.Body)
	return err
}

// putFile implements book.
func (f folder) putFile(ctx context.Context, object string, rid id.ID, version int64, field string, u door.Upload) (*record, error) {
	return f.write(ctx, object, rid, version, door.Values{field: u})
}

// file implements book.
func (c *client) file(ctx context.Context, object string, rid id.ID, field string, w io.Writer) error {
	resp, err := c.send(ctx, http.MethodGet, address("records", object, rid.String(), "files", field), nil, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return copied(w, resp.Body)
}

// putFile implements book.
func (c *client) putFile(ctx context.Context, object string, rid id.ID, version int64, field string, u door.Upload) (*record, error) {
	name := strings.ReplaceAll(url.QueryEscape(schema.FileName(u.Name)), "+", "%20")
	header := map[string]string{"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename*=UTF-8''" + name}
	if version > 0 {
		header["If-Match"] = fmt.Sprintf("%q", strconv.FormatInt(version, 10))
	}
	r := &record{}
	return r, c.exchange(ctx, http.MethodPut, address("records", object, rid.String(), "files", field), u.Content, r, header)
}
