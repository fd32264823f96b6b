package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
)

// bareSide is the least that could do the same: net/http and the bare query on a plain SQLite file, by
// the driver that Wardbook uses. It knows nobody, checks nothing and keeps no journal.
type bareSide struct {
	dir string
	p   *process
}

func (b *bareSide) name() string        { return "bare" }
func (b *bareSide) process() *process   { return b.p }
func (b *bareSide) headers(http.Header) {}

func openPlain(path string, conns int) (*sql.DB, error) {
	db, err := driver.Open("file:"+path, func(c *sqlite3.Conn) error {
		return c.Exec("PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384")
	})
	if err == nil {
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
	}
	return db, err
}

func contactKey(i int) string { return fmt.Sprintf("c%014d", i) }

const barePerson = "INSERT INTO contacts (id, first_name, last_name, email, phone, position, company) VALUES (?, ?, ?, ?, ?, ?, ?)"

func personArgs(i, companies int) []any {
	p := personOf(i, companies)
	return []any{contactKey(i), p.First, p.Last, p.Email, p.Phone, p.Position, companyName(p.Company)}
}

// insertRows puts the rows into tables that are there.
func insertRows(ctx context.Context, db *sql.DB, s shape) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	for _, x := range []struct {
		text string
		n    int
		args func(i int) []any
	}{
		{barePerson, s.contacts, func(i int) []any { return personArgs(i, s.companies) }},
		{"INSERT INTO deals (id, name, stage, amount, close_date) VALUES (?, ?, ?, ?, ?)", s.deals, func(i int) []any {
			d := saleOf(i)
			return []any{fmt.Sprintf("d%014d", i), d.Name, "s" + strconv.Itoa(d.Stage), d.Amount, d.Close}
		}},
	} {
		st, err := tx.PrepareContext(ctx, x.text)
		if err != nil {
			return err
		}
		for i := range x.n {
			if _, err := st.ExecContext(ctx, x.args(i)...); err != nil {
				return err
			}
		}
		if err := st.Close(); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (b *bareSide) load(ctx context.Context, s shape) (string, error) {
	db, err := openPlain(filepath.Join(b.dir, "plain.db"), 1)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `
		CREATE TABLE contacts (id TEXT PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, phone TEXT, position TEXT, company TEXT);
		CREATE TABLE deals (id TEXT PRIMARY KEY, name TEXT, stage TEXT, amount INTEGER, close_date TEXT);
		CREATE INDEX by_company ON contacts (company, last_name); CREATE INDEX by_name ON contacts (last_name); CREATE INDEX by_stage ON deals (stage, amount)`); err != nil {
		return "", err
	}
	begun := time.Now()
	if err := insertRows(ctx, db, s); err != nil {
		return "", err
	}
	return fmt.Sprintf("one transaction: %.0f rows/s", float64(s.contacts+s.deals)/time.Since(begun).Seconds()), nil
}

func (b *bareSide) start(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b.p, err = launch(ctx, "", "/ready", filepath.Join(b.dir, "log"), self, "-serve-bare", filepath.Join(b.dir, "plain.db"))
	return err
}

func (b *bareSide) learn(context.Context, shape) error { return nil }

func (b *bareSide) request(op string, p pick) (method, path string, body any) {
	v := url.Values{}
	switch op {
	case opRead:
		return http.MethodGet, "/contact?id=" + contactKey(p.contact), nil
	case opList, opListFew:
		v.Set("company", companyName(p.company))
		if op == opList {
			v.Set("total", "1")
		}
		return http.MethodGet, "/list?" + v.Encode(), nil
	case opDeals:
		return http.MethodGet, fmt.Sprintf("/deals?stage=s%d&above=%d", p.stage, p.above), nil
	case opSearch:
		return http.MethodGet, "/search?q=" + p.piece, nil
	case opGroup:
		return http.MethodGet, "/group", nil
	case opUpdate:
		return http.MethodPost, "/update", map[string]string{"id": contactKey(p.contact), "position": "Buyer " + strconv.Itoa(p.fresh)}
	case opCreate:
		return http.MethodPost, "/create", [][]any{personArgs(p.fresh, p.s.companies)}
	}
	rows := make([][]any, importSize)
	for i := range rows {
		rows[i] = personArgs(p.fresh*importSize+i, p.s.companies)
	}
	return http.MethodPost, "/create", rows
}

func (b *bareSide) total(op string, body []byte) (string, error) {
	if op != opGroup {
		var a struct {
			Total int `json:"total"`
		}
		err := json.Unmarshal(body, &a)
		return strconv.Itoa(a.Total), err
	}
	var a struct {
		Records []struct {
			Stage string `json:"stage"`
			N     int    `json:"n"`
		} `json:"records"`
	}
	err := json.Unmarshal(body, &a)
	groups := map[int]int{}
	for _, r := range a.Records {
		i, _ := strconv.Atoi(strings.TrimPrefix(r.Stage, "s"))
		groups[i] = r.N
	}
	return fmt.Sprint(groups), err
}

// plain serves a plain SQLite file.
type plain struct{ read, write *sql.DB }

// serveBare is what the bench runs itself as.
func serveBare(ctx context.Context, path string, out io.Writer) error {
	var p plain
	var err error
	if p.read, err = openPlain(path, 8); err != nil {
		return err
	}
	defer p.read.Close()
	if p.write, err = openPlain(path, 1); err != nil {
		return err
	}
	defer p.write.Close()
	const contact = "SELECT id, first_name, last_name, email, phone, position, company FROM contacts "
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", func(w http.ResponseWriter, r *http.Request) { p.answer(w, r, "SELECT 1 AS ready", "") })
	mux.HandleFunc("/contact", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, r, contact+"WHERE id = ?", "", r.FormValue("id"))
	})
	mux.HandleFunc("/list", func(w http.ResponseWriter, r *http.Request) {
		count := ""
		if r.FormValue("total") != "" {
			count = "SELECT count(*) FROM contacts WHERE company = ?"
		}
		p.answer(w, r, contact+"WHERE company = ? ORDER BY last_name LIMIT 50", count, r.FormValue("company"))
	})
	mux.HandleFunc("/deals", func(w http.ResponseWriter, r *http.Request) {
		above, _ := strconv.Atoi(r.FormValue("above"))
		p.answer(w, r, "SELECT id, name, stage, amount, close_date FROM deals WHERE stage = ? AND amount > ? ORDER BY amount DESC LIMIT 50", "", r.FormValue("stage"), above)
	})
	mux.HandleFunc("/search", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, r, contact+"WHERE last_name LIKE ? ORDER BY last_name LIMIT 50", "SELECT count(*) FROM contacts WHERE last_name LIKE ?", "%"+r.FormValue("q")+"%")
	})
	mux.HandleFunc("/group", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, r, "SELECT stage AS id, stage, count(*) AS n FROM deals GROUP BY stage", "")
	})
	mux.HandleFunc("/update", p.update)
	mux.HandleFunc("/create", p.create)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "bare on http://%s\n", l.Addr())
	s := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// answer runs a query, and the one that counts, and writes what it finds.
func (p *plain) answer(w http.ResponseWriter, r *http.Request, text, count string, args ...any) {
	out := map[string]any{}
	rows, err := p.read.QueryContext(r.Context(), text, args...)
	if err == nil {
		out["records"], err = maps(rows)
	}
	if err == nil && count != "" {
		var n int
		err = p.read.QueryRowContext(r.Context(), count, args...).Scan(&n)
		out["total"] = n
	}
	reply(w, out, err)
}

func reply(w http.ResponseWriter, out any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func maps(rows *sql.Rows) ([]map[string]any, error) {
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	list := []map[string]any{}
	for rows.Next() {
		vals, dest := make([]any, len(names)), make([]any, len(names))
		for i := range vals {
			dest[i] = &vals[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		m := make(map[string]any, len(names))
		for i, n := range names {
			m[n] = vals[i]
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

func (p *plain) update(w http.ResponseWriter, r *http.Request) {
	var b struct{ ID, Position string }
	err := json.NewDecoder(r.Body).Decode(&b)
	if err == nil {
		_, err = p.write.ExecContext(r.Context(), "UPDATE contacts SET position = ? WHERE id = ?", b.Position, b.ID)
	}
	reply(w, map[string]string{"id": b.ID}, err)
}

func (p *plain) create(w http.ResponseWriter, r *http.Request) {
	var rows [][]any
	err := json.NewDecoder(r.Body).Decode(&rows)
	if err == nil {
		err = p.insert(r.Context(), rows)
	}
	reply(w, map[string]any{"id": "done", "n": len(rows)}, err)
}

func (p *plain) insert(ctx context.Context, rows [][]any) error {
	tx, err := p.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	for _, row := range rows {
		if _, err := tx.ExecContext(ctx, barePerson, row...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
