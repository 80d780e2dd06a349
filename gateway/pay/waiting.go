package pay

import (
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// waitingCookie names the payment that left this browser for the bank, on the one link's page only. It is
// no key to anything: the payment's page has the same address for everybody (ux-checklist F8, H5).
const waitingCookie = "waiting"

// waitingFor is how long it lasts: as long as banks keep a payer on their pages.
const waitingFor = 30 * time.Minute

// remind lets the link's page say that a payment waits at the bank.
func (s *Surface) remind(c *fiber.Ctx, p checkout.Payment) {
	c.Cookie(&fiber.Cookie{
		Name: waitingCookie, Value: string(p.ID), Path: "/p/" + string(p.Token), MaxAge: int(waitingFor / time.Second),
		HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, Secure: strings.HasPrefix(s.PublicURL, "https://"),
	})
}

// waiting is the payment of this link that the browser's cookie names, if it still waits. A browser without
// the cookie costs one look at the request's head.
func (s *Surface) waiting(c *fiber.Ctx, hot checkout.Hot) (p checkout.Payment, waits bool) {
	value := c.Request().Header.Cookie(waitingCookie)
	if len(value) == 0 {
		return p, false
	}
	p, err := s.Flow.Give(c.UserContext(), checkout.PaymentID(value))
	if err != nil || p.Link != hot.Link || (p.Status != checkout.StatusChallenged && !p.Status.Undecided()) {
		return p, false
	}
	return p, true
}

// viewWaiting is the link's page with the line about the payment that waits.
func (s *Surface) viewWaiting(c *fiber.Ctx, hot checkout.Hot, waits checkout.Payment) error {
	p, err := s.checkoutPage(c, hot, web.Language(c))
	if errors.Is(err, checkout.ErrNoRoute) {
		return s.viewOwn(c, hot, waits) // what began can end, though nothing new can begin
	}
	if err != nil {
		return err
	}
	p.Waiting, p.About = string(waits.ID), aboutPayment(waits, checkout.Link{})
	return s.render(c, fiber.StatusOK, web.Language(c), p)
}

// viewOwn is the result page at the link's address, for the browser whose own payment is all that the link
// can show now.
func (s *Surface) viewOwn(c *fiber.Ctx, hot checkout.Hot, p checkout.Payment) error {
	v, err := s.resultPage(c, p)
	if err != nil {
		return err
	}
	v.Self = "/p/" + string(hot.Token)
	return s.render(c, fiber.StatusConflict, web.Language(c), v)
}

// resume leads back to the bank's page; a payment that cannot go on there shows how it stands.
func (s *Surface) resume(c *fiber.Ctx) error {
	started, err := s.Flow.Resume(c.UserContext(), checkout.PaymentID(c.Params("payment")))
	switch {
	case errors.Is(err, checkout.ErrTransition):
		return s.toResult(c, started.Payment.ID)
	case err != nil:
		return err
	}
	return s.handOver(c, started, resultLanguage(c, started.Payment))
}
