package gram

import (
	"slices"
	"unicode"
)

// Range is a stretch of a text, in characters from its beginning.
type Range struct{ From, To int }

// Find returns where words stand in a text as it is shown, in order and joined where they touch, and
// for each word whether it stands anywhere and whether at the beginning of a word. Digits alone are
// looked for as part of a telephone number too, whatever is written between them. A word by whose pinyin
// the text was found stands nowhere.
func Find(text string, words []Word, phone bool) (ranges []Range, stands, begins []bool) {
	stands, begins = make([]bool, len(words)), make([]bool, len(words))
	whole := spread(text, func(r rune) bool { return true })
	views := []view{whole}
	if phone {
		views = append(views, spread(text, unicode.IsDigit))
	}
	for i, w := range words {
		for _, v := range views {
			for _, at := range v.find([]rune(w.Text)) {
				r := Range{v.at[at.From], v.at[at.To-1] + 1}
				ranges = append(ranges, r)
				stands[i] = true
				begins[i] = begins[i] || whole.starts(r.From)
			}
		}
	}
	return join(ranges), stands, begins
}

// view is a text as it is compared, and where each of its characters stands in the text as it is shown.
type view struct {
	shown []rune
	runes []rune
	at    []int
}

func spread(text string, keep func(rune) bool) view {
	v := view{shown: []rune(text)}
	for i, r := range v.shown {
		if !keep(r) {
			continue
		}
		for _, f := range Fold(string(r)) {
			v.runes, v.at = append(v.runes, f), append(v.at, i)
		}
	}
	return v
}

// find returns where a word stands in what is compared, without overlaps.
func (v view) find(word []rune) (list []Range) {
	for i := 0; len(word) > 0 && i+len(word) <= len(v.runes); i++ {
		if slices.Equal(v.runes[i:i+len(word)], word) {
			list = append(list, Range{i, i + len(word)})
			i += len(word) - 1
		}
	}
	return list
}

// starts reports whether a word begins at a character: after none, or after one of another sort.
func (v view) starts(at int) bool {
	return at == 0 || !inWord(v.shown[at-1]) || cjk(v.shown[at-1]) != cjk(v.shown[at])
}

func join(list []Range) []Range {
	slices.SortFunc(list, func(a, b Range) int { return a.From - b.From })
	var out []Range
	for _, r := range list {
		if n := len(out); n > 0 && r.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, r.To)
			continue
		}
		out = append(out, r)
	}
	return out
}
