package panel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/static"
	"github.com/odelink/odelink/templates"
)

// pages are the panel's templates, words and files. Each page is parsed with the layout and the parts when it
// is first shown; a test shows all.
type pages struct {
	locales templates.Locales
	codes   []string
	assets  map[string]*file

	mu    sync.Mutex
	ready map[string]*template.Template
}

func newPages() (*pages, error) {
	p := &pages{ready: map[string]*template.Template{}, assets: map[string]*file{}}
	var err error
	if p.locales, err = templates.LoadPanel(); err != nil {
		return nil, err
	}
	p.codes = p.locales.Codes()
	for name, kind := range map[string]string{"css/panel.css": "text/css; charset=utf-8", "js/panel.js": "text/javascript; charset=utf-8", "img/icon.svg": "image/svg+xml"} {
		if err := p.load(name, kind); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *pages) locale(code string) *templates.Locale {
	if l, ok := p.locales[code]; ok {
		return l
	}
	return p.locales["tr"]
}

// named finds a page's template: templates/panel/NAME.html with layout.html and everything in parts/.
func (p *pages) named(name string) (*template.Template, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := p.ready[name]; ok {
		return t, nil
	}
	t, err := template.New("layout.html").ParseFS(templates.Panel, "panel/layout.html", "panel/parts/*.html", "panel/"+name+".html")
	if err != nil {
		return nil, fmt.Errorf("parse page %s: %w", name, err)
	}
	p.ready[name] = t
	return t, nil
}

// pageNames lists all pages.
func pageNames() (names []string, err error) {
	err = fs.WalkDir(templates.Panel, "panel", func(file string, d fs.DirEntry, err error) error {
		name, page := strings.CutSuffix(strings.TrimPrefix(file, "panel/"), ".html")
		if err == nil && page && name != "layout" && !strings.HasPrefix(name, "parts/") {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// Page is what a template sees: its words and formats, who asks, and its data.
type Page struct {
	s      *Surface
	L      *templates.Locale
	Who    *who // nil before sign-in
	Name   string
	Path   string // of this address, for links to itself in another language
	Query  string
	CSRF   string
	Status int
	Data   any
	now    time.Time
}

// show answers a page in the frame of the panel.
func (s *Surface) show(c *fiber.Ctx, w *who, status int, name string, data any) error {
	p := &Page{s: s, L: s.pages.locale(w.lang), Who: w, Name: name, CSRF: s.token(string(w.visit.Hash)), Status: status, Data: data, now: s.now()}
	return s.send(c, p)
}

// outside answers a page before sign-in; holder is what its forms belong to.
func (s *Surface) outside(c *fiber.Ctx, status int, name, holder string, data any) error {
	lang := s.language(c, checkout.User{})
	return s.send(c, &Page{s: s, L: s.pages.locale(lang), Name: name, CSRF: s.token(holder), Status: status, Data: data, now: s.now()})
}

// showPart answers one block of a page without the frame.
func (s *Surface) showPart(c *fiber.Ctx, w *who, name, block string, data any) error {
	p := &Page{s: s, L: s.pages.locale(w.lang), Who: w, Name: name, CSRF: s.token(string(w.visit.Hash)), Data: data, now: s.now()}
	t, err := s.pages.named(name)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, block, p); err != nil {
		return fmt.Errorf("write %s of page %s: %w", block, name, err)
	}
	return s.write(c, out.Bytes())
}

func (s *Surface) send(c *fiber.Ctx, p *Page) error {
	p.Path, p.Query = c.Path(), string(c.Request().URI().QueryString())
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		p.Path = pageOf(p.Path)
	}
	t, err := s.pages.named(p.Name)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return fmt.Errorf("write page %s: %w", p.Name, err)
	}
	c.Status(p.Status)
	c.Set(fiber.HeaderContentLanguage, p.L.Code)
	return s.write(c, out.Bytes())
}

// pageOf is the address of the page that a form at path stands on: path itself where it can be opened, else the
// nearest above it.
func pageOf(path string) string {
	for p := path; strings.HasPrefix(p, "/panel/"); p = p[:strings.LastIndexByte(p, '/')] {
		for route := range Routes() {
			pattern, get := strings.CutPrefix(route, "GET ")
			if get && fiber.RoutePatternMatch(p, pattern) {
				return p
			}
		}
		if slices.Contains(doors, p) {
			return p
		}
	}
	return "/panel"
}

// doors are the pages that can be opened before anybody has come in.
var doors = []string{"/panel/signin", "/panel/code", "/panel/setup"}

// write answers HTML, compressed where the browser takes it.
func (s *Surface) write(c *fiber.Ctx, html []byte) error {
	s.headers.Apply(c)
	c.Context().SetContentType("text/html; charset=utf-8")
	c.Vary(fiber.HeaderAcceptEncoding)
	if c.AcceptsEncodings("gzip") == "gzip" {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		html = fasthttp.AppendGzipBytesLevel(nil, html, gzipLevel)
	}
	return c.Send(html)
}

// gzipLevel makes a page a fifth of what it is; higher ones cost more than they gain.
const gzipLevel = 5

// T is a sentence of the panel with its {placeholders} filled from name, value pairs.
func (p *Page) T(key string, pairs ...string) string { return p.L.Text(key, pairs...) }

// N is a sentence about n things.
func (p *Page) N(key string, n any) string {
	i := 0
	switch n := n.(type) {
	case int:
		i = n
	case int64:
		i = int(n)
	}
	return p.L.Count(key, i)
}

// Or is the sentence for key, or other when the language has none: words for codes that a bank or an event
// may bring.
func (p *Page) Or(key, other string) string {
	if p.L.Has(key) {
		return p.L.Raw(key)
	}
	return other
}

// Money writes an amount in minor units; When a moment, Day its calendar day, Clock its time of day, all in
// Istanbul's time; ISO the moment for <time datetime>.
func (p *Page) Money(minor int64, currency any) string {
	return p.L.Money(minor, fmt.Sprint(currency))
}
func (p *Page) When(t time.Time) string  { return p.L.When(t) }
func (p *Page) Day(t time.Time) string   { return p.L.Day(t) }
func (p *Page) Clock(t time.Time) string { return p.L.Clock(t) }
func (p *Page) ISO(t time.Time) string   { return t.UTC().Format(time.RFC3339) }

// Ago is how long ago a moment was, in the largest unit that fits.
func (p *Page) Ago(t time.Time) string {
	switch d := p.now.Sub(t); {
	case d < time.Minute:
		return p.T("ago.now")
	case d < time.Hour:
		return p.L.Count("ago.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return p.L.Count("ago.hours", int(d/time.Hour))
	default:
		return p.L.Count("ago.days", int(d/(24*time.Hour)))
	}
}

// May says whether who asks has a power.
func (p *Page) May(power string) bool { return p.Who != nil && p.Who.may(checkout.Power(power)) }

// Demo says whether this is the demo.
func (p *Page) Demo() bool { return p.s.Demo }

// Asset is the address of a file of ours.
func (p *Page) Asset(name string) string { return p.s.pages.assets[name].path }

// SRI is the hash that a browser holds the file against.
func (p *Page) SRI(name string) string { return p.s.pages.assets[name].integrity }

// Languages are the others, each with the address of this page in it.
func (p *Page) Languages() (all []Choice) {
	for _, code := range p.s.pages.codes {
		all = append(all, Choice{Value: code, Label: p.s.pages.locales[code].Name, Chosen: code == p.L.Code})
	}
	return all
}

// Section is one entry of the rail.
type Section struct {
	Name, Path string
	Here       bool
	Far        bool // a phone's bar has no room for it: it stands in Rest there
}

// How many sections a phone's bar has room for, and how many it shows where there are more, beside the way to those.
const (
	railFits = 5
	railNear = railFits - 1
)

// Rail are the areas that who asks may see.
func (p *Page) Rail() (all []Section) {
	if p.Who == nil {
		return nil
	}
	for _, a := range areas() {
		if a.path != "" && p.Who.may(a.power) {
			all = append(all, Section{Name: a.name, Path: a.path, Here: a.name == p.Who.area.name})
		}
	}
	if len(all) > railFits {
		for i := railNear; i < len(all); i++ {
			all[i].Far = true
		}
	}
	return all
}

// Rest are those of them that a phone's bar has no room for.
func (p *Page) Rest() []Section {
	return slices.DeleteFunc(p.Rail(), func(s Section) bool { return !s.Far })
}

// Merchant, User, Member and Others are who asks and for whom.
func (p *Page) Merchant() checkout.Merchant   { return p.Who.merchant }
func (p *Page) User() checkout.User           { return p.Who.user }
func (p *Page) Member() checkout.Membership   { return p.Who.member }
func (p *Page) Others() []checkout.Membership { return p.Who.others }
func (p *Page) OwnLinks() bool                { return p.Who.own() != "" }
func (p *Page) Initial() string               { return initial(p.Who.merchant.Name) }

// Support is whom the merchant's staff call or write to; nil for nobody, and before it is known who asks.
func (p *Page) Support() *checkout.SupportLine {
	if p.Who == nil || p.Who.merchant.Support == (checkout.SupportLine{}) {
		return nil
	}
	return &p.Who.merchant.Support
}

// Mine is the initial of who asks.
func (p *Page) Mine() string { return initial(p.Who.user.Name) }

// Card is a card as it may be shown: at most the first six digits and the last four (PCI DSS 4.0, 3.4.1).
func (p *Page) Card(c checkout.CardFacts) string {
	if c.Last4 == "" {
		return ""
	}
	return c.BIN[:min(len(c.BIN), 6)] + "…" + c.Last4
}

// Browser is what a User-Agent header says, as people say it: "Chrome · Windows".
func (p *Page) Browser(agent string) string {
	first := func(pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return "?"
	}
	return first("Edg/", "Edge", "OPR/", "Opera", "SamsungBrowser/", "Samsung", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari") + " · " +
		first("Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS", "Linux", "Linux")
}

// Pill is a state as word, shape and colour; the part "pill" draws it.
type Pill struct{ Word, Icon, Tone string }

// State is how a payment or a void or refund stands; LinkState a link.
func (p *Page) State(status any) Pill {
	word := fmt.Sprint(status)
	pill := Pill{Word: p.Or("status."+word, word), Icon: "clock", Tone: "warn"}
	switch checkout.Status(word) {
	case checkout.StatusPaid:
		pill.Icon, pill.Tone = "check", "good"
	case checkout.StatusDeclined, checkout.StatusFailed, "refused":
		pill.Icon, pill.Tone = "cross", "bad"
	case checkout.StatusAbandoned:
		pill.Icon, pill.Tone = "cross", ""
	case checkout.StatusVoided, checkout.StatusRefunded, checkout.StatusPartiallyRefunded:
		pill.Icon, pill.Tone = "back", "info"
	}
	return pill
}

func (p *Page) LinkState(status checkout.LinkStatus) Pill {
	pill := Pill{Word: p.Or("linkstatus."+string(status), string(status)), Icon: "clock", Tone: ""}
	switch status {
	case checkout.LinkPaid:
		pill.Icon, pill.Tone = "check", "good"
	case checkout.LinkActive:
		pill.Icon, pill.Tone = "links", "info"
	case checkout.LinkScheduled:
		pill.Tone = "warn"
	case checkout.LinkExpired, checkout.LinkDeleted:
		pill.Icon = "cross"
	}
	return pill
}

// LanguageChoice is the field for the language of the panel.
func (p *Page) LanguageChoice(f *Form) *Input {
	in := p.Input(f, "lang")
	in.Choices = []Choice{{Value: "", Label: p.T("account.lang.browser"), Chosen: f.Get("lang") == ""}}
	for _, code := range p.s.pages.codes {
		in.Choices = append(in.Choices, Choice{Value: code, Label: p.s.pages.locales[code].Name, Chosen: code == f.Get("lang")})
	}
	return in
}

func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return "?"
}

// assetPrefix is where the panel's files are.
const assetPrefix = "/panel/s/"

// file is a file for the browser under an address that holds a hash of its content.
type file struct {
	path, integrity, contentType, etag string
	body, zipped                       []byte
}

func (p *pages) load(name, contentType string) error {
	raw, err := static.Panel.ReadFile(name)
	if err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	base := path.Base(name)
	ext := path.Ext(base)
	sum := sha256.Sum256(raw)
	hash := hex.EncodeToString(sum[:5])
	p.assets[base] = &file{
		path: assetPrefix + strings.TrimSuffix(base, ext) + "." + hash + ext, integrity: web.Integrity(raw), contentType: contentType, etag: `"` + hash + `"`, body: raw, zipped: fasthttp.AppendGzipBytesLevel(nil, raw, fasthttp.CompressBestCompression),
	}
	return nil
}

// asset answers one of them.
func (s *Surface) asset(c *fiber.Ctx) error {
	for _, f := range s.pages.assets {
		if f.path == c.Path() {
			s.files.Apply(c)
			c.Set(fiber.HeaderContentType, f.contentType)
			c.Set(fiber.HeaderETag, f.etag)
			c.Vary(fiber.HeaderAcceptEncoding)
			if c.AcceptsEncodings("gzip") == "gzip" {
				c.Set(fiber.HeaderContentEncoding, "gzip")
				return c.Send(f.zipped)
			}
			return c.Send(f.body)
		}
	}
	return &checkout.Error{Kind: checkout.KindNotFound, Code: "not_found"}
}
