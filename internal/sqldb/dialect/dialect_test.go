package dialect_test

import (
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/dialect"
)

const (
	both = iota
	lite // SQLite only
	post // PostgreSQL only
	none
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for statement, where := range map[string]int{
		"SELECT id, f_1 FROM o1 WHERE f_1 = ? AND (f_2 IS NULL OR f_2 <> ?) ORDER BY f_1 DESC, id LIMIT ?": both,
		"SELECT t.id FROM o1 t LEFT JOIN o2 j ON j.id = t.f_1 WHERE t.id IN (?1,?2)":                       both,
		"SELECT count(*), count(DISTINCT t.f), CAST(sum(t.f) AS BIGINT) FROM o1 t GROUP BY 2":              both,
		"SELECT coalesce(max(n), 0) + 2 * n FROM t WHERE (a * 2) > b":                                      both,
		"INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = excluded.b":                  both,
		"UPDATE t SET a = ? WHERE id = ? AND version = ?":                                                  both,
		"DELETE FROM t WHERE id = ?":                         both,
		"CREATE INDEX i ON t (a, b) WHERE a IS NOT NULL":     both,
		"ALTER TABLE t DROP COLUMN a":                        both,
		"SELECT date, key, name FROM t":                      both,
		"SELECT (CASE WHEN at < 5 THEN 1 ELSE 2 END) FROM t": both,

		"CREATE TABLE t (id BLOB PRIMARY KEY NOT NULL, n INTEGER) STRICT":          lite,
		"SELECT id FROM t WHERE instr(a, ?) > 0":                                   lite,
		"SELECT CAST(strftime('%Y', d * 86400, 'unixepoch') AS INTEGER) FROM t":    lite,
		"CREATE TABLE t (id BYTEA PRIMARY KEY NOT NULL, s TEXT COLLATE \"C\")":     post,
		"SELECT id FROM t WHERE strpos(a, ?) > 0 ORDER BY a NULLS LAST FOR UPDATE": post,
		"SELECT extract(year FROM (DATE '1970-01-01' + (d)::int))::bigint FROM t":  post,

		"":                                                      none,
		"SELECT * FROM t":                                       none,
		"SELECT t.* FROM t":                                     none,
		"SELECT id, * FROM t":                                   none,
		"SELECT id FROM t LIMIT 5 OFFSET 10":                    none,
		"SELECT id FROM t LIMIT 5 offset 10":                    none,
		"select id FROM t":                                      none,
		"Select id FROM t":                                      none,
		"SELECT id FROM other.t":                                none,
		"SELECT id FROM t JOIN wb_b.t u ON 1 = 1":               none,
		"INSERT INTO wb_b.t (a) VALUES (?)":                     none,
		"UPDATE wb_b.t SET a = 1":                               none,
		"INSERT INTO t VALUES (?)":                              none,
		"INSERT INTO t (a) VALUES ('x')":                        none,
		"SELECT id FROM t WHERE a = 'x'' OR 1=1":                none,
		"SELECT id FROM t WHERE a = 'open":                      none,
		"SELECT \"id\" FROM t":                                  none,
		"SELECT id FROM t; DELETE FROM t":                       none,
		"SELECT id FROM t -- more":                              none,
		"SELECT id /* more */ FROM t":                           none,
		"SELECT id FROM t WHERE a = $1":                         none,
		"SELECT id FROM t WHERE a = :a":                         none,
		"SELECT id FROM t WHERE a = ?1 AND b = ?":               none,
		"SELECT DISTINCT a FROM t":                              none,
		"SELECT a || b FROM t":                                  none,
		"SELECT a->b FROM t":                                    none,
		"SELECT now() FROM t":                                   none,
		"SELECT random() FROM t":                                none,
		"SELECT lower(a) FROM t":                                none,
		"SELECT id FROM t WHERE a LIKE ?":                       none,
		"SELECT id FROM t WHERE a = 1.5":                        none,
		"SELECT id FROM t FOR SHARE":                            none,
		"SELECT a::text FROM t":                                 none,
		"WITH x AS (SELECT id FROM t) SELECT id FROM x":         none,
		"SELECT id FROM t UNION SELECT id FROM u":               none,
		"MERGE INTO t (a) VALUES (?)":                           none,
		"DELETE FROM t USING u WHERE t.id = u.id":               none,
		"CREATE TRIGGER g ON t":                                 none,
		"CREATE SEQUENCE s":                                     none,
		"CREATE TABLE t (id BLOB PRIMARY KEY NOT NULL)":         none,
		"CREATE TABLE t (n BIGINT) STRICT":                      none,
		"CREATE TABLE t (n NUMERIC) STRICT":                     none,
		"CREATE TABLE t (n TIMESTAMP)":                          none,
		"ALTER TABLE t ADD COLUMN s TEXT UNIQUE COLLATE \"de\"": none,
		"BEGIN":      none,
		"VALUES (1)": none,
		"SELECT id FROM " + strings.Repeat("a", 49): none,
	} {
		for engine, only := range map[sqldb.Engine]int{sqldb.SQLite: lite, sqldb.Postgres: post} {
			err := dialect.Check(engine, statement)
			if allowed := where == both || where == only; allowed != (err == nil) {
				t.Errorf("%v: %s\n\tallowed: %v, got %v", engine, statement, allowed, err)
			}
		}
	}
}

// reports counts what a guard says.
type reports struct {
	testing.TB
	n int
}

func (r *reports) Errorf(string, ...any) { r.n++ }

func TestGuard(t *testing.T) {
	t.Parallel()
	r := &reports{TB: t}
	see := dialect.Guard(r, sqldb.SQLite)
	see("SELECT id FROM t")
	if r.n != 0 {
		t.Error("a good statement was reported")
	}
	see("SELECT * FROM t")
	see("SELECT * FROM t") // said once
	if r.n != 1 {
		t.Errorf("%d reports, want 1", r.n)
	}
}
