// Package gram splits text into the pieces by which it is found: pairs of neighbouring characters for
// Chinese, Japanese and Korean, triples for every other script. A text contains a word where the
// word's pieces follow one another in it, so any part of a word finds it, in any script, without a
// dictionary.
//
// Text is prepared by Document before it is indexed: folded, marks taken off, with the pinyin of
// Chinese words and their initials behind it. Words turns what somebody typed into what to look for.
package gram

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/wardbook/wardbook/internal/expr"
)

// sizes of a piece, in characters.
const (
	wide   = 2 // Chinese, Japanese, Korean
	narrow = 3
)

// Fold returns text as it is searched: as expr.Fold compares it, and without marks, so that "muller"
// finds "Müller".
func Fold(s string) string {
	s = expr.Fold(s)
	if ascii(s) {
		return s
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cjk reports whether a character is written without spaces between words.
func cjk(r rune) bool {
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

// run is a stretch of characters of one sort.
type run struct {
	from, to int // bytes
	wide     bool
}

// next returns the run at or after a byte of the text; ok is false at the end.
func next(text string, at int) (r run, ok bool) {
	for i, c := range text[at:] {
		if !inWord(c) {
			continue
		}
		r = run{from: at + i, wide: cjk(c)}
		r.to = len(text)
		for j, d := range text[r.from:] {
			if !inWord(d) || cjk(d) != r.wide {
				r.to = r.from + j
				break
			}
		}
		return r, true
	}
	return run{}, false
}

// Split gives each piece of a prepared text to emit, with the bytes that it covers. A document also
// has the shorter pieces with which a word ends, so that one or two letters are found as the
// beginning of a piece; a query has none.
func Split(text string, query bool, emit func(piece string, start, end int) error) error {
	for at := 0; ; {
		r, ok := next(text, at)
		if !ok {
			return nil
		}
		if err := splitRun(text, r, query, emit); err != nil {
			return err
		}
		at = r.to
	}
}

func splitRun(text string, r run, query bool, emit func(piece string, start, end int) error) error {
	size := narrow
	if r.wide {
		size = wide
	}
	for i := r.from; i < r.to; {
		end, n := i, 0
		for end < r.to && n < size {
			_, w := utf8.DecodeRuneInString(text[end:])
			end, n = end+w, n+1
		}
		if n < size && query && i > r.from {
			return nil
		}
		if err := emit(text[i:end], i, end); err != nil {
			return err
		}
		_, w := utf8.DecodeRuneInString(text[i:])
		i += w
	}
	return nil
}

// Limits of a query.
const (
	maxWords = 16
	maxWord  = 64 // characters
)

// Word is something to look for.
type Word struct {
	Text   string
	Prefix bool // shorter than a piece: it is looked for as the beginning of one
}

// Words returns what to look for, all of which a text must contain; none where nothing can be looked
// for. What is over a limit is left out: it would only narrow further.
func Words(typed string) []Word {
	text := Fold(typed)
	if digits, ok := number(text); ok {
		text = digits
	}
	var list []Word
	for at := 0; len(list) < maxWords; {
		r, ok := next(text, at)
		if !ok {
			return list
		}
		word, size := text[r.from:r.to], narrow
		if r.wide {
			size = wide
		}
		n := utf8.RuneCountInString(word)
		if n > maxWord {
			word = string([]rune(word)[:maxWord])
		}
		list = append(list, Word{word, n < size})
		at = r.to
	}
	return list
}

// number returns the digits of what looks like part of a telephone number.
func number(s string) (string, bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case !strings.ContainsRune(" +-()./\u00a0", r):
			return "", false
		}
	}
	return b.String(), b.Len() >= 3
}

// Match returns the words as a query for FTS5, in the columns given.
func Match(words []Word, columns []string) string {
	var b strings.Builder
	b.WriteString("{" + strings.Join(columns, " ") + "} : (")
	for i, w := range words {
		if i > 0 {
			b.WriteString(" AND ")
		}
		b.WriteString(`"` + w.Text + `"`) // of letters and digits alone
		if w.Prefix {
			b.WriteString(" *")
		}
	}
	b.WriteString(")")
	return b.String()
}
