package door_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/id"
)

// A moment that the program keeps does not depend on what the person sees who made the change: here
// one who works with deals and sees no stage.
func TestStampsDoNotDependOnTheReader(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		grants, err := json.Marshal([]map[string]any{{"object": "deal", "verbs": []string{"read", "update"}, "scope": "all"}})
		if err != nil {
			t.Fatal(err)
		}
		role := w.Make(t, "role", door.Values{"name": "blind", "grants": door.Parsed{Value: json.RawMessage(grants)}})
		blind := w.Make(t, "user", door.Values{"name": "Bert Blind", "roles": []any{role.String()}})
		deal := w.Make(t, "deal", door.Values{"name": "Open", "stage": w.Stage(t, "Prospecting").String()})
		won := w.Make(t, "deal", door.Values{"name": "Won", "stage": w.Stage(t, "Won").String()})
		for rid, closed := range map[id.ID]bool{deal: false, won: true} {
			r, err := w.As(blind).Update(context.Background(), "deal", rid, 0, door.Values{"next_step": "call"})
			if err != nil || (r.Value("closed_at") != nil) != closed {
				t.Errorf("a deal, closed %t: closed_at %v (%v)", closed, r.Value("closed_at"), err)
			}
		}
	})
}
