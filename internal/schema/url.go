package schema

import (
	"net/netip"
	"net/url"
	"strings"
)

// urlKind: a web address, with https:// where no scheme is given. Other schemes than http and https,
// and addresses that hold a password, are refused.
func urlKind() *kind {
	k := textKind()
	k.limit = 2000
	k.parse = cleaned(func(f *Field, s string) (any, error) {
		bad := invalid(f, "not_a_url", "want a web address like https://example.com")
		if !strings.Contains(s, "://") {
			s = "https://" + s
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return nil, bad
		}
		host := u.Hostname()
		if _, err := netip.ParseAddr(host); err != nil && !strings.Contains(host, ".") {
			return nil, bad
		}
		return s, nil
	})
	return k
}
