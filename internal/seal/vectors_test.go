package seal

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/id"
)

// The files in testdata are the vectors of docs/formats/sealed-cell.md and docs/formats/keyring.md, for whoever
// reads our data with other code; testdata/verify.py is such code. They must never change: a difference
// means that stored data no longer opens. New ones are written with go test -run Vectors -update.

type addressVector struct {
	Org     id.ID  `json:"org"`
	Table   uint32 `json:"table"`
	Row     id.ID  `json:"row"`
	Field   uint32 `json:"field"`
	Subject id.ID  `json:"subject"`
}

type cellVector struct {
	Name      string        `json:"name"`
	Key       hexBytes      `json:"key"`
	Version   uint32        `json:"version"`
	Scope     Scope         `json:"scope"`
	Address   addressVector `json:"address"`
	Nonce     hexBytes      `json:"nonce"`
	Plaintext hexBytes      `json:"plaintext"`
	Cell      hexBytes      `json:"cell"`
}

type wrapVector struct {
	KEK     hexBytes      `json:"kek"`
	Version uint32        `json:"version"`
	Scope   Scope         `json:"scope"`
	Address addressVector `json:"address"`
	Nonce   hexBytes      `json:"nonce"`
	DEK     hexBytes      `json:"dek"`
	Wrapped hexBytes      `json:"wrapped"`
}

type packVector struct {
	Fields map[uint32]hexBytes `json:"fields"`
	Blob   hexBytes            `json:"blob"`
}

type indexVector struct {
	Root       hexBytes `json:"root"`
	Table      uint32   `json:"table"`
	Field      uint32   `json:"field"`
	Index      uint32   `json:"index"`
	Bits       uint8    `json:"bits"`
	Normaliser string   `json:"normaliser"`
	Value      string   `json:"value"`
	Normalised string   `json:"normalised"`
	Token      int64    `json:"token"`
}

type keyVector struct {
	Purpose Purpose  `json:"purpose"`
	Version uint32   `json:"version"`
	State   string   `json:"state"`
	Key     hexBytes `json:"key,omitempty"`
}

type keyringVector struct {
	KeyFile    string          `json:"key_file"`
	Passphrase string          `json:"passphrase"`
	Root       hexBytes        `json:"root"`
	Ring       hexBytes        `json:"ring"`
	Keys       []keyVector     `json:"keys"`
	File       json.RawMessage `json:"file"`
}

// golden compares v, as JSON, with a file of testdata and returns the file.
func golden(t *testing.T, name string, v any) []byte {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil { //nolint:gosec // public vectors
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: what is made today differs from the vectors", path)
	}
	return want
}

func read(t *testing.T, data []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

func keyOf(t *testing.T, b []byte) Key {
	t.Helper()
	k, err := KeyFromBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func drawn(name string, n int) hexBytes {
	b := make([]byte, n)
	mustRead(stream(name), b)
	return b
}

func TestVectorsOfCells(t *testing.T) {
	t.Parallel()
	var list []cellVector
	for name, c := range map[string]struct {
		scope Scope
		addr  Address
		text  string
	}{
		"a row's personal fields": {Personal, Address{someID(0xa1), 7, someID(0xb2), 0, someID(0xc3)}, string(Pack(map[uint32][]byte{1: []byte("李娜"), 2: []byte("li.na@example.cn")}))},
		"b restricted field":      {Restricted, someAddress(), "11010519491231002X"},
		"c empty":                 {Record, Address{Org: someID(0xa1), Table: 1, Row: someID(0xb2)}, ""},
		"d chunk":                 {Chunk, someAddress(), "of a file, not padded"},
		"e long":                  {Audit, someAddress(), string(bytes.Repeat([]byte("客"), 200))},
	} {
		v := cellVector{
			Name: name, Key: drawn("key "+name, KeySize), Version: 3, Scope: c.scope, Address: addressVector(c.addr),
			Nonce: drawn("nonce "+name, nonceSize), Plaintext: []byte(c.text),
		}
		v.Cell = Seal(bytes.NewReader(v.Nonce), keyOf(t, v.Key), v.Version, v.Scope, c.addr, v.Plaintext)
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b cellVector) int { return strings.Compare(a.Name, b.Name) })
	var stored []cellVector
	read(t, golden(t, "cell.json", list), &stored)
	for _, v := range stored {
		got, err := Open(keyOf(t, v.Key), v.Scope, Address(v.Address), v.Cell)
		if err != nil || !bytes.Equal(got, v.Plaintext) {
			t.Errorf("%s: opened %q, %v", v.Name, got, err)
		}
	}
}

func TestVectorsOfWrappedKeys(t *testing.T) {
	t.Parallel()
	var list []wrapVector
	for _, scope := range []Scope{Personal, Restricted} {
		v := wrapVector{
			KEK: drawn("kek", KeySize), Version: 2, Scope: scope, Address: addressVector{Org: someID(0xa1), Subject: someID(0xc3)},
			Nonce: drawn("nonce", nonceSize), DEK: drawn("dek", KeySize),
		}
		v.Wrapped = Wrap(bytes.NewReader(v.Nonce), keyOf(t, v.KEK), v.Version, v.Scope, Address(v.Address), keyOf(t, v.DEK))
		list = append(list, v)
	}
	var stored []wrapVector
	read(t, golden(t, "wrap.json", list), &stored)
	for _, v := range stored {
		got, err := Unwrap(keyOf(t, v.KEK), v.Scope, Address(v.Address), v.Wrapped)
		if err != nil || !got.Equal(keyOf(t, v.DEK)) {
			t.Errorf("scope %d: %v", v.Scope, err)
		}
	}
}

func TestVectorsOfBlobs(t *testing.T) {
	t.Parallel()
	var list []packVector
	for _, fields := range []map[uint32][]byte{
		{}, {0: {}}, {2: []byte("li.na@example.cn"), 1: []byte("李娜"), 300: []byte("x"), 1<<32 - 1: bytes.Repeat([]byte{1}, 130)},
	} {
		v := packVector{Fields: map[uint32]hexBytes{}, Blob: Pack(fields)}
		for f, b := range fields {
			v.Fields[f] = b
		}
		list = append(list, v)
	}
	golden(t, "pack.json", list)
}

func TestVectorsOfTokens(t *testing.T) {
	t.Parallel()
	normalise := map[string]func(string) string{
		"email": func(s string) string { a, _ := Email(s); return a },
		"phone": func(s string) string { a, _ := Phone(s, "86"); return a },
		"name":  Name,
		"code":  Code,
	}
	var list []indexVector
	for i, c := range [][2]string{
		{"email", " Li.Na@Example.CN"},
		{"email", "用户@例子。公司"},
		{"phone", "138 0013 8000"},
		{"phone", "+44 (0)20 7946 0018"},
		{"name", "José  GARCÍA"},
		{"name", "王 小明"},
		{"code", "11010519491231002x"},
	} {
		v := indexVector{
			Root: drawn("idx.root", KeySize), Table: 7, Field: 3, Index: 1, Bits: uint8(16 + 2*i),
			Normaliser: c[0], Value: c[1], Normalised: normalise[c[0]](c[1]),
		}
		v.Token = NewIndex(keyOf(t, v.Root), v.Table, v.Field, v.Index, v.Bits).Token(v.Normalised)
		list = append(list, v)
	}
	golden(t, "index.json", list)
}

func TestVectorsOfKeyring(t *testing.T) {
	t.Parallel()
	l := sampleLock(t)
	v := keyringVector{
		KeyFile: string(NewKeyFile(stream("file"))), Passphrase: phrase,
		Root: l.root.s().raw[:], Ring: l.ring.encode(), File: l.Marshal(stream("out")),
	}
	for i := range l.ring.entries {
		e := &l.ring.entries[i]
		k := keyVector{Purpose: e.Purpose, Version: e.Number, State: e.State.String()}
		if !e.key.IsZero() {
			k.Key = e.key.s().raw[:]
		}
		v.Keys = append(v.Keys, k)
	}
	var stored keyringVector
	read(t, golden(t, "keyring.json", v), &stored)
	file, err := KeyFile([]byte(stored.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []Unlocker{file, cheap(t, stored.Passphrase)} {
		ring, _, err := OpenLock(stored.File, u)
		if err != nil || !bytes.Equal(ring.encode(), stored.Ring) {
			t.Errorf("%s: %v", u.kind, err)
		}
	}
}
