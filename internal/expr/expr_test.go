package expr

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/driver"

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

// args collects bound values and joins the company once.
type args struct {
	vals   []any
	joined map[string]string
}

func (a *args) Mark(v any) string {
	a.vals = append(a.vals, v)
	return "?" + strconv.Itoa(len(a.vals))
}

func (a *args) Aside(path []string) (string, error) { return a.Alias(path) }

func (a *args) Alias(path []string) (string, error) {
	if len(path) == 0 {
		return "r", nil
	}
	a.joined["c"] = "c"
	return "c", nil
}

// texts are values that have surprised somebody's comparison.
func texts() []string {
	return []string{"a", "A", "ab", "Straße", "STRASSE", "İ", "i̇", "ς", "Σ", "王芳", "ＡＢ", "a%b_", "o'x\"", "🙂", "\U0010FFFD", "z"}
}

func TestBothEvaluatorsAgree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	db, err := driver.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	s := Session{Now: time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC), Me: id.ID{1}, MyTeam: []id.ID{{8}, {9}}}
	recs := fill(t, db, r)
	for range 3000 {
		source := condition(r, 3)
		x, err := Compile(world(), "deal", source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		a := &args{joined: map[string]string{}}
		where, err := x.SQL(SQLite, s, a)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		got := map[int]bool{}
		rows, err := db.QueryContext(context.Background(), "SELECT r.n FROM deal r LEFT JOIN company c ON c.n = r.f11 WHERE "+where, a.vals...)
		if err != nil {
			t.Fatalf("%s\n%s: %v", source, where, err)
		}
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			got[n] = true
		}
		rows.Close()
		for n, rec := range recs {
			want, err := x.Match(rec, s)
			if err != nil {
				t.Fatal(err)
			}
			if want != got[n] {
				t.Fatalf("%s\n%s\nrecord %v\nmemory says %v, SQL %v", source, where, rec.vals, want, got[n])
			}
		}
	}
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// fill makes two tables and the same records in memory; about a third of the values are absent.
func fill(t *testing.T, db *sql.DB, r *rand.Rand) []*record {
	t.Helper()
	exec := func(q string, vals ...any) {
		if _, err := db.ExecContext(context.Background(), q, vals...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE TABLE deal (n INTEGER, f1 TEXT, f1k TEXT, f2 INTEGER, f2c TEXT, f3 INTEGER, f4 INTEGER, f5 INTEGER, f6 INTEGER, f7 BLOB, f8 BLOB, f9 TEXT, f10 TEXT, f11 INTEGER, f12 TEXT, f12k TEXT) STRICT`)
	exec(`CREATE TABLE company (n INTEGER, f1 TEXT, f1k TEXT) STRICT`)
	var companies []*record
	for n := range 4 {
		city := pick(r, texts()...)
		companies = append(companies, &record{vals: map[string]any{"city": city}})
		exec("INSERT INTO company VALUES (?, ?, ?)", n, city, Fold(city))
	}
	var recs []*record
	for n := range 60 {
		rec := &record{vals: map[string]any{}}
		row := []any{n}
		put := func(name string, v any, stored ...any) {
			if r.IntN(3) == 0 {
				row = append(row, make([]any, len(stored))...)
				return
			}
			rec.vals[name] = v
			row = append(row, stored...)
		}
		text := pick(r, texts()...)
		put("name", text, text, Fold(text))
		amount := pick[int64](r, 0, 125000, -1, 10000, 99999999)
		put("amount", amount, amount)
		put("amount.currency", "CNY", "CNY")
		put("size", int64(n%4), int64(n%4))
		won := r.IntN(2) == 0
		put("won", won, won)
		day := int64(20540 + r.IntN(6))
		put("close_date", day, day)
		at := s0().UnixMicro() - int64(r.IntN(4))*3_600_000_000
		put("created_at", at, at)
		owner, team := id.ID{byte(1 + r.IntN(2))}, id.ID{byte(7 + r.IntN(3))}
		put("owner", owner, owner[:])
		put("team", team, team[:])
		put("rating", pick(r, "hot", "cold"), nil)
		if v, ok := rec.vals["rating"]; ok {
			row[len(row)-1] = v
		}
		put("tags", []string{"vip"}, "|vip|")
		c := r.IntN(4)
		row = append(row, c)
		rec.company = companies[c]
		other := pick(r, texts()...)
		put("other", other, other, Fold(other))
		recs = append(recs, rec)
		exec("INSERT INTO deal VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", row...)
	}
	return recs
}

func s0() time.Time { return time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC) }

// condition makes a random condition.
func condition(r *rand.Rand, depth int) string {
	if depth > 0 {
		switch r.IntN(5) {
		case 0:
			return "(" + condition(r, depth-1) + " && " + condition(r, depth-1) + ")"
		case 1:
			return "(" + condition(r, depth-1) + " || " + condition(r, depth-1) + ")"
		case 2:
			return "!(" + condition(r, depth-1) + ")"
		case 3:
			if r.IntN(3) == 0 {
				return "(" + condition(r, 0) + " ? " + condition(r, 0) + " : " + condition(r, 0) + ")"
			}
		}
	}
	quote := func() string { return strconv.Quote(pick(r, texts()...)) }
	sign := pick(r, "==", "!=", "<", "<=", ">", ">=")
	field := pick(r, "name", "other", "company.city")
	return pick(r,
		field+" "+sign+" "+quote(), field+"."+pick(r, "contains", "startsWith", "endsWith")+"("+quote()+")", "name "+sign+" other",
		field+" in ["+quote()+", "+quote()+pick(r, "", ", null")+"]", "amount "+sign+" "+pick(r, "12.5", "0", "-0.0001", "1"), "size "+sign+" "+pick(r, "0", "2"),
		"won", "won == "+pick(r, "true", "false", "null"), "close_date "+sign+" today() - days("+strconv.Itoa(r.IntN(5))+")", "created_at "+sign+" now() - hours(2)",
		"owner "+pick(r, "==", "!=")+" me()", "team in "+pick(r, "myTeam()", "myBranch()"), "rating "+pick(r, "==", "!=")+" 'hot'", "'"+pick(r, "vip", "eu")+"' in tags",
		"has("+pick(r, "name", "amount", "tags", "company.city")+")", "rating in ['hot']", "owner == team", "size in []", pick(r, "true", "false"),
		field+" == null", "null != amount", "name.contains('')",
	)
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
			_, _ = x.SQL(Postgres, Session{}, &args{joined: map[string]string{}})
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
