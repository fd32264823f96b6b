package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

type userCommand struct {
	Invite userInvite `cmd:"" help:"Make a link with which a person sets a password, once."`
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
			return id.ID{}, fault.InField("EMAIL", "not_found", "no active person has this address: wardbook list user shows all")
		}
	}
}
