package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/threeds/banksim"
)

// errPower is what a ledger answers whose machine lost its power.
var errPower = errors.New("the power is gone")

// breaker is the ledger's Config.Fault: it lets the ledger fail at a chosen point.
type breaker struct {
	mu    sync.Mutex
	point string // "" = nowhere, "*" = everywhere
	skip  int
	times int // negative = until mended
	cause error
	seen  int    // how often it broke
	slow  func() // runs once, within the next commit
}

// at breaks the ledger at a point after skip more passes, times times.
func (b *breaker) at(point string, skip, times int) { b.because(point, skip, times, errPower) }

func (b *breaker) because(point string, skip, times int, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.point, b.skip, b.times, b.cause, b.seen = point, skip, times, cause, 0
}

// mend makes it whole and answers how often it had broken.
func (b *breaker) mend() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.point = ""
	return b.seen
}

func (b *breaker) fault(point string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.slow != nil && point == sqlstore.FaultAfterCommit {
		b.slow()
		b.slow = nil
	}
	switch {
	case b.times == 0 || b.point == "" || (b.point != "*" && b.point != point):
		return nil
	case b.skip > 0:
		b.skip--
		return nil
	}
	b.times--
	b.seen++
	return b.cause
}

// everyStand runs f with every pair of ledger and hot state, beside each other.
func everyStand(t *testing.T, f func(t *testing.T, opt rigOptions)) {
	for _, database := range []string{"sqlite", "postgres"} {
		for _, hot := range []string{"memory", "redis"} {
			t.Run(database+"+"+hot, func(t *testing.T) {
				t.Parallel()
				var opt rigOptions
				if database == "postgres" {
					opt.database = testenv.Postgres(t)
				}
				if hot == "redis" {
					opt.redis = testenv.Redis(t)
				}
				f(t, opt)
			})
		}
	}
}

// outcome is what becomes of an authorising call at the bank, and how the payment must end.
type outcome struct {
	name   string
	fault  string // of the provision step, "" = none
	value  string
	ends   checkout.Status
	reason checkout.Reason
	// told: the answer of the call itself says so; otherwise only an inquiry does.
	told bool
}

// outcomes are those of threat-model.md, section 4.
var outcomes = []outcome{
	{"yes", "", "", checkout.StatusPaid, "", true},
	{"no", banksim.FaultDecline, `"51"`, checkout.StatusDeclined, checkout.ReasonInsufficientFunds, true},
	{"yes, but the answer is lost", banksim.FaultReset, `"after"`, checkout.StatusPaid, "", false},
	{"never arrived", banksim.FaultReset, `"before"`, checkout.StatusDeclined, checkout.ReasonNotCharged, false},
	{"arrives late", banksim.FaultLate, `30000`, checkout.StatusPaid, "", false},
}

func (o outcome) charges() int {
	if o.ends == checkout.StatusPaid {
		return 1
	}
	return 0
}

// crash is a rig whose ledger can be broken.
type crash struct {
	*rig
	ledger *breaker
}

func newCrash(t *testing.T, opt rigOptions) *crash {
	t.Helper()
	c := &crash{ledger: &breaker{}}
	opt.fault = c.ledger.fault
	if opt.timing.Provision == 0 {
		opt.timing = testTiming // shorter, because some calls here never end by themselves
		opt.timing.Provision, opt.timing.Inquiry = 1200*time.Millisecond, 1200*time.Millisecond
	}
	c.rig = newRig(t, opt)
	return c
}

// restart stops the gateway and starts it again on the same data, with a whole ledger.
func (c *crash) restart() {
	c.t.Helper()
	c.stop()
	c.ledger.mend()
	c.start()
}

// at is an address of the gateway as it is now: its port changes with each start.
func (r *rig) at(address string) string {
	r.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.base + u.RequestURI()
}

func (r *rig) bankFault(step, fault, value string, times int) {
	r.t.Helper()
	f := banksim.Fault{Step: step, Fault: fault, Times: times}
	if value != "" {
		f.Value = []byte(value)
	}
	if _, err := r.bank.AddFault(f); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) provisionFault(o outcome) {
	r.t.Helper()
	if o.fault != "" {
		r.bankFault(banksim.StepProvision, o.fault, o.value, 1)
	}
}

// until waits for something that happens beside the test.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// payer is somebody who has passed 3-D Secure and whose browser has not yet gone back.
type payer struct {
	*browser
	link   map[string]any
	url    string // of the link
	id     string // of the payment
	action string
	fields url.Values
}

// cardWithout is a card whose issuer asks for nothing.
var cardWithout = banksim.CardNumber("415565", "001")

// atBank makes a single-use link, or takes the one given, and brings a payer as far as the bank's answer.
func (r *rig) atBank(link map[string]any) *payer {
	r.t.Helper()
	if link == nil {
		link = r.link(nil)
	}
	p := &payer{browser: r.browser(), link: link, url: link["url"].(string)}
	p.pay(r.at(p.url), cardWithout)
	r.must("pay", p.status, http.StatusOK)
	p.id = p.paymentID()
	p.action, p.fields = p.callback("")
	return p
}

// back sends the browser back to us with what the bank gave it.
func (p *payer) back() *payer {
	p.r.t.Helper()
	p.post(p.r.at(p.action), p.fields)
	return p
}

// result opens the payment's result page.
func (p *payer) result() string {
	p.r.t.Helper()
	p.get(p.r.base + "/r/" + p.id)
	p.r.must("result page", p.status, http.StatusOK)
	return plainText(p.body)
}

// wants holds the page that the browser stands on.
func (p *payer) wants(status int, texts ...string) {
	p.r.t.Helper()
	if p.status != status {
		p.r.t.Fatalf("status %d, want %d: %.500s", p.status, status, plainText(p.body))
	}
	for _, text := range texts {
		if !strings.Contains(plainText(p.body), text) {
			p.r.t.Fatalf("%q is not on the page (%d): %.1000s", text, p.status, plainText(p.body))
		}
	}
}

// ledgerPayment is the payment as stored.
func (r *rig) ledgerPayment(id string) checkout.Payment {
	r.t.Helper()
	p, err := r.app.ledger.PaymentByID(context.Background(), checkout.PaymentID(id))
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// settleUntil lets time pass until the payment is decided.
func (r *rig) settleUntil(id string, want checkout.Status) checkout.Payment {
	r.t.Helper()
	for range 120 {
		if p := r.ledgerPayment(id); p.Status == want {
			return p
		}
		r.clock.advance(20 * time.Second)
		r.settle()
	}
	r.t.Fatalf("payment %s is %s after forty minutes, want %s: %v", id, r.ledgerPayment(id).Status, want, r.events(id))
	return checkout.Payment{}
}

// ended holds status, reason, audit trail and the bank's own books of one payment against an outcome.
func (r *rig) ended(id string, status checkout.Status, reason checkout.Reason, charges int) {
	r.t.Helper()
	p := r.ledgerPayment(id)
	if p.Status != status || p.Decline.Code != reason {
		r.t.Errorf("payment %s is %s %s, want %s %s: %v", id, p.Status, p.Decline.Code, status, reason, r.events(id))
	}
	got := r.events(id)
	for strings.HasPrefix(got[len(got)-1], "payment.callback_") {
		got = got[:len(got)-1] // a note: the browser came again
	}
	if got[len(got)-1] != "payment."+string(status) {
		r.t.Errorf("the last step of %s is %s, want payment.%s", id, got[len(got)-1], status)
	}
	if api := r.payment(id); api["status"] != string(status) {
		r.t.Errorf("the API says %v, want %s", api["status"], status)
	}
	n := 0
	for _, c := range r.bank.Charges() {
		if c.OrderID == string(p.BankOrder) && c.Status == "authorized" {
			n++
		}
	}
	if n != charges {
		r.t.Errorf("the bank holds %d charges of %s, want %d", n, id, charges)
	}
}

// asked counts what the bank received about a payment at one step.
func (r *rig) asked(id, step string) int {
	order, n := string(r.ledgerPayment(id).BankOrder), 0
	for _, q := range r.bank.Requests() {
		if q.OrderID == order && q.Step == step {
			n++
		}
	}
	return n
}

// proven holds the books (I1, I3, I4, I20), the outbox (I18) and what the bank received (I6).
func (r *rig) proven() {
	r.t.Helper()
	r.booksAgree()
	r.outboxWhole()
	r.sentOnce()
}

// published are the steps of a payment that webhooks and messages tell of.
var published = map[string]bool{
	"payment.paid": true, "payment.declined": true, "payment.pending": true, "payment.voided": true, "payment.refunded": true,
	checkout.TopicChargebackOpened: true, checkout.TopicChargebackUpdated: true, checkout.TopicChargebackClosed: true,
}

// outboxWhole holds every published event against the outbox: exactly one row with the event's id
// and number, and no row without an event (I18).
func (r *rig) outboxWhole() {
	r.t.Helper()
	rows := map[checkout.EventID]sqlstore.Outgoing{}
	err := r.app.ledger.Outbox(context.Background(), demoMerchant, func(o sqlstore.Outgoing) error {
		if _, twice := rows[o.Event]; twice {
			r.t.Errorf("event %s stands in the outbox twice", o.Event)
		}
		rows[o.Event] = o
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, p := range r.allPayments() {
		list, err := r.app.ledger.Events(context.Background(), demoMerchant, string(p.ID))
		if err != nil {
			r.t.Fatal(err)
		}
		paid := 0
		for i, e := range list {
			if e.Seq != int64(i+1) {
				r.t.Errorf("event %d of %s has number %d", i+1, p.ID, e.Seq)
			}
			if e.Type == "payment.paid" {
				paid++
			}
			if !published[e.Type] {
				continue
			}
			about := string(p.ID)
			if one, disputed := e.Data["chargeback"]; disputed {
				about = one
			}
			if o := rows[e.ID]; o.Topic != e.Type || o.Subject != about || o.Seq != e.Seq {
				r.t.Errorf("event %d of %s (%s) has the outbox row %+v", e.Seq, p.ID, e.Type, o)
			}
			delete(rows, e.ID)
		}
		if p.Status.Collected() && p.Reversal == checkout.ReversalNone && p.Status != checkout.StatusVoided && paid != 1 {
			r.t.Errorf("payment %s is %s with %d events payment.paid", p.ID, p.Status, paid)
		}
	}
	for _, o := range rows {
		if published[o.Topic] {
			r.t.Errorf("outbox row %+v has no event", o)
		}
	}
}

// sentOnce holds that no order was sent to the money step twice (I6).
func (r *rig) sentOnce() {
	r.t.Helper()
	sent := map[string]int{}
	for _, q := range r.bank.Requests() {
		if q.Step == banksim.StepProvision {
			if sent[q.OrderID]++; sent[q.OrderID] == 2 {
				r.t.Errorf("order %s was sent to the money step twice", q.OrderID)
			}
		}
	}
}

// waiting holds the page that a payer gets while the ledger is away: 503, when to come again, and
// the bank's fields in a form that sends them once more (C22).
func (p *payer) waiting() {
	p.r.t.Helper()
	p.wants(http.StatusServiceUnavailable)
	if p.header.Get("Retry-After") == "" {
		p.r.t.Error("503 without Retry-After")
	}
	_, fields := p.form()
	for name, want := range p.fields {
		if fmt.Sprint(fields[name]) != fmt.Sprint(want) {
			p.r.t.Errorf("the page kept %s as %q, want %q", name, fields[name], want)
		}
	}
}

// again presses the waiting page's button.
func (p *payer) again() *payer {
	p.r.t.Helper()
	action, fields := p.form()
	p.post(p.r.at(action), fields)
	return p
}

// C1: a program that got no answer asks again with the same Idempotency-Key.
func TestC01_createStoppedAroundItsCommit(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for name, tc := range map[string]struct {
			point  string
			stored int
		}{
			"before the commit": {sqlstore.FaultBeforeCommit, 0},
			"after the commit":  {sqlstore.FaultAfterCommit, 1},
		} {
			body := map[string]any{"amount": 12300, "currency": "TRY", "order_id": "C1-" + strings.Fields(name)[0]}
			c.ledger.at(tc.point, 0, 1)
			status, problem, _ := c.keyed("key-"+name, body)
			c.must(name, status, http.StatusServiceUnavailable)
			c.must("code", problem["code"], "temporarily_unavailable")
			c.restart()
			_, list := c.api("GET", "/v1/links?order_id="+body["order_id"].(string), nil)
			c.must(name+": stored", len(list["data"].([]any)), tc.stored)
			status, first, _ := c.keyed("key-"+name, body)
			c.must(name+": asked again", status, http.StatusCreated)
			status, second, replayed := c.keyed("key-"+name, body)
			c.must(name+": asked a third time", status, http.StatusCreated)
			if first["id"] != second["id"] || !replayed {
				t.Errorf("%s: %v, then %v, replayed %t", name, first["id"], second["id"], replayed)
			}
			_, list = c.api("GET", "/v1/links?order_id="+body["order_id"].(string), nil)
			c.must(name+": links in the end", len(list["data"].([]any)), 1)
		}
		c.proven()
	})
}

// C2: a link that the hot state does not have is read from the ledger.
func TestC02_linkNotInTheHotState(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t, rigOptions{})
		link := c.link(nil)
		c.restart() // its memory is empty now
		p := c.atBank(link).back()
		p.wants(http.StatusOK, "Ödeme tamamlandı")
		c.proven()
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := testenv.NewRedis(t)
		c := newCrash(t, rigOptions{redis: server.URL()})
		link := c.link(nil)
		for range 2 {
			server.Do(t, "FLUSHALL")
			p := &payer{browser: c.browser()}
			p.get(link["url"].(string))
			p.wants(http.StatusOK, "250,00 TL")
		}
		server.Do(t, "FLUSHALL")
		p := c.atBank(link)
		server.Do(t, "FLUSHALL")
		p.back().wants(http.StatusOK, "Ödeme tamamlandı")
		c.proven()
	})
}

// C3, C4: the payer sends the card again, and gets a payment and an order number of his own.
func TestC03_C04_payStoppedAroundItsCommit(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for name, tc := range map[string]struct {
			point  string
			stored int
		}{
			"C3: before the payment's row":      {sqlstore.FaultBegin, 0},
			"C3: before the commit":             {sqlstore.FaultBeforeCommit, 0},
			"C4: stored, and the form not sent": {sqlstore.FaultAfterCommit, 1},
		} {
			link := c.link(nil)
			before := c.allPayments()
			c.ledger.at(tc.point, 0, 1)
			p := &payer{browser: c.browser()}
			p.pay(link["url"].(string), cardWithout)
			c.must(name+": broke", c.ledger.mend(), 1)
			p.wants(http.StatusServiceUnavailable)
			if p.header.Get("Retry-After") == "" {
				t.Errorf("%s: no Retry-After", name)
			}
			if strings.Contains(p.body, cardWithout) {
				t.Errorf("%s: the page holds the card number", name)
			}
			c.restart()
			stored := c.allPayments()
			c.must(name+": payments stored", len(stored)-len(before), tc.stored)
			again := c.atBank(link)
			again.back().wants(http.StatusOK, "Ödeme tamamlandı")
			c.ended(again.id, checkout.StatusPaid, "", 1)
			if tc.stored == 0 {
				continue
			}
			stored = slices.DeleteFunc(stored, func(p checkout.Payment) bool {
				return slices.ContainsFunc(before, func(b checkout.Payment) bool { return b.ID == p.ID })
			})
			lost := stored[0]
			if string(lost.ID) == again.id || lost.BankOrder == c.ledgerPayment(again.id).BankOrder {
				t.Errorf("%s: the second try reused payment or order number of the first", name)
			}
			c.must(name+": the lost one", lost.Status, checkout.StatusChallenged)
			c.settleUntil(string(lost.ID), checkout.StatusAbandoned)
			c.ended(string(lost.ID), checkout.StatusAbandoned, "", 0)
		}
		c.proven()
	})
}

// C5: the gateway is stopped while the payer is at the bank; the callback works at the next one.
func TestC05_callbackReachesTheNextProcess(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for _, o := range outcomes {
			p := c.atBank(nil)
			c.restart()
			c.provisionFault(o)
			p.back()
			c.settleUntil(p.id, o.ends)
			c.ended(p.id, o.ends, o.reason, o.charges())
		}
		c.proven()
	})
}

// C6, C7: whatever happens before authorizing is committed, nothing is sent, and the page that the
// payer gets sends the bank's fields again.
func TestC06_C07_callbackStoppedBeforeAuthorizing(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for name, point := range map[string]string{
			"C6: the payment cannot be read": sqlstore.FaultRead,
			"C7: no transaction":             sqlstore.FaultBegin,
			"C7: before the commit":          sqlstore.FaultBeforeCommit,
		} {
			for _, back := range []bool{true, false} {
				p := c.atBank(nil)
				c.ledger.at(point, 0, 1)
				p.back()
				c.must(name+": broke", c.ledger.mend(), 1)
				p.waiting()
				c.restart()
				c.must(name+": status", c.ledgerPayment(p.id).Status, checkout.StatusChallenged)
				c.must(name+": sent to the money step", c.asked(p.id, banksim.StepProvision), 0)
				if back {
					p.again().wants(http.StatusOK, "Ödeme tamamlandı")
					c.ended(p.id, checkout.StatusPaid, "", 1)
					continue
				}
				c.settleUntil(p.id, checkout.StatusAbandoned)
				c.ended(p.id, checkout.StatusAbandoned, "", 0)
				c.must(name+": sent to the money step", c.asked(p.id, banksim.StepProvision), 0)
			}
		}
		c.proven()
	})
}

// C8: authorizing is committed and no byte was sent. The link is taken meanwhile; the bank, asked
// twice after the deadline and fenced, says that nothing was charged, and the link is open again.
func TestC08_authorizingCommittedAndNothingSent(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		p, other := c.atBank(nil), (*payer)(nil)
		other = c.atBank(p.link)
		c.ledger.at(sqlstore.FaultAfterCommit, 0, 1)
		p.back()
		c.must("broke", c.ledger.mend(), 1)
		p.waiting()
		c.restart()
		c.must("status", c.ledgerPayment(p.id).Status, checkout.StatusAuthorizing)
		p.again().wants(http.StatusOK, "Sonuç bekleniyor")
		other.back().wants(http.StatusConflict) // I1, I2
		c.ended(other.id, checkout.StatusFailed, checkout.ReasonLinkUsed, 0)
		third := &payer{browser: c.browser()}
		third.pay(c.at(p.url), cardWithout)
		third.wants(http.StatusConflict)
		c.settle() // the lease has not ended: nobody touches it (I22)
		c.must("status within the lease", c.ledgerPayment(p.id).Status, checkout.StatusAuthorizing)
		c.must("asked within the lease", c.asked(p.id, banksim.StepInquiry), 0)
		done := c.settleUntil(p.id, checkout.StatusDeclined)
		c.ended(p.id, checkout.StatusDeclined, checkout.ReasonNotCharged, 0)
		if done.NotFound < 1 || c.asked(p.id, banksim.StepInquiry) < 2 || c.asked(p.id, banksim.StepVoid) != 1 {
			t.Errorf("not found %d times, asked %d, fenced %d (I21)", done.NotFound, c.asked(p.id, banksim.StepInquiry), c.asked(p.id, banksim.StepVoid))
		}
		c.must("sent to the money step", c.asked(p.id, banksim.StepProvision), 0)
		c.atBank(p.link).back().wants(http.StatusOK, "Ödeme tamamlandı")
		c.proven()
	})
}

// C9, C10: the bank's answer came and could not be stored. Whatever it was, the bank is asked again.
func TestC10_answerReadAndNotCommitted(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for _, o := range outcomes {
			p := c.atBank(nil)
			c.provisionFault(o)
			c.ledger.at(sqlstore.FaultBeforeCommit, 1, 1)
			p.back()
			c.app.flow.Wait()
			c.must(o.name+": broke", c.ledger.mend(), 1)
			p.wants(http.StatusOK, "Sonuç bekleniyor")
			c.restart()
			c.must(o.name+": status", c.ledgerPayment(p.id).Status, checkout.StatusAuthorizing)
			other := &payer{browser: c.browser()}
			other.pay(c.at(p.url), cardWithout)
			other.wants(http.StatusConflict)
			c.settleUntil(p.id, o.ends)
			c.ended(p.id, o.ends, o.reason, o.charges())
			c.must(o.name+": sent to the money step", c.asked(p.id, banksim.StepProvision), 1)
		}
		c.proven()
	})
}

// C11: everything is stored, and nobody learns it: the payer's reload does.
func TestC11_resultCommittedAndNotTold(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for _, o := range outcomes {
			p := c.atBank(nil)
			c.provisionFault(o)
			c.ledger.at(sqlstore.FaultAfterCommit, 1, 1)
			p.back()
			c.app.flow.Wait()
			c.must(o.name+": broke", c.ledger.mend(), 1)
			c.restart()
			p.back() // the browser repeats its POST
			if want := map[checkout.Status]string{checkout.StatusPaid: "Ödeme tamamlandı", checkout.StatusDeclined: "Ödeme alınamadı"}[o.ends]; o.told {
				p.wants(http.StatusOK, want)
			} else {
				p.wants(http.StatusOK, "Sonuç bekleniyor")
			}
			c.settleUntil(p.id, o.ends)
			c.ended(p.id, o.ends, o.reason, o.charges())
			c.must(o.name+": sent to the money step", c.asked(p.id, banksim.StepProvision), 1)
		}
		c.proven()
	})
}

// C14: the bank's word came and could not be stored: it is asked again, with the same end.
func TestC14_inquiryAnsweredAndNotCommitted(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for _, o := range outcomes {
			if o.told {
				continue
			}
			p := c.atBank(nil)
			c.provisionFault(o)
			p.back()
			c.app.flow.Wait()
			c.must(o.name+": status", c.ledgerPayment(p.id).Status, checkout.StatusPending)
			c.clock.advance(20 * time.Second)
			c.ledger.at(sqlstore.FaultBeforeCommit, 1, 1) // the first is the lease
			c.settle()
			c.must(o.name+": broke", c.ledger.mend(), 1)
			c.must(o.name+": status", c.ledgerPayment(p.id).Status, checkout.StatusPending)
			asked := c.asked(p.id, banksim.StepInquiry)
			c.restart()
			c.settleUntil(p.id, o.ends)
			c.ended(p.id, o.ends, o.reason, o.charges())
			if n := c.asked(p.id, banksim.StepInquiry); asked < 1 || n <= asked {
				t.Errorf("%s: asked %d times, then %d", o.name, asked, n)
			}
		}
		c.proven()
	})
}

// C15: the fence was sent and not stored: it is sent again, and 'already void' and 'not found' are
// its end.
func TestC15_fenceSentAndNotCommitted(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for name, tc := range map[string]struct {
			provision string // fault value: whether the bank charged
			unknown   int    // how often the bank denies what it charged
			ends      checkout.Status
			reason    checkout.Reason
		}{
			"nothing was charged":                    {`"before"`, 0, checkout.StatusDeclined, checkout.ReasonNotCharged},
			"charged, and the bank denied it":        {`"after"`, 2, checkout.StatusVoided, ""},
			"charged, and the bank keeps denying it": {`"after"`, -1, checkout.StatusDeclined, checkout.ReasonNotCharged},
		} {
			p := c.atBank(nil)
			c.bankFault(banksim.StepProvision, banksim.FaultReset, tc.provision, 1)
			p.back()
			c.app.flow.Wait()
			c.clock.advance(3 * time.Minute) // past lease and settle time
			if tc.unknown != 0 {
				c.bankFault(banksim.StepInquiry, banksim.FaultNotFound, "", tc.unknown)
			}
			c.settle()
			c.must(name+": not found", c.ledgerPayment(p.id).NotFound, 1)
			c.clock.advance(time.Minute)
			c.ledger.at(sqlstore.FaultBeforeCommit, 1, 1)
			c.settle()
			c.must(name+": broke", c.ledger.mend(), 1)
			c.must(name+": fences sent", c.asked(p.id, banksim.StepVoid), 1)
			c.restart()
			c.must(name+": status", c.ledgerPayment(p.id).Status, checkout.StatusPending)
			c.settleUntil(p.id, tc.ends)
			c.bank.ClearFaults()
			c.ended(p.id, tc.ends, tc.reason, 0)
			c.atBank(p.link).back().wants(http.StatusOK, "Ödeme tamamlandı") // the slot is free again
		}
		c.proven()
	})
}

// C17: the call timed out after the bank charged. Nobody can pay meanwhile, in any way.
func TestC17_timedOutAfterTheCharge(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		p := c.atBank(nil)
		other := c.atBank(p.link)
		c.bankFault(banksim.StepProvision, banksim.FaultTimeoutAfter, "", 1)
		p.back().wants(http.StatusOK, "Sonuç bekleniyor")
		c.must("status", c.ledgerPayment(p.id).Status, checkout.StatusPending)
		c.restart()
		other.get(c.at(p.url))
		other.wants(http.StatusConflict)
		other.pay(c.at(p.url), cardWithout)
		other.wants(http.StatusConflict)
		other.back().wants(http.StatusConflict)
		c.ended(other.id, checkout.StatusFailed, checkout.ReasonLinkUsed, 0)
		c.settleUntil(p.id, checkout.StatusPaid)
		if text := p.result(); !strings.Contains(text, "Ödeme tamamlandı") {
			t.Errorf("the payer reads %.300s", text)
		}
		other.get(c.at(p.url))
		other.wants(http.StatusGone)
		c.ended(p.id, checkout.StatusPaid, "", 1)
		c.proven()
	})
}

// C19: nonsense is not a no. Whatever the bank answers, the payment is pending until the bank says
// something that can be believed.
func TestC19_answersThatSayNothing(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		for name, tc := range map[string]struct {
			fault, value string
			ends         checkout.Status
		}{
			"a page instead of a message, charged":   {banksim.FaultGarbage, `"html"`, checkout.StatusPaid},
			"a page instead of a message, not":       {banksim.FaultGarbage, `"before"`, checkout.StatusDeclined},
			"half a message":                         {banksim.FaultGarbage, `"cut"`, checkout.StatusPaid},
			"no message":                             {banksim.FaultGarbage, `"empty"`, checkout.StatusPaid},
			"an error of the bank's server, charged": {banksim.FaultHTTP500, `"after"`, checkout.StatusPaid},
			"an error of the bank's server, not":     {banksim.FaultHTTP500, `"before"`, checkout.StatusDeclined},
			"an answer about another order":          {banksim.FaultWrongOrder, `"ODX0000000000001"`, checkout.StatusPaid},
		} {
			p := c.atBank(nil)
			c.bankFault(banksim.StepProvision, tc.fault, tc.value, 1)
			p.back().wants(http.StatusOK, "Sonuç bekleniyor")
			c.must(name, c.ledgerPayment(p.id).Status, checkout.StatusPending)
			// The same nonsense as the answer to the first inquiries ends nothing either.
			c.bankFault(banksim.StepInquiry, tc.fault, tc.value, 2)
			for range 2 {
				c.clock.advance(30 * time.Second)
				c.settle()
				c.must(name+": after such an inquiry", c.ledgerPayment(p.id).Status, checkout.StatusPending)
			}
			c.bank.ClearFaults()
			c.settleUntil(p.id, tc.ends)
			reason, charges := checkout.Reason(""), 1
			if tc.ends == checkout.StatusDeclined {
				reason, charges = checkout.ReasonNotCharged, 0
			}
			c.ended(p.id, tc.ends, reason, charges)
		}
		c.proven()
	})
}
