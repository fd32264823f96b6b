package door

import (
	"context"
	"encoding/json"

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
	// maxBatch is how many an import may have, which is one batch so that it is one change set.
	maxBatch = 200_000
)

// Batch runs operations in one transaction and one change set: all of them, or with Partial those
// that are right.
func (s *Session) Batch(ctx context.Context, ops []Operation, opt BatchOptions) (_ *BatchResult, err error) {
	defer fault.Op(&err, "door.Batch")
	limit, kind := MaxOperations, kindBatch
	if s.via == ViaImport {
		limit, kind = maxBatch, kindImport
	}
	if len(ops) == 0 || len(ops) > limit {
		return nil, fault.New(fault.Invalid, "batch_size", "operations: want 1 to %d, got %d", limit, len(ops))
	}
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	var out *BatchResult
	set, err := s.change(ctx, a, kind, opt.DryRun, id.ID{}, func(c *change) error {
		out = &BatchResult{Results: make([]OperationResult, len(ops))}
		before, found, err := c.repeated(ctx, opt.Repeat, ops)
		if err != nil {
			return err
		}
		if found {
			out, err = again(before)
			return err
		}
		for i := range ops {
			if err := c.step(ctx, &ops[i], i, opt, out); err != nil {
				return err
			}
			c.made = append(c.made, out.Results[i].ID)
			if opt.Progress != nil {
				opt.Progress(i + 1)
			}
		}
		return c.remember(ctx, opt.Repeat, ops, describe(answered(c.set, out)))
	})
	if err != nil {
		return nil, err
	}
	if out.ChangeSet.IsZero() && out.Failed < len(ops) {
		out.ChangeSet = set
	}
	return out, nil
}

// batchAnswer is a batch's answer as it is kept for a request that is sent again.
type batchAnswer struct {
	ChangeSet id.ID             `json:"set,omitzero"`
	Results   []operationAnswer `json:"results"`
}

type operationAnswer struct {
	ID      id.ID         `json:"id,omitzero"`
	Version int64         `json:"version,omitzero"`
	Kind    fault.Kind    `json:"kind,omitempty"` // of why it did not; the rest is of that error too
	Reason  string        `json:"reason,omitempty"`
	Message string        `json:"message,omitempty"`
	Fields  []fault.Field `json:"fields,omitempty"`
}

func answered(set id.ID, r *BatchResult) batchAnswer {
	a := batchAnswer{ChangeSet: set}
	if r.Failed == len(r.Results) {
		a.ChangeSet = id.ID{}
	}
	for _, x := range r.Results {
		o := operationAnswer{ID: x.ID, Version: x.Version}
		if x.Err != nil {
			o.Kind, o.Reason, o.Message, o.Fields = fault.KindOf(x.Err), fault.Reason(x.Err), fault.Message(x.Err), fault.FieldsOf(x.Err)
		}
		a.Results = append(a.Results, o)
	}
	return a
}

// again returns the result that a batch had the first time.
func again(text string) (*BatchResult, error) {
	var a batchAnswer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "decode", "internal error")
	}
	r := &BatchResult{ChangeSet: a.ChangeSet}
	for _, o := range a.Results {
		x := OperationResult{ID: o.ID, Version: o.Version}
		if o.Kind != "" {
			r.Failed++
			x.Err = &fault.Error{Kind: o.Kind, Reason: o.Reason, Message: o.Message, Fields: o.Fields}
		}
		r.Results = append(r.Results, x)
	}
	return r, nil
}

func (c *change) step(ctx context.Context, op *Operation, i int, opt BatchOptions, out *BatchResult) error {
	row, err := c.apply(ctx, op)
	if err == nil {
		out.Results[i] = OperationResult{ID: row.ID, Version: row.Version}
		return nil
	}
	if !opt.Partial && !opt.DryRun || !refusal(err) {
		return fault.AtRow(err, i+1)
	}
	out.Failed++
	out.Results[i] = OperationResult{ID: op.ID, Err: fault.AtRow(err, i+1)}
	return nil
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
	if op.Op != "create" && rid.IsZero() && op.Made < len(c.made) {
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
