package main

import (
	"log/slog"
	"sync"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// refusals counts what the databases refused to read since they were opened.
type refusals struct {
	log *slog.Logger

	mu   sync.Mutex
	n    int
	last string
}

// note logs a refused part of a file: which one and why, and nothing of what is in it.
func (r *refusals) note(file string, f vault.Failure) {
	if f.Ended { // as after a power cut: what was not committed is dropped
		r.log.Info("a log ends early", "file", file+".db", "part", f.File, "number", f.Number, "reason", f.Reason)
		return
	}
	r.log.Error("a part of a database was refused", "file", file+".db", "part", f.File, "number", f.Number, "reason", f.Reason)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n, r.last = r.n+1, file+".db: "+f.String()
}

// err is nil where nothing was refused.
func (r *refusals) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == 0 {
		return nil
	}
	return fault.New(fault.Unavailable, "refused", "%d parts of database files were refused, the last one in %s: restore the file from a backup", r.n, r.last)
}
