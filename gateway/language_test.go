//go:build !race

package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// O1: who chose another language than the browser's keeps it on every way through and back, also where a
// form is answered by a page that says no; who did not has plain addresses.
func TestUX_O1_ChosenLanguageStays(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for wish, back := range map[string]string{"tr": "?lang=en", "en": ""} {
		visitor := func() *browser {
			b := r.browser()
			b.lang = wish
			return b
		}
		english := func(what string, b *browser, status int, heading string) {
			t.Helper()
			if b.status != status || !strings.Contains(b.body, `<html lang="en"`) || !strings.Contains(plainText(b.body), heading) {
				t.Errorf("%s, wish %s: %d %.300s", what, wish, b.status, plainText(b.body))
			}
		}
		link := r.link(nil)
		address, path := link["url"].(string), "/p/"+link["token"].(string)
		backTo := `href="` + path + back + `"`

		b := visitor().pay(address, card("051"), "lang", "en")
		english("hand-over", b, http.StatusOK, "verification page")
		b.finish("123456")
		english("declined", b, http.StatusOK, "Payment not taken")
		if !strings.Contains(b.body, backTo) {
			t.Errorf("'try again' does not lead to %s", backTo)
		}

		b = visitor().pay(address, card("000"), "lang", "en")
		id := b.paymentID()
		english("waiting", b.get(r.base+"/r/"+id), http.StatusOK, "bank")
		b.post(r.base+"/r/"+id+"/abandon", url.Values{})
		r.must("given up", b.url, r.base+path+back)
		english("form again", b, http.StatusOK, "Card number")

		bank := r.bankS.URL
		r.account(func(a *checkout.Account) { a.BaseURL = "http://127.0.0.1:1/payfor/Gateway/" })
		b = visitor().pay(address, card("000"), "lang", "en")
		english("no bank", b, http.StatusServiceUnavailable, "could not be reached")
		if !strings.Contains(b.body, backTo) {
			t.Errorf("'back' does not lead to %s", backTo)
		}
		r.account(func(a *checkout.Account) { a.BaseURL = bank + "/payfor/Gateway/" })

		visitor().pay(address, card("000")).finish("123456")
		english("paid meanwhile", visitor().pay(address, card("000"), "lang", "en"), http.StatusConflict, "completed on")
	}
}

// A program that posts the card form reads of its mistakes in the form's language, before the one that its headers wish;
// a card number's length has words of its own.
func TestMistakesAreToldToProgramsInTheFormsLanguage(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(nil)["url"].(string)
	const en, tr = "The card number is not the right length. Check the digits on the card.", "Kart numarasının uzunluğu doğru değil. Karttaki rakamları kontrol edin."
	for _, c := range []struct{ form, wish, lang, want string }{
		{"tr", "en", "tr", tr}, {"tr", "", "tr", tr}, {"en", "tr", "en", en}, {"", "tr", "tr", tr}, {"xx", "tr", "tr", tr},
	} {
		headers := []string{"Accept", "application/json"}
		if c.wish != "" {
			headers = append(headers, "Accept-Language", c.wish)
		}
		a := r.stranger(headers...).post(link+"/pay", cardForm("1", "lang", c.form))
		r.must(c.form+", "+c.wish, a.problem(t), "validation_failed card_number:length")
		r.must("its language", a.header.Get("Content-Language"), c.lang)
		if !strings.Contains(a.body, `"message":"`+c.want+`"`) {
			t.Errorf("form %q, header %q: %s", c.form, c.wish, a.body)
		}
	}
}
