package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/config"
	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/gram"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sales"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// manifest is wardbook.json: what the folder is. It holds no secret.
type manifest struct {
	Format   int       `json:"format"`
	Org      id.ID     `json:"organisation"`
	Company  string    `json:"company"`
	Engine   string    `json:"engine"`
	Schema   string    `json:"schema,omitempty"` // PostgreSQL: prefix of the three schemas
	Currency string    `json:"currency"`
	Owner    id.ID     `json:"owner"`
	Created  time.Time `json:"created"`
}

// Names of the files in a data folder.
const (
	manifestFile   = "wardbook.json"
	keyringFile    = "keyring"
	checkpointFile = "checkpoint"
	searchFile     = "search.db"
	lockFile       = "lock" // of sqldb.LockFolder; empty
)

// organisation is an open data folder with everything that the commands work with.
type organisation struct {
	manifest manifest
	conf     config.Config
	door     *door.Door
	desk     *authn.Desk
	control  *control.DB
	lock     *seal.Lock
	ring     atomic.Pointer[seal.Ring]
	ids      *id.Source

	files    []file
	refusals refusals
	closers  []func() error
}

// file is an encrypted database file.
type file struct {
	name string
	vfs  *vault.VFS
}

func readManifest(dir string) (manifest, error) {
	var m manifest
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Join(dir, keyringFile)); err == nil {
			return m, fault.New(fault.NotFound, "no_manifest", "wardbook.json is missing from this folder, and the rest is there: put it back from a backup. Where wardbook init was interrupted here, remove the folder and run it again")
		}
		return m, fault.New(fault.NotFound, "no_organisation", "there is no organisation in this folder: create one with wardbook init")
	case err != nil:
		return m, fault.Wrap(fault.Unavailable, err, "unreadable", "the data folder cannot be read: check its owner")
	}
	if err := json.Unmarshal(b, &m); err != nil || m.Format != 1 || m.Org.IsZero() {
		return m, fault.New(fault.Invalid, "bad_manifest", "wardbook.json is damaged, or of a newer Wardbook: put it back from a backup, or install the newest version")
	}
	return m, nil
}

// unlockers reads what the person holds to open the keyring.
func unlocker(c config.Config) (seal.Unlocker, error) {
	file, read := c.KeyFile, seal.KeyFile
	if file == "" {
		file, read = c.PassphraseFile, func(b []byte) (seal.Unlocker, error) {
			return seal.Passphrase(strings.TrimRight(string(b), "\r\n"))
		}
	}
	b, err := os.ReadFile(file)
	if err == nil {
		err = private(file)
	}
	switch {
	case fault.Reason(err) == "too_open":
		return seal.Unlocker{}, fault.Wrap(fault.Invalid, err, "key_file_open", "others may read the key file, and with it the data: chmod go-rwx %s", filepath.Base(file))
	case errors.Is(err, fs.ErrNotExist):
		return seal.Unlocker{}, fault.New(fault.NotFound, "no_key_file", "the key file is not there: without it the data cannot be opened. Look for its copy")
	case err != nil:
		return seal.Unlocker{}, fault.Wrap(fault.Unavailable, err, "key_file_unreadable", "the key file cannot be read: check its owner")
	}
	return read(b)
}

// openOrganisation opens the folder for this process alone.
func openOrganisation(ctx context.Context, e env, conf config.Config, log *slog.Logger) (_ *organisation, err error) {
	if err := conf.Check(); err != nil {
		return nil, err
	}
	m, err := readManifest(conf.Data)
	if err != nil {
		return nil, err
	}
	o := &organisation{manifest: m, conf: conf, ids: id.NewSource(e.now, e.rand)}
	defer func() {
		if err != nil {
			_ = o.close(ctx)
		}
	}()
	folder, err := sqldb.LockFolder(conf.Data)
	if err != nil {
		return nil, err
	}
	o.closers = append(o.closers, folder.Release)
	if left, err := filepath.Glob(filepath.Join(conf.Data, ".new-*")); err == nil {
		for _, file := range left {
			_ = os.Remove(file) // of a process that was killed while it wrote
		}
	}
	if err := o.unlock(e); err != nil {
		return nil, err
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	return o, o.explain(o.openAll(ctx, e, log))
}

// complete refuses a folder from which a database is missing: the engine would make a new one, and
// records without their keys are as good as erased.
func (o *organisation) complete() error {
	if o.manifest.Engine == sqldb.Postgres.String() {
		return nil // whether the schemas are the right ones, the checkpoint tells
	}
	for _, name := range databases() {
		st, err := os.Stat(filepath.Join(o.conf.Data, name+".db"))
		if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
			return fault.New(fault.Unavailable, "database_missing", "%s.db is missing from the data folder, or empty: put it back from a backup. Nothing was changed", name)
		}
	}
	return nil
}

func databases() []string { return []string{"data", "keys", "control"} }

// known returns the checkpoint that this folder keeps of the journal; nil where there is none.
func (o *organisation) known() ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(o.conf.Data, checkpointFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fault.Wrap(fault.Unavailable, err, "unreadable", "the file checkpoint cannot be read: check its owner")
	}
	return b, nil
}

func (o *organisation) unlock(e env) error {
	u, err := unlocker(o.conf)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(o.conf.Data, keyringFile))
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "no_keyring", "the file keyring is missing from the data folder: put it back from a backup; without it nothing can be opened")
	}
	ring, lock, err := seal.OpenLock(b, u)
	if fault.Reason(err) == "lock_unknown" {
		return fault.Wrap(fault.Invalid, err, "bad_keyring", "the file keyring of the data folder is damaged or was replaced: put it back from a copy; without it nothing can be opened")
	}
	if err != nil {
		return err
	}
	if lock.Info().Org != o.manifest.Org {
		return fault.New(fault.Invalid, "foreign_keyring", "the keyring in this folder belongs to another organisation")
	}
	o.lock = lock
	full := ring.Complete(e.rand, e.now())
	if full != ring {
		return o.replaceRing(context.Background(), e, full)
	}
	o.ring.Store(ring)
	return nil
}

// replaceRing writes a changed ring before anything is sealed with it.
func (o *organisation) replaceRing(ctx context.Context, e env, ring *seal.Ring) error {
	if err := o.replaceLock(ctx, e, o.lock.WithRing(ring)); err != nil {
		return err
	}
	o.ring.Store(ring)
	return nil
}

// replaceLock writes a changed keyring and notes that the older ones are no longer to be used.
func (o *organisation) replaceLock(ctx context.Context, e env, lock *seal.Lock) error {
	if err := writeFile(filepath.Join(o.conf.Data, keyringFile), lock.Marshal(e.rand)); err != nil {
		return err
	}
	o.lock = lock
	if o.control == nil {
		return nil // not open yet: noted then
	}
	return o.control.NoteKeyring(ctx, lock.Info().Serial)
}

// checkKeyring refuses a keyring older than one that was in use: a slot that was taken away would open
// it again, and what newer keys sealed could not be read.
func (o *organisation) checkKeyring(ctx context.Context) error {
	newest, err := o.control.Keyring(ctx)
	if err != nil || o.conf.Examine {
		return err
	}
	switch serial := o.lock.Info().Serial; {
	case serial < newest:
		return fault.New(fault.Conflict, "older_keyring", "the file keyring is an older copy (change %d of %d): put the newest one back. If that is lost for good: wardbook key accept-older", serial, newest)
	case serial > newest:
		return o.control.NoteKeyring(ctx, serial)
	}
	return nil
}

// openAll opens the databases and the door.
func (o *organisation) openAll(ctx context.Context, e env, log *slog.Logger) error {
	o.refusals.log = log
	search, dsn, err := o.search(ctx)
	if err != nil {
		return err
	}
	data, err := o.database(ctx, "data", seal.FileData, sqldb.Attachment{Name: door.SearchName, DSN: dsn})
	if err != nil {
		return err
	}
	keys, err := o.database(ctx, "keys", seal.FileKeys)
	if err != nil {
		return err
	}
	ctl, err := o.database(ctx, "control", seal.FileControl)
	if err != nil {
		return err
	}
	if o.control, err = control.Open(ctx, ctl, e.now); err != nil {
		return err
	}
	if err := o.checkKeyring(ctx); err != nil {
		return err
	}
	o.desk = authn.NewDesk(authn.Config{DB: o.control, IDs: o.ids, Now: e.now, Rand: e.rand, Roots: o.roots(), Company: o.manifest.Company})
	known, err := o.known()
	if err != nil {
		return err
	}
	o.door, err = door.Open(ctx, door.Config{
		Org: o.manifest.Org, Data: data, Keys: keys, Search: search, Ring: o.ring.Load, Objects: append(schema.System(), sales.Objects()...),
		Witness: func(msg []byte) error { return writeFile(filepath.Join(o.conf.Data, checkpointFile), msg) },
		Known:   known, Examine: o.conf.Examine,
		IDs: o.ids, Now: e.now, Rand: e.rand, Log: log,
	})
	return err
}

// roots are the keys of the blind indexes, the current one first: what was stored under an older one is
// still found.
func (o *organisation) roots() []seal.Key {
	ring := o.ring.Load()
	current, root := ring.Current(seal.IndexRoot)
	keys := []seal.Key{root}
	for _, v := range ring.Versions() {
		if v.Purpose != seal.IndexRoot || v.Number == current {
			continue
		}
		if key, err := ring.Get(v.Purpose, v.Number); err == nil { // else it was destroyed
			keys = append(keys, key)
		}
	}
	return keys
}

func (o *organisation) database(ctx context.Context, name string, purpose seal.Purpose, attach ...sqldb.Attachment) (*sqldb.DB, error) {
	var db *sqldb.DB
	var err error
	if o.manifest.Engine == sqldb.Postgres.String() {
		if o.conf.Database == "" {
			return nil, fault.InField("--database", "required", "this organisation is kept in PostgreSQL: give its URL with --database or WARDBOOK_DATABASE")
		}
		db, err = sqldb.OpenPostgres(ctx, sqldb.PostgresConfig{URL: o.conf.Database, Schema: o.manifest.Schema + "_" + name})
	} else {
		if o.conf.Database != "" {
			return nil, fault.InField("--database", "wrong_engine", "this organisation is kept in files, not in PostgreSQL: leave it out")
		}
		vfs := o.register(name, purpose)
		c := sqldb.SQLiteConfig{DSN: vault.DSN(vfs.Name(), filepath.Join(o.conf.Data, name+".db")), Attach: attach, Tokenizer: gram.Split, Overwrite: true}
		if purpose != seal.FileData {
			c.CacheMB = smallCache
		}
		db, err = sqldb.OpenSQLite(ctx, c)
		o.files = append(o.files, file{name, vfs})
	}
	if err != nil {
		return nil, err
	}
	o.closers = append(o.closers, db.Close)
	return db, nil
}

// Pages are kept in memory as they are used: of the records and of what they are found by, so many bytes
// for all connections together, beside what each keeps itself; of the keys half of that. They are part of
// the heap whose limit main sets.
const (
	sharedCache = 32 << 20
	smallCache  = 4 // MB of each connection to the other files
)

// register gives a database file its keys.
func (o *organisation) register(name string, purpose seal.Purpose) *vault.VFS {
	opt := vault.Options{OnFailure: func(f vault.Failure) { o.refusals.note(name, f) }}
	switch purpose {
	case seal.FileData:
		opt.Cache = sharedCache
	case seal.FileSearch:
		opt.Cache, opt.Relaxed = sharedCache, true // it can be made anew
	case seal.FileKeys:
		opt.Cache = sharedCache / 2
	}
	vfs := vault.Register(o.manifest.Org.String()+"-"+name, fileKeys{&o.ring, purpose}, opt)
	o.closers = append(o.closers, func() error { vfs.Unregister(); return nil })
	return vfs
}

// search opens the file that makes encrypted fields findable on this machine. It holds nothing that
// is not elsewhere: one that cannot be read is made anew.
func (o *organisation) search(ctx context.Context) (*sqldb.DB, string, error) {
	dsn := vault.DSN(o.register("search", seal.FileSearch).Name(), filepath.Join(o.conf.Data, searchFile))
	c := sqldb.SQLiteConfig{DSN: dsn, Tokenizer: gram.Split, CacheMB: smallCache, Relaxed: true}
	db, err := sqldb.OpenSQLite(ctx, c)
	if err != nil && fault.Reason(err) != "disk_full" && fault.Reason(err) != "disk_read_only" {
		for _, tail := range []string{"", "-wal", "-shm", "-journal"} {
			_ = os.Remove(filepath.Join(o.conf.Data, searchFile+tail))
		}
		db, err = sqldb.OpenSQLite(ctx, c)
	}
	if err != nil {
		return nil, "", err
	}
	o.closers = append(o.closers, db.Close)
	return db, dsn, nil
}

// explain says which file was refused, and why. The keyring has been opened by then, so a key that
// does not fit is not the key file's fault.
func (o *organisation) explain(err error) error {
	for _, f := range o.files {
		last, failed := f.vfs.LastFailure()
		if !failed || last.Ended || !vault.Corrupt(err) && !vault.BadKey(err) {
			continue
		}
		if last.Reason == vault.WrongKey {
			return fault.Wrap(fault.Unavailable, err, vault.WrongKey, "%s.db is sealed under a key that the keyring does not have: the file keyring is an older copy, or the database is not this organisation's. Put the newest copy back", f.name)
		}
		if last.Reason == vault.Tampered && last.Number > 1 { // a page of a key unknown looks the same
			return fault.Wrap(fault.Unavailable, err, vault.Tampered, "%s.db is damaged (%s): restore it from a backup; or the file keyring is an older copy: put the newest copy back", f.name, last)
		}
		return f.vfs.Explain(err)
	}
	return err
}

// close closes everything, last opened first.
func (o *organisation) close(ctx context.Context) error {
	var errs []error
	if o.door != nil {
		errs = append(errs, o.door.Close(ctx))
	}
	for i := len(o.closers) - 1; i >= 0; i-- {
		errs = append(errs, o.closers[i]())
	}
	o.closers = nil
	return errors.Join(errs...)
}

// owner is the person whom the command line acts for: who holds folder and key acts as the owner,
// with the owner's rights, in the journal.
func (o *organisation) owner() authn.Actor { return authn.Operator(o.manifest.Owner) }

// fileKeys gives a database file the keys of one purpose of the ring, an epoch for each version.
type fileKeys struct {
	ring    *atomic.Pointer[seal.Ring]
	purpose seal.Purpose
}

// Current implements vault.Keys.
func (k fileKeys) Current() uint32 {
	version, _ := k.ring.Load().Current(k.purpose)
	return version
}

// Key implements vault.Keys.
func (k fileKeys) Key(epoch uint32) (key [32]byte, ok bool) {
	got, err := k.ring.Load().Get(k.purpose, epoch)
	if err != nil {
		return key, false
	}
	return [32]byte(got.Derive("vault/page/1", 32)), true
}

// writeFile replaces a file so that a crash leaves the old or the new one, whole.
func writeFile(path string, b []byte) (err error) {
	defer func() {
		switch {
		case err == nil:
		case noRoom(err):
			err = fault.Wrap(fault.Unavailable, err, "disk_full", "the disk is full; nothing was changed: make room and try again")
		default:
			err = fault.Wrap(fault.Unavailable, err, "disk_error", "the data folder cannot be written; nothing was changed: check its owner and mount")
		}
	}()
	return place(path, b, os.Rename)
}

func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// newFile makes a file that is not there yet, whole or not at all.
func newFile(path string, b []byte) error { return place(path, b, os.Link) }

// place writes a file beside its place and then moves it there.
func place(path string, b []byte, move func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // after a rename it is not there
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := move(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// quiet is the log of commands that are not servers: errors only.
func quiet(e env) *slog.Logger {
	return slog.New(slog.NewTextHandler(e.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// with opens an organisation, runs a command on it and closes it.
func with(ctx context.Context, e env, w where, fn func(o *organisation) error) error {
	o, err := openOrganisation(ctx, e, w.config(), quiet(e))
	if err != nil {
		return err
	}
	return errors.Join(fn(o), o.close(context.WithoutCancel(ctx)))
}
