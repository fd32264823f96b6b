package api

import (
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/schema"
)

// definitionJSON is the structure of an object as those see it who may change it.
type definitionJSON struct {
	Name     string             `json:"name"`
	Label    schema.Text        `json:"label"`
	Plural   schema.Text        `json:"plural"`
	Title    []string           `json:"title"`
	Custom   bool               `json:"custom"`
	Archived bool               `json:"archived"`
	Written  bool               `json:"written"`
	Fields   []definedFieldJSON `json:"fields"`
	Sealing  *sealingJSON       `json:"sealing,omitempty"`
}

type sealingJSON struct {
	Done int64 `json:"done"`
}

type definedFieldJSON struct {
	Name     string          `json:"name"`
	Type     schema.Type     `json:"type"`
	Class    schema.Class    `json:"class"`
	Label    schema.Text     `json:"label"`
	Help     schema.Text     `json:"help,omitzero"`
	Custom   bool            `json:"custom"`
	System   bool            `json:"system"`
	Archived bool            `json:"archived"`
	Required bool            `json:"required"`
	ReadOnly bool            `json:"read_only"`
	Unique   bool            `json:"unique"`
	Options  []schema.Option `json:"options,omitempty"`
	Target   []string        `json:"target,omitempty"`
	Max      int             `json:"max,omitempty"`
	Digits   int             `json:"digits,omitempty"`
	Default  string          `json:"default,omitempty"`
	Currency string          `json:"currency,omitempty"`
	Pattern  string          `json:"pattern,omitempty"`
	Formula  string          `json:"formula,omitempty"`
	Rollup   *schema.Rollup  `json:"rollup,omitempty"`
	Result   schema.Type     `json:"result,omitempty"`
}

func definitionOf(x door.Defined) definitionJSON {
	o := x.Object
	out := definitionJSON{Name: o.Name, Label: o.Label, Plural: o.Plural, Title: o.Title, Custom: o.Custom, Archived: o.Archived, Written: o.Written, Fields: []definedFieldJSON{}}
	if x.Sealing {
		out.Sealing = &sealingJSON{Done: x.Sealed}
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		out.Fields = append(out.Fields, definedFieldJSON{
			Name: f.Name, Type: f.Type, Class: f.Class, Label: f.Label, Help: f.Help, Custom: x.Own[f.Name], System: f.System, Archived: f.Archived,
			Required: f.Required, ReadOnly: f.ReadOnly, Unique: f.Unique, Options: f.Options, Target: f.Target, Max: f.Max, Digits: f.Digits,
			Default: f.Default, Currency: f.Currency, Pattern: f.Pattern, Formula: f.Formula, Rollup: f.Rollup, Result: f.Result,
		})
	}
	return out
}

// definitions tells the structure of every object, for who may change it.
func definitions(_ *API, c *call) (reply, error) {
	list, err := c.session.Definitions(c.ctx)
	if err != nil {
		return reply{}, err
	}
	out := make([]definitionJSON, len(list))
	for i, x := range list {
		out[i] = definitionOf(x)
	}
	return reply{body: map[string]any{"objects": out}}, nil
}
