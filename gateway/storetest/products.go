package storetest

import (
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Product is a product that is not stored.
func (b *Books) Product(change ...func(*checkout.Product)) checkout.Product {
	now := b.Clock.Now()
	p := checkout.Product{ID: b.IDs.Product(), Merchant: b.Merchant, Version: 1, CreatedAt: now, UpdatedAt: now, ProductTerms: checkout.ProductTerms{
		Name: "Zeytinyağı 5 l", Price: checkout.Money{Minor: 125000, Currency: checkout.TRY}, Active: true,
	}}
	for _, c := range change {
		c(&p)
	}
	return p
}

func (b *Books) saveProduct(p checkout.Product) error {
	return b.Ledger.SaveProduct(b.ctx, p, b.Event("product.created"), checkout.Idempotency{})
}

func (b *Books) readProducts(ids ...checkout.ProductID) []checkout.Product {
	b.Helper()
	found, err := b.Ledger.Products(b.ctx, b.Merchant, ids)
	b.must(err)
	return found
}

func productFields(b *Books) {
	p := b.Product(func(p *checkout.Product) {
		p.Code, p.Description, p.Category = "ZY-5", "soğuk sıkım <b> \\ %", "Gıda"
		p.Price = checkout.Money{Minor: 1 << 39, Currency: checkout.JPY}
	})
	idem := checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte("r"), Status: 201, Body: []byte(`{}`)}
	b.must(b.Ledger.SaveProduct(b.ctx, p, b.Event("product.created"), idem))
	b.want(b.Ledger.SaveProduct(b.ctx, b.Product(), b.Event("product.created"), idem), checkout.ErrKeyKnown)
	b.equal("made", b.readProducts(p.ID), []checkout.Product{p})
	b.Clock.Advance(time.Minute)
	p.Version, p.UpdatedAt, p.Name, p.Code, p.Active = 2, b.Clock.Now(), "Riviera", "", false
	changed := p
	changed.CreatedAt = b.Clock.Now() // its creation stays
	b.must(b.saveProduct(changed))
	b.equal("changed", b.readProducts(p.ID, b.IDs.Product()), []checkout.Product{p})
	p.Version, p.DeletedAt = 3, b.Clock.Now()
	b.must(b.saveProduct(p))
	b.equal("deleted", b.readProducts(p.ID), []checkout.Product{p})
	p.Version, p.DeletedAt = 4, time.Time{}
	b.want(b.saveProduct(p), checkout.ErrStale) // it stays so
	b.equal("nothing", len(b.readProducts()), 0)
	other := b.Product(func(p *checkout.Product) { p.Version = 2 })
	b.want(b.saveProduct(other), checkout.ErrNoProduct)
	mine := b.Product()
	b.must(b.saveProduct(mine))
	b.Merchant = b.NewMerchant()
	b.equal("of somebody else (I17)", len(b.readProducts(mine.ID)), 0)
	stolen := mine
	stolen.Merchant, stolen.Version = b.Merchant, 2
	b.want(b.saveProduct(stolen), checkout.ErrNoProduct)
}

func productCodes(b *Books) {
	coded := func(p *checkout.Product) { p.Code = "ZY-5" }
	errs := together(20, func(int) error { return b.saveProduct(b.Product(coded)) })
	b.equal("ends", tally(errs), map[string]int{"": 1, checkout.ErrProductCode.Code: 19})
	found, _, err := b.Ledger.SearchProducts(b.ctx, checkout.ProductQuery{Merchant: b.Merchant})
	b.must(err)
	b.equal("made", len(found), 1)
	b.must(b.saveProduct(b.Product()))
	b.must(b.saveProduct(b.Product())) // no code is nobody's
	first := found[0]
	first.Version, first.Name = 2, "Riviera"
	b.must(b.saveProduct(first)) // its own code is no other's
	second := b.Product(func(p *checkout.Product) { p.Code = "ZY-6" })
	b.must(b.saveProduct(second))
	second.Version, second.Code = 2, "ZY-5"
	b.want(b.saveProduct(second), checkout.ErrProductCode)
	first.Version, first.DeletedAt = 3, b.Clock.Now()
	b.must(b.saveProduct(first))
	b.must(b.saveProduct(second))
	b.Merchant = b.NewMerchant()
	b.must(b.saveProduct(b.Product(coded)))
}

func productStale(b *Books) {
	p := b.Product()
	b.must(b.saveProduct(p))
	p.Version = 2
	errs := together(20, func(int) error { return b.saveProduct(p) })
	b.equal("ends", tally(errs), map[string]int{"": 1, checkout.ErrStale.Code: 19})
}

func productSearch(b *Books) {
	var all []checkout.Product
	for i, name := range []string{"Zeytinyağı 5 l", "IŞIK 100% pamuk", "Sabun", "Havlu", "Kese"} {
		b.Clock.Advance(time.Second)
		all = append(all, b.Product(func(p *checkout.Product) {
			p.Name, p.Active, p.Code = name, i != 2, "K-"+string(rune('A'+i))
			p.Category = []string{"Gıda", "Ev"}[min(i, 1)]
		}))
		b.must(b.saveProduct(all[i]))
	}
	gone := all[4]
	gone.Version, gone.DeletedAt = 2, b.Clock.Now()
	b.must(b.saveProduct(gone))
	find := func(q checkout.ProductQuery) string {
		b.Helper()
		q.Merchant = b.Merchant
		var found []string
		for {
			some, next, err := b.Ledger.SearchProducts(b.ctx, q)
			b.must(err)
			for _, p := range some {
				found = append(found, p.Name)
			}
			if q.Cursor = next; next == "" {
				return strings.Join(found, ", ")
			}
		}
	}
	yes, no := true, false
	b.equal("all", find(checkout.ProductQuery{}), "Havlu, Sabun, IŞIK 100% pamuk, Zeytinyağı 5 l")
	b.equal("pages", find(checkout.ProductQuery{Limit: 1}), "Havlu, Sabun, IŞIK 100% pamuk, Zeytinyağı 5 l")
	b.equal("a name in other letters", find(checkout.ProductQuery{Text: "ışık 100%"}), "IŞIK 100% pamuk")
	b.equal("a code", find(checkout.ProductQuery{Text: "k-a"}), "Zeytinyağı 5 l")
	b.equal("a category", find(checkout.ProductQuery{Text: "gida"}), "Zeytinyağı 5 l")
	b.equal("a sign of patterns", find(checkout.ProductQuery{Text: "_"}), "")
	b.equal("sold", find(checkout.ProductQuery{Active: &yes, Text: "ev"}), "Havlu, IŞIK 100% pamuk")
	b.equal("not sold", find(checkout.ProductQuery{Active: &no}), "Sabun")
	_, _, err := b.Ledger.SearchProducts(b.ctx, checkout.ProductQuery{Merchant: b.Merchant, Cursor: "x"})
	b.want(err, checkout.ErrCursor)
	b.Merchant = b.NewMerchant()
	b.equal("of somebody else (I17)", find(checkout.ProductQuery{}), "")
}
