package api

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// offlineKeyView is a key that signs links by itself, as the API shows it. Secret is told once.
type offlineKeyView struct {
	ID        checkout.OfflineKeyID `json:"id"`
	Number    uint32                `json:"number"`
	Name      string                `json:"name"`
	Status    string                `json:"status"`
	Secret    string                `json:"secret,omitempty"`
	CreatedAt string                `json:"created_at"`
	RevokedAt *string               `json:"revoked_at"`
}

func viewOfflineKey(k checkout.OfflineKey) offlineKeyView {
	v := offlineKeyView{ID: k.ID, Number: k.Number, Name: k.Name, Status: "active", CreatedAt: stamp(k.CreatedAt)}
	if !k.RevokedAt.IsZero() {
		v.Status, v.RevokedAt = "revoked", nullable(stamp(k.RevokedAt))
	}
	return v
}

type offlineKeyBody struct {
	Name string `json:"name" validate:"required"`
}

// statusOfOfflineKey marks a stored answer whose body is a key's id: its secret stays where it is sealed, and is told
// again to who repeats the request.
const statusOfOfflineKey = -4

func (s *Surface) createOfflineKey(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b offlineKeyBody
	if _, err := s.decode(c, &b, []string{"id", "number", "status", "secret", "created_at", "revoked_at"}); err != nil {
		return err
	}
	k, err := s.Flow.CreateOfflineKey(c.UserContext(), s.by(c), callerOf(c).merchant, b.Name, func(k checkout.OfflineKey) (checkout.Idempotency, error) {
		return key.answer(statusOfOfflineKey, []byte(k.ID)), nil
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return answerOfflineKey(c, k)
}

func answerOfflineKey(c *fiber.Ctx, k checkout.OfflineKey) error {
	v := viewOfflineKey(k)
	v.Secret = k.Shown()
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return sendCreated(c, fiber.StatusCreated, body)
}

func (s *Surface) replayOfflineKey(c *fiber.Ctx, stored checkout.Idempotency) error {
	k, err := s.Flow.OfflineKeyOf(c.UserContext(), stored.Merchant, checkout.OfflineKeyID(stored.Body))
	if err != nil {
		return err
	}
	return answerOfflineKey(c, k)
}

// listOfflineKeys answers all on one page: a merchant has few.
func (s *Surface) listOfflineKeys(c *fiber.Ctx) error {
	all, err := s.Flow.OfflineKeysOf(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := make([]offlineKeyView, len(all))
	for i, k := range all {
		views[i] = viewOfflineKey(k)
	}
	return answerFew(c, views, func(v offlineKeyView) string { return string(v.ID) })
}

func (s *Surface) readOfflineKey(c *fiber.Ctx) error {
	k, err := s.Flow.OfflineKeyOf(c.UserContext(), callerOf(c).merchant, checkout.OfflineKeyID(c.Params("id")))
	if err != nil {
		return err
	}
	return c.JSON(viewOfflineKey(k))
}

func (s *Surface) revokeOfflineKey(c *fiber.Ctx) error {
	if err := s.Flow.RevokeOfflineKey(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.OfflineKeyID(c.Params("id"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

type revokeBody struct {
	Order string `json:"order_id" validate:"required"`
}

// revokeOfflineLink withdraws the link of a reference. Asking again gives the same answer.
func (s *Surface) revokeOfflineLink(c *fiber.Ctx) error {
	var b revokeBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	link, err := s.Flow.RevokeOffline(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.OrderNumber(b.Order))
	if err != nil {
		return conflict(err)
	}
	return c.JSON(struct {
		Order string  `json:"order_id"`
		Link  *string `json:"link"`
	}{b.Order, nullable(string(link))})
}
