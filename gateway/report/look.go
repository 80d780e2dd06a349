package report

import (
	"context"
	"fmt"
	"time"
)

// Table is a piece of a report, for a screen.
type Table struct {
	Columns []Column
	Rows    []Row
	Count   int     // rows of the whole report, as far as they were read
	Whole   bool    // all of them were read
	Totals  []Total // of the whole report; nil where it was not read to its end
}

// Piece is what is looked at of a report: Rows of it behind the first Skip. It is read on for the totals, as far as
// they are cheap: until Most rows have come, or Within is over.
type Piece struct {
	Skip, Rows, Most int
	Within           time.Duration
}

// seen says whether count rows are more than the piece, so that there is a next one.
func (p Piece) seen(count int) bool { return count > p.Skip+p.Rows }

// Look answers a piece of a report, and the totals of the whole where they came in time: a page costs the same however
// long the report is, but for one that is a sum as a whole (products, installments). A report that fits one reading is
// always whole.
func Look(ctx context.Context, l Ledger, r Report, q Query, p Piece) (Table, error) {
	t := Table{Columns: r.Columns()}
	soon, cancel := context.WithTimeout(ctx, p.Within)
	defer cancel()
	next, err := r.open(ctx, l, q)
	if err != nil {
		return t, fmt.Errorf("report %s: %w", r.Name, err)
	}
	sums := &Stream{columns: r.columns}
	for !p.seen(t.Count) || t.Count < p.Most && soon.Err() == nil {
		rows, end := next()
		if failed(end) {
			return t, fmt.Errorf("report %s: %w", r.Name, end)
		}
		for _, row := range rows {
			if t.Count >= p.Skip && len(t.Rows) < p.Rows {
				t.Rows = append(t.Rows, row)
			}
			t.Count++
			if err := sums.count(row); err != nil {
				return t, err
			}
		}
		if end != nil {
			t.Whole, t.Totals = true, sums.totals
			break
		}
	}
	return t, nil
}
