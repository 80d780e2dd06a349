package checkout

import (
	"fmt"
	"time"
)

// RefundKind is how money goes back: a void takes back the whole sale before the bank's day end, a
// refund gives back all or a part of it afterwards.
type RefundKind string

// The kinds.
const (
	KindVoid   RefundKind = "void"
	KindRefund RefundKind = "refund"
)

// RefundKinds lists them.
var RefundKinds = []RefundKind{KindVoid, KindRefund}

// RefundStatus is what became of a giving-back.
type RefundStatus string

// The statuses. A refund is written as pending before the bank is called, and ends by the bank's word only
// (C16).
const (
	RefundPending  RefundStatus = "pending"
	RefundVoided   RefundStatus = "voided"
	RefundRefunded RefundStatus = "refunded"
	RefundRefused  RefundStatus = "refused" // nothing went back
)

// RefundStatuses lists them.
var RefundStatuses = []RefundStatus{RefundPending, RefundVoided, RefundRefunded, RefundRefused}

// Refund is one giving-back of a payment's money, a row of its own beside the payment. At most one of a
// payment is pending, and those that ended well sum to at most its total (A46).
type Refund struct {
	ID       RefundID
	Merchant MerchantID
	Payment  PaymentID
	Kind     RefundKind
	Amount   Money
	Status   RefundStatus
	// Before is how much had gone back, in minor units, as the bank's own record said before it was asked:
	// what an inquiry is compared with when the answer was lost (payfor.md 6.4).
	Before    int64
	Reason    string // the merchant's own words, for his reports
	Actor     string
	AuthCode  string
	RRN       string
	Decline   Decline // why not, of a refused one
	CreatedAt time.Time
	UpdatedAt time.Time
	DueAt     time.Time // when the bank is asked next; zero = never
	Asks      int
}

// Why a giving-back was refused, beside the bank's own reasons.
const (
	// ReasonTooEarly: the bank's day has not ended; void instead. ReasonTooLate: it has; refund instead.
	ReasonTooEarly Reason = "refund_too_early"
	ReasonTooLate  Reason = "void_too_late"
	// ReasonNotDone: the answer was lost, and the bank's record says that nothing went back.
	ReasonNotDone Reason = "not_done"
)

// Rest is what can still go back, in minor units.
func (p Payment) Rest() int64 { return p.Total.Minor - p.Refunded }

// MayGiveBack says whether money of the payment can go back in this way: a void takes back a sale of which
// nothing went back, a refund at most the rest of one. What the card's bank takes back does not go back as well.
// ErrNotRefundable, ErrRefundOverTotal, ErrDisputed.
func (p Payment) MayGiveBack(kind RefundKind, minor int64) error {
	open := p.Status == StatusPaid || kind == KindRefund && p.Status == StatusPartiallyRefunded
	switch {
	case !open:
		return ErrNotRefundable.Because(fmt.Errorf("payment %s is %s", p.ID, p.Status))
	case minor > p.Rest():
		return ErrRefundOverTotal
	case minor <= 0:
		return Invalid(FieldError{Field: "amount", Code: "amount_not_positive"})
	case minor > p.Free():
		return ErrDisputed
	}
	return nil
}

// WayBack is how money of the payment goes back at now: by the calendar, on the day of the sale it is voided,
// afterwards refunded; "" = none can, or one is pending. Banks end their days at hours of their own, so what the bank
// said to those that were tried goes before the calendar, and is why: ReasonTooLate for good, ReasonTooEarly on the
// day that it was said; "" = the calendar.
func (p Payment) WayBack(now time.Time, tried []Refund) (way RefundKind, why Reason) {
	switch {
	case p.MayGiveBack(KindVoid, p.Rest()) == nil && DayOf(p.PaidAt) == DayOf(now):
		way = KindVoid
	case p.MayGiveBack(KindRefund, p.Free()) == nil:
		way = KindRefund
	default:
		return "", ""
	}
	for _, r := range tried {
		switch {
		case r.Status == RefundPending:
			return "", ""
		case p.Status != StatusPaid: // a void is out of the question
		case r.Decline.Code == ReasonTooLate:
			way, why = KindRefund, ReasonTooLate
		case r.Decline.Code == ReasonTooEarly && why == "" && DayOf(r.UpdatedAt) == DayOf(now) && p.Disputed == 0:
			way, why = KindVoid, ReasonTooEarly
		}
	}
	return way, why
}

// AskBack writes a giving-back down before the bank is called.
func (p Payment) AskBack(r Refund, s Step) (Move, error) {
	if err := p.MayGiveBack(r.Kind, r.Amount.Minor); err != nil {
		return Move{}, err
	}
	s.Data = map[string]string{"refund": string(r.ID), "amount": r.Amount.String()}
	m, err := p.note("payment."+string(r.Kind)+"_requested", s)
	m.Refund = &r
	return m, err
}

// GaveBack ends a giving-back with the bank's yes.
func (p Payment) GaveBack(r Refund, o Outcome, s Step) (Move, error) {
	var m Move
	var err error
	s.Data = outcomeData(o)
	s.Data["refund"] = string(r.ID)
	if r.Kind == KindVoid {
		r.Status = RefundVoided
		m, err = p.VoidDone(o, s)
	} else {
		r.Status = RefundRefunded
		m, err = p.RefundDone(r.Amount.Minor, s)
	}
	if err != nil {
		return Move{}, err
	}
	r.AuthCode, r.RRN = o.AuthCode, o.RRN
	m.Refund = r.ended(s)
	return m, nil
}

// WasVoided ends a void with the bank's yes where the payment is void already: a comparison with the bank's list of the
// day was told of it first, while our own answer was lost.
func (p Payment) WasVoided(r Refund, o Outcome, s Step) (Move, error) {
	s.Data = outcomeData(o)
	s.Data["refund"] = string(r.ID)
	m, err := p.note("payment.compared", s)
	if err != nil {
		return Move{}, err
	}
	r.Status, r.AuthCode, r.RRN = RefundVoided, o.AuthCode, o.RRN
	m.Refund = r.ended(s)
	return m, nil
}

// KeptBack ends a giving-back of which the bank said that nothing went back.
func (p Payment) KeptBack(r Refund, d Decline, s Step) (Move, error) {
	s.Data = map[string]string{"refund": string(r.ID), "reason": string(d.Code), "bank_code": d.BankCode}
	m, err := p.note("payment."+string(r.Kind)+"_refused", s)
	if err != nil {
		return Move{}, err
	}
	r.Status, r.Decline = RefundRefused, d
	m.Refund = r.ended(s)
	return m, nil
}

func (r Refund) ended(s Step) *Refund {
	r.UpdatedAt, r.DueAt = s.At, time.Time{}
	return &r
}
