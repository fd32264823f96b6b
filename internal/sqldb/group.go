package sqldb

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// group joins the write transactions of concurrent callers into one SQLite transaction, so that
// they share one wait for the disk ("group commit"). Each caller runs in a savepoint of its own: an
// error undoes that caller's work alone. Nobody hears of success before the shared commit is durable.
type group struct {
	db    *DB
	queue chan *job
	quit  chan struct{}
	done  chan struct{}

	touched map[string]bool // tables that the transaction changes; of the loop's goroutine
	changes changes
}

// job is one caller's transaction.
type job struct {
	ctx   context.Context
	fn    func(*Tx) error
	after []func()
	err   error
	done  chan struct{}
}

const (
	groupSize = 128                   // callers that share one commit, at most
	groupTime = 20 * time.Millisecond // no further caller joins a commit that is older
)

func newGroup(db *DB) *group {
	g := &group{db: db, queue: make(chan *job), quit: make(chan struct{}), done: make(chan struct{}), touched: map[string]bool{}}
	go g.loop()
	return g
}

func (g *group) stop() {
	close(g.quit)
	<-g.done
}

// run hands fn to the writer and waits for its outcome. A caller whose context ends before its turn
// leaves; one whose transaction has begun hears how it ended.
func (g *group) run(ctx context.Context, fn func(*Tx) error) error {
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case g.queue <- j:
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err(), "busy", "the database is busy; try again")
	case <-g.quit:
		return errClosed()
	}
	<-j.done
	if j.err == nil {
		for _, f := range j.after {
			f()
		}
	}
	return j.err
}

func errClosed() error {
	return fault.New(fault.Unavailable, "closed", "the database is closed")
}

func (g *group) loop() {
	defer close(g.done)
	for {
		select {
		case j := <-g.queue:
			g.commit(j)
		case <-g.quit:
			return
		}
	}
}

// commit runs the jobs, and whoever is waiting by then, in one transaction and answers them all. Some
// failures of one caller end the whole transaction (SQLite undoes it all when a writing statement is
// interrupted, or the disk is full): then each is run again, alone.
func (g *group) commit(jobs ...*job) {
	err := g.runAll(&jobs, groupSize)
	for _, j := range jobs {
		if err != nil && len(jobs) > 1 {
			j.end(g.runAll(&[]*job{j}, 1))
		} else {
			j.end(err)
		}
	}
}

// end answers the caller: with its own error, or else with that of the shared transaction.
func (j *job) end(shared error) {
	if j.err == nil {
		j.err = shared
	}
	close(j.done)
}

// runAll runs the jobs, and those who join them, in one transaction.
func (g *group) runAll(jobs *[]*job, most int) (err error) {
	// Not the callers' contexts: one caller's leaving must not end the others' transaction.
	ctx := context.Background()
	defer func() { // whether it was committed or not: an error does not always tell
		g.changes.note(g.touched)
		clear(g.touched)
	}()
	if err := g.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = g.exec(ctx, "ROLLBACK") // fails where SQLite has done it already
		}
	}()
	late := time.After(groupTime)
	for i := 0; i < len(*jobs); i++ {
		if err := g.runOne(ctx, (*jobs)[i]); err != nil {
			return err
		}
		if late != nil && len(*jobs) < most {
			if j := g.next(&late); j != nil {
				*jobs = append(*jobs, j)
			}
		}
	}
	return g.exec(ctx, "COMMIT")
}

// exec runs a statement of the transaction itself.
func (g *group) exec(ctx context.Context, query string) error {
	_, err := g.db.writer.ExecContext(ctx, query)
	return Classify(err)
}

// next returns a caller who is already waiting, or nil. Once the time is over it sets late to nil.
func (g *group) next(late *<-chan time.Time) *job {
	select {
	case <-*late:
		*late = nil
		return nil
	default:
	}
	select {
	case j := <-g.queue:
		return j
	default:
		return nil
	}
}

// runOne runs one caller in a savepoint. The error it returns is the shared transaction's; the
// caller's own goes to j.err.
func (g *group) runOne(ctx context.Context, j *job) error {
	j.err, j.after = nil, nil
	if j.ctx.Err() != nil {
		j.err = fault.Wrap(fault.Unavailable, j.ctx.Err(), "busy", "the database is busy; try again")
		return nil
	}
	if err := g.exec(ctx, "SAVEPOINT caller"); err != nil {
		return err
	}
	t := g.db.tx(g.db.writer)
	t.touched = g.touched
	if j.err = guard(t, j.fn); j.err != nil {
		if err := g.exec(ctx, "ROLLBACK TO caller"); err != nil {
			return err
		}
	}
	j.after = t.after
	return g.exec(ctx, "RELEASE caller")
}
