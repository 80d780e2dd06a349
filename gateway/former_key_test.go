//go:build !race

package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
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
