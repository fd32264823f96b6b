package expr

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// shape writes everything that a node means.
func shape(n *node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "(%d %d %v %T %v %+v", n.op, n.kind, n.fold, n.value, n.value, n.path)
	for _, a := range n.args {
		b.WriteString(shape(a))
	}
	return b.String() + ")"
}

// sameAsCompile checks that a text means the same when only its form is read.
func sameAsCompile(t *testing.T, texts *Texts, source string) {
	t.Helper()
	want, wantErr := Compile(world(), "deal", source)
	got, err := texts.Compile(world(), "deal", source)
	switch {
	case (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error():
		t.Errorf("%q: %v, want %v", source, err, wantErr)
	case err == nil && (shape(got.root) != shape(want.root) || fmt.Sprint(got.fields) != fmt.Sprint(want.fields) || got.source != source):
		t.Errorf("%q: got %s, want %s", source, shape(got.root), shape(want.root))
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	var texts Texts
	for _, source := range oddTexts() {
		sameAsCompile(t, &texts, source)
		sameAsCompile(t, &texts, source)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		sameAsCompile(t, &texts, condition(r, 3))
	}
	if len(texts.forms) > maxForms || len(texts.forms) == 0 {
		t.Errorf("%d forms are kept", len(texts.forms))
	}
	if _, err := texts.Compile(world(), "nothing", "a == 1"); err == nil {
		t.Error("an unknown object is known")
	}
}

// Values that differ share what was read.
func TestTextsShareForms(t *testing.T) {
	t.Parallel()
	var texts Texts
	for n := range 50 {
		for _, form := range []string{"size > %d", "size > -%d && name == 'n%[1]d'", `name in ["a%d", 'b']`} {
			sameAsCompile(t, &texts, fmt.Sprintf(form, n))
		}
	}
	if len(texts.forms) != 3 {
		t.Errorf("%d forms are kept, want 3", len(texts.forms))
	}
}

func oddTexts() []string {
	return []string{
		"size == 1", "size == 2", "size == -1", "size == - 1", "size -1 == 2", "size-1 == 2", "size == --1", "size == 007", "size == 0x1F", "size == 5u", "amount > 1.5",
		"amount > .5", "amount > 5.", "amount > 1e3", "amount > 1e-3", "amount > 1E+3", "amount > 1e", "size > 9223372036854775807", "size > 9223372036854775808",
		"size > -9223372036854775808", "size > 999999999999999999", "size > 7777000000000000000", "size > 7777000000000000001 && size < 3", "created_at > now() - days(7)",
		"close_date > today() - months(200000)", "close_date > date('2026-02-03')", "close_date > date('2026-02-30')", "close_date > '2026-02-03'", "name == ''", `name == ""`,
		"name == 'a' && other == \"b\"", `name == "it's"`, `name == 'say "x"'`, `name == 'a\'b'`, `name == r'a\b'`, `name == r"ab"`, `name == b'ab'`, `name == '''a'''`, `name == """a"""`,
		"name == 'a // b'", "size == 1 // one", "size == 1\n&& won", "rating == 'hot'", "rating == 'warm'", "rating in ['hot', 'cold']", "rating in ['hot', 'tepid']", "'vip' in tags", "'x' in tags",
		"name.contains('')", "name.contains('a')", "name.startsWith('王')", "name == '\uE0000'", "name == '\uE000' && size == 1", "name == 'x", "name == x'", "has(company.city) && company.city == 'a'",
		"size in [1, 2, 3]", "size in [1, -2, 3]", "size in []", "won ? size > 1 : size < 2", "size == 1 ||", "1 == 1", "'a' == 'a'", "1", "'a'", "-1 == size", "!(size == 1)", "owner == 'me'",
		"owner == '00000000-0000-0000-0000-000000000001'", "size * 2 > 3", "size / 0 > 1", "name + 'a' == 'b'", "f1 == 1", "size1 == 1", "a1.b2 == 1", "size == 1.2.3", "size == 1_000", "size==1&&size==2",
		"name == 'a''b'", "name == 'a' 'b'", `name == "a"'b'`, "size == 1e5", "size == 1-1", "size == 2-e", "amount == 12-1", "", " ", "'", "\"", "5", "name!='\x80'", "é == 1", "名 == 1", "name == '名'",
	}
}

func FuzzTexts(f *testing.F) {
	for _, s := range oddTexts() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		var texts Texts
		sameAsCompile(t, &texts, source)
		sameAsCompile(t, &texts, source)
	})
}
