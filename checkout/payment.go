package checkout

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// Status is where a payment is in its life (contract, section 4).
type Status string

const (
	StatusChallenged        Status = "challenged"  // at the bank; nothing was charged by a call of ours
	StatusAuthorizing       Status = "authorizing" // written before the first byte of the authorising call
	StatusPending           Status = "pending"     // outcome unknown; the bank is being asked
	StatusPaid              Status = "paid"
	StatusDeclined          Status = "declined"
	StatusFailed            Status = "failed"    // ended before money could move: not verified, superseded, bank away
	StatusAbandoned         Status = "abandoned" // the payer never came back
	StatusVoided            Status = "voided"
	StatusPartiallyRefunded Status = "partially_refunded"
	StatusRefunded          Status = "refunded"
)

// Statuses lists every status, in the order of a payment's life.
var Statuses = []Status{
	StatusChallenged, StatusAuthorizing, StatusPending, StatusPaid, StatusDeclined, StatusFailed,
	StatusAbandoned, StatusVoided, StatusPartiallyRefunded, StatusRefunded,
}

// next is the whole life of a payment. A pair that is not here cannot happen.
//
// failed and abandoned may become voided: a one-step bank (3DPay, 3DHost) can charge for an
// attempt that was superseded here, and that charge is given back by itself. So may declined: a
// process that was held up for minutes can still be sending when the bank's word had been taken.
var next = map[Status][]Status{
	StatusChallenged:        {StatusAuthorizing, StatusDeclined, StatusFailed, StatusAbandoned},
	StatusAuthorizing:       {StatusPaid, StatusDeclined, StatusFailed, StatusPending},
	StatusPending:           {StatusPaid, StatusDeclined, StatusFailed, StatusVoided},
	StatusPaid:              {StatusVoided, StatusPartiallyRefunded, StatusRefunded},
	StatusPartiallyRefunded: {StatusPartiallyRefunded, StatusRefunded},
	StatusDeclined:          {StatusVoided},
	StatusFailed:            {StatusVoided},
	StatusAbandoned:         {StatusVoided},
}

// MayBecome says whether a payment in s may go to t.
func (s Status) MayBecome(t Status) bool {
	for _, have := range next[s] {
		if have == t {
			return true
		}
	}
	return false
}

// Collected says whether a payment in s has money of the payer with the merchant, or had. One that is
// voided may have been taken back before it ever counted: Payment.Collected knows.
func (s Status) Collected() bool {
	return s == StatusPaid || s == StatusVoided || s == StatusPartiallyRefunded || s == StatusRefunded
}

// Undecided says whether the bank's word is still awaited.
func (s Status) Undecided() bool { return s == StatusAuthorizing || s == StatusPending }

// Decline is why a payment was not taken. Code is one of the Reason… words (coarse, for people);
// BankCode and Message are the bank's own, for the merchant only.
type Decline struct {
	Code     Reason
	BankCode string
	Message  string
}

// Reason is a coarse, stable word for people; the locale files have a sentence for each.
type Reason string

const (
	ReasonInsufficientFunds Reason = "insufficient_funds"
	ReasonClosedToOnline    Reason = "closed_to_online"
	ReasonDoNotHonour       Reason = "do_not_honour"
	ReasonCardNotUsable     Reason = "card_not_usable" // lost, stolen, restricted: not told apart (A31)
	ReasonExpiredCard       Reason = "expired_card"
	ReasonInvalidCard       Reason = "invalid_card"
	ReasonWrongCVV          Reason = "wrong_cvv"
	ReasonLimitExceeded     Reason = "limit_exceeded"
	ReasonCountExceeded     Reason = "count_exceeded"
	ReasonPINTries          Reason = "pin_tries"
	ReasonIssuerUnavailable Reason = "issuer_unavailable"
	ReasonAuthentication    Reason = "authentication_failed"
	ReasonHalfSecure        Reason = "half_secure_refused"
	ReasonInstallment       Reason = "installment_not_allowed"
	ReasonMerchantSetup     Reason = "merchant_setup"
	ReasonAmount            Reason = "amount_not_accepted"
	ReasonSecurity          Reason = "security"
	ReasonReferToIssuer     Reason = "refer_to_issuer"
	ReasonTryAgain          Reason = "try_again"
	ReasonGeneric           Reason = "generic"
	// ReasonNotCharged: the bank was asked, never knew the order, and a void was sent as a fence (I21).
	ReasonNotCharged Reason = "not_charged"
	// ReasonUnreachable: the bank could not be reached before the challenge.
	ReasonUnreachable Reason = "bank_unreachable"
	// ReasonLinkUsed: another payment of the link was first.
	ReasonLinkUsed Reason = "link_used"
	// ReasonSuperseded: the payer started again and this attempt no longer counts.
	ReasonSuperseded Reason = "superseded"
)

// Reasons lists every reason, so that the locale files can be held against it.
var Reasons = []Reason{
	ReasonInsufficientFunds, ReasonClosedToOnline, ReasonDoNotHonour, ReasonCardNotUsable, ReasonExpiredCard,
	ReasonInvalidCard, ReasonWrongCVV, ReasonLimitExceeded, ReasonCountExceeded, ReasonPINTries,
	ReasonIssuerUnavailable, ReasonAuthentication, ReasonHalfSecure, ReasonInstallment, ReasonMerchantSetup,
	ReasonAmount, ReasonSecurity, ReasonReferToIssuer, ReasonTryAgain, ReasonGeneric, ReasonNotCharged,
	ReasonUnreachable, ReasonLinkUsed, ReasonSuperseded,
}

// Liability says who carries a disputed payment after 3-D Secure.
type Liability string

const (
	LiabilityFull      Liability = "full"      // authenticated: the issuer
	LiabilityAttempted Liability = "attempted" // half-secure, where the account allows it
	LiabilityNone      Liability = ""
)

// Reversal says whether a charge that may exist at the bank has to be given back without anybody
// asking: the payment lost its link to another one.
type Reversal string

const (
	ReversalNone Reversal = ""
	ReversalDue  Reversal = "due"  // ask the bank; void or refund what it charged
	ReversalDone Reversal = "done" // given back, or nothing was charged
)

// Payment is one attempt by one payer on one link. The part up to Sale is the frozen copy:
// every message to the bank is built from it, and editing or deleting the link never reaches it
// (invariant I9).
type Payment struct {
	ID           PaymentID
	Merchant     MerchantID
	Link         LinkID
	Token        Token
	LinkVersion  int64
	Order        OrderNumber // of the merchant; the same for every attempt on the link
	BankOrder    BankOrder   // of this attempt, never reused
	Nonce        string      // freshness value of this attempt towards the bank
	Amount       Money       // the price
	Total        Money       // what the payer pays, instalment cost included
	Installments int         // 1 = single payment
	Rate         Rate
	Account      AccountID
	Kind         string // the account's kind and mode when the attempt was made
	Mode         string
	OneStep      bool // the bank charges before the browser returns (3DPay, 3DHost)
	HalfSecure   bool // the account allowed mdStatus 2–4 when the attempt was made
	SingleUse    bool // the link was single-use when the attempt was made
	Card         CardFacts
	PayerNote    string
	Answers      []Answer
	Items        []Item // of the link when the attempt was made
	PayerIP      string
	PayerAgent   string
	PayerLang    string
	Sale         Sale // of the link when the attempt was made

	Status    Status
	Slot      int // −1 = holds none; else which of the link's slots it holds
	Refs      Refs
	MDStatus  string
	ECI       string
	Liability Liability
	AuthCode  string
	RRN       string
	Decline   Decline
	Reversal  Reversal
	Refunded  int64     // minor units of Total's currency
	Disputed  int64     // of those that the card's bank takes back, or may: the chargebacks that Hold
	DueAt     time.Time // when the settle loop looks at it next; zero = never
	Deadline  time.Time // end of the time in which a late authorisation is still possible
	Asks      int       // inquiries made
	NotFound  int       // inquiries after the deadline that found no money and ended nothing
	CreatedAt time.Time
	UpdatedAt time.Time
	PaidAt    time.Time // the moment that the sale counts for: the bank's, however much later we learned of it

	Seq  int64  // number of the last event; a change is a compare-and-set on it
	Head []byte // hash of the last event: the end of the payment's chain
}

// Collected says whether the payment counted: there is a receipt of it, whatever was given back since.
func (p Payment) Collected() bool { return p.Status.Collected() && !p.PaidAt.IsZero() }

// Refs are values that a bank's later calls need from its earlier answers (RequestGuid, md, xid,
// hostlogkey, …): small, opaque here, never card data, never secrets.
type Refs map[string]string

// With returns a copy of r with more in it.
func (r Refs) With(more Refs) Refs {
	if len(more) == 0 {
		return r
	}
	out := make(Refs, len(r)+len(more))
	for k, v := range r {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

// SlotChange says what a move does to the link's slots.
type SlotChange int

const (
	SlotKeep    SlotChange = iota
	SlotTake               // needs a free slot, else the move is refused with ErrPaid or ErrBusy
	SlotRelease            // gives the slot back
)

// Move is one step of a payment: what it was, what it becomes, and the event that says so. The
// ledger makes it true in one transaction, or not at all.
type Move struct {
	From       Payment // as read; the ledger compares Seq
	To         Payment
	Slot       SlotChange
	Publish    string // event type for webhooks and messages, "" = only the audit trail
	Event      Event
	Refund     *Refund     // a giving-back that the step writes down or ends, nil = none
	Chargeback *Chargeback // a dispute that the step writes down or changes, nil = none
	Answer     Idempotency // kept with the step
	// Asked are one-step attempts of a single-use link whose bank has just said that it holds nothing for them: with
	// SlotTake those that are challenged are superseded.
	Asked []PaymentID
}

// Event is one line of the audit trail: append-only, chained by hash per subject. Data never holds
// card data or secrets.
type Event struct {
	ID       EventID
	Merchant MerchantID
	Subject  string // the payment, link or merchant that it is about
	Seq      int64  // 1, 2, 3 … per subject
	Type     string // dotted, like payment.authorizing
	Actor    string // payer, bank, settle, api:key_…, operator
	IP       string
	At       time.Time
	Data     map[string]string
	Prev     []byte // hash of the event before, empty for the first
	Hash     []byte // keyed: HMAC-SHA256 over Prev and every field above
}

// EventAmountDiffers is the type of the event that says that the bank states another amount than the
// payment's Total; Stated reads it. Merchants find their payments by it (PaymentQuery.Attention), so
// whoever notices such a thing writes this event, whatever else becomes of the payment.
const EventAmountDiffers = "payment.amount_differs"

// stated is where in its Data an EventAmountDiffers holds the bank's amount, as Money.String writes it.
const stated = "amount"

// Stated is the amount that the bank stated, of an EventAmountDiffers. ok is false for every other event,
// and where the bank's currency is none that is known here.
func (e Event) Stated() (m Money, ok bool) {
	text, currency, _ := strings.Cut(e.Data[stated], " ")
	m, err := ParseDecimal(text, Currency(currency))
	return m, e.Type == EventAmountDiffers && err == nil
}

// Step is what a transition needs to know beside the payment.
type Step struct {
	At    time.Time
	Actor string
	IP    string
	Data  map[string]string
}

// move checks the table and prepares the event; every exported transition goes through it. It is
// pure: no I/O, no clock, no randomness. The ledger gives the event its ID and hash.
func (p Payment) move(to Status, typ string, s Step) (Move, error) {
	if !p.Status.MayBecome(to) {
		return Move{}, ErrTransition.Because(fmt.Errorf("payment %s: %s → %s", p.ID, p.Status, to))
	}
	return p.step(to, typ, s), nil
}

// step prepares a move and its event.
func (p Payment) step(to Status, typ string, s Step) Move {
	m := Move{From: p, To: p}
	m.To.Status = to
	m.To.UpdatedAt = s.At
	m.To.Seq = p.Seq + 1
	m.Event = Event{
		Merchant: p.Merchant, Subject: string(p.ID), Seq: m.To.Seq, Type: typ, Actor: s.Actor, IP: s.IP,
		At: s.At, Data: s.Data, Prev: p.Head,
	}
	return m
}

// note writes an event without a change of state.
func (p Payment) note(typ string, s Step) (Move, error) { return p.step(p.Status, typ, s), nil }

// Note records something about the payment that changes nothing else: a rejected or late callback.
func (p Payment) Note(typ string, s Step) (Move, error) { return p.note(typ, s) }

// Authorize goes to authorizing and takes a slot of the link: the write that comes before the
// authorising call (invariant I5). lease is the sender's: until then no resolver touches the
// payment (I22); deadline is when a late authorisation is no longer possible.
func (p Payment) Authorize(v Verdict, lease, deadline time.Time, s Step) (Move, error) {
	m, err := p.move(StatusAuthorizing, "payment.authorizing", s)
	if err != nil {
		return Move{}, err
	}
	m.Slot = SlotTake
	m.To.Refs = p.Refs.With(v.Refs)
	m.To.MDStatus, m.To.ECI, m.To.Liability = v.MDStatus, v.ECI, v.Liability()
	m.To.DueAt, m.To.Deadline, m.To.Asks = lease, deadline, 0
	return m, nil
}

// Approve goes to paid on the bank's explicit yes.
func (p Payment) Approve(o Outcome, s Step) (Move, error) {
	m, err := p.move(StatusPaid, "payment.paid", s)
	if err != nil {
		return Move{}, err
	}
	m.Publish = "payment.paid"
	m.To.AuthCode, m.To.RRN, m.To.Refs = o.AuthCode, o.RRN, p.Refs.With(o.Refs)
	m.To.PaidAt, m.To.DueAt, m.To.Decline = p.tookAt(o.At, s.At), time.Time{}, Decline{}
	return m, nil
}

// tookAt is the moment that a sale counts for, of which we learn now: the one that the bank states. Where it states
// none, it is now, but not behind the last moment at which the bank could take the money: what comes out on a later
// day is in the bank's list of the day before (domain.md 5.3). When we learned it is UpdatedAt, and its event's.
func (p Payment) tookAt(stated, now time.Time) time.Time {
	at := now
	switch {
	case !stated.IsZero():
		at = stated // of a clock that may be before or behind ours
	case !p.Deadline.IsZero():
		at = p.Deadline
	}
	if at.Before(p.CreatedAt) {
		at = p.CreatedAt
	}
	if at.After(now) {
		at = now
	}
	return at
}

// Refuse goes to declined on the bank's explicit no and gives the slot back.
func (p Payment) Refuse(d Decline, s Step) (Move, error) {
	m, err := p.move(StatusDeclined, "payment.declined", s)
	if err != nil {
		return Move{}, err
	}
	m.Publish, m.Slot = "payment.declined", SlotRelease
	m.To.Decline, m.To.DueAt = d, time.Time{}
	return m, nil
}

// Fail ends a payment before money could move and gives the slot back. Where the bank may charge
// by itself (one-step modes), a reversal is due: the settle loop makes sure that nothing stays.
func (p Payment) Fail(d Decline, reverseAt time.Time, s Step) (Move, error) {
	m, err := p.move(StatusFailed, "payment.failed", s)
	if err != nil {
		return Move{}, err
	}
	m.Slot = SlotRelease
	m.To.Decline, m.To.DueAt = d, time.Time{}
	if !reverseAt.IsZero() {
		m.To.Reversal, m.To.DueAt, m.To.Asks, m.To.NotFound = ReversalDue, reverseAt, 0, 0
	}
	return m, nil
}

// Doubt goes to pending: the authorising call had no clear answer. The slot is kept, so nobody can
// pay again meanwhile.
func (p Payment) Doubt(askAt time.Time, s Step) (Move, error) {
	m, err := p.move(StatusPending, "payment.pending", s)
	if err != nil {
		return Move{}, err
	}
	m.Publish = "payment.pending"
	m.To.DueAt = askAt
	return m, nil
}

// Asked records an inquiry that decided nothing.
func (p Payment) Asked(notFound bool, askAt time.Time, s Step) (Move, error) {
	m, err := p.note("payment.asked", s)
	if err != nil {
		return Move{}, err
	}
	m.To.Asks++
	if notFound {
		m.To.NotFound++
	}
	m.To.DueAt = askAt
	return m, nil
}

// Differs records that the bank states another amount than the payment's Total. Where that leaves the
// payment in doubt, askAt is when to ask again; zero changes nothing else.
func (p Payment) Differs(amount Money, askAt time.Time, s Step) (Move, error) {
	data := map[string]string{stated: amount.String()}
	maps.Copy(data, s.Data)
	s.Data = data
	m, err := p.note(EventAmountDiffers, s)
	if err != nil {
		return Move{}, err
	}
	if !askAt.IsZero() {
		m.To.Asks++
		m.To.DueAt = askAt
	}
	return m, nil
}

// Abandon ends a payment whose payer never came back.
func (p Payment) Abandon(s Step) (Move, error) {
	m, err := p.move(StatusAbandoned, "payment.abandoned", s)
	if err != nil {
		return Move{}, err
	}
	m.To.DueAt = time.Time{}
	return m, nil
}

// VoidDone records that the bank gave everything back before its day end.
func (p Payment) VoidDone(o Outcome, s Step) (Move, error) {
	m, err := p.move(StatusVoided, "payment.voided", s)
	if err != nil {
		return Move{}, err
	}
	m.Publish = "payment.voided"
	if p.Status != StatusPaid {
		// What never counted as paid holds no slot afterwards.
		m.Slot = SlotRelease
		m.To.Reversal = ReversalDone
		m.To.AuthCode, m.To.RRN = o.AuthCode, o.RRN
	}
	m.To.Refunded, m.To.DueAt = p.Total.Minor, time.Time{}
	return m, nil
}

// RefundDone records that the bank gave back amount minor units after its day end.
func (p Payment) RefundDone(amount int64, s Step) (Move, error) {
	to := StatusPartiallyRefunded
	switch {
	case amount <= 0 || amount > p.Total.Minor-p.Refunded:
		return Move{}, Invalid(FieldError{Field: "amount", Code: "refund_over_total"})
	case amount == p.Total.Minor-p.Refunded:
		to = StatusRefunded
	}
	m, err := p.move(to, "payment.refunded", s)
	if err != nil {
		return Move{}, err
	}
	m.Publish = "payment.refunded"
	m.To.Refunded += amount
	m.To.DueAt = time.Time{} // the bank's record was read before: it has said what it charged
	return m, nil
}

// Owe says of a payment that ended without money that the bank holds some for it: a reversal is due at at.
func (p Payment) Owe(at time.Time, s Step) (Move, error) {
	if !p.over() {
		return Move{}, ErrTransition.Because(fmt.Errorf("payment %s is %s", p.ID, p.Status))
	}
	m, err := p.note("payment.reversal_due", s)
	if err != nil {
		return Move{}, err
	}
	m.To.Reversal, m.To.DueAt, m.To.Asks, m.To.NotFound = ReversalDue, at, 0, 0
	return m, nil
}

// ReversalOver records that nothing was charged for a payment whose reversal was due.
func (p Payment) ReversalOver(s Step) (Move, error) {
	m, err := p.note("payment.reversal_over", s)
	if err != nil {
		return Move{}, err
	}
	m.To.Reversal, m.To.DueAt = ReversalDone, time.Time{}
	return m, nil
}

// Keep records references that the bank's opening answer left.
func (p Payment) Keep(r Refs, s Step) (Move, error) {
	m, err := p.note("payment.opened", s)
	if err != nil {
		return Move{}, err
	}
	m.To.Refs = p.Refs.With(r)
	return m, nil
}
