package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/wardbook/wardbook/internal/id"
)

type whyCommand struct {
	target
	asJSON
	Object string `arg:"" help:"Object, such as deal."`
	ID     string `arg:"" name:"id" help:"Identifier of the record."`
}

// Help implements kong.HelpProvider.
func (c *whyCommand) Help() string {
	return `It speaks of whoever asks: the owner in a folder, the person of the token at a server.

Examples:
  wardbook why deal 01890a5d-ac96-774b-bcce-b302099a8057
  wardbook why deal 01890a5d-ac96-774b-bcce-b302099a8057 --server https://crm.example.com --token-file token`
}

// reasons are why a record is seen, in the shape of the API.
type reasons struct {
	Object  string        `json:"object"`
	ID      id.ID         `json:"id"`
	Version int64         `json:"version"`
	Verbs   []verbReason  `json:"verbs"`
	Fields  []fieldReason `json:"fields"`
}

type verbReason struct {
	Verb     string     `json:"verb"`
	Allowed  bool       `json:"allowed"`
	Withheld bool       `json:"withheld"`
	Grants   []grantRow `json:"grants"`
}

type grantRow struct {
	Role   id.ID  `json:"role"`
	Name   string `json:"role_name"`
	Object string `json:"object"`
	Scope  string `json:"scope"`
}

type fieldReason struct {
	Name   string    `json:"name"`
	Access string    `json:"access"`
	Masks  []maskRow `json:"masks"`
}

type maskRow struct {
	Role   id.ID  `json:"role"`
	Name   string `json:"role_name"`
	Access string `json:"access"`
	By     string `json:"by"`
}

// Run implements the command.
func (c *whyCommand) Run(ctx context.Context, e env) error {
	rid, err := id.Parse(c.ID)
	if err != nil {
		return err
	}
	return reach(ctx, e, c.target, func(b book) error {
		r, err := b.why(ctx, c.Object, rid)
		if err != nil {
			return err
		}
		return c.print(e, r, r.print)
	})
}

func (r *reasons) print(w io.Writer) {
	fmt.Fprintf(w, "%s %s, version %d\n", r.Object, r.ID, r.Version)
	for _, v := range r.Verbs {
		word := map[bool]string{true: "yes", false: "no"}[v.Allowed]
		if v.Withheld {
			word = "no: the token withholds it"
		}
		var by []string
		for _, g := range v.Grants {
			by = append(by, fmt.Sprintf("%s (%s, %s)", clean(g.Name), g.Object, g.Scope))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Verb, word, strings.Join(by, "; "))
	}
	for _, f := range r.Fields {
		fmt.Fprintf(w, "field %s\t%s\n", f.Name, f.Access)
	}
}

// why implements book.
func (f folder) why(ctx context.Context, object string, rid id.ID) (*reasons, error) {
	got, err := f.session().Why(ctx, object, rid)
	if err != nil {
		return nil, err
	}
	r := &reasons{Object: got.Object.Name, ID: got.ID, Version: got.Version, Verbs: []verbReason{}, Fields: []fieldReason{}}
	for _, v := range got.Verbs {
		x := verbReason{string(v.Verb), v.Allowed, v.Withheld, []grantRow{}}
		for _, g := range v.Grants {
			x.Grants = append(x.Grants, grantRow{g.Role, g.Name, g.Object, g.Scope.String()})
		}
		r.Verbs = append(r.Verbs, x)
	}
	for _, f := range got.Fields {
		x := fieldReason{f.Field.Name, f.Access.String(), []maskRow{}}
		for _, m := range f.Masks {
			x.Masks = append(x.Masks, maskRow{m.Role, m.Name, m.Access.String(), string(m.By)})
		}
		r.Fields = append(r.Fields, x)
	}
	return r, nil
}

// why implements book.
func (c *client) why(ctx context.Context, object string, rid id.ID) (*reasons, error) {
	r := &reasons{}
	return r, c.call(ctx, http.MethodGet, address("records", object, rid.String(), "why"), nil, r, nil)
}
