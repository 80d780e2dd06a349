package panel

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// who is asking: a person, at one merchant, in one visit.
type who struct {
	user     checkout.User
	member   checkout.Membership
	others   []checkout.Membership // all of his, this one among them
	visit    checkout.Visit
	merchant checkout.Merchant
	area     area
	lang     string
}

func (w *who) may(p checkout.Power) bool { return w.member.Role.May(p) }

// by names him in the audit trail.
func (w *who) by(c *fiber.Ctx) checkout.By {
	return checkout.By{Actor: "user:" + string(w.user.ID), IP: web.ClientIP(c), User: w.user.ID}
}

// own is whose links alone he sees; "" = everybody's.
func (w *who) own() checkout.UserID {
	if w.member.OwnLinks && w.member.Role != checkout.RoleOwner {
		return w.user.ID
	}
	return ""
}

// seesLink is nil when he may see a link: a colleague's is not found for who sees only his own.
func (s *Surface) seesLink(c *fiber.Ctx, w *who, id checkout.LinkID) error {
	if w.own() == "" {
		return nil
	}
	maker, err := s.Ledger.LinkMaker(c.UserContext(), w.member.Merchant, id)
	if err == nil && maker != w.user.ID {
		err = checkout.ErrNoLink
	}
	return err
}

const (
	visitCookie = web.PanelCookie
	doorCookie  = "odelink_door"
	tokenField  = "csrf"
)

func (s *Surface) secure() bool { return strings.HasPrefix(s.PublicURL, "https://") }

func (s *Surface) cookieName(name string) string { return web.CookieName(s.PublicURL, name) }

func (s *Surface) setCookie(c *fiber.Ctx, name, value string) {
	c.Cookie(&fiber.Cookie{Name: s.cookieName(name), Value: value, Path: "/", Secure: s.secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, SessionOnly: true})
}

func (s *Surface) dropCookie(c *fiber.Ctx, name string) {
	c.Cookie(&fiber.Cookie{Name: s.cookieName(name), Value: "", Path: "/", Secure: s.secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, MaxAge: -1})
}

// visitOf finds the visit of a request. ErrNoVisit.
func (s *Surface) visitOf(c *fiber.Ctx) (checkout.Visit, error) {
	secret := c.Cookies(s.cookieName(visitCookie))
	if len(secret) != visitSecret {
		return checkout.Visit{}, checkout.ErrNoVisit
	}
	return s.Ledger.Visit(c.UserContext(), s.Hash("visit "+secret), s.now())
}

// door lets in whoever may: a visit that has come to its end of signing in, a role with the route's power, and
// for what changes something, a request from our own pages (A43, A48).
func (s *Surface) door(a area, r route) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := s.enter(c, a)
		if errors.Is(err, checkout.ErrNoVisit) {
			return s.toSignIn(c)
		}
		if err != nil {
			return err
		}
		if w == nil {
			return nil // led elsewhere
		}
		if !w.may(r.power) {
			if err := s.Flow.Denied(c.UserContext(), w.by(c), w.member.Merchant, r.method+" "+r.path); err != nil {
				return err
			}
			return s.failed(c, w, checkout.ErrPower)
		}
		if err := s.fromUs(c, string(w.visit.Hash)); err != nil {
			return s.failed(c, w, err)
		}
		return s.failed(c, w, r.handle(s, c, w))
	}
}

// enter finds who asks; nil when he was led to what he has to do first.
func (s *Surface) enter(c *fiber.Ctx, a area) (*who, error) {
	v, err := s.visitOf(c)
	if err != nil {
		return nil, err
	}
	switch v.Stage {
	case checkout.StageCode:
		return nil, c.Redirect("/panel/code", fiber.StatusSeeOther)
	case checkout.StageSetUp:
		return nil, c.Redirect("/panel/setup", fiber.StatusSeeOther)
	}
	w := &who{visit: v, area: a}
	if w.user, err = s.Ledger.UserByID(c.UserContext(), v.User); err != nil {
		return nil, err
	}
	if w.others, err = s.Ledger.Memberships(c.UserContext(), v.User); err != nil {
		return nil, err
	}
	for _, m := range w.others {
		if m.Merchant == v.Merchant || v.Merchant == "" {
			w.member = m
			break
		}
	}
	w.lang = s.language(c, w.user)
	if w.member.Merchant == "" {
		return nil, checkout.ErrNoVisit
	}
	w.merchant, err = s.Ledger.Merchant(c.UserContext(), w.member.Merchant)
	return w, err
}

// toSignIn leads to the sign-in page and from there back. What a posted form asked for is not done, and the
// page says so.
func (s *Surface) toSignIn(c *fiber.Ctx) error {
	s.headers.Apply(c)
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		f := NewForm("signin", "email", "", "next", "/panel")
		f.Error = s.sentence(s.language(c, checkout.User{}), "signed_out", nil)
		return s.askPassword(c, fiber.StatusUnauthorized, f)
	}
	to := "/panel/signin"
	if c.Path() != "/panel" {
		to += "?next=" + url.QueryEscape(c.OriginalURL())
	}
	return c.Redirect(to, fiber.StatusSeeOther)
}

// ownPath is next if it is an address of the panel, else "/panel" (A40).
func ownPath(next string) string {
	if !strings.HasPrefix(next, "/panel/") || strings.ContainsAny(next, "\\\r\n\t") || strings.Contains(next, "//") {
		return "/panel"
	}
	return next
}

// fromUs refuses what changes something and was not sent by a page of ours: the token must be the visit's, and
// what a browser says of where the form came from must be us (A48).
func (s *Surface) fromUs(c *fiber.Ctx, holder string) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead:
		return nil
	}
	forged := &checkout.Error{Kind: checkout.KindForbidden, Code: "form_not_ours"}
	if site := c.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return forged
	}
	if origin := c.Get(fiber.HeaderOrigin); origin != "" && !s.ourOrigin(c, origin) {
		return forged
	}
	if !s.isToken(posted(c, tokenField), holder) {
		return forged
	}
	return nil
}

// ourOrigin says whether an origin is the public one, or the one that this request is addressed to.
func (s *Surface) ourOrigin(c *fiber.Ctx, origin string) bool {
	scheme, _, _ := strings.Cut(s.PublicURL, "://")
	return origin == web.Origin(s.PublicURL) || origin == web.Origin(scheme+"://"+string(c.Request().Host()))
}

// tokenBytes is the length of a token's secret and of its mask.
const tokenBytes = 18

// token is what forms of one visit carry: a secret under a mask that is another in each answer, since answers
// are compressed and show what was asked for (BREACH).
func (s *Surface) token(holder string) string {
	masked := s.IDs.Bytes(tokenBytes)
	for i, b := range s.formSecret(holder) {
		masked = append(masked, b^masked[i])
	}
	return base64.RawURLEncoding.EncodeToString(masked)
}

func (s *Surface) isToken(sent, holder string) bool {
	masked, err := base64.RawURLEncoding.DecodeString(sent)
	if err != nil || len(masked) != 2*tokenBytes {
		return false
	}
	for i := range tokenBytes {
		masked[tokenBytes+i] ^= masked[i]
	}
	return hmac.Equal(masked[tokenBytes:], s.formSecret(holder))
}

func (s *Surface) formSecret(holder string) []byte {
	m := hmac.New(sha256.New, s.Hash("panel forms"))
	m.Write([]byte(holder))
	return m.Sum(nil)[:tokenBytes]
}

// posted is a field of a form of either kind, "" when there is none.
func posted(c *fiber.Ctx, name string) string {
	if strings.HasPrefix(string(c.Request().Header.ContentType()), fiber.MIMEMultipartForm) {
		if form, err := c.MultipartForm(); err == nil && len(form.Value[name]) > 0 {
			return form.Value[name][0]
		}
		return ""
	}
	return string(c.Request().PostArgs().Peek(name))
}

// language is the one of ?lang=, the user's own, or the browser's.
func (s *Surface) language(c *fiber.Ctx, u checkout.User) string {
	if u.Lang != "" && c.Query("lang") == "" {
		return u.Lang
	}
	return web.Language(c)
}

// failed answers an error in the panel's own frame; what is our fault or a store's is the edge's to log and
// answer.
func (s *Surface) failed(c *fiber.Ctx, w *who, err error) error {
	var e *checkout.Error
	if err == nil || !errors.As(err, &e) || e.Kind == checkout.KindInternal || e.Kind == checkout.KindUnavailable {
		return err
	}
	status := web.StatusOf(e.Kind)
	text := s.Message(w.lang, e.Code, nil)
	if l := s.pages.locale(w.lang); l.Has("error." + e.Code) {
		text = l.Raw("error." + e.Code)
	}
	return s.show(c, w, status, "error", struct {
		Status int
		Text   string
	}{status, text})
}

// nothing answers addresses that are not there, in the same words for everybody.
func (s *Surface) nothing(c *fiber.Ctx) error {
	w, err := s.enter(c, area{})
	if errors.Is(err, checkout.ErrNoVisit) {
		return s.toSignIn(c)
	}
	if err != nil || w == nil {
		return err
	}
	if c.Method() == fiber.MethodGet && takesForms(c.Path()) {
		return c.Redirect(pageOf(c.Path()), fiber.StatusSeeOther)
	}
	return s.failed(c, w, &checkout.Error{Kind: checkout.KindNotFound, Code: "not_found"})
}

// takesForms says whether an address is one that forms are sent to: whoever opens it had a page there before.
func takesForms(path string) bool {
	for route := range Routes() {
		if pattern, post := strings.CutPrefix(route, "POST "); post && fiber.RoutePatternMatch(path, pattern) {
			return true
		}
	}
	return false
}
