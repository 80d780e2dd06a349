package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// I3, I6: a charge that has to go back after the bank's day end is refunded, whole and once, though the
// refund's answer is lost.
func TestI03_aReversalAfterDayEndIsOneRefund(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		c := newCrash(t, rigOptions{mode: "3dpay"})
		first := c.atBank(nil)
		c.bankFault(banksim.StepInquiry, banksim.FaultNotFound, "", 1) // else nobody pays after it
		second := c.atBank(first.link)
		second.back().wants(http.StatusOK, pagePaid)
		if _, err := c.bank.CloseDay(); err != nil {
			t.Fatal(err)
		}
		if lost {
			c.bankFault(banksim.StepRefund, banksim.FaultReset, `"after"`, 1)
		}
		c.settleUntil(first.id, checkout.StatusVoided)
		c.ended(first.id, checkout.StatusVoided, checkout.ReasonSuperseded, 0)
		c.must("refunds sent", c.asked(first.id, banksim.StepRefund), 1)
		order := string(c.ledgerPayment(first.id).BankOrder)
		for _, at := range c.bank.Charges() {
			if at.OrderID == order && (at.Status != "refunded" || at.RefundedAmount != 25000) {
				t.Errorf("the bank's books hold %+v", at)
			}
		}
		c.ended(second.id, checkout.StatusPaid, "", 1)
		c.proven()
	}
}

// bankTakesHalfSecure has the bank charge the demo's merchant half-secure by itself.
func (c *crash) bankTakesHalfSecure() {
	c.t.Helper()
	for _, m := range banksim.DemoMerchants() {
		if m.MerchantID != demoShop.merchant {
			continue
		}
		m.HalfSecure = true
		text, err := json.Marshal(m)
		if err != nil {
			c.t.Fatal(err)
		}
		a := c.stranger().send("POST", c.bankS.URL+"/_bank/merchants", "application/json", string(text))
		if a.status >= 300 {
			c.t.Fatalf("the bank answers %d %s", a.status, a.body)
		}
		return
	}
	c.t.Fatal("the demo's merchant is not at the bank")
}

// A15, I11: the bank charged half-secure on its own card page, and the payer never came back. A strict
// account does not keep the charge: it goes back, and the payment says why.
func TestA15_I11_oneStepHalfSecureNobodyCameBackFor(t *testing.T) {
	t.Parallel()
	for script, allowed := range map[string]bool{"002": false, "003": false, "004": true} {
		c := newCrash(t, rigOptions{mode: "3dhost", half: allowed, tame: true})
		c.bankTakesHalfSecure()
		link := c.link(nil)
		p := &payer{browser: c.browser(), link: link, url: link["url"].(string)}
		p.post(c.at(p.url)+"/pay", url.Values{"installments": {"1"}})
		p.id = p.paymentID()
		for range 6 { // to the bank's card page, its form, and as far as the way back
			action, fields := p.form()
			if strings.Contains(action, "/3ds/") {
				break
			}
			if fields.Has("Pan") {
				fields = url.Values{"Pan": {banksim.CardNumber("415565", script)}, "Expiry": {"1229"}, "Cvv2": {"123"}, "CardHolderName": {"Ayşe Işık"}, "action": {"submit"}}
			}
			p.post(action, fields)
		}
		c.must("charges", len(c.bank.Charges()), 1)
		c.must("status before the return", c.ledgerPayment(p.id).Status, checkout.StatusChallenged)
		c.clock.advance(31 * time.Minute)
		if allowed {
			c.settleUntil(p.id, checkout.StatusPaid)
			c.ended(p.id, checkout.StatusPaid, "", 1)
			c.must("liability", c.ledgerPayment(p.id).Liability, checkout.LiabilityAttempted)
			continue
		}
		c.settleUntil(p.id, checkout.StatusVoided)
		c.ended(p.id, checkout.StatusVoided, checkout.ReasonHalfSecure, 0)
		c.proven()
	}
}

// I3, I11: the bank's record says that the payer was charged and not how he was verified. His browser brings that: until
// he has had his time, nothing is given back, and nobody else is charged.
func TestI03_I11_oneStepRecordWithoutAStatus(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{mode: "3dpay", half: true})
	c.silentOnStatus()
	looked, overtaken, gone := c.atBank(nil), c.atBank(nil), c.atBank(nil)
	c.must("who comes second", c.browser().pay(c.at(overtaken.url), cardWithout).status, http.StatusConflict)
	overtaken.back().wants(http.StatusOK, pagePaid)
	c.settleFor(3 * time.Minute)
	c.must("looked at", slices.Contains(c.events(looked.id), "payment.asked"), true)
	looked.back().wants(http.StatusOK, pagePaid)
	c.settleUntil(gone.id, checkout.StatusVoided)
	c.ended(gone.id, checkout.StatusVoided, checkout.ReasonHalfSecure, 0)
	c.ended(looked.id, checkout.StatusPaid, "", 1)
	c.ended(overtaken.id, checkout.StatusPaid, "", 1)
	c.proven()
}

// silentOnStatus has the bank's records say nothing of 3-D Secure.
func (c *crash) silentOnStatus() {
	c.t.Helper()
	bank, err := url.Parse(c.bankS.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	status := regexp.MustCompile(`<D3Status>[^<]*</D3Status>`)
	between := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(bank) },
		ModifyResponse: func(r *http.Response) error {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			raw = status.ReplaceAll(raw, []byte("<D3Status></D3Status>"))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
			r.Header.Set("Content-Length", strconv.Itoa(len(raw)))
			return nil
		},
	}
	server := httptest.NewServer(between)
	c.t.Cleanup(server.Close)
	c.account(func(a *checkout.Account) { a.BaseURL = server.URL + "/payfor/Gateway/" })
}

// C26: the gateway's clock is behind the ledger's, which says what is due. At the end of an attempt's time its bank is
// asked at a pause, and not at every turn of the loop.
func TestC26_oneStepLooksBehindTheLedgersClock(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{mode: "3dpay"})
	p := c.atBank(nil)
	c.bankFault(banksim.StepInquiry, banksim.FaultNotFound, "", -1)
	c.app.flow.Clock = behind{c.clock, time.Minute}
	c.clock.advance(30*time.Minute + time.Second)
	for range 20 {
		c.settle()
		c.clock.advance(time.Second)
	}
	if n := c.asked(p.id, banksim.StepInquiry); n < 1 || n > 5 {
		t.Errorf("the bank was asked %d times in twenty seconds", n)
	}
}

// behind is a clock that another is ahead of.
type behind struct {
	checkout.Clock
	by time.Duration
}

func (b behind) Now() time.Time { return b.Clock.Now().Add(-b.by) }

// I3: a one-step payer never came back, and the bank says at first that nothing was done. What it
// charged all the same goes back.
func TestI03_oneStepNeverReturnedAndChargedAllTheSame(t *testing.T) {
	t.Parallel()
	for _, lie := range []string{banksim.FaultUnfinished, banksim.FaultNotFound, banksim.FaultDecline} {
		c := newCrash(t, rigOptions{mode: "3dpay"})
		p := c.atBank(nil)
		c.bankFault(banksim.StepInquiry, lie, "", 1)
		c.clock.advance(31 * time.Minute)
		c.settle()
		c.must(lie+": after the first answer", c.ledgerPayment(p.id).Status, checkout.StatusAbandoned)
		c.settleUntil(p.id, checkout.StatusVoided)
		c.ended(p.id, checkout.StatusVoided, "", 0)
		c.atBank(p.link).back().wants(http.StatusOK, pagePaid)
		c.proven()
	}
}

// I4: nothing that looks like a receipt exists before the bank has said yes, and nothing after its no.
func TestI04_noReceiptWithoutTheBanksYes(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	receiptOf := func(p *payer, want int) {
		t.Helper()
		a := c.stranger().get(c.base + "/r/" + p.id + "/receipt.pdf")
		c.must("the receipt's file", a.status, want)
		if yes := a.header.Get("Content-Type") == "application/pdf"; yes != (want == http.StatusOK) {
			t.Errorf("%d with %s", a.status, a.header.Get("Content-Type"))
		}
		p.result()
		for _, sign := range []string{`id="rt"`, `class="proof"`, "/v/", "receipt.pdf"} {
			if shown := strings.Contains(p.body, sign); shown != (want == http.StatusOK) {
				t.Errorf("the result page of a payment that is %s has a receipt's %s: %t", c.ledgerPayment(p.id).Status, sign, shown)
			}
		}
	}
	p := c.atBank(nil)
	receiptOf(p, http.StatusNotFound)
	c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
	p.back().wants(http.StatusOK, "Sonuç bekleniyor")
	c.app.flow.Wait()
	receiptOf(p, http.StatusNotFound)
	c.settleUntil(p.id, checkout.StatusPaid)
	receiptOf(p, http.StatusOK)

	p = c.atBank(nil)
	c.bankFault(banksim.StepProvision, banksim.FaultDecline, `"51"`, 1)
	p.back().wants(http.StatusOK, pageDeclined)
	receiptOf(p, http.StatusNotFound)
}

// I1: the opening of a one-step payment was lost, and its card is charged. Who tries again, here or at another account, is
// not charged before the first charge is given back.
func TestI01_oneStepOpeningLostAndTriedAgain(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"3dpay", "3dmodel"} {
		c := newCrash(t, rigOptions{mode: "3dpay", timing: checkout.Timing{
			Provision: 1500 * time.Millisecond, Opening: time.Second, Settle: time.Minute, Inquiry: time.Second}})
		link := c.link(nil)
		c.firstFault(banksim.StepOpen, banksim.FaultTimeoutAfter, 1)
		c.must("the opening", c.browser().pay(c.at(link["url"].(string)), cardWithout).status, http.StatusServiceUnavailable)
		lost := string(c.allPayments()[0].ID)
		c.must("charges", len(c.bank.Charges()), 1)
		c.account(func(a *checkout.Account) { a.Mode = mode })
		again := c.atBank(link)
		again.back().wants(http.StatusOK, pagePaid)
		c.ended(lost, checkout.StatusVoided, checkout.ReasonUnreachable, 0)
		c.ended(again.id, checkout.StatusPaid, "", 1)
		c.proven()
	}
}

// A bank that cannot be asked any more about a one-step attempt keeps its link busy, and not for ever.
func TestI01_oneStepBankThatIsGone(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{mode: "3dpay"})
	gone := c.atBank(nil)
	c.second(func(a *checkout.Account) { a.Mode = "3dmodel" })
	bank := ""
	c.account(func(a *checkout.Account) { bank, a.Enabled, a.BaseURL = a.BaseURL, false, "http://127.0.0.1:1/payfor/" })
	c.clock.advance(44 * time.Minute)
	early := c.atBank(gone.link)
	early.back().wants(http.StatusConflict, "Bu link için başka bir ödeme işleniyor")
	c.settleFor(2 * time.Minute)
	c.must("told", slices.Contains(c.events(gone.id), "payment.unresolved"), true)
	late := c.atBank(gone.link)
	late.back().wants(http.StatusOK, pagePaid)
	c.account(func(a *checkout.Account) { a.BaseURL = bank })
	c.settleUntil(gone.id, checkout.StatusVoided)
	c.ended(gone.id, checkout.StatusVoided, checkout.ReasonSuperseded, 0)
	c.ended(late.id, checkout.StatusPaid, "", 1)
	c.proven()
}
