package wire

import (
	"errors"
	"fmt"
	"html"
	"net/url"
	"strings"

	"github.com/odelink/odelink/checkout"
)

// Page is what a bank's HTML page holds of forms. Reading it takes a small tokenizer of its own, not a browser's
// parser: what that would repair is refused here, and the answer of a bank that needs repairing is not relayed.
type Page struct {
	Forms  []PageForm
	Base   string // href of a base element, "" = none
	Script bool   // a script or an onload runs on it
}

// PageForm is one form of a page. Action is as written, entities decoded.
type PageForm struct {
	Method  string // lower case, "get" when left out
	Action  string
	Type    string // enctype, "" = the usual one
	Inputs  []PageInput
	Strange bool // it has fields that no self-submitting form has: text areas, selections, foreign owners
}

// PageInput is one input element. Kind is its type in lower case, "text" when left out.
type PageInput struct {
	Kind     string
	Name     string
	Value    string
	Disabled bool
}

// maxInputs is about three times the longest callback form that is known (120 fields, payfor.md 4.1).
const maxInputs = 400

// usualInputs is room for the longest callback form that is known.
const usualInputs = 128

var (
	errPageCut   = errors.New("the page is cut off")
	errNoForm    = errors.New("the page holds no form that submits itself")
	errPageLong  = errors.New("the page holds too many fields")
	errFormAway  = errors.New("the form leads where no browser may be sent")
	errFormStyle = errors.New("the form is sent in a way that is not relayed")
)

// rawText are elements whose content is no markup to a browser that runs scripts.
var rawText = map[string]bool{"script": true, "style": true, "textarea": true, "title": true, "noscript": true,
	"template": true, "iframe": true, "xmp": true, "noembed": true, "noframes": true}

// ReadPage finds the forms of a page. An element, comment, script or form without its end is an error: the page was
// cut.
func ReadPage(body []byte) (Page, error) {
	s := scanner{rest: Text(body)}
	inputs := 0
	for s.next() {
		if s.err != nil {
			return Page{}, s.err
		}
		if s.page.add(s.tag); s.tag.name == "input" && !s.tag.closing {
			if inputs++; inputs > maxInputs {
				return Page{}, errPageLong
			}
		}
	}
	switch {
	case s.err != nil:
		return Page{}, s.err
	case s.page.open:
		return Page{}, errPageCut
	}
	return s.page.Page, nil
}

// pageBuilder knows whether the last form is still open.
type pageBuilder struct {
	Page
	open bool
}

func (p *pageBuilder) add(t tag) {
	if t.has("onload") || (t.name == "script" && !t.closing) {
		p.Script = true
	}
	if t.name == "form" {
		if !t.closing && !p.open { // a form inside a form does not exist
			method := FoldASCII(strings.TrimSpace(t.value("method")))
			if method == "" {
				method = "get"
			}
			p.Forms = append(p.Forms, PageForm{Method: method, Action: strings.TrimSpace(t.value("action")),
				Type: FoldASCII(strings.TrimSpace(t.value("enctype")))})
		}
		p.open = !t.closing
		return
	}
	if t.name == "base" && p.Base == "" {
		p.Base = strings.TrimSpace(t.value("href"))
	}
	if t.closing {
		return
	}
	foreign := t.has("form")
	switch {
	case !p.open && !foreign:
		return
	case len(p.Forms) == 0:
		return
	}
	f := &p.Forms[len(p.Forms)-1]
	switch t.name {
	case "input":
		kind := FoldASCII(strings.TrimSpace(t.value("type")))
		if kind == "" {
			kind = "text"
		}
		if f.Inputs == nil {
			f.Inputs = make([]PageInput, 0, usualInputs)
		}
		f.Inputs = append(f.Inputs, PageInput{Kind: kind, Name: t.value("name"), Value: t.value("value"), Disabled: t.has("disabled")})
		f.Strange = f.Strange || foreign
	case "select", "textarea", "object":
		f.Strange = true
	}
}

// Handover is the one form of a page that submits itself: how, where to, and with what.
type Handover struct {
	Method string // "POST" or "GET"
	Action *url.URL
	Fields []checkout.Field // in the page's order, repetitions kept
}

// Handover reduces a page to its form. at is the page's own address, against which a relative action is resolved. A
// page with no form, several, one that a person would fill in, or one without a script to send it, is errNoForm: a
// log-in or error page.
func (p Page) Handover(at *url.URL, allowLoopback bool) (Handover, error) {
	if len(p.Forms) != 1 || !p.Script || p.Forms[0].Strange {
		return Handover{}, errNoForm
	}
	f := p.Forms[0]
	h := Handover{Method: strings.ToUpper(f.Method)}
	if (f.Method != "post" && f.Method != "get") || (f.Type != "" && f.Type != "application/x-www-form-urlencoded") {
		return Handover{}, errFormStyle
	}
	for _, in := range f.Inputs {
		switch in.Kind {
		case "hidden":
			if in.Name != "" && !in.Disabled {
				h.Fields = append(h.Fields, checkout.Field{Name: in.Name, Value: in.Value})
			}
		case "submit", "button", "image", "reset":
			// A script's submit sends no button.
		default:
			return Handover{}, errNoForm
		}
	}
	if len(h.Fields) == 0 {
		return Handover{}, errNoForm
	}
	var err error
	if h.Action, err = p.resolve(at, f.Action); err != nil {
		return Handover{}, err
	}
	if !Browsable(h.Action, allowLoopback) {
		return Handover{}, fmt.Errorf("%w: scheme %q", errFormAway, h.Action.Scheme)
	}
	return h, nil
}

func (p Page) resolve(at *url.URL, action string) (*url.URL, error) {
	base := at
	if p.Base != "" {
		b, err := at.Parse(p.Base)
		if err != nil {
			return nil, errFormAway
		}
		base = b
	}
	u, err := base.Parse(action)
	if err != nil {
		return nil, errFormAway // the error of the parser repeats the address
	}
	u.Fragment = ""
	return u, nil
}

// tag is one start or end tag; names are lower case, values have their entities decoded.
type tag struct {
	name    string
	closing bool
	attrs   []attr // as they stand: of two alike the first one counts, as in browsers
}

type attr struct{ name, value string }

func (t tag) has(name string) bool {
	for i := range t.attrs {
		if t.attrs[i].name == name {
			return true
		}
	}
	return false
}

// value is "" for an attribute that is not there.
func (t tag) value(name string) string {
	for i := range t.attrs {
		if t.attrs[i].name == name {
			return t.attrs[i].value
		}
	}
	return ""
}

// scanner walks over the tags of a page.
type scanner struct {
	rest string
	tag  tag
	err  error
	page pageBuilder
}

// next finds the next tag; false at the end or at an error.
func (s *scanner) next() bool {
	for s.err == nil {
		i := strings.IndexByte(s.rest, '<')
		if i < 0 {
			return false
		}
		s.rest = s.rest[i+1:]
		switch {
		case strings.HasPrefix(s.rest, "!--"):
			s.skipPast("-->")
		case strings.HasPrefix(s.rest, "!"), strings.HasPrefix(s.rest, "?"):
			s.skipPast(">")
		case strings.HasPrefix(s.rest, "/") && len(s.rest) > 1 && isLetter(s.rest[1]):
			s.rest = s.rest[1:]
			s.read(true)
			return s.err == nil
		case s.rest != "" && isLetter(s.rest[0]):
			s.read(false)
			if s.err == nil && rawText[s.tag.name] {
				s.skipRaw()
			}
			return s.err == nil
		}
	}
	return false
}

func (s *scanner) skipPast(end string) {
	i := strings.Index(s.rest, end)
	if i < 0 {
		s.err = errPageCut
		return
	}
	s.rest = s.rest[i+len(end):]
}

// skipRaw leaves the end tag for next.
func (s *scanner) skipRaw() {
	for {
		i := strings.Index(s.rest, "</")
		if i < 0 {
			s.err = errPageCut
			return
		}
		s.rest = s.rest[i:]
		if name := s.rest[2:]; len(name) >= len(s.tag.name) && FoldASCII(name[:len(s.tag.name)]) == s.tag.name {
			return
		}
		s.rest = s.rest[2:]
	}
}

// read takes a tag whose name begins at rest.
func (s *scanner) read(closing bool) {
	n := indexStop(s.rest, stopName)
	if n < 0 {
		s.err = errPageCut
		return
	}
	s.tag = tag{name: FoldASCII(s.rest[:n]), closing: closing, attrs: s.tag.attrs[:0]}
	s.rest = s.rest[n:]
	for {
		s.rest = trimStops(s.rest, stopBlank|stopSlash)
		switch {
		case s.rest == "":
			s.err = errPageCut
			return
		case s.rest[0] == '>':
			s.rest = s.rest[1:]
			return
		}
		name, value := s.attribute()
		if s.err != nil {
			return
		}
		s.tag.attrs = append(s.tag.attrs, attr{name, value})
	}
}

// attribute takes name, name=value, name='value' or name="value".
func (s *scanner) attribute() (name, value string) {
	n := indexStop(s.rest[1:], stopName|stopEquals) // the first character belongs to the name, even if it is "="
	if n < 0 {
		s.err = errPageCut
		return "", ""
	}
	name, s.rest = FoldASCII(s.rest[:n+1]), trimStops(s.rest[n+1:], stopBlank)
	if !strings.HasPrefix(s.rest, "=") {
		return name, ""
	}
	s.rest = trimStops(s.rest[1:], stopBlank)
	if s.rest != "" && (s.rest[0] == '"' || s.rest[0] == '\'') {
		end := strings.IndexByte(s.rest[1:], s.rest[0])
		if end < 0 {
			s.err = errPageCut
			return "", ""
		}
		value, s.rest = s.rest[1:1+end], s.rest[end+2:]
	} else {
		end := indexStop(s.rest, stopBlank|stopClose)
		if end < 0 {
			s.err = errPageCut
			return "", ""
		}
		value, s.rest = s.rest[:end], s.rest[end:]
	}
	return name, entities(value)
}

// What ends a name or a value. Sets are a byte's bits in stops, because the strings package builds its set anew at
// each call, and a page has a thousand of them.
const (
	stopBlank byte = 1 << iota
	stopSlash
	stopClose
	stopEquals

	stopName = stopBlank | stopSlash | stopClose
)

var stops = [256]byte{' ': stopBlank, '\t': stopBlank, '\r': stopBlank, '\n': stopBlank, '\f': stopBlank, '/': stopSlash, '>': stopClose, '=': stopEquals}

// indexStop is where the first byte of a set stands, −1 = nowhere.
func indexStop(text string, set byte) int {
	for i := 0; i < len(text); i++ {
		if stops[text[i]]&set != 0 {
			return i
		}
	}
	return -1
}

func trimStops(text string, set byte) string {
	for text != "" && stops[text[0]]&set != 0 {
		text = text[1:]
	}
	return text
}

// entities decodes references that end in a semicolon. Those without one stay as they are, because in an address
// "&copy=1" is a parameter.
func entities(text string) string {
	if strings.IndexByte(text, '&') < 0 {
		return text
	}
	var b strings.Builder
	for {
		amp := strings.IndexByte(text, '&')
		if amp < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:amp])
		text = text[amp:]
		end := strings.IndexByte(text, ';')
		if end < 0 || end > 32 || strings.ContainsAny(text[1:end], "& \t\r\n=") {
			b.WriteByte('&')
			text = text[1:]
			continue
		}
		b.WriteString(html.UnescapeString(text[:end+1]))
		text = text[end+1:]
	}
}

func isLetter(c byte) bool { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') }
