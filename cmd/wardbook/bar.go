package main

import (
	"fmt"
	"os"

	"golang.org/x/term"
)

// bar is a line of progress on a terminal; in a pipe it is silent.
type bar struct {
	e     env
	drawn bool
	last  int
}

func newBar(e env) *bar { return &bar{e: e, last: -1} }

func (b *bar) show(done, of int) {
	if !b.e.terminal {
		return
	}
	step := done / 100
	if of > 0 {
		step = done * 100 / of
	}
	if step == b.last {
		return
	}
	b.last, b.drawn = step, true
	if of > 0 {
		fmt.Fprintf(b.e.err, "\r%3d %%  %d of %d", step, done, of)
		return
	}
	fmt.Fprintf(b.e.err, "\r%d", done)
}

func (b *bar) end() {
	if b.drawn {
		fmt.Fprint(b.e.err, "\r\033[K")
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
