package page

import "time"

// View is the content of one page; it names its own template. The views are CheckoutPage, Handover,
// Result, Kind and Check.
type View interface {
	head() *Head
	template() string
}

// Head is what every page shows above and below its own content.
type Head struct {
	Theme *Theme // nil on pages of no merchant, such as 'not found'
	Test  bool   // test mode: the banner that nobody can overlook
	Self  string // path of this page for the language switch, without query: "/p/…", "/r/…", "/v/…"

	carry string // "?lang=…" behind addresses of the link's page, where the payer chose another language than the browser's
}

// Carry makes a view's ways back to the link's page keep its language.
func Carry(v View, lang string) { v.head().carry = "?lang=" + lang }

func (h *Head) head() *Head { return h }

// CheckoutPage is the checkout page with what the plain one (AppendCheckout) never has: mistakes, a
// notice, values typed before, instalments written by the server.
type CheckoutPage struct {
	Head
	Variant  Variant
	Checkout Checkout

	Errors       []FieldError // in the order of the fields
	Session      string       // "cs_…" of a shop's order, which may be left for the shop again
	TermsChanged bool         // the notice that the merchant changed the link meanwhile
	Waiting      string       // "pay_…" of this browser that waits at the bank
	About        *Receipt     // what Waiting is about
	Typed        Typed

	BIN       string  // the digits that Offers are for, 6 to 8; empty when unknown
	Offers    []Offer // single payment first; empty shows the single payment alone
	AskAmount bool    // offers were asked for on an open link before there was an amount that it takes
	Why       WhyNone // why there is no instalment among Offers
	Asks      []Ask   // what the merchant asks besides the card
	Items     []Item  // what is sold
}

// Typed is what the payer wrote and gets back after a mistake. Card number and security code have
// no place here (checklist C16). Texts with 12 digits or more are not shown again (C13).
type Typed struct {
	Amount, Expiry, Holder, Note string
	Installments                 int      // 0: the single payment
	Consents                     []string // kinds whose boxes were ticked
}

// FieldError is a mistake at one field of the form.
type FieldError struct {
	Field string // card_number card_expiry card_cvc card_holder installments payer_note amount
	Code  string // see the keys "field.<field>.<code>" of the locale files

	N        int    // the number of cvc_length, name_length, note_length, installments_not_offered
	Brand    string // of brand_not_accepted: "amex"
	Min, Max int64  // of amount_range, in the smallest unit of the link's currency
	Label    Label  // of a field that the merchant asks for, see Ask; nil of our own
}

// Offer is one row of the instalment list, in the smallest unit of the link's currency.
type Offer struct {
	Count                    int
	TotalMinor, MonthlyMinor int64
}

// WhyNone is the reason why a card gets no instalments.
type WhyNone string

// The reasons; the zero value says nothing.
const (
	WhyDebit   WhyNone = "plan.why_debit"
	WhyPrepaid WhyNone = "plan.why_prepaid"
	WhyOther   WhyNone = "plan.why_none"
)

// Field is one hidden field of a form.
type Field struct{ Name, Value string }

// Form is a form that posts hidden fields.
type Form struct {
	Action string
	Fields []Field
}

// Handover takes the browser to the bank.
type Handover struct {
	Head
	Payment     string // "pay_…"
	AmountMinor int64  // what will be charged: the total
	Currency    string
	Bank        string // the bank's name; may be empty
	Method      string // "POST", or "GET" where a bank wants it
	Action      string // the bank's address
	Fields      []Field
}

// The states of a result page: the payment's status as the API shows it, StatusSuperseded and StatusLinkUsed.
const (
	StatusPaid              = "paid"
	StatusPartiallyRefunded = "partially_refunded"
	StatusRefunded          = "refunded"
	StatusVoided            = "voided"
	StatusDeclined          = "declined"
	StatusFailed            = "failed"
	StatusPending           = "pending"
	StatusAuthorizing       = "authorizing" // shown as pending
	StatusChallenged        = "challenged"
	StatusAbandoned         = "abandoned"
	StatusSuperseded        = "superseded" // abandoned in favour of a newer attempt
	StatusLinkUsed          = "link_used"  // another payment of the link was first
)

// Result is the page of one payment.
type Result struct {
	Head
	Payment string // "pay_…": actions and the status go to /r/{payment}…
	Status  string
	Reason  string // of declined and failed: our own decline code, see the keys "decline.…"

	Earlier   bool // the link was opened again after it had been paid: say when
	Private   bool // the payment's own pages say more than whoever has the link may read: no way leads there
	Reversing bool // not taken, but its bank may have charged by itself: that is given back
	TakenBack bool // voided before it ever counted as paid
	Double    bool // TakenBack, because the same card had paid the link with another payment

	Receipt     *Receipt // paid and what follows
	About       *Receipt // what the payment is about, shown where there is no receipt
	Reference   string   // short number for support where there is no receipt
	RetryURL    string   // where 'try again' leads; empty when the link does not allow it
	OneStep     bool     // the bank charges before the payer is back
	CanContinue bool     // challenged: POST /r/{payment}/continue leads back to the bank
	CanAbandon  bool     // challenged: POST /r/{payment}/abandon gives up and frees the link
	Agreed      []Agreed // of a consumer sale, what the payer was asked
	AskedAt     time.Time
	ReturnURL   string // the shop's address, checked when it was stored
	ToPanel     bool   // it is the merchant's own panel, whose staff took the card
	AutoReturn  bool   // go there by itself after five seconds, unless stopped
}

// Receipt is what the payer keeps. Before a payment is paid, and of a link, it has only what is known:
// what it is about, from OrderID to Issuer.
type Receipt struct {
	Payment      string // reference: "pay_…"
	OrderID      string
	Description  string
	Note         string // the payer's own
	TotalMinor   int64  // charged
	PriceMinor   int64  // without instalment cost
	Currency     string
	Installments int // 0 of a link: nobody has chosen yet
	MonthlyMinor int64
	Brand, Last4 string
	Issuer       string // the card's bank and programme
	AuthCode     string
	RRN          string
	PaidAt       time.Time

	RefundedMinor int64
	Voided        bool

	Answers []Answer // to what the merchant asked besides the card
	Items   []Item   // what was bought

	Code string // verification code: GET /v/{code}; empty shows none
}

// The kind pages.
const (
	KindNotFound        = "not_found"        // 404, also foreign and malformed
	KindNotActive       = "not_active"       // 403, Date: when it opens
	KindExpired         = "expired"          // 410, Date: when it ended; Token offers 'ask for a new link'
	KindDeleted         = "deleted"          // 410
	KindUsedUp          = "used_up"          // 410, all payments of a multi-use link made
	KindBusy            = "busy"             // 409, a payment of the link is being confirmed
	KindInProgress      = "in_progress"      // 409, another payment of the link is being authorised
	KindTooMany         = "too_many"         // 429, Wait, Limit
	KindResting         = "resting"          // 429, the link rests until the merchant wakes it
	KindNoRoute         = "no_route"         // 409, no account of the merchant takes this currency or card
	KindNoAccount       = "no_account"       // 409, none takes the link's currency, About: before anybody tried
	KindBankUnreachable = "bank_unreachable" // 502 or 503, before anything was sent
	KindUnavailable     = "unavailable"      // 503, retries by itself
	KindNotBegun        = "not_begun"        // 503 on the card form: nothing was done, the card has to be typed again
	KindReturnWaiting   = "return_waiting"   // 503 on the bank's return, Resend: the same form again
	KindBadReturn       = "bad_return"       // 400, Payment: whose result to look at
	KindBadRequest      = "bad_request"      // 400, 405, 413, 415
	KindServerError     = "server_error"     // 500, Reference
)

// Kind is a page that says kindly why there is no form: what happened, what to do, one action.
type Kind struct {
	Head
	State      string
	PaidBefore bool          // deleted, expired: the link was paid, maybe by the reader, and nothing is said of his money
	Token      string        // of the link, for 'back' and 'ask for a new link'; empty offers neither
	Payment    string        // "pay_…", for 'check the result'
	About      *Receipt      // what the payment or the link is about; nil says nothing of it
	Date       time.Time     // not_active, expired
	Wait       time.Duration // too_many
	Limit      string        // too_many: what holds the payer up, as checkout.Limit; "" = that is not told
	OtherCard  time.Duration // too_many: when a card of another kind would do; 0 = at once
	Now        time.Time     // too_many: Wait begins
	Asked      bool          // expired: the merchant was told
	Resend     *Form         // return_waiting: what to post again
	NotYet     bool          // bad_return: the payment waits for a step without which no bank charges
	Reference  string        // the error's id, or the payment's short number where Payment is known
}

// Check is the page that confirms a receipt, or says that it is not ours. It shows no more than the
// receipt itself.
type Check struct {
	Head
	Receipt *Receipt // nil: unknown code
	Status  string   // of the payment, for the refund line
}

// Text is the page of one text that is asked to be agreed to, or was.
type Text struct {
	Head
	Kind  string // pre_information, distance_sale, advertising
	Text  string
	Hash  string    // of one that was agreed to
	Given time.Time // when it was asked; zero: it is not yet
	Yes   bool      // it was agreed to
}

// Agreed is one text that the payer of a payment was asked to agree to.
type Agreed struct {
	Kind, Text, Hash string
	Yes              bool
}

func (*CheckoutPage) template() string { return "pay/checkout" }
func (*Text) template() string         { return "pay/text" }
func (*Handover) template() string     { return "pay/handover" }
func (*Result) template() string       { return "pay/result" }
func (*Kind) template() string         { return "pay/kind" }
func (*Check) template() string        { return "pay/check" }
