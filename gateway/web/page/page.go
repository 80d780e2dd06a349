// Package page makes the card holder's pages: HTML from templates/ through Fiber's html engine, the
// checkout page from segments rendered ahead, and the hashed and compressed files beside them. It
// deliberately knows no HTTP, no payment flow and no store: it turns view structs into bytes.
//
//	rare pages      Render(lang, view)                    engine, once per request, in a frame that is kept
//	checkout page   AppendCheckout / AppendCheckoutGzip   segments, no allocation but the answer
//	files           Assets, ThemeFile                     for ever under hashed addresses
//
// The checkout page exists once per (language, theme, variant): the same engine writes it with
// unique marks as values, it is cut at the marks, and each view joins the pieces with its escaped
// values (performance sheet, 'Segments').
package page

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/template/html/v2"

	"github.com/odelink/odelink/templates"
)

// Options set up Pages; the zero value works but for PublicURL.
type Options struct {
	// PublicURL is what receipt check addresses start with, such as "https://ode.example.com".
	PublicURL string

	// PageLimit is how long a checkout page keeps typed card fields (checklist I2); default 15 min.
	PageLimit time.Duration

	// MaxCached bounds the checkout pages kept ready, each some 15 kB, and the frames of the others;
	// default 2048. Less than 0 keeps nothing: every page is written anew, as one would without this package.
	MaxCached int

	// LiveTemplates is a templates/ folder that is read anew at each view, for work on the pages.
	// Empty in production: the embedded templates, parsed once.
	LiveTemplates string
}

// Pages renders. It is safe for concurrent use.
type Pages struct {
	opts    Options
	engine  *html.Engine
	locales templates.Locales
	codes   []string
	assets  *Assets

	ready atomic.Pointer[map[cacheKey]*compiled]
	build sync.Mutex // one page is built at a time; views never wait for it
	anew  sync.Mutex // with LiveTemplates, one page is read and written at a time

	frameLock sync.RWMutex // of frames and kept
	frames    map[frameKey]*frame
	kept      map[keptKey]*kept

	plans *plans
}

// New loads languages, templates and files, and proves that the checkout page can be cut into
// segments in every language. Any mistake in them is an error, so that it stops the start.
func New(opts Options) (*Pages, error) {
	if opts.PageLimit <= 0 {
		opts.PageLimit = 15 * time.Minute
	}
	if opts.MaxCached == 0 {
		opts.MaxCached = 2048
	}
	locales, err := templates.Load()
	if err != nil {
		return nil, err
	}
	return newPages(opts, locales)
}

func newPages(opts Options, locales templates.Locales) (*Pages, error) {
	if locales["tr"] == nil {
		return nil, errors.New("loading pages: there is no Turkish locale")
	}
	p := &Pages{opts: opts, locales: locales, codes: locales.Codes()}
	words := map[string]string{}
	var err error
	for code, l := range locales {
		if words[code], err = scriptText(l, opts.PageLimit); err != nil {
			return nil, err
		}
	}
	if p.assets, err = loadAssets(words); err != nil {
		return nil, err
	}
	if opts.LiveTemplates != "" {
		p.engine = html.New(opts.LiveTemplates, ".html")
		p.engine.Reload(true)
	} else {
		p.engine = html.NewFileSystem(http.FS(templates.Pay), ".html")
	}
	if err := p.engine.Load(); err != nil {
		return nil, fmt.Errorf("loading templates: %w", err)
	}
	for _, v := range []View{&CheckoutPage{}, &Handover{}, &Result{}, &Kind{}, &Check{}, &Text{}} {
		if err := escape(p.engine.Templates.Lookup(v.template())); err != nil {
			return nil, fmt.Errorf("loading templates: %s: %w", v.template(), err)
		}
	}
	p.ready.Store(&map[cacheKey]*compiled{})
	p.frames, p.kept, p.plans = map[frameKey]*frame{}, map[keptKey]*kept{}, newPlans()
	return p, p.probe()
}

// escape makes html/template work out the escaping of a page now, at the start. By itself it does
// that in the first Execute, where it writes to the template that the engine copies for each
// caller without a lock: two first readers of one page would race. What the page says without
// data does not matter, so only an error of the template itself is one.
func escape(t *template.Template) error {
	if t == nil {
		return errors.New("it is missing")
	}
	var wrong *template.Error
	if err := t.Execute(io.Discard, nil); errors.As(err, &wrong) {
		return wrong
	}
	return nil
}

// Assets are the files that the pages link to.
func (p *Pages) Assets() *Assets { return p.assets }

// Languages lists the codes of all languages, Turkish first.
func (p *Pages) Languages() []string { return p.codes }

// Locale is a language by code; Turkish when there is no such language.
func (p *Pages) Locale(code string) *templates.Locale {
	if l, ok := p.locales[code]; ok {
		return l
	}
	return p.locales["tr"]
}

// Render writes one page as the engine does. An unknown language gives Turkish.
func (p *Pages) Render(lang string, v View) ([]byte, error) {
	var fill *fill
	l := p.Locale(lang)
	if c, ok := v.(*CheckoutPage); ok {
		fill = c.Checkout.fill(l)
	}
	return p.execute(l, v, fill)
}

func (p *Pages) execute(l *templates.Locale, v View, f *fill) ([]byte, error) {
	r := &root{Head: v.head(), p: p, L: l, V: v, F: f}
	if k, ok := r.keep(); ok {
		return p.appendKept(nil, r, k)
	}
	return p.engineWrites(r)
}

func (p *Pages) engineWrites(r *root) ([]byte, error) {
	if p.opts.LiveTemplates != "" {
		p.anew.Lock()
		defer p.anew.Unlock()
	}
	var out bytes.Buffer
	if err := p.engine.Render(&out, r.V.template(), r); err != nil {
		return nil, fmt.Errorf("rendering %s: %w", r.V.template(), err)
	}
	return out.Bytes(), nil
}

// sentence finds every text that a page shows. One place, so that a merchant's own wording can be
// asked for first.
func (p *Pages) sentence(l *templates.Locale, t *Theme, key string) string {
	if t != nil && t.Words != nil {
		if own := t.Words[l.Code][key]; own != "" {
			return own
		}
	}
	return l.Raw(key)
}
