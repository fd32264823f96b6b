package authn

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
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

// Passwords keeps people's passwords as argon2id hashes (RFC 9106).
type Passwords struct {
	db    *control.DB
	login *seal.Index
	rand  io.Reader
}

// NewPasswords returns the password desk. index hides the sign-in addresses from who reads the
// control database without the keys.
func NewPasswords(db *control.DB, index *seal.Index, rand io.Reader) *Passwords {
	return &Passwords{db: db, login: index, rand: rand}
}

// argon2id costs: 64 MiB, 3 passes, 2 lanes (OWASP's floor is 19 MiB and 2 passes).
const (
	argonMemory = 64 * 1024
	argonPasses = 3
	argonLanes  = 2
	argonSalt   = 16
	argonHash   = 32
)

// CheckPassword says what is wrong with a new password, or nil.
func CheckPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		return fault.InField("password", "too_short", "use at least %d characters; a few unrelated words do well", MinPassword)
	case len(password) > MaxPassword:
		return fault.InField("password", "too_long", "use at most %d bytes", MaxPassword)
	case !utf8.ValidString(password):
		return fault.InField("password", "not_text", "use valid text (UTF-8)")
	}
	return nil
}

// Set stores a person's sign-in address and password.
func (p *Passwords) Set(ctx context.Context, user id.ID, email, password string) (err error) {
	defer fault.Op(&err, "authn.Set")
	if err := CheckPassword(password); err != nil {
		return err
	}
	address, ok := seal.Email(email)
	if !ok {
		return fault.InField("email", "not_an_email", "want an address like name@example.com")
	}
	phc, err := p.hash(password)
	if err != nil {
		return err
	}
	return p.db.SetCredential(ctx, control.Credential{User: user, Login: p.login.Token(address), PHC: phc})
}

// hash returns the PHC string of a password with a new salt.
func (p *Passwords) hash(password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(p.rand, salt); err != nil {
		return "", fault.Wrap(fault.Internal, err, "random", "internal error")
	}
	h := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonLanes, argonHash)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes,
		b64.EncodeToString(salt), b64.EncodeToString(h)), nil
}
