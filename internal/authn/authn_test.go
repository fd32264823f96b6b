package authn

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// desk is a control database with a clock that the test sets.
type desk struct {
	*Tokens
	db    *control.DB
	now   time.Time
	ring  *seal.Ring
	whole *Desk
}

func newDesk(t *testing.T, engine sqldb.Engine) *desk {
	t.Helper()
	d := &desk{now: time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return d.now }
	var db *sqldb.DB
	var err error
	if engine == sqldb.Postgres {
		db, err = sqldb.OpenPostgres(context.Background(), sqldb.PostgresConfig{URL: pgtest.DSN(t), Schema: "wb_control"})
	} else {
		name := strings.ReplaceAll(t.TempDir(), "/", "_")
		vfs := vault.Register(name, vault.Static([32]byte{8}), vault.Options{})
		t.Cleanup(vfs.Unregister)
		db, err = sqldb.OpenSQLite(context.Background(), sqldb.SQLiteConfig{DSN: vault.DSN(name, filepath.Join(t.TempDir(), "control.db"))})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if d.db, err = control.Open(context.Background(), db, clock); err != nil {
		t.Fatal(err)
	}
	d.Tokens = NewTokens(d.db, id.NewSource(clock, rand.Reader), clock, rand.Reader)
	return d
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, engine := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		t.Run(engine.String(), func(t *testing.T) {
			t.Parallel()
			testTokens(t, newDesk(t, engine))
		})
	}
}

func testTokens(t *testing.T, d *desk) {
	ctx, user := context.Background(), id.ID{1}
	text, token, err := d.Issue(ctx, user, " loader ", []string{"deal:read", "*:create"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name, text, why string) {
		t.Helper()
		actor, err := d.Check(ctx, text)
		if why == "" {
			limits, limited := actor.Limits()
			if err != nil || actor.User() != user || actor.App() != token || !limited || !slices.Equal(limits, []policy.Limit{{Object: "deal", Verb: "read"}, {Object: "*", Verb: "create"}}) {
				t.Errorf("%s: got %+v (%v)", name, actor, err)
			}
			return
		}
		var cause tokenFault
		if !fault.Is(err, fault.Unauthenticated) || !errors.As(err, &cause) || string(cause) != why || !actor.IsZero() {
			t.Errorf("%s: got %v, want %s", name, err, why)
		}
		if fault.Message(err) != "the token is not valid: it may be mistyped, expired or revoked" || fault.Reason(err) != "bad_token" {
			t.Errorf("%s: the answer tells more than that it is wrong: %s", name, fault.Message(err))
		}
	}
	check("as issued", text, "")
	check("another one, well formed", forged([32]byte{1}), "unknown")
	check("one letter changed", text[:10]+string(other(text[10]))+text[11:], "malformed")
	check("capitals", strings.ToUpper(text), "malformed")
	check("capitals after the prefix", "wb_"+strings.ToUpper(text[3:]), "malformed")
	check("without the prefix", text[3:], "malformed")
	check("another prefix", "wx_"+text[3:], "malformed")
	check("cut", text[:len(text)-1], "malformed")
	check("longer", text+"a", "malformed")
	check("a space", text+" ", "malformed")
	check("a line", text+"\n", "malformed")
	check("empty", "", "malformed")
	check("huge", "wb_"+strings.Repeat("a", 1<<20), "malformed")

	list, err := d.db.Tokens(ctx, id.ID{})
	if err != nil || len(list) != 1 || list[0].Name != "loader" || list[0].Used != d.now.Truncate(time.Hour) {
		t.Fatalf("stored: %+v (%v)", list, err)
	}
	hash := sha256.Sum256([]byte(text))
	if !bytes.Equal(list[0].Hash, hash[:]) || strings.Contains(fmt.Sprintf("%+v", list[0]), text[3:]) {
		t.Error("what is stored is not the token's hash alone")
	}
	d.now = d.now.Add(time.Hour - time.Microsecond)
	check("in its last moment", text, "")
	d.now = d.now.Add(time.Microsecond)
	check("a moment later", text, "expired")
	d.now = d.now.Add(-time.Minute)
	if found, err := d.db.RevokeToken(ctx, token); err != nil || !found {
		t.Fatal(err)
	}
	check("revoked", text, "revoked")
	if found, err := d.db.RevokeToken(ctx, token); err != nil || found {
		t.Errorf("revoked twice: %v %v", found, err)
	}
}

func other(b byte) byte {
	if b == 'a' {
		return 'b'
	}
	return 'a'
}

// forged is a token that was never issued.
func forged(raw [32]byte) string {
	return "wb_" + strings.ToLower(base32Text().EncodeToString(binary.BigEndian.AppendUint32(raw[:], crc32.ChecksumIEEE(raw[:]))))
}

func TestTokenForm(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sqldb.SQLite)
	form := regexp.MustCompile(`^wb_[a-z2-7]{58}$`) // what a secret scanner looks for
	seen := map[string]bool{}
	for range 50 {
		text, _, err := d.Issue(context.Background(), id.ID{1}, "x", []string{"*:*"}, time.Hour)
		if err != nil || !form.MatchString(text) || seen[text] {
			t.Fatalf("%s (%v)", text, err)
		}
		seen[text] = true
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sqldb.SQLite)
	many := slices.Repeat([]string{"deal:read"}, 201)
	for _, c := range []struct {
		name, token string
		user        id.ID
		scopes      []string
		life        time.Duration
		field       string // "" when it is issued
	}{
		{"as it should be", "x", id.ID{1}, []string{"deal:read"}, time.Hour, ""},
		{"everything", "x", id.ID{1}, []string{"*:*"}, MaxTokenLife, ""},
		{"for nobody", "x", id.ID{}, []string{"deal:read"}, time.Hour, "user"},
		{"no name", "  ", id.ID{1}, []string{"deal:read"}, time.Hour, "name"},
		{"long name", strings.Repeat("x", 101), id.ID{1}, []string{"deal:read"}, time.Hour, "name"},
		{"no life", "x", id.ID{1}, []string{"deal:read"}, 0, "expires"},
		{"a life in the past", "x", id.ID{1}, []string{"deal:read"}, -time.Hour, "expires"},
		{"too long a life", "x", id.ID{1}, []string{"deal:read"}, MaxTokenLife + 1, "expires"},
		{"no scopes", "x", id.ID{1}, nil, time.Hour, "scopes"},
		{"too many scopes", "x", id.ID{1}, many, time.Hour, "scopes"},
		{"no verb", "x", id.ID{1}, []string{"deal"}, time.Hour, "scopes"},
		{"unknown verb", "x", id.ID{1}, []string{"deal:drop"}, time.Hour, "scopes"},
		{"no object", "x", id.ID{1}, []string{":read"}, time.Hour, "scopes"},
		{"three parts", "x", id.ID{1}, []string{"deal:read:own"}, time.Hour, "scopes"},
		{"an object that no object can be", "x", id.ID{1}, []string{"Deal s:read"}, time.Hour, "scopes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, token, err := d.Issue(context.Background(), c.user, c.token, c.scopes, c.life)
			if c.field == "" {
				if err != nil || text == "" || token.IsZero() {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if fs := fault.FieldsOf(err); len(fs) != 1 || fs[0].Name != c.field || text != "" || !token.IsZero() {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	const poem = "床前明月光疑是地上霜举头望明月低头思故乡"
	for _, c := range []struct{ name, password, reason string }{
		{"fifteen characters", "correct horse b", ""},
		{"fourteen", "correct horse ", "too_short"},
		{"fifteen Chinese characters", poem[:15*3], ""},
		{"fourteen, of many bytes", poem[:14*3], "too_short"},
		{"as long as may be", "correct horse " + strings.Repeat("x", MaxPassword-14), ""},
		{"too long", strings.Repeat("x", MaxPassword+1), "too_long"},
		{"no text", strings.Repeat("x", 20) + "\xff", "not_text"},
		{"empty", "", "too_short"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := CheckPassword(c.password)
			reason := ""
			if fs := fault.FieldsOf(err); len(fs) > 0 {
				reason = fs[0].Reason
			}
			if reason != c.reason || (err == nil) != (c.reason == "") {
				t.Errorf("got %v, want %q", err, c.reason)
			}
			if c.password != "" && err != nil && strings.Contains(err.Error(), c.password) {
				t.Error("the error holds the password")
			}
		})
	}
}

// What is stored of a password is argon2id at no less than OWASP's cost, of that password, with a
// salt of its own.
func TestPasswordHash(t *testing.T) {
	t.Parallel()
	const password = "correct horse battery staple"
	p := NewPasswords(Config{Rand: rand.Reader})
	first, err := p.hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.hash(t.Context(), password)
	if err != nil || first == again {
		t.Errorf("two hashes are alike (%v)", err)
	}
	parts := strings.Split(first, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" {
		t.Fatalf("not a PHC string: %s", first)
	}
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || memory < 19*1024 || memory > 256*1024 || passes < 2 || lanes < 1 {
		t.Errorf("costs %s (%v)", parts[3], err)
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	hash, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 16 || len(hash) < 32 {
		t.Fatalf("salt of %d bytes, hash of %d", len(salt), len(hash))
	}
	if !bytes.Equal(hash, argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(hash)))) {
		t.Error("the hash is of something else")
	}
	if _, err := NewPasswords(Config{Rand: strings.NewReader("short")}).hash(t.Context(), password); !fault.Is(err, fault.Internal) {
		t.Errorf("without randomness: %v", err)
	}
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sqldb.SQLite)
	_, root := seal.NewRing(rand.Reader, d.now).Current(seal.IndexRoot)
	p := NewPasswords(Config{DB: d.db, Roots: []seal.Key{root}, Rand: rand.Reader, Now: func() time.Time { return d.now }, Cost: cheap()})
	for _, c := range []struct{ name, email, password, field string }{
		{"as it should be", "Olga@Example.com", "correct horse battery staple", ""},
		{"short", "olga@example.com", "short", "password"},
		{"no address", "olga", "correct horse battery staple", "email"},
	} {
		err := p.Set(context.Background(), id.ID{1}, c.email, c.password)
		if fs := fault.FieldsOf(err); (err == nil) != (c.field == "") || err != nil && (len(fs) != 1 || fs[0].Name != c.field) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// cheap is the least that argon2id takes, for tests that are not about its cost.
func cheap() Cost { return Cost{Memory: 64, Passes: 1, Lanes: 1} }

// Only this package makes actors, and what it makes of the program has few rights, listed here.
func TestActors(t *testing.T) {
	t.Parallel()
	if !(Actor{}).IsZero() || Operator(id.ID{1}).IsZero() || Founder().IsZero() || Clerk().IsZero() || !Operator(id.ID{}).IsZero() {
		t.Error("somebody is nobody, or the other way round")
	}
	if _, ok := Operator(id.ID{1}).System(); ok {
		t.Error("a person is a part of the program")
	}
	if _, limited := Operator(id.ID{1}).Limits(); limited {
		t.Error("a person is limited without a token")
	}
	for name, want := range map[string]struct {
		actor   Actor
		objects []string
		verbs   []policy.Verb
	}{
		"founder": {Founder(), []string{"user", "team", "role", "pipeline", "stage"}, []policy.Verb{policy.Create, policy.Read, policy.Update}},
		"clerk":   {Clerk(), []string{"import", "export", "user", "change_set"}, []policy.Verb{policy.Create, policy.Read, policy.Update}},
	} {
		role, ok := want.actor.System()
		if !ok || role.Name != name || !want.actor.User().IsZero() || len(role.Grants) == 0 {
			t.Errorf("%s: %+v", name, role)
		}
		for _, g := range role.Grants {
			if !slices.Contains(want.objects, g.Object) || !slices.Contains(want.verbs, g.Verb) {
				t.Errorf("%s may %s %s", name, g.Verb, g.Object)
			}
		}
	}
}

func FuzzWellFormed(f *testing.F) {
	f.Add(forged([32]byte{1}))
	f.Add("wb_")
	f.Fuzz(func(t *testing.T, text string) {
		if !wellFormed(text) {
			return
		}
		raw, err := base32Text().DecodeString(strings.ToUpper(text[3:]))
		if err != nil || len(raw) != 36 || forged([32]byte(raw)) != text {
			t.Errorf("%q has a second spelling", text)
		}
	})
}
