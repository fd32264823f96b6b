package door_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// The life of a deal through every verb that a salesperson uses.
func TestLifeOfARecord(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx, s := context.Background(), w.As(w.Owner)
		company := w.Make(t, "company", door.Values{"name": "Acme", "city": "Bonn"})
		made, err := s.Create(ctx, "deal", door.Values{
			"name": "Acme renewal", "company": company.String(), "stage": w.Stage(t, "Prospecting").String(),
			"amount": map[string]any{"amount": "1200.50", "currency": "EUR"},
		}, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := made.JSON("probability"); got == nil {
			t.Error("the stage's usual probability was not taken over")
		}
		if made.JSON("closed_at") != nil {
			t.Error("an open deal has a closing time")
		}
		won, err := s.Update(ctx, "deal", made.ID, made.Version, door.Values{"stage": w.Stage(t, "Won").String(), "close_date": "2026-03-04"})
		if err != nil {
			t.Fatal(err)
		}
		if won.JSON("closed_at") == nil || won.Version != 2 {
			t.Errorf("won: closed_at %v, version %d", won.JSON("closed_at"), won.Version)
		}
		if _, err := s.Update(ctx, "deal", made.ID, 1, door.Values{"name": "x"}); !fault.Is(err, fault.Stale) {
			t.Errorf("an update over an old version: %v", err)
		}
		p, err := s.List(ctx, door.Query{Object: "deal", Filter: "company.city == 'bonn' && amount > 1000", Sort: []string{"-amount"}, Fields: []string{"name", "company.name"}, Count: true})
		if err != nil || len(p.Records) != 1 || p.Count != 1 || p.Records[0].JSON("company.name") != "Acme" {
			t.Fatalf("list: %+v, %v", p, err)
		}
		tab, err := s.Aggregate(ctx, door.AggregateQuery{Object: "deal", GroupBy: []door.GroupKey{{Field: "company.city"}, {Field: "close_date", By: "month"}}, Measures: []door.Measure{{Op: "sum", Field: "amount"}}})
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := json.Marshal(tab.Rows); string(b) != `[{"keys":["Bonn","2026-03"],"values":[{"amount":"1200.50","currency":"EUR"}],"count":1}]` {
			t.Errorf("aggregate: %s", b)
		}
		h, err := s.History(ctx, "deal", made.ID, 0)
		if err != nil || len(h) != 2 || h[0].Verb != "update" {
			t.Fatalf("history: %+v, %v", h, err)
		}
		changes, err := s.List(ctx, door.Query{Object: "stage_change", Filter: "has(from_stage)"})
		if err != nil || len(changes.Records) != 1 {
			t.Errorf("stage changes: %+v, %v", changes, err)
		}
		if _, err := s.Restore(ctx, door.Restoration{ChangeSet: h[0].ChangeSet}); err != nil {
			t.Fatal(err)
		}
		back, err := s.Get(ctx, "deal", made.ID, door.GetOptions{})
		if err != nil || back.JSON("closed_at") != nil || back.JSON("stage") != made.JSON("stage") {
			t.Errorf("after undo: %v, %v", back, err)
		}
		if err := s.Delete(ctx, "deal", made.ID, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, "deal", made.ID, door.GetOptions{}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a deleted record: %v", err)
		}
		if _, err := s.Restore(ctx, door.Restoration{Object: "deal", ID: made.ID}); err != nil {
			t.Fatal(err)
		}
		v, err := s.Verify(ctx, nil, nil)
		if err != nil || !v.OK() {
			t.Errorf("verify: %+v %v", v, err)
		}
	})
}
