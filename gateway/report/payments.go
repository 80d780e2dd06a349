package report

import (
	"context"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// sale is a payment with the account that it was made at.
type sale struct {
	checkout.Payment
	account checkout.Account
	mailed  bool // in a report that leaves the house
}

// collected is what the payer paid, 0 where nothing counted.
func (s sale) collected() int64 {
	if s.Collected() {
		return s.Total.Minor
	}
	return 0
}

// back is what went back of that. What was taken back before it counted is no refund of a collected sale.
func (s sale) back() int64 {
	if s.Collected() {
		return s.Refunded
	}
	return 0
}

func paymentFields() []field[sale] {
	type p = sale
	return slices.Concat(
		[]field[p]{
			col("id", TypeText, "Ödeme", "Payment", func(v p) Value { return text(string(v.ID)) }),
			col("reference", TypeText, "Makbuz Kodu", "Reference", func(v p) Value { return text(v.ID.Reference()) }),
			col("link", TypeText, "Link", "Link", func(v p) Value { return text(string(v.Link)) }),
			col("order_id", TypeText, "Sipariş No", "Order number", func(v p) Value { return text(string(v.Order)) }),
			col("bank_order_id", TypeText, "Banka Sipariş No", "Bank order number", func(v p) Value { return text(string(v.BankOrder)) }),
			col("status", TypeCode, "Durum", "Status", func(v p) Value { return text(string(v.Status)) }),
		},
		moment("created_at", "İşlem Tarihi", "Created", func(v p) time.Time { return v.CreatedAt }),
		moment("paid_at", "Tahsilat Tarihi", "Paid", func(v p) time.Time { return v.PaidAt }),
		[]field[p]{
			col("currency", TypeText, "Para Birimi", "Currency", func(v p) Value { return text(string(v.Total.Currency)) }),
			col("amount", TypeMoney, "Tutar", "Price", func(v p) Value { return number(v.Amount.Minor) }),
			col("total", TypeMoney, "Karttan Çekilecek Tutar", "Total", func(v p) Value { return number(v.Total.Minor) }),
			col("installments", TypeCount, "Taksit", "Instalments", func(v p) Value { return number(v.Installments) }),
			col("rate", TypeRate, "Taksit Farkı (%)", "Instalment rate (%)", func(v p) Value { return number(v.Rate) }),
			sum("collected", TypeMoney, "Tahsil Edilen", "Collected", func(v p) Value { return number(v.collected()) }),
			sum("refunded", TypeMoney, "İptal/İade Edilen", "Given back", func(v p) Value { return number(v.back()) }),
			sum("net", TypeMoney, "Kalan", "Remaining", func(v p) Value { return number(v.collected() - v.back()) }),
		},
		cardFields(func(v p) checkout.CardFacts { return v.Card }),
		accountFields(func(v p) checkout.Account { return v.account }, func(v p) checkout.AccountID { return v.Account }),
		[]field[p]{
			col("auth_code", TypeText, "Provizyon No", "Authorisation code", func(v p) Value { return text(v.AuthCode) }),
			col("rrn", TypeText, "Referans No (RRN)", "RRN", func(v p) Value { return text(v.RRN) }),
			col("md_status", TypeText, "3D Durumu", "3-D Secure status", func(v p) Value { return text(v.MDStatus) }),
			col("eci", TypeText, "ECI", "ECI", func(v p) Value { return text(v.ECI) }),
		},
		declineFields(func(v p) checkout.Decline { return v.Decline }),
		[]field[p]{
			col("payer_note", TypeText, "Açıklama (ödeyenin notu)", "Payer note", func(v p) Value { return text(v.PayerNote) }),
			col("payer_fields", TypeText, "Ek Alanlar (ödeyenin yanıtları)", "Payer's answers", func(v p) Value { return text(checkout.AnswerLine(v.Answers, !v.mailed)) }),
			col("items", TypeText, "Ürünler", "Items", func(v p) Value { return text(checkout.ItemLine(v.Items)) }),
		},
		moment("updated_at", "Son Değişiklik", "Updated", func(v p) time.Time { return v.UpdatedAt }),
	)
}

func cardFields[T any](of func(T) checkout.CardFacts) []field[T] {
	return []field[T]{
		col("card_brand", TypeText, "Kart Kuruluşu", "Card brand", func(v T) Value { return text(string(of(v).Brand)) }),
		col("card_kind", TypeCode, "Kart Türü", "Card kind", func(v T) Value { return text(string(of(v).Kind)) }),
		col("card_issuer", TypeText, "Kart Bankası", "Card issuer", func(v T) Value { return text(of(v).Issuer) }),
		col("card_program", TypeText, "Kart Programı", "Card programme", func(v T) Value { return text(of(v).Program) }),
		col("card_bin", TypeText, "Kart BIN", "Card BIN", func(v T) Value { return text(of(v).BIN) }),
		col("card_last4", TypeText, "Kart Son 4", "Card last four", func(v T) Value { return text(of(v).Last4) }),
	}
}

func accountFields[T any](of func(T) checkout.Account, id func(T) checkout.AccountID) []field[T] {
	return []field[T]{
		col("acquirer", TypeText, "Sanal POS", "Virtual POS", func(v T) Value { return text(string(id(v))) }),
		col("acquirer_name", TypeText, "Sanal POS Adı", "Virtual POS name", func(v T) Value { return text(of(v).Name) }),
	}
}

func declineFields[T any](of func(T) checkout.Decline) []field[T] {
	return []field[T]{
		col("decline_code", TypeCode, "Ret Nedeni", "Reason of refusal", func(v T) Value { return text(string(of(v).Code)) }),
		col("decline_bank_code", TypeText, "Banka Kodu", "Bank's code", func(v T) Value { return text(of(v).BankCode) }),
		col("decline_message", TypeText, "Banka Mesajı", "Bank's message", func(v T) Value { return text(of(v).Message) }),
	}
}

func payments() Report {
	fields := paymentFields()
	return Report{
		Name:  "payments",
		Title: Words{"İşlem raporu", "Payments"},
		About: Words{"Onaylanan ve onaylanmayan bütün ödeme denemeleri; dönem denemenin zamanına göredir.",
			"Every attempt to pay, approved or not; the period is that of the attempt."},
		Filters: []Filter{{Name: FilterStatus, Choices: words(checkout.Statuses)}, byCurrency, byAccount},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			accounts, err := accountsOf(ctx, l, q.Merchant)
			next := pages(func(after checkout.ReportPlace) ([]checkout.Payment, error) {
				return l.ReportPayments(ctx, q.rows(after))
			}, createdPayment)
			if q.Payments != nil {
				next = listed(ctx, l, *q.Payments)
			}
			return func() ([]Row, error) {
				some, err := next()
				rows := make([]Row, len(some))
				for i, p := range some {
					rows[i] = row(fields, sale{p, accounts[p.Account], q.Mailed}, p.Total.Currency)
				}
				return rows, err
			}, err
		},
	}
}

// listed reads what a list shows, page by page.
func listed(ctx context.Context, l Ledger, q checkout.PaymentQuery) func() ([]checkout.Payment, error) {
	return cursored(func(cursor string) ([]checkout.Payment, string, error) {
		q.Cursor, q.Limit = cursor, page
		return l.SearchPayments(ctx, q)
	})
}
