package fault

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// problem demands a refusal with a reason.
func (v *server) problem(what string, r *reply, err error, statuses ...int) {
	v.s.t.Helper()
	if err != nil {
		v.s.t.Errorf("%s: no answer: %v", what, err)
		return
	}
	for _, status := range statuses {
		if r.status == status {
			if r.header.Get("Content-Type") == "application/problem+json" && (r.text("detail") == "" || r.text("code") == "") {
				v.s.t.Errorf("%s: a problem without words: %s", what, r.raw)
			}
			return
		}
	}
	v.s.t.Errorf("%s: status %d, want one of %v: %s", what, r.status, statuses, r.raw[:min(len(r.raw), 300)])
}

// Bodies that nobody should send are refused, and the server uses little memory on them.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	v := s.start()
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	big := `{"fields":{"name":"` + canary + strings.Repeat("x", 10<<20) + `"}}`
	for what, c := range map[string]struct {
		path, body string
		statuses   []int
	}{
		"10 MB":                {"/api/v1/records/company", big, []int{413}},
		"10 MB batch":          {"/api/v1/batch", `{"operations":[{"op":"create","object":"company","fields":{"name":"` + strings.Repeat("x", 11<<20) + `"}}]}`, []int{413}},
		"10,000 deep":          {"/api/v1/records/company", deep, []int{413}},
		"10,000 deep list":     {"/api/v1/batch", strings.Repeat("[", 10_000), []int{400, 413}},
		"deep in a value":      {"/api/v1/records/company", `{"fields":{"name":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`, []int{413}},
		"NUL":                  {"/api/v1/records/company", `{"fields":{"name":"` + canary + `\u0000"}}`, []int{422}},
		"half a surrogate":     {"/api/v1/records/company", `{"fields":{"name":"` + canary + `\ud800"}}`, []int{201, 422}},
		"bytes that are none":  {"/api/v1/records/company", "{\"fields\":{\"name\":\"\xff\xfe\"}}", []int{201, 400, 422}},
		"a huge number":        {"/api/v1/records/company", `{"fields":{"name":"` + canary + `","employees":` + strings.Repeat("9", 100_000) + `}}`, []int{422}},
		"a huge exponent":      {"/api/v1/records/company", `{"fields":{"name":"` + canary + `","annual_revenue":{"amount":"1e999999999","currency":"CNY"}}}`, []int{422}},
		"100,000 fields":       {"/api/v1/records/company", `{"fields":{` + manyFields(50_000) + `}}`, []int{413, 422}},
		"100,000 operations":   {"/api/v1/batch", `{"operations":[` + strings.TrimSuffix(strings.Repeat(`{"op":"create"},`, 100_000), ",") + `]}`, []int{422}},
		"twice the same name":  {"/api/v1/records/company", `{"fields":{"name":"` + canary + `","name":"` + canary + `2"}}`, []int{201, 400, 422}},
		"two values":           {"/api/v1/records/company", `{"fields":{"name":"a"}}{"fields":{"name":"b"}}`, []int{400}},
		"no JSON":              {"/api/v1/records/company", canary, []int{400}},
		"null":                 {"/api/v1/records/company", "null", []int{400, 422}},
		"a list":               {"/api/v1/records/company", "[]", []int{400}},
		"a huge key of a name": {"/api/v1/records/company", `{"fields":{"` + canary + strings.Repeat("k", 500_000) + `":1}}`, []int{422}},
	} {
		r, err := v.send("POST", c.path, c.body)
		v.problem(what, r, err, c.statuses...)
		if err == nil && len(r.raw) > 100_000 {
			t.Errorf("%s: the answer has %d bytes", what, len(r.raw))
		}
	}
	for what, h := range map[string]string{"key": "Idempotency-Key: " + strings.Repeat("k", 5000), "version": "If-Match: " + strings.Repeat("9", 5000)} {
		r, err := v.send("POST", "/api/v1/records/company", `{"fields":{"name":"`+canary+`"}}`, h)
		v.problem(what, r, err, 201, 400, 422)
	}
	for range 20 { // many at once would need their sum in memory
		_, _ = v.send("POST", "/api/v1/records/company", big)
	}
	if peak := peakMemory(v.cmd.Process.Pid); peak > 600<<20 {
		t.Errorf("the server took %d MB", peak>>20)
	}
	v.create(canary)
	v.stop()
	s.verify()
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"f%d":1,`, i)
	}
	return b.String() + `"name":"x"`
}

// peakMemory is the most that a process has held; 0 where the system does not tell.
func peakMemory(pid int) int {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kb, _ := strconv.Atoi(strings.Fields(rest + " 0")[0])
	return kb << 10
}

// Names, identifiers and conditions that attack something are refused or find nothing.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, engine := range engines() {
		s := newSite(t, engine)
		v := s.start()
		id := v.create(canary)
		rtl := "\u202e" + canary + "\u2066"
		for _, name := range []string{"'; DROP TABLE o21;--", "o21", "company\x00", rtl, strings.Repeat("a", 5000), "../../etc/passwd", "%", "company%20", "*", "__proto__", "公司"} {
			esc := url.PathEscape(name)
			for _, path := range []string{"/api/v1/records/" + esc, "/api/v1/objects/" + esc, "/api/v1/records/company/" + esc, "/api/v1/changesets/" + esc, "/api/v1/records/" + esc + "/" + id} {
				r, err := v.send("GET", path, nil)
				v.problem(path[:min(60, len(path))], r, err, 404, 400, 422)
			}
			for _, p := range []string{"sort", "fields", "filter", "cursor", "as_of", name} {
				r, err := v.send("GET", "/api/v1/records/company?"+url.QueryEscape(p)+"="+esc, nil)
				v.problem(p[:min(20, len(p))]+" of a list", r, err, 400, 413, 422)
			}
			r, err := v.send("POST", "/api/v1/aggregate/company", map[string]any{"group_by": []string{name}, "measures": []any{map[string]any{"op": name, "field": name}}})
			v.problem("aggregate", r, err, 400, 422)
			r, err = v.send("POST", "/api/v1/objects", map[string]any{"name": name, "label": map[string]string{"en": name}})
			v.problem("define", r, err, 400, 422)
		}
		for what, filter := range map[string]string{
			"long":         strings.Repeat("name == 'a' || ", 4000) + "true",
			"deep":         strings.Repeat("(", 2000) + "true" + strings.Repeat(")", 2000),
			"not":          strings.Repeat("!", 5000) + "true",
			"operators":    "employees > 0" + strings.Repeat(" + 1", 3000),
			"NUL":          "name == '" + canary + "\x00'",
			"open string":  "name == '" + canary,
			"SQL":          "name == '" + canary + "' UNION SELECT hash FROM token --",
			"no condition": "1 + 1",
			"macro":        "[1,2,3].all(x, [1,2,3].all(y, x == y))",
			"unknown name": canary + " == 1",
			"pattern":      "name.matches('(" + canary + "+)+$')",
		} {
			r, err := v.send("GET", "/api/v1/records/company?filter="+url.QueryEscape(filter), nil)
			v.problem(what, r, err, 400, 413, 422, 431)
		}
		for what, filter := range map[string]string{"RTL": "name == '" + rtl + "'", "quotes": `name == "a' OR '1'='1"`, "wildcards": "name.contains('%')"} {
			r := v.want(http.StatusOK, "GET", "/api/v1/records/company?filter="+url.QueryEscape(filter), nil)
			if list, _ := r.body["records"].([]any); len(list) != 0 {
				t.Errorf("%s: %d records", what, len(list))
			}
		}
		v.want(http.StatusOK, "GET", "/api/v1/records/company/"+id, nil)
		v.stop()
		s.verify()
	}
}

// raw sends bytes and returns all that comes back until the server closes the connection.
func (v *server) raw(send func(c net.Conn) error) string {
	v.s.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
	if err != nil {
		v.s.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		v.s.t.Fatal(err)
	}
	_ = send(c) // the server may close before it has read all
	b, err := io.ReadAll(c)
	if e, ok := err.(net.Error); ok && e.Timeout() { //nolint:errorlint // as it comes
		v.s.t.Error("the server does not end the connection")
	}
	return string(b)
}

// Requests that are no HTTP, or too long before the body, are refused and their connection is ended.
func TestHostileClients(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	v := s.start()
	auth := "Authorization: Bearer " + s.token + "\r\n"
	for what, text := range map[string]struct{ send, want string }{
		"10,000 bytes in a header":  {"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + auth + "X-A: " + strings.Repeat("a", 10_000) + "\r\n\r\n", " 200 "},
		"10,000 headers":            {"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: "+canary+"\r\n", 10_000) + "\r\n", " 431 "},
		"1 MB in a header":          {"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", " 431 "},
		"1 MB of address":           {"GET /api/v1/records/company?filter=" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", " 431 "},
		"10,000 bytes of address":   {"GET /api/v1/records/company?filter=" + strings.Repeat("a", 10_000) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + auth + "\r\n", " 413 "},
		"no HTTP":                   {canary + "\r\n\r\n", " 400 "},
		"two lengths":               {"POST /api/v1/batch HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345", " 400 "},
		"length and chunks":         {"POST /api/v1/batch HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + auth + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", " 4"},
		"a length beyond the limit": {"POST /api/v1/records/company HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + auth + "Content-Length: 99999999999\r\n\r\n{", " 4"},
	} {
		got := v.raw(func(c net.Conn) error { _, err := io.WriteString(c, text.send); return err })
		first, _, _ := strings.Cut(got, "\r\n")
		if !strings.Contains(first, text.want) {
			t.Errorf("%s: %q, want %s", what, first, text.want)
		}
	}
	v.create(canary)
	v.stop()
	s.verify()
}

// Clients that send their request one byte at a time, or stop in the middle, are ended by the server,
// which goes on to serve others meanwhile.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	v := s.start("--read-timeout", "2s")
	var all sync.WaitGroup
	head := "POST /api/v1/records/company HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.token + "\r\nContent-Length: 100000\r\n"
	for what, first := range map[string]string{"nothing": "", "headers": "GET /api/v1/me HTTP/1.1\r\nX: ", "headers of a write": head} {
		all.Go(func() {
			got := v.raw(func(c net.Conn) error { return trickle(c, first) })
			if got != "" && !strings.Contains(got, " 408 ") && !strings.Contains(got, " 400 ") {
				t.Errorf("%s: %q", what, got)
			}
		})
	}
	for range 50 {
		v.create(canary)
	}
	all.Wait()
	v.stop()
	s.verify()
}

// trickle sends a byte now and then until the other end closes.
func trickle(c net.Conn, first string) error {
	if _, err := io.WriteString(c, first); err != nil {
		return err
	}
	tick, late := time.NewTicker(100*time.Millisecond), time.After(patience/2)
	defer tick.Stop()
	for {
		select {
		case <-late:
			return errors.New("never ended")
		case <-tick.C:
		}
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
	}
}

// A file that is no sheet of records is refused with its line and what to do, in bounded memory.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	for what, c := range map[string]struct {
		text  string
		words []string
	}{
		"a cell of 10 MB":    {"name,city\nA,Bonn\n" + canary + strings.Repeat("x", 10<<20) + ",Lyon\n", []string{"line 3", "1 MB"}},
		"a heading of 10 MB": {canary + strings.Repeat("x", 10<<20) + ",name\nA,Bonn\n", []string{"line 1", "1 MB"}},
		"5,000 columns":      {"name" + strings.Repeat(",c", 5000) + "\nA\n", []string{"5001 columns", "may have 500"}},
		"5,000 values":       {"name,city\nA" + strings.Repeat(",c", 5000) + "\n", []string{"line 2"}},
		"an unclosed quote":  {"name,city\nA,Bonn\n\"" + canary + ",Lyon\nB,Paris\n", []string{"line 3", "quote"}},
		"NUL":                {"name\nA\x00\n", []string{"UTF-8"}},
		"neither encoding":   {"name\n\xff\xff\x80\n", []string{"UTF-8"}},
		"nothing":            {"", []string{"first row"}},
		"a field twice":      {"name,Name\nA,B\n", []string{"both go to"}},
	} {
		file := s.write("hostile.csv", c.text)
		cmd := s.command("import", "company", file, "--strict")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run() // its exit code says it
		if code := cmd.ProcessState.ExitCode(); code != failing(out.String()) {
			t.Errorf("%s: exit %d: %s", what, code, out.String())
		}
		for _, w := range c.words {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: the message does not say %q: %s", what, w, out.String()[:min(out.Len(), 400)])
			}
		}
		if out.Len() > 2000 {
			t.Errorf("%s: a message of %d bytes", what, out.Len())
		}
		s.clean(what, out.String())
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && u.Maxrss > 500<<10 {
			t.Errorf("%s: took %d MB", what, u.Maxrss>>10)
		}
	}
	v := s.start()
	if n := v.count(); n != 0 {
		t.Errorf("%d companies were imported", n)
	}
	v.stop()
	s.verify()
}

// TLS is 1.3 only, and a pair of files that cannot serve says so before anything is opened.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite")
	cert, key, pool := pair(t, s, "one")
	_, foreign, _ := pair(t, s, "two")
	v := s.start("--tls-cert", cert, "--tls-key", key)
	v.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	if r := v.want(http.StatusOK, "GET", "/api/v1/me", nil); !strings.Contains(r.header.Get("Strict-Transport-Security"), "max-age") {
		t.Error("no Strict-Transport-Security")
	}
	addr := strings.TrimPrefix(v.url, "https://")
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12} {
		c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version}) //nolint:gosec // that it is refused is the test
		if err == nil {
			_ = c.Close()
			t.Errorf("%s was accepted", tls.VersionName(version))
		}
	}
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ConnectionState().Version; got != tls.VersionTLS13 {
		t.Errorf("version %s", tls.VersionName(got))
	}
	_ = c.Close()
	plain := &http.Client{Timeout: patience}
	if r, err := plain.Get("http://" + addr + "/healthz"); err == nil {
		_ = r.Body.Close()
		if r.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP was answered %d", r.StatusCode)
		}
	}
	v.stop()
	for what, p := range map[string][2]string{
		"foreign key": {cert, foreign}, "swapped": {key, cert}, "missing": {s.path("nowhere"), key}, "no PEM": {s.path("password"), s.path("password")}, "one alone": {cert, ""},
	} {
		args := []string{"serve", "--listen", "127.0.0.1:0", "--tls-cert", p[0]}
		if p[1] != "" {
			args = append(args, "--tls-key", p[1])
		}
		a := s.run(args...)
		if a.code != 1 || !strings.Contains(a.err, "--tls-cert and --tls-key") {
			t.Errorf("%s: exit %d: %s", what, a.code, a.err)
		}
	}
}

// pair makes a certificate of 127.0.0.1 and its key.
func pair(t *testing.T, s *site, name string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(block)
	return s.write(name+".crt", string(block)), s.write(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))), pool
}
