package baseline

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web/page"
	"github.com/odelink/odelink/templates"
)

// written are a link's own values on its page, as one language writes them. Everything else is the same on
// every page of the shop and stands in its template.
type written struct {
	Token, Description, Order, Number, Amount, Until, Clock string
}

func writes(l *templates.Locale, k link, now time.Time) written {
	left := int64(max(0, k.Expires.Unix()-now.Unix()))
	return written{
		Token: k.Token, Description: k.Description, Order: k.Order,
		Number: l.Number(k.Amount, k.Currency), Amount: l.Money(k.Amount, k.Currency),
		Until: l.When(k.Expires), Clock: fmt.Sprintf("%d %d %s", left, l.YearMonth(now), k.Currency),
	}
}

// parsed makes the page's template of one language: the page is written once, with a link whose values are
// like no other's, and an action stands where they stood. It is what a team does that has measured that
// looking up a text at each view is dear: texts and formats are in the template, values are escaped by it.
func (s *Shop) parsed(l *templates.Locale) (*template.Template, error) {
	now := time.Unix(3_456_789_012, 0)
	model := link{
		Token: "0a1b2c3d4e5f", Description: "a description like no other", Order: "OD-like-no-other", Currency: s.Terms.Currency,
		Amount: 98_765_432_198, Expires: now.Add(7_654_321 * time.Second),
	}
	html, err := s.pages.Render(l.Code, s.checkout(model, now))
	if err != nil {
		return nil, err
	}
	text, w := string(html), writes(l, model, now)
	for _, value := range []struct{ mark, name string }{ // the amount holds the number, and goes first
		{w.Token, "Token"}, {w.Description, "Description"}, {w.Order, "Order"}, {w.Amount, "Amount"}, {w.Number, "Number"}, {w.Until, "Until"}, {w.Clock, "Clock"},
	} {
		mark := strings.ReplaceAll(value.mark, "+", "&#43;") // as html/template writes an offset from UTC
		if !strings.Contains(text, mark) {
			return nil, fmt.Errorf("the page in %s shows no %s", l.Code, value.name)
		}
		text = strings.ReplaceAll(text, mark, "{{."+value.name+"}}")
	}
	return template.New(l.Code).Parse(text)
}

// speak parses all languages.
func (s *Shop) speak() (err error) {
	s.languages = map[string]*template.Template{}
	for _, code := range s.pages.Languages() {
		if s.languages[code], err = s.parsed(s.pages.Locale(code)); err != nil {
			return fmt.Errorf("a template for %s: %w", code, err)
		}
	}
	return nil
}

// viewInLanguage is view with a template per language.
func (s *Shop) viewInLanguage(c *fiber.Ctx) error {
	k, err := s.open(c)
	if err != nil {
		return err
	}
	code := c.AcceptsLanguages(s.pages.Languages()...)
	if code == "" {
		code = "tr"
	}
	var out bytes.Buffer
	if err := s.languages[code].Execute(&out, writes(s.pages.Locale(code), k, time.Now())); err != nil {
		return err
	}
	c.Type("html", "utf-8")
	return c.Send(out.Bytes())
}

// checkout is a link's page.
func (s *Shop) checkout(k link, now time.Time) page.View {
	return &page.CheckoutPage{
		Head: s.head(), Variant: page.VariantUntil | page.VariantHolder | page.VariantInstallments | page.VariantTest,
		Checkout: page.Checkout{
			Token: k.Token, AmountMinor: k.Amount, Currency: k.Currency, Description: k.Description, OrderID: k.Order,
			Rows: len(s.Terms.Rates) + 1, Now: now.Unix(), Until: k.Expires.Unix(),
		},
	}
}
