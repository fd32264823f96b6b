package store

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Aside keeps what is sealed in the database in a form in which it can be found, compared and
// sorted: a SQLite file of this node alone, encrypted, never part of a backup, and made anew from the
// records whenever it is missing or does not fit (docs/decisions/0013-search.md). It is fed by the
// journal: every change that has a number below its cursor is in it.
//
// For object number 22 it holds the table s22, with the personal fields in typed columns, and w22, the
// words of every field that has words, for full-text search. s22 has copies of some open fields too
// (copied), so that most lists are found in it alone: the records lie in another file, row by row
// elsewhere, and are read only for the page that is shown. Where the records are kept by another
// engine it holds their open columns too, in a table o22 like the engine's, because one query cannot
// span both.
type Aside struct {
	db    *sqldb.DB
	whole bool

	mu      sync.Mutex // one feeding at a time
	cursor  uint64     // entries below it are in
	ahead   *intake    // what comes next, where it was read already
	asides  map[uint32]*aside
	pending bool // some object is not complete
}

// aside is an object in it.
type aside struct {
	object *schema.Object
	fields []*schema.Field // personal ones, in typed columns
	copied []*schema.Field // open ones
	words  []*schema.Field
	names  []string // columns of s, as values gives them
	plan   *Plan    // what is read of a record
	done   bool
	after  id.ID // of a rebuilding: the last record that is in

	find, last, insert, update, index, forget string
}

// AsideName is the name under which queries on the records' own database see the file's tables.
const AsideName = "search"

// NewAside opens the file of a node.
func NewAside(ctx context.Context, db *sqldb.DB, records sqldb.Engine) (*Aside, error) {
	err := db.Migrate(ctx, "search", []sqldb.Migration{{Name: "what is in", Steps: []string{
		`CREATE TABLE aside (object {int} PRIMARY KEY NOT NULL, print {text} NOT NULL, done {bool} NOT NULL, after {id}) {strict}`,
		`CREATE TABLE feed (id {int} PRIMARY KEY NOT NULL, cursor {int} NOT NULL, mark {bytes} NOT NULL) {strict}`,
	}}})
	return &Aside{db: db, whole: records != sqldb.SQLite, asides: map[uint32]*aside{}}, err
}

// kept reports whether an object has something to find.
func kept(o *schema.Object) bool { return !o.Written && !o.Archived }

func newAside(o *schema.Object, whole bool) *aside {
	a := &aside{object: o, copied: copied(o)}
	n := strings.TrimPrefix(o.Table(), "o")
	var words []string
	for i := range o.Fields {
		f := &o.Fields[i]
		for _, c := range f.Aside() {
			a.names = append(a.names, f.Column(c.Suffix))
		}
		if len(f.Aside()) > 0 {
			a.fields = append(a.fields, f)
		}
		if f.Worded() {
			a.words, words = append(a.words, f), append(words, f.Column(""))
		}
	}
	for _, f := range a.copied {
		for _, c := range columnsOf(f) {
			a.names = append(a.names, c.name)
		}
	}
	a.find = "SELECT n, id FROM s" + n + " WHERE id IN ("
	a.last = "SELECT coalesce(max(n), 0) FROM s" + n
	a.insert = "INSERT INTO s" + n + " (" + strings.Join(append([]string{"n", "id"}, a.names...), ", ") + ") VALUES "
	if len(a.names) > 0 {
		a.update = "UPDATE s" + n + " SET " + strings.Join(a.names, " = ?, ") + " = ? WHERE n = ?"
	}
	if a.plan = NewPlan(o, slices.Concat(a.fields, a.copied, a.words, []*schema.Field{o.FieldByID(deletedField)})); whole {
		a.plan = NewPlan(o, nil)
	}
	a.forget = "DELETE FROM w" + n + " WHERE rowid = ?"
	a.index = "INSERT INTO w" + n + " (" + strings.Join(append([]string{"rowid"}, words...), ", ") + ") VALUES (?" + strings.Repeat(", ?", len(words)) + ")"
	return a
}

// structure lists the statements that make an object's tables.
func (a *aside) structure(whole bool) []string {
	o := a.object
	n := strings.TrimPrefix(o.Table(), "o")
	var typed, words, list []string
	for _, f := range a.fields {
		for _, c := range f.Aside() {
			typed = append(typed, ", "+f.Column(c.Suffix)+" "+typeName(c.As))
		}
	}
	for _, f := range a.copied {
		for _, c := range columnsOf(f) {
			typed = append(typed, ", "+c.name+" "+typeName(c.as))
		}
	}
	for _, f := range a.words {
		words = append(words, f.Column(""))
	}
	list = append(list, "CREATE TABLE s"+n+" (n {int} PRIMARY KEY NOT NULL, id {id} NOT NULL UNIQUE"+strings.Join(typed, "")+") {strict}")
	for _, f := range a.fields {
		if f.Sortable() {
			list = append(list, "CREATE INDEX s"+n+"_"+f.Column("")+" ON s"+n+" ("+asideColumn(f)+", id)")
		}
	}
	for _, index := range o.Indexes {
		if !besideIndex(o, index) {
			continue
		}
		cols := make([]string, len(index))
		for i, name := range index {
			cols[i] = keptColumn(o.Field(name))
		}
		list = append(list, "CREATE INDEX s"+n+"_i_"+strings.Join(cols, "_")+" ON s"+n+" "+living(cols))
	}
	if len(words) > 0 {
		// Without the text itself: what is found is read from the records.
		list = append(list, "CREATE VIRTUAL TABLE w"+n+" USING fts5("+strings.Join(words, ", ")+", content='', contentless_delete=1, tokenize='gram')")
	}
	if whole {
		list = append(list, "CREATE TABLE "+o.Table()+" (id {id} PRIMARY KEY NOT NULL, version {int} NOT NULL, subject {id}, sealed {bytes}"+openColumns(o)+") {strict}")
	}
	return list
}

func openColumns(o *schema.Object) string {
	var b strings.Builder
	for i := range o.Fields {
		for _, c := range columnsOf(&o.Fields[i]) {
			b.WriteString(", " + c.name + " " + typeName(c.as))
		}
	}
	return b.String()
}

// asideColumn is the column by which a personal field is sorted and found.
func asideColumn(f *schema.Field) string {
	for _, c := range f.Aside() {
		if c.Fold {
			return f.Column(c.Suffix)
		}
	}
	return f.Column("")
}

// keptColumn is the column by which a field is sorted and found in what is kept aside.
func keptColumn(f *schema.Field) string {
	if len(f.Aside()) > 0 {
		return asideColumn(f)
	}
	return sortColumn(f)
}

// Prepare makes the tables of every object fit its definition; those that did not are filled anew by
// Feed. A file that does not belong to this journal is emptied.
func (p *Aside) Prepare(ctx context.Context, sch *schema.Schema, log *Log) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	fits, err := p.belongs(ctx, log)
	if err != nil {
		return err
	}
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	err = p.db.Write(ctx, func(tx *sqldb.Tx) error {
		p.asides, p.pending, p.ahead = map[uint32]*aside{}, false, nil
		if !fits {
			if err := p.restart(ctx, tx, log, head.Size); err != nil {
				return err
			}
		}
		for _, o := range sch.Objects() {
			if !kept(o) {
				continue
			}
			a := newAside(o, p.whole)
			if err := p.fit(ctx, tx, a, !fits); err != nil {
				return err
			}
			p.asides[o.ID] = a
			p.pending = p.pending || !a.done
		}
		return nil
	})
	return err
}

// belongs reports whether the file was fed by this very journal, and reads its cursor.
func (p *Aside) belongs(ctx context.Context, log *Log) (bool, error) {
	var cursor int64
	var mark []byte
	found, err := p.db.Row(ctx, "SELECT cursor, mark FROM feed WHERE id = 1", nil, &cursor, &mark)
	if err != nil || !found {
		return false, err
	}
	p.cursor = uint64(cursor) //nolint:gosec // never negative
	now, err := log.mark(ctx, p.cursor)
	return string(now) == string(mark), err
}

// mark is the hash of the last entry below a number; empty where there is none.
func (l *Log) mark(ctx context.Context, below uint64) (hash []byte, err error) {
	if below == 0 {
		return []byte{}, nil
	}
	found, err := l.db.Row(ctx, "SELECT hash FROM journal WHERE seq = ?", []any{int64(below - 1)}, &hash) //nolint:gosec // below 2^48
	if !found {
		return []byte("gone"), err
	}
	return hash, err
}

func (p *Aside) restart(ctx context.Context, tx *sqldb.Tx, log *Log, size uint64) error {
	p.cursor = size
	return p.move(ctx, tx, log, size)
}

func (p *Aside) move(ctx context.Context, tx *sqldb.Tx, log *Log, to uint64) error {
	mark, err := log.mark(ctx, to)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO feed (id, cursor, mark) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET cursor = excluded.cursor, mark = excluded.mark", int64(to), mark) //nolint:gosec // below 2^48
	return err
}

// fit makes the tables of an object, or finds them as they should be.
func (p *Aside) fit(ctx context.Context, tx *sqldb.Tx, a *aside, anew bool) error {
	steps := a.structure(p.whole)
	digest := journal.Digest([]byte(strings.Join(steps, "\n")))
	print, was := string(hex(digest[:])), ""
	var after []byte
	found, err := tx.Row(ctx, "SELECT print, done, after FROM aside WHERE object = ?", []any{int64(a.object.ID)}, &was, &a.done, &after)
	if err != nil {
		return err
	}
	if found && was == print && !anew {
		a.after, err = id.FromBytes(after)
		return err
	}
	n := strings.TrimPrefix(a.object.Table(), "o")
	for _, table := range []string{"s" + n, "w" + n, "o" + n} {
		if err := tx.DDL(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
			return err
		}
	}
	for _, step := range steps {
		if err := tx.DDL(ctx, sqldb.DDL(sqldb.SQLite, step)); err != nil {
			return err
		}
	}
	a.done = false
	_, err = tx.Exec(ctx, "INSERT INTO aside (object, print, done) VALUES (?, ?, ?) ON CONFLICT (object) DO UPDATE SET print = excluded.print, done = excluded.done, after = NULL", int64(a.object.ID), print, false)
	return err
}

func hex(b []byte) []byte {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return out
}

// Missing says how much is not in yet: entries of the journal, and whether records are read anew.
func (p *Aside) Missing(ctx context.Context, log *Log) (entries uint64, rebuilding bool, err error) {
	head, err := log.Head(ctx)
	if err != nil {
		return 0, false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return head.Size - min(p.cursor, head.Size), p.pending, nil
}
