package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/transfer"
)

const (
	importsPath = "/api/v1/imports"
	maxUpload   = transfer.MaxUpload + 1<<20 // bytes of a request with a file
	uploadTime  = 15 * time.Minute           // how long a file may be on its way
	maxPart     = 1 << 20                    // bytes of a part that is no file
)

// importJSON is an import as the API shows it.
type importJSON struct {
	ID      id.ID            `json:"id"`
	Object  string           `json:"object"`
	Status  string           `json:"status"` // waiting, running, done, failed
	Format  string           `json:"format"`
	Columns []string         `json:"columns"`
	Plan    transfer.Plan    `json:"plan"`
	Done    int              `json:"done"` // rows
	Of      int              `json:"of"`
	Result  *transfer.Result `json:"result,omitempty"`
	Problem *importProblem   `json:"problem,omitempty"`
	Expires string           `json:"expires_at"`

	Tried int `json:"tried,omitempty"` // of a preview: it tried this many rows at most

	transfer.Reading
	Sample [][]string        `json:"sample"` // the first rows
	Guess  map[string]string `json:"guess"`  // column → where it may go, by its name alone
}

// importProblem says why a file cannot be imported as planned.
type importProblem struct {
	Code   string        `json:"code"`
	Reason string        `json:"reason"`
	Detail string        `json:"detail"`
	Errors []fault.Field `json:"errors,omitempty"`
}

func problemOf(err error) *importProblem {
	if err == nil {
		return nil
	}
	return &importProblem{Code: string(fault.KindOf(err)), Reason: fault.Reason(err), Detail: fault.Message(err), Errors: fault.FieldsOf(err)}
}

// listed bounds the errors in an answer; errors.csv has them all.
const listed = 100

func (a *API) importOf(u *transfer.Upload) importJSON {
	s := a.waiting.State(u)
	out := importJSON{
		ID: u.ID, Object: u.Object, Status: s.Status, Format: u.Table.Format, Columns: u.Table.Columns, Plan: s.Plan, Done: s.Done, Of: s.Of,
		Result: clipped(s.Result), Problem: problemOf(s.Err), Expires: stamp(u.Expires),
		Reading: u.Table.Reading, Sample: u.Sample, Guess: u.Guess,
	}
	return out
}

func clipped(r *transfer.Result) *transfer.Result {
	if r == nil {
		return nil
	}
	c := *r
	c.Errors, c.Twins, c.Notes = c.Errors[:min(len(c.Errors), listed)], c.Twins[:min(len(c.Twins), listed)], c.Notes[:min(len(c.Notes), listed)]
	return &c
}

// keepImport takes a file and tries its first rows. A plan that does not fit is no error: the answer
// says what is wrong, and the plan of the run can be another one.
func keepImport(a *API, c *call) (reply, error) {
	if a.waiting == nil {
		return reply{}, fault.New(fault.Unavailable, "no_imports", "this server takes no files: use wardbook import")
	}
	parts, err := c.MultipartReader()
	if err != nil {
		return reply{}, fault.New(fault.Invalid, "bad_body", "send multipart/form-data with object and file")
	}
	var form importForm
	for {
		p, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return reply{}, fault.InField("file", "required", "send the file as the last part")
		case err != nil:
			return reply{}, badPart(err)
		}
		if p.FormName() == "file" {
			return a.takeFile(c, &form, p)
		}
		if err := form.take(p); err != nil {
			return reply{}, err
		}
	}
}

// importForm is what comes before the file.
type importForm struct {
	object, like string
	read         transfer.ReadOptions
	plan         transfer.Plan
}

func (f *importForm) take(p *multipart.Part) error {
	b, err := io.ReadAll(io.LimitReader(p, maxPart+1))
	switch {
	case err != nil:
		return badPart(err)
	case len(b) > maxPart:
		return fault.New(fault.TooLarge, "part_too_large", "%s is larger than 1 MB", p.FormName())
	}
	switch p.FormName() {
	case "object":
		f.object = string(b)
	case "sheet":
		f.read.Sheet = string(b)
	case "encoding":
		f.read.Encoding = string(b)
	case "delimiter":
		f.read.Delimiter = string(b)
	case "like":
		f.like = string(b)
	case "plan":
		return readPlan(b, &f.plan)
	default:
		return fault.InField(p.FormName(), "unknown_part", "there is no such part; there are: object, plan, sheet, encoding, delimiter, like, file")
	}
	return nil
}

func readPlan(b []byte, p *transfer.Plan) error {
	if err := checkDepth(b); err != nil {
		return err
	}
	if err := json.Unmarshal(b, p); err != nil {
		return badJSON(err)
	}
	return nil
}

func badPart(err error) error {
	if tooLarge(err) || timedOut(err) {
		return err
	}
	return fault.New(fault.Invalid, "bad_body", "the request ended before its body was complete, or is no multipart/form-data")
}

func (a *API) takeFile(c *call, form *importForm, file io.Reader) (reply, error) {
	if form.object == "" {
		return reply{}, fault.InField("object", "required", "name the object in a part before the file")
	}
	plan := form.plan
	plan.Object = form.object
	if form.like != "" {
		rid, err := id.Parse(form.like)
		if err != nil {
			return reply{}, fault.InField("like", "not_an_id", "want the identifier of an import")
		}
		saved, err := transfer.Saved(c.ctx, c.session, rid)
		if err != nil {
			return reply{}, err
		}
		plan = saved.With(plan)
	}
	u, err := a.waiting.Keep(c.Request.Context(), c.actor, plan, form.read, bodyErrors{file})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: a.tried(c, u), header: map[string]string{"Location": importsPath + "/" + u.ID.String()}}, nil
}

// tried is an import with what its first rows would do.
func (a *API) tried(c *call, u *transfer.Upload) importJSON {
	out := a.importOf(u)
	result, tried, err := a.waiting.Preview(c.Request.Context(), u)
	out.Result, out.Problem, out.Tried = clipped(result), problemOf(err), tried
	return out
}

// rereadImport reads a file that waits in another way, or takes another plan, and tries its first rows
// again. What is not named is found out.
func rereadImport(a *API, c *call) (reply, error) {
	u, err := a.upload(c)
	if err != nil {
		return reply{}, err
	}
	var b struct {
		Plan      transfer.Plan `json:"plan"`
		Sheet     string        `json:"sheet"`
		Encoding  string        `json:"encoding"`
		Delimiter string        `json:"delimiter"`
	}
	if err := c.decode(&b); err != nil {
		return reply{}, err
	}
	b.Plan.Object = u.Object
	u, err = a.waiting.Reread(c.ctx, u, b.Plan, transfer.ReadOptions{Sheet: b.Sheet, Encoding: b.Encoding, Delimiter: b.Delimiter})
	if err != nil {
		return reply{}, err
	}
	return reply{body: a.tried(c, u)}, nil
}

// bodyErrors says of a body that broke off that the request was not complete.
type bodyErrors struct{ r io.Reader }

// Read implements io.Reader.
func (b bodyErrors) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = badPart(err)
	}
	return n, err
}

func (a *API) upload(c *call) (*transfer.Upload, error) {
	rid, err := c.record()
	if err != nil {
		return nil, err
	}
	if a.waiting == nil {
		return nil, fault.New(fault.NotFound, "not_found", "there is no such import")
	}
	return a.waiting.Get(c.actor, rid)
}

func getImport(a *API, c *call) (reply, error) {
	u, err := a.upload(c)
	if err != nil {
		return reply{}, err
	}
	return reply{body: a.importOf(u)}, nil
}

func dropImport(a *API, c *call) (reply, error) {
	u, err := a.upload(c)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, a.waiting.Drop(c.actor, u.ID)
}

func runImport(a *API, c *call) (reply, error) {
	u, err := a.upload(c)
	if err != nil {
		return reply{}, err
	}
	var b struct {
		Plan   *transfer.Plan `json:"plan"` // instead of the one that came with the file
		DryRun bool           `json:"dry_run"`
	}
	if err := c.decodeAny(&b); err != nil {
		return reply{}, err
	}
	plan := a.waiting.State(u).Plan
	if b.Plan != nil {
		plan = *b.Plan
		plan.Object = u.Object
	}
	if err := a.waiting.Run(c.ctx, u, plan, b.DryRun); err != nil {
		return reply{}, err
	}
	out := a.importOf(u)
	if out.Status == "running" {
		return reply{status: http.StatusAccepted, body: out}, nil
	}
	return reply{body: out}, nil
}

func importErrors(a *API, c *call) (reply, error) {
	u, err := a.upload(c)
	if err != nil {
		return reply{}, err
	}
	var list []transfer.RowError
	if s := a.waiting.State(u); s.Result != nil {
		list = s.Result.Errors
	}
	h := map[string]string{"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": `attachment; filename="errors.csv"`}
	return reply{header: h, write: func(w io.Writer) error { return transfer.WriteErrors(w, u.Table, list) }}, nil
}
