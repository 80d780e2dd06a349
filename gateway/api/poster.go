package api

import (
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/poster"
	"github.com/odelink/odelink/templates"
)

// posterWords are the locale files, read when the first page is printed.
var posterWords = sync.OnceValues(templates.Load)

// qrPDF prints the link on a page of A6.
func (s *Surface) qrPDF(c *fiber.Ctx) error {
	l, err := s.link(c)
	if err != nil {
		return err
	}
	all, err := posterWords()
	if err != nil {
		return err
	}
	lang := c.Query("lang", all.Codes()[0])
	if !slices.Contains(all.Codes(), lang) {
		return checkout.Invalid(checkout.FieldError{Field: "lang", Code: "not_a_choice"})
	}
	shop, err := s.Flow.Shop(c.UserContext(), l.Merchant)
	if err != nil {
		return err
	}
	out, err := poster.PDF(all[lang], s.posterOf(shop.Merchant, l, all[lang]))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/pdf")
	return c.Send(out)
}

// posterOf is what a link's page shows.
func (s *Surface) posterOf(m checkout.Merchant, l checkout.Link, words *templates.Locale) poster.Poster {
	p := poster.Poster{
		Merchant: m.Name, Accent: m.Accent, Description: l.Description, Order: string(l.Order), URL: s.Flow.LinkURL(l.Token), Until: l.ExpiresAt, Test: m.Test,
		Contact: strings.Join(slices.DeleteFunc([]string{m.LegalName, m.Phone, m.Email}, func(part string) bool { return part == "" }), " · "),
	}
	if !l.Open {
		p.Sum = words.Money(l.Amount.Minor, string(l.Amount.Currency))
	}
	return p
}
