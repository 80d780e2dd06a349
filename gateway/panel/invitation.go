package panel

import (
	"context"
	"errors"
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
	return strings.TrimSuffix(s.PublicURL, "/") + "/panel/invitation/" + secret, err
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
	if err != nil {
		return s.invitationOver(c, err)
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
	if err != nil {
		return s.invitationOver(c, err)
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
