package gram_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/gram"
)

func pieces(t testing.TB, text string, query bool) []string {
	t.Helper()
	var list []string
	if err := gram.Split(text, query, func(p string, start, end int) error {
		if text[start:end] != p {
			t.Errorf("%q does not lie at %d-%d", p, start, end)
		}
		list = append(list, p)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, document, query string }{
		{"letters", "acme", "acm cme me e", "acm cme"},
		{"short word", "ab", "ab b", "ab"},
		{"chinese", "华信公司", "华信 信公 公司 司", "华信 信公 公司"},
		{"one character", "华", "华", "华"},
		{"mixed", "华信abc", "华信 信 abc bc c", "华信 abc"},
		{"signs part words", "a-b@c.d", "a b c d", "a b c d"},
		{"digits", "13800", "138 380 800 00 0", "138 380 800"},
		{"nothing", " .,- ", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(pieces(t, c.text, false), " "); got != c.document {
				t.Errorf("document: got %s, want %s", got, c.document)
			}
			if got := strings.Join(pieces(t, c.text, true), " "); got != c.query {
				t.Errorf("query: got %s, want %s", got, c.query)
			}
		})
	}
}

// found says by the pieces whether a document contains what was typed, as FTS5 does.
func found(t testing.TB, document, typed string) bool {
	doc := pieces(t, gram.Document(document), false)
	words := gram.Words(typed)
	for _, w := range words {
		want := pieces(t, w.Text, true)
		ok := false
		for i := range doc {
			if w.Prefix && strings.HasPrefix(doc[i], w.Text) || !w.Prefix && i+len(want) <= len(doc) && slices.Equal(doc[i:i+len(want)], want) {
				ok = true
			}
		}
		if !ok {
			return false
		}
	}
	return len(words) > 0
}

func TestFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, document, typed string
		want                  bool
	}{
		{"part of a word", "Dogwood Bank", "gwoo", true},
		{"two letters", "Dogwood Bank", "ba", true},
		{"two letters at the end", "Dogwood Bank", "nk", true},
		{"another case", "Dogwood", "DOG", true},
		{"without marks", "Müller", "muller", true},
		{"with marks", "Muller", "Müller", true},
		{"two words", "Dogwood Bank", "bank dog", true},
		{"one of two", "Dogwood Bank", "bank cat", false},
		{"letters in another order", "Dogwood", "gdo", false},
		{"one chinese character", "华信公司", "信", true},
		{"two chinese characters", "华信公司", "信公", true},
		{"not neighbours", "华信公司", "华公", false},
		{"pinyin", "华信公司", "huaxin", true},
		{"part of the pinyin", "李晓明", "xiaom", true},
		{"initials", "李晓明", "lxm", true},
		{"a family name's reading", "单晓明", "shanxiaoming", true},
		{"part of an address", "ann.berg@example.com", "berg@exa", true},
		{"full width", "ＡＣＭＥ", "acme", true},
		{"nothing to look for", "Dogwood", " - ", false},
		{"cyrillic", "Иванов", "иван", true},
		{"hangul", "삼성전자", "성전", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := found(t, c.document, c.typed); got != c.want {
				t.Errorf("%q in %q: got %t", c.typed, c.document, got)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"138 0013", "0013-8000", "+86138", "(138) 001"} {
		words := gram.Words(typed)
		if len(words) != 1 || !strings.Contains(gram.Digits("+86 138-0013-8000"), words[0].Text) {
			t.Errorf("%q: looks for %v", typed, words)
		}
	}
}

func FuzzFound(f *testing.F) {
	for _, s := range []string{"Dogwood Bank", "华信公司 Co", "ẞtraße", "a\u0301b", "+49 (30) 123", "\xff\x00"} {
		f.Add(s, 1, 3)
	}
	f.Fuzz(func(t *testing.T, s string, from, length int) {
		if len(s) > 500 || !utf8.ValidString(s) {
			return
		}
		if gram.Fold(gram.Fold(s)) != gram.Fold(s) {
			return // x/text folds Cherokee back and forth
		}
		text := gram.Document(s)
		if !utf8.ValidString(text) {
			t.Fatal("not valid text")
		}
		// Any stretch of the prepared text is found in it.
		runes := []rune(gram.Fold(s))
		if len(runes) == 0 {
			return
		}
		from = ((from % len(runes)) + len(runes)) % len(runes)
		to := min(len(runes), from+((length%8)+8)%8)
		part := string(runes[from:to])
		if words := gram.Words(part); len(words) > 0 && !strings.ContainsAny(part, "0123456789") && !found(t, s, part) {
			t.Errorf("%q is not found in %q", part, s)
		}
		if m := gram.Match(gram.Words(s), []string{"f1"}); strings.Count(m, `"`)%2 != 0 {
			t.Errorf("the query is broken: %q", m)
		}
	})
}
