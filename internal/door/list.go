package door

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/expr"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
)

// Query asks for records of an object.
type Query struct {
	Object  string    `json:"object"`
	Filter  string    `json:"filter,omitempty"`  // CEL; "" for all
	Search  string    `json:"search,omitempty"`  // words, or parts of them, all of which a record holds
	Sort    []string  `json:"sort,omitempty"`    // field names, "-" before a name for the greatest first; none: newest first
	Fields  []string  `json:"fields,omitempty"`  // as in GetOptions
	Limit   int       `json:"limit,omitempty"`   // 0 means 50; at most MaxLimit
	Cursor  string    `json:"-"`                 // from the page before
	Count   bool      `json:"count,omitempty"`   // also count, up to CountCap
	AsOf    time.Time `json:"as_of,omitzero"`    // zero: now
	Deleted bool      `json:"deleted,omitempty"` // the bin; needs the right to delete

	// Purpose makes the page part of an export: it needs the right to export, and is in the journal
	// with its purpose before it is answered.
	Purpose string `json:"purpose,omitempty"`
}

// Limits of a list.
const (
	MaxLimit = 500
	MaxSort  = 4
	CountCap = store.CountCap
)

// Page is a part of a list.
type Page struct {
	Records []*Record
	Next    string // cursor of the next page; "" at the end
	Count   int64  // where it was asked for; CountCap where there are more
	Capped  bool   // there are more than CountCap
}

// List reads a page of records.
func (s *Session) List(ctx context.Context, q Query) (_ *Page, err error) {
	defer fault.Op(&err, "door.List(%s)", clip(q.Object))
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	l, err := s.prepare(ctx, a, &q)
	if err != nil {
		return nil, err
	}
	if !q.AsOf.IsZero() {
		return s.listAsOf(ctx, l, q)
	}
	page, err := s.readPage(ctx, l, q)
	if err != nil {
		return nil, err
	}
	if err := s.journalList(ctx, q, len(page.Records)); err != nil {
		return nil, err
	}
	return page, nil
}

func (s *Session) journalList(ctx context.Context, q Query, rows int) error {
	e := s.entry("list", q.Object)
	e.Count = uint64(rows) //nolint:gosec // at most MaxLimit
	if q.Purpose == "" {
		return s.queue(ctx, e, describe(q))
	}
	e.Verb, e.Reason = "export", q.Purpose
	return s.durable(ctx, e, describe(q))
}

// listing is a list that was checked and compiled.
type listing struct {
	v     *viewer
	o     *schema.Object
	sh    *shape
	sel   *store.Selection
	order []store.Order
	after *store.Place
	asOf  time.Time
	bind  []byte // what a cursor belongs to
}

func (s *Session) prepare(ctx context.Context, a *access, q *Query) (*listing, error) {
	if q.Limit == 0 {
		q.Limit = 50
	}
	switch {
	case q.Limit < 0 || q.Limit > MaxLimit:
		return nil, fault.InField("limit", "out_of_range", "1 to %d", MaxLimit)
	case len(q.Sort) > MaxSort:
		return nil, fault.InField("sort", "too_many", "at most %d fields", MaxSort)
	}
	verb := policy.Read
	switch {
	case q.Purpose != "":
		verb = policy.Export
	case q.Deleted:
		verb = policy.Delete
	}
	o, err := s.object(ctx, a, q.Object, verb)
	if err != nil {
		return nil, err
	}
	l := &listing{v: s.viewer(ctx, a), o: o, asOf: q.AsOf}
	l.v.past = !q.AsOf.IsZero()
	if l.sh, err = a.shape(o, q.Fields); err != nil {
		return nil, err
	}
	if l.sel, err = s.selection(a, l.v.s, o, verb, q.Filter); err != nil {
		return nil, err
	}
	l.sel.Deleted = q.Deleted
	if l.order, err = a.order(o, q.Sort); err != nil {
		return nil, err
	}
	if err := s.searching(ctx, a, l, q); err != nil {
		return nil, err
	}
	l.bind = []byte(describe([]any{q.Object, q.Filter, q.Search, q.Sort, q.Deleted, s.actor.User(), q.AsOf}))
	if q.Cursor != "" {
		if l.after, err = s.d.openCursor(q.Cursor, l.bind); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// searching adds what is searched, and waits for what is kept aside where the list needs it.
func (s *Session) searching(ctx context.Context, a *access, l *listing, q *Query) (err error) {
	if q.Search != "" {
		if q.Deleted || !q.AsOf.IsZero() {
			return fault.InField("search", "not_here", "the bin and the past cannot be searched; use a filter")
		}
		if l.sel.Match, err = a.match(l.o, q.Search); err != nil {
			return err
		}
		l.sel.Aside = true
	}
	for _, o := range l.order {
		l.sel.Aside = l.sel.Aside || o.Field != nil && len(o.Field.Aside()) > 0
	}
	if l.sel.Aside {
		return s.whole(ctx)
	}
	return nil
}

// selection joins what is asked for with what may be seen.
func (s *Session) selection(a *access, es expr.Session, o *schema.Object, verb policy.Verb, filter string) (*store.Selection, error) {
	cond, err := a.condition(o.Name, verb)
	if err != nil {
		return nil, err
	}
	if cond == nil {
		return nil, notFound(o.Name)
	}
	sel := &store.Selection{Object: o, Session: es, Visible: a.visible, Objects: a.cat.schema.Object, Where: []*expr.Expr{cond}}
	if strings.TrimSpace(filter) != "" {
		x, err := a.filter(o.Name, filter)
		if err != nil {
			return nil, a.computed(o, filter, err)
		}
		sel.Where = append(sel.Where, x)
	}
	for _, x := range sel.Where {
		sel.Aside = sel.Aside || asideUsed(a.cat, x)
	}
	return sel, nil
}

// order resolves the keys of an order: a hidden or masked field is as unknown as none.
func (a *access) order(o *schema.Object, names []string) ([]store.Order, error) {
	var list []store.Order
	for _, name := range names {
		field, desc := strings.CutPrefix(name, "-")
		if field == "id" {
			list = append(list, store.Order{Desc: desc})
			break
		}
		f := o.Field(field)
		switch {
		case f == nil || !a.readable(o, f):
			return nil, fault.InField("sort", "unknown_field", "there is no field %q of %s", clip(field), o.Name)
		case f.Computed():
			return nil, computedField("sort", "not_sortable", f, "sorted by")
		case f.Class.Cell():
			return nil, fault.New(fault.Invalid, "sealed_field", "%s is encrypted under a key of its own: it cannot be sorted by", f.Name)
		case !f.Sortable():
			return nil, fault.InField("sort", "not_sortable", "%s has no order to sort by", f.Name)
		}
		list = append(list, store.Order{Field: f, Desc: desc})
	}
	return list, nil
}

func (s *Session) readPage(ctx context.Context, l *listing, q Query) (*Page, error) {
	db := s.d.data.DB()
	// One more than asked for tells whether there is a next page.
	rows, places, err := s.d.data.List(ctx, db, l.sel, l.sh.plan, l.order, l.after, q.Limit+1)
	if err != nil {
		return nil, err
	}
	page := &Page{}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		page.Next = s.d.sealCursor(places[q.Limit-1], l.bind)
	}
	if rows, err = l.still(rows); err != nil {
		return nil, err
	}
	if page.Records, err = s.show(ctx, l.v, l.sh, rows); err != nil {
		return nil, err
	}
	switch {
	case q.Count && page.Next == "" && l.after == nil: // that was all
		page.Count = int64(len(page.Records))
	case q.Count:
		if page.Count, err = s.d.data.CountRows(ctx, db, l.sel); err != nil {
			return nil, err
		}
		page.cap()
	}
	return page, nil
}

// still leaves out rows that are gone, or that changed since they were found in what is kept aside and
// are no longer to be seen.
func (l *listing) still(rows []*store.Row) ([]*store.Row, error) {
	if !l.sel.Aside {
		return rows, nil
	}
	kept := rows[:0]
	for _, row := range rows {
		if row == nil || (row.Values[deletedField] != nil) != l.sel.Deleted {
			continue
		}
		seen, err := l.v.holds(l.sel.Where[0], l.o, row)
		if err != nil {
			return nil, err
		}
		if seen {
			kept = append(kept, row)
		}
	}
	return kept, nil
}

func (p *Page) cap() {
	if p.Count > CountCap {
		p.Count, p.Capped = CountCap, true
	}
}

// cursorPlace is a cursor's content. Values of integers and texts are kept apart, because JSON has
// one kind of number.
type cursorPlace struct {
	Values []cursorValue `json:"v"`
	ID     id.ID         `json:"i"`
}

type cursorValue struct {
	N *int64  `json:"n,omitempty"`
	S *string `json:"s,omitempty"`
	B []byte  `json:"b,omitempty"`
	F *bool   `json:"f,omitempty"`
}

// sealCursor encrypts where a page ended: a cursor stands in URLs, and its values may be a
// customer's.
func (d *Door) sealCursor(p *store.Place, bind []byte) string {
	c := cursorPlace{ID: p.ID}
	for _, v := range p.Values {
		var cv cursorValue
		switch x := v.(type) {
		case int64:
			cv.N = &x
		case string:
			cv.S = &x
		case []byte:
			cv.B = x
		case bool:
			cv.F = &x
		}
		c.Values = append(c.Values, cv)
	}
	version, key := d.ring().Current(seal.SessionMAC)
	digest := journal.Digest(bind)
	cell := seal.Seal(d.rand, key.DeriveKey("cursor/1"), version, seal.Record, seal.Address{Org: d.org}, append(digest[:16], describe(c)...))
	return base64.RawURLEncoding.EncodeToString(cell)
}

func (d *Door) openCursor(text string, bind []byte) (*store.Place, error) {
	bad := fault.InField("cursor", "bad_cursor", "it belongs to another list, or is too old: read from the beginning")
	cell, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(cell) > 8192 {
		return nil, bad
	}
	h, err := seal.ParseHeader(cell)
	if err != nil {
		return nil, bad
	}
	key, err := d.ring().Get(seal.SessionMAC, h.Version)
	if err != nil {
		return nil, bad
	}
	b, err := seal.Open(key.DeriveKey("cursor/1"), seal.Record, seal.Address{Org: d.org}, cell)
	digest := journal.Digest(bind)
	if err != nil || len(b) < 16 || !bytes.Equal(b[:16], digest[:16]) {
		return nil, bad
	}
	var c cursorPlace
	if err := json.Unmarshal(b[16:], &c); err != nil {
		return nil, bad
	}
	p := &store.Place{ID: c.ID}
	for _, v := range c.Values {
		switch {
		case v.N != nil:
			p.Values = append(p.Values, *v.N)
		case v.S != nil:
			p.Values = append(p.Values, *v.S)
		case v.F != nil:
			p.Values = append(p.Values, *v.F)
		case v.B != nil:
			p.Values = append(p.Values, v.B)
		default:
			p.Values = append(p.Values, nil)
		}
	}
	return p, nil
}
