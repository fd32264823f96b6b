package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// doorPart measures the door against the same statements on the bare driver, on the same encrypted
// file, with the same durability.
func doorPart(ctx context.Context, s settings) (_ []result, err error) {
	c, err := openCompany(ctx, s.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	var out []result
	for _, f := range []struct {
		object string
		n      int
		values func(int) door.Values
	}{{"contact", s.records / 10, func(int) door.Values { return c.person() }}, {"deal", s.records, c.sale}} {
		took, err := c.fill(ctx, f.object, f.n, f.values)
		if err != nil {
			return nil, err
		}
		out = append(out, result{part: "door", what: "import " + f.object, absolute: fmt.Sprintf("%.0f/s", float64(f.n)/took.Seconds()), note: fmt.Sprintf("%d in %s", f.n, short(took))})
	}
	if s.only != "journal" {
		got, err := c.compare(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	got, err := c.journal(ctx)
	return append(out, got...), err
}

// compare runs the door and the bare statements in turns.
func (c *company) compare(ctx context.Context, s settings) (_ []result, err error) {
	same, err := openBare(ctx, c.dsn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, same.db.Close()) }()
	create, err := c.creating(ctx, s, same)
	if err != nil {
		return nil, err
	}
	pairs := []pair{c.getting(ctx, same), c.listing(ctx, same)}
	return compareAll(s.rounds, append(pairs, create...))
}

// columns lists the columns of a table.
func (b *bare) columns(ctx context.Context, table string) (string, error) {
	var list string
	err := b.db.QueryRowContext(ctx, "SELECT group_concat('t.' || name, ', ') FROM pragma_table_info('"+table+"')").Scan(&list)
	return list, err
}

func (c *company) getting(ctx context.Context, same *bare) pair {
	const n = 2000
	owner := c.as(c.owner)
	cols, err := same.columns(ctx, "o22")
	return pair{"door", "point read of a sealed contact", n, cpu, 3, func() error {
		for range n {
			if _, err := owner.Get(ctx, "contact", c.contact[c.r.IntN(len(c.contact))], door.GetOptions{}); err != nil {
				return err
			}
		}
		return err
	}, func() error {
		return same.each(ctx, n, "SELECT "+cols+" FROM o22 t WHERE t.id = ?", func() []any { return []any{c.contact[c.r.IntN(len(c.contact))].Bytes()} })
	}}
}

func (c *company) listing(ctx context.Context, same *bare) pair {
	const n = 40
	cols, err := same.columns(ctx, "o23")
	return pair{"door", "list 50 deals: filter, sort, own records", n, cpu, 2, func() error {
		for range n {
			seller := c.as(c.sellers[c.r.IntN(len(c.sellers))])
			p, err := seller.List(ctx, door.Query{Object: "deal", Filter: "amount > 1000", Sort: []string{"-amount"}, Limit: 50})
			if err != nil {
				return err
			}
			if len(p.Records) == 0 {
				return errors.New("an empty list")
			}
		}
		return err
	}, func() error {
		return same.each(ctx, n, "SELECT "+cols+" FROM o23 t WHERE t.f11 IS NULL AND t.f3 = ? AND t.f103 > ? ORDER BY t.f103 DESC, t.id DESC LIMIT 51",
			func() []any { return []any{c.sellers[c.r.IntN(len(c.sellers))].Bytes(), 10_000_000} })
	}}
}

// creating compares creating a contact with inserting the very rows that the door stores into a
// table of the same form in a file of its own.
func (c *company) creating(ctx context.Context, s settings, same *bare) ([]pair, error) {
	vfs := vault.Register("bench-rows", vault.Static([32]byte{3}), vault.Options{})
	c.closers = append(c.closers, func() error { vfs.Unregister(); return nil })
	base, err := openBare(ctx, vault.DSN(vfs.Name(), filepath.Join(s.dir, "rows.db")))
	if err != nil {
		return nil, err
	}
	c.closers = append(c.closers, base.db.Close)
	rows, width, err := copyTable(ctx, same, base, "o22")
	if err != nil {
		return nil, err
	}
	insert := "INSERT INTO o22 VALUES (?" + strings.Repeat(", ?", width-1) + ")"
	made := 0
	bareCreate := func(n int) func() error {
		return func() error {
			st, err := base.stmt(ctx, insert)
			if err != nil {
				return err
			}
			for range n {
				row := rows[made%len(rows)]
				row[0] = key(made)
				made++
				if _, err := st.ExecContext(ctx, row...); err != nil {
					return err
				}
			}
			return nil
		}
	}
	owner := c.as(c.owner)
	one := func() error {
		_, err := owner.Create(ctx, "contact", c.person(), "")
		return err
	}
	return []pair{
		{"door", "create a contact", 100, wall, 5, func() error {
			for range 100 {
				if err := one(); err != nil {
					return err
				}
			}
			return nil
		}, bareCreate(100)},
		{"door", "create a contact, 16 at a time", 320, wall, 0, func() error {
			people := make([]door.Values, 320)
			for i := range people {
				people[i] = c.person()
			}
			return parallel(16, len(people), func(i int) error {
				_, err := owner.Create(ctx, "contact", people[i], "")
				return err
			})
		}, bareCreate(320)},
	}, nil
}

// parallel runs do for 0 to n-1 on several goroutines.
func parallel(workers, n int, do func(i int) error) error {
	errs := make(chan error, workers)
	for w := range workers {
		go func() {
			var err error
			for i := w; i < n && err == nil; i += workers {
				err = do(i)
			}
			errs <- err
		}()
	}
	var all []error
	for range workers {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// copyTable makes a table of the same form with its indexes and returns up to a thousand of its rows.
func copyTable(ctx context.Context, from, to *bare, table string) (list [][]any, width int, err error) {
	ddl, err := from.db.QueryContext(ctx, "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY rowid", table)
	if err != nil {
		return nil, 0, err
	}
	defer ddl.Close()
	for ddl.Next() {
		var text string
		if err := ddl.Scan(&text); err != nil {
			return nil, 0, err
		}
		if _, err := to.db.ExecContext(ctx, text); err != nil {
			return nil, 0, err
		}
	}
	if err := errors.Join(ddl.Err(), ddl.Close()); err != nil {
		return nil, 0, err
	}
	rows, err := from.db.QueryContext(ctx, "SELECT * FROM "+table+" LIMIT 1000")
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, 0, err
	}
	for rows.Next() {
		row, dest := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, 0, err
		}
		list = append(list, row)
	}
	return list, len(names), rows.Err()
}

// journal measures what keeping the journal costs and how long checking it takes.
func (c *company) journal(ctx context.Context) ([]result, error) {
	const reads = 5000
	if err := c.door.Settle(ctx); err != nil {
		return nil, err
	}
	owner := c.as(c.owner)
	start := cpu()
	for range reads {
		if _, err := owner.Get(ctx, "contact", c.contact[c.r.IntN(len(c.contact))], door.GetOptions{}); err != nil {
			return nil, err
		}
	}
	if err := c.door.Settle(ctx); err != nil {
		return nil, err
	}
	spent := cpu() - start
	begin := time.Now()
	v, err := owner.Verify(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	if !v.OK() {
		return nil, errors.New("the journal does not verify")
	}
	took := time.Since(begin)
	return []result{
		{part: "journal", what: "a read with its entry, processor time", absolute: short(spent / reads)},
		{
			part: "journal", what: "verify", absolute: fmt.Sprintf("%s for %d entries, %d records", short(took), v.Entries, v.Records),
			note: fmt.Sprintf("%s per million entries; target ≤ 60 s", short(time.Duration(float64(took)/float64(v.Entries)*1e6))),
		},
	}, nil
}
