package main

import (
	"net/http"
	"slices"
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
				if !slices.Contains(c.events(p.id), checkout.EventAmountDiffers) {
					t.Errorf("the merchant does not find it: %v", c.events(p.id))
				}
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
	if last := got[len(got)-1]; last != checkout.EventAmountDiffers || c.heardOf(p.id)["amount"] != "251.00 TRY" {
		t.Errorf("events %v, the last with %v", got, c.heardOf(p.id))
	}
	c.alarmed("bank states another amount")
	c.trailWhole()

	// The inquiry is lost, and the process ends: the payment is asked about all the same.
	lost := c.atBank(nil)
	c.bankFault(banksim.StepProvision, banksim.FaultWrongAmount, `100`, 1)
	c.bankFault(banksim.StepInquiry, banksim.FaultGarbage, ``, 2)
	lost.back().wants(http.StatusOK, pagePaid)
	c.app.flow.Wait()
	c.restart()
	c.settleFor(2 * time.Minute)
	c.must("told while the bank talks nonsense", slices.Contains(c.events(lost.id), checkout.EventAmountDiffers), false)
	c.settleFor(20 * time.Minute)
	c.must("told", slices.Contains(c.events(lost.id), checkout.EventAmountDiffers), true)
	c.must("status", c.ledgerPayment(lost.id).Status, checkout.StatusPaid)
	c.must("asked for ever", c.ledgerPayment(lost.id).DueAt.IsZero(), true)

	quiet := c.atBank(nil)
	quiet.back().wants(http.StatusOK, pagePaid)
	c.app.flow.Wait()
	c.ended(quiet.id, checkout.StatusPaid, "", 1)
	c.settleFor(20 * time.Minute)
	c.must("asked what it charged", c.asked(quiet.id, banksim.StepInquiry), 1)
	c.must("asked for ever", c.ledgerPayment(quiet.id).DueAt.IsZero(), true)
}

// C9: people are told of a payment whose bank owes its word for a quarter of an hour, once.
func TestC09_aPaymentThatStaysUndecidedIsTold(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	p := c.lostAnswer(cardWithout)
	c.bankFault(banksim.StepInquiry, banksim.FaultGarbage, ``, -1)
	told := func() (n int) {
		for _, e := range c.events(p.id) {
			if e == "payment.unresolved" {
				n++
			}
		}
		return n
	}
	c.settleFor(10 * time.Minute)
	c.must("told too early", told(), 0)
	c.settleFor(30 * time.Minute)
	c.must("told", told(), 1)
	c.alarmed("a payment stays undecided")
	c.stillOpen(p)
	c.bank.ClearFaults()
	c.settleUntil(p.id, checkout.StatusPaid)
	c.ended(p.id, checkout.StatusPaid, "", 1)
	c.proven()
}

// I21, A65: a panic after the bank has charged ends neither the process nor the payment: the settle loop
// asks what became of it, and a panic there does no more.
func TestI21_aPanicOverOnePaymentIsOutlived(t *testing.T) {
	t.Parallel()
	for in, where := range map[string]string{"recordAt": "panic in the authorising call", "decide": "panic in settling"} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			b := &bomb{in: in, says: "no more"}
			c := newCrash(t, rigOptions{seams: func(s *seams) { b.of = s.clock; s.clock = b }})
			p := c.atBank(nil)
			if in == "decide" {
				c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
			}
			b.armed.Store(true)
			p.back().wants(http.StatusOK)
			c.app.flow.Wait()
			c.settleUntil(p.id, checkout.StatusPaid)
			c.must("went off", b.armed.Load(), false)
			c.alarmed(where)
			c.ended(p.id, checkout.StatusPaid, "", 1)
			c.proven()
		})
	}
}
