package sqldb_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// history is a set of migrations as a release after the other would ship it.
func history() []sqldb.Migration {
	return []sqldb.Migration{
		{Name: "persons", Steps: []string{"CREATE TABLE person (id {int} PRIMARY KEY NOT NULL, name {text} NOT NULL) {strict}"}},
		{Name: "their age", Steps: []string{"ALTER TABLE person ADD COLUMN age {int}", "CREATE INDEX person_name ON person (name)"}},
		{Name: "split", Steps: []string{
			"CREATE TABLE nick (person {int} NOT NULL, nick {text} NOT NULL, PRIMARY KEY (person, nick)) {strict}",
			"INSERT INTO nick (person, nick) SELECT id, name FROM person",
			"ALTER TABLE person RENAME COLUMN name TO full_name",
			"ALTER TABLE person DROP COLUMN age",
		}},
	}
}

// A database that an older program filled is brought forward, from each state that was released, and
// keeps what is in it.
func TestMigrateForward(t *testing.T) {
	t.Parallel()
	for from := range len(history()) {
		t.Run(fmt.Sprintf("from %d", from), func(t *testing.T) {
			t.Parallel()
			engines(t, func(t *testing.T, p place) {
				old := p.open(t)
				must(t, old.Migrate(t.Context(), "test", history()[:from]))
				if from > 0 {
					must(t, old.Write(t.Context(), insert(t.Context(), 1, 2, 3)))
				}
				must(t, old.Close())

				db := p.open(t)
				for range 2 { // the second time nothing is left to do
					must(t, db.Migrate(t.Context(), "test", history()))
				}
				var n, want int
				if from > 0 && from < 3 {
					want = 3
				}
				if _, err := db.Row(t.Context(), "SELECT count(*) FROM person JOIN nick ON nick.person = person.id AND nick.nick = person.full_name", nil, &n); err != nil || n != want {
					t.Errorf("%d persons are left, %v; want %d", n, err, want)
				}
			})
		})
	}
}

// A step that fails leaves nothing of itself, and the next start goes on from there.
func TestMigrateFails(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := p.open(t)
		broken := append(history()[:1:1], sqldb.Migration{Name: "broken", Steps: []string{
			"CREATE TABLE half (id {int} PRIMARY KEY NOT NULL) {strict}", "CREATE TABLE person (id {int}) {strict}",
		}})
		if err := db.Migrate(t.Context(), "test", broken); err == nil {
			t.Fatal("a broken step went through")
		}
		if _, err := db.Row(t.Context(), "SELECT id FROM half", nil); err == nil {
			t.Error("half of a step is left")
		}
		must(t, db.Migrate(t.Context(), "test", history()))
	})
}

func TestMigrateRefusesANewerDatabase(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db := p.open(t)
		must(t, db.Migrate(t.Context(), "test", history()))
		must(t, db.Migrate(t.Context(), "other", history()[:0])) // sets do not meet
		if err := db.Migrate(t.Context(), "test", history()[:2]); fault.Reason(err) != "newer_database" || !fault.Is(err, fault.Invalid) {
			t.Errorf("an older program: %v", err)
		}
	})
}

// Several nodes start at once on an empty database. Each step runs once.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqldb.Postgres)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			db, err := p.try()
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Migrate(t.Context(), "test", history()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n int
	if _, err := p.open(t).Row(t.Context(), "SELECT count(*) FROM wb_migration", nil, &n); err != nil || n != len(history()) {
		t.Errorf("%d steps are noted, %v", n, err)
	}
}

// The structure changes while others read and write: nobody fails, and everybody sees the new columns.
func TestDDLOnline(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db, other := p.open(t), p.open(t)
		people(t, db)
		must(t, db.Write(t.Context(), insert(t.Context(), 1)))
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for worker := range 4 {
			node := []*sqldb.DB{db, other}[worker%2]
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					if got := ids(t, node); len(got) == 0 || got[0] != 1 {
						t.Errorf("read %v", got)
					}
					if err := node.Write(t.Context(), func(tx *sqldb.Tx) error {
						_, err := tx.Exec(t.Context(), "UPDATE person SET name = ? WHERE id = 1", fmt.Sprint(worker, n))
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for i := range 10 {
			column := fmt.Sprintf("f_%d", i)
			must(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
				return tx.DDL(t.Context(), sqldb.DDL(p.engine, "ALTER TABLE person ADD COLUMN "+column+" {int}"))
			}))
			must(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE person SET "+column+" = ? WHERE id = 1", i)
				return err
			}))
			var got int
			if _, err := other.Row(t.Context(), "SELECT "+column+" FROM person WHERE id = 1", nil, &got); err != nil || got != i {
				t.Errorf("%s is %d, %v", column, got, err)
			}
		}
		close(stop)
		wg.Wait()
	})
}

// Statements prepared before a change work after it, or fail where what they name is gone.
func TestPreparedStatementsFollowTheStructure(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, p place) {
		db, other := p.open(t), p.open(t)
		people(t, db)
		must(t, db.Write(t.Context(), insert(t.Context(), 1)))
		read := func() (name string, err error) {
			_, err = db.Row(t.Context(), "SELECT name FROM person WHERE id = 1", nil, &name)
			return name, err
		}
		write := func(name string) error {
			return db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE person SET name = ? WHERE id = 1", name)
				return err
			})
		}
		change := func(ddl string) { // by another node
			must(t, other.Write(t.Context(), func(tx *sqldb.Tx) error { return tx.DDL(t.Context(), sqldb.DDL(p.engine, ddl)) }))
		}
		for round := range 3 {
			name := fmt.Sprint("round ", round)
			if err := write(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got, err := read(); err != nil || got != name {
				t.Errorf("%s: read %q, %v", name, got, err)
			}
			change(fmt.Sprintf("ALTER TABLE person ADD COLUMN f_%d {int}", round))
			change("ALTER TABLE person RENAME COLUMN name TO old")
			if _, err := read(); err == nil {
				t.Errorf("%s: a column that is gone was read", name)
			}
			if write(name) == nil {
				t.Errorf("%s: a column that is gone was written", name)
			}
			change("ALTER TABLE person ADD COLUMN name {text}")
			if got, err := read(); got != "" || err == nil { // NULL is no text
				t.Errorf("%s: the new column holds %q, %v", name, got, err)
			}
			change("ALTER TABLE person DROP COLUMN old")
		}
	})
}
