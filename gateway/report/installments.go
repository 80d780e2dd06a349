package report

import (
	"context"

	"github.com/odelink/odelink/checkout"
)

func installmentFields() []field[checkout.CountSum] {
	type s = checkout.CountSum
	return []field[s]{
		col("installments", TypeCount, "Taksit", "Instalments", func(v s) Value { return number(v.Installments) }),
		col("card_program", TypeText, "Kart Programı", "Card programme", func(v s) Value { return text(v.Program) }),
		col("currency", TypeText, "Para Birimi", "Currency", func(v s) Value { return text(string(v.Currency)) }),
		sum("payments", TypeCount, "Ödeme Adedi", "Payments", func(v s) Value { return number(v.Payments) }),
		sum("amount", TypeMoney, "Tutar", "Price", func(v s) Value { return number(v.Minor) }),
		sum("collected", TypeMoney, "Tahsil Edilen", "Collected", func(v s) Value { return number(v.TotalMinor) }),
		sum("refunded", TypeMoney, "İptal/İade Edilen", "Given back", func(v s) Value { return number(v.Refunded) }),
		sum("net", TypeMoney, "Kalan", "Remaining", func(v s) Value { return number(v.TotalMinor - v.Refunded) }),
	}
}

func installments() Report {
	fields := installmentFields()
	return Report{
		Name:  "installments",
		Title: Words{"Taksit raporu", "Instalments"},
		About: Words{"Tahsil edilen ödemeler, taksit sayısına ve kart programına göre; dönem tahsilat zamanına göredir.",
			"What was collected, by number of instalments and card programme; the period is that of the payment."},
		Filters: []Filter{byCurrency, byAccount},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			sums, err := l.CollectedByCount(ctx, q.rows(checkout.ReportPlace{}))
			rows := make([]Row, len(sums))
			for i, s := range sums {
				rows[i] = row(fields, s, s.Currency)
			}
			return once(rows), err
		},
	}
}
