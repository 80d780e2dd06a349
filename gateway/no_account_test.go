//go:build !race

package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// A link whose currency no account of the merchant takes shows no card form, says so kindly with the
// merchant's contact, and is the form again as soon as there is an account.
func TestLinkThatNoAccountTakesShowsNoForm(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	yen := r.link(map[string]any{"currency": "JPY", "amount": 5000, "description": "Ahşap masa"})["url"].(string)
	lira := r.link(nil)["url"].(string)
	contact := "+90 212 555 01 23"
	for name, address := range map[string]string{"the page": yen, "with a BIN": yen + "?bin=41556500"} {
		a := r.stranger().get(address)
		a.reads(t, name, http.StatusConflict, []string{"Bu link şu anda ödenemiyor", "JPY ödemesi alan bir banka hesabı", "Lütfen işyeriyle görüşün", "5.000 JPY", "Ahşap masa", contact},
			"Kartınızdan", "Kart numarası")
		if strings.Contains(a.body, "card_number") {
			t.Errorf("%s has a card form", name)
		}
	}
	r.stranger("Accept-Language", "en").get(yen).reads(t, "in English", http.StatusConflict,
		[]string{"This link cannot be paid right now", "no bank account that takes payments in JPY", "Please contact the merchant", contact})
	json := r.stranger("Accept", "application/json")
	r.must("as JSON", json.get(yen).problem(t), "no_acquirer")
	r.must("its instalments", json.get(yen+"/installments?bin=415565").problem(t), "no_acquirer")
	for name, form := range map[string]url.Values{"a right form": cardForm(cardWithout), "a wrong one": cardForm("4155650000000008")} {
		a := r.stranger().post(yen+"/pay", form)
		a.reads(t, name, http.StatusConflict, []string{"İşyeri bu ödemeyi şu anda alamıyor", "Bu denemede kartınızdan para çekilmedi.", contact})
		if strings.Contains(a.body, "card_number") {
			t.Errorf("the answer to %s has a card form", name)
		}
	}
	r.must("another currency's link", r.stranger().get(lira).status, http.StatusOK)

	r.account(func(a *checkout.Account) { a.Currencies = append(slices.Clone(a.Currencies), checkout.JPY) })
	a := r.stranger().get(yen)
	if a.status != http.StatusOK || !strings.Contains(a.body, `name="card_number"`) {
		t.Errorf("with an account: %d, has the form %v", a.status, strings.Contains(a.body, "card_number"))
	}
}

// Who makes a link that no account takes is told so at once, where he chose the currency and for as long as it lasts;
// the way to the settings is for those who may see them.
func TestPanelTellsOfALinkThatNoAccountTakes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	const cannot = "Bu para birimini alan açık bir sanal POS yok: müşteriniz ödeyemez."
	r.has("the choice", w.open("/panel/links/new", http.StatusOK), "JPY — açık sanal POS yok</option>", ">TL</option>")
	yen := w.post("/panel/links", http.StatusSeeOther, "amount", "5.000", "currency", "JPY", "usage", "single")
	page := w.open(yen, http.StatusOK)
	r.has("the made link", page, "Link oluşturuldu.", cannot, `href="/panel/settings/acquirers">Sanal POS ayarları`, "Ödenemiyor")
	r.hasNot("the made link", page, "arasında ödenebilir", "tarihine kadar ödenebilir")
	r.has("the list", w.open("/panel/links", http.StatusOK), "Ödenemiyor")
	const unsent = "JPY alan açık bir sanal POS yok: linki alan ödeyemez."
	r.has("one to be sent", w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "5.000", "currency", "JPY", "usage", "single", "phone", "05321234567", "send_sms", "on"), unsent)
	r.has("sent later", w.post("/panel/links/"+string(r.linkNamed(yen).ID)+"/send", http.StatusUnprocessableEntity, "channel", "sms", "sms", "05321234567"), unsent)
	lira := w.post("/panel/links", http.StatusSeeOther, "amount", "50", "currency", "TRY", "usage", "single")
	r.hasNot("another currency's link", w.open(lira, http.StatusOK), cannot, "Ödenemiyor")
	email, password := r.colleague(checkout.RoleSupport, false)
	page = r.signedInAs(email, password).open(yen, http.StatusOK)
	r.has("for who may not see settings", page, cannot)
	r.hasNot("for who may not see settings", page, "Sanal POS ayarları")
	r.account(func(a *checkout.Account) { a.Currencies = append(slices.Clone(a.Currencies), checkout.JPY) })
	page = r.signedIn().open(yen, http.StatusOK)
	r.has("with an account", page, "tarihine kadar ödenebilir")
	r.hasNot("with an account", page, cannot, "Ödenemiyor")
	r.account(func(a *checkout.Account) { a.Enabled = false })
	r.has("with one that is switched off", r.signedIn().open(lira, http.StatusOK), cannot)
}

// Who is at the bank when the account goes still finds the way to the payment that began.
func TestPayerAtTheBankKeepsThePaymentWhenTheAccountGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	address := r.link(nil)["url"].(string)
	id := r.browser().pay(address, cardWithout).paymentID()
	r.account(func(a *checkout.Account) { a.Enabled = false })
	r.stranger("Cookie", "waiting="+id).get(address).reads(t, "the payer", http.StatusConflict,
		[]string{"Bankanızda bekleyen bir işlem var", "Visa •••• 1005"})
	r.stranger().get(address).reads(t, "a stranger", http.StatusConflict, []string{"Bu link şu anda ödenemiyor"}, "••••")
}

// The self-check looks at a page with a card form; a link without one is none to look at (A42).
func TestSelfCheckLooksForALinkThatCanBePaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	token := func() string {
		t.Helper()
		found, err := r.app.flow.AnyOpen(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return string(found)
	}
	yen := map[string]any{"currency": "JPY", "amount": 5000}
	r.link(yen)
	r.must("only one without an account", token(), "")
	lira := r.link(nil)
	r.link(yen)
	r.must("one that can be paid among others", token(), lira["token"])
}

// A payer whose address is blocked reads whose page it is, when the form proves that it came from there; a
// guesser reads the same of every token (A29).
func TestBlockedPayerReadsWhosePageItIs(t *testing.T) {
	t.Parallel()
	r := newRig(t, limited())
	address := r.link(nil)["url"].(string)
	form, forged := r.shownForm(address), cardForm(cardWithout, "terms", "AAAAAAAAAAAA")
	them := r.stranger("X-Forwarded-For", "198.51.100.7")
	for range 30 {
		them.get(r.base + "/p/0000000000ab")
	}
	them.post(address+"/pay", form).reads(t, "the payer", http.StatusTooManyRequests, []string{"Çok fazla deneme yapıldı", "Ahşap Atölyesi", "+90 212 555 01 23"})
	right, wrong := them.post(address+"/pay", forged), them.post(r.base+"/p/0000000000ab/pay", forged)
	right.reads(t, "a guesser", http.StatusTooManyRequests, []string{"Çok fazla deneme yapıldı"}, "Ahşap Atölyesi")
	r.must("a guesser's page of no link", heading(wrong.body), heading(right.body))
}
