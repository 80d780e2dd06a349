package report

import (
	"context"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Lines are added up by their product whatever it was called, freely typed ones by their words; two lines of one payment
// are one payment, and the newest name of a product is its name.
func TestProductsAreAddedUp(t *testing.T) {
	pay := func(n int, currency checkout.Currency, refunded int64, items ...checkout.Item) checkout.Payment {
		p := checkout.Payment{
			ID: checkout.PaymentID("pay_" + time.Duration(n).String()), Merchant: shop, Amount: checkout.Money{Currency: currency}, Items: items, Refunded: refunded,
			CreatedAt: noon.Add(-time.Duration(n) * time.Second), PaidAt: noon.Add(-time.Duration(n) * time.Second),
		}
		p.Total = p.Amount
		return p
	}
	line := func(id checkout.ProductID, name string, quantity int, unit int64) checkout.Item {
		return checkout.Item{Product: id, Name: name, Quantity: quantity, UnitMinor: unit}
	}
	l := &shelf{payments: []checkout.Payment{
		pay(1, checkout.TRY, 0, line("prd_a", "Yeni ad", 2, 100), line("prd_a", "Yeni ad", 1, 90), line("", "Kargo", 1, 50)),
		pay(2, checkout.TRY, 7, line("prd_a", "Eski ad", 1, 100), line("", "Kargo", 1, 50), line("", "kargo", 1, 500)),
		pay(3, checkout.USD, 0, line("prd_a", "Eski ad", 1, 100)),
	}}
	for n := range 2*page + 3 {
		l.payments = append(l.payments, pay(10+n, checkout.TRY, 0, line("prd_b", "Sabun", 3, 10)))
	}
	r, _ := ByName("products")
	got, err := Look(context.Background(), l, r, Query{Merchant: shop, Now: noon}, Piece{Rows: 100, Most: 1000, Within: time.Hour})
	if err != nil || !got.Whole {
		t.Fatal(err, got.Whole)
	}
	type row struct {
		product, name, currency           string
		quantity, amount, payments, given int64
	}
	var rows []row
	for _, one := range got.Rows {
		v := one.Values
		rows = append(rows, row{v[0].Text, v[2].Text, v[3].Text, v[4].N, v[5].N, v[6].N, v[7].N})
	}
	all := int64(2*page + 3)
	want := []row{
		{"prd_b", "Sabun", "TRY", 3 * all, 30 * all, all, 0}, {"", "kargo", "TRY", 1, 500, 1, 1}, {"prd_a", "Yeni ad", "TRY", 4, 390, 2, 1}, {"", "Kargo", "TRY", 2, 100, 2, 1},
		{"prd_a", "Eski ad", "USD", 1, 100, 1, 0},
	}
	if len(rows) != len(want) {
		t.Fatalf("%+v", rows)
	}
	for i := range want {
		if rows[i] != want[i] {
			t.Errorf("row %d: %+v, not %+v", i, rows[i], want[i])
		}
	}
}
