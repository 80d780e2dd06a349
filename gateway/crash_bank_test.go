package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// second gives the demo merchant another account at the bank, tried after the first.
func (r *rig) second(change func(*checkout.Account)) checkout.AccountID {
	r.t.Helper()
	const id = checkout.AccountID("acc_0000000000000000000002")
	all, err := r.app.ledger.Accounts(context.Background(), demoMerchant)
	if err != nil || len(all) == 0 {
		r.t.Fatalf("accounts: %v, %v", all, err)
	}
	acc := all[0]
	acc.ID, acc.Name, acc.Priority, acc.Version = id, "QNB deneme", acc.Priority-1, 1
	acc.Credentials = checkout.Secrets{
		"merchant_id": "085300000009597", "user_code": "QNB_API_KULLANICI", "user_pass": "FwCX2", "merchant_pass": "12345678", "mbr_id": "5",
	}
	if change != nil {
		change(&acc)
	}
	if err := r.app.ledger.SaveAccount(context.Background(), acc, operatorEvent(demoMerchant, string(id), "account.saved", r.clock.Now())); err != nil {
		r.t.Fatal(err)
	}
	r.app.flow.Forget(demoMerchant)
	return id
}

// firstMerchant is the demo account's number at the bank.
const firstMerchant = "990000000000001"

// C20, I7: a bank that cannot be reached before the challenge is replaced by the next one, with a
// payment and an order number of its own.
func TestC20_backupBankBeforeTheChallenge(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]func(*rig){
		"nobody listens": func(r *rig) {
			r.account(func(a *checkout.Account) { a.BaseURL = "http://127.0.0.1:1/payfor/" })
		},
		"an error page": func(r *rig) {
			r.firstFault(banksim.StepOpen, banksim.FaultHTTP500, 1)
		},
		"silence": func(r *rig) {
			r.firstFault(banksim.StepOpen, banksim.FaultTimeoutBefore, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, rigOptions{timing: checkout.Timing{Provision: 1500 * time.Millisecond, Opening: time.Second, Settle: time.Minute, Inquiry: time.Second}})
			backup := c.second(nil)
			down(c.rig)
			p := c.atBank(nil)
			made := c.ledgerPayment(p.id)
			c.must("account of the payment", made.Account, backup)
			c.must("why it went there", c.routeOf(p.id), checkout.RouteBackup)
			all := c.allPayments()
			c.must("payments", len(all), 2)
			for _, other := range all {
				if string(other.ID) == p.id {
					continue
				}
				if other.BankOrder == made.BankOrder || other.Account == backup {
					t.Errorf("the first try was %+v", other)
				}
				c.must("why the first went where it did", c.routeOf(string(other.ID)), checkout.RouteFirst)
				c.ended(string(other.ID), checkout.StatusFailed, checkout.ReasonUnreachable, 0)
			}
			p.back().wants(http.StatusOK, "Ödeme tamamlandı")
			c.ended(p.id, checkout.StatusPaid, "", 1)
			c.proven()
		})
	}
}

// routeOf is why a payment went to its account, as its first event says.
func (c *crash) routeOf(id string) checkout.Route {
	c.t.Helper()
	list, err := c.app.ledger.Events(c.t.Context(), demoMerchant, id)
	if err != nil || len(list) == 0 {
		c.t.Fatalf("events of %s: %d, %v", id, len(list), err)
	}
	return checkout.Route(list[0].Data["route"])
}

func (r *rig) firstFault(step, fault string, times int) {
	r.t.Helper()
	if _, err := r.bank.AddFault(banksim.Fault{Step: step, Fault: fault, Times: times, MerchantID: firstMerchant}); err != nil {
		r.t.Fatal(err)
	}
}

// I7: once authorizing is written, no other bank is tried, whatever the first one answers.
func TestI07_noBackupBankAfterAuthorizing(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	c.second(nil)
	for _, o := range outcomes {
		p := c.atBank(nil)
		c.provisionFault(o)
		p.back()
		before := len(c.allPayments())
		other := &payer{browser: c.browser()}
		if !o.told {
			other.pay(c.at(p.url), cardWithout)
			other.wants(http.StatusConflict)
			c.must(o.name+": payments", len(c.allPayments()), before)
		}
		c.settleUntil(p.id, o.ends)
		c.ended(p.id, o.ends, o.reason, o.charges())
	}
	for _, q := range c.bank.Requests() {
		if strings.Contains(q.Body, "085300000009597") {
			t.Fatalf("the second bank received a %s", q.Step)
		}
	}
	c.proven()
}

// I7: a one-step bank that may have read the opening may have charged. No other bank is tried, and
// what it charged is given back.
func TestI07_noBackupBankAfterALostOneStepOpening(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{mode: "3dpay", timing: checkout.Timing{
		Provision: 1500 * time.Millisecond, Opening: time.Second, Settle: time.Minute, Inquiry: time.Second}})
	c.second(func(a *checkout.Account) { a.Mode = "3dmodel" })
	link := c.link(nil)
	c.firstFault(banksim.StepOpen, banksim.FaultTimeoutAfter, 1) // frictionless: charged at once
	p := &payer{browser: c.browser()}
	p.pay(link["url"].(string), cardWithout)
	p.wants(http.StatusServiceUnavailable)
	all := c.allPayments()
	c.must("payments", len(all), 1)
	c.must("charges", len(c.bank.Charges()), 1)
	c.settleUntil(string(all[0].ID), checkout.StatusVoided)
	c.ended(string(all[0].ID), checkout.StatusVoided, checkout.ReasonUnreachable, 0)
	c.proven()
}

// I5, I6: when the bank reads the authorising call, the ledger already holds it: order number,
// account, lease, deadline and the link's slot, readable by anybody else.
func TestI05_writtenBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		seen := make(chan checkout.Payment, 1)
		var c *crash
		opt.sleep = func(ctx context.Context, _ time.Duration) error { // the bank has read the call
			list, _, err := c.app.ledger.SearchPayments(ctx, checkout.PaymentQuery{Merchant: demoMerchant, Status: checkout.StatusAuthorizing, Limit: 2})
			if err != nil || len(list) != 1 {
				return fmt.Errorf("%d payments are authorizing: %w", len(list), err)
			}
			seen <- list[0]
			return nil
		}
		c = newCrash(t, opt)
		c.bankFault(banksim.StepProvision, banksim.FaultSlow, `1`, 1)
		p := c.atBank(nil)
		p.back().wants(http.StatusOK, "Ödeme tamamlandı")
		select {
		case w := <-seen:
			now := c.clock.Now()
			if string(w.ID) != p.id || w.BankOrder == "" || w.Account != demoPayFor || w.Slot != 0 || !w.DueAt.After(now) || !w.Deadline.After(now) {
				t.Errorf("while the bank read the call the ledger held %+v", w)
			}
			c.must("order at the bank", c.bank.Charges()[0].OrderID, w.BankOrder)
		default:
			t.Error("the ledger held no payment while the bank read the call")
		}
		c.proven()
	})
}

// I22, I3: a sender that was held up so long that the bank's word was taken without it. What it
// charges afterwards is paid where that is still possible, and given back where it is not.
func TestI22_anAnswerAfterTheSettleLoopActed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wait time.Duration // how long the settle loop had
		ends checkout.Status
	}{
		"the lease has just ended":          {20 * time.Second, checkout.StatusPaid},
		"declined as not charged meanwhile": {10 * time.Minute, checkout.StatusVoided},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timing := testTiming
			timing.Provision, timing.Answer = time.Minute, 10*time.Millisecond
			held := make(chan struct{})
			c := newCrash(t, rigOptions{timing: timing, sleep: func(ctx context.Context, _ time.Duration) error {
				select {
				case <-held:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}})
			p := c.atBank(nil)
			c.bankFault(banksim.StepProvision, banksim.FaultSlow, `1`, 1)
			p.back().wants(http.StatusOK, "Sonuç bekleniyor")
			c.until("the call is at the bank", func() bool { return c.asked(p.id, banksim.StepProvision) == 1 })
			c.settle()
			c.must("within the lease", c.ledgerPayment(p.id).Status, checkout.StatusAuthorizing)
			c.clock.advance(timing.Provision) // and 15 s of margin
			c.settleFor(tc.wait)
			c.must("charges until now", len(c.bank.Charges()), 0)
			close(held)
			c.app.flow.Wait()
			c.settleUntil(p.id, tc.ends)
			if tc.ends == checkout.StatusPaid {
				c.ended(p.id, checkout.StatusPaid, "", 1)
			} else {
				c.ended(p.id, checkout.StatusVoided, checkout.ReasonNotCharged, 0)
				c.must("charges", len(c.bank.Charges()), 1)
				if !strings.Contains(strings.Join(c.events(p.id), " "), "payment.charged_late") {
					t.Errorf("events %v", c.events(p.id))
				}
			}
			c.proven()
		})
	}
}

// I22: the commit of authorizing took so long that the resolver could act while the call runs: the
// call is not made.
func TestI22_noCallWhoseLeaseIsAlreadyShort(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		p := c.atBank(nil)
		c.ledger.mu.Lock()
		c.ledger.slow = func() { c.clock.advance(time.Minute) }
		c.ledger.mu.Unlock()
		p.back().wants(http.StatusOK, "Sonuç bekleniyor")
		c.must("sent", c.asked(p.id, banksim.StepProvision), 0)
		c.settleUntil(p.id, checkout.StatusDeclined)
		c.ended(p.id, checkout.StatusDeclined, checkout.ReasonNotCharged, 0)
		c.must("sent in the end", c.asked(p.id, banksim.StepProvision), 0)
		c.proven()
	})
}

// I21: silence ends nothing, for as long as it lasts; and a bank that keeps silent about one payment
// holds up no other.
func TestI21_silenceEndsNothing(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	var silent []*payer
	for range 12 {
		p := c.atBank(nil)
		c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
		p.back().wants(http.StatusOK, "Sonuç bekleniyor")
		silent = append(silent, p)
		order := string(c.ledgerPayment(p.id).BankOrder)
		if _, err := c.bank.AddFault(banksim.Fault{Step: banksim.StepInquiry, Fault: banksim.FaultTimeoutBefore, Times: -1, OrderID: order}); err != nil {
			t.Fatal(err)
		}
	}
	heard := c.atBank(nil)
	c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
	heard.back().wants(http.StatusOK, "Sonuç bekleniyor")
	c.clock.advance(30 * time.Second)
	begin := time.Now()
	if _, err := c.app.flow.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 6*time.Second { // one inquiry's time-out is 1.2 s, and twelve of them 14 s
		t.Errorf("twelve silent inquiries held the loop for %s", took)
	}
	c.ended(heard.id, checkout.StatusPaid, "", 1)
	c.clock.advance(20 * time.Hour)
	if _, err := c.app.flow.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range silent {
		c.must("a payment about which the bank is silent", c.ledgerPayment(p.id).Status, checkout.StatusPending)
	}
	c.bank.ClearFaults()
	for _, p := range silent {
		c.settleUntil(p.id, checkout.StatusPaid)
	}
	c.proven()
}
