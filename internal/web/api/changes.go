package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Bounds of the streams of changes.
const (
	MaxStreams       = 100 // of everybody, of the server's 256 places
	MaxPersonStreams = 8
	heartbeat        = 15 * time.Second // of silence, after which proxies think of closing
	streamLife       = time.Hour        // after it a client comes again, and goes on where it was
	retryAfter       = 3000             // milliseconds that a client waits before it comes again
)

// Pace is how streams pass their time. A test takes another, to wait for nothing.
type Pace struct {
	Tick  func() (tick <-chan time.Time, stop func()) // once a second
	Stall time.Duration                               // how long a reader may take to take what is sent
}

// streams counts the open ones and ends them.
type streams struct {
	pace Pace
	quit chan struct{}
	end  *sync.Once

	mu  *sync.Mutex
	all int
	of  map[id.ID]int // by person
}

func newStreams() streams {
	return streams{
		pace: Pace{Tick: seconds, Stall: 10 * time.Second}, quit: make(chan struct{}), end: &sync.Once{}, mu: &sync.Mutex{}, of: map[id.ID]int{},
	}
}

func seconds() (<-chan time.Time, func()) {
	t := time.NewTicker(time.Second)
	return t.C, t.Stop
}

// KeepPace has streams pass their time another way. It is for before the first request.
func (a *API) KeepPace(p Pace) { a.streams.pace = p }

// Stop ends all streams, now and from now on: a server that stops need not wait for them.
func (a *API) Stop() { a.streams.end.Do(func() { close(a.streams.quit) }) }

// Streams returns how many streams are open.
func (a *API) Streams() int {
	a.streams.mu.Lock()
	defer a.streams.mu.Unlock()
	return a.streams.all
}

// take counts a stream of a person, or refuses it.
func (s *streams) take(user id.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.of[user] >= MaxPersonStreams:
		return fault.New(fault.TooMany, "too_many_streams", "you have %d streams open: close one first", MaxPersonStreams)
	case s.all >= MaxStreams:
		return fault.New(fault.Unavailable, "too_many_streams", "too many streams are open: try again later")
	}
	s.all++
	s.of[user]++
	return nil
}

func (s *streams) leave(user id.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[user]--; s.of[user] == 0 {
		delete(s.of, user)
	}
}

// changes streams what happens to the records that the caller may see, as server-sent events (HTML
// standard, section 9.2). An event's id is the number of its journal entry.
func changes(a *API, c *call) (reply, error) {
	after, known, err := c.after()
	if err != nil {
		return reply{}, err
	}
	header := map[string]string{"Content-Type": eventStream, "X-Accel-Buffering": "no"} // which a proxy would hold back
	if c.Method == http.MethodHead {
		return reply{header: header}, nil
	}
	from := uint64(0)
	if known {
		from = after + 1
	}
	return reply{header: header, life: streamLife, stream: func(ctx context.Context, w *streamed) error {
		user := c.actor.User()
		if err := a.streams.take(user); err != nil {
			return err
		}
		defer a.streams.leave(user)
		l := &live{a: a, c: c, w: w}
		return l.run(ctx, from)
	}}, nil
}

const eventStream = "text/event-stream"

// after is the number of the last event that the caller has; known is false where it has none.
func (c *call) after() (n uint64, known bool, err error) {
	name, text := "Last-Event-ID", c.Header.Get("Last-Event-ID")
	if text == "" { // a browser that comes again sends both: what it had last counts
		name, text = "after", c.query["after"]
	}
	if text == "" {
		return 0, false, nil
	}
	n, err = strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, false, parameter(name, "want the id of an event")
	}
	return n, true, nil
}

// live is one open stream.
type live struct {
	a    *API
	c    *call
	w    *streamed
	s    *door.Stream
	last time.Time // when something was sent
}

// run sends what happens until the caller leaves, may no longer read, or the server stops.
func (l *live) run(ctx context.Context, from uint64) error {
	tick, stop := l.a.streams.pace.Tick()
	defer stop()
	if err := l.begin(ctx, from); err != nil {
		return err
	}
	for {
		news := l.s.News() // before what there is is read, so that nothing falls between
		more, err := l.step(ctx)
		if err != nil {
			return ended(ctx, err)
		}
		if more {
			news = closed()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.a.streams.quit:
			return nil
		case <-news:
		case <-tick:
			if err := l.beat(ctx); err != nil {
				return ended(ctx, err)
			}
		}
	}
}

func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// ended drops the errors with which a stream ends as it should.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil || fault.Is(err, fault.Unauthenticated) {
		return nil
	}
	return err
}

// begin says where the stream begins, so that a client that gets no event before it is cut off still
// knows where to go on; and, where that is not what it asked for, that it must read its records anew.
func (l *live) begin(ctx context.Context, from uint64) error {
	s, err := l.c.session.Follow(ctx, from)
	if err != nil {
		return err
	}
	l.s = s
	text := fmt.Sprintf("retry: %d\nid: %d\n", retryAfter, l.at())
	if s.Reset() {
		text += "event: reset\ndata: {}\n"
	}
	return l.send([]byte(text + "\n"))
}

// at is the number of the last entry that was looked at.
func (l *live) at() uint64 { return max(l.s.From(), 1) - 1 }

// eventJSON is the data of an event.
type eventJSON struct {
	Seq       uint64 `json:"seq"`
	Time      string `json:"time"`
	Object    string `json:"object"`
	Record    id.ID  `json:"record"`
	Verb      string `json:"verb"`
	Version   int64  `json:"version"`
	ChangeSet id.ID  `json:"changeset"`
}

// step sends what there is.
func (l *live) step(ctx context.Context) (more bool, err error) {
	events, more, err := l.s.Read(ctx)
	if fault.Reason(err) == "behind" {
		return true, l.begin(ctx, l.s.From())
	}
	if err != nil || len(events) == 0 {
		return more, err
	}
	if err := l.known(ctx); err != nil {
		return false, err
	}
	var b bytes.Buffer
	for _, e := range events {
		data, err := json.Marshal(eventJSON{e.Seq, stamp(e.Time), e.Object, e.Record, e.Verb, e.Version, e.ChangeSet})
		if err != nil {
			return false, err
		}
		fmt.Fprintf(&b, "id: %d\nevent: change\ndata: %s\n\n", e.Seq, data)
	}
	return more, l.send(b.Bytes())
}

// beat looks once a second whether the caller is still who it was, and after a silence shows that the
// stream is there, and how far it is: a client that may see little would fall behind without it.
func (l *live) beat(ctx context.Context) error {
	if err := l.known(ctx); err != nil {
		return err
	}
	if l.a.now().Sub(l.last) < heartbeat {
		return nil
	}
	return l.send(fmt.Appendf(nil, ": still here\nid: %d\n\n", l.at()))
}

func (l *live) send(b []byte) error {
	l.last = l.a.now()
	return l.w.send(b, l.a.streams.pace.Stall)
}

// known refuses to go on for a token that was revoked or a session that has ended. What the person may
// see the door judges each time.
func (l *live) known(ctx context.Context) error {
	var lives bool
	var err error
	if l.c.signed != nil {
		lives, err = l.a.desk.Sessions.Lives(ctx, l.c.signed.ID, func(who authn.Actor) (bool, error) { return l.a.administers(ctx, who) })
	} else {
		_, lives, err = l.a.desk.Tokens.Get(ctx, l.c.actor.App())
	}
	if err == nil && !lives {
		err = fault.New(fault.Unauthenticated, "ended", "the token or session has ended")
	}
	return err
}
