package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

type userCommand struct {
	List    userList    `cmd:"" help:"Print the people who have an account."`
	Invite  userInvite  `cmd:"" help:"Make a link with which a person sets a password, once."`
	Disable userDisable `cmd:"" help:"Keep a person out at once; tokens and sessions end with it."`
	Enable  userEnable  `cmd:"" help:"Let a person in again."`
}

type userList struct {
	target
	asJSON
}

// Help implements kong.HelpProvider.
func (c *userList) Help() string {
	return `Examples:
  wardbook user list
  wardbook user list --server https://crm.example.com --token-file token --json`
}

// Run implements the command.
func (c *userList) Run(ctx context.Context, e env) error {
	return reach(ctx, e, c.target, func(b book) error {
		all := page{Records: []*record{}}
		q := door.Query{Object: "user", Fields: []string{"name", "email", "active"}, Limit: door.MaxLimit}
		for more := true; more; more = q.Cursor != "" {
			p, err := b.list(ctx, q)
			if err != nil {
				return err
			}
			all.Records, q.Cursor = append(all.Records, p.Records...), p.Next
		}
		return c.print(e, all, func(w io.Writer) {
			for _, r := range all.Records {
				state := "active"
				if r.Fields["active"] == false {
					state = "disabled"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, state, shown(r.Fields["email"]), shown(r.Fields["name"]))
			}
		})
	})
}

type userDisable struct {
	target
	asJSON
	User string `arg:"" help:"Identifier of the person; see user list."`
}

// Help implements kong.HelpProvider.
func (c *userDisable) Help() string {
	return `Examples:
  wardbook user disable 01890a5d-ac96-774b-bcce-b302099a8057`
}

// Run implements the command.
func (c *userDisable) Run(ctx context.Context, e env) error {
	user, err := personID(c.User)
	if err != nil {
		return err
	}
	return write(ctx, e, c.target, c.asJSON, "user", user, 0, []string{"active:=false"})
}

type userEnable struct {
	target
	asJSON
	User string `arg:"" help:"Identifier of the person; see user list."`
}

// Help implements kong.HelpProvider.
func (c *userEnable) Help() string {
	return `Examples:
  wardbook user enable 01890a5d-ac96-774b-bcce-b302099a8057`
}

// Run implements the command.
func (c *userEnable) Run(ctx context.Context, e env) error {
	user, err := personID(c.User)
	if err != nil {
		return err
	}
	return write(ctx, e, c.target, c.asJSON, "user", user, 0, []string{"active:=true"})
}

type userInvite struct {
	where
	asJSON
	Email string `arg:"" help:"Address that the person signs in with."`
}

// Help implements kong.HelpProvider.
func (c *userInvite) Help() string {
	return `The link is valid for 24 hours, together with the address only. It is how the only administrator gets back in
after a forgotten password, too. A link made before ends; the password of now stays until there is a new one.

Example:
  wardbook user invite ann@example.com`
}

// Run implements the command.
func (c *userInvite) Run(ctx context.Context, e env) error {
	address, ok := seal.Email(c.Email)
	if !ok {
		return fault.InField("EMAIL", "not_an_email", "want an address like name@example.com")
	}
	return with(ctx, e, c.where, func(o *organisation) error {
		s := o.door.As(o.owner(), door.ViaCLI)
		user, err := personOf(ctx, s, address)
		if err != nil {
			return err
		}
		text, expires, err := o.desk.Passwords.Invite(ctx, user, address)
		if err != nil {
			return err
		}
		if err := o.door.NoteAct(ctx, s, door.Act{Verb: "invitation", Object: "user", Record: user}); err != nil {
			return err
		}
		path := "/setup#" + text
		return c.print(e, map[string]string{"path": path, "expires_at": expires.UTC().Format(time.RFC3339)}, func(w io.Writer) {
			fmt.Fprintf(w, "Open this at the address of your Wardbook, once, before %s:\n\n  %s\n", expires.Local().Format("2006-01-02 15:04"), path)
		})
	})
}

// personOf finds the active person with an address. It goes through all: there are not many, and what
// finds encrypted fields may still be at work when a command has just opened the data.
func personOf(ctx context.Context, s *door.Session, address string) (id.ID, error) {
	q := door.Query{Object: "user", Fields: []string{"email", "active"}, Limit: door.MaxLimit}
	for {
		page, err := s.List(ctx, q)
		if err != nil {
			return id.ID{}, err
		}
		for _, r := range page.Records {
			if got, ok := seal.Email(r.Text("email")); ok && got == address && r.Value("active") != false {
				return r.ID, nil
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return id.ID{}, fault.InField("EMAIL", "not_found", "no active person has this address: wardbook user list shows all")
		}
	}
}

// personID reads the identifier of a person.
func personID(text string) (id.ID, error) {
	user, err := id.Parse(strings.TrimSpace(text))
	if err != nil {
		return user, fault.InField("USER", "not_an_id", "want the identifier of a person; see wardbook user list")
	}
	return user, nil
}
