//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// 6.9: an order by telephone, from the list of payments to its card, the bank's question and back to the panel, on phone
// and desktop, with scripts and without. The support line stands above the phone's bar (10.2).
func TestPanelTakesACardJourney(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]chrome.Options{
		"phone": phone(), "desktop": {Width: 1440, Height: 900, Lang: "tr-TR"},
		"phone without scripts":   func() chrome.Options { o := phone(); o.ScriptsOff = true; return o }(),
		"desktop without scripts": {Width: 1440, Height: 900, Lang: "tr-TR", ScriptsOff: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			p := r.atDesk(t, o)
			sound := func(what string) {
				t.Helper()
				if !o.ScriptsOff {
					p.WantNoBarriers()
				}
				p.fits(t, what)
			}
			p.Open(r.base + "/panel/links")
			sound("the list of links")
			p.Open(r.base + "/panel/payments")
			p.want(t, ".head", "Tahsilat yap")
			p.want(t, ".help", "POS destek hattı", "0850 555 00 11", "pos-destek@odelink.test")
			sound("the payments")
			if !o.ScriptsOff {
				p.WaitFor("(scrollTo(0, document.body.scrollHeight), true)")
				if !chrome.Eval[bool](p.Page, `(() => {
					const rail = document.querySelector(".rail"), end = document.querySelector(".foot").getBoundingClientRect().bottom;
					return getComputedStyle(rail).position !== "fixed" || end <= rail.getBoundingClientRect().top + 1;
				})()`) {
					t.Error("something lies over the support line")
				}
			}
			status(t, "the form", p.ClickAndLoad(`.head a[href="/panel/links/new?take=1"]`), http.StatusOK)
			sound("the form")
			p.Fill("#f-amount", "250")
			p.Fill("#f-description", "Telefon siparişi")
			status(t, "taking the card", p.ClickAndLoad("button.main"), http.StatusOK)
			if !strings.HasPrefix(p.URL(), r.base+"/p/") {
				t.Fatalf("the card is asked for at %s", p.URL())
			}
			p.want(t, "main", "250,00 TL", "Telefon siparişi")
			p.fillCard(card("000"))
			p.toBank()
			p.answer("123456")
			if o.ScriptsOff {
				status(t, "back", p.ClickAndLoad("#shop"), http.StatusOK)
			} else {
				p.WaitURL("/panel/links/lnk_") // by itself
			}
			p.want(t, "main", "Telefon siparişi", "250,00 TL", "Ödendi")
			sound("the paid link")
			r.booksAgree()
		})
	}
}
