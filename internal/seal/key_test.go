package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
)

func TestKeyTellsNothing(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte("SECR"), 8)
	key, err := KeyFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	hidden := struct {
		Open Key
		shut Key
		ring *Ring
	}{key, key, &Ring{entries: []entry{{key: key}}}}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p"} {
		fmt.Fprintf(&out, verb+"\n", key)
		fmt.Fprintf(&out, verb+"\n", &key)
		fmt.Fprintf(&out, verb+"\n", hidden)
		fmt.Fprintf(&out, verb+"\n", hidden.ring)
		fmt.Fprintf(&out, verb+"\n", map[string]Key{"k": key})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", key, "ring", hidden.ring)
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", key, "hidden", hidden)
	for _, trace := range []string{"SECR", hex.EncodeToString(raw[:4]), strings.ToUpper(hex.EncodeToString(raw[:4])), "83 69 67 82", "0x53, 0x45"} {
		if strings.Contains(out.String(), trace) {
			t.Errorf("%q found in %s", trace, out.String())
		}
	}
	if got := fmt.Sprintf("%v %s %#v", key, key, key); got != strings.Repeat(redacted+" ", 2)+redacted {
		t.Errorf("printed %q", got)
	}
	if b, err := json.Marshal(map[string]Key{"k": key}); err == nil {
		t.Errorf("JSON of a key = %s, want an error", b)
	}
	//lint:ignore SA9005 that it shows nothing is what the test is about
	if b, err := json.Marshal(hidden.ring); err == nil && string(b) != "{}" {
		t.Errorf("JSON of a ring = %s", b)
	}
}

func TestKeyFromBytes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 16, 31, 33, 64} {
		if k, err := KeyFromBytes(make([]byte, n)); fault.Reason(err) != "key_size" || !k.IsZero() {
			t.Errorf("%d bytes: %v, %v", n, k.IsZero(), err)
		}
	}
	raw := bytes.Repeat([]byte{9}, KeySize)
	a, _ := KeyFromBytes(raw)
	raw[0] = 8 // the key must have its own copy
	b, _ := KeyFromBytes(bytes.Repeat([]byte{9}, KeySize))
	c, _ := KeyFromBytes(raw)
	if !a.Equal(b) || a.Equal(c) || a.Equal(Key{}) || !(Key{}).Equal(Key{}) {
		t.Error("Equal is wrong")
	}
}

func TestKeyDerives(t *testing.T) {
	t.Parallel()
	k := NewKey(stream("derive"))
	if bytes.Equal(k.Derive("a", 32), k.Derive("b", 32)) {
		t.Error("two labels give the same bytes")
	}
	if !bytes.Equal(k.Derive("a", 64)[:32], k.Derive("a", 32)) {
		t.Error("HKDF output is not a prefix of a longer one")
	}
	if sub := k.DeriveKey("a"); !bytes.Equal(sub.s().raw[:], k.Derive("a", 32)) {
		t.Error("DeriveKey is not Derive")
	}
	if k.MAC([]byte("x")) == k.MAC([]byte("y")) || len(k.Ed25519().Seed()) != KeySize {
		t.Error("MAC or Ed25519 is wrong")
	}
}

func TestZeroKeyAndNoRandomnessPanic(t *testing.T) {
	t.Parallel()
	key := NewKey(stream("k"))
	cases := map[string]func(){
		"seal under zero key": func() { Seal(stream("r"), Key{}, 1, Personal, Address{}, nil) },
		"wrap under zero key": func() { Wrap(stream("r"), Key{}, 1, Personal, Address{}, key) },
		"wrap the zero key":   func() { Wrap(stream("r"), key, 1, Personal, Address{}, Key{}) },
		"derive from zero":    func() { Key{}.Derive("x", 32) },
		"no randomness":       func() { Seal(strings.NewReader("short"), key, 1, Personal, Address{}, nil) },
		"no scope":            func() { Seal(stream("r"), key, 1, 0, Address{}, nil) },
		"unknown scope":       func() { Wrap(stream("r"), key, 1, 99, Address{}, key) },
		"ring lacks purpose":  func() { new(Ring).Current(Backup) },
	}
	for name, do := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			do()
		})
	}
	if _, err := Open(Key{}, Personal, Address{}, Seal(stream("r"), key, 1, Personal, Address{}, nil)); !IsUnsealed(err) {
		t.Errorf("opening with the zero key: %v", err)
	}
	if _, err := Unwrap(Key{}, Personal, Address{}, Wrap(stream("r"), key, 1, Personal, Address{}, key)); !IsUnsealed(err) {
		t.Errorf("unwrapping with the zero key: %v", err)
	}
}
