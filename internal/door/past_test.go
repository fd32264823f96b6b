package door_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// exact writes all of a record.
func exact(r *door.Record) string {
	text := "v" + strconv.FormatInt(r.Version, 10)
	for _, n := range slices.Sorted(slices.Values(r.Names())) {
		if v := r.JSON(n); v != nil {
			text += fmt.Sprintf(" %s=%v", n, v)
		}
	}
	return text
}

// moment is what there was at a time.
type moment struct {
	at     time.Time
	living map[id.ID]string
	ceos   []id.ID
}

// times makes a random story of contacts and remembers what there was after each event.
type times struct {
	w       *doortest.World
	s       *door.Session
	r       *rand.Rand
	all     []id.ID
	moments []moment
}

func (x *times) event(t *testing.T) {
	ctx := context.Background()
	values := func() door.Values {
		v := door.Values{}
		for _, f := range []string{"position", "last_name", "identity_number", "birthday", "department"} {
			if x.r.IntN(2) == 0 {
				v[f] = map[string]any{
					"position": choose(x.r, []any{"CEO", "CFO", nil}), "last_name": "N" + strconv.Itoa(x.r.IntN(9)), "identity_number": choose(x.r, []any{"110101199003071234", "220202198001015678", nil}),
					"birthday": choose(x.r, []any{"1990-01-02", nil}), "department": choose(x.r, []any{"Sales", "法务", nil}),
				}[f]
			}
		}
		return v
	}
	if len(x.all) < 4 || x.r.IntN(8) == 0 {
		v := values()
		v["last_name"] = "New"
		x.all = append(x.all, must[*door.Record](t)(x.s.Create(ctx, "contact", v, "")).ID)
		return
	}
	rid := choose(x.r, x.all)
	now, err := x.s.Get(ctx, "contact", rid, door.GetOptions{})
	switch {
	case fault.Is(err, fault.NotFound):
		must[*door.Restored](t)(x.s.Restore(ctx, door.Restoration{Object: "contact", ID: rid}))
	case err != nil:
		t.Fatal(err)
	case x.r.IntN(6) == 0:
		err = x.s.Delete(ctx, "contact", rid, 0)
	case x.r.IntN(6) == 0 && now.Version > 2:
		_, err = x.s.Restore(ctx, door.Restoration{Object: "contact", ID: rid, Version: 1 + x.r.Int64N(now.Version-1)})
	case x.r.IntN(6) == 0:
		_, err = x.s.Restore(ctx, door.Restoration{ChangeSet: lastSet(t, x.s, "contact", rid), SkipConflicts: true})
		if fault.Is(err, fault.Conflict) { // undone before
			err = nil
		}
	default:
		_, err = x.s.Update(ctx, "contact", rid, 0, values())
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
}

func (x *times) remember(t *testing.T) {
	m := moment{living: map[id.ID]string{}}
	for _, r := range must[*door.Page](t)(x.s.List(context.Background(), door.Query{Object: "contact", Limit: 500})).Records {
		m.living[r.ID] = exact(r)
		if r.JSON("position") == "CEO" {
			m.ceos = append(m.ceos, r.ID)
		}
	}
	m.at = x.w.Clock.Now()
	x.moments = append(x.moments, m)
	x.w.Clock.Add(time.Duration(x.r.IntN(100)) * time.Hour)
}

// compare reads the past and finds it as it was.
func (x *times) compare(t *testing.T, m moment) {
	ctx := context.Background()
	for _, rid := range x.all {
		r, err := x.s.Get(ctx, "contact", rid, door.GetOptions{AsOf: m.at})
		want, was := m.living[rid]
		switch {
		case was && err != nil:
			t.Errorf("a record that was there: %v", err)
		case was && exact(r) != want:
			t.Errorf("as it was:\n%s\nwant\n%s", exact(r), want)
		case !was && !fault.Is(err, fault.NotFound):
			t.Errorf("a record that was not there: %v", err)
		}
	}
	for _, filter := range []string{"", "position == 'ceo'"} {
		want := slices.Collect(maps.Keys(m.living))
		if filter != "" {
			want = m.ceos
		}
		var got []id.ID
		q := door.Query{Object: "contact", AsOf: m.at, Filter: filter, Limit: 1 + x.r.IntN(5)}
		for {
			page := must[*door.Page](t)(x.s.List(ctx, q))
			for _, r := range page.Records {
				got = append(got, r.ID)
				if exact(r) != m.living[r.ID] {
					t.Errorf("in a list as it was:\n%s\nwant\n%s", exact(r), m.living[r.ID])
				}
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
		newest := func(a, b id.ID) int { return slices.Compare(b[:], a[:]) }
		slices.SortFunc(want, newest)
		if !slices.Equal(got, want) {
			t.Errorf("filter %q: %d records in the past, want %d: %v %v", filter, len(got), len(want), got, want)
		}
	}
}

// The past is what it was, after any story.
func TestPast(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		x := &times{w: w, s: w.As(w.Person(t, "Anna", id.ID{}, "sales_manager")), r: rand.New(rand.NewPCG(3, 4))}
		events, looks := 60, 8
		if testing.Short() {
			events, looks = 30, 8
		}
		for range events {
			x.event(t)
			x.remember(t)
		}
		for range looks {
			x.compare(t, choose(x.r, x.moments))
			if t.Failed() {
				return
			}
		}
		x.meanwhile(t)
	})
}

// meanwhile reads the past while the present changes.
func (x *times) meanwhile(t *testing.T) {
	ctx := context.Background()
	m := choose(x.r, x.moments[len(x.moments)/2:])
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			_, _ = x.s.Update(ctx, "contact", x.all[i%len(x.all)], 0, door.Values{"position": "P" + strconv.Itoa(i)})
		}
	}()
	for range 4 {
		x.compare(t, m)
	}
	close(stop)
	<-done
}

func TestPastRefusals(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		anna, rolf := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager")), w.As(w.Person(t, "Rolf", id.ID{}, "reader"))
		before := w.Clock.Now()
		made := must[*door.Record](t)(anna.Create(ctx, "company", door.Values{"name": "Acme"}, ""))
		then := w.Clock.Now()
		must[*door.Record](t)(anna.Update(ctx, "company", made.ID, 0, door.Values{"name": "Umbra"}))
		for name, q := range map[string]door.Query{"sorted": {Sort: []string{"name"}}, "counted": {Count: true}, "the bin": {Deleted: true}} {
			q.Object, q.AsOf = "company", then
			_, err := anna.List(ctx, q)
			refused(t, name, err, fault.Invalid, "as_of")
		}
		_, err := anna.Get(ctx, "company", made.ID, door.GetOptions{AsOf: before})
		refused(t, "before it was made", err, fault.NotFound, "")
		if r := must[*door.Record](t)(rolf.Get(ctx, "company", made.ID, door.GetOptions{AsOf: then})); r.JSON("name") != "Acme" {
			t.Error("as it was for a reader:", shown(r))
		}
		if err := anna.Delete(ctx, "company", made.ID, 0); err != nil {
			t.Fatal(err)
		}
		_, err = rolf.Get(ctx, "company", made.ID, door.GetOptions{AsOf: then})
		refused(t, "the past of what is in the bin, for who may not take it back", err, fault.NotFound, "")
		if p := must[*door.Page](t)(rolf.List(ctx, door.Query{Object: "company", AsOf: then})); len(p.Records) != 0 {
			t.Error("the list of then shows what is in the bin to who may not take it back")
		}
		if p := must[*door.Page](t)(anna.List(ctx, door.Query{Object: "company", AsOf: then})); len(p.Records) != 1 {
			t.Error("the list of then lacks what is in the bin for who may take it back")
		}
		_, err = rolf.History(ctx, "company", made.ID, 0)
		refused(t, "the history of what is in the bin", err, fault.NotFound, "")
	})
}

func TestHistory(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		c := must[*door.Record](t)(s.Create(ctx, "contact", door.Values{"last_name": "A", "identity_number": "110101199003071234"}, ""))
		for i := range 8 {
			must[*door.Record](t)(s.Update(ctx, "contact", c.ID, 0, door.Values{"last_name": "N" + strconv.Itoa(i), "identity_number": "11010119900307123" + strconv.Itoa(i)}))
		}
		h := must[[]door.Change](t)(s.History(ctx, "contact", c.ID, 0))
		if len(h) != 9 || h[0].Version != 9 || h[8].Verb != "create" {
			t.Fatalf("%d changes", len(h))
		}
		rest := must[[]door.Change](t)(s.History(ctx, "contact", c.ID, h[4].Seq))
		if len(rest) != 4 || rest[0].Version != 4 {
			t.Errorf("below the fifth: %d changes", len(rest))
		}
		var names []string
		for _, f := range h[0].Fields {
			names = append(names, fmt.Sprintf("%s: %v → %v", f.Field, f.Old, f.New))
		}
		if got := strings.Join(names, "; "); got != "last_name: N6 → N7; identity_number: **** → ****" {
			t.Errorf("the newest change: %s", got)
		}
		empty := h[0].Time.IsZero() || h[0].Actor.IsZero() || h[0].ChangeSet.IsZero() || h[0].Via != "api"
		if empty {
			t.Errorf("the newest change: %+v", h[0])
		}
		_, err := s.History(ctx, "contact", id.ID{1}, 0)
		refused(t, "of no record", err, fault.NotFound, "")
		_, err = s.History(ctx, "company", c.ID, 0)
		refused(t, "of a record of another object", err, fault.NotFound, "")
	})
}
