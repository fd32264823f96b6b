package authn

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		p, ctx, user := d.whole.Passwords, context.Background(), id.ID{1}
		if err := p.Set(ctx, user, "Olga@Example.com", secret); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, email, password string
			right                 bool
			user                  id.ID
		}{
			{"as it is", "Olga@Example.com", secret, true, user},
			{"another spelling", " olga@EXAMPLE.com", secret, true, user},
			{"wrong password", "olga@example.com", another, false, user},
			{"nothing", "olga@example.com", "", false, user},
			{"one more space", "olga@example.com", secret + " ", false, user},
			{"capitals", "olga@example.com", strings.ToUpper(secret), false, user},
			{"huge", "olga@example.com", strings.Repeat("x", 1<<20), false, user},
			{"unknown address", "rita@example.com", secret, false, id.ID{}},
			{"no address", "olga", secret, false, id.ID{}},
			{"no text", "\xff\x00", secret, false, id.ID{}},
		} {
			d.now = d.now.Add(25 * time.Hour)
			got, err := p.Verify(ctx, c.email, c.password, here)
			if c.right != (err == nil) || got.User != c.user || got.Actor.IsZero() == c.right || got.Wait != 0 || len(got.Account) != 16 {
				t.Errorf("%s: %+v, %v", c.name, got, err)
			}
			if !c.right && fault.Reason(err) != "bad_credentials" {
				t.Errorf("%s: the answer differs: %v", c.name, err)
			}
		}
		if err := p.Set(ctx, id.ID{2}, "olga@example.com", another); fault.FieldsOf(err) == nil || fault.FieldsOf(err)[0].Reason != "taken" {
			t.Errorf("two people with one address: %v", err)
		}
	})
}

// A password that was set under other costs, or under keys that were rotated since, still proves its
// person, and is stored anew under those of today.
func TestVerifyRenews(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx, user, old := context.Background(), id.ID{1}, d.root()
		d.whole.Passwords.cost.Passes = 2
		if err := d.whole.Passwords.Set(ctx, user, "olga@example.com", secret); err != nil {
			t.Fatal(err)
		}
		was, _, err := d.db.CredentialOf(ctx, user)
		if err != nil {
			t.Fatal(err)
		}
		if d.ring, err = d.ring.Rotate(seal.IndexRoot, rand.Reader, d.now); err != nil {
			t.Fatal(err)
		}
		d.open(d.root(), old)
		if got, err := d.whole.Passwords.Verify(ctx, "olga@example.com", secret, here); err != nil || got.User != user {
			t.Fatalf("%+v %v", got, err)
		}
		now, _, err := d.db.CredentialOf(ctx, user)
		if err != nil || !strings.HasPrefix(now.PHC, d.whole.Passwords.prefix()) || string(now.Address) == string(was.Address) {
			t.Errorf("not renewed: %s (%v)", now.PHC, err)
		}
		d.open(d.root())
		if _, err := d.whole.Passwords.Verify(ctx, "olga@example.com", secret, here); err != nil {
			t.Errorf("without the old key: %v", err)
		}
		now.Address = nil // as an older Wardbook left it
		if err := d.db.SetCredential(ctx, now); err != nil {
			t.Fatal(err)
		}
		if _, err := d.whole.Passwords.Verify(ctx, "olga@example.com", secret, here); err != nil {
			t.Errorf("a row without a keyed hash: %v", err)
		}
		if now, _, err = d.db.CredentialOf(ctx, user); err != nil || now.Address == nil {
			t.Errorf("it was not given one (%v)", err)
		}
	})
}

// An address that nobody has takes the same hash as one that somebody has: the costs are the same, and
// it is computed.
func TestUnknownAddressesTakeTheSameWork(t *testing.T) {
	t.Parallel()
	p := NewPasswords(Config{Rand: rand.Reader})
	c, salt, hash, err := parsePHC(p.nobody())
	if err != nil || c != DefaultCost() || len(salt) != argonSalt || len(hash) != argonHash {
		t.Errorf("%+v %v", c, err)
	}
	p.slots = nil // nothing can be hashed any more
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, phc := range []string{p.nobody(), strings.Replace(p.nobody(), "AAAA", "BBBB", 1)} {
		if _, err := p.compare(ctx, phc, secret); !fault.Is(err, fault.Unavailable) {
			t.Errorf("answered without the work: %v", err)
		}
	}
}

func TestParsePHCRefuses(t *testing.T) {
	t.Parallel()
	good := NewPasswords(Config{}).nobody()
	for name, bad := range map[string]string{
		"empty": "", "another method": strings.Replace(good, "argon2id", "argon2i", 1), "another version": strings.Replace(good, "v=19", "v=16", 1),
		"much memory": strings.Replace(good, "m=65536", "m=4194304", 1), "many passes": strings.Replace(good, "t=3", "t=1000", 1),
		"no lanes": strings.Replace(good, "p=2", "p=0", 1), "no costs": strings.Replace(good, "m=65536,t=3,p=2", "x", 1),
		"cut": good[:len(good)-5], "no salt": strings.Replace(good, "$AAAAAAAAAAAAAAAAAAAAAA$", "$$", 1), "more": good + "$",
	} {
		if _, _, _, err := parsePHC(bad); !fault.Is(err, fault.Internal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooManyHashesAtOnce(t *testing.T) {
	t.Parallel()
	p := NewPasswords(Config{Rand: rand.Reader, Cost: cheap()})
	p.waiting.Store(maxWaiting)
	if _, err := p.hash(t.Context(), secret); fault.Reason(err) != "busy" || !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	p.waiting.Store(maxWaiting - 1)
	if _, err := p.hash(t.Context(), secret); err != nil || p.waiting.Load() != maxWaiting-1 || len(p.slots) != 0 {
		t.Errorf("%v; %d wait, %d at work", err, p.waiting.Load(), len(p.slots))
	}
}

// Who guesses is slowed more and more; who is guessed at, from elsewhere, is not.
func TestGuessersDoNotLockOut(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		p, ctx := d.whole.Passwords, context.Background()
		for i, email := range []string{"olga@example.com", "rita@example.com"} {
			if err := p.Set(ctx, id.ID{byte(i + 1)}, email, secret); err != nil {
				t.Fatal(err)
			}
		}
		guess := func(email, from string) time.Duration {
			t.Helper()
			got, err := p.Verify(ctx, email, another, from)
			if (err == nil) != (got.Wait > 0) {
				t.Fatalf("%+v %v", got, err)
			}
			return got.Wait
		}
		right := func(email, from string) time.Duration {
			t.Helper()
			got, err := p.Verify(ctx, email, secret, from)
			if err != nil {
				t.Fatal(err)
			}
			if got.Wait == 0 {
				if err := p.Succeeded(ctx, got); err != nil {
					t.Fatal(err)
				}
			}
			return got.Wait
		}
		var waits []time.Duration
		for tries := 0; tries < 20; {
			if w := guess("olga@example.com", there); w > 0 {
				waits = append(waits, w)
				d.now = d.now.Add(w)
				continue
			}
			tries++
		}
		if len(waits) != 20-accountFree || waits[0] != time.Second || waits[3] != 8*time.Second || waits[len(waits)-1] != maxDelay || !slices.IsSorted(waits) {
			t.Errorf("waits %v", waits)
		}
		if w := right("olga@example.com", there); w == 0 {
			t.Error("the guesser's network is not slowed for this account, even with the right password")
		}
		if w := right("rita@example.com", there); w != 0 {
			t.Errorf("a colleague in the same network waits %v", w)
		}
		if w := right("olga@example.com", here); w != 0 {
			t.Errorf("the person waits %v for what others did elsewhere", w)
		}
		d.now = d.now.Add(maxDelay)
		if w := right("olga@example.com", there); w != 0 {
			t.Errorf("after the delay: %v", w)
		}
		if w := guess("olga@example.com", there); w != 0 {
			t.Errorf("a success did not end the count: %v", w)
		}
		for i := 0; ; i++ { // many accounts, known or not, from one network
			if w := guess(strings.Repeat("x", i+1)+"@example.com", "2001:db8::"+string("0123456789abcdef"[i%16])); w > 0 {
				if i != networkFree {
					t.Errorf("the network is slowed after %d", i)
				}
				break
			}
		}
		if w := right("rita@example.com", "2001:db8::ffff"); w == 0 {
			t.Error("another address of the network is not slowed")
		}
		if w := right("rita@example.com", "2001:db8:0:1::1"); w != 0 {
			t.Errorf("another network is slowed: %v", w)
		}
	})
}

// Successes of one's own do not buy guesses at others.
func TestSuccessDoesNotHideGuesses(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sqldb.SQLite)
	d.ring = seal.NewRing(rand.Reader, d.now)
	d.open(d.root())
	p, ctx := d.whole.Passwords, context.Background()
	if err := p.Set(ctx, id.ID{1}, "mallory@example.com", secret); err != nil {
		t.Fatal(err)
	}
	for i := range 2 * networkFree {
		got, err := p.Verify(ctx, strings.Repeat("x", i+1)+"@example.com", another, there)
		if got.Wait > 0 {
			if i != networkFree {
				t.Errorf("slowed after %d", i)
			}
			return
		}
		if !fault.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
		if got, err = p.Verify(ctx, "mallory@example.com", secret, there); err == nil && got.Wait == 0 {
			err = p.Succeeded(ctx, got)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Error("never slowed")
}

// Attempts that are made at once are all counted before any is answered.
func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		p, ctx := d.whole.Passwords, context.Background()
		var made sync.Map
		var all sync.WaitGroup
		for i := range 24 {
			all.Go(func() {
				got, err := p.Verify(ctx, "olga@example.com", another, there)
				if got.Wait == 0 && fault.Is(err, fault.Unauthenticated) {
					made.Store(i, true)
				}
			})
		}
		all.Wait()
		n := 0
		made.Range(func(any, any) bool { n++; return true })
		if n != accountFree {
			t.Errorf("%d of 24 were tried, want %d", n, accountFree)
		}
	})
}

func TestAttemptsAreForgotten(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx := context.Background()
		never := func(control.Attempts) time.Duration { return 0 }
		fails := func(key string) (n int) {
			_, err := d.db.Attempt(ctx, []control.Measure{{Key: []byte(key), Wait: func(a control.Attempts) time.Duration { n = a.Fails; return time.Hour }}})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for range 3 {
			if _, err := d.db.Attempt(ctx, []control.Measure{{Key: []byte("a"), Wait: never}}); err != nil {
				t.Fatal(err)
			}
		}
		if n := fails("a"); n != 3 {
			t.Errorf("%d failures, want 3", n)
		}
		d.now = d.now.Add(24*time.Hour + time.Second)
		if n := fails("a"); n != 0 {
			t.Errorf("%d failures after a day", n)
		}
		if err := d.db.PruneAttempts(ctx, 1); err != nil {
			t.Fatal(err)
		}
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		p, ctx, user := d.whole.Passwords, context.Background(), id.ID{1}
		if _, err := p.Change(ctx, Change{User: user, Old: secret, New: another, From: here, Words: []string{"Olga Olgason"}, Note: agreed}); fault.Reason(err) != "no_password" {
			t.Errorf("without a password: %v", err)
		}
		if err := p.Set(ctx, user, "olga@example.com", secret); err != nil {
			t.Fatal(err)
		}
		text, _, err := d.whole.Sessions.Open(ctx, Actor{user: user}, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ name, old, password, field string }{
			{"a wrong old one", another, another, "old"},
			{"the same", secret, secret, "password"},
			{"short", secret, "short", "password"},
			{"the company", secret, "alder works alder works", "password"},
			{"the name", secret, "olga olgason 2026 !", "password"},
		} {
			_, err := p.Change(ctx, Change{User: user, Old: c.old, New: c.password, From: here, Words: []string{"Olga Olgason"}, Note: agreed})
			if fs := fault.FieldsOf(err); len(fs) != 1 || fs[0].Name != c.field {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if _, err := d.whole.Sessions.Check(ctx, text, "", nobodyAdmin); err != nil {
			t.Errorf("a change that failed ended the session: %v", err)
		}
		d.now = d.now.Add(time.Minute)
		if wait, err := p.Change(ctx, Change{User: user, Old: secret, New: another, From: here, Words: []string{"Olga Olgason"}, Note: agreed}); err != nil || wait != 0 {
			t.Fatalf("%v %v", wait, err)
		}
		if _, err := d.whole.Sessions.Check(ctx, text, "", nobodyAdmin); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a session outlived the password: %v", err)
		}
		if got, err := p.Verify(ctx, "olga@example.com", another, here); err != nil || got.User != user {
			t.Errorf("the new one: %v", err)
		}
		if _, err := p.Verify(ctx, "olga@example.com", secret, here); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the old one: %v", err)
		}
		var wait time.Duration
		for range accountFree + 1 {
			wait, _ = p.Change(ctx, Change{User: user, Old: "wrong", New: secret, From: here, Words: []string{"Olga Olgason"}, Note: agreed})
		}
		if wait == 0 {
			t.Error("a stolen session guesses at the password without a delay")
		}
	})
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		p, ctx, user := d.whole.Passwords, context.Background(), id.ID{1}
		invite := func() string {
			t.Helper()
			text, expires, err := p.Invite(ctx, user, "rita@example.com")
			if err != nil || !expires.Equal(d.now.Add(InvitationLife)) {
				t.Fatal(err)
			}
			return text
		}
		first := invite()
		text := invite()
		session, _, err := d.whole.Sessions.Open(ctx, Actor{user: user}, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ name, text, email, reason string }{
			{"one that another replaced", first, "rita@example.com", "bad_invitation"},
			{"another address", text, "olga@example.com", "bad_invitation"},
			{"no address", text, "", "bad_invitation"},
			{"none", "", "rita@example.com", "bad_invitation"},
			{"a made-up one", "wbi_" + strings.Repeat("a", 52), "rita@example.com", "bad_invitation"},
			{"a long one", "wbi_" + strings.Repeat("a", 5200), "rita@example.com", "bad_invitation"},
		} {
			if who, err := p.Accept(ctx, c.text, c.email, secret, agreed); fault.Reason(err) != c.reason || !who.IsZero() {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if _, err := p.Accept(ctx, text, "rita@example.com", "rita rita 2026 rita 2026", agreed); fault.FieldsOf(err) == nil {
			t.Errorf("a guessable password: %v", err)
		}
		if who, err := p.Accept(ctx, text, "Rita@example.com", secret, agreed); err != nil || who.User() != user {
			t.Fatalf("%+v %v", who, err)
		}
		if _, err := p.Accept(ctx, text, "rita@example.com", another, agreed); fault.Reason(err) != "bad_invitation" {
			t.Errorf("used twice: %v", err)
		}
		if _, err := d.whole.Sessions.Check(ctx, session, "", nobodyAdmin); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a session outlived the new password: %v", err)
		}
		if got, err := p.Verify(ctx, "rita@example.com", secret, here); err != nil || got.User != user {
			t.Errorf("%v", err)
		}
		text = invite()
		d.now = d.now.Add(InvitationLife)
		if _, err := p.Accept(ctx, text, "rita@example.com", another, agreed); fault.Reason(err) != "bad_invitation" {
			t.Errorf("a day later: %v", err)
		}
		text = invite()
		if err := d.whole.Sessions.EndAll(ctx, user, "deactivated"); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Accept(ctx, text, "rita@example.com", another, agreed); fault.Reason(err) != "bad_invitation" {
			t.Errorf("of somebody deactivated: %v", err)
		}
	})
}

func agreed(Actor) error { return nil }

// What cannot be journaled does not happen.
func TestPasswordsStayWithoutAJournal(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		p, ctx, user := d.whole.Passwords, context.Background(), id.ID{1}
		if err := p.Set(ctx, user, "olga@example.com", secret); err != nil {
			t.Fatal(err)
		}
		text, _, err := p.Invite(ctx, user, "olga@example.com")
		if err != nil {
			t.Fatal(err)
		}
		full := func(a Actor) error {
			if a.User() != user {
				t.Errorf("of %s", a.User())
			}
			return fault.New(fault.Unavailable, "journal_full", "x")
		}
		if _, err := p.Accept(ctx, text, "olga@example.com", another, full); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
		if _, err := p.Change(ctx, Change{User: user, Old: secret, New: another, From: here, Note: full}); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
		if _, err := p.Verify(ctx, "olga@example.com", secret, here); err != nil {
			t.Errorf("the password changed: %v", err)
		}
		if _, err := p.Accept(ctx, text, "olga@example.com", another, agreed); err != nil {
			t.Errorf("the invitation is used up: %v", err)
		}
	})
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "nonsense": "?", "": "?",
	} {
		if got := network(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
