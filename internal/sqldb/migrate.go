package sqldb

import (
	"context"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
)

// Migration is one step forward of a database's fixed tables. A released migration never changes:
// a correction is another migration.
type Migration struct {
	Name  string   // for people, in the table of migrations
	Steps []string // statements, in the types of DDL
}

// Migrate runs the migrations that the database named by set has not seen yet, each in its own
// transaction, and records them. A database that a newer program migrated is refused: running older
// code on it could lose what it does not know.
func (db *DB) Migrate(ctx context.Context, set string, list []Migration) (err error) {
	defer fault.Op(&err, "sqldb.Migrate(%s)", set)
	if err := db.migrations(ctx); err != nil {
		// Another node may have made the table at the same time, which IF NOT EXISTS does not forgive.
		if err := db.migrations(ctx); err != nil {
			return err
		}
	}
	var at int64
	if _, err := db.Row(ctx, "SELECT coalesce(max(version), 0) FROM wb_migration WHERE part = ?", []any{set}, &at); err != nil {
		return err
	}
	if at > int64(len(list)) {
		return fault.New(fault.Invalid, "newer_database", "this database was written by a newer Wardbook (step %d of %s, this program knows %d): update the program", at, set, len(list))
	}
	for i := at; i < int64(len(list)); i++ {
		if err := db.step(ctx, set, i+1, list[i]); err != nil {
			return err
		}
	}
	return nil
}

// migrations makes the table of what was run.
func (db *DB) migrations(ctx context.Context) error {
	return db.Write(ctx, func(tx *Tx) error {
		return tx.DDL(ctx, DDL(db.engine, `CREATE TABLE IF NOT EXISTS wb_migration (
			part {text} NOT NULL, version {int} NOT NULL, name {text} NOT NULL, PRIMARY KEY (part, version)) {strict}`))
	})
}

func (db *DB) step(ctx context.Context, set string, version int64, m Migration) error {
	return db.Write(ctx, func(tx *Tx) error {
		// Another node may have been faster; the primary key then refuses this row and with it the step.
		n, err := tx.Exec(ctx, "INSERT INTO wb_migration (part, version, name) VALUES (?, ?, ?) ON CONFLICT (part, version) DO NOTHING", set, version, m.Name)
		if err != nil || n == 0 {
			return err
		}
		for _, s := range m.Steps {
			if err := tx.DDL(ctx, DDL(db.engine, s)); err != nil {
				return err
			}
		}
		return nil
	})
}

// DDL fills in the column types of an engine: {int} {text} {bytes} {bool} {id}, and {strict} at the
// end of a table. Text compares by bytes on both engines; SQLite tables are STRICT, because its
// loose types turn an identifier into a number.
func DDL(engine Engine, statement string) string {
	if engine == Postgres {
		return strings.NewReplacer("{int}", "BIGINT", "{text}", `TEXT COLLATE "C"`, "{bytes}", "BYTEA", "{id}", "BYTEA", "{bool}", "BOOLEAN", " {strict}", "").Replace(statement)
	}
	return strings.NewReplacer("{int}", "INTEGER", "{text}", "TEXT", "{bytes}", "BLOB", "{id}", "BLOB", "{bool}", "INTEGER", " {strict}", " STRICT").Replace(statement)
}
