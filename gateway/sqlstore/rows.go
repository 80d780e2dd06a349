package sqlstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/odelink/odelink/checkout"
)

// The tables, in the order of their columns in values and scan below. The columns of links up to
// created_at, of payments up to paid_at and of merchants up to updated_at are bound into the audit trail (chain.go), and so are those behind
// head, which came later, where they say something (table.bound).
var (
	links = newTable("links", `id:t token:t merchant:t merchant_order:t open_amount:n currency:t amount:n
		min_amount:n max_amount:n description:t installments:t active_from:n expires_at:n usage:t
		max_payments:n payer_note:n customer_name:t customer_email:t customer_phone:t return_url:t metadata:t
		category:t version:n resting_since:n deleted_at:n created_at:n slots:n search:t rev:n slots_held:n
		paid_count:n paid_minor:n paid_by:t paid_at:n updated_at:n changed_at:n seq:n head:b sale:t fields:t show_count:n items:t`)
	linkBound = links.from("created_at") + 1

	payments = newTable("payments", `id:t merchant:t link:t token:t link_version:n merchant_order:t bank_order:t
		nonce:t currency:t amount:n total:n installments:n rate:n account:t kind:t mode:t one_step:n half_secure:n
		single_use:n card_brand:t card_issuer:t card_issuer_code:t card_program:t card_kind:t card_commercial:n
		card_bin:t card_last4:t payer_note:t payer_ip:t payer_agent:t payer_lang:t created_at:n status:t slot:n
		refs:t md_status:t eci:t liability:t auth_code:t rrn:t decline_code:t decline_bank_code:t
		decline_message:t reversal:t refunded:n deadline:n asks:n not_found:n updated_at:n paid_at:n
		due_at:n seq:n head:b sale:t answers:t disputed:n`)
	paymentBound = payments.from("due_at")
	paymentHead  = payments.from("head") // behind seq

	merchants = newTable("merchants", `id:t name:t legal_name:t phone:t email:t website:t accent:t logo_type:t
		currencies:t installments:t max_count:n category:t brands:t return_origins:t test:n version:n
		created_at:n updated_at:n seq:n head:b support:t`)
	merchantBound = merchants.from("seq")

	accounts = newTable("accounts", `id:t merchant:t kind:t name:t mode:t base_url:t currencies:t programs:t
		issuers:t rates:t pricing:t min_per_month:n half_secure:n priority:n enabled:n version:n created_at:n
		updated_at:n credentials:b deleted_at:n payout:t`)
	accountBound = accounts.from("credentials")
	accountTerms = accounts.from("payout")

	apiKeys = newTable("api_keys", "id:t merchant:t name:t shown:t hash:b created_at:n revoked_at:n")

	outbox      = newTable("outbox", "event:t merchant:t subject:t seq:n topic:t due_at:n attempts:n done_at:n")
	idempotency = newTable("idempotency", "merchant:t name:t request:b status:n body:b created_at:n")
)

// What a change of each kind writes. Columns that are not named here never change again: of a
// payment that is the frozen copy (invariant I9).
var (
	linkTerms    = newUpdate(links, "seq", links.names("open_amount", "category", "version", "resting_since", "deleted_at", "slots", "search", "rev", "updated_at", "changed_at", "seq", "head", "sale", "fields", "show_count", "items")...)
	linkCounters = newUpdate(links, "rev", "rev", "slots_held", "paid_count", "paid_minor", "paid_by", "paid_at", "updated_at", "changed_at", "seq", "head")
	paymentMove  = newUpdate(payments, "seq", payments.names("status", "head", "disputed")...)
	// An index is written anew for each column that is named, changed or not, and payments_slot lies in the order of links.
	paymentStay  = newUpdate(payments, "seq", append(payments.names("refs", "head", "disputed"), "status")...)
	paymentLease = newUpdate(payments, "seq", "due_at")
)

// names lists the columns from first to last, and more.
func (t *table) names(first, last string, more ...string) []string {
	var out []string
	for _, c := range t.cols[t.from(first) : t.from(last)+1] {
		out = append(out, c.name)
	}
	return append(out, more...)
}

// pick selects the key, the update's columns and the guard's former value from a row's values.
func (u *update) pick(values []any, former int64) []any {
	out := make([]any, 0, len(u.cols)+2)
	out = append(out, values[0])
	for _, at := range u.index {
		out = append(out, values[at])
	}
	return append(out, former)
}

// linkRow is a link with what only the ledger needs of it.
type linkRow struct {
	checkout.Link
	changedAt int64
	seq       int64 // of its own events
	head      []byte
}

func (l *linkRow) values() ([]any, error) {
	installments, err := encodeJSON(l.Installments)
	if err != nil {
		return nil, err
	}
	metadata, err := encodeJSON(l.Metadata)
	if err != nil {
		return nil, err
	}
	return []any{
		string(l.ID), string(l.Token), string(l.Merchant), string(l.Order), num(l.Open), string(l.Amount.Currency),
		l.Amount.Minor, l.MinMinor, l.MaxMinor, l.Description, installments, micros(l.ActiveFrom),
		micros(l.ExpiresAt), string(l.Usage), int64(l.MaxPayments), num(l.PayerNote), l.Customer.Name,
		l.Customer.Email, l.Customer.Phone, l.ReturnURL, metadata, l.Category, l.Version, micros(l.RestingSince),
		micros(l.DeletedAt), micros(l.CreatedAt), int64(l.Slots()), l.searchText(), l.Rev, int64(l.SlotsHeld),
		int64(l.PaidCount), l.PaidMinor, string(l.PaidBy), micros(l.PaidAt), micros(l.UpdatedAt), l.changedAt,
		l.seq, blank(l.head), string(l.Sale), checkout.EncodeFields(l.Fields), num(l.ShowCount), checkout.EncodeItems(l.Items),
	}, nil
}

// counters is the row of linkCounters.
func (l *linkState) counters() []any {
	return []any{
		string(l.ID), l.Rev, int64(l.SlotsHeld), int64(l.PaidCount), l.PaidMinor, string(l.PaidBy), micros(l.PaidAt), micros(l.UpdatedAt), l.changedAt,
		l.seq, blank(l.head), l.rev0,
	}
}

func scanLink(r row) (*linkRow, error) {
	l := &linkRow{}
	l.ID, l.Token = checkout.LinkID(r.text()), checkout.Token(r.text())
	l.Merchant, l.Order = checkout.MerchantID(r.text()), checkout.OrderNumber(r.text())
	l.Open, l.Amount.Currency = r.num() != 0, checkout.Currency(r.text())
	l.Amount.Minor, l.MinMinor, l.MaxMinor, l.Description = r.num(), r.num(), r.num(), r.text()
	errInstallments := decodeJSON(r.text(), &l.Installments)
	l.ActiveFrom, l.ExpiresAt = fromMicros(r.num()), fromMicros(r.num())
	l.Usage, l.MaxPayments, l.PayerNote = checkout.Usage(r.text()), int(r.num()), r.num() != 0
	l.Customer.Name, l.Customer.Email, l.Customer.Phone = r.text(), r.text(), r.text()
	l.ReturnURL = r.text()
	if err := decodeJSON(r.text(), &l.Metadata); err != nil {
		return nil, fmt.Errorf("metadata of link %s: %w", l.ID, err)
	}
	l.Category, l.Version = r.text(), r.num()
	l.RestingSince, l.DeletedAt, l.CreatedAt = fromMicros(r.num()), fromMicros(r.num()), fromMicros(r.num())
	_, _ = r.num(), r.text() // slots and search follow from the rest
	l.Rev, l.SlotsHeld, l.PaidCount, l.PaidMinor = r.num(), int(r.num()), int(r.num()), r.num()
	l.PaidBy, l.PaidAt, l.UpdatedAt = checkout.PaymentID(r.text()), fromMicros(r.num()), fromMicros(r.num())
	l.changedAt, l.seq, l.head = r.num(), r.num(), r.blob()
	l.Sale = checkout.Sale(r.text())
	fields, errFields := checkout.DecodeFields(r.text())
	l.Fields, l.ShowCount = fields, r.num() != 0
	items, errItems := checkout.DecodeItems(r.text())
	l.Items = items
	if errFields != nil {
		return nil, fmt.Errorf("fields of link %s: %w", l.ID, errFields)
	}
	if errItems != nil {
		return nil, fmt.Errorf("lines of link %s: %w", l.ID, errItems)
	}
	if errInstallments != nil {
		return nil, fmt.Errorf("instalments of link %s: %w", l.ID, errInstallments)
	}
	return l, nil
}

// searchText is what a merchant may find the link by, folded.
func (l *linkRow) searchText() string {
	return fold(strings.Join([]string{
		l.Description, string(l.Order), l.Customer.Name, l.Customer.Email, l.Customer.Phone,
	}, "\n"))
}

// fold makes texts comparable the way people search: without case, and with the four Turkish
// letters I İ ı i as one, since a keyboard may have any of them.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'I', 'İ', 'ı':
			return 'i'
		case '\u0307': // the dot that lower-casing İ leaves behind
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

func paymentValues(p checkout.Payment) ([]any, error) {
	refs, err := encodeJSON(p.Refs)
	if err != nil {
		return nil, err
	}
	var slot any
	if p.Slot >= 0 {
		slot = int64(p.Slot)
	}
	return []any{
		string(p.ID), string(p.Merchant), string(p.Link), string(p.Token), p.LinkVersion, string(p.Order),
		string(p.BankOrder), p.Nonce, string(p.Amount.Currency), p.Amount.Minor, p.Total.Minor,
		int64(p.Installments), int64(p.Rate), string(p.Account), p.Kind, p.Mode, num(p.OneStep),
		num(p.HalfSecure), num(p.SingleUse), string(p.Card.Brand), p.Card.Issuer, p.Card.IssuerCode,
		p.Card.Program, string(p.Card.Kind), num(p.Card.Commercial), p.Card.BIN, p.Card.Last4, p.PayerNote,
		p.PayerIP, p.PayerAgent, p.PayerLang, micros(p.CreatedAt), string(p.Status), slot, refs, p.MDStatus,
		p.ECI, string(p.Liability), p.AuthCode, p.RRN, string(p.Decline.Code), p.Decline.BankCode,
		p.Decline.Message, string(p.Reversal), p.Refunded, micros(p.Deadline), int64(p.Asks),
		int64(p.NotFound), micros(p.UpdatedAt), micros(p.PaidAt), micros(p.DueAt), p.Seq, blank(p.Head), string(p.Sale), checkout.EncodeSaid(p.Answers, p.Items),
		p.Disputed,
	}, nil
}

// written reads values as they will come back from the table.
type written struct {
	values []any
	at     int
}

func (w *written) next() any {
	w.at++
	return w.values[w.at-1]
}

func (w *written) text() string { return plain(w.next().(string)) }
func (w *written) num() int64   { return w.next().(int64) }
func (w *written) blob() []byte { return w.next().([]byte) }

func (w *written) numOr(null int64) int64 {
	if n, ok := w.next().(int64); ok {
		return n
	}
	return null
}

func scanPayment(r row) (checkout.Payment, error) {
	var p checkout.Payment
	p.ID, p.Merchant = checkout.PaymentID(r.text()), checkout.MerchantID(r.text())
	p.Link, p.Token, p.LinkVersion = checkout.LinkID(r.text()), checkout.Token(r.text()), r.num()
	p.Order, p.BankOrder = checkout.OrderNumber(r.text()), checkout.BankOrder(r.text())
	p.Nonce, p.Amount.Currency = r.text(), checkout.Currency(r.text())
	p.Amount.Minor, p.Total.Minor, p.Total.Currency = r.num(), r.num(), p.Amount.Currency
	p.Installments, p.Rate = int(r.num()), checkout.Rate(r.num())
	p.Account, p.Kind, p.Mode = checkout.AccountID(r.text()), r.text(), r.text()
	p.OneStep, p.HalfSecure, p.SingleUse = r.num() != 0, r.num() != 0, r.num() != 0
	p.Card.Brand, p.Card.Issuer, p.Card.IssuerCode = checkout.Brand(r.text()), r.text(), r.text()
	p.Card.Program, p.Card.Kind, p.Card.Commercial = r.text(), checkout.CardKind(r.text()), r.num() != 0
	p.Card.BIN, p.Card.Last4 = r.text(), r.text()
	p.PayerNote, p.PayerIP, p.PayerAgent, p.PayerLang = r.text(), r.text(), r.text(), r.text()
	p.CreatedAt, p.Status, p.Slot = fromMicros(r.num()), checkout.Status(r.text()), int(r.numOr(-1))
	err := decodeJSON(r.text(), &p.Refs)
	p.MDStatus, p.ECI, p.Liability = r.text(), r.text(), checkout.Liability(r.text())
	p.AuthCode, p.RRN = r.text(), r.text()
	p.Decline = checkout.Decline{Code: checkout.Reason(r.text()), BankCode: r.text(), Message: r.text()}
	p.Reversal, p.Refunded, p.Deadline = checkout.Reversal(r.text()), r.num(), fromMicros(r.num())
	p.Asks, p.NotFound = int(r.num()), int(r.num())
	p.UpdatedAt, p.PaidAt, p.DueAt = fromMicros(r.num()), fromMicros(r.num()), fromMicros(r.num())
	p.Seq, p.Head = r.num(), r.blob()
	p.Sale = checkout.Sale(r.text())
	if err != nil {
		return p, fmt.Errorf("references of payment %s: %w", p.ID, err)
	}
	if p.Answers, p.Items, err = checkout.DecodeSaid(r.text()); err != nil {
		return p, fmt.Errorf("answers of payment %s: %w", p.ID, err)
	}
	p.Disputed = r.num()
	return p, nil
}

// merchantRow is a merchant with the end of its chain.
type merchantRow struct {
	checkout.Merchant
	seq  int64
	head []byte
}

func (m *merchantRow) values() ([]any, error) {
	var lists [4]string
	for i, v := range []any{m.Currencies, m.Installments, m.Brands, m.ReturnOrigins} {
		var err error
		if lists[i], err = encodeJSON(v); err != nil {
			return nil, err
		}
	}
	support := "" // as in rows from before there were such lines
	if m.Support != (checkout.SupportLine{}) {
		var err error
		if support, err = encodeJSON(m.Support); err != nil {
			return nil, err
		}
	}
	return []any{
		string(m.ID), m.Name, m.LegalName, m.Phone, m.Email, m.Website, m.Accent, m.LogoType, lists[0], lists[1],
		int64(m.MaxCount), m.Category, lists[2], lists[3], num(m.Test), m.Version, micros(m.CreatedAt),
		micros(m.UpdatedAt), m.seq, blank(m.head), support,
	}, nil
}

func scanMerchant(r row) (*merchantRow, error) {
	m := &merchantRow{}
	m.ID, m.Name, m.LegalName = checkout.MerchantID(r.text()), r.text(), r.text()
	m.Phone, m.Email, m.Website, m.Accent, m.LogoType = r.text(), r.text(), r.text(), r.text(), r.text()
	err := firstError(decodeJSON(r.text(), &m.Currencies), decodeJSON(r.text(), &m.Installments))
	m.MaxCount, m.Category = int(r.num()), r.text()
	err = firstError(err, decodeJSON(r.text(), &m.Brands), decodeJSON(r.text(), &m.ReturnOrigins))
	m.Test, m.Version = r.num() != 0, r.num()
	m.CreatedAt, m.UpdatedAt = fromMicros(r.num()), fromMicros(r.num())
	m.seq, m.head = r.num(), r.blob()
	if support := r.text(); support != "" {
		err = firstError(err, decodeJSON(support, &m.Support))
	}
	if err != nil {
		return nil, fmt.Errorf("lists of merchant %s: %w", m.ID, err)
	}
	return m, nil
}

func accountValues(a checkout.Account, sealed []byte) ([]any, error) {
	var lists [5]string
	for i, v := range []any{a.Currencies, a.Programs, a.Issuers, a.Rates, a.Payout} {
		var err error
		if lists[i], err = encodeJSON(v); err != nil {
			return nil, err
		}
	}
	if a.Payout == (checkout.PayoutTerms{}) {
		lists[4] = "" // as in rows from before there were terms
	}
	return []any{
		string(a.ID), string(a.Merchant), a.Kind, a.Name, a.Mode, a.BaseURL, lists[0], lists[1], lists[2],
		lists[3], string(a.Pricing), a.MinPerMonth, num(a.HalfSecure), int64(a.Priority), num(a.Enabled),
		a.Version, micros(a.CreatedAt), micros(a.UpdatedAt), sealed, micros(a.DeletedAt), lists[4],
	}, nil
}

// scanAccount answers the account without its credentials, and those as they are sealed.
func scanAccount(r row) (checkout.Account, []byte, error) {
	var a checkout.Account
	a.ID, a.Merchant = checkout.AccountID(r.text()), checkout.MerchantID(r.text())
	a.Kind, a.Name, a.Mode, a.BaseURL = r.text(), r.text(), r.text(), r.text()
	err := firstError(decodeJSON(r.text(), &a.Currencies), decodeJSON(r.text(), &a.Programs),
		decodeJSON(r.text(), &a.Issuers), decodeJSON(r.text(), &a.Rates))
	a.Pricing, a.MinPerMonth = checkout.Pricing(r.text()), r.num()
	a.HalfSecure, a.Priority, a.Enabled = r.num() != 0, int(r.num()), r.num() != 0
	a.Version, a.CreatedAt, a.UpdatedAt = r.num(), fromMicros(r.num()), fromMicros(r.num())
	sealed := r.blob()
	a.DeletedAt = fromMicros(r.num())
	if terms := r.text(); terms != "" {
		err = firstError(err, decodeJSON(terms, &a.Payout))
	}
	if err != nil {
		return a, nil, fmt.Errorf("lists of account %s: %w", a.ID, err)
	}
	return a, sealed, nil
}

func keyValues(k checkout.APIKey) []any {
	return []any{
		string(k.ID), string(k.Merchant), k.Name, k.Shown, blank(k.Hash), micros(k.CreatedAt), micros(k.RevokedAt),
	}
}

func scanKey(r row) checkout.APIKey {
	return checkout.APIKey{
		ID: checkout.KeyID(r.text()), Merchant: checkout.MerchantID(r.text()), Name: r.text(), Shown: r.text(),
		Hash: r.blob(), CreatedAt: fromMicros(r.num()), RevokedAt: fromMicros(r.num()),
	}
}

// encodeJSON writes lists and maps; none is "null" and comes back as none.
func encodeJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func decodeJSON(text string, v any) error {
	if text == "null" {
		return nil
	}
	return json.Unmarshal([]byte(text), v)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
