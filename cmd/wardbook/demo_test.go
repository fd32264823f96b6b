package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/found"
)

// Whatever comes out, the password is one that Wardbook takes.
func TestDemoPassword(t *testing.T) {
	t.Parallel()
	if n := len(strings.Fields(demoWords)); n < 64 {
		t.Errorf("%d words", n)
	}
	seen := map[string]bool{}
	for i := range 300 {
		random := rand.Reader
		if i < 256 { // the same byte five times
			random = bytes.NewReader(bytes.Repeat([]byte{byte(i)}, 5))
		}
		p, err := demoPassword(random)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range []string{"en", "zh"} {
			company, _, owner := found.DemoCompany(lang)
			if err := authn.CheckPassword(p, company, owner.Name, owner.Email); err != nil {
				t.Errorf("%q: %v", p, err)
			}
		}
		seen[p] = true
	}
	if len(seen) < 64 {
		t.Errorf("%d passwords", len(seen))
	}
}

func TestPastClock(t *testing.T) {
	t.Parallel()
	real := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)
	c := &pastClock{real: func() time.Time { return real }, behind: 10 * time.Hour}
	for _, x := range []struct{ set, want time.Duration }{
		{-10 * time.Hour, -10 * time.Hour}, {-6 * time.Hour, -6 * time.Hour}, {-8 * time.Hour, -6 * time.Hour}, {time.Hour, 0}, {-time.Hour, 0},
	} {
		if c.set(real.Add(x.set)); !c.now().Equal(real.Add(x.want)) {
			t.Errorf("set to %v it says %v", x.set, c.now().Sub(real))
		}
	}
}

// A demo begins, says how to sign in, and ends when it is told to.
func TestDemo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("plays a year")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &until{text: "Wardbook serves", then: cancel}
	var errs bytes.Buffer
	code := run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--lang", "zh"}, env{out: out, err: &errs, now: time.Now, rand: rand.Reader})
	if code != 0 || errs.Len() > 0 {
		t.Fatalf("%d %s", code, errs.String())
	}
	for _, want := range []string{"北辰仪表有限公司", "hanxue@example.com", "所有者", "销售经理", "只读人员", "with the password", "T=wb_"} {
		if !strings.Contains(out.got.String(), want) {
			t.Errorf("%q is not said: %s", want, out.got.String())
		}
	}
	if strings.Contains(out.got.String(), "127.0.0.1:0/") {
		t.Error("it says an address that is none")
	}
}

// until does something when a text was written.
type until struct {
	got  bytes.Buffer
	text string
	then func()
}

func (u *until) Write(b []byte) (int, error) {
	n, err := u.got.Write(b)
	if strings.Contains(u.got.String(), u.text) {
		u.then()
	}
	return n, err
}
