package sqldb_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func values(t *testing.T, p place) *sqldb.DB {
	t.Helper()
	db := p.open(t)
	must(t, db.Migrate(t.Context(), "test", []sqldb.Migration{{Name: "values", Steps: []string{
		"CREATE TABLE v (id {id} PRIMARY KEY NOT NULL, i {int}, s {text}, b {bytes}, o {bool}) {strict}",
	}}}))
	return db
}

// Every value comes back as it went in, on both engines.
func TestValues(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := values(t, p)
		set := func(column string, v any) error {
			return db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "INSERT INTO v (id, "+column+") VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET "+column+" = excluded."+column, make([]byte, 16), v)
				return err
			})
		}
		for _, v := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1<<53 + 1} {
			var got int64
			must(t, set("i", v))
			if _, err := db.Row(t.Context(), "SELECT i FROM v WHERE i = ?", []any{v}, &got); err != nil || got != v {
				t.Errorf("int %d came back as %d, %v", v, got, err)
			}
		}
		for _, v := range []string{"", " ", "é守客𝄞", "'; DROP TABLE v; --", `\x00 "?" $1 ?1`, "\ufeff\u200b", "1", "1e5", strings.Repeat("守", 400_000)} {
			var got string
			must(t, set("s", v))
			if found, err := db.Row(t.Context(), "SELECT s FROM v WHERE s = ?", []any{v}, &got); err != nil || !found || got != v {
				t.Errorf("text of %d bytes came back with %d, %v", len(v), len(got), err)
			}
		}
		for _, v := range [][]byte{{}, {0}, {0xff, 0, 0x27}, bytes.Repeat([]byte{0xc3}, 1<<20)} {
			var got []byte
			must(t, set("b", v))
			if found, err := db.Row(t.Context(), "SELECT b FROM v WHERE b = ?", []any{v}, &got); err != nil || !found || got == nil || !bytes.Equal(got, v) {
				t.Errorf("%d bytes came back as %d (nil: %v), %v", len(v), len(got), got == nil, err)
			}
		}
		for _, v := range []bool{true, false} {
			var got bool
			must(t, set("o", v))
			if found, err := db.Row(t.Context(), "SELECT o FROM v WHERE o = ?", []any{v}, &got); err != nil || !found || got != v {
				t.Errorf("bool %v came back as %v, %v", v, got, err)
			}
		}
		for name, v := range map[string]any{"i": nil, "s": nil, "b": []byte(nil), "o": nil} {
			must(t, set(name, v))
			var n int
			if _, err := db.Row(t.Context(), "SELECT count(*) FROM v WHERE "+name+" IS NULL", nil, &n); err != nil || n != 1 {
				t.Errorf("%s: nothing did not become NULL: %v", name, err)
			}
		}
	})
}

// What one engine would store and the other refuse, or both store differently, is refused by both.
func TestValuesRefused(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := values(t, p)
		for name, tc := range map[string]struct {
			column string
			v      any
			kind   fault.Kind
		}{
			"text with NUL":   {"s", "a\x00b", fault.Invalid},
			"invalid UTF-8":   {"s", "a\xffb", fault.Invalid},
			"a surrogate":     {"s", "\xed\xa0\x80", fault.Invalid},
			"a fraction":      {"i", 1.5, fault.Internal},
			"a time":          {"i", time.Unix(0, 0), fault.Internal},
			"a small integer": {"i", int8(1), fault.Internal},
		} {
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "INSERT INTO v (id, "+tc.column+") VALUES (?, ?)", make([]byte, 16), tc.v)
				return err
			})
			if !fault.Is(err, tc.kind) {
				t.Errorf("writing %s: %v, want %s", name, err, tc.kind)
			}
			if _, err := db.Row(t.Context(), "SELECT i FROM v WHERE "+tc.column+" = ?", []any{tc.v}, new(int64)); !fault.Is(err, tc.kind) {
				t.Errorf("asking for %s: %v, want %s", name, err, tc.kind)
			}
		}
	})
}

// Text sorts and compares by its bytes, identifiers too.
func TestOrder(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := values(t, p)
		want := []string{"", " ", "A", "Z", "_", "a", "a b", "aa", "b", "ß", "é", "zé", "守", "客", "𝄞"}
		slices.Sort(want)
		must(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for i, s := range want {
				if _, err := tx.Exec(t.Context(), "INSERT INTO v (id, s) VALUES (?, ?)", append(make([]byte, 15), byte(255-i*17)), s); err != nil {
					return err
				}
			}
			return nil
		}))
		for order, wanted := range map[string][]string{"s": want, "id DESC": want} {
			rows, err := db.Query(t.Context(), "SELECT s FROM v ORDER BY "+order)
			must(t, err)
			var got []string
			for rows.Next() {
				var s string
				must(t, rows.Scan(&s))
				got = append(got, s)
			}
			must(t, rows.Close())
			if !slices.Equal(got, wanted) {
				t.Errorf("by %s: %q, want %q", order, got, wanted)
			}
		}
		var n int
		if _, err := db.Row(t.Context(), "SELECT count(*) FROM v WHERE s > ? AND s < ?", []any{"Z", "b"}, &n); err != nil || n != 4 {
			t.Errorf("%d texts between Z and b, %v; want _ a aa and a b", n, err)
		}
	})
}

// A sum that no engine can hold is the question's fault, not a broken machine.
func TestSumOverflows(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := values(t, p)
		must(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for n := range 2 {
				if _, err := tx.Exec(t.Context(), "INSERT INTO v (id, i) VALUES (?, ?)", append(make([]byte, 15), byte(n)), int64(math.MaxInt64)); err != nil {
					return err
				}
			}
			return nil
		}))
		if _, err := db.Row(t.Context(), "SELECT CAST(sum(i) AS BIGINT) FROM v", nil, new(int64)); !fault.Is(err, fault.Invalid) || fault.Reason(err) != "out_of_range" {
			t.Errorf("a sum beyond 64 bits: %v", err)
		}
	})
}
