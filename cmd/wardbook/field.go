package main

import (
	"context"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

type fieldCommand struct {
	Add     fieldAdd     `cmd:"" help:"Add a field to an object."`
	Change  fieldChange  `cmd:"" help:"Change a field."`
	Archive fieldArchive `cmd:"" help:"Hide a field, or bring it back; its values are kept."`
}

type fieldAdd struct {
	where
	asJSON
	Object   string       `arg:"" help:"Object, such as company."`
	Name     string       `arg:"" optional:"" help:"Its name: small letters, digits, underscores."`
	Type     schema.Type  `help:"Type, such as text, int, money, date, picklist, lookup, formula, rollup." default:"text"`
	Class    schema.Class `help:"public, internal, personal, restricted or secret." default:"internal"`
	Label    string       `help:"What it is called." placeholder:"ENGLISH/中文"`
	About    string       `help:"Help shown beside it." placeholder:"ENGLISH/中文"`
	Required bool         `help:"Each record must have a value."`
	Unique   bool         `help:"No two records may have the same value."`
	Option   []string     `help:"Option of a picklist." placeholder:"KEY=ENGLISH/中文" sep:"none"`
	Target   []string     `help:"Object that it points to." placeholder:"OBJECT"`
	Max      int          `help:"The most characters or entries."`
	Digits   int          `help:"Decimals shown."`
	Default  string       `help:"What new records begin with."`
	Currency string       `help:"Of amounts that name none."`
	Pattern  string       `help:"Of an automatic number, such as T-{00000}."`
	Formula  string       `help:"Of a formula, in the language of filters." placeholder:"CEL"`
	Result   schema.Type  `help:"Type of a formula's result."`
	Rollup   string       `help:"Of a rollup: count, or sum, avg, min or max of a field." placeholder:"OP(OBJECT.FIELD)"`
	Through  string       `help:"Of a rollup: the lookup by which those records point here." placeholder:"FIELD"`
	Filter   string       `help:"Of a rollup: which of those records." placeholder:"CEL"`
	File     string       `help:"The whole field as JSON instead; - for standard input." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (c *fieldAdd) Help() string {
	return `Records stay readable and writable meanwhile.

Examples:
  wardbook field add company vat_id --label "VAT number/税号" --unique
  wardbook field add contact birthday --type date --class personal --label "Birthday/生日"
  wardbook field add company tier --type picklist --label "Tier/级别" --option "a=Gold/金" --option "b=Silver/银"
  wardbook field add company won --type rollup --label "Won/已赢" --rollup "sum(deal.amount)" --through company --filter "stage.won"
  wardbook field add company --file field.json`
}

func (c *fieldAdd) field(e env) (schema.Field, error) {
	if c.File != "" {
		var f schema.Field
		return f, readJSON(e, c.File, &f)
	}
	options, err := optionsOf("--option", c.Option)
	f := schema.Field{
		Name: c.Name, Type: c.Type, Class: c.Class, Label: both(c.Label), Required: c.Required, Unique: c.Unique, Options: options, Target: c.Target,
		Max: c.Max, Digits: c.Digits, Default: c.Default, Currency: c.Currency, Pattern: c.Pattern, Formula: c.Formula, Result: c.Result,
	}
	if c.About != "" {
		f.Help = both(c.About)
	}
	if c.Rollup != "" && err == nil {
		f.Rollup, err = c.rollup()
	}
	return f, err
}

func (c *fieldAdd) rollup() (*schema.Rollup, error) {
	op, rest, ok := strings.Cut(strings.TrimSuffix(c.Rollup, ")"), "(")
	object, field, _ := strings.Cut(rest, ".")
	if !ok || object == "" {
		return nil, fault.InField("--rollup", "bad_rollup", "want count(OBJECT), or OP(OBJECT.FIELD) such as sum(deal.amount)")
	}
	return &schema.Rollup{Object: object, Through: c.Through, Op: op, Field: field, Filter: c.Filter}, nil
}

func optionsOf(flag string, list []string) ([]schema.Option, error) {
	var out []schema.Option
	for _, s := range list {
		key, text, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fault.InField(flag, "bad_option", "want KEY=ENGLISH/中文")
		}
		out = append(out, schema.Option{Key: key, Label: both(text)})
	}
	return out, nil
}

// Run implements the command.
func (c *fieldAdd) Run(ctx context.Context, e env) error {
	return define(ctx, e, c.where, c.asJSON, func(*organisation) (door.Definition, error) {
		f, err := c.field(e)
		return door.Definition{Object: c.Object, Add: []schema.Field{f}}, err
	})
}

type fieldChange struct {
	where
	asJSON
	Object   string        `arg:"" help:"Object, such as company."`
	Field    string        `arg:"" help:"Field, such as vat_id."`
	Name     *string       `help:"Its new name; refused while expressions, roles or views use the old one."`
	Label    *string       `help:"What it is called." placeholder:"ENGLISH/中文"`
	About    *string       `help:"Help shown beside it." placeholder:"ENGLISH/中文"`
	Required *bool         `help:"Each record must have a value; refused while some have none." negatable:""`
	Unique   *bool         `help:"No two records may have the same value; refused while some do." negatable:""`
	Class    *schema.Class `help:"A class that guards more: personal or restricted. What is stored is sealed in the background."`
	Max      *int          `help:"The most characters or entries, of what is written from now on."`
	Digits   *int          `help:"Decimals shown."`
	Default  *string       `help:"What new records begin with."`
	Currency *string       `help:"Of amounts that name none."`
	Pattern  *string       `help:"Of an automatic number."`
	Formula  *string       `help:"Of a formula." placeholder:"CEL"`
	Option   []string      `help:"Add an option, or give one another label." placeholder:"KEY=ENGLISH/中文" sep:"none"`
	Archive  []string      `help:"Archive an option: records keep it, nobody chooses it anew." name:"archive-option" placeholder:"KEY"`
	Remove   []string      `help:"Remove an option; refused while records have it." name:"remove-option" placeholder:"KEY"`
	File     string        `help:"The change as JSON instead, as PATCH takes it; - for standard input." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (c *fieldChange) Help() string {
	return `The type of a field stays. Of a field that comes with Wardbook label, help, options and required can be changed.

Examples:
  wardbook field change company vat_id --name tax_id --no-unique
  wardbook field change company tier --option "c=Bronze/铜" --archive-option b
  wardbook field change company vat_id --class restricted
  wardbook field change company tier --file change.json`
}

// Run implements the command.
func (c *fieldChange) Run(ctx context.Context, e env) error {
	return define(ctx, e, c.where, c.asJSON, func(o *organisation) (door.Definition, error) {
		p, err := c.patch(e, o)
		p.Name = c.Field
		return door.Definition{Object: c.Object, Change: []door.FieldPatch{p}}, err
	})
}

func (c *fieldChange) patch(e env, o *organisation) (door.FieldPatch, error) {
	if c.File != "" {
		var p door.FieldPatch
		return p, readJSON(e, c.File, &p)
	}
	options, err := c.options(o)
	return door.FieldPatch{
		Rename: c.Name, Label: label(c.Label), Help: label(c.About), Required: c.Required, Unique: c.Unique, Class: c.Class, Max: c.Max, Digits: c.Digits,
		Default: c.Default, Currency: c.Currency, Pattern: c.Pattern, Formula: c.Formula, Options: options,
	}, err
}

// options returns all options as they are to be; nil where none changes.
func (c *fieldChange) options(o *organisation) ([]schema.Option, error) {
	given, err := optionsOf("--option", c.Option)
	if err != nil || len(given)+len(c.Archive)+len(c.Remove) == 0 {
		return nil, err
	}
	var list []schema.Option
	if x := o.door.Schema().Object(c.Object); x != nil && x.Field(c.Field) != nil {
		list = slices.Clone(x.Field(c.Field).Options)
	}
	at := func(key string) int {
		return slices.IndexFunc(list, func(op schema.Option) bool { return op.Key == key })
	}
	for _, op := range given {
		if i := at(op.Key); i >= 0 {
			list[i].Label, list[i].Archived = op.Label, false
		} else {
			list = append(list, op)
		}
	}
	for _, key := range append(slices.Clone(c.Archive), c.Remove...) {
		if at(key) < 0 {
			return nil, fault.InField("--archive-option", "unknown_option", "there is no option %s", key)
		}
	}
	for _, key := range c.Archive {
		list[at(key)].Archived = true
	}
	for _, key := range c.Remove {
		if i := at(key); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
	}
	return list, nil
}

type fieldArchive struct {
	where
	asJSON
	Object string `arg:"" help:"Object, such as company."`
	Field  string `arg:"" help:"Field, such as vat_id."`
	Back   bool   `help:"Bring it back."`
}

// Help implements kong.HelpProvider.
func (c *fieldArchive) Help() string {
	return `Examples:
  wardbook field archive company vat_id
  wardbook field archive company vat_id --back`
}

// Run implements the command.
func (c *fieldArchive) Run(ctx context.Context, e env) error {
	return define(ctx, e, c.where, c.asJSON, func(*organisation) (door.Definition, error) {
		hide := !c.Back
		return door.Definition{Object: c.Object, Change: []door.FieldPatch{{Name: c.Field, Archived: &hide}}}, nil
	})
}
