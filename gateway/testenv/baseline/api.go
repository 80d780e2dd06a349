package baseline

import (
	"crypto/subtle"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// keyed lets the merchant's programs in.
func (s *Shop) keyed(c *fiber.Ctx) error {
	key, found := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	if !found || s.Key == "" || subtle.ConstantTimeCompare([]byte(key), []byte(s.Key)) != 1 {
		return fiber.ErrUnauthorized
	}
	return c.Next()
}

// linkForm is what a merchant asks for. Amount is in minor units.
type linkForm struct {
	Amount      int64  `json:"amount" validate:"min=1"`
	Currency    string `json:"currency" validate:"oneof=TRY"`
	Usage       string `json:"usage" validate:"omitempty,oneof=single multi"`
	Description string `json:"description" validate:"max=250"`
}

func (s *Shop) createLink(c *fiber.Ctx) error {
	var f linkForm
	if err := c.BodyParser(&f); err != nil {
		return fiber.ErrBadRequest
	}
	if err := s.check.Struct(&f); err != nil {
		return fiber.ErrUnprocessableEntity
	}
	l := newLink(f.Amount, f.Currency, f.Description)
	l.Multi = f.Usage == "multi"
	if err := s.store.saveLink(c.UserContext(), l); err != nil {
		return err
	}
	return c.Status(fiber.StatusCreated).JSON(fiber.Map{
		"id": l.Token, "token": l.Token, "url": s.PublicURL + "/p/" + l.Token, "order_id": l.Order, "amount": l.Amount, "currency": l.Currency,
		"status": l.Status, "expires_at": l.Expires.UTC(),
	})
}

// longestPage is how many payments a page has at most.
const longestPage = 100

func (s *Shop) listPayments(c *fiber.Ctx) error {
	var since time.Time
	if from := c.Query("from"); from != "" {
		at, err := time.Parse(time.RFC3339, from)
		if err != nil {
			return fiber.ErrBadRequest
		}
		since = at
	}
	below := int64(math.MaxInt64)
	if cursor := c.Query("cursor"); cursor != "" {
		n, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil {
			return fiber.ErrBadRequest
		}
		below = n
	}
	limit := min(max(c.QueryInt("limit", longestPage), 1), longestPage)
	all, last, err := s.store.list(c.UserContext(), since, below, limit)
	if err != nil {
		return err
	}
	data := make([]fiber.Map, len(all))
	for i, p := range all {
		data[i] = fiber.Map{
			"id": p.ID, "link": p.Token, "status": p.Status, "bank_order_id": p.BankOrder, "amount": p.Price, "total": p.Amount,
			"currency": p.Currency, "installments": p.Installments, "auth_code": p.AuthCode, "rrn": p.RRN,
		}
	}
	var next *string
	if len(all) == limit {
		text := strconv.FormatInt(last, 10)
		next = &text
	}
	return c.JSON(fiber.Map{"data": data, "next_cursor": next})
}
