package door_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/transfer"
)

// Every row and field of an export is what a person may read and export, one record at a time.
func TestLeakOracleOfExports(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		o := newOracle(t, w, 23)
		want := 4_000
		if testing.Short() {
			want = 500
		}
		for i := 0; o.decisions < want && !t.Failed(); i++ {
			[]func(*oraclePerson){o.exported, o.exportedTable}[i%2](choose(o.r, o.people))
		}
		t.Logf("%d decisions", o.decisions)
	})
}

// export writes a file and checks that it is refused to who may not.
func (o *oracle) export(p *oraclePerson, r transfer.Request) (file string, ok bool) {
	o.t.Helper()
	r.Purpose = "the leak oracle"
	var b bytes.Buffer
	_, err := transfer.Export(context.Background(), o.w.Door, authn.Operator(p.id), door.ViaAPI, r, &b)
	o.decisions++
	if !o.mayDo(p, r.Object, "export") {
		if !fault.Is(err, fault.NotFound) || b.Len() > 0 {
			o.t.Errorf("an export of %s without the right: %d bytes, %v", r.Object, b.Len(), err)
		}
		return "", false
	}
	if err != nil {
		o.t.Errorf("an export of %s: %v", r.Object, err)
	}
	return b.String(), err == nil
}

// exported compares a file of everything with the records that may be exported.
func (o *oracle) exported(p *oraclePerson) {
	object := o.kind()
	file, ok := o.export(p, transfer.Request{Object: object, Format: choose(o.r, []string{"json", "ndjson"})})
	if !ok {
		return
	}
	if !strings.HasPrefix(file, "[") {
		file = "[" + strings.ReplaceAll(strings.TrimSpace(file), "\n", ",") + "]"
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(file), &rows); err != nil {
		o.t.Fatal(err)
	}
	got := map[string]map[string]any{}
	for _, row := range rows {
		got[fmt.Sprint(row["id"])] = row
	}
	if len(got) != len(rows) {
		o.t.Error("a record twice in a file")
	}
	for _, rec := range o.records[object] {
		o.decisions++
		row := got[rec.id.String()]
		if allowed := !rec.binned && o.does(p, rec, "export"); allowed != (row != nil) {
			o.t.Errorf("%s: exported %t, want %t", object, row != nil, allowed)
			continue
		}
		for _, f := range oracleFields[object] {
			if row != nil {
				o.checkExported(p, rec, f, row[f])
			}
		}
	}
}

func (o *oracle) checkExported(p *oraclePerson, rec *oracleRecord, field string, got any) {
	o.t.Helper()
	o.decisions++
	want := fmt.Sprint(rec.values[field])
	if m, money := rec.values[field].(map[string]any); money {
		want = fmt.Sprint(map[string]any{"amount": m["amount"].(string) + ".00", "currency": "EUR"})
	}
	switch access := o.access(p, rec.object, field); {
	case access == "hidden" && got != nil, access == "masked" && (got == nil || fmt.Sprint(got) == want), (access == "read" || access == "edit") && fmt.Sprint(got) != want:
		o.t.Errorf("%s.%s is %s and was exported as %v, the value is %s", rec.object, field, access, got, want)
	}
}

// exportedTable compares a column that reads through a link, and fields that are named.
func (o *oracle) exportedTable(p *oraclePerson) {
	object := choose(o.r, []string{"contact", "deal"})
	field := choose(o.r, oracleFields[object][:3])
	if !slices.Contains([]string{"read", "edit"}, o.access(p, object, "company")) || !o.may(p, "company") || o.access(p, "company", "name") == "hidden" || o.access(p, object, field) == "hidden" {
		var b bytes.Buffer
		_, err := transfer.Export(context.Background(), o.w.Door, authn.Operator(p.id), door.ViaAPI, transfer.Request{Object: object, Fields: []string{field, "company.name"}, Purpose: "the leak oracle"}, &b)
		o.decisions++
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) || b.Len() > 0 {
			o.t.Errorf("an export of %s.%s and company.name, one of which is hidden: %d bytes, %v", object, field, b.Len(), err)
		}
		return
	}
	file, ok := o.export(p, transfer.Request{Object: object, Fields: []string{field, "company.name"}})
	if !ok {
		return
	}
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		o.t.Fatal(err)
	}
	got := map[string][]string{}
	for _, row := range rows[1:] {
		got[row[0]] = row[1:]
	}
	for _, rec := range o.records[object] {
		o.decisions++
		row, there := got[rec.id.String()]
		if allowed := !rec.binned && o.does(p, rec, "export"); allowed != there {
			o.t.Errorf("%s: in the table %t, want %t", object, there, allowed)
			continue
		}
		if there {
			o.checkCells(p, rec, field, row)
		}
	}
}

func (o *oracle) checkCells(p *oraclePerson, rec *oracleRecord, field string, row []string) {
	o.t.Helper()
	o.decisions += 2
	want := fmt.Sprint(rec.values[field])
	if m, money := rec.values[field].(map[string]any); money {
		want = m["amount"].(string) + ".00 EUR"
	}
	if masked := o.access(p, rec.object, field) == "masked"; masked == (row[0] == want) || row[0] == "" {
		o.t.Errorf("%s.%s is in the table as %q, masked %t", rec.object, field, row[0], masked)
	}
	name, access := fmt.Sprint(rec.company.values["name"]), o.access(p, "company", "name")
	switch seen := o.visible(p, rec.company); {
	case !seen && row[1] != "", seen && access == "masked" && (row[1] == name || row[1] == ""), seen && access != "masked" && row[1] != name:
		o.t.Errorf("company.name, %s, of a company that is seen %t, is in the table as %q", access, seen, row[1])
	}
}
