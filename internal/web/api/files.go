package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// filesPath is the address of what a file or image field of a record holds.
const filesPath = "/api/v1/records/{object}/{id}/files/{field}"

// maxContent is the largest file of any field, in bytes.
const maxContent = max(schema.MaxFile, schema.MaxImage)

// mayFile returns how large a file the caller may put into the field in the address; 0 for none, so that
// the door refuses it in its own words and notes it down.
func (c *call) mayFile() (limit int, err error) {
	list, err := c.session.Objects(c.ctx)
	if err != nil {
		return 0, err
	}
	for _, x := range list {
		if x.Object.Name != c.PathValue("object") {
			continue
		}
		for _, f := range x.Fields {
			switch {
			case f.Field.Name != c.PathValue("field") || !f.Field.Holds():
			case x.Can[string(policy.Update)] && editable(f):
				return f.Field.MaxContent(), nil
			default:
				return 0, nil
			}
		}
		return 0, fault.New(fault.NotFound, "unknown_field", "%s has no such file field", x.Object.Name)
	}
	return 0, nil
}

func putFile(a *API, c *call) (reply, error) {
	limit, err := c.mayFile()
	if err != nil {
		return reply{}, err
	}
	var u door.Upload // an empty one never gets past the door: nobody waits for a body that will be refused
	if limit > 0 {
		leave, err := a.turns.take(c.ctx, c.who)
		if err != nil {
			return reply{}, err
		}
		defer leave()
		if u, err = c.file(limit); err != nil {
			return reply{}, err
		}
	}
	return c.setFile(u)
}

func emptyFile(_ *API, c *call) (reply, error) {
	limit, err := c.mayFile()
	if err != nil {
		return reply{}, err
	}
	if limit == 0 {
		return c.setFile(door.Upload{})
	}
	return c.setFile(nil)
}

// setFile gives the field in the address another value.
func (c *call) setFile(v any) (reply, error) {
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	version, err := c.version()
	if err != nil {
		return reply{}, err
	}
	r, err := c.session.Update(c.ctx, c.PathValue("object"), rid, version, door.Values{c.PathValue("field"): v})
	if err != nil {
		return reply{}, err
	}
	return reply{body: recordJSON{r}, header: etag(r.Version)}, nil
}

// file reads a body that is a file of at most limit bytes.
func (c *call) file(limit int) (door.Upload, error) {
	name, err := c.fileName()
	if err != nil {
		return door.Upload{}, err
	}
	if media, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type")); media == "multipart/form-data" {
		return door.Upload{}, fault.New(fault.Invalid, "bad_body", "send the bytes of the file as the body, not a form")
	}
	if c.ContentLength > int64(limit) { // before it is waited for
		return door.Upload{}, &http.MaxBytesError{Limit: int64(limit)}
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, c.Body, int64(limit)))
	if err != nil {
		return door.Upload{}, badUpload(err)
	}
	return door.Upload{Name: name, Content: body}, nil
}

func badUpload(err error) error {
	if tooLarge(err) || timedOut(err) {
		return err
	}
	return fault.Wrap(fault.Invalid, err, "bad_body", "the request ended before its body was complete")
}

// fileName reads the name of a file from Content-Disposition (RFC 6266), where it is not in the address
// and so not in anybody's log. A file without a name gets one from the schema.
func (c *call) fileName() (string, error) {
	text := c.Header.Get("Content-Disposition")
	if text == "" {
		return "", nil
	}
	_, params, err := mime.ParseMediaType(text)
	if name := params["filename"]; err == nil && name != "" {
		return name, nil
	}
	return "", parameter("Content-Disposition", "want attachment; filename*=UTF-8''NAME with the name percent-encoded")
}

func getFile(a *API, c *call) (reply, error) {
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	leave, err := a.turns.take(c.ctx, c.who)
	if err != nil {
		return reply{}, err
	}
	held := false // until it was sent
	defer func() {
		if !held {
			leave()
		}
	}()
	f, err := c.session.File(c.ctx, c.PathValue("object"), rid, c.PathValue("field"))
	if err != nil {
		return reply{}, err
	}
	held = true
	return reply{header: fileHeader(f), stream: func(_ context.Context, w *streamed) error {
		defer leave()
		_, err := w.Write(f.Body)
		return err
	}}, nil
}

// fileHeader lets a browser show a picture of an image field and save everything else. What was
// uploaded is a stranger's: it is never a page, and where it is opened as one, it can do nothing.
func fileHeader(f *door.FileContent) map[string]string {
	media, how := "application/octet-stream", "attachment"
	if f.Image && schema.Picture(f.Media) {
		media, how = f.Media, "inline"
	}
	return map[string]string{
		"Content-Type": media, "Content-Length": strconv.Itoa(len(f.Body)), "ETag": `"` + f.Content.String() + `"`,
		"Content-Disposition":     mime.FormatMediaType(how, map[string]string{"filename": f.Name}),
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox",
	}
}
