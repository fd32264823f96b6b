package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/id"
)

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// entryJSON is a journal entry as the API shows it.
type entryJSON struct {
	Seq       uint64 `json:"seq"`
	ID        id.ID  `json:"id"`
	Time      string `json:"time"`
	Actor     id.ID  `json:"actor"`
	App       id.ID  `json:"app"`
	Via       string `json:"via"`
	Verb      string `json:"verb"`
	Object    string `json:"object"`
	Record    id.ID  `json:"record"`
	Version   uint64 `json:"version"`
	ChangeSet id.ID  `json:"changeset"`
	Decision  string `json:"decision"`
	Reason    string `json:"reason"`
	Request   string `json:"request_id"`
	Count     uint64 `json:"count"`
}

func entryOf(x door.JournalEntry) entryJSON {
	return entryJSON{
		x.Seq, x.ID, stamp(time.UnixMicro(x.Time)), x.Actor, x.App, x.Via, x.Verb, x.Object, x.Record, x.Version, x.ChangeSet, x.Decision, x.Reason, x.Request, x.Count,
	}
}

func journalEntries(_ *API, c *call) (reply, error) {
	p := c.query
	q := door.JournalQuery{Filter: p["filter"]}
	var err error
	if q.Limit, err = integer("limit", p["limit"]); err != nil {
		return reply{}, err
	}
	if q.Below, err = below(p["cursor"]); err != nil {
		return reply{}, err
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	list, err := c.session.Journal(c.ctx, q)
	if err != nil {
		return reply{}, err
	}
	out, next := make([]entryJSON, len(list)), ""
	for i, x := range list {
		out[i] = entryOf(x)
	}
	if len(list) == q.Limit {
		next = strconv.FormatUint(list[len(list)-1].Seq, 10)
	}
	return reply{body: map[string]any{"entries": out, "next_cursor": next}}, nil
}

func checkpoint(_ *API, c *call) (reply, error) {
	msg, err := c.session.Checkpoint(c.ctx)
	if err != nil {
		return reply{}, err
	}
	return reply{body: map[string]string{"checkpoint": string(msg)}}, nil
}

func proof(_ *API, c *call) (reply, error) {
	p := c.query
	entry, err := id.Parse(p["entry"])
	if err != nil {
		return reply{}, parameter("entry", "want the identifier of an entry")
	}
	got, err := c.session.Prove(c.ctx, entry)
	if err != nil {
		return reply{}, err
	}
	hashes := make([]string, len(got.Hashes))
	for i, h := range got.Hashes {
		hashes[i] = h.String()
	}
	return reply{body: map[string]any{
		"entry": entryOf(got.Entry), "body": base64.StdEncoding.EncodeToString(got.Body), "checkpoint": string(got.Checkpoint), "hashes": hashes,
	}}, nil
}

func changeSets(_ *API, c *call) (reply, error) {
	p := c.query
	q := door.Query{Object: "change_set", Filter: p["filter"], Cursor: p["cursor"]}
	var err error
	if q.Limit, err = integer("limit", p["limit"]); err != nil {
		return reply{}, err
	}
	page, err := c.session.List(c.ctx, q)
	if err != nil {
		return reply{}, err
	}
	out := make([]recordJSON, len(page.Records))
	for i, r := range page.Records {
		out[i] = recordJSON{r}
	}
	return reply{body: map[string]any{"changesets": out, "next_cursor": page.Next}}, nil
}

func changeSet(_ *API, c *call) (reply, error) {
	set, err := c.record()
	if err != nil {
		return reply{}, err
	}
	p := c.query
	from, err := below(p["cursor"])
	if err != nil {
		return reply{}, err
	}
	r, err := c.session.Get(c.ctx, "change_set", set, door.GetOptions{})
	if err != nil {
		return reply{}, err
	}
	list, err := c.session.Journal(c.ctx, door.JournalQuery{ChangeSet: set, Below: from, Limit: 200})
	if err != nil {
		return reply{}, err
	}
	out, next := make([]entryJSON, len(list)), ""
	for i, x := range list {
		out[i] = entryOf(x)
	}
	if len(list) == 200 {
		next = strconv.FormatUint(list[len(list)-1].Seq, 10)
	}
	return reply{body: map[string]any{"changeset": recordJSON{r}, "changes": out, "next_cursor": next}}, nil
}

func undo(_ *API, c *call) (reply, error) {
	set, err := c.record()
	if err != nil {
		return reply{}, err
	}
	var b struct {
		DryRun        bool `json:"dry_run"`
		SkipConflicts bool `json:"skip_conflicts"`
	}
	if err := c.decodeAny(&b); err != nil {
		return reply{}, err
	}
	r, err := c.session.Restore(c.ctx, door.Restoration{ChangeSet: set, DryRun: b.DryRun, SkipConflicts: b.SkipConflicts})
	if err != nil {
		return reply{}, err
	}
	if r.Conflicts == nil {
		r.Conflicts = []door.UndoConflict{}
	}
	return reply{status: http.StatusOK, body: map[string]any{"changeset": r.ChangeSet, "changed": r.Changed, "conflicts": r.Conflicts}}, nil
}
