// Package door is the one way to customer data. Every read and write, from the screen, the API, an
// import, a report or the command line, is a verb of a Session: it is authorised, validated, sealed,
// journaled and stored in one transaction, or it did not happen.
//
// The verbs are Get, List, Aggregate, Reveal, Create, Update, Delete, Restore, History, Batch,
// Snapshot and Define, one file each. There is no option that skips a step; who needs more power
// needs another actor, whose rights are listed and whose acts are in the journal.
//
// What a person may not see looks absent: the error has kind NotFound, and the denial is in the
// journal only.
package door

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door/internal/store"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/journal"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Config is what a door needs. All of it but Known and Examine is required.
type Config struct {
	Org     id.ID
	Data    *sqldb.DB                     // records and journal
	Keys    *sqldb.DB                     // persons' keys, never part of a backup of data
	Search  *sqldb.DB                     // SQLite: what makes encrypted fields findable, of this node alone, never part of a backup
	Ring    func() *seal.Ring             // the current key ring
	Objects []schema.Object               // the program's own objects
	Witness func(checkpoint []byte) error // keeps the newest checkpoint outside of both databases
	Known   []byte                        // the checkpoint that Witness kept last; nil where there is none
	Examine bool                          // open even where the journal does not continue Known, and then keep no checkpoint: to verify
	IDs     *id.Source
	Now     func() time.Time
	Rand    io.Reader
	Log     *slog.Logger
}

// Door guards one organisation's data.
type Door struct {
	org      id.ID
	data     *store.Store
	log      *store.Log
	keys     *store.Keys
	aside    *store.Aside
	complete complete
	changed  chan struct{} // something for what is kept aside
	raise    chan struct{} // something to seal
	raising  sync.Mutex
	news     *bell // rings when this node has journaled something
	ring     func() *seal.Ring
	ids      *id.Source
	now      func() time.Time
	rand     io.Reader
	slog     *slog.Logger
	witness  func([]byte) error
	builtin  []schema.Object

	catalogue atomic.Pointer[catalogue]
	defining  sync.Mutex
	loading   sync.Mutex // from reading what is defined to taking it

	mu       sync.Mutex
	known    map[holder]*access // rights by person
	epoch    [2]int64           // of rights and of definitions, as last seen
	reads    *readQueue
	quit     chan struct{}
	closing  sync.Once
	stopped  sync.WaitGroup
	flushing sync.Mutex
	signing  sync.Mutex
	lastNote string
	signed   atomic.Int64 // when it was last known that all that was numbered is signed, in microseconds
	behind   bool         // the journal does not continue the checkpoint that was kept of it
}

// Open opens the door. It refuses to work without its schema, key ring or journal, and brings tables
// up to date.
func Open(ctx context.Context, c Config) (_ *Door, err error) {
	defer fault.Op(&err, "door.Open")
	if c.Org.IsZero() || c.Data == nil || c.Keys == nil || c.Search == nil || c.Ring == nil || len(c.Objects) == 0 || c.IDs == nil || c.Now == nil || c.Rand == nil || c.Log == nil || c.Witness == nil {
		return nil, fault.New(fault.Internal, "incomplete_config", "internal error")
	}
	signer, err := signer(c.Org, c.Ring())
	if err != nil {
		return nil, err
	}
	keys, err := store.NewKeys(ctx, c.Keys, c.Ring, c.Org, c.IDs, c.Now, c.Rand)
	if err != nil {
		return nil, err
	}
	aside, err := store.NewAside(ctx, c.Search, c.Data.Engine())
	if err != nil {
		return nil, err
	}
	data, err := store.New(ctx, c.Data, keys, aside, c.Ring, c.Org, c.Rand)
	if err != nil {
		return nil, err
	}
	d := &Door{
		org: c.Org, data: data, keys: keys, aside: aside, changed: make(chan struct{}, 1), news: newBell(), raise: make(chan struct{}, 1), ring: c.Ring, ids: c.IDs, now: c.Now, rand: c.Rand, slog: c.Log, witness: c.Witness, builtin: c.Objects,
		log: store.NewLog(c.Data, signer, c.Now), known: map[holder]*access{}, quit: make(chan struct{}),
	}
	d.reads = newReadQueue()
	if err := d.checkKnown(ctx, c.Known); err != nil {
		if !c.Examine || !fault.Is(err, fault.Conflict) {
			return nil, err
		}
		d.behind = true
	}
	if err := d.refreshEpochs(ctx, true); err != nil {
		return nil, err
	}
	if err := d.loadSchema(ctx); err != nil {
		return nil, err
	}
	if err := data.EnsureTables(ctx, d.Schema()); err != nil {
		return nil, err
	}
	if err := d.aside.Prepare(ctx, d.Schema(), d.log); err != nil {
		return nil, err
	}
	d.stopped.Add(2)
	go d.keepBooks()
	go d.keepAside()
	if !c.Examine {
		d.stopped.Add(1)
		go d.keepRaising()
	}
	return d, nil
}

// signer signs the journal's checkpoints with the ring's current key.
func signer(org id.ID, ring *seal.Ring) (note.Signer, error) {
	_, key := ring.Current(seal.AuditSign)
	return journal.NewSigner(journal.Origin(org), key.Ed25519().Seed())
}

// Close numbers and signs what is pending and stops; a second call does nothing more. The databases are
// the caller's to close.
func (d *Door) Close(ctx context.Context) error {
	d.closing.Do(func() { close(d.quit) })
	d.stopped.Wait()
	d.keys.Wait()
	return d.Settle(ctx)
}

// Schema returns the objects as they are defined now.
func (d *Door) Schema() *schema.Schema { return d.catalogue.Load().schema }

// Via is the way in.
type Via string

// The ways in.
const (
	ViaUI          Via = "ui"
	ViaAPI         Via = "api"
	ViaImport      Via = "import"
	ViaAutomation  Via = "automation"
	ViaIntegration Via = "integration"
	ViaCLI         Via = "cli"
	ViaJob         Via = "job"
	ViaPortal      Via = "portal"
)

// Origin says where a request came from. It is personal data and lies sealed in the journal.
type Origin struct {
	Request string // the request's identifier, in clear
	Address string
	Agent   string
}

// Session is an actor at the door. It is cheap; make one for each request.
type Session struct {
	d      *Door
	actor  authn.Actor
	via    Via
	origin Origin
}

// As returns a session of the actor, who came in by via.
func (d *Door) As(actor authn.Actor, via Via) *Session { return &Session{d: d, actor: actor, via: via} }

// From returns the session with the place that its request came from.
func (s *Session) From(o Origin) *Session {
	c := *s
	c.origin = o
	return &c
}

const (
	flushEvery      = 40 * time.Millisecond // ordinary reads are in the journal within 50 ms
	checkpointEvery = time.Second
)

// keepBooks numbers pending entries and ordinary reads, signs checkpoints and looks for what other
// nodes changed, until Close.
func (d *Door) keepBooks() {
	defer d.stopped.Done()
	flush, sign := time.NewTicker(flushEvery), time.NewTicker(checkpointEvery)
	defer flush.Stop()
	defer sign.Stop()
	ctx := context.Background()
	for {
		select {
		case <-d.quit:
			return
		case <-flush.C:
			d.report("journal", d.flush(ctx, false))
		case <-sign.C:
			d.report("journal", d.flush(ctx, true))
			d.report("checkpoint", d.sign(ctx))
			d.report("epochs", d.refreshEpochs(ctx, false))
		}
	}
}

func (d *Door) report(what string, err error) {
	if err != nil {
		d.slog.Error("keeping the books failed", "what", what, "error", err.Error())
	}
}

// Settle numbers every entry and signs the log as it is then.
func (d *Door) Settle(ctx context.Context) error {
	if err := d.flush(ctx, true); err != nil {
		return err
	}
	return d.sign(ctx)
}

// flush numbers what waits. Without always, it leaves the database alone when this node has nothing.
// It waits for a run that is under way: what that run took is numbered when flush returns.
func (d *Door) flush(ctx context.Context, always bool) error {
	d.flushing.Lock()
	defer d.flushing.Unlock()
	wrote := d.reads.wrote.Load()
	reads := d.reads.take()
	if len(reads) == 0 && !always && wrote == d.reads.numbered.Load() {
		return nil
	}
	_, err := d.log.Sequence(ctx, reads)
	d.wakeAside()
	d.news.ring()
	d.reads.written(reads, err == nil)
	if err == nil {
		d.reads.numbered.Store(wrote)
	}
	return err
}

// flushWrites numbers what this node wrote, where that has not been done yet. It leaves reads alone:
// nobody waits for theirs.
func (d *Door) flushWrites(ctx context.Context) error {
	if d.reads.numbered.Load() == d.reads.wrote.Load() {
		return nil
	}
	return d.flush(ctx, false)
}

// sign makes a checkpoint and leaves it outside of the database too, so that a log whose end was cut
// off is known as such.
func (d *Door) sign(ctx context.Context) error {
	if d.behind { // what was kept is the evidence
		return nil
	}
	d.signing.Lock()
	defer d.signing.Unlock()
	known, err := d.grown(ctx)
	if err != nil {
		return err
	}
	msg, err := d.log.Checkpoint(ctx)
	if err == nil && (msg == nil || string(msg) == d.lastNote) {
		d.signed.Store(d.now().UnixMicro())
	}
	if err != nil || msg == nil || string(msg) == d.lastNote {
		return err
	}
	if cp, err := d.checkpoint(msg); err != nil || cp.Size < known { // another node is ahead
		return err
	}
	if err := d.keys.NoteCheckpoint(ctx, msg); err != nil {
		return err
	}
	if err := d.witness(msg); err != nil {
		return err
	}
	d.lastNote = string(msg)
	d.signed.Store(d.now().UnixMicro())
	return nil
}

// readQueue holds the entries of ordinary reads until they are numbered.
type readQueue struct {
	wrote    atomic.Uint64 // counts transactions of this node that left pending entries
	numbered atomic.Uint64 // of these, how many were left by the time of the last flush

	mu    sync.Mutex
	list  []store.Pending
	taken int // by flush, and not in the journal yet
}

// maxReads bounds the queue: beyond it a read is refused rather than left out of the journal.
const maxReads = 20_000

func newReadQueue() *readQueue { return &readQueue{} }

func (q *readQueue) add(p store.Pending) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list)+q.taken >= maxReads {
		return fault.New(fault.Unavailable, "journal_full", "the journal cannot keep up, so nothing can be read right now; try again")
	}
	q.list = append(q.list, p)
	return nil
}

// room reports whether another read could be journaled.
func (q *readQueue) room() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list)+q.taken >= maxReads {
		return fault.New(fault.Unavailable, "journal_full", "the journal cannot keep up")
	}
	return nil
}

func (q *readQueue) take() []store.Pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = nil
	q.taken += len(list)
	return list
}

// written ends what take began; what is not in the journal goes back to the front.
func (q *readQueue) written(list []store.Pending, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken -= len(list)
	if !ok {
		q.list = append(list, q.list...)
	}
}
