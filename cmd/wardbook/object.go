package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

type objectCommand struct {
	List    objectList    `cmd:"" help:"List objects."`
	Show    objectShow    `cmd:"" help:"Show an object with its fields."`
	Create  objectCreate  `cmd:"" help:"Make an object."`
	Change  objectChange  `cmd:"" help:"Change the name or the labels of an object."`
	Archive objectArchive `cmd:"" help:"Hide an object, or bring it back; its records are kept."`
}

type objectList struct {
	where
	asJSON
	Archived bool `help:"Those that are hidden, too."`
}

// Help implements kong.HelpProvider.
func (c *objectList) Help() string {
	return `Examples:
  wardbook object list
  wardbook object list --archived --json`
}

// Run implements the command.
func (c *objectList) Run(ctx context.Context, e env) error {
	return with(ctx, e, c.where, func(o *organisation) error {
		var list []schema.Object
		for _, x := range o.door.Schema().Objects() {
			if !x.Archived || c.Archived {
				list = append(list, x.Declared())
			}
		}
		return c.print(e, list, func(w io.Writer) {
			for _, x := range list {
				fmt.Fprintf(w, "%s\t%s\t%d fields%s\n", x.Name, x.Plural.In(language()), len(x.Fields), hidden(x.Archived))
			}
		})
	})
}

func hidden(archived bool) string {
	if archived {
		return "\tarchived"
	}
	return ""
}

// language is the one in which labels are printed.
func language() string { return os.Getenv("LANG") }

type objectShow struct {
	where
	asJSON
	Object string `arg:"" help:"Object, such as company."`
}

// Help implements kong.HelpProvider.
func (c *objectShow) Help() string {
	return `Examples:
  wardbook object show company
  wardbook object show company --json`
}

// Run implements the command.
func (c *objectShow) Run(ctx context.Context, e env) error {
	return with(ctx, e, c.where, func(o *organisation) error {
		x := o.door.Schema().Object(c.Object)
		if x == nil {
			return fault.New(fault.NotFound, "unknown_object", "there is no object %q: see wardbook object list", c.Object)
		}
		return printObject(e, c.asJSON, x)
	})
}

func printObject(e env, how asJSON, x *schema.Object) error {
	d := x.Declared()
	return how.print(e, d, func(w io.Writer) {
		fmt.Fprintf(w, "%s\t%s%s\n", d.Name, d.Plural.In(language()), hidden(d.Archived))
		for i := range d.Fields {
			f := &d.Fields[i]
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s%s%s%s\n", f.Name, f.Type, f.Class, f.Label.In(language()),
				map[bool]string{true: "\trequired"}[f.Required], map[bool]string{true: "\tunique"}[f.Unique], hidden(f.Archived))
		}
	})
}

// define carries a definition out as the owner of the machine and prints the object.
func define(ctx context.Context, e env, w where, how asJSON, def func(o *organisation) (door.Definition, error)) error {
	return with(ctx, e, w, func(o *organisation) error {
		d, err := def(o)
		if err != nil {
			return err
		}
		x, err := o.door.As(o.owner(), door.ViaCLI).Define(ctx, d)
		if err != nil {
			return err
		}
		return printObject(e, how, x)
	})
}

// readJSON reads a file, or standard input for -, into v: no unknown members.
func readJSON(e env, file string, v any) error {
	in := e.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return fault.Wrap(fault.NotFound, err, "unreadable", "%s cannot be read", file)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fault.Wrap(fault.Invalid, err, "bad_json", "%s is not the JSON that is wanted: %v", file, err)
	}
	return nil
}

// both reads "English/中文"; one text stands for both languages.
func both(s string) schema.Text {
	en, zh, two := strings.Cut(s, "/")
	if !two {
		zh = en
	}
	return schema.Text{En: strings.TrimSpace(en), Zh: strings.TrimSpace(zh)}
}

func label(s *string) *schema.Text {
	if s == nil {
		return nil
	}
	t := both(*s)
	return &t
}

type objectCreate struct {
	where
	asJSON
	Name   string `arg:"" optional:"" help:"Its name: small letters, digits, underscores."`
	Label  string `help:"What one is called." placeholder:"ENGLISH/中文"`
	Plural string `help:"What many are called; else the label." placeholder:"ENGLISH/中文"`
	Title  string `help:"Name of the text field that names a record." default:"name"`
	File   string `help:"The whole object as JSON instead; - for standard input." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (c *objectCreate) Help() string {
	return `Without --file it begins with one text field; wardbook field add adds others.

Examples:
  wardbook object create machine --label "Machine/机器" --plural "Machines/机器" --title serial
  wardbook object create --file machine.json`
}

// Run implements the command.
func (c *objectCreate) Run(ctx context.Context, e env) error {
	return define(ctx, e, c.where, c.asJSON, func(*organisation) (door.Definition, error) {
		o := &schema.Object{}
		if c.File != "" {
			return door.Definition{New: o}, readJSON(e, c.File, o)
		}
		if c.Plural == "" {
			c.Plural = c.Label
		}
		o.Name, o.Label, o.Plural, o.Title = c.Name, both(c.Label), both(c.Plural), []string{c.Title}
		o.Fields = []schema.Field{{Name: c.Title, Type: schema.Short, Class: schema.Internal, Required: true, Label: schema.Text{En: "Name", Zh: "名称"}}}
		return door.Definition{New: o}, nil
	})
}

type objectChange struct {
	where
	asJSON
	Object string   `arg:"" help:"Object, such as machine."`
	Name   *string  `help:"Its new name; refused while roles or views use the old one."`
	Label  *string  `help:"What one is called." placeholder:"ENGLISH/中文"`
	Plural *string  `help:"What many are called." placeholder:"ENGLISH/中文"`
	Title  []string `help:"Fields that name a record, first one first." placeholder:"FIELD"`
}

// Help implements kong.HelpProvider.
func (c *objectChange) Help() string {
	return `Examples:
  wardbook object change machine --label "Device/设备" --plural "Devices/设备"
  wardbook object change machine --name device`
}

// Run implements the command.
func (c *objectChange) Run(ctx context.Context, e env) error {
	return define(ctx, e, c.where, c.asJSON, func(*organisation) (door.Definition, error) {
		return door.Definition{Object: c.Object, Rename: c.Name, Label: label(c.Label), Plural: label(c.Plural), Title: c.Title}, nil
	})
}

type objectArchive struct {
	where
	asJSON
	Object string `arg:"" help:"Object, such as machine."`
	Back   bool   `help:"Bring it back."`
}

// Help implements kong.HelpProvider.
func (c *objectArchive) Help() string {
	return `Examples:
  wardbook object archive machine
  wardbook object archive machine --back`
}

// Run implements the command.
func (c *objectArchive) Run(ctx context.Context, e env) error {
	return define(ctx, e, c.where, c.asJSON, func(*organisation) (door.Definition, error) {
		hide := !c.Back
		return door.Definition{Object: c.Object, Archive: &hide}, nil
	})
}
