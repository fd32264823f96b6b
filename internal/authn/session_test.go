package authn

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// engines runs a test at a whole desk on both engines.
func engines(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	for _, engine := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		t.Run(engine.String(), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, engine)
			d.ring = seal.NewRing(rand.Reader, d.now)
			d.open(d.root())
			test(t, d)
		})
	}
}

func (d *desk) root() seal.Key {
	_, root := d.ring.Current(seal.IndexRoot)
	return root
}

// open opens the desk with the roots of the blind indexes, the current one first.
func (d *desk) open(roots ...seal.Key) {
	clock := func() time.Time { return d.now }
	d.whole = NewDesk(Config{DB: d.db, IDs: id.NewSource(clock, rand.Reader), Now: clock, Rand: rand.Reader, Roots: roots, Company: "Alder Works", Cost: cheap()})
}

const (
	secret  = "correct horse battery staple"
	another = "quiet lanterns above the weir"
	here    = "192.0.2.1"
	there   = "198.51.100.7"
)

func nobodyAdmin(Actor) (bool, error) { return false, nil }
func admin(Actor) (bool, error)       { return true, nil }

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		s, user, ctx := d.whole.Sessions, id.ID{1}, context.Background()
		begun := d.now
		for _, c := range []struct {
			name  string
			admin func(Actor) (bool, error)
			steps []time.Duration // between uses
			agent string
			why   string // "" where it holds
		}{
			{"at once", nobodyAdmin, nil, "Firefox/1", ""},
			{"another version", nobodyAdmin, nil, "Firefox/2", ""},
			{"another program", nobodyAdmin, nil, "Chrome/1 Safari/1", "other_client"},
			{"nearly half an hour idle", nobodyAdmin, []time.Duration{SessionIdle - time.Second}, "Firefox/1", ""},
			{"half an hour idle", nobodyAdmin, []time.Duration{SessionIdle}, "Firefox/1", "expired"},
			{"used all day", nobodyAdmin, slices.Repeat([]time.Duration{20 * time.Minute}, 35), "Firefox/1", ""},
			{"too long a day", nobodyAdmin, slices.Repeat([]time.Duration{20 * time.Minute}, 36), "Firefox/1", "expired"},
			{"an administrator, quarter of an hour idle", admin, []time.Duration{AdminSessionIdle}, "Firefox/1", "expired"},
			{"an administrator, nearly", admin, []time.Duration{AdminSessionIdle - time.Second}, "Firefox/1", ""},
			{"an administrator, too long a day", admin, slices.Repeat([]time.Duration{10 * time.Minute}, 48), "Firefox/1", "expired"},
		} {
			d.now = begun
			text, opened, err := s.Open(ctx, Actor{user: user}, "Firefox/1")
			if err != nil {
				t.Fatal(err)
			}
			for i, step := range c.steps {
				d.now = d.now.Add(step)
				if i < len(c.steps)-1 {
					if _, err := s.Check(ctx, text, "Firefox/1", c.admin); err != nil {
						t.Fatalf("%s: ended at step %d: %v", c.name, i, err)
					}
				}
			}
			got, err := s.Check(ctx, text, c.agent, c.admin)
			if c.why == "" {
				if err != nil || got.Actor.User() != user || got.Actor.Session() != opened.ID || got.CSRF != opened.CSRF || !got.SameCSRF(opened.CSRF) || got.SameCSRF("") {
					t.Errorf("%s: %+v, %v", c.name, got, err)
				}
				continue
			}
			if cause := tokenFault(""); !fault.Is(err, fault.Unauthenticated) || !errors.As(err, &cause) || string(cause) != c.why || !got.Actor.IsZero() {
				t.Errorf("%s: %v, want %s", c.name, err, c.why)
			}
			d.now = begun // what ended stays so
			if _, err := s.Check(ctx, text, "Firefox/1", nobodyAdmin); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: it lives again", c.name)
			}
		}
	})
}

func TestSessionTexts(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		s, ctx := d.whole.Sessions, context.Background()
		text, opened, err := s.Open(ctx, Actor{user: id.ID{1}}, "")
		if err != nil {
			t.Fatal(err)
		}
		again, other, err := s.Open(ctx, Actor{user: id.ID{1}}, "")
		if err != nil || text == again || opened.CSRF == other.CSRF || len(text) != 43 || strings.Contains(text, opened.CSRF) {
			t.Errorf("%q %q (%v)", text, again, err)
		}
		row, _, err := d.db.SessionByID(ctx, opened.ID)
		if err != nil || string(row.Hash) != string(hashToken(text)) {
			t.Errorf("what is stored is not the hash (%v)", err)
		}
		for name, bad := range map[string]string{
			"empty": "", "short": text[1:], "long": text + "A", "another": strings.Repeat("A", 43), "a line": text + "\n", "a letter": text[:5] + string(other2(text[5])) + text[6:],
			"spare bits": text[:42] + string(nextBase64(text[42])), "huge": strings.Repeat("A", 1<<20),
		} {
			if _, err := s.Check(ctx, bad, "", nobodyAdmin); !fault.Is(err, fault.Unauthenticated) || fault.Reason(err) != "bad_session" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, who := range map[string]Actor{"nobody": {}, "a token": {user: id.ID{1}, limited: true}, "a part of the program": Founder()} {
			if _, _, err := s.Open(ctx, who, ""); !fault.Is(err, fault.Internal) {
				t.Errorf("%s signs in: %v", name, err)
			}
		}
	})
}

func other2(b byte) byte {
	if b == 'A' {
		return 'B'
	}
	return 'A'
}

// nextBase64 is the letter whose spare bits differ: a second spelling of the same bytes.
func nextBase64(b byte) byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return letters[strings.IndexByte(letters, b)+1]
}

func TestSessionsOfAPerson(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		s, ctx, user := d.whole.Sessions, context.Background(), id.ID{1}
		var texts []string
		for range MaxSessions + 2 {
			d.now = d.now.Add(time.Second)
			text, _, err := s.Open(ctx, Actor{user: user}, "")
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
		theirs, _, err := s.Open(ctx, Actor{user: id.ID{2}}, "")
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.List(ctx, user)
		if err != nil || len(list) != MaxSessions {
			t.Errorf("%d sessions (%v)", len(list), err)
		}
		valid := func(text string) bool {
			_, err := s.Check(ctx, text, "", nobodyAdmin)
			return err == nil
		}
		if valid(texts[0]) || valid(texts[1]) || !valid(texts[2]) {
			t.Error("the longest unused did not end")
		}
		if found, err := s.End(ctx, list[0].ID, "ended"); err != nil || !found || valid(texts[2]) {
			t.Errorf("ended: %v %v", found, err)
		}
		if found, err := s.End(ctx, list[0].ID, "ended"); err != nil || found {
			t.Errorf("ended twice: %v %v", found, err)
		}
		inactive := func(Actor) (bool, error) { return false, fault.New(fault.Unauthenticated, "inactive", "x") }
		if _, err := s.Check(ctx, texts[3], "", inactive); fault.Reason(err) != "inactive" || valid(texts[3]) {
			t.Errorf("an inactive person's session: %v", err)
		}
		away := func(Actor) (bool, error) { return false, fault.New(fault.Unavailable, "x", "x") }
		if _, err := s.Check(ctx, texts[4], "", away); !fault.Is(err, fault.Unavailable) || !valid(texts[4]) {
			t.Errorf("while the records are away: %v", err)
		}
		if err := s.EndAll(ctx, user, "deactivated"); err != nil || valid(texts[10]) || !valid(theirs) {
			t.Errorf("all ended, and nobody else's: %v", err)
		}
		d.now = d.now.Add(100 * 24 * time.Hour)
		if _, _, err := s.Open(ctx, Actor{user: id.ID{3}}, ""); err != nil {
			t.Fatal(err)
		}
		if _, found, err := d.db.SessionByID(ctx, list[0].ID); err != nil || found {
			t.Errorf("an old session is kept for ever (%v)", err)
		}
	})
}
