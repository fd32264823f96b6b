package locales

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// names returns the values that a text takes. In a choice such as {n, plural, one {a row} other {# rows}}
// the braces after one and other hold texts.
func names(text string) []string {
	found := map[string]bool{}
	message(text, found)
	return slices.Sorted(maps.Keys(found))
}

func message(text string, found map[string]bool) {
	for {
		_, rest, open := strings.Cut(text, "{")
		if !open {
			return
		}
		end := closing(rest)
		name, choice, chosen := strings.Cut(rest[:end], ",")
		found[strings.TrimSpace(name)] = true
		for chosen {
			var branch string
			if _, branch, chosen = strings.Cut(choice, "{"); chosen {
				n := closing(branch)
				message(branch[:n], found)
				choice = branch[n:]
			}
		}
		text = rest[end:]
	}
}

// closing returns where the brace that was opened before a text is closed.
func closing(text string) int {
	depth := 1
	for i, r := range text {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// same are texts that are alike in both languages: names, and signs.
func same(key, text string) bool {
	return strings.HasPrefix(key, "page.lang.") || !strings.ContainsFunc(text, unicode.IsLetter)
}

func TestBothLanguagesAreWhole(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range compare(c) {
		t.Error(p)
	}
}

func compare(c Catalogue) (problems []string) {
	for _, key := range slices.Sorted(maps.Keys(c[En])) {
		en, zh, ok := c[En][key], "", false
		if zh, ok = c[Zh][key]; !ok {
			problems = append(problems, key+": not in Chinese")
			continue
		}
		han := strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) })
		switch {
		case strings.TrimSpace(en) == "" || strings.TrimSpace(zh) == "":
			problems = append(problems, key+": empty")
		case !slices.Equal(names(en), names(zh)):
			problems = append(problems, key+": the values differ: "+strings.Join(names(en), " ")+" and "+strings.Join(names(zh), " "))
		case en == zh && !same(key, en) && !han && strings.Contains(en, " "):
			problems = append(problems, key+": English in Chinese")
		case strings.ContainsFunc(en, func(r rune) bool { return unicode.Is(unicode.Han, r) }) && !same(key, en):
			problems = append(problems, key+": Chinese in English")
		}
	}
	for key := range c[Zh] {
		if _, ok := c[En][key]; !ok {
			problems = append(problems, key+": not in English")
		}
	}
	return problems
}

func TestCompareCatches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Catalogue{
		"not in Chinese":     {En: {"a": "One"}, Zh: {}},
		"not in English":     {En: {}, Zh: {"a": "一"}},
		"empty":              {En: {"a": "One"}, Zh: {"a": " "}},
		"the values differ":  {En: {"a": "One {n}"}, Zh: {"a": "一"}},
		"English in Chinese": {En: {"a": "One two"}, Zh: {"a": "One two"}},
		"Chinese in English": {En: {"a": "一"}, Zh: {"a": "一"}},
	} {
		if got := compare(c); len(got) != 1 || !strings.Contains(got[0], name) {
			t.Errorf("%s: %q", name, got)
		}
	}
	plural := Catalogue{En: {"a": "{n, plural, =1 {yesterday} one {# row of {who}} other {# rows}} of {all}"}, Zh: {"a": "{who}：{all} 行中的 {n} 行"}}
	if got := compare(plural); len(got) != 0 {
		t.Error(got)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for want, fsys := range map[string]fstest.MapFS{
		"ends with":      {"fr.json": {Data: []byte(`{}`)}},
		"one object":     {"en.json": {Data: []byte(`{"a":{"b":"c"}}`)}},
		"another file":   {"en.json": {Data: []byte(`{"a":"b"}`)}, "page.en.json": {Data: []byte(`{"a":"b"}`)}},
		"file does not ": nil,
	} {
		_, err := load(fsys)
		if fsys == nil {
			if err != nil {
				t.Errorf("an empty catalogue: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Keys of a file are in order, so that two who add texts do not meet at its end.
func TestKeysAreInOrder(t *testing.T) {
	t.Parallel()
	list, err := fs.Glob(files, "*.json")
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	for _, name := range list {
		b, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(strings.NewReader(string(b)))
		last, isKey := "", false
		for {
			tok, err := d.Token()
			if err != nil {
				break
			}
			s, ok := tok.(string)
			if !ok {
				continue
			}
			if isKey = !isKey; !isKey {
				continue
			}
			if s <= last {
				t.Errorf("%s: %s stands after %s", name, s, last)
			}
			last = s
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	c := Catalogue{En: {"a": "{n} of {all}, {n}"}}
	if got := c.Text(En, "a", "n", "1", "all", "{n}"); got != "1 of {n}, 1" {
		t.Error(got)
	}
	if got := c.Text(Zh, "a"); got != "a" {
		t.Error(got)
	}
	if Tag("zh_cn") != Zh || Tag("en") != En || Tag("") != En || Word(Zh) != "zh_cn" || Word(En) != "en" {
		t.Error("tags")
	}
}
