package pay

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// text is one text that a link's page asks to be agreed to, as it reads for what is chosen on it: plain for the
// script that opens it in its place, a page of its own in another tab for everybody else (ux-checklist F2).
func (s *Surface) text(c *fiber.Ctx, hot checkout.Hot, kind checkout.ConsentKind) error {
	lang := web.Language(c)
	text, err := s.Flow.LegalTextOf(c.UserContext(), hot, kind, lang, s.legalAsk(c, hot))
	if err != nil {
		return err
	}
	if strings.HasPrefix(c.Get(fiber.HeaderAccept), fiber.MIMETextPlain) {
		s.headers.Apply(c)
		c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
		return c.SendString(text)
	}
	head, _ := s.head(c, hot.Merchant, "/p/"+string(hot.Token)+"?text="+string(kind))
	return s.render(c, fiber.StatusOK, lang, &page.Text{Head: head, Kind: string(kind), Text: text})
}

// legalAsk reads how the payer means to pay. A BIN counts as a question about instalments does (E11).
func (s *Surface) legalAsk(c *fiber.Ctx, hot checkout.Hot) (ask checkout.LegalAsk) {
	number := func(name string) int64 {
		n, err := strconv.ParseInt(c.Query(name), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	ask.Minor, ask.Count = number("amount"), int(min(number("installments"), checkout.MaxInstallments))
	if bin := c.Query("bin"); isBIN(bin) && ask.Count != 1 && s.Guard.BINs(c.UserContext(), web.ClientAddr(c), hot.Token) {
		ask.BIN = bin
	}
	return ask
}

// agreedText is a text that the payer of a payment was asked to agree to, as it was then.
func (s *Surface) agreedText(c *fiber.Ctx) error {
	p, err := s.Flow.Give(c.UserContext(), checkout.PaymentID(c.Params("payment")))
	if err != nil {
		return err
	}
	all, err := s.Flow.ConsentsOf(c.UserContext(), p)
	if err != nil {
		return err
	}
	for _, a := range all {
		if string(a.Kind) == c.Params("kind") {
			head, _ := s.head(c, p.Merchant, "/r/"+string(p.ID)+"/texts/"+string(a.Kind))
			return s.render(c, fiber.StatusOK, resultLanguage(c, p), &page.Text{Head: head, Kind: string(a.Kind), Text: a.Text, Hash: a.Hash, Given: a.At, Yes: a.Given})
		}
	}
	return checkout.ErrNoLegalText
}

// boxes are the consents whose boxes came ticked with a form.
func boxes(value func(name string) string) (given []checkout.ConsentKind) {
	for _, k := range checkout.ConsentKinds {
		if value(k.Field()) == checkout.ConsentGiven {
			given = append(given, k)
		}
	}
	return given
}
