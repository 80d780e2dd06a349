//go:build !race

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// asking is a link that asks for one answer of each kind.
func (r *rig) asking(more map[string]any) map[string]any {
	terms := map[string]any{"usage": "multi", "fields": []map[string]any{
		{"key": "plate", "label": map[string]any{"tr": "Plaka", "en": "Number plate"}, "type": "text", "required": true, "max": 12},
		{"key": "wish", "label": "İstek", "type": "multiline"},
		{"key": "guests", "label": "Kişi", "type": "number"},
		{"key": "mail", "label": "E-posta", "type": "email"},
		{"key": "phone", "label": "Telefon", "type": "phone"},
		{"key": "day", "label": "Gün", "type": "date"},
		{"key": "person", "label": "T.C. kimlik no", "type": "tckn"},
		{"key": "size", "label": "Beden", "type": "choice", "options": []string{"S", "Orta boy"}},
	}}
	for name, value := range more {
		terms[name] = value
	}
	return r.link(terms)
}

// answered are good answers to all of it.
var answered = []string{"field_plate", "34 ĞÜ 12", "field_wish", "cam\r\nkenarı", "field_guests", "4", "field_mail", "ayse@example.com",
	"field_phone", "0532 123 45 67", "field_day", "2026-12-31", "field_person", "10000000146", "field_size", "Orta boy"}

// What a link asks of its payer, from its page to its merchant's books.
func TestLinksThatAskForMore(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	link := r.asking(nil)
	address := link["url"].(string)
	t.Run("the page asks in the payer's language, each field with its own keyboard", func(t *testing.T) {
		b := r.browser().get(address)
		r.must("status", b.status, http.StatusOK)
		r.has("the page", b.body, "İşyerinin istediği bilgiler", "Plaka", "En çok 12 karakter.", "İsteğe bağlı. 11 rakam.")
		inputs := map[string]string{}
		for _, n := range append(elements(t, b.body, "input"), append(elements(t, b.body, "select"), elements(t, b.body, "textarea")...)...) {
			inputs[attr(n, "name")] = strings.TrimSpace(n.Data + " " + attr(n, "type") + " " + attr(n, "inputmode") + " " + attr(n, "autocomplete"))
		}
		for name, want := range map[string]string{
			"field_plate": "input text  off", "field_wish": "textarea   off", "field_guests": "input text decimal off", "field_mail": "input email email email",
			"field_phone": "input tel tel tel", "field_day": "input date  off", "field_person": "input text numeric off", "field_size": "select",
		} {
			r.must(name, inputs[name], want)
		}
		b.lang = "en"
		r.has("in English", b.get(address).body, "Number plate", "What the merchant needs to know")
	})
	t.Run("every mistake stands at its field, and nothing typed is lost but card numbers", func(t *testing.T) {
		b := r.browser().pay(address, cardWithout, "field_wish", "Pencere kenarı", "field_guests", "dört", "field_mail", "ayse@", "field_phone", "123", "field_day", "31.2.2026",
			"field_person", "10000000147", "field_size", "XXL")
		r.must("status", b.status, http.StatusUnprocessableEntity)
		r.has("the page", b.body, "Plaka: Bu alanı doldurun.", "Kişi: Rakamla yazın", "E-posta: E-posta adresini", "Telefon: Telefon numarasını", "Gün: Tarihi gün",
			"T.C. kimlik no: T.C. kimlik numarası doğru değil", "Beden: Listeden birini seçin.", "Pencere kenarı", "dört", "ayse@", "10000000147", `id="field_plate-e"`, `href="#field_plate"`)
		b = r.browser().pay(address, cardWithout, append(append([]string{}, answered...), "card_expiry", "13/29")...)
		r.has("with a mistake elsewhere", b.body, "34 ĞÜ 12", "ayse@example.com", "0532 123 45 67", `value="2026-12-31"`, "10000000146")
		for _, n := range elements(t, b.body, "option") {
			r.must("chosen: "+plainText(n.FirstChild.Data), attr(n, "selected") != "" || strings.Contains(b.body, "<option selected>Orta boy"), true)
		}
		b.lang = "en"
		b.pay(address, cardWithout, "field_guests", "four", "lang", "en")
		r.has("in English", b.body, "Number plate: Fill in this field.", "Kişi: Write digits")
	})
	t.Run("A32 a card number in such a field is refused, given back to nobody and kept nowhere", func(t *testing.T) {
		const number = "4155650000000007"
		for _, name := range []string{"field_plate", "field_wish", "field_guests", "field_mail", "field_phone", "field_person", "field_size", "field_day"} {
			for _, accept := range []string{"text/html", "application/json"} {
				form := cardForm(cardWithout, answered...)
				form.Set(name, "x 4155 6500 0000 0007")
				if name == "field_guests" || name == "field_phone" {
					form.Set(name, number)
				}
				a := r.stranger("Accept", accept).post(address+"/pay", form)
				if a.status != http.StatusUnprocessableEntity {
					t.Errorf("%s: %d", name, a.status)
				}
				if found := tracesOf(number, a); found != nil {
					t.Errorf("%s, %s: the answer holds %v", name, accept, found)
				}
			}
		}
		r.must("payments", len(r.allPayments()), 0)
	})
	t.Run("a field that comes twice means nothing", func(t *testing.T) {
		form := cardForm(cardWithout, answered...)
		form.Add("field_plate", "06 A 1")
		r.must("status", r.stranger().post(address+"/pay", form).status, http.StatusBadRequest)
	})
	t.Run("the answers stand in the payment, on the receipt and in the merchant's books", func(t *testing.T) {
		b := r.browser().pay(address, cardWithout, answered...)
		id := b.paymentID()
		action, fields := b.callback("")
		b.post(action, fields)
		r.has("receipt", b.body, "34 ĞÜ 12", "100••••••46", "+905321234567", "Orta boy")
		r.hasNot("receipt", b.body, "10000000146")
		var said []string
		for _, one := range r.payment(id)["fields"].([]any) {
			a := one.(map[string]any)
			said = append(said, fmt.Sprint(a["key"], "=", a["value"]))
		}
		r.must("the API", strings.Join(said, " "), "plate=34 ĞÜ 12 wish=cam\nkenarı guests=4 mail=ayse@example.com phone=+905321234567 day=2026-12-31 person=10000000146 size=Orta boy")
		stranger := r.browser()
		r.hasNot("a stranger's check", stranger.get(r.base+"/v/"+checkout.ReceiptCode(checkout.PaymentID(id))).body, "34 ĞÜ 12", "10000000146", "100••••••46")
		w := r.signedIn()
		r.has("the panel", w.open("/panel/payments/"+id, http.StatusOK), "Plaka", "34 ĞÜ 12", "10000000146")
		rows, _ := r.reported("payments.json")
		r.must("the report", strings.HasPrefix(rows[0]["payer_fields"].(string), "Plaka: 34 ĞÜ 12; İstek: cam kenarı; Kişi: 4"), true)
		once := r.link(map[string]any{"fields": []map[string]any{{"key": "plate", "label": "Plaka", "type": "text"}}})["url"].(string)
		payer := r.browser().pay(once, cardWithout, "field_plate", "06 GİZLİ 1").finish("123456")
		r.has("its payer's own page", payer.body, "06 GİZLİ 1", "receipt.pdf")
		r.hasNot("whoever opens the link later", r.browser().get(once).body, "GİZLİ", "receipt.pdf", payer.paymentID())
		r.proven()
	})
	t.Run("A28 other questions are other terms, and the page asks them", func(t *testing.T) {
		b := r.browser().get(address)
		form := r.shownForm(address)
		status, _ := r.api("PATCH", "/v1/links/"+link["id"].(string), map[string]any{"fields": []map[string]any{{"key": "room", "label": "Oda", "type": "text", "required": true}}})
		r.must("edit", status, http.StatusOK)
		for name, value := range cardForm(cardWithout, answered...) {
			form[name] = value
		}
		b.post(address+"/pay", form)
		r.must("status", b.status, http.StatusConflict)
		r.has("the page", b.body, "Oda")
		r.hasNot("the page", b.body, "Plaka")
	})
}

// A35: markup in a label, an option or an answer is text wherever it is shown.
func TestA35_MarkupInQuestionsAndAnswersIsText(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'&`
	link := r.link(map[string]any{"fields": []map[string]any{
		{"key": "a", "label": evil, "type": "text"}, {"key": "b", "label": "B" + evil, "type": "multiline"},
		{"key": "c", "label": "C", "type": "choice", "options": []string{evil[:50], "x"}},
	}})
	address := link["url"].(string)
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
	clean("the page", b.get(address).body)
	clean("a mistake", b.pay(address, "", "field_a", "A"+evil, "field_b", "B"+evil, "field_c", evil).body)
	b.pay(address, cardWithout, "field_a", "A"+evil, "field_b", "B"+evil, "field_c", evil[:50])
	id := b.paymentID()
	action, fields := b.callback("")
	clean("the receipt", b.post(action, fields).body)
	w := r.signedIn()
	clean("the panel's payment", w.open("/panel/payments/"+id, http.StatusOK))
	clean("the panel's link", w.open("/panel/links/"+link["id"].(string), http.StatusOK))
	clean("the panel's form", w.open("/panel/links/new?from="+link["id"].(string), http.StatusOK))
}

// A link that many pay says how many payments are left, or how many were made where its merchant wants that; it is
// right at the next view, on the lane and in the page of the engine.
func TestPagesCountTheirPayments(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	limited := r.link(map[string]any{"usage": "multi", "max_payments": 3})
	counted := r.link(map[string]any{"usage": "multi", "show_count": true})
	asks := r.asking(map[string]any{"max_payments": 3})
	silent := r.link(map[string]any{"usage": "multi"})
	says := func(link map[string]any, lang string, want ...string) {
		t.Helper()
		b := r.browser()
		b.lang = lang
		r.has(lang, b.get(link["url"].(string)).body, want...)
	}
	says(limited, "tr", "Kalan ödeme: 3 / 3")
	says(counted, "en", "Payments made: 0")
	for _, link := range []map[string]any{limited, counted, asks, silent} {
		b := r.browser().pay(link["url"].(string), cardWithout, answered...)
		action, fields := b.callback("")
		b.post(action, fields)
	}
	says(limited, "tr", "Kalan ödeme: 2 / 3")
	says(limited, "en", "Payments left: 2 of 3")
	says(asks, "tr", "Kalan ödeme: 2 / 3")
	says(counted, "tr", "Yapılan ödeme: 1")
	r.hasNot("without a wish", r.browser().get(silent["url"].(string)).body, "Kalan ödeme", "Yapılan ödeme")
	r.has("the panel", r.signedIn().open("/panel/links/"+limited["id"].(string), http.StatusOK), "en çok 3 ödeme", "2 ödeme kaldı")
}

// The panel's form asks for fields without a script, keeps them over an edit, and shows a mistake at its place.
func TestPanelLinksThatAsk(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	page := w.open("/panel/links/new", http.StatusOK)
	form := []string{"amount", "10", "usage", "multi", "show_count", "on", "field0_tr", "Öğrenci adı", "field0_required", "on", "field0_max", "40",
		"field3_tr", "Beden", "field3_en", "Size", "field3_type", "choice", "field3_options", "S\r\n\r\n Orta boy "}
	l := r.linkNamed(w.post("/panel/links", http.StatusSeeOther, append([]string{"once", once(t, page)}, form...)...))
	want := []checkout.LinkField{
		{Key: "ogrenci_adi", Label: checkout.Label{TR: "Öğrenci adı", EN: "Öğrenci adı"}, Type: checkout.FieldText, Required: true, Max: 40},
		{Key: "beden", Label: checkout.Label{TR: "Beden", EN: "Size"}, Type: checkout.FieldChoice, Options: []string{"S", "Orta boy"}},
	}
	r.must("the fields", fmt.Sprintf("%+v", l.Fields), fmt.Sprintf("%+v", want))
	r.must("the count", l.ShowCount, true)
	path := "/panel/links/" + string(l.ID)
	r.has("the link", w.open(path, http.StatusOK), "Öğrenci adı", "Zorunlu", "Beden", "Listeden seçim")
	r.has("its form", w.open(path+"/edit", http.StatusOK), "1. alan: Öğrenci adı", "2. alan: Beden", "ogrenci_adi", "3. alan (boş)")
	bad := w.post(path, http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "multi", "life", "keep", "field0_tr", "A", "field5_tr", "Kartın CVV kodu", "field6_tr", "B", "field6_type", "choice")
	r.has("the mistakes", bad, "kartın güvenlik kodunu", "Bu alan gerekli", `id="d-field5_tr"`, `id="d-field6_options"`)
	r.must("edited", w.post(path, http.StatusSeeOther, "amount", "10", "currency", "TRY", "usage", "multi", "life", "keep", "field7_tr", "Oda", "field7_key", "room") != "", true)
	l = r.linkNamed(path)
	r.must("the fields afterwards", fmt.Sprintf("%+v", l.Fields), fmt.Sprintf("%+v", []checkout.LinkField{{Key: "room", Label: checkout.Label{TR: "Oda", EN: "Oda"}, Type: checkout.FieldText}}))
}
