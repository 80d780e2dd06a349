//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// A dispute is recorded, seen where it matters, printed and lost, on phone and desktop. No page has barriers or stands
// out of the view.
func TestPanelDisputeJourney(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]chrome.Options{"phone, Turkish": phone(), "desktop, English": {Width: 1440, Height: 900, Lang: "en-GB"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{tame: true})
			id := r.paidBy(r.link(map[string]any{"order_id": "SIP-2026-0001", "amount": 9876543, "description": "Deniz manzaralı ahşap masa", "customer": map[string]any{"name": "Mehmet Öztürk-Karaosmanoğlu"}}), "001")
			p := r.atDesk(t, o)
			sound := func(what string) {
				t.Helper()
				p.WantNoBarriers()
				p.fits(t, what)
			}
			at := r.base + "/panel/payments/" + id
			status(t, "the payment", p.Open(at), http.StatusOK)
			sound("payment")
			p.Click("#disputes .give summary")
			p.Fill("#f-code", "10.4")
			p.Fill("#f-case", "D-2026/17")
			p.Fill("#f-words", "Kart sahibi ürünü almadığını söylüyor")
			chrome.Eval[string](p.Page, `document.getElementById("f-respond_by").value = "2026-11-24"`) // a date is typed in the order of the browser's language
			sound("form")
			status(t, "first step", p.ClickAndLoad("#disputes .give button"), http.StatusOK)
			sound("confirmation")
			status(t, "second step", p.ClickAndLoad("#disputes button.sure"), http.StatusOK)
			sound("disputed")
			r.must("in dispute", r.ledgerPayment(id).Disputed, int64(9876543))
			for what, path := range map[string]string{"home": "/panel", "list": "/panel/chargebacks", "payments": "/panel/payments", "report": "/panel/reports/chargebacks", "evidence": "/panel/payments/" + id + "/evidence"} {
				status(t, what, p.Open(r.base+path), http.StatusOK)
				sound(what)
			}
			status(t, "the payment", p.Open(at), http.StatusOK)
			status(t, "change it", p.ClickAndLoad("#disputes td a.button"), http.StatusOK)
			p.Choose("#f-status", "lost")
			sound("change")
			status(t, "first step", p.ClickAndLoad("#disputes form button"), http.StatusOK)
			sound("losing")
			status(t, "second step", p.ClickAndLoad("#disputes button.sure"), http.StatusOK)
			sound("lost")
			p.WantQuiet(strings.TrimPrefix(r.base, "http://"))
		})
	}
}
