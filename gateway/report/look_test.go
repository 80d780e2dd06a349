package report

import (
	"context"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// A reconciliation's own file has its rows alone, all of its pages, and keeps the list's filter.
func TestTheRowsOfOneReconciliation(t *testing.T) {
	s := &shelf{}
	for n := range 5 {
		class := checkout.ClassMatched
		if n%2 == 1 {
			class = checkout.ClassOnlyBank
		}
		s.rows = append(s.rows, checkout.RunRow{Run: "rec_1", Number: n + 1, Pair: checkout.Pair{Class: class}}, checkout.RunRow{Run: "rec_2", Number: n + 1})
	}
	for class, want := range map[checkout.Class]int{"": 5, checkout.ClassOnlyBank: 2} {
		q := Query{Merchant: shop, Rows: &checkout.RowQuery{Merchant: shop, Run: "rec_1", Class: class}}
		table, err := Look(t.Context(), s, reconciliation(), q, 0, 9, 100)
		if err != nil || len(table.Rows) != want || !table.Whole || table.Rows[0].Values[0].Text != "rec_1" {
			t.Errorf("%s: %+v, %v", class, table, err)
		}
	}
}

func TestLookShowsAPieceAndTheTotalsOfTheWhole(t *testing.T) {
	r, _ := ByName("payments")
	q := Query{Merchant: shop, From: noon.AddDate(0, 0, -1)}
	collected := func(table Table) (sum int64) {
		for _, total := range table.Totals {
			for i, c := range table.Columns {
				if c.Name == "collected" && total.Currency == checkout.TRY {
					sum = total.Sums[i].N
				}
			}
		}
		return sum
	}
	for _, c := range []struct{ skip, n, most, rows, count int }{{0, 3, 100, 3, 8}, {6, 3, 100, 2, 8}, {8, 3, 100, 0, 8}, {0, 3, 1, 3, 8}} {
		table, err := Look(context.Background(), fill(), r, q, c.skip, c.n, c.most)
		if err != nil || len(table.Rows) != c.rows || table.Count != c.count {
			t.Errorf("%+v: %d rows of %d, %v", c, len(table.Rows), table.Count, err)
		}
		if whole := c.most > 8; table.Whole != whole || whole && collected(table) != 50900 || !whole && table.Totals != nil {
			t.Errorf("%+v: whole %v, totals %+v", c, table.Whole, table.Totals)
		}
	}
	broken := fill()
	broken.pages, broken.breaks = 1, 1
	if _, err := Look(context.Background(), broken, r, q, 0, 3, 100); err == nil {
		t.Error("a ledger that is away went unnoticed")
	}
}

// What a list of payments shows is what its export has, page by page.
func TestPaymentsOfAListAreTheReportsRows(t *testing.T) {
	r, _ := ByName("payments")
	q := Query{Merchant: shop, Payments: &checkout.PaymentQuery{Merchant: shop, Status: checkout.StatusDeclined, Cursor: "of the page", Limit: 1}}
	table, err := Look(context.Background(), fill(), r, q, 0, 100, 100)
	if err != nil || table.Count != 5 {
		t.Errorf("%d rows, %v", table.Count, err)
	}
}
