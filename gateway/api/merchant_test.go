//go:build !race

package api_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/odelink/odelink/checkout"
)

type merchant struct {
	Version   int64
	Name      string
	Address   *string
	TaxNumber *string `json:"tax_number"`
	Missing   []string
	Support   *struct{ Phone, Email, Hours *string }
}

type legalText struct {
	Kind, Lang, Hash, Text string
	Version                int64
	Own                    bool
}

// tellsOfItself says of the house's merchant what a consumer has to read.
func (h *house) tellsOfItself() merchant {
	h.Helper()
	m := h.read()
	m.LegalName, m.Phone, m.Email = "Deneme Ticaret A.Ş.", "+90 212 000 00 00", "destek@deneme.example"
	m.Version++
	h.must(h.ledger.SaveMerchant(h.Context(), m, h.books.Event("merchant.changed")))
	h.flow.Forget(m.ID)
	return read[merchant](h.TB, h.ask("PATCH", "/v1/merchant",
		`{"address":"Çınar Sk. No 5, Şişli/İstanbul","tax_number":"1234567890","delivery":"Üç iş günü.","exceptions":"Kişiye özel ürünler."}`))
}

func (h *house) read() checkout.Merchant {
	h.Helper()
	m, err := h.ledger.Merchant(h.Context(), h.books.Merchant)
	h.must(err)
	return m
}

const consumerLink = `{"amount":25000,"currency":"TRY","description":"El yapımı vazo","sale":"consumer"}`

// F1: a link says what it collects for, and a consumer sale of a merchant that has not said who it is is refused by name.
func TestUX_F1_ALinkSaysWhatItCollectsFor(t *testing.T) {
	h := open(t)
	h.mistakes(h.ask("POST", "/v1/links", consumerLink), "sale: seller_legal_name_missing, sale: seller_phone_missing, sale: seller_email_missing, "+
		"sale: seller_address_missing, sale: seller_tax_number_missing, sale: seller_delivery_missing, sale: seller_exceptions_missing")
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":25000,"currency":"TRY","sale":"gift"}`), "sale: sale_unknown")
	before := read[merchant](t, h.ask("GET", "/v1/merchant", ""))
	if len(before.Missing) != 7 || before.Address != nil {
		t.Errorf("before: %+v", before)
	}
	if m := h.tellsOfItself(); len(m.Missing) > 0 || m.Version <= before.Version || *m.TaxNumber != "1234567890" {
		t.Errorf("the merchant is %+v", m)
	}
	h.mistakes(h.ask("POST", "/v1/links", strings.Replace(consumerLink, "El yapımı vazo", "", 1)), "description: required")
	type sold struct{ ID, Sale string }
	l := read[sold](t, h.ask("POST", "/v1/links", consumerLink))
	if l.Sale != "consumer" || h.stored(l.ID).Sale != checkout.SaleConsumer {
		t.Errorf("made %+v", l)
	}
	if got := read[sold](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"sale":"collection"}`)); got.Sale != "collection" {
		t.Errorf("edited to %+v", got)
	}
	if got := read[sold](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"sale":"consumer"}`)); got.Sale != "consumer" {
		t.Errorf("edited back to %+v", got)
	}
	if got := read[sold](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"sale":null}`)); got.Sale != "collection" {
		t.Errorf("null leaves %+v", got)
	}
	if got := read[sold](t, h.ask("POST", "/v1/links", plainLink)); got.Sale != "collection" {
		t.Errorf("a link that says nothing is %+v", got)
	}
	all := read[page[sold]](t, h.ask("GET", "/v1/links", ""))
	if len(all.Data) != 2 || all.Data[0].Sale != "collection" {
		t.Errorf("listed %+v", all.Data)
	}
}

func TestTheMerchantsDetails(t *testing.T) {
	h := open(t)
	h.mistakes(h.ask("PATCH", "/v1/merchant", `{"tax_number":"12","mersis":"4155650000000007","address":"a\nb","delivery":"`+strings.Repeat("x", 2001)+`"}`),
		"address: control, tax_number: tax_number_format, mersis: mersis_format, delivery: length")
	h.mistakes(h.ask("PATCH", "/v1/merchant", `{"name":"X"}`), "name: read_only")
	m := h.tellsOfItself()
	h.refused(h.ask("PATCH", "/v1/merchant", `{"version":1000,"advertising":true}`), 409, "stale")
	h.mistakes(h.ask("PATCH", "/v1/merchant", `{"address":null,"tax_number":null}`), "address: required, tax_number: required")
	if got := read[merchant](t, h.ask("PATCH", "/v1/merchant", `{"tax_number":null,"mersis":"0123456789012345"}`)); got.TaxNumber != nil || got.Version != m.Version+1 {
		t.Errorf("a MERSIS number in the place of the tax number: %+v", got)
	}
}

// 10.2: programs read whom the merchant's staff call, and do not set it.
func TestTheSupportLineIsReadOnly(t *testing.T) {
	h := open(t)
	if got := read[merchant](t, h.ask("GET", "/v1/merchant", "")); got.Support != nil {
		t.Errorf("nobody is named and %+v", got.Support)
	}
	m := h.read()
	m.Support = checkout.SupportLine{Phone: "0850 555 00 11"}
	m.Version++
	h.must(h.ledger.SaveMerchant(t.Context(), m, h.books.Event("merchant.changed")))
	if got := read[merchant](t, h.ask("GET", "/v1/merchant", "")); got.Support == nil || *got.Support.Phone != "0850 555 00 11" || got.Support.Email != nil || got.Support.Hours != nil {
		t.Errorf("%+v", got.Support)
	}
	h.mistakes(h.ask("PATCH", "/v1/merchant", `{"support":{"phone":"1"}}`), "support: read_only")
}

// Of programs that change what they saw at one moment one does, and the others are told to look again.
func TestOfChangesOfOneVersionOneIsMade(t *testing.T) {
	h := open(t)
	m := h.tellsOfItself()
	var all sync.WaitGroup
	var made, stale atomic.Int32
	for i := range 6 {
		all.Go(func() {
			a := h.ask("PATCH", "/v1/merchant", fmt.Sprintf(`{"version":%d,"tax_office":"Vergi Dairesi %d"}`, m.Version, i))
			switch {
			case a.status == 200:
				made.Add(1)
			case a.status == 409 && strings.Contains(string(a.body), `"stale"`):
				stale.Add(1)
			default:
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 || stale.Load() != 5 {
		t.Errorf("%d were made and %d told to look again, of six", made.Load(), stale.Load())
	}
	if got := read[merchant](t, h.ask("GET", "/v1/merchant", "")); got.Version != m.Version+1 {
		t.Errorf("version %d after %d", got.Version, m.Version)
	}
}

// F7: each wording has a version and a hash; plain text, with names that exist and those that the law asks for.
func TestUX_F7_WordingsAreVersions(t *testing.T) {
	h := open(t)
	type texts struct {
		Placeholders   []string
		Data, Versions []legalText
	}
	all := read[texts](t, h.ask("GET", "/v1/legal_texts", ""))
	if len(all.Data) != 6 || all.Data[0].Own || all.Data[0].Version != 2 || len(all.Versions) != 0 || len(all.Placeholders) != 15 {
		t.Fatalf("built in: %+v", all)
	}
	for body, want := range map[string]string{
		`{"kind":"gift","lang":"de"}`:                                                        "kind: not_a_choice, lang: not_a_choice",
		`{"kind":"advertising","lang":"tr","text":"{seller} {iban}"}`:                        "text: placeholder_unknown",
		`{"kind":"advertising","lang":"tr","text":"{seller} {"}`:                             "text: placeholder_unknown",
		`{"kind":"distance_sale","lang":"tr","text":"{seller}"}`:                             "text: placeholder_missing",
		`{"kind":"advertising","lang":"tr","text":"` + strings.Repeat("{seller}", 11) + `"}`: "text: placeholder_repeated",
		`{"kind":"advertising","lang":"tr","text":"{seller} 4155 6500 0000 0007"}`:           "text: looks_like_card",
		`{"kind":"advertising","lang":"tr","text":"` + strings.Repeat("a", 20_001) + `"}`:    "text: length",
	} {
		h.mistakes(h.ask("PATCH", "/v1/legal_texts", body), want)
	}
	for i, words := range []string{"{seller} yazabilir.", "{seller} arayabilir. <b>"} {
		got := read[legalText](t, h.ask("PATCH", "/v1/legal_texts", `{"kind":"advertising","lang":"tr","text":"`+words+`"}`))
		if !got.Own || got.Version != int64(i)+1 || got.Text != words || len(got.Hash) != 64 {
			t.Errorf("saved %+v", got)
		}
	}
	if got := read[legalText](t, h.ask("PATCH", "/v1/legal_texts", `{"kind":"advertising","lang":"tr"}`)); got.Own || got.Hash != all.Data[2].Hash {
		t.Errorf("put back %+v", got)
	}
	if got := read[texts](t, h.ask("GET", "/v1/legal_texts", "")); len(got.Versions) != 2 || got.Versions[0].Version != 2 || got.Data[2].Own {
		t.Errorf("afterwards %+v", got.Versions)
	}
	h.must(h.ledger.EditPageWords(t.Context(), h.books.Merchant, func(_ checkout.Merchant, w *checkout.PageWords) (*checkout.Event, error) {
		w.Legal = map[string]map[checkout.ConsentKind]int64{"tr": {checkout.ConsentAdvertising: 1}}
		e := h.books.Event("merchant.legal_text")
		return &e, nil
	}))
	h.flow.Forget(h.books.Merchant)
	if got := read[texts](t, h.ask("GET", "/v1/legal_texts", "")); !got.Data[2].Own || got.Data[2].Version != 1 || got.Data[2].Text != "{seller} yazabilir." {
		t.Errorf("an older version in force reads %+v", got.Data[2])
	}
}

// F7: what a payer agreed to is told with its payment, whole.
func TestUX_F7_ConsentsOfAPayment(t *testing.T) {
	h := open(t)
	h.tellsOfItself()
	l := h.stored(read[link](t, h.ask("POST", "/v1/links", consumerLink)).ID)
	p := h.books.Payment(l, func(p *checkout.Payment) {
		p.Sale, p.PayerIP, p.PayerAgent, p.Account = checkout.SaleConsumer, "192.0.2.7", "Mozilla/5.0", "acc_9pRk1cVz6Gj3XhS8dNyF5w"
	})
	agreed := h.books.Agreed()
	_, err := h.ledger.Admit(t.Context(), p, h.books.Event("payment.challenged"), agreed...)
	h.must(err)
	type consent struct {
		Kind, Lang, Text, IP string
		Given, Own           bool
		Version              int64
		Template             string `json:"template_hash"`
		Hash                 string `json:"text_hash"`
		Agent                string `json:"user_agent"`
	}
	all := read[page[consent]](t, h.ask("GET", "/v1/payments/"+string(p.ID)+"/consents", ""))
	if len(all.Data) != 3 {
		t.Fatalf("%d consents", len(all.Data))
	}
	want := consent{"distance_sale", "tr", agreed[1].Text, "192.0.2.7", true, true, 7, agreed[1].Template, agreed[1].Hash, "Mozilla/5.0"}
	if all.Data[1] != want {
		t.Errorf("told %+v", all.Data[1])
	}
	if all.Data[2].Given {
		t.Error("advertising was agreed to")
	}
	if got := read[struct{ Sale string }](t, h.ask("GET", "/v1/payments/"+string(p.ID), "")); got.Sale != "consumer" {
		t.Errorf("the payment is a %q", got.Sale)
	}
	h.refused(h.ask("GET", "/v1/payments/pay_0000000000000000000000/consents", ""), 404, "payment_not_found")
}
