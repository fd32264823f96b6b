package store

import (
	"context"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// deletedAt is the column of the system field deleted_at; a record in the bin has a value there.
const deletedAt = "f11"

// updatedAt is the column of the system field updated_at.
const updatedAt = "f7"

// EnsureTables makes the tables, columns and indexes that the schema needs and that are not there
// yet. What was made is kept in a table of its own, so that no engine's catalogue is asked. Columns
// are never dropped: an archived field keeps its values.
func (s *Store) EnsureTables(ctx context.Context, sch *schema.Schema) error {
	have, err := s.made(ctx)
	if err != nil {
		return err
	}
	missing := false
	for _, o := range sch.Objects() {
		for _, step := range steps(s.db.Engine(), o) {
			missing = missing || !have[step.name]
		}
	}
	if !missing {
		return nil
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, o := range sch.Objects() {
			if err := s.EnsureTable(ctx, tx, o); err != nil {
				return err
			}
		}
		return nil
	})
}

// EnsureTable makes what one object's table lacks.
func (s *Store) EnsureTable(ctx context.Context, tx *sqldb.Tx, o *schema.Object) error {
	var missing []step
	for _, step := range steps(tx.Engine(), o) {
		// Whoever inserts the row makes the structure; another node's attempt waits and finds it done.
		n, err := tx.Exec(ctx, "INSERT INTO structure (name) VALUES (?) ON CONFLICT (name) DO NOTHING", step.name)
		if err != nil {
			return err
		}
		if n > 0 {
			missing = append(missing, step)
		}
	}
	for _, statement := range statements(o, missing) {
		if err := tx.DDL(ctx, sqldb.DDL(tx.Engine(), statement)); err != nil {
			return err
		}
	}
	return nil
}

// statements carry steps out. A new table gets its columns at once: each ALTER TABLE would have the
// engine read the structure again.
func statements(o *schema.Object, missing []step) (list []string) {
	fresh := len(missing) > 0 && missing[0].table
	for _, step := range missing {
		switch {
		case step.column == "":
			list = append(list, step.ddl)
		case fresh:
			list[0] += ", " + step.column
		default:
			list = append(list, "ALTER TABLE "+o.Table()+" ADD COLUMN "+step.column)
		}
	}
	if fresh {
		list[0] += ") {strict}"
	}
	return list
}

func (s *Store) made(ctx context.Context) (map[string]bool, error) {
	rows, err := s.db.Query(ctx, "SELECT name FROM structure")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, sqldb.Classify(err)
		}
		have[name] = true
	}
	return have, sqldb.Classify(rows.Err())
}

// step makes a part of the structure: the table, whose statement goes on with its columns, a column, or
// what ddl says.
type step struct {
	name, column, ddl string
	table             bool
}

// steps lists the structure of an object's table, each step with the name that it is known by.
func steps(engine sqldb.Engine, o *schema.Object) []step {
	table := o.Table()
	list := []step{{name: table, table: true, ddl: "CREATE TABLE " + table + " (id {id} PRIMARY KEY NOT NULL, version {int} NOT NULL, subject {id}, sealed {bytes}"}}
	for i := range o.Fields {
		for _, c := range append(left(&o.Fields[i]), columnsOf(&o.Fields[i])...) {
			list = append(list, step{name: table + "." + c.name, column: c.name + " " + typeName(c.as)})
		}
	}
	for _, index := range o.Indexes {
		if besideIndex(o, index) {
			continue
		}
		var cols []string
		for _, name := range index {
			cols = append(cols, sortColumn(o.Field(name)))
		}
		name := table + "_i_" + strings.Join(cols, "_")
		if engine == sqldb.Postgres { // an absent value is the smallest, as in SQLite
			cols[0] += " NULLS FIRST"
		}
		list = append(list, step{name: name, ddl: "CREATE INDEX " + name + " ON " + table + " " + living(cols)})
	}
	for i := range o.Fields {
		if f := &o.Fields[i]; f.Unique {
			name := uniqueIndex(o, f)
			list = append(list, step{name: name, ddl: "CREATE UNIQUE INDEX " + name + " ON " + table + " (" + sortColumn(f) + ") WHERE " + deletedAt + " IS NULL"})
		}
	}
	return list
}

// living is what follows an index's table: the columns, the identifier, and the records that are not in
// the bin. The last column, which is NULL in every entry, is there because SQLite goes to the table for it
// otherwise: counting takes half the time with it.
func living(cols []string) string {
	return "(" + strings.Join(cols, ", ") + ", id, " + deletedAt + ") WHERE " + deletedAt + " IS NULL"
}

// besideIndex reports whether an index has an encrypted field, so that it lies with what is kept aside.
func besideIndex(o *schema.Object, index []string) bool {
	return slices.ContainsFunc(index, func(name string) bool { return len(o.Field(name).Aside()) > 0 })
}

func typeName(s schema.Storage) string {
	return [...]string{schema.StoreInt: "{int}", schema.StoreText: "{text}", schema.StoreBytes: "{bytes}", schema.StoreBool: "{bool}"}[s]
}
