package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/transfer"
	"github.com/wardbook/wardbook/internal/web"
	"github.com/wardbook/wardbook/internal/web/api"
	"github.com/wardbook/wardbook/internal/web/metrics"
	pages "github.com/wardbook/wardbook/internal/web/page"
	"github.com/wardbook/wardbook/ui"
)

type serveCommand struct {
	where
	Listen  string `help:"Address to serve on." env:"WARDBOOK_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	TLSCert string `name:"tls-cert" help:"Certificate (PEM); needed to serve other machines." env:"WARDBOOK_TLS_CERT" placeholder:"FILE"`
	TLSKey  string `name:"tls-key" help:"Its private key (PEM)." env:"WARDBOOK_TLS_KEY" placeholder:"FILE"`

	MetricsListen string `help:"Address to serve metrics on (Prometheus), at /metrics; none without it." env:"WARDBOOK_METRICS_LISTEN" placeholder:"HOST:PORT"`
	MetricsOpen   bool   `help:"Let other machines read the metrics, in clear and without a token." env:"WARDBOOK_METRICS_OPEN"`

	ReadTimeout time.Duration `help:"How long a request may take to arrive." env:"WARDBOOK_READ_TIMEOUT" default:"1m" placeholder:"1m"`
}

// Run implements the command.
func (c *serveCommand) Run(ctx context.Context, e env) error {
	conf := c.config()
	conf.Listen, conf.TLSCert, conf.TLSKey = c.Listen, c.TLSCert, c.TLSKey
	conf.ReadTimeout = c.ReadTimeout
	conf.MetricsListen, conf.MetricsOpen = c.MetricsListen, c.MetricsOpen
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
	told, err := o.tell(ctx, s, a, waiting, log)
	if err != nil {
		return errors.Join(err, l.Close())
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
	return errors.Join(err, <-told)
}

// tell serves the metrics, where they are wanted, until the context ends.
func (o *organisation) tell(ctx context.Context, s *web.Server, a *api.API, w *transfer.Waiting, log *slog.Logger) (<-chan error, error) {
	ended := make(chan error, 1)
	if o.conf.MetricsListen == "" {
		close(ended)
		return ended, nil
	}
	l, err := metrics.Listen(o.conf.MetricsListen)
	if err != nil {
		return nil, err
	}
	routes := []string{}
	for _, r := range api.Routes() {
		routes = append(routes, r.Path)
	}
	m := metrics.New(metrics.Source{
		Version: version, Routes: routes, Door: o.door.Numbers, Streams: a.Streams, Imports: w.Count, Files: o.sizes, Log: log,
	})
	s.Observe(m.Observe)
	log.Info("metrics", "listen", l.Addr().String())
	go func() { ended <- m.Serve(ctx, l) }()
	return ended, nil
}

// sizes are the bytes of the databases in the data folder; on PostgreSQL that is the search file alone.
func (o *organisation) sizes() map[string]int64 {
	all := map[string]int64{}
	for _, name := range append(databases(), "search") {
		for _, end := range []string{".db", ".db-wal"} {
			if st, err := os.Stat(filepath.Join(o.conf.Data, name+end)); err == nil {
				all[name] += st.Size()
			}
		}
	}
	return all
}
