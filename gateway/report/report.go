// Package report makes the merchant's reports and writes them as JSON, CSV or XLSX. One file is one report;
// who shows them lists All and knows none of them by name. It reads through Ledger, page by page while the
// answer is being sent, so that a report of a million rows needs the memory of one page. It deliberately knows
// no HTTP and moves no money.
package report

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Ledger is what reports read. Every row is selected by the query's merchant (invariant I17).
type Ledger interface {
	// ReportLinks and ReportPayments answer a page by time of creation, ReportCollected one of payments that
	// were ever paid by time of payment, newest first each.
	ReportLinks(ctx context.Context, q checkout.ReportQuery) ([]checkout.Link, error)
	ReportPayments(ctx context.Context, q checkout.ReportQuery) ([]checkout.Payment, error)
	ReportCollected(ctx context.Context, q checkout.ReportQuery) ([]checkout.Payment, error)
	// ReportRefused answers a page of attempts that ended with a reason, by time of creation, newest first.
	ReportRefused(ctx context.Context, q checkout.ReportQuery) ([]checkout.Refusal, error)
	// ReportSold answers a page of payments that were ever paid and whose payers answered something or bought lines, by time
	// of payment, newest first.
	ReportSold(ctx context.Context, q checkout.ReportQuery) ([]checkout.Sold, error)
	// SearchPayments answers a page of a list, newest first, and the cursor of the next one.
	SearchPayments(ctx context.Context, q checkout.PaymentQuery) ([]checkout.Payment, string, error)
	ReportRefunds(ctx context.Context, q checkout.ReportQuery) ([]checkout.Refund, error)
	// ReportChargebacks answers a page of disputes by the day of the bank's letter, newest first.
	ReportChargebacks(ctx context.Context, q checkout.ReportQuery) ([]checkout.Chargeback, error)
	// PaymentsOf answers those of the ids that are the merchant's.
	PaymentsOf(ctx context.Context, m checkout.MerchantID, ids []checkout.PaymentID) (map[checkout.PaymentID]checkout.Payment, error)
	// PayerNotes answers the newest notes of paid payments of each link, at most a few.
	PayerNotes(ctx context.Context, m checkout.MerchantID, links []checkout.LinkID) (map[checkout.LinkID][]string, error)
	// CollectedByCount sums what was paid by instalments, programme and currency, in that order.
	CollectedByCount(ctx context.Context, q checkout.ReportQuery) ([]checkout.CountSum, error)
	// ReportReconciled answers a page of reconciliations' rows by their day, ReportManual one of entries made by
	// hand by the time of their money, newest first each.
	ReportReconciled(ctx context.Context, q checkout.ReportQuery) ([]checkout.RunRow, error)
	ReportManual(ctx context.Context, q checkout.ReportQuery) ([]checkout.ManualEntry, error)
	// RunRows answers a page of one reconciliation's rows in the bank's order, and the cursor of the next one.
	RunRows(ctx context.Context, q checkout.RowQuery) ([]checkout.RunRow, string, error)
	// Accounts answers deleted ones too: their payments are in the reports.
	Accounts(ctx context.Context, m checkout.MerchantID) ([]checkout.Account, error)
}

// Query is what a report is asked for.
type Query struct {
	Merchant checkout.MerchantID
	From, To time.Time // from inclusive, to exclusive; zero = open
	Status   string
	Kind     checkout.RefundKind
	Currency checkout.Currency
	Account  checkout.AccountID
	Text     string          // of links: in description, order number, customer
	Maker    checkout.UserID // of links: only those that he made in the panel; "" = all
	// Payments, of payments: those that a list of them shows, whatever else is asked; nil = all.
	Payments *checkout.PaymentQuery
	// Rows, of the reconciliation: those of one that a list of them shows, whatever else is asked; nil = all.
	Rows    *checkout.RowQuery
	Mailed  bool                              // it leaves the house: identity numbers are shown by their ends
	Now     time.Time                         // what a link's status is told at
	LinkURL func(token checkout.Token) string // the short address of a link
}

// page is how many rows are read at once, refusals how many of those, which are narrow.
const (
	page     = 500
	refusals = 2500
)

func (q Query) rows(after checkout.ReportPlace) checkout.ReportQuery {
	return checkout.ReportQuery{
		Merchant: q.Merchant, From: q.From, To: q.To, Status: q.Status, Kind: q.Kind, Currency: q.Currency, Account: q.Account,
		Text: q.Text, Maker: q.Maker, After: after, Limit: page,
	}
}

// Words is a text in the languages of the reports.
type Words struct{ TR, EN string }

// In is the text in "tr" or "en"; any other language reads English.
func (w Words) In(lang string) string {
	if lang == "tr" {
		return w.TR
	}
	return w.EN
}

// Filter is a question that a report takes beside the period.
type Filter struct {
	Name    string
	Choices []string // nil: the filter has no list of its own
}

// The names of filters.
const (
	FilterStatus   = "status"
	FilterKind     = "kind"
	FilterCurrency = "currency"
	FilterAccount  = "acquirer"
)

// Report is one of them.
type Report struct {
	Name    string
	Title   Words
	About   Words
	Filters []Filter
	columns []Column
	open    func(ctx context.Context, l Ledger, q Query) (batches, error)
	plain   bool // has no totals
}

// Made is a table of somebody else's rows, to be written as reports are, without totals: next answers some at a
// time, in order, and io.EOF with the last or behind it.
func Made(name string, title Words, columns []Column, next func(ctx context.Context) ([]Row, error)) Report {
	return Report{Name: name, Title: title, columns: columns, plain: true, open: func(ctx context.Context, _ Ledger, _ Query) (batches, error) {
		return func() ([]Row, error) { return next(ctx) }, nil
	}}
}

// Columns are a report's, in order.
func (r Report) Columns() []Column { return slices.Clone(r.columns) }

// Takes says whether the report has a filter of this name.
func (r Report) Takes(name string) bool {
	return slices.ContainsFunc(r.Filters, func(f Filter) bool { return f.Name == name })
}

// Said is a choice of a filter in people's words.
func (r Report) Said(filter, code, lang string) string {
	for _, c := range r.columns {
		if c.Name == filter {
			return c.Said(code, lang)
		}
	}
	return said("", code, lang)
}

// Choices are the words that a filter of the report takes.
func (r Report) Choices(name string) []string {
	for _, f := range r.Filters {
		if f.Name == name {
			return f.Choices
		}
	}
	return nil
}

// All lists the reports in the order in which they are shown.
func All() []Report {
	return []Report{links(), payments(), refunds(), chargebacks(), installments(), products(), declines(), settlement(), reconciliation(), manualEntries()}
}

// ByName finds a report.
func ByName(name string) (Report, bool) {
	for _, r := range All() {
		if r.Name == name {
			return r, true
		}
	}
	return Report{}, false
}

// batches hands out rows, some at a time; io.EOF with the last of them where that is known, else behind it.
type batches func() ([]Row, error)

// Row is one line of a report: a value for each column.
type Row struct {
	Currency checkout.Currency // of its money; "" = has none
	Values   []Value
}

// Type is what a column holds.
type Type string

// The types. Money is minor units of the row's currency, a rate is a checkout.Rate, a code is one of a fixed
// set of words.
const (
	TypeText  Type = "text"
	TypeCode  Type = "code"
	TypeMoney Type = "money"
	TypeCount Type = "count"
	TypeRate  Type = "rate"
	TypeTime  Type = "time"       // UTC
	TypeLocal Type = "local_time" // the same moment in Europe/Istanbul
	TypeDate  Type = "date"       // a calendar day in Europe/Istanbul
)

// Column is one column of a report.
type Column struct {
	Name  string
	Type  Type
	Title Words
	Sum   bool // has a total per currency
	// Family is whose codes a column's are, where such a code means something else in another; "" = everybody's.
	Family string
}

// Said is a value of the column in people's words, where it holds codes; one that has none is answered as it is.
func (c Column) Said(code, lang string) string { return said(c.Family, code, lang) }

// Value is what stands in a cell; which field counts follows from the column's type.
type Value struct {
	Text string
	N    int64
	At   time.Time
	None bool // an empty cell
}

func text(s string) Value { return Value{Text: s, None: s == ""} }
func number[T ~int | ~int64](n T) Value {
	return Value{N: int64(n)}
}
func at(t time.Time) Value { return Value{At: t, None: t.IsZero()} }

var none = Value{None: true}

func yes(b bool) Value {
	if b {
		return text("yes")
	}
	return text("no")
}

// field is a column and where its values come from.
type field[T any] struct {
	Column
	value func(T) Value
}

func col[T any](name string, typ Type, tr, en string, value func(T) Value) field[T] {
	return field[T]{Column{Name: name, Type: typ, Title: Words{tr, en}}, value}
}

// sum is a column with totals.
func sum[T any](name string, typ Type, tr, en string, value func(T) Value) field[T] {
	f := col(name, typ, tr, en, value)
	f.Sum = true
	return f
}

// of names the family of a column's codes.
func (f field[T]) of(family string) field[T] {
	f.Family = family
	return f
}

// moment is two columns: a time in UTC, and in Europe/Istanbul.
func moment[T any](name, tr, en string, value func(T) time.Time) []field[T] {
	of := func(v T) Value { return at(value(v)) }
	return []field[T]{
		col(name, TypeTime, tr+" (UTC)", en+" (UTC)", of),
		col(name+"_local", TypeLocal, tr+" (İstanbul)", en+" (Istanbul)", of),
	}
}

func columns[T any](fields []field[T]) []Column {
	out := make([]Column, len(fields))
	for i, f := range fields {
		out[i] = f.Column
	}
	return out
}

func row[T any](fields []field[T], v T, c checkout.Currency) Row {
	r := Row{Currency: c, Values: make([]Value, len(fields))}
	for i, f := range fields {
		r.Values[i] = f.value(v)
	}
	return r
}

// cursored reads what a list shows, page by page, by the cursors that its pages give.
func cursored[T any](read func(cursor string) ([]T, string, error)) func() ([]T, error) {
	cursor, over := "", false
	return func() ([]T, error) {
		if over {
			return nil, io.EOF
		}
		some, next, err := read(cursor)
		if cursor, over = next, next == ""; err == nil && over {
			err = io.EOF
		}
		return some, err
	}
}

// pages reads rows behind each other until a page is not full.
func pages[T any](read func(after checkout.ReportPlace) ([]T, error), place func(T) checkout.ReportPlace) func() ([]T, error) {
	return pagesOf(page, read, place)
}

func pagesOf[T any](full int, read func(after checkout.ReportPlace) ([]T, error), place func(T) checkout.ReportPlace) func() ([]T, error) {
	var after checkout.ReportPlace
	over := false
	return func() ([]T, error) {
		if over {
			return nil, io.EOF
		}
		rows, err := read(after)
		if err != nil {
			return nil, err
		}
		if over = len(rows) < full; over {
			return rows, io.EOF
		}
		after = place(rows[len(rows)-1])
		return rows, nil
	}
}

// failed says whether a batch broke: its end is no failure.
func failed(err error) bool { return err != nil && !errors.Is(err, io.EOF) }

// once is a report that is read as a whole, because it is small.
func once(rows []Row) batches {
	over := false
	return func() ([]Row, error) {
		if over {
			return nil, io.EOF
		}
		over = true
		return rows, io.EOF
	}
}

func createdPayment(p checkout.Payment) checkout.ReportPlace {
	return checkout.ReportPlace{At: p.CreatedAt, ID: string(p.ID)}
}

func paidPayment(p checkout.Payment) checkout.ReportPlace {
	return checkout.ReportPlace{At: p.PaidAt, ID: string(p.ID)}
}

func createdRefund(r checkout.Refund) checkout.ReportPlace {
	return checkout.ReportPlace{At: r.CreatedAt, ID: string(r.ID)}
}

// accountsOf answers a merchant's accounts by id.
func accountsOf(ctx context.Context, l Ledger, m checkout.MerchantID) (map[checkout.AccountID]checkout.Account, error) {
	all, err := l.Accounts(ctx, m)
	byID := make(map[checkout.AccountID]checkout.Account, len(all))
	for _, a := range all {
		byID[a.ID] = a
	}
	return byID, err
}

// words lists typed words as texts.
func words[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = string(w)
	}
	return out
}

var (
	byCurrency = Filter{Name: FilterCurrency, Choices: words(checkout.Currencies)}
	byAccount  = Filter{Name: FilterAccount}
)
