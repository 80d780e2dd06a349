package report

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Table is a piece of a report, for a screen.
type Table struct {
	Columns []Column
	Rows    []Row
	Count   int     // rows of the whole report, as far as they were read
	Whole   bool    // all of them were read
	Totals  []Total // of the whole report; nil where it was not read to its end
}

// Look answers the rows of a report behind the first skip, at most n, and its totals. It reads no more than most
// rows, so that a page costs the same however long the report is.
func Look(ctx context.Context, l Ledger, r Report, q Query, skip, n, most int) (Table, error) {
	t := Table{Columns: r.Columns()}
	next, err := r.open(ctx, l, q)
	if err != nil {
		return t, fmt.Errorf("report %s: %w", r.Name, err)
	}
	sums := &Stream{columns: r.columns}
	for t.Count < most {
		rows, err := next()
		if errors.Is(err, io.EOF) {
			t.Whole, t.Totals = true, sums.totals
			return t, nil
		}
		if err != nil {
			return t, fmt.Errorf("report %s: %w", r.Name, err)
		}
		for _, row := range rows {
			if t.Count >= skip && len(t.Rows) < n {
				t.Rows = append(t.Rows, row)
			}
			t.Count++
			if err := sums.count(row); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

// Said is a code of a report in people's words; one that has none is answered as it is.
func Said(code, lang string) string { return said(code, lang) }
