package pay

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// bankReturn takes what the bank sent back through the browser: a cross-site POST without a cookie.
// It ends in a redirect to a page of our own (ux-checklist G3).
func (s *Surface) bankReturn(c *fiber.Ctx) error {
	form, err := web.Form(c)
	if err != nil {
		return err
	}
	query, err := web.Query(c)
	if err != nil {
		return err
	}
	id := checkout.PaymentID(c.Params("payment"))
	p, err := s.Flow.Return(c.UserContext(), id, checkout.Callback{Method: fiber.MethodPost, Form: form, Query: query}, web.ClientIP(c))
	if err != nil {
		return s.notReturned(c, p, id, form, err)
	}
	return s.toResult(c, p.ID)
}

// leadToResult answers a GET at an address that takes a form: a reload of what the form was answered with,
// or a bank that redirects. It changes nothing, since the fields of an address are never believed.
func (s *Surface) leadToResult(c *fiber.Ctx) error {
	p, err := s.Flow.Give(c.UserContext(), checkout.PaymentID(c.Params("payment")))
	if err != nil {
		return err
	}
	return s.toResult(c, p.ID)
}

func (s *Surface) toResult(c *fiber.Ctx, id checkout.PaymentID) error {
	s.headers.Apply(c)
	return c.Redirect("/r/"+string(id), fiber.StatusSeeOther)
}

// notReturned answers a callback that could not be followed.
func (s *Surface) notReturned(c *fiber.Ctx, p checkout.Payment, id checkout.PaymentID, form url.Values, err error) error {
	if web.WantsJSON(c) {
		return err
	}
	lang := resultLanguage(c, p)
	head, _ := s.head(c, p.Merchant, "/r/"+string(id))
	kind := &page.Kind{Head: head, Payment: string(id), Token: string(p.Token)}
	if p.ID != "" {
		kind.Reference = p.ID.Reference()
	}
	switch checkout.KindOf(err) {
	case checkout.KindForged:
		kind.State = page.KindBadReturn
		kind.NotYet = p.Status == checkout.StatusChallenged && !p.OneStep
		return s.render(c, fiber.StatusBadRequest, lang, kind)
	case checkout.KindUnavailable:
		// The bank's fields stay in the page, which sends them again by itself (C22).
		kind.State, kind.Resend = page.KindReturnWaiting, &page.Form{Action: "/3ds/" + string(id)}
		for name, values := range form {
			for _, v := range values {
				kind.Resend.Fields = append(kind.Resend.Fields, page.Field{Name: name, Value: v})
			}
		}
		c.Set(fiber.HeaderRetryAfter, "10")
		return s.render(c, fiber.StatusServiceUnavailable, lang, kind)
	}
	switch {
	case errors.Is(err, checkout.ErrPaid):
		// Decided for good: the payer came second, and reads that no money was taken (A18).
		v, verr := s.resultPage(c, p)
		if verr != nil {
			return verr
		}
		return s.render(c, fiber.StatusConflict, lang, v)
	case errors.Is(err, checkout.ErrBusy):
		kind.State, kind.About = page.KindInProgress, aboutPayment(p, checkout.Link{})
		return s.render(c, fiber.StatusConflict, lang, kind)
	}
	return err
}
