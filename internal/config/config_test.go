package config

import (
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	good := Config{Data: "/srv/wb", KeyFile: "/etc/wb.key", Listen: "127.0.0.1:8080"}
	for _, c := range []struct {
		name   string
		change func(*Config)
		field  string // "" when it must pass
	}{
		{"as it should be", func(*Config) {}, ""},
		{"serves nothing", func(c *Config) { c.Listen = "" }, ""},
		{"no folder", func(c *Config) { c.Data = "" }, "--data"},
		{"no key", func(c *Config) { c.KeyFile = "" }, "--key-file"},
		{"key in the folder", func(c *Config) { c.KeyFile = "/srv/wb/sub/key" }, "--key-file"},
		{"key beside a folder of like name", func(c *Config) { c.KeyFile = "/srv/wb.key" }, ""},
		{"key named like going up", func(c *Config) { c.KeyFile = "/srv/wb/..key" }, "--key-file"},
		{"half of TLS", func(c *Config) { c.TLSCert = "c" }, "--tls-cert"},
		{"open to the network in clear", func(c *Config) { c.Listen = "0.0.0.0:80" }, "--listen"},
		{"open to the network with TLS", func(c *Config) { c.Listen, c.TLSCert, c.TLSKey = ":443", "c", "k" }, ""},
		{"metrics for this machine", func(c *Config) { c.MetricsListen = "127.0.0.1:9180" }, ""},
		{"metrics for all", func(c *Config) { c.MetricsListen = ":9180" }, "--metrics-listen"},
		{"metrics for a name", func(c *Config) { c.MetricsListen = "monitor.example.com:9180" }, "--metrics-listen"},
		{"metrics for all, with a word", func(c *Config) { c.MetricsListen, c.MetricsOpen = ":9180", true }, ""},
		{"metrics without a port", func(c *Config) { c.MetricsListen = "localhost" }, "--metrics-listen"},
		{"metrics among the rest", func(c *Config) { c.MetricsListen = c.Listen }, "--metrics-listen"},
		{"no port", func(c *Config) { c.Listen = "localhost" }, "--listen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conf := good
			c.change(&conf)
			err := conf.Check()
			switch fields := fault.FieldsOf(err); {
			case c.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.field != "" && (len(fields) != 1 || fields[0].Name != c.field):
				t.Errorf("got %v, want an error about %s", err, c.field)
			}
		})
	}
}

func TestStringHidesPasswords(t *testing.T) {
	t.Parallel()
	if s := (Config{Database: "postgres://u:hunter2hunter2@db/x"}).String(); strings.Contains(s, "hunter2") {
		t.Error(s)
	}
}
