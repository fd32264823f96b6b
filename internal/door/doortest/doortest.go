// Package doortest gives tests a real door: an organisation with its owner, on encrypted SQLite files
// or on a real PostgreSQL.
package doortest

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/found"
	"github.com/wardbook/wardbook/internal/gram"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sales"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/dialect"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// World is an organisation with a door.
type World struct {
	Door  *door.Door
	Data  *sqldb.DB // to look behind the door, and to damage what is there
	Keys  *sqldb.DB
	Owner id.ID
	Roles map[string]id.ID
	Clock *Clock
	Dir   string // of the SQLite files
	Ring  *seal.Ring
	Org   id.ID

	Witnessed []byte // the last checkpoint that was kept elsewhere
	config    door.Config
	searchDSN string

	// The door's own databases, by the World's: what the door sends is held to the SQL dialect, what a
	// test does behind its back is not.
	held map[*sqldb.DB]*sqldb.DB

	mu   sync.Mutex
	sent []string
}

// Sent returns the statements that doors sent to the records' database since it was last asked.
func (w *World) Sent() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.sent
	w.sent = nil
	return list
}

// heard notes a statement, as long as there are not very many of them.
func (w *World) heard(query string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sent) < 10_000 {
		w.sent = append(w.sent, query)
	}
}

// Clock is a clock that a test sets.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now returns the time, a microsecond later at each call, so that what happens in turn is ordered.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

// Add moves the clock on.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Engines runs a test on both engines; more are objects beside those of the program.
func Engines(t *testing.T, test func(t *testing.T, w *World), more ...schema.Object) {
	t.Helper()
	for _, e := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			test(t, New(t, e, more...))
		})
	}
}

// New returns a new organisation on an engine.
func New(t testing.TB, engine sqldb.Engine, more ...schema.Object) *World {
	t.Helper()
	w := &World{Clock: &Clock{at: time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)}, Dir: t.TempDir()}
	ids := id.NewSource(w.Clock.Now, rand.Reader)
	w.Org = ids.New()
	w.Ring = seal.NewRing(rand.Reader, w.Clock.Now())
	search := w.search(t, "search")
	w.Data, w.Keys = w.open(t, engine, "data"), w.open(t, engine, "keys")
	w.config = door.Config{
		Org: w.Org, Data: w.Data, Keys: w.Keys, Search: search, Ring: func() *seal.Ring { return w.Ring },
		Objects: append(append(schema.System(), sales.Objects()...), more...), IDs: ids, Now: w.Clock.Now, Rand: rand.Reader,
		Log:     slog.New(slog.NewTextHandler(testWriter{t}, nil)),
		Witness: func(msg []byte) error { w.Witnessed = msg; return nil },
	}
	w.Door = w.Open(t)
	made, err := found.Organisation(context.Background(), w.Door, found.Owner{Name: "Olga Owner", Email: "olga@example.com", Lang: "en"})
	if err != nil {
		t.Fatal(err)
	}
	w.Owner, w.Roles = made.Owner, made.Roles
	return w
}

// Open opens another door to the same organisation, as a second node would.
func (w *World) Open(t testing.TB) *door.Door {
	t.Helper()
	c := w.config
	c.Data, c.Keys = w.held[c.Data], w.held[c.Keys]
	if w.Door != nil && w.Data.Engine() == sqldb.Postgres {
		c.Search = w.search(t, rand.Text())
	}
	d, err := door.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	return d
}

// file registers an encrypted SQLite file and returns its DSN.
func (w *World) file(t testing.TB, name string) string {
	vfs := vault.Register(strings.NewReplacer("/", "_", "#", "_", "=", "_").Replace(w.Dir)+name, vault.Static([32]byte{7}), vault.Options{OnFailure: func(f vault.Failure) { t.Log(f) }})
	t.Cleanup(vfs.Unregister)
	return vault.DSN(vfs.Name(), filepath.Join(w.Dir, name+".db"))
}

// search opens a node's own file for what is kept aside.
func (w *World) search(t testing.TB, name string) *sqldb.DB {
	t.Helper()
	dsn := w.file(t, name)
	if w.searchDSN == "" {
		w.searchDSN = dsn
	}
	db, err := sqldb.OpenSQLite(context.Background(), sqldb.SQLiteConfig{DSN: dsn, Tokenizer: gram.Split, Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// open opens a database twice: for the door, and for the test.
func (w *World) open(t testing.TB, engine sqldb.Engine, name string) *sqldb.DB {
	t.Helper()
	var open func(observe func(string)) (*sqldb.DB, error)
	if engine == sqldb.Postgres {
		url := pgtest.DSN(t)
		open = func(observe func(string)) (*sqldb.DB, error) {
			return sqldb.OpenPostgres(context.Background(), sqldb.PostgresConfig{URL: url, Schema: "wb_" + name, Conns: 8, Observe: observe})
		}
	} else {
		dsn := w.file(t, name)
		open = func(observe func(string)) (*sqldb.DB, error) {
			return sqldb.OpenSQLite(context.Background(), sqldb.SQLiteConfig{
				DSN: dsn, Attach: []sqldb.Attachment{{Name: door.SearchName, DSN: w.searchDSN}}, Tokenizer: gram.Split, Observe: observe, Overwrite: true,
			})
		}
	}
	var both [2]*sqldb.DB
	guard := dialect.Guard(t, engine)
	watch := func(query string) {
		guard(query)
		if name == "data" {
			w.heard(query)
		}
	}
	for i, observe := range []func(string){watch, nil} {
		db, err := open(observe)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		both[i] = db
	}
	if w.held == nil {
		w.held = map[*sqldb.DB]*sqldb.DB{}
	}
	w.held[both[1]] = both[0]
	return both[1]
}

// As returns a session of a person at the machine.
func (w *World) As(user id.ID) *door.Session { return w.Door.As(authn.Operator(user), door.ViaAPI) }

// Person makes a person with roles, by their keys, and a team.
func (w *World) Person(t testing.TB, name string, team id.ID, roles ...string) id.ID {
	t.Helper()
	var list []any
	for _, r := range roles {
		list = append(list, w.Roles[r].String())
	}
	v := door.Values{"name": name, "email": strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.com", "roles": list}
	if !team.IsZero() {
		v["main_team"] = team.String()
	}
	return w.Make(t, "user", v)
}

// Make creates a record as the owner.
func (w *World) Make(t testing.TB, object string, v door.Values) id.ID {
	t.Helper()
	r, err := w.As(w.Owner).Create(context.Background(), object, v, "")
	if err != nil {
		t.Fatalf("create %s: %v", object, err)
	}
	return r.ID
}

// Stage returns the identifier of a stage.
func (w *World) Stage(t testing.TB, name string) id.ID {
	t.Helper()
	p, err := w.As(w.Owner).List(context.Background(), door.Query{Object: "stage", Filter: "name == '" + name + "'"})
	if err != nil || len(p.Records) != 1 {
		t.Fatalf("stage %s: %v", name, err)
	}
	return p.Records[0].ID
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) { return io.Discard.Write(b) }
