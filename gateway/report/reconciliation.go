package report

import (
	"context"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// compared is a row of a reconciliation with its account.
type compared struct {
	checkout.RunRow
	account checkout.Account
}

func comparedFields() []field[compared] {
	type c = compared
	// A side that is missing adds nothing to its sums, so that they differ by what the sides differ by.
	optional := func(v c, n *int64) Value {
		switch {
		case v.Bank.Row == 0:
			return number(int64(0))
		case n == nil:
			return none
		}
		return number(*n)
	}
	return slices.Concat(
		[]field[c]{
			col("reconciliation", TypeText, "Mutabakat", "Reconciliation", func(v c) Value { return text(string(v.Run)) }),
			col("day", TypeText, "Gün", "Day", func(v c) Value { return text(string(v.Day)) }),
			col("number", TypeCount, "Satır", "Row", func(v c) Value { return number(v.Number) }),
			col("class", TypeCode, "Sonuç", "Result", func(v c) Value { return text(string(v.Class)) }),
			col("resolution", TypeCode, "Çözüm", "Resolution", func(v c) Value { return text(string(v.Resolution)) }),
			col("manual_entry", TypeText, "Elle Girilen Kayıt", "Manual entry", func(v c) Value { return text(string(v.Manual)) }),
			col("note", TypeText, "Not", "Note", func(v c) Value { return text(v.Note) }),
			col("payment", TypeText, "Ödeme", "Payment", func(v c) Value { return text(string(v.Ours.Payment)) }),
			col("refund", TypeText, "İptal/İade", "Void or refund", func(v c) Value { return text(string(v.Ours.Refund)) }),
			col("order_id", TypeText, "Sipariş No", "Order number", func(v c) Value { return text(string(v.Ours.Order)) }),
			col("our_kind", TypeCode, "Bizde: İşlem Tipi", "Ours: kind", func(v c) Value { return text(string(v.Ours.Kind)) }),
			col("our_status", TypeCode, "Bizde: Durum", "Ours: status", func(v c) Value { return text(v.Ours.Status) }),
			sum("our_amount", TypeMoney, "Bizde: Tutar", "Ours: amount", func(v c) Value { return number(signed(v.Ours.Kind, v.Ours.Amount.Minor)) }),
			col("bank_row", TypeCount, "Banka Listesindeki Satır", "Row in the bank's list", func(v c) Value {
				if v.Bank.Row == 0 {
					return none
				}
				return number(v.Bank.Row)
			}),
			col("bank_order_id", TypeText, "Bankada: Sipariş No", "Bank: order number", func(v c) Value { return text(v.Bank.Order) }),
			col("bank_kind", TypeCode, "Bankada: İşlem Tipi", "Bank: kind", func(v c) Value { return text(string(v.Bank.Kind)) }),
			col("bank_state", TypeCode, "Bankada: Durum", "Bank: state", func(v c) Value { return text(string(v.Bank.State)) }),
			col("currency", TypeText, "Para Birimi", "Currency", func(v c) Value { return text(string(v.currency())) }),
			sum("bank_amount", TypeMoney, "Bankada: Tutar", "Bank: amount", func(v c) Value { return number(signed(v.Bank.Kind, v.Bank.Amount.Minor)) }),
			sum("bank_commission", TypeMoney, "Bankada: Komisyon", "Bank: commission", func(v c) Value { return optional(v, v.Bank.Commission) }),
			sum("bank_net", TypeMoney, "Bankada: Net", "Bank: net", func(v c) Value { return optional(v, v.Bank.Net) }),
			col("value_date", TypeText, "Bankada: Valör Tarihi", "Bank: value date", func(v c) Value { return text(v.Bank.ValueDate) }),
			col("bank_rrn", TypeText, "Bankada: Referans No (RRN)", "Bank: RRN", func(v c) Value { return text(v.Bank.RRN) }),
			col("bank_auth_code", TypeText, "Bankada: Provizyon No", "Bank: authorisation code", func(v c) Value { return text(v.Bank.AuthCode) }),
			col("rrn", TypeText, "Referans No (RRN)", "RRN", func(v c) Value { return text(v.Ours.RRN) }),
			col("auth_code", TypeText, "Provizyon No", "Authorisation code", func(v c) Value { return text(v.Ours.AuthCode) }),
		},
		moment("resolved_at", "Çözüm Zamanı", "Resolved", func(v c) time.Time { return v.ResolvedAt }),
		accountFields(func(v c) checkout.Account { return v.account }, func(v c) checkout.AccountID { return v.Account }),
	)
}

// signed is an amount as it adds up: what goes back is negative.
func signed(k checkout.LineKind, minor int64) int64 {
	if k == checkout.LineSale {
		return minor
	}
	return -minor
}

func (c compared) currency() checkout.Currency {
	if c.Bank.Row > 0 {
		return c.Bank.Amount.Currency
	}
	return c.Ours.Amount.Currency
}

func reconciliation() Report {
	fields := comparedFields()
	return Report{
		Name:  "reconciliation",
		Title: Words{"Gün sonu mutabakatı", "Reconciliation"},
		About: Words{"Banka listeleriyle karşılaştırılan satırlar: sonuç, iki tarafın kayıtları ve farkın nasıl çözüldüğü. Dönem mutabakat gününe göredir; bir günün birden çok listesi varsa her biri ayrı satırlardadır.",
			"Rows held against banks' lists: how they came out, what each side has, and how a difference was resolved. The period is that of the day; several lists of one day are rows of their own."},
		Filters: []Filter{{Name: FilterStatus, Choices: words(checkout.Classes)}, byCurrency, byAccount},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			accounts, err := accountsOf(ctx, l, q.Merchant)
			next := pages(func(after checkout.ReportPlace) ([]checkout.RunRow, error) {
				return l.ReportReconciled(ctx, q.rows(after))
			}, comparedRow)
			if q.Rows != nil {
				one := *q.Rows
				next = cursored(func(cursor string) ([]checkout.RunRow, string, error) {
					one.Limit, one.Cursor = page, cursor
					return l.RunRows(ctx, one)
				})
			}
			return func() ([]Row, error) {
				some, err := next()
				rows := make([]Row, len(some))
				for i, r := range some {
					v := compared{r, accounts[r.Account]}
					rows[i] = row(fields, v, v.currency())
				}
				return rows, err
			}, err
		},
	}
}

func comparedRow(r checkout.RunRow) checkout.ReportPlace {
	from, _, _ := r.Day.Span() // a run's day is one
	return checkout.ReportPlace{At: from, ID: r.ID()}
}

// byHand is an entry made by hand with its account.
type byHand struct {
	checkout.ManualEntry
	account checkout.Account
}

func manualEntries() Report {
	type m = byHand
	fields := slices.Concat(
		[]field[m]{
			col("id", TypeText, "Elle Girilen Kayıt", "Manual entry", func(v m) Value { return text(string(v.ID)) }),
			col("entry", TypeCode, "Kayıt Türü", "Entry", func(m) Value { return text("manual") }),
			col("day", TypeText, "Gün", "Day", func(v m) Value { return text(string(v.Day)) }),
			col("kind", TypeCode, "İşlem Tipi", "Kind", func(v m) Value { return text(string(v.Kind)) }),
			col("currency", TypeText, "Para Birimi", "Currency", func(v m) Value { return text(string(v.Amount.Currency)) }),
			sum("amount", TypeMoney, "Tutar", "Amount", func(v m) Value { return number(signed(v.Kind, v.Amount.Minor)) }),
			col("order_id", TypeText, "Sipariş No", "Order number", func(v m) Value { return text(v.Order) }),
			col("rrn", TypeText, "Referans No (RRN)", "RRN", func(v m) Value { return text(v.RRN) }),
			col("auth_code", TypeText, "Provizyon No", "Authorisation code", func(v m) Value { return text(v.AuthCode) }),
			col("note", TypeText, "Not", "Note", func(v m) Value { return text(v.Note) }),
			col("actor", TypeText, "Giren", "Made by", func(v m) Value { return text(v.Actor) }),
		},
		moment("at", "İşlem Tarihi", "At", func(v m) time.Time { return v.At }),
		moment("created_at", "Giriş Tarihi", "Made", func(v m) time.Time { return v.CreatedAt }),
		accountFields(func(v m) checkout.Account { return v.account }, func(v m) checkout.AccountID { return v.Account }),
	)
	return Report{
		Name:  "manual_entries",
		Title: Words{"Elle girilen kayıtlar", "Manual entries"},
		About: Words{"Bankada olup burada ödemesi bulunmayan, mutabakatta elle yazılan tutarlar. Kart ödemesi değildirler ve ödeme raporlarında yer almazlar. Dönem işlemin zamanına göredir.",
			"Money that the bank has and no payment here, written down by hand in a reconciliation. They are no card payments and stand in no report of payments. The period is that of the money."},
		Filters: []Filter{byCurrency, byAccount},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			accounts, err := accountsOf(ctx, l, q.Merchant)
			next := pages(func(after checkout.ReportPlace) ([]checkout.ManualEntry, error) {
				return l.ReportManual(ctx, q.rows(after))
			}, func(e checkout.ManualEntry) checkout.ReportPlace {
				return checkout.ReportPlace{At: e.At, ID: string(e.ID)}
			})
			return func() ([]Row, error) {
				some, err := next()
				rows := make([]Row, len(some))
				for i, e := range some {
					rows[i] = row(fields, m{e, accounts[e.Account]}, e.Amount.Currency)
				}
				return rows, err
			}, err
		},
	}
}
