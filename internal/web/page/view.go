package page

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/web/api"
	"github.com/wardbook/wardbook/locales"
)

func actorless() authn.Actor { return authn.Actor{} }

// view is what a template shows.
type view struct {
	Lang, Theme string
	Title       string
	Style, Icon string
	Script      string // "" for none
	Langs       []langLink
	Trouble     string // what is wrong, in words
	Told        string // what has just happened
	Field       string // the field that the trouble is about

	Next, Email, Code, Name, CSRF string

	texts locales.Catalogue
}

// langLink shows a page in a language.
type langLink struct {
	Tag, Name, Link string
	Current         bool
}

// T returns a text in the language of the page.
func (v *view) T(key string) string { return v.texts.Text(v.Lang, "page."+key) }

// Lead returns a text in which {name} is the name of who signed in.
func (v *view) Lead(key string) string { return v.texts.Text(v.Lang, "page."+key, "name", v.Name) }

// Around returns the parts of a text before and after its {command}, which is set apart.
func (v *view) Around(key string) []string {
	return strings.SplitN(v.T(key), "{command}", 2)
}

// view begins what a page shows.
func (p *Pages) view(v *visit, title string) *view {
	out := &view{Lang: v.lang, Theme: theme(v.Request), Title: title, Style: p.style.Path, Icon: p.icon.Path, texts: p.texts}
	for _, tag := range []string{locales.En, locales.Zh} {
		q := v.URL.Query()
		q.Set("lang", tag)
		path := v.URL.Path
		if title == "missing.title" || title == "trouble.title" { // at the address of something else
			path = "/signin"
		}
		out.Langs = append(out.Langs, langLink{Tag: tag, Name: p.texts.Text(tag, "page.lang."+tag), Link: path + "?" + q.Encode(), Current: tag == v.lang})
	}
	return out
}

// show writes a page.
func (p *Pages) show(v *visit, name string, status int, data *view) error {
	var b bytes.Buffer
	if err := p.pages.ExecuteTemplate(&b, name+".html", data); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.lang)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // the other side may be gone
	return nil
}

// fail shows what went wrong where no page can show it beside its form.
func (p *Pages) fail(v *visit, err error) {
	text, status := p.words(v, err)
	if _, ok := api.WaitOf(err); ok || fault.Is(err, fault.Unavailable) {
		v.w.Header().Set("Retry-After", strconv.Itoa(seconds(err)))
	}
	data := p.view(v, "trouble.title")
	data.Trouble = text
	if err := p.show(v, "trouble", status, data); err != nil {
		p.log.ErrorContext(v.ctx, "page failed", "request", api.RequestOf(v.Request), "error", err.Error())
		http.Error(v.w, text, status)
	}
}

// words says what went wrong, in the language of the page, and the status that says it to programs.
func (p *Pages) words(v *visit, err error) (text string, status int) {
	t := func(key string, values ...string) string { return p.texts.Text(v.lang, "page."+key, values...) }
	status = fault.KindOf(err).Status()
	switch {
	case fault.Reason(err) == "bad_credentials":
		return t("error.wrong"), http.StatusUnauthorized
	case fault.Reason(err) == "needs_tls":
		return t("error.tls"), status
	case fault.Reason(err) == "cross_origin":
		return t("error.cross_origin"), status
	case fault.Is(err, fault.TooMany):
		return t("error.wait", "wait", p.duration(v, seconds(err))), status
	case fault.Is(err, fault.TooLarge):
		return t("error.too_large"), status
	case fault.Is(err, fault.Unavailable):
		return t("error.busy"), status
	}
	p.log.ErrorContext(v.ctx, "page failed", "request", api.RequestOf(v.Request), "error", err.Error())
	return t("error.internal", "request", api.RequestOf(v.Request)), http.StatusInternalServerError
}

// seconds is how long an error says to wait; a minute where it says nothing.
func seconds(err error) int {
	if wait, ok := api.WaitOf(err); ok {
		return int((wait + time.Second - 1) / time.Second)
	}
	return 60
}

func (p *Pages) duration(v *visit, seconds int) string {
	switch {
	case seconds < 60:
		return p.texts.Text(v.lang, "page.seconds", "n", strconv.Itoa(max(seconds, 2)))
	case seconds < 120:
		return p.texts.Text(v.lang, "page.minutes.one")
	}
	return p.texts.Text(v.lang, "page.minutes", "n", strconv.Itoa((seconds+59)/60))
}

// redirect sends the browser on, by GET.
func redirect(v *visit, to string) error {
	http.Redirect(v.w, v.Request, to, http.StatusSeeOther)
	return nil
}
