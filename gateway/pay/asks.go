package pay

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// askPrefix begins the form's names of what a link asks for, so that no key of a merchant's is one of ours.
const askPrefix = "field_"

// answersIn are what the payer wrote to them, in normal form C.
func answersIn(form url.Values) map[string]string {
	var out map[string]string
	for name, values := range form {
		key, ok := strings.CutPrefix(name, askPrefix)
		if !ok || len(values) == 0 {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = norm.NFC.String(values[0])
	}
	return out
}

// asks are a link's fields for its page, with what was typed into them; form is nil where nothing was.
func asks(hot checkout.Hot, form url.Values) ([]page.Ask, error) {
	fields, err := checkout.DecodeFields(hot.Asks)
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	typed, out := answersIn(form), make([]page.Ask, len(fields))
	for i, f := range fields {
		out[i] = page.Ask{
			Name: askPrefix + f.Key, Label: label(f.Label), Type: string(f.Type), Required: f.Required, Max: f.Longest(), Options: f.Options, Typed: typed[f.Key],
		}
		if normal, code := f.Read(typed[f.Key]); code == "" {
			out[i].Digits = true // a phone number has twelve digits too
			if f.Type == checkout.FieldDate {
				out[i].Typed = normal // as a date's field takes it
			}
		}
	}
	return out, nil
}

func label(l checkout.Label) page.Label { return page.Label{"tr": l.TR, "en": l.EN} }

// withLabels gives the mistakes in such fields their names.
func withLabels(errs []page.FieldError, asks []page.Ask) {
	for i := range errs {
		for _, a := range asks {
			if a.Name == errs[i].Field {
				errs[i].Label, errs[i].N = a.Label, a.Max
			}
		}
	}
}

// shownAnswers are the payer's answers for his own papers.
func shownAnswers(p checkout.Payment) []page.Answer {
	var out []page.Answer
	for _, a := range p.Answers {
		out = append(out, page.Answer{Label: label(a.Label), Text: a.Shown()})
	}
	return out
}

// shownItems are the lines of a link or a payment for its page.
func shownItems(items []checkout.Item) []page.Item {
	var out []page.Item
	for _, i := range items {
		out = append(out, page.Item{Name: i.Name, Quantity: i.Quantity, UnitMinor: i.UnitMinor, TotalMinor: i.Total()})
	}
	return out
}

// viewWithAsks is the page of a link that asks for something besides the card or sells lines: its texts are no other
// link's, so it is written by the engine.
func (s *Surface) viewWithAsks(c *fiber.Ctx, hot checkout.Hot) error {
	p, err := s.checkoutPage(c, hot, web.Language(c))
	if err != nil {
		return s.notOpen(c, hot, err, false)
	}
	s.opened.note(string(hot.Token))
	return s.render(c, fiber.StatusOK, web.Language(c), p)
}
