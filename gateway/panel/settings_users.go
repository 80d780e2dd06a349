package panel

import (
	"cmp"
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

func userRoutes() []route {
	users := checkout.PowerUsers
	return []route{
		{"GET", "/panel/settings/users", users, (*Surface).usersPage},
		{"POST", "/panel/settings/users", users, (*Surface).inviteUser},
		{"GET", "/panel/settings/users/:user", users, (*Surface).userPage},
		{"POST", "/panel/settings/users/:user", users, (*Surface).changeUser},
		{"POST", "/panel/settings/users/:user/invite", users, (*Surface).reinviteUser},
		{"POST", "/panel/settings/users/:user/phone", users, (*Surface).forgetPhone},
		{"POST", "/panel/settings/users/:user/remove", users, (*Surface).removeUser},
	}
}

type usersData struct {
	*Form
	Colleagues []checkout.Colleague
	Saved      string
	// Address is an invitation's, shown once, for Invited.
	Address, Invited string
	Mailed           bool // to him, too
	Joins            bool // he works elsewhere already, and is no colleague before he accepts
}

func newUserForm() *Form {
	return NewForm("users", "email", "", "name", "", "role", string(checkout.RoleSupport), "own", "")
}

// RoleChoice is the field for a role.
func (p *Page) RoleChoice(f *Form) *Input {
	names := make([]string, len(checkout.Roles))
	for i, r := range checkout.Roles {
		names[i] = string(r)
	}
	return p.Select(f, "role", "role", names)
}

// Roles lists them, most powerful first.
func (p *Page) Roles() []checkout.Role { return checkout.Roles }

func (s *Surface) usersPage(c *fiber.Ctx, w *who) error {
	return s.showUsers(c, w, fiber.StatusOK, usersData{Form: newUserForm(), Saved: c.Query("saved")})
}

func (s *Surface) showUsers(c *fiber.Ctx, w *who, status int, d usersData) (err error) {
	if d.Colleagues, err = s.Flow.Colleagues(c.UserContext(), w.member.Merchant); err != nil {
		return err
	}
	return s.show(c, w, status, "settings_users", d)
}

// inviteUser makes a colleague and shows the invitation's address, once.
func (s *Surface) inviteUser(c *fiber.Ctx, w *who) error {
	f := readForm(c, "users", "email", "name", "role", "own")
	n := checkout.NewColleague{Email: f.Get("email"), Name: nfc(f.Get("name")), Role: checkout.Role(f.Get("role")), OwnLinks: f.On("own")}
	u, err := s.Flow.AddColleague(c.UserContext(), w.by(c), w.member.Merchant, n)
	if isCode(err, checkout.ErrWorksElsewhere) {
		u, address, err := s.InviteToJoin(c.UserContext(), w.by(c), w.member.Merchant, n)
		if err != nil {
			return err
		}
		return s.showAddress(c, w, u, address, "join")
	}
	if err != nil {
		if err := s.refused(f, w.lang, err, nil); err != nil {
			return err
		}
		return s.showUsers(c, w, fiber.StatusUnprocessableEntity, usersData{Form: f})
	}
	return s.showInvitation(c, w, u)
}

func (s *Surface) showInvitation(c *fiber.Ctx, w *who, u checkout.User) error {
	address, err := s.Invite(c.UserContext(), w.by(c), u.ID)
	if err != nil {
		return err
	}
	return s.showAddress(c, w, u, address, "text")
}

// showAddress shows an invitation's address, once, and mails it with one of the texts.
func (s *Surface) showAddress(c *fiber.Ctx, w *who, u checkout.User, address, text string) (err error) {
	d := usersData{Form: newUserForm(), Address: address, Invited: u.Email, Joins: text == "join"}
	if d.Mailed, err = s.mailInvitation(c.UserContext(), w, u, address, text); err != nil {
		return err
	}
	return s.showUsers(c, w, fiber.StatusOK, d)
}

// mailsPerHour bounds the invitations that one merchant has mailed: they go to addresses that anybody may type.
var mailsPerHour = checkout.TryRule{Most: 20, Per: time.Hour, Locks: time.Hour}

// mailInvitation sends an invitation to its reader, once and without keeping it: its address opens the door. It
// answers false where no mail is sent, or the mail server did not take it; the address is shown anyhow.
func (s *Surface) mailInvitation(ctx context.Context, w *who, u checkout.User, address, text string) (bool, error) {
	if s.Mail == nil {
		return false, nil
	}
	until, err := s.Ledger.CountTry(ctx, s.Hash("invitations of "+string(w.member.Merchant)), s.now(), mailsPerHour)
	if err != nil || !until.IsZero() {
		return false, err
	}
	l, now := s.pages.locale(cmp.Or(u.Lang, w.lang)), s.now()
	made := s.Mail(ctx, checkout.Message{
		ID: s.IDs.Message(), Merchant: w.member.Merchant, Kind: checkout.MessageNotice, Channel: checkout.ChannelEmail, Lang: l.Code, To: u.Email, CreatedAt: now, UpdatedAt: now,
		Letter: checkout.Letter{
			Subject: l.Text("users.mail.subject", "merchant", w.merchant.Name), Text: l.Text("users.mail."+text, "merchant", w.merchant.Name, "user", w.user.Name),
			Brand: "Odelink", Action: l.Raw(map[string]string{"text": "users.mail.do", "join": "users.mail.accept"}[text]), URL: address, Foot: []string{l.Raw("users.mail.foot")},
		},
	})
	if made.Error != "" {
		s.Log.Warn("an invitation was not mailed", "user", u.ID, "status", made.Code, "error", made.Error)
	}
	return made.Error == "", nil
}

type userData struct {
	*Form
	checkout.Colleague
	Me    bool
	Saved string
}

func userID(c *fiber.Ctx) checkout.UserID { return checkout.UserID(c.Params("user")) }

func (s *Surface) userPage(c *fiber.Ctx, w *who) error {
	return s.showUser(c, w, fiber.StatusOK, NewForm("users"))
}

func (s *Surface) showUser(c *fiber.Ctx, w *who, status int, f *Form) error {
	u, err := s.Flow.Colleague(c.UserContext(), w.member.Merchant, userID(c))
	if err != nil {
		return err
	}
	if _, typed := f.Values["role"]; !typed {
		f.Values["role"], f.Values["own"] = string(u.Role), ticked(u.OwnLinks)
	}
	return s.show(c, w, status, "settings_user", userData{Form: f, Colleague: u, Me: u.User == w.user.ID, Saved: c.Query("saved")})
}

// atUser answers a step about a user: back to the list, or the user's page with what was wrong.
func (s *Surface) atUser(c *fiber.Ctx, w *who, f *Form, err error, what string) error {
	if err == nil {
		return saved(c, "/panel/settings/users", what)
	}
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	return s.showUser(c, w, fiber.StatusUnprocessableEntity, f)
}

func (s *Surface) changeUser(c *fiber.Ctx, w *who) error {
	f := readForm(c, "users", "role", "own")
	err := s.Flow.ChangeColleague(c.UserContext(), w.by(c), w.member.Merchant, userID(c), checkout.Role(f.Get("role")), f.On("own"), w.visit.Hash)
	return s.atUser(c, w, f, err, "changed")
}

// reinviteUser gives a colleague another invitation: one who lost the first, or forgot his password.
func (s *Surface) reinviteUser(c *fiber.Ctx, w *who) error {
	u, err := s.Flow.Reinvite(c.UserContext(), w.by(c), w.member.Merchant, userID(c))
	if err != nil {
		return s.atUser(c, w, NewForm("users"), err, "")
	}
	return s.showInvitation(c, w, u)
}

func (s *Surface) forgetPhone(c *fiber.Ctx, w *who) error {
	return s.atUser(c, w, NewForm("users"), s.Flow.ForgetPhone(c.UserContext(), w.by(c), w.member.Merchant, userID(c)), "phone")
}

func (s *Surface) removeUser(c *fiber.Ctx, w *who) error {
	return s.atUser(c, w, NewForm("users"), s.Flow.RemoveColleague(c.UserContext(), w.by(c), w.member.Merchant, userID(c)), "removed")
}
