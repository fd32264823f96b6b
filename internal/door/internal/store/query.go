package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Selection says which records of an object somebody asks for and may see.
type Selection struct {
	Object  *schema.Object
	Where   []*expr.Expr // all must hold: the filter, and what the session may see
	Session expr.Session
	// Visible is the condition under which the session sees records of another object, where a
	// condition or a group reaches them through a lookup; nil: none of them.
	Visible func(object string) *expr.Expr
	Objects func(name string) *schema.Object
	Deleted bool // those in the bin instead of the living
	// Among, where it is set, is a lookup that must point to one of these records.
	Among   *schema.Field
	Records []id.ID
	// Match is a query for full-text search (gram.Match); "" for none. Aside says that this, a condition
	// or the order needs what is kept aside.
	Match string
	Aside bool
}

// query builds one statement: it is the expr.Target of its conditions.
type query struct {
	sqldb.Statement
	sel    *Selection
	d      expr.Dialect
	db     sqldb.Querier
	aside  string // before the names of tables that are kept aside
	joins  strings.Builder
	paths  map[string]string // path of lookups → alias
	beside map[string]string // path of lookups → alias of what is kept aside
	target map[string]*schema.Object
	ranked bool // in the order in which full-text search finds
	alone  bool // of what is kept aside alone, without the records
	counts bool // only how many there are
}

// newQuery begins a query. One that needs what is kept aside runs there, where the records are on
// another engine.
func (s *Store) newQuery(db sqldb.Querier, sel *Selection) *query {
	q := &query{
		sel: sel, d: s.Dialect(), db: db, aside: AsideName + ".", paths: map[string]string{"": "t"}, beside: map[string]string{},
		target: map[string]*schema.Object{"": sel.Object},
	}
	if sel.Aside && s.aside.whole {
		q.d, q.db, q.aside = expr.SQLite, s.aside.db, ""
	}
	return q
}

// settle has the query read what is kept aside alone where that has every field that it is about.
func (s *Store) settle(q *query, order []Order) {
	o := q.sel.Object
	has := func(f *schema.Field) bool {
		return f != nil && (len(f.Aside()) > 0 || slices.Contains(s.layouts.of(o).copied, f))
	}
	if !q.sel.Aside || q.sel.Among != nil && !has(q.sel.Among) {
		return
	}
	for _, k := range order {
		if k.Field != nil && !has(k.Field) {
			return
		}
	}
	for _, x := range q.sel.Where {
		for _, f := range x.Fields() {
			name, _, _ := strings.Cut(f.Name, ".")
			if len(f.Path) > 0 || name != "id" && !has(o.Field(name)) {
				return
			}
		}
	}
	q.alone, q.beside[""] = true, "t"
}

// number is an object's number, as it stands in the names of tables.
func number(o *schema.Object) string { return strconv.FormatUint(uint64(o.ID), 10) }

// Aside joins what is kept aside of the record that a path leads to.
func (q *query) Aside(path []string) (string, error) {
	key := strings.Join(path, ".")
	if a, done := q.beside[key]; done {
		return a, nil
	}
	of, err := q.Alias(path)
	if err != nil {
		return "", err
	}
	alias := "a" + strconv.Itoa(len(q.beside))
	q.beside[key] = alias
	if len(path) > 0 {
		q.joins.WriteString(" LEFT JOIN " + q.aside + "s" + number(q.target[key]) + " " + alias + " ON " + alias + ".id = " + of + ".id")
	}
	return alias, nil
}

// Dialect returns the SQL that expressions compile to.
func (s *Store) Dialect() expr.Dialect {
	if s.db.Engine() == sqldb.Postgres {
		return expr.Postgres
	}
	return expr.SQLite
}

// Alias joins the record that a path of lookups leads to. A record that is in the bin or that the
// session may not see is as absent as one that does not exist.
func (q *query) Alias(path []string) (string, error) {
	key := strings.Join(path, ".")
	if a, done := q.paths[key]; done {
		return a, nil
	}
	before, err := q.Alias(path[:len(path)-1])
	if err != nil {
		return "", err
	}
	from := q.target[strings.Join(path[:len(path)-1], ".")]
	f := from.Field(path[len(path)-1])
	o := q.sel.Objects(linked(f))
	if o == nil {
		return "", fault.New(fault.Invalid, "bad_path", "%s does not point to a record of one object", key)
	}
	if f.Class.Sealed() {
		return "", fault.New(fault.Invalid, "sealed_field", "%s is encrypted: nothing can be reached through it yet", f.Name)
	}
	alias := "j" + strconv.Itoa(len(q.paths))
	seen, err := q.visible(o, alias)
	if err != nil {
		return "", err
	}
	q.joins.WriteString(" LEFT JOIN " + o.Table() + " " + alias + " ON " + alias + ".id = " + before + "." + f.Column("") +
		" AND " + alias + "." + deletedAt + " IS NULL AND " + seen)
	q.paths[key], q.target[key] = alias, o
	return alias, nil
}

// linked is the object that a field points to, for paths; "" where it points to several.
func linked(f *schema.Field) string {
	switch {
	case f == nil:
		return ""
	case f.Type == schema.User:
		return "user"
	case f.Type == schema.Team:
		return "team"
	case f.Type == schema.Lookup:
		return f.Target[0]
	}
	return ""
}

// visible compiles the condition under which the session sees the rows of a joined table.
func (q *query) visible(o *schema.Object, alias string) (string, error) {
	var x *expr.Expr
	if q.sel.Visible != nil {
		x = q.sel.Visible(o.Name)
	}
	if x == nil {
		return "1=0", nil
	}
	return x.SQL(q.d, q.sel.Session, joined{q, alias})
}

// joined is the target of a condition about a joined record.
type joined struct {
	*query
	alias string
}

// Alias refuses a longer path: a condition on who may see a record that itself follows lookups
// cannot be part of a join.
func (j joined) Alias(path []string) (string, error) {
	if len(path) > 0 {
		return "", fault.New(fault.Invalid, "bad_path", "records restricted by %s cannot be reached through another record", strings.Join(path, "."))
	}
	return j.alias, nil
}

// Aside implements expr.Target, for the same reason.
func (j joined) Aside([]string) (string, error) {
	return "", fault.New(fault.Invalid, "bad_path", "records restricted by an encrypted field cannot be reached through another record")
}

// from names the tables. What is found by full-text search comes first where it sets the order, and
// is otherwise one more condition.
func (q *query) from(conds []string) ([]string, error) {
	table := q.sel.Object.Table() + " t"
	n := number(q.sel.Object)
	if q.sel.Match != "" {
		if _, err := q.Aside(nil); err != nil {
			return nil, err
		}
	}
	a := q.beside[""]
	switch {
	case q.alone && q.sel.Match == "":
		q.Text(" FROM ", q.aside, "s", n, " t")
	case q.alone && q.counts && len(conds) == 1 && !q.sel.Deleted: // those in the bin have no words
		q.Text(" FROM ", q.aside, "w", n, " w")
		conds[0] = "w.w" + n + " MATCH " + q.Mark(q.sel.Match)
	case q.alone && (q.ranked || len(q.sel.Where) == 1): // nothing but the words chooses
		q.Text(" FROM ", q.aside, "w", n, " w CROSS JOIN ", q.aside, "s", n, " t ON t.n = w.rowid")
		conds = append(conds, "w.w"+n+" MATCH "+q.Mark(q.sel.Match))
	case q.alone:
		q.Text(" FROM ", q.aside, "s", n, " t")
		conds = append(conds, "t.n IN (SELECT rowid FROM "+q.aside+"w"+n+" WHERE w"+n+" MATCH "+q.Mark(q.sel.Match)+")")
	case a == "":
		q.Text(" FROM ", table)
	case q.ranked:
		q.Text(" FROM ", q.aside, "w", n, " w CROSS JOIN ", q.aside, "s", n, " ", a, " ON ", a, ".n = w.rowid CROSS JOIN ", table, " ON t.id = ", a, ".id")
		conds = append(conds, "w.w"+n+" MATCH "+q.Mark(q.sel.Match))
	default:
		q.Text(" FROM ", table, " JOIN ", q.aside, "s", n, " ", a, " ON ", a, ".id = t.id")
		if q.sel.Match != "" {
			conds = append(conds, a+".n IN (SELECT rowid FROM "+q.aside+"w"+n+" WHERE w"+n+" MATCH "+q.Mark(q.sel.Match)+")")
		}
	}
	return conds, nil
}

// where adds the joins and conditions.
func (q *query) where() error {
	conds := []string{"t." + deletedAt + " IS NULL"}
	if q.sel.Deleted {
		conds[0] = "t." + deletedAt + " IS NOT NULL"
	}
	for _, x := range q.sel.Where {
		text, err := x.SQL(q.d, q.sel.Session, q)
		if err != nil {
			return err
		}
		if text != "1=1" {
			conds = append(conds, text)
		}
	}
	if q.sel.Among != nil {
		marks := make([]string, len(q.sel.Records))
		for i, rid := range q.sel.Records {
			marks[i] = q.Mark(rid.Bytes())
		}
		conds = append(conds, "t."+q.sel.Among.Column("")+" IN ("+strings.Join(marks, ", ")+")")
	}
	conds, err := q.from(conds)
	q.Text(q.joins.String(), " WHERE ", strings.Join(conds, " AND "))
	return err
}

// List reads a page of at most limit rows after a place (nil: from the beginning). Without an order
// come the newest first, and of what full-text search finds those that it knows last.
//
// A row that is not there any more, which can be where it was found in what is kept aside, is nil. Whoever
// shows the rows of a selection that needs what is kept aside asks once more whether they may be seen.
func (s *Store) List(ctx context.Context, db sqldb.Querier, sel *Selection, p *Plan, order []Order, after *Place, limit int) ([]*Row, []*Place, error) {
	q := s.newQuery(db, sel)
	s.settle(q, order)
	q.ranked = sel.Match != "" && len(order) == 0
	apart := q.alone || sel.Aside && s.aside.whole // found apart from the records
	keys, err := q.sortKeys(order)
	if err != nil {
		return nil, nil, err
	}
	q.Text("SELECT ")
	if apart {
		q.Text("t.id")
	} else {
		q.Text(p.list)
	}
	for _, k := range keys[:len(keys)-1] {
		q.Text(", ", k.column)
	}
	if err := q.where(); err != nil {
		return nil, nil, err
	}
	if after != nil {
		if len(after.Values) != len(keys)-1 {
			return nil, nil, fault.New(fault.Invalid, "bad_cursor", "cursor: it belongs to another list")
		}
		q.Text(" AND ", q.after(keys, after))
	}
	q.Text(" ORDER BY ", q.orderBy(keys), " LIMIT ").Bind(int64(limit))
	if !apart {
		return s.page(ctx, q, p, len(keys)-1)
	}
	places, err := q.places(ctx, len(keys)-1)
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.reread(ctx, db, p, places)
	return rows, places, err
}

// places runs a query for identifiers and sort values.
func (q *query) places(ctx context.Context, sorted int) ([]*Place, error) {
	rows, err := q.db.Query(ctx, q.Query(), q.Args()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*Place
	var rid []byte
	dest := make([]any, 1+sorted)
	dest[0] = &rid
	for rows.Next() {
		at := &Place{Values: make([]any, sorted)}
		for i := range at.Values {
			dest[1+i] = &at.Values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, sqldb.Classify(err)
		}
		if at.ID, err = id.FromBytes(rid); err != nil {
			return nil, err
		}
		list = append(list, at)
	}
	return list, sqldb.Classify(rows.Err())
}

// reread reads rows from where the records are, in the order in which they were found; those that are
// gone are nil.
func (s *Store) reread(ctx context.Context, db sqldb.Querier, p *Plan, found []*Place) ([]*Row, error) {
	ids := make([]id.ID, len(found))
	for i, at := range found {
		ids[i] = at.ID
	}
	now, err := s.GetMany(ctx, db, p, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[id.ID]*Row, len(now))
	for _, r := range now {
		byID[r.ID] = r
	}
	rows := make([]*Row, len(found))
	for i, at := range found {
		rows[i] = byID[at.ID]
	}
	return rows, nil
}

func (s *Store) page(ctx context.Context, q *query, p *Plan, sorted int) ([]*Row, []*Place, error) {
	rows, err := q.db.Query(ctx, q.Query(), q.Args()...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var list []*Row
	var places []*Place
	sc := p.reader(sorted)
	for rows.Next() {
		at := &Place{Values: make([]any, sorted)}
		for i := range sc.more {
			sc.more[i] = &at.Values[i]
		}
		r, err := sc.row(rows)
		if err != nil {
			return nil, nil, err
		}
		at.ID = r.ID
		list, places = append(list, r), append(places, at)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, sqldb.Classify(err)
	}
	return list, places, s.open(ctx, p, list)
}

// CountCap is where counting ends: nobody reads further, and every row costs time.
const CountCap = 10_000

// CountRows counts the records, up to CountCap + 1.
func (s *Store) CountRows(ctx context.Context, db sqldb.Querier, sel *Selection) (n int64, err error) {
	q := s.newQuery(db, sel)
	s.settle(q, nil)
	q.counts = true
	q.Text("SELECT count(*) FROM (SELECT 1 AS one")
	if err := q.where(); err != nil {
		return 0, err
	}
	q.Text(" LIMIT ").Bind(int64(CountCap + 1)).Text(") c")
	_, err = q.db.Row(ctx, q.Query(), q.Args(), &n)
	return n, err
}

// Each reads every row of an object, in the order of identifiers, living and deleted, and calls do
// for a page at a time.
func (s *Store) Each(ctx context.Context, o *schema.Object, do func([]*Row) error) error {
	for last := (id.ID{}); ; {
		rows, err := s.following(ctx, s.layouts.of(o).whole, last, 500)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := do(rows); err != nil {
			return err
		}
		last = rows[len(rows)-1].ID
	}
}

// ChangedSince returns the identifiers of the rows of an object, living and deleted, that changed
// after a moment (microseconds since 1970), at most limit.
func (s *Store) ChangedSince(ctx context.Context, db sqldb.Querier, o *schema.Object, at int64, limit int) ([]id.ID, error) {
	rows, err := db.Query(ctx, "SELECT id FROM "+o.Table()+" WHERE "+updatedAt+" > ? LIMIT ?", at, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []id.ID
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, sqldb.Classify(err)
		}
		rid, err := id.FromBytes(b)
		if err != nil {
			return nil, err
		}
		list = append(list, rid)
	}
	return list, sqldb.Classify(rows.Err())
}

// Taken reports whether another living record has a value in a unique field.
func (s *Store) Taken(ctx context.Context, db sqldb.Querier, o *schema.Object, f *schema.Field, v any, besides id.ID) (bool, error) {
	stored := f.Store(v)[0]
	if sortColumn(f) != f.Column("") {
		stored = foldOf(stored)
	}
	var one int64
	return db.Row(ctx, "SELECT 1 FROM "+o.Table()+" WHERE "+sortColumn(f)+" = ? AND "+deletedAt+" IS NULL AND id <> ?", []any{stored, besides.Bytes()}, &one)
}

// EachSealed reads every row of an object, in the order of identifiers, without opening what is
// sealed, and calls do with the row and its stored blob of personal fields.
func (s *Store) EachSealed(ctx context.Context, db sqldb.Querier, o *schema.Object, do func(r *Row, sealed []byte) error) error {
	p := s.layouts.of(o).whole
	st := &sqldb.Statement{}
	st.Text("SELECT ", p.list)
	if !p.personal {
		st.Text(", t.sealed")
	}
	st.Text(" FROM ", o.Table(), " t ORDER BY t.id")
	rows, err := db.Query(ctx, st.Query(), st.Args()...)
	if err != nil {
		return err
	}
	defer rows.Close()
	sc := p.reader(0)
	if !p.personal {
		sc.dest = append(sc.dest, &sc.sealed)
	}
	for rows.Next() {
		r, err := sc.row(rows)
		if err != nil {
			return err
		}
		if err := do(r, r.sealed); err != nil {
			return err
		}
	}
	return sqldb.Classify(rows.Err())
}
