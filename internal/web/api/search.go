package api

import (
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// groupJSON is what was found of one object.
type groupJSON struct {
	Object  string      `json:"object"`
	Label   schema.Text `json:"label"`
	Records []hitJSON   `json:"records"`
	More    bool        `json:"more"`
}

type hitJSON struct {
	ID      id.ID      `json:"id"`
	Object  string     `json:"object"`
	Version int64      `json:"version"`
	Title   string     `json:"title"`
	Rank    string     `json:"rank"`
	Marks   []markJSON `json:"highlights"`
}

type markJSON struct {
	Field  string      `json:"field"`
	Text   string      `json:"text"`
	Ranges []rangeJSON `json:"ranges"`
}

type rangeJSON struct {
	From int `json:"from"`
	To   int `json:"to"`
}

func search(_ *API, c *call) (reply, error) {
	limit, err := integer("limit", c.query["limit"])
	if err != nil {
		return reply{}, err
	}
	groups, err := c.session.Search(c.ctx, door.SearchQuery{Text: c.query["q"], Limit: limit})
	if err != nil {
		return reply{}, err
	}
	out := make([]groupJSON, len(groups))
	for i, g := range groups {
		out[i] = groupJSON{Object: g.Object.Name, Label: g.Object.Plural, Records: make([]hitJSON, len(g.Hits)), More: g.More}
		for j, h := range g.Hits {
			hit := hitJSON{ID: h.ID, Object: g.Object.Name, Version: h.Version, Title: h.Title, Rank: h.Rank.String(), Marks: make([]markJSON, len(h.Marks))}
			for k, m := range h.Marks {
				hit.Marks[k] = markJSON{Field: m.Field, Text: m.Text, Ranges: make([]rangeJSON, len(m.Ranges))}
				for n, r := range m.Ranges {
					hit.Marks[k].Ranges[n] = rangeJSON(r)
				}
			}
			out[i].Records[j] = hit
		}
	}
	return reply{body: map[string]any{"groups": out}}, nil
}

// status tells how far what can be found lags behind what was changed.
func status(a *API, c *call) (reply, error) {
	if _, err := c.session.Me(c.ctx); err != nil {
		return reply{}, err
	}
	s, err := a.door.Searching(c.ctx)
	if err != nil {
		return reply{}, err
	}
	return reply{body: map[string]any{"search": map[string]any{"missing": s.Missing, "rebuilding": s.Rebuilding}}}, nil
}
