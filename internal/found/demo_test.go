package found_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/found"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// demo is a demo company at the end of its year.
type demo struct {
	*doortest.World
	people []found.Person
	begun  time.Time
	now    time.Time
}

func newDemo(t *testing.T, lang string) *demo {
	t.Helper()
	d := &demo{World: doortest.New(t, sqldb.SQLite)}
	d.begun = d.Clock.Now()
	d.now = d.begun.Add(found.DemoYear)
	var err error
	d.people, err = found.Demo(context.Background(), d.Door, d.Owner, lang, d.now, func(at time.Time) {
		d.Clock.Add(max(0, at.Sub(d.Clock.Now())))
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// all returns every record of an object.
func (d *demo) all(t *testing.T, object string) (list []*door.Record) {
	t.Helper()
	for cursor := ""; ; {
		p, err := d.As(d.Owner).List(context.Background(), door.Query{Object: object, Limit: 500, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Records...)
		if cursor = p.Next; cursor == "" {
			return list
		}
	}
}

func (d *demo) count(t *testing.T, object, filter string) int64 {
	t.Helper()
	p, err := d.As(d.Owner).List(context.Background(), door.Query{Object: object, Filter: filter, Count: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p.Count
}

func TestDemo(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "zh"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && lang == "zh" {
				t.Skip("one language is enough for a short run")
			}
			d := newDemo(t, lang)
			d.counts(t)
			d.everyChoice(t)
			d.records(t, lang)
			d.deals(t)
		})
	}
}

func (d *demo) counts(t *testing.T) {
	t.Helper()
	for object, want := range map[string][2]int{
		"user": {6, 6}, "team": {2, 2}, "product": {12, 12}, "company": {195, 200}, "contact": {570, 620}, "deal": {280, 300}, "lead": {150, 160}, "stage_change": {900, 1600},
		"task": {300, 450}, "meeting": {200, 320}, "call": {350, 450}, "note": {180, 230}, "document": {40, 60},
	} {
		if n := len(d.all(t, object)); n < want[0] || n > want[1] {
			t.Errorf("%d of %s, want %d to %d", n, object, want[0], want[1])
		}
	}
	roles := map[string]bool{}
	for _, p := range d.people {
		roles[p.Role] = true
	}
	if len(roles) != len(found.Roles()) || d.people[0].ID != d.Owner {
		t.Errorf("people: %v", d.people)
	}
}

// demoObjects are the objects of people and sales whose records a person makes.
func demoObjects() []string {
	return []string{"lead", "company", "contact", "deal", "product", "task", "meeting", "call", "note", "document"}
}

func (d *demo) everyChoice(t *testing.T) {
	t.Helper()
	list, err := d.As(d.Owner).Objects(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		if !slices.Contains(demoObjects(), o.Object.Name) {
			continue
		}
		for _, f := range o.Fields {
			for _, opt := range f.Field.Options {
				if d.count(t, o.Object.Name, fmt.Sprintf("%s == %q", f.Field.Name, opt.Key)) == 0 {
					t.Errorf("no %s has %s %s", o.Object.Name, f.Field.Name, opt.Key)
				}
			}
		}
	}
	for _, stage := range d.all(t, "stage") {
		if d.count(t, "deal", fmt.Sprintf("stage == %q", stage.ID)) == 0 {
			t.Errorf("no deal is in %s", stage.Text("name"))
		}
	}
}

func moment(t schema.Time) time.Time { return time.UnixMicro(int64(t)) }

// records holds every record to what all must be: of somebody, made in the year, by a person, in the
// language of the company.
func (d *demo) records(t *testing.T, lang string) {
	t.Helper()
	owners := map[any]int{}
	years := map[string]bool{}
	for _, object := range demoObjects() {
		for _, r := range d.all(t, object) {
			owners[r.Value("owner")]++
			for _, name := range []string{"created_at", "updated_at"} {
				at, ok := r.Value(name).(schema.Time)
				if !ok || moment(at).Before(d.begun) || moment(at).After(d.now) {
					t.Fatalf("a %s has %s %v, not from %v to %v", object, name, r.Value(name), d.begun, d.now)
				}
				years[moment(at).Format("2006-01")] = true
			}
			if r.Value("owner") == nil || r.Value("team") == nil || r.Value("created_by") == nil {
				t.Fatalf("a %s without owner, team or maker: %v", object, r.ID)
			}
			for _, name := range []string{"due_at", "start_at", "end_at", "next_contact_at"} {
				if at, ok := r.Value(name).(schema.Time); ok && (moment(at).Before(d.begun) || moment(at).After(d.now.AddDate(0, 0, 60))) {
					t.Errorf("a %s has %s %v", object, name, moment(at))
				}
			}
			if text := r.Text("subject") + r.Text("name") + r.Text("last_name"); text != "" && object != "company" {
				han := strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
				if han != (lang == "zh") {
					t.Errorf("a %s in the wrong language: %q", object, text)
				}
			}
		}
	}
	if len(years) < 12 {
		t.Errorf("only the months %v", slices.Sorted(maps.Keys(years)))
	}
	if len(owners) < 4 {
		t.Errorf("records of %d people", len(owners))
	}
}

// deals holds the stages of deals to what the records of their changes say.
func (d *demo) deals(t *testing.T) {
	t.Helper()
	changes := map[any]int{}
	for _, c := range d.all(t, "stage_change") {
		changes[c.Value("deal")]++
	}
	moved := 0
	for _, r := range d.all(t, "deal") {
		if changes[r.ID] == 0 || r.Value("company") == nil || r.Value("stage_changed_at") == nil {
			t.Fatalf("a deal without history or company: %v", r.ID)
		}
		if changes[r.ID] > 2 {
			moved++
		}
	}
	if moved < 150 {
		t.Errorf("%d deals moved more than twice", moved)
	}
	open, late := d.count(t, "deal", "stage.outcome == 'open'"), d.count(t, "task", "status != 'completed' && status != 'deferred' && due_at < now()")
	if open < 25 || open > 150 || late < 3 || late > 60 {
		t.Errorf("%d deals are open, %d tasks are late", open, late)
	}
	if won := d.count(t, "deal", "stage.outcome == 'won' && has(closed_at)"); won < 60 {
		t.Errorf("%d deals are won", won)
	}
	if coming := d.count(t, "meeting", "status == 'planned' && start_at > now()"); coming < 3 {
		t.Errorf("%d meetings are to come", coming)
	}
}

// A demo is for an organisation that has just been founded.
func TestDemoRefusesAnOldOrganisation(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	if _, err := w.As(w.Owner).Create(context.Background(), "role", door.Values{"name": "Mine", "grants": []any{}}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := found.Demo(context.Background(), w.Door, w.Owner, "en", w.Clock.Now(), func(time.Time) {}); err == nil {
		t.Error("a demo was played in an organisation with roles of its own")
	}
}
