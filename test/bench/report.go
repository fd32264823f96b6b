package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// targets are the least ratios that Wardbook is to reach, by operation and side.
func targets(op, side string) float64 {
	if side == "bare" {
		return map[string]float64{opRead: 0.25}[op]
	}
	return map[string]float64{opRead: 2, opList: 3, opListFew: 3, opDeals: 3, opSearch: 20, opGroup: 3, opUpdate: 1, opCreate: 1, opImport: 2}[op]
}

// report writes the tables, and appends them to a file where one was named.
func (h *contest) report(lines []line) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "### HTTP, %s: %d contacts, %d deals, %d rounds of %s, %d processors, load %s\n\n",
		time.Now().UTC().Format(time.DateOnly), h.shape.contacts, h.shape.deals, h.rounds, h.slice, runtime.NumCPU(), load())
	for _, x := range h.sides {
		now, most := x.process().resident()
		h.note("%s: %d MiB after everything, %d MiB at most", x.name(), now, most)
	}
	for _, n := range h.notes {
		fmt.Fprintln(&b, "- "+strings.ReplaceAll(n, "\n", " "))
	}
	fmt.Fprintln(&b)
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	head, under := "| operation\t| clients\t|", "| ---\t| ---\t|"
	for _, x := range h.sides {
		head, under = head+" "+x.name()+" /s\t| p50, p99\t| CPU\t|", under+" ---\t| ---\t| ---\t|"
	}
	for _, x := range h.sides[1:] {
		head, under = head+" × "+x.name()+"\t| middle half\t| by CPU\t| target\t|", under+" ---\t| ---\t| ---\t| ---\t|"
	}
	fmt.Fprintln(w, head)
	fmt.Fprintln(w, under)
	for _, l := range lines {
		fmt.Fprintf(w, "| %s\t| %d\t|", l.op, l.clients)
		for _, f := range l.sides {
			fmt.Fprintf(w, " %.0f\t| %s, %s\t| %s\t|", f.rate, short(f.p50), short(f.p99), short(f.cpu))
		}
		for i, f := range l.sides[1:] {
			target := ""
			if t := targets(l.op, h.sides[i+1].name()); t > 0 {
				target = fmt.Sprintf("≥ %g %s", t, map[bool]string{true: "ok", false: "under"}[f.ratio >= t])
			}
			fmt.Fprintf(w, " %.2f\t| %.2f-%.2f\t| %.2f\t| %s\t|", f.ratio, f.lo, f.hi, f.work, target)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(&b)
	if _, err := h.out.Write(b.Bytes()); err != nil || h.appendTo == "" {
		return err
	}
	f, err := os.OpenFile(h.appendTo, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) //nolint:gosec // for others to read
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	return errors.Join(err, f.Close())
}

// load is how busy the machine was over the last 1, 5 and 15 minutes.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
