package gram

import (
	"strings"

	"github.com/mozillazg/go-pinyin"
)

const (
	maxIndexed = 20_000 // bytes of one value that are indexed
	maxSpelled = 12     // characters of a Chinese word whose pinyin is indexed: names, not prose
)

// Document prepares a value for the index: folded, with the pinyin and the initials of its Chinese
// words behind it. Of a very long text the beginning is indexed.
func Document(value string) string {
	if len(value) > maxIndexed {
		value = strings.ToValidUTF8(value[:maxIndexed], "")
	}
	text := Fold(value)
	if ascii(text) {
		return text
	}
	var b strings.Builder
	b.WriteString(text)
	for at := 0; ; {
		r, ok := next(text, at)
		if !ok {
			return b.String()
		}
		if r.wide {
			spell(&b, text[r.from:r.to])
		}
		at = r.to
	}
}

// spell adds the pinyin of a word and its initials. Of a character that is read in several ways the
// usual reading counts, and that of a family name where it begins the word.
func spell(b *strings.Builder, word string) {
	chars := []rune(word)
	if len(chars) > maxSpelled {
		return
	}
	args := pinyin.NewArgs()
	var full, initials strings.Builder
	for i, c := range chars {
		reading := ""
		if list := pinyin.SinglePinyin(c, args); len(list) > 0 {
			reading = list[0]
		}
		if name, ok := familyName(c); ok && i == 0 {
			reading = name
		}
		if reading == "" {
			return // not Chinese
		}
		full.WriteString(reading)
		initials.WriteByte(reading[0])
	}
	b.WriteString("\n" + full.String() + "\n" + initials.String())
}

// familyName gives the reading of characters that are read otherwise as family names.
func familyName(c rune) (string, bool) {
	switch c {
	case '单':
		return "shan", true
	case '曾':
		return "zeng", true
	case '解':
		return "xie", true
	case '仇':
		return "qiu", true
	case '查':
		return "zha", true
	case '区':
		return "ou", true
	case '任':
		return "ren", true
	case '盖':
		return "ge", true
	case '朴':
		return "piao", true
	case '缪':
		return "miao", true
	case '翟':
		return "zhai", true
	case '尉':
		return "wei", true
	case '乐':
		return "yue", true
	case '覃':
		return "qin", true
	}
	return "", false
}

// Digits prepares a telephone number: its digits alone, so that any part of it finds it, however it
// is written.
func Digits(value string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, value)
}
