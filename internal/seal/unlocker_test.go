package seal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/fault"
)

func TestKeyFile(t *testing.T) {
	t.Parallel()
	good := string(NewKeyFile(stream("file")))
	if len(good) != len(keyFileMagic)+1+keyFileBody+1 || !strings.HasPrefix(good, "wardbook-key-1 ") {
		t.Fatalf("a key file is %q", good)
	}
	body := strings.TrimSpace(strings.TrimPrefix(good, "wardbook-key-1 "))
	other := byte('A')
	if body[7] == other {
		other = 'B'
	}
	cases := map[string]struct{ content, reason string }{
		"as made":          {good, ""},
		"windows editor":   {"\ufeff" + strings.TrimSpace(good) + "\r\n\r\n", ""},
		"no newline":       {strings.TrimSpace(good), ""},
		"empty":            {"", "key_file_empty"},
		"blank":            {" \n\n", "key_file_empty"},
		"another program":  {"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI", "key_file_unknown"},
		"binary":           {string(NewKey(stream("x")).Derive("x", 32)), "key_file_unknown"},
		"large":            {strings.Repeat("x", 1<<20), "key_file_unknown"},
		"newer":            {strings.Replace(good, "key-1", "key-2", 1), "key_file_newer"},
		"only the word":    {"wardbook-key-1", "key_file_short"},
		"one short":        {good[:len(good)-2], "key_file_short"},
		"half":             {good[:30], "key_file_short"},
		"one long":         {strings.TrimSpace(good) + "A", "key_file_damaged"},
		"two lines":        {good + good, "key_file_damaged"},
		"one letter wrong": {"wardbook-key-1 " + body[:7] + string(other) + body[8:], "key_file_damaged"},
		"not base64":       {"wardbook-key-1 " + strings.Repeat("!", 48), "key_file_damaged"},
		"no checksum":      {"wardbook-key-1 " + base64.RawURLEncoding.EncodeToString(make([]byte, 36)), "key_file_damaged"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := KeyFile([]byte(c.content))
			if got := fault.Reason(err); err != nil && got != c.reason || err == nil && c.reason != "" {
				t.Fatalf("error %v, want %q", err, c.reason)
			}
			if err != nil && (fault.KindOf(err) != fault.Invalid || strings.Contains(err.Error(), body[:8])) {
				t.Errorf("the error is unsafe or of the wrong kind: %v", err)
			}
			if (u.derive != nil) != (err == nil) {
				t.Error("an unlocker came with the error")
			}
		})
	}
}

func FuzzKeyFile(f *testing.F) {
	f.Add(NewKeyFile(stream("file")))
	f.Add([]byte("wardbook-key-1 "))
	f.Fuzz(func(t *testing.T, content []byte) {
		raw, err := parseKeyFile(content)
		if err == nil && !bytes.Contains(content, []byte(base64.RawURLEncoding.EncodeToString(append(raw, keyFileSum(raw)...)))) {
			t.Errorf("%q gave a key it does not hold", content)
		}
	})
}

func TestPassphraseRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "long": strings.Repeat("x", 1025), "not UTF-8": "\xff\xfe passphrase"} {
		if _, err := Passphrase(text); fault.Reason(err) != "invalid_field" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnlockerTellsNothing(t *testing.T) {
	t.Parallel()
	content := NewKeyFile(stream("file"))
	file, err := KeyFile(content)
	if err != nil {
		t.Fatal(err)
	}
	phrase, err := Passphrase("correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		for _, u := range []Unlocker{file, phrase} {
			out := fmt.Sprintf(verb, u) + fmt.Sprintf(verb, &u)
			if strings.Contains(out, "horse") || strings.Contains(out, "686f727365") || strings.Contains(out, string(content[20:40])) {
				t.Errorf("%s shows the secret: %s", verb, out)
			}
		}
	}
}
