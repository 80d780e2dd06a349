package pay

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// session is the page of a shop's order: that of its link, with a way back to the shop on it. What is not
// open any more is told as of the link.
func (s *Surface) session(c *fiber.Ctx) error {
	found, err := s.sessionOf(c)
	if err != nil {
		return err
	}
	_, link, err := s.Flow.SessionByID(c.UserContext(), found.ID)
	if err != nil {
		return err
	}
	hot, now, err := s.Flow.Visit(c.UserContext(), link.Token)
	if err == nil {
		err = hot.Check(now)
	}
	if err != nil {
		return s.notOpen(c, hot, err, false)
	}
	if bin := c.Query("bin"); bin != "" {
		return s.viewWithOffers(c, hot, bin)
	}
	p, err := s.checkoutPage(c, hot, web.Language(c))
	if err != nil {
		return s.notOpen(c, hot, err, false)
	}
	return s.render(c, fiber.StatusOK, web.Language(c), p)
}

// cancelSession leads back to the shop. The order stays open: whoever changes his mind may pay it.
func (s *Surface) cancelSession(c *fiber.Ctx) error {
	found, err := s.sessionOf(c)
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	return c.Redirect(found.CancelURL, fiber.StatusSeeOther)
}

// sessionOf finds the session of the address. Guessed ones count as guessed links do (A29).
func (s *Surface) sessionOf(c *fiber.Ctx) (checkout.Session, error) {
	ip := web.ClientIP(c)
	if wait := s.Guard.Blocked(c.UserContext(), ip); wait > 0 {
		return checkout.Session{}, checkout.ErrVelocity.After(wait)
	}
	found, _, err := s.Flow.SessionByID(c.UserContext(), checkout.SessionID(c.Params("session")))
	if errors.Is(err, checkout.ErrNoSession) {
		s.Guard.Missed(c.UserContext(), ip)
		return found, checkout.ErrNoLink // the page of an unknown link says all that there is to say
	}
	return found, err
}

// sessionHere is the session whose page this is, or whose form comes back with a mistake; "" for a plain link.
func sessionHere(c *fiber.Ctx) string {
	id := checkout.SessionID(c.Params("session"))
	if id == "" {
		id = checkout.SessionID(c.Request().PostArgs().Peek("session"))
	}
	if _, ok := id.LinkID(); !ok {
		return ""
	}
	return strings.Clone(string(id))
}
