package authn

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
)

// MaxTokenLife is the longest that an API token can be valid.
const MaxTokenLife = 366 * 24 * time.Hour

// An API token's text is "wb_" and the base32 of 32 random bytes and their CRC-32, in small letters:
// a secret scanner can recognise it and tell a real one from an example without asking anybody.
const (
	tokenPrefix = "wb_"
	tokenBytes  = 32
)

func base32Text() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

// Tokens makes and checks API tokens. Only their SHA-256 is stored: 256 random bits need no slow hash.
// A token is found by that hash, so how long a comparison takes says nothing about any token's text.
type Tokens struct {
	db   *control.DB
	ids  *id.Source
	now  func() time.Time
	rand io.Reader
}

// NewTokens returns the token desk over the control database.
func NewTokens(db *control.DB, ids *id.Source, now func() time.Time, rand io.Reader) *Tokens {
	return &Tokens{db: db, ids: ids, now: now, rand: rand}
}

// Issue makes a token for a person and returns its text, which is shown once and never stored.
// Limits are "object:verb", with "*" for any; life is at most MaxTokenLife.
func (t *Tokens) Issue(ctx context.Context, user id.ID, name string, limits []string, life time.Duration) (text string, token id.ID, err error) {
	defer fault.Op(&err, "authn.Issue")
	if user.IsZero() {
		return "", id.ID{}, fault.InField("user", "required", "say whose token it is")
	}
	if name = strings.TrimSpace(name); name == "" || len(name) > 100 {
		return "", id.ID{}, fault.InField("name", "required", "give the token a name of at most 100 characters")
	}
	if life <= 0 || life > MaxTokenLife {
		return "", id.ID{}, fault.InField("expires", "out_of_range", "a token lives between a moment and %d days", int(MaxTokenLife.Hours()/24))
	}
	if _, err := parseLimits(limits); err != nil {
		return "", id.ID{}, err
	}
	raw := make([]byte, tokenBytes, tokenBytes+4)
	if _, err := io.ReadFull(t.rand, raw); err != nil {
		return "", id.ID{}, fault.Wrap(fault.Internal, err, "random", "internal error")
	}
	text = tokenPrefix + strings.ToLower(base32Text().EncodeToString(binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))))
	token, now := t.ids.New(), t.now()
	err = t.db.AddToken(ctx, control.Token{
		ID: token, Hash: hashToken(text), User: user, Name: name, Limits: limits, Created: now, Expires: now.Add(life),
	})
	return text, token, err
}

// Token is a token as it is stored: without its text.
type Token = control.Token

// MaxTokens is how many tokens in force a person has at most.
const MaxTokens = 100

// List returns a person's tokens that are in force, oldest first.
func (t *Tokens) List(ctx context.Context, user id.ID) ([]Token, error) {
	list, err := t.db.Tokens(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []Token
	for _, x := range list {
		if t.living(x) {
			out = append(out, x)
		}
	}
	return out, nil
}

func (t *Tokens) living(x Token) bool { return x.Revoked.IsZero() && t.now().Before(x.Expires) }

// Get returns a token that is in force; found is false where it is not.
func (t *Tokens) Get(ctx context.Context, token id.ID) (x Token, found bool, err error) {
	x, found, err = t.db.TokenByID(ctx, token)
	return x, found && t.living(x), err
}

// Revoke ends a token at once; found is false where there is no such living token.
func (t *Tokens) Revoke(ctx context.Context, token id.ID) (found bool, err error) {
	return t.db.RevokeToken(ctx, token)
}

// Check returns the person who holds a token. Whatever is wrong with it, the answer is the same; the
// reason is in the error's cause, for the log.
func (t *Tokens) Check(ctx context.Context, text string) (_ Actor, err error) {
	defer fault.Op(&err, "authn.Check")
	if !wellFormed(text) {
		return Actor{}, badToken("malformed")
	}
	tok, found, err := t.db.TokenByHash(ctx, hashToken(text))
	if err != nil {
		return Actor{}, err
	}
	now := t.now()
	switch {
	case !found:
		return Actor{}, badToken("unknown")
	case !tok.Revoked.IsZero():
		return Actor{}, badToken("revoked")
	case !now.Before(tok.Expires):
		return Actor{}, badToken("expired")
	}
	limits, err := parseLimits(tok.Limits)
	if err != nil {
		return Actor{}, badToken("limits")
	}
	if now.Sub(tok.Used) > time.Hour {
		if err := t.db.TokenUsed(ctx, tok.ID); err != nil {
			return Actor{}, err
		}
	}
	return Actor{user: tok.User, app: tok.ID, limits: limits, limited: true}, nil
}

type tokenFault string

func (f tokenFault) Error() string { return "token " + string(f) }

func badToken(why tokenFault) error {
	return fault.Wrap(fault.Unauthenticated, why, "bad_token", "the token is not valid: it may be mistyped, expired or revoked")
}

func hashToken(text string) []byte {
	h := sha256.Sum256([]byte(text))
	return h[:]
}

func wellFormed(text string) bool {
	body, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok || len(body) > 100 || body != strings.ToLower(body) {
		return false
	}
	raw, err := base32Text().DecodeString(strings.ToUpper(body))
	if err != nil || strings.ToLower(base32Text().EncodeToString(raw)) != body { // a decoder overlooks line ends and spare bits
		return false
	}
	return len(raw) == tokenBytes+4 && crc32.ChecksumIEEE(raw[:tokenBytes]) == binary.BigEndian.Uint32(raw[tokenBytes:])
}

// parseLimits reads "object:verb" pairs.
func parseLimits(texts []string) ([]policy.Limit, error) {
	if len(texts) == 0 || len(texts) > 200 {
		return nil, fault.InField("scopes", "required", "list what the token may do, such as deal:read or *:read, at most 200")
	}
	limits := make([]policy.Limit, 0, len(texts))
	for _, s := range texts {
		object, verb, ok := strings.Cut(s, ":")
		if !ok || object != policy.Everything && !objectForm.MatchString(object) || !knownVerb(verb) {
			return nil, fault.InField("scopes", "bad_scope", "%q is not a scope: write object:verb, such as deal:read, *:read or *:*", s)
		}
		limits = append(limits, policy.Limit{Object: object, Verb: verb})
	}
	return limits, nil
}

var objectForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func knownVerb(verb string) bool {
	if verb == policy.Everything {
		return true
	}
	for _, v := range policy.Verbs() {
		if string(v) == verb {
			return true
		}
	}
	return false
}
