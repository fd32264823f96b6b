package door_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// picture is a PNG of one pixel, with noise behind it up to a size in bytes.
func picture(size int) []byte {
	b := append(pixels(1, 1), make([]byte, size)...)
	_, _ = rand.Read(b[len(b)-size:])
	return b[:max(size, len(b)-size)]
}

// pixels is the header of a PNG that says it has so many pixels.
func pixels(wide, high uint32) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), wide)
	chunk = append(binary.BigEndian.AppendUint32(chunk, high), 8, 6, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

func TestFiles(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx, s := context.Background(), w.As(w.Owner)
		first, second := picture(700_000), []byte("CanaryContract in plain words") // three pieces, and one
		contact := w.Make(t, "contact", door.Values{"last_name": "Muster", "photo": door.Upload{Name: "../me.png", Content: first}})
		r := get(t, s, "contact", contact)
		ref := r.Value("photo").(schema.FileRef)
		if ref.Name != "me.png" || ref.Media != "image/png" || ref.Size != int64(len(first)) {
			t.Errorf("stored as %+v", ref)
		}
		same := func(object string, rid id.ID, field string, want []byte) {
			t.Helper()
			got, err := s.File(ctx, object, rid, field)
			if err != nil || !bytes.Equal(got.Body, want) {
				t.Fatalf("%s.%s: %v", object, field, err)
			}
		}
		same("contact", contact, "photo", first)

		// Another upload, the way back, and nothing.
		if _, err := s.Update(ctx, "contact", contact, 0, door.Values{"photo": door.Upload{Name: "b.png", Content: picture(9)}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Restore(ctx, door.Restoration{Object: "contact", ID: contact, Version: 1}); err != nil {
			t.Fatal(err)
		}
		same("contact", contact, "photo", first)
		if _, err := s.Update(ctx, "contact", contact, 0, door.Values{"photo": nil}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.File(ctx, "contact", contact, "photo"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a file that was taken out: %v", err)
		}

		// A reference is worth nothing in another record, nor typed in by hand.
		other := w.Make(t, "contact", door.Values{"last_name": "Other"})
		for name, v := range map[string]any{"stolen": r.JSON("photo"), "typed": map[string]any{"content": contact.String(), "name": "a", "media": "image/png", "size": 1}} {
			if _, err := s.Update(ctx, "contact", other, 0, door.Values{"photo": door.Parsed{Value: v}}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		doc := w.Make(t, "document", door.Values{"name": "Contract", "file": door.Upload{Name: "合同.txt", Content: second}})
		same("document", doc, "file", second)
		if got := names(t, s, door.Query{Object: "document", Search: "合同"}, "name"); len(got) != 1 {
			t.Errorf("found by the file's name: %v", got)
		}
		for place, text := range everything(t, w.Data) {
			if strings.Contains(text, "CanaryContract") {
				t.Errorf("a file lies in the clear in %s", place)
			}
		}
	})
}

func TestFilesRefused(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx, s := context.Background(), w.As(w.Owner)
		for _, c := range []struct {
			name, object, field string
			body                []byte
			reason              string
		}{
			{"a page as a picture", "contact", "photo", []byte("<svg onload=alert(1)>"), "not_a_picture"},
			{"a page that begins as a picture", "contact", "photo", []byte("GIF89a=1;//<script>alert(1)</script>")[:9], "broken_picture"},
			{"a program that begins as a picture", "contact", "photo", []byte("\x89PNG\r\n\x1a\n<script>alert(1)</script>"), "broken_picture"},
			{"half a header", "contact", "photo", pixels(1, 1)[:20], "broken_picture"},
			{"a JPEG without a size", "contact", "photo", []byte("\xff\xd8\xff\xe0\x00\x04ab\xff\xd9"), "broken_picture"},
			{"an empty WebP", "contact", "photo", []byte("RIFF\x04\x00\x00\x00WEBP"), "broken_picture"},
			{"no pixels", "contact", "photo", []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00;"), "broken_picture"},
			{"a small file of many pixels", "contact", "photo", pixels(10_001, 10_000), "picture_too_large"},
			{"more pixels than can be counted", "contact", "photo", pixels(1<<31-1, 1<<31-1), "broken_picture"},
			{"nothing", "document", "file", nil, "empty_file"},
			{"too large", "contact", "photo", picture(schema.MaxImage + 1), "too_large"},
			{"into a text", "contact", "position", []byte("x"), "not_a_file"},
		} {
			v := door.Values{c.field: door.Upload{Name: "x", Content: c.body}, "last_name": "A"}
			if c.object == "document" {
				v = door.Values{c.field: door.Upload{Name: "x", Content: c.body}, "name": "A"}
			}
			_, err := s.Create(ctx, c.object, v, "")
			if fs := fault.FieldsOf(err); len(fs) != 1 || fs[0].Reason != c.reason {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		// An altered, missing or moved piece is noticed.
		doc := w.Make(t, "document", door.Values{"name": "A", "file": door.Upload{Name: "a", Content: picture(600_000)}})
		for _, sql := range []string{
			"UPDATE content SET n = n + 10", "UPDATE content SET n = CASE WHEN n = 10 THEN 1 WHEN n = 11 THEN 0 ELSE 2 END", "DELETE FROM content WHERE n = 2",
		} {
			behind(t, w.Data, sql)
			if got, err := s.File(ctx, "document", doc, "file"); err == nil && sql != "UPDATE content SET n = n + 10" {
				t.Errorf("%s: %d bytes were answered", sql, len(got.Body))
			}
		}
		// Who may not see the record, or the field, downloads nothing.
		stranger := w.As(w.Person(t, "Sam Stranger", id.ID{}))
		if _, err := stranger.File(ctx, "document", doc, "file"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a stranger: %v", err)
		}
		for _, field := range []string{"nosuch", "name"} {
			if _, err := s.File(ctx, "document", doc, field); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}
