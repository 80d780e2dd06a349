package api

import (
	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// paymentView is a payment as the API shows it.
type paymentView struct {
	ID             checkout.PaymentID `json:"id"`
	Link           checkout.LinkID    `json:"link"`
	OrderID        string             `json:"order_id"`
	Amount         int64              `json:"amount"`
	Total          int64              `json:"total"`
	Currency       checkout.Currency  `json:"currency"`
	Installments   int                `json:"installments"`
	Status         checkout.Status    `json:"status"`
	Card           *cardView          `json:"card"`
	Acquirer       checkout.AccountID `json:"acquirer"`
	BankOrderID    checkout.BankOrder `json:"bank_order_id"`
	AuthCode       *string            `json:"auth_code"`
	RRN            *string            `json:"rrn"`
	MDStatus       *string            `json:"md_status"`
	ECI            *string            `json:"eci"`
	Liability      *string            `json:"liability"`
	Decline        *declineView       `json:"decline"`
	PayerNote      *string            `json:"payer_note"`
	RefundedAmount int64              `json:"refunded_amount"`
	CreatedAt      string             `json:"created_at"`
	UpdatedAt      string             `json:"updated_at"`
	PaidAt         *string            `json:"paid_at"`
	Events         []eventView        `json:"events,omitempty"`
}

type cardView struct {
	Brand   *string `json:"brand"`
	Issuer  *string `json:"issuer"`
	Program *string `json:"program"`
	Kind    *string `json:"kind"`
	BIN     *string `json:"bin"`
	Last4   *string `json:"last4"`
}

type declineView struct {
	Code     string  `json:"code"`
	BankCode *string `json:"bank_code"`
	Message  *string `json:"message"`
}

type eventView struct {
	ID       checkout.EventID  `json:"id"`
	Type     string            `json:"type"`
	Sequence int64             `json:"sequence"`
	Actor    string            `json:"actor"`
	At       string            `json:"at"`
	Data     map[string]string `json:"data"`
}

func viewPayment(p checkout.Payment, events []checkout.Event) paymentView {
	v := paymentView{
		ID: p.ID, Link: p.Link, OrderID: string(p.Order), Amount: p.Amount.Minor, Total: p.Total.Minor, Currency: p.Total.Currency,
		Installments: p.Installments, Status: p.Status, Acquirer: p.Account, BankOrderID: p.BankOrder, AuthCode: nullable(p.AuthCode),
		RRN: nullable(p.RRN), MDStatus: nullable(p.MDStatus), ECI: nullable(p.ECI), Liability: nullable(string(p.Liability)),
		PayerNote: nullable(p.PayerNote), RefundedAmount: p.Refunded, CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
	}
	if p.Card.Last4 != "" {
		v.Card = &cardView{
			Brand: nullable(string(p.Card.Brand)), Issuer: nullable(p.Card.Issuer), Program: nullable(p.Card.Program),
			Kind: nullable(string(p.Card.Kind)), BIN: nullable(p.Card.BIN), Last4: nullable(p.Card.Last4),
		}
	}
	if p.Decline.Code != "" {
		v.Decline = &declineView{Code: string(p.Decline.Code), BankCode: nullable(p.Decline.BankCode), Message: nullable(p.Decline.Message)}
	}
	if !p.PaidAt.IsZero() {
		at := stamp(p.PaidAt)
		v.PaidAt = &at
	}
	for _, e := range events {
		data := e.Data
		if data == nil {
			data = map[string]string{}
		}
		v.Events = append(v.Events, eventView{ID: e.ID, Type: e.Type, Sequence: e.Seq, Actor: e.Actor, At: stamp(e.At), Data: data})
	}
	return v
}

func (s *Surface) readPayment(c *fiber.Ctx) error {
	m, id := callerOf(c).merchant, checkout.PaymentID(c.Params("id"))
	if !id.Valid() {
		return checkout.ErrNoPayment
	}
	p, err := s.Ledger.PaymentOf(c.UserContext(), m, id)
	if err != nil {
		return err
	}
	events, err := s.Ledger.Events(c.UserContext(), m, string(id))
	if err != nil {
		return err
	}
	return c.JSON(viewPayment(p, events))
}

func (s *Surface) listPayments(c *fiber.Ctx) error {
	q, err := paymentQuery(c)
	if err != nil {
		return err
	}
	payments, next, err := s.Ledger.SearchPayments(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]paymentView, len(payments))
	for i, p := range payments {
		views[i] = viewPayment(p, nil)
	}
	return answerPage(c, views, next)
}

// paymentQuery reads the filters of the list.
func paymentQuery(c *fiber.Ctx) (checkout.PaymentQuery, error) {
	f := filters{c: c}
	q := checkout.PaymentQuery{
		Merchant: callerOf(c).merchant, Link: checkout.LinkID(c.Query("link")), Status: choice(&f, "status", checkout.Statuses),
		Order: checkout.OrderNumber(c.Query("order_id")), Min: f.minor("min"), Max: f.minor("max"), Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	q.From, q.To = f.span()
	if q.Link != "" && !q.Link.Valid() {
		f.mistake("link", "invalid")
	}
	if q.Max > 0 && q.Max < q.Min {
		f.mistake("max", "out_of_range")
	}
	return q, f.err()
}
