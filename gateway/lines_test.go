//go:build !race

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/checkout"
)

// product is a product of a merchant: a bottle of oil for 125 lira.
func (r *rig) product(m checkout.MerchantID) checkout.ProductID {
	r.t.Helper()
	p, err := r.app.flow.CreateProduct(context.Background(), checkout.By{Actor: "test"}, m, checkout.ProductTerms{
		Code: "ZY-5", Name: "Zeytinyağı 5 l", Price: checkout.Money{Minor: 12500, Currency: checkout.TRY}, Active: true,
	}, nil)
	r.must("make a product", err, nil)
	return p.ID
}

// sellsLines is a link of two bottles and their carriage: 255 lira.
func (r *rig) sellsLines(more map[string]any) (map[string]any, checkout.ProductID) {
	r.t.Helper()
	id := r.product(demoMerchant)
	terms := map[string]any{"amount": nil, "description": nil, "items": []map[string]any{{"product": id, "quantity": 2}, {"name": "Kargo", "unit_amount": 500}}}
	for name, value := range more {
		terms[name] = value
	}
	return r.link(terms), id
}

// lines reads the table of lines on a page, a row as one text.
func lines(t *testing.T, body string) (rows []string) {
	t.Helper()
	for _, table := range elements(t, body, "table") {
		if attr(table, "class") != "lines" {
			continue
		}
		for row := range table.Descendants() {
			if row.Data != "tr" {
				continue
			}
			var cells []string
			for n := range row.Descendants() {
				if n.Type == html.TextNode {
					cells = append(cells, strings.Fields(n.Data)...)
				}
			}
			rows = append(rows, strings.ReplaceAll(strings.Join(cells, " "), "\u00a0", " "))
		}
	}
	return rows
}

// hidden are the hidden fields of a page's forms whose names begin so, as name, value pairs.
func hidden(t *testing.T, body, prefix string) (pairs []string) {
	t.Helper()
	for _, in := range elements(t, body, "input") {
		if attr(in, "type") == "hidden" && strings.HasPrefix(attr(in, "name"), prefix) {
			pairs = append(pairs, attr(in, "name"), attr(in, "value"))
		}
	}
	return pairs
}

// What a link of lines sells, from its page to its merchant's books.
func TestLinksThatSellLines(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	link, id := r.sellsLines(map[string]any{"usage": "multi"})
	address := link["url"].(string)
	want := map[string]string{
		"tr": "Ürün Tutar|2 × Zeytinyağı 5 l Birim fiyatı 125,00 TL 250,00 TL|1 × Kargo 5,00 TL",
		"en": "Item Amount|2 × Zeytinyağı 5 l TRY 125.00 each TRY 250.00|1 × Kargo TRY 5.00",
	}
	r.must("the self-check of its page (A42)", r.app.pages.Inspect(context.Background(), r.base), nil)
	t.Run("the page shows them once, in the payer's language", func(t *testing.T) {
		for lang, rows := range want {
			b := r.browser()
			b.lang = lang
			r.must("status", b.get(address).status, http.StatusOK)
			r.must(lang, strings.Join(lines(t, b.body), "|"), rows)
			r.must("how often a name stands there", strings.Count(b.body, "Zeytinyağı 5 l"), 1)
		}
		plain := r.link(nil)["url"].(string)
		r.hasNot("a plain link's page", r.browser().get(plain).body, "<table", "outcome.css")
	})
	t.Run("a shop's order shows its basket", func(t *testing.T) {
		status, made := r.api("POST", "/v1/checkout/sessions", map[string]any{
			"currency": "TRY", "success_url": "https://shop.example/paid", "cancel_url": "https://shop.example/basket", "items": []map[string]any{{"name": "Havlu", "quantity": 2, "unit_amount": 700}},
		})
		r.must("status", status, http.StatusCreated)
		r.must("lines", strings.Join(lines(t, r.browser().get(made["url"].(string)).body), "|"), "Ürün Tutar|2 × Havlu Birim fiyatı 7,00 TL 14,00 TL")
	})
	t.Run("a mistake in the form keeps them", func(t *testing.T) {
		b := r.browser().pay(address, "")
		r.must("status", b.status, http.StatusUnprocessableEntity)
		r.must("lines", strings.Join(lines(t, b.body), "|"), want["tr"])
	})
	t.Run("they stand on the receipt, in the payment and in the merchant's books, whatever is edited afterwards", func(t *testing.T) {
		b := r.browser().pay(address, cardWithout)
		payment := b.paymentID()
		status, _ := r.api("PATCH", "/v1/products/"+string(id), map[string]any{"name": "Başka", "price": 1})
		r.must("edit the product", status, http.StatusOK)
		status, _ = r.api("PATCH", "/v1/links/"+link["id"].(string), map[string]any{"items": []map[string]any{{"name": "Sabun", "unit_amount": 700}}})
		r.must("edit the link", status, http.StatusOK)
		action, fields := b.callback("")
		b.post(action, fields)
		r.must("receipt", strings.Join(lines(t, b.body), "|"), want["tr"])
		var said []string
		for _, one := range r.payment(payment)["items"].([]any) {
			i := one.(map[string]any)
			said = append(said, fmt.Sprint(i["quantity"], "×", i["name"], "@", i["unit_amount"], " ", i["product"], " ", i["code"]))
		}
		r.must("the API", strings.Join(said, ", "), fmt.Sprintf("2×Zeytinyağı 5 l@12500 %s ZY-5, 1×Kargo@500 <nil> <nil>", id))
		w := r.signedIn()
		r.has("the panel's payment", w.open("/panel/payments/"+payment, http.StatusOK), "Zeytinyağı 5 l", "ZY-5", "250,00")
		r.has("the panel's link", w.open("/panel/links/"+link["id"].(string), http.StatusOK), "Ürün satırları", "Sabun", "7,00")
		rows, _ := r.reported("payments.json")
		r.must("the report of payments", rows[0]["items"], any("2 × Zeytinyağı 5 l; 1 × Kargo"))
		rows, _ = r.reported("products.json")
		r.must("the report of products", fmt.Sprint(rows[0]["product"], rows[0]["name"], rows[0]["quantity"], rows[0]["amount"], rows[1]["name"], rows[1]["amount"]), fmt.Sprint(id, "Zeytinyağı 5 l", 2, 25000, "Kargo", 500))
		pdf := r.browser().get(r.base + "/r/" + payment + "/receipt.pdf")
		r.must("the paper", pdf.status, http.StatusOK)
		r.proven()
	})
	t.Run("A28 other lines are other terms, and the page shows them", func(t *testing.T) {
		form := r.shownForm(address)
		status, _ := r.api("PATCH", "/v1/links/"+link["id"].(string), map[string]any{"items": []map[string]any{{"name": "Havlu", "unit_amount": 700}}})
		r.must("edit", status, http.StatusOK)
		for name, value := range cardForm(cardWithout) {
			form[name] = value
		}
		b := r.browser()
		b.post(address+"/pay", form)
		r.must("status", b.status, http.StatusConflict)
		r.must("lines", strings.Join(lines(t, b.body), "|"), "Ürün Tutar|1 × Havlu 7,00 TL")
	})
}

// A35: markup in a line is text wherever it is shown.
func TestA35_MarkupInLinesIsText(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'&`
	link := r.link(map[string]any{"amount": nil, "description": nil, "items": []map[string]any{{"name": evil, "code": "c<b>", "unit_amount": 700, "quantity": 2}}})
	clean := func(what string, body string) {
		t.Helper()
		for _, n := range append(elements(t, body, "img"), elements(t, body, "script")...) {
			if attr(n, "onerror") != "" || n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil) {
				t.Errorf("%s: <%s> was injected", what, n.Data)
			}
		}
		r.has(what, body, evil)
	}
	b := r.browser()
	clean("the page", b.get(link["url"].(string)).body)
	b.pay(link["url"].(string), cardWithout)
	id := b.paymentID()
	action, fields := b.callback("")
	clean("the receipt", b.post(action, fields).body)
	w := r.signedIn()
	clean("the panel's payment", w.open("/panel/payments/"+id, http.StatusOK))
	clean("the panel's link", w.open("/panel/links/"+link["id"].(string), http.StatusOK))
	clean("the panel's form", w.open("/panel/links/new?from="+link["id"].(string), http.StatusOK))
}

// F4: the goods that a consumer's texts name are the lines, with their prices.
func TestUX_F4_TextsNameTheLines(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	r.sells()
	link, _ := r.sellsLines(map[string]any{"sale": "consumer"})
	address := link["url"].(string)
	text := r.browser().get(address + "?text=pre_information").body
	r.has("the text before", text, "2 × Zeytinyağı 5 l, birim fiyatı 125,00\u00a0TL, toplam 250,00\u00a0TL; 1 × Kargo, 5,00\u00a0TL")
	b := r.browser().pay(address, cardWithout, "consent_pre_information", "yes", "consent_distance_sale", "yes")
	id := b.paymentID()
	all, err := r.app.ledger.Consents(context.Background(), checkout.PaymentID(id))
	r.must("read consents", err, nil)
	for _, c := range all[:2] {
		r.has(string(c.Kind), c.Text, "2 × Zeytinyağı 5 l, birim fiyatı", "1 × Kargo, 5,00")
	}
}

// The catalogue in the panel: made, found, changed, deleted, and a link made of a product, without a script.
func TestPanelProducts(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	const list = "/panel/links/products"
	r.has("the links", w.open("/panel/links", http.StatusOK), `href="/panel/links/products"`)
	form := []string{"name", "Meşe tabure", "price", "2.850,50", "currency", "TRY", "code", "TBR", "category", "Mobilya", "description", "üç hafta", "active", "on"}
	page := w.open(list+"/new", http.StatusOK)
	first := append([]string{"once", once(t, page)}, form...)
	w.post(list, http.StatusSeeOther, first...)
	w.post(list, http.StatusSeeOther, first...) // a second press
	r.has("its code is taken", w.post(list, http.StatusUnprocessableEntity, append([]string{"once", once(t, w.open(list+"/new", http.StatusOK))}, form...)...), "Bu kod başka bir üründe", `id="d-code"`)
	r.has("mistakes", w.post(list, http.StatusUnprocessableEntity, "name", "", "price", "x", "currency", "TRY"), `id="d-price"`)
	r.has("and those of the flow", w.post(list, http.StatusUnprocessableEntity, "name", "", "price", "1", "currency", "TRY"), `id="d-name"`)
	found, _, err := r.app.ledger.SearchProducts(context.Background(), checkout.ProductQuery{Merchant: demoMerchant, Text: "tabure"})
	r.must("search", err, nil)
	r.must("how many were made", len(found), 1)
	p := found[0]
	r.must("what was made", fmt.Sprintf("%+v", p.ProductTerms), fmt.Sprintf("%+v", checkout.ProductTerms{
		Code: "TBR", Name: "Meşe tabure", Description: "üç hafta", Price: checkout.Money{Minor: 285_050, Currency: checkout.TRY}, Category: "Mobilya", Active: true,
	}))
	for query, has := range map[string]bool{"": true, "?q=ME%C5%9EE": true, "?q=tabure&status=active": true, "?q=yok": false, "?status=inactive": false} {
		body := w.open(list+query, http.StatusOK)
		r.must(query, strings.Contains(body, "Meşe tabure"), has)
	}
	at := list + "/" + string(p.ID)
	r.has("its form", w.open(at, http.StatusOK), `value="2.850,50"`, "Ürünü sil")
	w.post(at, http.StatusSeeOther, "name", "Meşe tabure", "price", "3000", "currency", "TRY", "code", "TBR")
	r.has("not sold", w.open(list, http.StatusOK), "Satışta değil", "3.000,00")
	w.post(at, http.StatusSeeOther, "name", "Meşe tabure", "price", "3000", "currency", "TRY", "code", "TBR", "active", "on")
	made := w.open("/panel/links/new?product="+string(p.ID), http.StatusOK)
	r.has("a link's form", made, `value="Meşe tabure"`, `value="3.000,00"`)
	w.post(at+"/delete", http.StatusSeeOther)
	w.open(at, http.StatusNotFound)
	r.has("the trail", w.open("/panel/settings/audit", http.StatusOK), "Ürün eklendi", "Ürün değiştirildi", "Ürün silindi")
	r.proven()
}

// The form of a link has a place for lines: a product by its name or code, anything else with a price; an edit keeps the
// copies that the link has.
func TestPanelLinksOfLines(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	id := r.product(demoMerchant)
	says := func(l checkout.Link) string {
		return l.Amount.String() + " " + l.Description + ": " + fmt.Sprint(l.Items)
	}
	start := func() []string {
		return []string{"once", once(t, w.open("/panel/links/new", http.StatusOK)), "currency", "TRY", "usage", "single"}
	}
	path := w.post("/panel/links", http.StatusSeeOther, append(start(), "item0_name", "zeytinyağı 5 l", "item0_quantity", "2", "item2_name", "Kargo", "item2_unit", "5,00")...)
	l := r.linkNamed(path)
	r.must("made", says(l), "255.00 TRY Zeytinyağı 5 l, Kargo: [2 × Zeytinyağı 5 l 1 × Kargo]")
	r.must("of the product", l.Items[0].Product, id)
	path = "/panel/links/" + string(l.ID)
	_, err := r.app.flow.EditProduct(context.Background(), checkout.By{Actor: "test"}, demoMerchant, id, func(t *checkout.ProductTerms) { t.Price.Minor, t.Name = 99_900, "Yeni" })
	r.must("edit the product", err, nil)
	form := w.open(path+"/edit", http.StatusOK)
	edit := append(hidden(t, form, "item"), "amount", "255,00", "currency", "TRY", "usage", "single", "life", "keep", "description", l.Description,
		"item0_name", "Zeytinyağı 5 l", "item0_unit", "125,00", "item1_name", "Kargo", "item1_unit", "5,00", "item1_quantity", "1")
	w.post(path, http.StatusSeeOther, append(edit, "item0_quantity", "3")...)
	l = r.linkNamed(path)
	r.must("more of the copy", says(l), "380.00 TRY Zeytinyağı 5 l, Kargo: [3 × Zeytinyağı 5 l 1 × Kargo]")
	r.must("still of the product", l.Items[0].Product, id)
	r.has("no such product", w.post("/panel/links", http.StatusUnprocessableEntity, append(start(), "item3_name", "yok böyle")...), "Birim fiyatı yazın", `id="d-item3_name"`)
	r.has("a price without a name", w.post("/panel/links", http.StatusUnprocessableEntity, append(start(), "amount", "5", "item3_unit", "1")...), `id="d-item3_name"`)
	r.has("another amount", w.post("/panel/links", http.StatusUnprocessableEntity, append(start(), "amount", "5", "item0_name", "Kargo", "item0_unit", "7")...), "satırların toplamı değil")
	r.has("too many", w.post("/panel/links", http.StatusUnprocessableEntity, append(start(), "item0_name", "a", "item0_unit", "1", "item5_name", "Kargo", "item5_quantity", "10000", "item5_unit", "7")...), `id="d-item5_quantity"`)
	r.must("taken away", w.post(path, http.StatusSeeOther, "amount", "10", "currency", "TRY", "usage", "single", "life", "keep") != "", true)
	r.must("afterwards", len(r.linkNamed(path).Items), 0)
	r.has("lines of another sum than the link has", w.post(path, http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "single", "life", "keep", "item0_name", "Kargo", "item0_unit", "8"), "satırların toplamı değil")
}

// A product is typed by its whole code or name, in either case and on any keyboard; a name that two products have is none.
func TestProductsAreFoundAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	make := func(code, name string, c checkout.Currency) string {
		p, err := r.app.flow.CreateProduct(context.Background(), checkout.By{Actor: "test"}, demoMerchant, checkout.ProductTerms{
			Code: code, Name: name, Price: checkout.Money{Minor: 100, Currency: c}, Active: true,
		}, nil)
		r.must("make a product", err, nil)
		return string(p.ID)
	}
	first, second, dollars := make("kl-1", "KIRMIZI kilim", checkout.TRY), make("KL-1", "Kırmızı kilim", checkout.TRY), make("kl-2", "Kırmızı kilim", checkout.USD)
	for range 101 { // newer ones that only hold what is typed
		make("", "Kırmızı kilim ve kl-1", checkout.TRY)
	}
	for typed, want := range map[[2]string]string{
		{"KL-1", "TRY"}: second, {"kl-1", "TRY"}: first, {"Kl-1", "TRY"}: "", {"kırmızı KİLİM", "TRY"}: "", {"kirmizi kilim", "USD"}: dollars, {"KL-2", "USD"}: dollars,
	} {
		form := []string{"once", once(t, w.open("/panel/links/new", http.StatusOK)), "currency", typed[1], "usage", "single", "item0_name", typed[0]}
		if want == "" {
			r.has(typed[0], w.post("/panel/links", http.StatusUnprocessableEntity, form...), "birden çok ürününüz")
			continue
		}
		r.must(typed[0], string(r.linkNamed(w.post("/panel/links", http.StatusSeeOther, form...)).Items[0].Product), want)
	}
}

// A copy without lines is one that an older program made beside this one: what it shows is not what is sold.
func TestACopyWithoutLinesIsPutRight(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	link, _ := r.sellsLines(nil)
	address, hot := link["url"].(string), r.app.flow.Hot
	old, err := hot.Open(context.Background(), checkout.Token(link["token"].(string)))
	r.must("the copy", err, nil)
	old.Items = ""
	r.must("made anew", hot.Publish(context.Background(), old), nil)
	b := r.browser()
	r.must("the page", len(lines(t, b.get(address).body)), 0)
	b.pay(address, cardWithout)
	r.must("the answer", b.status, http.StatusConflict)
	r.must("its lines", len(lines(t, b.body)), 3)
	r.has("the answer", b.body, "değişti")
	r.must("the page now", len(lines(t, r.browser().get(address).body)), 3)
	r.proven()
}
