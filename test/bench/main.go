// Command bench measures Wardbook against the least that could do the same, in one run, and prints
// ratios: a machine that is busy or slow makes both sides slow. How to read it: docs/benchmarks.md.
//
// It prints; it never fails because of a number.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings say what to measure.
type settings struct {
	records int
	rounds  int
	only    string
	dir     string
	out     io.Writer

	program string // of Wardbook, for the import part; "" to build it

	// Of the HTTP part.
	slice    time.Duration // how long a side's turn is
	limit    time.Duration // of the whole part
	pocket   string        // PocketBase's program; "" to build it
	appendTo string        // file for the tables; "" for none
	profiles string        // folder for profiles of the server, instead of comparing; "" for none
	ops      string        // beginnings of names of operations, separated by commas; "" for all
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	s := settings{out: out}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&s.records, "records", 100_000, "records to work on")
	flags.IntVar(&s.rounds, "rounds", 15, "rounds, in each of which both sides take turns")
	flags.StringVar(&s.only, "only", "", "part to run: vault, door or journal; or http or import, which run only when they are named")
	profile := flags.String("cpuprofile", "", "write a processor profile of the part here")
	flags.StringVar(&s.dir, "dir", "", "folder for the databases (a temporary one without it)")
	flags.DurationVar(&s.slice, "slice", 500*time.Millisecond, "http: length of a side's turn")
	flags.DurationVar(&s.limit, "limit", time.Hour, "http, import: give up after this time")
	flags.StringVar(&s.program, "wardbook", "", "import: program of Wardbook (built from here without it)")
	flags.StringVar(&s.pocket, "pocketbase", "", "http: program of PocketBase (built from its module without it)")
	flags.StringVar(&s.appendTo, "append", "", "http: append the tables to this file")
	flags.StringVar(&s.profiles, "profiles", "", "http: instead of comparing, write a processor profile of the server for each operation into this folder")
	flags.StringVar(&s.ops, "ops", "", "http: only operations whose names begin so, such as read,list (all without it)")
	plainFile := flags.String("serve-bare", "", "serve a plain file; the bench starts itself so")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *plainFile != "" {
		return serveBare(ctx, *plainFile, out)
	}
	if s.dir, err = os.MkdirTemp(s.dir, "wardbook-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	switch {
	case s.only == "http" && s.profiles != "":
		return profilePart(ctx, s)
	case s.only == "import":
		return bulkPart(ctx, s)
	case s.only == "http":
		return httpPart(ctx, s)
	}
	var all []result
	for _, part := range []struct {
		name string
		run  func(context.Context, settings) ([]result, error)
	}{{"vault", vaultPart}, {"door", doorPart}} {
		if s.only != "" && s.only != part.name && !(s.only == "journal" && part.name == "door") {
			continue
		}
		got, err := part.run(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		all = append(all, got...)
	}
	return print(out, s, all)
}

// print writes the results as a Markdown table.
func print(out io.Writer, s settings, all []result) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintf(w, "%d records, %d rounds\n\n", s.records, s.rounds)
	fmt.Fprintln(w, "| part\t| operation\t| Wardbook\t| baseline\t| ratio\t| middle half\t| target\t|")
	fmt.Fprintln(w, "| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t|")
	for _, r := range all {
		fmt.Fprintln(w, "| "+strings.Join(r.cells(), "\t| ")+"\t|")
	}
	return w.Flush()
}
