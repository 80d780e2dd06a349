package report

import (
	"context"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// back is a void or refund with its payment and account.
type back struct {
	checkout.Refund
	payment checkout.Payment
	account checkout.Account
}

// done says whether the money went back.
func (b back) done() bool {
	return b.Status == checkout.RefundVoided || b.Status == checkout.RefundRefunded
}

func refundFields() []field[back] {
	type b = back
	return slices.Concat(
		[]field[b]{
			col("id", TypeText, "İptal/İade", "Void or refund", func(v b) Value { return text(string(v.ID)) }),
			col("kind", TypeCode, "İşlem Tipi", "Kind", func(v b) Value { return text(string(v.Kind)) }),
			col("status", TypeCode, "Durum", "Status", func(v b) Value { return text(string(v.Status)) }),
			col("payment", TypeText, "Ödeme", "Payment", func(v b) Value { return text(string(v.Payment)) }),
			col("link", TypeText, "Link", "Link", func(v b) Value { return text(string(v.payment.Link)) }),
			col("order_id", TypeText, "Sipariş No", "Order number", func(v b) Value { return text(string(v.payment.Order)) }),
			col("bank_order_id", TypeText, "Banka Sipariş No", "Bank order number", func(v b) Value { return text(string(v.payment.BankOrder)) }),
		},
		moment("created_at", "İstek Tarihi", "Asked", func(v b) time.Time { return v.CreatedAt }),
		moment("updated_at", "Son Değişiklik", "Updated", func(v b) time.Time { return v.UpdatedAt }),
		[]field[b]{
			col("currency", TypeText, "Para Birimi", "Currency", func(v b) Value { return text(string(v.Amount.Currency)) }),
			col("amount", TypeMoney, "Tutar", "Amount", func(v b) Value { return number(v.Amount.Minor) }),
			sum("given_back", TypeMoney, "İptal/İade Edilen", "Given back", func(v b) Value {
				if !v.done() {
					return number(int64(0))
				}
				return number(v.Amount.Minor)
			}),
			col("reason", TypeText, "Neden", "Reason", func(v b) Value { return text(v.Reason) }),
			col("sale_total", TypeMoney, "Satış Tutarı", "Sale total", func(v b) Value { return number(v.payment.Total.Minor) }),
		},
		moment("sale_paid_at", "Satış Tarihi", "Sale paid", func(v b) time.Time { return v.payment.PaidAt }),
		cardFields(func(v b) checkout.CardFacts { return v.payment.Card }),
		accountFields(func(v b) checkout.Account { return v.account }, func(v b) checkout.AccountID { return v.payment.Account }),
		[]field[b]{
			col("auth_code", TypeText, "Provizyon No", "Authorisation code", func(v b) Value { return text(v.AuthCode) }),
			col("rrn", TypeText, "Referans No (RRN)", "RRN", func(v b) Value { return text(v.RRN) }),
		},
		declineFields(func(v b) checkout.Decline { return v.Decline }),
	)
}

func refunds() Report {
	fields := refundFields()
	return Report{
		Name:  "refunds",
		Title: Words{"İptal ve iade raporu", "Voids and refunds"},
		About: Words{"Her iptal ve her iade kendi satırındadır; dönem isteğin zamanına göredir.",
			"Each void and each refund as a row of its own; the period is that of the asking."},
		Filters: []Filter{
			{Name: FilterKind, Choices: words(checkout.RefundKinds)}, {Name: FilterStatus, Choices: words(checkout.RefundStatuses)}, byCurrency, byAccount,
		},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			next, err := backs(ctx, l, q)
			return func() ([]Row, error) {
				some, err := next()
				rows := make([]Row, len(some))
				for i, b := range some {
					rows[i] = row(fields, b, b.Amount.Currency)
				}
				return rows, err
			}, err
		},
	}
}

// paymentsOf reads the payments that rows belong to.
func paymentsOf[T any](ctx context.Context, l Ledger, m checkout.MerchantID, rows []T, of func(T) checkout.PaymentID) (map[checkout.PaymentID]checkout.Payment, error) {
	ids := make([]checkout.PaymentID, len(rows))
	for i, r := range rows {
		ids[i] = of(r)
	}
	return l.PaymentsOf(ctx, m, ids)
}

// backs reads voids and refunds with their payments.
func backs(ctx context.Context, l Ledger, q Query) (func() ([]back, error), error) {
	accounts, err := accountsOf(ctx, l, q.Merchant)
	next := pages(func(after checkout.ReportPlace) ([]checkout.Refund, error) {
		return l.ReportRefunds(ctx, q.rows(after))
	}, createdRefund)
	return func() ([]back, error) {
		some, end := next()
		if failed(end) {
			return nil, end
		}
		of, err := paymentsOf(ctx, l, q.Merchant, some, func(r checkout.Refund) checkout.PaymentID { return r.Payment })
		if err != nil {
			return nil, err
		}
		out := make([]back, len(some))
		for i, r := range some {
			p := of[r.Payment]
			out[i] = back{r, p, accounts[p.Account]}
		}
		return out, end
	}, err
}
