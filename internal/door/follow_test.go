package door_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// drain reads what a stream has.
func drain(t *testing.T, w *doortest.World, s *door.Stream) []door.Event {
	t.Helper()
	if err := w.Door.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	var all []door.Event
	for {
		list, more, err := s.Read(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
		if !more {
			return all
		}
	}
}

func follow(t *testing.T, s *door.Session, from uint64) *door.Stream {
	t.Helper()
	return must[*door.Stream](t)(s.Follow(context.Background(), from))
}

func verbsOf(events []door.Event) (list []string) {
	for _, e := range events {
		list = append(list, fmt.Sprintf("%s %s %d", e.Verb, e.Object, e.Version))
	}
	return list
}

func TestFollow(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx, s := context.Background(), w.As(w.Owner)
		w.Make(t, "company", door.Values{"name": "Before"})
		stream := follow(t, s, 0)
		start := stream.From()
		news := stream.News()
		c := w.Make(t, "company", door.Values{"name": "Acme"})
		must[*door.Record](t)(s.Update(ctx, "company", c, 0, door.Values{"city": "Bonn"}))
		get(t, s, "company", c)
		if err := s.Delete(ctx, "company", c, 0); err != nil {
			t.Fatal(err)
		}
		must[*door.Restored](t)(s.Restore(ctx, door.Restoration{Object: "company", ID: c}))
		events := drain(t, w, stream)
		want := []string{"create company 1", "update company 2", "delete company 3", "restore company 4"}
		if got := verbsOf(events); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		<-news // and nobody waited in vain
		if again := drain(t, w, follow(t, s, events[1].Seq+1)); !slices.Equal(verbsOf(again), want[2:]) {
			t.Errorf("gone on with: %v", verbsOf(again))
		}
		if far := follow(t, s, 1<<40); !far.Reset() || far.From() < start {
			t.Error("a number of another journal is taken")
		}
		if near := follow(t, s, start+1); near.Reset() {
			t.Error("a number of this journal is not taken")
		}
	})
}

// What somebody may see is judged when it is told, and not when the stream began.
func TestFollowEndsWithTheRight(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx, owner := context.Background(), w.As(w.Owner)
		mia := w.Person(t, "Mia", id.ID{}, "sales_manager")
		stream := follow(t, w.As(mia), 0)
		c := w.Make(t, "company", door.Values{"name": "Acme"})
		if got := verbsOf(drain(t, w, stream)); len(got) != 1 {
			t.Fatalf("got %v", got)
		}
		must[*door.Record](t)(owner.Update(ctx, "company", c, 0, door.Values{"city": "Bonn"})) // while she may, and not yet told
		must[*door.Record](t)(owner.Update(ctx, "user", mia, 0, door.Values{"roles": []any{}}))
		if got := verbsOf(drain(t, w, stream)); len(got) != 0 {
			t.Errorf("told without the right: %v", got)
		}
		must[*door.Record](t)(owner.Update(ctx, "user", mia, 0, door.Values{"active": false}))
		if _, _, err := stream.Read(ctx); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("read by one who is not active: %v", err)
		}
	})
}

// Random people get exactly the events of records that they may see.
func TestStreamOracle(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		streams := map[id.ID]*door.Stream{}
		begin := follow(t, w.As(w.Owner), 0).From()
		o := newOracle(t, w, 23)
		for _, p := range o.people {
			streams[p.id] = follow(t, w.As(p.id), begin)
		}
		// Every change since is known: each record was made, some were changed and some deleted.
		all := map[id.ID]int{}
		for _, e := range drain(t, w, follow(t, w.As(w.Person(t, "All", id.ID{}, "sales_manager", "owner")), begin)) {
			if o.byID[e.Record] != nil {
				all[e.Record]++
			}
		}
		if len(all) != len(o.byID) {
			t.Fatalf("who sees all is told of %d of %d records", len(all), len(o.byID))
		}
		for _, p := range o.people {
			got := map[id.ID]int{}
			last := uint64(0)
			for _, e := range drain(t, w, streams[p.id]) {
				if e.Seq <= last {
					t.Error("not in order")
				}
				last = e.Seq
				if rec := o.byID[e.Record]; rec == nil {
					t.Errorf("told of a %s", e.Object)
				} else if rec.object != e.Object {
					t.Error("another object")
				}
				got[e.Record]++
			}
			for rid, rec := range o.byID {
				want := 0
				if o.seesPast(p, rec) {
					want = all[rid]
				}
				o.decisions++
				if got[rid] != want {
					t.Errorf("told %d times of a %s, want %d (binned %t)", got[rid], rec.object, want, rec.binned)
				}
			}
		}
		t.Logf("%d decisions", o.decisions)
	})
}
