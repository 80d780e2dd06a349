package storetest

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// EInvoice is an invoice for a link that is not stored yet.
func (b *Books) EInvoice(l checkout.Link, change ...func(*checkout.NewEInvoice)) *checkout.NewEInvoice {
	id := b.IDs.EInvoice()
	n := &checkout.NewEInvoice{Document: []byte("<Invoice>\r\n" + strings.Repeat("<!-- ğüşİ -->", 999) + string(id) + "</Invoice>")}
	sum := sha256.Sum256(n.Document)
	n.EInvoice = checkout.EInvoice{
		ID: id, Merchant: l.Merchant, Link: l.ID, Digest: sum[:], CreatedAt: b.Clock.Now(),
		InvoiceFacts: checkout.InvoiceFacts{
			UUID: fmt.Sprintf("f47ac10b-58cc-4372-a567-%x", b.IDs.Bytes(6)), Number: "ABC2026000000001", Amount: l.Amount, IssuedOn: "2026-11-22", DueOn: "2026-12-01",
			Profile: "TICARIFATURA", Type: "SATIS", Supplier: checkout.Party{TaxNumber: "1288331521", Name: "Ahşap A.Ş."},
			Customer: checkout.Party{TaxNumber: "12345678901", Name: "Işıl İnce"},
		},
	}
	for _, c := range change {
		c(n)
	}
	return n
}

// Carried stores a link with the invoice that carries it.
func (b *Books) Carried(change ...func(*checkout.NewEInvoice)) checkout.LinkedInvoice {
	b.Helper()
	n := b.New(b.Link())
	n.Invoice = b.EInvoice(n.Link, change...)
	b.must(b.Ledger.CreateLink(b.ctx, n))
	return checkout.LinkedInvoice{EInvoice: n.Invoice.EInvoice, Of: b.ReadLink(n.Link.ID)}
}

func einvoiceFields(b *Books) {
	n := b.New(b.Link())
	n.Invoice = b.EInvoice(n.Link)
	b.must(b.Ledger.CreateLink(b.ctx, n))
	want := checkout.LinkedInvoice{EInvoice: n.Invoice.EInvoice, Of: b.ReadLink(n.Link.ID)}
	got, err := b.Ledger.EInvoiceOf(b.ctx, b.Merchant, want.ID)
	b.must(err)
	b.equal("by id", got, want)
	got, err = b.Ledger.EInvoiceByUUID(b.ctx, b.Merchant, want.UUID)
	b.must(err)
	b.equal("by UUID", got, want)
	document, err := b.Ledger.EInvoiceDocument(b.ctx, b.Merchant, want.ID)
	b.must(err)
	b.equal("document", string(document), string(n.Invoice.Document))
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(want.Link))
	b.must(err)
	b.equal("events", []any{len(events), events[1].Type, events[1].Data["einvoice"]}, []any{2, "einvoice.linked", string(want.ID)})
	b.equal("an edit goes on from there", b.Pay(want.Of).Status, checkout.StatusPaid)
}

func einvoiceForeign(b *Books) {
	mine := b.Carried()
	other := b.NewMerchant()
	_, err := b.Ledger.EInvoiceOf(b.ctx, other, mine.ID)
	b.want(err, checkout.ErrNoEInvoice)
	_, err = b.Ledger.EInvoiceByUUID(b.ctx, other, mine.UUID)
	b.want(err, checkout.ErrNoEInvoice)
	_, err = b.Ledger.EInvoiceDocument(b.ctx, other, mine.ID)
	b.want(err, checkout.ErrNoEInvoice)
	found, _, err := b.Ledger.SearchEInvoices(b.ctx, checkout.EInvoiceQuery{Merchant: other})
	b.must(err)
	b.equal("listed", len(found), 0)
	b.Merchant = other
	theirs := b.Carried(func(n *checkout.NewEInvoice) { n.UUID = mine.UUID })
	b.equal("another merchant's UUID is its own", theirs.ID != mine.ID, true)
}

func einvoiceOnce(b *Books) {
	first := b.EInvoice(b.Link())
	errs := together(100, func(int) error {
		n := b.New(b.Link())
		n.Invoice = b.EInvoice(n.Link, func(n *checkout.NewEInvoice) { n.UUID = first.UUID })
		return b.Ledger.CreateLink(b.ctx, n)
	})
	b.equal("ends", tally(errs), map[string]int{"": 1, "einvoice_known": 99})
	links, _, err := b.Ledger.SearchLinks(b.ctx, checkout.LinkQuery{Merchant: b.Merchant, Limit: 100})
	b.must(err)
	b.equal("links", len(links), 1)
	taken := b.New(b.Link(func(l *checkout.Link) { l.Order = links[0].Order }))
	taken.Invoice = b.EInvoice(taken.Link)
	b.want(b.Ledger.CreateLink(b.ctx, taken), checkout.ErrOrderTaken)
	_, err = b.Ledger.EInvoiceByUUID(b.ctx, b.Merchant, taken.Invoice.UUID)
	b.want(err, checkout.ErrNoEInvoice)
}

func searchEInvoices(b *Books) {
	start := b.Clock.Now()
	paid := b.Carried(func(n *checkout.NewEInvoice) { n.Number, n.Customer.Name = "KIŞ2026000000009", "Çağrı" })
	b.Pay(paid.Of)
	b.Clock.Advance(time.Second)
	returned := b.Carried()
	p := b.Pay(returned.Of)
	r := b.Refund(p)
	b.GiveBack(b.AskBack(p, r), r)
	b.Clock.Advance(time.Second)
	withdrawn := b.Carried()
	gone := withdrawn.Of
	gone.DeletedAt = b.Clock.Now()
	_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: withdrawn.Of, To: gone, Event: b.Event("link.deleted")})
	b.must(err)
	b.Clock.Advance(time.Second)
	expired := b.Carried()
	b.Clock.Set(expired.Of.ExpiresAt)
	waiting := b.Carried()
	find := func(q checkout.EInvoiceQuery) string {
		b.Helper()
		q.Merchant = b.Merchant
		var ids []string
		for {
			found, next, err := b.Ledger.SearchEInvoices(b.ctx, q)
			b.must(err)
			for _, i := range found {
				ids = append(ids, string(i.ID))
				if q.Status != "" && i.Status(b.Clock.Now()) != q.Status {
					b.Errorf("%s among %s", i.Status(b.Clock.Now()), q.Status)
				}
			}
			if q.Cursor = next; next == "" {
				return strings.Join(ids, " ")
			}
		}
	}
	ids := func(all ...checkout.LinkedInvoice) string {
		var out []string
		for _, i := range all {
			out = append(out, string(i.ID))
		}
		return strings.Join(out, " ")
	}
	b.equal("all", find(checkout.EInvoiceQuery{}), ids(waiting, expired, withdrawn, returned, paid))
	b.equal("page by page", find(checkout.EInvoiceQuery{Limit: 1}), ids(waiting, expired, withdrawn, returned, paid))
	for status, want := range map[checkout.EInvoiceStatus]checkout.LinkedInvoice{
		checkout.EInvoicePaid: paid, checkout.EInvoiceReturned: returned, checkout.EInvoiceWithdrawn: withdrawn, checkout.EInvoiceExpired: expired, checkout.EInvoiceWaiting: waiting,
	} {
		b.equal(string(status), find(checkout.EInvoiceQuery{Status: status}), ids(want))
	}
	b.equal("no status", find(checkout.EInvoiceQuery{Status: "x"}), "")
	b.equal("number, whatever its letters", find(checkout.EInvoiceQuery{Text: "kis"}), "")
	b.equal("number, with Turkish letters", find(checkout.EInvoiceQuery{Text: "kış2026"}), ids(paid))
	b.equal("customer", find(checkout.EInvoiceQuery{Text: "ÇAĞRI"}), ids(paid))
	b.equal("UUID", find(checkout.EInvoiceQuery{Text: strings.ToUpper(waiting.UUID)}), ids(waiting))
	b.equal("from", find(checkout.EInvoiceQuery{From: expired.CreatedAt}), ids(waiting, expired))
	b.equal("to", find(checkout.EInvoiceQuery{From: start, To: returned.CreatedAt}), ids(paid))
	_, _, err = b.Ledger.SearchEInvoices(b.ctx, checkout.EInvoiceQuery{Merchant: b.Merchant, Cursor: "x"})
	b.want(err, checkout.ErrCursor)
}

// Registration is one with our own kind of intermediary; it is not stored.
func (b *Books) Registration() checkout.Registration {
	return checkout.Registration{
		ID: b.IDs.Registration(), Merchant: b.Merchant, Intermediary: checkout.IntermediaryOdelink, CustomerID: checkout.OwnCustomerID("00000001"),
		TaxNumber: "1288331521", CreatedAt: b.Clock.Now(),
	}
}

func (b *Books) registers(r checkout.Registration) error {
	return b.Ledger.SaveRegistration(b.ctx, r, b.Event("einvoice.registered"), checkout.Idempotency{})
}

func registrationOnce(b *Books) {
	errs := together(20, func(int) error { return b.registers(b.Registration()) })
	b.equal("ends", tally(errs), map[string]int{"": 1, "einvoice_registration_exists": 19})
	all, err := b.Ledger.Registrations(b.ctx, b.Merchant)
	b.must(err)
	first := all[0]
	other := b.Registration()
	other.Intermediary = "another"
	b.must(b.registers(other))
	b.Clock.Advance(time.Second)
	ended := first
	ended.EndedAt, ended.CustomerID = b.Clock.Now(), "changed"
	b.must(b.registers(ended))
	ended.CustomerID = first.CustomerID // of one that is there only its end is written
	b.Clock.Advance(time.Second)
	again := b.Registration()
	b.must(b.registers(again))
	all, err = b.Ledger.Registrations(b.ctx, b.Merchant)
	b.must(err)
	b.equal("newest", all[0], again)
	b.equal("there", map[checkout.RegistrationID]checkout.Registration{all[1].ID: all[1], all[2].ID: all[2]},
		map[checkout.RegistrationID]checkout.Registration{other.ID: other, ended.ID: ended})
}

func registrationKey(b *Books) {
	r := b.Registration()
	idem := checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte("r"), Status: 201, Body: []byte(`{}`)}
	b.must(b.Ledger.SaveRegistration(b.ctx, r, b.Event("einvoice.registered"), idem))
	b.want(b.Ledger.SaveRegistration(b.ctx, b.Registration(), b.Event("einvoice.registered"), idem), checkout.ErrKeyKnown)
	kept, found, err := b.Ledger.Answer(b.ctx, b.Merchant, "once")
	b.must(err)
	b.equal("kept", []any{found, kept.Status}, []any{true, 201})
	b.Merchant = b.NewMerchant()
	theirs := b.Registration()
	theirs.ID = r.ID
	b.want(b.registers(theirs), checkout.ErrNoRegistration)
	all, err := b.Ledger.Registrations(b.ctx, b.Merchant)
	b.must(err)
	b.equal("theirs", len(all), 0)
	theirs = b.Registration()
	theirs.Merchant = "mer_0000000000000000000000"
	b.want(b.registers(theirs), checkout.ErrNoMerchant)
}
