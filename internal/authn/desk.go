package authn

import (
	"io"
	"time"

	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

// Config is what a Desk needs.
type Config struct {
	DB      *control.DB
	IDs     *id.Source
	Now     func() time.Time
	Rand    io.Reader
	Roots   []seal.Key // the ring's idx.root keys, the current one first
	Company string     // no password is made of it
	Cost    Cost       // zero means DefaultCost; tests take less
}

// Desk is where people and programs prove who they are: by token, by password, by session.
type Desk struct {
	Tokens    *Tokens
	Passwords *Passwords
	Sessions  *Sessions
}

// NewDesk returns the desk of an organisation.
func NewDesk(c Config) *Desk {
	return &Desk{Tokens: NewTokens(c.DB, c.IDs, c.Now, c.Rand), Passwords: NewPasswords(c), Sessions: NewSessions(c)}
}
