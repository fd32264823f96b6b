package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/wardbook/wardbook/internal/found"
)

type demoCommand struct {
	Listen string `help:"Address to serve on." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Lang   string `help:"Language of the company." enum:"en,zh" default:"en"`
}

// Run implements the command.
func (c *demoCommand) Run(ctx context.Context, e env) error {
	dir, err := os.MkdirTemp("", "wardbook-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system empties its temporary folder too
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("correct horse battery staple\n"), 0o600); err != nil {
		return err
	}
	company := "Example Ltd"
	if c.Lang == "zh" {
		company = "示例公司"
	}
	make := &initCommand{
		where:   where{Data: filepath.Join(dir, "data"), KeyFile: filepath.Join(dir, "key")},
		Company: company, Owner: "olga@example.com", OwnerName: "Olga Owner", PasswordFile: password, Currency: "EUR", Lang: c.Lang,
	}
	silent := e
	silent.out = discard{}
	if err := make.Run(ctx, silent); err != nil {
		return err
	}
	conf := make.config()
	conf.Listen = c.Listen
	log := slog.New(slog.NewTextHandler(e.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	o, err := openOrganisation(ctx, e, conf, log)
	if err != nil {
		return err
	}
	err = c.seed(ctx, e, o)
	if err == nil {
		err = o.serve(ctx, e, log)
	}
	return errors.Join(err, o.close(context.WithoutCancel(ctx)))
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// seed fills the company and says what to try.
func (c *demoCommand) seed(ctx context.Context, e env, o *organisation) error {
	people, err := found.Demo(ctx, o.door, o.manifest.Owner, c.Lang)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "A demo company; it is gone when you stop it (Ctrl-C). One token for each role, valid for a day:\n\n")
	var first string
	for _, p := range append([]found.Person{{ID: o.manifest.Owner, Role: "owner and sales manager"}}, people...) {
		text, err := o.issue(ctx, p.ID, "demo", []string{"*:*"}, 24*time.Hour)
		if err != nil {
			return err
		}
		if first == "" {
			first = text
		}
		fmt.Fprintf(e.out, "  %-24s %s\n", p.Role, text)
	}
	fmt.Fprintf(e.out, `
Try, in another terminal:

  T=%s
  curl -sH "Authorization: Bearer $T" 'http://%s/api/v1/records/deal?sort=-amount&fields=name,amount,company.name&limit=3'
  curl -sH "Authorization: Bearer $T" -H 'Content-Type: application/json' http://%s/api/v1/aggregate/deal -d '{"group_by":["company.industry"],"measures":[{"op":"sum","field":"amount"}]}'
  curl -sH "Authorization: Bearer $T" 'http://%s/api/v1/journal?limit=5'

`, first, c.Listen, c.Listen, c.Listen)
	return nil
}
