package api

import (
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/id"
)

// whyJSON is why the caller sees a record, and what it may do.
type whyJSON struct {
	Object  string         `json:"object"`
	ID      id.ID          `json:"id"`
	Version int64          `json:"version"`
	Verbs   []whyVerbJSON  `json:"verbs"`
	Fields  []whyFieldJSON `json:"fields"`
}

type whyVerbJSON struct {
	Verb     string      `json:"verb"`
	Allowed  bool        `json:"allowed"`
	Withheld bool        `json:"withheld"` // by the token
	Grants   []grantJSON `json:"grants"`
}

type grantJSON struct {
	Role   id.ID  `json:"role"`
	Name   string `json:"role_name"`
	Object string `json:"object"`
	Scope  string `json:"scope"`
}

type whyFieldJSON struct {
	Name   string     `json:"name"`
	Access string     `json:"access"`
	Masks  []maskJSON `json:"masks"`
}

type maskJSON struct {
	Role   id.ID  `json:"role"`
	Name   string `json:"role_name"`
	Access string `json:"access"`
	By     string `json:"by"`
}

func why(_ *API, c *call) (reply, error) {
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	w, err := c.session.Why(c.ctx, c.PathValue("object"), rid)
	if err != nil {
		return reply{}, err
	}
	return reply{body: whyOf(w)}, nil
}

func whyOf(w *door.Why) whyJSON {
	out := whyJSON{Object: w.Object.Name, ID: w.ID, Version: w.Version, Verbs: []whyVerbJSON{}, Fields: []whyFieldJSON{}}
	for _, v := range w.Verbs {
		x := whyVerbJSON{string(v.Verb), v.Allowed, v.Withheld, []grantJSON{}}
		for _, g := range v.Grants {
			x.Grants = append(x.Grants, grantJSON{g.Role, g.Name, g.Object, g.Scope.String()})
		}
		out.Verbs = append(out.Verbs, x)
	}
	for _, f := range w.Fields {
		x := whyFieldJSON{f.Field.Name, f.Access.String(), []maskJSON{}}
		for _, m := range f.Masks {
			x.Masks = append(x.Masks, maskJSON{m.Role, m.Name, m.Access.String(), string(m.By)})
		}
		out.Fields = append(out.Fields, x)
	}
	return out
}
