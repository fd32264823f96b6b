package authn

import (
	"context"
	"net/netip"
	"time"

	"github.com/wardbook/wardbook/internal/control"
)

// Delays after failed attempts. Nobody is locked out: an account is slowed for the network that the
// failures came from, and a network for all accounts. So who guesses at a person from elsewhere does
// not keep the person out.
const (
	accountFree = 5  // failures that a person has without a delay
	networkFree = 30 // and a network, which many people may share
	maxDelay    = 15 * time.Minute
)

// delay returns how long to wait now: 1 s after the free failures, doubled by each more.
func delay(a control.Attempts, free int, now time.Time) time.Duration {
	if a.Fails < free {
		return 0
	}
	d := min(time.Second<<min(a.Fails-free, 20), maxDelay)
	return max(0, a.Last.Add(d).Sub(now))
}

// network is the part of an address that one subscriber has: an IPv4 address, or 64 bits of IPv6.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "?"
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return "?"
	}
	return p.String()
}

// measures are the keys under which attempts at an account from an address count.
func (p *Passwords) measures(account []byte, from string) (pair, net []byte) {
	n := network(from)
	a := p.attempts.MAC([]byte("account\x00" + n + "\x00" + string(account)))
	b := p.attempts.MAC([]byte("network\x00" + n))
	return a[:], b[:]
}

// begin counts an attempt before it is made; wait is how long to wait instead.
func (p *Passwords) begin(ctx context.Context, account []byte, from string) (wait time.Duration, err error) {
	if p.count.Add(1)%pruneEvery == 1 {
		if err := p.db.PruneAttempts(ctx, control.MaxAttempts); err != nil {
			return 0, err
		}
	}
	pair, net := p.measures(account, from)
	return p.db.Attempt(ctx, []control.Measure{
		{Key: pair, Wait: func(a control.Attempts) time.Duration { return delay(a, accountFree, p.now()) }},
		{Key: net, Wait: func(a control.Attempts) time.Duration { return delay(a, networkFree, p.now()) }},
	})
}

// pruneEvery is after how many attempts old ones are forgotten.
const pruneEvery = 256

// succeeded takes back what begin counted.
func (p *Passwords) succeeded(ctx context.Context, account []byte, from string) error {
	pair, net := p.measures(account, from)
	return p.db.Succeeded(ctx, pair, net)
}
