package baseline

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web/page"
)

// cardForm is the posted form.
type cardForm struct {
	Number       string `form:"card_number" validate:"required,credit_card"`
	Expiry       string `form:"card_expiry" validate:"required,len=5"`
	CVC          string `form:"card_cvc" validate:"required,numeric,min=3,max=4"`
	Holder       string `form:"card_holder" validate:"required,max=60"`
	Installments int64  `form:"installments" validate:"min=1,max=12"`
	Note         string `form:"payer_note" validate:"max=500"`
}

// claimTime is how long an attempt keeps others from the link.
const claimTime = 15 * time.Minute

// pay takes the card and answers with the page that leads to the bank.
func (s *Shop) pay(c *fiber.Ctx) error {
	var f cardForm
	if err := c.BodyParser(&f); err != nil {
		return fiber.ErrBadRequest
	}
	if err := s.check.Struct(&f); err != nil {
		return fiber.ErrUnprocessableEntity
	}
	l, err := s.open(c)
	if err != nil {
		return err
	}
	p := payment{ID: "pay_" + random(11), Token: l.Token, Price: l.Amount, BankOrder: "OD" + random(8) + "X", Nonce: "N" + random(8), Currency: l.Currency,
		Status: "challenged", BIN: f.Number[:6], Last4: f.Number[len(f.Number)-4:], Note: f.Note, Created: time.Now()}
	for _, o := range s.offers(l.Amount, f.Number[:8]) {
		if o.Count == f.Installments {
			p.Installments, p.Amount = o.Count, o.Total
		}
	}
	if p.Installments == 0 {
		return fiber.ErrUnprocessableEntity
	}
	if !l.Multi {
		if err := s.store.claim(c.UserContext(), l.Token, p.ID, claimTime); err != nil {
			return err
		}
	}
	if err := s.store.insert(c.UserContext(), p); err != nil {
		return err
	}
	form, err := s.bank.open(c.UserContext(), p, f, s.PublicURL+"/3ds/"+p.ID)
	if err != nil {
		return err
	}
	return s.html(c, &page.Handover{
		Head: s.head(), Payment: p.ID, AmountMinor: p.Amount, Currency: p.Currency, Bank: s.bins.Lookup(p.BIN).Issuer,
		Method: fiber.MethodPost, Action: form.Action, Fields: form.Fields,
	})
}

// back takes the bank's callback, has the money moved and leads to the result.
func (s *Shop) back(c *fiber.Ctx) error {
	form, err := url.ParseQuery(string(c.Body()))
	if err != nil {
		return fiber.ErrBadRequest
	}
	p, err := s.store.payment(c.UserContext(), c.Params("payment"))
	if err != nil {
		return err
	}
	if !s.bank.genuine(p, form) {
		return fiber.ErrBadRequest
	}
	if err := s.store.move(c.UserContext(), &p, "challenged", "authorizing", nil); err != nil {
		return err
	}
	p.AuthCode, p.RRN, err = s.bank.authorize(c.UserContext(), p, form.Get("RequestGuid"))
	switch {
	case errors.Is(err, errDeclined):
		err = s.store.move(c.UserContext(), &p, "authorizing", "declined", nil)
	case err != nil:
		err = s.store.move(c.UserContext(), &p, "authorizing", "pending", nil)
	default:
		err = s.store.move(c.UserContext(), &p, "authorizing", "paid", spend)
	}
	if err != nil {
		return err
	}
	if err := s.store.settled(c.UserContext(), p); err != nil {
		return err
	}
	return c.Redirect("/r/"+p.ID, fiber.StatusSeeOther)
}

// result shows what became of a payment.
func (s *Shop) result(c *fiber.Ctx) error {
	p, err := s.store.payment(c.UserContext(), c.Params("payment"))
	if err != nil {
		return err
	}
	v := &page.Result{Head: s.head(), Payment: p.ID, Status: p.Status, Reference: p.ID[4:14]}
	if p.Status == "paid" {
		v.Receipt = &page.Receipt{
			Payment: p.ID, OrderID: p.BankOrder, Note: p.Note, TotalMinor: p.Amount, PriceMinor: p.Price, Currency: p.Currency,
			Installments: int(p.Installments), MonthlyMinor: p.Amount / p.Installments, Brand: string(s.bins.Lookup(p.BIN).Brand), Last4: p.Last4,
			Issuer: s.bins.Lookup(p.BIN).Issuer, AuthCode: p.AuthCode, RRN: p.RRN, PaidAt: time.Now(), Code: p.ID[4:14],
		}
	}
	return s.html(c, v)
}

// random is n bytes as hexadecimal text.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand does not fail
	return hex.EncodeToString(b)
}
