package main

import (
	"context"
	"io"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/id"
)

// book is an organisation as the commands use it that do not care where it is: in a folder that they
// open, with the owner's rights, or behind a server, with a token's rights.
type book interface {
	status(ctx context.Context) (*standingOf, error)
	title(ctx context.Context, object string) ([]string, error)
	list(ctx context.Context, q door.Query) (*page, error)
	get(ctx context.Context, object string, rid id.ID, fields []string) (*record, error)
	why(ctx context.Context, object string, rid id.ID) (*reasons, error)
	// write makes a record where rid is zero. A version that is not 0 must be the record's.
	write(ctx context.Context, object string, rid id.ID, version int64, fields door.Values) (*record, error)
	// file writes what a file or image field holds to w; putFile puts another file there.
	file(ctx context.Context, object string, rid id.ID, field string, w io.Writer) error
	putFile(ctx context.Context, object string, rid id.ID, version int64, field string, u door.Upload) (*record, error)
	undo(ctx context.Context, set id.ID, dryRun, skip bool) (*undone, error)
	tail(ctx context.Context, n int) ([]entryRow, error)
}

// reach runs a command on the organisation that the flags name.
func reach(ctx context.Context, e env, p target, fn func(b book) error) error {
	if p.Server == "" {
		return with(ctx, e, p.where, func(o *organisation) error { return fn(folder{o}) })
	}
	c, err := dial(p.remote)
	if err != nil {
		return err
	}
	defer c.http.CloseIdleConnections()
	return fn(c)
}

// What both sides answer, in the shapes of the API.
type (
	standingOf struct {
		Company      string           `json:"company,omitempty"`
		Organisation id.ID            `json:"organisation,omitzero"`
		Engine       string           `json:"engine,omitempty"`
		Version      string           `json:"version,omitempty"`
		Server       string           `json:"server,omitempty"`
		Records      map[string]int64 `json:"records"`
		Checkpoint   string           `json:"checkpoint"`
		Search       *searchRow       `json:"search,omitempty"` // nil: the server does not say

		names []string
	}
	searchRow struct {
		Missing    uint64 `json:"missing"` // changes that cannot be found yet
		Rebuilding bool   `json:"rebuilding"`
	}
	record struct {
		ID      id.ID          `json:"id"`
		Object  string         `json:"object"`
		Version int64          `json:"version"`
		Fields  map[string]any `json:"fields"`
		Can     door.Can       `json:"can"`
		Erased  bool           `json:"erased,omitempty"`
	}
	page struct {
		Records []*record `json:"records"`
		Next    string    `json:"next_cursor"`
	}
	undone struct {
		ChangeSet id.ID               `json:"changeset"`
		Changed   int                 `json:"changed"`
		Conflicts []door.UndoConflict `json:"conflicts"`
	}
	entryRow struct {
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
	tokenRow struct {
		ID      id.ID     `json:"id"`
		User    id.ID     `json:"user"`
		Name    string    `json:"name"`
		Scopes  []string  `json:"scopes"`
		Expires time.Time `json:"expires"`
		Revoked time.Time `json:"revoked,omitzero"`
		Used    time.Time `json:"used,omitzero"`
	}
)

// count notes how many records of an object there are: the count of the one group of all of them.
func (s *standingOf) count(object string, t *door.Table) {
	s.names = append(s.names, object)
	s.Records[object] = 0
	for _, r := range t.Rows {
		s.Records[object] += r.Count
	}
}

// folder is an organisation that this process has opened.
type folder struct{ *organisation }

func (f folder) session() *door.Session { return f.door.As(f.owner(), door.ViaCLI) }

// status implements book.
func (f folder) status(ctx context.Context) (*standingOf, error) {
	m := f.manifest
	st := &standingOf{Company: m.Company, Organisation: m.Org, Engine: m.Engine, Version: version, Records: map[string]int64{}}
	s := f.session()
	objects, err := s.Objects(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range objects {
		if !x.Can["read"] {
			continue
		}
		t, err := s.Aggregate(ctx, door.AggregateQuery{Object: x.Object.Name})
		if err != nil {
			return nil, err
		}
		st.count(x.Object.Name, t)
	}
	lag, err := f.door.Searching(ctx)
	if err != nil {
		return nil, err
	}
	st.Search = &searchRow{lag.Missing, lag.Rebuilding}
	msg, err := s.Checkpoint(ctx)
	st.Checkpoint = string(msg)
	return st, err
}

// title implements book.
func (f folder) title(ctx context.Context, object string) ([]string, error) {
	objects, err := f.session().Objects(ctx)
	for _, x := range objects {
		if x.Object.Name == object {
			return x.Object.Title, nil
		}
	}
	return nil, err // a list of an object that is not there is refused in the words of the door
}

func recordOf(r *door.Record) *record {
	out := &record{r.ID, r.Object.Name, r.Version, map[string]any{}, r.Can, r.Erased}
	for _, n := range r.Names() {
		out.Fields[n] = r.JSON(n)
	}
	return out
}

// list implements book.
func (f folder) list(ctx context.Context, q door.Query) (*page, error) {
	got, err := f.session().List(ctx, q)
	if err != nil {
		return nil, err
	}
	p := &page{Records: []*record{}, Next: got.Next}
	for _, r := range got.Records {
		p.Records = append(p.Records, recordOf(r))
	}
	return p, nil
}

// get implements book.
func (f folder) get(ctx context.Context, object string, rid id.ID, fields []string) (*record, error) {
	r, err := f.session().Get(ctx, object, rid, door.GetOptions{Fields: fields})
	if err != nil {
		return nil, err
	}
	return recordOf(r), nil
}

// write implements book.
func (f folder) write(ctx context.Context, object string, rid id.ID, version int64, fields door.Values) (r *record, err error) {
	var got *door.Record
	if rid.IsZero() {
		got, err = f.session().Create(ctx, object, fields, "")
	} else {
		got, err = f.session().Update(ctx, object, rid, version, fields)
	}
	if err != nil {
		return nil, err
	}
	return recordOf(got), nil
}

// undo implements book.
func (f folder) undo(ctx context.Context, set id.ID, dryRun, skip bool) (*undone, error) {
	r, err := f.session().Restore(ctx, door.Restoration{ChangeSet: set, DryRun: dryRun, SkipConflicts: skip})
	if err != nil {
		return nil, err
	}
	if r.Conflicts == nil {
		r.Conflicts = []door.UndoConflict{}
	}
	return &undone{r.ChangeSet, r.Changed, r.Conflicts}, nil
}

// tail implements book.
func (f folder) tail(ctx context.Context, n int) ([]entryRow, error) {
	list, err := f.session().Journal(ctx, door.JournalQuery{Limit: n})
	if err != nil {
		return nil, err
	}
	rows := make([]entryRow, len(list))
	for i, x := range list {
		rows[i] = entryRow{
			x.Seq, x.ID, time.UnixMicro(x.Time).UTC().Format("2006-01-02T15:04:05.000000Z"), x.Actor, x.App, x.Via, x.Verb, x.Object, x.Record, x.Version,
			x.ChangeSet, x.Decision, x.Reason, x.Request, x.Count,
		}
	}
	return rows, nil
}

// apiTokens lists everybody's tokens, ended ones too.
func (o *organisation) apiTokens(ctx context.Context) ([]tokenRow, error) {
	list, err := o.control.Tokens(ctx, id.ID{})
	if err != nil {
		return nil, err
	}
	rows := []tokenRow{}
	for _, t := range list {
		rows = append(rows, tokenRow{t.ID, t.User, t.Name, t.Limits, t.Expires, t.Revoked, t.Used})
	}
	return rows, nil
}
