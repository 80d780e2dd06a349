package panel

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

func keyRoutes() []route {
	settings := checkout.PowerSettings
	return []route{
		{"GET", "/panel/settings/keys", settings, (*Surface).keysPage},
		{"POST", "/panel/settings/keys", settings, (*Surface).createKey},
		{"POST", "/panel/settings/keys/:key/revoke", settings, (*Surface).revokeKey},
	}
}

type keysData struct {
	*Form
	Live, Revoked []checkout.APIKey
	Secret        string // of the key that was just made, shown once
	Made          string // its name
	Saved         string
}

func (s *Surface) keysPage(c *fiber.Ctx, w *who) error {
	return s.showKeys(c, w, fiber.StatusOK, keysData{Form: NewForm("keys", "name", ""), Saved: c.Query("saved")})
}

func (s *Surface) showKeys(c *fiber.Ctx, w *who, status int, d keysData) error {
	all, err := s.Flow.Keys(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	for _, k := range slices.Backward(all) {
		if k.RevokedAt.IsZero() {
			d.Live = append(d.Live, k)
		} else {
			d.Revoked = append(d.Revoked, k)
		}
	}
	return s.show(c, w, status, "settings_keys", d)
}

// createKey makes a key and shows its secret, once.
func (s *Surface) createKey(c *fiber.Ctx, w *who) error {
	f := readForm(c, "keys", "name")
	k, secret, err := s.Flow.CreateKey(c.UserContext(), w.by(c), w.member.Merchant, nfc(f.Get("name")), s.Hash)
	if err != nil {
		if err := s.refused(f, w.lang, err, nil); err != nil {
			return err
		}
		return s.showKeys(c, w, fiber.StatusUnprocessableEntity, keysData{Form: f})
	}
	return s.showKeys(c, w, fiber.StatusOK, keysData{Form: NewForm("keys", "name", ""), Secret: secret, Made: k.Name})
}

func (s *Surface) revokeKey(c *fiber.Ctx, w *who) error {
	if err := s.Flow.RevokeKey(c.UserContext(), w.by(c), w.member.Merchant, checkout.KeyID(c.Params("key"))); err != nil {
		return err
	}
	return saved(c, "/panel/settings/keys", "revoked")
}
