package door_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// raising is an organisation of which fields are raised to higher classes while it is worked with.
type raising struct {
	w       *doortest.World
	records []id.ID
	anna    id.ID
}

const raisedRecords = 700

func (r *raising) owner() *door.Session { return r.w.As(r.w.Owner) }
func (r *raising) s() *door.Session     { return r.w.As(r.anna) }

func (r *raising) class(name string, to schema.Class) error {
	_, err := r.owner().Define(context.Background(), door.Definition{Object: "machine", Change: []door.FieldPatch{{Name: name, Class: &to}}})
	return err
}

// finish waits until everything is sealed.
func (r *raising) finish(t *testing.T) {
	t.Helper()
	for more := true; more; {
		more = must[bool](t)(r.w.Door.Raise(context.Background()))
	}
}

// interrupt raises a class and closes the door before what is stored was sealed.
func (r *raising) interrupt(t *testing.T, name string, to schema.Class) {
	t.Helper()
	if err := r.class(name, to); err != nil {
		t.Fatal(err)
	}
	if err := r.w.Door.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if left := rowsOf(t, r.w.Data, "SELECT rewritten FROM raising"); len(left) != 1 || left[0][0] == fmt.Sprint(raisedRecords) {
		t.Fatalf("%s was sealed before it could be interrupted: %v", name, left)
	}
	// A door that is closed answers, and seals nothing more.
	if v := must[*door.Verification](t)(r.owner().Verify(context.Background(), nil, nil)); !v.OK() {
		t.Errorf("verify in the middle: %v %v", v.FirstBad, v.Altered)
	}
	for _, i := range []int{0, raisedRecords - 1} {
		if got := get(t, r.s(), "machine", r.records[i]).JSON("code"); got != code(i) {
			t.Errorf("in the middle record %d has the code %v", i, got)
		}
	}
	r.w.Door = r.w.Open(t)
}

func TestRaise(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		r := &raising{w: w, anna: w.Person(t, "Anna", id.ID{}, "sales_manager")}
		must[*schema.Object](t)(r.owner().Define(ctx, door.Definition{New: object("machine",
			field("name", schema.Short, schema.Internal), field("code", schema.Short, schema.Public), field("price", schema.MoneyT, schema.Internal),
			field("note", schema.Longtext, schema.Personal), field("bulk", schema.Int, schema.Internal), field("ready", schema.Bool, schema.Internal))}))
		var ops []door.Operation
		for i := range raisedRecords {
			ops = append(ops, door.Operation{Op: "create", Object: "machine", Fields: door.Values{
				"name": fmt.Sprint("M", i), "code": code(i), "price": map[string]any{"amount": fmt.Sprint(i), "currency": "EUR"}, "note": fmt.Sprint("note ", i), "bulk": num("1"), "ready": true,
			}})
		}
		out := must[*door.BatchResult](t)(r.s().Batch(ctx, ops, door.BatchOptions{}))
		for _, res := range out.Results {
			r.records = append(r.records, res.ID)
		}
		t.Run("clear to personal", r.personal)
		t.Run("clear and personal to restricted", r.restricted)
		t.Run("the past", r.past)
		t.Run("refusals", r.refusals)
		if v := must[*door.Verification](t)(r.owner().Verify(ctx, nil, nil)); !v.OK() {
			t.Errorf("verify: %v %v", v.FirstBad, v.Altered)
		}
		r.raw(t)
	})
}

func code(i int) string { return fmt.Sprintf("CANARY-%04d", i) }

// working lets two people change records, and look at what they and others find, until it is stopped.
func (r *raising) working(t *testing.T, see func(s *door.Session, i int) error) (stop func()) {
	t.Helper()
	var over atomic.Bool
	done := make(chan error, 2)
	for k := range 2 {
		go func() {
			s := r.s()
			for n := 0; !over.Load(); n++ {
				i := (n*37 + k) % raisedRecords
				_, err := s.Update(context.Background(), "machine", r.records[i], 0, door.Values{"bulk": num(fmt.Sprint(n))})
				for _, j := range []int{i, (i * 13) % raisedRecords} {
					if err == nil {
						err = see(s, j)
					}
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	return func() {
		over.Store(true)
		for range 2 {
			if err := <-done; err != nil {
				t.Errorf("while values were being sealed: %v", err)
			}
		}
	}
}

func (r *raising) personal(t *testing.T) {
	ctx := context.Background()
	r.interrupt(t, "code", schema.Personal)
	stop := r.working(t, func(s *door.Session, i int) error {
		got, err := s.Get(ctx, "machine", r.records[i], door.GetOptions{})
		if err == nil && got.JSON("code") != code(i) {
			err = fmt.Errorf("record %d has the code %v", i, got.JSON("code"))
		}
		return err
	})
	r.finish(t)
	stop()
	r.finish(t)
	table := r.w.Door.Schema().Object("machine").Table()
	if left := rowsOf(t, r.w.Data, "SELECT count(*) FROM "+table+" WHERE f1001 IS NOT NULL OR f1001k IS NOT NULL"); left[0][0] != "0" {
		t.Errorf("%s values are left in the clear", left[0][0])
	}
	for _, q := range []door.Query{{Filter: "code == 'canary-0042'"}, {Filter: "code.contains('0042')"}, {Search: "0042"}} {
		q.Object = "machine"
		if page := must[*door.Page](t)(r.s().List(ctx, q)); len(page.Records) != 1 || page.Records[0].ID != r.records[42] {
			t.Errorf("found by %q%q: %d records", q.Filter, q.Search, len(page.Records))
		}
	}
	page := must[*door.Page](t)(r.s().List(ctx, door.Query{Object: "machine", Sort: []string{"-code"}, Limit: 1}))
	if page.Records[0].JSON("code") != code(raisedRecords-1) {
		t.Errorf("sorted: %v", page.Records[0].JSON("code"))
	}
	list := must[[]door.JournalEntry](t)(r.owner().Journal(ctx, door.JournalQuery{Verb: "sealed"}))
	if len(list) == 0 || list[0].Object != "machine" || list[0].Count == 0 {
		t.Errorf("the journal does not say that it is done: %+v", list)
	}
	h := must[[]door.Change](t)(r.s().History(ctx, "machine", r.records[5], 0))
	first := h[len(h)-1]
	if !strings.Contains(fmt.Sprint(first.Fields), code(5)) {
		t.Errorf("the history lost a value: %v", first.Fields)
	}
}

func (r *raising) restricted(t *testing.T) {
	ctx := context.Background()
	stop := r.working(t, func(s *door.Session, i int) error {
		v, err := r.reveal("price", i)
		if b, _ := json.Marshal(v); err == nil && string(b) != fmt.Sprintf(`{"amount":"%d.00","currency":"EUR"}`, i) {
			err = fmt.Errorf("record %d has the price %s", i, b)
		}
		if err == nil {
			v, err = r.reveal("note", i)
		}
		if err == nil && v != fmt.Sprint("note ", i) {
			err = fmt.Errorf("record %d has the note %v", i, v)
		}
		return err
	})
	for _, name := range []string{"price", "note", "code"} {
		if err := r.class(name, schema.Restricted); err != nil {
			t.Fatal(err)
		}
	}
	r.finish(t)
	stop()
	r.finish(t)
	o := r.w.Door.Schema().Object("machine")
	if left := rowsOf(t, r.w.Data, "SELECT count(*) FROM "+o.Table()+" WHERE f1001 IS NOT NULL OR f1002 IS NOT NULL OR f1002c IS NOT NULL OR sealed IS NOT NULL"); left[0][0] != "0" {
		t.Errorf("%s rows hold values where they were", left[0][0])
	}
	got := get(t, r.s(), "machine", r.records[600])
	for _, name := range []string{"price", "note", "code"} {
		if s := fmt.Sprint(got.JSON(name)); !strings.Contains(s, "****") {
			t.Errorf("%s is shown as %s, not masked", name, s)
		}
	}
	if v := must[any](t)(r.reveal("code", 600)); v != code(600) {
		t.Errorf("code is revealed as %v", v)
	}
	_, err := r.s().List(ctx, door.Query{Object: "machine", Filter: "code == 'canary-0042'"})
	refused(t, "a filter by what is restricted now", err, fault.Invalid, "sealed_field")
}

func (r *raising) reveal(name string, i int) (any, error) {
	return r.s().Reveal(context.Background(), "machine", r.records[i], name, "a test")
}

// past: what the journal holds from before is read, and brought back, as the class of now wants it.
func (r *raising) past(t *testing.T) {
	ctx := context.Background()
	must[*door.Record](t)(r.s().Update(ctx, "machine", r.records[7], 0, door.Values{"code": "OTHER-0007", "bulk": num("7777")}))
	both := r.w.As(r.w.Person(t, "Una", id.ID{}, "owner", "sales_manager"))
	must[*door.Restored](t)(both.Restore(ctx, door.Restoration{Object: "machine", ID: r.records[7], Version: 1}))
	if v := must[any](t)(r.reveal("code", 7)); v != code(7) {
		t.Errorf("back to the first version: %v", v)
	}
	for _, c := range must[[]door.Change](t)(r.s().History(ctx, "machine", r.records[7], 0)) {
		if strings.Contains(fmt.Sprint(c.Fields), "CANARY") {
			t.Errorf("the history shows what is masked: %v", c.Fields)
		}
	}
}

func (r *raising) refusals(t *testing.T) {
	ctx := context.Background()
	refused(t, "lowering", r.class("code", schema.Internal), fault.Forbidden, "needs_approval")
	refused(t, "a secret", r.class("bulk", schema.Secret), fault.Invalid, "bulk:bad_class")
	refused(t, "an unknown class", r.class("bulk", "hidden"), fault.Invalid, "bulk:bad_class")
	twice := schema.Field{Name: "twice", Type: schema.Formula, Result: schema.Int, Formula: "bulk * 2", Class: schema.Internal, Label: label("Twice")}
	must[*schema.Object](t)(r.owner().Define(ctx, door.Definition{Object: "machine", Add: []schema.Field{twice}}))
	refused(t, "what a formula shows", r.class("bulk", schema.Personal), fault.Invalid, "twice:bad_formula")
	must[*schema.Object](t)(r.owner().Define(ctx, door.Definition{Object: "machine", Add: []schema.Field{field("scan", schema.File, schema.Internal)}}))
	refused(t, "files", r.class("scan", schema.Restricted), fault.Invalid, "scan:bad_class")
	to := schema.Personal
	_, err := r.owner().Define(ctx, door.Definition{Object: "company", Change: []door.FieldPatch{{Name: "city", Class: &to}}})
	refused(t, "what comes with the program", err, fault.Forbidden, "builtin_field")
}

// raw: the database's files hold none of the values.
func (r *raising) raw(t *testing.T) {
	t.Helper()
	if r.w.Data.Engine() != sqldb.SQLite {
		return
	}
	for _, name := range []string{"data.db", "data.db-wal"} {
		b, err := os.ReadFile(filepath.Join(r.w.Dir, name))
		if err == nil && bytes.Contains(b, []byte("CANARY")) {
			t.Errorf("%s holds a value in the clear", name)
		}
	}
}
