package authn

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

// Password lengths (NIST SP 800-63B-4: 15 characters where a password is the only factor).
const (
	MinPassword = 15
	MaxPassword = 1024 // bytes
)

// Cost is what an argon2id hash takes.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// DefaultCost is 64 MiB, 3 passes, 2 lanes (OWASP's floor is 19 MiB and 2 passes).
func DefaultCost() Cost { return Cost{Memory: 64 * 1024, Passes: 3, Lanes: 2} }

const (
	argonSalt = 16
	argonHash = 32

	maxMemory = 256 * 1024 // KiB; beyond it a stored hash is not believed
	maxPasses = 16

	maxWaiting = 64 // who wait for their turn to hash; more are told to come again
)

// Passwords keeps people's passwords as argon2id hashes (RFC 9106).
type Passwords struct {
	db       *control.DB
	now      func() time.Time
	rand     io.Reader
	company  string
	cost     Cost
	roots    []addressKeys
	attempts seal.Key

	slots   chan struct{} // hashes at once: one for each processor, since each takes much memory
	waiting atomic.Int32
	count   atomic.Uint64
}

// addressKeys hide sign-in addresses from who reads the control database without the ring.
type addressKeys struct {
	login   *seal.Index
	address seal.Key
}

// NewPasswords returns the password desk.
func NewPasswords(c Config) *Passwords {
	p := &Passwords{
		db: c.DB, now: c.Now, rand: c.Rand, company: c.Company, cost: c.Cost,
		slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0))),
	}
	if p.cost == (Cost{}) {
		p.cost = DefaultCost()
	}
	for _, root := range c.Roots {
		p.roots = append(p.roots, addressKeys{seal.NewIndex(root, 0, 1, 1, 16), root.DeriveKey("login/1")})
	}
	if len(c.Roots) > 0 {
		p.attempts = c.Roots[0].DeriveKey("attempt/1")
	}
	return p
}

// CheckPassword says what is wrong with a new password, or nil. Words are what a stranger would try
// first: the company's name, the person's own, the address.
func CheckPassword(password string, words ...string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		return fault.InField("password", "too_short", "use at least %d characters; a few unrelated words do well", MinPassword)
	case len(password) > MaxPassword:
		return fault.InField("password", "too_long", "use at most %d bytes", MaxPassword)
	case !utf8.ValidString(password):
		return fault.InField("password", "not_text", "use valid text (UTF-8)")
	case guessable(password, words):
		return fault.InField("password", "guessable", "this is among the first that a stranger would try (names, common words, rows of keys, repetitions): take a few unrelated words")
	}
	return nil
}

// Set stores a person's sign-in address and password, and ends the person's sessions.
func (p *Passwords) Set(ctx context.Context, user id.ID, email, password string, words ...string) (err error) {
	defer fault.Op(&err, "authn.Set")
	if err := CheckPassword(password, append(words, p.company, email)...); err != nil {
		return err
	}
	c, err := p.credential(user, email)
	if err != nil {
		return err
	}
	if c.PHC, err = p.hash(ctx, password); err != nil {
		return err
	}
	return p.db.ChangePassword(ctx, c, "password")
}

// credential begins the credential of a person with a sign-in address.
func (p *Passwords) credential(user id.ID, email string) (control.Credential, error) {
	address, ok := seal.Email(email)
	if !ok {
		return control.Credential{}, fault.InField("email", "not_an_email", "want an address like name@example.com")
	}
	mac := p.roots[0].address.MAC([]byte(address))
	return control.Credential{User: user, Login: p.roots[0].login.Token(address), Address: mac[:]}, nil
}

// Try is an attempt to sign in. Account names the account in the journal without naming the person: a
// keyed hash of what was typed.
type Try struct {
	Actor   Actor // of who proved to be somebody; nobody where the attempt failed
	User    id.ID // whose account it was; zero where there is none
	Account string
	Wait    time.Duration // the attempt was not made: wait so long first

	account []byte
	from    string
}

// Verify checks an address and a password that came from a network address. An unknown address takes
// the same work, and the same answer, as a wrong password. The attempt counts as failed until Succeeded
// is told of it.
func (p *Passwords) Verify(ctx context.Context, email, password, from string) (t Try, err error) {
	defer fault.Op(&err, "authn.Verify")
	address, ok := seal.Email(email)
	if !ok {
		address = "?" + strings.ToValidUTF8(email[:min(len(email), 100)], "?")
	}
	mac := p.roots[0].address.MAC([]byte(address))
	t = Try{Account: hex.EncodeToString(mac[:8]), account: mac[:], from: from}
	if t.Wait, err = p.begin(ctx, t.account, from); err != nil || t.Wait > 0 {
		return t, err
	}
	c, found, err := p.find(ctx, address)
	if err != nil {
		return t, err
	}
	if !found {
		c.PHC = p.nobody()
	}
	t.User = c.User
	right, err := p.compare(ctx, c.PHC, password)
	if err != nil {
		return t, err
	}
	if !right || !found || len(password) > MaxPassword {
		return t, BadCredentials()
	}
	if !strings.HasPrefix(c.PHC, p.prefix()) || string(c.Address) != string(mac[:]) { // of other costs, or keys
		c.Login, c.Address = p.roots[0].login.Token(address), mac[:]
		if c.PHC, err = p.hash(ctx, password); err != nil {
			return t, err
		}
		if err := p.db.SetCredential(ctx, c); err != nil {
			return t, err
		}
	}
	t.Actor = Actor{user: c.User}
	return t, nil
}

// BadCredentials is the one answer to who does not get in, whatever the reason.
func BadCredentials() error {
	return fault.New(fault.Unauthenticated, "bad_credentials", "the address or the password is not right, or the account is not active")
}

// Succeeded ends the count of failures that Verify began.
func (p *Passwords) Succeeded(ctx context.Context, t Try) error {
	return p.succeeded(ctx, t.account, t.from)
}

// find returns the credential of an address under any key of the ring.
func (p *Passwords) find(ctx context.Context, address string) (c control.Credential, found bool, err error) {
	for _, k := range p.roots {
		mac := k.address.MAC([]byte(address))
		x, ok, err := p.db.CredentialAt(ctx, k.login.Token(address), mac[:])
		if err != nil {
			return c, false, err
		}
		if ok && !found {
			c, found = x, true
		}
	}
	return c, found, nil
}

// Change is a new password of a person who knows the old one.
type Change struct {
	User     id.ID
	Old, New string
	From     string              // network address
	Words    []string            // see CheckPassword
	Note     func(a Actor) error // called when all is right, before anything is changed
}

// Change replaces a password and ends all of the person's sessions. wait is as for Verify.
func (p *Passwords) Change(ctx context.Context, x Change) (wait time.Duration, err error) {
	defer fault.Op(&err, "authn.Change")
	user, old, password, from := x.User, x.Old, x.New, x.From
	if err := CheckPassword(password, append(x.Words, p.company)...); err != nil {
		return 0, err
	}
	c, found, err := p.db.CredentialOf(ctx, user)
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, fault.New(fault.Conflict, "no_password", "you have no password yet: ask your administrator for an invitation")
	}
	if wait, err = p.begin(ctx, user.Bytes(), from); err != nil || wait > 0 {
		return wait, err
	}
	right, err := p.compare(ctx, c.PHC, old)
	if err != nil {
		return 0, err
	}
	if !right {
		return 0, fault.InField("old", "wrong", "this is not your password")
	}
	if old == password {
		return 0, fault.InField("password", "unchanged", "this is the password that you have")
	}
	if c.PHC, err = p.hash(ctx, password); err != nil {
		return 0, err
	}
	if err := x.Note(Actor{user: user}); err != nil {
		return 0, err
	}
	if err := p.db.ChangePassword(ctx, c, "password"); err != nil {
		return 0, err
	}
	return 0, p.succeeded(ctx, user.Bytes(), from)
}

// prefix is what the hashes of today's costs begin with.
func (p *Passwords) prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, p.cost.Memory, p.cost.Passes, p.cost.Lanes)
}

// hash returns the PHC string of a password with a new salt.
func (p *Passwords) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(p.rand, salt); err != nil {
		return "", fault.Wrap(fault.Internal, err, "random", "internal error")
	}
	h, err := p.work(ctx, password, salt, p.cost)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return p.prefix() + b64.EncodeToString(salt) + "$" + b64.EncodeToString(h), nil
}

// nobody is the hash of no password, at today's costs: an address that nobody has takes the same work.
func (p *Passwords) nobody() string {
	b64 := base64.RawStdEncoding
	return p.prefix() + b64.EncodeToString(make([]byte, argonSalt)) + "$" + b64.EncodeToString(make([]byte, argonHash))
}

// compare reports whether a password is the one of a PHC string.
func (p *Passwords) compare(ctx context.Context, phc, password string) (bool, error) {
	if len(password) > MaxPassword {
		password = "" // as much work as any, and no password at all
	}
	cost, salt, want, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	got, err := p.work(ctx, password, salt, cost)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

// parsePHC reads a stored hash and refuses costs that nobody could have asked for.
func parsePHC(phc string) (c Cost, salt, hash []byte, err error) {
	bad := func(cause error) (Cost, []byte, []byte, error) {
		return Cost{}, nil, nil, fault.Wrap(fault.Internal, cause, "bad_hash", "internal error")
	}
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad(nil)
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Lanes); err != nil {
		return bad(err)
	}
	if c.Memory < 8 || c.Memory > maxMemory || c.Passes < 1 || c.Passes > maxPasses || c.Lanes < 1 {
		return bad(nil)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(salt) < 8 {
		return bad(err)
	}
	if hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(hash) != argonHash {
		return bad(err)
	}
	return c, salt, hash, nil
}

// work runs argon2id when it is its turn.
func (p *Passwords) work(ctx context.Context, password string, salt []byte, c Cost) ([]byte, error) {
	if p.waiting.Add(1) > maxWaiting {
		p.waiting.Add(-1)
		return nil, busy(nil)
	}
	defer p.waiting.Add(-1)
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, busy(ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Lanes, argonHash), nil
}

func busy(cause error) error {
	return fault.Wrap(fault.Unavailable, cause, "busy", "too many people sign in at once: try again in a moment")
}
