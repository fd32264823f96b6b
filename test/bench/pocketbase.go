package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// pocketModule is the newest PocketBase that Go 1.26 builds.
const pocketModule = "github.com/pocketbase/pocketbase/examples/base@v0.39.11"

// pocketBase is PocketBase as it comes: WAL with synchronous=NORMAL (no fsync at commit), no audit. Its
// collections have the indexes that a developer would give them, and rules for people who signed in.
type pocketBase struct {
	dir, program string
	p            *process
	token        string
}

func (b *pocketBase) name() string          { return "PocketBase" }
func (b *pocketBase) process() *process     { return b.p }
func (b *pocketBase) headers(h http.Header) { h.Set("Authorization", b.token) }

// build installs PocketBase into the folder, where no program was named.
func (b *pocketBase) build(ctx context.Context) error {
	if b.program != "" {
		return nil
	}
	install := exec.CommandContext(ctx, "go", "install", pocketModule)
	install.Dir = b.dir
	install.Env = append(os.Environ(), "GOBIN="+b.dir, "GOFLAGS=-mod=mod", "CGO_ENABLED=0")
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("PocketBase cannot be had: %w\n%s", err, out)
	}
	b.program = filepath.Join(b.dir, "base")
	return nil
}

func (b *pocketBase) start(ctx context.Context) error {
	addr, err := freePort()
	if err != nil {
		return err
	}
	b.p, err = launch(ctx, "http://"+addr, "/api/health", filepath.Join(b.dir, "log"), b.program, "serve", "--http", addr, "--dir", filepath.Join(b.dir, "pb_data"))
	return err
}

const pocketEmail, pocketPassword = "olga@example.com", "correct horse battery staple"

// signIn gets the token of an account of a collection of accounts.
func (b *pocketBase) signIn(ctx context.Context, collection string) error {
	b.token = ""
	out, err := b.p.ask(ctx, http.MethodPost, "/api/collections/"+collection+"/auth-with-password", map[string]string{"identity": pocketEmail, "password": pocketPassword}, nil)
	if err != nil {
		return err
	}
	var a struct {
		Token string `json:"token"`
	}
	err = json.Unmarshal(out, &a)
	b.token = a.Token
	return err
}

func (b *pocketBase) load(ctx context.Context, s shape) (_ string, err error) {
	if err := b.build(ctx); err != nil {
		return "", err
	}
	data := filepath.Join(b.dir, "pb_data")
	if out, err := exec.CommandContext(ctx, b.program, "superuser", "upsert", pocketEmail, pocketPassword, "--dir", data).CombinedOutput(); err != nil {
		return "", fmt.Errorf("pocketbase superuser: %w\n%s", err, out)
	}
	if err := b.start(ctx); err != nil {
		return "", err
	}
	if err := errors.Join(b.define(ctx), b.p.stop()); err != nil {
		return "", err
	}
	db, err := openPlain(filepath.Join(data, "data.db"), 1)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return "its own file filled by SQL while it stood still", insertRows(ctx, db, s)
}

func (b *pocketBase) define(ctx context.Context) error {
	if err := b.signIn(ctx, "_superusers"); err != nil {
		return err
	}
	const rule = "@request.auth.id != ''"
	text := func(names ...string) (list []map[string]any) {
		for _, n := range names {
			list = append(list, map[string]any{"name": n, "type": "text"})
		}
		return list
	}
	base := func(name string, fields []map[string]any, indexes ...string) map[string]any {
		return map[string]any{"name": name, "type": "base", "fields": fields, "indexes": indexes, "listRule": rule, "viewRule": rule, "createRule": rule, "updateRule": rule}
	}
	for _, x := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPost, "/api/collections", base("contacts", text("first_name", "last_name", "email", "phone", "position", "company"),
			"CREATE INDEX idx_company ON contacts (company, last_name)", "CREATE INDEX idx_name ON contacts (last_name)")},
		{http.MethodPost, "/api/collections", base("deals", append(text("name", "stage", "close_date"), map[string]any{"name": "amount", "type": "number"}),
			"CREATE INDEX idx_stage ON deals (stage, amount)")},
		{http.MethodPost, "/api/collections", map[string]any{"name": "by_stage", "type": "view", "viewQuery": "SELECT stage AS id, count(*) AS n FROM deals GROUP BY stage", "listRule": rule}},
		{http.MethodPost, "/api/collections/users/records", map[string]any{"email": pocketEmail, "password": pocketPassword, "passwordConfirm": pocketPassword, "verified": true}},
		{http.MethodPatch, "/api/settings", map[string]any{"batch": map[string]any{"enabled": true, "maxRequests": importSize, "timeout": 30}}},
	} {
		if _, err := b.p.ask(ctx, x.method, x.path, x.body, b.headers); err != nil {
			return err
		}
	}
	return nil
}

func (b *pocketBase) learn(ctx context.Context, _ shape) error { return b.signIn(ctx, "users") }

func pocketPerson(i int, s shape) map[string]any {
	p := personOf(i, s.companies)
	return map[string]any{"first_name": p.First, "last_name": p.Last, "email": p.Email, "phone": p.Phone, "position": p.Position, "company": companyName(p.Company)}
}

func (b *pocketBase) request(op string, p pick) (method, path string, body any) {
	query := func(collection, filter, sort string, total bool) string {
		v := url.Values{"filter": {filter}, "sort": {sort}, "perPage": {"50"}}
		if !total {
			v.Set("skipTotal", "1")
		}
		return "/api/collections/" + collection + "/records?" + v.Encode()
	}
	const contacts = "/api/collections/contacts/records"
	switch op {
	case opRead:
		return http.MethodGet, contacts + "/" + contactKey(p.contact), nil
	case opList, opListFew:
		return http.MethodGet, query("contacts", "company = '"+companyName(p.company)+"'", "last_name", op == opList), nil
	case opDeals:
		return http.MethodGet, query("deals", fmt.Sprintf("stage = 's%d' && amount > %d", p.stage, p.above), "-amount", false), nil
	case opSearch:
		return http.MethodGet, query("contacts", "last_name ~ '"+p.piece+"'", "last_name", true), nil
	case opGroup:
		return http.MethodGet, "/api/collections/by_stage/records?perPage=50&skipTotal=1", nil
	case opUpdate:
		return http.MethodPatch, contacts + "/" + contactKey(p.contact), map[string]string{"position": "Buyer " + strconv.Itoa(p.fresh)}
	case opCreate:
		return http.MethodPost, contacts, pocketPerson(p.fresh, p.s)
	}
	requests := make([]map[string]any, importSize)
	for i := range requests {
		requests[i] = map[string]any{"method": http.MethodPost, "url": contacts, "body": pocketPerson(p.fresh*importSize+i, p.s)}
	}
	return http.MethodPost, "/api/batch", map[string]any{"requests": requests}
}

func (b *pocketBase) total(op string, body []byte) (string, error) {
	var a struct {
		Total int `json:"totalItems"`
		Items []struct {
			ID string `json:"id"`
			N  int    `json:"n"`
		} `json:"items"`
	}
	if err := json.Unmarshal(body, &a); err != nil || op != opGroup {
		return strconv.Itoa(a.Total), err
	}
	groups := map[int]int{}
	for _, r := range a.Items {
		i, _ := strconv.Atoi(strings.TrimPrefix(r.ID, "s"))
		groups[i] = r.N
	}
	return fmt.Sprint(groups), nil
}

// installTime bounds building PocketBase.
const installTime = 10 * time.Minute
