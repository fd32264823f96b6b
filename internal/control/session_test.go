package control_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/control"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// A session comes back as it went in, is used, ends once, and says why.
func TestSessions(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx, user := t.Context(), d.ids.New()
		add := func(text string, most int) control.Session {
			t.Helper()
			d.add(time.Second)
			hash := sha256.Sum256([]byte(text))
			now := d.now().Truncate(time.Microsecond)
			s := control.Session{ID: d.ids.New(), Hash: hash[:], User: user, Client: "firefox", Created: now, Used: now, Expires: now.Add(time.Hour)}
			if err := d.AddSession(ctx, s, most); err != nil {
				t.Fatal(err)
			}
			return s
		}
		first := add("a", 3)
		got, found, err := d.SessionByHash(ctx, first.Hash)
		if err != nil || !found || got.ID != first.ID || got.User != user || got.Client != "firefox" || !got.Created.Equal(first.Created) || !got.Expires.Equal(first.Expires) || !got.Ended.IsZero() || got.Why != "" {
			t.Errorf("got %+v, %v", got, err)
		}
		second, third := add("b", 3), add("c", 3)
		d.add(time.Minute)
		if err := d.UseSession(ctx, first.ID); err != nil {
			t.Fatal(err)
		}
		add("d", 3)
		if got, _, err := d.SessionByID(ctx, second.ID); err != nil || got.Why != "too_many" || got.Ended.IsZero() {
			t.Errorf("the longest unused: %+v, %v", got, err)
		}
		if n, err := d.EndSession(ctx, third.ID, "x"); err != nil || !n {
			t.Errorf("%v %v", n, err)
		}
		if n, err := d.EndSession(ctx, third.ID, "y"); err != nil || n {
			t.Errorf("twice: %v %v", n, err)
		}
		if n, err := d.EndSessions(ctx, user, "password"); err != nil || n != 2 {
			t.Errorf("ended %d of 2 (%v)", n, err)
		}
		if list, err := d.Sessions(ctx, user); err != nil || len(list) != 0 {
			t.Errorf("%d are in force (%v)", len(list), err)
		}
		if _, found, err := d.SessionByID(ctx, id.ID{9}); err != nil || found {
			t.Errorf("unknown: %v %v", found, err)
		}
		d.add(60 * 24 * time.Hour)
		add("e", 3)
		if _, found, err := d.SessionByID(ctx, first.ID); err != nil || found {
			t.Errorf("old ones are kept: %v %v", found, err)
		}
	})
}

func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		fails := map[string]int{}
		try := func(key string, wait time.Duration) {
			t.Helper()
			got, err := d.Attempt(ctx, []control.Measure{{Key: []byte(key), Wait: func(a control.Attempts) time.Duration { fails[key] = a.Fails; return wait }}})
			if err != nil || got != wait {
				t.Fatal(got, err)
			}
		}
		for _, key := range []string{"a", "b", "c", "d", "a"} {
			d.add(time.Second)
			try(key, 0)
		}
		try("a", time.Minute)
		if try("a", time.Minute); fails["a"] != 2 {
			t.Errorf("%d failures: what waits is counted", fails["a"])
		}
		if err := d.Succeeded(ctx, []byte("b"), []byte("a")); err != nil {
			t.Fatal(err)
		}
		try("a", time.Minute)
		if try("b", time.Minute); fails["a"] != 1 || fails["b"] != 0 {
			t.Errorf("after a success: %v", fails)
		}
		if err := d.PruneAttempts(ctx, 2); err != nil { // c is the older of c, d and a
			t.Fatal(err)
		}
		var n int64
		if _, err := d.raw.Row(ctx, "SELECT count(*) FROM attempt", nil, &n); err != nil || n != 2 {
			t.Errorf("%d rows (%v)", n, err)
		}
		for _, key := range []string{"a", "c", "d"} {
			try(key, time.Minute)
		}
		if fails["a"] != 1 || fails["c"] != 0 || fails["d"] != 1 {
			t.Errorf("not the oldest alone is gone: %v", fails)
		}
	})
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *desk) {
		ctx, a, b := t.Context(), d.ids.New(), d.ids.New()
		for _, c := range []control.Credential{{User: a, Login: 7, Address: []byte("a"), PHC: "A"}, {User: b, Login: 7, PHC: "B"}} {
			if err := d.SetCredential(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.SetCredential(ctx, control.Credential{User: b, Login: 7, Address: []byte("a"), PHC: "B"}); fault.Reason(err) != "invalid_field" {
			t.Errorf("one address for two: %v", err)
		}
		for _, c := range []struct {
			name    string
			login   int64
			address string
			phc     string
		}{
			{"by the keyed hash", 7, "a", "A"},
			{"by the blind index, where there is no hash", 7, "b", "B"},
			{"another", 8, "b", ""},
		} {
			got, found, err := d.CredentialAt(ctx, c.login, []byte(c.address))
			if err != nil || found != (c.phc != "") || got.PHC != c.phc {
				t.Errorf("%s: %+v, %v", c.name, got, err)
			}
		}
		x := control.Invitation{User: b, Hash: []byte("h"), Login: 9, Address: []byte("b"), Expires: d.now().Add(time.Hour)}
		if err := d.Invite(ctx, x); err != nil {
			t.Fatal(err)
		}
		if got, found, err := d.Invitation(ctx, []byte("h")); err != nil || !found || got.User != b || got.Login != 9 || string(got.Address) != "b" {
			t.Errorf("%+v %v", got, err)
		}
		if found, err := d.Accept(ctx, []byte("h"), control.Credential{User: a, PHC: "X"}); err != nil || found {
			t.Errorf("another's invitation: %v %v", found, err)
		}
		if found, err := d.Accept(ctx, []byte("h"), control.Credential{User: b, Login: 9, Address: []byte("a"), PHC: "X"}); fault.FieldsOf(err) == nil {
			t.Errorf("for another's address: %v %v", found, err)
		}
		if found, err := d.Accept(ctx, []byte("h"), control.Credential{User: b, Login: 9, Address: []byte("b"), PHC: "X"}); err != nil || !found {
			t.Errorf("what failed used it up: %v %v", found, err)
		}
		if got, found, err := d.CredentialOf(ctx, b); err != nil || !found || got.PHC != "X" {
			t.Errorf("%+v %v", got, err)
		}
		if err := d.Invite(ctx, x); err != nil {
			t.Fatal(err)
		}
		if err := d.Withdraw(ctx, b); err != nil {
			t.Fatal(err)
		}
		if _, found, err := d.Invitation(ctx, []byte("h")); err != nil || found {
			t.Errorf("withdrawn: %v %v", found, err)
		}
	})
}
