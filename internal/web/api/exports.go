package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/wardbook/wardbook/internal/transfer"
)

// exportJSON is an export as the API shows it.
type exportJSON struct {
	ID      string          `json:"id"`
	Object  string          `json:"object"`
	Filter  string          `json:"filter"`
	Fields  []string        `json:"fields"`
	Format  string          `json:"format"`
	Purpose string          `json:"purpose"`
	Layout  transfer.Layout `json:"layout"`
	State   string          `json:"state"` // ready, running, done, failed or expired
	Rows    int             `json:"rows"`
	Created string          `json:"created_at"`
	Ends    string          `json:"ends_at"` // until when it can be fetched or, once running, must be written
	File    string          `json:"file"`
}

func exportOf(x *transfer.Job) exportJSON {
	r := x.Request
	fields := r.Fields
	if fields == nil {
		fields = []string{}
	}
	return exportJSON{
		x.ID.String(), r.Object, r.Filter, fields, r.Format, r.Purpose, r.Layout, x.State, x.Rows, stamp(x.Created), stamp(x.Ends), exportPath(x) + "/file",
	}
}

func exportPath(x *transfer.Job) string { return "/api/v1/exports/" + x.ID.String() }

func prepareExport(a *API, c *call) (reply, error) {
	var b struct {
		Object  string          `json:"object"`
		Filter  string          `json:"filter"`
		Fields  []string        `json:"fields"`
		Format  string          `json:"format"`
		Purpose string          `json:"purpose"`
		Layout  transfer.Layout `json:"layout"`
	}
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	x, err := transfer.Prepare(c.ctx, a.door, c.session, transfer.Request{
		Object: b.Object, Filter: b.Filter, Fields: b.Fields, Format: b.Format, Purpose: b.Purpose, Layout: b.Layout, Key: c.Header.Get("Idempotency-Key"),
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: exportOf(x), header: map[string]string{"Location": exportPath(x)}}, nil
}

func (c *call) export(a *API) (*transfer.Job, error) {
	rid, err := c.record()
	if err != nil {
		return nil, err
	}
	return transfer.Find(c.ctx, a.door, c.session, rid)
}

func exportState(a *API, c *call) (reply, error) {
	x, err := c.export(a)
	if err != nil {
		return reply{}, err
	}
	return reply{body: exportOf(x)}, nil
}

func exportFile(a *API, c *call) (reply, error) {
	x, err := c.export(a)
	if err != nil {
		return reply{}, err
	}
	kind, suffix := media(x.Request.Format)
	return reply{
		header: map[string]string{
			"Content-Type": kind, "Content-Disposition": `attachment; filename="` + x.Request.Object + "-" + strings.ReplaceAll(x.ID.String(), "-", "")[24:] + "." + suffix + `"`,
		},
		stream: func(ctx context.Context, w *streamed) error {
			_, err := x.Write(ctx, w)
			return err
		},
	}, nil
}

// media is the content type of a format and the end of its files' names.
func media(format string) (kind, suffix string) {
	switch format {
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", format
	case "json":
		return "application/json", format
	case "ndjson":
		return "application/x-ndjson", format
	case "vcf", "vcf3":
		return "text/vcard; charset=utf-8", "vcf"
	}
	return "text/csv; charset=utf-8; header=present", "csv"
}
