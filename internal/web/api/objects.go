package api

import (
	"encoding/json"
	"net/http"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// groupKey is a field's name alone, or {field, by}.
type groupKey door.GroupKey

// UnmarshalJSON implements json.Unmarshaler.
func (g *groupKey) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &g.Field)
	}
	return json.Unmarshal(b, (*door.GroupKey)(g))
}

// objectJSON is an object as the API shows it.
type objectJSON struct {
	Name    string          `json:"name"`
	Label   schema.Text     `json:"label"`
	Plural  schema.Text     `json:"plural"`
	Title   []string        `json:"title"`
	Custom  bool            `json:"custom"`
	Fields  []fieldJSON     `json:"fields"`
	Actions []string        `json:"actions"`
	Can     map[string]bool `json:"can"`
}

type fieldJSON struct {
	Name     string          `json:"name"`
	Type     schema.Type     `json:"type"`
	Class    schema.Class    `json:"class"`
	Label    schema.Text     `json:"label"`
	Help     schema.Text     `json:"help,omitzero"`
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
	Can      map[string]bool `json:"can"`
}

func objectOf(x door.ObjectInfo) objectJSON {
	o := x.Object
	out := objectJSON{Name: o.Name, Label: o.Label, Plural: o.Plural, Title: o.Title, Custom: o.Custom, Fields: []fieldJSON{}, Actions: []string{}, Can: x.Can}
	for _, f := range x.Fields {
		d := f.Field
		readable := f.Access >= policy.Readable
		out.Fields = append(out.Fields, fieldJSON{
			Name: d.Name, Type: d.Type, Class: d.Class, Label: d.Label, Help: d.Help, Required: d.Required, ReadOnly: d.ReadOnly, Unique: d.Unique,
			Options: d.Options, Target: d.Target, Max: d.Max, Digits: d.Digits, Default: d.Default, Currency: d.Currency, Pattern: d.Pattern,
			Formula: d.Formula, Rollup: d.Rollup, Result: d.Result,
			Can: map[string]bool{
				"read": readable, "masked": f.Access == policy.Masked, "edit": editable(f),
				"filter": f.Filter, "sort": f.Sort, "group": f.Group, "sum": f.Sum,
			},
		})
	}
	return out
}

// editable reports whether a request may set the field: what is masked can be written over, and a
// secret can be written only.
func editable(f door.FieldInfo) bool {
	d := f.Field
	over := d.Class == schema.Secret || d.Class == schema.Restricted && f.Access == policy.Masked
	return !d.ReadOnly && (f.Access >= policy.Editable || over)
}

func objects(_ *API, c *call) (reply, error) {
	list, err := c.session.Objects(c.ctx)
	if err != nil {
		return reply{}, err
	}
	out := make([]objectJSON, len(list))
	for i, x := range list {
		out[i] = objectOf(x)
	}
	return reply{body: map[string]any{"objects": out}}, nil
}

func object(_ *API, c *call) (reply, error) {
	list, err := c.session.Objects(c.ctx)
	if err != nil {
		return reply{}, err
	}
	for _, x := range list {
		if x.Object.Name == c.PathValue("object") {
			return reply{body: objectOf(x)}, nil
		}
	}
	return reply{}, fault.New(fault.NotFound, "unknown_object", "there is no such object")
}

// fieldInput is a custom field as a request gives it.
type fieldInput struct {
	Name     string          `json:"name"`
	Type     schema.Type     `json:"type"`
	Class    schema.Class    `json:"class"`
	Label    schema.Text     `json:"label"`
	Help     schema.Text     `json:"help"`
	Required bool            `json:"required"`
	Unique   bool            `json:"unique"`
	Options  []schema.Option `json:"options"`
	Target   []string        `json:"target"`
	Max      int             `json:"max"`
	Digits   int             `json:"digits"`
	Default  string          `json:"default"`
	Currency string          `json:"currency"`
	Formula  string          `json:"formula"`
	Result   schema.Type     `json:"result"`
	Pattern  string          `json:"pattern"`
	Rollup   *schema.Rollup  `json:"rollup"`
}

func (f fieldInput) field() schema.Field {
	return schema.Field{
		Name: f.Name, Type: f.Type, Class: f.Class, Label: f.Label, Help: f.Help, Required: f.Required, Unique: f.Unique, Options: f.Options, Target: f.Target,
		Max: f.Max, Digits: f.Digits, Default: f.Default, Currency: f.Currency, Formula: f.Formula, Result: f.Result, Pattern: f.Pattern, Rollup: f.Rollup,
	}
}

func defineObject(_ *API, c *call) (reply, error) {
	var b struct {
		Name    string       `json:"name"`
		Label   schema.Text  `json:"label"`
		Plural  schema.Text  `json:"plural"`
		Title   []string     `json:"title"`
		Subject string       `json:"subject"`
		Fields  []fieldInput `json:"fields"`
		Indexes [][]string   `json:"indexes"`
	}
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	o := &schema.Object{Name: b.Name, Label: b.Label, Plural: b.Plural, Title: b.Title, Subject: b.Subject, Indexes: b.Indexes}
	for _, f := range b.Fields {
		o.Fields = append(o.Fields, f.field())
	}
	return defined(c, door.Definition{New: o}, http.StatusCreated)
}

func changeObject(_ *API, c *call) (reply, error) {
	var b struct {
		Name     *string      `json:"name"`
		Label    *schema.Text `json:"label"`
		Plural   *schema.Text `json:"plural"`
		Title    []string     `json:"title"`
		Archived *bool        `json:"archived"`
	}
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	return defined(c, door.Definition{Object: c.PathValue("object"), Rename: b.Name, Label: b.Label, Plural: b.Plural, Title: b.Title, Archive: b.Archived}, http.StatusOK)
}

func addField(_ *API, c *call) (reply, error) {
	var b fieldInput
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	return defined(c, door.Definition{Object: c.PathValue("object"), Add: []schema.Field{b.field()}}, http.StatusCreated)
}

func changeField(_ *API, c *call) (reply, error) {
	var p door.FieldPatch
	if err := c.decode(&p); err != nil {
		return reply{}, err
	}
	p.Name = c.PathValue("field")
	return defined(c, door.Definition{Object: c.PathValue("object"), Change: []door.FieldPatch{p}}, http.StatusOK)
}

// defined carries a definition out and answers the object as the session sees it then. A dry run only
// checks it, and answers the definition as it would be.
func defined(c *call, def door.Definition, status int) (reply, error) {
	dry, err := boolean("dry_run", c.query["dry_run"])
	if err != nil {
		return reply{}, err
	}
	if def.Dry = dry; dry {
		o, err := c.session.Define(c.ctx, def)
		if err != nil {
			return reply{}, err
		}
		return reply{body: definitionOf(door.DefinedOf(o))}, nil
	}
	if status == http.StatusCreated {
		def.Repeat = c.Header.Get("Idempotency-Key")
	}
	o, err := c.session.Define(c.ctx, def)
	if err != nil {
		return reply{}, err
	}
	list, err := c.session.Objects(c.ctx)
	if err != nil {
		return reply{}, err
	}
	for _, x := range list {
		if x.Object.ID == o.ID {
			return reply{status: status, body: objectOf(x)}, nil
		}
	}
	// Who may define objects need not see their records.
	return reply{status: status, body: map[string]any{"name": o.Name, "label": o.Label, "plural": o.Plural}}, nil
}

func me(_ *API, c *call) (reply, error) {
	p, err := c.session.Me(c.ctx)
	if err != nil {
		return reply{}, err
	}
	roles := p.Roles
	if roles == nil {
		roles = []id.ID{}
	}
	return reply{body: map[string]any{
		"user":  map[string]any{"id": p.ID, "name": p.Name},
		"roles": roles, "locale": p.Locale, "can": map[string]bool{"audit": p.Audit, "define": p.Define},
	}}, nil
}
