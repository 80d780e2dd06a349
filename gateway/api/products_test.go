//go:build !race

package api_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/api"
)

const plainProduct = `{"code":"ZY-5","name":"Zeytinyağı 5 l","price":12500,"currency":"TRY"}`

// product is what of one the tests ask for.
type product struct {
	ID, Name, Description, Currency string
	Code, Category                  *string
	Price                           int64
	Active                          bool
	CreatedAt                       string `json:"created_at"`
	UpdatedAt                       string `json:"updated_at"`
}

func (h *house) product(body string) product {
	h.Helper()
	return read[product](h, h.ask("POST", "/v1/products", body))
}

// A catalogue is made, read, found, changed and emptied; a product's code is its own until it is deleted.
func TestProducts(t *testing.T) {
	h := open(t)
	a := h.ask("POST", "/v1/products", strings.Replace(plainProduct, "ğ", "g\u0306", 1), idem("k"))
	p := read[product](t, a)
	if a.status != http.StatusCreated || a.header.Get("Location") != "/v1/products/"+p.ID || p.Name != "Zeytinyağı 5 l" || *p.Code != "ZY-5" || p.Price != 12500 || !p.Active || p.Category != nil || p.Description != "" {
		t.Errorf("%s %+v", a, p)
	}
	if again := h.ask("POST", "/v1/products", strings.Replace(plainProduct, "ğ", "g\u0306", 1), idem("k")); string(again.body) != string(a.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", again, again.body)
	}
	h.refused(h.ask("POST", "/v1/products", plainProduct, idem("k")), 422, "idempotency_key_reused")
	h.refused(h.ask("POST", "/v1/products", plainProduct), 409, "product_code_taken")
	at := "/v1/products/" + p.ID
	if got := read[product](t, h.ask("GET", at, "")); !reflect.DeepEqual(got, p) {
		t.Errorf("read %+v", got)
	}
	h.clock.Advance(time.Second)
	soap := h.product(`{"name":"Sabun","price":100,"currency":"USD","category":"Ev","description":"el yapımı","active":false}`)
	for query, want := range map[string]string{"": "Sabun, Zeytinyağı 5 l", "?q=ZEYT%C4%B0N": "Zeytinyağı 5 l", "?status=active": "Zeytinyağı 5 l", "?status=inactive": "Sabun", "?limit=1": "Sabun"} {
		var names []string
		for _, one := range read[page[product]](t, h.ask("GET", "/v1/products"+query, "")).Data {
			names = append(names, one.Name)
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("%s finds %s", query, got)
		}
	}
	first := read[page[product]](t, h.ask("GET", "/v1/products?limit=1", ""))
	if next := read[page[product]](t, h.ask("GET", "/v1/products?limit=1&cursor="+*first.Next, "")); len(next.Data) != 1 || next.Data[0].ID != p.ID || next.Next != nil {
		t.Errorf("the next page is %+v", next)
	}
	h.mistakes(h.ask("GET", "/v1/products?status=x", ""), "status: not_a_choice")
	h.refused(h.ask("GET", "/v1/products?cursor=x", ""), 400, "cursor_invalid")
	h.refused(h.ask("PATCH", "/v1/products/"+soap.ID, `{"code":"ZY-5"}`), 409, "product_code_taken")
	e := read[product](t, h.ask("PATCH", at, `{"price":13000,"active":false,"code":null,"category":"Gıda"}`))
	if e.Price != 13000 || e.Active || e.Code != nil || *e.Category != "Gıda" || e.Name != p.Name {
		t.Errorf("changed %+v", e)
	}
	if e = read[product](t, h.ask("PATCH", at, `{"active":null}`)); !e.Active {
		t.Errorf("put back %+v", e)
	}
	if a := h.ask("DELETE", at, ""); a.status != http.StatusNoContent {
		t.Errorf("%s", a)
	}
	if again := h.product(plainProduct); again.ID == p.ID {
		t.Error("the code of a deleted product is not free")
	}
	h.refused(h.ask("GET", at, ""), 404, "product_not_found")
	h.refused(h.ask("PATCH", at, `{"price":1}`), 404, "product_not_found")
	h.refused(h.ask("DELETE", at, ""), 404, "product_not_found")
	h.refused(h.ask("GET", "/v1/products/x", ""), 404, "product_not_found")
	h.refused(h.ask("POST", "/v1/products", "{"), 400, "json_malformed")
	h.refused(h.ask("POST", "/v1/products", "x", header("Content-Type", "text/plain")), 415, "unsupported_media_type")
	h.refused(h.ask("POST", "/v1/products", `{"name":"x","price":1,"currency":"GBP"}`, as(nextKey)), 422, "currency_not_permitted")
	if theirs := read[page[product]](t, h.ask("GET", "/v1/products", "", as(nextKey))); len(theirs.Data) != 0 {
		t.Errorf("the neighbour sees %+v", theirs)
	}
}

// The neighbour reaches no product that is not his (I17).
func TestI17_productsOfSomebodyElse(t *testing.T) {
	h := open(t)
	at := "/v1/products/" + h.product(plainProduct).ID
	h.refused(h.ask("GET", at, "", as(nextKey)), 404, "product_not_found")
	h.refused(h.ask("PATCH", at, `{"price":1}`, as(nextKey)), 404, "product_not_found")
	h.refused(h.ask("DELETE", at, "", as(nextKey)), 404, "product_not_found")
	h.mistakes(h.ask("POST", "/v1/links", `{"currency":"TRY","items":[{"product":"`+strings.TrimPrefix(at, "/v1/products/")+`"}]}`, as(nextKey)), "items.0.product: product_unknown")
}

func TestWrongProductsAreRefused(t *testing.T) {
	h := open(t)
	for body, want := range map[string]string{
		`{}`: "currency: required, name: required, price: required",
		`{"name":" ","price":0,"currency":"XXX"}`:                                                  "price: amount_range",
		`{"name":"` + strings.Repeat("ş", 121) + `","price":1,"currency":"TRY"}`:                   "name: length",
		`{"name":"4155 6500 0000 0007","price":1,"currency":"TRY"}`:                                "name: looks_like_card",
		`{"name":"a\u202eb","price":1,"currency":"TRY"}`:                                           "name: control",
		`{"name":"\u00ad","price":1,"currency":"TRY"}`:                                             "name: blank",
		`{"name":"x","price":1,"currency":"TRL"}`:                                                  "currency: currency_unknown",
		`{"name":"x","price":1.5,"currency":"TRY"}`:                                                "price: wrong_type",
		`{"name":"x","price":1,"currency":"TRY","id":"prd_x","colour":"red"}`:                      "colour: unknown_field, id: read_only",
		`{"name":"x","price":1,"currency":"TRY","code":"` + strings.Repeat("x", 41) + `"}`:         "code: length",
		`{"name":"x","price":1,"currency":"TRY","code":"4155650000000007"}`:                        "code: looks_like_card",
		`{"name":"x","price":1,"currency":"TRY","category":"` + strings.Repeat("x", 61) + `"}`:     "category: length",
		`{"name":"x","price":1,"currency":"TRY","description":"` + strings.Repeat("x", 501) + `"}`: "description: length",
		`{"name":"x","price":1,"currency":"TRY","description":"kart 4155650000000007"}`:            "description: looks_like_card",
		`{"name":"x","price":1,"currency":"TRY","active":"yes"}`:                                   "active: wrong_type",
	} {
		a := h.ask("POST", "/v1/products", body)
		got := strings.Split(a.codes(t), ", ")
		for _, one := range strings.Split(want, ", ") {
			found := false
			for _, have := range got {
				found = found || have == one
			}
			if !found || a.status != 422 {
				t.Errorf("%s: %s %s, not %s", body, a, a.codes(t), want)
			}
		}
	}
}

// full is a flow whose merchants have as many products as there may be.
type full struct{ api.Flow }

func (full) CreateProduct(context.Context, checkout.By, checkout.MerchantID, checkout.ProductTerms, func(checkout.Product) (checkout.Idempotency, error)) (checkout.Product, error) {
	return checkout.Product{}, checkout.ErrProducts
}

func TestTooManyProducts(t *testing.T) {
	h := open(t)
	h.refused(h.with(full{h.flow}).ask("POST", "/v1/products", plainProduct), 409, "products_too_many")
}

// A link sells lines: copies of products and what was typed, whose sum it is. What becomes of the products afterwards
// changes nothing of it.
func TestLinksOfLines(t *testing.T) {
	h := open(t)
	p := h.product(plainProduct)
	l := h.make(`{"currency":"TRY","items":[{"product":"` + p.ID + `","quantity":2},{"name":"  Kargo  u\u0308 ","code":"K","unit_amount":500}]}`)
	code, k := "ZY-5", "K"
	want := []item{{&p.ID, &code, "Zeytinyağı 5 l", 2, 12500}, {nil, &k, "Kargo ü", 1, 500}}
	if *l.Amount != 25500 || l.Description != "Zeytinyağı 5 l, Kargo ü" || !reflect.DeepEqual(l.Items, want) {
		t.Errorf("made %d %q %+v", *l.Amount, l.Description, l.Items)
	}
	read[product](t, h.ask("PATCH", "/v1/products/"+p.ID, `{"price":1,"name":"Başka","code":"X"}`))
	e := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"max_payments":null,"payer_note":true}`))
	for name, got := range map[string]link{"read": h.get(l.ID), "edited": e, "listed": h.list("").Data[0]} {
		if !reflect.DeepEqual(got.Items, want) || *got.Amount != 25500 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	before := h.stored(l.ID)
	e = read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"items":[{"product":"`+p.ID+`","quantity":3}]}`))
	after := h.stored(l.ID)
	if *e.Amount != 3 || e.Description != "Başka" || len(e.Items) != 1 || e.Items[0].UnitAmount != 1 {
		t.Errorf("other lines: %+v", e)
	}
	if after.Version <= before.Version || after.Hot().Terms() == before.Hot().Terms() {
		t.Error("A28 other lines are the same terms")
	}
	if e = read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"description":"Bayram paketi","items":[{"name":"Sabun","quantity":2,"unit_amount":50}]}`)); e.Description != "Bayram paketi" || *e.Amount != 100 {
		t.Errorf("words of its own: %+v", e)
	}
	if a := h.ask("DELETE", "/v1/products/"+p.ID, ""); a.status != http.StatusNoContent {
		t.Errorf("%s", a)
	}
	if e = read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"items":null,"amount":700}`)); len(e.Items) != 0 || *e.Amount != 700 {
		t.Errorf("taken away: %+v", e)
	}
	both := h.make(`{"amount":25500,"currency":"TRY","description":"Paket","items":[{"name":"Sabun","quantity":51,"unit_amount":500}]}`)
	if *both.Amount != 25500 || both.Description != "Paket" {
		t.Errorf("with its sum: %+v", both)
	}
	plain := h.make(plainLink)
	if len(plain.Items) != 0 {
		t.Errorf("a link without lines has %+v", plain.Items)
	}
}

// A line that says what its product says is the product's, so that what was read can be sent again; one that says
// otherwise is told so at its place.
func TestLinesThatSayWhatTheirProductSays(t *testing.T) {
	h := open(t)
	p := h.product(plainProduct)
	whole := `{"product":"` + p.ID + `","code":"ZY-5","name":"Zeytinyağı 5 l","quantity":2,"unit_amount":12500}`
	l := h.make(`{"currency":"TRY","items":[` + whole + `]}`)
	for with, part := range map[string]string{`"name":"x"`: "name", `"code":"x"`: "code", `"unit_amount":1`: "unit_amount", `"unit_amount":0`: "unit_amount"} {
		h.mistakes(h.ask("POST", "/v1/links", `{"currency":"TRY","items":[{"product":"`+p.ID+`",`+with+`}]}`), "items.0."+part+": product_differs")
	}
	h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID, `{"currency":"USD"}`), "items.0.product: product_currency")
	read[product](t, h.ask("PATCH", "/v1/products/"+p.ID, `{"price":13000}`))
	if e := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"items":[`+strings.Replace(whole, `:2,`, `:4,`, 1)+`]}`)); *e.Amount != 50000 {
		t.Errorf("more of the copy it has: %+v", e)
	}
	h.mistakes(h.ask("POST", "/v1/links", `{"currency":"TRY","items":[`+whole+`]}`), "items.0.unit_amount: product_differs")
}

// Every mistake of a line is told at its place, and nothing is stored.
func TestLinesAreHeldToTheirRules(t *testing.T) {
	h := open(t)
	p, dollars := h.product(plainProduct), h.product(`{"name":"Sabun","price":100,"currency":"USD"}`)
	off, gone := h.product(`{"name":"Eski","price":100,"currency":"TRY","active":false}`), h.product(`{"name":"Yok","price":100,"currency":"TRY"}`)
	h.ask("DELETE", "/v1/products/"+gone.ID, "")
	line := func(rest string) string { return `{"name":"a","unit_amount":1` + rest + `}` }
	for items, want := range map[string]string{
		`{}`:                                         "items: wrong_type",
		`["x"]`:                                      "items: wrong_type",
		`[{"label":"x"}]`:                            "items: wrong_type",
		`[{"name":"a"}]`:                             "items.0.unit_amount: required",
		`[{"unit_amount":1}]`:                        "items.0.name: required",
		`[` + line(`,"quantity":0`) + `]`:            "items.0.quantity: quantity_range",
		`[` + line(`,"quantity":10000`) + `]`:        "items.0.quantity: quantity_range",
		`[` + line(`,"quantity":1.5`) + `]`:          "items: wrong_type",
		`[{"name":"a","unit_amount":-1}]`:            "items.0.unit_amount: amount_range",
		`[{"name":"a","unit_amount":1000000000000}]`: "items.0.unit_amount: amount_range",
		`[{"name":"a","unit_amount":999999999999,"quantity":2}]`:        "amount: amount_range",
		`[{"name":"a","unit_amount":0}]`:                                "amount: amount_range",
		`[{"name":"4155650000000007","unit_amount":1}]`:                 "items.0.name: looks_like_card",
		`[{"name":"` + strings.Repeat("x", 121) + `","unit_amount":1}]`: "items.0.name: length",
		`[` + line(`,"code":"`+strings.Repeat("x", 41)+`"`) + `]`:       "items.0.code: length",
		`[` + strings.Repeat(line("")+",", 20) + line("") + `]`:         "items: too_many",
		`[{"product":"x"}]`: "items.0.product: product_unknown",
		`[` + line("") + `,{"product":"` + gone.ID + `"}]`: "items.1.product: product_unknown",
		`[{"product":"` + off.ID + `"}]`:                   "items.0.product: product_inactive",
		`[{"product":"` + dollars.ID + `"}]`:               "items.0.product: product_currency",
		`[{"product":"` + p.ID + `","quantity":0}]`:        "items.0.quantity: quantity_range",
	} {
		h.mistakes(h.ask("POST", "/v1/links", `{"currency":"TRY","items":`+items+`}`), want)
	}
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":2,"currency":"TRY","items":[`+line("")+`]}`), "amount: amount_not_sum")
	h.mistakes(h.ask("POST", "/v1/links", `{"amount_mode":"open","min_amount":1,"max_amount":2,"currency":"TRY","items":[`+line("")+`]}`), "items: items_on_open_link")
	long := strings.Repeat("ş", 120)
	h.mistakes(h.ask("POST", "/v1/links", `{"currency":"TRY","items":[`+strings.TrimSuffix(strings.Repeat(`{"name":"`+long+`","code":"`+long[:80]+`","unit_amount":1},`, 20), ",")+`]}`), "items: items_too_large")
	if made := h.list("").Data; len(made) != 0 {
		t.Errorf("%d links were made", len(made))
	}
}

// A shop's basket is made of lines as a link is.
func TestSessionsOfLines(t *testing.T) {
	h := open(t)
	p := h.product(plainProduct)
	const ways = `"success_url":"https://shop.example/paid","cancel_url":"https://shop.example/basket"`
	got := read[struct {
		ID, Link string
		Amount   int64
		Items    []item
	}](t, h.ask("POST", "/v1/checkout/sessions", `{"currency":"TRY",`+ways+`,"items":[{"product":"`+p.ID+`"},{"name":"Kargo","unit_amount":100}]}`))
	if got.Amount != 12600 || len(got.Items) != 2 || got.Items[0].Name != "Zeytinyağı 5 l" || len(h.stored(got.Link).Items) != 2 {
		t.Errorf("%+v", got)
	}
	h.mistakes(h.ask("POST", "/v1/checkout/sessions", `{"amount":1,"currency":"TRY",`+ways+`,"items":[{"name":"Kargo","unit_amount":100}]}`), "amount: amount_not_sum")
}

// Rows of a batch may be of lines; products are looked up for all of them together.
func TestBatchesOfLines(t *testing.T) {
	h := open(t)
	p := h.product(plainProduct)
	a := h.ask("POST", "/v1/link_batches", `{"name":"Sepetler","currency":"TRY","rows":[{"items":[{"product":"`+p.ID+`","quantity":2}]},{"items":[{"product":"prd_0000000000000000000009"}]}]}`)
	if a.status != http.StatusCreated {
		t.Fatalf("%s %s", a, a.body)
	}
	all := h.list("").Data
	if len(all) != 1 || *all[0].Amount != 25000 || all[0].Items[0].Name != "Zeytinyağı 5 l" {
		t.Errorf("%+v", all)
	}
}

// What was bought stands in the payment as the link said it then.
func TestLinesStandInThePayment(t *testing.T) {
	h := open(t)
	oil := h.product(plainProduct)
	l := h.stored(h.make(`{"currency":"TRY","items":[{"product":"` + oil.ID + `","quantity":2}]}`).ID)
	p := h.paid(l, func(p *checkout.Payment) { p.Items = l.Items })
	for name, got := range map[string]struct{ Items []item }{
		"read":   read[struct{ Items []item }](t, h.ask("GET", "/v1/payments/"+string(p.ID), "")),
		"listed": read[page[struct{ Items []item }]](t, h.ask("GET", "/v1/payments", "")).Data[0],
	} {
		if len(got.Items) != 1 || got.Items[0].Name != "Zeytinyağı 5 l" || got.Items[0].Quantity != 2 || got.Items[0].UnitAmount != 12500 || *got.Items[0].Product != oil.ID {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
