package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/found"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

type initCommand struct {
	where
	Company      string `required:"" help:"Name of the company."`
	Owner        string `required:"" help:"E-mail address of the first person." placeholder:"EMAIL"`
	OwnerName    string `help:"Name of the first person; the address without it."`
	PasswordFile string `required:"" help:"File with the first person's password, at least 15 characters." placeholder:"FILE"`
	TokenFile    string `help:"Write an API token of the first person here, valid for a day." placeholder:"FILE"`
	Currency     string `help:"Currency of amounts that name none." default:"CNY"`
	Lang         string `help:"Language of what the organisation begins with." enum:"en,zh" default:"en"`
}

// Help is shown by wardbook init --help.
func (c *initCommand) Help() string {
	return `A key file that is not there yet is made. Keep a copy of it in a safe place apart from the data:
without it nobody can open the data, with both anybody can.

Example:
  wardbook init --data /srv/wardbook --key-file /etc/wardbook.key \
    --company "Example Ltd" --owner ann@example.com --password-file password.txt`
}

// Run implements the command.
func (c *initCommand) Run(ctx context.Context, e env) error {
	conf := c.config()
	if err := conf.Check(); err != nil {
		return err
	}
	password, err := c.check(conf.Data)
	if err != nil {
		return err
	}
	if err := c.keyFile(e); err != nil {
		return err
	}
	o := &organisation{conf: conf, ids: id.NewSource(e.now, e.rand)}
	o.manifest = manifest{Format: 1, Org: o.ids.New(), Company: c.Company, Engine: sqldb.SQLite.String(), Currency: c.Currency, Created: e.now().UTC()}
	if conf.Database != "" {
		o.manifest.Engine = sqldb.Postgres.String()
		o.manifest.Schema = "wb_" + hex.EncodeToString(o.manifest.Org[:])
	}
	if err := os.MkdirAll(conf.Data, 0o700); err != nil {
		return fault.Wrap(fault.Unavailable, err, "disk_error", "the data folder cannot be made: check the path and its owner")
	}
	folder, err := sqldb.LockFolder(conf.Data)
	if err != nil {
		return err // the folder is another's: nothing in it is ours to remove
	}
	defer folder.Release()                        //nolint:errcheck // ends with the process at the latest
	if _, err := c.check(conf.Data); err != nil { // again, now that nobody else can begin
		return err
	}
	if err := c.make(ctx, e, o, password); err != nil {
		err = errors.Join(err, o.close(ctx))
		c.cleanUp(conf.Data)
		return err
	}
	if err := o.close(ctx); err != nil {
		return err
	}
	fmt.Fprintf(e.out, "Created %s in %s.\nStart it: wardbook serve --data %s --key-file %s --listen 127.0.0.1:8080\n", c.Company, conf.Data, conf.Data, conf.KeyFile)
	return nil
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// check refuses what cannot become an organisation, before anything is made.
func (c *initCommand) check(dir string) (password string, err error) {
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); err == nil {
		return "", fault.New(fault.Conflict, "exists", "there is an organisation in this folder already")
	}
	if _, err := os.Stat(filepath.Join(dir, keyringFile)); err == nil {
		return "", fault.InField("--data", "half_made", "an init was interrupted in this folder, or an organisation lost its wardbook.json: name a new folder, or remove this one where nothing was ever kept in it")
	}
	if list, err := os.ReadDir(dir); err == nil && slices.ContainsFunc(list, func(f fs.DirEntry) bool { return f.Name() != lockFile }) {
		return "", fault.InField("--data", "not_empty", "the folder is not empty: name a new one")
	}
	if strings.TrimSpace(c.Company) == "" || len(c.Company) > 200 {
		return "", fault.InField("--company", "required", "want a name of at most 200 bytes")
	}
	if _, ok := seal.Email(c.Owner); !ok {
		return "", fault.InField("--owner", "not_an_email", "want an address like name@example.com")
	}
	if !currencyForm.MatchString(c.Currency) {
		return "", fault.InField("--currency", "unknown_currency", "want three capital letters, such as CNY")
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "unreadable", "--password-file cannot be read")
	}
	password = strings.TrimRight(string(b), "\r\n")
	return password, authn.CheckPassword(password, c.Company, c.Owner, c.OwnerName)
}

// keyFile makes the key file where there is none yet, whole or not at all.
func (c *initCommand) keyFile(e env) error {
	if c.KeyFile == "" {
		return nil
	}
	if _, err := os.Lstat(c.KeyFile); err == nil {
		return nil
	}
	err := newFile(c.KeyFile, seal.NewKeyFile(e.rand))
	if err != nil && !errors.Is(err, fs.ErrExist) { // somebody made it meanwhile
		return fault.Wrap(fault.Unavailable, err, "key_file", "--key-file cannot be written: check the folder, its owner and its free space")
	}
	return nil
}

func (c *initCommand) make(ctx context.Context, e env, o *organisation, password string) error {
	u, err := unlocker(o.conf)
	if err != nil {
		return err
	}
	if o.lock, err = seal.CreateLock(e.rand, e.now(), o.manifest.Org, u); err != nil {
		return err
	}
	if err := o.replaceRing(ctx, e, o.lock.Ring()); err != nil {
		return err
	}
	if err := o.openAll(ctx, e, quiet(e)); err != nil {
		return err
	}
	name := c.OwnerName
	if name == "" {
		name = c.Owner
	}
	made, err := found.Organisation(ctx, o.door, found.Owner{Name: name, Email: c.Owner, Lang: c.Lang})
	if err != nil {
		return err
	}
	o.manifest.Owner = made.Owner
	if err := o.desk.Passwords.Set(ctx, made.Owner, c.Owner, password, name); err != nil {
		return err
	}
	if c.TokenFile != "" {
		text, err := o.issue(ctx, made.Owner, "made by init", []string{"*:*"}, 24*time.Hour)
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.TokenFile, []byte(text+"\n"), 0o600); err != nil {
			return fault.Wrap(fault.Unavailable, err, "token_file", "--token-file cannot be written")
		}
	}
	b, err := json.MarshalIndent(o.manifest, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(o.conf.Data, manifestFile), append(b, '\n')) // last: with it the organisation exists
}

// cleanUp removes what a failed attempt left, so that the command can be repeated.
func (c *initCommand) cleanUp(dir string) {
	for _, name := range []string{keyringFile, checkpointFile, lockFile, "data.db", "keys.db", "control.db"} {
		for _, tail := range []string{"", "-wal", "-shm", "-journal"} {
			_ = os.Remove(filepath.Join(dir, name+tail))
		}
	}
}
