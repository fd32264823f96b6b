package authn

import (
	"strings"
	"testing"
)

func TestGuessable(t *testing.T) {
	t.Parallel()
	words := []string{"Alder Works GmbH", "ann.berg@alder-works.example", "Ann Berg", "晨星软件"}
	for _, c := range []struct {
		name, password string
		want           bool
	}{
		{"a few unrelated words", "correct horse battery staple", false},
		{"what the README takes", "a few unrelated words do well", false},
		{"random letters", "xkqvpzrwtmgbyhd", false},
		{"random with signs", "T7#mQz!xW2vLp9&k", false},
		{"unrelated words with a name in it", "ann sieves turnips behind clouds", false},
		{"German words", "Zimtstern Kachelofen Rodeln", false},
		{"Chinese words", "床前明月光疑是地上霜举头望明", false},
		{"one common word and a count", "Password1234567", true},
		{"signs for letters", "P@$$w0rd!P@$$w0rd!", true},
		{"a season and a year", "Summer2026Summer2026", true},
		{"seasons and years", "summer2025winter2026", true},
		{"the company", "alderworks-alderworks-2026", true},
		{"the company in parts", "Alder.Works.GmbH.2026!", true},
		{"the address", "ann.berg@alder-works.example1", true},
		{"the name", "Ann Berg Ann Berg!", true},
		{"the company in Chinese", "晨星软件晨星软件晨星软件2026", true},
		{"this program", "wardbook wardbook", true},
		{"one character", strings.Repeat("x", 40), true},
		{"one character, Chinese", strings.Repeat("密", 40), true},
		{"two characters", strings.Repeat("xy", 10), true},
		{"a word, repeated", strings.Repeat("zimt", 5), true},
		{"a row of keys", "qwertyuiopasdfghjkl", true},
		{"columns of keys", "1qaz2wsx3edc4rfv5tgb", true},
		{"backwards", "poiuytrewq0987654321", true},
		{"the alphabet", "abcdefghijklmnopq", true},
		{"a number", "839201847261936", true},
		{"a number with signs", "8392-0184-7261-936", true},
		{"common words only", "dragon monkey football", true},
		{"pinyin", "woaini5201314woaini", true},
		{"love and a number", "iloveyou123456789", true},
		{"capitals and width", "ＰＡＳＳＷＯＲＤ１２３４５６７", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := guessable(c.password, words); got != c.want {
				t.Errorf("guessable: %v", got)
			}
		})
	}
}

// Every entry of the list is of use: with a number behind it, it is refused.
func TestCommonWords(t *testing.T) {
	t.Parallel()
	list := strings.Fields(common)
	if len(list) < 400 {
		t.Errorf("%d words", len(list))
	}
	for _, w := range list {
		if !guessable(w+"1234567890123", nil) {
			t.Errorf("%s and a number passes", w)
		}
	}
}

func FuzzGuessable(f *testing.F) {
	f.Add("correct horse battery staple", "Alder Works")
	f.Add("\x00\x00\x00", "\x00")
	f.Fuzz(func(t *testing.T, password, word string) {
		if len(password) > MaxPassword || len(word) > 300 {
			return
		}
		_ = CheckPassword(password, word)
		if p := strings.Repeat("a", 20); !guessable(p, []string{password}) {
			t.Error("one letter passes")
		}
	})
}
