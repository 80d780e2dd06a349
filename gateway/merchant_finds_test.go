//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/threeds/banksim"
)

// listed are the payments that a question of the merchant finds.
func (r *rig) listed(query string) []map[string]any {
	r.t.Helper()
	status, page := r.api("GET", "/v1/payments?"+query, nil)
	r.must("GET /v1/payments?"+query, status, http.StatusOK)
	var all []map[string]any
	for _, one := range page["data"].([]any) {
		all = append(all, one.(map[string]any))
	}
	return all
}

// What a payer reads out from the page while nobody knows how the payment ended leads the merchant to it.
func TestThePagesReferenceLeadsTheMerchantToThePayment(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	other := c.atBank(nil)
	other.back()
	p := c.atBank(nil)
	c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
	c.bankFault(banksim.StepInquiry, banksim.FaultReset, `"before"`, -1)
	p.back()
	c.app.flow.Wait()
	text := p.result()
	found := c.listed("status=pending")
	c.must("payments in doubt", len(found), 1)
	reference := found[0]["reference"].(string)
	if !strings.Contains(text, reference) {
		t.Fatalf("the page does not show %s: %s", reference, text)
	}
	found = c.listed("reference=" + reference)
	c.must("payments of this reference", len(found), 1)
	c.must("the payment", found[0]["id"], any(p.id))
}

// I4: whatever a payment that the bank charged otherwise becomes, the merchant finds it, and reads what
// was to be charged and what was.
func TestI04_theMerchantFindsMoneyThatDiffers(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	fine := c.atBank(nil)
	fine.back()
	p := c.atBank(nil)
	c.bankFault(banksim.StepProvision, banksim.FaultWrongAmount, `100`, 1)
	p.back()
	c.app.flow.Wait()
	c.settleFor(time.Minute)
	found := c.listed("attention=true")
	c.must("payments that a person should look at", len(found), 1)
	c.must("the payment", found[0]["id"], any(p.id))
	calls := c.payment(p.id)["attention"].([]any)
	c.must("what is to be looked at", len(calls), 1)
	call := calls[0].(map[string]any)
	for name, want := range map[string]any{"code": "amount_differs", "expected": 25000., "actual": 25100., "actual_currency": "TRY"} {
		c.must(name, call[name], want)
	}
}
