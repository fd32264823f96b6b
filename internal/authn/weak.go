package authn

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// common is a list of words and rows of characters that passwords are made of most often, written by
// hand. It is short on purpose: with 15 characters and more, what is guessed is made of such pieces.
// It is no list of breached passwords; one cannot be shipped in a few kilobytes.
//
//go:embed common.txt
var common string

// What counts towards the strength of a password, in half characters.
const (
	ofLetter  = 2
	ofDigit   = 1 // or a sign
	ofCommon  = 3 // a common word, a row of keys, a sequence, whatever its length
	ofContext = 2 // a name of the person or the company
	enough    = 16
)

// guessable reports whether a password is made of what a stranger would try first: the words given,
// common words, rows of keys, sequences and repetitions.
func guessable(password string, words []string) bool {
	text := []rune(strings.ToLower(norm.NFKC.String(password)))
	text = text[:period(text)]
	return distinct(text) < 5 || !slices.ContainsFunc(text, unicode.IsLetter) || strength(text, pieces(words)) < enough
}

// period returns the length of the shortest beginning that the text repeats, or all of it.
func period(text []rune) int {
	for n := 1; n <= len(text)/2; n++ {
		if slices.Equal(text[n:], text[:len(text)-n]) {
			return n
		}
	}
	return len(text)
}

func distinct(text []rune) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}

// plain undoes the usual spellings of letters as signs.
func plain(text string) string {
	return strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "l", "!", "i", "3", "e", "$", "s", "5", "s", "7", "t", "8", "b").Replace(text)
}

// piece is something guessable, and what it counts.
type piece struct {
	text []rune
	cost int
}

// pieces returns what is searched for in a password: the common words, and the words of the context
// with the parts that they are made of.
func pieces(words []string) []piece {
	var list []piece
	add := func(text string, cost int) {
		for _, form := range slices.Compact([]string{text, plain(text)}) {
			if r := []rune(form); len(r) >= 3 || len(r) == 2 && r[0] > unicode.MaxASCII {
				list = append(list, piece{r, cost})
			}
		}
	}
	for _, w := range strings.Fields(common) {
		add(w, ofCommon)
	}
	for _, w := range words {
		if len(w) > 300 {
			w = w[:300]
		}
		parts := strings.FieldsFunc(strings.ToLower(norm.NFKC.String(w)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, p := range append(parts, strings.Join(parts, "")) {
			add(p, ofContext)
		}
	}
	return list
}

// strength is the least that a password counts for, however it is cut into pieces.
func strength(text []rune, list []piece) int {
	letters := []rune(plain(string(text))) // one for one
	if len(letters) != len(text) {
		letters = text
	}
	least := make([]int, len(text)+1)
	for i := len(text) - 1; i >= 0; i-- {
		least[i] = least[i+1] + weight(text[i])
		for _, p := range list {
			if n := i + len(p.text); n <= len(text) && (slices.Equal(text[i:n], p.text) || slices.Equal(letters[i:n], p.text)) {
				least[i] = min(least[i], least[n]+p.cost)
			}
		}
		for n := sequence(text[i:]); n >= 3; n-- {
			least[i] = min(least[i], least[i+n]+ofCommon)
		}
	}
	return least[0]
}

func weight(r rune) int {
	switch {
	case unicode.IsLetter(r):
		return ofLetter
	case unicode.IsSpace(r):
		return 0
	}
	return ofDigit
}

// sequence returns how many characters from the first on are equal, or neighbours in one direction, of
// the alphabet or of a keyboard.
func sequence(text []rune) int {
	longest := 1
	for _, step := range []rune{0, 1, -1} {
		n := 1
		for n < len(text) && text[n] == text[n-1]+step {
			n++
		}
		longest = max(longest, n)
	}
	for _, row := range keyRows() {
		i := strings.IndexRune(row, text[0])
		n := 1
		for i >= 0 && n < len(text) && i+n < len(row) && rune(row[i+n]) == text[n] {
			n++
		}
		if n > 3 { // three neighbours are in many words
			longest = max(longest, n)
		}
	}
	return longest
}

// keyRows are the rows and columns of keyboards, in both directions.
func keyRows() []string {
	list := []string{
		"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
		"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp", "1q2w3e4r5t6y7u8i9o0p", "!@#$%^&*()",
	}
	for _, row := range slices.Clone(list) {
		b := []byte(row)
		slices.Reverse(b)
		list = append(list, string(b))
	}
	return list
}
