package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/threeds/banksim"
)

// twin is another gateway on the same ledger, hot state, bank and clock.
func (r *rig) twin() *rig {
	r.t.Helper()
	other := &rig{t: r.t, clock: r.clock, bank: r.bank, bankS: r.bankS, dir: testenv.Dir(r.t), opt: r.opt}
	if r.opt.database == "" {
		r.t.Fatal("a twin needs a server for its ledger")
	}
	other.start()
	r.t.Cleanup(func() { other.stop() })
	return other
}

// crowd are payers who go beside each other, each with connections that the others share.
var crowd = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ticket is one payer's way back from the bank, in hand.
type ticket struct {
	payment string
	path    string // of the callback
	fields  url.Values
}

// post sends a form, and answers the status and the text.
func post(address string, form url.Values, accept string) (int, string, error) {
	req, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", accept)
	resp, err := crowd.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// tickets lets n payers start on a link at once, spread over the gateways. Those who were let in have
// a ticket; statuses counts the answers.
func tickets(t *testing.T, gateways []*rig, token string, n int) (in []ticket, statuses map[int]int) {
	t.Helper()
	var mu sync.Mutex
	statuses = map[int]int{}
	together(n, func(i int) {
		status, text, err := post(gateways[i%len(gateways)].base+"/p/"+token+"/pay", cardForm(cardWithout), "application/json")
		if err != nil {
			t.Errorf("pay: %v", err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		statuses[status]++
		if status != http.StatusOK {
			return
		}
		var started struct {
			Payment   string
			Challenge struct {
				Action string
				Fields map[string]string
			}
		}
		if err := json.Unmarshal([]byte(text), &started); err != nil {
			t.Errorf("pay: %v", err)
			return
		}
		tk := ticket{payment: started.Payment, path: "/3ds/" + started.Payment, fields: url.Values{}}
		for k, v := range started.Challenge.Fields {
			tk.fields.Set(k, v)
		}
		in = append(in, tk)
	})
	return in, statuses
}

// together runs n calls at once.
func together(n int, do func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			do(i)
		})
	}
	close(begin)
	all.Wait()
}

// comeBack lets everybody come back from the bank at once, and counts the answers.
func comeBack(t *testing.T, gateways []*rig, in []ticket) map[int]int {
	t.Helper()
	var mu sync.Mutex
	statuses := map[int]int{}
	together(len(in), func(i int) {
		status, _, err := post(gateways[i%len(gateways)].base+in[i].path, in[i].fields, "text/html")
		if err != nil {
			t.Errorf("callback: %v", err)
			return
		}
		mu.Lock()
		statuses[status]++
		mu.Unlock()
	})
	return statuses
}

// count is how many payments of a link are in each status.
func (r *rig) count(link map[string]any) map[checkout.Status]int {
	r.t.Helper()
	n := map[checkout.Status]int{}
	for _, p := range r.allPayments() {
		if string(p.Link) == link["id"] {
			n[p.Status]++
		}
	}
	return n
}

// A24, I1, I2: a thousand people pay one single-use link at once and come back at once. One
// authorising call is made; everybody else reads that the link is taken.
func TestA24_aThousandPayersOnOneLink(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{timing: checkout.Timing{Provision: 20 * time.Second, Opening: time.Minute, Inquiry: 10 * time.Second, Settle: time.Minute, Answer: time.Minute}})
	link := c.link(nil)
	const payers = 1000
	in, statuses := tickets(t, []*rig{c.rig}, link["token"].(string), payers)
	c.must("let in", fmt.Sprint(statuses), fmt.Sprint(map[int]int{http.StatusOK: payers}))
	answers := comeBack(t, []*rig{c.rig}, in)
	c.must("answers to the callbacks", fmt.Sprint(answers), fmt.Sprint(map[int]int{http.StatusSeeOther: 1, http.StatusConflict: payers - 1}))
	c.must("payments", fmt.Sprint(c.count(link)), fmt.Sprint(map[checkout.Status]int{checkout.StatusPaid: 1, checkout.StatusFailed: payers - 1}))
	c.must("authorising calls", c.moneyCalls(), 1)
	c.must("charges", len(c.bank.Charges()), 1)
	again := c.browser().pay(link["url"].(string), cardWithout)
	c.must("one more", again.status, http.StatusConflict)
	c.proven()
}

// C28, I1, I2: two gateways on one ledger, a hundred payers of one single-use link at once. Redis only
// answers sooner: with it, without it, and with one that is killed in the middle, the ledger decides.
func TestC28_I02_twoGatewaysOneLink(t *testing.T) {
	t.Parallel()
	t.Run("one Redis", func(t *testing.T) {
		t.Parallel()
		oneLinkManyPayers(t, testenv.Redis(t), nil)
	})
	t.Run("each its own memory", func(t *testing.T) {
		t.Parallel()
		oneLinkManyPayers(t, "", nil)
	})
	t.Run("a Redis that is killed", func(t *testing.T) {
		t.Parallel()
		server := testenv.NewRedis(t)
		oneLinkManyPayers(t, server.URL(), func() { server.Kill(t) })
	})
}

func oneLinkManyPayers(t *testing.T, redis string, trouble func()) {
	c := newCrash(t, rigOptions{database: testenv.Postgres(t), redis: redis, timing: checkout.Timing{
		Provision: 20 * time.Second, Opening: time.Minute, Inquiry: 10 * time.Second, Settle: time.Minute, Answer: time.Minute}})
	both := []*rig{c.rig, c.twin()}
	for round := range 2 {
		link := c.link(nil)
		const payers = 100
		in, statuses := tickets(t, both, link["token"].(string), payers)
		c.must("let in", fmt.Sprint(statuses), fmt.Sprint(map[int]int{http.StatusOK: payers}))
		if trouble != nil && round == 1 {
			trouble()
		}
		answers := comeBack(t, both, in)
		c.must("answers to the callbacks", fmt.Sprint(answers), fmt.Sprint(map[int]int{http.StatusSeeOther: 1, http.StatusConflict: payers - 1}))
		c.must("payments", fmt.Sprint(c.count(link)), fmt.Sprint(map[checkout.Status]int{checkout.StatusPaid: 1, checkout.StatusFailed: payers - 1}))
		c.must("authorising calls", c.moneyCalls(), round+1)
		c.must("charges", len(c.bank.Charges()), round+1)
		for _, g := range both {
			// A memory of its own learns of the other gateway's payment by the republishing loop.
			// A Redis that all tests share may be slow for a moment: then the loop comes again.
			republish := func() bool { return g.app.flow.Republish(t.Context(), c.clock.Now().Add(-republishSpan)) == nil }
			if !republish() && trouble == nil {
				c.until("the link is published", republish)
			}
			c.must("the page afterwards", g.browser().get(g.base+"/p/"+link["token"].(string)).status, http.StatusGone)
		}
	}
	c.proven()
}

// C28, I2: a link for n payments takes n at two gateways, whoever comes.
func TestC28_twoGatewaysMaxPayments(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{database: testenv.Postgres(t), redis: testenv.Redis(t), timing: checkout.Timing{
		Provision: 20 * time.Second, Opening: time.Minute, Inquiry: 10 * time.Second, Settle: time.Minute, Answer: time.Minute}})
	both := []*rig{c.rig, c.twin()}
	const most, payers = 7, 60
	link := c.link(map[string]any{"usage": "multi", "max_payments": most})
	in, _ := tickets(t, both, link["token"].(string), payers)
	c.must("let in", len(in), payers)
	// Every third answer of the bank is a no, and gives its place back to whoever comes next.
	for range 4 {
		c.bankFault(banksim.StepProvision, banksim.FaultDecline, `"51"`, 1)
	}
	answers := comeBack(t, both, in)
	n := c.count(link)
	if n[checkout.StatusPaid] > most || n[checkout.StatusDeclined] != 4 || answers[http.StatusSeeOther] != n[checkout.StatusPaid]+4 {
		t.Errorf("payments %v, answers %v", n, answers)
	}
	// The places that the declined gave back are taken by others, and not one more.
	for range payers {
		in, _ := tickets(t, both, link["token"].(string), 1)
		if len(in) == 0 {
			break
		}
		comeBack(t, both, in)
	}
	c.must("paid", c.count(link)[checkout.StatusPaid], most)
	c.must("charges", len(c.bank.Charges()), most)
	c.proven()
}

// A12, I6: one callback a hundred times at once, at two gateways: one authorising call, one transition,
// and everybody ends at the same result.
func TestA12_oneCallbackAHundredTimes(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{database: testenv.Postgres(t), redis: testenv.Redis(t), timing: checkout.Timing{
		Provision: 20 * time.Second, Opening: time.Minute, Inquiry: 10 * time.Second, Settle: time.Minute, Answer: time.Minute}})
	both := []*rig{c.rig, c.twin()}
	for i, o := range outcomes[:3] {
		link := c.link(nil)
		in, _ := tickets(t, both, link["token"].(string), 1)
		c.provisionFault(o)
		hundred := make([]ticket, 100)
		for i := range hundred {
			hundred[i] = in[0]
		}
		answers := comeBack(t, both, hundred)
		c.must(o.name+": answers", fmt.Sprint(answers), fmt.Sprint(map[int]int{http.StatusSeeOther: 100}))
		c.app.flow.Wait()
		both[1].app.flow.Wait()
		c.settleUntil(in[0].payment, o.ends)
		c.ended(in[0].payment, o.ends, o.reason, o.charges())
		c.must(o.name+": authorising calls", c.moneyCalls(), i+1)
		once := 0
		for _, e := range c.events(in[0].payment) {
			if e == "payment.authorizing" {
				once++
			}
		}
		c.must(o.name+": transitions", once, 1)
	}
	c.proven()
}

// C28: two settle loops beside each other act once on each payment.
func TestC28_twoSettleLoops(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{database: testenv.Postgres(t)})
	both := []*rig{c.rig, c.twin()}
	var ids []string
	for range 30 {
		p := c.atBank(nil)
		c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
		p.back()
		ids = append(ids, p.id)
	}
	c.clock.advance(time.Minute)
	var looked atomic.Int64
	together(2, func(i int) {
		for {
			n, err := both[i].app.flow.Settle(context.Background())
			if err != nil {
				t.Error(err)
			}
			looked.Add(int64(n))
			if n == 0 || err != nil {
				return
			}
		}
	})
	c.must("payments looked at", looked.Load(), len(ids))
	for _, id := range ids {
		c.ended(id, checkout.StatusPaid, "", 1)
		c.must("inquiries", c.asked(id, banksim.StepInquiry), 1)
	}
	c.proven()
}
