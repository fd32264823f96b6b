package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// bulkPart measures what the real binary takes for one large import, from one file in one change set:
// until it is stored, until everything in it can be found, the most memory of each command, the server
// with these records, and to take all of it back. There is no other side: the numbers belong to the
// machine.
func bulkPart(ctx context.Context, s settings) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	o := &ours{dir: s.dir, program: s.program}
	sh := shapeOf(s.records)
	if err := o.found(ctx); err != nil {
		return err
	}
	companies, err := file(o.in("company.csv"), 0, sh.companies, "name", companyName)
	if err != nil {
		return err
	}
	contacts, err := file(o.in("contact.csv"), 0, sh.contacts, contactFields, o.contactLine(sh))
	if err != nil {
		return err
	}
	if _, err := o.run(ctx, "import", "company", companies, "--strict"); err != nil {
		return err
	}
	stored, err := o.timed(ctx, "import", "contact", contacts, "--strict")
	if err != nil {
		return err
	}
	set := regexp.MustCompile(`change set (\S+)`).FindStringSubmatch(stored.out)
	if set == nil {
		return errors.New("the import names no change set")
	}
	found, err := o.timed(ctx, "list", "contact", "--search", "zzz", "--limit", "1") // waits until all is found
	if err != nil {
		return err
	}
	rate := func(d time.Duration) float64 { return float64(s.records) / d.Seconds() }
	fmt.Fprintf(s.out, "%d contacts in one file\n", s.records)
	fmt.Fprintf(s.out, "import, stored: %s, %.0f/s, processor %s, at most %d MiB\n", short(stored.took), rate(stored.took), short(stored.cpu), stored.most)
	fmt.Fprintf(s.out, "until all is found: %s more, %.0f/s in all, processor %s, at most %d MiB\n", short(found.took), rate(stored.took+found.took), short(found.cpu), found.most)
	for _, name := range []string{"data.db", "keys.db", "search.db"} {
		if info, err := os.Stat(filepath.Join(o.in("data"), name)); err == nil {
			fmt.Fprintf(s.out, "%s: %d MB\n", name, info.Size()>>20)
		}
	}
	for range 3 {
		if err := o.start(ctx); err != nil {
			return err
		}
		idle, _ := o.p.resident()
		cold := o.p.cold
		if err := o.p.stop(); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "server: ready in %s, idle %d MiB\n", short(cold), idle)
	}
	undone, err := o.timed(ctx, "undo", set[1])
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "undo: %s, %.0f/s, processor %s, at most %d MiB\n", short(undone.took), rate(undone.took), short(undone.cpu), undone.most)
	return nil
}

// command is what a command took.
type command struct {
	out       string
	took, cpu time.Duration
	most      int64 // memory, in MiB
}

// timed runs a command and says what it took.
func (o *ours) timed(ctx context.Context, args ...string) (command, error) {
	cmd := exec.CommandContext(ctx, o.program, append(args, o.folder()...)...)
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	c := command{out: strings.TrimSpace(string(out)), took: time.Since(begun)}
	if err != nil {
		return c, fmt.Errorf("wardbook %s: %w\n%s", args[0], err, out)
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.cpu, c.most = time.Duration(u.Utime.Nano()+u.Stime.Nano()), u.Maxrss/1024
	}
	return c, nil
}
