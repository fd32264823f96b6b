package door_test

import (
	"context"
	"io"
	"reflect"
	"strconv"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// target is what the verbs of TestEveryVerb are tried on, made anew for each try.
type target struct {
	company id.ID
	binned  id.ID // a company in the bin
	set     id.ID // the change set that made company
	entry   id.ID // the journal's entry about that
	n       int   // tells the tries apart
}

// verb is how a method of Session is authorised and journaled.
type verb struct {
	call   func(s *door.Session, x target) error
	free   string     // why everybody may; "" where it takes a right
	denied string     // the entry of a denial
	kind   fault.Kind // of the refusal; NotFound where none is told
	empty  bool       // the refusal is an empty answer
	done   string     // the entries of a success
	silent string     // why it leaves no entry
	actor  authn.Actor
}

// verbs lists every exported method of Session. A new one is missing here until somebody says how it
// is authorised and journaled.
func verbs() map[string]verb {
	ctx, looks := context.Background(), 0
	return map[string]verb{
		"From":    {free: "says where a request came from and touches nothing", silent: "touches nothing"},
		"Objects": {free: "shows each what it may see of the structure", silent: "shows no record", call: func(s *door.Session, _ target) error { _, err := s.Objects(ctx); return err }},
		"Me":      {free: "shows a person to itself", silent: "shows nobody else", call: func(s *door.Session, _ target) error { _, err := s.Me(ctx); return err }},
		"Prefer": {free: "changes how Wardbook shows itself to the person alone", done: "update user allow", call: func(s *door.Session, _ target) error {
			looks++
			look := []string{"light", "dark"}[looks%2] // what changes nothing leaves no entry
			p, err := s.Prefer(ctx, door.Preferences{Theme: &look})
			return withNothing(p != nil, err)
		}},
		"Checkpoint": {
			free: "tells nothing but that the log exists", silent: "shows no record",
			call: func(s *door.Session, _ target) error { _, err := s.Checkpoint(ctx); return err },
		},
		"Get": {denied: "read company deny", done: "get company allow", call: func(s *door.Session, x target) error {
			_, err := s.Get(ctx, "company", x.company, door.GetOptions{})
			return err
		}},
		"List": {denied: "read company deny", done: "list company allow", call: func(s *door.Session, _ target) error {
			p, err := s.List(ctx, door.Query{Object: "company"})
			return withNothing(p != nil, err)
		}},
		"Search": {free: "finds what each may read", done: "search allow", call: func(s *door.Session, _ target) error {
			found, err := s.Search(ctx, door.SearchQuery{Text: "Acme"})
			return withNothing(found != nil, err)
		}},
		"Follow": {free: "tells each of what it may see", done: "follow allow", call: func(s *door.Session, _ target) error {
			stream, err := s.Follow(ctx, 0)
			return withNothing(stream != nil, err)
		}},
		"Why": {denied: "read company deny", done: "why company allow", call: func(s *door.Session, x target) error {
			w, err := s.Why(ctx, "company", x.company)
			return withNothing(w != nil, err)
		}},
		"Aggregate": {denied: "read company deny", done: "aggregate company allow", call: func(s *door.Session, _ target) error {
			p, err := s.Aggregate(ctx, door.AggregateQuery{Object: "company"})
			return withNothing(p != nil, err)
		}},
		"History": {denied: "read company deny", done: "history company allow", call: func(s *door.Session, x target) error {
			p, err := s.History(ctx, "company", x.company, 0)
			return withNothing(p != nil, err)
		}},
		"Reveal": {denied: "reveal company deny", done: "reveal company allow", call: func(s *door.Session, x target) error {
			v, err := s.Reveal(ctx, "company", x.company, "tax_account", "paying an invoice")
			return withNothing(v != nil, err)
		}},
		"File": {denied: "read company deny", done: "download company allow", call: func(s *door.Session, x target) error {
			f, err := s.File(ctx, "company", x.company, "logo")
			return withNothing(f != nil, err)
		}},
		"Create": {denied: "create company deny", done: "create company allow", call: func(s *door.Session, _ target) error {
			_, err := s.Create(ctx, "company", door.Values{"name": "Made"}, "")
			return err
		}},
		"Update": {denied: "update company deny", done: "update company allow", call: func(s *door.Session, x target) error {
			_, err := s.Update(ctx, "company", x.company, 0, door.Values{"name": "Changed"})
			return err
		}},
		"Delete": {denied: "delete company deny", done: "delete company allow", call: func(s *door.Session, x target) error {
			return s.Delete(ctx, "company", x.company, 0)
		}},
		"Restore": {denied: "delete company deny", done: "restore company allow", call: func(s *door.Session, x target) error {
			_, err := s.Restore(ctx, door.Restoration{Object: "company", ID: x.binned})
			return err
		}},
		"Batch": {denied: "update company deny", done: "update company allow", call: func(s *door.Session, x target) error {
			_, err := s.Batch(ctx, []door.Operation{{Op: "update", Object: "company", ID: x.company, Fields: door.Values{"name": "Changed"}}}, door.BatchOptions{})
			return err
		}},
		"Stream": {denied: "update company deny", done: "update company allow", call: func(s *door.Session, x target) error {
			return streamOne(s, door.Operation{Op: "update", Object: "company", ID: x.company, Fields: door.Values{"name": "Changed"}})
		}},
		"Define": {kind: fault.Forbidden, denied: "define deny", done: "define company allow", call: func(s *door.Session, x target) error {
			f := schema.Field{Name: "f" + strconv.Itoa(x.n), Type: schema.Short, Class: schema.Internal, Label: schema.Text{En: "F", Zh: "字段"}}
			_, err := s.Define(ctx, door.Definition{Object: "company", Add: []schema.Field{f}})
			return err
		}},
		"Definitions": {kind: fault.Forbidden, denied: "define deny", silent: "shows the structure, and no record", call: func(s *door.Session, _ target) error {
			list, err := s.Definitions(ctx)
			return withNothing(list != nil, err)
		}},
		"Journal": {empty: true, denied: "journal deny", done: "journal allow", call: func(s *door.Session, _ target) error {
			list, err := s.Journal(ctx, door.JournalQuery{Actor: id.ID{1}})
			return withNothing(list != nil, err)
		}},
		"Prove": {denied: "prove deny", done: "prove allow", call: func(s *door.Session, x target) error {
			p, err := s.Prove(ctx, x.entry)
			return withNothing(p != nil, err)
		}},
		"ExportJournal": {kind: fault.Forbidden, denied: "export journal deny", done: "export journal allow", call: func(s *door.Session, _ target) error {
			_, err := s.ExportJournal(ctx, "for the auditor", func(string) (io.WriteCloser, error) { return discard{}, nil })
			return err
		}},
		"Verify": {kind: fault.Forbidden, denied: "verify deny", done: "verify allow", call: func(s *door.Session, _ target) error {
			v, err := s.Verify(ctx, nil, nil)
			return withNothing(v != nil, err)
		}},
		"Snapshot": {denied: "snapshot deny", done: "snapshot * allow", actor: authn.Keeper(), call: func(s *door.Session, _ target) error {
			return s.Snapshot(ctx, func(door.Item) error { return nil })
		}},
	}
}

// streamOne streams one operation.
func streamOne(s *door.Session, op door.Operation) error {
	_, err := s.Stream(context.Background(), func(yield func(door.Operation, error) bool) { yield(op, nil) }, door.BatchOptions{})
	return err
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) Close() error                { return nil }

// withNothing turns a refusal that comes with an answer into no refusal at all.
func withNothing(answered bool, err error) error {
	if answered && err != nil {
		return fault.New(fault.Internal, "answered", "refused and answered: %v", err)
	}
	return err
}

func TestEveryVerb(t *testing.T) {
	t.Parallel()
	table := verbs()
	for method := range reflect.TypeFor[*door.Session]().Methods() {
		if _, ok := table[method.Name]; !ok {
			t.Errorf("Session.%s is in no row of verbs: say how it is authorised and journaled", method.Name)
		}
		delete(table, method.Name)
	}
	for name := range table {
		t.Errorf("verbs lists %s, which Session does not have", name)
	}
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		e := &everyVerb{w: w, all: w.Person(t, "Anna", id.ID{}, "owner", "sales_manager"), none: w.Person(t, "Nils", id.ID{})}
		table := verbs()
		delete(table, "From")
		x := e.target(t)
		for name, v := range table {
			e.nobody(t, name, v, x)
			e.withoutRight(t, name, v, x)
		}
		for name, v := range table {
			e.allowed(t, name, v)
		}
		e.withoutJournal(t, table, e.target(t))
	})
}

type everyVerb struct {
	w         *doortest.World
	all, none id.ID
	n         int
}

func (e *everyVerb) target(t *testing.T) target {
	t.Helper()
	ctx, s := context.Background(), e.w.As(e.all)
	company := must[*door.Record](t)(s.Create(ctx, "company", door.Values{"name": "Acme", "tax_account": "DE89 3704", "logo": door.Upload{Name: "logo.png", Content: picture(20)}}, "")).ID
	binned := must[*door.Record](t)(s.Create(ctx, "company", door.Values{"name": "Binned"}, "")).ID
	if err := s.Delete(ctx, "company", binned, 0); err != nil {
		t.Fatal(err)
	}
	e.n++
	x := target{company: company, binned: binned, n: e.n, set: lastSet(t, s, "company", company)}
	list := must[[]door.JournalEntry](t)(s.Journal(ctx, door.JournalQuery{Record: company, Verb: "create"}))
	x.entry = list[0].ID
	return x
}

func (e *everyVerb) session(v verb) *door.Session {
	if !v.actor.IsZero() {
		return e.w.Door.As(v.actor, door.ViaJob)
	}
	return e.w.As(e.all)
}

func (e *everyVerb) nobody(t *testing.T, name string, v verb, x target) {
	before := stored(t, e.w, "company", "change_set")
	refused(t, name+" by nobody", v.call(e.w.Door.As(authn.Actor{}, door.ViaAPI), x), fault.Unauthenticated, "nobody")
	if stored(t, e.w, "company", "change_set") != before {
		t.Errorf("%s by nobody changed something", name)
	}
}

func (e *everyVerb) withoutRight(t *testing.T, name string, v verb, x target) {
	if v.free != "" {
		return
	}
	before, n := stored(t, e.w, "company", "change_set"), size(t, e.w)
	kind := v.kind
	if kind == "" {
		kind = fault.NotFound
	}
	err := v.call(e.w.As(e.none), x)
	if !v.empty {
		refused(t, name+" without the right", err, kind, "")
	} else if err != nil {
		t.Errorf("%s without the right: %v, want nothing", name, err)
	}
	if stored(t, e.w, "company", "change_set") != before {
		t.Errorf("%s without the right changed something", name)
	}
	list := entriesSince(t, e.w, n)
	if got := summary(list); got != v.denied {
		t.Errorf("%s without the right: the journal has %q, want %q", name, got, v.denied)
	}
	for i := range list {
		if list[i].Actor != e.none {
			t.Errorf("%s: the denial names somebody else", name)
		}
	}
}

func (e *everyVerb) allowed(t *testing.T, name string, v verb) {
	x := e.target(t)
	n := size(t, e.w)
	if err := v.call(e.session(v), x); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if got := summary(entriesSince(t, e.w, n)); got != v.done || (v.done == "") != (v.silent != "") {
		t.Errorf("%s: the journal has %q, want %q", name, got, v.done)
	}
}

// withoutJournal takes the journal's tables away and fills the queue of reads: nothing may be answered
// or changed then.
func (e *everyVerb) withoutJournal(t *testing.T, table map[string]verb, x target) {
	n := size(t, e.w)
	behind(t, e.w.Data, "ALTER TABLE journal_pending RENAME TO hidden_pending")
	behind(t, e.w.Data, "ALTER TABLE journal RENAME TO hidden_journal")
	ctx, poor := context.Background(), e.w.As(e.none)
	taken := 0
	for i := range 60_000 {
		if _, err := poor.List(ctx, door.Query{Object: "company"}); !fault.Is(err, fault.Unavailable) {
			taken++
		}
		if i%10_000 == 0 {
			if err := e.w.Door.Settle(ctx); err == nil {
				t.Error("the journal is gone and was settled")
			}
		}
	}
	if taken == 0 || taken > 20_000 {
		t.Errorf("%d reads were taken though the journal is gone", taken)
	}
	before := stored(t, e.w, "company", "change_set")
	for name, v := range table {
		if v.silent != "" {
			continue
		}
		if err := v.call(e.session(v), x); err == nil || fault.Reason(err) == "answered" {
			t.Errorf("%s without a journal: %v", name, err)
		}
		if stored(t, e.w, "company", "change_set") != before {
			t.Fatalf("%s without a journal changed something", name)
		}
	}
	if e.w.Data.Engine() == sqldb.Postgres {
		return // one engine is enough to see it write down twenty thousand reads
	}
	behind(t, e.w.Data, "ALTER TABLE hidden_journal RENAME TO journal")
	behind(t, e.w.Data, "ALTER TABLE hidden_pending RENAME TO journal_pending")
	if got := size(t, e.w); got != n+taken {
		t.Errorf("%d of %d reads are in the journal that came back", got-n, taken)
	}
}
