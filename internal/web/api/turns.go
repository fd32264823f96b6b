package api

import (
	"context"
	"sync"

	"github.com/wardbook/wardbook/internal/fault"
)

// How many files are held in memory at once. The others wait: a page of photos asks for all of them.
const (
	maxHeld    = 24 // of all callers
	maxHeldOne = 6  // of one, so that slow ones do not keep everybody waiting
)

// turns lets in as many callers at once as there is memory for the files that they send or fetch.
type turns struct {
	all chan struct{}

	mu sync.Mutex
	of map[string]*turn
}

// turn is one caller's share, while it waits for a place or has one.
type turn struct {
	places chan struct{}
	users  int
}

func newTurns() *turns { return &turns{all: make(chan struct{}, maxHeld), of: map[string]*turn{}} }

// take waits for a place and returns how to give it back, which is done once.
func (t *turns) take(ctx context.Context, who string) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	busy := fault.New(fault.Unavailable, "busy", "too many files at once: try again")
	one := t.join(who)
	select {
	case one.places <- struct{}{}:
	case <-ctx.Done():
		t.part(who, one)
		return nil, busy
	}
	select {
	case t.all <- struct{}{}:
	case <-ctx.Done():
		<-one.places
		t.part(who, one)
		return nil, busy
	}
	return func() {
		<-t.all
		<-one.places
		t.part(who, one)
	}, nil
}

func (t *turns) join(who string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.of[who]
	if one == nil {
		one = &turn{places: make(chan struct{}, maxHeldOne)}
		t.of[who] = one
	}
	one.users++
	return one
}

func (t *turns) part(who string, one *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(t.of, who)
	}
}
