package expr

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

type testSchema map[string]*Object

func (s testSchema) Object(name string) *Object { return s[name] }

func vars(list ...Var) map[string]Var {
	m := map[string]Var{}
	for _, v := range list {
		m[v.Name] = v
	}
	return m
}

// world is a deal with a company, the shape of the property test's tables.
func world() testSchema {
	return testSchema{
		"deal": {Name: "deal", Vars: vars(
			Var{Name: "name", Kind: Text, Column: "f1", Fold: "f1k"}, Var{Name: "amount", Kind: Decimal, Column: "f2"},
			Var{Name: "amount.currency", Kind: Text, Column: "f2c"}, Var{Name: "size", Kind: Int, Column: "f3"}, Var{Name: "won", Kind: Bool, Column: "f4"},
			Var{Name: "close_date", Kind: Date, Column: "f5"}, Var{Name: "created_at", Kind: Time, Column: "f6"}, Var{Name: "owner", Kind: ID, Column: "f7"},
			Var{Name: "team", Kind: ID, Column: "f8"}, Var{Name: "rating", Kind: Text, Column: "f9", Enum: []string{"hot", "cold"}},
			Var{Name: "tags", Kind: TextList, Column: "f10", Enum: []string{"vip", "eu"}}, Var{Name: "company", Kind: ID, Column: "f11", Ref: "company"},
			Var{Name: "other", Kind: Text, Column: "f12", Fold: "f12k"}, Var{Name: "email", Kind: Text, Sealed: true}, Var{Name: "notes", Kind: Opaque, Column: "f13"},
		)},
		"company": {Name: "company", Vars: vars(Var{Name: "city", Kind: Text, Column: "f1", Fold: "f1k"}, Var{Name: "parent", Kind: ID, Column: "f2", Ref: "company"})},
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, source, says string }{
		{"empty", "", "cannot be read"},
		{"a stray sign", "size = 1", "did not expect '= '\n"},
		{"cut short", "amount >", "did not expect the end\n"},
		{"two values", "won won", "did not expect 'won'\n"},
		{"an open quote", "name == 'x", "did not expect"},
		{"unknown field", "nam == 'x'", "did you mean name?"},
		{"unknown method", "name.matches('a+')", "no method matches"},
		{"a macro", "[1,2].exists(x, x == 1)", ""},
		{"number and text", "amount > 'a'", "cannot be compared"},
		{"wrong choice", "rating == 'warm'", "hot, cold"},
		{"choice in order", "rating < 'hot'", "no order"},
		{"wrong choice in a list", "rating in ['hot', 'tepid']", "hot, cold"},
		{"wrong key", "'x' in tags", "vip, eu"},
		{"not a condition", "amount", "must be true or false"},
		{"bad day", "close_date > '2026-02-30'", "want a day"},
		{"bad identifier", "owner == 'me'", "identifier"},
		{"too many decimals", "amount > 0.00001", "4 after the point"},
		{"no lookup", "name.city == 'x'", "does not point to a record"},
		{"injection", "name == 'a'; DROP TABLE o1", "cannot be read"},
		{"a field named like a column", "f1 == 'x'", "no field"},
		{"comparing structures", "notes == 'x'", "cannot be compared"},
		{"NUL", "name == '\x00'", "not valid text"},
		{"deep", strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200), ""},
		{"long", "name == '" + strings.Repeat("x", 5000) + "'", "at most 4096"},
		{"position", "amount > 1 &&\n  nme == 'x'", "line 2, character 3"},
		{"path too long", "company.parent.parent.parent.parent.city == 'x'", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile(world(), "deal", c.source)
			if err == nil || !strings.Contains(fault.Message(err), c.says) || fault.Is(err, fault.Internal) {
				t.Errorf("got %v, want a refusal that says %q", err, c.says)
			}
		})
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	x, err := Compile(world(), "deal", "company.parent.city == 'Bonn' && amount > 3 || has(company.city)")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(x.Fields())
	want := "[{[] deal company} {[company] company parent} {[company parent] company city} {[] deal amount} {[company] company city}]"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

type record struct {
	vals    map[string]any
	company *record
}

func (r *record) Value(name string) any { return r.vals[name] }

func (r *record) Related(string) (Record, error) {
	if r.company == nil {
		return nil, nil
	}
	return r.company, nil
}

func TestMatch(t *testing.T) {
	t.Parallel()
	me := id.ID{1}
	s := Session{Now: time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC), Location: time.FixedZone("CST", 8*3600), Me: me, MyTeam: []id.ID{{9}}}
	rec := &record{vals: map[string]any{
		"name": "Große Straße", "amount": int64(125000), "amount.currency": "CNY", "size": int64(3), "won": true, "close_date": int64(20543), // 2026-03-31
		"created_at": time.Date(2026, 3, 31, 21, 0, 0, 0, time.UTC).UnixMicro(), "owner": me, "team": id.ID{9}, "rating": "hot", "tags": []string{"vip"},
	}, company: &record{vals: map[string]any{"city": "北京"}}}
	for source, want := range map[string]bool{
		"name == 'GROSSE STRASSE'": true, "name.contains('ｓｔｒａ')": true, "name.startsWith('gro')": true, "name.endsWith('SSE')": true,
		"name != 'x'": true, "amount == 12.5": true, "amount > 12": true, "amount < 12.5001": true, "size in [1, 3]": true, "won": true, "!won": false,
		"close_date == '2026-03-31'": true, "close_date < today()": true, "today() == date('2026-04-01')": true, "created_at > now() - hours(2)": true,
		"created_at > now() - hours(1)": false, "owner == me()": true, "team in myTeam()": true, "team in myBranch()": false, "rating == 'hot'": true,
		"'vip' in tags": true, "'eu' in tags": false, "company.city == '北京'": true, "has(company.city)": true, "has(other)": false, "other == ''": true,
		"other != 'x'": true, "other < 'x'": false, "!(other < 'x')": true, "other == null": true, "email == null": true, "amount.currency == 'CNY'": true,
		"amount * 2 == 25": true, "amount / 3 > 4.1666 && amount / 3 < 4.1668": true, "won ? size == 3 : size == 4": true, "size + 1 == 4": true,
		"today() - months(1) == date('2026-03-01')": true, "date('2026-03-31') - months(1) == date('2026-02-28')": true,
	} {
		x, err := Compile(world(), "deal", source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := x.Match(rec, s); err != nil || got != want {
			t.Errorf("%s: got %v (%v), want %v", source, got, err, want)
		}
	}
}

func TestSQLRefuses(t *testing.T) {
	t.Parallel()
	for source, reason := range map[string]string{"email == 'a@b.c'": "sealed_field", "has(email)": "sealed_field", "amount * 2 > 3": "not_filterable", "close_date + days(1) < today()": "not_filterable"} {
		x, err := Compile(world(), "deal", source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.SQL(SQLite, Session{}, &args{}); fault.Reason(err) != reason {
			t.Errorf("%s: got %v, want %s", source, err, reason)
		}
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	rec := &record{vals: map[string]any{"amount": int64(125000), "size": int64(0), "name": "a"}}
	for source, want := range map[string]any{
		"amount / size": nil, "amount + 1": int64(135000), "name + '!'": "a!", "other + other": nil, "9223372036854775807 + size + 1": nil,
		"-amount": int64(-125000), "amount * amount": int64(1562500), "1.0 / 3": int64(3333), "2.0 / 3": int64(6667), "-2.0 / 3": int64(-6667),
	} {
		x, err := CompileValue(world(), "deal", source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := x.Eval(rec, Session{}); err != nil || got != want {
			t.Errorf("%s: got %v (%v), want %v", source, got, err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("name == 'x' && amount > 3")
	f.Add("team in myTeam() || !has(company.city)")
	f.Fuzz(func(_ *testing.T, source string) {
		x, err := Compile(world(), "deal", source)
		if err == nil {
			_, _ = x.Match(&record{vals: map[string]any{}}, Session{})
			_, _ = x.SQL(Postgres, Session{}, &args{})
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	w := world()
	for b.Loop() {
		if _, err := Compile(w, "deal", "(owner == me() || team in myTeam()) && amount > 1000"); err != nil {
			b.Fatal(err)
		}
	}
}
