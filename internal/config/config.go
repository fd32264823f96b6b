// Package config holds the settings of one organisation's program: where its data and key are, and
// how it listens. Flags and environment variables fill it; it is checked once, before anything is
// opened.
package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

// Config is what the program needs to know before it starts.
type Config struct {
	Data           string // folder of the organisation
	KeyFile        string // opens the key ring; never in Data
	PassphraseFile string // the other way to open it
	Database       string // URL of a PostgreSQL database; "" for SQLite in Data
	Listen         string // host:port; "" for commands that serve nothing
	TLSCert        string
	TLSKey         string
	ReadTimeout    time.Duration // how long a request may take to arrive; 0 means a minute
	MetricsListen  string        // host:port of the metrics; "" for none
	MetricsOpen    bool          // other machines may read the metrics
	Examine        bool          // open what may have been altered, to find out; see door.Config
}

// Check refuses settings that cannot work or would be unsafe.
func (c Config) Check() error {
	switch {
	case c.Data == "":
		return fault.InField("--data", "required", "name the organisation's folder, with --data or WARDBOOK_DATA")
	case c.KeyFile == "" && c.PassphraseFile == "":
		return fault.InField("--key-file", "required", "name the file that unlocks the data, with --key-file or WARDBOOK_KEY_FILE")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return fault.InField("--tls-cert", "required", "--tls-cert and --tls-key belong together")
	}
	if c.ReadTimeout != 0 && (c.ReadTimeout < time.Second || c.ReadTimeout > time.Hour) {
		return fault.InField("--read-timeout", "out_of_range", "want 1s to 1h")
	}
	if err := c.apart(); err != nil {
		return err
	}
	if c.Listen == "" {
		return nil
	}
	if err := c.metrics(); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fault.InField("--listen", "bad_address", "want HOST:PORT, such as 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); c.TLSCert == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fault.InField("--listen", "needs_tls", "without --tls-cert only this machine may connect (127.0.0.1): anything else would carry data in clear")
	}
	return nil
}

// metrics refuses to tell other machines how the server is doing, unless that is said: numbers of
// sign-ins, denials and exports go over the network in clear, to whoever asks.
func (c Config) metrics() error {
	if c.MetricsListen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(c.MetricsListen)
	if err != nil {
		return fault.InField("--metrics-listen", "bad_address", "want HOST:PORT, such as 127.0.0.1:9180")
	}
	if c.MetricsListen == c.Listen && port != "0" { // for 0 the system chooses, each time another
		return fault.InField("--metrics-listen", "same_address", "want another address than --listen: metrics need no token")
	}
	if ip := net.ParseIP(host); !c.MetricsOpen && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fault.InField("--metrics-listen", "needs_word", "other machines could read it, in clear and without a token: give --metrics-open where the network is yours")
	}
	return nil
}

// apart refuses a key inside the data folder: who copies the one would have the other.
func (c Config) apart() error {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return fault.InField("--data", "bad_path", "not a usable path")
	}
	for flag, file := range map[string]string{"--key-file": c.KeyFile, "--passphrase-file": c.PassphraseFile} {
		if file == "" {
			continue
		}
		key, err := filepath.Abs(file)
		if err != nil {
			return fault.InField(flag, "bad_path", "not a usable path")
		}
		if rel, err := filepath.Rel(data, key); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return fault.InField(flag, "inside_data", "must not lie in the data folder: whoever copies the folder would have the key too")
		}
	}
	return nil
}

// String prints the settings without what is secret in them.
func (c Config) String() string {
	return fmt.Sprintf("data=%s key-file=%s database=%s listen=%s tls=%t", c.Data, c.KeyFile, redact(c.Database), c.Listen, c.TLSCert != "")
}

// redact hides the password of a database URL.
func redact(text string) string {
	if text == "" {
		return "sqlite"
	}
	u, err := url.Parse(text)
	if err != nil {
		return "(unreadable)"
	}
	return u.Redacted()
}
