package control_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/dialect"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// desk is a control database, a way to look behind it, and a clock that the test sets.
type desk struct {
	*control.DB

	raw    *sqldb.DB
	tokens *authn.Tokens
	ids    *id.Source

	mu sync.Mutex
	at time.Time
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *desk) add(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

func engines(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	for _, e := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			d := &desk{at: time.Date(2026, 3, 4, 8, 30, 0, 123_000, time.UTC)}
			random := rand.NewChaCha8([32]byte{1})
			d.ids = id.NewSource(d.now, random)
			d.raw = open(t, e)
			for range 2 { // a second start finds everything in place
				db, err := control.Open(t.Context(), d.raw, d.now)
				if err != nil {
					t.Fatal(err)
				}
				d.DB = db
			}
			d.tokens = authn.NewTokens(d.DB, d.ids, d.now, random)
			test(t, d)
		})
	}
}

func open(t *testing.T, e sqldb.Engine) *sqldb.DB {
	t.Helper()
	var db *sqldb.DB
	var err error
	if e == sqldb.Postgres {
		db, err = sqldb.OpenPostgres(t.Context(), sqldb.PostgresConfig{URL: pgtest.DSN(t), Schema: "wb_control", Conns: 4, Observe: dialect.Guard(t, e)})
	} else {
		dir := t.TempDir()
		vfs := vault.Register(strings.ReplaceAll(dir, "/", "_"), vault.Static([32]byte{9}), vault.Options{OnFailure: func(f vault.Failure) { t.Log(f) }})
		t.Cleanup(vfs.Unregister)
		db, err = sqldb.OpenSQLite(t.Context(), sqldb.SQLiteConfig{DSN: vault.DSN(vfs.Name(), filepath.Join(dir, "control.db")), Observe: dialect.Guard(t, e)})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// issue makes a token that may read deals.
func (d *desk) issue(t *testing.T, user id.ID, life time.Duration) (text string, token id.ID) {
	t.Helper()
	text, token, err := d.tokens.Issue(t.Context(), user, "ERP", []string{"deal:read", "*:update"}, life)
	if err != nil {
		t.Fatal(err)
	}
	return text, token
}

// What is stored is the hash of a token, and everything else comes back as it went in.
func TestTokenIsStoredHashed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		user := d.ids.New()
		text, token := d.issue(t, user, 48*time.Hour)
		sum := sha256.Sum256([]byte(text))
		got, found, err := d.TokenByHash(t.Context(), sum[:])
		if err != nil || !found {
			t.Fatalf("found %v, %v", found, err)
		}
		if got.ID != token || got.User != user || got.Name != "ERP" || !slices.Equal(got.Limits, []string{"deal:read", "*:update"}) || !bytes.Equal(got.Hash, sum[:]) {
			t.Errorf("came back as %+v", got)
		}
		if !got.Created.Equal(d.now()) || !got.Expires.Equal(d.now().Add(48*time.Hour)) || !got.Revoked.IsZero() || !got.Used.IsZero() {
			t.Errorf("its times came back as %+v", got)
		}
		var name, limits string
		var hash []byte
		if _, err := d.raw.Row(t.Context(), "SELECT name, limits, hash FROM token", nil, &name, &limits, &hash); err != nil {
			t.Fatal(err)
		}
		secret := strings.TrimPrefix(text, "wb_")
		for _, stored := range []string{name, limits, string(hash)} {
			if strings.Contains(stored, secret) || strings.Contains(stored, secret[:16]) {
				t.Error("the text of a token is stored")
			}
		}
	})
}

// A token opens the door for its person and its scopes, until it ends.
func TestTokenLife(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx, user := t.Context(), d.ids.New()
		text, token := d.issue(t, user, 48*time.Hour)
		other, otherID := d.issue(t, d.ids.New(), 366*24*time.Hour)
		check := func(what, text string, want bool) {
			t.Helper()
			a, err := d.tokens.Check(ctx, text)
			if want != (err == nil) || !want && !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: %v", what, err)
			}
			if !want && !a.IsZero() {
				t.Errorf("%s: somebody came in", what)
			}
		}
		a, err := d.tokens.Check(ctx, text)
		if err != nil || a.User() != user || a.App() != token {
			t.Fatalf("%v of %v, %v", a.App(), a.User(), err)
		}
		if limits, limited := a.Limits(); !limited || len(limits) != 2 || limits[0].Object != "deal" || limits[0].Verb != "read" {
			t.Errorf("scopes %v, limited %v", limits, limited)
		}
		check("no token", "", false)
		check("another text", "wb_"+strings.Repeat("a", len(text)-3), false)
		check("in capitals", strings.ToUpper(text), false)
		check("one letter more", text+"a", false)

		d.add(48*time.Hour - time.Microsecond)
		check("a moment before its end", text, true)
		d.add(time.Microsecond)
		check("at its end", text, false)

		check("the other, before", other, true)
		if found, err := d.RevokeToken(ctx, otherID); err != nil || !found {
			t.Errorf("revoke: found %v, %v", found, err)
		}
		check("the other, revoked", other, false)
		revoked := d.now()
		d.add(time.Hour)
		for what, x := range map[string]id.ID{"again": otherID, "an unknown one": d.ids.New()} {
			if found, err := d.RevokeToken(ctx, x); err != nil || found {
				t.Errorf("revoke %s: found %v, %v", what, found, err)
			}
		}
		list, err := d.Tokens(ctx, id.ID{})
		if err != nil || len(list) != 2 || !list[1].Revoked.Equal(revoked) || !list[0].Revoked.IsZero() {
			t.Errorf("afterwards %+v, %v", list, err)
		}
	})
}

// A token is not asked of the database at each call, and still what another node revoked ends here within a
// second, and what this one revoked at once, even where it was being read meanwhile.
func TestTokenRevoked(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		other, err := control.Open(ctx, d.raw, d.now)
		if err != nil {
			t.Fatal(err)
		}
		living := func(what, text string, want bool) {
			t.Helper()
			if _, err := d.tokens.Check(ctx, text); (err == nil) != want {
				t.Errorf("%s: %v", what, err)
			}
		}
		text, token := d.issue(t, d.ids.New(), time.Hour)
		living("before", text, true)
		if found, err := other.RevokeToken(ctx, token); err != nil || !found {
			t.Fatalf("found %v, %v", found, err)
		}
		d.add(time.Second)
		living("a second after another node revoked it", text, false)

		text, token = d.issue(t, d.ids.New(), time.Hour)
		living("before", text, true)
		if found, err := d.RevokeToken(ctx, token); err != nil || !found {
			t.Fatalf("found %v, %v", found, err)
		}
		living("after this node revoked it", text, false)
	})
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		user := d.ids.New()
		for name, tc := range map[string]struct {
			user   id.ID
			name   string
			limits []string
			life   time.Duration
		}{
			"nobody's":       {id.ID{}, "x", []string{"*:*"}, time.Hour},
			"no name":        {user, " ", []string{"*:*"}, time.Hour},
			"long name":      {user, strings.Repeat("x", 101), []string{"*:*"}, time.Hour},
			"name with NUL":  {user, "a\x00b", []string{"*:*"}, time.Hour},
			"no scope":       {user, "x", nil, time.Hour},
			"a wrong scope":  {user, "x", []string{"deal"}, time.Hour},
			"an unknown act": {user, "x", []string{"deal:rob"}, time.Hour},
			"no life":        {user, "x", []string{"*:*"}, 0},
			"too long a one": {user, "x", []string{"*:*"}, 366*24*time.Hour + 1},
		} {
			text, _, err := d.tokens.Issue(t.Context(), tc.user, tc.name, tc.limits, tc.life)
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: token %v, %v", name, text != "", err)
			}
		}
		if list, err := d.Tokens(t.Context(), id.ID{}); err != nil || len(list) != 0 {
			t.Errorf("%d tokens were made, %v", len(list), err)
		}
	})
}

// The hour of the last use is kept, not the moment: it shall show what is idle, not watch people.
func TestTokenUse(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		text, _ := d.issue(t, d.ids.New(), 48*time.Hour)
		used := func() time.Time {
			if _, err := d.tokens.Check(t.Context(), text); err != nil {
				t.Fatal(err)
			}
			list, err := d.Tokens(t.Context(), id.ID{})
			if err != nil {
				t.Fatal(err)
			}
			return list[0].Used
		}
		hour := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)
		for _, step := range []struct{ by, want time.Duration }{{0, 0}, {10 * time.Minute, 0}, {3 * time.Hour, 3 * time.Hour}} {
			d.add(step.by)
			if got := used(); !got.Equal(hour.Add(step.want)) {
				t.Errorf("%v later: used %v", step.by, got)
			}
		}
	})
}

// A person sees their own tokens, in the order of their making; the same token cannot be made twice.
func TestTokens(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		a, b := d.ids.New(), d.ids.New()
		var want []id.ID
		for i := range 6 {
			d.add(time.Second)
			_, token := d.issue(t, []id.ID{a, b}[i%2], time.Hour)
			if i%2 == 0 {
				want = append(want, token)
			}
		}
		list, err := d.Tokens(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		var got []id.ID
		for _, tok := range list {
			got = append(got, tok.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("tokens %v, want %v", got, want)
		}
		twin := list[0]
		twin.ID = d.ids.New()
		if err := d.AddToken(ctx, twin); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second token with the same hash: %v", err)
		}
		if _, found, err := d.TokenByHash(ctx, make([]byte, 32)); err != nil || found {
			t.Errorf("an unknown hash: found %v, %v", found, err)
		}
	})
}

func TestCredentialIsReplaced(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx, user := t.Context(), d.ids.New()
		for _, c := range []control.Credential{{User: user, Login: -5, PHC: "$argon2id$old"}, {User: d.ids.New(), Login: 7, PHC: "$argon2id$other"}, {User: user, Login: 7, PHC: "$argon2id$new"}} {
			d.add(time.Minute)
			if err := d.SetCredential(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		var n, login, at int64
		var phc string
		if _, err := d.raw.Row(ctx, "SELECT count(*) FROM credential WHERE login = 7", nil, &n); err != nil || n != 2 {
			t.Errorf("%d people share a blind index, %v; want 2", n, err)
		}
		found, err := d.raw.Row(ctx, "SELECT login, phc, changed_at FROM credential WHERE user_id = ?", []any{user.Bytes()}, &login, &phc, &at)
		if err != nil || !found || login != 7 || phc != "$argon2id$new" || at != d.now().UnixMicro() {
			t.Errorf("stored %d %s %d, %v", login, phc, at, err)
		}
	})
}

func TestClosed(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		text, _ := d.issue(t, d.ids.New(), time.Hour)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if a, err := d.tokens.Check(context.WithoutCancel(t.Context()), text); !fault.Is(err, fault.Unavailable) || !a.IsZero() {
			t.Errorf("a token on a closed database: %v", err)
		}
	})
}
