package panel

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

const offlinePath = "/panel/settings/offline"

// offlineRoutes are the keys with which a merchant's program signs links by itself.
func offlineRoutes() []route {
	settings := checkout.PowerSettings
	return []route{
		{"GET", offlinePath, settings, (*Surface).offlinePage},
		{"POST", offlinePath, settings, (*Surface).createOfflineKey},
		{"POST", offlinePath + "/withdraw", settings, (*Surface).withdrawOffline},
		{"POST", offlinePath + "/:offline/revoke", settings, (*Surface).revokeOfflineKey},
	}
}

type offlineData struct {
	New, Withdraw *Form
	Live, Revoked []checkout.OfflineKey
	Secret        string // of the key that was just made, shown once
	Made          string // its name
	Saved         string
}

func newOfflineData() offlineData {
	return offlineData{New: NewForm("offline", "name", ""), Withdraw: NewForm("offline", "order_id", "")}
}

func (s *Surface) offlinePage(c *fiber.Ctx, w *who) error {
	d := newOfflineData()
	d.Saved = c.Query("saved")
	return s.showOffline(c, w, fiber.StatusOK, d)
}

func (s *Surface) showOffline(c *fiber.Ctx, w *who, status int, d offlineData) error {
	all, err := s.Flow.OfflineKeysOf(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.RevokedAt.IsZero() {
			d.Live = append(d.Live, k)
		} else {
			d.Revoked = append(d.Revoked, k)
		}
	}
	return s.show(c, w, status, "settings_offline", d)
}

// createOfflineKey makes a key and shows its secret, once.
func (s *Surface) createOfflineKey(c *fiber.Ctx, w *who) error {
	d := newOfflineData()
	d.New = readForm(c, "offline", "name")
	k, err := s.Flow.CreateOfflineKey(c.UserContext(), w.by(c), w.member.Merchant, nfc(d.New.Get("name")), nil)
	if err != nil {
		if err := s.refused(d.New, w.lang, err, nil); err != nil {
			return err
		}
		return s.showOffline(c, w, fiber.StatusUnprocessableEntity, d)
	}
	d.New, d.Secret, d.Made = NewForm("offline", "name", ""), k.Shown(), k.Name
	return s.showOffline(c, w, fiber.StatusOK, d)
}

func (s *Surface) revokeOfflineKey(c *fiber.Ctx, w *who) error {
	if err := s.Flow.RevokeOfflineKey(c.UserContext(), w.by(c), w.member.Merchant, checkout.OfflineKeyID(c.Params("offline"))); err != nil {
		return err
	}
	return saved(c, offlinePath, "revoked")
}

// withdrawOffline withdraws the link of one number, whether its address was opened or not.
func (s *Surface) withdrawOffline(c *fiber.Ctx, w *who) error {
	d := newOfflineData()
	d.Withdraw = readForm(c, "offline", "order_id")
	_, err := s.Flow.RevokeOffline(c.UserContext(), w.by(c), w.member.Merchant, checkout.OrderNumber(d.Withdraw.Get("order_id")))
	if err == nil || errors.Is(err, checkout.ErrDeleted) {
		return saved(c, offlinePath, "withdrawn")
	}
	if errors.Is(err, checkout.ErrPaid) {
		s.wrong(d.Withdraw, w.lang, "order_id", checkout.ErrPaid.Code, nil)
	} else if err := s.refused(d.Withdraw, w.lang, err, nil); err != nil {
		return err
	}
	return s.showOffline(c, w, fiber.StatusUnprocessableEntity, d)
}

// KeyNumber is an offline key's number as it stands in the key and in addresses that it signed.
func (p *Page) KeyNumber(k checkout.OfflineKey) string { return k.Shown()[:len("ofk_")+6] }
