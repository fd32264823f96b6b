package api

import (
	"context"
	"strconv"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	x := newTurns()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	var leave []func()
	take := func(who string) {
		t.Helper()
		done, err := x.take(context.Background(), who)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, done)
	}
	refused := func(who string) {
		t.Helper()
		if _, err := x.take(over, who); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s is let in: %v", who, err)
		}
	}
	for i := range maxHeld {
		take(strconv.Itoa(i / maxHeldOne))
		if i == maxHeldOne-1 {
			refused("0") // has its share, and there is room for others
		}
	}
	refused("another")
	for _, done := range leave {
		done()
	}
	if len(x.of) != 0 || len(x.all) != 0 {
		t.Errorf("%d callers and %d places are remembered", len(x.of), len(x.all))
	}
	take("0")
}
