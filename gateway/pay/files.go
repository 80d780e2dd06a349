package pay

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// asset serves a file whose address holds the hash of its content: it may be kept for ever.
func (s *Surface) asset(c *fiber.Ctx) error {
	a, ok := s.Pages.Assets().ByPath(page.AssetPath + c.Params("file"))
	if !ok {
		return fiber.ErrNotFound
	}
	s.files.Apply(c)
	c.Set(fiber.HeaderETag, a.ETag)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	if strings.Contains(c.Get(fiber.HeaderIfNoneMatch), a.ETag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	body, encoding := a.Encoded(c.Get(fiber.HeaderAcceptEncoding))
	if encoding != "" {
		c.Set(fiber.HeaderContentEncoding, encoding)
	}
	c.Set(fiber.HeaderContentType, a.ContentType)
	c.Response().SetBodyRaw(body)
	return nil
}

// themeFile serves the two variables of a merchant's colour; its name says all that is in it.
func (s *Surface) themeFile(c *fiber.Ctx) error {
	css, ok := page.ThemeFile(c.Params("file"))
	if !ok {
		return fiber.ErrNotFound
	}
	s.files.Apply(c)
	c.Set(fiber.HeaderContentType, "text/css; charset=utf-8")
	return c.Send(css)
}

// logo serves a merchant's logo; the version in its address lets browsers keep it.
func (s *Surface) logo(c *fiber.Ctx) error {
	l, err := s.Flow.Logo(c.UserContext(), checkout.MerchantID(c.Params("merchant")))
	if err != nil {
		return err
	}
	s.files.Apply(c)
	c.Set(fiber.HeaderContentType, l.Type)
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; sandbox")
	return c.Send(l.Data)
}

// ErrorPage renders an error that no handler answered by itself: one kind page each.
func (s *Surface) ErrorPage(c *fiber.Ctx, e *checkout.Error, status int, ref string) error {
	kind := &page.Kind{Head: page.Head{Self: self(c, status)}, State: errorKind(e, status), Reference: ref, Wait: e.RetryAfter, Now: s.Clock.Now()}
	lang := web.Language(c)
	if kind.State == page.KindUnavailable && c.Method() == fiber.MethodPost && c.Route().Path == payPath {
		// Only the payer can send the card again, so the page does not say that it tries by itself.
		kind.State, lang = page.KindNotBegun, s.postedLanguage(c)
	}
	if kind.State == page.KindUnavailable || kind.State == page.KindNotBegun {
		if token := checkout.Token(c.Params("token")); token.Valid() {
			kind.Token = string(token)
		}
	}
	if kind.State == page.KindServerError || kind.State == page.KindNotBegun {
		kind.Theme, kind.Test = s.whoseTrouble(c)
	}
	return s.render(c, status, lang, kind)
}

// whoseTrouble is the merchant whose page it was that broke, so that the payer knows whom to call; nobody
// where that cannot be told. Pages of guessed addresses never come here: they look alike (A29).
func (s *Surface) whoseTrouble(c *fiber.Ctx) (theme *page.Theme, test bool) {
	defer func() {
		if recover() != nil { // what broke the page may break this too, and the error's own page must stand
			theme, test = nil, false
		}
	}()
	token := checkout.Token(c.Params("token"))
	if !token.Valid() {
		return nil, false
	}
	hot, err := s.Flow.View(c.UserContext(), token)
	if err != nil {
		return nil, false
	}
	head, _ := s.head(c, hot.Merchant, "")
	return head.Theme, head.Test
}

// self is where an error page's language switch leads: to an address made of what is known to be
// ours. The path as it was sent may be another site's ("//…") or hold a card number (A32, A40); ""
// leads to it without repeating it. Nothing tells an unknown token from a malformed one (A29).
func self(c *fiber.Ctx, status int) string {
	if status == fiber.StatusNotFound || len(c.Route().Params) == 0 {
		return ""
	}
	if token := checkout.Token(c.Params("token")); token.Valid() {
		return "/p/" + string(token)
	}
	if id := checkout.PaymentID(c.Params("payment")); id.Valid() {
		return "/r/" + string(id)
	}
	return ""
}

func errorKind(e *checkout.Error, status int) string {
	switch {
	case status == fiber.StatusNotFound:
		return page.KindNotFound
	case status == fiber.StatusTooManyRequests:
		return page.KindTooMany
	case e.Code == checkout.ErrUnreachable.Code:
		return page.KindBankUnreachable
	case e.Code == checkout.ErrNoRoute.Code:
		return page.KindNoRoute
	case status == fiber.StatusServiceUnavailable:
		return page.KindUnavailable
	case status >= 500:
		return page.KindServerError
	}
	return page.KindBadRequest
}
