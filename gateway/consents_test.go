//go:build !race

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// agreedForm is a card form with the boxes of a consumer sale ticked.
func agreedForm(more ...string) url.Values {
	return cardForm(cardWithout, append([]string{"consent_pre_information", "yes", "consent_distance_sale", "yes"}, more...)...)
}

// sells tells what a consumer has to read of the demo's merchant.
func (r *rig) sells(more ...any) {
	r.t.Helper()
	details := map[string]any{"address": "Çınar Sk. No 5, 34000 Şişli/İstanbul", "tax_number": "1234567890", "delivery": "Üç iş günü içinde kargoyla.", "exceptions": "Kişiye özel ürünler."}
	for i := 0; i+1 < len(more); i += 2 {
		details[more[i].(string)] = more[i+1]
	}
	if status, answer := r.api("PATCH", "/v1/merchant", details); status != http.StatusOK || len(answer["missing"].([]any)) > 0 {
		r.t.Fatalf("the merchant's details: %d %v", status, answer)
	}
}

// F1 to F7 through the whole program: who buys as a consumer reads, agrees and pays, and what he agreed to is kept as
// it was, with what he was charged.
func TestUX_F_AConsumerReadsAgreesAndPays(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	r.sells()
	address := r.link(map[string]any{"sale": "consumer", "description": "El yapımı vazo <b>"})["url"].(string)
	missing := []string{"Ön bilgilendirme formunu okuyup kutuyu işaretleyin.", "Mesafeli satış sözleşmesini okuyup kutuyu işaretleyin."}
	for name, form := range map[string]url.Values{
		"no box": cardForm(cardWithout), "another word": agreedForm("consent_pre_information", "on", "consent_distance_sale", "true"),
	} {
		r.stranger().post(address+"/pay", form).reads(t, name, http.StatusUnprocessableEntity, missing)
	}
	half := r.stranger().post(address+"/pay", agreedForm("consent_distance_sale", "", "payer_note", ""))
	half.reads(t, "one box", http.StatusUnprocessableEntity, missing[1:], missing[0]+"</p>")
	if !strings.Contains(half.body, `name="consent_pre_information" value="yes" required data-no="`+missing[0]+`" checked`) {
		t.Error("the box that was ticked is not ticked any more")
	}
	r.must("JSON without boxes", r.stranger("Accept", "application/json").post(address+"/pay", cardForm(cardWithout)).problem(t),
		"validation_failed consent_pre_information:consent_required consent_distance_sale:consent_required")
	twice := agreedForm()
	twice.Add("consent_distance_sale", "yes")
	r.must("a box twice", r.stranger().post(address+"/pay", twice).status, http.StatusBadRequest)
	r.must("payments of forms that agreed to nothing", r.payments(), 0)

	r.stranger().get(address+"?text=distance_sale").reads(t, "the text's page", http.StatusOK, []string{"MESAFELİ SATIŞ SÖZLEŞMESİ", "Çınar Sk. No 5", "Tek çekim", "El yapımı vazo <b>"})
	r.must("markup in the text's page", strings.Contains(r.stranger().get(address+"?text=distance_sale").body, "vazo <b>"), false)
	plain := r.stranger("Accept", "text/plain").get(address + "?text=pre_information&lang=en&bin=41556500&installments=3")
	if plain.status != http.StatusOK || !strings.HasPrefix(plain.body, "PRE-INFORMATION FORM") || !strings.Contains(plain.body, "3 instalments") {
		t.Errorf("plain, in English, in three: %d %.200q", plain.status, plain.body)
	}
	r.must("a text that is not asked", r.stranger().get(address+"?text=advertising").status, http.StatusNotFound)
	r.must("a text of a collection", r.stranger().get(r.link(nil)["url"].(string)+"?text=distance_sale").status, http.StatusNotFound)

	b := r.browser().post(address+"/pay", agreedForm("installments", "3")).finish("123456")
	p := r.payment(b.paymentID())
	r.must("the payment", []any{p["status"], p["sale"], p["installments"]}, []any{"paid", "consumer", float64(3)})
	r.must("its trail", r.events(b.paymentID())[:2], []string{"payment.challenged", "payment.consented"})
	total := int(p["total"].(float64))
	sum := fmt.Sprintf("%d,%02d\u00a0TL", total/100, total%100)
	for _, part := range []string{"Bu ödemenin metinleri", "MESAFELİ SATIŞ SÖZLEŞMESİ", "3 taksit", sum} {
		if !strings.Contains(b.body, part) {
			t.Errorf("the receipt does not say %q", part)
		}
	}
	status, told := r.api("GET", "/v1/payments/"+b.paymentID()+"/consents", nil)
	all, ok := told["data"].([]any)
	if status != http.StatusOK || !ok || len(all) != 2 {
		t.Fatalf("consents: %d %v", status, told)
	}
	for _, one := range all {
		c := one.(map[string]any)
		text := c["text"].(string)
		hash := sha256.Sum256([]byte(text))
		if c["given"] != true || c["lang"] != "tr" || c["text_hash"] != hex.EncodeToString(hash[:]) || c["ip"] == nil || c["at"] == nil {
			t.Errorf("kept %v", c)
		}
		if !strings.Contains(text, sum) || !strings.Contains(text, "3 taksit") || !strings.Contains(text, "Çınar Sk. No 5") {
			t.Errorf("%v does not say what was charged: %s", c["kind"], text)
		}
		r.stranger().get(r.base+"/r/"+b.paymentID()+"/texts/"+c["kind"].(string)).reads(t, "its page", http.StatusOK, []string{hex.EncodeToString(hash[:]), "onaylandı"})
	}
	r.booksAgree()
}

// A28: texts that changed between the view and the form are shown again, and nothing is agreed to or charged.
func TestA28_TextsThatChangedAreShownAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	r.sells()
	address := r.link(map[string]any{"sale": "consumer", "description": "Vazo"})["url"].(string)
	terms := func() string {
		_, fields := r.browser().get(address).form()
		return fields.Get("terms")
	}
	seen := terms()
	r.sells("delivery", "On iş günü içinde.")
	again := r.stranger().post(address+"/pay", agreedForm("terms", seen))
	again.reads(t, "other texts", http.StatusConflict, []string{"Ödeme bilgileri değişti"})
	if strings.Contains(again.body, " checked") && strings.Contains(again.body, `value="yes" required data-no="Ön bilgilendirme formunu okuyup kutuyu işaretleyin." checked`) {
		t.Error("a box is ticked for a text that nobody has seen")
	}
	seen = terms()
	if status, answer := r.api("PATCH", "/v1/legal_texts", map[string]any{"kind": "advertising", "lang": "tr", "text": "{seller} yazabilir."}); status != http.StatusOK {
		t.Fatal(answer)
	}
	r.must("another wording", r.stranger().post(address+"/pay", agreedForm("terms", seen)).status, http.StatusConflict)
	r.must("a digest of the link alone", r.stranger().post(address+"/pay", agreedForm("terms", seen[:12])).status, http.StatusConflict)
	typo := r.stranger().post(address+"/pay", agreedForm("terms", seen, "card_number", "4155650000000008"))
	typo.reads(t, "other texts and a mistake", http.StatusConflict, []string{"Ödeme bilgileri değişti"})
	r.must("boxes that are ticked for texts that nobody has seen", strings.Contains(typo.body, `kutuyu işaretleyin." checked`), false)
	r.must("payments", r.payments(), 0)
	paid := r.browser().post(address+"/pay", agreedForm("terms", terms())).finish("123456")
	r.must("with what is there now", r.payment(paid.paymentID())["status"], "paid")
}

// F6: advertising is asked where the merchant wants it, nobody has to agree, and the answer is kept either way.
func TestUX_F6_AdvertisingIsKeptEitherWay(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	r.sells("advertising", true)
	for word, want := range map[string]bool{"": false, "yes": true} {
		address := r.link(map[string]any{"sale": "consumer", "description": "Vazo"})["url"].(string)
		b := r.browser().post(address+"/pay", agreedForm("consent_advertising", word)).finish("123456")
		_, told := r.api("GET", "/v1/payments/"+b.paymentID()+"/consents", nil)
		all := told["data"].([]any)
		r.must("the third", []any{len(all), all[2].(map[string]any)["kind"], all[2].(map[string]any)["given"]}, []any{3, "advertising", want})
	}
}

// F7: who agreed to texts gets a copy of them by e-mail, once, when the money was taken: each file is what was kept, to
// the byte. Who bought nothing at a distance, was refused or is not to be written to gets none.
func TestUX_F7_ACopyOfWhatWasAgreedToGoesToThePayer(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	p.sells("advertising", true)
	link := func(email, sale string) map[string]any {
		fields := map[string]any{"sale": sale, "description": "Vazo: http://evil.example/x"}
		if email != "" {
			fields["customer"] = map[string]any{"email": email}
		}
		return p.link(fields)
	}
	pay := func(l map[string]any, more ...string) string {
		return p.browser().post(l["url"].(string)+"/pay", agreedForm(more...)).finish("123456").paymentID()
	}
	pay(link("fatura@ornek.example", "collection"))
	many := p.link(map[string]any{"sale": "consumer", "description": "Vazo", "usage": "multi", "customer": map[string]any{"email": "herkes@ornek.example"}})
	pay(many)
	pay(link("", "consumer"))
	if status, answer := p.api("POST", "/v1/suppressions", map[string]any{"channel": "email", "to": "yok@ornek.example"}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	never := link("yok@ornek.example", "consumer")
	pay(never)
	pay(link("red@ornek.example", "consumer"), "card_number", card("051"))
	p.carry()
	p.must("copies for those who get none", len(p.mails.Mails()), 0)

	wanted := link("Ayse@ornek.example", "consumer")
	paid := pay(wanted, "consent_advertising", "", "installments", "3", "lang", "en")
	p.carry()
	p.carry()
	got := p.mails.Mails()
	if len(got) != 1 || got[0].To[0] != "Ayse@ornek.example" {
		t.Fatalf("%d mails", len(got))
	}
	m := readReport(t, got[0])
	if !strings.Contains(m.subject, "What you agreed to") || !strings.Contains(m.text, "Copies of the texts") || strings.Contains(m.text, "evil.example") || strings.Contains(string(got[0].Raw), cardWithout) {
		t.Errorf("%q: %s", m.subject, m.text)
	}
	_, told := p.api("GET", "/v1/payments/"+paid+"/consents", nil)
	names := map[any]string{"pre_information": "Pre-information form.txt", "distance_sale": "Distance sales contract.txt"}
	for _, one := range told["data"].([]any) {
		c := one.(map[string]any)
		file, enclosed := m.files[names[c["kind"]]]
		hash := sha256.Sum256([]byte(file))
		if enclosed != c["given"].(bool) || enclosed && c["text_hash"] != hex.EncodeToString(hash[:]) {
			t.Errorf("%v, given %v: enclosed %v of %d files", c["kind"], c["given"], enclosed, len(m.files))
		}
	}
	p.must("files", len(m.files), 2)
	for want, l := range map[string]map[string]any{"sent": wanted, "suppressed": never} {
		_, all := p.api("GET", "/v1/links/"+l["id"].(string)+"/messages?kind=agreed_texts", nil)
		seen := all["data"].([]any)
		p.must("what the merchant sees", []any{len(seen), seen[0].(map[string]any)["status"]}, []any{1, want})
	}
}
