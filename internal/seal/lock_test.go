package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
)

func keyFile(t testing.TB, name string) Unlocker {
	t.Helper()
	u, err := KeyFile(NewKeyFile(stream(name)))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// cheap returns a passphrase that takes no time: the limits are the tests' own.
func cheap(t testing.TB, text string) Unlocker {
	t.Helper()
	u, err := Passphrase(text)
	if err != nil {
		t.Fatal(err)
	}
	u.limits.floor = Cost{8, 1, 1}
	return u.WithCost(Cost{64, 1, 1})
}

const phrase = "correct horse battery staple"

func sampleLock(t testing.TB) *Lock {
	t.Helper()
	l, err := CreateLock(stream("lock"), someTime(), someID(0xa1),
		keyFile(t, "file").WithLabel("server"), cheap(t, phrase).WithLabel("保险柜"))
	if err != nil {
		t.Fatal(err)
	}
	return l.WithRing(sampleRing(t))
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return fault.Reason(err)
}

func TestLockRoundTrip(t *testing.T) {
	t.Parallel()
	l := sampleLock(t)
	data := l.Marshal(stream("out"))
	for name, u := range map[string]Unlocker{
		"key file":               keyFile(t, "file"),
		"passphrase":             cheap(t, phrase),
		"passphrase, full width": cheap(t, "ｃorrect horse battery staple"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ring, back, err := OpenLock(data, u)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(ring.encode(), l.ring.encode()) || back.Ring() != ring {
				t.Error("the ring changed on the way")
			}
			if a, b := fmt.Sprintf("%+v", back.Info()), fmt.Sprintf("%+v", l.Info()); a != b {
				t.Errorf("info %s, want %s", a, b)
			}
			if !bytes.Equal(back.Marshal(stream("out")), data) {
				t.Error("writing again with the same randomness gives another file")
			}
		})
	}
	info, err := ReadLock(data)
	if err != nil || info.Org != someID(0xa1) || info.Serial != 2 || len(info.Slots) != 2 || info.Slots[1].Cost != (Cost{64, 1, 1}) {
		t.Errorf("info %+v, %v", info, err)
	}
	if bytes.Equal(l.Marshal(stream("a")), l.Marshal(stream("b"))) {
		t.Error("the ring was sealed twice alike")
	}
}

func TestLockHoldsNoPlaintextKey(t *testing.T) {
	t.Parallel()
	l := sampleLock(t)
	data := l.Marshal(stream("out"))
	decoded := slices.Clone(data)
	for field := range bytes.SplitSeq(data, []byte(`"`)) {
		b, _ := base64.StdEncoding.DecodeString(string(field))
		decoded = append(decoded, b...)
	}
	secrets := [][]byte{l.root.s().raw[:], []byte("correct horse")}
	for _, e := range l.ring.entries {
		if !e.key.IsZero() {
			secrets = append(secrets, e.key.s().raw[:])
		}
	}
	for _, s := range secrets {
		for _, form := range []string{string(s), hex.EncodeToString(s), base64.StdEncoding.EncodeToString(s), base64.RawURLEncoding.EncodeToString(s)} {
			if bytes.Contains(decoded, []byte(form)) || bytes.Contains(decoded, []byte(form[:8])) {
				t.Errorf("a secret lies open in the file")
			}
		}
	}
}

func TestOpenLockRefuses(t *testing.T) {
	t.Parallel()
	l := sampleLock(t)
	fileOnly, err := l.RemoveSlot(2)
	if err != nil {
		t.Fatal(err)
	}
	mine, right := keyFile(t, "file"), cheap(t, phrase)
	strict := right
	strict.limits = productLimits()
	low := right
	low.limits.ceiling.Memory = 32
	other, err := CreateLock(stream("other"), someTime(), someID(0xa1), mine)
	if err != nil {
		t.Fatal(err)
	}
	bend := func(f func(f *lockFile)) []byte {
		file, err := parseLock(l.Marshal(stream("out")))
		if err != nil {
			t.Fatal(err)
		}
		f(file)
		out, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	good := l.Marshal(stream("out"))
	cases := map[string]struct {
		data   []byte
		with   Unlocker
		reason string
	}{
		"another organisation's key file": {good, keyFile(t, "foreign"), "key_file_foreign"},
		"wrong passphrase":                {good, cheap(t, "incorrect horse battery"), "passphrase_wrong"},
		"slot removed":                    {fileOnly.Marshal(stream("x")), right, "slot_none"},
		"no unlocker":                     {good, Unlocker{}, "slot_none"},
		"cheaper than allowed":            {good, strict, "cost_low"},
		"dearer than allowed":             {good, low, "cost_high"},
		"newer":                           {bend(func(f *lockFile) { f.Version = 2 }), mine, "lock_newer"},
		"newer, of another shape":         {[]byte(`{"format":"wardbook-keyring","version":9,"slots":{"a":1}}`), mine, "lock_newer"},
		"newer slot":                      {bend(func(f *lockFile) { f.Slots[1].Kind = "tpm2" }), mine, "lock_newer"},
		"no version":                      {[]byte(`{"format":"wardbook-keyring"}`), mine, "lock_damaged"},
		"empty":                           {nil, mine, "lock_unknown"},
		"another file":                    {[]byte("SQLite format 3\x00"), mine, "lock_unknown"},
		"other JSON":                      {[]byte(`{"format":"x","version":1}`), mine, "lock_unknown"},
		"a key file":                      {NewKeyFile(stream("file")), mine, "lock_unknown"},
		"too large":                       {make([]byte, MaxLockSize+1), mine, "lock_unknown"},
		"cut off":                         {good[:len(good)/2], mine, "lock_damaged"},
		"trailing":                        {append(slices.Clone(good), "{}"...), mine, "lock_damaged"},
		"unknown part":                    {bytes.Replace(good, []byte(`"serial"`), []byte(`"more": 1, "serial"`), 1), mine, "lock_damaged"},
		"slot damaged":                    {bend(func(f *lockFile) { f.Slots[0].Wrapped[60] ^= 1 }), mine, "slot_damaged"},
		"slot version":                    {bend(func(f *lockFile) { f.Slots[0].Wrapped[6] ^= 2 }), mine, "slot_damaged"},
		"slots exchanged":                 {bend(func(f *lockFile) { f.Slots[0].ID, f.Slots[1].ID = 3, 4 }), mine, "slot_damaged"},
		"organisation changed":            {bend(func(f *lockFile) { f.Org = someID(2) }), mine, "slot_damaged"},
		"other slot damaged":              {bend(func(f *lockFile) { f.Slots[0].Wrapped[60] ^= 1 }), right, ""},
		"salt changed":                    {bend(func(f *lockFile) { f.Slots[1].Salt[0] ^= 1 }), right, "passphrase_wrong"},
		"cost changed":                    {bend(func(f *lockFile) { f.Slots[1].Argon2.Time = 2 }), right, "passphrase_wrong"},
		"slot of another keyring": {bend(func(f *lockFile) {
			f.Slots[0].Check, f.Slots[0].Wrapped = other.slots[0].check, other.slots[0].wrapped
		}), mine, "lock_damaged"},
		"ring damaged": {bend(func(f *lockFile) { f.Ring[100] ^= 1 }), mine, "ring_damaged"},
		"ring of another": {bend(func(f *lockFile) {
			f.Ring = Seal(stream("r"), other.root, f.Serial, Keyring, Address{Org: f.Org}, other.ring.encode())
		}), mine, "ring_damaged"},
		"ring is nonsense": {bend(func(f *lockFile) {
			f.Ring = Seal(stream("r"), l.root, f.Serial, Keyring, Address{Org: f.Org}, []byte("x"))
		}), mine, "ring_damaged"},
		"serial changed": {bend(func(f *lockFile) { f.Serial++ }), mine, "lock_damaged"},
		"no slots":       {bend(func(f *lockFile) { f.Slots = nil }), mine, "lock_damaged"},
		"many slots": {bend(func(f *lockFile) {
			for len(f.Slots) <= maxSlots {
				s := f.Slots[0]
				s.ID = f.Slots[len(f.Slots)-1].ID + 1
				f.Slots = append(f.Slots, s)
			}
		}), mine, "lock_damaged"},
		"slot 0":          {bend(func(f *lockFile) { f.Slots[0].ID = 0 }), mine, "lock_damaged"},
		"slot twice":      {bend(func(f *lockFile) { f.Slots[1].ID = 1 }), mine, "lock_damaged"},
		"no check":        {bend(func(f *lockFile) { f.Slots[0].Check = nil }), mine, "lock_damaged"},
		"no cost":         {bend(func(f *lockFile) { f.Slots[1].Argon2 = nil }), mine, "lock_damaged"},
		"no organisation": {bend(func(f *lockFile) { f.Org = someID(0) }), mine, "lock_damaged"},
		"a year too far":  {bytes.Replace(good, []byte(`"created": "2026-11-23T08:30:00Z"`), []byte(`"created": "9999-12-31T23:59:59-09:00"`), 1), mine, "lock_damaged"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ring, lock, err := OpenLock(c.data, c.with)
			if reason(err) != c.reason {
				t.Fatalf("error %v, want %q", err, c.reason)
			}
			if err == nil {
				return
			}
			if ring != nil || lock != nil {
				t.Error("a ring came with the error")
			}
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.Unauthenticated {
				t.Errorf("kind %s: the operator would not see why", k)
			}
		})
	}
}

func TestSlots(t *testing.T) {
	t.Parallel()
	l := sampleLock(t)
	later := someTime().Add(time.Hour)
	three, err := l.AddSlot(stream("3"), later, keyFile(t, "third").WithLabel("recovery"))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Info().Slots) != 2 {
		t.Error("adding changed the lock it was asked of")
	}
	if got := three.Info().Slots[2]; got != (Slot{ID: 3, Kind: KindKeyFile, Label: "recovery", Created: later}) {
		t.Errorf("slot %+v", got)
	}
	if _, _, err := OpenLock(three.Marshal(stream("o")), keyFile(t, "third")); err != nil {
		t.Errorf("the new slot does not open: %v", err)
	}
	two, err := three.RemoveSlot(1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenLock(two.Marshal(stream("o")), keyFile(t, "file")); reason(err) != "key_file_foreign" {
		t.Errorf("the removed slot: %v", err)
	}
	if len(three.Info().Slots) != 3 || three.Info().Slots[0].ID != 1 {
		t.Error("removing changed the lock it was asked of")
	}
	if _, err := two.RemoveSlot(1); reason(err) != "slot_unknown" {
		t.Errorf("removing what is not there: %v", err)
	}
	one, err := two.RemoveSlot(2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.RemoveSlot(3); reason(err) != "slot_last" {
		t.Errorf("removing the last slot: %v", err)
	}
	if one.Info().Serial != l.Info().Serial+3 {
		t.Errorf("serial %d after three changes of %d", one.Info().Serial, l.Info().Serial)
	}
}

func TestAddSlotRefuses(t *testing.T) {
	t.Parallel()
	l, file := sampleLock(t), keyFile(t, "more")
	full := l
	for len(full.slots) < maxSlots {
		var err error
		if full, err = full.AddSlot(stream("m"), someTime(), file); err != nil {
			t.Fatal(err)
		}
	}
	costly := func(c Cost) Unlocker {
		u, err := Passphrase(phrase)
		if err != nil {
			t.Fatal(err)
		}
		return u.WithCost(c)
	}
	cases := map[string]struct {
		lock   *Lock
		with   Unlocker
		reason string
	}{
		"no unlocker":      {l, Unlocker{}, "slot_kind"},
		"short passphrase": {l, cheap(t, "14 characters."), "invalid_field"},
		"long label":       {l, file.WithLabel(strings.Repeat("客", 65)), "invalid_field"},
		"unprintable":      {l, file.WithLabel("a\x1b[2Jb"), "invalid_field"},
		"full":             {full, file, "slot_many"},
		"little memory":    {l, costly(Cost{256<<10 - 1, 4, 2}), "cost_low"},
		"one pass":         {l, costly(Cost{1 << 20, 1, 2}), "cost_low"},
		"no thread":        {l, costly(Cost{1 << 20, 4, 0}), "cost_low"},
		"much memory":      {l, costly(Cost{4<<20 + 1, 4, 2}), "cost_high"},
		"many passes":      {l, costly(Cost{1 << 20, 17, 2}), "cost_high"},
		"many threads":     {l, costly(Cost{1 << 20, 4, 17}), "cost_high"},
	}
	for name, c := range cases {
		if _, err := c.lock.AddSlot(stream("x"), someTime(), c.with); reason(err) != c.reason {
			t.Errorf("%s: %v, want %s", name, err, c.reason)
		}
	}
	if _, err := CreateLock(stream("x"), someTime(), someID(1)); reason(err) != "slot_last" {
		t.Errorf("a keyring that nobody can open: %v", err)
	}
	if _, err := l.RotateRoot(stream("x"), someTime()); reason(err) != "slot_last" {
		t.Errorf("a keyring that nobody can open: %v", err)
	}
	if err := productLimits().check(DefaultCost()); err != nil {
		t.Errorf("the default cost: %v", err)
	}
}

func TestRotateRoot(t *testing.T) {
	t.Parallel()
	l := sampleLock(t)
	before := l.Marshal(stream("o"))
	n, err := l.RotateRoot(stream("new root"), someTime(), keyFile(t, "file"))
	if err != nil {
		t.Fatal(err)
	}
	after := n.Marshal(stream("o"))
	ring, _, err := OpenLock(after, keyFile(t, "file"))
	if err != nil || !bytes.Equal(ring.encode(), l.ring.encode()) {
		t.Fatalf("the ring changed: %v", err)
	}
	if n.root.Equal(l.root) || n.Info().Serial != l.Info().Serial+1 {
		t.Error("the root is the same")
	}
	if _, _, err := OpenLock(after, cheap(t, phrase)); reason(err) != "slot_none" {
		t.Errorf("a slot not given again: %v", err)
	}
	if _, err := Open(l.root, Keyring, Address{Org: someID(0xa1)}, Seal(stream("s"), n.root, 1, Keyring, Address{Org: someID(0xa1)}, nil)); !IsUnsealed(err) {
		t.Error("the old root opens the new ring")
	}
	if _, _, err := OpenLock(before, cheap(t, phrase)); err != nil {
		t.Errorf("rotating changed the lock it was asked of: %v", err)
	}
}

// The product's own limits, with the least cost they allow.
func TestPassphraseAtTheFloor(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 256 MiB")
	}
	u, err := Passphrase(phrase)
	if err != nil {
		t.Fatal(err)
	}
	l, err := CreateLock(stream("lock"), someTime(), someID(1), u.WithCost(productLimits().floor))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenLock(l.Marshal(stream("o")), u); err != nil {
		t.Error(err)
	}
}

func FuzzOpenLock(f *testing.F) {
	data := sampleLock(f).Marshal(stream("out"))
	f.Add(data)
	f.Add(data[:200])
	f.Add([]byte(`{"format":"wardbook-keyring","version":1}`))
	u := keyFile(f, "file")
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := ReadLock(data); err != nil {
			if k := fault.KindOf(err); k != fault.Invalid {
				t.Errorf("kind %s of %v", k, err)
			}
			return
		}
		if _, l, err := OpenLock(data, u); err == nil {
			if _, _, err := OpenLock(l.Marshal(stream("again")), u); err != nil {
				t.Errorf("written again, it does not open: %v", err)
			}
		}
	})
}
