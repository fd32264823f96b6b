package door

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
)

// Operation is one write of a batch.
type Operation struct {
	Op      string // create, update, delete, restore
	Object  string
	ID      id.ID // of the record; for create none
	Made    int   // instead of ID: the record that this operation, counted from 0, made; only where ID is zero
	Version int64 // as in Update
	Fields  Values
}

// BatchOptions say how to run a batch.
type BatchOptions struct {
	DryRun  bool
	Partial bool   // leave out operations that are wrong instead of refusing all
	Repeat  string // as in Create
	// Progress, when not nil, hears how many operations are done. The transaction may run again from
	// the beginning.
	Progress func(done int)
	// Each, when not nil, hears what every operation did, instead of BatchResult.Results.
	Each func(i int, r OperationResult)
}

// BatchResult is what a batch did. Results has an entry for each operation, in order.
type BatchResult struct {
	ChangeSet id.ID // zero for a dry run, and where nothing changed
	Results   []OperationResult
	Failed    int
}

// OperationResult is the record that an operation wrote, or why it did not.
type OperationResult struct {
	ID      id.ID
	Version int64
	Err     error
}

const (
	// MaxOperations is how many operations a batch may have.
	MaxOperations = 1000
	// MaxImport is how many an import may have, which is one batch so that it is one change set.
	MaxImport = 4_000_000
)

// Batch runs operations in one transaction and one change set: all of them, or with Partial those
// that are right.
func (s *Session) Batch(ctx context.Context, ops []Operation, opt BatchOptions) (_ *BatchResult, err error) {
	defer fault.Op(&err, "door.Batch")
	if len(ops) == 0 || len(ops) > s.maxOperations() {
		return nil, s.batchSize()
	}
	return s.batch(ctx, func(yield func(Operation, error) bool) {
		for i := range ops {
			if !yield(ops[i], nil) {
				return
			}
		}
	}, ops, opt)
}

// Stream is Batch for operations that are made one by one, so that they need not be in memory: an
// import of a large file. They are gone through again from the beginning where the transaction has to
// be tried again. An error that comes with them ends the batch, and nothing is changed.
func (s *Session) Stream(ctx context.Context, ops iter.Seq2[Operation, error], opt BatchOptions) (_ *BatchResult, err error) {
	defer fault.Op(&err, "door.Stream")
	opt.Repeat = "" // what repeats itself would have to be held to be compared
	return s.batch(ctx, ops, nil, opt)
}

func (s *Session) maxOperations() int {
	if s.via == ViaImport {
		return MaxImport
	}
	return MaxOperations
}

func (s *Session) batchSize() error {
	return fault.New(fault.Invalid, "batch_size", "operations: want 1 to %d", s.maxOperations())
}

// batch runs operations; whole are all of them, where a repetition is to be known.
func (s *Session) batch(ctx context.Context, ops iter.Seq2[Operation, error], whole []Operation, opt BatchOptions) (*BatchResult, error) {
	kind := kindBatch
	if s.via == ViaImport {
		kind = kindImport
	}
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	var out *BatchResult
	_, err = s.change(ctx, a, kind, opt.DryRun, id.ID{}, func(c *change) error {
		out = &BatchResult{}
		before, err := c.repeated(ctx, opt.Repeat, whole)
		if err != nil {
			return err
		}
		if before != "" {
			out.Results = make([]OperationResult, len(whole))
			return out.recall(before)
		}
		if err := c.steps(ctx, ops, opt, out); err != nil {
			return err
		}
		if c.n > 0 {
			out.ChangeSet = c.set
		}
		if opt.Repeat == "" { // an import's answer is long
			return nil
		}
		return c.remember(ctx, opt.Repeat, whole, out.written())
	})
	if err != nil {
		return nil, err
	}
	if opt.DryRun {
		out.ChangeSet = id.ID{}
	}
	return out, nil
}

// steps runs operations one after another.
func (c *change) steps(ctx context.Context, ops iter.Seq2[Operation, error], opt BatchOptions, out *BatchResult) error {
	i, limit := 0, c.maxOperations()
	for op, err := range ops {
		if err == nil && i == limit {
			err = c.batchSize()
		}
		if err != nil {
			return err
		}
		r, err := c.step(ctx, &op, i, opt)
		if err != nil {
			return err
		}
		if opt.Each != nil {
			opt.Each(i, r)
		} else {
			out.Results = append(out.Results, r)
		}
		made := id.ID{} // an operation that failed points to nothing
		if r.Err == nil {
			made = r.ID
		} else {
			out.Failed++
		}
		c.made = append(c.made, made)
		if i++; opt.Progress != nil {
			opt.Progress(i)
		}
	}
	return nil
}

// batchAnswer is the answer to a batch as it is kept for a repetition.
type batchAnswer struct {
	Set     id.ID             `json:"set"`
	Results []operationAnswer `json:"results"`
	Failed  int               `json:"failed"`
}

type operationAnswer struct {
	ID      id.ID         `json:"id"`
	Version int64         `json:"version"`
	Kind    fault.Kind    `json:"kind,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Message string        `json:"message,omitempty"`
	Fields  []fault.Field `json:"fields,omitempty"`
}

func (r *BatchResult) written() string {
	a := batchAnswer{Set: r.ChangeSet, Failed: r.Failed}
	for _, x := range r.Results {
		op := operationAnswer{ID: x.ID, Version: x.Version}
		if x.Err != nil {
			op.Kind, op.Reason, op.Message, op.Fields = fault.KindOf(x.Err), fault.Reason(x.Err), fault.Message(x.Err), fault.FieldsOf(x.Err)
		}
		a.Results = append(a.Results, op)
	}
	return describe(a)
}

// recall answers a repeated batch as it was answered the first time.
func (r *BatchResult) recall(text string) error {
	var a batchAnswer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return fault.Wrap(fault.Internal, err, "bad_answer", "a stored answer is damaged")
	}
	r.ChangeSet, r.Failed = a.Set, a.Failed
	for i := range min(len(r.Results), len(a.Results)) {
		x := a.Results[i]
		r.Results[i] = OperationResult{ID: x.ID, Version: x.Version}
		if x.Kind != "" {
			r.Results[i].Err = &fault.Error{Kind: x.Kind, Reason: x.Reason, Message: x.Message, Fields: x.Fields}
		}
	}
	return nil
}

func (c *change) step(ctx context.Context, op *Operation, i int, opt BatchOptions) (OperationResult, error) {
	row, err := c.apply(ctx, op)
	if err == nil {
		return OperationResult{ID: row.ID, Version: row.Version}, nil
	}
	if !opt.Partial && !opt.DryRun || !refusal(err) {
		return OperationResult{}, fault.AtRow(err, i+1)
	}
	return OperationResult{ID: op.ID, Err: fault.AtRow(err, i+1)}, nil
}

// refusal reports whether an error came before anything was written, so that the rest of the
// transaction is sound.
func refusal(err error) bool {
	if fault.Reason(err) == store.Raced {
		return false // all is tried again
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Stale, fault.TooLarge:
		return true
	case fault.Conflict:
		return fault.Reason(err) != "constraint"
	}
	return false
}

func (c *change) apply(ctx context.Context, op *Operation) (*store.Row, error) {
	verb, known := map[string]policy.Verb{"create": policy.Create, "update": policy.Update, "delete": policy.Delete, "restore": policy.Delete}[op.Op]
	if !known {
		return nil, fault.InField("op", "unknown_operation", "use create, update, delete or restore")
	}
	o, err := c.target(ctx, c.v.access, op.Object, verb)
	if err != nil {
		return nil, err
	}
	rid := op.ID
	if op.Op != "create" && rid.IsZero() && op.Made >= 0 && op.Made < len(c.made) {
		rid = c.made[op.Made]
	}
	switch op.Op {
	case "create":
		return c.create(ctx, o, op.Fields)
	case "update":
		return c.edit(ctx, o, rid, op.Version, op.Fields)
	case "delete":
		err = c.remove(ctx, o, rid, op.Version)
	default:
		err = c.undelete(ctx, o, rid, op.Version)
	}
	return &store.Row{ID: rid}, err
}
