package report

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// entry is one line of what a bank is expected to pay out, or to take back.
type entry struct {
	kind       string // sale, void, refund, chargeback
	payment    checkout.Payment
	account    checkout.Account
	refund     checkout.RefundID
	chargeback checkout.ChargebackID
	at         time.Time
	payout     int // which of payouts, from 1
	payouts    int
	gross      int64 // negative for what goes back
	rate       Value
	commission Value
	net        Value
	value      time.Time // zero = never reaches the statement
	basis      string
	authCode   string
	rrn        string
}

// What an estimate rests on.
const (
	basisTerms   = "payout_terms"       // what the merchant said was agreed with the bank
	basisTable   = "account_rates"      // the account's commission table
	basisMonthly = "monthly_payouts"    // an instalment sale without a rate: paid out month by month
	basisDate    = "date_only"          // no commission is known
	basisVoided  = "voided_same_day"    // sale and void never reach the statement
	basisRefund  = "commission_unknown" // whether the bank returns its commission is not known
	basisDispute = "disputed"           // the card's bank takes it back, or may
)

func settlementFields() []field[entry] {
	type e = entry
	return slices.Concat(
		[]field[e]{
			col("kind", TypeCode, "İşlem Tipi", "Kind", func(v e) Value { return text(v.kind) }),
			col("payment", TypeText, "Ödeme", "Payment", func(v e) Value { return text(string(v.payment.ID)) }),
			col("refund", TypeText, "İptal/İade", "Void or refund", func(v e) Value { return text(string(v.refund)) }),
			col("order_id", TypeText, "Sipariş No", "Order number", func(v e) Value { return text(string(v.payment.Order)) }),
			col("bank_order_id", TypeText, "Banka Sipariş No", "Bank order number", func(v e) Value { return text(string(v.payment.BankOrder)) }),
		},
		moment("at", "İşlem Tarihi", "At", func(v e) time.Time { return v.at }),
		[]field[e]{
			col("installments", TypeCount, "Taksit", "Instalments", func(v e) Value { return number(v.payment.Installments) }),
			col("payout", TypeCount, "Ödeme Sırası", "Payout", func(v e) Value { return number(v.payout) }),
			col("payouts", TypeCount, "Ödeme Sayısı", "Payouts", func(v e) Value { return number(v.payouts) }),
			col("currency", TypeText, "Para Birimi", "Currency", func(v e) Value { return text(string(v.payment.Total.Currency)) }),
			sum("gross", TypeMoney, "Brüt Tutar", "Gross", func(v e) Value { return number(v.gross) }),
			col("commission_rate", TypeRate, "Komisyon Oranı (%) (tahmini)", "Commission rate (%) (estimate)", func(v e) Value { return v.rate }),
			sum("commission", TypeMoney, "Komisyon Tutarı (tahmini)", "Commission (estimate)", func(v e) Value { return v.commission }),
			sum("net", TypeMoney, "Net Tutar (tahmini)", "Net (estimate)", func(v e) Value { return v.net }),
			col("value_date", TypeDate, "Valör Tarihi (tahmini)", "Value date (estimate)", func(v e) Value { return at(v.value) }),
			col("basis", TypeCode, "Tahminin Dayanağı", "Basis of the estimate", func(v e) Value { return text(v.basis) }),
			col("iban", TypeText, "Banka Hesabı (IBAN)", "Bank account (IBAN)", func(v e) Value { return text(v.account.Payout.IBAN) }),
		},
		accountFields(func(v e) checkout.Account { return v.account }, func(v e) checkout.AccountID { return v.payment.Account }),
		[]field[e]{
			col("card_program", TypeText, "Kart Programı", "Card programme", func(v e) Value { return text(v.payment.Card.Program) }),
			col("card_kind", TypeCode, "Kart Türü", "Card kind", func(v e) Value { return text(string(v.payment.Card.Kind)) }),
			col("auth_code", TypeText, "Provizyon No", "Authorisation code", func(v e) Value { return text(v.authCode) }),
			col("rrn", TypeText, "Referans No (RRN)", "RRN", func(v e) Value { return text(v.rrn) }),
			col("chargeback", TypeText, "Harcama İtirazı", "Chargeback", func(v e) Value { return text(string(v.chargeback)) }),
		},
	)
}

func settlement() Report {
	fields := settlementFields()
	return Report{
		Name:  "settlement",
		Title: Words{"Mutabakat raporu", "Settlement"},
		About: Words{"Bankanın ödemesi beklenen tutarlar: satışlar, eksi tutarlı iptal, iade ve harcama itirazları, tahmini komisyon ve valör. Dönem satışta tahsilat, iptal ve iadede istek, itirazda bildirim zamanına göredir.",
			"What the banks are expected to pay out: sales, voids, refunds and chargebacks with negative amounts, commission and value date as estimates. The period is that of the payment, for voids and refunds of the asking, for chargebacks of the bank's letter."},
		Filters: []Filter{byCurrency, byAccount},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			accounts, err := accountsOf(ctx, l, q.Merchant)
			if err != nil {
				return nil, err
			}
			next, err := backs(ctx, l, q)
			merged := &ledgerDays{
				sales: cursor[checkout.Payment]{read: pages(func(after checkout.ReportPlace) ([]checkout.Payment, error) {
					return l.ReportCollected(ctx, q.rows(after))
				}, paidPayment)},
				backs:    cursor[back]{read: next},
				disputes: cursor[disputed]{read: disputes(ctx, l, q, accounts)},
			}
			return func() ([]Row, error) { return merged.rows(fields, accounts) }, err
		},
	}
}

// cursor looks one row ahead.
type cursor[T any] struct {
	read func() ([]T, error)
	have []T
	over bool
}

// peek answers the next row; ok is false behind the last.
func (c *cursor[T]) peek() (v T, ok bool, err error) {
	for len(c.have) == 0 && !c.over {
		c.have, err = c.read()
		if failed(err) {
			return v, false, err
		}
		c.over = err != nil
	}
	if len(c.have) == 0 {
		return v, false, nil
	}
	return c.have[0], true, nil
}

func (c *cursor[T]) skip() { c.have = c.have[1:] }

// ledgerDays merges sales, what went back and what is disputed, newest first.
type ledgerDays struct {
	sales    cursor[checkout.Payment]
	backs    cursor[back]
	disputes cursor[disputed]
}

func (d *ledgerDays) rows(fields []field[entry], accounts map[checkout.AccountID]checkout.Account) ([]Row, error) {
	rows := make([]Row, 0, page)
	for len(rows) < page {
		entries, over, err := d.next(accounts)
		if err != nil {
			return nil, err
		}
		if over {
			return rows, io.EOF
		}
		for _, e := range entries {
			rows = append(rows, row(fields, e, e.payment.Total.Currency))
		}
	}
	return rows, nil
}

func (d *ledgerDays) next(accounts map[checkout.AccountID]checkout.Account) (entries []entry, over bool, err error) {
	p, sold, err := d.sales.peek()
	if err != nil {
		return nil, false, err
	}
	b, returned, err := d.backs.peek()
	if err != nil {
		return nil, false, err
	}
	c, taken, err := d.disputes.peek()
	switch came := startOf(c.ReceivedAt); {
	case err != nil || !sold && !returned && !taken:
		return nil, true, err
	case taken && (!sold || !came.Before(p.PaidAt)) && (!returned || !came.Before(b.CreatedAt)):
		d.disputes.skip()
		if !c.Status.Holds() {
			return nil, false, nil
		}
		return []entry{takenByBank(c)}, false, nil
	case returned && (!sold || !b.CreatedAt.Before(p.PaidAt)):
		d.backs.skip()
		if !b.done() {
			return nil, false, nil
		}
		return []entry{takenBack(b)}, false, nil
	}
	d.sales.skip()
	return payouts(p, accounts[p.Account]), false, nil
}

// takenBack is a void or refund: a line of its own, negative. A void goes no way over the statement; of a
// refund the bank may keep its commission or not, so none is claimed (domain.md 5.1).
func takenBack(b back) entry {
	e := entry{
		kind: string(b.Kind), payment: b.payment, account: b.account, refund: b.ID, at: b.CreatedAt, payout: 1, payouts: 1,
		gross: -b.Amount.Minor, rate: none, commission: none, net: number(-b.Amount.Minor), basis: basisRefund,
		authCode: b.AuthCode, rrn: b.RRN,
	}
	if b.Kind == checkout.KindVoid {
		e.commission, e.basis = number(int64(0)), basisVoided
		return e
	}
	e.value = businessDay(dayOf(b.CreatedAt).AddDate(0, 0, 1))
	return e
}

// takenByBank is a dispute that is neither won nor withdrawn: a line of its own, negative. Whether the bank returns its commission of
// the sale is not known.
func takenByBank(c disputed) entry {
	came := startOf(c.ReceivedAt)
	return entry{
		kind: "chargeback", payment: c.payment, account: c.account, chargeback: c.ID, at: came, payout: 1, payouts: 1,
		gross: -c.Amount.Minor, rate: none, commission: none, net: number(-c.Amount.Minor), value: businessDay(dayOf(came).AddDate(0, 0, 1)), basis: basisDispute,
		authCode: c.payment.AuthCode, rrn: c.payment.RRN,
	}
}

// payouts is how a sale is expected to come (domain.md 5.2): as its merchant said that it was agreed with the bank;
// else less the commission on the next business day, or, for instalments of which the account has no rate, a part
// on each month's day.
func payouts(p checkout.Payment, a checkout.Account) []entry {
	days := 1
	if a.Payout.Days != nil {
		days = *a.Payout.Days
	}
	e := entry{
		kind: "sale", payment: p, account: a, at: p.PaidAt, payout: 1, payouts: 1, gross: p.Total.Minor, rate: none, commission: none, net: none,
		value: businessDay(dayOf(p.PaidAt).AddDate(0, 0, days)), basis: basisDate,
		authCode: p.AuthCode, rrn: p.RRN,
	}
	if p.Status == checkout.StatusVoided {
		e.commission, e.net, e.value, e.basis = number(int64(0)), number(p.Total.Minor), time.Time{}, basisVoided
		return []entry{e}
	}
	rate, known := commissionRate(p, a)
	if known {
		fee := share(p.Total.Minor, rate)
		e.rate, e.commission, e.net, e.basis = number(rate), number(fee), number(p.Total.Minor-fee), basisTable
	}
	assumed := a.Payout.Spread == checkout.SpreadUnknown
	switch {
	case p.Installments > 1 && assumed && !known:
		e.basis = basisMonthly
		return monthlyPayouts(e)
	case p.Installments > 1 && !assumed, a.Payout.Days != nil, p.Installments < 2 && a.Payout.Commission != nil:
		e.basis = basisTerms
	}
	if p.Installments > 1 && a.Payout.Spread == checkout.SpreadMonthly {
		return monthlyPayouts(e)
	}
	return []entry{e}
}

// monthlyPayouts are the parts of an instalment sale, one on each month's day; the last makes up what the division
// left, of the sale as of its commission.
func monthlyPayouts(whole entry) []entry {
	n := whole.payment.Installments
	out := make([]entry, n)
	gross, fee := whole.gross/int64(n), whole.commission.N/int64(n)
	for i := range out {
		e := whole
		e.payout, e.payouts, e.gross = i+1, n, gross
		if i == n-1 {
			e.gross, fee = whole.gross-gross*int64(i), whole.commission.N-fee*int64(i)
		}
		if !whole.commission.None {
			e.commission, e.net = number(fee), number(e.gross-fee)
		}
		e.value = businessDay(nextMonth(dayOf(whole.at), i+1))
		out[i] = e
	}
	return out
}

// commissionRate is what the account says of the sale: the rate that was frozen with it where the payer bore it,
// else that of its table, or of single payments, as it is now.
func commissionRate(p checkout.Payment, a checkout.Account) (checkout.Rate, bool) {
	if p.Rate > 0 {
		return p.Rate, true
	}
	if p.Installments < 2 && a.Payout.Commission != nil {
		return *a.Payout.Commission, true
	}
	for _, r := range a.Rates {
		if r.Count == p.Installments {
			return r.Rate, true
		}
	}
	return 0, false
}

// share is minor × rate, rounded half up, without passing through what int64 cannot hold.
func share(minor int64, rate checkout.Rate) int64 {
	const whole = 1_000_000
	n, r := minor/whole, minor%whole
	return n*int64(rate) + (r*int64(rate)+whole/2)/whole
}
