package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// httpPart measures the real binary over real HTTP against the bare query behind net/http and against
// PocketBase, all on the same rows, in turns.
func httpPart(ctx context.Context, s settings) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	h := &contest{settings: s, shape: shapeOf(s.records)}
	defer func() { err = errors.Join(err, h.stop()) }()
	if err := h.prepare(ctx); err != nil {
		return err
	}
	if err := h.agree(ctx); err != nil {
		return err
	}
	var lines []line
	for _, op := range s.operations() {
		for _, clients := range []int{1, 16} {
			if op == opImport {
				clients = min(clients, 2)
			}
			l, err := h.measure(ctx, op, clients)
			if err != nil {
				return fmt.Errorf("%s, %d clients: %w", op, clients, err)
			}
			lines = append(lines, l)
			fmt.Fprintln(os.Stderr, l.op, clients, "done")
		}
	}
	return h.report(lines)
}

// operations lists what to measure: what changes rows comes last.
func (s settings) operations() []string {
	all := []string{opRead, opList, opListFew, opDeals, opSearch, opGroup, opUpdate, opCreate, opImport}
	return slices.DeleteFunc(all, func(op string) bool {
		return !slices.ContainsFunc(strings.Split(s.ops, ","), func(begin string) bool { return strings.HasPrefix(op, begin) })
	})
}

// contest is a run with its sides; ours is the first.
type contest struct {
	settings
	shape shape
	sides []side
	fresh []atomic.Int64 // next row that is not there yet, for each side
	notes []string
}

func (h *contest) stop() error {
	var errs []error
	for _, x := range h.sides {
		if p := x.process(); p != nil {
			errs = append(errs, p.stop())
		}
	}
	return errors.Join(errs...)
}

func (h *contest) note(format string, args ...any) {
	h.notes = append(h.notes, fmt.Sprintf(format, args...))
	fmt.Fprintln(os.Stderr, h.notes[len(h.notes)-1])
}

// prepare loads and starts every side. PocketBase is left out where it cannot be had.
func (h *contest) prepare(ctx context.Context) error {
	all := []side{&ours{}, &bareSide{}, &pocketBase{program: h.pocket}}
	for _, x := range all {
		dir := filepath.Join(h.dir, x.name())
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		switch x := x.(type) {
		case *ours:
			x.dir = dir
		case *bareSide:
			x.dir = dir
		case *pocketBase:
			x.dir = dir
			install, cancel := context.WithTimeout(ctx, installTime)
			err := x.build(install)
			cancel()
			if err != nil {
				h.note("%s is left out: %v", x.name(), err)
				continue
			}
		}
		took, err := x.load(ctx, h.shape)
		if err != nil {
			return fmt.Errorf("%s: %w", x.name(), err)
		}
		var cold []time.Duration
		for range 3 {
			if len(cold) > 0 {
				if err := x.process().stop(); err != nil {
					return err
				}
			}
			if err := x.start(ctx); err != nil {
				return fmt.Errorf("%s: %w", x.name(), err)
			}
			cold = append(cold, x.process().cold)
		}
		h.sides = append(h.sides, x)
		idle, _ := x.process().resident()
		h.note("%s: loaded by %s; start to ready %s; idle %d MiB", x.name(), took, short(middle(cold)), idle)
		if err := x.learn(ctx, h.shape); err != nil {
			return fmt.Errorf("%s: %w", x.name(), err)
		}
	}
	h.fresh = make([]atomic.Int64, len(h.sides))
	for i := range h.fresh {
		h.fresh[i].Store(int64(h.shape.contacts))
	}
	return nil
}

func middle[T int | time.Duration | float64](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// rowsIn counts the records of an answer: all sides write an identifier so, and nothing else.
func rowsIn(body []byte) int { return bytes.Count(body, []byte(`"id":"`)) }

// agree asks every side the same questions and demands the same numbers of rows, before anything is
// changed.
func (h *contest) agree(ctx context.Context) error {
	r := rand.New(rand.NewPCG(5, 6))
	rows := 0
	for range 30 {
		p := picked(r, h.shape, 0)
		for _, op := range []string{opRead, opList, opListFew, opDeals, opSearch, opGroup} {
			var first string
			for i, x := range h.sides {
				method, path, body := x.request(op, p)
				out, err := x.process().ask(ctx, method, path, body, x.headers)
				if err != nil {
					return fmt.Errorf("%s: %w", x.name(), err)
				}
				got := fmt.Sprintf("%d rows", rowsIn(out))
				if op == opGroup {
					got = ""
				}
				if op == opList || op == opSearch || op == opGroup {
					total, err := x.total(op, out)
					if err != nil {
						return fmt.Errorf("%s: %s: %w", x.name(), op, err)
					}
					got += ", total " + total
				}
				if i == 0 {
					first = got
					rows += rowsIn(out)
				} else if got != first {
					return fmt.Errorf("%s, %+v: Wardbook answers %s, %s %s", op, p, first, x.name(), got)
				}
			}
		}
	}
	h.note("180 answers of each side compared: the same numbers of rows (%d in all), totals and groups", rows)
	return nil
}

// lap is what a side did in its turn.
type lap struct {
	rate  float64 // answers, for imports rows, in a second
	cpu   time.Duration
	times []time.Duration
}

// run lets clients ask one side for a while, each waiting for its answer before it asks again.
func (h *contest) run(ctx context.Context, i int, op string, clients int, seed uint64) (lap, error) {
	x := h.sides[i]
	p := x.process()
	var left atomic.Int64
	left.Store(1 << 40)
	if op == opImport {
		left.Store(10_000 / importSize)
	}
	all := make([][]time.Duration, clients)
	cpu, begun := p.cpu(), time.Now()
	end := begun.Add(h.slice)
	err := parallel(clients, clients, func(c int) error {
		r := rand.New(rand.NewPCG(seed, uint64(c))) //nolint:gosec // small
		for left.Add(-1) >= 0 && (op == opImport || time.Now().Before(end) || len(all[c]) == 0) {
			q := picked(r, h.shape, int(h.fresh[i].Add(1)))
			if op == opImport {
				q.fresh += 100_000 // its rows are importSize each, past those made one by one
			}
			method, path, body := x.request(op, q)
			asked := time.Now()
			out, err := p.ask(ctx, method, path, body, x.headers)
			if err != nil {
				return fmt.Errorf("%s: %w", x.name(), err)
			}
			all[c] = append(all[c], time.Since(asked))
			if op != opList && op != opListFew && op != opDeals && op != opSearch && op != opGroup && op != opImport && rowsIn(out) != 1 {
				return fmt.Errorf("%s: %s: not one record: %.200s", x.name(), op, out)
			}
		}
		return nil
	})
	took := time.Since(begun)
	l := lap{cpu: p.cpu() - cpu}
	for _, t := range all {
		l.times = append(l.times, t...)
	}
	n := max(len(l.times), 1)
	l.cpu /= time.Duration(n)
	l.rate = float64(n) / took.Seconds()
	if op == opImport {
		l.rate *= importSize
	}
	return l, err
}

// line is one operation at one number of clients.
type line struct {
	op      string
	clients int
	sides   []figures
}

// figures are medians over the rounds; ratios are ours to the side's.
type figures struct {
	rate          float64
	p50, p99, cpu time.Duration
	ratio, lo, hi float64 // of the rates
	work          float64 // the side's processor time to ours
}

// measure lets the sides take turns, who begins changing from round to round.
func (h *contest) measure(ctx context.Context, op string, clients int) (line, error) {
	rounds, warm := h.rounds, 1
	if op == opImport { // takes long, and its first rows warm the others up
		rounds, warm = min(rounds, 3), 0
	}
	laps := make([][]lap, len(h.sides))
	for round := range rounds + warm {
		for turn := range h.sides {
			i := (turn + round) % len(h.sides)
			l, err := h.run(ctx, i, op, clients, uint64(round)) //nolint:gosec // small
			if err != nil {
				return line{}, err
			}
			if round >= warm { // the first one warms caches up
				laps[i] = append(laps[i], l)
			}
		}
	}
	out := line{op: op, clients: clients}
	for i := range h.sides {
		var f figures
		var rates, ratios, work []float64
		var cpus, times []time.Duration
		for k, l := range laps[i] {
			rates, cpus, times = append(rates, l.rate), append(cpus, l.cpu), append(times, l.times...)
			ratios = append(ratios, laps[0][k].rate/l.rate)
			work = append(work, float64(l.cpu)/float64(max(laps[0][k].cpu, 1)))
		}
		f.rate, f.cpu, f.work, f.ratio = middle(rates), middle(cpus), middle(work), middle(ratios)
		f.lo, f.hi = ratios[len(ratios)/4], ratios[len(ratios)*3/4]
		slices.Sort(times)
		f.p50, f.p99 = times[len(times)/2], times[len(times)*99/100]
		out.sides = append(out.sides, f)
	}
	return out, nil
}
