package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

func etag(version int64) map[string]string {
	return map[string]string{"ETag": `"` + strconv.FormatInt(version, 10) + `"`}
}

func listRecords(_ *API, c *call) (reply, error) {
	p := c.query
	q := door.Query{Object: c.PathValue("object"), Search: p["search"], Filter: p["filter"], Sort: list(p["sort"]), Fields: list(p["fields"]), Cursor: p["cursor"]}
	var err error
	if q.Count, err = boolean("count", p["count"]); err != nil {
		return reply{}, err
	}
	if q.Deleted, err = boolean("deleted", p["deleted"]); err != nil {
		return reply{}, err
	}
	if q.Limit, err = integer("limit", p["limit"]); err != nil {
		return reply{}, err
	}
	if q.AsOf, err = moment("as_of", p["as_of"]); err != nil {
		return reply{}, err
	}
	page, err := c.session.List(c.ctx, q)
	if err != nil {
		return reply{}, err
	}
	return reply{body: pageJSON{page, q.Count}}, nil
}

// fieldsBody is the body of a write.
type fieldsBody struct {
	Fields door.Values `json:"fields"`
}

func createRecord(_ *API, c *call) (reply, error) {
	var b fieldsBody
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	r, err := c.session.Create(c.ctx, c.PathValue("object"), b.Fields, c.Header.Get("Idempotency-Key"))
	if err != nil {
		return reply{}, err
	}
	h := etag(r.Version)
	h["Location"] = "/api/v1/records/" + r.Object.Name + "/" + r.ID.String()
	return reply{status: http.StatusCreated, body: recordJSON{r}, header: h}, nil
}

func getRecord(_ *API, c *call) (reply, error) {
	p := c.query
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	opt := door.GetOptions{Fields: list(p["fields"])}
	if opt.AsOf, err = moment("as_of", p["as_of"]); err != nil {
		return reply{}, err
	}
	r, err := c.session.Get(c.ctx, c.PathValue("object"), rid, opt)
	if err != nil {
		return reply{}, err
	}
	return reply{body: recordJSON{r}, header: etag(r.Version)}, nil
}

func updateRecord(_ *API, c *call) (reply, error) {
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	version, err := c.version()
	if err != nil {
		return reply{}, err
	}
	var b fieldsBody
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	r, err := c.session.Update(c.ctx, c.PathValue("object"), rid, version, b.Fields)
	if err != nil {
		return reply{}, err
	}
	return reply{body: recordJSON{r}, header: etag(r.Version)}, nil
}

func deleteRecord(_ *API, c *call) (reply, error) {
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	version, err := c.version()
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, c.session.Delete(c.ctx, c.PathValue("object"), rid, version)
}

func restoreRecord(_ *API, c *call) (reply, error) {
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	var b struct {
		Version int64 `json:"version"`
	}
	if err := c.decodeAny(&b); err != nil {
		return reply{}, err
	}
	object := c.PathValue("object")
	if _, err := c.session.Restore(c.ctx, door.Restoration{Object: object, ID: rid, Version: b.Version}); err != nil {
		return reply{}, err
	}
	r, err := c.session.Get(c.ctx, object, rid, door.GetOptions{})
	if err != nil {
		return reply{}, err
	}
	return reply{body: recordJSON{r}, header: etag(r.Version)}, nil
}

// changeJSON is one change of a history.
type changeJSON struct {
	Seq       uint64             `json:"seq"`
	Time      string             `json:"time"`
	Actor     id.ID              `json:"actor"`
	Via       string             `json:"via"`
	Verb      string             `json:"verb"`
	Version   int64              `json:"version"`
	ChangeSet id.ID              `json:"changeset"`
	Erased    bool               `json:"erased,omitempty"`
	Fields    []door.FieldChange `json:"fields"`
}

func history(_ *API, c *call) (reply, error) {
	p := c.query
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	below, err := below(p["cursor"])
	if err != nil {
		return reply{}, err
	}
	changes, err := c.session.History(c.ctx, c.PathValue("object"), rid, below)
	if err != nil {
		return reply{}, err
	}
	out := make([]changeJSON, 0, len(changes))
	next := ""
	for _, x := range changes {
		out = append(out, changeJSON{x.Seq, stamp(x.Time), x.Actor, x.Via, x.Verb, x.Version, x.ChangeSet, x.Erased, x.Fields})
	}
	if len(changes) == door.MaxHistory {
		next = strconv.FormatUint(changes[len(changes)-1].Seq, 10)
	}
	return reply{body: map[string]any{"changes": out, "next_cursor": next}}, nil
}

// below reads the cursor of a list of entries: the number of the last one.
func below(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 47)
	if err != nil {
		return 0, parameter("cursor", "it belongs to another list")
	}
	return n, nil
}

// revealTime is how long a client may show a revealed value before it masks it again.
const revealTime = time.Minute

func reveal(a *API, c *call) (reply, error) {
	rid, err := c.record()
	if err != nil {
		return reply{}, err
	}
	var b struct {
		Field   string `json:"field"`
		Purpose string `json:"purpose"`
	}
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	v, err := c.session.Reveal(c.ctx, c.PathValue("object"), rid, b.Field, b.Purpose)
	if err != nil {
		return reply{}, err
	}
	return reply{body: map[string]any{"value": v, "expires_at": stamp(a.now().Add(revealTime))}}, nil
}

func aggregate(_ *API, c *call) (reply, error) {
	var b struct {
		GroupBy  []groupKey     `json:"group_by"`
		Measures []door.Measure `json:"measures"`
		Filter   string         `json:"filter"`
		Sort     string         `json:"sort"`
		Limit    int            `json:"limit"`
	}
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	q := door.AggregateQuery{Object: c.PathValue("object"), Measures: b.Measures, Filter: b.Filter, Sort: b.Sort, Limit: b.Limit}
	for _, g := range b.GroupBy {
		q.GroupBy = append(q.GroupBy, door.GroupKey(g))
	}
	t, err := c.session.Aggregate(c.ctx, q)
	if err != nil {
		return reply{}, err
	}
	return reply{body: t}, nil
}

// operation is one of a batch.
type operation struct {
	Op      string      `json:"op"`
	Object  string      `json:"object"`
	ID      id.ID       `json:"id"`
	Version int64       `json:"version"`
	Fields  door.Values `json:"fields"`
}

func batch(_ *API, c *call) (reply, error) {
	var b struct {
		Operations []operation `json:"operations"`
		DryRun     bool        `json:"dry_run"`
		Partial    bool        `json:"partial"`
	}
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	ops := make([]door.Operation, len(b.Operations))
	for i, o := range b.Operations {
		if o.Op != "create" && o.ID.IsZero() {
			return reply{}, fault.AtRow(fault.InField("id", "required", "name the record"), i+1)
		}
		ops[i] = door.Operation{Op: o.Op, Object: o.Object, ID: o.ID, Version: o.Version, Fields: o.Fields}
	}
	got, err := c.session.Batch(c.ctx, ops, door.BatchOptions{DryRun: b.DryRun, Partial: b.Partial, Repeat: c.Header.Get("Idempotency-Key")})
	if err != nil {
		return reply{}, err
	}
	results := make([]map[string]any, len(got.Results))
	for i, r := range got.Results {
		results[i] = map[string]any{"id": r.ID, "version": r.Version}
		if r.Err != nil {
			results[i] = map[string]any{"code": string(fault.KindOf(r.Err)), "detail": fault.Message(r.Err), "errors": fault.FieldsOf(r.Err)}
		}
	}
	return reply{body: map[string]any{"changeset": got.ChangeSet, "results": results, "failed": got.Failed}}, nil
}
