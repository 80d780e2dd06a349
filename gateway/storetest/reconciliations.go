package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

const reconDay = checkout.Day("2026-11-22")

// Run is a run of three rows that is not stored: one that only the bank has of 1.00, one of 2.00, and one that
// matches.
func (b *Books) Run(a checkout.AccountID) (checkout.Run, []checkout.RunRow) {
	r := checkout.Run{
		ID: b.IDs.Run(), Merchant: b.Merchant, Account: a, Day: reconDay, Source: checkout.FromFile, Lines: 4, Failed: 1, OtherDays: 1, Rows: 3, Actor: "api:key_1",
		Faults: []checkout.LineFault{{Row: 9, Field: "amount", Code: "amount_format"}}, CreatedAt: b.Clock.Now(),
		Counts: map[checkout.Class]checkout.RunCount{checkout.ClassOnlyBank: {Rows: 2, Open: 2}, checkout.ClassMatched: {Rows: 1}},
	}
	fee, net := int64(-3), int64(97)
	var rows []checkout.RunRow
	for n := range 3 {
		row := checkout.RunRow{Run: r.ID, Merchant: r.Merchant, Account: a, Day: r.Day, Number: n + 1}
		row.Class, row.Bank = checkout.ClassOnlyBank, checkout.BankLine{
			Row: n + 5, Kind: checkout.LineSale, State: checkout.LineDone, RRN: fmt.Sprint("77", n), Order: "OD", AuthCode: "S1", At: b.Clock.Now().Truncate(time.Second), Timed: true,
			Amount: checkout.Money{Minor: int64(100 * (n + 1)), Currency: checkout.TRY}, ValueDate: "2026-11-23", Card: "415565******0007",
		}
		rows = append(rows, row)
	}
	rows[0].Bank.Commission, rows[0].Bank.Net = &fee, &net
	rows[2].Class = checkout.ClassMatched
	rows[2].Ours = checkout.OurLine{
		Payment: "pay_1", Refund: "rfd_1", Kind: checkout.LineRefund, Status: "refunded", Order: "S-1", BankOrder: "OD1", RRN: "772", AuthCode: "S1",
		Amount: checkout.Money{Minor: 300, Currency: checkout.TRY}, At: b.Clock.Now(),
	}
	return r, rows
}

// Reconciled is Run, stored.
func (b *Books) Reconciled(a checkout.AccountID) (checkout.Run, []checkout.RunRow) {
	b.Helper()
	r, rows := b.Run(a)
	b.must(b.Ledger.SaveRun(b.ctx, r, rows, b.Event("reconciliation.made"), checkout.Idempotency{}))
	return r, rows
}

// Resolves writes a row down as the manual entry man_1.
func (b *Books) Resolves(row checkout.RunRow) (checkout.RunRow, checkout.ManualEntry) {
	b.Helper()
	e := checkout.ManualEntry{
		ID: "man_1", Merchant: row.Merchant, Account: row.Account, Day: row.Day, Run: row.Run, Row: row.Number, Kind: row.Bank.Kind, Amount: row.Bank.Amount, RRN: row.Bank.RRN,
		Order: row.Bank.Order, AuthCode: row.Bank.AuthCode, At: row.Bank.At, Note: "Telefonla", Actor: "api:key_1", CreatedAt: b.Clock.Now(),
	}
	row.Resolution, row.Manual, row.Note, row.ResolvedBy, row.ResolvedAt = checkout.ResolvedManual, e.ID, e.Note, e.Actor, b.Clock.Now()
	b.must(b.Ledger.ResolveRow(b.ctx, row, &e, b.Event("reconciliation.row_resolved"), checkout.Idempotency{}))
	return row, e
}

func (b *Books) rows(q checkout.RowQuery) []checkout.RunRow {
	b.Helper()
	q.Merchant = b.Merchant
	var out []checkout.RunRow
	for {
		some, next, err := b.Ledger.RunRows(b.ctx, q)
		b.must(err)
		out = append(out, some...)
		if q.Cursor = next; next == "" {
			return out
		}
	}
}

func runFields(b *Books) {
	r, rows := b.Reconciled("acc_1")
	got, err := b.Ledger.RunOf(b.ctx, b.Merchant, r.ID)
	b.must(err)
	b.equal("the run", got, r)
	b.equal("its rows", b.rows(checkout.RowQuery{Run: r.ID}), rows)
	b.equal("page by page", b.rows(checkout.RowQuery{Run: r.ID, Limit: 1}), rows)
	b.equal("of a class", b.rows(checkout.RowQuery{Run: r.ID, Class: checkout.ClassOnlyBank}), rows[:2])
	row, entry := b.Resolves(rows[1])
	read, err := b.Ledger.RunRow(b.ctx, b.Merchant, r.ID, 2)
	b.must(err)
	b.equal("resolved", read, row)
	b.equal("open", b.rows(checkout.RowQuery{Run: r.ID, Open: true}), rows[:1])
	got, err = b.Ledger.RunOf(b.ctx, b.Merchant, r.ID)
	b.must(err)
	b.equal("counts", got.Counts[checkout.ClassOnlyBank], checkout.RunCount{Rows: 2, Open: 1})
	entries, err := b.Ledger.ManualEntries(b.ctx, b.Merchant, "acc_1", reconDay)
	b.must(err)
	b.equal("entries", entries, []checkout.ManualEntry{entry})
	report := b.reports()
	from, to, _ := reconDay.Span()
	for what, c := range map[string]struct {
		q    checkout.ReportQuery
		rows int
		made int
	}{
		"of the day": {checkout.ReportQuery{From: from, To: to}, 3, 1}, "of another": {checkout.ReportQuery{From: to}, 0, 0}, "of a class": {checkout.ReportQuery{Status: "matched"}, 1, 1},
		"of an account": {checkout.ReportQuery{Account: "acc_2"}, 0, 0}, "in dollars": {checkout.ReportQuery{Currency: checkout.USD}, 0, 0},
		"behind a row": {checkout.ReportQuery{After: checkout.ReportPlace{At: from, ID: rows[1].ID()}}, 1, 0},
	} {
		c.q.Merchant = b.Merchant
		compared, err := report.ReportReconciled(b.ctx, c.q)
		b.must(err)
		b.equal(what, len(compared), c.rows)
		made, err := report.ReportManual(b.ctx, c.q)
		b.must(err)
		b.equal(what+": by hand", len(made), c.made)
	}
	b.Clock.Advance(time.Second)
	later, _ := b.Reconciled("acc_2")
	for what, c := range map[string]struct {
		q    checkout.RunQuery
		want string
	}{
		"all": {checkout.RunQuery{}, string(later.ID + r.ID)}, "pages": {checkout.RunQuery{Limit: 1}, string(later.ID + r.ID)}, "account": {checkout.RunQuery{Account: "acc_1"}, string(r.ID)},
		"day": {checkout.RunQuery{Day: "2026-11-21"}, ""},
	} {
		var ids strings.Builder
		for c.q.Merchant = b.Merchant; ; {
			some, next, err := b.Ledger.SearchRuns(b.ctx, c.q)
			b.must(err)
			for _, one := range some {
				ids.WriteString(string(one.ID))
				b.equal("counted", len(one.Counts), 2)
			}
			if c.q.Cursor = next; next == "" {
				break
			}
		}
		b.equal(what, ids.String(), c.want)
	}
	for _, cursor := range []string{"x", "AAAA"} {
		_, _, err = b.Ledger.RunRows(b.ctx, checkout.RowQuery{Merchant: b.Merchant, Run: r.ID, Cursor: cursor})
		b.want(err, checkout.ErrCursor)
		_, _, err = b.Ledger.SearchRuns(b.ctx, checkout.RunQuery{Merchant: b.Merchant, Cursor: cursor})
		b.want(err, checkout.ErrCursor)
	}
	_, err = b.Ledger.RunRow(b.ctx, b.Merchant, r.ID, 4)
	b.want(err, checkout.ErrNoRunRow)
}

func runForeign(b *Books) {
	r, rows := b.Reconciled("acc_1")
	mine := b.Merchant
	b.Merchant = b.NewMerchant()
	_, err := b.Ledger.RunOf(b.ctx, b.Merchant, r.ID)
	b.want(err, checkout.ErrNoRun)
	_, err = b.Ledger.RunRow(b.ctx, b.Merchant, r.ID, 1)
	b.want(err, checkout.ErrNoRunRow)
	b.equal("rows", len(b.rows(checkout.RowQuery{Run: r.ID})), 0)
	stolen := rows[0]
	stolen.Merchant, stolen.Resolution = b.Merchant, checkout.ResolvedAccepted
	b.want(b.Ledger.ResolveRow(b.ctx, stolen, nil, b.Event("x"), checkout.Idempotency{}), checkout.ErrNoRunRow)
	closed := r
	closed.Merchant, closed.ClosedAt = b.Merchant, b.Clock.Now()
	b.want(b.Ledger.CloseRun(b.ctx, closed, b.Event("x"), checkout.Idempotency{}), checkout.ErrNoRun)
	entries, err := b.Ledger.ManualEntries(b.ctx, b.Merchant, "acc_1", reconDay)
	b.must(err)
	b.equal("entries", len(entries), 0)
	b.Merchant = mine
	b.equal("nothing changed", b.rows(checkout.RowQuery{Run: r.ID}), rows)
}

func manualOnce(b *Books) {
	_, rows := b.Reconciled("acc_1")
	_, again := b.Reconciled("acc_1")
	b.Resolves(rows[0])
	row := again[0]
	row.Resolution, row.Manual, row.ResolvedAt = checkout.ResolvedManual, "man_2", b.Clock.Now()
	e := checkout.ManualEntry{
		ID: "man_2", Merchant: row.Merchant, Account: row.Account, Day: row.Day, Run: row.Run, Row: row.Number, Kind: row.Bank.Kind, Amount: row.Bank.Amount, RRN: row.Bank.RRN,
		Order: row.Bank.Order, AuthCode: row.Bank.AuthCode, At: row.Bank.At, Actor: "api:key_1", CreatedAt: b.Clock.Now(),
	}
	b.want(b.Ledger.ResolveRow(b.ctx, row, &e, b.Event("reconciliation.row_resolved"), checkout.Idempotency{}), checkout.ErrRowResolved)
	row.Manual = "man_1"
	b.must(b.Ledger.ResolveRow(b.ctx, row, nil, b.Event("reconciliation.row_resolved"), checkout.Idempotency{}))
	entries, err := b.Ledger.ManualEntries(b.ctx, b.Merchant, "acc_1", reconDay)
	b.must(err)
	b.equal("entries", len(entries), 1)
}

func rowOnce(b *Books) {
	_, rows := b.Reconciled("acc_1")
	errs := together(20, func(int) error {
		row := rows[0]
		row.Resolution, row.ResolvedAt = checkout.ResolvedAccepted, b.Clock.Now()
		return b.Ledger.ResolveRow(b.ctx, row, nil, b.Event("reconciliation.row_resolved"), checkout.Idempotency{})
	})
	b.equal("ends", tally(errs), map[string]int{"": 1, "row_resolved": 19})
	matched := rows[2]
	matched.Resolution = checkout.ResolvedAccepted
	b.want(b.Ledger.ResolveRow(b.ctx, matched, nil, b.Event("x"), checkout.Idempotency{}), checkout.ErrRowResolved)
}

func dayClosed(b *Books) {
	first, _ := b.Reconciled("acc_1")
	r, rows := b.Reconciled("acc_1")
	r.ClosedAt, r.ClosedBy, r.CloseNote = b.Clock.Now(), "api:key_1", "Şube bakıyor"
	idem := checkout.Idempotency{Merchant: b.Merchant, Key: "close", Request: []byte("r"), Status: 200, Body: []byte("{}")}
	b.must(b.Ledger.CloseRun(b.ctx, r, b.Event("reconciliation.day_closed"), idem))
	got, err := b.Ledger.RunOf(b.ctx, b.Merchant, r.ID)
	b.must(err)
	b.equal("closed", got, r)
	b.want(b.Ledger.CloseRun(b.ctx, r, b.Event("x"), checkout.Idempotency{}), checkout.ErrDayClosed)
	b.want(b.Ledger.CloseRun(b.ctx, r, b.Event("x"), idem), checkout.ErrKeyKnown)
	first.ClosedAt = b.Clock.Now()
	b.want(b.Ledger.CloseRun(b.ctx, first, b.Event("x"), checkout.Idempotency{}), checkout.ErrDayClosed)
	row := rows[0]
	row.Resolution = checkout.ResolvedAccepted
	b.want(b.Ledger.ResolveRow(b.ctx, row, nil, b.Event("x"), checkout.Idempotency{}), checkout.ErrDayClosed)
	again, more := b.Run("acc_1")
	b.want(b.Ledger.SaveRun(b.ctx, again, more, b.Event("x"), checkout.Idempotency{}), checkout.ErrDayClosed)
	b.equal("nothing changed", b.rows(checkout.RowQuery{Run: r.ID}), rows)
	b.Reconciled("acc_2") // another account's day is another day
}

func dayClosedOnce(b *Books) {
	r, _ := b.Reconciled("acc_1")
	r.ClosedAt = b.Clock.Now()
	errs := together(20, func(int) error {
		return b.Ledger.CloseRun(b.ctx, r, b.Event("reconciliation.day_closed"), checkout.Idempotency{})
	})
	b.equal("ends", tally(errs), map[string]int{"": 1, "day_closed": 19})
}

func dayBooks(b *Books) {
	at := func(p *checkout.Payment) { p.Account = "acc_1" }
	pay := func(l checkout.Link, change ...func(*checkout.Payment)) checkout.Payment {
		return b.Move(b.Approved(b.Move(b.Authorizing(b.Admit(l, append(change, at)...)))))
	}
	old := pay(b.Create(), func(p *checkout.Payment) { p.BankOrder = "ODOLD" })
	ordered := pay(b.Create(func(l *checkout.Link) { l.Order = "Eski-1" }))
	b.Clock.Advance(48 * time.Hour)
	from := b.Clock.Now()
	today := pay(b.Create())
	b.Admit(b.Create(), func(p *checkout.Payment) { p.Account = "acc_2" })
	back := b.Refund(today)
	today = b.GiveBack(b.AskBack(today, back), back)
	find := func(orders ...string) map[checkout.PaymentID]bool {
		b.Helper()
		books, err := b.Ledger.DayBooks(b.ctx, checkout.BooksQuery{Merchant: b.Merchant, Account: "acc_1", From: from, To: from.Add(24 * time.Hour), Orders: orders})
		b.must(err)
		found := map[checkout.PaymentID]bool{}
		for _, p := range books.Payments {
			b.equal("once", found[p.ID], false)
			found[p.ID] = true
		}
		b.equal("refunds", []any{len(books.Refunds), books.Refunds[0].ID}, []any{1, back.ID})
		return found
	}
	b.equal("of the day", find(), map[checkout.PaymentID]bool{today.ID: true})
	b.equal("named by the list", find("ODOLD", "Eski-1", "x", string(today.BankOrder)), map[checkout.PaymentID]bool{today.ID: true, old.ID: true, ordered.ID: true})
	books, err := b.Ledger.DayBooks(b.ctx, checkout.BooksQuery{Merchant: b.NewMerchant(), Account: "acc_1", From: from.Add(-time.Hour * 99), To: from.Add(24 * time.Hour), Orders: []string{"ODOLD", "Eski-1"}})
	b.must(err)
	b.equal("of somebody else (I17)", len(books.Payments)+len(books.Refunds), 0)
}

func bankColumns(b *Books) {
	a := checkout.Account{ID: "acc_1", Merchant: b.Merchant, Kind: "payfor", Credentials: checkout.Secrets{"a": "b"}}
	b.must(b.Ledger.SaveAccount(b.ctx, a, b.Event("acquirer.created")))
	read := func(m checkout.MerchantID) checkout.Columns {
		b.Helper()
		c, err := b.Ledger.Columns(b.ctx, m, "acc_1")
		b.must(err)
		return c
	}
	b.equal("nothing yet", read(b.Merchant), checkout.Columns(nil))
	for _, c := range []checkout.Columns{{"amount": "Tutar"}, {"amount": "Bedel", "date": "Gün"}, nil} {
		b.must(b.Ledger.SaveColumns(b.ctx, b.Merchant, "acc_1", c, b.Event("reconciliation.columns")))
		b.equal("kept", read(b.Merchant), c)
	}
	b.must(b.Ledger.SaveColumns(b.ctx, b.Merchant, "acc_1", checkout.Columns{"amount": "Tutar"}, b.Event("reconciliation.columns")))
	other := b.NewMerchant()
	b.equal("of somebody else", read(other), checkout.Columns(nil))
	b.want(b.Ledger.SaveColumns(b.ctx, other, "acc_1", checkout.Columns{"amount": "x"}, b.Event("x")), checkout.ErrNoAccount)
}
