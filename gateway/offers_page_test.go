//go:build !race

package main

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// buttonText is what the page's one paying button says.
func buttonText(page string) string {
	found := regexp.MustCompile(`<button class="go" id="go">([^<]*)</button>`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return plainText(found[1])
}

// rowsOf counts the ways to pay that a page offers.
func rowsOf(page string) int { return strings.Count(page, `name="installments"`) }

// B5, E8: without scripts the button cannot follow the choice, so it names an amount only where every
// choice costs the same.
func TestUX_B5_ButtonNamesNoOtherAmountThanIsCharged(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(nil)["url"].(string)
	for bin, want := range map[string]string{card("000")[:8]: "Seçtiğiniz tutarı öde", "": "250,00 TL öde", "40070900": "250,00 TL öde"} {
		b := r.browser().get(link + "?bin=" + bin)
		if got := buttonText(b.body); got != want {
			t.Errorf("with the rows of %q the button says %q, want %q", bin, got, want)
		}
	}
}

// E2: on an open link rows are those of the payer's amount, and there are none before he has named one
// that the link takes.
func TestUX_E2_OpenLinkShowsRowsOfTheTypedAmountOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(map[string]any{"amount": nil, "amount_mode": "open", "min_amount": 1000, "max_amount": 500000})["url"].(string)
	bin := card("000")[:8]
	for typed, asked := range map[string]bool{"": true, "5": true, "many": true, "9.000": true, "400": false, "４００": false} {
		b := r.browser().get(link + "?bin=" + bin + "&amount=" + url.QueryEscape(typed))
		says := strings.Contains(plainText(b.body), "Taksitleri görmek için önce ödemek istediğiniz tutarı girin. En az 10,00 TL, en çok 5.000,00 TL")
		if says != asked || (rowsOf(b.body) == 1) != asked {
			t.Errorf("amount %q: asked for it: %t, %d rows", typed, says, rowsOf(b.body))
		}
		for _, field := range []string{`id="amount" name="amount"`, `id="bin-amount" name="amount"`} {
			_, after, _ := strings.Cut(b.body, field)
			if tag, _, _ := strings.Cut(after, ">"); !strings.Contains(tag, `value="`+typed+`"`) {
				t.Errorf("amount %q is not in the field %s: %s", typed, field, tag)
			}
		}
		if !strings.Contains(b.body, `name="bin" type="text" inputmode="numeric" autocomplete="off" maxlength="8" dir="ltr" value="`+bin+`"`) {
			t.Errorf("amount %q: the digits of the card are asked for again", typed)
		}
		if !asked && !strings.Contains(plainText(b.body), "400,00 TL") {
			t.Errorf("amount %q: no row of it", typed)
		}
	}
	b := r.browser().pay(link, card("000"), "amount", "5", "amount_as", "typed")
	r.must("refused", b.status, 422)
	r.must("rows after a refused amount", rowsOf(b.body), 1)
}

// D4, D5: a return that is not the bank's, and a bank that cannot be reached, are told with what is known of
// the money and with the number of the payment that the merchant finds it by.
func TestUX_D4_ReferenceAndMoneyWhereNoResultIs(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	b := r.browser().pay(r.link(nil)["url"].(string), card("000"))
	id := b.paymentID()
	reference := checkout.PaymentID(id).Reference()
	b.post(r.base+"/3ds/"+id, url.Values{"MD": {"forged"}})
	text := plainText(b.body)
	for _, part := range []string{"Bankadan gelen yanıt doğrulanamadı", "Kartınızdan henüz para çekilmedi.", "Destek için referans: " + reference} {
		if !strings.Contains(text, part) {
			t.Errorf("the page of a forged return does not say %q: %s", part, text)
		}
	}
	r.account(func(a *checkout.Account) { a.BaseURL = "http://127.0.0.1:1/payfor/Gateway/" })
	link := r.link(nil)
	b.pay(link["url"].(string), card("000"))
	text = plainText(b.body)
	for _, p := range r.allPayments() {
		if string(p.Token) == link["token"] {
			reference = p.ID.Reference()
		}
	}
	for _, part := range []string{"Bankaya ulaşılamadı", "Kartınızdan para çekilmedi.", "Destek için referans: " + reference} {
		if !strings.Contains(text, part) {
			t.Errorf("the page without a bank does not say %q: %s", part, text)
		}
	}
}

// The pages about error codes wear the style sheet that the gateway serves, with its hash.
func TestPagesAboutErrorsWearTheHouseStyle(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for _, path := range []string{"/docs/errors", "/docs/errors/cvc_length"} {
		b := r.browser().get(r.base + path)
		found := regexp.MustCompile(`<link rel="stylesheet" href="(/s/app\.[0-9a-f]+\.css)" integrity="sha[^"]+">`).FindStringSubmatch(b.body)
		if found == nil {
			t.Errorf("%s has no style: %.400s", path, b.body)
			continue
		}
		r.must("the style of "+path, b.get(r.base+found[1]).status, 200)
	}
}
