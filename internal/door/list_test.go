package door_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

func TestList(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		l := &listing{w: w, s: w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))}
		l.fill(t)
		t.Run("pages", l.pages)
		t.Run("meanwhile", l.meanwhile)
		t.Run("cursors", l.cursors)
		t.Run("refusals", l.refusals)
		t.Run("expansion", l.expansion)
	}, sample())
}

type listing struct {
	w    *doortest.World
	s    *door.Session
	rows []*door.Record
}

// fill makes samples with many equal and absent values.
func (l *listing) fill(t *testing.T) {
	ops := make([]door.Operation, 40)
	for i := range ops {
		v := door.Values{"name": choose2(i, "Ä", "b", "A", "中", "a", "z")}
		if i%4 != 0 {
			v["whole"] = num(strconv.Itoa(i % 3))
		}
		if i%5 != 0 {
			v["yes"] = i%2 == 0
		}
		if i%3 != 0 {
			v["day"] = "2026-01-0" + strconv.Itoa(1+i%4)
			v["price"] = map[string]any{"amount": strconv.Itoa(i%3 - 1), "currency": "EUR"}
		}
		if i%7 != 0 {
			v["code"] = "c" + strconv.Itoa(i)
		}
		ops[i] = door.Operation{Op: "create", Object: "sample", Fields: v}
	}
	must[*door.BatchResult](t)(l.s.Batch(context.Background(), ops, door.BatchOptions{}))
	l.rows = must[*door.Page](t)(l.s.List(context.Background(), door.Query{Object: "sample", Limit: 500})).Records
}

func choose2(i int, list ...string) string { return list[i%len(list)] }

// all reads a list to its end.
func (l *listing) all(t *testing.T, q door.Query, between func()) []*door.Record {
	t.Helper()
	var list []*door.Record
	for range 1000 {
		page := must[*door.Page](t)(l.s.List(context.Background(), q))
		list = append(list, page.Records...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return list
		}
		if len(page.Records) != q.Limit {
			t.Errorf("a page of %d, want %d", len(page.Records), q.Limit)
		}
		if between != nil {
			between()
		}
	}
	t.Fatal("a list without end")
	return nil
}

// rank is a value as it is sorted: an absent one first.
func rank(r *door.Record, field string) string {
	switch v := r.Value(field).(type) {
	case nil:
		return ""
	case int64:
		return fmt.Sprintf("%020d", v+1<<40)
	case schema.Money:
		return fmt.Sprintf("%020d", int64(v.Amount)+1<<40)
	case schema.Date:
		return fmt.Sprintf("%020d", v)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return "~" + strings.ToLower(v)
	default:
		return "?"
	}
}

// pages reads every order in pages of several sizes: nothing twice, nothing left out, in order.
func (l *listing) pages(t *testing.T) {
	for _, order := range [][]string{
		nil,
		{"id"},
		{"-id"},
		{"whole"},
		{"-whole"},
		{"yes"},
		{"-yes"},
		{"day", "-whole"},
		{"-day", "whole"},
		{"price"},
		{"-price", "-yes"},
		{"code"},
		{"-code"},
		{"-whole", "yes", "-day", "code"},
		{"whole", "id"},
		{"whole", "-id"},
		{"name"},
		{"-name", "whole"},
		{"created_at"},
		{"-updated_at"},
		{"number"},
		{"pick", "-created_at"},
	} {
		for _, limit := range []int{1, 7, 40} {
			if limit == 1 && len(order) > 1 {
				continue
			}
			list := l.all(t, door.Query{Object: "sample", Sort: order, Limit: limit}, nil)
			seen := map[id.ID]bool{}
			for _, r := range list {
				seen[r.ID] = true
			}
			if len(list) != 40 || len(seen) != 40 {
				t.Errorf("%v by %d: %d records, %d of them different", order, limit, len(list), len(seen))
			}
			for i := 1; i < len(list); i++ {
				if c := before(order, list[i-1], list[i]); c > 0 {
					t.Errorf("%v by %d: %d and %d are not in order", order, limit, i-1, i)
					break
				}
			}
		}
	}
}

// before compares two records in an order; 0 where it cannot be told here.
func before(order []string, a, b *door.Record) int {
	for _, name := range order {
		field, desc := strings.CutPrefix(name, "-")
		c := 0
		switch field {
		case "id":
			c = slices.Compare(a.ID[:], b.ID[:])
		case "name", "pick": // the folding of letters is the expression language's
			return 0
		default:
			c = cmp.Compare(rank(a, field), rank(b, field))
		}
		if desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// meanwhile inserts and deletes between the pages: what was there all the time comes exactly once.
func (l *listing) meanwhile(t *testing.T) {
	for _, order := range [][]string{nil, {"whole"}, {"-day", "whole"}, {"id"}} {
		i := 0
		list := l.all(t, door.Query{Object: "sample", Sort: order, Limit: 6}, func() {
			i++
			v := door.Values{"name": "between", "day": "2026-01-03"}
			if i%2 == 0 {
				v["whole"] = num(strconv.Itoa(i % 3))
			}
			made := must[*door.Record](t)(l.s.Create(context.Background(), "sample", v, ""))
			if i%3 == 0 {
				if err := l.s.Delete(context.Background(), "sample", made.ID, 0); err != nil {
					t.Error(err)
				}
			}
		})
		count := map[id.ID]int{}
		for _, r := range list {
			count[r.ID]++
		}
		for _, r := range l.rows {
			if count[r.ID] != 1 {
				t.Errorf("%v: a record that was there all the time came %d times", order, count[r.ID])
			}
		}
	}
}

func (l *listing) cursors(t *testing.T) {
	ctx := context.Background()
	q := door.Query{Object: "sample", Limit: 5, Sort: []string{"whole"}}
	page := must[*door.Page](t)(l.s.List(ctx, q))
	q.Cursor = page.Next
	other := l.w.As(l.w.Person(t, "Otto", id.ID{}, "sales_manager"))
	for name, try := range map[string]func() error{
		"another order":  func() error { x := q; x.Sort = []string{"-whole"}; _, err := l.s.List(ctx, x); return err },
		"another filter": func() error { x := q; x.Filter = "whole > 1"; _, err := l.s.List(ctx, x); return err },
		"another object": func() error { x := q; x.Object, x.Sort = "company", nil; _, err := l.s.List(ctx, x); return err },
		"the bin":        func() error { x := q; x.Deleted = true; _, err := l.s.List(ctx, x); return err },
		"another person": func() error { _, err := other.List(ctx, q); return err },
		"cut short":      func() error { x := q; x.Cursor = x.Cursor[:len(x.Cursor)-4]; _, err := l.s.List(ctx, x); return err },
		"altered": func() error {
			x := q
			half := len(x.Cursor) / 2
			x.Cursor = x.Cursor[:half] + map[bool]string{true: "B", false: "A"}[x.Cursor[half] == 'A'] + x.Cursor[half+1:]
			_, err := l.s.List(ctx, x)
			return err
		},
		"nonsense": func() error { x := q; x.Cursor = "%%%"; _, err := l.s.List(ctx, x); return err },
		"long":     func() error { x := q; x.Cursor = strings.Repeat("A", 100_000); _, err := l.s.List(ctx, x); return err },
	} {
		refused(t, "a cursor for "+name, try(), fault.Invalid, "cursor:bad_cursor")
	}
	if strings.Contains(page.Next, "whole") {
		t.Error("a cursor can be read")
	}
}

func (l *listing) refusals(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name, reason string
		q            door.Query
	}{
		{"limit below", "limit:out_of_range", door.Query{Limit: -1}},
		{"limit above", "limit:out_of_range", door.Query{Limit: door.MaxLimit + 1}},
		{"five orders", "sort:too_many", door.Query{Sort: []string{"whole", "yes", "day", "code", "price"}}},
		{"order by nothing", "sort:unknown_field", door.Query{Sort: []string{"nothing"}}},
		{"hostile order", "sort:unknown_field", door.Query{Sort: []string{"whole; DROP TABLE o900"}}},
		{"order by a list", "sort:not_sortable", door.Query{Sort: []string{"picks"}}},
		{"order by a formula", "sort:not_sortable", door.Query{Sort: []string{"twice"}}},
		{"order by a secret", "", door.Query{Sort: []string{"key"}}},
		{"unknown field", "unknown_field", door.Query{Fields: []string{"nothing"}}},
		{"a secret", "unknown_field", door.Query{Fields: []string{"key"}}},
		{"a path into nothing", "unknown_field", door.Query{Fields: []string{"link.nothing"}}},
		{"a path through text", "unknown_field", door.Query{Fields: []string{"name.city"}}},
		{"a path of two steps", "unknown_field", door.Query{Fields: []string{"link.parent.name"}}},
		{"broken filter", "", door.Query{Filter: "whole >"}},
		{"filter of another type", "", door.Query{Filter: "whole == 'x'"}},
		{"filter by nothing", "", door.Query{Filter: "nothing == 1"}},
		{"filter that is no condition", "", door.Query{Filter: "whole"}},
		{"filter through a sealed link", "sealed_field", door.Query{Filter: "patient.position == 'CEO'"}},
		{"filter by a secret", "", door.Query{Filter: "key == 'x'"}},
	} {
		c.q.Object = "sample"
		_, err := l.s.List(ctx, c.q)
		refused(t, c.name, err, fault.Invalid, c.reason)
	}
	many := make([]string, 201)
	for i := range many {
		many[i] = "name"
	}
	_, err := l.s.List(ctx, door.Query{Object: "sample", Fields: many})
	refused(t, "too many fields", err, fault.TooLarge, "too_many_fields")
}

// expansion reads fields of linked records, a computed one too, and takes as many statements for many
// records as for one.
func (l *listing) expansion(t *testing.T) {
	ctx := context.Background()
	var ops []door.Operation
	for i := range 6 {
		ops = append(ops, door.Operation{Op: "create", Object: "company", Fields: door.Values{"name": "Company " + strconv.Itoa(i), "employees": num(strconv.Itoa(i))}})
	}
	for i := range 30 {
		ops = append(ops, door.Operation{Op: "create", Object: "sample", Fields: door.Values{"name": "linked", "code": "L" + strconv.Itoa(i), "link": door.Made{Operation: i % 6}}})
	}
	must[*door.BatchResult](t)(l.s.Batch(ctx, ops, door.BatchOptions{}))
	page := must[*door.Page](t)(l.s.List(ctx, door.Query{Object: "sample", Filter: "name == 'linked'", Fields: []string{"code", "link.name", "link.employees", "owner.name"}, Limit: 100}))
	if len(page.Records) != 30 {
		t.Fatalf("%d records", len(page.Records))
	}
	for _, r := range page.Records {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.JSON("code").(string), "L"))
		if r.JSON("link.name") != "Company "+strconv.Itoa(n%6) || fmt.Sprint(r.JSON("link.employees")) != strconv.Itoa(n%6) || r.JSON("owner.name") != "Anna" {
			t.Errorf("expanded: %s", shown(r))
		}
	}
	sch := schema.Field{Name: "doubled", Type: schema.Formula, Result: schema.Int, Formula: "employees * 2", Class: schema.Internal, Label: schema.Text{En: "Doubled", Zh: "双倍"}}
	must[*schema.Object](t)(l.w.As(l.w.Owner).Define(ctx, door.Definition{Object: "company", Add: []schema.Field{sch}}))
	page = must[*door.Page](t)(l.s.List(ctx, door.Query{Object: "sample", Filter: "name == 'linked' && code == 'L4'", Fields: []string{"link.doubled"}}))
	if got := fmt.Sprint(page.Records[0].JSON("link.doubled")); got != "8" {
		t.Errorf("a computed field of a linked record: %s, want 8", got)
	}
}

// Counting ends at a cap, which is told.
func TestListCount(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes ten thousand records")
	}
	w := doortest.New(t, 0)
	ctx := context.Background()
	anna := w.Person(t, "Anna", id.ID{}, "sales_manager")
	s := w.As(anna)
	for n := range 11 {
		ops := make([]door.Operation, 1000)
		for i := range ops {
			ops[i] = door.Operation{Op: "create", Object: "team", Fields: door.Values{"name": fmt.Sprint(n, "-", i), "region": choose2(i, "N", "S")}}
		}
		must[*door.BatchResult](t)(w.As(w.Owner).Batch(ctx, ops, door.BatchOptions{}))
	}
	for filter, want := range map[string]struct {
		n      int64
		capped bool
	}{"": {door.CountCap, true}, "region == 'n'": {5500, false}} {
		p := must[*door.Page](t)(s.List(ctx, door.Query{Object: "team", Filter: filter, Count: true, Limit: 1}))
		if p.Count != want.n || p.Capped != want.capped {
			t.Errorf("count of %q: %d, capped %t", filter, p.Count, p.Capped)
		}
	}
}
