package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
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

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// target are the flags of commands that work on a folder as well as with a running server.
type target struct {
	where
	remote
}

// remote are the flags that name a running server.
type remote struct {
	Server    string `help:"Address of a running server, to speak to instead of opening a folder." placeholder:"URL"`
	TokenFile string `help:"File with the API token for --server." env:"WARDBOOK_TOKEN_FILE" placeholder:"FILE"`
	CAFile    string `name:"ca-file" help:"File with the certificates (PEM) that vouch for --server, instead of the system's." env:"WARDBOOK_CA_FILE" placeholder:"FILE"`
}

// Bounds of what a server is given and may answer.
const (
	connectTime = 10 * time.Second
	answerTime  = time.Minute // until the answer begins
	maxAnswer   = 64 << 20    // bytes of an answer that is not a file
	maxToken    = 4 << 10
	maxCA       = 1 << 20
)

// client speaks to a running server as the holder of a token. It implements book.
type client struct {
	http  *http.Client
	base  string // with /api/v1
	token string
}

// dial checks the flags; the server is first spoken to by the first call.
func dial(r remote) (*client, error) {
	u, err := url.Parse(r.Server)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.InField("--server", "bad_address", "want an address such as https://crm.example.com")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fault.InField("--server", "needs_tls", "want https://: without it the token and the data would travel in clear")
	}
	if r.TokenFile == "" {
		return nil, fault.InField("--token-file", "required", "name the file with the API token, with --token-file or WARDBOOK_TOKEN_FILE; wardbook token create makes one")
	}
	token, err := readSmall(r.TokenFile, maxToken)
	if err == nil {
		err = private(r.TokenFile)
	}
	if fault.Reason(err) == "too_open" {
		return nil, fault.InField("--token-file", "too_open", "others may read it: chmod go-rwx %s", filepath.Base(r.TokenFile))
	}
	if err != nil {
		return nil, fault.InField("--token-file", "unreadable", "it cannot be read")
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.CAFile != "" {
		pem, err := readSmall(r.CAFile, maxCA)
		c.RootCAs = x509.NewCertPool()
		if err != nil || !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fault.InField("--ca-file", "unreadable", "want a file with certificates in PEM")
		}
	}
	return &client{
		base: strings.TrimRight(r.Server, "/") + "/api/v1", token: strings.TrimSpace(string(token)),
		http: &http.Client{
			// A redirect would send the token to another address.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, TLSClientConfig: c, DialContext: (&net.Dialer{Timeout: connectTime}).DialContext,
				TLSHandshakeTimeout: connectTime, ResponseHeaderTimeout: answerTime, ForceAttemptHTTP2: true,
			},
		},
	}, nil
}

func readSmall(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fault.New(fault.TooLarge, "too_large", "the file is larger than %d bytes", most)
	}
	return b, err
}

// send makes a request and returns its answer, whose body the caller closes. An answer that is a
// problem is returned as the error that the server had.
func (c *client) send(ctx context.Context, method, path string, body io.Reader, header map[string]string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "bad_header", "the request cannot be made: look at --server and at the token file")
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("User-Agent", "wardbook/"+version)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, problemOf(resp)
}

func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(fault.Unavailable, err, "stopped", "stopped before the server answered; look whether it did what was asked")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fault.Wrap(fault.Unavailable, err, "bad_certificate", "the server's certificate cannot be trusted: check the address, or name who vouches for it with --ca-file")
	}
	return fault.Wrap(fault.Unavailable, err, "unreachable", "the server cannot be reached: check --server and whether it runs")
}

// problemOf reads a problem document (RFC 9457) as the error that it came from.
func problemOf(resp *http.Response) error {
	var p struct {
		Detail string        `json:"detail"`
		Code   fault.Kind    `json:"code"`
		Reason string        `json:"reason"`
		Errors []fault.Field `json:"errors"`
	}
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if media != "application/problem+json" || json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&p) != nil || p.Code == "" {
		return fault.New(fault.Unavailable, "not_wardbook", "the server answers with status %d and not as Wardbook does: check --server", resp.StatusCode)
	}
	switch {
	case p.Reason == "unknown_path" || p.Reason == "wrong_method":
		return fault.New(fault.NotFound, "not_offered", "this server does not offer that: it is of another version of Wardbook. Run the command where the folder is, without --server")
	case p.Code == fault.Internal: // its cause is in the server's log
		return fault.New(fault.Unavailable, "server_error", "the server failed (internal error); its log says why")
	}
	return &fault.Error{Kind: p.Code, Reason: p.Reason, Message: p.Detail, Fields: p.Errors}
}

// call sends in as JSON, where it is not nil, and reads the answer into out.
func (c *client) call(ctx context.Context, method, path string, in, out any, header map[string]string) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		if header == nil {
			header = map[string]string{}
		}
		header["Content-Type"] = "application/json"
	}
	return c.exchange(ctx, method, path, body, out, header)
}

// exchange sends bytes and reads the answer into out.
func (c *client) exchange(ctx context.Context, method, path string, b []byte, out any, header map[string]string) error {
	var body io.Reader
	if b != nil {
		body = bytes.NewReader(b)
	}
	resp, err := c.send(ctx, method, path, body, header)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	d := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer))
	d.UseNumber()
	if err := d.Decode(out); err != nil {
		return fault.Wrap(fault.Unavailable, err, "bad_answer", "the server's answer cannot be read; it may have been cut off")
	}
	return nil
}

func address(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "/" + strings.Join(parts, "/")
}

// status implements book.
func (c *client) status(ctx context.Context) (*standingOf, error) {
	var all struct {
		Objects []struct {
			Name string          `json:"name"`
			Can  map[string]bool `json:"can"`
		} `json:"objects"`
	}
	if err := c.call(ctx, http.MethodGet, "/objects", nil, &all, nil); err != nil {
		return nil, err
	}
	st := &standingOf{Server: strings.TrimSuffix(c.base, "/api/v1"), Records: map[string]int64{}}
	for _, o := range all.Objects {
		if !o.Can["read"] {
			continue
		}
		var t door.Table
		if err := c.call(ctx, http.MethodPost, address("aggregate", o.Name), struct{}{}, &t, nil); err != nil {
			return nil, err
		}
		st.count(o.Name, &t)
	}
	var cp struct {
		Checkpoint string `json:"checkpoint"`
	}
	err := c.call(ctx, http.MethodGet, "/journal/checkpoint", nil, &cp, nil)
	st.Checkpoint = cp.Checkpoint
	return st, err
}

// title implements book.
func (c *client) title(ctx context.Context, object string) ([]string, error) {
	var o struct {
		Title []string `json:"title"`
	}
	err := c.call(ctx, http.MethodGet, address("objects", object), nil, &o, nil)
	return o.Title, err
}

// list implements book.
func (c *client) list(ctx context.Context, q door.Query) (*page, error) {
	v := url.Values{}
	for name, text := range map[string]string{
		"filter": q.Filter, "search": q.Search, "sort": strings.Join(q.Sort, ","), "fields": strings.Join(q.Fields, ","), "cursor": q.Cursor, "limit": strconv.Itoa(q.Limit),
	} {
		if text != "" {
			v.Set(name, text)
		}
	}
	p := &page{}
	return p, c.call(ctx, http.MethodGet, address("records", q.Object)+"?"+v.Encode(), nil, p, nil)
}

// get implements book.
func (c *client) get(ctx context.Context, object string, rid id.ID, fields []string) (*record, error) {
	path := address("records", object, rid.String())
	if len(fields) > 0 {
		path += "?" + url.Values{"fields": {strings.Join(fields, ",")}}.Encode()
	}
	r := &record{}
	return r, c.call(ctx, http.MethodGet, path, nil, r, nil)
}

// write implements book.
func (c *client) write(ctx context.Context, object string, rid id.ID, version int64, fields door.Values) (*record, error) {
	r, body := &record{}, map[string]any{"fields": fields}
	if rid.IsZero() {
		return r, c.call(ctx, http.MethodPost, address("records", object), body, r, nil)
	}
	header := map[string]string{}
	if version > 0 {
		header["If-Match"] = fmt.Sprintf("%q", strconv.FormatInt(version, 10))
	}
	return r, c.call(ctx, http.MethodPatch, address("records", object, rid.String()), body, r, header)
}

// undo implements book.
func (c *client) undo(ctx context.Context, set id.ID, dryRun, skip bool) (*undone, error) {
	u := &undone{}
	return u, c.call(ctx, http.MethodPost, address("changesets", set.String(), "undo"), map[string]bool{"dry_run": dryRun, "skip_conflicts": skip}, u, nil)
}

// tail implements book.
func (c *client) tail(ctx context.Context, n int) ([]entryRow, error) {
	var out struct {
		Entries []entryRow `json:"entries"`
	}
	err := c.call(ctx, http.MethodGet, "/journal?limit="+strconv.Itoa(n), nil, &out, nil)
	return out.Entries, err
}
