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

	// Behind answers which of the links, each at most once, it has no copy of, or one with a lower Rev. ErrHotAway.
	Behind(ctx context.Context, all []LinkRev) ([]Token, error)

	// Claim takes the link for one payment for at most ttl, if it is there and open. ErrBusy: another
	// payment has it. The same payment may claim again. A link that is not here is not claimed and is
	// no error: the ledger decides anyway.
	Claim(ctx context.Context, t Token, p PaymentID, ttl time.Duration) error

	// Release gives a claim back if this payment still has it.
	Release(ctx context.Context, t Token, p PaymentID) error
}

// LinkRev is which Rev a link has in the ledger.
type LinkRev struct {
	Token     Token
	Rev       int64
	ChangedAt time.Time // by the deciding clock
}

// Filler is a LinkStore that takes copies of many links at once, for filling it anew while it is in use.
type Filler interface {
	// Fill stores the copies of links that are not here. One that is here stays, claim and all: it was
	// published since, or is brought up to date by whoever publishes. ErrHotAway: some may be missing.
	Fill(ctx context.Context, links []Hot) error
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
	Invoice *NewEInvoice // that carries the link; nil = none
	Session *Session     // whose till the link is; nil = none
	// Messages go out with it, as far as their limits allow; none is Strict.
	Messages []NewMessage
	Maker    UserID    // who made it in the panel; "" = a program
	Batch    *BatchRow // its place among links that were made together; nil = alone
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
	Maker    UserID // only those that he made in the panel; "" = all
	Stopped  bool   // only those that could be paid whose payers are stopped, or that rest
	From, To time.Time
	Limit    int
	Cursor   string
}

// PaymentQuery selects payments of one merchant, newest first.
type PaymentQuery struct {
	Merchant MerchantID
	Link     LinkID
	Maker    UserID // only those of links that he made in the panel; "" = all
	Status   Status
	Order    OrderNumber
	// Reference is PaymentID.Reference, exactly; what cannot be one finds nothing.
	Reference string
	Attention bool // only those that a person should look at; see PaymentLedger.Attention
	// Any is what a person typed, in every way in which it can be meant; nil = everything.
	Any      *PaymentText
	Waiting  bool // only those whose outcome the bank still owes: Status.Undecided
	Currency Currency
	Account  AccountID
	From, To time.Time
	Min, Max int64 // of Total, minor units; 0 = no bound
	Limit    int
	Cursor   string
}

// MostSummed is how many payments PaymentSums looks at: a list's sums cost the same however long it is.
const MostSummed = 10_000

// PaymentSums is what the payments of a list come to.
type PaymentSums struct {
	Known bool // false = they could not be added up in time
	More  bool // the list has more than MostSummed payments: these are the newest
	Each  []PaymentSum
}

// PaymentSum is what payments come to in one currency, the most payments first.
type PaymentSum struct {
	Currency  Currency
	Tries     int64 // payments in whatever state
	Paid      int64 // that counted, whatever was given back since
	Collected int64 // minor units of those
	Back      int64 // and what was given back of them
}

// Remaining is what is left, in minor units.
func (s PaymentSum) Remaining() int64 { return s.Collected - s.Back }

// LinkLedger keeps links. Every read or write for a merchant is selected by that merchant's id in
// the same statement (invariant I17).
type LinkLedger interface {
	// CreateLink stores a link with its first event, and the e-invoice that carries it. ErrOrderTaken,
	// ErrKeyKnown, ErrEInvoiceKnown.
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
	// LinkMaker answers who made a link in the panel, "" when a program did. ErrNoLink also for somebody else's.
	LinkMaker(ctx context.Context, m MerchantID, id LinkID) (UserID, error)
	// ChangedLinks answers links whose page changed at or after since, oldest change first, at most
	// limit: what the hot state is held against.
	ChangedLinks(ctx context.Context, since time.Time, limit int) ([]LinkRev, error)
	// LiveLinks calls yield for every link that is neither deleted, spent nor expired, those that end first
	// before others; it is how an empty hot state is filled. yield may take its time, and use the ledger.
	LiveLinks(ctx context.Context, yield func(Link) error) error
}

// Undecided is a payment whose bank owes its word.
type Undecided struct {
	Payment  PaymentID
	Merchant MerchantID
	Account  AccountID
	Since    time.Time // the end of our own call's time: until then the answer may just be on its way
}

// UndecidedTooLong is from how long on people are told of such a payment (C9).
const UndecidedTooLong = unresolvedAfter

// Moved is what a step has made of a payment.
type Moved struct {
	Payment Payment // as stored
	Link    *Link   // as it is afterwards, where the move changed what its page shows; else nil
}

// PaymentLedger keeps payments and their events.
type PaymentLedger interface {
	// Admit stores a challenged payment with its first event if the link is open by the database's
	// clock and still at p.LinkVersion (invariant I25), and answers it as stored. Else it answers the reason
	// as Hot.Check and ErrTermsChanged would; ErrBegun when a payment with this id is there. What its payer agreed
	// to is stored with it, and its audit trail vouches for it (EventConsented). On a single-use link a
	// one-step attempt supersedes earlier one-step attempts that are still challenged: they become failed
	// with a reversal due.
	Admit(ctx context.Context, p Payment, e Event, agreed ...Consent) (Payment, error)
	// Move makes a step true if the payment is still at From.Seq: state, event, outbox row, slot and
	// the link's counters in one durable transaction. ErrStale: somebody was first. SlotTake may answer
	// ErrPaid or ErrBusy; then nothing was written. A two-step payment that takes a single-use link supersedes its
	// challenged one-step attempts, as Admit does; while one of those that UnsettledOneStep answers is not among m.Asked, it is
	// ErrUnasked.
	Move(ctx context.Context, m Move) (Moved, error)
	// UnsettledOneStep answers the one-step attempts, of a link that is single-use now, that are still challenged or have a
	// reversal due: their bank may have charged without telling us.
	UnsettledOneStep(ctx context.Context, l LinkID) ([]Payment, error)
	// PaymentByID is for the card holder's pages and the bank's callbacks. ErrNoPayment.
	PaymentByID(ctx context.Context, id PaymentID) (Payment, error)
	// PaymentAndLink is PaymentByID with the payment's link, both as they were at one moment. ErrNoPayment.
	PaymentAndLink(ctx context.Context, id PaymentID) (Payment, Link, error)
	// PaymentOf is for the merchant. ErrNoPayment also for somebody else's.
	PaymentOf(ctx context.Context, m MerchantID, id PaymentID) (Payment, error)
	// PaymentByPrefix finds the payment whose id starts with prefix ("pay_" and twelve characters): a
	// receipt's code. ErrNoPayment.
	PaymentByPrefix(ctx context.Context, prefix string) (Payment, error)
	// SearchPayments answers a page and the cursor of the next one, "" at the end. A cursor that no page
	// gave is ErrCursor.
	SearchPayments(ctx context.Context, q PaymentQuery) ([]Payment, string, error)
	// PaymentSums answers what the payments that SearchPayments shows on all of its pages come to, where they are added
	// up in time.
	PaymentSums(ctx context.Context, q PaymentQuery, within time.Duration) (PaymentSums, error)
	// PaymentsOfLinks answers the newest payments of each of a merchant's links, newest first and at most
	// newest of each, in one question: what a list of links shows. A link without payments, or of somebody
	// else, is not in the answer.
	PaymentsOfLinks(ctx context.Context, m MerchantID, links []LinkID, newest int) (map[LinkID][]Payment, error)
	// Attention answers, of a merchant's payments, the events for which a person should look at them
	// (EventAmountDiffers), in their order. A payment without such, or of somebody else, is not in the answer.
	Attention(ctx context.Context, m MerchantID, payments []PaymentID) (map[PaymentID][]Event, error)
	// LeaseDue hands out payments whose DueAt has come and pushes their DueAt to until, so that no
	// other instance gets them meanwhile (C28).
	LeaseDue(ctx context.Context, until time.Time, limit int) ([]Payment, error)
	// LeaseOne is LeaseDue for one pending payment of a merchant, for whoever cannot wait for its time. One
	// that is due no later than until may be leased by somebody, and one that changed after rested was asked
	// about just now: ErrAsking. ErrNotPending, ErrNoPayment.
	LeaseOne(ctx context.Context, m MerchantID, id PaymentID, rested, until time.Time) (Payment, error)
	// Postpone moves when the settle loop looks at paid payments that wait for it; zero: never. Like a lease
	// it is no event. Payments that are not paid, or wait for nothing, are passed over.
	Postpone(ctx context.Context, payments []PaymentID, until time.Time) error
	// Undecided answers payments of all merchants whose banks owe their word, those that wait longest first, at
	// most limit.
	Undecided(ctx context.Context, limit int) ([]Undecided, error)
	// Events answers the audit trail of one subject in order.
	Events(ctx context.Context, m MerchantID, subject string) ([]Event, error)
	// EventsOf answers the audit trails of a merchant's payments, each in its order, in one question: what a list
	// of payments shows. A payment of somebody else is not in the answer.
	EventsOf(ctx context.Context, m MerchantID, payments []PaymentID) (map[PaymentID][]Event, error)
}

// RefundQuery selects voids and refunds of a merchant, newest first.
type RefundQuery struct {
	Merchant MerchantID
	Payment  PaymentID
	Kind     RefundKind
	Status   RefundStatus
	From, To time.Time
	Limit    int
	Cursor   string
}

// RefundLedger keeps voids and refunds. PaymentLedger.Move writes them: a Move with a Refund whose id is
// not there writes it down, if the payment has no pending one (ErrRefundRunning); else it ends it, if it is
// pending (ErrStale).
type RefundLedger interface {
	// RefundOf is for the merchant. ErrNoRefund also for somebody else's.
	RefundOf(ctx context.Context, m MerchantID, id RefundID) (Refund, error)
	// SearchRefunds answers a page and the cursor of the next one, "" at the end. A cursor that no page gave
	// is ErrCursor.
	SearchRefunds(ctx context.Context, q RefundQuery) ([]Refund, string, error)
	// RefundsOf answers the refunds of each of a merchant's payments, oldest first.
	RefundsOf(ctx context.Context, m MerchantID, payments []PaymentID) (map[PaymentID][]Refund, error)
	// LeaseRefunds hands out pending ones whose DueAt has come, pushes their DueAt to until and counts one
	// more question, so that no other instance gets them meanwhile (C28).
	LeaseRefunds(ctx context.Context, until time.Time, limit int) ([]Refund, error)
	// RefundLater moves when a pending one is looked at. Like a lease it is no event.
	RefundLater(ctx context.Context, id RefundID, at time.Time) error
}

// SessionLedger keeps checkout sessions. LinkLedger.CreateLink stores them, with their links.
type SessionLedger interface {
	// SessionByLink finds the session of a link. ErrNoSession.
	SessionByLink(ctx context.Context, id LinkID) (Session, error)
}

// MerchantLedger keeps merchants, their accounts and keys. Credentials are decrypted in memory only.
type MerchantLedger interface {
	Merchant(ctx context.Context, id MerchantID) (Merchant, error)
	// SaveMerchant makes a merchant, or replaces the version before m.Version: whoever else changed it since it
	// was read loses nothing. ErrStale.
	SaveMerchant(ctx context.Context, m Merchant, e Event) error
	// Logo answers the picture; ErrNoMerchant when there is none. SaveLogo stores it, sets LogoType and
	// raises the merchant's Version.
	Logo(ctx context.Context, id MerchantID) (Logo, error)
	SaveLogo(ctx context.Context, id MerchantID, l Logo, e Event) error
	// Accounts answers all accounts of a merchant, deleted ones included, highest priority first.
	Accounts(ctx context.Context, m MerchantID) ([]Account, error)
	SaveAccount(ctx context.Context, a Account, e Event) error
	// ChangeAccount is SaveAccount with the answer of an Idempotency-Key; ErrKeyKnown, ErrKeyReused. ErrStale:
	// the account is not at the version that c.From names.
	ChangeAccount(ctx context.Context, c AccountChange) error
	// FormerCredentials answers what an account had before its credentials were changed and is kept at now, the
	// change that came first before others.
	FormerCredentials(ctx context.Context, a AccountID, now time.Time) ([]FormerCredentials, error)
	// KeyByHash finds a live key. ErrNoKey.
	KeyByHash(ctx context.Context, hash []byte) (APIKey, error)
	SaveKey(ctx context.Context, k APIKey, e Event) error
	// Keys answers all keys of a merchant, revoked ones included, oldest first.
	Keys(ctx context.Context, m MerchantID) ([]APIKey, error)
	// Answer finds the stored answer of an idempotency key; found is false when there is none.
	Answer(ctx context.Context, m MerchantID, key string) (a Idempotency, found bool, err error)
}

// StaffLedger keeps the people who sign in to the panel, what they are at which merchant, and their visits.
type StaffLedger interface {
	// UserByEmail finds by the address as CheckEmail answers it. ErrNoUser.
	UserByEmail(ctx context.Context, email string) (User, error)
	UserByID(ctx context.Context, id UserID) (User, error)
	// SaveUser makes a user, or replaces the version before u.Version. ErrEmailTaken, ErrStale.
	SaveUser(ctx context.Context, u User) error
	// SpendStep marks a time step of the second factor as used: false when it, or a later one, was before.
	SpendStep(ctx context.Context, id UserID, step int64) (bool, error)

	// Memberships answers what a user is where, by the merchants' names.
	Memberships(ctx context.Context, id UserID) ([]Membership, error)
	// Colleagues answers who is what at a merchant, owners first, then by name.
	Colleagues(ctx context.Context, m MerchantID) ([]Colleague, error)
	// SaveMember makes a user a member or changes what he may. ErrNoMerchant, ErrNoUser, ErrLastOwner.
	SaveMember(ctx context.Context, m Member, e Event) error
	// RemoveMember ends a membership; the user's visits at this merchant end with it. ErrNoUser, ErrLastOwner.
	RemoveMember(ctx context.Context, m MerchantID, id UserID, e Event) error

	// OpenVisit stores a session of the panel. Visit finds a live one and, if it was last seen longer than a
	// minute ago, notes that it was seen; ErrNoVisit. MoveVisit leads it to another merchant.
	OpenVisit(ctx context.Context, v Visit) error
	Visit(ctx context.Context, hash []byte, now time.Time) (Visit, error)
	MoveVisit(ctx context.Context, hash []byte, m MerchantID) error
	// Visits answers a user's live ones, last seen first. EndVisits ends one of them by its hash, or with nil
	// all but except.
	Visits(ctx context.Context, id UserID, now time.Time) ([]Visit, error)
	EndVisits(ctx context.Context, id UserID, hash, except []byte) error

	// SaveInvitation stores one, in the place of an earlier one for the same user. Invitation finds it while
	// it is good; UseInvitation makes u what it says and spends it, once. ErrNoInvitation.
	SaveInvitation(ctx context.Context, i Invitation) error
	Invitation(ctx context.Context, hash []byte, now time.Time) (Invitation, error)
	UseInvitation(ctx context.Context, hash []byte, u User) error
	// SaveJoining stores one, in the place of an earlier one of the same user and merchant; ErrNoMerchant. Joining finds it
	// while it is good. Join makes its user a member and spends it, once; who could choose a password for him by an
	// Invitation cannot any more. ErrNoInvitation, also for who is a member already.
	SaveJoining(ctx context.Context, j Joining, e Event) error
	Joining(ctx context.Context, hash []byte, now time.Time) (Joining, error)
	Join(ctx context.Context, j Joining, e Event) error

	// ForgetTry takes one try under a key back, of one that turned out well.
	ForgetTry(ctx context.Context, key []byte) error
	// CountTry notes a try to sign in under a keyed hash of what was tried, and answers until when no more
	// are allowed; zero = they are. ClearTries forgets them after a good one.
	CountTry(ctx context.Context, key []byte, now time.Time, rule TryRule) (until time.Time, err error)
	ClearTries(ctx context.Context, key []byte) error
	// SaveSignIn notes how a try ended; SignIns answers the newest of a user.
	SaveSignIn(ctx context.Context, s SignIn) error
	SignIns(ctx context.Context, id UserID, limit int) ([]SignIn, error)
}

// Ledger is the durable truth.
type Ledger interface {
	LinkLedger
	PaymentLedger
	RefundLedger
	ChargebackLedger
	SessionLedger
	EInvoiceLedger
	ReconciliationLedger
	OfflineLedger
	ProductLedger
	ReportScheduleLedger
	RequestLedger
	MerchantLedger
	BrandingLedger
	ConsentLedger
	StaffLedger
	BatchLedger
	TrailLedger
	FigureLedger
	StopLedger
	WebhookLedger
	MessageLedger
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
	At       time.Time // when it took the money, as the bank states it (inquiry); zero = it did not say
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
	// Check lists every mistake of an account's settings as one Invalid; it calls no bank.
	Check(a Account) error
	// Known says whether the account's address is its bank's, or one that the operator named: cards go there.
	Known(a Account) bool
	// Complete fills in what the account leaves to its bank: mode, own issuers, programmes.
	Complete(a Account) Account
	// Another says in which credentials an account names another merchant at the bank than it did: payments
	// under way are asked for with the account as it is, and that merchant does not know them.
	Another(was, now Account) []string
	// Shown are the credentials of a kind that are no secrets.
	Shown(kind string) []string
}

// Velocity counts refusals and tries, so that stolen cards cannot be tried here (A30). It answers
// ErrVelocity with RetryAfter and Stopped as its cause, or ErrResting when the link has to rest.
type Velocity interface {
	// Check is asked before an attempt is written.
	Check(ctx context.Context, a Attempt) error
	// Refused counts one refusal; rest is true when the link has to rest now.
	Refused(ctx context.Context, a Attempt) (rest bool, err error)
}

// Quota is how much a program may still ask: Left of Limit in each Span, and again all of it after Reset. The zero
// value is no limit.
type Quota struct {
	Limit, Left int64
	Span, Reset time.Duration
}

// Attempt is who tries what, for limits only. CardHash is keyed, given to Check only, and kept by
// the limiter for a day at most: it reaches no ledger. What a link's refusals are counted for is its Token and
// Version: its merchant begins anew by waking or editing it.
type Attempt struct {
	Payment  PaymentID
	Merchant MerchantID
	Token    Token
	Version  int64
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
