package door

import (
	"bytes"
	"context"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Upload stands in Values for what a file or image field is to hold.
type Upload struct {
	Name    string
	Content []byte
}

// upload is an accepted Upload, stored once the record that it belongs to may be written.
type upload struct {
	field *schema.Field
	ref   schema.FileRef
	body  []byte
}

// accept checks an upload and makes the reference to it.
func (c *change) accept(f *schema.Field, u Upload) (schema.FileRef, error) {
	var none schema.FileRef
	limit := f.MaxContent()
	switch {
	case !f.Holds():
		return none, fault.InField(f.Name, "not_a_file", "this field holds no file")
	case len(u.Content) == 0:
		return none, fault.InField(f.Name, "empty_file", "the file is empty")
	case len(u.Content) > limit:
		return none, fault.InField(f.Name, "too_large", "at most %d MB", limit>>20)
	}
	media := mediaOf(u.Content)
	if f.Type == schema.Image {
		if err := checkPicture(f, media, u.Content); err != nil {
			return none, err
		}
	}
	ref := schema.FileRef{Content: c.d.ids.New(), Name: schema.FileName(u.Name), Media: media, Size: int64(len(u.Content))}
	c.uploads = append(c.uploads, upload{f, ref, u.Content})
	return ref, nil
}

// mediaOf finds the media type in the content. What a sender says is not believed: a page that calls
// itself a picture would run.
func mediaOf(b []byte) string {
	for _, sign := range []struct{ media, begins string }{
		{"image/png", "\x89PNG\r\n\x1a\n"},
		{"image/jpeg", "\xff\xd8\xff"},
		{"image/gif", "GIF87a"},
		{"image/gif", "GIF89a"},
		{"application/pdf", "%PDF-"},
		{"application/zip", "PK\x03\x04"},
	} {
		if bytes.HasPrefix(b, []byte(sign.begins)) {
			return sign.media
		}
	}
	if len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP" {
		return "image/webp"
	}
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return "text/plain"
	}
	return "application/octet-stream"
}

// keepUploads stores the files that the record now written came with.
func (c *change) keepUploads(ctx context.Context, o *schema.Object, row *store.Row) error {
	for _, u := range c.uploads {
		if err := c.d.data.PutContent(ctx, c.tx, o, row, u.field, u.ref.Content, u.body); err != nil {
			return err
		}
	}
	c.uploads = nil
	return nil
}

// sameFile refuses a reference that was not uploaded to this field: it could name another record's
// file. The one that is there may be given again.
func sameFile(f *schema.Field, was, given any) error {
	if given == nil || !f.Holds() {
		return nil
	}
	if old, ok := was.(schema.FileRef); ok && old == given {
		return nil
	}
	return fault.InField(f.Name, "upload", "upload the file to this field, or give null to take it out")
}

// FileContent is a file with what it holds.
type FileContent struct {
	schema.FileRef
	Image bool // of an image field: it was a picture when it was uploaded
	Body  []byte
}

// File returns what a file or image field of a record holds. It is in the journal before it is
// answered, as a download. A field that is masked for the session is refused.
func (s *Session) File(ctx context.Context, object string, rid id.ID, field string) (_ *FileContent, err error) {
	defer fault.Op(&err, "door.File(%s)", clip(object))
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.object(ctx, a, object, policy.Read)
	if err != nil {
		return nil, err
	}
	f := o.Field(field)
	if f == nil || !f.Holds() || a.field(o, f) == policy.Hidden {
		return nil, fault.New(fault.NotFound, "unknown_field", "%s has no such file field", o.Name)
	}
	row, err := s.find(ctx, s.viewer(ctx, a), o, rid)
	if err != nil {
		return nil, err
	}
	if a.field(o, f) < policy.Readable {
		return nil, s.forbidden(ctx, "download", o.Name, fault.New(fault.Forbidden, "masked", "this file is masked for you"))
	}
	val := row.Values[f.ID]
	if f.Class == schema.Restricted {
		if val, err = s.d.data.OpenCell(ctx, o, row, f); err != nil {
			return nil, err
		}
	}
	ref, ok := val.(schema.FileRef)
	if !ok {
		return nil, fault.New(fault.NotFound, "no_file", "this field holds no file")
	}
	e := s.entry("download", o.Name)
	e.Record, e.Version, e.Count = rid, uint64(row.Version), 1 //nolint:gosec // counts up
	if err := s.durable(ctx, e, f.Name); err != nil {
		return nil, err
	}
	body, err := s.d.data.Content(ctx, s.d.data.DB(), o, row, f, ref)
	if err != nil {
		return nil, err
	}
	return &FileContent{ref, f.Type == schema.Image, body}, nil
}
