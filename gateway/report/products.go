package report

import (
	"cmp"
	"context"
	"slices"

	"github.com/odelink/odelink/checkout"
)

// goods is what lines have in common: their product, or the words that were typed.
type goods struct {
	product    checkout.ProductID
	code, name string // of a product, neither: it may have been renamed
	currency   checkout.Currency
}

// sold is how much of it was.
type sold struct {
	goods
	quantity, minor     int64
	payments, givenBack int64
}

func productFields() []field[sold] {
	type s = sold
	return []field[s]{
		col("product", TypeText, "Ürün", "Product", func(v s) Value { return text(string(v.product)) }),
		col("code", TypeText, "Ürün Kodu", "Product code", func(v s) Value { return text(v.code) }),
		col("name", TypeText, "Ürün Adı", "Product name", func(v s) Value { return text(v.name) }),
		col("currency", TypeText, "Para Birimi", "Currency", func(v s) Value { return text(string(v.currency)) }),
		sum("quantity", TypeCount, "Adet", "Quantity", func(v s) Value { return number(v.quantity) }),
		sum("amount", TypeMoney, "Tutar", "Price", func(v s) Value { return number(v.minor) }),
		col("payments", TypeCount, "Ödeme Adedi", "Payments", func(v s) Value { return number(v.payments) }),
		col("given_back", TypeCount, "İptal/İade Edilen Ödeme", "Payments given back", func(v s) Value { return number(v.givenBack) }),
	}
}

func products() Report {
	fields := productFields()
	return Report{
		Name:  "products",
		Title: Words{"Ürün raporu", "Products"},
		About: Words{"Ürün bazlı linklerle tahsil edilenler, ürüne göre, en çok tahsil edilen önce; dönem tahsilat zamanına göredir. Taksit farkı tutarlara dâhil değildir; iadeler satırlara bölünmez, kaç ödemede iade olduğu ayrıca yazılır.",
			"What was collected with links made of lines, by product, the largest first; the period is that of the payment. Instalment costs are not part of the amounts; what went back is not split over lines: how many payments it was is a column."},
		Filters: []Filter{byCurrency, byAccount},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			all, err := soldGoods(pages(func(after checkout.ReportPlace) ([]checkout.Sold, error) {
				return l.ReportSold(ctx, q.rows(after))
			}, func(s checkout.Sold) checkout.ReportPlace {
				return checkout.ReportPlace{At: s.PaidAt, ID: string(s.Payment)}
			}))
			rows := make([]Row, len(all))
			for i, s := range all {
				rows[i] = row(fields, *s, s.currency)
			}
			return once(rows), err
		},
	}
}

// soldGoods adds up payments, newest first, and keeps no more than a row of each kind of goods: the newest name of a
// product is its name.
func soldGoods(next func() ([]checkout.Sold, error)) (all []*sold, err error) {
	known := map[goods]*sold{}
	for end := error(nil); end == nil; {
		var some []checkout.Sold
		if some, end = next(); failed(end) {
			return nil, end
		}
		for _, p := range some {
			met := map[*sold]bool{} // two lines of one payment may be of one product
			for _, i := range p.Items {
				key := goods{i.Product, i.Code, i.Name, p.Currency}
				if i.Product != "" {
					key.code, key.name = "", ""
				}
				s := known[key]
				if s == nil {
					s = &sold{goods: goods{i.Product, i.Code, i.Name, p.Currency}}
					known[key], all = s, append(all, s)
				}
				s.quantity += int64(i.Quantity)
				s.minor += i.Total()
				if met[s] {
					continue
				}
				met[s] = true
				s.payments++
				if p.Refunded > 0 {
					s.givenBack++
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *sold) int {
		return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(b.minor, a.minor), cmp.Compare(a.name, b.name), cmp.Compare(a.code, b.code))
	})
	return all, nil
}
