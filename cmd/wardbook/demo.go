package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/found"
)

type demoCommand struct {
	Listen string `help:"Address to serve on." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Lang   string `help:"Language of the company." enum:"en,zh" default:"en"`
}

// Run implements the command.
func (c *demoCommand) Run(ctx context.Context, e env) error {
	dir, err := os.MkdirTemp("", "wardbook-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system empties its temporary folder too
	password, err := demoPassword(e.rand)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	begun := e.now()
	clock := &pastClock{real: e.now, behind: found.DemoYear}
	e.now = clock.now // the company is founded a year ago
	company, currency, owner := found.DemoCompany(c.Lang)
	make := &initCommand{
		where:   where{Data: filepath.Join(dir, "data"), KeyFile: filepath.Join(dir, "key")},
		Company: company, Owner: owner.Email, OwnerName: owner.Name, PasswordFile: file, Currency: currency, Lang: c.Lang,
	}
	silent := e
	silent.out = io.Discard
	if err := make.Run(ctx, silent); err != nil {
		return err
	}
	conf := make.config()
	conf.Listen = c.Listen
	log := slog.New(slog.NewTextHandler(e.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	o, err := openOrganisation(ctx, e, conf, log)
	if err != nil {
		return err
	}
	people, err := found.Demo(ctx, o.door, o.manifest.Owner, c.Lang, begun, clock.set)
	if err == nil {
		clock.set(clock.real())
		err = o.serve(ctx, e, log, func(url string) error { return welcome(ctx, e, o, people, password, url) })
	}
	return errors.Join(err, o.close(context.WithoutCancel(ctx)))
}

// pastClock runs behind the real one, by less and less.
type pastClock struct {
	real func() time.Time

	mu     sync.Mutex
	behind time.Duration
}

func (p *pastClock) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.real().Add(-p.behind)
}

// set moves the clock on to a moment, but not past the real one, and never back.
func (p *pastClock) set(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = max(0, min(p.behind, p.real().Sub(at)))
}

// demoWords are short words that have nothing to do with each other: five of them are worth 30 bits, which
// is plenty for a company on this machine alone that is gone tonight.
const demoWords = `acorn amber anvil apron basil bison bugle cabin camel cedar chalk cider clover comet coral crane
delta ember fable fern fiddle flint garnet ginger glade hazel heron igloo indigo jasper kettle lagoon
lemon lilac linen maple marble meadow mint nectar nutmeg oasis olive opal otter pebble pepper pigeon
plume quartz raven ribbon saddle sorrel spruce sundial tassel thistle tulip velvet walnut willow yarrow zephyr`

// demoPassword makes a password for one demo company: five words, so that a person can type it.
func demoPassword(random io.Reader) (string, error) {
	raw := make([]byte, 5)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fault.Wrap(fault.Internal, err, "random", "internal error")
	}
	list := strings.Fields(demoWords)
	words := make([]string, len(raw))
	for i, b := range raw {
		n := int(b) % len(list)
		words[i] = list[n]
		list = slices.Delete(list, n, n+1) // a word said twice can be guessed
	}
	return strings.Join(words, " "), nil
}

// welcome gives one person of each role the password, and says what to try.
func welcome(ctx context.Context, e env, o *organisation, people []found.Person, password, url string) error {
	shown := map[string]bool{}
	var list []found.Person
	for i, p := range people {
		if shown[p.Role] {
			continue
		}
		shown[p.Role] = true
		list = append(list, p)
		if i == 0 {
			continue // init gave it
		}
		if err := o.desk.Passwords.Set(ctx, p.ID, p.Email, password, p.Name); err != nil {
			return err
		}
	}
	token, err := o.issue(ctx, o.manifest.Owner, "demo", []string{"*:*"}, 24*time.Hour)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "%s, a demo company. It is gone when you stop it (Ctrl-C).\n\nSign in at %s as one of\n\n", o.manifest.Company, url)
	t := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, p := range list {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", p.Email, p.Role, p.Name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(e.out, `
with the password

  %s

Or ask the API, in another terminal, with a token that is valid for a day:

  T=%s
  curl -sH "Authorization: Bearer $T" '%s/api/v1/records/deal?sort=-amount&fields=name,amount,company.name&limit=3'
  curl -sH "Authorization: Bearer $T" -H 'Content-Type: application/json' %s/api/v1/aggregate/deal -d '{"group_by":["company.industry"],"measures":[{"op":"sum","field":"amount"}]}'
  curl -sH "Authorization: Bearer $T" '%s/api/v1/journal?limit=5'

`, password, token, url, url, url)
	return nil
}
