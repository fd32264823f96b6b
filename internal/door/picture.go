package door

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

// maxPixels bounds a picture: whoever shows it needs four bytes for each pixel, however small the file.
const maxPixels = 100_000_000

// checkPicture refuses what is no picture that every browser shows. Only the header is read: what it
// says of the size is what a program makes room for.
func checkPicture(f *schema.Field, media string, b []byte) error {
	var read func(io.Reader) (image.Config, error)
	switch media {
	case "image/png":
		read = png.DecodeConfig
	case "image/jpeg":
		read = jpeg.DecodeConfig
	case "image/gif":
		read = gif.DecodeConfig
	case "image/webp":
		read = webp.DecodeConfig
	default:
		return fault.InField(f.Name, "not_a_picture", "want a picture: PNG, JPEG, GIF or WebP")
	}
	c, err := read(bytes.NewReader(b))
	switch {
	case err != nil || c.Width < 1 || c.Height < 1:
		return fault.InField(f.Name, "broken_picture", "the picture cannot be read: save it anew as PNG, JPEG, GIF or WebP")
	case c.Width > maxPixels/c.Height:
		return fault.InField(f.Name, "picture_too_large", "at most %d million pixels: make the picture smaller", maxPixels/1_000_000)
	}
	return nil
}
