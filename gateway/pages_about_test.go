//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/odelink/odelink/threeds/banksim"
)

// reads holds a page against what it must and must not say.
func (a answer) reads(t *testing.T, name string, status int, says []string, never ...string) {
	t.Helper()
	text := plainText(a.body)
	if a.status != status {
		t.Errorf("%s: status %d, want %d", name, a.status, status)
	}
	for _, w := range says {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q: %s", name, w, text)
		}
	}
	for _, w := range never {
		if strings.Contains(text, w) {
			t.Errorf("%s says %q", name, w)
		}
	}
}

// A payer whose payment is under way, or was not taken, reads what it is about: order, description, the sum
// as charged with its plan, and which card it was.
func TestPayerReadsWhatThePaymentIsAbout(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	l := r.link(map[string]any{"installments": []int{1, 3}, "description": "Ahşap masa", "order_id": "MASA-1"})
	address := l["url"].(string)
	form := r.shownForm(address)
	form.Set("installments", "3")
	about := []string{"Sipariş no MASA-1", "Açıklama Ahşap masa", "Tutar 259,00 TL", "Peşin tutar 250,00 TL", "3 taksit: 86,33 TL × 2, son taksit 86,34 TL", "Kart Visa •••• 1005"}

	first := r.browser().post(address+"/pay", form)
	id := first.paymentID()
	form.Set("card_number", banksim.CardNumber("415565", "051"))
	second := r.browser().post(address+"/pay", form)
	answer{second.status, second.header, second.body}.reads(t, "another card in the same attempt", http.StatusOK,
		append(about, "Bankanızda bekleyen bir işlem var"), "•••• 1000")
	r.must("it is the first payment", second.paymentID(), id)

	r.stranger("Cookie", "waiting="+id).get(address).reads(t, "the link, in the browser that left for the bank", http.StatusOK,
		[]string{"bankanızda bekliyor. Visa •••• 1005 · 3 taksit · 259,00 TL"})
	r.stranger().get(address).reads(t, "the link, in another browser", http.StatusOK, nil, "••••", "259,00")

	r.api("PATCH", "/v1/links/"+l["id"].(string), map[string]any{"description": "Ahşap sandalye"})
	r.stranger().get(r.base+"/r/"+id).reads(t, "a payment that began before the link was edited", http.StatusOK,
		[]string{"Sipariş no MASA-1"}, "Ahşap sandalye")

	declined := r.link(map[string]any{"description": "Ahşap masa", "order_id": "MASA-2"})
	no := r.browser().pay(declined["url"].(string), banksim.CardNumber("415565", "051")).finish("123456")
	answer{no.status, no.header, no.body}.reads(t, "declined", http.StatusOK,
		[]string{"Ödeme alınamadı", "Sipariş no MASA-2", "Ahşap masa", "250,00 TL", "Ödeme şekli Tek çekim", "Kart Visa •••• 1000"})
}

// A stranger on a link that somebody is paying reads what the link is about and nothing of the other
// payer's card, plan and sum; the payer's own browser reads those.
func TestStrangerOnABusyLinkReadsNothingOfTheOtherPayer(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	link := func() (address string) {
		return r.link(map[string]any{"installments": []int{1, 3}, "description": "Ahşap masa"})["url"].(string)
	}
	unsure := banksim.CardNumber("415565", "903")
	address, other := link(), link()
	form := r.shownForm(address)
	id := r.browser().pay(address, unsure, "installments", "3").finish("123456").paymentID()
	elsewhere := r.browser().pay(other, unsure, "installments", "3").finish("123456").paymentID()
	theirs := []string{"••••", "3002", "taksit", "259,00"}

	r.stranger().get(address).reads(t, "a stranger", http.StatusConflict,
		[]string{"bu link için ödeme onaylanıyor", "Ahşap masa", "Tutar 250,00 TL"}, theirs...)
	r.stranger().post(address+"/pay", form).reads(t, "a stranger who pays", http.StatusConflict,
		[]string{"başka bir ödeme işleniyor", "Ahşap masa", "Tutar 250,00 TL"}, theirs...)
	for name, cookie := range map[string]string{"another link's payer": elsewhere, "a guess": "pay_0000000000000000000000"} {
		r.stranger("Cookie", "waiting="+cookie).get(address).reads(t, name, http.StatusConflict, nil, theirs...)
	}
	r.stranger("Cookie", "waiting="+id).get(address).reads(t, "the payer", http.StatusConflict,
		[]string{"Sonuç bekleniyor", "Lütfen yeniden ödeme yapmayın", "Tutar 259,00 TL", "3 taksit: 86,33 TL × 2", "Visa •••• " + unsure[12:]})
}
