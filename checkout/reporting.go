package checkout

import "time"

// ReportQuery selects rows of a merchant for a report, newest first. A report of any length is read in pages,
// each behind the last row of the one before, so that no statement and no memory grows with it.
type ReportQuery struct {
	Merchant MerchantID
	From, To time.Time // from inclusive, to exclusive; zero = open
	Status   string    // a LinkStatus, Status or RefundStatus; "" = all
	Kind     RefundKind
	Currency Currency
	Account  AccountID
	Text     string      // of links: in description, order number, customer
	Maker    UserID      // of links: only those that he made in the panel; "" = all
	After    ReportPlace // the last row of the page before; zero = the first page
	Limit    int
}

// ReportPlace is where a row stands in a report.
type ReportPlace struct {
	At time.Time
	ID string
}

// Sold is what the report of products counts of a payment that was ever paid.
type Sold struct {
	Payment  PaymentID
	PaidAt   time.Time
	Currency Currency
	Refunded int64 // minor units
	Items    []Item
}

// Refusal is what the daily error report counts of an attempt that was refused or failed.
type Refusal struct {
	Payment  PaymentID
	At       time.Time // of the attempt
	Account  AccountID
	Reason   Reason
	BankCode string
	Total    Money
}

// CountSum is what was collected in payments of one number of instalments with cards of one programme.
type CountSum struct {
	Installments int
	Program      string
	Currency     Currency
	Payments     int64
	Minor        int64 // prices
	TotalMinor   int64 // what payers paid
	Refunded     int64
}
