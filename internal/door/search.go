package door

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/gram"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// SearchQuery asks for records of every object by their words.
type SearchQuery struct {
	Text  string `json:"text"`            // words, or parts of them, all of which a record holds
	Limit int    `json:"limit,omitempty"` // records of each object; 0 means 5, at most MaxFound
}

// Limits of a search.
const (
	MaxFound  = 20
	maxMarked = 5   // fields of a record whose words are shown
	maxShown  = 120 // characters of such a field
	window    = 100 // records of an object that are ranked by all their words, the newest ones
)

// Group is what was found of one object, the best first.
type Group struct {
	Object *schema.Object
	Hits   []Hit
	More   bool // there are more than these
}

// Hit is a record that was found.
type Hit struct {
	ID      id.ID
	Version int64
	Title   string // its naming fields, as far as they may be read
	Rank    Rank
	Marks   []Mark
}

// Rank says how well a record fits; less is better. Of equal ones the newest come first.
type Rank int

// The ranks.
const (
	Exact     Rank = iota // what was typed is its title, or a field of it
	Beginning             // … begins it
	Word                  // every word that was typed begins a word
	Elsewhere             // inside of words, or by pinyin
)

// String returns the rank's name.
func (r Rank) String() string { return []string{"exact", "beginning", "word", "elsewhere"}[r] }

// Mark is a field that holds words that were looked for. Text is the value, or the part of it around the
// first word.
type Mark struct {
	Field  string
	Text   string
	Ranges []gram.Range
}

// Search finds records of every object that the session may read, by the fields that it may read.
func (s *Session) Search(ctx context.Context, q SearchQuery) (_ []Group, err error) {
	defer fault.Op(&err, "door.Search")
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 5
	}
	if q.Limit < 1 || q.Limit > MaxFound {
		return nil, fault.InField("limit", "out_of_range", "1 to %d", MaxFound)
	}
	if !utf8.ValidString(q.Text) {
		return nil, fault.InField("q", "not_text", "the text is not valid UTF-8")
	}
	words, err := wordsOf("q", q.Text)
	if err != nil {
		return nil, err
	}
	if err := s.whole(ctx); err != nil {
		return nil, err
	}
	groups, total := []Group{}, 0
	for _, o := range a.cat.schema.Objects() {
		if o.Archived || !a.rights.May(o.Name, policy.Read) {
			continue
		}
		g, err := s.searchIn(ctx, a, o, q, words)
		if err != nil {
			return nil, err
		}
		if len(g.Hits) > 0 {
			groups, total = append(groups, g), total+len(g.Hits)
		}
	}
	slices.SortStableFunc(groups, func(x, y Group) int { return cmp.Compare(x.Hits[0].Rank, y.Hits[0].Rank) })
	e := s.entry("search", "")
	e.Count = uint64(total) //nolint:gosec // at most MaxFound of each object
	if err := s.queue(ctx, e, describe(q)); err != nil {
		return nil, err
	}
	return groups, nil
}

// finder is a search in one object.
type finder struct {
	l      *listing
	worded []*schema.Field
	words  []gram.Word
	typed  string // folded
	hits   map[id.ID]Hit
}

func (s *Session) searchIn(ctx context.Context, a *access, o *schema.Object, q SearchQuery, words []gram.Word) (Group, error) {
	g := Group{Object: o}
	f := &finder{worded: a.worded(o), words: words, typed: gram.Fold(strings.TrimSpace(q.Text)), hits: map[id.ID]Hit{}}
	if len(f.worded) == 0 {
		return g, nil
	}
	f.worded = f.worded[:min(len(f.worded), maxNames)]
	names := make([]string, len(f.worded))
	for i, field := range f.worded {
		names[i] = field.Name
	}
	v := s.viewer(ctx, a)
	sh, err := a.shape(o, names)
	if err != nil {
		return g, err
	}
	sel, err := s.selection(a, v.s, o, policy.Read, "")
	if err != nil {
		return g, err
	}
	sel.Aside, sel.Match = true, gram.Match(words, columnsOf(f.worded))
	f.l = &listing{v: v, o: o, sh: sh, sel: sel}
	found, err := s.gather(ctx, f, window)
	if err != nil {
		return g, err
	}
	if found == window { // there may be better ones that are older
		if err := s.gatherTitles(ctx, a, f, q.Text); err != nil {
			return g, err
		}
	}
	for _, h := range f.hits {
		g.Hits = append(g.Hits, h)
	}
	slices.SortFunc(g.Hits, func(x, y Hit) int {
		return cmp.Or(cmp.Compare(x.Rank, y.Rank), bytes.Compare(y.ID[:], x.ID[:]))
	})
	if len(g.Hits) > q.Limit {
		g.Hits, g.More = g.Hits[:q.Limit], true
	}
	return g, nil
}

// gather adds the newest records of a selection and returns how many there were, at most limit.
func (s *Session) gather(ctx context.Context, f *finder, limit int) (int, error) {
	rows, _, err := s.d.data.List(ctx, s.d.data.DB(), f.l.sel, f.l.sh.plan, nil, nil, limit)
	if err != nil {
		return 0, err
	}
	n := len(rows)
	if rows, err = f.l.still(rows); err != nil {
		return 0, err
	}
	list, err := s.show(ctx, f.l.v, f.l.sh, rows)
	if err != nil {
		return 0, err
	}
	for _, r := range list {
		if _, known := f.hits[r.ID]; !known {
			f.hits[r.ID] = f.judge(r)
		}
	}
	return n, nil
}

// gatherTitles adds records whose title is what was typed, and such as begin with it.
func (s *Session) gatherTitles(ctx context.Context, a *access, f *finder, typed string) error {
	typed = strconv.Quote(strings.TrimSpace(typed))
	base := f.l.sel
	defer func() { f.l.sel = base }()
	for _, form := range []func(name string) string{
		func(name string) string { return name + " == " + typed },
		func(name string) string { return name + ".startsWith(" + typed + ")" },
	} {
		for _, name := range f.l.o.Title {
			field := f.l.o.Field(name)
			if field == nil || !slices.Contains(f.worded, field) || !field.Filterable() {
				continue
			}
			x, err := expr.Compile(a.schemaSeen(), f.l.o.Name, form(name)) // not kept: everybody types something else
			if err != nil {
				return err
			}
			sel := *base
			sel.Match, sel.Aside = "", len(field.Aside()) > 0 || asideUsed(a.cat, base.Where[0])
			sel.Where = []*expr.Expr{base.Where[0], x}
			f.l.sel = &sel
			if _, err := s.gather(ctx, f, MaxFound+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge ranks a record and marks what was found in it.
func (f *finder) judge(r *Record) Hit {
	h := Hit{ID: r.ID, Version: r.Version, Rank: Elsewhere}
	var parts []string
	for _, name := range r.Object.Title {
		if field := r.Object.Field(name); field != nil && slices.Contains(f.worded, field) && r.Text(name) != "" {
			parts = append(parts, r.Text(name))
		}
	}
	h.Title = strings.Join(parts, " ")
	begins := make([]bool, len(f.words))
	for _, field := range f.worded {
		if r.Value(field.Name) == nil {
			continue
		}
		text := field.Words(r.Value(field.Name))
		ranges, _, starts := gram.Find(text, f.words, field.Type == schema.Phone)
		for i := range starts {
			begins[i] = begins[i] || starts[i]
		}
		if len(ranges) > 0 && len(h.Marks) < maxMarked {
			h.Marks = append(h.Marks, cut(Mark{Field: field.Name, Text: text, Ranges: ranges}))
		}
	}
	if !slices.Contains(begins, false) {
		h.Rank = Word
	}
	for _, title := range append(parts, h.Title) {
		switch title = gram.Fold(title); {
		case title == f.typed:
			h.Rank = Exact
		case strings.HasPrefix(title, f.typed):
			h.Rank = min(h.Rank, Beginning)
		}
	}
	return h
}

// cut shortens a long text to the part around the first word that was found.
func cut(m Mark) Mark {
	runes := []rune(m.Text)
	if len(runes) <= maxShown {
		return m
	}
	from := max(0, min(m.Ranges[0].From-maxShown/4, len(runes)-maxShown))
	to := from + maxShown
	kept := m.Ranges[:0]
	for _, r := range m.Ranges {
		if r.From < to {
			kept = append(kept, gram.Range{From: r.From - from, To: min(r.To, to) - from})
		}
	}
	m.Text, m.Ranges = string(runes[from:to]), kept
	return m
}
