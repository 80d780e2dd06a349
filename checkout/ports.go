package checkout

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// Clock tells the time. Everything that reads time gets one from outside.
type Clock interface {
	Now() time.Time
}

// LinkStore is the hot state: a copy of every link in use, asked at every view. It may be empty,
// old, wrong or away at any moment without breaking a promise (invariant I26): the ledger decides.
type LinkStore interface {
	// Open answers the hot copy of a link. ErrNoLink: not here, ask the ledger and Publish.
	// ErrHotAway: the store does not answer.
	Open(ctx context.Context, t Token) (Hot, error)

	// Publish stores a copy unless the store has one with a higher Rev. An entry lives no longer
	// than a bounded time, whatever happens.
	Publish(ctx context.Context, h Hot) error

	// Claim takes the link for one payment for at most ttl, if it is there and open. ErrBusy: another
	// payment has it. The same payment may claim again. A link that is not here is not claimed and is
	// no error: the ledger decides anyway.
	Claim(ctx context.Context, t Token, p PaymentID, ttl time.Duration) error

	// Release gives a claim back if this payment still has it.
	Release(ctx context.Context, t Token, p PaymentID) error
}

// Challenges is a LinkStore that also keeps the way to the bank while a payer is on it, sealed: the store
// cannot read it. It may forget at any moment; then the payer can check and give up, and not go on.
type Challenges interface {
	// KeepChallenge stores it for at most ttl. ErrHotAway: it is not kept.
	KeepChallenge(ctx context.Context, p PaymentID, sealed []byte, ttl time.Duration) error
	// Challenge answers it, nil when it is not here. ErrHotAway.
	Challenge(ctx context.Context, p PaymentID) ([]byte, error)
}

// Idempotency ties an answer to the key that a program sent with its request. It is written in the
// transaction that makes the object, and lives as long as it.
type Idempotency struct {
	Merchant MerchantID
	Key      string // as sent, up to 255 characters; "" = none was sent
	Request  []byte // SHA-256 over method, path and body
	Status   int
	Body     []byte
}

// NewLink is a link about to be made. IdempotencyKey conflicts answer ErrKeyKnown.
type NewLink struct {
	Link    Link
	Event   Event
	Publish string // event type for webhooks, "" = none
	Idem    Idempotency
}

// LinkChange replaces the terms of a link if its Version is still From.Version.
type LinkChange struct {
	From    Link
	To      Link
	Event   Event
	Publish string // event type for webhooks, "" = none
	Idem    Idempotency
}

// LinkQuery selects links of one merchant, newest first.
type LinkQuery struct {
	Merchant MerchantID
	Status   LinkStatus // "" = any
	Order    OrderNumber
	Text     string // in description, order number, customer
	From, To time.Time
	Limit    int
	Cursor   string
}

// PaymentQuery selects payments of one merchant, newest first.
type PaymentQuery struct {
	Merchant MerchantID
	Link     LinkID
	Status   Status
	Order    OrderNumber
	From, To time.Time
	Min, Max int64 // of Total, minor units; 0 = no bound
	Limit    int
	Cursor   string
}

// LinkLedger keeps links. Every read or write for a merchant is selected by that merchant's id in
// the same statement (invariant I17).
type LinkLedger interface {
	// CreateLink stores a link with its first event. ErrOrderTaken, ErrKeyKnown.
	CreateLink(ctx context.Context, n NewLink) error
	// LinkByToken is for the card holder's pages. ErrNoLink.
	LinkByToken(ctx context.Context, t Token) (Link, error)
	// LinkByID is for the merchant. ErrNoLink also for a link of somebody else.
	LinkByID(ctx context.Context, m MerchantID, id LinkID) (Link, error)
	// ChangeLink edits, deletes, rests or wakes a link and answers it as it is now, Rev and all.
	// ErrStale: it changed since it was read. ErrKeyKnown.
	ChangeLink(ctx context.Context, c LinkChange) (Link, error)
	// SearchLinks answers a page and the cursor of the next one, "" at the end. A cursor that no page gave
	// is ErrCursor.
	SearchLinks(ctx context.Context, q LinkQuery) ([]Link, string, error)
	// ChangedLinks answers links whose page changed at or after since, oldest change first, at most
	// limit: what the hot state is brought up to date from.
	ChangedLinks(ctx context.Context, since time.Time, limit int) ([]Link, error)
	// LiveLinks calls yield for every link that is neither deleted, spent nor expired; it is how an
	// empty in-process hot state is filled at start.
	LiveLinks(ctx context.Context, yield func(Link) error) error
}

// PaymentLedger keeps payments and their events.
type PaymentLedger interface {
	// Admit stores a challenged payment with its first event if the link is open by the database's
	// clock and still at p.LinkVersion (invariant I25). It answers the reason as Hot.Check and
	// ErrTermsChanged would; ErrBegun when a payment with this id is there. On a single-use link a
	// one-step attempt supersedes earlier one-step attempts that are still challenged: they become failed
	// with a reversal due.
	Admit(ctx context.Context, p Payment, e Event) error
	// Move makes a step true if the payment is still at From.Seq: state, event, outbox row, slot and
	// the link's counters in one durable transaction. It answers the link as it is afterwards when the
	// move changed what its page shows, else nil. ErrStale: somebody was first. SlotTake may answer
	// ErrPaid or ErrBusy; then nothing was written.
	Move(ctx context.Context, m Move) (*Link, error)
	// PaymentByID is for the card holder's pages and the bank's callbacks. ErrNoPayment.
	PaymentByID(ctx context.Context, id PaymentID) (Payment, error)
	// PaymentOf is for the merchant. ErrNoPayment also for somebody else's.
	PaymentOf(ctx context.Context, m MerchantID, id PaymentID) (Payment, error)
	// PaymentByPrefix finds the payment whose id starts with prefix ("pay_" and twelve characters): a
	// receipt's code. ErrNoPayment.
	PaymentByPrefix(ctx context.Context, prefix string) (Payment, error)
	// SearchPayments answers a page and the cursor of the next one, "" at the end. A cursor that no page
	// gave is ErrCursor.
	SearchPayments(ctx context.Context, q PaymentQuery) ([]Payment, string, error)
	// PaymentsOfLinks answers the newest payments of each of a merchant's links, newest first and at most
	// newest of each, in one question: what a list of links shows. A link without payments, or of somebody
	// else, is not in the answer.
	PaymentsOfLinks(ctx context.Context, m MerchantID, links []LinkID, newest int) (map[LinkID][]Payment, error)
	// LeaseDue hands out payments whose DueAt has come and pushes their DueAt to until, so that no
	// other instance gets them meanwhile (C28).
	LeaseDue(ctx context.Context, until time.Time, limit int) ([]Payment, error)
	// Events answers the audit trail of one subject in order.
	Events(ctx context.Context, m MerchantID, subject string) ([]Event, error)
}

// MerchantLedger keeps merchants, their accounts and keys. Credentials are decrypted in memory only.
type MerchantLedger interface {
	Merchant(ctx context.Context, id MerchantID) (Merchant, error)
	SaveMerchant(ctx context.Context, m Merchant, e Event) error
	// Logo answers the picture; ErrNoMerchant when there is none. SaveLogo stores it, sets LogoType and
	// raises the merchant's Version.
	Logo(ctx context.Context, id MerchantID) (Logo, error)
	SaveLogo(ctx context.Context, id MerchantID, l Logo, e Event) error
	// Accounts answers all accounts of a merchant, highest priority first.
	Accounts(ctx context.Context, m MerchantID) ([]Account, error)
	SaveAccount(ctx context.Context, a Account, e Event) error
	// KeyByHash finds a live key. ErrNoKey.
	KeyByHash(ctx context.Context, hash []byte) (APIKey, error)
	SaveKey(ctx context.Context, k APIKey, e Event) error
	// Answer finds the stored answer of an idempotency key; found is false when there is none.
	Answer(ctx context.Context, m MerchantID, key string) (a Idempotency, found bool, err error)
}

// Ledger is the durable truth.
type Ledger interface {
	LinkLedger
	PaymentLedger
	MerchantLedger
}

// Order is what a bank learns of a payment: the frozen copy and nothing else.
type Order struct {
	Payment      PaymentID
	BankOrder    BankOrder
	Nonce        string
	Amount       Money // what to charge
	Installments int   // 1 = single payment; adapters translate
	ReturnURL    string
	Lang         string // "tr" or "en"
	PayerIP      string
	Merchant     string // display name, for pages of the bank
	PreAuth      bool   // hold only; Capturer takes the money later
	Refs         Refs   // what earlier steps at this bank left
	CreatedAt    time.Time
	PaidAt       time.Time // of the sale, for voids and refunds that need its date
}

// Field is one form field; order and repetition matter to some hashes.
type Field struct {
	Name  string
	Value string
}

// Challenge takes the payer's browser to the bank: a form of ours, never the bank's own HTML. It
// may hold card data of a bank's dialect, so it prints without its values, and unless it is Resumable it
// is never kept.
type Challenge struct {
	Method string // "POST" or "GET"
	Action string // absolute address
	Fields []Field
	// Origins are further origins that the bank's pages on the way may send the browser to; the
	// hand-over page's form-action allows them beside Action's.
	Origins []string
	Refs    Refs // to be kept before the browser leaves; nil = nothing
	// Resumable: the form holds nothing of the card, and the bank takes it again from a payer who left its
	// page without an answer. The adapter says so; it is kept sealed, for as long as it is of use.
	Resumable bool
}

func (c Challenge) String() string   { return fmt.Sprintf("challenge(%d fields)", len(c.Fields)) }
func (c Challenge) GoString() string { return c.String() }

// Callback is what the browser brought back. The form is untrusted.
type Callback struct {
	Method string
	Form   url.Values // fields of the body, as decoded
	Query  url.Values // fields of the address; no protocol puts its fields there
}

// Verdict is what a bank's callback says after it passed every check of invariant I10.
type Verdict struct {
	Result   VerdictResult
	MDStatus string // as sent; "1" is the only full authentication (invariant I11)
	ECI      string
	Decline  Decline // why not, for VerdictRefused and VerdictNotAuthenticated
	Refs     Refs    // what Authorize, Inquire and later calls need (3-D tokens that the hash covers)
}

// VerdictResult says how a payment goes on after the callback.
type VerdictResult int

const (
	// VerdictUnclear: believed, but it decides nothing; the bank is asked.
	VerdictUnclear VerdictResult = iota
	// VerdictAuthenticated: go on to Authorizer.Authorize if MDStatus allows.
	VerdictAuthenticated
	// VerdictCharged: a one-step bank says it charged; an inquiry confirms before it counts (I4).
	VerdictCharged
	// VerdictNotAuthenticated: 3-D Secure failed; nothing was charged.
	VerdictNotAuthenticated
	// VerdictRefused: the bank refused the payment or its opening; nothing was charged.
	VerdictRefused
)

// Liability follows from mdStatus.
func (v Verdict) Liability() Liability {
	switch v.MDStatus {
	case "1":
		return LiabilityFull
	case "2", "3", "4":
		return LiabilityAttempted
	}
	return LiabilityNone
}

// Result is what a bank said of the money.
type Result int

const (
	// ResultUnknown: no answer, or none that can be read. Never "declined".
	ResultUnknown Result = iota
	ResultApproved
	ResultDeclined
	// ResultNotFound: the bank does not know the order (inquiry only).
	ResultNotFound
	// ResultUnfinished: the bank knows the order, and no authorisation was tried or it still runs.
	ResultUnfinished
	// ResultVoided: charged and given back.
	ResultVoided
	// ResultTooLate: void after day end: refund instead; ResultTooEarly: the reverse.
	ResultTooLate
	ResultTooEarly
)

// Outcome is a bank's answer to a call of ours. A decline is an Outcome, not an error.
type Outcome struct {
	Result   Result
	Amount   Money // as the bank states it; zero = it did not say
	AuthCode string
	RRN      string
	Decline  Decline
	Refunded int64  // minor units given back so far, as the bank states it (inquiry)
	MDStatus string // of the order's 3-D Secure, as the bank states it (inquiry); "" = it did not say
	Refs     Refs
}

// Acquirer takes one payment through one bank's 3-D Secure. Its methods are safe for concurrent use.
type Acquirer interface {
	// Begin opens 3-D Secure. It must not charge in two-step modes. An error means that nothing was
	// or will be charged and another acquirer may be tried: ErrUnreachable, or Invalid for card data
	// that the bank refused. c is the zero Card where the bank's own page takes the card.
	Begin(ctx context.Context, o Order, c Card) (Challenge, error)

	// Judge checks what the browser brought back: signature, shapes, and that order, amount, currency,
	// instalments and merchant are those of o. It moves no money. A callback that fails is Forged.
	// Where the protocol needs the bank to open the callback, Judge asks it; ErrUnreachable then.
	Judge(ctx context.Context, o Order, cb Callback) (Verdict, error)
}

// Authorizer is an Acquirer whose money moves in a call of ours after the callback (two-step).
// One-step acquirers do not have it; Inquirer confirms what they say.
type Authorizer interface {
	// Authorize charges, once. Every doubt is ResultUnknown; an error is one too, with its cause.
	Authorize(ctx context.Context, o Order) (Outcome, error)
}

// Inquirer can be asked what became of an order.
type Inquirer interface {
	// Inquire moves nothing. An error is ResultUnknown with its cause.
	Inquire(ctx context.Context, o Order) (Outcome, error)
	// SettleTime is how long after the last possible moment of an authorisation the bank's answer
	// "not found" may still be wrong.
	SettleTime() time.Duration
}

// Voider can take back a sale before the bank's day end: the whole of it. Already void and not
// found count as done where a fence is sent (C15); the adapter answers ResultVoided or
// ResultNotFound, and ResultTooLate after day end.
type Voider interface {
	Void(ctx context.Context, o Order) (Outcome, error)
}

// Refunder can give money back after day end; before it the answer is ResultTooEarly.
type Refunder interface {
	Refund(ctx context.Context, o Order, amount Money) (Outcome, error)
}

// Capturer can take the money of a pre-authorisation.
type Capturer interface {
	Capture(ctx context.Context, o Order, amount Money) (Outcome, error)
}

// Verifier can check its credentials at the bank without moving money. nil = they work.
type Verifier interface {
	Verify(ctx context.Context) error
}

// Banks opens acquirers.
type Banks interface {
	// Open makes an acquirer from an account. Missing settings are reported together.
	Open(a Account) (Acquirer, error)
	// OneStep says whether accounts of this kind and mode charge before the browser returns, and
	// HostedCard whether the bank's own page takes the card.
	OneStep(kind, mode string) bool
	HostedCard(kind, mode string) bool
}

// Velocity counts refusals and tries, so that stolen cards cannot be tried here (A30). It answers
// ErrVelocity with RetryAfter, or ErrResting when the link has to rest.
type Velocity interface {
	// Check is asked before an attempt is written.
	Check(ctx context.Context, a Attempt) error
	// Refused counts one refusal; rest is true when the link has to rest now.
	Refused(ctx context.Context, a Attempt) (rest bool, err error)
}

// Attempt is who tries what, for limits only. CardHash is keyed, given to Check only, and kept by
// the limiter for a day at most: it reaches no ledger.
type Attempt struct {
	Payment  PaymentID
	Merchant MerchantID
	Token    Token
	IP       string
	BIN      string
	CardHash string
}

// String names a result for logs and the audit trail.
func (r Result) String() string {
	switch r {
	case ResultApproved:
		return "approved"
	case ResultDeclined:
		return "declined"
	case ResultNotFound:
		return "not_found"
	case ResultUnfinished:
		return "unfinished"
	case ResultVoided:
		return "voided"
	case ResultTooLate:
		return "too_late"
	case ResultTooEarly:
		return "too_early"
	}
	return "unknown"
}
