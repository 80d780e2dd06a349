package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/threeds/banksim"
)

// openingCalls is how many times the gateway asked the bank to open 3-D Secure. The bank notes an opening
// that it answers with its verdict as the way back.
func (r *rig) openingCalls() (n int) {
	for _, q := range r.bank.Requests() {
		if q.Header["User-Agent"] == "Odelink" && (q.Step == banksim.StepOpen || q.Step == banksim.StepCallback) {
			n++
		}
	}
	return n
}

// shownForm is the card form as a fresh view of the page has it, filled in.
func (r *rig) shownForm(address string) url.Values {
	r.t.Helper()
	b := r.browser().get(address)
	_, form := b.form()
	if len(form.Get("attempt")) != checkout.AttemptLength {
		r.t.Fatalf("attempt %q on %s (%d)", form.Get("attempt"), address, b.status)
	}
	for name, values := range cardForm(cardWithout) {
		form[name] = values
	}
	return form
}

// H1: one page's form, sent a hundred times at once, is one payment and one opening at the bank; every
// answer leads to it. The database decides: also at two gateways that share nothing else.
func TestUX_H1_AHundredSubmitsOfOnePageAreOnePayment(t *testing.T) {
	t.Parallel()
	timing := checkout.Timing{Provision: 20 * time.Second, Opening: time.Minute, Inquiry: 10 * time.Second, Settle: time.Minute, Answer: time.Minute}
	for name, opt := range map[string]func() rigOptions{
		"one gateway, SQLite and memory": func() rigOptions { return rigOptions{timing: timing} },
		"two gateways, PostgreSQL":       func() rigOptions { return rigOptions{timing: timing, database: testenv.Postgres(t)} },
		"two gateways, PostgreSQL and Redis": func() rigOptions {
			return rigOptions{timing: timing, database: testenv.Postgres(t), redis: testenv.Redis(t)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, opt())
			gateways := []*rig{r}
			if r.opt.database != "" {
				gateways = append(gateways, r.twin())
			}
			link := r.link(nil)
			form := r.shownForm(link["url"].(string))
			var mu sync.Mutex
			answers := map[int]int{}
			together(100, func(i int) {
				g := gateways[i%len(gateways)]
				accept := "text/html"
				if i%10 == 9 {
					accept = "application/json"
				}
				status, text, err := post(g.base+"/p/"+link["token"].(string)+"/pay", form, accept)
				if err != nil || (status == http.StatusConflict) != strings.Contains(text, `"payment_begun"`) {
					t.Errorf("%d %v: %.200s", status, err, text)
				}
				mu.Lock()
				answers[status]++
				mu.Unlock()
			})
			if answers[http.StatusOK] == 0 || answers[http.StatusOK]+answers[http.StatusSeeOther]+answers[http.StatusConflict] != 100 {
				t.Errorf("answers %v", answers)
			}
			r.must("payments", r.payments(), 1)
			r.must("openings", r.openingCalls(), 1)
			r.booksAgree()
		})
	}
}

// What counts as the same attempt, and what does not.
func TestUX_H1_AttemptsAndTheirPayments(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	fresh := func() (address string, form url.Values) {
		address = r.link(nil)["url"].(string)
		return address, r.shownForm(address)
	}
	begun := func(b *browser, address string, form url.Values) string {
		t.Helper()
		b.post(address+"/pay", form)
		r.must("hand-over", b.status, http.StatusOK)
		return b.paymentID()
	}

	address, form := fresh()
	id := begun(r.browser(), address, form)
	late := r.browser().post(address+"/pay", form)
	r.must("the same form later", late.url, r.base+"/r/"+id)
	program := r.stranger("Accept", "application/json").post(address+"/pay", form)
	r.must("to a program", fmt.Sprint(program.status, program.problem(t), program.header.Get("Location")), fmt.Sprint(http.StatusConflict, "payment_begun", "/r/"+id))
	other := url.Values{}
	for k, v := range form {
		other[k] = v
	}
	other.Set("card_number", card("051"))
	r.must("another card in the same page", r.browser().post(address+"/pay", other).url, r.base+"/r/"+id)
	other.Set("card_cvc", "")
	r.must("mistakes in a page that was sent", r.browser().post(address+"/pay", other).url, r.base+"/r/"+id)

	form.Set("attempt", r.shownForm(address).Get("attempt"))
	if again := begun(r.browser(), address, form); again == id {
		t.Error("another view is the same attempt")
	}
	for _, none := range []string{"", "short", "fifteen-chars-!", "twelve-chars"} {
		form.Set("attempt", none)
		if first, second := begun(r.browser(), address, form), begun(r.browser(), address, form); first == second {
			t.Errorf("attempt %q names a payment", none)
		}
	}
	elsewhere, mine := fresh()
	mine.Set("attempt", other.Get("attempt"))
	if begun(r.browser(), elsewhere, mine) == id {
		t.Error("an attempt reaches over to another link")
	}

	address, form = fresh()
	form.Set("card_cvc", "1")
	b := r.browser().post(address+"/pay", form)
	_, shown := b.form()
	r.must("a form with mistakes", fmt.Sprint(b.status, shown.Get("attempt")), fmt.Sprint(http.StatusUnprocessableEntity, form.Get("attempt")))
	form.Set("card_cvc", "123")
	id = begun(b, address, form)
	r.must("its result", b.finish("123456").url, r.base+"/r/"+id)
	r.must("the paid form again", r.browser().post(address+"/pay", form).url, r.base+"/r/"+id)
	r.booksAgree()
}

// A bank that cannot be reached ends an attempt; the next account is the same page's attempt still (C20),
// and the same form afterwards leads to what it has become.
func TestUX_H1_AttemptOfAnUnreachableBank(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	address := r.link(nil)["url"].(string)
	form := r.shownForm(address)
	bank := r.bankS.URL
	r.account(func(a *checkout.Account) { a.BaseURL = "http://127.0.0.1:1/payfor/Gateway/" })
	r.must("no bank", r.browser().post(address+"/pay", form).status, http.StatusServiceUnavailable)
	r.account(func(a *checkout.Account) { a.BaseURL = bank + "/payfor/Gateway/" })
	b := r.browser().post(address+"/pay", form)
	if !strings.Contains(plainText(b.body), "Ödeme alınamadı") || !strings.Contains(b.url, "/r/pay_") {
		t.Errorf("the same form leads to %s: %s", b.url, plainText(b.body))
	}
	r.must("payments", r.payments(), 1)
	r.must("a new view", r.browser().post(address+"/pay", r.shownForm(address)).status, http.StatusOK)
}

// H5 without scripts and cookies: the waiting page leads back to the bank, whichever gateway is asked; where
// the way is not kept, or nothing waits any more, it says how things stand.
func TestUX_H5_GoOnAtTheBank(t *testing.T) {
	t.Parallel()
	const goOn = `/continue"`
	r := newRig(t, rigOptions{database: testenv.Postgres(t), redis: testenv.Redis(t)})
	other := r.twin()
	b := r.browser().pay(r.link(nil)["url"].(string), card("000"))
	id := b.paymentID()
	c := other.browser().get(other.base + "/r/" + id)
	if !strings.Contains(c.body, goOn) {
		t.Fatalf("the other gateway does not lead back: %s", plainText(c.body))
	}
	c.post(other.base+"/r/"+id+"/continue", url.Values{})
	r.must("hand-over", fmt.Sprint(c.status, strings.Contains(c.header.Get("Content-Security-Policy"), r.bankS.URL)), "200 true")
	c.finish("123456")
	r.must("result", heading(c.body), pagePaid)
	r.must("nothing waits", c.post(other.base+"/r/"+id+"/continue", url.Values{}).url, other.base+"/r/"+id)
	r.must("reload", c.get(other.base+"/r/"+id+"/continue").url, other.base+"/r/"+id)
	r.must("unknown", c.post(other.base+"/r/pay_"+strings.Repeat("2", 22)+"/continue", url.Values{}).status, http.StatusNotFound)

	forgot := newRig(t, rigOptions{})
	b = forgot.browser().pay(forgot.link(nil)["url"].(string), card("000"))
	id = b.paymentID()
	forgot.stop()
	forgot.start()
	b.get(forgot.base + "/r/" + id)
	if strings.Contains(b.body, goOn) || !strings.Contains(b.body, "/abandon") {
		t.Errorf("after a restart: %s", plainText(b.body))
	}
	r.must("the way was forgotten", b.post(forgot.base+"/r/"+id+"/continue", url.Values{}).url, forgot.base+"/r/"+id)

	hosted := newRig(t, rigOptions{mode: "3dhost"})
	b = hosted.browser().pay(hosted.link(nil)["url"].(string), card("000"))
	if b.get(hosted.base + "/r/" + b.paymentID()); strings.Contains(b.body, goOn) {
		t.Error("a form that its bank takes once is offered again")
	}
	r.booksAgree()
}
