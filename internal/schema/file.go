package schema

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/id"
)

// FileRef names a file that a record holds: what was uploaded lies beside the records, sealed, and can
// be opened from that field of that record alone.
type FileRef struct {
	Content id.ID  `json:"content"`
	Name    string `json:"name"`
	Media   string `json:"media"` // the media type, found in the content and not believed
	Size    int64  `json:"size"`  // bytes
}

// Limits of a file.
const (
	MaxFile  = 25 << 20 // bytes
	MaxImage = 10 << 20

	maxName   = 255 // bytes of a file's name
	maxEnding = 16  // bytes of its ending, with the dot
)

var mediaForm = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]{1,100}$`)

// fileKind: a file of any sort. The value is a FileRef; only the door makes a new one, of what was
// uploaded.
func fileKind() *kind {
	return refKind(func(r FileRef) bool { return r.Size <= MaxFile })
}

// imageKind: a picture that every browser shows.
func imageKind() *kind {
	return refKind(func(r FileRef) bool { return r.Size <= MaxImage && Picture(r.Media) })
}

// Picture reports whether a media type is one of the pictures that may be kept as an image. SVG is
// none: it can carry a program.
func Picture(media string) bool {
	switch media {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

func refKind(sound func(FileRef) bool) *kind {
	decode := func(raw []byte) (any, bool) {
		var r FileRef
		ok := strict(raw, &r) == nil && !r.Content.IsZero() && r.Size >= 0 && FileName(r.Name) == r.Name && mediaForm.MatchString(r.Media) && sound(r)
		return r, ok
	}
	k := structKind("upload the file instead: PUT …/files/FIELD", decode, func(string) (any, bool, bool) { return nil, false, false })
	k.group, k.filter, k.sort = false, false, false
	return k
}

// FileName returns a name that is safe to show and to save under: the last part of a path, in one
// line, without signs that turn the direction of text. One that is too long keeps its ending, which
// says what opens it.
func FileName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	s = strings.Trim(s, " .")
	if len(s) > maxName {
		end := ""
		if i := strings.LastIndexByte(s, '.'); i >= 0 && len(s)-i <= maxEnding {
			s, end = s[:i], s[i:]
		}
		for len(s)+len(end) > maxName {
			_, n := utf8.DecodeLastRuneInString(s)
			s = s[:len(s)-n]
		}
		s = strings.TrimRight(s, " .") + end
	}
	if s == "" {
		return "file"
	}
	return s
}
