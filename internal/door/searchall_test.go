package door_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// foundBy lists what a search finds as "object: title, title".
func foundBy(t *testing.T, s *door.Session, typed string, limit int) string {
	t.Helper()
	var list []string
	for _, g := range must[[]door.Group](t)(s.Search(context.Background(), door.SearchQuery{Text: typed, Limit: limit})) {
		var titles []string
		for _, h := range g.Hits {
			titles = append(titles, h.Title)
		}
		more := ""
		if g.More {
			more = " …"
		}
		list = append(list, g.Object.Name+": "+strings.Join(titles, ", ")+more)
	}
	return strings.Join(list, " | ")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		for _, name := range []string{"Big Alder", "Alder", "Balder", "Alder Works", "North Alder", "华信公司"} {
			w.Make(t, "company", door.Values{"name": name, "billing_address": map[string]any{"city": "Bonn"}})
		}
		w.Make(t, "contact", door.Values{"last_name": "Alder", "first_name": "Eva", "phone": "+49 30 1234567"})
		w.Make(t, "contact", door.Values{"last_name": "李", "first_name": "晓明", "email": "li@alder.example"})
		s := w.As(w.Owner)
		for _, c := range []struct {
			name, typed string
			limit       int
			want        string
		}{
			{"ranked", "alder", 0, "company: Alder, Alder Works, North Alder, Big Alder, Balder | contact: Alder Eva, 李 晓明"},
			{"the best of each", "ALDER", 1, "company: Alder … | contact: Alder Eva …"},
			{"two words", "works ald", 0, "company: Alder Works"},
			{"chinese", "信公", 0, "company: 华信公司"},
			{"pinyin", "xiaoming", 0, "contact: 李 晓明"},
			{"part of a number", "0123", 0, "contact: Alder Eva"},
			{"the best group first", "eva", 0, "contact: Alder Eva"},
			{"what an address holds, and not the names of its parts", "postal", 0, ""},
			{"nothing", "nobody", 0, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				// The title's order is the object's own.
				got := strings.NewReplacer("Eva Alder", "Alder Eva", "晓明 李", "李 晓明").Replace(foundBy(t, s, c.typed, c.limit))
				if got != c.want {
					t.Errorf("got %s\nwant %s", got, c.want)
				}
			})
		}
		hit := must[[]door.Group](t)(s.Search(context.Background(), door.SearchQuery{Text: "bonn"}))[0].Hits[0]
		if m := fmt.Sprint(hit.Marks); m != "[{billing_address Bonn [{0 4}]}]" {
			t.Errorf("marks %s", m)
		}
		for _, q := range []door.SearchQuery{{}, {Text: "-"}, {Text: strings.Repeat("a", 501)}, {Text: "ab", Limit: 21}, {Text: "ab", Limit: -1}, {Text: "\xff"}} {
			if _, err := s.Search(context.Background(), q); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q %d: %v", q.Text, q.Limit, err)
			}
		}
	})
}

// The best are found behind many newer ones that hold the words too.
func TestSearchFindsTheBestOfMany(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		w.Make(t, "contact", door.Values{"last_name": "Lind"})
		w.Make(t, "contact", door.Values{"last_name": "Lindqvist"})
		s := w.As(w.Owner)
		ops := make([]door.Operation, 300)
		for i := range ops {
			ops[i] = door.Operation{Op: "create", Object: "contact", Fields: door.Values{"last_name": "Berglind" + strconv.Itoa(i)}}
		}
		must[*door.BatchResult](t)(s.Batch(context.Background(), ops, door.BatchOptions{}))
		if got := foundBy(t, s, "lind", 2); got != "contact: Lind, Lindqvist …" {
			t.Error(got)
		}
	})
}

// searched compares what a person finds everywhere with what the person may see: in lists, in the search
// of everything and in its marks.
func (o *oracle) searched(p *oraclePerson) {
	object := o.kind()
	rec := choose(o.r, o.records[object])
	field := choose(o.r, map[string][]string{"company": {"name", "city"}, "contact": {"last_name", "position"}, "deal": {"name", "next_step"}}[object])
	typed := fmt.Sprint(rec.values[field])
	// What a person finds by one word may stand in any field that the person reads.
	holds := func(r *oracleRecord) bool {
		for _, f := range []string{"name", "city", "last_name", "position", "next_step"} {
			if v, ok := r.values[f].(string); ok && o.reads(p, r.object, f) && wordIn(v, typed) {
				return true
			}
		}
		return false
	}
	if o.may(p, object) && slices.ContainsFunc([]string{"name", "city", "last_name", "position", "next_step"}, func(f string) bool {
		return o.records[object][0].values[f] != nil && o.reads(p, object, f)
	}) {
		o.compare("search", p, door.Query{Object: object, Search: typed}, o.seen(p, object, holds))
	}
	groups, err := o.w.As(p.id).Search(context.Background(), door.SearchQuery{Text: typed, Limit: door.MaxFound})
	if err != nil {
		o.t.Errorf("search: %v", err)
		return
	}
	got := map[string]map[id.ID]bool{}
	for _, g := range groups {
		got[g.Object.Name] = map[id.ID]bool{}
		for _, h := range g.Hits {
			got[g.Object.Name][h.ID] = true
			o.checkHit(p, g.Object.Name, h)
		}
	}
	for _, kind := range []string{"company", "contact", "deal"} {
		want := o.seen(p, kind, holds)
		o.decisions++
		if len(want) > door.MaxFound && len(got[kind]) == door.MaxFound {
			continue // the best of them; each is checked above
		}
		if len(got[kind]) != len(want) {
			o.t.Errorf("search %q finds %d of %s, want %d", typed, len(got[kind]), kind, len(want))
		}
	}
}

func (o *oracle) checkHit(p *oraclePerson, object string, h door.Hit) {
	o.t.Helper()
	rec := o.byID[h.ID]
	o.decisions++
	if rec == nil {
		return // no record of the oracle: its objects are not these
	}
	if !o.visible(p, rec) {
		o.t.Errorf("search finds a %s that may not be seen", object)
	}
	for _, m := range h.Marks {
		o.decisions++
		if !o.reads(p, object, m.Field) {
			o.t.Errorf("search shows %s.%s, which may not be read", object, m.Field)
		}
	}
	for _, f := range []string{"name", "last_name"} {
		if v, ok := rec.values[f].(string); ok && !o.reads(p, object, f) && strings.Contains(h.Title, v) {
			o.t.Errorf("search shows the title of a %s that may not be read", object)
		}
	}
}

// wordIn says by the plainest rule whether every word of what was typed is part of a text.
func wordIn(text, typed string) bool {
	for _, w := range strings.Fields(strings.ToLower(typed)) {
		if !strings.Contains(strings.ToLower(text), w) {
			return false
		}
	}
	return true
}
