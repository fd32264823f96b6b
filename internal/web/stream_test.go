package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/wardbook/wardbook/internal/web/api"
)

// beats are the seconds of a test's streams: one passes for all of them when the test says so.
type beats struct {
	mu  sync.Mutex
	all map[chan time.Time]bool
}

func (b *beats) tick() (<-chan time.Time, func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan time.Time, 1)
	b.all[c] = true
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.all, c)
	}
}

// pass lets a second pass.
func (b *beats) pass() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.all {
		select {
		case c <- time.Time{}:
		default: // it has one to look at already
		}
	}
}

// reader of a stream.
type stream struct {
	t    *testing.T
	body io.ReadCloser
	in   *bufio.Scanner
	data map[string]*jsonschema.Schema // what the document says of each event's data
}

// event is one block of a stream.
type event struct {
	id, name, data, comment string
}

// streaming serves a site's API on a real connection, with seconds that a test lets pass.
func (s *site) streaming(t *testing.T) (url string, b *beats) {
	t.Helper()
	b = &beats{all: map[chan time.Time]bool{}}
	s.api.KeepPace(api.Pace{Tick: b.tick, Stall: time.Minute})
	web := httptest.NewServer(s.server.http.Handler)
	t.Cleanup(func() {
		s.api.Stop()
		web.Close()
	})
	return web.URL, b
}

// ask opens a stream; the caller looks at the status.
func ask(t *testing.T, url, token, last string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url+"/api/v1/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, _, signed := strings.Cut(token, signedMark); signed {
		r.Header.Set("Cookie", "wardbook="+text)
		r.Header.Set("User-Agent", "")
	} else {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	got, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = got.Body.Close() })
	return got
}

// open opens a stream and reads its beginning.
func (s *site) open(t *testing.T, url, token, last string) (*stream, event) {
	t.Helper()
	got := ask(t, url, token, last)
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/event-stream" || got.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", got.StatusCode, got.Header)
	}
	d := describe(t, nil)
	x := &stream{t: t, body: got.Body, in: bufio.NewScanner(got.Body), data: map[string]*jsonschema.Schema{}}
	for _, name := range []string{"change", "reset"} {
		x.data[name] = d.schema(t, "paths", "/api/v1/changes", "get", "responses", "200", "content", "text/event-stream", "x-events", name)
	}
	first, ok := x.next()
	if !ok {
		t.Fatal("nothing came")
	}
	return x, first
}

// next reads a block, and holds its data to the document; ok is false at the end of the stream.
func (x *stream) next() (e event, ok bool) {
	x.t.Helper()
	for x.in.Scan() {
		name, value, _ := strings.Cut(x.in.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "retry":
		case "":
			if x.in.Text() == "" {
				x.hold(e)
				return e, true
			}
			e.comment = value
		default:
			x.t.Errorf("a line of no kind: %q", x.in.Text())
		}
	}
	return e, false
}

func (x *stream) hold(e event) {
	x.t.Helper()
	if e.name == "" {
		if e.data != "" {
			x.t.Errorf("data of no event: %s", e.data)
		}
		return
	}
	if x.data[e.name] == nil {
		x.t.Fatalf("the document does not know the event %q", e.name)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(e.data))
	if err == nil {
		err = x.data[e.name].Validate(v)
	}
	if err != nil {
		x.t.Errorf("%s: %v", e.data, err)
	}
}

// changes reads n events.
func (x *stream) changes(n int) (list []event) {
	x.t.Helper()
	for len(list) < n {
		e, ok := x.next()
		if !ok {
			x.t.Fatalf("the stream ended after %d of %d events", len(list), n)
		}
		if e.name == "change" {
			list = append(list, e)
		}
	}
	return list
}

// ends demands that the stream ends, well and without another event.
func (x *stream) ends() {
	x.t.Helper()
	for {
		e, ok := x.next()
		if !ok {
			break
		}
		if e.name != "" {
			x.t.Errorf("an event after the end: %s %s", e.name, e.data)
		}
	}
	if err := x.in.Err(); err != nil {
		x.t.Errorf("cut off: %v", err)
	}
}

// said is what events tell, without what differs from run to run.
func said(t *testing.T, events []event) (list []string) {
	t.Helper()
	last := uint64(0)
	for _, e := range events {
		var d struct {
			Seq     uint64 `json:"seq"`
			Object  string `json:"object"`
			Record  string `json:"record"`
			Verb    string `json:"verb"`
			Version int    `json:"version"`
		}
		if err := json.Unmarshal([]byte(e.data), &d); err != nil || strconv.FormatUint(d.Seq, 10) != e.id || d.Seq <= last {
			t.Fatalf("%v: %s %s", err, e.id, e.data)
		}
		last = d.Seq
		list = append(list, fmt.Sprintf("%s %s %s %d", d.Verb, d.Object, d.Record, d.Version))
	}
	return list
}
