package checkout

import (
	"errors"
	"fmt"
	"time"
)

// Kind says who must do what about an error. Kinds become HTTP statuses in one place
// (gateway/web). The zero kind is internal: what nobody classified, nobody outside reads.
type Kind int

const (
	KindInternal     Kind = iota // our mistake; the outside sees a reference only
	KindInvalid                  // the input is wrong; Fields say where
	KindNotFound                 // unknown, or somebody else's: not told apart
	KindUnauthorized             // no or wrong credentials
	KindForbidden                // known, but not allowed (yet)
	KindGone                     // was there: expired, deleted or paid
	KindConflict                 // not in this state, or somebody was first
	KindTooMany                  // a limit; RetryAfter says when again
	KindForged                   // a bank callback that failed its checks
	KindUnavailable              // a store or bank is away; trying again later may help
)

// Error is an error with a kind for whoever must answer it, a stable code for API clients and
// translations, and a cause for our logs only.
type Error struct {
	Kind       Kind
	Code       string
	Fields     []FieldError
	RetryAfter time.Duration
	Cause      error
}

// FieldError is one mistake in one field. Field is the wire name, Code a stable word that the
// locale files translate; Args fill its placeholders (never card data).
type FieldError struct {
	Field string
	Code  string
	Args  map[string]string
}

func (e *Error) Error() string {
	text := e.Code
	for _, f := range e.Fields {
		text += fmt.Sprintf(" [%s: %s]", f.Field, f.Code)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes two errors of one code equal, so that errors.Is works on the values below even when
// a cause or fields were added.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code && t.Kind == e.Kind
}

// Because returns a copy of e with a cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// After returns a copy of e with a time after which trying again makes sense.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Invalid is an input mistake in the given fields.
func Invalid(fields ...FieldError) *Error {
	return &Error{Kind: KindInvalid, Code: "validation_failed", Fields: fields}
}

// What stores, banks and the flow answer. Stores translate: a caller never meets redis.Nil or
// sql.ErrNoRows.
var (
	ErrNoLink     = &Error{Kind: KindNotFound, Code: "link_not_found"}
	ErrNoPayment  = &Error{Kind: KindNotFound, Code: "payment_not_found"}
	ErrNoMerchant = &Error{Kind: KindNotFound, Code: "merchant_not_found"}
	ErrNoAccount  = &Error{Kind: KindNotFound, Code: "acquirer_not_found"}
	ErrNoKey      = &Error{Kind: KindUnauthorized, Code: "invalid_api_key"}

	ErrNotActiveYet = &Error{Kind: KindForbidden, Code: "link_not_active_yet"}
	ErrExpired      = &Error{Kind: KindGone, Code: "link_expired"}
	ErrDeleted      = &Error{Kind: KindGone, Code: "link_deleted"}
	ErrPaid         = &Error{Kind: KindGone, Code: "link_paid"}
	// ErrBusy: another payment of this link is being authorised or confirmed right now.
	ErrBusy = &Error{Kind: KindConflict, Code: "link_busy"}
	// ErrResting: too many refusals; the link rests until its merchant wakes it (A30).
	ErrResting = &Error{Kind: KindTooMany, Code: "link_resting"}
	// ErrVelocity: too many tries from here; RetryAfter is set, and StoppedOf says which limits (A30).
	ErrVelocity = &Error{Kind: KindTooMany, Code: "too_many_tries"}
	// ErrTermsChanged: the link was edited after the page was shown (A28).
	ErrTermsChanged = &Error{Kind: KindConflict, Code: "terms_changed"}

	// ErrBegun: this page's attempt is a payment already; the form came a second time (H1).
	ErrBegun = &Error{Kind: KindConflict, Code: "payment_begun"}

	ErrNoSession = &Error{Kind: KindNotFound, Code: "session_not_found"}
	ErrNoRefund  = &Error{Kind: KindNotFound, Code: "refund_not_found"}
	// ErrNotRefundable: no money of this payment can go back in this way, or no more of it.
	ErrNotRefundable = &Error{Kind: KindConflict, Code: "payment_not_refundable"}
	// ErrRefundOverTotal: more than is left of the payment.
	ErrRefundOverTotal = &Error{Kind: KindConflict, Code: "refund_over_total"}
	// ErrNotPending: the bank has said what became of the payment, or was not asked for money yet.
	ErrNotPending = &Error{Kind: KindConflict, Code: "payment_not_pending"}
	// ErrAsking: the bank is being asked about the payment, or was a moment ago.
	ErrAsking = &Error{Kind: KindConflict, Code: "payment_being_asked"}
	// ErrRefundRunning: another void or refund of the payment has no answer of the bank yet.
	ErrRefundRunning = &Error{Kind: KindConflict, Code: "refund_running"}

	ErrNoEInvoice     = &Error{Kind: KindNotFound, Code: "einvoice_not_found"}
	ErrNoRegistration = &Error{Kind: KindNotFound, Code: "einvoice_registration_not_found"}
	// ErrEInvoiceKnown: an invoice with this UUID has a link already; the ledger's answer, which nobody outside meets.
	ErrEInvoiceKnown = &Error{Kind: KindConflict, Code: "einvoice_known"}
	// ErrEInvoiceChanged: the UUID has a link for another number, supplier or sum.
	ErrEInvoiceChanged = &Error{Kind: KindConflict, Code: "einvoice_changed"}
	// ErrEInvoiceSupplier: the invoice is of another supplier than the one that is registered.
	ErrEInvoiceSupplier = &Error{Kind: KindInvalid, Code: "einvoice_supplier"}
	// ErrNotRegistered: invoices get links from the registration of an intermediary on (features 3.16).
	ErrNotRegistered = &Error{Kind: KindConflict, Code: "einvoice_not_registered"}
	// ErrRegistered: the merchant has a registration with this intermediary.
	ErrRegistered = &Error{Kind: KindConflict, Code: "einvoice_registration_exists"}

	// ErrNoUser: nobody signs in like that, or not at this merchant.
	ErrNoUser = &Error{Kind: KindNotFound, Code: "user_not_found"}
	// ErrNoVisit: no such session of the panel, or it has ended.
	ErrNoVisit = &Error{Kind: KindUnauthorized, Code: "signed_out"}
	// ErrEmailTaken: another user signs in with this address.
	ErrEmailTaken = &Error{Kind: KindConflict, Code: "email_taken"}
	// ErrLastOwner: a merchant keeps at least one owner.
	ErrLastOwner = &Error{Kind: KindConflict, Code: "last_owner"}
	// ErrNoInvitation: unknown, used, withdrawn or too old: not told apart.
	ErrNoInvitation = &Error{Kind: KindGone, Code: "invitation_over"}
	// ErrPower: the role does not allow it.
	ErrPower        = &Error{Kind: KindForbidden, Code: "role_does_not_allow"}
	ErrNoOfflineKey = &Error{Kind: KindNotFound, Code: "offline_key_not_found"}
	// ErrOfflineNumber: another key has the number; the ledger's answer, which nobody outside meets.
	ErrOfflineNumber = &Error{Kind: KindConflict, Code: "offline_number_taken"}
	// ErrOfflineKeys: the merchant has as many good keys as there may be.
	ErrOfflineKeys = &Error{Kind: KindConflict, Code: "offline_keys_too_many"}

	ErrNoProduct = &Error{Kind: KindNotFound, Code: "product_not_found"}
	// ErrProductCode: another product of the merchant has the code.
	ErrProductCode = &Error{Kind: KindConflict, Code: "product_code_taken"}
	// ErrProducts: the merchant has as many products as there may be.
	ErrProducts = &Error{Kind: KindConflict, Code: "products_too_many"}

	ErrNoRun    = &Error{Kind: KindNotFound, Code: "reconciliation_not_found"}
	ErrNoRunRow = &Error{Kind: KindNotFound, Code: "reconciliation_row_not_found"}
	// ErrDayClosed: nothing of a closed day's reconciliation changes.
	ErrDayClosed = &Error{Kind: KindConflict, Code: "day_closed"}
	// ErrDayNotOver: the day has not ended in Istanbul, or had not when its list was compared.
	ErrDayNotOver = &Error{Kind: KindConflict, Code: "day_not_over"}
	// ErrListIncomplete: the list has nothing of the day, unreadable rows or rows of other days, and no note says
	// why the day is closed all the same.
	ErrListIncomplete = &Error{Kind: KindConflict, Code: "list_incomplete"}
	// ErrRowResolved: the row matches, or was dealt with already.
	ErrRowResolved = &Error{Kind: KindConflict, Code: "row_resolved"}
	// ErrNotForRow: this cannot be done about this row.
	ErrNotForRow = &Error{Kind: KindConflict, Code: "not_for_this_row"}
	// ErrRowsOpen: rows of the day still call for somebody; closing it needs a note.
	ErrRowsOpen = &Error{Kind: KindConflict, Code: "rows_open"}
	// ErrCannotList: this bank's protocol hands out no list of a day.
	ErrCannotList = &Error{Kind: KindConflict, Code: "acquirer_cannot_list"}

	// ErrOrderTaken: the merchant used this order number before, whatever became of it.
	ErrOrderTaken = &Error{Kind: KindConflict, Code: "order_id_taken"}
	// ErrKeyReused: the Idempotency-Key was used before with another body.
	ErrKeyReused = &Error{Kind: KindInvalid, Code: "idempotency_key_reused"}
	// ErrKeyKnown: the Idempotency-Key was used before with the same body; the stored answer stands.
	ErrKeyKnown = &Error{Kind: KindConflict, Code: "idempotency_key_known"}
	// ErrCursor: no page gave this cursor, or one of another list did.
	ErrCursor = &Error{Kind: KindInvalid, Code: "cursor_invalid"}
	// ErrStale: the row changed since it was read; read again.
	ErrStale = &Error{Kind: KindConflict, Code: "stale"}
	// ErrUnasked: one-step attempts of the link may have been charged, and their bank was not asked yet.
	ErrUnasked = &Error{Kind: KindConflict, Code: "unasked"}
	// ErrTransition: the state does not allow this step.
	ErrTransition = &Error{Kind: KindConflict, Code: "state_does_not_allow"}
	// ErrCurrency: the merchant has no permission for this currency (feature 1.6).
	ErrCurrency = &Error{Kind: KindInvalid, Code: "currency_not_permitted"}

	// ErrUnreachable: the bank could not be reached before anything could have been charged.
	ErrUnreachable = &Error{Kind: KindUnavailable, Code: "bank_unreachable"}
	// ErrNoRoute: no enabled acquirer account takes this currency and card.
	ErrNoRoute = &Error{Kind: KindConflict, Code: "no_acquirer"}
	// ErrStoreAway: a store did not answer; nothing was done.
	ErrStoreAway = &Error{Kind: KindUnavailable, Code: "temporarily_unavailable"}
	// ErrHotAway: the hot state did not answer; the ledger still does.
	ErrHotAway = &Error{Kind: KindUnavailable, Code: "hot_state_away"}
)

// Forged is a callback that is not what the bank would have sent for this payment. It changes
// nothing (invariant I12). Reason is one of the words below, kept in the audit trail only.
func Forged(reason string) *Error {
	return &Error{Kind: KindForged, Code: "callback_rejected", Cause: errors.New(reason)}
}

// Reasons for which a callback is rejected, as the threat model names them.
const (
	ForgedHashMissing   = "hash_missing"
	ForgedHashMismatch  = "hash_mismatch"
	ForgedSecretMissing = "secret_missing"
	ForgedNotPinned     = "fields_not_pinned"
	ForgedFieldShape    = "field_shape"
	ForgedFieldRepeated = "field_repeated"
	ForgedCopyMismatch  = "copy_mismatch"
)

// ForgedReason gives the reason of a Forged error, or "" for any other error.
func ForgedReason(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind == KindForged && e.Cause != nil {
		return e.Cause.Error()
	}
	return ""
}

// KindOf classifies any error; what is not an *Error is internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}
