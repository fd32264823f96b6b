package seal

import "strings"

// The parameters of Punycode, RFC 3492, section 5.
const (
	punyBase, punyMin, punyMax         = 36, 1, 26
	punySkew, punyDamp, punyFirst      = 38, 700, 128
	punyBias                           = 72
	punyDigits                         = "abcdefghijklmnopqrstuvwxyz0123456789"
	lastRune                      rune = 0x10ffff
)

// punycode encodes a label as RFC 3492, section 6.3, says. The caller bounds the label (1024 bytes), so
// that delta cannot overflow.
func punycode(label string) string {
	runes := []rune(label)
	var b strings.Builder
	for _, r := range runes {
		if r < punyFirst {
			b.WriteRune(r)
		}
	}
	basic := b.Len()
	if basic > 0 {
		b.WriteByte('-')
	}
	n, delta, bias := rune(punyFirst), 0, punyBias
	for done := basic; done < len(runes); n++ {
		next := lastRune
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r == n {
				punyNumber(&b, delta, bias)
				bias = punyAdapt(delta, done+1, done == basic)
				delta, done = 0, done+1
			}
		}
		delta++
	}
	return b.String()
}

// punyNumber writes delta as a variable-length integer.
func punyNumber(b *strings.Builder, delta, bias int) {
	for k := punyBase; ; k += punyBase {
		t := min(max(k-bias, punyMin), punyMax)
		if delta < t {
			b.WriteByte(punyDigits[delta])
			return
		}
		b.WriteByte(punyDigits[t+(delta-t)%(punyBase-t)])
		delta = (delta - t) / (punyBase - t)
	}
}

// punyAdapt returns the bias for the next number (section 6.1).
func punyAdapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for delta > (punyBase-punyMin)*punyMax/2 {
		delta /= punyBase - punyMin
		k += punyBase
	}
	return k + (punyBase-punyMin+1)*delta/(delta+punySkew)
}
