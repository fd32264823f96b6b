package gram_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/gram"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, typed string
		phone             bool
		want              string // the text with what was found in brackets
		begins            bool
	}{
		{"the beginning", "Dogwood Bank", "dog", false, "[Dog]wood Bank", true},
		{"a later word", "Dogwood Bank", "ban", false, "Dogwood [Ban]k", true},
		{"inside of a word", "Dogwood Bank", "wood", false, "Dog[wood] Bank", false},
		{"two words", "Dogwood Bank", "bank dog", false, "[Dog]wood [Bank]", true},
		{"touching", "abcd", "ab cd", false, "[abcd]", false},
		{"several times", "Bank of Banks", "bank", false, "[Bank] of [Bank]s", true},
		{"without marks", "Müller", "mull", false, "[Müll]er", true},
		{"a mark of its own", "Mu\u0308ller", "mull", false, "[Mu\u0308ll]er", true},
		{"one character that folds to two", "Straße", "strass", false, "[Straß]e", true},
		{"full width", "ＡＣＭＥ", "acm", false, "[ＡＣＭ]Ｅ", true},
		{"chinese", "华信公司", "信公", false, "华[信公]司", false},
		{"chinese after letters", "ABC公司", "公", false, "ABC[公]司", true},
		{"pinyin stands nowhere", "李晓明", "xiaoming", false, "李晓明", false},
		{"part of a number", "+86 138-0013-8000", "0138", true, "+86 138-0[013-8]000", false},
		{"a number in words", "room 138", "138", false, "room [138]", true},
		{"nothing", "", "a", false, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ranges, _, begins := gram.Find(c.text, gram.Words(c.typed), c.phone)
			runes, at := []rune(c.text), 0
			var b strings.Builder
			for _, r := range ranges {
				b.WriteString(string(runes[at:r.From]) + "[" + string(runes[r.From:r.To]) + "]")
				at = r.To
			}
			b.WriteString(string(runes[at:]))
			if got := b.String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			all := len(begins) > 0
			for _, x := range begins {
				all = all && x
			}
			if all != c.begins {
				t.Errorf("begins %v, want %t", begins, c.begins)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add("Straße 12", "stra 12")
	f.Add("李晓明 Müller", "晓 mull")
	f.Fuzz(func(t *testing.T, text, typed string) {
		if len(text) > 500 || len(typed) > 100 {
			return
		}
		n := utf8.RuneCountInString(text)
		last := 0
		ranges, _, _ := gram.Find(text, gram.Words(typed), true)
		for _, r := range ranges {
			if r.From < last || r.To <= r.From || r.To > n {
				t.Fatal(fmt.Sprint(ranges))
			}
			last = r.To
		}
	})
}
