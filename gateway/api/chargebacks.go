package api

import (
	"encoding/json"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// chargebackView is a dispute of a payment as the API shows it.
type chargebackView struct {
	ID             checkout.ChargebackID     `json:"id"`
	Payment        checkout.PaymentID        `json:"payment"`
	Amount         int64                     `json:"amount"`
	Currency       checkout.Currency         `json:"currency"`
	Status         checkout.ChargebackStatus `json:"status"`
	ReasonCode     *string                   `json:"reason_code"`
	Reason         *string                   `json:"reason"`
	Case           *string                   `json:"case"`
	ReceivedAt     checkout.Day              `json:"received_at"`
	RespondBy      *string                   `json:"respond_by"`
	RefundedBefore int64                     `json:"refunded_before"`
	CreatedAt      string                    `json:"created_at"`
	UpdatedAt      string                    `json:"updated_at"`
	ClosedAt       *string                   `json:"closed_at"`
}

func viewChargeback(c checkout.Chargeback) chargebackView {
	v := chargebackView{
		ID: c.ID, Payment: c.Payment, Amount: c.Amount.Minor, Currency: c.Amount.Currency, Status: c.Status, ReasonCode: nullable(c.Code),
		Reason: nullable(c.Reason), Case: nullable(c.Case), ReceivedAt: c.ReceivedAt, RespondBy: nullable(string(c.RespondBy)),
		RefundedBefore: c.RefundedBefore, CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
	if !c.ClosedAt.IsZero() {
		at := stamp(c.ClosedAt)
		v.ClosedAt = &at
	}
	return v
}

// chargebackBody is what a merchant records.
type chargebackBody struct {
	Amount     *int64  `json:"amount" validate:"omitempty,minor_units"`
	ReasonCode *string `json:"reason_code"`
	Reason     *string `json:"reason"`
	Case       *string `json:"case"`
	ReceivedAt *string `json:"received_at"`
	RespondBy  *string `json:"respond_by"`
}

var chargebackReadOnly = []string{"id", "payment", "currency", "status", "refunded_before", "created_at", "updated_at", "closed_at"}

// statusOfChargeback marks a stored answer that is a chargeback: its Location is not below the payment's.
const statusOfChargeback = -7

func (s *Surface) recordChargeback(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b chargebackBody
	named, err := s.decode(c, &b, chargebackReadOnly)
	if err != nil {
		return err
	}
	id := checkout.PaymentID(c.Params("id"))
	if !id.Valid() {
		return checkout.ErrNoPayment
	}
	ask := checkout.ChargebackAsk{ChargebackTerms: checkout.ChargebackTerms{
		Code: given(b.ReasonCode), Reason: given(b.Reason), Case: given(b.Case), ReceivedAt: checkout.Day(given(b.ReceivedAt)), RespondBy: checkout.Day(given(b.RespondBy)),
	}}
	if b.Amount != nil {
		ask.Minor = *b.Amount
	} else if named["amount"] {
		// A program whose amount got lost does not mean all of it.
		return checkout.Invalid(checkout.FieldError{Field: "amount", Code: "required"})
	}
	var answer []byte
	ask.Idem = func(made checkout.Chargeback) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(viewChargeback(made))
		return key.answer(statusOfChargeback, answer), err
	}
	if _, err := s.Flow.RecordChargeback(c.UserContext(), s.by(c), callerOf(c).merchant, id, ask); err != nil {
		return s.beaten(c, key, err)
	}
	return sendChargeback(c, answer)
}

func sendChargeback(c *fiber.Ctx, body []byte) error {
	var made struct {
		ID checkout.ChargebackID `json:"id"`
	}
	if err := json.Unmarshal(body, &made); err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, "/v1/chargebacks/"+string(made.ID))
	return sendJSON(c, fiber.StatusCreated, body)
}

func (s *Surface) listChargebacks(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.ChargebackQuery{
		Merchant: callerOf(c).merchant, Payment: checkout.PaymentID(c.Query("payment")), Status: choice(&f, "status", checkout.ChargebackStatuses),
		Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	q.From, q.To = f.span()
	if q.Payment != "" && !q.Payment.Valid() {
		f.mistake("payment", "invalid")
	}
	if err := f.err(); err != nil {
		return err
	}
	all, next, err := s.Ledger.SearchChargebacks(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]chargebackView, len(all))
	for i, one := range all {
		views[i] = viewChargeback(one)
	}
	return answerPage(c, views, next)
}

// chargebackOf is the chargeback that the path names; ErrNoChargeback.
func chargebackOf(c *fiber.Ctx) (checkout.ChargebackID, error) {
	id := checkout.ChargebackID(c.Params("id"))
	if !id.Valid() {
		return id, checkout.ErrNoChargeback
	}
	return id, nil
}

func (s *Surface) readChargeback(c *fiber.Ctx) error {
	id, err := chargebackOf(c)
	if err != nil {
		return err
	}
	one, err := s.Ledger.ChargebackOf(c.UserContext(), callerOf(c).merchant, id)
	if err != nil {
		return err
	}
	return c.JSON(viewChargeback(one))
}

// chargebackChange is how a dispute goes on; null takes a text or day away.
type chargebackChange struct {
	Status    *string `json:"status"`
	Reason    *string `json:"reason"`
	Case      *string `json:"case"`
	RespondBy *string `json:"respond_by"`
}

var chargebackFixed = []string{"id", "payment", "amount", "currency", "reason_code", "received_at", "refunded_before", "created_at", "updated_at", "closed_at"}

// rewritten is what a field becomes, nil where it was not named.
func rewritten[T ~string](named bool, text *string) *T {
	if !named {
		return nil
	}
	now := T(given(text))
	return &now
}

func (s *Surface) changeChargeback(c *fiber.Ctx) error {
	var b chargebackChange
	named, err := s.decode(c, &b, chargebackFixed)
	if err != nil {
		return err
	}
	id, err := chargebackOf(c)
	if err != nil {
		return err
	}
	change := checkout.ChargebackChange{Status: checkout.ChargebackStatus(given(b.Status))}
	if named["status"] && !slices.Contains(checkout.ChargebackStatuses, change.Status) {
		return checkout.Invalid(checkout.FieldError{Field: "status", Code: "not_a_choice"})
	}
	change.Reason, change.Case = rewritten[string](named["reason"], b.Reason), rewritten[string](named["case"], b.Case)
	change.RespondBy = rewritten[checkout.Day](named["respond_by"], b.RespondBy)
	one, err := s.Flow.ChangeChargeback(c.UserContext(), s.by(c), callerOf(c).merchant, id, change)
	if err != nil {
		return err
	}
	return c.JSON(viewChargeback(one))
}
