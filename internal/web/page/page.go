// Package page serves what a browser gets besides the API: the built front end, and the pages that work
// without it, for signing in and out and for setting a password. Those need no script.
package page

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/web/api"
	"github.com/wardbook/wardbook/locales"
)

//go:embed html
var files embed.FS

// Pages serves one organisation's pages.
type Pages struct {
	api    *api.API
	texts  locales.Catalogue
	pages  *template.Template
	dist   fs.FS
	shell  []byte // index.html; nil where the program was built without its front end
	style  asset
	script asset
	icon   asset
	log    *slog.Logger
}

// asset is a file of ours, at an address that changes with it.
type asset struct {
	Path string
	kind string
	body []byte
}

// New returns the pages of an organisation; dist is the built front end.
func New(a *api.API, dist fs.FS, log *slog.Logger) (_ *Pages, err error) {
	defer fault.Op(&err, "page.New")
	p := &Pages{api: a, dist: dist, log: log}
	if p.texts, err = locales.Load(); err != nil {
		return nil, err
	}
	if p.pages, err = template.ParseFS(files, "html/*.html"); err != nil {
		return nil, err
	}
	if p.style, err = load("style", ".css", "text/css; charset=utf-8"); err != nil {
		return nil, err
	}
	if p.script, err = load("setup", ".js", "text/javascript; charset=utf-8"); err != nil {
		return nil, err
	}
	if p.icon, err = load("icon", ".svg", "image/svg+xml"); err != nil {
		return nil, err
	}
	if p.shell, err = fs.ReadFile(dist, "index.html"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return p, nil
}

func load(name, ext, kind string) (asset, error) {
	b, err := files.ReadFile("html/" + name + ext)
	if err != nil {
		return asset{}, err
	}
	h := fnv.New64a() // tells versions apart; nobody gains by two that are alike
	_, _ = h.Write(b)
	return asset{Path: fmt.Sprintf("/page/%s-%016x%s", name, h.Sum64(), ext), kind: kind, body: b}, nil
}

// policy is what pages may do: load what is ours, and run no text as code or markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
	"worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// denied are the powers of a browser that no page uses.
const denied = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(self), geolocation=(), gyroscope=(), " +
	"magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(self), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"

// secure replaces the headers of an API answer, which the server has set, by those of a page.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", denied)
	h.Set("Referrer-Policy", "same-origin") // forms are known by where they come from
	h.Set("Accept-CH", "Sec-CH-Prefers-Color-Scheme")
	h.Add("Vary", "Accept-Language, Cookie, Sec-CH-Prefers-Color-Scheme")
}

// Register adds the pages to a server's routes. What stands at / has every address that is nobody's, so
// no pattern here names a method: it would be in the way of a longer one that does not.
func (p *Pages) Register(mux *http.ServeMux) {
	mux.Handle("/signin", methods(p.serve("/signin", p.signIn), p.serve("/signin", p.signedIn)))
	mux.Handle("/signout", methods(p.serve("/signout", p.signOut), p.serve("/signout", p.signedOut)))
	mux.Handle("/setup", methods(p.serve("/setup", p.setup), p.serve("/setup", p.accepted)))
	mux.Handle("/forgot", methods(p.serve("/forgot", p.forgot), nil))
	mux.Handle("/", methods(p.serve("/", p.app), nil))
	mux.Handle("/assets/", methods(http.HandlerFunc(p.asset), nil))
	mux.Handle("/page/", methods(http.HandlerFunc(p.own), nil))
}

// methods answers GET and HEAD by the one, and POST by the other where there is one.
func methods(get, post http.Handler) http.Handler {
	allowed := []string{http.MethodGet, http.MethodHead}
	if post != nil {
		allowed = append(allowed, http.MethodPost)
	}
	others := api.NotAllowed(allowed...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			get.ServeHTTP(w, r)
		case r.Method == http.MethodPost && post != nil:
			post.ServeHTTP(w, r)
		default:
			others.ServeHTTP(w, r)
		}
	})
}

// visit is one request for a page.
type visit struct {
	*http.Request
	ctx  context.Context //nolint:containedctx // lives as long as the request
	w    http.ResponseWriter
	lang string
}

const (
	pageTime = 30 * time.Second
	maxForm  = 16 << 10 // bytes
)

// serve runs one page: how often, how long, and then the page. What goes wrong is said in words.
func (p *Pages) serve(route string, do func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pageTime)
		defer cancel()
		api.Note(r, route, actorless())
		secure(w.Header())
		v := &visit{Request: r, ctx: ctx, w: w, lang: p.language(r)}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if wait := p.api.Take(r); wait > 0 {
			p.fail(v, waiting(wait))
			return
		}
		if r.Method == http.MethodPost {
			if err := api.SameOrigin(r); err != nil {
				p.fail(v, err)
				return
			}
			if err := r.ParseForm(); err != nil {
				p.fail(v, fault.Wrap(fault.TooLarge, err, "too_large", "the form cannot be read"))
				return
			}
		} else if p.switched(v) {
			return
		}
		if err := do(v); err != nil {
			p.fail(v, err)
		}
	})
}

// own serves what the pages without a front end are made with.
func (p *Pages) own(w http.ResponseWriter, r *http.Request) {
	api.Note(r, "/page/", actorless())
	secure(w.Header())
	for _, a := range []asset{p.style, p.script, p.icon} {
		if r.URL.Path == a.Path {
			forever(w.Header(), a.kind)
			_, _ = w.Write(a.body) // the other side may be gone
			return
		}
	}
	missing(w, r)
}
