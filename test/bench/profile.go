package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/config"
	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/found"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/web"
	"github.com/wardbook/wardbook/internal/web/api"
)

// profilePart runs the server in this process, with the same requests as httpPart, and writes a
// profile for each operation. The clients are in it too, with a label: look at
// go tool pprof -tagignore=side=client.
func profilePart(ctx context.Context, s settings) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	c, err := openCompany(ctx, s.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	sh := shapeOf(s.records)
	if err := c.same(ctx, sh); err != nil {
		return err
	}
	// As after a start: with nothing in memory but what the requests bring there.
	if err := errors.Join(c.close(), c.start(ctx, s.dir)); err != nil {
		return err
	}
	o := &ours{}
	stop, err := c.serve(ctx, s.dir, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := o.learn(ctx, sh); err != nil {
		return err
	}
	// At the command line a search waits until everything is findable.
	if _, err := c.door.As(authn.Operator(c.owner), door.ViaCLI).List(ctx, door.Query{Object: "contact", Search: "zzz", Limit: 1}); err != nil {
		return err
	}
	fresh := sh.contacts
	for _, op := range s.operations() {
		for _, warm := range []bool{true, false} {
			if warm { // new connections: those of learn have no label
				o.p.http.CloseIdleConnections()
			}
			n, err := profileOne(ctx, s, sh, o, op, warm, &fresh)
			if err != nil {
				return err
			}
			if !warm {
				fmt.Fprintf(s.out, "%s: %d requests\n", op, n)
			}
		}
	}
	return nil
}

// same fills the company with the rows of rows.go.
func (c *company) same(ctx context.Context, sh shape) error {
	made := map[string][]string{}
	for _, f := range []struct {
		object string
		n      int
		values func(i int) door.Values
	}{
		{"company", sh.companies, func(i int) door.Values { return door.Values{"name": companyName(i)} }},
		{"contact", sh.contacts, func(i int) door.Values {
			p := personOf(i, sh.companies)
			return door.Values{"first_name": p.First, "last_name": p.Last, "email": p.Email, "phone": p.Phone, "position": p.Position, "company": made["company"][p.Company]}
		}},
		{"deal", sh.deals, func(i int) door.Values {
			d := saleOf(i)
			return door.Values{"name": d.Name, "stage": made["stage"][d.Stage], "amount": map[string]any{"amount": strconv.Itoa(d.Amount), "currency": "EUR"}, "close_date": d.Close}
		}},
	} {
		if _, err := c.fill(ctx, f.object, f.n, f.values); err != nil {
			return err
		}
		if f.object != "company" {
			continue
		}
		for _, x := range []string{"company", "stage"} {
			list, err := c.named(ctx, x, sh.companies)
			if err != nil {
				return err
			}
			made[x] = list
		}
	}
	return nil
}

// named lists identifiers of companies or stages in the order of their names' numbers or of the process.
func (c *company) named(ctx context.Context, object string, n int) ([]string, error) {
	order := map[string]int{}
	if object == "stage" {
		for i, x := range found.Stages() {
			order[x.Name] = i
		}
	} else {
		for i := range n {
			order[companyName(i)] = i
		}
	}
	list := make([]string, len(order))
	for cursor := ""; ; {
		p, err := c.as(c.owner).List(ctx, door.Query{Object: object, Fields: []string{"name"}, Limit: door.MaxLimit, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for _, r := range p.Records {
			list[order[r.Text("name")]] = r.ID.String()
		}
		if cursor = p.Next; cursor == "" {
			return list, nil
		}
	}
}

// serve serves the company in this process and makes o its client.
func (c *company) serve(ctx context.Context, dir string, o *ours) (stop func() error, err error) {
	file, _, err := c.open(ctx, dir, "control")
	if err != nil {
		return nil, err
	}
	ctl, err := control.Open(ctx, file, time.Now)
	if err != nil {
		return nil, err
	}
	ids := id.NewSource(time.Now, rand.Reader)
	tokens := authn.NewTokens(ctl, ids, time.Now, rand.Reader)
	for range callers {
		text, _, err := tokens.Issue(ctx, c.owner, "bench", []string{"*:*"}, time.Hour)
		if err != nil {
			return nil, err
		}
		o.tokens = append(o.tokens, text)
	}
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	server := web.New(config.Config{Listen: "127.0.0.1:0"}, api.New(c.door, &authn.Desk{Tokens: tokens}, ids, time.Now, log), nil, ids, time.Now, log, c.door.Ready)
	l, err := server.Listen()
	if err != nil {
		return nil, err
	}
	run, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(run, l) }()
	o.p = &process{url: "http://" + l.Addr().String(), http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}}
	return func() error {
		o.p.http.CloseIdleConnections()
		cancel()
		return <-ended
	}, nil
}

// profileOne asks for one operation for a while, by four clients.
func profileOne(ctx context.Context, s settings, sh shape, o *ours, op string, warm bool, fresh *int) (n int, err error) {
	if !warm {
		name := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" ,:", r) {
				return '-'
			}
			return r
		}, op)
		f, err := os.Create(filepath.Join(s.profiles, name+".pprof"))
		if err != nil {
			return 0, err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return 0, err
		}
		defer pprof.StopCPUProfile()
	}
	const clients, apart = 4, 1_000_000
	counts := make([]int, clients)
	end := time.Now().Add(8 * s.slice)
	first := *fresh
	// Goroutines inherit labels: those of the connections, too.
	pprof.Do(ctx, pprof.Labels("side", "client"), func(ctx context.Context) {
		err = parallel(clients, clients, func(c int) error {
			r := mrand.New(mrand.NewPCG(uint64(first), uint64(c))) //nolint:gosec // small
			for time.Now().Before(end) {
				p := picked(r, sh, first+c*apart+counts[c])
				if op == opImport {
					p.fresh = first + 10*apart + c*1000 + counts[c]
				}
				method, path, body := o.request(op, p)
				if _, err := o.p.ask(ctx, method, path, body, o.headers); err != nil {
					return err
				}
				counts[c]++
			}
			return nil
		})
	})
	for _, c := range counts {
		n += c
		*fresh += c
	}
	return n, err
}
