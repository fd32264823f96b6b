package door_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// burglar alters what is stored, behind the door's back, and puts it right again.
type burglar struct {
	w       *doortest.World
	auditor *door.Session
	company id.ID
	contact id.ID
	seq     int64 // of the entry about the contact's change
}

func newBurglar(t *testing.T, w *doortest.World) *burglar {
	ctx := context.Background()
	b := &burglar{w: w, auditor: w.As(w.Owner)}
	s := w.As(w.Person(t, "Anna", id.ID{}, "sales_manager")).From(door.Origin{Address: "192.0.2.7", Agent: "test"})
	b.company = must[*door.Record](t)(s.Create(ctx, "company", door.Values{"name": "Acme", "parent": nil, "website": "https://example.com", "tax_account": "DE89"}, "")).ID
	b.contact = must[*door.Record](t)(s.Create(ctx, "contact", door.Values{"last_name": "Muster", "company": b.company.String(), "identity_number": "110101", "do_not_call": true}, "")).ID
	must[*door.Record](t)(s.Update(ctx, "contact", b.contact, 1, door.Values{"last_name": "Muster-Neu", "position": "CEO"}))
	size(t, w)      // leaves a checkpoint
	for range 260 { // so that there is a subtree
		get(t, s, "contact", b.contact)
	}
	size(t, w)
	if found, err := w.Data.Row(ctx, "SELECT seq FROM journal WHERE record = ? AND verb = 'update'", []any{b.contact.Bytes()}, &b.seq); err != nil || !found {
		t.Fatal("no entry", err)
	}
	return b
}

// alter sets a column and returns what puts it right.
func (b *burglar) alter(t *testing.T, table, column, where string, change func(old any) any) func() {
	t.Helper()
	var old any
	if found, err := b.w.Data.Row(context.Background(), "SELECT "+column+" FROM "+table+" WHERE "+where, nil, &old); err != nil || !found {
		t.Fatalf("%s.%s: %v", table, column, err)
	}
	behind(t, b.w.Data, "UPDATE "+table+" SET "+column+" = ? WHERE "+where, change(old))
	return func() { behind(t, b.w.Data, "UPDATE "+table+" SET "+column+" = ? WHERE "+where, old) }
}

// move moves a row to another key and returns what moves it back.
func (b *burglar) move(t *testing.T, table, key, from, to string) func() {
	t.Helper()
	behind(t, b.w.Data, "UPDATE "+table+" SET "+key+" = "+to+" WHERE "+key+" = "+from)
	return func() { behind(t, b.w.Data, "UPDATE "+table+" SET "+key+" = "+from+" WHERE "+key+" = "+to) }
}

// take takes rows away and returns what puts them back.
func (b *burglar) take(t *testing.T, table, where string) func() {
	t.Helper()
	behind(t, b.w.Data, "CREATE TABLE loot AS SELECT * FROM "+table+" WHERE "+where)
	behind(t, b.w.Data, "DELETE FROM "+table+" WHERE "+where)
	return func() {
		behind(t, b.w.Data, "INSERT INTO "+table+" SELECT * FROM loot")
		behind(t, b.w.Data, "DROP TABLE loot")
	}
}

// copyRow puts a copy of a row under another key and returns what takes it away.
func (b *burglar) copyRow(t *testing.T, table, key, where string, value any) func() {
	t.Helper()
	behind(t, b.w.Data, "CREATE TABLE loot AS SELECT * FROM "+table+" WHERE "+where)
	behind(t, b.w.Data, "UPDATE loot SET "+key+" = ?", value)
	behind(t, b.w.Data, "INSERT INTO "+table+" SELECT * FROM loot")
	behind(t, b.w.Data, "DROP TABLE loot")
	return func() { behind(t, b.w.Data, "DELETE FROM "+table+" WHERE "+key+" = ?", value) }
}

func flip(old any) any {
	c := bytes.Clone(old.([]byte))
	c[len(c)-1] ^= 1
	return c
}

func setTo(v any) func(any) any { return func(any) any { return v } }

func longer(old any) any { return append(bytes.Clone(old.([]byte)), 0) }

func (b *burglar) verify(t *testing.T, known ...[]byte) *door.Verification {
	t.Helper()
	return must[*door.Verification](t)(b.auditor.Verify(context.Background(), known, nil))
}

// journalCases alter the journal; each says what is wrong and where, and -1 for anywhere.
func (b *burglar) journalCases() []struct {
	name, what string
	index      int64
	act        func(t *testing.T) func()
} {
	at := "seq = " + strconv.FormatInt(b.seq, 10)
	other := id.ID{9: 9}.Bytes()
	type row = struct {
		name, what string
		index      int64
		act        func(t *testing.T) func()
	}
	var list []row
	column := func(name, column, what string, change func(any) any) {
		list = append(list, row{"column " + name, what, b.seq, func(t *testing.T) func() { return b.alter(t, "journal", column, at, change) }})
	}
	column("id", "id", journal.BadColumns, setTo(other))
	column("id too short", "id", journal.BadColumns, setTo([]byte{1, 2}))
	column("at", "at", journal.BadColumns, func(old any) any { return old.(int64) + 1 })
	column("actor", "actor", journal.BadColumns, setTo(other))
	column("actor gone", "actor", journal.BadColumns, setTo(nil))
	column("verb", "verb", journal.BadColumns, setTo("get"))
	column("object", "object", journal.BadColumns, setTo("deal"))
	column("record", "record", journal.BadColumns, setTo(other))
	column("changeset", "changeset", journal.BadColumns, setTo(nil))
	column("body", "body", journal.BadHash, flip)
	column("body cut", "body", journal.BadBody, func(old any) any { return old.([]byte)[:20] })
	column("sealed", "sealed", journal.BadSealed, flip)
	column("sealed gone", "sealed", journal.BadSealed, setTo(nil))
	column("hash", "hash", journal.BadHash, flip)
	column("hash too long", "hash", journal.BadHash, longer)
	get := "seq = (SELECT max(seq) FROM journal WHERE verb = 'get')"
	list = append(list,
		row{"column record where there is none", journal.BadColumns, -1, func(t *testing.T) func() {
			return b.alter(t, "journal", "changeset", get, setTo([]byte{7}))
		}},
		row{"a subtree", journal.BadTile, 0, func(t *testing.T) func() {
			return b.alter(t, "journal_tile", "hash", "level = 8 AND n = 0", flip)
		}},
		row{"a subtree gone", journal.BadTile, 0, func(t *testing.T) func() { return b.take(t, "journal_tile", "level = 8 AND n = 0") }},
		row{"a checkpoint", journal.BadCheckpoint, -1, func(t *testing.T) func() {
			return b.alter(t, "journal_checkpoint", "note", "size = (SELECT min(size) FROM journal_checkpoint)", func(old any) any { return old.(string)[:len(old.(string))-9] + "AAAAAAA=\n" })
		}},
		row{"the head's size", journal.BadHead, -1, func(t *testing.T) func() {
			b.alter(t, "journal_head", "size", "id = 1", func(old any) any { return old.(int64) - 3 })
			return func() {} // the next entry puts it right
		}},
		row{"the head gone", journal.BadHead, 0, func(t *testing.T) func() { return b.take(t, "journal_head", "id = 1") }},
		row{"an entry gone", journal.BadGap, b.seq, func(t *testing.T) func() { return b.take(t, "journal", at) }},
		row{"an entry moved past the end", journal.BadGap, b.seq, func(t *testing.T) func() {
			return b.move(t, "journal", "seq", strconv.FormatInt(b.seq, 10), "1000000")
		}},
		row{"two entries exchanged", journal.BadHash, b.seq, func(t *testing.T) func() {
			x, y := strconv.FormatInt(b.seq, 10), strconv.FormatInt(b.seq+1, 10)
			swap := func() {
				b.move(t, "journal", "seq", x, "-7")
				b.move(t, "journal", "seq", y, x)
				b.move(t, "journal", "seq", "-7", y)
			}
			swap()
			return swap
		}},
		row{"an entry put before the first", journal.BadOrder, 0, func(t *testing.T) func() { return b.copyRow(t, "journal", "seq", at, int64(-5)) }},
		row{"an entry put far behind the last", journal.BadOrder, 5000, func(t *testing.T) func() { return b.copyRow(t, "journal", "seq", at, int64(5000)) }},
	)
	return list
}

func TestAlteredJournal(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		b := newBurglar(t, w)
		if v := b.verify(t); !v.OK() {
			t.Fatalf("before anything is altered: %v %v", v.FirstBad, v.Altered)
		}
		for _, c := range b.journalCases() {
			repair := c.act(t)
			v := b.verify(t)
			switch {
			case v.OK() || v.FirstBad == nil:
				t.Errorf("%s: not noticed", c.name)
			case v.FirstBad.What != c.what || c.index >= 0 && v.FirstBad.Index != uint64(c.index):
				t.Errorf("%s: %v, want %s at %d", c.name, v.FirstBad, c.what, c.index)
			}
			repair()
			if v := b.verify(t); !v.OK() {
				t.Fatalf("%s, put right again: %v %v", c.name, v.FirstBad, v.Altered)
			}
		}
	})
}

// A log whose end was cut off with everything that tells of it, by somebody who can write the database
// but not the one with the keys.
func TestCutJournal(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		b := newBurglar(t, w)
		witnessed := bytes.Clone(w.Witnessed)
		cut := uint64(b.seq) + 10
		f := &journal.Frontier{}
		rows := must[[]tlog.Hash](t)(leaves(w, cut))
		for _, h := range rows {
			f.Append(h)
		}
		for _, stmt := range []string{"DELETE FROM journal WHERE seq >= ?", "DELETE FROM journal_checkpoint WHERE size > ?", "UPDATE journal_head SET size = ?"} {
			behind(t, w.Data, stmt, int64(cut))
		}
		behind(t, w.Data, "UPDATE journal_head SET frontier = ?", f.Marshal())
		behind(t, w.Data, "DELETE FROM journal_tile")
		for range 2 { // the first verification must not destroy what the second one needs
			v := b.verify(t)
			if v.OK() || v.FirstBad == nil || v.FirstBad.What != journal.BadTail || v.FirstBad.Index != cut {
				t.Errorf("a cut tail: %v, want %s at %d", v.FirstBad, journal.BadTail, cut)
			}
		}
		if err := w.Door.Settle(context.Background()); err == nil {
			t.Error("the cut log was signed")
		}
		if !bytes.Equal(w.Witnessed, witnessed) {
			t.Error("the checkpoint that was kept elsewhere is replaced")
		}
	})
}

// A tree that goes on from a wrong edge.
func TestAlteredFrontier(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		b := newBurglar(t, w)
		n := uint64(size(t, w))
		b.alter(t, "journal_head", "frontier", "id = 1", flip)
		v := b.verify(t)
		if v.OK() || v.FirstBad == nil || v.FirstBad.Index > n {
			t.Errorf("an altered frontier: %v", v.FirstBad)
		}
	})
}

func leaves(w *doortest.World, n uint64) ([]tlog.Hash, error) {
	rows, err := w.Data.Query(context.Background(), "SELECT hash FROM journal WHERE seq < ? ORDER BY seq", int64(n))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []tlog.Hash
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, err
		}
		list = append(list, tlog.Hash(raw))
	}
	return list, rows.Err()
}

func TestAlteredRecords(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		b := newBurglar(t, w)
		company, contact := w.Door.Schema().Object("company"), w.Door.Schema().Object("contact")
		theCompany, theContact := b.where(company.Table(), b.company), b.where(contact.Table(), b.contact)
		col := func(object, field, suffix string) string {
			return w.Door.Schema().Object(object).Field(field).Column(suffix)
		}
		extra := id.ID{5: 5}
		no := func(old any) any { // a yes or no, as the engine keeps it
			if _, isInt := old.(int64); isInt {
				return int64(0)
			}
			return false
		}
		cases := []struct {
			name string
			want door.AlteredRecord
			act  func() func()
		}{
			{"a plain field", door.AlteredRecord{Object: "company", ID: b.company, What: "changed"}, func() func() {
				return b.alter(t, company.Table(), col("company", "name", ""), theCompany, setTo("Evil"))
			}},
			{"the folded text beside a field", door.AlteredRecord{Object: "company", ID: b.company, What: "changed"}, func() func() {
				return b.alter(t, company.Table(), col("company", "name", "k"), theCompany, setTo("evil"))
			}},
			{"a currency without an amount", door.AlteredRecord{Object: "company", ID: b.company, What: "changed"}, func() func() {
				return b.alter(t, company.Table(), col("company", "annual_revenue", "c"), theCompany, setTo("EUR"))
			}},
			{"a yes", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() { return b.alter(t, contact.Table(), col("contact", "do_not_call", ""), theContact, no) }},
			{"a link", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() {
				return b.alter(t, contact.Table(), col("contact", "company", ""), theContact, setTo(extra.Bytes()))
			}},
			{"a link that is none", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() {
				return b.alter(t, contact.Table(), col("contact", "company", ""), theContact, setTo([]byte{1}))
			}},
			{"the owner", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() { return b.alter(t, contact.Table(), col("contact", "owner", ""), theContact, setTo(nil)) }},
			{"the bin", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() {
				return b.alter(t, contact.Table(), col("contact", "deleted_at", ""), theContact, setTo(int64(1)))
			}},
			{"the version", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() { return b.alter(t, contact.Table(), "version", theContact, setTo(int64(1))) }},
			{"the subject", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() { return b.alter(t, contact.Table(), "subject", theContact, setTo(nil)) }},
			{"the sealed fields", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() { return b.alter(t, contact.Table(), "sealed", theContact, flip) }},
			{"the sealed fields gone", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() { return b.alter(t, contact.Table(), "sealed", theContact, setTo(nil)) }},
			{"a cell", door.AlteredRecord{Object: "contact", ID: b.contact, What: "changed"}, func() func() {
				return b.alter(t, contact.Table(), col("contact", "identity_number", ""), theContact, flip)
			}},
			{"a record gone", door.AlteredRecord{Object: "contact", ID: b.contact, What: "removed"}, func() func() { return b.take(t, contact.Table(), theContact) }},
			{"a record more", door.AlteredRecord{Object: "contact", ID: extra, What: "added"}, func() func() { return b.copyRow(t, contact.Table(), "id", theContact, extra.Bytes()) }},
		}
		for _, c := range cases {
			repair := c.act()
			v := b.verify(t)
			if v.OK() || !slices.Equal(v.Altered, []door.AlteredRecord{c.want}) || v.FirstBad != nil {
				t.Errorf("%s: altered %v, journal %v", c.name, v.Altered, v.FirstBad)
			}
			repair()
			if v := b.verify(t); !v.OK() {
				t.Fatalf("%s, put right again: %v %v", c.name, v.FirstBad, v.Altered)
			}
		}
	})
}

// where names a row by its identifier in the literal form of the engine.
func (b *burglar) where(_ string, rid id.ID) string {
	hex := ""
	for _, x := range rid {
		hex += strconv.FormatUint(uint64(x)+256, 16)[1:]
	}
	if b.w.Data.Engine() == sqldb.Postgres {
		return `id = '\x` + hex + `'`
	}
	return "id = x'" + hex + "'"
}

// The journal is verified and exported while others write.
func TestVerifyWhileWriting(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		ctx := context.Background()
		person := w.Person(t, "Anna", id.ID{}, "sales_manager")
		var list []id.ID
		for i := range 20 {
			list = append(list, must[*door.Record](t)(w.As(person).Create(ctx, "company", door.Values{"name": "Company " + strconv.Itoa(i)}, "")).ID)
		}
		stop, done := make(chan struct{}), make(chan error, 3)
		for k := range 3 {
			go func() {
				s := w.As(person)
				for i := k; ; i++ {
					select {
					case <-stop:
						done <- nil
						return
					default:
					}
					_, err := s.Update(ctx, "company", list[i%len(list)], 0, door.Values{"name": "Name " + strconv.Itoa(i)})
					if err == nil && i%5 == 0 {
						_, err = s.Create(ctx, "company", door.Values{"name": "New " + strconv.Itoa(i)}, "")
					}
					if err != nil {
						done <- err
						return
					}
				}
			}()
		}
		for range 6 {
			v := must[*door.Verification](t)(w.As(w.Owner).Verify(ctx, nil, nil))
			if !v.OK() {
				t.Errorf("while others write: %v %v", v.FirstBad, v.Altered)
			}
			files := map[string]*bytes.Buffer{}
			if _, err := w.As(w.Owner).ExportJournal(ctx, "for the auditor", func(name string) (io.WriteCloser, error) {
				files[name] = &bytes.Buffer{}
				return buffer{files[name]}, nil
			}); err != nil {
				t.Errorf("export while others write: %v", err)
			}
		}
		close(stop)
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

type buffer struct{ *bytes.Buffer }

func (buffer) Close() error { return nil }
