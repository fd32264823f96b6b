package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/transfer"
)

type importCommand struct {
	where
	asJSON
	Object        string   `arg:"" help:"Object, such as company."`
	File          string   `arg:"" help:"CSV file; - for standard input."`
	Map           []string `help:"Put a column into a field; - as the field leaves the column out." placeholder:"COLUMN=FIELD" sep:"none"`
	Value         []string `help:"Read another text in a field." placeholder:"FIELD:TEXT=OTHER" sep:"none"`
	Mode          string   `help:"create, update or upsert." enum:"create,update,upsert" default:"create"`
	Key           string   `help:"Field by which update and upsert find records." placeholder:"FIELD"`
	CreateMissing bool     `help:"Make records that the file points to and that are not there."`
	Currency      string   `help:"Currency of amounts that name none; else the organisation's."`
	DryRun        bool     `help:"Check everything and change nothing."`
	Strict        bool     `help:"Import nothing when a row is wrong."`
	Errors        string   `help:"Write the rows that were wrong here, with the reasons." placeholder:"FILE"`
}

// Help is shown by wardbook import --help.
func (c *importCommand) Help() string {
	return `Columns are matched to fields by name and label, in English or Chinese; --map tells the others.
The whole file is one change set: wardbook undo takes it back.

Examples:
  wardbook import company companies.csv --map "Account name=name" --dry-run
  wardbook import deal deals.csv --map sales_agent=owner --create-missing --errors wrong.csv
  wardbook import product products.csv --mode upsert --key code`
}

// Run implements the command.
func (c *importCommand) Run(ctx context.Context, e env) error {
	plan := transfer.Plan{
		Object: c.Object, Mode: c.Mode, Key: c.Key, CreateMissing: c.CreateMissing, DryRun: c.DryRun, Strict: c.Strict, Currency: c.Currency,
		Map: map[string]string{}, Values: map[string]map[string]string{},
	}
	for _, m := range c.Map {
		i := strings.LastIndex(m, "=")
		if i <= 0 || i == len(m)-1 {
			return fault.InField("--map", "bad_mapping", "want COLUMN=FIELD")
		}
		plan.Map[m[:i]] = m[i+1:]
	}
	for _, v := range c.Value {
		field, rest, ok1 := strings.Cut(v, ":")
		from, to, ok2 := strings.Cut(rest, "=")
		if !ok1 || !ok2 {
			return fault.InField("--value", "bad_mapping", "want FIELD:TEXT=OTHER")
		}
		if plan.Values[field] == nil {
			plan.Values[field] = map[string]string{}
		}
		plan.Values[field][from] = to
	}
	sheet, err := c.read(e)
	if err != nil {
		return err
	}
	bar := newBar(e)
	plan.Progress = bar.show
	return with(ctx, e, c.where, func(o *organisation) error {
		if plan.Currency == "" {
			plan.Currency = o.manifest.Currency
		}
		r, err := transfer.Import(ctx, o.door, o.owner(), sheet, plan)
		bar.end()
		if r != nil && c.Errors != "" {
			err = errors.Join(err, writeErrors(c.Errors, sheet, r))
		}
		if err != nil {
			if r != nil {
				wrong(e.err, r)
			}
			return err
		}
		return c.print(e, r, func(w io.Writer) { c.report(w, r) })
	})
}

func (c *importCommand) read(e env) (*transfer.Sheet, error) {
	if c.File == "-" {
		return transfer.ReadCSV(e.in)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, err, "no_file", "the file to import cannot be opened")
	}
	defer f.Close()
	return transfer.ReadCSV(f)
}

func (c *importCommand) report(w io.Writer, r *transfer.Result) {
	word := ""
	if c.DryRun {
		word = "would have "
	}
	fmt.Fprintf(w, "%screated %d, updated %d, failed %d", word, r.Created, r.Updated, r.Failed)
	if r.Missing > 0 {
		fmt.Fprintf(w, ", and made %d records that the file points to", r.Missing)
	}
	fmt.Fprintln(w)
	if len(r.Unused) > 0 {
		fmt.Fprintf(w, "columns left out: %s\n", strings.Join(r.Unused, ", "))
	}
	wrong(w, r)
	if !r.ChangeSet.IsZero() {
		fmt.Fprintf(w, "change set %s (take it back: wardbook undo %s)\n", r.ChangeSet, r.ChangeSet)
	}
}

// wrong names the first rows that are wrong, with what is wrong.
func wrong(w io.Writer, r *transfer.Result) {
	for i, x := range r.Errors {
		if i == 10 {
			fmt.Fprintf(w, "… and %d more (--errors FILE lists them all)\n", len(r.Errors)-i)
			break
		}
		for _, f := range x.Fields {
			fmt.Fprintf(w, "line %d, %s: %s\n", x.Line, f.Name, f.Message)
		}
	}
}

// writeErrors writes the rows that were wrong as they were, with what is wrong, so that they can be
// corrected and imported alone.
func writeErrors(path string, sheet *transfer.Sheet, r *transfer.Result) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "errors_file", "--errors cannot be written")
	}
	w := csv.NewWriter(f)
	_ = w.Write(append(append([]string(nil), sheet.Columns...), "line", "what is wrong"))
	for _, x := range r.Errors {
		row := make([]string, len(sheet.Columns), len(sheet.Columns)+2)
		copy(row, sheet.Rows[x.Row])
		var reasons []string
		for _, f := range x.Fields {
			reasons = append(reasons, f.Name+": "+f.Message)
		}
		_ = w.Write(append(row, strconv.Itoa(x.Line), strings.Join(reasons, "; ")))
	}
	w.Flush()
	return errors.Join(w.Error(), f.Close())
}

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
