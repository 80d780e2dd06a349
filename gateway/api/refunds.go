package api

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// refundView is a void or refund as the API shows it.
type refundView struct {
	ID        checkout.RefundID     `json:"id"`
	Payment   checkout.PaymentID    `json:"payment"`
	Kind      checkout.RefundKind   `json:"kind"`
	Amount    int64                 `json:"amount"`
	Currency  checkout.Currency     `json:"currency"`
	Status    checkout.RefundStatus `json:"status"`
	Reason    *string               `json:"reason"`
	AuthCode  *string               `json:"auth_code"`
	RRN       *string               `json:"rrn"`
	Decline   *declineView          `json:"decline"`
	CreatedAt string                `json:"created_at"`
	UpdatedAt string                `json:"updated_at"`
}

func viewRefund(r checkout.Refund) refundView {
	v := refundView{
		ID: r.ID, Payment: r.Payment, Kind: r.Kind, Amount: r.Amount.Minor, Currency: r.Amount.Currency, Status: r.Status,
		Reason: nullable(r.Reason), AuthCode: nullable(r.AuthCode), RRN: nullable(r.RRN),
		CreatedAt: stamp(r.CreatedAt), UpdatedAt: stamp(r.UpdatedAt),
	}
	if r.Decline.Code != "" {
		v.Decline = &declineView{Code: string(r.Decline.Code), BankCode: nullable(r.Decline.BankCode), Message: nullable(r.Decline.Message)}
	}
	return v
}

func viewRefunds(all []checkout.Refund) []refundView {
	views := make([]refundView, len(all))
	for i, r := range all {
		views[i] = viewRefund(r)
	}
	return views
}

// voidBody and refundBody may be empty, or left out.
type voidBody struct {
	Reason *string `json:"reason" validate:"omitempty,max=250"`
}

type refundBody struct {
	Amount *int64  `json:"amount" validate:"omitempty,minor_units"`
	Reason *string `json:"reason" validate:"omitempty,max=250"`
}

func (s *Surface) voidPayment(c *fiber.Ctx) error {
	var b voidBody
	return s.giveBack(c, &b, func(map[string]bool) (checkout.RefundAsk, error) {
		return checkout.RefundAsk{Kind: checkout.KindVoid, Reason: given(b.Reason)}, nil
	})
}

func (s *Surface) refundPayment(c *fiber.Ctx) error {
	var b refundBody
	return s.giveBack(c, &b, func(named map[string]bool) (checkout.RefundAsk, error) {
		ask := checkout.RefundAsk{Kind: checkout.KindRefund, Reason: given(b.Reason)}
		if b.Amount != nil {
			ask.Minor = *b.Amount
		} else if named["amount"] {
			// A program whose amount got lost does not mean all of it.
			return ask, checkout.Invalid(checkout.FieldError{Field: "amount", Code: "required"})
		}
		return ask, nil
	})
}

func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// giveBack asks for money to go back. What its Idempotency-Key keeps is the refund, not the answer: whoever
// repeats the request reads how it stands by then.
func (s *Surface) giveBack(c *fiber.Ctx, body any, ask func(named map[string]bool) (checkout.RefundAsk, error)) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var named map[string]bool
	if len(c.Request().Body()) > 0 {
		if named, err = s.decode(c, body, nil); err != nil {
			return err
		}
	}
	id := checkout.PaymentID(c.Params("id"))
	if !id.Valid() {
		return checkout.ErrNoPayment
	}
	want, err := ask(named)
	if err != nil {
		return err
	}
	want.Idem = func(r checkout.Refund) (checkout.Idempotency, error) {
		return key.answer(statusOfRefund, []byte(r.ID)), nil
	}
	r, err := s.Flow.GiveBack(c.UserContext(), s.by(c), callerOf(c).merchant, id, want)
	if err != nil {
		return s.beaten(c, key, err)
	}
	return answerRefund(c, r)
}

// statusOfRefund marks a stored answer whose body is a refund's id: what became of that is the answer.
const statusOfRefund = 0

func (s *Surface) replayRefund(c *fiber.Ctx, stored checkout.Idempotency) error {
	r, err := s.Ledger.RefundOf(c.UserContext(), stored.Merchant, checkout.RefundID(stored.Body))
	if err != nil {
		return err
	}
	return answerRefund(c, r)
}

// What a bank's no is answered with.
var (
	errRefundRefused  = &checkout.Error{Kind: checkout.KindConflict, Code: "refund_refused"}
	errRefundTooEarly = &checkout.Error{Kind: checkout.KindConflict, Code: string(checkout.ReasonTooEarly)}
	errVoidTooLate    = &checkout.Error{Kind: checkout.KindConflict, Code: string(checkout.ReasonTooLate)}
)

// answerRefund answers 201 for money that went back, 202 while the bank's answer is awaited, and 409 when
// nothing went back. The Location is the refund's in each case.
func answerRefund(c *fiber.Ctx, r checkout.Refund) error {
	c.Set(fiber.HeaderLocation, "/v1/refunds/"+string(r.ID))
	status := fiber.StatusCreated
	switch {
	case r.Status == checkout.RefundPending:
		status = fiber.StatusAccepted
	case r.Status != checkout.RefundRefused:
	case r.Decline.Code == checkout.ReasonTooEarly:
		return errRefundTooEarly
	case r.Decline.Code == checkout.ReasonTooLate:
		return errVoidTooLate
	default:
		return errRefundRefused
	}
	body, err := json.Marshal(viewRefund(r))
	if err != nil {
		return err
	}
	return sendJSON(c, status, body)
}

func (s *Surface) readRefund(c *fiber.Ctx) error {
	id := checkout.RefundID(c.Params("id"))
	if !id.Valid() {
		return checkout.ErrNoRefund
	}
	r, err := s.Ledger.RefundOf(c.UserContext(), callerOf(c).merchant, id)
	if err != nil {
		return err
	}
	return c.JSON(viewRefund(r))
}

func (s *Surface) listRefunds(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.RefundQuery{
		Merchant: callerOf(c).merchant, Payment: checkout.PaymentID(c.Query("payment")), Kind: choice(&f, "kind", checkout.RefundKinds),
		Status: choice(&f, "status", checkout.RefundStatuses), Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	q.From, q.To = f.span()
	if q.Payment != "" && !q.Payment.Valid() {
		f.mistake("payment", "invalid")
	}
	if err := f.err(); err != nil {
		return err
	}
	all, next, err := s.Ledger.SearchRefunds(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	return answerPage(c, viewRefunds(all), next)
}
