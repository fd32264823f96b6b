package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// served is an organisation behind a real server, on TLS, with the files that a client needs.
type served struct {
	url, token, ca, dir string
	folder              []string
}

func write600(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Twin"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return write600(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		write600(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b})))
}

func serveTwin(t *testing.T) served {
	t.Helper()
	dir := t.TempDir()
	s := served{dir: dir, token: filepath.Join(dir, "token"), folder: []string{"--data", filepath.Join(dir, "data"), "--key-file", filepath.Join(dir, "key")}}
	con := &console{}
	args := append([]string{"init", "--company", "Twin", "--owner", "olga@example.com", "--password-file", write600(t, dir, "password", "correct horse battery staple\n"), "--token-file", s.token}, s.folder...)
	if code := run(context.Background(), args, con.env(false)); code != 0 {
		t.Fatal(con.err.String())
	}
	cert, key := certificate(t, dir)
	s.ca = cert
	ctx, stop := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	e := con.env(false)
	e.out, e.err = w, io.Discard
	go func() {
		ended <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key}, s.folder...), e)
		_ = w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the server ended with %d", code)
		}
	})
	s.url = strings.TrimSpace(line[strings.LastIndex(line, " ")+1:])
	return s
}

// ask runs a command against the server.
func (s served) ask(args ...string) (*console, int) {
	con := &console{}
	code := run(context.Background(), append(args, "--server", s.url, "--token-file", s.token, "--ca-file", s.ca), con.env(false))
	return con, code
}

func (s served) json(t *testing.T, out any, args ...string) {
	t.Helper()
	con, code := s.ask(append(args, "--json")...)
	if code != 0 || con.err.Len() > 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, con.err.String())
	}
	if r, ok := out.(*record); ok {
		*r = record{} // a map would keep what was in it
	}
	if err := json.Unmarshal(con.out.Bytes(), out); err != nil {
		t.Fatalf("%v: %v: %s", args, err, con.out.String())
	}
}

// A company is worked with through its server: made, listed, changed, undone.
func TestServer(t *testing.T) { //nolint:paralleltest // kong reads the environment
	s := serveTwin(t)
	var made, got record
	s.json(t, &made, "create", "company", "name=Lehmann GmbH", "employees:=12")
	if made.Version != 1 || made.Object != "company" {
		t.Fatalf("made %+v", made)
	}
	s.json(t, &got, "set", "company", made.ID.String(), "city=Bonn", "--if-version", "1")
	s.json(t, &got, "get", "company", made.ID.String(), "--fields", "city,employees")
	if got.Version != 2 || got.Fields["city"] != "Bonn" || got.Fields["employees"] != 12.0 || len(got.Fields) != 2 {
		t.Errorf("got %+v", got)
	}
	for range 3 {
		s.json(t, &got, "create", "company", "name=Other")
	}
	var r reasons
	s.json(t, &r, "why", "company", made.ID.String())
	if len(r.Verbs) != 5 || r.Verbs[0].Verb != "read" || !r.Verbs[0].Allowed || len(r.Verbs[0].Grants) == 0 || r.Verbs[0].Grants[0].Name == "" || len(r.Fields) == 0 {
		t.Errorf("why %+v", r)
	}
	if con, code := s.ask("why", "company", made.ID.String()); code != 0 || !strings.Contains(con.out.String(), "\nread\tyes\tSales manager (*, all)\n") {
		t.Errorf("why: %q (%s)", con.out.String(), con.err.String())
	}
	var found page
	s.json(t, &found, "list", "company", "--sort=name", "--limit", "2", "--filter", `name != "x y&z"`)
	if len(found.Records) != 2 || found.Next == "" || found.Records[0].ID != made.ID {
		t.Errorf("listed %+v", found)
	}
	con, code := s.ask("list", "company", "--search", "lehm")
	if want := made.ID.String() + "\tLehmann GmbH\n"; code != 0 || con.out.String() != want {
		t.Errorf("searched: %q (%s), want %q", con.out.String(), con.err.String(), want)
	}
	var st standingOf
	s.json(t, &st, "status")
	if st.Records["company"] != 4 || st.Server != s.url || !strings.Contains(st.Checkpoint, "\n— ") {
		t.Errorf("status %+v", st)
	}
	var entries []entryRow
	s.json(t, &entries, "journal", "tail", "-n", "60")
	var set string
	for _, x := range entries {
		if x.Record == made.ID && x.Verb == "update" {
			set = x.ChangeSet.String()
		}
	}
	var u undone
	s.json(t, &u, "undo", set, "--dry-run")
	s.json(t, &u, "undo", set)
	if u.Changed != 1 {
		t.Errorf("undone %+v", u)
	}
	s.json(t, &got, "get", "company", made.ID.String())
	if got.Version != 3 || got.Fields["city"] != nil {
		t.Errorf("after the undo: %+v", got)
	}
}

// What the server refuses is said as if it were refused here, and what is not a Wardbook is found out.
func TestServerRefuses(t *testing.T) { //nolint:paralleltest // kong reads the environment
	s := serveTwin(t)
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away/api/v1/objects" {
			http.Redirect(w, r, "/api/v1/objects", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte("<html>"))
	}))
	t.Cleanup(foreign.Close)
	open := write600(t, s.dir, "open", "wb_x\n")
	if err := os.Chmod(open, 0o644); err != nil { //nolint:gosec // that is what is refused
		t.Fatal(err)
	}
	at := func(url, token, ca string, args ...string) []string {
		args = append(args, "--server", url, "--token-file", token)
		if ca != "" {
			args = append(args, "--ca-file", ca)
		}
		return args
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"two fields at once", at(s.url, s.token, s.ca, "create", "company", "name=A", "employees=many", "industry=nonsense"), 1, "\n  employees: "},
		{"no such object", at(s.url, s.token, s.ca, "list", "nosuch"), 1, "no such object"},
		{"a path in an object", at(s.url, s.token, s.ca, "list", "../journal"), 1, "no such object"},
		{"a wrong condition", at(s.url, s.token, s.ca, "list", "company", "--filter", "nosuch > 1"), 1, "nosuch"},
		{"a wrong token", at(s.url, write600(t, s.dir, "wrong", "wb_wrong\n"), s.ca, "status"), 1, "token"},
		{"a token that others read", at(s.url, open, s.ca, "status"), 2, "chmod go-rwx open"},
		{"a token with a line break", at(s.url, write600(t, s.dir, "two", "wb_a\nb"), s.ca, "status"), 1, "cannot be"},
		{"a certificate that nobody vouches for", at(s.url, s.token, "", "status"), 1, "--ca-file"},
		{"a file without certificates", at(s.url, s.token, s.token, "status"), 2, "--ca-file"},
		{"another server", at(foreign.URL, s.token, "", "status"), 1, "cannot be read"},
		{"a redirect", at(foreign.URL+"/away", s.token, "", "status"), 1, "status 302"},
		{"nobody there", at("http://127.0.0.1:1", s.token, "", "status"), 1, "cannot be reached"},
	} {
		t.Run(c.name, func(t *testing.T) { //nolint:paralleltest // as above
			con := &console{}
			code := run(context.Background(), c.args, con.env(false))
			if code != c.code || !strings.Contains(con.err.String(), c.says) || con.out.Len() > 0 {
				t.Errorf("exit code %d, says %q, prints %q; want %d and %q", code, con.err.String(), con.out.String(), c.code, c.says)
			}
		})
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		v    any
		want string
	}{
		{"nothing", nil, ""},
		{"text", "a b", "a b"},
		{"what steers a terminal", "a\x1b[2J\tb\nc", "a [2J b c"},
		{"a number", json.Number("12.50"), "12.50"},
		{"money", map[string]any{"amount": "1", "currency": "EUR"}, `{"amount":"1","currency":"EUR"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := shown(c.v); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
