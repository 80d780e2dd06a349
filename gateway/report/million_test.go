//go:build !race

package report

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// endless makes payments as they are asked for, n in all, and keeps none.
type endless struct {
	shelf
	n, made int
}

func (e *endless) ReportPayments(_ context.Context, q checkout.ReportQuery) ([]checkout.Payment, error) {
	if e.made > 0 && q.After.ID != e.id(e.made-1) {
		return nil, fmt.Errorf("after %s, not the last", q.After.ID)
	}
	out := make([]checkout.Payment, 0, q.Limit)
	for len(out) < q.Limit && e.made < e.n {
		out = append(out, checkout.Payment{
			ID: checkout.PaymentID(e.id(e.made)), Status: checkout.StatusPaid, PaidAt: noon, CreatedAt: noon.Add(-time.Duration(e.made) * time.Second), PayerNote: "teşekkürler",
			Total: checkout.Money{Minor: 25000, Currency: checkout.TRY}, Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY},
		})
		e.made++
	}
	return out, nil
}

func (e *endless) id(i int) string { return fmt.Sprintf("pay_%022d", i) }

// narrow is the report of payments with a few of its columns, so that a million rows take seconds.
func narrow() Report {
	r := payments()
	var few []field[sale]
	for _, f := range paymentFields() {
		switch f.Name {
		case "id", "status", "created_at", "collected", "payer_note":
			few = append(few, f)
		}
	}
	r.columns = columns(few)
	r.open = func(ctx context.Context, l Ledger, q Query) (batches, error) {
		next := pages(func(after checkout.ReportPlace) ([]checkout.Payment, error) {
			return l.ReportPayments(ctx, q.rows(after))
		}, createdPayment)
		return func() ([]Row, error) {
			some, err := next()
			rows := make([]Row, len(some))
			for i, p := range some {
				rows[i] = row(few, sale{Payment: p}, p.Total.Currency)
			}
			return rows, err
		}, nil
	}
	return r
}

// A million rows need the memory of some pages: the heap is looked at while they are read.
func TestAMillionRowsNeedConstantMemory(t *testing.T) {
	const rows, most = 1_000_000, 16 << 20
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			l := &endless{n: rows}
			s, err := Open(context.Background(), l, narrow(), Query{Merchant: shop}, f, "tr", DialectTR)
			if err != nil {
				t.Fatal(err)
			}
			before, worst, total := heap(), uint64(0), int64(0)
			for {
				n, err := io.CopyN(io.Discard, s, 8<<20)
				total += n
				if now := heap(); now > before {
					worst = max(worst, now-before)
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if worst > most || l.made != rows || len(s.totals) != 1 || s.totals[0].Rows != rows || total < rows {
				t.Errorf("the heap grew by %d bytes for %d rows in %d bytes; totals %+v", worst, l.made, total, s.totals)
			}
		})
	}
}

// heap is what is alive.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
