package store

import (
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func newTestKeys(t *testing.T, dir string, ring *seal.Ring, ids *id.Source, org id.ID) *Keys {
	t.Helper()
	db, err := sqldb.OpenSQLite(t.Context(), sqldb.SQLiteConfig{DSN: "file:" + filepath.Join(dir, "keys.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	k, err := NewKeys(t.Context(), db, func() *seal.Ring { return ring }, org, ids, someTime, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func someTime() time.Time { return time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC) }

// Keys are the same whether they were just made or read from the database, and a key that is destroyed
// is gone, also for whoever was reading it meanwhile.
func TestKeys(t *testing.T) {
	t.Parallel()
	ctx, dir, ids := t.Context(), t.TempDir(), id.NewSource(someTime, rand.Reader)
	ring, org := seal.NewRing(rand.Reader, someTime()), ids.New()
	k := newTestKeys(t, dir, ring, ids, org)
	key, err := k.Take(ctx)
	if err != nil {
		t.Fatal(err)
	}
	load := func(k *Keys) PersonKeys {
		t.Helper()
		got, err := k.Load(ctx, []id.ID{key, {}})
		if _, own := got[id.ID{}]; err != nil || !own {
			t.Fatalf("the organisation's key: %t, %v", own, err)
		}
		return got[key]
	}
	gone := func(k *Keys) bool {
		t.Helper()
		_, found, err := k.One(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		return !found
	}
	addr := seal.Address{Org: org, Row: key, Subject: key}
	sealed := func(scope seal.Scope, with seal.Key) []byte {
		return seal.Seal(rand.Reader, with, keyVersion, scope, addr, []byte("secret"))
	}
	made := load(k)
	restricted, err := made.Restricted()
	if err != nil {
		t.Fatal(err)
	}
	personal, cell := sealed(seal.Personal, made.Personal), sealed(seal.Restricted, restricted)
	again := newTestKeys(t, dir, ring, ids, org)
	for range 2 { // from the database, then from memory
		read := load(again)
		if _, err := seal.Open(read.Personal, seal.Personal, addr, personal); err != nil {
			t.Errorf("the personal key was read as another one: %v", err)
		}
		if restricted, err = read.Restricted(); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Open(restricted, seal.Restricted, addr, cell); err != nil {
			t.Errorf("the key of restricted fields was read as another one: %v", err)
		}
	}
	turn, pair := again.turn(), load(again)
	if err := again.Destroy(ctx, key); err != nil {
		t.Fatal(err)
	}
	if !gone(again) {
		t.Error("a destroyed key is still there")
	}
	again.keep(map[id.ID]PersonKeys{key: pair}, turn)
	if !gone(again) {
		t.Error("a key that was being read while it was destroyed is back")
	}
	if err := again.Destroy(ctx, org); err == nil {
		t.Error("the organisation's own key can be destroyed")
	}
}
