package panel

import (
	"context"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// How many tries there are before nobody is let in for a while: under one address of a person, and from one
// network address, which many people may share (A50).
var (
	triesOfUser   = checkout.TryRule{Most: 10, Per: 30 * time.Minute, Locks: 30 * time.Minute}
	triesOfClient = checkout.TryRule{Most: 50, Per: 30 * time.Minute, Locks: 30 * time.Minute}
)

// visitSecret is how many characters of base62 a visit's cookie holds: 256 bits.
const visitSecret = 43

// signInPage shows the form. It sets a cookie that the form belongs to, so that no other site can sign a
// browser in.
func (s *Surface) signInPage(c *fiber.Ctx) error {
	if v, err := s.visitOf(c); err == nil && v.Stage == checkout.StageIn {
		return c.Redirect(ownPath(c.Query("next")), fiber.StatusSeeOther)
	}
	return s.askPassword(c, fiber.StatusOK, NewForm("signin", "email", "", "next", ownPath(c.Query("next"))))
}

func (s *Surface) askPassword(c *fiber.Ctx, status int, f *Form) error {
	holder := c.Cookies(s.cookieName(doorCookie))
	if len(holder) != visitSecret {
		holder = s.IDs.Secret(visitSecret)
		s.setCookie(c, doorCookie, holder)
	}
	delete(f.Values, "password")
	f.Values["invited"] = ticked(strings.HasPrefix(f.Get("next"), invitationPath))
	return s.outside(c, status, "signin", holder, f)
}

// signIn takes address and password. Whatever is wrong, the answer is the same and takes as long.
func (s *Surface) signIn(c *fiber.Ctx) error {
	f := readForm(c, "signin", "email", "next")
	lang := s.language(c, checkout.User{})
	if err := s.fromUs(c, c.Cookies(s.cookieName(doorCookie))); err != nil {
		f.Error = s.sentence(lang, "form_not_ours", nil)
		return s.askPassword(c, fiber.StatusForbidden, f)
	}
	password := posted(c, "password")
	email, code := checkout.CheckEmail(f.Get("email"))
	if code != "" || password == "" {
		f.Error = s.sentence(lang, "signin_wrong", nil)
		return s.askPassword(c, fiber.StatusUnprocessableEntity, f)
	}
	try := checkout.SignIn{Key: s.Hash("sign-in " + email), IP: web.ClientIP(c), Agent: agent(c), At: s.now()}
	u, err := s.rightPassword(c.UserContext(), email, password, &try)
	if err != nil {
		return s.notIn(c, f, lang, err)
	}
	stage := checkout.StageIn
	switch {
	case len(u.Second) > 0:
		stage = checkout.StageCode
	case !s.Demo:
		stage = checkout.StageSetUp
	}
	if stage == checkout.StageIn {
		if err := s.Ledger.SaveSignIn(c.UserContext(), try); err != nil {
			return err
		}
	}
	if err := s.openVisit(c, u, stage); err != nil {
		return err
	}
	return c.Redirect(ownPath(f.Get("next")), fiber.StatusSeeOther)
}

// errWrong: address and password do not belong together.
var errWrong = &checkout.Error{Kind: checkout.KindUnauthorized, Code: "signin_wrong"}

// notIn answers who was not let in.
func (s *Surface) notIn(c *fiber.Ctx, f *Form, lang string, err error) error {
	var e *checkout.Error
	if !errors.As(err, &e) || e.Kind != checkout.KindUnauthorized && e.Kind != checkout.KindTooMany {
		return err
	}
	f.Error = s.sentence(lang, "signin_wrong", nil)
	status := fiber.StatusUnprocessableEntity
	if e.Kind == checkout.KindTooMany {
		status = fiber.StatusTooManyRequests
		f.Error = s.sentence(lang, "signin_locked", nil)
	}
	return s.askPassword(c, status, f)
}

// rightPassword finds who signs in. errWrong; ErrVelocity when there were too many tries under this address,
// known or not, or from this client.
func (s *Surface) rightPassword(ctx context.Context, email, password string, try *checkout.SignIn) (checkout.User, error) {
	for _, t := range []struct {
		key  []byte
		rule checkout.TryRule
	}{{try.Key, triesOfUser}, {s.clientKey(try.IP), triesOfClient}} {
		until, err := s.Ledger.CountTry(ctx, t.key, s.now(), t.rule)
		if err != nil {
			return checkout.User{}, err
		}
		if !until.IsZero() {
			try.How = checkout.SignInLocked
			return checkout.User{}, errors.Join(s.Ledger.SaveSignIn(ctx, *try), checkout.ErrVelocity.After(until.Sub(s.now())))
		}
	}
	u, err := s.Ledger.UserByEmail(ctx, email)
	if err != nil && !errors.Is(err, checkout.ErrNoUser) {
		return u, err
	}
	try.User = u.ID
	if !s.compare(password, string(u.Password)) {
		try.How = checkout.SignInPassword
		if err := s.Ledger.SaveSignIn(ctx, *try); err != nil {
			return u, err
		}
		return u, errWrong
	}
	try.How = checkout.SignInDone
	return u, errors.Join(s.Ledger.ClearTries(ctx, try.Key), s.Ledger.ForgetTry(ctx, s.clientKey(try.IP)))
}

// clientKey is what tries from one network address are counted under.
func (s *Surface) clientKey(ip string) []byte { return s.Hash("sign-in from " + ip) }

// agent is what the browser calls itself, as it is stored: a name that holds a card number is dropped, since the edge
// refuses only numbers that stand by themselves (A32).
func agent(c *fiber.Ctx) string {
	a := c.Get(fiber.HeaderUserAgent)
	if checkout.HoldsCard(a) {
		return ""
	}
	return a[:min(len(a), 200)]
}

// openVisit begins a visit under a new id and gives it to the browser (A49).
func (s *Surface) openVisit(c *fiber.Ctx, u checkout.User, stage checkout.VisitStage) error {
	secret, now := s.IDs.Secret(visitSecret), s.now()
	v := checkout.Visit{
		Hash: s.Hash("visit " + secret), User: u.ID, Stage: stage, IP: web.ClientIP(c), Agent: agent(c), CreatedAt: now, SeenAt: now, EndsAt: now.Add(checkout.VisitMost),
	}
	if stage != checkout.StageIn {
		v.EndsAt = now.Add(checkout.VisitCode)
	}
	if err := s.Ledger.OpenVisit(c.UserContext(), v); err != nil {
		return err
	}
	s.setCookie(c, visitCookie, secret)
	return nil
}

// stage lets in a visit that has come exactly so far.
func (s *Surface) stage(want checkout.VisitStage, handle func(*fiber.Ctx, checkout.Visit, checkout.User) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := s.visitOf(c)
		if errors.Is(err, checkout.ErrNoVisit) {
			return s.toSignIn(c)
		}
		if err != nil {
			return err
		}
		if v.Stage != want {
			return c.Redirect("/panel", fiber.StatusSeeOther)
		}
		if err := s.fromUs(c, string(v.Hash)); err != nil {
			return s.outside(c, fiber.StatusForbidden, "error", "", struct {
				Status int
				Text   string
			}{fiber.StatusForbidden, s.sentence(s.language(c, checkout.User{}), "form_not_ours", nil)})
		}
		u, err := s.Ledger.UserByID(c.UserContext(), v.User)
		if err != nil {
			return err
		}
		return handle(c, v, u)
	}
}

func (s *Surface) codePage(c *fiber.Ctx, v checkout.Visit, _ checkout.User) error {
	return s.outside(c, fiber.StatusOK, "code", string(v.Hash), NewForm("code", "code", "", "next", ownPath(c.Query("next"))))
}

// code takes the second factor. The visit is replaced by one under another id.
func (s *Surface) code(c *fiber.Ctx, v checkout.Visit, u checkout.User) error {
	f := readForm(c, "code", "code", "next")
	ctx, lang := c.UserContext(), s.language(c, u)
	try := checkout.SignIn{User: u.ID, Key: s.Hash("code " + string(u.ID)), How: checkout.SignInDone, IP: web.ClientIP(c), Agent: agent(c), At: s.now()}
	until, err := s.Ledger.CountTry(ctx, try.Key, s.now(), triesOfUser)
	if err != nil {
		return err
	}
	good := false
	if until.IsZero() {
		if good, try.How, err = s.rightCode(ctx, u, f.Get("code")); err != nil {
			return err
		}
	} else {
		try.How = checkout.SignInLocked
	}
	if err := s.Ledger.SaveSignIn(ctx, try); err != nil {
		return err
	}
	if !good {
		status, code := fiber.StatusUnprocessableEntity, "code_wrong"
		if try.How == checkout.SignInLocked {
			status, code = fiber.StatusTooManyRequests, "signin_locked"
		}
		f.Values["code"] = ""
		s.wrong(f, lang, "code", code, nil)
		return s.outside(c, status, "code", string(v.Hash), f)
	}
	if err := s.Ledger.ClearTries(ctx, try.Key); err != nil {
		return err
	}
	return s.goIn(c, v, u, ownPath(f.Get("next")))
}

// goIn ends a visit that was on its way in and begins the real one, at an address of the panel.
func (s *Surface) goIn(c *fiber.Ctx, v checkout.Visit, u checkout.User, at string) error {
	if err := s.Ledger.EndVisits(c.UserContext(), u.ID, v.Hash, nil); err != nil {
		return err
	}
	if err := s.openVisit(c, u, checkout.StageIn); err != nil {
		return err
	}
	return c.Redirect(at, fiber.StatusSeeOther)
}

// rightCode holds what was typed against the second factor, and then against the spare codes. Each is good
// once.
func (s *Surface) rightCode(ctx context.Context, u checkout.User, typed string) (bool, checkout.SignInHow, error) {
	typed = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
	if step, ok := codeStep(u.Second, typed, s.now()); ok {
		fresh, err := s.Ledger.SpendStep(ctx, u.ID, step)
		if !fresh {
			return false, checkout.SignInCode, err
		}
		return true, checkout.SignInDone, err
	}
	hash := s.Hash("spare " + string(u.ID) + " " + typed)
	for i, h := range u.Spare {
		if string(h) == string(hash) { // of keyed hashes: time tells nothing about what was typed
			u.Spare = append(append([][]byte{}, u.Spare[:i]...), u.Spare[i+1:]...)
			u.Version, u.UpdatedAt = u.Version+1, s.now()
			if err := s.Ledger.SaveUser(ctx, u); err != nil {
				if errors.Is(err, checkout.ErrStale) {
					return false, checkout.SignInCode, nil // used in this very moment
				}
				return false, checkout.SignInCode, err
			}
			return true, checkout.SignInSpare, nil
		}
	}
	return false, checkout.SignInCode, nil
}

// Time steps of the second factor (RFC 6238): thirty seconds, one to either side for clocks that differ.
const (
	stepSeconds = 30
	stepsBeside = 1
)

// codeStep finds the time step whose code was typed.
func codeStep(secret checkout.Hidden, typed string, now time.Time) (int64, bool) {
	if len(secret) == 0 || len(typed) != 6 {
		return 0, false
	}
	at := now.Unix() / stepSeconds
	for _, step := range []int64{at, at - stepsBeside, at + stepsBeside} {
		ok, err := hotp.ValidateCustom(typed, uint64(step), secretText(secret), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && ok {
			return step, true
		}
	}
	return 0, false
}

// secretText is a secret as authenticator apps take it.
func secretText(secret checkout.Hidden) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// signOut ends the visit.
func (s *Surface) signOut(c *fiber.Ctx) error {
	v, err := s.visitOf(c)
	if errors.Is(err, checkout.ErrNoVisit) {
		return c.Redirect("/panel/signin", fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	if err := s.fromUs(c, string(v.Hash)); err != nil {
		return s.toSignIn(c)
	}
	try := checkout.SignIn{User: v.User, How: checkout.SignInOut, IP: web.ClientIP(c), Agent: agent(c), At: s.now()}
	if err := errors.Join(s.Ledger.EndVisits(c.UserContext(), v.User, v.Hash, nil), s.Ledger.SaveSignIn(c.UserContext(), try)); err != nil {
		return err
	}
	s.dropCookie(c, visitCookie)
	return c.Redirect("/panel/signin", fiber.StatusSeeOther)
}
