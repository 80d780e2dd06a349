package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

const (
	headerKey      = "Idempotency-Key"
	headerReplayed = "Idempotent-Replayed"
	// maxKey is how long an Idempotency-Key may be.
	maxKey = 255
	// runningRetry is when a request whose twin is still running may look again.
	runningRetry = time.Second
)

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

// idempotent looks at the Idempotency-Key. done is true when an earlier answer was given again. The
// same key with another request is 422, one that is still at work is 409 (A45). The caller releases
// the key.
func (s *Surface) idempotent(c *fiber.Ctx) (key idemKey, done bool, err error) {
	key, err = readKey(c)
	if key.key == "" || err != nil {
		return idemKey{}, false, err
	}
	// This process knows at once that the key is at work; of several processes the ledger knows.
	if _, busy := s.running.LoadOrStore(runningKey{key.merchant, key.key}, true); busy {
		return idemKey{}, false, checkout.ErrKeyKnown.After(runningRetry)
	}
	done, err = s.replay(c, key)
	if done || err != nil {
		s.release(key)
	}
	return key, done, err
}

// readKey reads the header and the digest of the request that it stands for.
func readKey(c *fiber.Ctx) (idemKey, error) {
	sent := c.Request().Header.PeekAll(headerKey)
	if len(sent) == 0 {
		return idemKey{}, nil
	}
	if len(sent) > 1 || len(sent[0]) == 0 || len(sent[0]) > maxKey || !visible(sent[0]) {
		return idemKey{}, web.BadRequest("idempotency_key_format")
	}
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(c.Method()), []byte(c.Path()), c.Request().Body()} {
		sum.Write(part)
		sum.Write([]byte{0})
	}
	return idemKey{merchant: callerOf(c).merchant, key: string(sent[0]), request: sum.Sum(nil)}, nil
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

// beaten answers for another process that stored the key first; other errors stay.
func (s *Surface) beaten(c *fiber.Ctx, k idemKey, err error) error {
	if !errors.Is(err, checkout.ErrKeyKnown) {
		return err
	}
	done, err := s.replay(c, k)
	if err == nil && !done {
		err = checkout.ErrKeyKnown.After(runningRetry)
	}
	return err
}

// replay gives the answer that is stored under the key, if there is one.
func (s *Surface) replay(c *fiber.Ctx, k idemKey) (done bool, err error) {
	stored, found, err := s.Ledger.Answer(c.UserContext(), k.merchant, k.key)
	if err != nil || !found {
		return false, err
	}
	if subtle.ConstantTimeCompare(stored.Request, k.request) != 1 {
		return false, checkout.ErrKeyReused
	}
	c.Set(headerReplayed, "true")
	return true, sendCreated(c, stored.Status, stored.Body)
}

// sendCreated answers a POST. The Location follows from the body, so that a replayed answer has the
// one that the first had.
func sendCreated(c *fiber.Ctx, status int, body []byte) error {
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &made); err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, c.Path()+"/"+made.ID)
	return sendJSON(c, status, body)
}

func sendJSON(c *fiber.Ctx, status int, body []byte) error {
	c.Status(status)
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Send(body)
}

// visible says whether text is ASCII that one can see.
func visible(text []byte) bool {
	for _, b := range text {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}
