package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"gopkg.in/yaml.v3"

	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/templates"
)

// refPage is what templates/docs/reference.html shows: the contract, for people.
type refPage struct {
	Lang, Other, OtherName string
	Base                   string // of this installation, without a slash at its end
	Style                  []Style
	W                      map[string]string // the frame's words
	Intro                  []refPart
	Groups                 []refGroup
	HookText               []prose
	HookExample            string
	Hooks                  []refChoice
	Objects                []refObject
}

// refPart is a chapter of the introduction.
type refPart struct {
	ID, Title string
	Text      prose
}

// refGroup is a tag of the contract with its operations.
type refGroup struct {
	ID    string
	About prose
	Ops   []refOp
}

type refOp struct {
	ID, Method, Path, Summary string
	About                     prose
	Params                    []refParam
	Body                      *refBody
	Answers                   []refAnswer
	Curl, Answer              string // examples; "" = none that is text
	AnswerStatus              string
}

type refParam struct {
	In string
	refField
}

type refBody struct {
	Kinds    []string
	Required bool
	refSchema
	Extra []string // further examples, as JSON
}

type refAnswer struct {
	Status  string
	Kinds   []string
	Headers []string
	Codes   []string
	refSchema
}

type refObject struct {
	Name   string
	About  prose
	Fields []refField
}

// reference is the page in one language, made when it is first asked for: nobody's start waits for it.
type reference struct {
	once        sync.Once
	page, small []byte // as text, and compressed by gzip
	err         error
}

// referencePage shows the whole contract.
func (s *Surface) referencePage(c *fiber.Ctx) error {
	lang := web.ProgramLanguage(c)
	r := s.references[lang]
	if r == nil {
		lang = "en"
		r = s.references[lang]
	}
	r.once.Do(func() { r.page, r.small, r.err = s.buildReference(lang) })
	if r.err != nil {
		return r.err
	}
	s.pages.Apply(c)
	c.Set(fiber.HeaderContentLanguage, lang)
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	c.Set(fiber.HeaderVary, "Accept-Encoding, Accept-Language")
	if c.Get(fiber.HeaderAcceptEncoding) != "" && c.AcceptsEncodings("gzip") == "gzip" { // without the header Fiber takes it for yes
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(r.small)
	}
	return c.Send(r.page)
}

func (s *Surface) buildReference(lang string) (page, small []byte, err error) {
	t, err := template.ParseFS(templates.Docs, "docs/reference.html")
	if err != nil {
		return nil, nil, fmt.Errorf("read the page about the API: %w", err)
	}
	d, err := readReference(openAPI)
	if err != nil {
		return nil, nil, err
	}
	p := d.page(lang, strings.TrimSuffix(s.PublicURL, "/"))
	for _, style := range []Style{s.Style, s.DocsStyle} {
		if style.Path != "" {
			p.Style = append(p.Style, style)
		}
	}
	var out, packed bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return nil, nil, fmt.Errorf("write the page about the API: %w", err)
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(out.Bytes()); err != nil {
		return nil, nil, err
	}
	if err := z.Close(); err != nil {
		return nil, nil, err
	}
	return out.Bytes(), packed.Bytes(), nil
}

// said puts the word for what is required into fields and into those inside them.
func said(must string, fields []refField) []refField {
	for i := range fields {
		fields[i].Must = must
		said(must, fields[i].Fields)
	}
	return fields
}

// page fills the page in a language.
func (d *refDoc) page(lang, base string) refPage {
	p := refPage{Lang: lang, Other: "tr", OtherName: "Türkçe", Base: base, W: map[string]string{}}
	if lang == "tr" {
		p.Other, p.OtherName = "en", "English"
	}
	for name, s := range refWords {
		p.W[name] = s.in(lang)
	}
	for _, part := range refIntro {
		p.Intro = append(p.Intro, refPart{part.id, part.title.in(lang), prose(part.text.in(lang))})
	}
	for _, part := range refHooks {
		p.HookText = append(p.HookText, prose(part.in(lang)))
	}
	p.HookExample = refHookExample
	for _, tag := range items(at(d.root, "tags")) {
		g := refGroup{ID: word(tag, "name"), About: prose(word(tag, "description"))}
		if g.Ops = d.operations(g.ID, base, p.W["required"]); len(g.Ops) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	p.Hooks = choices(at(d.root, "components", "schemas", "EventType"))
	for _, schema := range pairs(at(d.root, "components", "schemas")) {
		if at(schema.value, "properties") != nil {
			p.Objects = append(p.Objects, refObject{schema.key, prose(word(schema.value, "description")), said(p.W["always"], d.fields(schema.value))})
		}
	}
	return p
}

// operations are those of a tag, in the contract's order.
func (d *refDoc) operations(tag, base, must string) (list []refOp) {
	for _, path := range pairs(at(d.root, "paths")) {
		for _, verb := range pairs(path.value) {
			if slices.Contains(wordsOf(at(verb.value, "tags")), tag) {
				o := d.operation(path, verb, tag, base)
				if o.Body != nil {
					said(must, o.Body.Fields)
				}
				list = append(list, o)
			}
		}
	}
	return list
}

func (d *refDoc) operation(path, verb pair, tag, base string) refOp {
	o := refOp{
		ID: word(verb.value, "operationId"), Method: strings.ToUpper(verb.key), Path: path.key,
		Summary: word(verb.value, "summary"), About: prose(word(verb.value, "description")),
	}
	params := []*yaml.Node{}
	for _, n := range append(items(at(path.value, "parameters")), items(at(verb.value, "parameters"))...) {
		n, _ = d.follow(n)
		f := refField{Name: word(n, "name"), Required: word(n, "required") == "true", refSchema: d.schema(at(n, "schema"))}
		if about := word(n, "description"); about != "" {
			f.About = prose(about)
		}
		params = append(params, n)
		o.Params = append(o.Params, refParam{word(n, "in"), f})
	}
	kind, example := "", ""
	if body := at(verb.value, "requestBody"); body != nil {
		o.Body, kind, example = d.body(body)
	}
	open := at(verb.value, "security") != nil // an empty list: no key is wanted
	o.Curl = curl(o.Method, base+d.address(path.key, params), !open, o.Method == "POST", kind, example)
	for _, answer := range pairs(at(verb.value, "responses")) {
		o.Answers = append(o.Answers, d.answer(answer, tag, o))
		node, _ := d.follow(answer.value)
		if text := d.firstExample(at(node, "content", "application/json")); o.Answer == "" && strings.HasPrefix(answer.key, "2") {
			o.Answer, o.AnswerStatus = text, answer.key
		}
	}
	return o
}

// body reads what an operation takes, and its first example.
func (d *refDoc) body(n *yaml.Node) (b *refBody, kind, example string) {
	b = &refBody{Required: word(n, "required") == "true"}
	for _, media := range pairs(at(n, "content")) {
		b.Kinds = append(b.Kinds, media.key)
		examples := pairs(at(media.value, "examples"))
		if media.key != "application/json" {
			if len(examples) > 0 {
				kind = media.key
			}
			continue
		}
		schema, _ := d.follow(at(media.value, "schema"))
		b.refSchema = d.schema(at(media.value, "schema"))
		b.Fields, b.Object = d.fields(schema), ""
		for i, e := range examples {
			text := d.exampleText(e.value)
			if i == 0 {
				kind, example = media.key, text
			} else {
				b.Extra = append(b.Extra, text)
			}
		}
	}
	return b, kind, example
}

func (d *refDoc) firstExample(media *yaml.Node) string {
	for _, e := range pairs(at(media, "examples")) {
		return d.exampleText(e.value)
	}
	return ""
}

func (d *refDoc) exampleText(example *yaml.Node) string {
	node, _ := d.follow(example)
	return exampleJSON(at(node, "value"))
}

// answer reads one answer of an operation.
func (d *refDoc) answer(p pair, tag string, o refOp) refAnswer {
	n, _ := d.follow(p.value)
	a := refAnswer{Status: p.key}
	a.About = prose(word(n, "description"))
	for _, media := range pairs(at(n, "content")) {
		a.Kinds = append(a.Kinds, media.key)
		if media.key == "application/json" {
			a.refSchema = d.schema(at(media.value, "schema"))
			a.About = prose(word(n, "description"))
		}
	}
	for _, h := range pairs(at(n, "headers")) {
		a.Headers = append(a.Headers, h.key)
	}
	if p.key >= "400" {
		a.Codes = d.codes(p.key, tag, o)
	}
	return a
}

// codes are those that an operation may answer with a status: of all codes of the status those that are not of
// other tags (x-tags), of other methods or about bodies that it does not take.
func (d *refDoc) codes(status, tag string, o refOp) (list []string) {
	for _, one := range items(at(d.root, "components", "schemas", "ProblemCode", "oneOf")) {
		code, tags := word(one, "const"), wordsOf(at(one, "x-tags"))
		switch {
		case !slices.Contains(wordsOf(at(one, "x-status")), status),
			len(tags) > 0 && !slices.Contains(tags, tag),
			strings.HasPrefix(code, "idempotency_") && o.Method != "POST",
			strings.HasPrefix(code, "json_") && o.Body == nil,
			strings.HasPrefix(code, "cursor_") && !slices.ContainsFunc(o.Params, func(p refParam) bool { return p.Name == "cursor" }):
		default:
			list = append(list, code)
		}
	}
	return list
}

var (
	refBold = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	refCode = regexp.MustCompile("`([^`]+)`")
)

// prose is a text of the contract.
type prose string

// HTML writes the little of Markdown that the contract uses: paragraphs, `code` and **bold**. Everything else is
// text.
func (text prose) HTML() template.HTML {
	var out strings.Builder
	for _, part := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		if part == "" {
			continue
		}
		escaped := template.HTMLEscapeString(part)
		escaped = refCode.ReplaceAllString(escaped, "<code>$1</code>")
		out.WriteString("<p>" + refBold.ReplaceAllString(escaped, "<b>$1</b>") + "</p>")
	}
	return template.HTML(out.String())
}
