package journal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

func testOrigin() string { return Origin(id.ID{0x01, 0x90, 0x0a, 0x5d, 6: 0x70, 8: 0x80, 15: 1}) }

// testSigner returns a signer whose seed is 32 times b.
func testSigner(t testing.TB, name string, b byte) *Signer {
	t.Helper()
	s, err := NewSigner(name, bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func trust(t testing.TB, signers ...*Signer) note.Verifiers {
	t.Helper()
	var keys []string
	for _, s := range signers {
		keys = append(keys, s.VerifierKey())
	}
	v, err := NewVerifiers(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sign(t testing.TB, size uint64, root tlog.Hash, signers ...note.Signer) []byte {
	t.Helper()
	msg, err := SignCheckpoint(size, root, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func TestCheckpointRoundTrip(t *testing.T) {
	t.Parallel()
	old, next := testSigner(t, testOrigin(), 1), testSigner(t, testOrigin(), 2)
	root := tlog.Hash{1, 2, 3}
	tests := map[string]struct {
		msg     []byte
		trusted note.Verifiers
		keys    int
	}{
		"one key":                {sign(t, 42, root, old), trust(t, old), 1},
		"rotation, old reader":   {sign(t, 42, root, old, next), trust(t, old), 1},
		"rotation, new reader":   {sign(t, 42, root, old, next), trust(t, next), 1},
		"rotation, both trusted": {sign(t, 42, root, old, next), trust(t, old, next), 2},
		"named twice":            {sign(t, 42, root, old), trust(t, old, old), 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := OpenCheckpoint(tt.msg, tt.trusted)
			if err != nil {
				t.Fatal(err)
			}
			if c.Origin != testOrigin() || c.Size != 42 || c.Root != root || len(c.Keys) != tt.keys {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// signText signs any text, as a careless or hostile holder of the key could.
func signText(t *testing.T, text string, s note.Signer) []byte {
	t.Helper()
	msg, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func TestOpenCheckpointRefuses(t *testing.T) {
	t.Parallel()
	s, other := testSigner(t, testOrigin(), 1), testSigner(t, testOrigin(), 2)
	witness := testSigner(t, "witness.example/w", 3)
	root := tlog.Hash{1}.String()
	tests := map[string]struct {
		msg     []byte
		trusted note.Verifiers
	}{
		"nothing":         {nil, trust(t, s)},
		"no trust":        {sign(t, 1, tlog.Hash{1}, s), nil},
		"another key":     {sign(t, 1, tlog.Hash{1}, other), trust(t, s)},
		"only a witness":  {signText(t, s.Name()+"\n1\n"+root+"\n", witness), trust(t, s, witness)},
		"another's log":   {signText(t, "wardbook/x\n1\n"+root+"\n", s), trust(t, s)},
		"two lines":       {signText(t, s.Name()+"\n1\n", s), trust(t, s)},
		"leading zero":    {signText(t, s.Name()+"\n01\n"+root+"\n", s), trust(t, s)},
		"negative":        {signText(t, s.Name()+"\n-1\n"+root+"\n", s), trust(t, s)},
		"too great":       {signText(t, fmt.Sprintf("%s\n%d\n%s\n", s.Name(), uint64(MaxSize)+1, root), s), trust(t, s)},
		"short root":      {signText(t, s.Name()+"\n1\nAAAA\n", s), trust(t, s)},
		"sloppy root":     {signText(t, s.Name()+"\n1\n"+strings.Repeat("A", 42)+"B=\n", s), trust(t, s)},
		"empty line":      {signText(t, s.Name()+"\n1\n"+root+"\n\nx\n", s), trust(t, s)},
		"empty last line": {signText(t, s.Name()+"\n1\n"+root+"\n\n", s), trust(t, s)},
		"too long":        {signText(t, s.Name()+"\n1\n"+root+"\n"+strings.Repeat("x", MaxNote)+"\n", s), trust(t, s)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c, err := OpenCheckpoint(tt.msg, tt.trusted); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %+v, %v; want an Invalid error", c, err)
			}
		})
	}
}

// TestCheckpointFlip changes every byte in every bit and wants each change noticed.
func TestCheckpointFlip(t *testing.T) {
	t.Parallel()
	s := testSigner(t, testOrigin(), 1)
	msg, trusted := sign(t, 1234, tlog.Hash{1, 2}, s), trust(t, s)
	for i := range msg {
		for bit := range 8 {
			bad := bytes.Clone(msg)
			bad[i] ^= 1 << bit
			if _, err := OpenCheckpoint(bad, trusted); err == nil {
				t.Errorf("byte %d, bit %d: not noticed", i, bit)
			}
		}
	}
}

// TestExtensionLine shows that a later version may add lines and this one still reads the note.
func TestExtensionLine(t *testing.T) {
	t.Parallel()
	s := testSigner(t, testOrigin(), 1)
	msg := signText(t, s.Name()+"\n9\n"+tlog.Hash{1}.String()+"\nmore\n", s)
	if c, err := OpenCheckpoint(msg, trust(t, s)); err != nil || c.Size != 9 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestSignerRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]struct {
		name string
		seed int
	}{
		"short seed": {"a", 31}, "long seed": {"a", 64}, "no name": {"", 32}, "space": {"a b", 32}, "plus": {"a+b", 32},
		"long name": {strings.Repeat("a", MaxString+1), 32},
	} {
		if _, err := NewSigner(in.name, make([]byte, in.seed)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want an Invalid error", name, err)
		}
	}
	if _, err := SignCheckpoint(1, tlog.Hash{}); err == nil {
		t.Error("signed without a signer")
	}
	if _, err := NewVerifiers("nonsense"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bad verifier key: %v", err)
	}
}

func TestSignerHidesSeed(t *testing.T) {
	t.Parallel()
	s, err := NewSigner("a", []byte("seedseedseedseedseedseedseedseed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(format, s); out != s.VerifierKey() {
			t.Errorf("%s prints %s", format, out)
		}
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	s := testSigner(f, testOrigin(), 1)
	trusted := trust(f, s)
	f.Add(sign(f, 7, tlog.Hash{1}, s))
	f.Add(sign(f, 0, tlog.Hash{}, s, testSigner(f, testOrigin(), 2)))
	f.Add([]byte("a\n1\nb\n\n— a AAAA\n"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		c, err := OpenCheckpoint(msg, trusted)
		if err != nil {
			return
		}
		if c.Origin != s.Name() || len(c.Keys) == 0 || !bytes.Contains(msg, []byte(c.Root.String())) {
			t.Fatalf("opened %q as %+v", msg, c)
		}
	})
}

// FuzzParseCheckpoint reaches the parser behind the signature.
func FuzzParseCheckpoint(f *testing.F) {
	f.Add("a\n1\n" + tlog.Hash{1}.String() + "\n")
	f.Add("a\n1\n" + tlog.Hash{1}.String() + "\nx\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoint(text)
		if err == nil && !strings.HasPrefix(text+"\n", fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)) {
			t.Fatalf("%q read as %+v", text, c)
		}
	})
}

// TestSignatureSpareBits sets the bits of the last base64 digit that carry nothing.
func TestSignatureSpareBits(t *testing.T) {
	t.Parallel()
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	s := testSigner(t, testOrigin(), 1)
	msg := sign(t, 1234, tlog.Hash{1, 2}, s)
	at := len(msg) - len("x=\n")
	msg[at] = digits[strings.IndexByte(digits, msg[at])|1]
	if _, err := note.Open(msg, trust(t, s)); err != nil {
		t.Fatalf("not even a note (%v): the case shows nothing", err)
	}
	if _, err := OpenCheckpoint(msg, trust(t, s)); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v, want an Invalid error", err)
	}
}
