package checkout

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A chargeback is a card holder's dispute of a payment at the bank of the card. No protocol here carries one: the
// merchant's bank writes a letter, and the merchant records what it says. While the card's bank takes the money back,
// or may, nobody gives the same money back as well.

// ChargebackStatus is how a dispute stands.
type ChargebackStatus string

// The statuses.
const (
	ChargebackOpen      ChargebackStatus = "open"      // the bank waits for an answer
	ChargebackContested ChargebackStatus = "contested" // documents were sent to it
	ChargebackWon       ChargebackStatus = "won"       // the money stays with the merchant
	ChargebackLost      ChargebackStatus = "lost"      // the card's bank took it back
	ChargebackWithdrawn ChargebackStatus = "withdrawn" // recorded by mistake, or the card holder took it back
)

// ChargebackStatuses lists them.
var ChargebackStatuses = []ChargebackStatus{ChargebackOpen, ChargebackContested, ChargebackWon, ChargebackLost, ChargebackWithdrawn}

// nextChargeback is the whole life of a dispute. One that was won may be opened again: the networks know a second
// round (pre-arbitration). What was lost is over, unless it was a mistake: amount, day and code of a record are fixed, so
// that a wrong one is withdrawn and recorded anew.
var nextChargeback = map[ChargebackStatus][]ChargebackStatus{
	ChargebackOpen:      {ChargebackContested, ChargebackWon, ChargebackLost, ChargebackWithdrawn},
	ChargebackContested: {ChargebackWon, ChargebackLost, ChargebackWithdrawn},
	ChargebackWon:       {ChargebackOpen},
	ChargebackLost:      {ChargebackWithdrawn},
}

// MayBecome says whether a dispute in s may go to t.
func (s ChargebackStatus) MayBecome(t ChargebackStatus) bool {
	return slices.Contains(nextChargeback[s], t)
}

// Next are the statuses that may follow s.
func (s ChargebackStatus) Next() []ChargebackStatus { return slices.Clone(nextChargeback[s]) }

// Holds says whether the card's bank takes the disputed money back, or may: what stands against giving it back too.
func (s ChargebackStatus) Holds() bool { return s != ChargebackWon && s != ChargebackWithdrawn }

// Over says whether nothing is awaited any more.
func (s ChargebackStatus) Over() bool {
	return s == ChargebackWon || s == ChargebackLost || s == ChargebackWithdrawn
}

// ChargebackTerms are what a merchant's bank writes about a dispute.
type ChargebackTerms struct {
	// Code is the card network's own reason code, such as Visa's "10.4" or Mastercard's "4837"; "" = not told.
	Code   string
	Reason string // in the merchant's words
	Case   string // the bank's number of the file
	// ReceivedAt is the day of the bank's letter, or of the opening again, RespondBy the last day for an answer; "" = not
	// told.
	ReceivedAt Day
	RespondBy  Day
}

// Chargeback is one dispute of a payment, a row of its own beside it. Those of a payment that Hold sum to at most its
// total.
type Chargeback struct {
	ID       ChargebackID
	Merchant MerchantID
	Payment  PaymentID
	Amount   Money
	Status   ChargebackStatus
	ChargebackTerms
	// RefundedBefore is how much of the payment had gone back already, in minor units, when the dispute was recorded, or
	// opened again: the strongest answer there is. A refund that was on its way then is not in it.
	RefundedBefore int64
	Actor          string // who recorded it
	CreatedAt      time.Time
	UpdatedAt      time.Time
	ClosedAt       time.Time // zero = not over
}

// ChargebackChange is what becomes of a dispute; nil and "" leave a thing as it is.
type ChargebackChange struct {
	Status    ChargebackStatus
	Reason    *string
	Case      *string
	RespondBy *Day
	// Seen, where a person decides by what he read, is the UpdatedAt of that; zero = however it stands by now.
	Seen time.Time
}

// Topics of disputes. A second round of one that was won is told as opened.
const (
	TopicChargebackOpened  = "chargeback.opened"
	TopicChargebackUpdated = "chargeback.updated"
	TopicChargebackClosed  = "chargeback.closed"
)

// What disputes answer.
var (
	ErrNoChargeback = &Error{Kind: KindNotFound, Code: "chargeback_not_found"}
	// ErrDisputed: the card's bank takes this money back, or may; it does not go back twice.
	ErrDisputed = &Error{Kind: KindConflict, Code: "payment_disputed"}
	// ErrNotDisputable: a payment that was never collected has nothing to dispute.
	ErrNotDisputable = &Error{Kind: KindConflict, Code: "payment_not_disputable"}
	// ErrChargebackOverTotal: more would be in dispute than the payment's total.
	ErrChargebackOverTotal = &Error{Kind: KindConflict, Code: "chargeback_over_total"}
	// ErrChargebackState: this does not follow the status that the dispute is in.
	ErrChargebackState = &Error{Kind: KindConflict, Code: "chargeback_state"}
)

// Bounds of what a merchant writes, in characters.
const (
	MaxChargebackCode   = 20
	MaxChargebackCase   = 64
	MaxChargebackReason = 250
)

// check finds what is wrong with the terms of a dispute of p at today, by the API's names of the fields.
func (t ChargebackTerms) check(p Payment, today Day) (errs []FieldError) {
	wrong := func(field, code string) { errs = append(errs, FieldError{Field: field, Code: code}) }
	switch {
	case strings.Trim(t.Code, schemeSigns) != "" || len(t.Code) > MaxChargebackCode:
		wrong("reason_code", "reason_code_format")
	case HoldsCard(t.Code):
		wrong("reason_code", "looks_like_card")
	}
	if code := checkText(t.Reason, MaxChargebackReason); code != "" {
		wrong("reason", code)
	}
	if code := checkLine(t.Case, MaxChargebackCase); code != "" {
		wrong("case", code)
	}
	switch _, _, ok := t.ReceivedAt.Span(); {
	case !ok:
		wrong("received_at", "day_format")
	case t.ReceivedAt > today:
		wrong("received_at", "day_in_future")
	case t.ReceivedAt < DayOf(p.PaidAt):
		wrong("received_at", "before_payment")
	}
	if t.RespondBy == "" {
		return errs
	}
	if _, _, ok := t.RespondBy.Span(); !ok {
		wrong("respond_by", "day_format")
	} else if t.RespondBy < t.ReceivedAt {
		wrong("respond_by", "before_received")
	}
	return errs
}

// schemeSigns are what networks' reason codes are made of: "10.4", "4837", "UA02", "F-24".
const schemeSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-/"

// Free is how much can still be given back, in minor units: what is left, less what the card's bank takes back by
// itself.
func (p Payment) Free() int64 { return max(0, p.Rest()-p.Disputed) }

// MayDispute says whether minor units of the payment more may be recorded as disputed. What went back before does not
// stand against it: the card's bank asks all the same, and that is the answer. ErrNotDisputable,
// ErrChargebackOverTotal.
func (p Payment) MayDispute(minor int64) error {
	switch {
	case !p.Collected():
		return ErrNotDisputable.Because(fmt.Errorf("payment %s is %s", p.ID, p.Status))
	case minor <= 0:
		return Invalid(FieldError{Field: "amount", Code: "amount_not_positive"})
	case minor > p.Total.Minor-p.Disputed:
		return ErrChargebackOverTotal
	}
	return nil
}

// Dispute writes a chargeback down: its status, what had gone back, and its times are worked out here.
func (p Payment) Dispute(c Chargeback, s Step) (Move, error) {
	if err := p.MayDispute(c.Amount.Minor); err != nil {
		return Move{}, err
	}
	if errs := c.check(p, DayOf(s.At)); len(errs) > 0 {
		return Move{}, Invalid(errs...)
	}
	c.Status, c.RefundedBefore = ChargebackOpen, p.Refunded
	c.CreatedAt, c.UpdatedAt, c.ClosedAt = s.At, s.At, time.Time{}
	return p.disputed(c, c.Amount.Minor, "payment.chargeback_opened", s)
}

// FollowUp changes a chargeback of the payment. A change that changes nothing answers a Move without one, so that
// the same a second time is no mistake. ErrChargebackState also where it is no longer what was Seen.
func (p Payment) FollowUp(c Chargeback, change ChargebackChange, s Step) (Move, error) {
	was := c
	if change.Status != "" {
		c.Status = change.Status
	}
	if change.Reason != nil {
		c.Reason = *change.Reason
	}
	if change.Case != nil {
		c.Case = *change.Case
	}
	if c.Status == ChargebackOpen && was.Status == ChargebackWon {
		// Another letter: of the first one the days are over, and its period is closed.
		c.ReceivedAt, c.RespondBy = DayOf(s.At), ""
	}
	if change.RespondBy != nil {
		c.RespondBy = *change.RespondBy
	}
	if c == was {
		return Move{}, nil
	}
	if !change.Seen.IsZero() && !change.Seen.Equal(was.UpdatedAt) {
		return Move{}, ErrChargebackState.Because(fmt.Errorf("chargeback %s changed at %s, seen as of %s", c.ID, was.UpdatedAt, change.Seen))
	}
	if errs := c.check(p, DayOf(s.At)); len(errs) > 0 {
		return Move{}, Invalid(errs...)
	}
	minor := int64(0)
	if c.Status != was.Status {
		if !was.Status.MayBecome(c.Status) {
			return Move{}, ErrChargebackState.Because(fmt.Errorf("chargeback %s: %s → %s", c.ID, was.Status, c.Status))
		}
		c.ClosedAt = time.Time{}
		switch {
		case c.Status == ChargebackOpen: // a second round
			if err := p.MayDispute(c.Amount.Minor); err != nil {
				return Move{}, err
			}
			minor, c.RefundedBefore = c.Amount.Minor, p.Refunded
		case was.Status.Holds() && !c.Status.Holds():
			minor = -c.Amount.Minor
		}
		if c.Status.Over() {
			c.ClosedAt = s.At
		}
	}
	c.UpdatedAt = s.At
	return p.disputed(c, minor, "payment.chargeback_changed", s)
}

// disputed is a step of a payment that writes c and moves how much of it is in dispute.
func (p Payment) disputed(c Chargeback, minor int64, typ string, s Step) (Move, error) {
	s.Data = map[string]string{
		"chargeback": string(c.ID), "amount": c.Amount.String(), "chargeback_status": string(c.Status), "received_at": string(c.ReceivedAt),
	}
	if c.Code != "" {
		s.Data["reason_code"] = c.Code
	}
	if c.Case != "" {
		s.Data["case"] = c.Case
	}
	if c.RespondBy != "" {
		s.Data["respond_by"] = string(c.RespondBy)
	}
	m, err := p.note(typ, s)
	m.To.Disputed += minor
	m.Chargeback = &c
	return m, err
}

// Topic is what programs are told of a chargeback whose status was another; "" = it was not there.
func (c Chargeback) Topic(was ChargebackStatus) string {
	switch {
	case c.Status == was:
		return TopicChargebackUpdated
	case c.Status == ChargebackOpen:
		return TopicChargebackOpened
	case c.Status.Over():
		return TopicChargebackClosed
	}
	return TopicChargebackUpdated
}

// soonDue is how many days before the last one for an answer a chargeback is soon due.
const soonDue = 3

// DaysLeft is how many days there are for an answer after today: 0 on the last one, negative behind it. ok is false
// where nobody waits for one, or no last day was told.
func (c Chargeback) DaysLeft(today Day) (days int, ok bool) {
	last, untold := time.Parse(time.DateOnly, string(c.RespondBy)) // of days only their distance counts
	from, err := time.Parse(time.DateOnly, string(today))
	if c.Status != ChargebackOpen || untold != nil || err != nil {
		return 0, false
	}
	return int(last.Sub(from) / (24 * time.Hour)), true
}

// Overdue and DueSoon say how the last day for an answer stands.
func (c Chargeback) Overdue(today Day) bool {
	days, ok := c.DaysLeft(today)
	return ok && days < 0
}
func (c Chargeback) DueSoon(today Day) bool {
	days, ok := c.DaysLeft(today)
	return ok && days >= 0 && days <= soonDue
}
