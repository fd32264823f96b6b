package sqldb_test

import (
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb"
)

func TestRebind(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ query, sqlite, postgres string }{
		{"", "", ""},
		{"SELECT 1", "SELECT 1", "SELECT 1"},
		{"a = ? AND b = ?", "a = ?1 AND b = ?2", "a = $1 AND b = $2"},
		{"a = ?2 AND b = ?1", "a = ?2 AND b = ?1", "a = $2 AND b = $1"},
		{"?10,?11", "?10,?11", "$10,$11"},
		{"a = '?' AND b = ?", "a = '?' AND b = ?1", "a = '?' AND b = $1"},
		{`a = 'it''s ?' AND "?" = ?`, `a = 'it''s ?' AND "?" = ?1`, `a = 'it''s ?' AND "?" = $1`},
		{`'"' = ? AND "'" = ?`, `'"' = ?1 AND "'" = ?2`, `'"' = $1 AND "'" = $2`},
		{"'open ?", "'open ?", "'open ?"},
		{"?", "?1", "$1"},
		{"a = ?)", "a = ?1)", "a = $1)"},
	} {
		if got := sqldb.Rebind(sqldb.SQLite, tc.query); got != tc.sqlite {
			t.Errorf("SQLite: %s became %s, want %s", tc.query, got, tc.sqlite)
		}
		if got := sqldb.Rebind(sqldb.Postgres, tc.query); got != tc.postgres {
			t.Errorf("PostgreSQL: %s became %s, want %s", tc.query, got, tc.postgres)
		}
	}
}

// Whatever the text: nothing between quotes changes, only marks change outside, and doing it twice is
// doing it once.
func FuzzRebind(f *testing.F) {
	for _, s := range []string{"a = ? AND b = '?' AND c = ?", "?1 ?2", `"?" '' ?`, "'", "?9é?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		lite, post := sqldb.Rebind(sqldb.SQLite, query), sqldb.Rebind(sqldb.Postgres, query)
		if again := sqldb.Rebind(sqldb.SQLite, lite); again != lite {
			t.Errorf("twice: %q became %q", lite, again)
		}
		if plain(lite, "?") != plain(query, "?") || plain(post, "$") != plain(strings.ReplaceAll(query, "$", ""), "?") && !strings.Contains(query, "$") {
			t.Errorf("%q became %q and %q", query, lite, post)
		}
		if quoted(lite) != quoted(query) || quoted(post) != quoted(query) {
			t.Errorf("a quoted text changed: %q became %q and %q", query, lite, post)
		}
	})
}

// plain drops marks and digits that stand outside of quotes.
func plain(query, marks string) string {
	return outside(query, func(c byte) bool { return !strings.ContainsRune(marks, rune(c)) && (c < '0' || c > '9') }, true)
}

// quoted keeps what stands between quotes.
func quoted(query string) string {
	return outside(query, func(byte) bool { return false }, true)
}

// outside filters the bytes outside of quotes.
func outside(query string, keep func(byte) bool, inside bool) string {
	var b strings.Builder
	quote := byte(0)
	for i := range len(query) {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			if inside {
				b.WriteByte(c)
			}
		case c == '\'' || c == '"':
			quote = c
			b.WriteByte(c)
		case keep(c):
			b.WriteByte(c)
		}
	}
	return b.String()
}

func TestStatement(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := p.open(t)
		people(t, db)
		must(t, db.Write(t.Context(), insert(t.Context(), 1, 2, 3, 4)))
		st := &sqldb.Statement{}
		again := st.Mark(2)
		st.Text("SELECT count(*) FROM person WHERE id > ", again, " AND id IN (").BindList([]any{1, 3, 4, 9}).Text(") AND id <> ").Bind(4).Text(" AND name = ").Bind("p")
		const want = "SELECT count(*) FROM person WHERE id > ?1 AND id IN (?2,?3,?4,?5) AND id <> ?6 AND name = ?7"
		if st.Query() != want || len(st.Args()) != 7 {
			t.Errorf("%s with %d values", st.Query(), len(st.Args()))
		}
		var n int
		if found, err := db.Row(t.Context(), st.Query(), st.Args(), &n); err != nil || !found || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}
