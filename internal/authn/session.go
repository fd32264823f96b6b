package authn

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// How long a session lasts without use, and at most. Who administers has less of both.
const (
	SessionIdle      = 30 * time.Minute
	SessionLife      = 12 * time.Hour
	AdminSessionIdle = 15 * time.Minute
	AdminSessionLife = 8 * time.Hour

	// MaxSessions is how many sessions a person has at once; with another one the longest unused ends.
	MaxSessions = 20

	touchEvery = time.Minute
)

// Sessions keeps who is signed in. A session's text is 32 random bytes in base64url; only its SHA-256
// is stored. The text is new at each sign-in.
type Sessions struct {
	db   *control.DB
	ids  *id.Source
	now  func() time.Time
	rand io.Reader
}

// NewSessions returns the session desk.
func NewSessions(c Config) *Sessions {
	return &Sessions{db: c.DB, ids: c.IDs, now: c.Now, rand: c.Rand}
}

// Signed is a session that was opened or checked.
type Signed struct {
	Actor   Actor
	ID      id.ID
	CSRF    string // what unsafe requests show besides the cookie; other sites can neither read nor guess it
	Expires time.Time
}

// Open makes a session of a person who has just proved to be one. agent is what the program says of
// itself; its family alone is kept.
func (s *Sessions) Open(ctx context.Context, who Actor, agent string) (text string, _ Signed, err error) {
	defer fault.Op(&err, "authn.Open")
	if who.user.IsZero() || who.limited || who.system != "" {
		return "", Signed{}, fault.New(fault.Internal, "not_a_person", "internal error")
	}
	raw := make([]byte, tokenBytes)
	if _, err := io.ReadFull(s.rand, raw); err != nil {
		return "", Signed{}, fault.Wrap(fault.Internal, err, "random", "internal error")
	}
	text = base64.RawURLEncoding.EncodeToString(raw)
	now := s.now()
	row := control.Session{
		ID: s.ids.New(), Hash: hashToken(text), User: who.user, Client: family(agent), Created: now, Used: now, Expires: now.Add(SessionLife),
	}
	if err := s.db.AddSession(ctx, row, MaxSessions); err != nil {
		return "", Signed{}, err
	}
	return text, signed(row, text, row.Expires), nil
}

func signed(row control.Session, text string, expires time.Time) Signed {
	return Signed{Actor: Actor{user: row.User, session: row.ID}, ID: row.ID, CSRF: csrf(text), Expires: expires}
}

// csrf is made from the session's text, so it need not be stored and ends with it.
func csrf(text string) string {
	h := sha256.Sum256([]byte("wardbook csrf/1\x00" + text))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// SameCSRF compares what a request showed with what it should have, in constant time.
func (s Signed) SameCSRF(shown string) bool {
	return subtle.ConstantTimeCompare([]byte(shown), []byte(s.CSRF)) == 1
}

// Check returns the session of a text. admin says whether the person administers, so that the shorter
// times hold from the moment on in which somebody becomes an administrator; where it answers that the
// person is not active the session ends. Whatever is wrong, the answer is the same; the reason is in
// the error's cause.
func (s *Sessions) Check(ctx context.Context, text, agent string, admin func(Actor) (bool, error)) (_ Signed, err error) {
	defer fault.Op(&err, "authn.CheckSession")
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(text); err != nil || len(raw) != tokenBytes || strings.ContainsAny(text, "\r\n") {
		return Signed{}, badSession("malformed")
	}
	row, found, err := s.db.SessionByHash(ctx, hashToken(text))
	if err != nil {
		return Signed{}, err
	}
	switch {
	case !found:
		return Signed{}, badSession("unknown")
	case !row.Ended.IsZero():
		return Signed{}, badSession("ended")
	case row.Client != family(agent):
		return Signed{}, s.end(ctx, row.ID, "other_client")
	}
	strict, err := admin(Actor{user: row.User, session: row.ID})
	if fault.Is(err, fault.Unauthenticated) {
		if _, ended := s.db.EndSession(ctx, row.ID, "inactive"); ended != nil {
			return Signed{}, ended
		}
	}
	if err != nil {
		return Signed{}, err
	}
	now, expires := s.now(), row.Created.Add(lifeOf(strict))
	if !inForce(row, strict, now) {
		return Signed{}, s.end(ctx, row.ID, "expired")
	}
	if now.Sub(row.Used) >= touchEvery {
		if err := s.db.UseSession(ctx, row.ID); err != nil {
			return Signed{}, err
		}
	}
	return signed(row, text, expires), nil
}

func lifeOf(strict bool) time.Duration {
	if strict {
		return AdminSessionLife
	}
	return SessionLife
}

// inForce reports whether a session that was not ended has time left.
func inForce(row control.Session, strict bool, now time.Time) bool {
	idle := SessionIdle
	if strict {
		idle = AdminSessionIdle
	}
	return now.Before(row.Created.Add(lifeOf(strict))) && now.Sub(row.Used) < idle
}

// Lives reports whether a session is still in force. It is no use of it: what goes on by itself, such as
// a stream, keeps no session from ending. admin is as for Check; its errors are returned.
func (s *Sessions) Lives(ctx context.Context, session id.ID, admin func(Actor) (bool, error)) (_ bool, err error) {
	defer fault.Op(&err, "authn.Lives")
	row, found, err := s.db.SessionByID(ctx, session)
	if err != nil || !found || !row.Ended.IsZero() {
		return false, err
	}
	strict, err := admin(Actor{user: row.User, session: row.ID})
	return err == nil && inForce(row, strict, s.now()), err
}

// end ends a session and returns the answer to who asked with it.
func (s *Sessions) end(ctx context.Context, session id.ID, why string) error {
	if _, err := s.db.EndSession(ctx, session, why); err != nil {
		return err
	}
	return badSession(tokenFault(why))
}

func badSession(why tokenFault) error {
	return fault.Wrap(fault.Unauthenticated, why, "bad_session", "the session has ended: sign in again")
}

// List returns a person's sessions that are in force, longest unused first.
func (s *Sessions) List(ctx context.Context, user id.ID) ([]control.Session, error) {
	list, err := s.db.Sessions(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []control.Session
	for _, x := range list {
		if s.now().Sub(x.Used) < SessionIdle {
			out = append(out, x)
		}
	}
	return out, nil
}

// Get returns a session that is in force; found is false where it is not.
func (s *Sessions) Get(ctx context.Context, session id.ID) (x control.Session, found bool, err error) {
	x, found, err = s.db.SessionByID(ctx, session)
	return x, found && x.Ended.IsZero() && s.now().Before(x.Expires), err
}

// End ends a session at once; found is false where it is not in force.
func (s *Sessions) End(ctx context.Context, session id.ID, why string) (found bool, err error) {
	return s.db.EndSession(ctx, session, why)
}

// EndText ends the session of a text, where there is one.
func (s *Sessions) EndText(ctx context.Context, text, why string) error {
	row, found, err := s.db.SessionByHash(ctx, hashToken(text))
	if err != nil || !found {
		return err
	}
	_, err = s.db.EndSession(ctx, row.ID, why)
	return err
}

// EndAll ends all sessions of a person at once, and an invitation that waits.
func (s *Sessions) EndAll(ctx context.Context, user id.ID, why string) error {
	if err := s.db.Withdraw(ctx, user); err != nil {
		return err
	}
	_, err := s.db.EndSessions(ctx, user, why)
	return err
}

// family names the program by what it says of itself. A cookie that comes from another family was
// copied; versions change under a living session, so they do not count.
func family(agent string) string {
	agent = strings.ToLower(agent)
	for _, f := range []string{"edg", "opr", "firefox", "chrome", "safari", "curl", "wardbook"} { // the order matters: Edge says Chrome, Chrome says Safari
		if strings.Contains(agent, f) {
			return f
		}
	}
	return "other"
}
