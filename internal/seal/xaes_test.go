package seal

import (
	"bytes"
	"crypto/sha3"
	"encoding/hex"
	"testing"
)

// The vectors of https://c2sp.org/XAES-256-GCM.
func TestXAESVectors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		key                  byte
		aad, k1, sub, cipher string
	}{
		"MSB of L is 0": {
			key: 1, k1: "e531954aca063d5b8d9c47a47d4cc6f0",
			sub:    "c8612c9ed53fe43e8e005b828a1631a0bbcb6ab2f46514ec4f439fcfd0fa969b",
			cipher: "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
		},
		"MSB of L is 1": {
			key: 3, aad: "c2sp.org/XAES-256-GCM", k1: "23810ec50edb99f374409466ed1f4b7b",
			sub:    "e9c621d4cdd9b11b00a6427ad7e559aeedd66b3857646677748f8ca796cb3fd8",
			cipher: "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := KeyFromBytes(bytes.Repeat([]byte{c.key}, KeySize))
			if err != nil {
				t.Fatal(err)
			}
			nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
			_, k1 := k.s().block()
			if got := hex.EncodeToString(k1[:]); got != c.k1 {
				t.Errorf("K1 = %s, want %s", got, c.k1)
			}
			w := new(scratch)
			got := k.s().sealTo(w, nil, nonce, []byte("XAES-256-GCM"), []byte(c.aad))
			if sub := hex.EncodeToString(w.sub[:]); sub != c.sub {
				t.Errorf("derived key = %s, want %s", sub, c.sub)
			}
			if hex.EncodeToString(got) != c.cipher {
				t.Errorf("ciphertext = %x, want %s", got, c.cipher)
			}
			back, err := k.s().openTo(w, nil, nonce, got, []byte(c.aad))
			if err != nil || string(back) != "XAES-256-GCM" {
				t.Errorf("opened %q, %v", back, err)
			}
		})
	}
}

// The accumulated randomised tests of https://c2sp.org/XAES-256-GCM.
func TestXAESAccumulated(t *testing.T) {
	t.Parallel()
	rounds, want := 10_000, "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
	if *long {
		rounds, want = 1_000_000, "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15"
	}
	rng, sum := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	read := func(n int) []byte {
		b := make([]byte, n)
		mustRead(rng, b)
		return b
	}
	for range rounds {
		key, nonce := read(KeySize), read(nonceSize)
		plaintext := read(int(read(1)[0]))
		aad := read(int(read(1)[0]))
		k, err := KeyFromBytes(key)
		if err != nil {
			t.Fatal(err)
		}
		w := new(scratch)
		sealed := k.s().sealTo(w, nil, nonce, plaintext, aad)
		back, err := k.s().openTo(w, nil, nonce, sealed, aad)
		if err != nil || !bytes.Equal(back, plaintext) {
			t.Fatalf("round trip: %v", err)
		}
		_, _ = sum.Write(sealed)
	}
	got := make([]byte, 32)
	mustRead(sum, got)
	if hex.EncodeToString(got) != want {
		t.Errorf("hash = %x, want %s", got, want)
	}
}
