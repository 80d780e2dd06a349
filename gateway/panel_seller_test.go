//go:build !race

package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

const sellerPath = "/panel/settings/seller"

// A merchant says what the texts of consumer sales need, makes such a link, and reads what its payer agreed to.
func TestPanelConsumerSale(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	ctx, w := context.Background(), r.signedIn()
	sale := []string{"amount", "250", "currency", "TRY", "description", "El yapımı vazo", "usage", "single", "life", "1", "sale", "consumer"}
	made := func(page string) checkout.Link {
		t.Helper()
		link, err := r.app.ledger.LinkByID(ctx, demoMerchant, checkout.LinkID(strings.TrimPrefix(strings.SplitN(page, "?", 2)[0], "/panel/links/")))
		r.must("read the link", err, nil)
		return link
	}
	t.Run("what is missing is named, in one sentence", func(t *testing.T) {
		w.shows(w.open(sellerPath, http.StatusOK), "eksik olanlar: adres, vergi veya MERSİS numarası, teslimat koşulları, cayma hakkının istisnaları.")
		w.open("/panel/links/new", http.StatusOK)
		w.shows(w.post("/panel/links", http.StatusUnprocessableEntity, sale...), "Satıcı bilgilerinizde eksik olanlar: adres, vergi veya MERSİS numarası, teslimat koşulları, cayma hakkının istisnaları. Ayarlar → Satıcı ve sözleşmeler")
		r.must("links", r.linksThere(), 0)
	})
	details := func(more ...string) []string {
		version := versionShown.FindStringSubmatch(w.open(sellerPath, http.StatusOK))[1]
		return append(more, "version", version, "address", "Çınar Sk. No 5, Şişli", "tax_number", "1234567890", "delivery", "Üç iş günü içinde\r\nkargoyla.", "exceptions", "Kişiye özel ürünler.") // of a field sent twice the first counts
	}
	t.Run("details are checked and kept", func(t *testing.T) {
		w.shows(w.post(sellerPath, http.StatusUnprocessableEntity, details("mersis", "12")...), "MERSİS")
		w.post(sellerPath, http.StatusSeeOther, details()...)
		_, d, missing, err := r.app.flow.Details(ctx, demoMerchant)
		r.must("the details", []any{d.Address, d.Delivery, len(missing), err}, []any{"Çınar Sk. No 5, Şişli", "Üç iş günü içinde\nkargoyla.", 0, nil})
		r.must("the trail", r.trailed(1), []string{"merchant.seller"})
		late := details()
		w.post(sellerPath, http.StatusSeeOther, details("advertising", "on")...)
		w.shows(w.post(sellerPath, http.StatusConflict, late...), "siz yazarken başka biri kaydetti", "Ödeme sayfasında ticari ileti onayı iste Evet")
		w.post(sellerPath, http.StatusUnprocessableEntity, details("address", "")...)
	})
	t.Run("a wording is a version, and the built-in one comes back", func(t *testing.T) {
		w.open(sellerPath, http.StatusOK)
		w.shows(w.post(sellerPath+"/text", http.StatusUnprocessableEntity, "texts", "tr", "kind", "advertising", "text", "{nobody}"), "Süslü parantez içinde")
		w.open(sellerPath, http.StatusOK)
		to := w.post(sellerPath+"/text", http.StatusSeeOther, "texts", "tr", "kind", "advertising", "text", "{seller} bana yazabilir.\r\nİstediğim an vazgeçerim.")
		w.shows(w.open(strings.SplitN(to, "#", 2)[0], http.StatusOK), "Sizin metniniz, sürüm 1", "{seller} bana yazabilir.")
		w.post(sellerPath+"/text", http.StatusSeeOther, "texts", "tr", "kind", "advertising", "text", "x", "reset", "1")
		if text := plainText(w.open(sellerPath, http.StatusOK)); strings.Contains(text, "bana yazabilir") {
			t.Error("the merchant's own text is still in force")
		}
	})
	var link checkout.Link
	t.Run("a link is a consumer sale, and stays one when it is edited", func(t *testing.T) {
		w.open("/panel/links/new", http.StatusOK)
		link = made(w.post("/panel/links", http.StatusSeeOther, sale...))
		r.must("its kind", link.Sale, checkout.SaleConsumer)
		one := "/panel/links/" + string(link.ID)
		if page := w.open(one+"/edit", http.StatusOK); !strings.Contains(page, `<option value="consumer" selected>`) {
			t.Error("the form does not say what the link collects for")
		}
		w.post(one, http.StatusSeeOther, append(sale, "payer_note", "on")...)
		r.must("its kind", made(one).Sale, checkout.SaleConsumer)
	})
	t.Run("what the payer agreed to stands at the payment", func(t *testing.T) {
		b := r.browser().post(r.base+"/p/"+string(link.Token)+"/pay", agreedForm("installments", "3")).finish("123456")
		page := w.open("/panel/payments/"+b.paymentID(), http.StatusOK)
		w.shows(page, "Onaylanan metinler", "Mesafeli satış sözleşmesi Onaylandı", "Ticari elektronik ileti onayı Onaylanmadı", "MESAFELİ SATIŞ SÖZLEŞMESİ", "3 taksit", "Çınar Sk. No 5")
		bill := r.browser().post(r.link(nil)["url"].(string)+"/pay", cardForm(cardWithout)).finish("123456")
		if text := plainText(w.open("/panel/payments/"+bill.paymentID(), http.StatusOK)); strings.Contains(text, "Onaylanan metinler") {
			t.Error("a bill's payer agreed to something")
		}
	})
	t.Run("rows of a file say it, too", func(t *testing.T) {
		w.open("/panel/links/file", http.StatusOK)
		page := w.upload("/panel/links/file", http.StatusOK, "file", "satış.csv", []byte("Tutar;Açıklama;Satış türü\n12;Vazo;Tüketici\n13;Fatura;\n14;Kupa;başka\n15;;tüketici\n"))
		r.has("the rows", page, "2 satır hazır", "2 satırda hata var", "Satış türünü seçin.")
		before := r.linksThere()
		w.post("/panel/links/file/make", http.StatusSeeOther, confirmation(page)...)
		found, _, err := r.app.ledger.SearchLinks(ctx, checkout.LinkQuery{Merchant: demoMerchant, Limit: 10})
		r.must("list links", []any{err, r.linksThere()}, []any{nil, before + 2})
		for _, l := range found {
			switch l.Description {
			case "Vazo":
				r.must("a sale", l.Sale, checkout.SaleConsumer)
			case "Fatura":
				r.must("a bill", l.Sale, checkout.SaleCollection)
			}
		}
	})
	r.trailWhole()
}
