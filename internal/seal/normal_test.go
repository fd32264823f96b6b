package seal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEmail(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"li.na@example.cn":                "li.na@example.cn",
		"  Li.Na@Example.CN \n":           "li.na@example.cn",
		"\ufeffli.na@example.cn\u200b":    "li.na@example.cn",
		"ｌｉ．ｎａ＠ｅｘａｍｐｌｅ．ｃｎ":                "li.na@example.cn",
		"STRASSE@x.de":                    "strasse@x.de",
		"Straße@x.de":                     "strasse@x.de",
		"a@straße.de":                     "a@xn--strae-oqa.de",
		"a@XN--STRAE-OQA.de":              "a@xn--strae-oqa.de",
		"a@BÜCHER.example":                "a@xn--bcher-kva.example",
		"a@bu\u0308cher.example.":         "a@xn--bcher-kva.example",
		"用户@例子。公司":                        "用户@xn--fsqu00a.xn--55qx5d",
		`"odd@local"@example.com`:         `"odd@local"@example.com`,
		"me+tag@gmail.com":                "me+tag@gmail.com",
		"no at":                           "",
		"@example.com":                    "",
		"a@":                              "",
		"a@b..c":                          "",
		"a b@example.com":                 "",
		"a@" + strings.Repeat("x", 64):    "",
		"a@" + strings.Repeat("ü", 60):    "",
		strings.Repeat("a", 2000) + "@b.": "",
		"a@" + strings.Repeat("abcdefgh.", 30) + "com": "",
	}
	for in, want := range cases {
		if got, ok := Email(in); ok != (want != "") || ok && got != want {
			t.Errorf("Email(%.60q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestPhone(t *testing.T) {
	t.Parallel()
	cases := []struct{ in, country, want string }{
		{"138 0013 8000", "86", "+8613800138000"},
		{"13800138000", "86", "+8613800138000"},
		{"+86 138-0013-8000", "", "+8613800138000"},
		{"0086 13800138000", "49", "+8613800138000"},
		{"8613800138000", "86", "+8613800138000"},
		{"１３８００１３８０００", "86", "+8613800138000"},
		{"(010) 6552 9988", "86", "+861065529988"},
		{"010-65529988转8012", "86", "+861065529988"},
		{"+44 (0)20 7946 0018", "86", "+442079460018"},
		{"(+44) 20 7946 0018", "86", "+442079460018"},
		{"020 7946 0018 ext. 12", "44", "+442079460018"},
		{"(202) 555-0143 x7", "1", "+12025550143"},
		{"1-202-555-0143", "1", "+12025550143"},
		{"011 44 20 7946 0018", "1", "+442079460018"},
		{"8 (495) 123-45-67", "7", "+74951234567"},
		{"+7 495 123 45 67", "86", "+74951234567"},
		{"06 1 234 5678", "36", "+3612345678"},
		{"06 1234 5678", "39", "+390612345678"},
		{"tel:+49–30–901820", "", "+4930901820"},
		{"030 901820", "", "030901820"},
		{"12345", "86", "+8612345"},
		{"12345", "", ""},
		{"call me", "86", ""},
		{"", "86", ""},
		{"1234567890123456", "", ""},
		{strings.Repeat("1", 2000), "86", ""},
	}
	for _, c := range cases {
		if got, ok := Phone(c.in, c.country); ok != (c.want != "") || got != c.want {
			t.Errorf("Phone(%.40q, %q) = %q, %v, want %q", c.in, c.country, got, ok, c.want)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"  José   GARCÍA ":      "jose garcia",
		"Jose\u0301 García":     "jose garcia",
		"王 小明":                  "王小明",
		"王\u3000小明":             "王小明",
		"Ａｃｍｅ　有限公司":             "acme有限公司",
		"Acme 有限公司":             "acme有限公司",
		"O’Neill":               "o'neill",
		"Müller–Lüdenscheid":    "muller-ludenscheid",
		"Straße":                "strasse",
		"がく":                    "がく",               // a Japanese voice mark is not an accent
		"ΣΊΣΥΦΟΣ \u212a \uab7d": "σισυφοσ k \uab7d", // three cases, the kelvin sign, small Cherokee
		"Σίσυφος":               "σισυφοσ",          // the final sigma is the same letter
		"김철수":                   "김철수",
		"艾萨克•牛顿":                "艾萨克·牛顿",
		"":                      "",
		" \u200b ":              "",
	}
	for in, want := range cases {
		if got := Name(in); got != want {
			t.Errorf("Name(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"11010519491231002x":       "11010519491231002X",
		"DE 89 3704-0044":          "DE8937040044",
		"９１１１０１０５MA00ABCD1x\u00a0": "91110105MA00ABCD1X",
		"--": "",
	} {
		if got := Code(in); got != want {
			t.Errorf("Code(%q) = %q, want %q", in, got, want)
		}
	}
}

// The samples of RFC 3492, section 7.1 (their upper-case letters in lower case, as domains have them).
func TestPunycode(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"ليهمابتكلموشعربي؟":               "egbpdaj6bu4bxfgehfvwxn",
		"他们为什么不说中文":                       "ihqwcrb4cv8a8dqg056pqjye",
		"他們爲什麽不說中文":                       "ihqwctvzc91f659drss3x8bo0yb",
		"pročprostěnemluvíčesky":          "proprostnemluvesky-uyb24dma41a",
		"なぜみんな日本語を話してくれないのか":              "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa",
		"почемужеонинеговорятпорусски":    "b1abfaaepdrnnbgefbadotcwatmq2g4l",
		"tạisaohọkhôngthểchỉnóitiếngviệt": "tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g",
		"3年b組金八先生":                        "3b-ww4c5e180e575a65lsy2b",
		"安室奈美恵-with-super-monkeys":        "-with-super-monkeys-pc58ag80a8qai00g7n9n",
		"ひとつ屋根の下2":                        "2-u9tlzr9756bt3uc0v",
		"パフィーdeルンバ":                       "de-jg4avhby1noc0d",
	}
	for in, want := range cases {
		if got := punycode(in); got != want {
			t.Errorf("punycode(%q) = %q, want %q", in, got, want)
		}
	}
}

// What is normalised stays so when it is normalised again: a token never depends on how often that was done.
func FuzzNormalisers(f *testing.F) {
	for _, s := range []string{"Li.Na@Example.CN", "a@BÜCHER.example", "138 0013 8000", "José GARCÍA", "王 小明", "ﬃ\u0345", "İ@İ.x", "\uab7d\u13ad", "ϊ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || len(s) > 300 {
			return
		}
		if a, ok := Email(s); ok {
			if b, ok := Email(a); !ok || a != b {
				t.Errorf("Email(%q) = %q, then %q, %v", s, a, b, ok)
			}
		}
		if a, ok := Phone(s, "86"); ok {
			if b, ok := Phone(a, "49"); !ok || a != b {
				t.Errorf("Phone(%q) = %q, then %q, %v", s, a, b, ok)
			}
		}
		if a := Name(s); Name(a) != a {
			t.Errorf("Name(%q) = %q, then %q", s, a, Name(a))
		}
		if a := Code(s); Code(a) != a {
			t.Errorf("Code(%q) = %q, then %q", s, a, Code(a))
		}
	})
}
