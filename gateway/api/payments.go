package api

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// paymentView is a payment as the API shows it.
type paymentView struct {
	ID             checkout.PaymentID `json:"id"`
	Reference      string             `json:"reference"`
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
	Sale           string             `json:"sale"`
	Fields         []checkout.Answer  `json:"fields"`
	Items          []itemView         `json:"items"`
	RefundedAmount int64              `json:"refunded_amount"`
	DisputedAmount int64              `json:"disputed_amount"`
	CreatedAt      string             `json:"created_at"`
	UpdatedAt      string             `json:"updated_at"`
	PaidAt         *string            `json:"paid_at"`
	Attention      []attentionView    `json:"attention"`
	Refunds        *[]refundView      `json:"refunds,omitempty"` // not within a link
	Events         []eventView        `json:"events,omitempty"`  // nor in a webhook
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

// attentionView is something that the merchant's people should look at: the code says what it is.
type attentionView struct {
	Code           string             `json:"code"`
	Expected       int64              `json:"expected"` // of the payment's currency
	Actual         *int64             `json:"actual"`   // nil where the bank's currency is none that we know
	ActualCurrency *checkout.Currency `json:"actual_currency"`
	At             string             `json:"at"`
}

// attentionCode is the code of the one kind that there is: the bank states another amount.
const attentionCode = "amount_differs"

// attentionOf reads what the bank said last, of the events in their order.
func attentionOf(p checkout.Payment, events []checkout.Event) []attentionView {
	for _, e := range slices.Backward(events) {
		if e.Type != checkout.EventAmountDiffers {
			continue
		}
		v := attentionView{Code: attentionCode, Expected: p.Total.Minor, At: stamp(e.At)}
		if m, ok := e.Stated(); ok {
			v.Actual, v.ActualCurrency = &m.Minor, &m.Currency
		}
		return []attentionView{v}
	}
	return []attentionView{}
}

// viewPayment shows a payment. calls are at least its events that call for attention.
func viewPayment(p checkout.Payment, calls []checkout.Event) paymentView {
	v := paymentView{
		ID: p.ID, Reference: p.ID.Reference(), Attention: attentionOf(p, calls), Link: p.Link, OrderID: string(p.Order), Amount: p.Amount.Minor, Total: p.Total.Minor, Currency: p.Total.Currency,
		Installments: p.Installments, Status: p.Status, Acquirer: p.Account, BankOrderID: p.BankOrder, AuthCode: nullable(p.AuthCode),
		RRN: nullable(p.RRN), MDStatus: nullable(p.MDStatus), ECI: nullable(p.ECI), Liability: nullable(string(p.Liability)),
		PayerNote: nullable(p.PayerNote), Sale: p.Sale.Name(), Fields: some(p.Answers), Items: viewItems(p.Items), RefundedAmount: p.Refunded, DisputedAmount: p.Disputed, CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
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
	return v
}

// viewWhole shows a payment with its history.
func viewWhole(p checkout.Payment, events []checkout.Event, refunds []checkout.Refund) paymentView {
	v, back := viewPayment(p, events), viewRefunds(refunds)
	v.Refunds, v.Events = &back, viewEvents(events)
	return v
}

func viewEvents(events []checkout.Event) []eventView {
	views := make([]eventView, len(events))
	for i, e := range events {
		views[i] = eventView{ID: e.ID, Type: e.Type, Sequence: e.Seq, Actor: e.Actor, At: stamp(e.At), Data: e.Data}
		if e.Data == nil {
			views[i].Data = map[string]string{}
		}
	}
	return views
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
	refunds, err := s.Ledger.RefundsOf(c.UserContext(), m, []checkout.PaymentID{id})
	if err != nil {
		return err
	}
	return c.JSON(viewWhole(p, events, refunds[id]))
}

// askPayment asks the bank now what became of a pending payment. Only the bank's word decides, so that asking again
// changes nothing and takes no Idempotency-Key.
func (s *Surface) askPayment(c *fiber.Ctx) error {
	id := checkout.PaymentID(c.Params("id"))
	if !id.Valid() {
		return checkout.ErrNoPayment
	}
	if _, err := s.Flow.AskNow(c.UserContext(), s.by(c), callerOf(c).merchant, id); err != nil {
		return err
	}
	return s.readPayment(c)
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
	ids := make([]checkout.PaymentID, len(payments))
	for i, p := range payments {
		ids[i] = p.ID
	}
	events, err := s.Ledger.EventsOf(c.UserContext(), q.Merchant, ids)
	if err != nil {
		return err
	}
	refunds, err := s.Ledger.RefundsOf(c.UserContext(), q.Merchant, ids)
	if err != nil {
		return err
	}
	views := make([]paymentView, len(payments))
	for i, p := range payments {
		views[i] = viewWhole(p, events[p.ID], refunds[p.ID])
	}
	return answerPage(c, views, next)
}

// paymentQuery reads the filters of the list.
func paymentQuery(c *fiber.Ctx) (checkout.PaymentQuery, error) {
	f := filters{c: c}
	q := checkout.PaymentQuery{
		Merchant: callerOf(c).merchant, Link: checkout.LinkID(c.Query("link")), Status: choice(&f, "status", checkout.Statuses),
		Order: checkout.OrderNumber(c.Query("order_id")), Reference: c.Query("reference"), Attention: f.yes("attention"), Min: f.minor("min"), Max: f.minor("max"), Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	q.From, q.To = f.span()
	if q.Link != "" && !q.Link.Valid() {
		f.mistake("link", "invalid")
	}
	if _, ok := checkout.ReferencedBy(q.Reference); q.Reference != "" && !ok {
		f.mistake("reference", "reference_format")
	}
	if q.Max > 0 && q.Max < q.Min {
		f.errs = append(f.errs, checkout.FieldError{Field: "max", Code: "max_below_min", Args: map[string]string{"min": c.Query("min")}})
	}
	return q, f.err()
}
