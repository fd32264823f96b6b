package transfer

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

// Bounds of the files that wait.
const (
	MaxUpload = 512 << 20       // bytes of one file
	maxQueued = 2 << 30         // bytes of all
	maxOwn    = 10              // files of one person
	waitTime  = 2 * time.Hour   // how long a file, and afterwards its result, is kept
	runTime   = 2 * time.Hour   // how long an import may run
	preview   = 2000            // rows that a preview tries
	progress  = 500             // rows between two reports
	firstWait = 5 * time.Second // how long an answer waits for an import to end
)

// Waiting keeps files that came over the network until they are imported, and imports them in the
// background. A file lies sealed under a key that dies with the process.
type Waiting struct {
	d     *door.Door
	spool *spool
	ids   *id.Source
	now   func() time.Time

	mu      sync.Mutex
	uploads map[id.ID]*Upload
	size    int64

	ctx     context.Context //nolint:containedctx // ends the imports that run when the program does
	stop    context.CancelFunc
	running sync.WaitGroup
}

// Upload is a file that waits to be imported, is being imported, or was.
type Upload struct {
	ID      id.ID
	Object  string
	Table   *Table
	Sample  [][]string        // the first rows, long values cut
	Guess   map[string]string // column → where it may go, by its name
	Expires time.Time

	plan  Plan
	actor authn.Actor
	size  int64
	ended chan struct{} // closed when the import that runs, or ran, has ended; nil before

	mu       sync.Mutex
	done, of int
	result   *Result
	err      error
}

// State is how far an import is.
type State struct {
	Plan   Plan
	Status string // waiting, running, done, failed
	Done   int    // rows
	Of     int
	Result *Result
	Err    error
}

// NewWaiting keeps files in a folder of its own, which it empties: what an earlier process left there
// nobody can open.
func NewWaiting(ctx context.Context, d *door.Door, dir string, ids *id.Source, now func() time.Time, rand io.Reader) (*Waiting, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "no_folder", "the folder of files that wait cannot be made: check who owns the data folder")
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.sealed"))
	if err != nil {
		return nil, err
	}
	for _, file := range left {
		_ = os.Remove(file)
	}
	w := &Waiting{d: d, spool: &spool{dir: dir, rand: rand, key: seal.NewKey(rand)}, ids: ids, now: now, uploads: map[id.ID]*Upload{}}
	w.ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	return w, nil
}

// Close ends what runs, which leaves nothing of it, and removes the files.
func (w *Waiting) Close() {
	w.stop()
	w.running.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range w.uploads {
		w.forget(u)
	}
}

// Count returns how many files there are, by whether they are being imported.
func (w *Waiting) Count() (waiting, running int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range w.uploads {
		if u.busy() {
			running++
		} else {
			waiting++
		}
	}
	return waiting, running
}

// May reports whether an actor may import into an object, before a file is taken.
func (w *Waiting) May(ctx context.Context, actor authn.Actor, object string) error {
	info, err := objectOf(ctx, w.d.As(actor, door.ViaImport), object)
	if err == nil && !info.Can["create"] && !info.Can["update"] {
		err = fault.New(fault.NotFound, "unknown_object", "there is no object %q", object)
	}
	return err
}

// Keep takes a file in. Its heading is read; a file that cannot be read is refused and not kept.
func (w *Waiting) Keep(ctx context.Context, actor authn.Actor, p Plan, opt ReadOptions, r io.Reader) (_ *Upload, err error) {
	defer fault.Op(&err, "transfer.Keep(%s)", p.Object)
	if err := w.May(ctx, actor, p.Object); err != nil {
		return nil, err
	}
	u := &Upload{ID: w.ids.New(), Object: p.Object, plan: p, Expires: w.now().Add(waitTime), actor: actor, size: MaxUpload}
	if err := w.admit(u); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.mu.Lock()
			w.forget(u)
			w.mu.Unlock()
		}
	}()
	size, err := w.spool.write(u.ID, r, MaxUpload)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.size -= u.size - size
	u.size = size
	w.mu.Unlock()
	read := &Upload{}
	if err := w.read(ctx, u, read, opt); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	u.Table, u.Sample, u.Guess = read.Table, read.Sample, read.Guess
	return u, nil
}

// read reads the heading and the first rows of an upload's file into another one.
func (w *Waiting) read(ctx context.Context, u, into *Upload, opt ReadOptions) (err error) {
	if into.Table, err = Read(w.spool.source(u.ID), opt); err != nil {
		return err
	}
	if into.Sample, err = into.Table.sample(); err != nil {
		return err
	}
	info, err := objectOf(ctx, w.d.As(u.actor, door.ViaImport), u.Object)
	if err == nil {
		into.Guess = guessed(info, into.Table.Columns)
	}
	return err
}

// Reread reads a file that waits in another way, with another plan.
func (w *Waiting) Reread(ctx context.Context, u *Upload, p Plan, opt ReadOptions) (*Upload, error) {
	again := &Upload{ID: u.ID, Object: u.Object, plan: p, Expires: w.now().Add(waitTime), actor: u.actor, size: u.size}
	if err := w.read(ctx, u, again, opt); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := u.state()
	switch {
	case w.uploads[u.ID] != u:
		return nil, fault.New(fault.Conflict, "changed", "the file was read in another way, or taken back, meanwhile: look at it again")
	case s.Status == "running":
		return nil, fault.New(fault.Conflict, "running", "the import runs already")
	case s.Status == "done" && !s.Result.ChangeSet.IsZero():
		return nil, fault.New(fault.Conflict, "imported", "the file was imported already: undo its change set, or send the file again")
	}
	w.uploads[u.ID] = again
	return again, nil
}

// admit makes room for a file, which counts with the largest size until it is known.
func (w *Waiting) admit(u *Upload) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	own := 0
	for _, x := range w.uploads {
		switch {
		case !x.busy() && w.now().After(x.Expires):
			w.forget(x)
		case x.belongs(u.actor):
			own++
		}
	}
	if own >= maxOwn {
		return fault.New(fault.TooMany, "too_many_uploads", "%d of your files wait already: import them, or take them back with DELETE", own)
	}
	if w.size+u.size > maxQueued {
		return fault.New(fault.TooMany, "uploads_full", "too many files wait on this server: try again later")
	}
	w.uploads[u.ID] = u
	w.size += u.size
	return nil
}

// forget removes an upload; the caller holds mu.
func (w *Waiting) forget(u *Upload) {
	if w.uploads[u.ID] != nil {
		delete(w.uploads, u.ID)
		w.size -= u.size
		w.spool.remove(u.ID)
	}
}

// belongs reports whether an upload belongs to an actor: the same person through the same program.
func (u *Upload) belongs(a authn.Actor) bool {
	return u.actor.User() == a.User() && u.actor.App() == a.App()
}

func (u *Upload) busy() bool {
	if u.ended == nil {
		return false
	}
	select {
	case <-u.ended:
		return false
	default:
		return true
	}
}

// Get returns an upload of the actor. That of somebody else is as absent as none.
func (w *Waiting) Get(actor authn.Actor, upload id.ID) (*Upload, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.uploads[upload]
	if u == nil || !u.belongs(actor) || u.Table == nil || !u.busy() && w.now().After(u.Expires) {
		return nil, fault.New(fault.NotFound, "not_found", "there is no such import, or it is too long ago: send the file again")
	}
	return u, nil
}

// Drop takes an upload back.
func (w *Waiting) Drop(actor authn.Actor, upload id.ID) error {
	u, err := w.Get(actor, upload)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if u.busy() {
		return fault.New(fault.Conflict, "running", "the import runs: wait until it ends, and undo it")
	}
	w.forget(u)
	return nil
}

// Preview tries the first rows of an upload and changes nothing. Tried tells how many rows it tried at
// most.
func (w *Waiting) Preview(ctx context.Context, u *Upload) (r *Result, tried int, err error) {
	p := w.State(u).Plan
	p.DryRun, p.First = true, preview
	r, err = Import(ctx, w.d, u.actor, u.Table, p)
	return r, preview, err
}

// Run imports an upload in the background; with dry it only tries. It returns when the import has ended
// or after some seconds. An upload is imported once.
func (w *Waiting) Run(ctx context.Context, u *Upload, p Plan, dry bool) error {
	w.mu.Lock()
	s := u.state()
	switch {
	case w.uploads[u.ID] != u:
		w.mu.Unlock()
		return fault.New(fault.Conflict, "changed", "the file was read in another way, or taken back, meanwhile: look at it again")
	case w.ctx.Err() != nil:
		w.mu.Unlock()
		return fault.New(fault.Unavailable, "stopping", "the server is stopping: try again")
	case s.Status == "running":
		w.mu.Unlock()
		return fault.New(fault.Conflict, "running", "the import runs already")
	case s.Status == "done" && !s.Result.ChangeSet.IsZero():
		w.mu.Unlock()
		return fault.New(fault.Conflict, "imported", "the file was imported already: undo its change set, or send the file again")
	}
	ended := make(chan struct{})
	u.mu.Lock()
	u.plan, u.result, u.err, u.done, u.of, u.ended = p, nil, nil, 0, 0, ended
	u.mu.Unlock()
	u.Expires = w.now().Add(waitTime)
	w.running.Add(1)
	w.mu.Unlock()
	p.DryRun = dry
	p.Progress = func(done, of int) {
		if done%progress == 0 || done == of {
			u.mu.Lock()
			u.done, u.of = done, of
			u.mu.Unlock()
		}
	}
	go func() {
		defer w.running.Done()
		defer close(ended)
		run, cancel := context.WithTimeout(w.ctx, runTime)
		defer cancel()
		r, err := Import(run, w.d, u.actor, u.Table, p)
		u.mu.Lock()
		defer u.mu.Unlock()
		u.result, u.err = r, err
	}()
	wait, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	select {
	case <-ended:
	case <-wait.Done():
	}
	return nil
}

// State returns how far the import of an upload is.
func (w *Waiting) State(u *Upload) State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return u.state()
}

func (u *Upload) state() State {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := State{Plan: u.plan, Status: "waiting", Done: u.done, Of: u.of, Result: u.result, Err: u.err}
	switch {
	case u.busy():
		s.Status = "running"
	case u.err != nil:
		s.Status = "failed"
	case u.result != nil:
		s.Status = "done"
	}
	return s
}
