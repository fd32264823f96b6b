package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

// hexBytes is how Wycheproof writes bytes, and how our own vectors do.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// proof is a Wycheproof test of any of the three kinds we use.
type proof struct {
	ID     int      `json:"tcId"`
	Key    hexBytes `json:"key"`
	IV     hexBytes `json:"iv"`
	AAD    hexBytes `json:"aad"`
	Msg    hexBytes `json:"msg"`
	CT     hexBytes `json:"ct"`
	Tag    hexBytes `json:"tag"`
	IKM    hexBytes `json:"ikm"`
	Salt   hexBytes `json:"salt"`
	Info   hexBytes `json:"info"`
	Size   int      `json:"size"`
	OKM    hexBytes `json:"okm"`
	Result string   `json:"result"`
}

// proofs returns the tests of a file whose group passes keep.
func proofs(t *testing.T, name string, keep func(ivSize, keySize, tagSize int) bool) []proof {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			IVSize  int     `json:"ivSize"`
			KeySize int     `json:"keySize"`
			TagSize int     `json:"tagSize"`
			Tests   []proof `json:"tests"`
		} `json:"testGroups"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var list []proof
	for _, g := range file.Groups {
		if keep(g.IVSize, g.KeySize, g.TagSize) {
			list = append(list, g.Tests...)
		}
	}
	return list
}

// The AES-256-GCM that XAES rests on.
func TestWycheproofGCM(t *testing.T) {
	t.Parallel()
	list := proofs(t, "aes_gcm_test.json", func(iv, key, tag int) bool { return iv == 96 && key == 256 && tag == 128 })
	if len(list) < 60 {
		t.Fatalf("only %d tests", len(list))
	}
	for _, p := range list {
		g := newGCM(p.Key)
		sealed := append(bytes.Clone(p.CT), p.Tag...)
		msg, err := g.Open(nil, p.IV, sealed, p.AAD)
		if (err == nil) != (p.Result == "valid") {
			t.Errorf("%d: opened with %v, want %s", p.ID, err, p.Result)
			continue
		}
		if err != nil {
			continue
		}
		if !bytes.Equal(msg, p.Msg) || !bytes.Equal(g.Seal(nil, p.IV, p.Msg, p.AAD), sealed) {
			t.Errorf("%d: wrong bytes", p.ID)
		}
	}
}

// HKDF-SHA256 as Key.Derive uses it, where a test has a 256-bit key and no salt, and as such elsewhere.
func TestWycheproofHKDF(t *testing.T) {
	t.Parallel()
	ours := 0
	for _, p := range proofs(t, "hkdf_sha256_test.json", func(_, _, _ int) bool { return true }) {
		got, err := hkdf.Key(sha256.New, p.IKM, p.Salt, string(p.Info), p.Size)
		if (err == nil) != (p.Result == "valid") || err == nil && !bytes.Equal(got, p.OKM) {
			t.Errorf("%d: %x, %v, want %s", p.ID, got, err, p.Result)
		}
		k, err := KeyFromBytes(p.IKM)
		if err != nil || len(p.Salt) > 0 || p.Result != "valid" {
			continue
		}
		ours++
		if !bytes.Equal(k.Derive(string(p.Info), p.Size), p.OKM) {
			t.Errorf("%d: Derive is wrong", p.ID)
		}
	}
	if ours == 0 {
		t.Error("no test went through Key.Derive")
	}
}

// HMAC-SHA256 as Key.MAC and the tokens of an Index use it: whole and truncated.
func TestWycheproofHMAC(t *testing.T) {
	t.Parallel()
	list := proofs(t, "hmac_sha256_test.json", func(_, key, _ int) bool { return key == 8*KeySize })
	if len(list) < 30 {
		t.Fatalf("only %d tests", len(list))
	}
	for _, p := range list {
		k, err := KeyFromBytes(p.Key)
		if err != nil {
			t.Fatal(err)
		}
		mac := k.MAC(p.Msg)
		if hmac.Equal(mac[:len(p.Tag)], p.Tag) != (p.Result == "valid") {
			t.Errorf("%d: want %s", p.ID, p.Result)
		}
	}
}
