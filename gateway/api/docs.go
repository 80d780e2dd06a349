package api

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/templates"
)

// docPage is what templates/docs/error.html shows: one code, or all of them.
type docPage struct {
	Lang, Other, OtherName string
	Title, About           string
	Up                     string // words of the way to the list; "" on the list itself
	Where                  string // where in an answer the code stands
	Parts                  []docPart
	Style                  Style
}

// docPart is one half of the list.
type docPart struct {
	ID, Title, About string
	Codes            []docCode
}

type docCode struct{ Code, Sentence string }

// The words of the pages about errors; those about each code are Message's.
var (
	docTitle = sentence{"Error codes", "Hata kodları"}
	docAbout = sentence{
		"What the codes of this gateway's answers mean. Errors are problem details (RFC 9457, application/problem+json): " +
			"programs go by code, which never changes its meaning; title, detail and message are for people. Quote instance " +
			"when you ask for help. Everything else is in /v1/openapi.yaml.",
		"Bu ağ geçidinin yanıtlarındaki kodların anlamı. Hatalar problem details biçimindedir (RFC 9457, " +
			"application/problem+json): programlar, anlamı hiç değişmeyen code alanına bakar; title, detail ve message " +
			"insanlar içindir. Yardım isterken instance değerini bildirin. Gerisi /v1/openapi.yaml dosyasındadır.",
	}
	docProblems      = sentence{"Codes of a whole answer", "Yanıtın bütününe ait kodlar"}
	docProblemsAbout = sentence{"They stand in code, and at the end of type.", "Bunlar code alanında ve type adresinin sonunda yer alır."}
	docMistakes      = sentence{"Codes of single fields", "Tek tek alanlara ait kodlar"}
	docMistakesAbout = sentence{"They stand in errors, beside the field that they are about.", "Bunlar errors listesinde, ilgili oldukları alanın yanında yer alır."}
	docProblem       = sentence{"This code stands in code, and at the end of type.", "Bu kod, code alanında ve type adresinin sonunda yer alır."}
	docMistake       = sentence{"This code stands in errors, beside the field that it is about.", "Bu kod, errors listesinde, ilgili olduğu alanın yanında yer alır."}
	docUp            = sentence{"All error codes", "Bütün hata kodları"}
)

// newDocs reads the page; a mistake in it stops the start.
func newDocs() (*template.Template, error) {
	t, err := template.ParseFS(templates.Docs, "docs/error.html")
	if err != nil {
		return nil, fmt.Errorf("read the page about errors: %w", err)
	}
	return t, nil
}

// errorList shows every code.
func (s *Surface) errorList(c *fiber.Ctx) error {
	lang := web.ProgramLanguage(c)
	return s.docs(c, docPage{Lang: lang, Title: docTitle.in(lang), About: docAbout.in(lang), Parts: []docPart{
		{ID: "answers", Title: docProblems.in(lang), About: docProblemsAbout.in(lang), Codes: docCodes(lang, problems)},
		{ID: "fields", Title: docMistakes.in(lang), About: docMistakesAbout.in(lang), Codes: docCodes(lang, mistakes)},
	}})
}

func docCodes(lang string, of map[string]sentence) []docCode {
	codes := make([]docCode, 0, len(of))
	for _, code := range slices.Sorted(maps.Keys(of)) {
		codes = append(codes, docCode{code, Message(lang, code, nil)})
	}
	return codes
}

// errorCode shows one code: it is what the type of a problem leads to (RFC 9457, section 3.1.1).
func (s *Surface) errorCode(c *fiber.Ctx) error {
	lang, code := web.ProgramLanguage(c), c.Params("code")
	about := Message(lang, code, nil)
	if about == "" {
		return fiber.ErrNotFound
	}
	where := docMistake
	if _, whole := problems[code]; whole {
		where = docProblem
	}
	return s.docs(c, docPage{Lang: lang, Title: code, About: about, Up: docUp.in(lang), Where: where.in(lang)})
}

// docs writes a page as pages are written, not as answers to programs.
func (s *Surface) docs(c *fiber.Ctx, p docPage) error {
	p.Other, p.OtherName = "tr", "Türkçe"
	if p.Lang == "tr" {
		p.Other, p.OtherName = "en", "English"
	}
	p.Style = s.Style
	var out bytes.Buffer
	if err := s.docPage.Execute(&out, p); err != nil {
		return fmt.Errorf("write the page about errors: %w", err)
	}
	s.pages.Apply(c)
	c.Set(fiber.HeaderContentLanguage, p.Lang)
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.Send(out.Bytes())
}
