package report

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// noted is a link with the notes of those who paid it.
type noted struct {
	checkout.Link
	status checkout.LinkStatus
	url    string
	notes  []string
}

func linkFields() []field[noted] {
	type l = noted
	money := func(n int64) Value {
		if n == 0 {
			return none
		}
		return number(n)
	}
	return slices.Concat(
		[]field[l]{
			col("id", TypeText, "Link", "Link", func(v l) Value { return text(string(v.ID)) }),
			col("order_id", TypeText, "Sipariş No", "Order number", func(v l) Value { return text(string(v.Order)) }),
			col("url", TypeText, "Adres", "Address", func(v l) Value { return text(v.url) }),
			col("status", TypeCode, "Durum", "Status", func(v l) Value { return text(string(v.status)) }),
		},
		moment("created_at", "Oluşturulma", "Created", func(v l) time.Time { return v.CreatedAt }),
		[]field[l]{
			col("currency", TypeText, "Para Birimi", "Currency", func(v l) Value { return text(string(v.Amount.Currency)) }),
			col("amount_mode", TypeCode, "Tutar Türü", "Amount mode", func(v l) Value {
				if v.Open {
					return text("open")
				}
				return text("fixed")
			}),
			col("amount", TypeMoney, "Tutar", "Amount", func(v l) Value { return money(v.Amount.Minor) }),
			col("min_amount", TypeMoney, "En Az", "Minimum", func(v l) Value { return money(v.MinMinor) }),
			col("max_amount", TypeMoney, "En Çok", "Maximum", func(v l) Value { return money(v.MaxMinor) }),
			col("description", TypeText, "Ödeme Sayfası Metni", "Description", func(v l) Value { return text(v.Description) }),
			col("installments", TypeText, "Taksit Seçenekleri", "Instalment choices", func(v l) Value { return text(counts(v.Installments)) }),
			col("usage", TypeCode, "Kullanım Tipi", "Usage", func(v l) Value { return text(string(v.Usage)) }),
			col("max_payments", TypeCount, "En Çok Ödeme", "Maximum payments", func(v l) Value { return money(int64(v.MaxPayments)) }),
		},
		moment("active_from", "Başlangıç", "Active from", func(v l) time.Time { return v.ActiveFrom }),
		moment("expires_at", "Bitiş", "Expires", func(v l) time.Time { return v.ExpiresAt }),
		moment("deleted_at", "Silinme", "Deleted", func(v l) time.Time { return v.DeletedAt }),
		[]field[l]{
			col("customer_name", TypeText, "Müşteri", "Customer", func(v l) Value { return text(v.Customer.Name) }),
			col("customer_email", TypeText, "E-posta", "E-mail", func(v l) Value { return text(v.Customer.Email) }),
			col("customer_phone", TypeText, "Telefon", "Phone", func(v l) Value { return text(v.Customer.Phone) }),
			col("category", TypeText, "Sektör", "Category", func(v l) Value { return text(v.Category) }),
			col("return_url", TypeText, "Dönüş Adresi", "Return address", func(v l) Value { return text(v.ReturnURL) }),
			col("metadata", TypeText, "Ek Bilgi", "Metadata", func(v l) Value { return text(metadata(v.Metadata)) }),
			sum("paid_count", TypeCount, "Ödeme Adedi", "Payments", func(v l) Value { return number(v.PaidCount) }),
			sum("paid_amount", TypeMoney, "Ödenen Tutar", "Paid amount", func(v l) Value { return number(v.PaidMinor) }),
		},
		moment("paid_at", "Son Ödeme", "Last payment", func(v l) time.Time { return v.PaidAt }),
		[]field[l]{
			col("payer_note_allowed", TypeCode, "Not Alanı", "Note field", func(v l) Value { return yes(v.PayerNote) }),
			col("payer_notes", TypeText, "Açıklama (ödeyenin notu)", "Payer notes", func(v l) Value { return text(strings.Join(v.notes, " | ")) }),
			col("items", TypeText, "Ürünler", "Items", func(v l) Value { return text(checkout.ItemLine(v.Items)) }),
		},
	)
}

func counts(all []int) string {
	parts := make([]string, len(all))
	for i, n := range all {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, " ")
}

// metadata writes a merchant's own values as JSON, whose names come in order.
func metadata(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	b, _ := json.Marshal(m) // a map of texts always can be
	return string(b)
}

func links() Report {
	fields := linkFields()
	return Report{
		Name:  "links",
		Title: Words{"Link raporu", "Links"},
		About: Words{"Linkler, koşulları, durumları, tahsil edilen tutarlar ve ödeyenlerin notları; dönem oluşturulma zamanına göredir.",
			"Links with their terms, status, what they collected and the payers' notes; the period is that of their creation."},
		Filters: []Filter{
			{Name: FilterStatus, Choices: words([]checkout.LinkStatus{checkout.LinkScheduled, checkout.LinkActive, checkout.LinkPaid, checkout.LinkExpired, checkout.LinkDeleted})},
			byCurrency,
		},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			next := pages(func(after checkout.ReportPlace) ([]checkout.Link, error) { return l.ReportLinks(ctx, q.rows(after)) },
				func(l checkout.Link) checkout.ReportPlace {
					return checkout.ReportPlace{At: l.CreatedAt, ID: string(l.ID)}
				})
			return func() ([]Row, error) {
				some, end := next()
				if failed(end) {
					return nil, end
				}
				rows, err := linkRows(ctx, l, q, fields, some)
				return rows, cmp.Or(err, end)
			}, nil
		},
	}
}

func linkRows(ctx context.Context, l Ledger, q Query, fields []field[noted], some []checkout.Link) ([]Row, error) {
	var paid []checkout.LinkID
	for _, one := range some {
		if one.PaidCount > 0 {
			paid = append(paid, one.ID)
		}
	}
	notes, err := l.PayerNotes(ctx, q.Merchant, paid)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(some))
	for i, one := range some {
		v := noted{Link: one, status: one.Status(q.Now), notes: notes[one.ID]}
		if q.LinkURL != nil {
			v.url = q.LinkURL(one.Token)
		}
		rows[i] = row(fields, v, one.Amount.Currency)
	}
	return rows, nil
}
