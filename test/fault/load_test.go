package fault

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// known is a record as the server has acknowledged it.
type known struct {
	object  string
	version int
	fields  map[string]string
	deleted bool
}

// doubt is a request that was never answered: it happened wholly or not at all.
type doubt struct {
	method, path string
	headers      []string
	body         map[string]any
	creates      []known // by what it makes: absent or all there
	id           string  // or the record that it changes …
	after        known   // … and what it makes of it
	changed      bool    // that record was found changed
}

// writer sends writes, one after the other, and notes every answer.
type writer struct {
	name    string
	rand    *rand.Rand
	records map[string]*known
	live    []string
	doubt   *doubt
	n       int // names requests
	away    int // answers that the server is not available
	err     error
}

// load is several writers that wrote to one site since it was made.
type load struct {
	s       *site
	writers []*writer
	acked   atomic.Int64
}

func newLoad(s *site, writers int, seed uint64) *load {
	l := &load{s: s}
	for i := range writers {
		l.writers = append(l.writers, &writer{name: fmt.Sprintf("w%d", i), rand: rand.New(rand.NewPCG(seed, uint64(i))), records: map[string]*known{}}) //nolint:gosec // repeatable
	}
	return l
}

// until has all writers write until so many writes were acknowledged, then does what is to be done
// while they go on, and returns when they have noticed or, where they do not, when end is closed.
func (l *load) until(v *server, acks int64, then func(), end <-chan struct{}) {
	l.acked.Store(0)
	reached := make(chan struct{})
	var once sync.Once
	var all sync.WaitGroup
	for _, w := range l.writers {
		all.Go(func() {
			for w.step(v) {
				if l.acked.Add(1) >= acks {
					once.Do(func() { close(reached) })
				}
				select {
				case <-end:
					return
				default:
				}
			}
			once.Do(func() { close(reached) })
		})
	}
	<-reached
	then()
	all.Wait()
	for _, w := range l.writers {
		if w.err != nil {
			l.s.t.Fatalf("writer %s: %v", w.name, w.err)
		}
	}
}

// step sends one write; false when there was no answer, or a wrong one.
func (w *writer) step(v *server) bool {
	w.n++
	d := w.next()
	r, err := v.send(d.method, d.path, d.body, d.headers...)
	switch {
	case err != nil:
		w.doubt = d
		return false
	case r.status == http.StatusServiceUnavailable:
		w.away++
		if r.text("code") != "unavailable" || r.text("detail") == "" {
			w.err = fmt.Errorf("a problem without reason or remedy: %s", r.raw)
			return false
		}
		w.doubt = d // it may have happened: settled before the next one
		return w.settle(v)
	}
	w.err = w.note(d, r)
	return w.err == nil
}

// note takes an acknowledgement down.
func (w *writer) note(d *doubt, r *reply) error {
	switch {
	case r.status != http.StatusOK && r.status != http.StatusCreated && r.status != http.StatusNoContent:
		return fmt.Errorf("%s: status %d: %s", d.method, r.status, r.raw)
	case len(d.creates) == 1:
		w.add(r.text("id"), d.creates[0])
	case len(d.creates) > 1:
		list, _ := r.body["results"].([]any)
		for i := range d.creates {
			m, _ := list[i].(map[string]any)
			x, _ := m["id"].(string)
			w.add(x, d.creates[i])
		}
	}
	if d.id != "" {
		*w.records[d.id] = d.after
	}
	return nil
}

func (w *writer) add(id string, k known) {
	w.records[id] = &k
	w.live = append(w.live, id)
}

// next makes up a write.
func (w *writer) next() *doubt {
	key := fmt.Sprintf("Idempotency-Key: %s %s %d", canary, w.name, w.n)
	if len(w.live) < 3 {
		return w.create(key)
	}
	switch p := w.rand.IntN(10); {
	case p < 3:
		return w.create(key)
	case p < 6:
		id := w.live[w.rand.IntN(len(w.live))]
		after := w.changed(id)
		return &doubt{
			method: "PATCH", path: "/api/v1/records/" + after.object + "/" + id, headers: []string{"If-Match: " + strconv.Itoa(after.version-1)},
			body: map[string]any{"fields": after.fields}, id: id, after: after,
		}
	case p < 9:
		return w.batch(key)
	}
	i := w.rand.IntN(len(w.live))
	id := w.live[i]
	w.live = append(w.live[:i], w.live[i+1:]...)
	after := *w.records[id]
	after.version, after.deleted = after.version+1, true
	return &doubt{method: "DELETE", path: "/api/v1/records/" + after.object + "/" + id, headers: []string{"If-Match: " + strconv.Itoa(after.version-1)}, id: id, after: after}
}

// changed is a record as an update leaves it.
func (w *writer) changed(id string) known {
	after := *w.records[id]
	after.version++
	after.fields = maps.Clone(after.fields)
	if after.object == "company" {
		after.fields["city"] = fmt.Sprintf("Bonn %s %d", w.name, w.n)
	} else {
		after.fields["first_name"] = fmt.Sprintf("Ann %s %d", w.name, w.n)
	}
	return after
}

func (w *writer) fresh(part int) known {
	name := fmt.Sprintf("%s %s %d %d", canary, w.name, w.n, part)
	if w.rand.IntN(2) == 0 {
		return known{object: "company", version: 1, fields: map[string]string{"name": name, "city": "Lyon"}}
	}
	return known{object: "contact", version: 1, fields: map[string]string{
		"last_name": name, "email": fmt.Sprintf("%s.%s.%d.%d@example.com", canary, w.name, w.n, part), "phone": fmt.Sprintf("+86%s%02d", canaryPhone, w.rand.IntN(100)),
	}}
}

func (w *writer) create(key string) *doubt {
	k := w.fresh(0)
	return &doubt{method: "POST", path: "/api/v1/records/" + k.object, headers: []string{key}, body: map[string]any{"fields": k.fields}, creates: []known{k}}
}

// batch makes three records and changes one.
func (w *writer) batch(key string) *doubt {
	d := &doubt{method: "POST", path: "/api/v1/batch", headers: []string{key}}
	var ops []map[string]any
	for i := range 3 {
		k := w.fresh(i)
		d.creates = append(d.creates, k)
		ops = append(ops, map[string]any{"op": "create", "object": k.object, "fields": k.fields})
	}
	d.id = w.live[w.rand.IntN(len(w.live))]
	d.after = w.changed(d.id)
	ops = append(ops, map[string]any{"op": "update", "object": d.after.object, "id": d.id, "version": d.after.version - 1, "fields": d.after.fields})
	d.body = map[string]any{"operations": ops}
	return d
}

// settle sends the write again that was never answered, as a client would, and notes how it ended.
func (w *writer) settle(v *server) bool {
	d := w.doubt
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		<-tick.C
		r, err := v.send(d.method, d.path, d.body, d.headers...)
		switch {
		case err != nil:
			return false
		case r.status == http.StatusServiceUnavailable:
			w.away++
			continue
		case r.status == http.StatusPreconditionFailed && d.method == "PATCH", r.status == http.StatusNotFound && d.method == "DELETE":
			*w.records[d.id] = d.after // it had happened
		default:
			if w.err = w.note(d, r); w.err != nil {
				return false
			}
		}
		w.doubt = nil
		return true
	}
	w.err = fmt.Errorf("the server stays unavailable")
	return false
}

// check compares everything that is stored with everything that was acknowledged, and what was in
// doubt with all or nothing; then it settles the doubts and compares again.
func (l *load) check(v *server) {
	l.s.t.Helper()
	l.compare(v)
	for _, w := range l.writers {
		if w.doubt != nil && !w.settle(v) {
			l.s.t.Fatalf("writer %s: a repeated request was not answered: %v", w.name, w.err)
		}
	}
	l.compare(v)
}

func (l *load) compare(v *server) {
	l.s.t.Helper()
	stored := l.stored(v)
	for _, w := range l.writers {
		for id, k := range w.records {
			got := stored[id]
			delete(stored, id)
			if d := w.doubt; d != nil && d.id == id {
				if d.changed = got.equal(&d.after); d.changed {
					continue
				}
			}
			if !got.equal(k) {
				l.s.t.Errorf("an acknowledged %s of %s at version %d (deleted: %t) is stored as %s", k.object, w.name, k.version, k.deleted, got.state())
			}
		}
	}
	for _, w := range l.writers {
		if w.doubt != nil {
			w.doubt.whole(l.s, w, stored)
		}
	}
	for _, k := range stored {
		l.s.t.Errorf("a %s is stored that nobody knows of", k.object)
	}
}

// whole takes out of stored what the request in doubt may have made: all of it or nothing.
func (d *doubt) whole(s *site, w *writer, stored map[string]*known) {
	s.t.Helper()
	found := 0
	for _, k := range d.creates {
		for id, got := range stored {
			if got.object == k.object && got.fields["name"] == k.fields["name"] && got.fields["last_name"] == k.fields["last_name"] {
				found++
				delete(stored, id)
			}
		}
	}
	if found != 0 && found != len(d.creates) {
		s.t.Errorf("of %d records of an unanswered request of %s, %d are there", len(d.creates), w.name, found)
	}
	if d.id != "" && len(d.creates) > 0 && (found > 0) != d.changed {
		s.t.Errorf("half of a batch of %s is there: %d new records", w.name, found)
	}
}

func (k *known) equal(o *known) bool {
	switch {
	case k == nil:
		return o.deleted
	case o.deleted || k.version != o.version:
		return false
	}
	for name, value := range o.fields {
		if k.fields[name] != value {
			return false
		}
	}
	return true
}

func (k *known) state() string {
	if k == nil {
		return "absent"
	}
	return fmt.Sprintf("version %d", k.version)
}

// stored reads every company and contact.
func (l *load) stored(v *server) map[string]*known {
	l.s.t.Helper()
	all := map[string]*known{}
	for object, fields := range map[string]string{"company": "name,city", "contact": "first_name,last_name,email,phone"} {
		cursor := ""
		for range 1000 {
			r := v.get("/api/v1/records/" + object + "?limit=500&fields=" + fields + "&cursor=" + url.QueryEscape(cursor))
			list, _ := r.body["records"].([]any)
			for _, x := range list {
				m, _ := x.(map[string]any)
				version, _ := m["version"].(float64)
				k := &known{object: object, version: int(version), fields: map[string]string{}}
				values, _ := m["fields"].(map[string]any)
				for name, value := range values {
					k.fields[name], _ = value.(string)
				}
				id, _ := m["id"].(string)
				all[id] = k
			}
			if cursor = r.text("next_cursor"); cursor == "" {
				break
			}
		}
	}
	return all
}
