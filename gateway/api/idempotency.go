package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
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
	plain    []byte // as request was kept before it was keyed
}

type runningKey struct {
	merchant checkout.MerchantID
	key      string
}

// idempotent looks at the Idempotency-Key. done is true when an earlier answer was given again. The
// same key with another request is 422, one that is still at work is 409 (A45). The caller releases
// the key.
func (s *Surface) idempotent(c *fiber.Ctx) (key idemKey, done bool, err error) {
	key, err = s.readKey(c)
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
func (s *Surface) readKey(c *fiber.Ctx) (idemKey, error) {
	sent := c.Request().Header.PeekAll(headerKey)
	if len(sent) == 0 {
		return idemKey{}, nil
	}
	if len(sent) > 1 || len(sent[0]) == 0 || len(sent[0]) > maxKey || !visible(sent[0]) {
		return idemKey{}, web.BadRequest("idempotency_key_format")
	}
	sum := sha256.New()
	target := []byte(c.Path())
	if query := c.Request().URI().QueryString(); len(query) > 0 {
		target = append(append(target, '?'), query...)
	}
	for _, part := range [][]byte{[]byte(c.Method()), target, c.Request().Body()} {
		sum.Write(part)
		sum.Write([]byte{0})
	}
	// Keyed: a body may hold a bank's secrets, which a digest that anybody can work out would let him guess.
	plain := sum.Sum(nil)
	return idemKey{merchant: callerOf(c).merchant, key: string(sent[0]), request: s.Hash(string(plain)), plain: plain}, nil
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
	if subtle.ConstantTimeCompare(stored.Request, k.request) != 1 && subtle.ConstantTimeCompare(stored.Request, k.plain) != 1 {
		return false, checkout.ErrKeyReused
	}
	c.Set(headerReplayed, "true")
	switch stored.Status {
	case statusOfRefund:
		return true, s.replayRefund(c, stored)
	case statusOfMessage:
		return true, s.replayMessage(c, stored)
	case statusOfSession:
		return true, s.replaySession(c, stored)
	case statusOfEndpoint:
		return true, s.replayEndpoint(c, stored)
	case statusOfOfflineKey:
		return true, s.replayOfflineKey(c, stored)
	case statusOfNothing:
		return true, c.SendStatus(fiber.StatusNoContent)
	case statusOfBatch:
		return true, s.replayBatch(c, stored)
	case statusOfChargeback:
		return true, sendChargeback(c, stored.Body)
	case statusOfSchedule:
		return true, s.answerSent(c, stored.Merchant, checkout.ReportScheduleID(stored.Body))
	case statusOfChecked, statusOfWays:
		return true, sendJSON(c, -stored.Status, stored.Body)
	}
	return true, sendCreated(c, stored.Status, stored.Body)
}

// statusOfNothing marks a stored answer without a body.
const statusOfNothing = -fiber.StatusNoContent

// once lets a call be done once for each Idempotency-Key. What it did and its answer are stored one after the other:
// it is for calls that leave everything as it is when they are done again at once, where the program dies in between.
func (s *Surface) once(do fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		key, done, err := s.idempotent(c)
		if done || err != nil {
			return err
		}
		defer s.release(key)
		if err := do(c); err != nil || key.key == "" {
			return err
		}
		if err := s.Ledger.KeepAnswer(c.UserContext(), key.answer(-c.Response().StatusCode(), slices.Clone(c.Response().Body()))); err != nil {
			return s.beaten(c, key, err)
		}
		return nil
	}
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
