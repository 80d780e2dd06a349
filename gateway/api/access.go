package api

import (
	"encoding/hex"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// keyView is an API key as the API shows it: never its secret.
type keyView struct {
	ID        checkout.KeyID `json:"id"`
	Name      *string        `json:"name"`
	Shown     string         `json:"begins_with"`
	Status    string         `json:"status"`
	CreatedAt string         `json:"created_at"`
	RevokedAt *string        `json:"revoked_at"`
}

func viewKey(k checkout.APIKey) keyView {
	v := keyView{ID: k.ID, Name: nullable(k.Name), Shown: k.Shown, Status: "active", CreatedAt: stamp(k.CreatedAt)}
	if !k.RevokedAt.IsZero() {
		v.Status, v.RevokedAt = "revoked", nullable(stamp(k.RevokedAt))
	}
	return v
}

// listKeys answers all on one page, newest first. No operation makes a key: whoever got hold of one could make himself
// others, which stay good when it is revoked.
func (s *Surface) listKeys(c *fiber.Ctx) error {
	all, err := s.Flow.Keys(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := make([]keyView, len(all))
	for i, k := range all {
		views[len(all)-1-i] = viewKey(k)
	}
	return answerFew(c, views, func(v keyView) string { return string(v.ID) })
}

func (s *Surface) revokeKey(c *fiber.Ctx) error {
	if err := s.Flow.RevokeKey(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.KeyID(c.Params("id"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// userView is somebody who works in the panel.
type userView struct {
	ID        checkout.UserID `json:"id"`
	Name      string          `json:"name"`
	Email     string          `json:"email"`
	Role      checkout.Role   `json:"role"`
	OwnLinks  bool            `json:"own_links"`
	Status    string          `json:"status"`
	CreatedAt string          `json:"created_at"`
}

// listUsers answers all on one page. No operation invites somebody or gives a role: a key would become a person.
func (s *Surface) listUsers(c *fiber.Ctx) error {
	all, err := s.Flow.Colleagues(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := make([]userView, len(all))
	for i, u := range all {
		views[i] = userView{ID: u.User, Name: u.Name, Email: u.Email, Role: u.Role, OwnLinks: u.OwnLinks, Status: "active", CreatedAt: stamp(u.CreatedAt)}
		if u.Pending {
			views[i].Status = "invited"
		}
	}
	return answerFew(c, views, func(v userView) string { return string(v.ID) })
}

// removeUser ends somebody's membership and his visits.
func (s *Surface) removeUser(c *fiber.Ctx) error {
	if err := s.Flow.RemoveColleague(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.UserID(c.Params("id"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// auditView is a line of the merchant's audit trail.
type auditView struct {
	Sequence int64             `json:"sequence"`
	Type     string            `json:"type"`
	Actor    string            `json:"actor"`
	Data     map[string]string `json:"data"`
	IP       *string           `json:"ip"`
	At       string            `json:"at"`
	Hash     string            `json:"hash"`
}

// listAudit answers lines newest first; the cursor is the last one's number.
func (s *Surface) listAudit(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.TrailQuery{Merchant: callerOf(c).merchant, Actor: c.Query("actor"), About: c.Query("about"), Limit: f.limit()}
	q.From, q.To = f.span()
	if err := f.err(); err != nil {
		return err
	}
	if text := c.Query("cursor"); text != "" {
		n, ok := digits(text)
		if q.Before = n; !ok || n == 0 {
			return strangeCursor(checkout.ErrCursor)
		}
	}
	found, more, err := s.Ledger.Trail(c.UserContext(), q)
	if err != nil {
		return err
	}
	views, next := make([]auditView, len(found)), ""
	for i, e := range found {
		views[i] = auditView{Sequence: e.Seq, Type: e.Type, Actor: e.Actor, Data: e.Data, IP: nullable(e.IP), At: stamp(e.At), Hash: hex.EncodeToString(e.Hash)}
		if e.Data == nil {
			views[i].Data = map[string]string{}
		}
	}
	if more {
		next = strconv.FormatInt(found[len(found)-1].Seq, 10)
	}
	return answerPage(c, views, next)
}

// verifyAudit reads the whole chain and says whether every line stands as it was written.
func (s *Surface) verifyAudit(c *fiber.Ctx) error {
	whole, err := s.Ledger.TrailWhole(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Whole bool `json:"whole"`
	}{whole})
}
