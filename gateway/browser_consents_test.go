//go:build !race

package main

import (
	"net/http"
	"testing"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// F1 to F6 as a person meets them: nothing is ticked, texts open in their place and read as what is chosen would be
// charged, what is missing is told at its box, and the receipt has the texts.
func TestUX_F1_F2_F3_F5_F6_AConsumerAtTheForm(t *testing.T) {
	t.Parallel()
	off := desktop()
	off.ScriptsOff = true
	for name, o := range map[string]chrome.Options{"phone": phone(), "desktop, scripts off": off} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			r.sells("advertising", true)
			p := r.person(t, o)
			status(t, "a bill", p.Open(r.link(nil)["url"].(string)), http.StatusOK)
			if n := p.Count(".agree"); n != 0 {
				t.Error("the payer of a bill has to agree to something")
			}
			address := r.link(map[string]any{"sale": "consumer", "description": "El yapımı vazo", "installments": []int{1, 3}})["url"].(string)
			status(t, "the page", p.Open(address), http.StatusOK)
			if all, ticked := p.Count(".agree input"), p.Count(".agree input:checked"); all != 3 || ticked != 0 {
				t.Errorf("%d boxes, %d ticked beforehand", all, ticked)
			}
			p.want(t, "form#pay", "Siparişi onaylamanız ödeme yükümlülüğü doğurur.", "isteğe bağlı")
			if !o.ScriptsOff { // before a card is typed it says what is not known yet
				p.Click(".agree div:nth-of-type(2) summary")
				p.reads(".agree", "taksidin karşısında yazan")
			}
			p.fillCard(card("000"))
			if !o.ScriptsOff {
				p.WaitFor(`document.querySelectorAll("#rows .row").length === 2`)
				p.Click("#rows .row:nth-of-type(2)")
				p.reads(".agree", "MESAFELİ SATIŞ SÖZLEŞMESİ")
				p.reads(".agree", "3 taksit")
				p.WantNoBarriers()
				p.Click("#go")
				p.WaitVisible("#errors")
			} else {
				status(t, "mistakes", p.ClickAndLoad("#go"), http.StatusUnprocessableEntity)
				p.fillCard(card("000"))
			}
			p.want(t, "#errors", "Ön bilgilendirme formunu okuyup kutuyu işaretleyin.", "Mesafeli satış sözleşmesini okuyup kutuyu işaretleyin.")
			if p.OverflowsSideways() {
				t.Error("it is wider than the screen")
			}
			p.Click(`[name="consent_pre_information"]`)
			p.Click(`[name="consent_distance_sale"]`)
			p.toBank()
			p.answer("123456")
			p.want(t, ".receipt", " TL")
			p.want(t, "main", "Bu ödemenin metinleri", "Mesafeli satış sözleşmesi")
			if !o.ScriptsOff {
				p.WantNoBarriers()
			}
			receipt := p.URL()
			for kind, said := range map[string]string{"distance_sale": "tarihinde onaylandı", "advertising": "tarihinde onay verilmedi"} {
				status(t, kind, p.Open(receipt+"/texts/"+kind), http.StatusOK)
				p.want(t, "main", said)
			}
			p.quiet(t)
			r.booksAgree()
		})
	}
}
