//go:build !race

package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// 10.2: the staff read whom to call at the foot of every page, mistakes included, and nobody else does.
func TestPanelSaysWhomToCall(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	line := []string{"POS destek hattı", `href="tel:08505550011"`, "0850 555 00 11", `href="mailto:pos-destek@odelink.test"`, "Hafta içi 09:00–18:00"}
	r.hasNot("the door", r.atDoor().open("/panel/signin", http.StatusOK), line...)
	w := r.signedIn()
	for _, path := range []string{"/panel", "/panel/links", "/panel/settings", "/panel/account/second"} {
		r.has(path, w.open(path, http.StatusOK), line...)
	}
	r.has("nothing there", w.open("/panel/nowhere", http.StatusNotFound), line...)
	r.has("in English", w.open("/panel?lang=en", http.StatusOK), "POS support line", "0850 555 00 11")
	l := r.link(nil)
	r.hasNot("the payer's page", w.open(strings.TrimPrefix(l["url"].(string), r.base), http.StatusOK), "0850 555 00 11", "pos-destek")
	r.merchant(func(m *checkout.Merchant) { m.Support = checkout.SupportLine{Email: "pos@banka.example"} })
	page := w.open("/panel", http.StatusOK)
	r.has("an address alone", page, "POS destek hattı", `href="mailto:pos@banka.example"`)
	r.hasNot("an address alone", page, "tel:")
	r.merchant(func(m *checkout.Merchant) { m.Support = checkout.SupportLine{} })
	r.hasNot("none", w.open("/panel", http.StatusOK), "POS destek hattı", "tel:", `class="help"`)
}

// merchant changes the demo's merchant past every check.
func (r *rig) merchant(change func(*checkout.Merchant)) {
	r.t.Helper()
	m, err := r.app.ledger.Merchant(context.Background(), demoMerchant)
	r.must("read the merchant", err, nil)
	change(&m)
	m.Version++
	r.must("save the merchant", r.app.ledger.SaveMerchant(context.Background(), m, operatorEvent(m.ID, string(m.ID), "merchant.saved", r.clock.Now())), nil)
	r.app.flow.Forget(demoMerchant)
}
