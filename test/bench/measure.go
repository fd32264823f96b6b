package main

import (
	"fmt"
	"slices"
	"syscall"
	"time"
)

// result is one line of the table.
type result struct {
	part, what     string
	ours, base     time.Duration // for one operation, the median over the rounds
	ratio, lo, hi  float64       // median over the rounds, and the quarters
	target         float64       // 0: none is set
	absolute, note string        // instead of a ratio: a number of its own
}

func (r *result) cells() []string {
	if r.absolute != "" {
		return []string{r.part, r.what, r.absolute, "", "", "", r.note}
	}
	target := ""
	if r.target > 0 {
		target = fmt.Sprintf("≤ %.1f %s", r.target, map[bool]string{true: "over", false: "ok"}[r.ratio > r.target])
	}
	return []string{
		r.part, r.what, short(r.ours), short(r.base), fmt.Sprintf("%.2f", r.ratio), fmt.Sprintf("%.2f-%.2f", r.lo, r.hi), target,
	}
}

func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(100 * time.Nanosecond).String()
}

// clock measures how long something takes.
type clock func() time.Duration

// cpu is the processor time that this process has used, on all its threads.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// wall is the time on the wall.
func wall() time.Duration { return time.Duration(time.Now().UnixNano()) }

// pair is something that both sides do n times in a round.
type pair struct {
	part, what string
	n          int
	clock      clock
	target     float64
	ours, base func() error
}

// compare lets both sides take turns, the first one changing from round to round, so that what
// disturbs the machine disturbs both.
func compare(rounds int, p pair) (result, error) {
	r := result{part: p.part, what: p.what, target: p.target}
	var ours, base []time.Duration
	var ratios []float64
	for i := range rounds + 1 {
		a, b, err := round(p, i%2 == 0)
		if err != nil {
			return r, fmt.Errorf("%s: %w", p.what, err)
		}
		if i == 0 { // warms caches up
			continue
		}
		ours, base, ratios = append(ours, a/time.Duration(p.n)), append(base, b/time.Duration(p.n)), append(ratios, float64(a)/float64(max(b, 1)))
	}
	slices.Sort(ours)
	slices.Sort(base)
	slices.Sort(ratios)
	r.ours, r.base = ours[rounds/2], base[rounds/2]
	r.ratio, r.lo, r.hi = ratios[rounds/2], ratios[rounds/4], ratios[rounds*3/4]
	return r, nil
}

func round(p pair, oursFirst bool) (ours, base time.Duration, err error) {
	take := func(do func() error) (time.Duration, error) {
		start := p.clock()
		err := do()
		return p.clock() - start, err
	}
	if oursFirst {
		if ours, err = take(p.ours); err != nil {
			return 0, 0, err
		}
		base, err = take(p.base)
		return ours, base, err
	}
	if base, err = take(p.base); err != nil {
		return 0, 0, err
	}
	ours, err = take(p.ours)
	return ours, base, err
}

func compareAll(rounds int, pairs []pair) ([]result, error) {
	var list []result
	for _, p := range pairs {
		r, err := compare(rounds, p)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
