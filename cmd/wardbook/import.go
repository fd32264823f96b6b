package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/transfer"
)

type importCommand struct {
	where
	asJSON
	Object        string   `arg:"" help:"Object, such as company."`
	File          string   `arg:"" help:"CSV, XLSX or vCard file; - for standard input."`
	Map           []string `help:"Put a column into a field, a part of an address (address.city), full_name, or a lookup by another field (company.credit_code); - as the field leaves the column out." placeholder:"COLUMN=FIELD" sep:"none"`
	Value         []string `help:"Read another text in a field." placeholder:"FIELD:TEXT=OTHER" sep:"none"`
	Null          []string `help:"Read a text, such as Select or N/A, as no value." placeholder:"TEXT" sep:"none"`
	Like          string   `help:"Map as an earlier import did; other flags win." placeholder:"IMPORT"`
	Mode          string   `help:"create, update or upsert; else create." enum:",create,update,upsert" default:""`
	Key           string   `help:"Field by which update and upsert find records." placeholder:"FIELD"`
	Duplicates    string   `help:"What to do with rows about records that are there: create, skip or update; else create." enum:",create,skip,update" default:""`
	Dates         string   `help:"Day or month first (dmy, mdy), where a column does not tell." enum:",dmy,mdy" default:""`
	Sheet         string   `help:"Sheet of a workbook; else the first one with rows."`
	CreateMissing bool     `help:"Make records that the file points to and that are not there."`
	NewOptions    bool     `help:"Add options that the file names to picklists; this is a change of the structure, which undo leaves."`
	Currency      string   `help:"Currency of amounts that name none; else the organisation's."`
	DryRun        bool     `help:"Check everything and change nothing."`
	Strict        bool     `help:"Import nothing when a row is wrong."`
	Errors        string   `help:"Write the rows that were wrong here, with the reasons." placeholder:"FILE"`
}

// Help is shown by wardbook import --help.
func (c *importCommand) Help() string {
	return `Columns are matched to fields by name and label, in English or Chinese, and by the names that
Salesforce, HubSpot and others give them; --map tells the others. The whole file is one change set:
wardbook undo takes it back. An import that was interrupted leaves nothing: start it again.

Examples:
  wardbook import company companies.csv --map "Account name=name" --dry-run
  wardbook import contact phone.vcf --create-missing --duplicates skip
  wardbook import lead leads.xlsx --map "Prospect ID=last_name" --null Select
  wardbook import deal deals.csv --map sales_agent=owner --create-missing --errors wrong.csv
  wardbook import product products.csv --mode upsert --key code`
}

// Run implements the command.
func (c *importCommand) Run(ctx context.Context, e env) error {
	given, err := c.plan()
	if err != nil {
		return err
	}
	src, err := c.source(e)
	if err != nil {
		return err
	}
	table, err := transfer.Read(src, transfer.ReadOptions{Sheet: c.Sheet})
	if err != nil {
		return err
	}
	bar := newBar(e)
	return with(ctx, e, c.where, func(o *organisation) error {
		plan := given
		if c.Like != "" {
			if plan, err = c.like(ctx, o, given); err != nil {
				return err
			}
		}
		plan.Progress = bar.show
		if plan.Currency == "" {
			plan.Currency = o.manifest.Currency
		}
		r, err := transfer.Import(ctx, o.door, o.owner(), table, plan)
		bar.end()
		if r != nil && c.Errors != "" {
			err = errors.Join(err, writeErrors(c.Errors, table, r))
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

// plan makes a plan of the flags.
func (c *importCommand) plan() (transfer.Plan, error) {
	plan := transfer.Plan{
		Object: c.Object, Mode: c.Mode, Key: c.Key, CreateMissing: c.CreateMissing, DryRun: c.DryRun, Strict: c.Strict, Currency: c.Currency,
		Duplicates: c.Duplicates, Dates: c.Dates, Nulls: c.Null, NewOptions: c.NewOptions,
		Map: map[string]string{}, Values: map[string]map[string]string{},
	}
	for _, m := range c.Map {
		i := strings.LastIndex(m, "=")
		if i <= 0 || i == len(m)-1 {
			return plan, fault.InField("--map", "bad_mapping", "want COLUMN=FIELD")
		}
		plan.Map[m[:i]] = m[i+1:]
	}
	for _, v := range c.Value {
		field, rest, ok1 := strings.Cut(v, ":")
		from, to, ok2 := strings.Cut(rest, "=")
		if !ok1 || !ok2 {
			return plan, fault.InField("--value", "bad_mapping", "want FIELD:TEXT=OTHER")
		}
		if plan.Values[field] == nil {
			plan.Values[field] = map[string]string{}
		}
		plan.Values[field][from] = to
	}
	return plan, nil
}

// like takes the plan of an earlier import and lets the flags win.
func (c *importCommand) like(ctx context.Context, o *organisation, given transfer.Plan) (transfer.Plan, error) {
	rid, err := id.Parse(c.Like)
	if err != nil {
		return given, fault.InField("--like", "not_an_id", "want the identifier of an import: wardbook export import lists them")
	}
	saved, err := transfer.Saved(ctx, o.door.As(o.owner(), door.ViaCLI), rid)
	if err != nil {
		return given, err
	}
	return saved.With(given), nil
}

func (c *importCommand) source(e env) (transfer.Source, error) {
	if c.File == "-" {
		return transfer.Hold(e.in)
	}
	open := func() (io.ReadCloser, error) {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fault.Wrap(fault.NotFound, err, "no_file", "the file to import cannot be opened")
		}
		return f, nil
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	return open, f.Close()
}

func (c *importCommand) report(w io.Writer, r *transfer.Result) {
	word := ""
	if c.DryRun {
		word = "would have "
	}
	fmt.Fprintf(w, "%screated %d, updated %d, failed %d", word, r.Created, r.Updated, r.Failed)
	if r.Skipped > 0 {
		fmt.Fprintf(w, ", skipped %d", r.Skipped)
	}
	if r.Missing > 0 {
		fmt.Fprintf(w, ", and made %d records that the file points to", r.Missing)
	}
	fmt.Fprintln(w)
	if r.Duplicates > r.Skipped {
		fmt.Fprintf(w, "%d rows are about records that are there already, or twice in the file (--duplicates skip or update)\n", r.Duplicates)
	}
	if len(r.Unused) > 0 {
		fmt.Fprintf(w, "columns left out: %s\n", strings.Join(r.Unused, ", "))
	}
	for i, n := range r.Notes {
		if i == 10 {
			fmt.Fprintf(w, "… and %d more notes (--json lists them all)\n", len(r.Notes)-i)
			break
		}
		if n.Line > 0 {
			fmt.Fprintf(w, "line %d: ", n.Line)
		}
		fmt.Fprintln(w, n.Text)
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
			fmt.Fprintf(w, "… and %d more (--errors FILE lists them all)\n", r.Failed-i)
			break
		}
		for _, f := range x.Fields {
			fmt.Fprintf(w, "line %d, %s: %s\n", x.Line, f.Name, f.Message)
		}
	}
}

// writeErrors writes the rows that were wrong as they were, with what is wrong, so that they can be
// corrected and imported alone.
func writeErrors(path string, table *transfer.Table, r *transfer.Result) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "errors_file", "--errors cannot be written")
	}
	return errors.Join(transfer.WriteErrors(f, table, r.Errors), f.Close())
}
