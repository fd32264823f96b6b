package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mrand "math/rand/v2"
	"path/filepath"
	"strconv"
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
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// company is an organisation on encrypted files, with everything on that a real one has: rights,
// sealing, journal, full synchronous commits.
type company struct {
	ids     *id.Source
	org     id.ID
	ring    *seal.Ring
	door    *door.Door
	dsn     string // of the file with the records
	owner   id.ID
	sellers []id.ID // who see their own deals alone
	stages  []string
	r       *mrand.Rand
	contact []id.ID
	closers []func() error
}

func (c *company) close() error {
	var errs []error
	for i := len(c.closers) - 1; i >= 0; i-- {
		errs = append(errs, c.closers[i]())
	}
	c.closers = nil
	return errors.Join(errs...)
}

func openCompany(ctx context.Context, dir string) (_ *company, err error) {
	ids := id.NewSource(time.Now, rand.Reader)
	c := &company{r: mrand.New(mrand.NewPCG(3, 4)), ids: ids, org: ids.New(), ring: seal.NewRing(rand.Reader, time.Now())}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if err := c.start(ctx, dir); err != nil {
		return nil, err
	}
	return c, c.people(ctx)
}

// start opens the files and the door, for the first time or again.
func (c *company) start(ctx context.Context, dir string) error {
	search, searchDSN, err := c.open(ctx, dir, "search")
	if err != nil {
		return err
	}
	data, dsn, err := c.open(ctx, dir, "data", sqldb.Attachment{Name: door.SearchName, DSN: searchDSN})
	if err != nil {
		return err
	}
	c.dsn = dsn
	keys, _, err := c.open(ctx, dir, "keys")
	if err != nil {
		return err
	}
	c.door, err = door.Open(ctx, door.Config{
		Org: c.org, Data: data, Keys: keys, Search: search, Ring: func() *seal.Ring { return c.ring }, Objects: append(schema.System(), sales.Objects()...),
		Witness: func([]byte) error { return nil }, IDs: c.ids, Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return err
	}
	c.closers = append(c.closers, func() error { return c.door.Close(context.WithoutCancel(ctx)) })
	return nil
}

// open opens an encrypted file.
func (c *company) open(ctx context.Context, dir, name string, attach ...sqldb.Attachment) (*sqldb.DB, string, error) {
	vfs := vault.Register("bench-"+name, vault.Static([32]byte{2}), vault.Options{Cache: 32 << 20}) // as the program does
	c.closers = append(c.closers, func() error { vfs.Unregister(); return nil })
	dsn := vault.DSN(vfs.Name(), filepath.Join(dir, name+".db"))
	db, err := sqldb.OpenSQLite(ctx, sqldb.SQLiteConfig{DSN: dsn, Attach: attach, Tokenizer: gram.Split})
	if err == nil {
		c.closers = append(c.closers, db.Close)
	}
	return db, dsn, err
}

// people makes the owner and a hundred salespeople.
func (c *company) people(ctx context.Context) error {
	made, err := found.Organisation(ctx, c.door, found.Owner{Name: "Olga Owner", Email: "olga@example.com", Lang: "en"})
	if err != nil {
		return err
	}
	c.owner = made.Owner
	s := c.as(c.owner)
	role, err := s.Create(ctx, "role", door.Values{
		"name": "own deals", "grants": door.Parsed{Value: json.RawMessage(`[{"object":"deal","verbs":["read","create","update"],"scope":"own"}]`)},
	}, "")
	if err != nil {
		return err
	}
	for i := range 100 {
		p, err := s.Create(ctx, "user", door.Values{"name": "Seller " + strconv.Itoa(i), "email": fmt.Sprintf("seller%d@example.com", i), "roles": []any{role.ID.String()}}, "")
		if err != nil {
			return err
		}
		c.sellers = append(c.sellers, p.ID)
	}
	page, err := s.List(ctx, door.Query{Object: "stage"})
	if err != nil {
		return err
	}
	for _, r := range page.Records {
		c.stages = append(c.stages, r.ID.String())
	}
	return nil
}

func (c *company) as(user id.ID) *door.Session { return c.door.As(authn.Operator(user), door.ViaAPI) }

func (c *company) person() door.Values {
	n := c.r.IntN(1_000_000_000)
	return door.Values{
		"first_name": "First" + strconv.Itoa(n%997), "last_name": "Last" + strconv.Itoa(n), "email": fmt.Sprintf("p%d@example.com", n),
		"phone": fmt.Sprintf("+86138%08d", n%100_000_000), "position": "Buyer",
	}
}

func (c *company) sale(i int) door.Values {
	return door.Values{
		"name": "Deal " + strconv.Itoa(i), "stage": c.stages[i%len(c.stages)], "owner": c.sellers[i%len(c.sellers)].String(),
		"amount":     map[string]any{"amount": strconv.Itoa(c.r.IntN(1_000_000)), "currency": "EUR"},
		"close_date": fmt.Sprintf("2026-%02d-%02d", 1+i%12, 1+i%28), "next_step": "call",
	}
}

// fill imports n records of an object.
func (c *company) fill(ctx context.Context, object string, n int, values func(i int) door.Values) (time.Duration, error) {
	s := c.door.As(authn.Operator(c.owner), door.ViaImport)
	start := time.Now()
	for done := 0; done < n; {
		var ops []door.Operation
		for range min(10_000, n-done) {
			ops = append(ops, door.Operation{Op: "create", Object: object, Fields: values(done + len(ops))})
		}
		got, err := s.Batch(ctx, ops, door.BatchOptions{})
		if err != nil {
			return 0, err
		}
		if object == "contact" {
			for _, r := range got.Results {
				c.contact = append(c.contact, r.ID)
			}
		}
		done += len(ops)
	}
	took := time.Since(start)
	return took, c.settle(ctx, s)
}

// settle waits until the journal is numbered and everything can be found.
func (c *company) settle(ctx context.Context, s *door.Session) error {
	if err := c.door.Settle(ctx); err != nil {
		return err
	}
	_, err := s.List(ctx, door.Query{Object: "contact", Search: "nobody at all"})
	return err
}
