package expr

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/wardbook/wardbook/internal/fault"
)

// What a stranger can write is bounded, in memory and in SQL.
func TestCostIsBounded(t *testing.T) {
	t.Parallel()
	list := func(n int) string { return "size in [" + strings.TrimSuffix(strings.Repeat("1,", n), ",") + "]" }
	chain := func(n int, part, sign string) string { return strings.TrimSuffix(strings.Repeat(part+sign, n), sign) }
	ifs := func(n int) string {
		return strings.Repeat("(", n) + "won" + strings.Repeat(" ? size == 1 : size == 2)", n)
	}
	for _, c := range []struct {
		name, source, reason string
	}{
		{"as long as may be", "name == '" + strings.Repeat("x", MaxSource-10) + "'", ""},
		{"too long", "name == '" + strings.Repeat("x", MaxSource-9) + "'", "long_expression"},
		{"long in bytes, not in characters", "name == '" + strings.Repeat("字", 1400) + "'", "long_expression"},
		{"many parts", chain(150, "won", "&&"), ""},
		{"too many parts", chain(600, "won", "||"), "long_expression"},
		{"deep brackets", strings.Repeat("(", 300) + "won" + strings.Repeat(")", 300), "bad_expression"},
		{"deep negations", strings.Repeat("!(", 60) + "won" + strings.Repeat(")", 60), "*"},
		{"deep paths", strings.Repeat("company.", 100) + "city == 'x'", "bad_expression"},
		{"a list as long as may be", list(MaxList), ""},
		{"too long a list", list(MaxList + 1), "bad_expression"},
		{"few conditions in conditions", ifs(5), ""},
		{"conditions in conditions double the SQL each time", ifs(14), "costly_expression"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x, err := Compile(world(), "deal", c.source)
			if err == nil {
				_, err = x.SQL(Postgres, Session{}, &args{d: Postgres})
			}
			got := ""
			if err != nil {
				got = fault.Reason(err)
			}
			if got != c.reason && (c.reason != "*" || got == "") || fault.Is(err, fault.Internal) {
				t.Errorf("got %q (%v), want %q", got, err, c.reason)
			}
		})
	}
}

func TestErrorsPointAtTheCharacter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, source, at, caret string }{
		{"the start", "nme == 'x'", "line 1, character 1:", "  nme == 'x'\n  ^"},
		{"a value", "amount > 'a'", "line 1, character 10:", "  amount > 'a'\n           ^"},
		{"after Chinese", "name == '王芳' && nme == 'x'", "line 1, character 17:", "                  ^"},
		{"after a character of two code units", "name == '😀' && nme == 'x'", "line 1, character 16:", "                 ^"},
		{"the second line", "won &&\n  nme == 'x'", "line 2, character 3:", "    nme == 'x'\n    ^"},
		{"Windows lines", "won &&\r\n  nme == 'x'", "line 2, character 3:", "    ^"},
		{"the end", "amount >", "line 1, character 9:", "          ^"},
		{"an operator", "won && && won", "line 1, character 8:", "         ^"},
		{"a stray sign", "city=", "line 1, character 5:", "      ^"},
		{"in a list", "rating in ['hot', 'tepid']", "line 1, character 19:", "                    ^"},
		{"a method", "name.like('x')", "line 1, character ", "^"},
		{"a long line is cut", strings.Repeat("won && ", 20) + "nme == 'x'", "line 1, character 141:", "                                ^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile(world(), "deal", c.source)
			m := fault.Message(err)
			if !strings.HasPrefix(m, c.at) || !strings.HasSuffix(m, c.caret) {
				t.Errorf("got\n%s\nwant %s …\n%s", m, c.at, c.caret)
			}
			if !utf8.ValidString(m) || len(m) > 600 {
				t.Errorf("an unreadable message: %q", m)
			}
		})
	}
}

// A number that is not kept exactly is refused, never rounded.
func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]any{
		"123456789.1234":       int64(1234567891234),
		"-0.0001":              int64(-1),
		"1.5e3":                int64(15_000_000),
		"12345678901.2345":     int64(123456789012345),
		"123456789012.3456":    nil, // a float holds fifteen digits for sure
		"922337203685477.5807": nil,
		"0.00001":              nil,
		"1e300":                nil,
		"1e15":                 nil,
	} {
		x, err := CompileValue(world(), "deal", source)
		if want == nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want a refusal", source, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := x.Eval(&record{}, Session{}); err != nil || got != want {
			t.Errorf("%s: got %v (%v), want %v", source, got, err, want)
		}
	}
}

// What has no result is absent; nothing wraps around.
func TestNoOverflow(t *testing.T) {
	t.Parallel()
	rec := &record{vals: map[string]any{
		"size": int64(math.MinInt64), "amount": int64(math.MaxInt64), "created_at": s0().UnixMicro(), "close_date": int64(20543), "span": int64(math.MaxInt64 / 1_000_000),
	}}
	w := world()
	w["deal"].Vars["span"] = Var{Name: "span", Kind: Duration, Column: "f14"}
	for source, want := range map[string]any{
		"-size": nil, "size - 1": nil, "amount + 1": nil, "amount * amount": nil, "size * size": nil, "size / 0": nil, "amount / 0.0001": nil,
		"created_at + span": nil, "created_at - span - span": nil, "created_at + years(10000)": nil, "close_date - years(3000)": nil, "close_date + days(100000) + days(100000)": int64(220543),
		"created_at + years(7000) + years(7000) - years(7000)": nil, "-(-amount)": int64(math.MaxInt64), "amount - amount": int64(0),
		"created_at + hours(1) - created_at": int64(3600), "close_date + days(1) - close_date": int64(1),
	} {
		x, err := CompileValue(w, "deal", source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := x.Eval(rec, Session{}); err != nil || got != want {
			t.Errorf("%s: got %v (%v), want %v", source, got, err, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	s := Session{Now: time.Date(2024, 2, 29, 23, 30, 0, 0, time.UTC), Location: time.FixedZone("CST", 8*3600)}
	for _, source := range []string{
		"today() == date('2024-03-01')", // the day in the session's zone
		"date('2024-02-29') + years(1) == date('2025-02-28')", "date('2024-02-29') + years(4) == date('2028-02-29')", "date('2024-01-31') + months(1) == date('2024-02-29')",
		"date('2023-12-31') + months(2) == date('2024-02-29')", "date('2024-01-31') - months(2) == date('2023-11-30')", "date('2024-03-01') - days(1) == date('2024-02-29')",
		"date('2024-03-01') - date('2024-02-01') == 29", "date('1969-12-31') + days(1) == date('1970-01-01')", "date('2024-02-01') + weeks(4) == date('2024-02-29')",
		"now() + hours(1) - now() == 3600", "now() + minutes(90) == now() + hours(1) + minutes(30)", "now() - days(1) < now() - hours(23)", "now() + days(-1) == now() - days(1)",
	} {
		x, err := Compile(world(), "deal", source)
		if err != nil {
			if strings.Contains(source, "== 3600") { // a duration is no number: there is no literal for one
				continue
			}
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := x.Match(&record{}, s); err != nil || !got {
			t.Errorf("%s: got %v (%v)", source, got, err)
		}
		where, err := x.SQL(SQLite, s, &args{})
		if err != nil || where != "1=1" {
			t.Errorf("%s: SQL %s (%v)", source, where, err)
		}
	}
}

// Folding twice changes nothing, so that stored folded text and folded questions meet.
func TestFoldIsStable(t *testing.T) {
	t.Parallel()
	check := func(s string) {
		if once := Fold(s); Fold(once) != once {
			t.Errorf("%+q folds to %+q and then to %+q", s, once, Fold(once))
		}
	}
	for r := rune(0); r < utf8.MaxRune; r++ {
		if utf8.ValidRune(r) && (r < 0x20000 || r > 0xe0000) {
			check(string(r))
		}
	}
	for _, s := range texts() {
		check(s)
		if Fold(s) != Fold(norm.NFD.String(s)) {
			t.Errorf("%q and its decomposition fold apart", s)
		}
	}
	for _, same := range [][2]string{{"STRAẞE", "straße"}, {"ΑΣ", "ας"}, {"ＡＢ", "ab"}, {"K", "k"}, {"ﬁn", "FIN"}, {"É", "e\u0301"}, {"①", "1"}} {
		if Fold(same[0]) != Fold(same[1]) {
			t.Errorf("%q and %q fold apart", same[0], same[1])
		}
	}
	for _, apart := range [][2]string{{"ı", "i"}, {"İ", "i"}, {"é", "e"}, {"王", "玉"}} {
		if Fold(apart[0]) == Fold(apart[1]) {
			t.Errorf("%q and %q fold together", apart[0], apart[1])
		}
	}
}
