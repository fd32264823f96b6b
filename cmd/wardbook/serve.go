package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/transfer"
	"github.com/wardbook/wardbook/internal/web"
	"github.com/wardbook/wardbook/internal/web/api"
	pages "github.com/wardbook/wardbook/internal/web/page"
	"github.com/wardbook/wardbook/ui"
)

type serveCommand struct {
	where
	Listen  string `help:"Address to serve on." env:"WARDBOOK_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	TLSCert string `name:"tls-cert" help:"Certificate (PEM); needed to serve other machines." env:"WARDBOOK_TLS_CERT" placeholder:"FILE"`
	TLSKey  string `name:"tls-key" help:"Its private key (PEM)." env:"WARDBOOK_TLS_KEY" placeholder:"FILE"`

	ReadTimeout time.Duration `help:"How long a request may take to arrive." env:"WARDBOOK_READ_TIMEOUT" default:"1m" placeholder:"1m"`
}

// Run implements the command.
func (c *serveCommand) Run(ctx context.Context, e env) error {
	conf := c.config()
	conf.Listen, conf.TLSCert, conf.TLSKey = c.Listen, c.TLSCert, c.TLSKey
	conf.ReadTimeout = c.ReadTimeout
	if c.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
			return fault.New(fault.Invalid, "bad_certificate", "--tls-cert and --tls-key cannot be used: want a certificate and its private key in PEM")
		}
	}
	log := slog.New(slog.NewJSONHandler(e.err, nil))
	o, err := openOrganisation(ctx, e, conf, log)
	if err != nil {
		return err
	}
	return errors.Join(o.serve(ctx, e, log, nil), o.close(context.WithoutCancel(ctx)))
}

// serve serves the organisation until the context ends. Greet, when not nil, hears the address as soon as
// it answers.
func (o *organisation) serve(ctx context.Context, e env, log *slog.Logger, greet func(url string) error) error {
	a := api.New(o.door, o.desk, o.ids, e.now, log)
	waiting, err := transfer.NewWaiting(ctx, o.door, filepath.Join(o.conf.Data, "waiting"), o.ids, e.now, e.rand)
	if err != nil {
		return err
	}
	defer waiting.Close()
	a.KeepImports(waiting)
	front, err := pages.New(a, ui.Dist(), log)
	if err != nil {
		return err
	}
	s := web.New(o.conf, a, front, o.ids, e.now, log, o.door.Ready)
	l, err := s.Listen()
	if err != nil {
		return err
	}
	scheme := "http"
	if o.conf.TLSCert != "" {
		scheme = "https"
	}
	url := scheme + "://" + l.Addr().String()
	if greet != nil {
		if err := greet(url); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	fmt.Fprintf(e.out, "Wardbook serves %s on %s\n", o.manifest.Company, url)
	log.Info("started", "version", version, "config", o.conf.String())
	err = s.Serve(ctx, l)
	log.Info("stopped")
	return err
}
