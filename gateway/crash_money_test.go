package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// alarmed holds that people are told: a fault of this name is in the log.
func (c *crash) alarmed(where string) {
	c.t.Helper()
	for _, line := range c.loggedWith("msg", where) {
		if line["level"] == "ERROR" {
			return
		}
	}
	c.t.Errorf("the log has no alarm %q", where)
}

// I4: a yes for another amount or currency is no yes for this payment, in the answer to an inquiry of
// the settle loop as in the one that confirms a one-step callback. People are told, the link stays
// taken, and the bank's true word ends it.
func TestI04_aYesForOtherMoneyIsNoYes(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"3dmodel", "3dpay"} {
		for name, lie := range map[string]struct{ fault, value string }{
			"one kurus more":   {banksim.FaultWrongAmount, `1`},
			"one kurus less":   {banksim.FaultWrongAmount, `-1`},
			"another currency": {banksim.FaultWrongCurrency, `"840"`},
		} {
			t.Run(mode+" "+name, func(t *testing.T) {
				t.Parallel()
				c := newCrash(t, rigOptions{mode: mode})
				p := c.atBank(nil)
				if mode == "3dmodel" {
					c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
				}
				c.bankFault(banksim.StepInquiry, lie.fault, lie.value, -1)
				p.back().wants(http.StatusOK, "Sonuç bekleniyor")
				c.app.flow.Wait()
				c.settleFor(10 * time.Minute)
				c.stillOpen(p)
				c.alarmed("bank states another amount")
				c.bank.ClearFaults()
				c.settleUntil(p.id, checkout.StatusPaid)
				c.ended(p.id, checkout.StatusPaid, "", 1)
				c.proven()
			})
		}
	}
}

// A9, I4: the bank's short yes names no amount, so it is asked once what it charged. Another amount is
// an alarm and a line of the audit trail; the payer is not told that he did not pay.
func TestA09_I04_theBankChargedAnotherAmount(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	p := c.atBank(nil)
	c.bankFault(banksim.StepProvision, banksim.FaultWrongAmount, `100`, 1)
	p.back().wants(http.StatusOK, pagePaid)
	c.app.flow.Wait()
	c.must("status", c.ledgerPayment(p.id).Status, checkout.StatusPaid)
	got := c.events(p.id)
	if last := got[len(got)-1]; last != "payment.amount_differs" || c.heardOf(p.id)["amount"] != "251.00 TRY" {
		t.Errorf("events %v, the last with %v", got, c.heardOf(p.id))
	}
	c.alarmed("bank states another amount")
	c.trailWhole()

	quiet := c.atBank(nil)
	quiet.back().wants(http.StatusOK, pagePaid)
	c.app.flow.Wait()
	c.ended(quiet.id, checkout.StatusPaid, "", 1)
	c.must("asked what it charged", c.asked(quiet.id, banksim.StepInquiry), 1)
}
