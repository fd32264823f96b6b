package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wardbook/wardbook/internal/found"
)

// ours is the real binary on a real folder, with everything on.
type ours struct {
	dir, program string
	p            *process
	tokens       []string
	turn         atomic.Uint64
	contacts     []string
	companies    []string
	stages       []string
}

// callers is how many tokens take turns: the server gives each 200 calls a second.
const callers = 24

const contactFields = "first_name,last_name,email,phone,position,company"

func (o *ours) name() string          { return "Wardbook" }
func (o *ours) process() *process     { return o.p }
func (o *ours) in(name string) string { return filepath.Join(o.dir, name) }
func (o *ours) folder() []string      { return []string{"--data", o.in("data"), "--key-file", o.in("key")} }
func (o *ours) headers(h http.Header) { h.Set("Authorization", "Bearer "+o.token()) }
func (o *ours) token() string         { return o.tokens[o.turn.Add(1)%uint64(len(o.tokens))] }

func (o *ours) run(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, o.program, append(args, o.folder()...)...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("wardbook %s: %w\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out)), err
}

// found builds the program, where there is none, and makes an organisation.
func (o *ours) found(ctx context.Context) error {
	if o.program == "" {
		o.program = o.in("wardbook")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.program, "github.com/wardbook/wardbook/cmd/wardbook")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	if err := os.WriteFile(o.in("password"), []byte("correct horse battery staple\n"), 0o600); err != nil {
		return err
	}
	_, err := o.run(ctx, "init", "--company", "Bench", "--owner", "olga@example.com", "--password-file", o.in("password"), "--currency", "EUR")
	return err
}

// contactLine writes a contact as a line of CSV.
func (o *ours) contactLine(s shape) func(i int) string {
	return func(i int) string {
		p := personOf(i, s.companies)
		return strings.Join([]string{p.First, p.Last, p.Email, p.Phone, p.Position, companyName(p.Company)}, ",")
	}
}

func (o *ours) load(ctx context.Context, s shape) (string, error) {
	if err := o.found(ctx); err != nil {
		return "", err
	}
	stages := found.Stages()
	var took time.Duration
	for _, x := range []struct {
		object, head string
		n            int
		line         func(i int) string
	}{
		{"company", "name", s.companies, companyName},
		{"contact", contactFields, s.contacts, o.contactLine(s)},
		{"deal", "name,stage,amount,close_date", s.deals, func(i int) string {
			d := saleOf(i)
			return fmt.Sprintf("%s,%s,%d,%s", d.Name, stages[d.Stage].Name, d.Amount, d.Close)
		}},
	} {
		list, err := files(o.dir, x.object, x.n, x.head, x.line)
		if err != nil {
			return "", err
		}
		for _, f := range list {
			begun := time.Now()
			if _, err := o.run(ctx, "import", x.object, f, "--strict"); err != nil {
				return "", err
			}
			if x.object == "contact" {
				took += time.Since(begun)
			}
		}
	}
	begun := time.Now()
	if _, err := o.run(ctx, "list", "contact", "--search", "zzz", "--limit", "1"); err != nil { // waits for the index
		return "", err
	}
	indexed := time.Since(begun)
	for range callers {
		token, err := o.run(ctx, "token", "create", "--name", "bench", "--scope", "*:*")
		if err != nil {
			return "", err
		}
		o.tokens = append(o.tokens, token)
	}
	return fmt.Sprintf("wardbook import: %.0f contacts/s, with what was left to index %.0f/s", float64(s.contacts)/took.Seconds(), float64(s.contacts)/(took+indexed).Seconds()), nil
}

func (o *ours) start(ctx context.Context) (err error) {
	o.p, err = launch(ctx, "", "/readyz", o.in("log"), o.program, append([]string{"serve", "--listen", "127.0.0.1:0"}, o.folder()...)...)
	return err
}

// idents reads the identifiers of an object, in the order of a field's values where values are given.
func (o *ours) idents(ctx context.Context, object, field string, values []string) ([]string, error) {
	list := make([]string, len(values))
	for cursor := ""; ; {
		b, err := o.p.ask(ctx, http.MethodGet, "/api/v1/records/"+object+"?limit=500&fields="+field+"&cursor="+url.QueryEscape(cursor), nil, o.headers)
		if err != nil {
			return nil, err
		}
		var page struct {
			Records []struct {
				ID     string            `json:"id"`
				Fields map[string]string `json:"fields"`
			} `json:"records"`
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(b, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Records {
			if values == nil {
				list = append(list, r.ID)
			} else if i := slices.Index(values, r.Fields[field]); i >= 0 {
				list[i] = r.ID
			}
		}
		if cursor = page.Next; cursor == "" {
			return list, nil
		}
	}
}

func (o *ours) learn(ctx context.Context, s shape) (err error) {
	var names []string
	for _, x := range found.Stages() {
		names = append(names, x.Name)
	}
	if o.stages, err = o.idents(ctx, "stage", "name", names); err != nil {
		return err
	}
	names = nil
	for i := range s.companies {
		names = append(names, companyName(i))
	}
	if o.companies, err = o.idents(ctx, "company", "name", names); err != nil {
		return err
	}
	o.contacts, err = o.idents(ctx, "contact", "position", nil)
	if err == nil && len(o.contacts) != s.contacts {
		err = fmt.Errorf("found %d contacts, not %d", len(o.contacts), s.contacts)
	}
	return err
}

func (o *ours) person(i int, s shape) map[string]any {
	p := personOf(i, s.companies)
	return map[string]any{"first_name": p.First, "last_name": p.Last, "email": p.Email, "phone": p.Phone, "position": p.Position, "company": o.companies[p.Company]}
}

func (o *ours) request(op string, p pick) (method, path string, body any) {
	const records = "/api/v1/records/"
	query := func(object string, v url.Values) string {
		v.Set("limit", "50")
		return records + object + "?" + v.Encode()
	}
	switch op {
	case opRead:
		return http.MethodGet, records + "contact/" + o.contacts[p.contact] + "?fields=" + contactFields, nil
	case opList, opListFew:
		v := url.Values{"filter": {"company == '" + o.companies[p.company] + "'"}, "sort": {"last_name"}, "fields": {contactFields}}
		if op == opList {
			v.Set("count", "true")
		}
		return http.MethodGet, query("contact", v), nil
	case opDeals:
		v := url.Values{"filter": {fmt.Sprintf("stage == '%s' && amount > %d", o.stages[p.stage], p.above)}, "sort": {"-amount"}, "fields": {"name,stage,amount,close_date"}}
		return http.MethodGet, query("deal", v), nil
	case opSearch:
		return http.MethodGet, query("contact", url.Values{"search": {p.piece}, "sort": {"last_name"}, "fields": {contactFields}, "count": {"true"}}), nil
	case opGroup:
		return http.MethodPost, "/api/v1/aggregate/deal", map[string]any{"group_by": []string{"stage"}}
	case opUpdate:
		return http.MethodPatch, records + "contact/" + o.contacts[p.contact], map[string]any{"fields": map[string]any{"position": "Buyer " + strconv.Itoa(p.fresh)}}
	case opCreate:
		return http.MethodPost, records + "contact", map[string]any{"fields": o.person(p.fresh, p.s)}
	}
	ops := make([]map[string]any, importSize)
	for i := range ops {
		ops[i] = map[string]any{"op": "create", "object": "contact", "fields": o.person(p.fresh*importSize+i, p.s)}
	}
	return http.MethodPost, "/api/v1/batch", map[string]any{"operations": ops}
}

func (o *ours) total(op string, body []byte) (string, error) {
	if op != opGroup {
		var a struct {
			Count int `json:"count"`
		}
		err := json.Unmarshal(body, &a)
		return strconv.Itoa(a.Count), err
	}
	var a struct {
		Rows []struct {
			Keys  []string `json:"keys"`
			Count int      `json:"count"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return "", err
	}
	groups := map[int]int{}
	for _, r := range a.Rows {
		groups[slices.Index(o.stages, r.Keys[0])] = r.Count
	}
	return fmt.Sprint(groups), nil
}
