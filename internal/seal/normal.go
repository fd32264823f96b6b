package seal

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NormalVersion is the version of the normalisers below. It is stored beside tokens: when one of them
// changes what it answers, the version counts up and the indexes are filled anew.
const NormalVersion = 1

// maxNormal is the longest text in bytes that is normalised; longer ones are not what they claim to be.
const maxNormal = 1024

// Email returns the form under which two spellings of one address are equal: NFKC (UAX #15), Unicode
// case folding of the local part, the domain in lower case and, where it is not ASCII, in the ASCII form of IDNA
// (RFC 5891, RFC 3492). Dots and +tags of the local part are kept: to most providers they matter. It reports
// false for what is not an address.
func Email(s string) (string, bool) {
	if len(s) > maxNormal {
		return "", false
	}
	s = strings.TrimFunc(norm.NFKC.String(s), blank)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || strings.ContainsFunc(s, blank) {
		return "", false
	}
	local := norm.NFKC.String(fold(s[:at]))
	domain, ok := asciiDomain(strings.ReplaceAll(s[at+1:], "。", "."))
	return local + "@" + domain, ok
}

// blank reports whether r shows nothing: spaces, controls, and the invisible format characters that
// come along when an address is copied from a web page.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) }

// fold returns s in lower case, whatever case it was in. Unlike strings.ToLower it knows the characters
// that have more than two cases (Σ σ ς, K and the kelvin sign), and writes ß as ss, as capitals do.
func fold(s string) string {
	s = strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(unicode.ToLower(r))) }, s)
	return strings.ReplaceAll(s, "ß", "ss")
}

// asciiDomain returns the domain in lower case with labels in ASCII; false when it cannot be a domain.
func asciiDomain(domain string) (string, bool) {
	domain = norm.NFC.String(strings.ToLower(strings.TrimSuffix(domain, ".")))
	labels := strings.Split(domain, ".")
	for i, label := range labels {
		if strings.ContainsFunc(label, func(r rune) bool { return r > unicode.MaxASCII }) {
			label = "xn--" + punycode(label)
		}
		if label == "" || len(label) > 63 {
			return "", false
		}
		labels[i] = label
	}
	domain = strings.Join(labels, ".")
	return domain, len(domain) <= 253
}

// Phone returns a number as E.164, "+8613800138000". The country is the calling code, such as "86", that
// a number without + or 00 belongs to; with an empty one such a number comes back as bare digits. Extensions are
// cut off. It reports false for what is not a number of 7 to 15 digits.
func Phone(s, country string) (string, bool) {
	if len(s) > maxNormal {
		return "", false
	}
	s = strings.ToLower(strings.TrimFunc(norm.NFKC.String(s), blank))
	s = cutExtension(strings.TrimPrefix(s, "tel:"))
	digits, plus, ok := phoneDigits(s)
	if !ok {
		return "", false
	}
	switch {
	case plus:
	case strings.HasPrefix(digits, "00"):
		digits, plus = digits[2:], true
	case country == "1" && strings.HasPrefix(digits, "011"):
		digits, plus = digits[3:], true
	case country != "":
		digits, plus = country+national(digits, country), true
	}
	if len(digits) < 7 || len(digits) > 15 {
		return "", false
	}
	if plus {
		return "+" + digits, true
	}
	return digits, true
}

// cutExtension removes what is dialled after the connection: "ext. 12", "x12", "#12", "转12", ",,12".
func cutExtension(s string) string {
	for _, mark := range []string{"ext", "x", "#", ",", ";", "转", "轉", "分机", "分機"} {
		s, _, _ = strings.Cut(s, mark)
	}
	return s
}

// phoneDigits returns the digits of s and whether a + leads them; false when s holds anything that is
// not written in numbers. The "(0)" of "+44 (0)20" is not dialled.
func phoneDigits(s string) (digits string, plus, ok bool) {
	s, plus = strings.CutPrefix(strings.TrimLeftFunc(s, func(r rune) bool { return blank(r) || r == '(' }), "+")
	if plus {
		s = strings.Replace(s, "(0)", "", 1)
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case blank(r), strings.ContainsRune("-./()·", r), unicode.Is(unicode.Pd, r):
		default:
			return "", false, false
		}
	}
	return b.String(), plus, true
}

// national returns the digits without what is dialled before them inside the country: its own code where
// the whole number shows it, or the trunk prefix.
func national(digits, country string) string {
	switch country {
	case "1": // North America: 1 is both
		if len(digits) == 11 {
			return strings.TrimPrefix(digits, "1")
		}
	case "7": // Russia, Kazakhstan: trunk 8
		if len(digits) == 11 {
			return strings.TrimLeft(digits[:1], "78") + digits[1:]
		}
	case "36": // Hungary: trunk 06
		return strings.TrimPrefix(digits, "06")
	case "39", "378", "379": // Italy and neighbours dial their 0 from abroad too
		return digits
	case "86": // China: mobile numbers are often stored as 86138…
		if len(digits) == 13 && strings.HasPrefix(digits, "861") {
			return digits[2:]
		}
	}
	return strings.TrimPrefix(digits, "0")
}

// Name returns the form under which two spellings of a person's or company's name are equal: compatibility
// forms and case folded, accents stripped, spaces collapsed, and none beside a Chinese character. Only
// accents of European scripts are stripped: elsewhere a mark is a letter.
func Name(s string) string {
	if len(s) > maxNormal {
		s = strings.ToValidUTF8(s[:maxNormal], "")
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0x300 && r <= 0x36f: // combining accents
			return -1
		case r == '\u2019' || r == '\u02bc':
			return '\''
		case strings.ContainsRune("•・‧∙⋅", r): // between the parts of a transcribed name
			return '·'
		case unicode.Is(unicode.Pd, r):
			return '-'
		case unicode.IsSpace(r):
			return ' '
		case blank(r):
			return -1
		}
		return r
	}, norm.NFKD.String(s))
	s = norm.NFKC.String(fold(s))
	var b strings.Builder
	last := rune(0)
	for _, word := range strings.Fields(s) {
		first := []rune(word)[0]
		if last != 0 && !unicode.Is(unicode.Han, last) && !unicode.Is(unicode.Han, first) {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		last = []rune(word)[len([]rune(word))-1]
	}
	return b.String()
}

// Code returns the form of an identifier such as an identity card's or a tax number: NFKC, upper case,
// letters and digits only.
func Code(s string) string {
	if len(s) > maxNormal {
		s = strings.ToValidUTF8(s[:maxNormal], "")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, strings.ToUpper(norm.NFKC.String(s)))
}
