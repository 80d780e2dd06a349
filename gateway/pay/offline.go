package pay

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// offline opens an address that a merchant's program minted by itself, and leads to the link's page. What is
// forged, or no address at all, counts as a guess (A29).
func (s *Surface) offline(c *fiber.Ctx) error {
	ip := web.ClientIP(c)
	if wait := s.Guard.Blocked(c.UserContext(), ip); wait > 0 {
		return checkout.ErrVelocity.After(wait)
	}
	token, hot, err := s.Flow.OpenOffline(c.UserContext(), c.Params("blob"), ip)
	switch {
	case errors.Is(err, checkout.ErrNoLink):
		s.Guard.Missed(c.UserContext(), ip)
		return err
	case err != nil && hot.Merchant != "":
		return s.notOpenedYet(c, hot, err)
	case err != nil:
		return err
	}
	s.headers.Apply(c)
	to := "/p/" + string(token)
	if lang := c.Query("lang"); lang == "tr" || lang == "en" {
		to += "?lang=" + lang
	}
	return c.Redirect(to, fiber.StatusSeeOther)
}

// notOpenedYet is the page of a link that ended before anybody opened it.
func (s *Surface) notOpenedYet(c *fiber.Ctx, hot checkout.Hot, err error) error {
	state := map[bool]string{errors.Is(err, checkout.ErrExpired): page.KindExpired, errors.Is(err, checkout.ErrDeleted): page.KindDeleted}[true]
	if web.WantsJSON(c) || state == "" {
		return err
	}
	head, _ := s.head(c, hot.Merchant, "/o/"+c.Params("blob"))
	return s.render(c, fiber.StatusGone, web.Language(c), &page.Kind{Head: head, State: state, Date: hot.ExpiresAt})
}
