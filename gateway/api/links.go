package api

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// linkBody is what a merchant may say of a link. Pointers tell "not given" from a value, for PATCH.
type linkBody struct {
	Amount       *int64            `json:"amount" validate:"omitempty,gt=0"`
	Currency     *string           `json:"currency" validate:"omitempty,len=3"`
	AmountMode   *string           `json:"amount_mode" validate:"omitempty,oneof=fixed open"`
	MinAmount    *int64            `json:"min_amount" validate:"omitempty,gt=0"`
	MaxAmount    *int64            `json:"max_amount" validate:"omitempty,gt=0"`
	OrderID      *string           `json:"order_id" validate:"omitempty,max=64"`
	Description  *string           `json:"description" validate:"omitempty,max=500"`
	Installments []int             `json:"installments" validate:"omitempty,max=12,unique,dive,gte=1,lte=12"`
	ActiveFrom   *time.Time        `json:"active_from"`
	ExpiresAt    *time.Time        `json:"expires_at"`
	Usage        *string           `json:"usage" validate:"omitempty,oneof=single multi"`
	MaxPayments  *int              `json:"max_payments" validate:"omitempty,gte=0,lte=1000000"`
	PayerNote    *bool             `json:"payer_note"`
	Customer     *customerBody     `json:"customer" validate:"omitempty"`
	Deliver      []string          `json:"deliver" validate:"omitempty,unique,dive,oneof=sms email"`
	ReturnURL    *string           `json:"return_url" validate:"omitempty,max=500"`
	Metadata     map[string]string `json:"metadata" validate:"omitempty,max=20"`
	Category     *string           `json:"category" validate:"omitempty,max=40"`
}

type customerBody struct {
	Name  string `json:"name,omitempty" validate:"omitempty,max=120"`
	Email string `json:"email,omitempty" validate:"omitempty,email,max=254"`
	Phone string `json:"phone,omitempty" validate:"omitempty,turkish_or_e164"`
}

// linkReadOnly are the fields that we write.
var linkReadOnly = []string{"id", "token", "url", "status", "created_at", "updated_at", "paid_count", "paid_amount", "payments", "merchant", "merchant_id", "resting"}

// linkView is a link as the API shows it.
type linkView struct {
	ID           checkout.LinkID     `json:"id"`
	Token        checkout.Token      `json:"token"`
	URL          string              `json:"url"`
	Status       checkout.LinkStatus `json:"status"`
	AmountMode   string              `json:"amount_mode"`
	Amount       *int64              `json:"amount"`
	MinAmount    *int64              `json:"min_amount"`
	MaxAmount    *int64              `json:"max_amount"`
	Currency     checkout.Currency   `json:"currency"`
	OrderID      string              `json:"order_id"`
	Description  string              `json:"description"`
	Installments []int               `json:"installments"`
	ActiveFrom   string              `json:"active_from"`
	ExpiresAt    string              `json:"expires_at"`
	Usage        checkout.Usage      `json:"usage"`
	MaxPayments  *int                `json:"max_payments"`
	PayerNote    bool                `json:"payer_note"`
	Customer     *customerBody       `json:"customer"`
	ReturnURL    *string             `json:"return_url"`
	Metadata     map[string]string   `json:"metadata"`
	Category     *string             `json:"category"`
	Resting      bool                `json:"resting"`
	PaidCount    int                 `json:"paid_count"`
	PaidAmount   int64               `json:"paid_amount"`
	Payments     []paymentRef        `json:"payments"`
	CreatedAt    string              `json:"created_at"`
	UpdatedAt    string              `json:"updated_at"`
}

type paymentRef struct {
	ID     checkout.PaymentID `json:"id"`
	Status checkout.Status    `json:"status"`
	Total  int64              `json:"total"`
}

func (s *Surface) viewLink(l checkout.Link, payments []checkout.Payment) linkView {
	v := linkView{
		ID: l.ID, Token: l.Token, URL: s.Flow.LinkURL(l.Token), Status: l.Status(s.Clock.Now()), AmountMode: "fixed",
		Currency: l.Amount.Currency, OrderID: string(l.Order), Description: l.Description, Installments: l.Installments,
		ActiveFrom: stamp(l.ActiveFrom), ExpiresAt: stamp(l.ExpiresAt), Usage: l.Usage, PayerNote: l.PayerNote,
		ReturnURL: nullable(l.ReturnURL), Metadata: l.Metadata, Category: nullable(l.Category), Resting: !l.RestingSince.IsZero(),
		PaidCount: l.PaidCount, PaidAmount: l.PaidMinor, Payments: make([]paymentRef, len(payments)),
		CreatedAt: stamp(l.CreatedAt), UpdatedAt: stamp(l.UpdatedAt),
	}
	if l.Open {
		v.AmountMode, v.MinAmount, v.MaxAmount = "open", &l.MinMinor, &l.MaxMinor
	} else {
		v.Amount = &l.Amount.Minor
	}
	if l.MaxPayments > 0 {
		v.MaxPayments = &l.MaxPayments
	}
	if l.Customer != (checkout.Customer{}) {
		v.Customer = &customerBody{Name: l.Customer.Name, Email: l.Customer.Email, Phone: l.Customer.Phone}
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	for i, p := range payments {
		v.Payments[i] = paymentRef{ID: p.ID, Status: p.Status, Total: p.Total.Minor}
	}
	return v
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// apply writes what was given over the terms. null for a field that may be absent clears it.
func (b *linkBody) apply(t *checkout.LinkTerms, given map[string]bool) error {
	if b.AmountMode != nil {
		t.Open = *b.AmountMode == "open"
		if t.Open {
			t.Amount.Minor = 0
		}
	}
	set(given["amount"], b.Amount, &t.Amount.Minor)
	set(given["min_amount"], b.MinAmount, &t.MinMinor)
	set(given["max_amount"], b.MaxAmount, &t.MaxMinor)
	set(given["max_payments"], b.MaxPayments, &t.MaxPayments)
	set(given["payer_note"], b.PayerNote, &t.PayerNote)
	set(given["active_from"], b.ActiveFrom, &t.ActiveFrom)
	set(given["expires_at"], b.ExpiresAt, &t.ExpiresAt)
	for field, pair := range map[string]struct {
		from *string
		to   *string
	}{
		"currency": {b.Currency, (*string)(&t.Amount.Currency)}, "order_id": {b.OrderID, (*string)(&t.Order)},
		"description": {b.Description, &t.Description}, "usage": {b.Usage, (*string)(&t.Usage)},
		"return_url": {b.ReturnURL, &t.ReturnURL}, "category": {b.Category, &t.Category},
	} {
		set(given[field], pair.from, pair.to)
	}
	t.Description = norm.NFC.String(t.Description)
	if given["installments"] {
		t.Installments = b.Installments
	}
	if given["metadata"] {
		t.Metadata = b.Metadata
	}
	if given["customer"] {
		t.Customer = checkout.Customer{}
		if b.Customer != nil {
			t.Customer = checkout.Customer{Name: norm.NFC.String(b.Customer.Name), Email: b.Customer.Email, Phone: checkout.NormalPhone(b.Customer.Phone)}
		}
	}
	return nil
}

// set copies a given value; a given null clears.
func set[T any](given bool, from, to *T) {
	if !given {
		return
	}
	var zero T
	if from == nil {
		*to = zero
		return
	}
	*to = *from
}

func (s *Surface) createLink(c *fiber.Ctx) error {
	key, replay, err := s.idempotent(c)
	if replay || err != nil {
		return err
	}
	defer s.release(key)
	var b linkBody
	given, err := s.decode(c, &b, linkReadOnly)
	if err != nil {
		return err
	}
	if err := s.deliverable(b.Deliver, b.Customer); err != nil {
		return err
	}
	var t checkout.LinkTerms
	if err := b.apply(&t, given); err != nil {
		return err
	}
	var answer []byte
	l, err := s.Flow.CreateLink(c.UserContext(), s.by(c), callerOf(c).merchant, t, func(l checkout.Link) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(s.viewLink(l, nil))
		return key.answer(fiber.StatusCreated, answer), err
	})
	if errors.Is(err, checkout.ErrKeyKnown) {
		return s.replayStored(c, key)
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, "/v1/links/"+string(l.ID))
	return sendJSON(c, fiber.StatusCreated, answer)
}

// deliverable refuses channels that are not set up or have nowhere to send to.
func (s *Surface) deliverable(channels []string, to *customerBody) error {
	for _, ch := range channels {
		if !slices.Contains(s.Channels, ch) {
			return checkout.Invalid(checkout.FieldError{Field: "deliver", Code: "channel_not_configured"})
		}
		if ch == "sms" && (to == nil || to.Phone == "") {
			return checkout.Invalid(checkout.FieldError{Field: "customer.phone", Code: "required"})
		}
		if ch == "email" && (to == nil || to.Email == "") {
			return checkout.Invalid(checkout.FieldError{Field: "customer.email", Code: "required"})
		}
	}
	return nil
}

func (s *Surface) readLink(c *fiber.Ctx) error {
	l, err := s.Ledger.LinkByID(c.UserContext(), callerOf(c).merchant, checkout.LinkID(c.Params("id")))
	if err != nil {
		return err
	}
	return s.answerLink(c, l)
}

// answerLink writes a link with its payments.
func (s *Surface) answerLink(c *fiber.Ctx, l checkout.Link) error {
	v, err := s.linkWithPayments(c, l)
	if err != nil {
		return err
	}
	return c.JSON(v)
}

func (s *Surface) linkWithPayments(c *fiber.Ctx, l checkout.Link) (linkView, error) {
	payments, _, err := s.Ledger.SearchPayments(c.UserContext(), checkout.PaymentQuery{Merchant: l.Merchant, Link: l.ID, Limit: maxPage})
	if err != nil {
		return linkView{}, err
	}
	return s.viewLink(l, payments), nil
}

func (s *Surface) listLinks(c *fiber.Ctx) error {
	q := checkout.LinkQuery{Merchant: callerOf(c).merchant}
	p, err := s.page(c, "status", "order_id", "q")
	if err != nil {
		return err
	}
	q.From, q.To, q.Limit, q.Cursor = p.from, p.to, p.limit, p.cursor
	q.Status, q.Order, q.Text = checkout.LinkStatus(c.Query("status")), checkout.OrderNumber(c.Query("order_id")), c.Query("q")
	if q.Status != "" && !slices.Contains([]checkout.LinkStatus{checkout.LinkScheduled, checkout.LinkActive, checkout.LinkPaid, checkout.LinkExpired, checkout.LinkDeleted}, q.Status) {
		return checkout.Invalid(checkout.FieldError{Field: "status", Code: "not_a_choice"})
	}
	links, next, err := s.Ledger.SearchLinks(c.UserContext(), q)
	if err != nil {
		return err
	}
	views := make([]linkView, len(links))
	for i, l := range links {
		if views[i], err = s.linkWithPayments(c, l); err != nil {
			return err
		}
	}
	return answerPage(c, views, next)
}

func (s *Surface) editLink(c *fiber.Ctx) error {
	var b linkBody
	given, err := s.decode(c, &b, append([]string{"order_id", "deliver"}, linkReadOnly...))
	if err != nil {
		return err
	}
	l, err := s.Flow.EditLink(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.LinkID(c.Params("id")), func(t *checkout.LinkTerms) error {
		return b.apply(t, given)
	})
	if err != nil {
		return conflict(err)
	}
	return s.answerLink(c, l)
}

// conflict tells a merchant that a paid or deleted link cannot be changed: for the owner of a link
// that is a state, not an absence.
func conflict(err error) error {
	var e *checkout.Error
	if errors.As(err, &e) && e.Kind == checkout.KindGone {
		return web.Reply(fiber.StatusConflict, e)
	}
	return err
}

func (s *Surface) deleteLink(c *fiber.Ctx) error {
	if err := s.Flow.DeleteLink(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.LinkID(c.Params("id"))); err != nil {
		return conflict(err)
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// sendBody is a wish to deliver a link.
type sendBody struct {
	Channel string `json:"channel" validate:"required,oneof=sms email"`
	To      string `json:"to" validate:"required,max=254"`
}

// sendLink delivers through a channel that is set up. Where none is, it says so: the merchant
// copies the address or shows the QR.
func (s *Surface) sendLink(c *fiber.Ctx) error {
	var b sendBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	if _, err := s.Ledger.LinkByID(c.UserContext(), callerOf(c).merchant, checkout.LinkID(c.Params("id"))); err != nil {
		return err
	}
	return checkout.Invalid(checkout.FieldError{Field: "channel", Code: "channel_not_configured"})
}
