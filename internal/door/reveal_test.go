package door_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

func TestReveal(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s, reader := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager")), w.As(w.Person(t, "Rolf", id.ID{}, "reader"))
		made := must[*door.Record](t)(s.Create(ctx, "sample", door.Values{"name": "N", "bank": "DE89370400440532013000", "key": "s3cret-canary"}, ""))
		n := size(t, w)
		got := must[any](t)(s.Reveal(ctx, "sample", made.ID, "bank", "  paying invoice 7 "))
		list := entriesSince(t, w, n)
		if got != "DE89370400440532013000" || len(list) != 1 || list[0].Verb != "reveal" || list[0].Reason != "paying invoice 7" || list[0].Record != made.ID || list[0].Count != 1 {
			t.Errorf("revealed %v with %+v", got, list)
		}
		for name, c := range map[string]struct {
			s              *door.Session
			rid            id.ID
			field, purpose string
			kind           fault.Kind
			reason         string
		}{
			"no purpose":           {s, made.ID, "bank", "", fault.Invalid, "purpose:required"},
			"blank purpose":        {s, made.ID, "bank", " \t ", fault.Invalid, "purpose:required"},
			"a purpose of nothing": {s, made.ID, "bank", "x", fault.Invalid, "purpose:required"},
			"a long purpose":       {s, made.ID, "bank", strings.Repeat("x", 201), fault.Invalid, "purpose:too_long"},
			"a secret":             {s, made.ID, "key", "because I want to", fault.Invalid, "unknown_field"},
			"an unknown field":     {s, made.ID, "nothing", "because I want to", fault.Invalid, "unknown_field"},
			"no record":            {s, id.ID{1}, "bank", "because I want to", fault.NotFound, ""},
			"without the right":    {reader, made.ID, "bank", "because I want to", fault.NotFound, ""},
		} {
			n := size(t, w)
			v, err := c.s.Reveal(ctx, "sample", c.rid, c.field, c.purpose)
			refused(t, name, err, c.kind, c.reason)
			if v != nil {
				t.Errorf("%s: revealed", name)
			}
			for _, e := range entriesSince(t, w, n) {
				if e.Decision == "allow" {
					t.Errorf("%s: the journal has %s as allowed", name, e.Verb)
				}
			}
		}
	}, sample())
}

// A snapshot has everything, and nothing of it is open that is sealed.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		made := must[*door.Record](t)(s.Create(ctx, "sample", door.Values{"name": "Plain", "private": "canary-private", "bank": "canary-bank", "key": "canary-key"}, ""))
		gone := must[*door.Record](t)(s.Create(ctx, "sample", door.Values{"name": "Gone"}, ""))
		if err := s.Delete(ctx, "sample", gone.ID, 0); err != nil {
			t.Fatal(err)
		}
		have := map[id.ID]door.Item{}
		err := w.Door.As(authn.Keeper(), door.ViaJob).Snapshot(ctx, func(it door.Item) error {
			have[it.ID] = it
			text := string(it.Sealed)
			for _, f := range it.Fields {
				text += string(f)
			}
			if strings.Contains(text, "canary") || strings.Contains(text, "Anna") {
				t.Error("a snapshot shows what is sealed")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		it := have[made.ID]
		if len(it.Sealed) == 0 || len(it.Fields[129]) == 0 || len(it.Fields[127]) == 0 || !strings.Contains(string(it.Fields[100]), "Plain") || it.Version != 1 {
			t.Errorf("the item: %+v", it)
		}
		if have[gone.ID].Version != 2 {
			t.Error("what is in the bin is missing")
		}
		for _, e := range entriesSince(t, w, 0) {
			if e.Record == made.ID && e.State != it.State {
				t.Error("the state is not the one that the journal vouches for")
			}
		}
		stop := errors.New("enough")
		if err := w.Door.As(authn.Keeper(), door.ViaJob).Snapshot(ctx, func(door.Item) error { return stop }); err == nil {
			t.Error("a snapshot goes on after an error")
		}
	}, sample())
}
