package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/transfer"
)

type exportCommand struct {
	target
	asJSON
	Object  string   `arg:"" help:"Object, such as deal."`
	Filter  string   `help:"Condition, such as \"amount > 1000\"." placeholder:"CEL"`
	Fields  []string `help:"Fields, in order; a path such as company.name reads through a link." placeholder:"FIELD"`
	Format  string   `help:"csv, xlsx, json, ndjson, vcf (vCard 4.0) or vcf3 (vCard 3.0)." enum:"csv,xlsx,json,ndjson,vcf,vcf3" default:"csv"`
	Output  string   `required:"" help:"File to write, which must not be there yet; - for standard output." placeholder:"FILE"`
	Purpose string   `help:"What it is for; kept in the journal." default:"export at the command line"`
	Heading string   `help:"Headings of a table: name (of the field), en or zh (its label)." enum:",name,en,zh" default:""`
	Zone    string   `help:"Zone of moments in a table: utc or mine. Each names its own." enum:",utc,mine" default:""`
	Money   string   `help:"Amount and currency in one column of a table, or in two." enum:",one,two" default:""`
}

// Help is shown by wardbook export --help.
func (c *exportCommand) Help() string {
	return `Values that you see masked are masked in the file, too. A file that was cut off is removed.

Examples:
  wardbook export deal --filter "stage.outcome == 'won'" --output won.csv
  wardbook export deal --format xlsx --heading zh --money two --output deals.xlsx
  wardbook export contact --format vcf --output contacts.vcf
  wardbook export contact --fields last_name,email,company.name --format json --output -`
}

// Run implements the command.
func (c *exportCommand) Run(ctx context.Context, e env) error {
	layout := transfer.Layout{Heading: c.Heading, Zone: c.Zone, Money: c.Money}
	if c.Server != "" {
		cl, err := dial(c.remote)
		if err != nil {
			return err
		}
		defer cl.http.CloseIdleConnections()
		return c.report(e, func(w io.Writer) (int, error) {
			return cl.export(ctx, map[string]any{"object": c.Object, "filter": c.Filter, "fields": c.Fields, "format": c.Format, "purpose": c.Purpose, "layout": layout}, w)
		})
	}
	return with(ctx, e, c.where, func(o *organisation) error {
		bar := newBar(e)
		defer bar.end()
		request := transfer.Request{
			Object: c.Object, Filter: c.Filter, Fields: c.Fields, Format: c.Format, Purpose: c.Purpose, Layout: layout,
			Progress: func(n int) { bar.show(n, 0) },
		}
		return c.report(e, func(w io.Writer) (int, error) {
			n, err := transfer.Export(ctx, o.door, o.owner(), door.ViaCLI, request, w)
			bar.end()
			return n, err
		})
	})
}

// report has the output written and says how many records it holds.
func (c *exportCommand) report(e env, write func(w io.Writer) (int, error)) error {
	n := 0
	err := output(e, c.Output, func(w io.Writer) (err error) {
		n, err = write(w)
		return err
	})
	if err != nil || c.Output == "-" {
		return err
	}
	return c.print(e, map[string]int{"exported": n}, func(w io.Writer) { fmt.Fprintf(w, "exported %d\n", n) })
}

// output opens what --output names, has it written, and removes what was not written to its end.
func output(e env, path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(e.out)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "file_exists", "--output: %s is there already, and nothing is replaced: remove it or choose another name", path)
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "output", "--output cannot be written")
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
