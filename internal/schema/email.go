package schema

import "strings"

// emailKind: an e-mail address. The part before the @ stays as written, the domain is in small letters.
func emailKind() *kind {
	k := textKind()
	k.limit = 254 // RFC 5321, section 4.5.3.1.3
	k.parse = cleaned(func(f *Field, s string) (any, error) {
		local, domain, ok := strings.Cut(s, "@")
		if !ok || local == "" || strings.ContainsAny(s, " \t,;<>()\"") || strings.Contains(domain, "@") ||
			!strings.Contains(strings.Trim(domain, "."), ".") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") {
			return nil, invalid(f, "not_an_email", "want an address like name@example.com")
		}
		return local + "@" + strings.ToLower(domain), nil
	})
	return k
}
