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
func (s *Surface) waiting(c *fiber.Ctx, hot checkout.Hot) checkout.PaymentID {
	value := c.Request().Header.Cookie(waitingCookie)
	if len(value) == 0 {
		return ""
	}
	p, err := s.Flow.Give(c.UserContext(), checkout.PaymentID(value))
	if err != nil || p.Link != hot.Link || (p.Status != checkout.StatusChallenged && !p.Status.Undecided()) {
		return ""
	}
	return p.ID
}

// viewWaiting is the link's page with the line about the payment that waits.
func (s *Surface) viewWaiting(c *fiber.Ctx, hot checkout.Hot, id checkout.PaymentID) error {
	p, err := s.checkoutPage(c, hot)
	if err != nil {
		return err
	}
	p.Waiting = string(id)
	return s.render(c, fiber.StatusOK, web.Language(c), p)
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
