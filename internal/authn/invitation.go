package authn

import (
	"context"
	"crypto/subtle"
	"io"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

// InvitationLife is how long an invitation can be accepted.
const InvitationLife = 24 * time.Hour

const invitationPrefix = "wbi_"

// Invite makes an invitation with which a person can set a password once, for the address that the
// person signs in with. Its text is shown once; its hash is stored. One made before ends.
func (p *Passwords) Invite(ctx context.Context, user id.ID, email string) (text string, expires time.Time, err error) {
	defer fault.Op(&err, "authn.Invite")
	c, err := p.credential(user, email)
	if err != nil {
		return "", expires, err
	}
	raw := make([]byte, tokenBytes)
	if _, err := io.ReadFull(p.rand, raw); err != nil {
		return "", expires, fault.Wrap(fault.Internal, err, "random", "internal error")
	}
	text = invitationPrefix + strings.ToLower(base32Text().EncodeToString(raw))
	expires = p.now().Add(InvitationLife)
	return text, expires, p.db.Invite(ctx, control.Invitation{User: user, Hash: hashToken(text), Login: c.Login, Address: c.Address, Expires: expires})
}

// Accept sets the password of the person whom an invitation is for. The address must be the one that
// it was made for: a link that went astray does not say it. note is called when all is right, before
// anything is changed.
func (p *Passwords) Accept(ctx context.Context, text, email, password string, note func(a Actor) error) (_ Actor, err error) {
	defer fault.Op(&err, "authn.Accept")
	bad := fault.New(fault.Unauthenticated, "bad_invitation", "the invitation is not for this address, was used, or has ended: ask for another one")
	if len(text) > 200 || !strings.HasPrefix(text, invitationPrefix) {
		return Actor{}, bad
	}
	x, found, err := p.db.Invitation(ctx, hashToken(text))
	if err != nil {
		return Actor{}, err
	}
	address, ok := seal.Email(email)
	if !found || !ok || !p.sameAddress(address, x.Address) {
		return Actor{}, bad
	}
	if err := CheckPassword(password, p.company, email); err != nil {
		return Actor{}, err
	}
	c, err := p.credential(x.User, email)
	if err != nil {
		return Actor{}, err
	}
	if c.PHC, err = p.hash(ctx, password); err != nil {
		return Actor{}, err
	}
	if err := note(Actor{user: x.User}); err != nil {
		return Actor{}, err
	}
	switch found, err = p.db.Accept(ctx, x.Hash, c); {
	case err != nil:
		return Actor{}, err
	case !found:
		return Actor{}, bad
	}
	return Actor{user: x.User}, nil
}

// sameAddress reports whether a keyed hash, under any key of the ring, is that of an address.
func (p *Passwords) sameAddress(address string, mac []byte) bool {
	same := 0
	for _, k := range p.roots {
		got := k.address.MAC([]byte(address))
		same |= subtle.ConstantTimeCompare(got[:], mac)
	}
	return same == 1
}
