//go:build !race

package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/threeds/banksim"
)

// A payer who was at the bank when the account's 3-D key was changed comes back with what the bank signed before: that
// is judged by the former key, for as long as a payer may stay, and by nothing else (I10).
func TestI10_TheFormerKeyJudgesWhatItSigned(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	paying, slow := r.atBank(nil), r.atBank(nil)
	r.clock.advance(time.Second)
	account := r.payforAccount()
	for _, key := range []string{"87654321", "11223344"} { // twice, before anybody came back
		status, _ := r.api("PATCH", "/v1/acquirers/"+account, map[string]any{"credentials": map[string]any{"merchant_pass": key}, "verify": false})
		r.must("the key is changed", status, http.StatusOK)
		r.clock.advance(time.Second)
	}
	r.rejects(paying, paying.action, "ResponseHash=x", checkout.ForgedHashMismatch)
	paying.back()
	r.must("paid", r.ledgerPayment(paying.id).Status, checkout.StatusPaid)
	r.clock.advance(31 * time.Minute)
	r.rejects(slow, slow.action, slow.fields.Encode(), checkout.ForgedHashMismatch)
	r.trailWhole()
}

// Of two gateways the one where nobody changed the key remembers the account for a moment: what the bank signs with the
// new key is judged by the ledger's there, too.
func TestI10_AKeyChangedAtTheOtherGateway(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{database: testenv.Postgres(t)})
	other := r.twin()
	other.browser().get(other.at(r.link(nil)["url"].(string))) // it has read the account
	own := banksim.DemoMerchants()[3]
	own.MerchantPass = "87654321"
	text, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	r.must("the bank's key", r.stranger().send("POST", r.bankS.URL+"/_bank/merchants", "application/json", string(text)).status < 300, true)
	status, _ := r.api("PATCH", "/v1/acquirers/"+r.payforAccount(), map[string]any{"credentials": map[string]any{"merchant_pass": own.MerchantPass}, "verify": false})
	r.must("the key is changed", status, http.StatusOK)
	p := r.atBank(nil)
	p.browser = other.browser()
	p.back()
	r.must("paid", r.ledgerPayment(p.id).Status, checkout.StatusPaid)
	r.must("charges", len(r.bank.Charges()), 1)
}
