package report

import (
	"context"
	"io"
	"testing"
	"time"

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
		table, err := Look(t.Context(), s, reconciliation(), q, Piece{Rows: 9, Most: 100, Within: time.Hour})
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
	for _, c := range []struct{ skip, n, most, rows, count int }{{0, 3, 100, 3, 8}, {6, 3, 100, 2, 8}, {8, 3, 100, 0, 8}} {
		table, err := Look(context.Background(), fill(), r, q, Piece{Skip: c.skip, Rows: c.n, Most: c.most, Within: time.Hour})
		if err != nil || len(table.Rows) != c.rows || table.Count != c.count {
			t.Errorf("%+v: %d rows of %d, %v", c, len(table.Rows), table.Count, err)
		}
		if !table.Whole || collected(table) != 50900 {
			t.Errorf("%+v: whole %v, totals %+v", c, table.Whole, table.Totals)
		}
	}
	broken := fill()
	broken.pages, broken.breaks = 1, 1
	if _, err := Look(context.Background(), broken, r, q, Piece{Rows: 3, Most: 100, Within: time.Hour}); err == nil {
		t.Error("a ledger that is away went unnoticed")
	}
}

// What a list of payments shows is what its export has, page by page.
func TestPaymentsOfAListAreTheReportsRows(t *testing.T) {
	r, _ := ByName("payments")
	q := Query{Merchant: shop, Payments: &checkout.PaymentQuery{Merchant: shop, Status: checkout.StatusDeclined, Cursor: "of the page", Limit: 1}}
	table, err := Look(context.Background(), fill(), r, q, Piece{Rows: 100, Most: 100, Within: time.Hour})
	if err != nil || table.Count != 5 {
		t.Errorf("%d rows, %v", table.Count, err)
	}
}

// A page waits for the totals as long as it was told, and never for those of what one reading brings.
func TestLookWaitsForTotalsNoLongerThanItIsTold(t *testing.T) {
	of := func(rows, each int) Report {
		read := 0
		return Made("made", Words{}, []Column{{Name: "n", Type: TypeCount, Sum: true}}, func(context.Context) ([]Row, error) {
			some := make([]Row, min(each, rows-read))
			for i := range some {
				some[i] = Row{Currency: checkout.TRY, Values: []Value{number(1)}}
			}
			if read += len(some); read == rows {
				return some, io.EOF
			}
			return some, nil
		})
	}
	for name, c := range map[string]struct {
		rows, each int
		piece      Piece
		count      int
		whole      bool
	}{
		"no time, many rows":     {10, 2, Piece{Rows: 3, Most: 100}, 4, false},
		"no time, behind some":   {10, 2, Piece{Skip: 4, Rows: 2, Most: 100}, 8, false},
		"no time, one reading":   {10, 10, Piece{Rows: 3, Most: 100}, 10, true},
		"no time, the last rows": {10, 2, Piece{Skip: 8, Rows: 3, Most: 100}, 10, true},
		"time, too many rows":    {10, 2, Piece{Rows: 3, Most: 5, Within: time.Hour}, 6, false},
		"time":                   {10, 2, Piece{Rows: 3, Most: 100, Within: time.Hour}, 10, true},
	} {
		table, err := Look(t.Context(), nil, of(c.rows, c.each), Query{}, c.piece)
		if err != nil || table.Count != c.count || table.Whole != c.whole || len(table.Rows) != min(c.piece.Rows, c.rows-c.piece.Skip) {
			t.Errorf("%s: %d of %d rows, whole %v, %v", name, len(table.Rows), table.Count, table.Whole, err)
		}
		if whole := len(table.Totals) == 1 && table.Totals[0].Sums[0].N == int64(c.rows); whole != c.whole {
			t.Errorf("%s: totals %+v", name, table.Totals)
		}
	}
}
