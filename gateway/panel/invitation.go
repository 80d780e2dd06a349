package panel

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// Invite makes an invitation for a user and answers its address, which is shown once. Links come from the
// configured address only (A50).
func (s *Surface) Invite(ctx context.Context, by checkout.By, id checkout.UserID) (address string, err error) {
	secret, now := s.IDs.Secret(visitSecret), s.now()
	err = s.Ledger.SaveInvitation(ctx, checkout.Invitation{
		Hash: s.Hash("invitation " + secret), User: id, By: by.Actor, CreatedAt: now, ExpiresAt: now.Add(checkout.InvitationLife),
	})
	return strings.TrimSuffix(s.PublicURL, "/") + invitationPath + secret, err
}

// InviteToJoin is Invite for who works for another merchant already: its address chooses no password, it is a question that
// he answers when he has come in.
func (s *Surface) InviteToJoin(ctx context.Context, by checkout.By, m checkout.MerchantID, n checkout.NewColleague) (u checkout.User, address string, err error) {
	secret := s.IDs.Secret(visitSecret)
	u, err = s.Flow.InviteToJoin(ctx, by, m, n, s.Hash("invitation "+secret))
	return u, strings.TrimSuffix(s.PublicURL, "/") + invitationPath + secret, err
}

// invitationPath is what addresses of invitations begin with.
const invitationPath = "/panel/invitation/"

// joining is the page of an invitation to another company.
type joining struct {
	checkout.Joining
	Company string
	User    checkout.User // who is asked
	Mine    bool          // who looks at it is who is asked
}

// joiningOf finds an invitation to another company and who looks at it. Whoever has not come in yet is led through the
// door, with all that guards it, and back; ok is false then, or where there is no such invitation.
func (s *Surface) joiningOf(c *fiber.Ctx) (d joining, v checkout.Visit, ok bool, err error) {
	if d.Joining, err = s.Ledger.Joining(c.UserContext(), s.Hash("invitation "+c.Params("secret")), s.now()); err != nil {
		return d, v, false, s.invitationOver(c, err)
	}
	if d.User, err = s.Ledger.UserByID(c.UserContext(), d.Joining.User); err != nil {
		return d, v, false, err
	}
	m, err := s.Ledger.Merchant(c.UserContext(), d.Merchant)
	if err != nil {
		return d, v, false, err
	}
	d.Company = m.Name
	v, err = s.visitOf(c)
	switch {
	case errors.Is(err, checkout.ErrNoVisit):
		return d, v, false, s.askPassword(c, fiber.StatusOK, NewForm("signin", "email", d.User.Email, "next", c.Path()))
	case err != nil:
		return d, v, false, err
	case v.Stage == checkout.StageCode:
		return d, v, false, c.Redirect("/panel/code?next="+url.QueryEscape(c.Path()), fiber.StatusSeeOther)
	case v.Stage == checkout.StageSetUp:
		return d, v, false, c.Redirect("/panel/setup", fiber.StatusSeeOther)
	}
	d.Mine = v.User == d.Joining.User
	return d, v, true, nil
}

func (s *Surface) joiningPage(c *fiber.Ctx) error {
	d, v, ok, err := s.joiningOf(c)
	if !ok || err != nil {
		return err
	}
	return s.outside(c, fiber.StatusOK, "joining", string(v.Hash), d)
}

// join makes who was asked a colleague of the other company, and leads him there.
func (s *Surface) join(c *fiber.Ctx) error {
	d, v, ok, err := s.joiningOf(c)
	if !ok || err != nil {
		return err
	}
	if !d.Mine || s.fromUs(c, string(v.Hash)) != nil {
		return s.outside(c, fiber.StatusForbidden, "joining", string(v.Hash), d)
	}
	by := checkout.By{Actor: "user:" + string(v.User), IP: web.ClientIP(c), User: v.User}
	if err := s.Flow.Join(c.UserContext(), by, d.Joining); err != nil {
		return s.invitationOver(c, err)
	}
	if err := s.Ledger.MoveVisit(c.UserContext(), v.Hash, d.Merchant); err != nil {
		return err
	}
	return c.Redirect("/panel", fiber.StatusSeeOther)
}

// invited finds who was invited.
func (s *Surface) invited(c *fiber.Ctx) (u checkout.User, hash []byte, err error) {
	hash = s.Hash("invitation " + c.Params("secret"))
	i, err := s.Ledger.Invitation(c.UserContext(), hash, s.now())
	if err == nil {
		u, err = s.Ledger.UserByID(c.UserContext(), i.User)
	}
	return u, hash, err
}

// welcome is what the page of an invitation shows.
type welcome struct {
	*Form
	User checkout.User
}

func (s *Surface) invitationPage(c *fiber.Ctx) error {
	u, hash, err := s.invited(c)
	if errors.Is(err, checkout.ErrNoInvitation) {
		return s.joiningPage(c)
	}
	if err != nil {
		return err
	}
	return s.outside(c, fiber.StatusOK, "invitation", string(hash), welcome{NewForm("invitation", "name", u.Name), u})
}

// invitationOver answers an invitation that is no good, in the same words whatever the reason.
func (s *Surface) invitationOver(c *fiber.Ctx, err error) error {
	if !errors.Is(err, checkout.ErrNoInvitation) {
		return err
	}
	return s.outside(c, fiber.StatusGone, "error", "", struct {
		Status int
		Text   string
	}{fiber.StatusGone, s.sentence(s.language(c, checkout.User{}), "invitation_over", nil)})
}

// useInvitation takes the password that the reader chose.
func (s *Surface) useInvitation(c *fiber.Ctx) error {
	u, hash, err := s.invited(c)
	if errors.Is(err, checkout.ErrNoInvitation) {
		return s.join(c)
	}
	if err != nil {
		return err
	}
	f, lang := readForm(c, "invitation", "name"), s.language(c, u)
	if err := s.fromUs(c, string(hash)); err != nil {
		f.Error = s.sentence(lang, "form_not_ours", nil)
		return s.outside(c, fiber.StatusForbidden, "invitation", string(hash), welcome{f, u})
	}
	password := posted(c, "password")
	if code := checkout.CheckName(f.Get("name")); code != "" {
		s.wrong(f, lang, "name", code, nil)
	}
	if code := checkout.CheckPassword(password, u.Email, f.Get("name")); code != "" {
		s.wrong(f, lang, "password", code, nil)
	}
	if !f.OK() {
		return s.outside(c, fiber.StatusUnprocessableEntity, "invitation", string(hash), welcome{f, u})
	}
	u.Name, u.Password = f.Get("name"), checkout.Hidden(HashPassword(password))
	u.Version, u.UpdatedAt = u.Version+1, s.now()
	if err := s.Ledger.UseInvitation(c.UserContext(), hash, u); err != nil {
		return s.invitationOver(c, err)
	}
	note := checkout.SignIn{User: u.ID, How: checkout.SignInInvited, IP: web.ClientIP(c), Agent: agent(c), At: s.now()}
	if err := s.Ledger.SaveSignIn(c.UserContext(), note); err != nil {
		return err
	}
	return c.Redirect("/panel/signin", fiber.StatusSeeOther)
}
