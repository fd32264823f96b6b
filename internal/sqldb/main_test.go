package sqldb_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// place is where a database lies, so that it can be opened more than once, as by several nodes.
type place struct {
	engine sqldb.Engine
	dsn    string
	schema string
}

// newPlace returns an empty database.
func newPlace(t testing.TB, engine sqldb.Engine) place {
	t.Helper()
	if engine == sqldb.Postgres {
		return place{engine, pgtest.DSN(t), "wb_data"}
	}
	dir := t.TempDir()
	vfs := vault.Register(strings.NewReplacer("/", "_", "#", "_").Replace(dir), vault.Static([32]byte{7}), vault.Options{OnFailure: func(f vault.Failure) { t.Log(f) }})
	t.Cleanup(vfs.Unregister)
	return place{engine: engine, dsn: vault.DSN(vfs.Name(), filepath.Join(dir, "data.db"))}
}

func (p place) open(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := p.try()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (p place) try() (*sqldb.DB, error) {
	if p.engine == sqldb.Postgres {
		return sqldb.OpenPostgres(context.Background(), sqldb.PostgresConfig{URL: p.dsn, Schema: p.schema, Conns: 8})
	}
	return sqldb.OpenSQLite(context.Background(), sqldb.SQLiteConfig{DSN: p.dsn})
}

// engines runs a test on both engines.
func engines(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	for _, e := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			test(t, newPlace(t, e))
		})
	}
}

// people makes a table that most tests use.
func people(t testing.TB, db *sqldb.DB) {
	t.Helper()
	if err := db.Migrate(t.Context(), "test", []sqldb.Migration{{Name: "people", Steps: []string{
		"CREATE TABLE person (id {int} PRIMARY KEY NOT NULL, name {text} NOT NULL) {strict}",
	}}}); err != nil {
		t.Fatal(err)
	}
}

// insert returns a transaction that adds persons.
func insert(ctx context.Context, ids ...int) func(*sqldb.Tx) error {
	return func(tx *sqldb.Tx) error {
		for _, n := range ids {
			if _, err := tx.Exec(ctx, "INSERT INTO person (id, name) VALUES (?, ?)", n, "p"); err != nil {
				return err
			}
		}
		return nil
	}
}

// ids returns who is there.
func ids(t testing.TB, q sqldb.Querier) (list []int) {
	t.Helper()
	rows, err := q.Query(t.Context(), "SELECT id FROM person ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
