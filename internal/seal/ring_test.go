package seal

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

func TestNewRingHasEveryPurpose(t *testing.T) {
	t.Parallel()
	r := NewRing(stream("ring"), someTime())
	if !slices.IsSorted(Purposes()) || len(r.Versions()) != len(Purposes()) {
		t.Fatal("purposes are unsorted or missing")
	}
	seen := map[string]Purpose{}
	for _, p := range Purposes() {
		v, key := r.Current(p)
		if v != 1 || key.IsZero() {
			t.Errorf("%s: version %d, key %v", p, v, !key.IsZero())
		}
		if other, twice := seen[string(key.s().raw[:])]; twice {
			t.Errorf("%s and %s share a key", p, other)
		}
		seen[string(key.s().raw[:])] = p
	}
	if r.Complete(stream("x"), someTime()) != r {
		t.Error("completing a whole ring changed it")
	}
}

func TestRingLife(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return someTime().AddDate(0, 0, n) }
	one := NewRing(stream("ring"), day(0))
	_, first := one.Current(KEKPersonal)
	two, err := one.Rotate(KEKPersonal, stream("second"), day(1))
	if err != nil {
		t.Fatal(err)
	}
	if v, k := one.Current(KEKPersonal); v != 1 || !k.Equal(first) {
		t.Error("rotating changed the ring it was asked of")
	}
	if v, k := two.Current(KEKPersonal); v != 2 || k.Equal(first) {
		t.Errorf("current version %d", v)
	}
	if k, err := two.Get(KEKPersonal, 1); err != nil || !k.Equal(first) {
		t.Errorf("the old version no longer opens: %v", err)
	}
	if v, _ := two.Current(KEKRestricted); v != 1 {
		t.Error("rotating one purpose rotated another")
	}
	if _, err := two.Destroy(KEKPersonal, 2, day(2)); fault.Reason(err) != "key_active" {
		t.Errorf("destroying the active version: %v", err)
	}
	three, err := two.Destroy(KEKPersonal, 1, day(2))
	if err != nil {
		t.Fatal(err)
	}
	if k, err := three.Get(KEKPersonal, 1); fault.Reason(err) != "key_destroyed" || !k.IsZero() {
		t.Errorf("a destroyed key: %v, %v", !k.IsZero(), err)
	}
	if bytes.Contains(three.encode(), first.s().raw[:]) {
		t.Error("a destroyed key is still written")
	}
	if again, err := three.Destroy(KEKPersonal, 1, day(3)); err != nil || again != three {
		t.Errorf("destroying twice: %v", err)
	}
	want := Version{Purpose: KEKPersonal, Number: 1, State: Destroyed, Created: day(0), Retired: day(1), Destroyed: day(2)}
	if i := slices.Index(three.Versions(), want); i < 0 {
		t.Errorf("%+v is not in %+v", want, three.Versions())
	}
	if four, err := three.Rotate(KEKPersonal, stream("third"), day(4)); err != nil {
		t.Error(err)
	} else if v, _ := four.Current(KEKPersonal); v != 3 {
		t.Errorf("a destroyed version's number came again: %d", v)
	}
}

func TestRingUnknown(t *testing.T) {
	t.Parallel()
	r := NewRing(stream("ring"), someTime())
	if _, err := r.Get(Backup, 2); fault.Reason(err) != "key_unknown" {
		t.Error(err)
	}
	if _, err := r.Get("nothing", 1); fault.Reason(err) != "key_unknown" {
		t.Error(err)
	}
	if _, err := r.Destroy(Backup, 9, someTime()); fault.Reason(err) != "key_unknown" {
		t.Error(err)
	}
	if _, err := r.Rotate("nothing", stream("x"), someTime()); fault.Reason(err) != "key_unknown" {
		t.Error(err)
	}
}

func TestRingIsBounded(t *testing.T) {
	t.Parallel()
	r, rand := NewRing(stream("ring"), someTime()), stream("more")
	for len(r.entries) < maxRingKeys {
		r.entries = append(r.entries, r.entries...)[:min(maxRingKeys, 2*len(r.entries))]
	}
	if _, err := r.Rotate(Backup, rand, someTime()); fault.Reason(err) != "ring_full" {
		t.Errorf("a full ring: %v", err)
	}
}

// sampleRing has a key in every state.
func sampleRing(t testing.TB) *Ring {
	t.Helper()
	r := NewRing(stream("ring"), someTime())
	for _, p := range []Purpose{KEKPersonal, KEKPersonal, AuditSign} {
		var err error
		if r, err = r.Rotate(p, stream("again"), someTime().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := r.Destroy(KEKPersonal, 1, someTime().Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRingEncoding(t *testing.T) {
	t.Parallel()
	r := sampleRing(t)
	got, err := decodeRing(r.encode())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Versions(), r.Versions()) || !bytes.Equal(got.encode(), r.encode()) {
		t.Error("the ring changed on the way")
	}
	for n := range len(r.encode()) {
		if got, err := decodeRing(r.encode()[:n]); err == nil && bytes.Equal(got.encode(), r.encode()) {
			t.Errorf("%d bytes gave the whole ring", n)
		}
	}
}

func TestRingOfAnOlderRelease(t *testing.T) {
	t.Parallel()
	old := NewRing(stream("ring"), someTime())
	_, kept := old.Current(Backup)
	old.entries = slices.DeleteFunc(old.entries, func(e entry) bool { return e.Purpose == IndexRoot || e.Purpose == Canary })
	old.entries = append(old.entries, fresh("zz.newer", 1, stream("n"), someTime())) // and of a newer one
	got, err := decodeRing(old.encode())
	if err != nil {
		t.Fatal(err)
	}
	got = got.Complete(stream("more"), someTime())
	if _, k := got.Current(Backup); !k.Equal(kept) {
		t.Error("completing replaced a key")
	}
	if v, k := got.Current(IndexRoot); v != 1 || k.IsZero() {
		t.Error("a missing purpose was not added")
	}
	if _, err := got.Get("zz.newer", 1); err != nil {
		t.Error("an unknown purpose was lost")
	}
}

func TestDecodeRingRefuses(t *testing.T) {
	t.Parallel()
	bend := func(f func(r *Ring)) []byte {
		r := sampleRing(t)
		f(r)
		return r.encode()
	}
	at := func(r *Ring, p Purpose, n uint32) *entry {
		i, _ := r.search(p, n)
		return &r.entries[i]
	}
	cases := map[string][]byte{
		"empty":         nil,
		"no keys":       {ringFormat},
		"other format":  {9},
		"two active":    bend(func(r *Ring) { at(r, AuditSign, 1).State = Active }),
		"none active":   bend(func(r *Ring) { at(r, Backup, 1).State = DecryptOnly }),
		"last inactive": bend(func(r *Ring) { at(r, SessionMAC, 1).State = DecryptOnly }),
		"no such state": bend(func(r *Ring) { at(r, Backup, 1).State = 7 }),
		"version 0":     bend(func(r *Ring) { at(r, Backup, 1).Number = 0 }),
		"gap":           bend(func(r *Ring) { at(r, AuditSign, 2).Number = 3 }),
		"unsorted":      bend(func(r *Ring) { slices.Reverse(r.entries) }),
		"no name":       bend(func(r *Ring) { at(r, Backup, 1).Purpose = "" }),
		"trailing":      append(sampleRing(t).encode(), 0),
	}
	for name, b := range cases {
		if _, err := decodeRing(b); fault.Reason(err) != "ring_damaged" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeRing(f *testing.F) {
	f.Add(sampleRing(f).encode())
	f.Add([]byte{ringFormat, 1, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRing(b)
		if err == nil && !bytes.Equal(r.encode(), b) {
			t.Error("decoding and encoding gives other bytes")
		}
	})
}
