package door_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// visit is an object whose records are about a person that they link to.
func visit() schema.Object {
	return schema.Object{
		ID: 901, Name: "visit", Label: schema.Text{En: "Visit", Zh: "拜访"}, Plural: schema.Text{En: "Visits", Zh: "拜访"}, Title: []string{"topic"}, Subject: "who",
		Fields: []schema.Field{
			schema.F(100, "topic", schema.Short, "Topic", "主题"),
			schema.F(101, "who", schema.Lookup, "Who", "对象", schema.To("contact")),
			schema.F(102, "said", schema.Longtext, "Said", "内容", schema.OfPerson),
			schema.F(103, "passport", schema.Short, "Passport", "护照", schema.Guarded),
			schema.F(104, "account", schema.Short, "Account", "账户", schema.Guarded),
		},
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		made := must[*door.Record](t)(s.Create(ctx, "contact", door.Values{"last_name": "Muster", "identity_number": "110101199003071234", "position": "CEO"}, ""))

		changed := must[*door.Record](t)(s.Update(ctx, "contact", made.ID, 1, door.Values{"last_name": "Neu", "position": nil}))
		if changed.Version != 2 || changed.JSON("last_name") != "Neu" || changed.JSON("position") != nil {
			t.Errorf("changed: %s", shown(changed))
		}
		for _, version := range []int64{1, 3, -1} {
			_, err := s.Update(ctx, "contact", made.ID, version, door.Values{"last_name": "Late"})
			refused(t, fmt.Sprintf("over version %d", version), err, fault.Stale, "stale")
		}
		n, before := size(t, w), stored(t, w, "contact", "change_set")
		same := must[*door.Record](t)(s.Update(ctx, "contact", made.ID, 2, door.Values{"last_name": "Neu"}))
		must[*door.Record](t)(s.Update(ctx, "contact", made.ID, 0, door.Values{}))
		if same.Version != 2 || size(t, w) != n || stored(t, w, "contact", "change_set") != before {
			t.Error("a change of nothing left a trace")
		}
		cell := "SELECT " + w.Door.Schema().Object("contact").Field("identity_number").Column("") + " FROM o22"
		sealed := rowsOf(t, w.Data, cell)
		must[*door.Record](t)(s.Update(ctx, "contact", made.ID, 0, door.Values{"identity_number": "220202199003071234"}))
		if fmt.Sprint(rowsOf(t, w.Data, cell)) == fmt.Sprint(sealed) {
			t.Error("the cell is what it was")
		}
		if v := must[any](t)(s.Reveal(ctx, "contact", made.ID, "identity_number", "a check of identity")); v != "220202199003071234" {
			t.Errorf("revealed %v", v)
		}
		_, err := s.Update(ctx, "contact", made.ID, 0, door.Values{"last_name": nil})
		refused(t, "without a required field", err, fault.Invalid, "last_name:required")
		_, err = s.Update(ctx, "contact", id.ID{4}, 0, door.Values{"last_name": "X"})
		refused(t, "of no record", err, fault.NotFound, "")
		if err := s.Delete(ctx, "contact", made.ID, 0); err != nil {
			t.Fatal(err)
		}
		_, err = s.Update(ctx, "contact", made.ID, 0, door.Values{"last_name": "X"})
		refused(t, "of a record in the bin", err, fault.NotFound, "")
		reader := w.As(w.Person(t, "Rolf", id.ID{}, "reader"))
		seen := must[*door.Record](t)(s.Create(ctx, "company", door.Values{"name": "Acme"}, ""))
		_, err = reader.Update(ctx, "company", seen.ID, 0, door.Values{"name": "X"})
		refused(t, "by who may only read", err, fault.NotFound, "")
	})
}

// Nobody's change is lost: of several that change the same version one wins, and who names no version
// changes whatever is there.
func TestUpdateRace(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		made := must[*door.Record](t)(s.Create(ctx, "company", door.Values{"name": "Acme"}, ""))
		race := func(version int64) (won int) {
			var wg sync.WaitGroup
			var mu sync.Mutex
			for i := range 8 {
				wg.Go(func() {
					_, err := s.Update(ctx, "company", made.ID, version, door.Values{"city": fmt.Sprintf("City %d of %d", i, version)})
					if err != nil && !fault.Is(err, fault.Stale) {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won++
					}
				})
			}
			wg.Wait()
			return won
		}
		if n := race(1); n != 1 {
			t.Errorf("%d changed version 1", n)
		}
		if n := race(0); n != 8 {
			t.Errorf("%d of 8 changed whatever was there", n)
		}
		if v := get(t, s, "company", made.ID).Version; v != 10 {
			t.Errorf("version %d, want 10", v)
		}
		h := must[[]door.Change](t)(s.History(ctx, "company", made.ID, 0))
		for i, c := range h {
			if c.Version != int64(len(h)-i) {
				t.Errorf("the history's change %d is of version %d", i, c.Version)
			}
		}
	})
}

// A record about one person that is set to be about another is sealed for the other: with the first
// one's keys destroyed nothing of it is lost, and with the other's all.
func TestSubjectChange(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))
		person := func(name string) id.ID {
			return must[*door.Record](t)(s.Create(ctx, "contact", door.Values{"last_name": name}, "")).ID
		}
		a, b := person("First"), person("Second")
		subject := func(object string, rid id.ID) string {
			return fmt.Sprint(rowsOf(t, w.Data, "SELECT subject FROM "+w.Door.Schema().Object(object).Table()+" WHERE id = ?", rid.Bytes()))
		}
		v := must[*door.Record](t)(s.Create(ctx, "visit", door.Values{"topic": "T", "who": a.String(), "said": "hello", "passport": "P1234567"}, ""))
		if subject("visit", v.ID) != subject("contact", a) {
			t.Fatal("not sealed for the first person")
		}
		first := w.Clock.Now()
		must[*door.Record](t)(s.Update(ctx, "visit", v.ID, 0, door.Values{"who": b.String()}))
		moved := lastSet(t, s, "visit", v.ID)
		if subject("visit", v.ID) != subject("contact", b) {
			t.Fatal("not sealed for the second person")
		}
		reads := func(when string, r *door.Record) {
			t.Helper()
			if r.JSON("said") != "hello" || r.JSON("passport") != "P****67" && r.JSON("passport") != "P****567" {
				t.Errorf("%s: %s", when, shown(r))
			}
		}
		reads("about the second", get(t, s, "visit", v.ID))
		past := must[*door.Record](t)(s.Get(ctx, "visit", v.ID, door.GetOptions{AsOf: first}))
		reads("as it was", past)
		if past.JSON("who") != a.String() {
			t.Error("as it was, it was about the first")
		}
		page := must[*door.Page](t)(s.List(ctx, door.Query{Object: "visit", AsOf: first}))
		reads("in a list of then", page.Records[0])

		must[*door.Record](t)(s.Update(ctx, "visit", v.ID, 0, door.Values{"account": "DE89370400440532013000"}))
		must[*door.Restored](t)(s.Restore(ctx, door.Restoration{ChangeSet: moved}))
		reads("after the undoing", get(t, s, "visit", v.ID))
		if subject("visit", v.ID) != subject("contact", a) {
			t.Error("undone, and still sealed for the second person")
		}
		if got := must[any](t)(s.Reveal(ctx, "visit", v.ID, "account", "paying back")); got != "DE89370400440532013000" {
			t.Errorf("what was added meanwhile: %v", got)
		}
		must[*door.Restored](t)(s.Restore(ctx, door.Restoration{Object: "visit", ID: v.ID, Version: 2}))
		reads("back in version 2", get(t, s, "visit", v.ID))
		if subject("visit", v.ID) != subject("contact", b) {
			t.Error("back in version 2, and not sealed for the second person")
		}
		if got := must[any](t)(s.Reveal(ctx, "visit", v.ID, "passport", "crossing the border")); got != "P1234567" {
			t.Errorf("revealed %v", got)
		}
		check := must[*door.Verification](t)(w.As(w.Owner).Verify(ctx, nil, nil))
		if !check.OK() {
			t.Errorf("verify: %v %v", check.FirstBad, check.Altered)
		}
	}, visit())
}
