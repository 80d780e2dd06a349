package sqlstore

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"github.com/odelink/odelink/checkout"
)

var (
	einvoices = newTable("einvoices", `id:t merchant:t link:t uuid:t number:t currency:t amount:n issued_on:t due_on:t
		profile:t type:t supplier_tax:t supplier_name:t customer_tax:t customer_name:t digest:b created_at:n search:t`)
	einvoiceBound = einvoices.from("search")

	einvoiceDocuments = newTable("einvoice_documents", "einvoice:t data:b")

	registrations   = newTable("einvoice_registrations", "id:t merchant:t intermediary:t customer_id:t tax_number:t created_at:n ended_at:n")
	registrationEnd = newUpdate(registrations, "merchant", "ended_at")
)

func einvoiceValues(i checkout.EInvoice) []any {
	return []any{
		string(i.ID), string(i.Merchant), string(i.Link), i.UUID, i.Number, string(i.Amount.Currency), i.Amount.Minor, i.IssuedOn, i.DueOn,
		i.Profile, i.Type, i.Supplier.TaxNumber, i.Supplier.Name, i.Customer.TaxNumber, i.Customer.Name, blank(i.Digest), micros(i.CreatedAt),
		fold(strings.Join([]string{i.Number, i.UUID, i.Customer.Name, i.Customer.TaxNumber}, "\n")),
	}
}

func scanEInvoice(r row) checkout.EInvoice {
	var i checkout.EInvoice
	i.ID, i.Merchant, i.Link = checkout.EInvoiceID(r.text()), checkout.MerchantID(r.text()), checkout.LinkID(r.text())
	i.UUID, i.Number, i.Amount.Currency, i.Amount.Minor = r.text(), r.text(), checkout.Currency(r.text()), r.num()
	i.IssuedOn, i.DueOn, i.Profile, i.Type = r.text(), r.text(), r.text(), r.text()
	i.Supplier = checkout.Party{TaxNumber: r.text(), Name: r.text()}
	i.Customer = checkout.Party{TaxNumber: r.text(), Name: r.text()}
	i.Digest, i.CreatedAt = r.blob(), fromMicros(r.num())
	_ = r.text() // what it is searched by follows from the rest
	return i
}

func einvoicePair(i checkout.EInvoice) pair { return pair{string(i.Merchant), i.UUID} }

// mayCarry refuses an invoice that has a link.
func (w *work) mayCarry(n checkout.NewLink) error {
	if n.Invoice != nil && w.einvoices[einvoicePair(n.Invoice.EInvoice)] {
		return checkout.ErrEInvoiceKnown.Because(fmt.Errorf("create link %s", n.Link.ID))
	}
	return nil
}

// carries notes that an invoice has a link.
func (w *work) carries(invoice pair) {
	if w.einvoices == nil {
		w.einvoices = map[pair]bool{}
	}
	w.einvoices[invoice] = true
}

// carry writes the invoice of a link, and the line of the link's chain that vouches for it.
func (w *work) carry(l *linkState, n checkout.NewLink) error {
	if n.Invoice == nil {
		return nil
	}
	packed, err := pack(n.Invoice.Document)
	if err != nil {
		return err
	}
	i := n.Invoice.EInvoice
	values := einvoiceValues(i)
	e := n.Event
	e.Type, e.Merchant, e.Subject = "einvoice.linked", l.Merchant, string(l.ID)
	e.Data = map[string]string{"einvoice": string(i.ID), "uuid": i.UUID}
	line := w.event(e, l.seq+1, l.head, string(i.ID), w.keys.digest(einvoices.name, values[:einvoiceBound]))
	if err := w.record(line, ""); err != nil {
		return err
	}
	l.seq, l.head = line.Seq, line.Hash
	w.carries(einvoicePair(i))
	w.newEInvoices = append(w.newEInvoices, values)
	w.newDocuments = append(w.newDocuments, []any{string(i.ID), packed})
	return nil
}

// pack makes a document small: most of one is a style sheet in base64.
func pack(document []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(document); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z) // as large as what was packed here
}

// EInvoiceOf is for the merchant.
func (s *Store) EInvoiceOf(ctx context.Context, m checkout.MerchantID, id checkout.EInvoiceID) (checkout.LinkedInvoice, error) {
	return s.oneEInvoice(ctx, "id = ?", string(m), string(id))
}

// EInvoiceByUUID finds the merchant's invoice with this UUID.
func (s *Store) EInvoiceByUUID(ctx context.Context, m checkout.MerchantID, uuid string) (checkout.LinkedInvoice, error) {
	return s.oneEInvoice(ctx, "uuid = ?", string(m), uuid)
}

func (s *Store) oneEInvoice(ctx context.Context, by, merchant, value string) (checkout.LinkedInvoice, error) {
	f := &filter{}
	f.add("merchant = ?", merchant)
	f.add(by, value)
	found, err := s.linkedInvoices(ctx, merchant, "SELECT "+einvoices.list+" FROM einvoices WHERE "+strings.Join(f.where, " AND "), f.args)
	if err == nil && len(found) == 0 {
		err = checkout.ErrNoEInvoice
	}
	if err != nil {
		return checkout.LinkedInvoice{}, err
	}
	return found[0], nil
}

// linkedInvoices answers the invoices of a question with their links, and what became of those's payments, at
// one moment.
func (s *Store) linkedInvoices(ctx context.Context, merchant, text string, args []any) (out []checkout.LinkedInvoice, err error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	err = s.reading(ctx, true, func(q querier) error {
		out = nil
		db := bounded{q, ctx}
		err := db.query(ctx, text, func(r row) error {
			out = append(out, checkout.LinkedInvoice{EInvoice: scanEInvoice(r)})
			return nil
		}, args...)
		if err != nil || len(out) == 0 {
			return err
		}
		of := map[checkout.LinkID]int{}
		ids := make([]any, len(out))
		for n, i := range out {
			of[i.Link], ids[n] = n, string(i.Link)
		}
		err = db.query(ctx, "SELECT "+links.list+" FROM links WHERE id IN ("+holes(2, len(ids))+") AND merchant || '' = $1", func(r row) error {
			l, err := scanLink(r)
			if err == nil {
				out[of[l.ID]].Of = l.Link
			}
			return err
		}, append([]any{merchant}, ids...)...)
		if err != nil {
			return err
		}
		return db.query(ctx, "SELECT links.id FROM "+wentBack+" AND links.id IN ("+holes(1, len(ids))+")", func(r row) error {
			out[of[checkout.LinkID(r.text())]].Returned = true
			return nil
		}, ids...)
	})
	return out, err
}

// wentBack are links, each with the payment that paid it, all of whose money went back.
const wentBack = "links JOIN payments ON payments.id = links.paid_by WHERE payments.status IN ('voided', 'refunded')"

// holes writes n parameters from $first on.
func holes(first, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(all, ", ")
}

// EInvoiceDocument answers the invoice with the note, if it still is what the audit trail vouches for.
func (s *Store) EInvoiceDocument(ctx context.Context, m checkout.MerchantID, id checkout.EInvoiceID) ([]byte, error) {
	var digest, packed []byte
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT i.digest, d.data FROM einvoices i JOIN einvoice_documents d ON d.einvoice = i.id WHERE i.id = $1 AND i.merchant = $2", func(r row) error {
			digest, packed = r.blob(), r.blob()
			return nil
		}, string(id), string(m))
	})
	if err != nil {
		return nil, err
	}
	if packed == nil {
		return nil, checkout.ErrNoEInvoice
	}
	document, err := unpack(packed)
	if sum := sha256.Sum256(document); err != nil || !bytes.Equal(sum[:], digest) {
		return nil, fmt.Errorf("the document of e-invoice %s is not the one that was stored", id)
	}
	return document, nil
}

func isEInvoice(id string) bool { return checkout.EInvoiceID(id).Valid() }

// SearchEInvoices answers a page of a merchant's invoices, newest first, and the cursor of the next.
func (s *Store) SearchEInvoices(ctx context.Context, q checkout.EInvoiceQuery) ([]checkout.LinkedInvoice, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	if q.Text != "" {
		f.add(`search LIKE ? ESCAPE '\'`, like(q.Text))
	}
	f.between(q.From, q.To)
	if q.Maker != "" {
		f.add("link IN (SELECT link FROM link_makers WHERE merchant = ? AND maker = ?)", string(q.Merchant), string(q.Maker))
	}
	if q.Overdue != "" {
		f.add("due_on <> '' AND due_on < ? AND EXISTS (SELECT 1 FROM links WHERE links.id = einvoices.link AND NOT "+spent+" AND deleted_at = 0)", string(q.Overdue))
	}
	if q.Status != "" {
		if err := s.ofStatus(ctx, f, q.Status); err != nil {
			return nil, "", err
		}
	}
	text, err := f.page(einvoices, isEInvoice, q.Cursor, limit)
	if err != nil {
		return nil, "", err
	}
	out, err := s.linkedInvoices(ctx, string(q.Merchant), text, f.args)
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// ofStatus is LinkedInvoice.Status in SQL, by the link's own columns. A word that is no status finds nothing.
func (s *Store) ofStatus(ctx context.Context, f *filter, status checkout.EInvoiceStatus) error {
	const (
		link = "EXISTS (SELECT 1 FROM links WHERE links.id = einvoices.link AND "
		back = "EXISTS (SELECT 1 FROM " + wentBack + " AND links.id = einvoices.link)"
		live = link + "NOT " + spent + " AND deleted_at = 0 AND expires_at "
	)
	var now int64
	err := s.read(ctx, func(q querier) (err error) {
		now, err = s.clock(ctx, q)
		return err
	})
	switch status {
	case checkout.EInvoiceWaiting:
		f.add(live+"> ?)", now)
	case checkout.EInvoiceExpired:
		f.add(live+"<= ?)", now)
	case checkout.EInvoicePaid:
		f.add(link + spent + ") AND NOT " + back)
	case checkout.EInvoiceReturned:
		f.add(link + spent + ") AND " + back)
	case checkout.EInvoiceWithdrawn:
		f.add(link + "NOT " + spent + " AND deleted_at > 0)")
	default:
		f.add("1 = 0")
	}
	return err
}

// SumEInvoices adds up a merchant's invoices by what LinkedInvoice.Status says of them.
func (s *Store) SumEInvoices(ctx context.Context, m checkout.MerchantID, maker checkout.UserID, today checkout.Day) (out []checkout.EInvoiceSum, err error) {
	err = s.readWithin(ctx, reportTime, func(q querier) error {
		now, err := s.clock(ctx, q)
		if err != nil {
			return err
		}
		mine := ""
		args := []any{string(m), now, string(today)}
		if maker != "" {
			mine = " AND i.link IN (SELECT link FROM link_makers WHERE merchant = $1 AND maker = $4)"
			args = append(args, string(maker))
		}
		out = nil
		// PostgreSQL's sum of bigint is a numeric; nobody collects 2^63 minor units.
		return q.query(ctx, `SELECT status, overdue, currency, COUNT(*), CAST(SUM(amount) AS BIGINT) FROM (
			SELECT i.currency AS currency, i.amount AS amount,
				CASE WHEN `+spent+` AND EXISTS (SELECT 1 FROM payments WHERE payments.id = l.paid_by AND payments.status IN ('voided', 'refunded')) THEN 'returned'
					WHEN `+spent+` THEN 'paid' WHEN deleted_at > 0 THEN 'withdrawn' WHEN expires_at <= $2 THEN 'expired' ELSE 'waiting' END AS status,
				CASE WHEN i.due_on <> '' AND i.due_on < $3 AND NOT `+spent+` AND deleted_at = 0 THEN 1 ELSE 0 END AS overdue
			FROM einvoices AS i JOIN links AS l ON l.id = i.link WHERE i.merchant = $1`+mine+`) AS each_one
			GROUP BY status, overdue, currency ORDER BY status, overdue, currency`, func(r row) error {
			out = append(out, checkout.EInvoiceSum{
				Status: checkout.EInvoiceStatus(r.text()), Overdue: r.num() == 1, Currency: checkout.Currency(r.text()), Invoices: r.num(), Minor: r.num(),
			})
			return nil
		}, args...)
	})
	return out, err
}

func registrationValues(r checkout.Registration) []any {
	return []any{string(r.ID), string(r.Merchant), r.Intermediary, r.CustomerID, r.TaxNumber, micros(r.CreatedAt), micros(r.EndedAt)}
}

func scanRegistration(r row) checkout.Registration {
	return checkout.Registration{
		ID: checkout.RegistrationID(r.text()), Merchant: checkout.MerchantID(r.text()), Intermediary: r.text(), CustomerID: r.text(),
		TaxNumber: r.text(), CreatedAt: fromMicros(r.num()), EndedAt: fromMicros(r.num()),
	}
}

// SaveRegistration makes a registration, or ends it.
func (s *Store) SaveRegistration(ctx context.Context, r checkout.Registration, e checkout.Event, i checkout.Idempotency) error {
	var need needs
	if i.Key != "" {
		need.idem = []pair{idemPair(i)}
	}
	return s.changeMerchantNeeding(ctx, r.Merchant, need, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keyFree(i, nil); err != nil {
			return err
		}
		have, err := registrationsOf(ctx, c.tx, r.Merchant)
		if err != nil {
			return err
		}
		values := registrationValues(r)
		w := write{table: registrations, rows: [][]any{values}}
		for _, h := range have {
			switch {
			case h.ID == r.ID:
				h.EndedAt = r.EndedAt
				values = registrationValues(h)
				w.set, w.rows[0] = registrationEnd, []any{string(h.ID), micros(h.EndedAt), string(h.Merchant)}
			case h.Intermediary == r.Intermediary && h.EndedAt.IsZero() && r.EndedAt.IsZero():
				return checkout.ErrRegistered
			}
		}
		if w.set == nil {
			owner, _, err := ownerOf(ctx, c.tx, registrations, string(r.ID))
			if err != nil {
				return err
			}
			if owner != "" {
				return checkout.ErrNoRegistration
			}
		}
		if err := c.tx.apply(ctx, []write{w}); err != nil {
			return err
		}
		c.answer(i)
		return c.record(ctx, e, string(r.ID), c.keys.digest(registrations.name, values))
	})
}

// Registrations answers all of a merchant's, newest first.
func (s *Store) Registrations(ctx context.Context, m checkout.MerchantID) (out []checkout.Registration, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		out, err = registrationsOf(ctx, q, m)
		return err
	})
	return out, err
}

func registrationsOf(ctx context.Context, q querier, m checkout.MerchantID) (out []checkout.Registration, err error) {
	err = q.query(ctx, "SELECT "+registrations.list+" FROM einvoice_registrations WHERE merchant = $1 ORDER BY created_at DESC, id DESC", func(r row) error {
		out = append(out, scanRegistration(r))
		return nil
	}, string(m))
	return out, err
}

// carried holds a link's counters, and the invoice that it is in, against its chain.
func (a *audit) carried(ctx context.Context, q querier) error {
	if err := a.counters(ctx, q); err != nil {
		return err
	}
	return a.vouched(ctx, q, "link", belonging{einvoices, einvoiceBound})
}
