package journal

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// fullEntry has every field set, each to something different.
func fullEntry() Entry {
	return Entry{
		ID: id.ID{1, 1}, Time: 1_700_000_000_123_456, Actor: id.ID{2, 2}, App: id.ID{3, 3}, Session: id.ID{4, 4},
		Via: "api", Verb: "update", Object: "contact", Record: id.ID{5, 5}, Version: 300, ChangeSet: id.ID{6, 6},
		Decision: Allow, Reason: "owner", Request: "req-1", Count: 7, Sealed: [32]byte{8}, State: [32]byte{9},
	}
}

func TestBodyRoundTrip(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxString)
	tests := map[string]Entry{
		"empty":     {},
		"full":      fullEntry(),
		"typical":   {ID: id.ID{1}, Time: 1, Actor: id.ID{2}, Via: "web", Verb: "create", Object: "deal", Record: id.ID{3}, Version: 1, Decision: Allow},
		"greatest":  {Time: math.MaxInt64, Version: math.MaxUint64, Count: math.MaxUint64, Via: long, Verb: long, Object: long, Reason: long, Request: long},
		"deny":      {Decision: Deny},
		"held":      {Decision: Held},
		"non-ascii": {Reason: "客户要求 — ünï"},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := e.AppendBody([]byte("before"))
			if !bytes.HasPrefix(body, []byte("before")) {
				t.Fatal("AppendBody did not append")
			}
			body = body[len("before"):]
			if len(body) > MaxBody {
				t.Fatalf("%d bytes, more than MaxBody", len(body))
			}
			got, err := DecodeBody(body)
			if err != nil {
				t.Fatal(err)
			}
			if got != e {
				t.Errorf("got %+v, want %+v", got, e)
			}
		})
	}
}

// TestBodyDistinct changes each field alone and wants another encoding every time.
func TestBodyDistinct(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*Entry){
		"id": func(e *Entry) { e.ID[15]++ }, "time": func(e *Entry) { e.Time++ }, "actor": func(e *Entry) { e.Actor[15]++ },
		"app": func(e *Entry) { e.App[15]++ }, "session": func(e *Entry) { e.Session[15]++ }, "via": func(e *Entry) { e.Via += "x" },
		"verb": func(e *Entry) { e.Verb += "x" }, "object": func(e *Entry) { e.Object += "x" }, "record": func(e *Entry) { e.Record[15]++ },
		"version": func(e *Entry) { e.Version++ }, "change set": func(e *Entry) { e.ChangeSet[15]++ }, "decision": func(e *Entry) { e.Decision = Deny },
		"reason": func(e *Entry) { e.Reason += "x" }, "request": func(e *Entry) { e.Request += "x" }, "count": func(e *Entry) { e.Count++ },
		"sealed": func(e *Entry) { e.Sealed[31]++ }, "state": func(e *Entry) { e.State[31]++ },
		"record to change set": func(e *Entry) { e.Record, e.ChangeSet = id.ID{}, e.Record },
		"via into verb":        func(e *Entry) { e.Via, e.Verb = "ap", "iupdate" },
		"reason to request":    func(e *Entry) { e.Reason, e.Request = e.Request, e.Reason },
	}
	plain := fullEntry()
	seen := map[string]string{string(plain.AppendBody(nil)): "unchanged"}
	for name, change := range changes {
		e := fullEntry()
		change(&e)
		body := string(e.AppendBody(nil))
		if other, ok := seen[body]; ok {
			t.Errorf("%q and %q have the same body", name, other)
		}
		seen[body] = name
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]Entry{
		"time before 1970": {Time: -1},
		"long via":         {Via: strings.Repeat("x", MaxString+1)},
		"long reason":      {Reason: strings.Repeat("x", MaxString+1)},
		"bad utf-8":        {Request: "\xff"},
		"nul":              {Object: "a\x00b"},
		"decision":         {Decision: "maybe"},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := e.Check(); !fault.Is(err, fault.Invalid) {
				t.Errorf("Check() = %v, want an Invalid error", err)
			}
			defer func() {
				if recover() == nil {
					t.Error("AppendBody wrote an entry that Check refuses")
				}
			}()
			e.AppendBody(nil)
		})
	}
}

func TestDecodeBodyRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"nothing":             "",
		"short header":        "010000",
		"version 0":           "00000000",
		"version 2":           "02000000",
		"unknown field":       "01020000",
		"trailing byte":       "0100000000",
		"zero id":             "01000001" + strings.Repeat("00", 16),
		"short id":            "01000001" + strings.Repeat("01", 15),
		"zero time":           "01000002" + strings.Repeat("00", 8),
		"time over int64":     "01000002" + "8000000000000000",
		"empty string":        "0100002000",
		"short string":        "01000020" + "0361",
		"bad utf-8":           "01000020" + "01ff",
		"nul":                 "01000020" + "0100",
		"zero number":         "0100020000",
		"long number":         "01000200" + "8100",
		"number over 64 bits": "01000200" + "ffffffffffffffffff02",
		"no number":           "01000200",
		"endless number":      "01000200" + "ff",
		"decision 0":          "0100080000",
		"decision 4":          "0100080004",
		"zero hash":           "01010000" + strings.Repeat("00", 32),
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := hex.DecodeString(in)
			if err != nil {
				t.Fatal(err)
			}
			if e, err := DecodeBody(body); !fault.Is(err, fault.Invalid) || e != (Entry{}) {
				t.Errorf("DecodeBody(%s) = %+v, %v; want an Invalid error", in, e, err)
			}
		})
	}
	if _, err := DecodeBody(make([]byte, MaxBody+1)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a body over MaxBody: %v", err)
	}
}

func FuzzDecodeBody(f *testing.F) {
	e := fullEntry()
	f.Add(e.AppendBody(nil))
	f.Add((&Entry{}).AppendBody(nil))
	f.Add((&Entry{Version: math.MaxUint64, Reason: "客"}).AppendBody(nil))
	f.Add([]byte{1, 0, 2, 0, 0x81, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := DecodeBody(body)
		if err != nil {
			return
		}
		if err := e.Check(); err != nil {
			t.Fatalf("decoded an entry that cannot be encoded: %v", err)
		}
		if again := e.AppendBody(nil); !bytes.Equal(again, body) {
			t.Fatalf("decoded %x, encodes as %x", body, again)
		}
	})
}

// FuzzAppendBody goes the other way: from fields to bytes and back.
func FuzzAppendBody(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), int64(5), "api", "update", uint64(3), []byte{1})
	f.Fuzz(func(t *testing.T, ids []byte, at int64, via, reason string, n uint64, hash []byte) {
		e := Entry{Time: at, Via: via, Verb: reason, Reason: reason, Request: via, Version: n, Count: n >> 7, Decision: Deny}
		copy(e.ID[:], ids)
		copy(e.Record[1:], ids)
		copy(e.Sealed[:], hash)
		copy(e.State[3:], hash)
		if e.Check() != nil {
			return
		}
		got, err := DecodeBody(e.AppendBody(nil))
		if err != nil || got != e {
			t.Fatalf("got %+v, %v; want %+v", got, err, e)
		}
	})
}

func TestAppendBodyAllocates(t *testing.T) {
	e, dst := fullEntry(), make([]byte, 0, MaxBody)
	if n := testing.AllocsPerRun(100, func() { dst = e.AppendBody(dst[:0]) }); n != 0 {
		t.Errorf("AppendBody allocates %v times", n)
	}
}

func BenchmarkAppendBody(b *testing.B) {
	e, dst := fullEntry(), make([]byte, 0, MaxBody)
	b.ReportAllocs()
	for b.Loop() {
		dst = e.AppendBody(dst[:0])
	}
}

func BenchmarkDecodeBody(b *testing.B) {
	e := fullEntry()
	body := e.AppendBody(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeBody(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLeaf(b *testing.B) {
	e := fullEntry()
	body := e.AppendBody(nil)
	b.ReportAllocs()
	for b.Loop() {
		Leaf(1, body)
	}
}
