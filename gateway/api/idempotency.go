package api

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// maxKey is how long an Idempotency-Key may be.
const maxKey = 255

// idemKey is one request's key; its zero value means that none was sent.
type idemKey struct {
	merchant checkout.MerchantID
	key      string
	request  []byte
}

type runningKey struct {
	merchant checkout.MerchantID
	key      string
}

// idempotent looks at the Idempotency-Key. replay is true when an earlier answer was given again.
// The same key with another body is 422, one that is still at work is 409 (A45).
func (s *Surface) idempotent(c *fiber.Ctx) (key idemKey, replay bool, err error) {
	text := c.Get("Idempotency-Key")
	if text == "" {
		return idemKey{}, false, nil
	}
	if len(text) > maxKey || !printable(text) {
		return idemKey{}, false, web.BadRequest("idempotency_key_format")
	}
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(c.Method()), []byte(c.Path()), c.Body()} {
		sum.Write(part)
		sum.Write([]byte{0})
	}
	key = idemKey{merchant: callerOf(c).merchant, key: text, request: sum.Sum(nil)}
	if _, busy := s.running.LoadOrStore(runningKey{key.merchant, text}, true); busy {
		return idemKey{}, false, checkout.ErrKeyKnown
	}
	stored, found, err := s.Ledger.Answer(c.UserContext(), key.merchant, text)
	if err != nil || found {
		s.release(key)
	}
	if err != nil || !found {
		return key, false, err
	}
	return key, true, s.replay(c, key, stored)
}

// release lets the key be used again; its stored answer answers then.
func (s *Surface) release(k idemKey) {
	if k.key != "" {
		s.running.Delete(runningKey{k.merchant, k.key})
	}
}

// answer is what is stored with the object.
func (k idemKey) answer(status int, body []byte) checkout.Idempotency {
	if k.key == "" {
		return checkout.Idempotency{}
	}
	return checkout.Idempotency{Merchant: k.merchant, Key: k.key, Request: k.request, Status: status, Body: body}
}

// replayStored answers after another process stored the key first.
func (s *Surface) replayStored(c *fiber.Ctx, k idemKey) error {
	stored, found, err := s.Ledger.Answer(c.UserContext(), k.merchant, k.key)
	if err != nil {
		return err
	}
	if !found {
		return checkout.ErrKeyKnown
	}
	return s.replay(c, k, stored)
}

func (s *Surface) replay(c *fiber.Ctx, k idemKey, stored checkout.Idempotency) error {
	if subtle.ConstantTimeCompare(stored.Request, k.request) != 1 {
		return checkout.ErrKeyReused
	}
	c.Set("Idempotent-Replayed", "true")
	return sendJSON(c, stored.Status, stored.Body)
}

func sendJSON(c *fiber.Ctx, status int, body []byte) error {
	c.Status(status)
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Send(body)
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
