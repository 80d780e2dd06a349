package page

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"html/template"
	"strings"
)

// frame is what stands above and below the content of the rarer pages. Between two payments of one
// merchant only the page's own path differs in it, so it is written once, with a mark for the path, and
// kept: it was more than half of what such a page costs.
type frame struct {
	above []string // cut where the path stands
	below template.HTML
}

// frameKey is everything else that a frame says.
type frameKey struct {
	lang, theme   string
	version       int64
	test, style   bool
	title, script string
	refresh, step int
}

// Above is the page's head up to its own content, with the three steps where they do not stand in its form.
func (r *root) Above() (template.HTML, error) {
	f, err := r.frame()
	if err != nil {
		return "", err
	}
	return template.HTML(strings.Join(f.above, r.Self)), nil
}

// Below is what follows the content.
func (r *root) Below() (template.HTML, error) {
	f, err := r.frame()
	if err != nil {
		return "", err
	}
	return f.below, nil
}

func (r *root) frame() (*frame, error) {
	if r.framed != nil {
		return r.framed, nil
	}
	var err error
	if r.p.opts.LiveTemplates != "" || r.p.opts.MaxCached < 0 || !plainPath(r.Self) || r.RefreshTo() != "" {
		r.framed, err = r.p.writeFrame(r, "")
		return r.framed, err
	}
	r.framed, err = r.p.frameOf(r.frameKey(), r)
	return r.framed, err
}

func (r *root) frameKey() frameKey {
	k := frameKey{lang: r.L.Code, test: r.Test, style: r.MoreStyle(), title: r.Title(), script: r.Script(), refresh: r.Refresh(), step: r.Step()}
	if r.Theme != nil {
		k.theme, k.version = r.Theme.ID, r.Theme.Version
	}
	return k
}

// plainPath says whether a path means the same in an address as in our hands.
func plainPath(path string) bool {
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '/' || c == '_' || c == '-' {
			continue
		}
		return false
	}
	return true
}

func (p *Pages) frameOf(k frameKey, r *root) (*frame, error) {
	p.frameLock.RLock()
	f := p.frames[k]
	p.frameLock.RUnlock()
	if f != nil {
		return f, nil
	}
	f, err := p.writeFrame(r, "/q"+rand.Text())
	if err != nil {
		return nil, err
	}
	p.frameLock.Lock()
	defer p.frameLock.Unlock()
	if len(p.frames) >= p.opts.MaxCached {
		clear(p.frames) // titles hold merchants' names: there is no end to them
	}
	p.frames[k] = f
	return f, nil
}

// writeFrame runs the templates of a frame; with a mark they write it for the page's path.
func (p *Pages) writeFrame(r *root, mark string) (*frame, error) {
	marked := *r
	head := *r.Head
	marked.Head = &head
	if mark != "" {
		head.Self = mark
	}
	parts := []string{"layout/head", "layout/steps"}
	if _, ok := r.V.(*CheckoutPage); ok {
		parts = parts[:1] // its steps stand in the form
	}
	var above, below bytes.Buffer
	for _, name := range parts {
		if err := p.engine.Templates.ExecuteTemplate(&above, name, &marked); err != nil {
			return nil, fmt.Errorf("rendering %s: %w", name, err)
		}
	}
	if err := p.engine.Templates.ExecuteTemplate(&below, "layout/foot", &marked); err != nil {
		return nil, fmt.Errorf("rendering the foot: %w", err)
	}
	f := &frame{above: []string{above.String()}, below: template.HTML(below.String())}
	if mark != "" {
		f.above = strings.Split(above.String(), mark)
	}
	return f, nil
}
