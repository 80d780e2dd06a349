package report

import (
	"context"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// disputed is a chargeback with its payment and account.
type disputed struct {
	checkout.Chargeback
	payment checkout.Payment
	account checkout.Account
}

// startOf is the first moment of a day, zero for none.
func startOf(d checkout.Day) time.Time {
	from, _, _ := d.Span()
	if d == "" {
		return time.Time{}
	}
	return from
}

func chargebackFields() []field[disputed] {
	type d = disputed
	return slices.Concat(
		[]field[d]{
			col("id", TypeText, "İtiraz", "Chargeback", func(v d) Value { return text(string(v.ID)) }),
			col("status", TypeCode, "Durum", "Status", func(v d) Value { return text(string(v.Status)) }).of("chargeback"),
			col("reason_code", TypeText, "Neden Kodu", "Reason code", func(v d) Value { return text(v.Code) }),
			col("case", TypeText, "Banka Dosya No", "Bank's file number", func(v d) Value { return text(v.Case) }),
			col("received_at", TypeDate, "Bildirim Günü", "Day of the letter", func(v d) Value { return at(startOf(v.ReceivedAt)) }),
			col("respond_by", TypeDate, "Son Yanıt Günü", "Last day for an answer", func(v d) Value { return at(startOf(v.RespondBy)) }),
			col("payment", TypeText, "Ödeme", "Payment", func(v d) Value { return text(string(v.Payment)) }),
			col("link", TypeText, "Link", "Link", func(v d) Value { return text(string(v.payment.Link)) }),
			col("order_id", TypeText, "Sipariş No", "Order number", func(v d) Value { return text(string(v.payment.Order)) }),
			col("bank_order_id", TypeText, "Banka Sipariş No", "Bank order number", func(v d) Value { return text(string(v.payment.BankOrder)) }),
			col("currency", TypeText, "Para Birimi", "Currency", func(v d) Value { return text(string(v.Amount.Currency)) }),
			sum("amount", TypeMoney, "Tutar", "Amount", func(v d) Value { return number(v.Amount.Minor) }),
			sum("lost", TypeMoney, "Kaybedilen", "Lost", func(v d) Value {
				if v.Status != checkout.ChargebackLost {
					return number(int64(0))
				}
				return number(v.Amount.Minor)
			}),
			col("refunded_before", TypeMoney, "Önceden İade Edilen", "Refunded before", func(v d) Value { return number(v.RefundedBefore) }),
			col("reason", TypeText, "Açıklama", "Note", func(v d) Value { return text(v.Reason) }),
		},
		moment("created_at", "Kayıt Tarihi", "Recorded", func(v d) time.Time { return v.CreatedAt }),
		moment("closed_at", "Kapanış Tarihi", "Closed", func(v d) time.Time { return v.ClosedAt }),
		[]field[d]{
			col("sale_total", TypeMoney, "Satış Tutarı", "Sale total", func(v d) Value { return number(v.payment.Total.Minor) }),
		},
		moment("sale_paid_at", "Satış Tarihi", "Sale paid", func(v d) time.Time { return v.payment.PaidAt }),
		[]field[d]{
			col("liability", TypeCode, "Sorumluluk", "Liability", func(v d) Value { return text(string(v.payment.Liability)) }),
		},
		cardFields(func(v d) checkout.CardFacts { return v.payment.Card }),
		accountFields(func(v d) checkout.Account { return v.account }, func(v d) checkout.AccountID { return v.payment.Account }),
		[]field[d]{
			col("auth_code", TypeText, "Provizyon No", "Authorisation code", func(v d) Value { return text(v.payment.AuthCode) }),
			col("rrn", TypeText, "Referans No (RRN)", "RRN", func(v d) Value { return text(v.payment.RRN) }),
		},
	)
}

func chargebacks() Report {
	fields := chargebackFields()
	return Report{
		Name:  "chargebacks",
		Title: Words{"Harcama itirazı raporu", "Chargebacks"},
		About: Words{"Her itiraz kendi satırındadır; dönem bankanın bildirim gününe göredir.",
			"Each dispute as a row of its own; the period is that of the bank's letter."},
		Filters: []Filter{{Name: FilterStatus, Choices: words(checkout.ChargebackStatuses)}, byCurrency, byAccount},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			accounts, err := accountsOf(ctx, l, q.Merchant)
			next := disputes(ctx, l, q, accounts)
			return func() ([]Row, error) {
				some, err := next()
				rows := make([]Row, len(some))
				for i, v := range some {
					rows[i] = row(fields, v, v.Amount.Currency)
				}
				return rows, err
			}, err
		},
	}
}

// disputes reads chargebacks with their payments.
func disputes(ctx context.Context, l Ledger, q Query, accounts map[checkout.AccountID]checkout.Account) func() ([]disputed, error) {
	next := pages(func(after checkout.ReportPlace) ([]checkout.Chargeback, error) {
		return l.ReportChargebacks(ctx, q.rows(after))
	}, func(c checkout.Chargeback) checkout.ReportPlace {
		return checkout.ReportPlace{At: startOf(c.ReceivedAt), ID: string(c.ID)}
	})
	return func() ([]disputed, error) {
		some, end := next()
		if failed(end) {
			return nil, end
		}
		of, err := paymentsOf(ctx, l, q.Merchant, some, func(c checkout.Chargeback) checkout.PaymentID { return c.Payment })
		if err != nil {
			return nil, err
		}
		out := make([]disputed, len(some))
		for i, c := range some {
			p := of[c.Payment]
			out[i] = disputed{c, p, accounts[p.Account]}
		}
		return out, end
	}
}
