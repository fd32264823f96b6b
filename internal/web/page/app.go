package page

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/web/api"
	"github.com/wardbook/wardbook/locales"
)

// app answers every address that nothing else has. What looks like a file is one, or is not there; the
// rest are the front end's own addresses, which it shows to who signed in.
func (p *Pages) app(v *visit) error {
	if strings.Contains(path.Base(v.URL.Path), ".") {
		p.file(v.w, v.Request, strings.TrimPrefix(v.URL.Path, "/"), false)
		return nil
	}
	who, err := p.api.Visitor(v.ctx, v.Request)
	if err != nil {
		return err
	}
	if who == nil {
		to := next(v.URL.RequestURI())
		if to == "/" {
			return redirect(v, "/signin")
		}
		return redirect(v, "/signin?next="+url.QueryEscape(to))
	}
	api.Note(v.Request, "/", who.Signed.Actor)
	v.lang = locales.Tag(who.Person.Locale)
	if p.shell == nil {
		return p.show(v, "missing", http.StatusNotImplemented, p.view(v, "missing.title"))
	}
	body := dress(p.shell, v.lang, scheme(v.Request, who.Person.Theme))
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.lang)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = v.w.Write(body) // the other side may be gone
	return nil
}

var (
	htmlTag  = regexp.MustCompile(`<html\b[^>]*>`)
	langAttr = regexp.MustCompile(`\blang="[^"]*"`)
	lookAttr = regexp.MustCompile(`\bdata-mantine-color-scheme="[^"]*"`)
)

// dress gives the front end's page a person's language and look, so that no script has to change them
// after the page was seen. Both are words of ours.
func dress(shell []byte, lang, look string) []byte {
	return htmlTag.ReplaceAllFunc(shell, func(tag []byte) []byte {
		tag = langAttr.ReplaceAllLiteral(tag, []byte(`lang="`+lang+`"`))
		return lookAttr.ReplaceAllLiteral(tag, []byte(`data-mantine-color-scheme="`+look+`"`))
	})
}

// asset serves a file whose name changes with what is in it.
func (p *Pages) asset(w http.ResponseWriter, r *http.Request) {
	api.Note(r, "/assets/", actorless())
	secure(w.Header())
	p.file(w, r, strings.TrimPrefix(r.URL.Path, "/"), true)
}

// file serves a file of the front end, compressed where the build has made that form and the browser
// takes it. A file that is not there is never answered with a page: a browser would take that for code.
func (p *Pages) file(w http.ResponseWriter, r *http.Request, name string, hashed bool) {
	kind := kindOf(name)
	if kind == "" || !fs.ValidPath(name) || name == "index.html" {
		missing(w, r)
		return
	}
	h := w.Header()
	encodings := []string{"br", "gzip", ""}
	for _, encoding := range encodings {
		ext := map[string]string{"br": ".br", "gzip": ".gz"}[encoding]
		if encoding != "" && !accepts(r.Header.Values("Accept-Encoding"), encoding) {
			continue
		}
		b, err := fs.ReadFile(p.dist, name+ext)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) && encoding == "" {
				api.Problem(w, r, fault.Wrap(fault.Internal, err, "asset", "internal error"))
				return
			}
			continue
		}
		h.Add("Vary", "Accept-Encoding")
		if encoding != "" {
			h.Set("Content-Encoding", encoding)
		}
		if hashed {
			forever(h, kind)
		} else {
			h.Set("Content-Type", kind)
			h.Set("Cache-Control", "no-cache")
		}
		h.Set("Content-Length", strconv.Itoa(len(b)))
		_, _ = w.Write(b) // the other side may be gone
		return
	}
	missing(w, r)
}

// forever lets everybody keep what lies at this address.
func forever(h http.Header, kind string) {
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
}

// missing answers that a file is not there.
func missing(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte("there is no such file\n")) // the other side may be gone
}

// kindOf is the media type of a file by its name; "" for what the front end has no use for. The
// system's own table differs from machine to machine.
func kindOf(name string) string {
	return map[string]string{
		".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".json": "application/json", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
		".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon",
		".woff2": "font/woff2", ".wasm": "application/wasm",
	}[path.Ext(name)]
}

// accepts reports whether a browser takes an encoding (RFC 9110, 12.5.3).
func accepts(headers []string, encoding string) bool {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		_, q, weighed := strings.Cut(weight, "=")
		n, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return !weighed || err == nil && n > 0
	}
	return false
}
