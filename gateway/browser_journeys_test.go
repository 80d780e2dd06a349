//go:build !race

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// Instalments as a person meets them: the rows come while the number is typed, the chosen one stands
// on the button, at the bank and on the receipt, and it is what the bank is asked for.
func TestUX_E1_E2_E8_InstalmentsAppearWhileTypingAndStandOnTheReceipt(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"amount": 25000, "installments": []int{1, 2, 3, 6}})
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.Focus("#card_number")
	p.Press(card("000")[:8])
	p.WaitFor(`document.querySelectorAll("#rows .row").length === 4`)
	p.want(t, "#rows", "Tek çekim", "250,00 TL", "3 taksit", "86,33 TL × 2", "259,00 TL", "vade farkı 9,00 TL", "+ son taksit 86,34 TL")
	p.want(t, "#card_number-h", "QNB · CardFinans kredi kartı")
	if spoken := chrome.Eval[string](p.Page, `document.getElementById("live").textContent`); spoken != "4 ödeme seçeneği bulundu." {
		t.Errorf("announced: %q", spoken)
	}
	if first := p.Attribute("#rows input:checked", "value"); first != "1" {
		t.Errorf("chosen beforehand: %q", first)
	}
	p.Press(card("000")[8:])
	p.Fill("#card_expiry", "1229")
	p.Fill("#card_cvc", "123")
	p.Click("#rows .row:has([value='3'])")
	p.want(t, "#go", "3 taksitle öde (toplam 259,00 TL)")
	p.toBank()
	p.want(t, "main", "259,00 TL", "Taksit 3")
	p.answer("123456")
	p.want(t, ".receipt", "Tutar 259,00 TL", "3 taksit: 86,33 TL × 2, son taksit 86,34 TL", "Peşin tutar 250,00 TL")
	p.quiet(t)
	if c := r.bank.Charges(); len(c) != 1 || c[0].Amount != 25900 || c[0].Installments != 3 {
		t.Errorf("the bank holds %+v", c)
	}
	r.booksAgree()
}

// The same without scripts: a page of the server with the rows, then the card.
func TestUX_E10_K1_InstalmentsWithScriptsOff(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"amount": 25000, "installments": []int{1, 2, 3, 6}})
	o := phone()
	o.ScriptsOff = true
	p := r.person(t, o)
	p.Open(l["url"].(string))
	p.Click("#ask summary")
	p.Fill("#bin", card("000")[:8])
	status(t, "rows", p.ClickAndLoad("#ask button"), http.StatusOK)
	p.want(t, "#installments", "41556500 ile başlayan kart için seçenekler", "3 taksit", "259,00 TL", "vade farkı 9,00 TL")
	p.Click("#rows .row:has([value='3'])")
	p.fillCard(card("000"))
	p.toBank()
	p.answer("123456")
	p.want(t, ".receipt", "Tutar 259,00 TL", "3 taksit")
	p.quiet(t)
	r.booksAgree()
}

// A debit card gets the single payment and one sentence that says why; a card that lost its chosen
// count goes back to the single payment with a notice.
func TestUX_E5_E7_OtherCardOtherRows(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"amount": 25000, "installments": []int{1, 2, 3, 6}})
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.Fill("#card_number", card("000"))
	p.WaitFor(`document.querySelectorAll("#rows .row").length === 4`)
	p.Click("#rows .row:has([value='6'])")
	p.Fill("#card_number", "400709"+card("000")[6:8])
	p.reads("#wait", "Banka kartıyla taksit yapılamaz.")
	p.WaitFor(`document.getElementById("live").textContent.startsWith("Seçtiğiniz")`)
	p.want(t, "#go", "250,00 TL öde")
	// The space kept for rows stays while the number is typed, and goes with the next field of the card.
	height := func() float64 {
		return chrome.Eval[float64](p.Page, `document.getElementById("rows").getBoundingClientRect().height`)
	}
	if h := height(); h < 200 {
		t.Errorf("the rows' space collapsed to %.0f px under the payer's hands", h)
	}
	p.Fill("#card_expiry", "1229")
	if h := height(); h > 160 {
		t.Errorf("one row in a box of %.0f px", h)
	}
	p.Fill("#card_number", card("000"))
	p.WaitFor(`document.querySelectorAll("#rows .row").length === 4`)
	p.quiet(t)

	off := phone()
	off.ScriptsOff = true
	p = r.person(t, off)
	p.Open(l["url"].(string))
	if h := height(); h > 160 {
		t.Errorf("without scripts, one row in a box of %.0f px", h)
	}
}

// A refusal says why in human words, that no money was taken, and how to go on; the same link then
// takes another card.
func TestUX_D4_D5_DeclinedThenPaidWithAnotherCard(t *testing.T) {
	t.Parallel()
	for scripts, off := range map[string]bool{"scripts on": false, "scripts off": true} {
		t.Run(scripts, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			l := r.link(nil)
			o := phone()
			o.ScriptsOff = off
			p := r.person(t, o)
			p.pay(l["url"].(string), card("051"))
			p.want(t, ".result", "Ödeme alınamadı", "Bankanız limit veya bakiyenin yetmediğini bildirdi.", "Kartınızdan para çekilmedi.")
			p.want(t, "main", "Destek için referans")
			if !strings.HasPrefix(p.Title(), "Ödeme alınamadı") {
				t.Errorf("title %q", p.Title())
			}
			status(t, "try again", p.ClickAndLoad("main a.go"), http.StatusOK)
			if v := p.Value("#card_number") + p.Value("#card_cvc"); v != "" {
				t.Error("the card fields are not empty (A39)")
			}
			p.fillCard(card("000"))
			p.toBank()
			p.answer("123456")
			p.want(t, ".result", "Ödeme tamamlandı")
			p.quiet(t)
			r.booksAgree()
		})
	}
}

// Every way in which the holder is not verified ends in the same words, and no money moves.
func TestUX_D4_ThreeDFailed(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"wrong password", "cancelled", "refused by the issuer"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			p := r.person(t, desktop())
			p.Open(r.link(nil)["url"].(string))
			switch way {
			case "wrong password":
				p.fillCard(card("000"))
				p.toBank()
				p.answer("000000")
			case "cancelled":
				p.fillCard(card("000"))
				p.toBank()
				p.leaveBank("cancel")
			default:
				p.fillCard(card("900"))
				p.Click("#go")
				p.WaitVisible(".result")
			}
			p.want(t, ".result", "Ödeme alınamadı", "SMS doğrulaması tamamlanmadı. İsterseniz yeniden deneyin.", "Kartınızdan para çekilmedi.")
			p.want(t, "main", "Yeniden dene")
			p.quiet(t)
			if c := r.bank.Charges(); len(c) != 0 {
				t.Errorf("the bank holds %+v", c)
			}
			r.booksAgree()
		})
	}
}

// The bank charged and its answer was lost: the page says that nobody knows yet, never 'try again',
// and turns to paid by itself when the bank has been asked; with scripts off, too (D6, K2). Meanwhile
// nobody else can pay the link.
func TestUX_D6_G7_K2_PendingTurnsPaidByItself(t *testing.T) {
	t.Parallel()
	for scripts, off := range map[string]bool{"scripts on": false, "scripts off": true} {
		t.Run(scripts, func(t *testing.T) {
			t.Parallel()
			timing := unhurried
			timing.Provision, timing.Answer = 2*time.Second, 3*time.Second
			r := newSite(t, rigOptions{timing: timing})
			l := r.link(nil)
			o := phone()
			o.ScriptsOff = off
			p := r.person(t, o)
			p.pay(l["url"].(string), card("901"))
			p.want(t, ".result", "Sonuç bekleniyor", "Lütfen yeniden ödeme yapmayın; sonucu burada göstereceğiz.", "henüz belli değil")
			if text := p.says("body"); strings.Contains(text, "Yeniden dene") {
				t.Error("an unknown outcome offers to try again")
			}
			other := r.person(t, desktop())
			status(t, "second payer", other.Open(l["url"].(string)), http.StatusConflict)
			other.want(t, ".result", "Sonuç bekleniyor: bu link için ödeme onaylanıyor")
			r.settleFor(2 * time.Minute)
			p.reads(".result", "Ödeme tamamlandı")
			p.quiet(t)
			r.booksAgree()
		})
	}
}

// The merchant changed the price while the payer typed: nobody is charged a sum he did not see.
func TestUX_TermsChangedWhileTyping(t *testing.T) {
	t.Parallel()
	for scripts, off := range map[string]bool{"scripts on": false, "scripts off": true} {
		t.Run(scripts, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			l := r.link(nil)
			o := phone()
			o.ScriptsOff = off
			p := r.person(t, o)
			p.Open(l["url"].(string))
			p.fillCard(card("000"))
			if code, answer := r.api("PATCH", "/v1/links/"+l["id"].(string), map[string]any{"amount": 30000}); code != http.StatusOK {
				t.Fatal(answer)
			}
			status(t, "the old price", p.ClickAndLoad("#go"), http.StatusConflict)
			p.want(t, "#notice", "Ödeme bilgileri değişti", "Kartınızdan para çekilmedi.")
			p.want(t, "h1", "300,00 TL")
			p.want(t, "#go", "300,00 TL öde")
			if !off && p.Focused() != "#notice" {
				t.Errorf("the focus is on %q", p.Focused())
			}
			if p.Value("#card_number")+p.Value("#card_cvc") != "" || p.Value("#card_holder") != "Şükrü Ğ. Işık" || p.Value("#card_expiry") == "" {
				t.Error("the card is echoed, or what may stay is gone (C16)")
			}
			p.fillCard(card("000"))
			p.toBank()
			p.answer("123456")
			p.want(t, ".receipt", "300,00 TL")
			p.quiet(t)
			r.booksAgree()
		})
	}
}

// Mistakes that only the server finds stand at their fields, are listed with links, and have the
// focus; the card is never echoed (D1, D2, C16).
func TestUX_D1_D2_C16_ServersMistakesAreListedAndFocused(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	p := r.person(t, phone())
	p.Open(r.link(map[string]any{"payer_note": true})["url"].(string))
	p.fillCard(card("000")[:15] + "1")
	p.Fill("#card_expiry", "1220")
	p.Fill("#payer_note", "Teşekkürler")
	// As a browser whose script checks less would send it.
	p.WaitFor(`(HTMLFormElement.prototype.submit.call(document.getElementById("pay")), true)`)
	p.WaitVisible("#errors")
	status(t, "mistakes", lastDocument(p), http.StatusUnprocessableEntity)
	p.want(t, "#errors", "Eksik veya hatalı alanlar var", "Kart numarasında hata var. Rakamları kontrol edin.",
		"Kartın son kullanma tarihi geçmiş.", "Güvenliğiniz için kart bilgilerini yeniden girin.")
	if !strings.HasPrefix(p.Title(), "Hata: ") || p.Focused() != "#errors" {
		t.Errorf("title %q, focus on %q", p.Title(), p.Focused())
	}
	for _, field := range []string{"card_number", "card_expiry"} {
		if p.Attribute("#"+field, "aria-invalid") != "true" || !strings.Contains(p.Attribute("#"+field, "aria-describedby"), field+"-e") {
			t.Errorf("%s is not told to be wrong", field)
		}
	}
	if html := p.HTML(); strings.Contains(html, card("000")[:12]) || p.Value("#card_number")+p.Value("#card_cvc") != "" {
		t.Error("the card is echoed")
	}
	if p.Value("#payer_note") != "Teşekkürler" || p.Value("#card_holder") != "Şükrü Ğ. Işık" {
		t.Error("what may stay is gone")
	}
	p.clickAndFocus(t, "#errors a[href='#card_expiry']", "input[name=card_expiry]")
	p.Fill("#card_expiry", "1229")
	p.Fill("#card_number", card("000"))
	p.Fill("#card_cvc", "123")
	if p.Count("#card_number-e") != 0 || p.Attribute("#card_number", "aria-invalid") != "" {
		t.Error("a mistake put right is still marked")
	}
	p.toBank()
	p.answer("123456")
	p.want(t, ".receipt", "Teşekkürler")
	p.quiet(t)
	r.booksAgree()
}

// clickAndFocus clicks a link into the page and holds where the focus goes.
func (p *person) clickAndFocus(t *testing.T, selector, focus string) {
	t.Helper()
	p.Click(selector)
	p.WaitFor(fmt.Sprintf(`document.activeElement.name && "input[name=" + document.activeElement.name + "]" === %q`, focus))
}

// lastDocument is the status of the last page that the browser asked for.
func lastDocument(p *person) int {
	code := 0
	for _, a := range p.Responses() {
		if a.Type == "Document" {
			code = a.Status
		}
	}
	return code
}

// What was typed stays when the language is changed; the payment then goes on in that language, at
// the bank too.
func TestUX_O1_LanguageSwitchKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	p := r.person(t, phone())
	p.Open(r.link(map[string]any{"installments": []int{1, 3}, "payer_note": true})["url"].(string))
	p.fillCard(card("000"))
	p.Fill("#payer_note", "Kapıya bırakın")
	p.Click("#rows .row:has([value='3'])")
	p.Click(".lang a")
	p.reads("#go", "Pay in 3 instalments (total TRY 259.00)")
	if p.Value("#card_number") != "4155 6500 0000 0007" || p.Value("#card_cvc") != "123" || p.Value("#payer_note") != "Kapıya bırakın" {
		t.Error("what was typed is gone")
	}
	p.toBank()
	p.want(t, "main", "3-D Secure verification", "TRY 259.00")
	p.answer("123456")
	p.want(t, ".result", "Payment complete")
	p.want(t, ".receipt", "3 instalments: TRY 86.33 × 2, last TRY 86.34", "Kapıya bırakın")
	p.quiet(t)
	r.booksAgree()
}

// A number pasted as it was copied, with a wrong digit put right in the middle, is the number on the
// card, and the whole form goes through.
func TestUX_C7_NumberPastedWithDashesAndEditedInTheMiddlePays(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	p := r.person(t, phone())
	p.Open(r.link(nil)["url"].(string))
	p.Focus("#card_number")
	p.paste(t, "4155-6500 9000-0007")
	for range 8 { // back to behind the 9 that does not belong there
		p.Press(chrome.KeyArrowLeft)
	}
	p.Press(chrome.KeyBackspace)
	p.Press("0")
	if v := p.Value("#card_number"); v != "4155 6500 0000 0007" {
		t.Fatalf("after paste and edit: %q", v)
	}
	p.Focus("#card_expiry")
	p.paste(t, "12 / 29")
	p.Focus("#card_cvc")
	p.paste(t, " 123 ")
	p.toBank()
	p.answer("123456")
	p.want(t, ".result", "Ödeme tamamlandı")
	p.quiet(t)
}
