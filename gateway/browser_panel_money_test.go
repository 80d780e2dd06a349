//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// A merchant's day with money, on phone and desktop: a payment is found, voided in two steps, and stands in the
// report; invoices and the bank's list are looked at. No page has barriers or stands out of the view.
func TestPanelMoneyJourney(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]chrome.Options{"phone, Turkish": phone(), "desktop, English": {Width: 1280, Height: 900, Lang: "en-GB"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{tame: true})
			id := r.paidBy(r.link(map[string]any{"order_id": "SIP-2026-0001", "customer": map[string]any{"name": "Mehmet Öztürk-Karaosmanoğlu"}}), "001")
			r.paidBy(r.link(map[string]any{"amount": 123456789}), "051")
			r.app.flow.Wait()
			p := r.atDesk(t, o)
			sound := func(path string) {
				t.Helper()
				status(t, path, p.Open(r.base+path), http.StatusOK)
				p.WantNoBarriers()
				p.fits(t, path)
			}
			sound("/panel/payments")
			if low := chrome.Eval[float64](p.Page, "document.querySelector('td.end > a').getBoundingClientRect().height"); low < 44 {
				t.Errorf("the way to the void is %.0f px high", low)
			}
			status(t, "the way to the void", p.ClickAndLoad("td.end > a"), http.StatusOK)
			p.WaitVisible(".give button")
			p.WantNoBarriers()
			p.fits(t, "the open form")
			status(t, "back", p.Open(r.base+"/panel/payments"), http.StatusOK)
			p.Fill("#f-q", card("001"))
			status(t, "search", p.ClickAndLoad(".filters button.main"), http.StatusOK)
			if strings.Contains(p.URL(), card("001")) || !strings.Contains(p.URL(), "41556500") {
				t.Errorf("the address of the search: %s", p.URL())
			}
			status(t, "open it", p.ClickAndLoad("td a.row"), http.StatusOK)
			p.WantNoBarriers()
			p.fits(t, "the payment")
			p.Click(".give summary")
			status(t, "first step", p.ClickAndLoad(".give button"), http.StatusOK)
			p.WantNoBarriers()
			p.fits(t, "the confirmation")
			status(t, "second step", p.ClickAndLoad("button.sure"), http.StatusOK)
			p.WantNoBarriers()
			r.stands(id, "voided", 25000)
			for _, path := range []string{"/panel/payments?status=pending", "/panel/reports", "/panel/reports/payments", "/panel/reports/declines", "/panel/invoices", "/panel/invoices/registrations", "/panel/reconciliation"} {
				sound(path)
			}
			p.WantQuiet(strings.TrimPrefix(r.base, "http://"))
			r.clock.advance(24 * time.Hour) // only a day that has ended is compared; the visit has ended with it
			p = r.atDesk(t, o)
			status(t, "the bank's list", p.Open(r.base+"/panel/reconciliation"), http.StatusOK)
			chrome.Eval[string](p.Page, `document.getElementById("f-day").value = "2026-11-22"`) // a date is typed in the order of the browser's language
			status(t, "compare", p.ClickAndLoad("button[value=bank]"), http.StatusOK)
			p.WantNoBarriers()
			p.fits(t, "the comparison")
			p.WantQuiet(strings.TrimPrefix(r.base, "http://"))
		})
	}
}
