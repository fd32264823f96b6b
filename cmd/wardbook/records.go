package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

type listCommand struct {
	target
	asJSON
	Object string   `arg:"" help:"Object, such as deal."`
	Filter string   `help:"Condition, such as \"amount > 1000\"." placeholder:"CEL"`
	Search string   `help:"Words, or parts of them, all of which a record holds." placeholder:"TEXT"`
	Sort   []string `help:"Fields to sort by; - before one for the greatest first." placeholder:"FIELD"`
	Fields []string `help:"Fields, in order; a path such as company.name reads through a link." placeholder:"FIELD"`
	Limit  int      `help:"How many records at most." default:"50" placeholder:"50"`
}

// Help implements kong.HelpProvider.
func (c *listCommand) Help() string {
	return `Columns: identifier, then the fields; those that name a record where --fields names none.

Examples:
  wardbook list deal --filter "amount > 1000" --sort=-amount --fields name,amount,company.name
  wardbook list contact --search li --limit 10 --json
  wardbook list company --server https://crm.example.com --token-file token`
}

// Run implements the command.
func (c *listCommand) Run(ctx context.Context, e env) error {
	if c.Limit < 1 {
		return fault.InField("--limit", "out_of_range", "want 1 or more")
	}
	return reach(ctx, e, c.target, func(b book) error {
		q := door.Query{Object: c.Object, Filter: c.Filter, Search: c.Search, Sort: c.Sort, Fields: c.Fields}
		if len(q.Fields) == 0 && !c.JSON {
			var err error
			if q.Fields, err = b.title(ctx, c.Object); err != nil {
				return err
			}
		}
		all := page{Records: []*record{}}
		for left := c.Limit; left > 0; left = c.Limit - len(all.Records) {
			q.Limit = min(left, door.MaxLimit)
			p, err := b.list(ctx, q)
			if err != nil {
				return err
			}
			all.Records, all.Next = append(all.Records, p.Records...), p.Next
			if p.Next == "" || len(p.Records) == 0 {
				break
			}
			q.Cursor = p.Next
		}
		return c.print(e, all, func(w io.Writer) {
			for _, r := range all.Records {
				cells := []string{r.ID.String()}
				for _, f := range q.Fields {
					cells = append(cells, shown(r.Fields[f]))
				}
				fmt.Fprintln(w, strings.Join(cells, "\t"))
			}
			if all.Next != "" && e.terminal {
				fmt.Fprintln(e.err, "there are more: --limit")
			}
		})
	})
}

type getCommand struct {
	target
	asJSON
	Object string   `arg:"" help:"Object, such as deal."`
	ID     string   `arg:"" name:"id" help:"Identifier of the record."`
	Fields []string `help:"Fields, in order; a path such as company.name reads through a link." placeholder:"FIELD"`
	Field  string   `name:"file" help:"File or image field: write what it holds to --output." placeholder:"FIELD"`
	Output string   `help:"File to write, which must not be there yet; - for standard output." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (c *getCommand) Help() string {
	return `Examples:
  wardbook get deal 01890a5d-ac96-774b-bcce-b302099a8057
  wardbook get deal 01890a5d-ac96-774b-bcce-b302099a8057 --fields name,company.name --json
  wardbook get document 01890a5d-ac96-774b-bcce-b302099a8057 --file file --output contract.pdf`
}

// Run implements the command.
func (c *getCommand) Run(ctx context.Context, e env) error {
	rid, err := id.Parse(c.ID)
	if err != nil {
		return err
	}
	if (c.Field == "") != (c.Output == "") {
		return fault.InField("--file", "not_alone", "name the field with --file, and where to write what it holds with --output")
	}
	return reach(ctx, e, c.target, func(b book) error {
		if c.Field != "" {
			return output(e, c.Output, func(w io.Writer) error { return b.file(ctx, c.Object, rid, c.Field, w) })
		}
		r, err := b.get(ctx, c.Object, rid, c.Fields)
		if err != nil {
			return err
		}
		return c.print(e, r, func(w io.Writer) {
			names := c.Fields
			if len(names) == 0 {
				for n, v := range r.Fields {
					if v != nil {
						names = append(names, n)
					}
				}
				slices.Sort(names)
			}
			fmt.Fprintf(w, "%s %s, version %d\n", r.Object, r.ID, r.Version)
			for _, n := range names {
				fmt.Fprintf(w, "%s\t%s\n", n, shown(r.Fields[n]))
			}
		})
	})
}

type createCommand struct {
	target
	asJSON
	Object string   `arg:"" help:"Object, such as deal."`
	Values []string `arg:"" name:"value" help:"FIELD=TEXT, or FIELD:=JSON for what is no text."`
}

// Help implements kong.HelpProvider.
func (c *createCommand) Help() string {
	return `Examples:
  wardbook create company name="Example Ltd" city=Bonn employees:=40
  wardbook create lead last_name=Li company_name="Example Ltd" --json`
}

// Run implements the command.
func (c *createCommand) Run(ctx context.Context, e env) error {
	return write(ctx, e, c.target, c.asJSON, c.Object, id.ID{}, 0, c.Values)
}

type setCommand struct {
	target
	asJSON
	Object  string   `arg:"" help:"Object, such as deal."`
	ID      string   `arg:"" name:"id" help:"Identifier of the record."`
	Values  []string `arg:"" name:"value" help:"FIELD=TEXT, FIELD=@PATH for a file, or FIELD:=JSON for what is no text; null empties a field."`
	IfMatch int64    `name:"if-version" help:"Refuse where the record is not at this version." placeholder:"N"`
}

// Help implements kong.HelpProvider.
func (c *setCommand) Help() string {
	return `Examples:
  wardbook set deal 01890a5d-ac96-774b-bcce-b302099a8057 next_step="call back"
  wardbook set company 01890a5d-ac96-774b-bcce-b302099a8057 employees:=41 city:=null --if-version 3
  wardbook set document 01890a5d-ac96-774b-bcce-b302099a8057 file=@contract.pdf`
}

// Run implements the command.
func (c *setCommand) Run(ctx context.Context, e env) error {
	rid, err := id.Parse(c.ID)
	if err != nil {
		return err
	}
	return write(ctx, e, c.target, c.asJSON, c.Object, rid, c.IfMatch, c.Values)
}

func write(ctx context.Context, e env, p target, a asJSON, object string, rid id.ID, version int64, given []string) error {
	fields, err := assignments(given)
	if err != nil {
		return err
	}
	field, err := upload(fields)
	if err != nil {
		return err
	}
	save := func(b book) (*record, error) { return b.write(ctx, object, rid, version, fields) }
	if field != "" {
		if rid.IsZero() {
			return fault.InField(field, "not_alone", "make the record first, and set its file then")
		}
		u, err := fields[field].(fromFile).read(field)
		if err != nil {
			return err
		}
		save = func(b book) (*record, error) { return b.putFile(ctx, object, rid, version, field, u) }
	}
	return reach(ctx, e, p, func(b book) error {
		r, err := save(b)
		if err != nil {
			return err
		}
		return a.print(e, r, func(w io.Writer) { fmt.Fprintf(w, "%s %s is at version %d\n", r.Object, r.ID, r.Version) })
	})
}

// assignments reads FIELD=TEXT, FIELD=@PATH and FIELD:=JSON.
func assignments(given []string) (door.Values, error) {
	fields := door.Values{}
	for _, text := range given {
		name, value, ok := strings.Cut(text, "=")
		name, typed := strings.CutSuffix(name, ":")
		if _, twice := fields[name]; !ok || name == "" || twice {
			return nil, fault.InField("value", "bad_value", "want FIELD=TEXT or FIELD:=JSON, each field once")
		}
		fields[name] = value
		if path, file := strings.CutPrefix(value, "@"); file && !typed {
			fields[name] = fromFile(path)
		}
		if typed {
			var v any
			d := json.NewDecoder(strings.NewReader(value))
			d.UseNumber()
			if err := d.Decode(&v); err != nil || d.More() {
				return nil, fault.InField(name, "bad_value", "what follows := is not JSON; for text write %s=TEXT", name)
			}
			fields[name] = v
		}
	}
	return fields, nil
}

// shown is a value in one line of a terminal: what could steer the terminal is left out.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return clean(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return clean(strings.Trim(string(b), `"`))
}

func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
