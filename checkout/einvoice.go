package checkout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// InvoiceFacts is what an e-invoice says of itself, as far as its link needs it. Days are "2026-11-22".
type InvoiceFacts struct {
	UUID     string // ETTN, in small letters: what names the invoice, whatever its number
	Number   string
	Amount   Money // payable
	IssuedOn string
	DueOn    string // "" = the invoice names no day
	Profile  string // TEMELFATURA, TICARIFATURA, …
	Type     string // SATIS, TEVKIFAT, …
	Supplier Party  // who collects
	Customer Party
}

// Party is a side of an invoice, by VKN (ten digits) or TCKN (eleven).
type Party struct{ TaxNumber, Name string }

// EInvoice is an invoice that carries a payment link. It never changes.
type EInvoice struct {
	InvoiceFacts
	ID        EInvoiceID
	Merchant  MerchantID
	Link      LinkID
	Digest    []byte // SHA-256 of the document with the note
	CreatedAt time.Time
}

// NewEInvoice is an invoice about to be stored with its link.
type NewEInvoice struct {
	EInvoice
	Document []byte // with the note
}

// EInvoiceStatus is how an invoice stands: what the link that it carries came to.
type EInvoiceStatus string

const (
	EInvoiceWaiting   EInvoiceStatus = "waiting"
	EInvoicePaid      EInvoiceStatus = "paid"
	EInvoiceReturned  EInvoiceStatus = "returned"  // paid, and all of it went back
	EInvoiceExpired   EInvoiceStatus = "expired"   // nobody paid in time
	EInvoiceWithdrawn EInvoiceStatus = "withdrawn" // the link was deleted
)

// EInvoiceStatuses lists them in the order of a link's life.
var EInvoiceStatuses = []EInvoiceStatus{EInvoiceWaiting, EInvoicePaid, EInvoiceReturned, EInvoiceExpired, EInvoiceWithdrawn}

// LinkedInvoice is an invoice with its link as it is now.
type LinkedInvoice struct {
	EInvoice
	Of       Link
	Returned bool // the payment of the link was voided, or refunded whole
}

// Status is what the API shows at now.
func (i LinkedInvoice) Status(now time.Time) EInvoiceStatus {
	switch s := i.Of.Status(now); {
	case s == LinkPaid && i.Returned:
		return EInvoiceReturned
	case s == LinkPaid:
		return EInvoicePaid
	case s == LinkDeleted:
		return EInvoiceWithdrawn
	case s == LinkExpired:
		return EInvoiceExpired
	}
	return EInvoiceWaiting
}

// EInvoiceQuery selects invoices of one merchant, newest first.
type EInvoiceQuery struct {
	Merchant MerchantID
	Status   EInvoiceStatus // "" = any
	Text     string         // in number, UUID, customer
	From, To time.Time      // when the link was made
	Overdue  Day            // only those due before this day that nobody has paid; "" = all
	Maker    UserID         // only those that he linked in the panel; "" = all
	Limit    int
	Cursor   string
}

// EInvoiceSum is what invoices of one status and currency come to.
type EInvoiceSum struct {
	Status   EInvoiceStatus
	Overdue  bool // due before the day that was asked for, and not paid
	Currency Currency
	Invoices int64
	Minor    int64
}

// EInvoiceLedger keeps invoices with links, which LinkLedger.CreateLink writes, and registrations.
type EInvoiceLedger interface {
	// EInvoiceOf is for the merchant. ErrNoEInvoice also for somebody else's.
	EInvoiceOf(ctx context.Context, m MerchantID, id EInvoiceID) (LinkedInvoice, error)
	// EInvoiceByUUID finds the merchant's invoice with this UUID, in small letters. ErrNoEInvoice.
	EInvoiceByUUID(ctx context.Context, m MerchantID, uuid string) (LinkedInvoice, error)
	// EInvoiceDocument answers the invoice with the note. ErrNoEInvoice.
	EInvoiceDocument(ctx context.Context, m MerchantID, id EInvoiceID) ([]byte, error)
	// SearchEInvoices answers a page and the cursor of the next one, "" at the end. A cursor that no page
	// gave is ErrCursor.
	SearchEInvoices(ctx context.Context, q EInvoiceQuery) ([]LinkedInvoice, string, error)
	// SumEInvoices adds up a merchant's invoices; maker as in EInvoiceQuery, today is what Overdue is told by.
	SumEInvoices(ctx context.Context, m MerchantID, maker UserID, today Day) ([]EInvoiceSum, error)
	// SaveRegistration makes a registration, or ends it. ErrRegistered while the merchant has one with this
	// intermediary that has not ended, ErrNoRegistration for an id that belongs to somebody else, ErrKeyKnown.
	SaveRegistration(ctx context.Context, r Registration, e Event, i Idempotency) error
	// Registrations answers all of a merchant's, newest first.
	Registrations(ctx context.Context, m MerchantID) ([]Registration, error)
}

// payAfterDue is how long after its last day an invoice's link can be paid: people pay late.
const payAfterDue = 30 * 24 * time.Hour

// maxInvoiceLife bounds a link whose invoice names a day far away.
const maxInvoiceLife = 366 * 24 * time.Hour

// istanbul is where days of invoices begin. Without a zone database it is what it has been since 2016.
var istanbul = sync.OnceValue(func() *time.Location {
	if zone, err := time.LoadLocation("Europe/Istanbul"); err == nil {
		return zone
	}
	return time.FixedZone("TRT", 3*60*60)
})

// invoiceEnd is the midnight in Istanbul that ends the link of an invoice: thirty days after its due day, or
// after today, whichever is later.
func invoiceEnd(due string, now time.Time) time.Time {
	zone := istanbul()
	y, m, d := now.In(zone).Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if at, err := time.ParseInLocation(time.DateOnly, due, zone); err == nil && at.After(day) {
		day = at
	}
	if day.After(now.Add(maxInvoiceLife - payAfterDue)) {
		day = now.Add(maxInvoiceLife - payAfterDue).In(zone)
		y, m, d = day.Date()
		day = time.Date(y, m, d, 0, 0, 0, 0, zone)
	}
	return day.Add(payAfterDue).AddDate(0, 0, 1).Add(-time.Second).UTC() // told as 23:59 wherever it is told
}

// InvoiceNote is the text that stands in the invoice, and OwnNote how every one of this gateway begins.
func (s *Service) InvoiceNote(l Link) string {
	last := l.ExpiresAt.Add(-time.Second).In(istanbul())
	return fmt.Sprintf("%s%s (%s'a kadar)", notePrefix, s.LinkURL(l.Token), last.Format("02.01.2006 15:04"))
}

// OwnNote is how the note of a link of this gateway begins.
func (s *Service) OwnNote() string { return notePrefix + s.LinkURL("") }

const notePrefix = "Ödeme linki: "

// LinkEInvoice makes the link of an invoice, or finds the one that its UUID has; made tells which. write puts
// a note into the document; it is called once the link's address is known, and what it answers is stored.
// ErrNotRegistered, ErrEInvoiceSupplier, ErrEInvoiceChanged, ErrCurrency, ErrKeyKnown.
func (s *Service) LinkEInvoice(ctx context.Context, by By, m MerchantID, f InvoiceFacts, write func(note, own string) []byte, idem func(LinkedInvoice) (Idempotency, error)) (i LinkedInvoice, made bool, err error) {
	have, err := s.Ledger.EInvoiceByUUID(ctx, m, f.UUID)
	if err == nil {
		return have, false, have.differs(f)
	}
	if !errors.Is(err, ErrNoEInvoice) {
		return LinkedInvoice{}, false, err
	}
	if err := s.mayLink(ctx, m, f); err != nil {
		return LinkedInvoice{}, false, err
	}
	i, err = s.linkInvoice(ctx, by, m, f, write, idem)
	if errors.Is(err, ErrEInvoiceKnown) { // somebody else was first
		have, err := s.Ledger.EInvoiceByUUID(ctx, m, f.UUID)
		return have, false, errors.Join(err, have.differs(f))
	}
	return i, err == nil, err
}

// differs says whether an invoice with the UUID of another one is not the same any more.
func (i LinkedInvoice) differs(f InvoiceFacts) error {
	if i.ID != "" && (i.Number != f.Number || i.Amount != f.Amount || i.Supplier.TaxNumber != f.Supplier.TaxNumber) {
		return ErrEInvoiceChanged
	}
	return nil
}

// mayLink holds an invoice against the merchant's registrations.
func (s *Service) mayLink(ctx context.Context, m MerchantID, f InvoiceFacts) error {
	all, err := s.Ledger.Registrations(ctx, m)
	if err != nil {
		return err
	}
	refused := error(ErrNotRegistered)
	for _, r := range all {
		switch {
		case !r.EndedAt.IsZero():
		case r.TaxNumber != "" && r.TaxNumber != f.Supplier.TaxNumber:
			refused = ErrEInvoiceSupplier
		default:
			return nil
		}
	}
	return refused
}

func (s *Service) linkInvoice(ctx context.Context, by By, m MerchantID, f InvoiceFacts, write func(note, own string) []byte, idem func(LinkedInvoice) (Idempotency, error)) (LinkedInvoice, error) {
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return LinkedInvoice{}, err
	}
	now := s.Clock.Now()
	f.Supplier.Name, f.Customer.Name = named(f.Supplier.Name), named(f.Customer.Name)
	terms := LinkTerms{Amount: f.Amount, Description: "Fatura", ExpiresAt: invoiceEnd(f.DueOn, now), Customer: Customer{Name: f.Customer.Name}}
	if !HoldsCard(f.Number) {
		terms.Description += " " + f.Number
	}
	i := LinkedInvoice{EInvoice: EInvoice{InvoiceFacts: f, ID: s.IDs.EInvoice(), Merchant: m, CreatedAt: now}}
	i.Of, err = s.makeLink(ctx, by, shop, terms, s.invoiceNumbers(f), func(n *NewLink) (err error) {
		document := write(s.InvoiceNote(n.Link), s.OwnNote())
		sum := sha256.Sum256(document)
		i.Link, i.Digest, i.Of = n.Link.ID, bytes.Clone(sum[:]), n.Link
		n.Invoice = &NewEInvoice{EInvoice: i.EInvoice, Document: document}
		if idem != nil {
			n.Idem, err = idem(i)
		}
		return err
	})
	return i, err
}

// invoiceNumbers are the order numbers of an invoice's link: the invoice's own number; where that was ever
// used, the number and the UUID, which no other invoice has; and where somebody gave that to a link by hand,
// one of ours. So it never ends in a number that is taken, and the ledger's constraint has the last word.
func (s *Service) invoiceNumbers(f InvoiceFacts) func(try int) OrderNumber {
	var own []OrderNumber
	for _, n := range []string{f.Number, f.Number + "." + strings.ReplaceAll(f.UUID, "-", "")} {
		if len(n) <= maxOrder && orderShape.MatchString(n) && !HoldsCard(n) {
			own = append(own, OrderNumber(n))
		}
	}
	return func(try int) OrderNumber {
		if try < len(own) {
			return own[try]
		}
		return s.madeNumber(try - len(own))
	}
}

// named is a name as lists may show it, "" for one with marks that are not shown anywhere.
func named(name string) string {
	if len([]rune(name)) > maxPerson {
		name = strings.TrimSpace(string([]rune(name)[:maxPerson]))
	}
	if checkPerson(name) != "" {
		return ""
	}
	return name
}
