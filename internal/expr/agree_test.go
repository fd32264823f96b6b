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

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/ncruces/go-sqlite3/driver"
	"golang.org/x/text/unicode/norm"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// args collects bound values; the tables of the paths are joined already.
type args struct {
	d    Dialect
	vals []any
}

func (a *args) Mark(v any) string {
	a.vals = append(a.vals, v)
	return map[Dialect]string{SQLite: "?", Postgres: "$"}[a.d] + strconv.Itoa(len(a.vals))
}

func (a *args) Aside(path []string) (string, error) { return a.Alias(path) }

func (a *args) Alias(path []string) (string, error) {
	return []string{"r", "c", "p"}[len(path)], nil
}

// texts are values that have surprised somebody's comparison.
func texts() []string {
	return []string{
		"a", "A", "ab", "aB", "b", "z", "Z", " a", "a%b_", "a\\b", "o'x\"", "😀", "\U0010FFFD", "\ue000", // plain, escapes, ends of the range
		"Straße", "STRASSE", "STRAẞE", "strasse", "İ", "i̇", "I", "ı", "i", "ς", "Σ", "σ", "ΑΣ", "ας", "ŉ", "ʼn", "ﬁn", "fin", "K", "K", "k", // case folding
		"é", "e\u0301", "É", "E\u0301", "ạ\u0306", "a\u0306\u0323", "Å", "Å", "가", "\u1100\u1161", // composition
		"王芳", "王", "芳", "王 芳", "豈", "豈", "ＡＢ", "ｶﾞ", "ガ", "①", "1", "㎏", "kg", // Chinese, width, compatibility
	}
}

const agreeSchema = `
CREATE TABLE deal (n {int}, f1 {text}, f1k {text}, f2 {int}, f2c {text}, f3 {int}, f4 {bool}, f5 {int}, f6 {int}, f7 {id}, f8 {id}, f9 {text}, f10 {text}, f11 {id}, f12 {text}, f12k {text}, f13 {text});
CREATE TABLE company (n {id}, f1 {text}, f1k {text}, f2 {id})`

// agreeEngine is a database with the tables of world.
type agreeEngine struct {
	d  Dialect
	db *sql.DB
}

func openAgree(t *testing.T, d Dialect) *agreeEngine {
	t.Helper()
	types := []string{"{int}", "INTEGER", "{text}", "TEXT", "{id}", "BLOB", "{bool}", "INTEGER"}
	db, err := driver.Open(":memory:")
	if d == Postgres {
		types = []string{"{int}", "BIGINT", "{text}", `TEXT COLLATE "C"`, "{id}", "BYTEA", "{bool}", "BOOLEAN"}
		db, err = sql.Open("pgx", pgtest.DSN(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	e := &agreeEngine{d, db}
	for _, ddl := range strings.Split(strings.NewReplacer(types...).Replace(agreeSchema), ";") {
		e.exec(t, ddl)
	}
	return e
}

func (e *agreeEngine) exec(t *testing.T, query string, vals ...any) {
	t.Helper()
	if _, err := e.db.ExecContext(context.Background(), query, vals...); err != nil {
		t.Fatal(err)
	}
}

func (e *agreeEngine) insert(t *testing.T, table string, vals []any) {
	t.Helper()
	a := &args{d: e.d}
	marks := make([]string, len(vals))
	for i, v := range vals {
		marks[i] = a.Mark(v)
	}
	e.exec(t, "INSERT INTO "+table+" VALUES ("+strings.Join(marks, ", ")+")", a.vals...)
}

// matches returns the numbers of the records that a condition selects.
func (e *agreeEngine) matches(t *testing.T, x *Expr, s Session) (map[int]bool, string) {
	t.Helper()
	a := &args{d: e.d}
	where, err := x.SQL(e.d, s, a)
	if err != nil {
		t.Fatalf("%s: %v", x.Source(), err)
	}
	rows, err := e.db.QueryContext(context.Background(), "SELECT r.n FROM deal r LEFT JOIN company c ON c.n = r.f11 LEFT JOIN company p ON p.n = c.f2 WHERE "+where, a.vals...)
	if err != nil {
		t.Fatalf("%s\n%s: %v", x.Source(), where, err)
	}
	defer rows.Close()
	got := map[int]bool{}
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		got[n] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return got, where
}

// TestBothEvaluatorsAgree compares memory and SQL on random conditions over random records.
func TestBothEvaluatorsAgree(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Dialect{"sqlite": SQLite, "postgresql": Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := uint64(1 + d)
			r := rand.New(rand.NewPCG(seed, 2))
			e := openAgree(t, d)
			s := Session{Now: s0(), Location: time.FixedZone("CST", 8*3600), Me: id.ID{1}, MyTeam: []id.ID{{8}, {9}}}
			recs := e.fill(t, r)
			rounds := 4000
			if testing.Short() {
				rounds = 500
			}
			trues := 0
			for range rounds {
				source := condition(r, 3)
				x, err := Compile(world(), "deal", source)
				if err != nil {
					t.Fatalf("%s: %v", source, err)
				}
				got, where := e.matches(t, x, s)
				for n, rec := range recs {
					want, err := x.Match(rec, s)
					if err != nil {
						t.Fatal(err)
					}
					if want != got[n] {
						t.Fatalf("seed %d\n%s\n%s\nrecord %v of %v\nmemory says %v, SQL %v", seed, source, where, rec.vals, rec.company, want, got[n])
					}
					if want {
						trues++
					}
				}
			}
			if share := float64(trues) / float64(rounds*len(recs)); share < 0.2 || share > 0.8 {
				t.Errorf("%.0f %% of the answers are true: the conditions say nothing", share*100)
			}
		})
	}
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func s0() time.Time { return time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC) }

func amounts() []int64 {
	return []int64{0, 1, -1, 10000, -10000, 125000, -125000, 99999999, 9223372036854775807, -9223372036854775807}
}

// fill makes the same records in the tables and in memory; about a third of the values are absent.
func (e *agreeEngine) fill(t *testing.T, r *rand.Rand) []*record {
	t.Helper()
	var companies []*record
	for n := range 8 {
		rec := &record{vals: map[string]any{"id": id.ID{100, byte(n)}}}
		row := []any{bytesOf(id.ID{100, byte(n)}), nil, nil, nil}
		if r.IntN(4) > 0 {
			city := norm.NFC.String(pick(r, texts()...))
			rec.vals["city"], row[1], row[2] = city, city, Fold(city)
		}
		if n > 2 {
			parent := r.IntN(n)
			rec.company, rec.vals["parent"], row[3] = companies[parent], id.ID{100, byte(parent)}, bytesOf(id.ID{100, byte(parent)})
		}
		companies = append(companies, rec)
		e.insert(t, "company", row)
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
		text := norm.NFC.String(pick(r, texts()...)) // as the schema stores it
		put("name", text, text, Fold(text))
		amount := pick(r, amounts()...)
		put("amount", amount, amount)
		put("amount.currency", "CNY", "CNY")
		size := int64(n%5 - 2)
		put("size", size, size)
		won := r.IntN(2) == 0
		put("won", won, won)
		day := int64(20540 + r.IntN(6))
		put("close_date", day, day)
		at := s0().UnixMicro() - int64(r.IntN(4))*3_600_000_000 + int64(r.IntN(3)-1)
		put("created_at", at, at)
		owner, team := id.ID{byte(1 + r.IntN(2))}, id.ID{byte(7 + r.IntN(3))}
		put("owner", owner, bytesOf(owner))
		put("team", team, bytesOf(team))
		rating := pick(r, "hot", "cold")
		put("rating", rating, rating)
		tags := pick(r, []string{"vip"}, []string{"eu"}, []string{"vip", "eu"})
		put("tags", tags, "|"+strings.Join(tags, "|")+"|")
		c := companies[r.IntN(len(companies))]
		put("company", c.vals["id"], bytesOf(c.vals["id"].(id.ID)))
		if rec.vals["company"] != nil {
			rec.company = c
		}
		other := norm.NFC.String(pick(r, texts()...))
		put("other", other, other, Fold(other))
		put("notes", "{}", "{}")
		recs = append(recs, rec)
		e.insert(t, "deal", row)
	}
	return recs
}

func bytesOf(x id.ID) []byte { return x[:] }

// condition makes a random condition.
func condition(r *rand.Rand, depth int) string {
	if depth > 0 {
		switch r.IntN(6) {
		case 0:
			return "(" + condition(r, depth-1) + " && " + condition(r, depth-1) + ")"
		case 1:
			return "(" + condition(r, depth-1) + " || " + condition(r, depth-1) + ")"
		case 2:
			return "!(" + condition(r, depth-1) + ")"
		case 3:
			return "(" + condition(r, depth-1) + " ? " + condition(r, depth-1) + " : " + condition(r, depth-1) + ")"
		}
	}
	switch r.IntN(4) {
	case 0:
		return textCondition(r)
	case 1:
		return numberCondition(r)
	case 2:
		return timeCondition(r)
	}
	return otherCondition(r)
}

func sign(r *rand.Rand) string { return pick(r, "==", "!=", "<", "<=", ">", ">=") }

func textCondition(r *rand.Rand) string {
	quote := func() string {
		s := pick(r, texts()...)
		if r.IntN(4) == 0 { // a part of one
			runes := []rune(s)
			s = string(runes[r.IntN(len(runes)):])
		}
		return strconv.Quote(s)
	}
	field := pick(r, "name", "other", "company.city", "company.parent.city")
	return pick(
		r,
		field+" "+sign(r)+" "+quote(), quote()+" "+sign(r)+" "+field, field+"."+pick(r, "contains", "startsWith", "endsWith")+"("+quote()+")",
		field+" "+sign(r)+" "+pick(r, "name", "other", "company.city"), field+" in ["+quote()+", "+quote()+", "+quote()+pick(r, "", ", null", ", ''")+"]",
		field+" "+pick(r, "==", "!=")+" "+pick(r, "null", "''"), field+".contains('')", field+" "+sign(r)+" null",
		field+" "+sign(r)+" "+quote()+" + "+quote(), field+".startsWith("+quote()+" + "+quote()+")",
	)
}

func numberCondition(r *rand.Rand) string {
	number := pick(r, "12.5", "0", "-0.0001", "1", "-1", "-12.5", "0.0001", "9999.9999", "1e3", "922337203685477", "(-3.0)", "2 * 0.5", "1.0 / 3")
	whole := pick(r, "0", "2", "-1", "-2", "1 + 1", "-(1)", "7 - 9")
	return pick(
		r,
		"amount "+sign(r)+" "+number, number+" "+sign(r)+" amount", "amount in ["+pick(r, "0, 1", "12.5, -1", "-0.0001, null", "null", "")+"]",
		"size "+sign(r)+" "+whole, whole+" "+sign(r)+" size", "size in ["+pick(r, "0, 2", "-1, -2, null", "")+"]", "amount "+sign(r)+" amount", "size "+sign(r)+" null", "null != amount",
		"amount.currency "+sign(r)+" "+pick(r, "'CNY'", "'cny'", "'EUR'"),
	)
}

func timeCondition(r *rand.Rand) string {
	n := strconv.Itoa(r.IntN(6) - 2)
	if strings.HasPrefix(n, "-") {
		n = "(" + n + ")"
	}
	return pick(
		r,
		"close_date "+sign(r)+" today() - days("+n+")", "close_date "+sign(r)+" today() + months("+n+")", "close_date "+sign(r)+" date('2026-03-31')", "close_date "+sign(r)+" '2026-04-01'",
		"close_date in ['2026-03-29', '2026-03-30'"+pick(r, "", ", null")+"]", "created_at "+sign(r)+" now() - hours(2)", "created_at "+sign(r)+" now()", "created_at "+sign(r)+" '2026-03-31T20:00:00+00:00'",
		"created_at "+sign(r)+" '2026-03-31'", "today() "+sign(r)+" close_date", "created_at "+sign(r)+" null", "today() "+sign(r)+" date('2026-04-01')", "now() - hours(1) "+sign(r)+" created_at",
	)
}

func otherCondition(r *rand.Rand) string {
	person := fmt.Sprintf("'%s'", id.ID{byte(1 + r.IntN(2))})
	return pick(
		r,
		"won", "won == "+pick(r, "true", "false", "null"), "won != won", "owner "+pick(r, "==", "!=")+" "+pick(r, "me()", person, "null", "team"), "me() == owner",
		"team in "+pick(r, "myTeam()", "myBranch()"), "owner in ["+person+pick(r, "", ", null")+"]", "rating "+pick(r, "==", "!=")+" "+pick(r, "'hot'", "null"), "rating in ['hot'"+pick(r, "", ", 'cold'", ", null")+"]",
		"'"+pick(r, "vip", "eu")+"' in tags", "tags == null", "has("+pick(r, "name", "amount", "tags", "company.city", "company", "company.parent", "company.parent.city", "notes", "won")+")",
		"notes == null", "notes != null", "company "+pick(r, "==", "!=")+" company.parent", pick(r, "true", "false"), "null == null", "rating.contains('o')", "rating.startsWith('H')",
	)
}
