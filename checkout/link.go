package checkout

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Usage says how often a link may be paid.
type Usage string

const (
	UsageSingle Usage = "single"
	UsageMulti  Usage = "multi"
)

// LinkStatus is what the API shows.
type LinkStatus string

const (
	LinkScheduled LinkStatus = "scheduled"
	LinkActive    LinkStatus = "active"
	LinkPaid      LinkStatus = "paid"
	LinkExpired   LinkStatus = "expired"
	LinkDeleted   LinkStatus = "deleted"
)

// Customer is whom the link is for; never part of any address.
type Customer struct {
	Name  string
	Email string
	Phone string
}

// Link is a payment link. Version counts edits of its terms; Rev counts every change of what its
// page shows (edits, deletion, slots taken and given back, payments), so that hot state can tell
// newer from older.
type Link struct {
	ID           LinkID
	Token        Token
	Merchant     MerchantID
	Order        OrderNumber
	Open         bool  // the payer types the amount, between MinMinor and MaxMinor
	Amount       Money // Minor is 0 on an open link
	MinMinor     int64
	MaxMinor     int64
	Description  string
	Installments []int // counts the payer may choose; nil = the merchant's
	ActiveFrom   time.Time
	ExpiresAt    time.Time
	Usage        Usage
	MaxPayments  int // of a multi link; 0 = no limit
	PayerNote    bool
	Sale         Sale
	Fields       []LinkField // asked of the payer besides the card
	Items        []Item      // what is sold; their sum is Amount
	ShowCount    bool        // the page of a multi link without a limit says how often it was paid
	Customer     Customer
	ReturnURL    string
	Metadata     map[string]string
	Category     string
	Version      int64
	Rev          int64
	SlotsHeld    int // payments in authorizing or pending that hold a slot
	PaidCount    int // payments that were paid (voided and refunded ones included)
	PaidMinor    int64
	PaidBy       PaymentID // the payment that was paid last
	PaidAt       time.Time
	RestingSince time.Time // zero = awake (A30)
	DeletedAt    time.Time // zero = not deleted
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Slots is how many payments of this link may be authorizing, pending or paid at most; 0 = no
// limit. A database constraint holds it (invariant I2). Only a link that says multi may be paid more
// than once: one that says nothing, or a word from elsewhere, is not without limit.
func (l Link) Slots() int {
	if l.Usage == UsageMulti {
		return l.MaxPayments
	}
	return 1
}

// Left is how many payments of a link with a limit can still be made; 0 without one.
func (l Link) Left() int { return max(0, l.Slots()-l.PaidCount) }

// Spent says whether every slot has been paid.
func (l Link) Spent() bool { return l.Slots() > 0 && l.PaidCount >= l.Slots() }

// Status is what the API shows at now. A paid link is paid even after its expiry (payment wins,
// ux-checklist I6), and deletion wins over all but payment.
func (l Link) Status(now time.Time) LinkStatus {
	switch {
	case l.Spent():
		return LinkPaid
	case !l.DeletedAt.IsZero():
		return LinkDeleted
	case !now.Before(l.ExpiresAt):
		return LinkExpired
	case now.Before(l.ActiveFrom):
		return LinkScheduled
	}
	return LinkActive
}

// Hot is the part of a link that its page needs.
func (l Link) Hot() Hot {
	h := Hot{
		Token: l.Token, Link: l.ID, Merchant: l.Merchant, Rev: l.Rev, Version: l.Version,
		State: HotOpen, ActiveFrom: l.ActiveFrom, ExpiresAt: l.ExpiresAt,
		Open: l.Open, Amount: l.Amount, MinMinor: l.MinMinor, MaxMinor: l.MaxMinor,
		Description: l.Description, Order: l.Order, PayerNote: l.PayerNote, Sale: l.Sale,
		Installments: l.Installments, Category: l.Category, PaidBy: l.PaidBy, PaidAt: l.PaidAt,
	}
	h.Asks, h.Items = EncodeFields(l.Fields), EncodeItems(l.Items)
	if l.Usage == UsageMulti && (l.MaxPayments > 0 || l.ShowCount) {
		h.Counted, h.Made, h.Most = true, l.PaidCount, l.MaxPayments
	}
	switch {
	case l.Spent():
		h.State = HotSpent
	case !l.DeletedAt.IsZero() && !(l.Usage == UsageSingle && l.SlotsHeld > 0):
		h.State = HotDeleted
	case l.Slots() > 0 && l.PaidCount+l.SlotsHeld >= l.Slots():
		h.State = HotBusy // also once deleted: its one payer may have been charged, and reads that first
	case !l.RestingSince.IsZero():
		h.State = HotResting
	}
	return h
}

// HotState is what may be done with a link apart from its dates. The bytes are the wire form.
type HotState byte

const (
	HotOpen    HotState = 'o'
	HotBusy    HotState = 'b' // every free slot is taken by a payment being authorised or confirmed
	HotSpent   HotState = 's'
	HotDeleted HotState = 'd'
	HotResting HotState = 'r'
)

// Hot is the copy of a link that every view reads: small, versioned, rebuilt from the ledger when
// it is missing. Times have a resolution of one millisecond.
type Hot struct {
	Token        Token
	Link         LinkID
	Merchant     MerchantID
	Rev          int64
	Version      int64
	State        HotState
	ActiveFrom   time.Time
	ExpiresAt    time.Time
	Open         bool
	Amount       Money
	MinMinor     int64
	MaxMinor     int64
	Description  string
	Order        OrderNumber
	PayerNote    bool
	Sale         Sale
	Installments []int
	Category     string
	PaidBy       PaymentID
	PaidAt       time.Time
	Asks         string // Link.Fields as EncodeFields writes them
	Items        string // Link.Items as EncodeItems writes them
	Counted      bool   // the page says how often the link was paid:
	Made         int    // that often,
	Most         int    // of at most that; 0 = no limit

	terms string // Terms, worked out ahead; "" = not yet
}

// Check answers nil when the link may be opened for payment at now, else why not. Payment wins
// over deletion and expiry; what is busy stays busy past its expiry, since whoever was admitted in
// time may finish (invariant I25).
func (h Hot) Check(now time.Time) error {
	switch h.State {
	case HotSpent:
		return ErrPaid
	case HotBusy:
		return ErrBusy
	case HotDeleted:
		return ErrDeleted
	}
	switch {
	case !now.Before(h.ExpiresAt):
		return ErrExpired
	case now.Before(h.ActiveFrom):
		return ErrNotActiveYet
	case h.State == HotResting:
		return ErrResting
	}
	return nil
}

// instalments says whether the link allows any: which ones, its card decides.
func (h Hot) instalments() bool {
	return h.Installments == nil || slices.ContainsFunc(h.Installments, func(n int) bool { return n > 1 })
}

// Terms is a short digest of what the page showed and the payer agrees to by paying (A28). A form
// that carries another digest than the link has now is answered with the new terms.
func (h Hot) Terms() string {
	if h.terms != "" {
		return h.terms
	}
	var space [640]byte // most links fit; append grows it for the others
	b := space[:0]
	text := func(s string) {
		b = strconv.AppendInt(b, int64(len(s)), 10) // lengths keep two texts apart
		b = append(append(b, ':'), s...)
	}
	number := func(n int64) { b = append(strconv.AppendInt(b, n, 10), ';') }
	text(string(h.Link))
	b = strconv.AppendBool(b, h.Open)
	number(h.Amount.Minor)
	text(string(h.Amount.Currency))
	number(h.MinMinor)
	number(h.MaxMinor)
	text(h.Description)
	text(string(h.Order))
	b = strconv.AppendBool(b, h.Installments == nil)
	for _, n := range h.Installments {
		number(int64(n))
	}
	if h.Sale != SaleCollection {
		text(string(h.Sale))
	}
	if h.Asks != "" { // a link without any keeps the digest that it had before there were fields
		text(h.Asks)
	}
	if h.Items != "" {
		text("items")
		text(h.Items)
	}
	sum := sha256.Sum256(b)
	var out [12]byte
	base64.RawURLEncoding.Encode(out[:], sum[:9])
	return string(out[:])
}

// WithTerms is the copy with its Terms worked out, for a store that answers it more than once. What
// Terms is made of may not be changed in it afterwards.
func (h Hot) WithTerms() Hot {
	h.terms = ""
	h.terms = h.Terms()
	return h
}

// openAmount reads the payer's amount on an open link and holds it against the link's bounds. It
// answers a field error code, "" when the amount is good.
func (h Hot) openAmount(text string, typed bool) (minor int64, code string) {
	if strings.TrimSpace(text) == "" {
		return 0, "required"
	}
	m := Money{Currency: h.Amount.Currency}
	var err error
	if typed {
		m, err = ParseTyped(text, h.Amount.Currency)
	} else if !allDigits(text) || len(text) > 18 || text[0] == '0' {
		err = ErrAmount
	} else {
		m.Minor, err = strconv.ParseInt(text, 10, 64)
	}
	switch {
	case err != nil:
		return 0, "amount_format"
	case m.Minor < h.MinMinor || (h.MaxMinor > 0 && m.Minor > h.MaxMinor) || m.Minor <= 0:
		return 0, "amount_range"
	}
	return m.Minor, ""
}
