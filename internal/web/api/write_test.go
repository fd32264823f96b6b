package api

import (
	"encoding/json"
	"testing"
)

// What is written by hand is what encoding/json writes.
func TestAppendValue(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"nothing": nil, "yes": true, "no": false, "zero": int64(0), "the least": int64(-1 << 63), "empty": "", "plain": "Li Wei", "Chinese": "守客，你好",
		"quotes": `a "b" \c`, "markup": "<a href='x'>&</a>", "control": "a\x00\n\t\x1f\x7f", "line separators": "a\u2028b\u2029c", "a dash": "a\u2014b",
		"not UTF-8": "a\xffb", "cut off": "a\xe2\x80", "last byte": "a\xe2", "emoji": "😀", "a replacement character": "\ufffd",
		"money": map[string]string{"currency": "EUR", "amount": "12.50"}, "odd map": map[string]string{"b\"": "<", "a": "守"}, "empty map": map[string]string{},
		"list": []string{"a", "<b>"}, "mixed": []any{int64(1), nil, "x"}, "map": map[string]any{"a": 1, "b": map[string]any{"c": "<"}},
		"raw": json.RawMessage(`{"a" : [1, 2]}`), "whole": 5, "float": 1.5,
	} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendValue([]byte("x"), v)
		if err != nil || string(got) != "x"+string(want) {
			t.Errorf("%s: got %s (%v), want %s", name, got[1:], err, want)
		}
	}
	if got, err := appendValue(nil, json.RawMessage(`{`)); err == nil {
		t.Errorf("what is no JSON became %s", got)
	}
}

func FuzzAppendText(f *testing.F) {
	for _, s := range []string{"", "a", "\u2028", "\xe2\x80", "<", "守"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := appendValue(nil, s); err != nil || string(got) != string(want) {
			t.Errorf("got %s (%v), want %s", got, err, want)
		}
	})
}
