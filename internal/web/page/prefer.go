package page

import (
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/wardbook/wardbook/internal/web/api"
	"github.com/wardbook/wardbook/locales"
)

// language is the one that a page speaks before it is known who comes: what was chosen here before, or
// what the browser asks for.
func (p *Pages) language(r *http.Request) string {
	if c, err := r.Cookie(api.LangCookie); err == nil && p.texts[c.Value] != nil {
		return c.Value
	}
	header := r.Header.Get("Accept-Language")
	if len(header) > 500 {
		return locales.En
	}
	// Traditional Chinese is nearer to simplified Chinese than to English.
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return locales.En
	}
	for _, tag := range tags {
		switch base, _ := tag.Base(); base.String() {
		case "zh":
			return locales.Zh
		case "en":
			return locales.En
		}
	}
	return locales.En
}

// switched answers a request for a page in another language: it is remembered, and the page shown anew
// at its own address.
func (p *Pages) switched(v *visit) bool {
	q := v.URL.Query()
	tag := q.Get("lang")
	if p.texts[tag] == nil || v.URL.Path == "/" {
		return false
	}
	q.Del("lang")
	http.SetCookie(v.w, api.Preference(v.Request, api.LangCookie, tag))
	to := v.URL.Path
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	_ = redirect(v, to)
	return true
}

// The ways a page can look.
const (
	light = "light"
	dark  = "dark"
)

// theme is what was chosen in this browser: light, dark, or "" for what the system says.
func theme(r *http.Request) string {
	if c, err := r.Cookie(api.ThemeCookie); err == nil && (c.Value == light || c.Value == dark) {
		return c.Value
	}
	return ""
}

// scheme is how the front end looks from the first moment on. A person who follows the system is shown
// what the browser says of it, or what the front end noted of it when it was last here.
func scheme(r *http.Request, chosen string) string {
	noted := ""
	if c, err := r.Cookie(api.ThemeCookie); err == nil {
		chosen, noted = c.Value, strings.TrimPrefix(c.Value, "auto-")
	}
	switch hint := r.Header.Get("Sec-CH-Prefers-Color-Scheme"); {
	case chosen == light, chosen == dark:
		return chosen
	case hint == light, hint == dark:
		return hint
	case noted == dark:
		return dark
	}
	return light
}

// greet gives the browser what a person has chosen, for the pages before the next signing in.
func greet(v *visit, who *api.Visitor) {
	for _, c := range api.Preferences(v.Request, who.Person) {
		http.SetCookie(v.w, c)
	}
}

// waiting is the error of who asks too often.
func waiting(d time.Duration) error { return api.TooEarly(d) }
