package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

type keyCommand struct {
	Status     keyStatus `cmd:"" help:"List slots and key versions; needs no key for the slots."`
	Rotate     keyRotate `cmd:"" help:"Make a new version of a key; what older versions sealed stays readable."`
	AddSlot    keyAdd    `cmd:"" help:"Let another key file or passphrase open the data."`
	RemoveSlot keyRemove `cmd:"" help:"Take a key file or passphrase away."`

	AcceptOlder keyAccept `cmd:"" help:"Go on with an older copy of the keyring, where newer ones are lost for good."`
}

type keyStatus struct {
	where
	asJSON
}

// Run implements the command.
func (c *keyStatus) Run(ctx context.Context, e env) error {
	return with(ctx, e, c.where, func(o *organisation) error {
		info := o.lock.Info()
		type version struct {
			Purpose string    `json:"purpose"`
			Number  uint32    `json:"number"`
			State   string    `json:"state"`
			Created time.Time `json:"created"`
		}
		type slot struct {
			ID      uint32    `json:"id"`
			Kind    string    `json:"kind"`
			Label   string    `json:"label"`
			Created time.Time `json:"created"`
		}
		out := struct {
			Serial uint32    `json:"serial"`
			Slots  []slot    `json:"slots"`
			Keys   []version `json:"keys"`
		}{Serial: info.Serial}
		for _, s := range info.Slots {
			out.Slots = append(out.Slots, slot{s.ID, string(s.Kind), s.Label, s.Created})
		}
		for _, v := range o.ring.Load().Versions() {
			out.Keys = append(out.Keys, version{string(v.Purpose), v.Number, []string{"", "active", "decrypts", "destroyed"}[v.State], v.Created})
		}
		return c.print(e, out, func(w io.Writer) {
			for _, s := range out.Slots {
				fmt.Fprintf(w, "slot %d\t%s\t%s\t%s\n", s.ID, s.Kind, s.Created.Format(time.DateOnly), s.Label)
			}
			for _, v := range out.Keys {
				fmt.Fprintf(w, "%s\tversion %d\t%s\t%s\n", v.Purpose, v.Number, v.State, v.Created.Format(time.DateOnly))
			}
		})
	})
}

type keyRotate struct {
	where
	Purpose string `arg:"" help:"Key to rotate, such as audit.sign; see key status."`
}

// Run implements the command.
func (c *keyRotate) Run(ctx context.Context, e env) error {
	return with(ctx, e, c.where, func(o *organisation) error {
		ring, err := o.ring.Load().Rotate(seal.Purpose(c.Purpose), e.rand, e.now())
		if err != nil {
			return err
		}
		if err := o.door.Note(ctx, o.owner(), door.ViaCLI, "rotate", "key", c.Purpose); err != nil {
			return err
		}
		if err := o.replaceRing(ctx, e, ring); err != nil {
			return err
		}
		version, _ := ring.Current(seal.Purpose(c.Purpose))
		fmt.Fprintf(e.out, "%s is at version %d\n", c.Purpose, version)
		return nil
	})
}

type keyAdd struct {
	where
	NewKeyFile        string `help:"Key file to add; made where it is not there." placeholder:"FILE"`
	NewPassphraseFile string `help:"File with a passphrase to add." placeholder:"FILE"`
	Label             string `help:"What the slot is called."`
}

// Run implements the command.
func (c *keyAdd) Run(ctx context.Context, e env) error {
	if (c.NewKeyFile == "") == (c.NewPassphraseFile == "") {
		return fault.InField("--new-key-file", "required", "give either --new-key-file or --new-passphrase-file")
	}
	return with(ctx, e, c.where, func(o *organisation) error {
		conf := o.conf
		conf.KeyFile, conf.PassphraseFile = c.NewKeyFile, c.NewPassphraseFile
		if err := conf.Check(); err != nil {
			return err
		}
		if err := (&initCommand{where: where{KeyFile: c.NewKeyFile}}).keyFile(e); err != nil {
			return err
		}
		u, err := unlocker(conf)
		if err != nil {
			return err
		}
		lock, err := o.lock.AddSlot(e.rand, e.now(), u.WithLabel(c.Label))
		if err != nil {
			return err
		}
		return c.keep(ctx, e, o, lock)
	})
}

func (c *keyAdd) keep(ctx context.Context, e env, o *organisation, lock *seal.Lock) error {
	if err := o.door.Note(ctx, o.owner(), door.ViaCLI, "add_slot", "key", ""); err != nil {
		return err
	}
	if err := o.replaceLock(ctx, e, lock); err != nil {
		return err
	}
	slots := lock.Info().Slots
	fmt.Fprintf(e.out, "added slot %d\n", slots[len(slots)-1].ID)
	return nil
}

type keyRemove struct {
	where
	Slot uint32 `arg:"" help:"Number of the slot; see key status."`
}

// Run implements the command.
func (c *keyRemove) Run(ctx context.Context, e env) error {
	return with(ctx, e, c.where, func(o *organisation) error {
		lock, err := o.lock.RemoveSlot(c.Slot)
		if err != nil {
			return err
		}
		if err := o.door.Note(ctx, o.owner(), door.ViaCLI, "remove_slot", "key", ""); err != nil {
			return err
		}
		if err := o.replaceLock(ctx, e, lock); err != nil {
			return err
		}
		fmt.Fprintf(e.out, "removed slot %d\n", c.Slot)
		return nil
	})
}

type keyAccept struct{ where }

// Run implements the command.
func (c *keyAccept) Run(ctx context.Context, e env) error {
	c.examine = true
	return with(ctx, e, c.where, func(o *organisation) error {
		if err := o.door.Note(ctx, o.owner(), door.ViaCLI, "accept_older", "key", ""); err != nil {
			return err
		}
		if err := o.control.NoteKeyring(ctx, o.lock.Info().Serial); err != nil {
			return err
		}
		fmt.Fprintln(e.out, "the keyring in the folder is in use; what newer keys sealed cannot be read")
		return nil
	})
}

type tokenCommand struct {
	Create tokenCreate `cmd:"" help:"Make an API token; its text is shown once."`
	List   tokenList   `cmd:"" help:"List API tokens."`
	Revoke tokenRevoke `cmd:"" help:"End an API token at once."`
}

type tokenCreate struct {
	where
	Name   string   `required:"" help:"What the token is for."`
	Scope  []string `required:"" help:"What it may do: object:verb, * for any." placeholder:"OBJECT:VERB"`
	Days   int      `help:"How long it is valid." default:"90"`
	User   string   `help:"Whose token it is, by identifier; the owner's without it."`
	Output string   `help:"Write the token here instead of printing it." placeholder:"FILE"`
}

// Run implements the command.
func (c *tokenCreate) Run(ctx context.Context, e env) error {
	return with(ctx, e, c.where, func(o *organisation) error {
		user := o.manifest.Owner
		if c.User != "" {
			var err error
			if user, err = id.Parse(c.User); err != nil {
				return fault.InField("--user", "not_an_id", "want the identifier of a person")
			}
			if _, err := o.door.As(o.owner(), door.ViaCLI).Get(ctx, "user", user, door.GetOptions{}); err != nil {
				return err
			}
		}
		text, err := o.issue(ctx, user, c.Name, c.Scope, time.Duration(c.Days)*24*time.Hour)
		if err != nil {
			return err
		}
		if c.Output == "" {
			fmt.Fprintln(e.out, text)
			return nil
		}
		return os.WriteFile(c.Output, []byte(text+"\n"), 0o600)
	})
}

// issue makes a token. It is in the journal before anybody can see its text.
func (o *organisation) issue(ctx context.Context, user id.ID, name string, scopes []string, life time.Duration) (text string, err error) {
	text, token, err := o.desk.Tokens.Issue(ctx, user, name, scopes, life)
	if err != nil {
		return "", err
	}
	if err := o.door.Note(ctx, o.owner(), door.ViaCLI, "issue", "token", token.String()); err != nil {
		return "", err // nobody knows the text: the token is of no use
	}
	return text, nil
}

type tokenList struct {
	where
	asJSON
}

// Run implements the command.
func (c *tokenList) Run(ctx context.Context, e env) error {
	return with(ctx, e, c.where, func(o *organisation) error {
		rows, err := o.apiTokens(ctx)
		if err != nil {
			return err
		}
		return c.print(e, rows, func(w io.Writer) {
			for _, r := range rows {
				state := "until " + r.Expires.Format(time.DateOnly)
				if !r.Revoked.IsZero() {
					state = "revoked"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, state, strings.Join(r.Scopes, ","), clean(r.Name))
			}
		})
	})
}

type tokenRevoke struct {
	where
	Token string `arg:"" help:"Identifier of the token."`
}

// Run implements the command.
func (c *tokenRevoke) Run(ctx context.Context, e env) error {
	token, err := id.Parse(c.Token)
	if err != nil {
		return err
	}
	return with(ctx, e, c.where, func(o *organisation) error {
		found, err := o.control.RevokeToken(ctx, token)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "no_token", "there is no such token in force")
		}
		return o.door.Note(ctx, o.owner(), door.ViaCLI, "revoke", "token", token.String())
	})
}

type statusCommand struct {
	target
	asJSON
}

// Run implements the command.
func (c *statusCommand) Run(ctx context.Context, e env) error {
	return reach(ctx, e, c.target, func(b book) error {
		st, err := b.status(ctx)
		if err != nil {
			return err
		}
		return c.print(e, st, func(w io.Writer) {
			if st.Server != "" {
				fmt.Fprintln(w, "Wardbook at "+st.Server)
			} else {
				fmt.Fprintf(w, "%s on %s, Wardbook %s\n", st.Company, st.Engine, st.Version)
			}
			for _, n := range st.names {
				fmt.Fprintf(w, "%8d %s\n", st.Records[n], n)
			}
			if st.Search != nil {
				fmt.Fprintln(w, "search: "+searchState(door.Searching(*st.Search)))
			}
		})
	})
}

type doctorCommand struct {
	where
	asJSON
}

// finding is one thing that the doctor looked at.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// Run implements the command.
func (c *doctorCommand) Run(ctx context.Context, e env) error {
	var list []finding
	note := func(check string, err error, detail string) {
		f := finding{Check: check, OK: err == nil, Detail: detail}
		if err != nil {
			f.Detail = fault.Message(err)
		}
		list = append(list, f)
	}
	note("the key file is not in the data folder", c.config().Check(), "")
	note("only the owner may read the data folder", private(c.Data), "")
	if c.KeyFile != "" {
		note("only the owner may read the key file", private(c.KeyFile), "")
	}
	o, err := openOrganisation(ctx, e, c.config(), quiet(e))
	note("the organisation opens", err, "")
	if err == nil {
		v, verr := o.door.As(o.owner(), door.ViaCLI).Verify(ctx, nil, nil)
		if verr == nil && !v.OK() {
			verr = fault.New(fault.Conflict, "altered", "altered: see wardbook journal verify")
		}
		note("journal and records agree", verr, "")
		lag, lerr := o.door.Searching(ctx)
		note("encrypted fields can be found", lerr, searchState(lag))
		note("no database refused a part of its file", o.refusals.err(), "")
		if err := errors.Join(verr, o.close(ctx)); err != nil && verr == nil {
			note("the organisation closes", err, "")
		}
		for _, f := range o.files { // closed, so that everything is in them
			pages, err := f.vfs.Check(filepath.Join(o.conf.Data, f.name+".db"))
			note("every page of "+f.name+".db opens", err, fmt.Sprintf("%d pages", pages))
		}
	}
	bad := 0
	for _, f := range list {
		if !f.OK {
			bad++
		}
	}
	err = c.print(e, list, func(w io.Writer) {
		for _, f := range list {
			fmt.Fprintf(w, "%s  %s", map[bool]string{true: "ok  ", false: "FAIL"}[f.OK], f.Check)
			if f.Detail != "" {
				fmt.Fprintf(w, ": %s", f.Detail)
			}
			fmt.Fprintln(w)
		}
	})
	if err == nil && bad > 0 {
		err = fault.New(fault.Conflict, "unhealthy", "%d of %d checks failed", bad, len(list))
	}
	return err
}

// searchState says in words how much of what was changed cannot be found yet.
func searchState(s door.Searching) string {
	switch {
	case s.Rebuilding:
		return fmt.Sprintf("the index is being made anew; %d changes wait", s.Missing)
	case s.Missing > 0:
		return fmt.Sprintf("%d changes wait to be findable", s.Missing)
	}
	return "all changes are findable"
}

func private(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "unreadable", "it cannot be read")
	}
	if st.Mode().Perm()&0o077 != 0 {
		return fault.New(fault.Invalid, "too_open", "others may read it: chmod go-rwx")
	}
	return nil
}
