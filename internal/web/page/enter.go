package page

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
)

// next returns where to go after signing in: an address of ours, and no page that would send the person
// round in a circle. Whatever else was asked for leads to the first page.
func next(text string) string {
	if len(text) > 2000 || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return "/"
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "/"
	}
	for _, own := range []string{"/signin", "/signout", "/setup", "/forgot", "/api/", "/assets/", "/page/"} {
		if u.Path == strings.TrimSuffix(own, "/") || strings.HasPrefix(u.Path, own) && strings.HasSuffix(own, "/") {
			return "/"
		}
	}
	if strings.HasPrefix(u.EscapedPath(), "//") {
		return "/"
	}
	return text
}

func (p *Pages) signIn(v *visit) error {
	to := next(v.URL.Query().Get("next"))
	who, err := p.api.Visitor(v.ctx, v.Request)
	if err != nil {
		return err
	}
	if who != nil {
		return redirect(v, to)
	}
	data := p.view(v, "signin.title")
	data.Next = to
	switch {
	case v.URL.Query().Has("out"):
		data.Told = data.T("signout.done")
	case v.URL.Query().Has("set"):
		data.Told = data.T("setup.done")
	case to != "/":
		data.Told = data.T("signin.again")
	}
	return p.show(v, "signin", http.StatusOK, data)
}

func (p *Pages) signedIn(v *visit) error {
	data := p.view(v, "signin.title")
	data.Next, data.Email = next(v.PostFormValue("next")), v.PostFormValue("email")
	password := v.PostFormValue("password")
	if strings.TrimSpace(data.Email) == "" || password == "" {
		data.Trouble, data.Field = data.T("error.missing"), "email"
		if data.Email != "" {
			data.Field = "password"
		}
		return p.show(v, "signin", http.StatusUnprocessableEntity, data)
	}
	who, err := p.api.SignIn(v.ctx, v.Request, data.Email, password)
	if err != nil {
		return p.again(v, "signin", data, "password", err)
	}
	http.SetCookie(v.w, who.Cookie)
	greet(v, who)
	return redirect(v, data.Next)
}

// again shows a form once more with what was wrong, beside a field.
func (p *Pages) again(v *visit, name string, data *view, field string, err error) error {
	text, status := p.words(v, err)
	data.Trouble, data.Field = text, field
	if fault.Is(err, fault.TooMany) || fault.Is(err, fault.Unavailable) {
		v.w.Header().Set("Retry-After", strconv.Itoa(seconds(err)))
	}
	return p.show(v, name, status, data)
}

func (p *Pages) signOut(v *visit) error {
	who, err := p.api.Visitor(v.ctx, v.Request)
	if err != nil {
		return err
	}
	if who == nil {
		return redirect(v, "/signin")
	}
	data := p.view(v, "signout.title")
	data.Name, data.CSRF = who.Person.Name, who.Signed.CSRF
	return p.show(v, "signout", http.StatusOK, data)
}

func (p *Pages) signedOut(v *visit) error {
	who, err := p.api.Visitor(v.ctx, withGet(v.Request))
	if err != nil {
		return err
	}
	if who == nil {
		return redirect(v, "/signin")
	}
	if !who.Signed.SameCSRF(v.PostFormValue("csrf")) {
		return fault.New(fault.Forbidden, "cross_origin", "the form is not one of this session")
	}
	cookie, err := p.api.SignOut(v.ctx, v.Request, &who.Signed)
	if err != nil {
		return err
	}
	http.SetCookie(v.w, cookie)
	return redirect(v, "/signin?out")
}

// withGet returns the request as one that reads: a form shows its proof in a field and not in a header,
// and the caller checks that.
func withGet(r *http.Request) *http.Request {
	c := *r
	c.Method = http.MethodGet
	return &c
}

func (p *Pages) forgot(v *visit) error {
	return p.show(v, "forgot", http.StatusOK, p.view(v, "forgot.title"))
}

func (p *Pages) setup(v *visit) error {
	data := p.view(v, "setup.title")
	data.Script = p.script.Path
	return p.show(v, "setup", http.StatusOK, data)
}

func (p *Pages) accepted(v *visit) error {
	data := p.view(v, "setup.title")
	data.Script = p.script.Path
	data.Code, data.Email = strings.TrimSpace(v.PostFormValue("code")), v.PostFormValue("email")
	if _, after, found := strings.Cut(data.Code, "#"); found { // the whole link was pasted
		data.Code = after
	}
	password := v.PostFormValue("password")
	for _, f := range [][2]string{{"code", data.Code}, {"email", strings.TrimSpace(data.Email)}, {"password", password}} {
		if f[1] == "" {
			data.Trouble, data.Field = data.T("setup.missing"), f[0]
			return p.show(v, "setup", http.StatusUnprocessableEntity, data)
		}
	}
	err := p.api.Accept(v.ctx, v.Request, data.Code, data.Email, password)
	if err == nil {
		return redirect(v, "/signin?set")
	}
	if fault.Reason(err) == "bad_invitation" {
		data.Trouble, data.Field = data.T("setup.bad"), "code"
		return p.show(v, "setup", http.StatusUnauthorized, data)
	}
	if fields := fault.FieldsOf(err); len(fields) > 0 && fields[0].Name == "password" {
		key := map[string]string{"too_short": "setup.short", "too_long": "setup.long"}[fields[0].Reason]
		if key == "" {
			key = "setup.guessable"
		}
		data.Trouble, data.Field = data.T(key), "password"
		return p.show(v, "setup", http.StatusUnprocessableEntity, data)
	}
	return p.again(v, "setup", data, "password", err)
}
