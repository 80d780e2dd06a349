package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/threeds/banksim"
)

// lostAnswer brings a payer with this card as far as an authorising call whose answer is lost after
// the bank did what it was asked for.
func (c *crash) lostAnswer(number string) *payer {
	c.t.Helper()
	link := c.link(nil)
	p := &payer{browser: c.browser(), link: link, url: link["url"].(string)}
	p.pay(c.at(p.url), number)
	c.must("pay", p.status, http.StatusOK)
	p.id = p.paymentID()
	p.action, p.fields = p.callback("123456")
	c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
	p.back().wants(http.StatusOK, "Sonuç bekleniyor")
	c.app.flow.Wait()
	return p
}

// stillOpen holds that a no which came too early to count ended nothing: the payment is pending, its
// payer reads that the bank is asked, and nobody else can pay the link.
func (c *crash) stillOpen(p *payer) {
	c.t.Helper()
	now := c.ledgerPayment(p.id)
	if now.Status != checkout.StatusPending || now.Slot < 0 || now.NotFound != 0 {
		c.t.Fatalf("%s is %s, slot %d, %d answers counted: %v", p.id, now.Status, now.Slot, now.NotFound, c.events(p.id))
	}
	if text := p.result(); !strings.Contains(text, "Sonuç bekleniyor") {
		c.t.Errorf("the payer reads %.300s", text)
	}
	other := &payer{browser: c.browser()}
	other.pay(c.at(p.url), cardWithout)
	other.wants(http.StatusConflict)
	c.must("fences before the deadline", c.asked(p.id, banksim.StepVoid), 0)
}

// heardOf is what the audit trail keeps of the last inquiry.
func (c *crash) heardOf(id string) map[string]string {
	c.t.Helper()
	list, err := c.app.ledger.Events(c.t.Context(), demoMerchant, id)
	if err != nil || len(list) == 0 {
		c.t.Fatalf("events of %s: %d, %v", id, len(list), err)
	}
	return list[len(list)-1].Data
}

// I21, C18: an inquiry says 'declined', or that it knows nothing, or that nothing is finished, and the
// charge lands in the bank's books afterwards. An explicit no is not believed while our call may still
// run at the bank, and that an order is missing not until the bank has had its settle time besides.
func TestI21_C18_aNoBeforeTheDeadlineIsAskedAgain(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for _, lie := range []struct {
			fault, value, heard, late string
			every                     time.Duration
			times                     int
		}{
			{banksim.FaultDecline, `"05"`, "declined", `14000`, 6 * time.Second, 1},
			{banksim.FaultNotFound, "", "not_found", `40000`, 16 * time.Second, 2},
			{banksim.FaultUnfinished, "", "unfinished", `40000`, 16 * time.Second, 2},
		} {
			p := c.atBank(nil)
			c.bankFault(banksim.StepProvision, banksim.FaultLate, lie.late, 1)
			c.bankFault(banksim.StepInquiry, lie.fault, lie.value, lie.times)
			p.back().wants(http.StatusOK, "Sonuç bekleniyor")
			for range lie.times {
				c.clock.advance(lie.every)
				c.settle()
				c.must("what the bank said", c.heardOf(p.id)["result"], lie.heard)
				c.stillOpen(p)
			}
			c.settleUntil(p.id, checkout.StatusPaid)
			c.ended(p.id, checkout.StatusPaid, "", 1)
			c.bank.ClearFaults()
		}
		c.proven()
	})
}

// C9, I21: the bank declined, and its answer was lost. Its no is asked for again when our call is over
// for certain, fenced, and told at once then: with the bank's own reason, and with the link open again.
func TestC09_declinedAndTheAnswerLost(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		p := c.lostAnswer(banksim.CardNumber("415565", "051"))
		c.clock.advance(6 * time.Second)
		c.settle()
		c.must("what the bank said", c.heardOf(p.id)["reason"], checkout.ReasonInsufficientFunds)
		c.stillOpen(p)
		counts := c.ledgerPayment(p.id).Deadline
		for c.ledgerPayment(p.id).Status == checkout.StatusPending && c.clock.Now().Before(counts.Add(5*time.Second)) {
			c.clock.advance(5 * time.Second)
			c.settle()
		}
		c.ended(p.id, checkout.StatusDeclined, checkout.ReasonInsufficientFunds, 0)
		if c.clock.Now().Before(counts) {
			t.Errorf("believed at %s, before %s", c.clock.Now(), counts)
		}
		c.must("fences", c.asked(p.id, banksim.StepVoid), 1)
		c.must("the fence's answer", c.heardOf(p.id)["fence"], "not_found")
		c.must("the bank's code", c.ledgerPayment(p.id).Decline.BankCode, "51")
		if text := p.result(); !strings.Contains(text, "Ödeme alınamadı") {
			t.Errorf("the payer reads %.300s", text)
		}
		c.atBank(p.link).back().wants(http.StatusOK, "Ödeme tamamlandı")
		c.proven()
	})
}

// tellsOfTakingBack holds what the payer of a charge that never counted is told: these texts, no receipt, and
// not that his money was taken once where nobody has paid (D5).
func (c *crash) tellsOfTakingBack(p *payer, texts ...string) {
	c.t.Helper()
	page := p.result()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			c.t.Errorf("the payer does not read %q: %.600s", text, page)
		}
	}
	if said := strings.Contains(page, "yalnızca bir kez"); said != slices.Contains(texts, "yalnızca bir kez") {
		c.t.Errorf("the payer reads that money was taken once: %t", said)
	}
	c.must("a receipt as a file", c.stranger().get(c.base+"/r/"+p.id+"/receipt.pdf").status, http.StatusNotFound)
	c.must("a receipt behind its code", c.stranger().get(c.base+"/v/"+checkout.ReceiptCode(checkout.PaymentID(p.id))).status, http.StatusNotFound)
}

// I3, C15: the bank charged and goes on saying that it declined. The fence takes the charge back before
// anybody is told; a fence without an answer is sent again, and one whose commit fails, too.
func TestC15_theFenceTakesBackWhatTheBankDenies(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for name, trouble := range map[string]func(){
			"at once":            func() {},
			"the fence is lost":  func() { c.bankFault(banksim.StepVoid, banksim.FaultReset, `"before"`, 2) },
			"its answer is lost": func() { c.bankFault(banksim.StepVoid, banksim.FaultReset, `"after"`, 1) },
			"its commit fails":   func() { c.ledger.at(sqlstore.FaultBeforeCommit, 1, 1) },
		} {
			p := c.lostAnswer(cardWithout)
			c.bankFault(banksim.StepInquiry, banksim.FaultDecline, `"05"`, -1)
			c.clock.advance(6 * time.Second)
			c.settle()
			c.stillOpen(p)
			c.clock.advance(3 * time.Minute)
			trouble()
			c.settle()
			c.ledger.mend()
			if name != "at once" {
				c.must(name+": status", c.ledgerPayment(p.id).Status, checkout.StatusPending)
			}
			if name == "its answer is lost" || name == "its commit fails" {
				c.bank.ClearFaults() // from now on the bank tells the truth: it was charged and taken back
			}
			c.settleUntil(p.id, checkout.StatusVoided)
			c.ended(p.id, checkout.StatusVoided, "", 0)
			c.bank.ClearFaults()
			c.tellsOfTakingBack(p, "Bankanızın onayı zamanında gelmedi", "Yeniden dene")
			c.atBank(p.link).back().wants(http.StatusOK, "Ödeme tamamlandı")
			c.tellsOfTakingBack(p, "ikincisini iptal ettik", "yalnızca bir kez") // the same card has paid since
		}
		c.proven()
	})
}

// I21: a bank that refuses to void what it declined does not keep a payment open for ever: it has to say
// no again after the fence. A bank that merely knows of nothing, and refuses to void, has said nothing.
func TestI21_aFenceThatIsRefused(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	p := c.lostAnswer(banksim.CardNumber("415565", "005"))
	c.bankFault(banksim.StepVoid, banksim.FaultDecline, `"V022"`, -1)
	c.clock.advance(2 * time.Minute)
	c.settle()
	c.must("after the first refusal", c.ledgerPayment(p.id).Status, checkout.StatusPending)
	c.must("answers counted", c.ledgerPayment(p.id).NotFound, 1)
	c.must("the fence's answer", c.heardOf(p.id)["fence"], "unknown")
	c.settleUntil(p.id, checkout.StatusDeclined)
	c.ended(p.id, checkout.StatusDeclined, checkout.ReasonDoNotHonour, 0)
	c.must("fences", c.asked(p.id, banksim.StepVoid), 2)

	p = c.atBank(nil)
	c.bankFault(banksim.StepProvision, banksim.FaultReset, `"before"`, 1)
	p.back().wants(http.StatusOK, "Sonuç bekleniyor")
	c.settleFor(40 * time.Minute)
	c.must("knows of nothing, and refuses to void", c.ledgerPayment(p.id).Status, checkout.StatusPending)
	c.bank.ClearFaults()
	c.settleUntil(p.id, checkout.StatusDeclined)
	c.ended(p.id, checkout.StatusDeclined, checkout.ReasonNotCharged, 0)
	c.proven()
}

// I3, I21: a one-step bank charged, says so in the callback, and denies it to the first inquiries.
func TestI21_oneStepChargedAndDeniedAtFirst(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{banksim.FaultDecline, banksim.FaultNotFound, banksim.FaultUnfinished} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, rigOptions{mode: "3dpay"})
			p := c.atBank(nil)
			c.must("charges", len(c.bank.Charges()), 1)
			c.bankFault(banksim.StepInquiry, fault, "", 2)
			p.back().wants(http.StatusOK, "Sonuç bekleniyor")
			c.clock.advance(6 * time.Second)
			c.settle()
			c.stillOpen(p)
			c.settleUntil(p.id, checkout.StatusPaid)
			c.ended(p.id, checkout.StatusPaid, "", 1)
			c.proven()
		})
	}
	t.Run("a no of callback and inquiry alike is believed at once", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t, rigOptions{mode: "3dpay"})
		link := c.link(nil)
		p := &payer{browser: c.browser(), link: link, url: link["url"].(string)}
		p.pay(c.at(p.url), banksim.CardNumber("415565", "051"))
		p.id = p.paymentID()
		p.action, p.fields = p.callback("123456")
		p.back().wants(http.StatusOK, pageDeclined)
		c.ended(p.id, checkout.StatusDeclined, checkout.ReasonInsufficientFunds, 0)
		c.proven()
	})
}

// I3: the charge of a superseded one-step attempt is given back although the bank first denies it, and
// a denial that lasts is fenced.
func TestI03_aReversalDoesNotBelieveAnEarlyNo(t *testing.T) {
	t.Parallel()
	for name, times := range map[string]int{"denied three times": 3, "denied for ever": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, rigOptions{mode: "3dpay"})
			first := c.atBank(nil)
			order := string(c.ledgerPayment(first.id).BankOrder)
			lie := banksim.Fault{Step: banksim.StepInquiry, Fault: banksim.FaultDecline, Times: times, OrderID: order}
			if _, err := c.bank.AddFault(lie); err != nil {
				t.Fatal(err)
			}
			second := c.atBank(first.link)
			second.back().wants(http.StatusOK, pagePaid)
			c.clock.advance(time.Minute)
			c.settle()
			p := c.ledgerPayment(first.id)
			if p.Status != checkout.StatusFailed || p.Reversal != checkout.ReversalDue || p.Decline.Code != checkout.ReasonSuperseded {
				t.Fatalf("the superseded one is %s %s, reversal %q: %v", p.Status, p.Decline.Code, p.Reversal, c.events(first.id))
			}
			c.settleUntil(first.id, checkout.StatusVoided)
			c.ended(first.id, checkout.StatusVoided, checkout.ReasonSuperseded, 0)
			c.ended(second.id, checkout.StatusPaid, "", 1)
			c.proven()
		})
	}
}

// I21, C9, C19: an inquiry without an answer, or with one that cannot be read, is no no, however long
// the deadline is over and however often it happens; and it sets no fence.
func TestI21_C19_noAnswerIsNoNo(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct{ kind, value string }{
		"an error page":          {banksim.FaultHTTP500, ""},
		"a page":                 {banksim.FaultGarbage, `"html"`},
		"half an answer":         {banksim.FaultGarbage, `"cut"`},
		"an empty answer":        {banksim.FaultGarbage, `"empty"`},
		"a reset connection":     {banksim.FaultReset, ""},
		"an answer about others": {banksim.FaultWrongOrder, `"ODX0000000000001"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, rigOptions{})
			p := c.lostAnswer(cardWithout)
			c.bankFault(banksim.StepInquiry, fault.kind, fault.value, -1)
			for range 5 {
				c.clock.advance(15 * time.Minute)
				c.settle()
				c.must("asked", c.heardOf(p.id)["result"], "unknown")
				c.stillOpen(p)
			}
			c.bank.ClearFaults()
			c.settleUntil(p.id, checkout.StatusPaid)
			c.ended(p.id, checkout.StatusPaid, "", 1)
			c.proven()
		})
	}
}
