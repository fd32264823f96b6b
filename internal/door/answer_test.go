package door_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
)

// What a write answers is what is stored, of every type of field.
func TestAnswerIsWhatIsStored(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Owner)
		company := w.Make(t, "company", door.Values{"name": "Dogwood Bank"}).String()
		for _, c := range []struct {
			object       string
			made, change door.Values
		}{
			{"contact", door.Values{
				"last_name": " Müller ", "first_name": "李", "email": "A@Example.com", "phone": "+86 138 0013 8000", "birthday": "1990-02-03", "company": company,
				"address": map[string]any{"city": "Bonn", "country": "DE"}, "identity_number": "110101199003070011", "do_not_call": true,
			}, door.Values{"first_name": nil, "birthday": "1990-02-04", "identity_number": "110101199003070038"}},
			{"deal", door.Values{
				"name": "Ships", "company": company, "stage": w.Stage(t, "Prospecting").String(), "close_date": "2026-05-06", "amount": map[string]any{"amount": "12.50", "currency": "EUR"},
			}, door.Values{"amount": map[string]any{"amount": "7", "currency": "CNY"}, "stage": w.Stage(t, "Won").String()}},
		} {
			made, err := s.Create(ctx, c.object, c.made, "")
			if err != nil {
				t.Fatal(err)
			}
			same(t, s, made)
			changed, err := s.Update(ctx, c.object, made.ID, made.Version, c.change)
			if err != nil {
				t.Fatal(err)
			}
			same(t, s, changed)
			if changed.Version != made.Version+1 {
				t.Errorf("%s: version %d after %d", c.object, changed.Version, made.Version)
			}
		}
	})
}

// same reads a record again and compares it.
func same(t *testing.T, s *door.Session, got *door.Record) {
	t.Helper()
	stored, err := s.Get(context.Background(), got.Object.Name, got.ID, door.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != stored.Version {
		t.Errorf("version %d, stored %d", got.Version, stored.Version)
	}
	for i := range got.Object.Fields {
		name := got.Object.Fields[i].Name
		a, errA := json.Marshal(got.JSON(name))
		b, errB := json.Marshal(stored.JSON(name))
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s: answered %s, stored %s (%v, %v)", name, a, b, errA, errB)
		}
	}
}
