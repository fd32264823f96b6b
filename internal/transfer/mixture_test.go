package transfer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// ticket is a small custom object.
func ticket() schema.Object {
	f := func(n uint32, name string, t schema.Type, en, zh string) schema.Field {
		return schema.Field{ID: n, Name: name, Type: t, Class: schema.Internal, Label: schema.Text{En: en, Zh: zh}}
	}
	subject := f(100, "subject", schema.Short, "Subject", "主题")
	subject.Required = true
	status := f(101, "status", schema.Picklist, "Status", "状态")
	status.Options = []schema.Option{{Key: "open", Label: schema.Text{En: "Open", Zh: "待处理"}}, {Key: "closed", Label: schema.Text{En: "Closed", Zh: "已关闭"}}}
	return schema.Object{
		ID: 1000, Name: "ticket", Custom: true, Label: schema.Text{En: "Ticket", Zh: "工单"}, Plural: schema.Text{En: "Tickets", Zh: "工单"}, Title: []string{"subject"},
		Fields: []schema.Field{
			subject, status, f(102, "created_date", schema.Datetime, "Created date", "创建日期"), f(103, "due", schema.DateT, "Due", "期限"),
			f(104, "effort", schema.DecimalT, "Hours", "小时"), f(105, "urgent", schema.Bool, "Urgent", "紧急"), f(106, "ref", schema.Short, "Reference", "编号"),
		},
	}
}

// What is imported of broken files is what the result says: all of it in one change set, or nothing.
func TestMixtureOfBrokenFiles(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite, ticket())
	ctx := context.Background()
	s := w.As(w.Owner)
	total := int64(0)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test that repeats itself
		file := brokenFile(r)
		table, err := Read(Bytes([]byte(file)), ReadOptions{})
		var got *Result
		if err == nil {
			got, err = Import(ctx, w.Door, authn.Operator(w.Owner), table, Plan{Object: "ticket", Strict: r.IntN(4) == 0, Duplicates: "skip"})
		}
		if err != nil && fault.Is(err, fault.Internal) {
			t.Errorf("seed %d: %v\n%q", seed, err, file)
		}
		made := int64(0)
		if err == nil {
			made = int64(got.Created)
			if got.Created+got.Failed+got.Skipped != got.Rows {
				t.Errorf("seed %d: %d rows: %d created, %d failed, %d skipped", seed, got.Rows, got.Created, got.Failed, got.Skipped)
			}
		}
		page, err := s.List(ctx, door.Query{Object: "ticket", Count: true, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if page.Count != total+made {
			t.Fatalf("seed %d: %d tickets, want %d and %d more\n%q", seed, page.Count, total, made, file)
		}
		total += made
		if got != nil && !got.ChangeSet.IsZero() && r.IntN(2) == 0 {
			if undone, err := s.Restore(ctx, door.Restoration{ChangeSet: got.ChangeSet}); err != nil || int64(undone.Changed) != made {
				t.Fatalf("seed %d: undone %+v of %d (%v)", seed, undone, made, err)
			}
			total -= made
		}
	}
	if total == 0 {
		t.Error("no file of them was imported")
	}
}

// brokenFile writes a table and breaks it here and there.
func brokenFile(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var b strings.Builder
	comma, end := pick(",", ",", ";", "\t"), pick("\n", "\r\n", "\r")
	b.WriteString(strings.Join([]string{"Subject", "Status", "Due", "Hours", "Urgent", "Ref"}, comma) + end)
	for i := range 1 + r.IntN(12) {
		cells := []string{
			pick("Printer ", "\"Quo\"\"ted\" ", "") + fmt.Sprint(i), pick("Open", "已关闭", "lost", "", "CLOSED"), pick("2026-03-04", "4/3/2026", "13/4/2026", "31.2.2026", "tomorrow", ""),
			pick("1.5", "1,5", "x", "1e3", ""), pick("yes", "否", "maybe", ""), pick("A1", "=1+1", "\"", "\x00", "字", ""),
		}
		b.WriteString(strings.Join(cells[:len(cells)-r.IntN(2)], pick(comma, comma, comma, "|")) + pick("", "", comma+"more") + pick(end, end, end, "\n"))
	}
	text := []byte(b.String())
	for range r.IntN(3) {
		at := r.IntN(len(text))
		switch r.IntN(3) {
		case 0:
			text[at] = byte(r.IntN(256))
		case 1:
			text = text[:at]
			if len(text) == 0 {
				return ""
			}
		case 2:
			text = append(text[:at:at], append([]byte(pick("\"", "\n", "\xff", comma)), text[at:]...)...)
		}
	}
	return string(text)
}
