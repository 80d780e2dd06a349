package api

import (
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// sessionBody is a shop's order.
type sessionBody struct {
	Amount       *int64             `json:"amount" validate:"required_without=Items,omitempty,minor_units"`
	Currency     *string            `json:"currency" validate:"required"`
	OrderID      *string            `json:"order_id"`
	Description  *string            `json:"description"`
	Installments []int              `json:"installments" validate:"omitempty,min=1,max=12,unique,dive,gte=1,lte=12"`
	ExpiresAt    *time.Time         `json:"expires_at" validate:"omitempty,our_century"`
	SuccessURL   *string            `json:"success_url"`
	CancelURL    *string            `json:"cancel_url"`
	PayerNote    *bool              `json:"payer_note"`
	Sale         *string            `json:"sale"`
	Customer     *customerBody      `json:"customer"`
	Metadata     map[string]*string `json:"metadata" validate:"omitempty,dive,required"`
	Category     *string            `json:"category"`
	Items        itemList           `json:"items" validate:"omitempty,dive"`
}

// terms are those of the order's link.
func (b *sessionBody) terms(given map[string]bool) checkout.LinkTerms {
	var t checkout.LinkTerms
	l := linkBody{
		Amount: b.Amount, Currency: b.Currency, OrderID: b.OrderID, Description: b.Description, Installments: b.Installments,
		ExpiresAt: b.ExpiresAt, PayerNote: b.PayerNote, Sale: b.Sale, Customer: b.Customer, ReturnURL: b.SuccessURL, Metadata: b.Metadata, Category: b.Category, Items: b.Items,
	}
	given["return_url"] = given["success_url"]
	l.apply(&t, given)
	return t
}

// sessionView is a session as the API shows it. Secret is told when it is made, and to nobody else.
type sessionView struct {
	ID          checkout.SessionID  `json:"id"`
	URL         string              `json:"url"`
	Status      checkout.LinkStatus `json:"status"`
	Link        checkout.LinkID     `json:"link"`
	Amount      int64               `json:"amount"`
	Currency    checkout.Currency   `json:"currency"`
	OrderID     string              `json:"order_id"`
	Description string              `json:"description"`
	Items       []itemView          `json:"items"`
	SuccessURL  string              `json:"success_url"`
	CancelURL   string              `json:"cancel_url"`
	Payments    []paymentRef        `json:"payments"`
	Secret      string              `json:"secret,omitempty"`
	ExpiresAt   string              `json:"expires_at"`
	CreatedAt   string              `json:"created_at"`
}

func (s *Surface) viewSession(c checkout.Session, l checkout.Link, payments []checkout.Payment) sessionView {
	link := s.viewLink(l, payments, nil)
	return sessionView{
		ID: c.ID, URL: s.Flow.SessionURL(c.ID), Status: link.Status, Link: l.ID, Amount: l.Amount.Minor, Currency: l.Amount.Currency,
		OrderID: link.OrderID, Description: link.Description, Items: link.Items, SuccessURL: c.SuccessURL, CancelURL: c.CancelURL, Payments: link.Payments,
		ExpiresAt: link.ExpiresAt, CreatedAt: link.CreatedAt,
	}
}

// What of a session only we write.
var sessionReadOnly = []string{"id", "url", "status", "link", "payments", "secret", "created_at"}

func (s *Surface) createSession(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b sessionBody
	named, err := s.decode(c, &b, sessionReadOnly)
	if err != nil {
		return err
	}
	var answer []byte
	_, _, err = s.Flow.CreateSession(c.UserContext(), s.by(c), callerOf(c).merchant, b.terms(named), given(b.CancelURL), func(made checkout.Session, l checkout.Link) (checkout.Idempotency, error) {
		v := s.viewSession(made, l, nil)
		kept, err := json.Marshal(v)
		if err != nil {
			return checkout.Idempotency{}, err
		}
		v.Secret = s.Flow.SessionSecret(made.ID)
		answer, err = json.Marshal(v)
		return key.answer(statusOfSession, kept), err
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return sendCreated(c, fiber.StatusCreated, answer)
}

// statusOfSession marks a stored answer of a session: its secret is worked out again and not stored.
const statusOfSession = -fiber.StatusCreated

func (s *Surface) replaySession(c *fiber.Ctx, stored checkout.Idempotency) error {
	var v sessionView
	if err := json.Unmarshal(stored.Body, &v); err != nil {
		return err
	}
	v.Secret, v.Items = s.Flow.SessionSecret(v.ID), some(v.Items) // none in answers from before there were lines
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return sendCreated(c, fiber.StatusCreated, body)
}

func (s *Surface) readSession(c *fiber.Ctx) error {
	m := callerOf(c).merchant
	found, l, err := s.Flow.SessionOf(c.UserContext(), m, checkout.SessionID(c.Params("id")))
	if err != nil {
		return err
	}
	payments, err := s.Ledger.PaymentsOfLinks(c.UserContext(), m, []checkout.LinkID{l.ID}, shownPayments)
	if err != nil {
		return err
	}
	return c.JSON(s.viewSession(found, l, payments[l.ID]))
}
