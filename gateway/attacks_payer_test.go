//go:build !race

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/cardscan"
	"github.com/odelink/odelink/threeds/banksim"
)

// The rows A24 to A36: what payers, thieves and script injectors do on the pages.

// skewed is a clock beside the database's.
type skewed struct {
	of *testClock
	by time.Duration
}

func (c skewed) Now() time.Time { return c.of.Now().Add(c.by) }

// A25, I25: the database's clock decides, whatever the process believes what time it is.
func TestA25_I25_PayAroundTheExpiry(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{0, 10 * time.Minute, -10 * time.Minute} {
		for _, tc := range []struct {
			name   string
			at     time.Duration // of the database's clock, after the expiry
			status int
		}{
			{"one tick before", -time.Millisecond, http.StatusOK},
			{"at the expiry", 0, http.StatusGone},
			{"one tick after", time.Millisecond, http.StatusGone},
		} {
			t.Run(fmt.Sprintf("%s, clock off by %s", tc.name, by), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, rigOptions{})
				link := r.link(map[string]any{"expires_at": r.clock.Now().Add(time.Hour).Format(time.RFC3339)})
				r.clock.advance(time.Hour + tc.at)
				r.app.flow.Clock = skewed{r.clock, by}
				b := r.browser().pay(link["url"].(string), cardWithout)
				r.must("page", b.status, tc.status)
				r.must("JSON", r.stranger("Accept", "application/json").post(link["url"].(string)+"/pay", cardForm(cardWithout)).status, tc.status)
				if tc.status == http.StatusGone {
					r.must("page", heading(b.body), pageExpired)
					r.must("payments", len(r.allPayments()), 0)
					return
				}
				id := b.paymentID()
				b.finish("")
				r.must("result", heading(b.body), pagePaid)
				r.ended(id, checkout.StatusPaid, "", 1)
				r.booksAgree()
			})
		}
		t.Run(fmt.Sprintf("before the beginning, clock off by %s", by), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{})
			link := r.link(map[string]any{"active_from": r.clock.Now().Add(time.Hour).Format(time.RFC3339)})["url"].(string)
			r.clock.advance(time.Hour - time.Millisecond)
			r.app.flow.Clock = skewed{r.clock, by}
			r.must("one tick before", r.browser().pay(link, cardWithout).status, http.StatusForbidden)
			r.clock.advance(time.Millisecond)
			r.must("at it", r.browser().pay(link, cardWithout).status, http.StatusOK)
			r.must("payments", len(r.allPayments()), 1)
		})
	}
}

// A26: what the form says about money, merchant or state decides nothing.
func TestA26_ForgedForms(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(nil)["url"].(string)
	b := r.browser().pay(link, cardWithout, "amount", "1", "amount_as", "typed", "currency", "USD", "total", "1", "price", "1", "rate", "0",
		"installment_rate", "0", "merchant", "mer_x", "merchant_id", "mer_x", "account", "acc_x", "link", "lnk_x", "status", "paid",
		"id", "pay_0000000000000000000000", "bank_order", "X", "half_secure", "1", "return_url", "https://evil.example/")
	r.must("fixed link", b.status, http.StatusOK)
	id := b.paymentID()
	b.finish("")
	r.must("result", heading(b.body), pagePaid)
	p := r.ledgerPayment(id)
	r.must("copy", p.Total, checkout.Money{Minor: 25000, Currency: checkout.TRY})
	r.must("price", p.Amount, p.Total)
	r.must("count", p.Installments, 1)
	if strings.Contains(b.body, "evil.example") {
		t.Error("the result leads to an address of the form")
	}
	r.ended(id, checkout.StatusPaid, "", 1)

	open := r.link(map[string]any{"amount": nil, "amount_mode": "open", "min_amount": 1000, "max_amount": 50000})["url"].(string)
	before := len(r.allPayments())
	for amount, code := range map[string]string{"999": "amount_range", "50001": "amount_range", "-1000": "amount_format", "0": "amount_format", "": "required"} {
		a := r.stranger("Accept", "application/json").post(open+"/pay", cardForm(cardWithout, "amount", amount))
		r.must("open link, "+amount, a.status, http.StatusUnprocessableEntity)
		r.must("open link, "+amount, a.problem(t), "validation_failed amount:"+code)
	}
	for _, name := range []string{"amount", "amount_as", "seen_total", "terms", "installments", "card_number", "card_cvc", "lang"} {
		form := cardForm(cardWithout, "amount", "1000")
		form[name] = []string{"1000", "50000"}
		a := r.stranger("Accept", "application/json").post(open+"/pay", form)
		r.must(name+" twice", a.status, http.StatusBadRequest)
		r.must(name+" twice", a.problem(t), "field_repeated")
	}
	r.must("payments", len(r.allPayments()), before)
	b = r.browser().pay(open, cardWithout, "amount", "1000")
	r.must("open link, its least", b.status, http.StatusOK)
	r.must("copy", r.ledgerPayment(b.paymentID()).Total.Minor, 1000)
	b.finish("")
	r.booksAgree()
}

// A27 and checklist E9: the plan is worked out again from the card that pays.
func TestA27_PlanOfAnotherCard(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(map[string]any{"installments": []int{1, 3, 6}})["url"].(string)
	offers := r.stranger().get(link + "/installments?bin=415565")
	if !strings.Contains(offers.body, `"count":3`) {
		t.Fatalf("the credit card is offered %s", offers.body)
	}
	debit := banksim.CardNumber("400709", "000")
	for name, tc := range map[string]struct{ card, count, seen string }{
		"a debit card with the credit card's plan": {debit, "3", "25900"},
		"a count that the link does not have":      {cardWithout, "9", ""},
		"a count beyond all":                       {cardWithout, "99", ""},
		"no count":                                 {cardWithout, "0", ""},
		"a negative one":                           {cardWithout, "-3", ""},
		"another script's digits":                  {cardWithout, "３", ""},
		"a count with a sign":                      {cardWithout, "+3", ""},
		"a count with zeros":                       {cardWithout, "03", ""},
	} {
		b := r.browser().pay(link, tc.card, "installments", tc.count, "seen_total", tc.seen)
		if b.status != http.StatusUnprocessableEntity || !strings.Contains(b.body, `id="installments-e"`) {
			t.Errorf("%s: %d", name, b.status)
		}
		a := r.stranger("Accept", "application/json").post(link+"/pay", cardForm(tc.card, "installments", tc.count))
		r.must(name, a.problem(t), "validation_failed installments:installments_not_offered")
	}
	// The right count for less money than it costs.
	b := r.browser().pay(link, cardWithout, "installments", "3", "seen_total", "25000")
	r.must("a cheaper total", b.status, http.StatusConflict)
	r.must("a cheaper total", heading(b.body), heading(r.browser().get(link).body))
	r.must("payments", len(r.allPayments()), 0)
	b = r.browser().pay(link, cardWithout, "installments", "3", "seen_total", "25900")
	id := b.paymentID()
	b.finish("")
	p := r.ledgerPayment(id)
	r.must("copy", fmt.Sprint(p.Installments, p.Total.Minor, p.Amount.Minor), "3 25900 25000")
	r.ended(id, checkout.StatusPaid, "", 1)
	r.booksAgree()
}

// A28: nobody is charged for terms that he was not shown.
func TestA28_TermsChangedBehindThePage(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for name, change := range map[string]map[string]any{
		"amount":       {"amount": 99000},
		"currency":     {"currency": "USD"},
		"description":  {"description": "Başka bir şey"},
		"installments": {"installments": []int{1, 2}},
	} {
		link := r.link(map[string]any{"description": "Ahşap masa"})
		b := r.browser().get(link["url"].(string))
		action, form := b.form()
		for k, v := range cardForm(cardWithout) {
			form[k] = v
		}
		if form.Get("terms") == "" {
			t.Fatal("the page carries no digest of its terms")
		}
		status, _ := r.api("PATCH", "/v1/links/"+link["id"].(string), change)
		r.must(name, status, http.StatusOK)
		before := len(r.allPayments())
		b.post(action, form)
		r.must(name+": answer", b.status, http.StatusConflict)
		if !strings.Contains(plainText(b.body), pageTerms) {
			t.Errorf("%s: the page does not say so: %.300s", name, plainText(b.body))
		}
		if want := map[string]string{"amount": "990,00 TL", "currency": "USD", "description": "Başka bir şey"}[name]; !strings.Contains(plainText(b.body), want) {
			t.Errorf("%s: the new terms are not shown", name)
		}
		r.must(name+": payments", len(r.allPayments()), before)
		r.must(name+": JSON", r.stranger("Accept", "application/json").post(action, form).problem(t), "terms_changed")
		// Agreeing to the new ones pays; a program that sends no digest compares nothing.
		action, again := b.form()
		for k, v := range cardForm(cardWithout) {
			again[k] = v
		}
		r.must(name+": agreed", b.post(action, again).status, http.StatusOK)
		r.must(name+": no digest", r.browser().pay(link["url"].(string), cardWithout).status, http.StatusOK)
	}
	r.must("charges", len(r.bank.Charges()), 0)
}

// A28 without scripts: the rows that the server wrote tell which total was seen, so that a rate that changed meanwhile
// charges nobody unasked.
func TestA28_ARateChangedBehindAPageWithoutScripts(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(map[string]any{"installments": []int{1, 3, 6}})["url"].(string)
	b := r.browser().get(link + "?bin=" + cardWithout[:8])
	action, form := b.form()
	for k, v := range cardForm(cardWithout, "installments", "3") {
		form[k] = v
	}
	_, accounts := r.api("GET", "/v1/acquirers", nil)
	account := accounts["data"].([]any)[0].(map[string]any)["id"].(string)
	status, answer := r.api("PATCH", "/v1/acquirers/"+account, map[string]any{"instalments": []map[string]any{{"count": 3, "rate": "20.00"}, {"count": 6, "rate": "7.20"}}})
	r.must(fmt.Sprint("another rate ", answer), status, http.StatusOK)
	b.post(action, form)
	r.must("asked again", b.status, http.StatusConflict)
	r.must("it says why", strings.Contains(plainText(b.body), pageTerms), true)
	r.must("payments", len(r.allPayments()), 0)
	form.Set("installments", "1")
	r.must("the single payment costs what it did", b.post(action, form).status, http.StatusOK)
}

var reference = regexp.MustCompile(`<b dir="ltr">[0-9A-Z]{10}</b>`)

// blank takes from an answer what may differ: the address that was asked for and the reference.
func (a answer) blank(path string) string {
	return fmt.Sprint(a.status, a.header.Get("Content-Type"), a.header.Get("Cache-Control"), reference.ReplaceAllString(strings.ReplaceAll(a.body, path, "PATH"), "REF"))
}

// A29: guessing tokens teaches nothing and is slowed down for every token alike.
func TestA29_GuessedTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t, limited())
	link := r.link(nil)
	address, token := link["url"].(string), link["token"].(string)
	from := func(ip string) *stranger { return r.stranger("X-Forwarded-For", ip) }

	unknown := from("203.0.113.1").get(r.base + "/p/0000000000aa")
	r.must("unknown", unknown.status, http.StatusNotFound)
	want := unknown.blank("/p/0000000000aa")
	for name, guess := range map[string]string{
		"too short": "abc", "too long": token + "0", "other letters": "ab_def-hijkl", "a link's id": link["id"].(string), "in another case": swapCase(token),
		"encoded": "%41BCDEFGHIJK", "dots": "...........", "look-alike": "АBCDEFGHIJK", // a Cyrillic letter
	} {
		path := "/p/" + url.PathEscape(guess)
		if guess == "%41BCDEFGHIJK" {
			path = "/p/" + guess
		}
		a := from("203.0.113.2").get(r.base + path)
		if got := a.blank(path); got != want && a.blank("/p/"+guess) != want {
			t.Errorf("%s is answered differently:\n%.600s\n%.600s", name, got, want)
		}
		j := r.stranger("X-Forwarded-For", "203.0.113.3", "Accept", "application/json").get(r.base + path)
		r.must(name+" as JSON", fmt.Sprint(j.status, " ", j.problem(t)), "404 link_not_found")
	}

	// Thirty misses, by whatever way, then 429 for every token, and for nobody else.
	thief := "198.51.100.7"
	ways := []func() answer{
		func() answer { return from(thief).get(r.base + "/p/0000000000ab") },
		func() answer { return from(thief).send("HEAD", r.base+"/p/0000000000ac", "", "") },
		func() answer { return from(thief).get(r.base + "/p/0000000000ad/installments?bin=415565") },
		func() answer { return from(thief).post(r.base+"/p/0000000000ae/pay", cardForm(cardWithout)) },
		func() answer { return from(thief).post(r.base+"/p/0000000000af/ask", nil) },
		func() answer { return from(thief).get(r.base + "/v/000000000000") },
	}
	for i := range 30 {
		r.must("miss "+strconv.Itoa(i+1), ways[i%len(ways)]().status, http.StatusNotFound)
	}
	for name, a := range map[string]answer{
		"a wrong token": from(thief).get(r.base + "/p/0000000000ab"), "a right one": from(thief).get(address),
		"its offers": from(thief).get(address + "/installments?bin=415565"), "its form": from(thief).post(address+"/pay", cardForm(cardWithout)),
	} {
		wait, _ := strconv.Atoi(a.header.Get("Retry-After"))
		if a.status != http.StatusTooManyRequests || wait < 1 || wait > 600 {
			t.Errorf("after thirty misses %s is answered %d, Retry-After %q", name, a.status, a.header.Get("Retry-After"))
		}
	}
	blocked := from(thief).get(address)
	r.must("page", heading(blocked.body), pageTooMany)
	r.must("identical", blocked.blank("/p/"+token), from(thief).get(r.base+"/p/0000000000ab").blank("/p/0000000000ab"))
	r.must("a neighbour", from("198.51.100.8").get(address).status, http.StatusOK)
	r.must("an address that the thief made up", r.stranger("X-Forwarded-For", "192.0.2.1, "+thief).get(address).status, http.StatusTooManyRequests)
	r.must("payments", len(r.allPayments()), 0)
	r.clock.advance(10*time.Minute + time.Second)
	r.must("ten minutes later", from(thief).get(address).status, http.StatusOK)

	// From a thousand addresses, two guesses each: nobody is blocked, somebody is told.
	r.must("alarms", len(r.logged("tokens are being guessed")), 0)
	inParallel(1000, 20, func(i int) {
		a, err := from(fmt.Sprintf("10.%d.%d.1", i/250, i%250)).try("GET", r.base+"/p/0000000000ba", "", "")
		if err != nil || a.status != http.StatusNotFound {
			t.Errorf("%d %v", a.status, err)
		}
	})
	r.must("alarms", len(r.logged("tokens are being guessed")), 1)
}

func swapCase(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 32
		case c >= 'A' && c <= 'Z':
			return c + 32
		}
		return c
	}, s)
}

// tester tries cards: each try has a card, a link and an address.
type tester struct {
	*rig
	links map[string]map[string]any
}

func newTester(t *testing.T) *tester {
	return &tester{newRig(t, limited()), map[string]map[string]any{}}
}

func (c *tester) linkNamed(name string) map[string]any {
	if c.links[name] == nil {
		c.links[name] = c.link(map[string]any{"expires_at": c.clock.Now().Add(10 * 24 * time.Hour).Format(time.RFC3339)})
	}
	return c.links[name]
}

// try pays with a card that will be refused, and fails the test unless it was refused by the bank.
func (c *tester) try(link, ip, card string) {
	c.t.Helper()
	b := c.open(link, ip, card)
	if b.status != http.StatusOK {
		c.t.Fatalf("%s from %s is answered %d %q", link, ip, b.status, heading(b.body))
	}
	id := b.paymentID()
	b.finish("123456")
	if st := c.ledgerPayment(id).Status; st != checkout.StatusDeclined && st != checkout.StatusFailed {
		c.t.Fatalf("the payment is %s", st)
	}
}

func (c *tester) open(link, ip, card string) *browser {
	c.t.Helper()
	b := c.browser()
	b.from = ip
	return b.pay(c.linkNamed(link)["url"].(string), card)
}

// again is how pages may say when to try again: Retry-After is rounded up.
func (c *tester) again(wait time.Duration) (all []string) {
	istanbul := time.FixedZone("TSİ", 3*60*60)
	now := c.clock.Now().In(istanbul)
	for _, d := range []time.Duration{wait - time.Minute, wait, wait + time.Minute} {
		day := "bugün"
		if now.Add(d).Day() != now.Day() {
			day = "yarın"
		}
		all = append(all, fmt.Sprintf("%d dakika sonra", d/time.Minute), day+" saat "+now.Add(d).Format("15:04")+" (TSİ) itibarıyla")
	}
	return all
}

// blocked holds a try to the 429 page with its wait; nothing is recorded of it.
func (c *tester) blocked(link, ip, card string, atMost time.Duration) {
	c.t.Helper()
	before := len(c.allPayments())
	b := c.open(link, ip, card)
	wait, _ := strconv.Atoi(b.header.Get("Retry-After"))
	if title := heading(b.body); b.status != http.StatusTooManyRequests || title != pageTooMany && title != pageCardStopped || wait < 1 || wait > int(atMost.Seconds())+1 {
		c.t.Fatalf("answered %d %q, Retry-After %q", b.status, heading(b.body), b.header.Get("Retry-After"))
	}
	if text := plainText(b.body); !slices.ContainsFunc(c.again(time.Duration(wait)*time.Second), func(words string) bool { return strings.Contains(text, words) }) {
		c.t.Errorf("the page does not say how long to wait (%d s): %.400s", wait, text)
	}
	c.must("payments", len(c.allPayments()), before)
	form := cardForm(card).Encode()
	a := c.stranger("X-Forwarded-For", ip, "Accept", "application/json").send("POST", c.linkNamed(link)["url"].(string)+"/pay", formType, form)
	c.must("JSON", fmt.Sprint(a.status, " ", a.problem(c.t)), "429 too_many_tries")
	if a.header.Get("Retry-After") == "" {
		c.t.Error("JSON without Retry-After")
	}
	c.must("payments", len(c.allPayments()), before)
}

// bad is a card that its bank refuses after a frictionless 3-D step or at it.
func bad(n int) string {
	scripts := []string{"900", "005", "041", "051", "054", "057", "061", "062", "065", "075", "082"}
	bins := []string{"415565", "400709", "450634", "522240", "979280", "554960", "540061", "552879", "428220", "589004", "526955", "402277"}
	return banksim.CardNumber(bins[n/len(scripts)%len(bins)], scripts[n%len(scripts)])
}

func TestA30_RefusalsPerLink(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	for i := range 5 {
		c.try("a", fmt.Sprintf("203.0.%d.1", i), bad(i*11))
	}
	c.blocked("a", "192.0.2.1", cardWithout, 15*time.Minute)
	c.must("another link", c.open("b", "192.0.2.1", cardWithout).status, http.StatusOK)
	c.must("the page itself", c.browser().get(c.links["a"]["url"].(string)).status, http.StatusOK)
	c.clock.advance(15*time.Minute + time.Minute)
	// A wait later five more, and the link rests until its merchant wakes it.
	for i := range 5 {
		c.must("not resting yet", c.browser().get(c.links["a"]["url"].(string)).status, http.StatusOK)
		c.try("a", fmt.Sprintf("203.1.%d.1", i), bad(i*11+1))
	}
	b := c.open("a", "192.0.2.2", cardWithout)
	c.must("resting", fmt.Sprint(b.status, " ", heading(b.body)), "429 "+pageResting)
	b = c.browser().get(c.links["a"]["url"].(string))
	c.must("resting page", fmt.Sprint(b.status, " ", heading(b.body)), "429 "+pageResting)
	c.clock.advance(24 * time.Hour)
	c.must("a day later", c.browser().get(c.links["a"]["url"].(string)).status, http.StatusTooManyRequests)
	c.must("the other link", c.browser().get(c.links["b"]["url"].(string)).status, http.StatusOK)
	id := c.links["a"]["id"].(string)
	if got := c.events(id); !slices.Contains(got, "link.velocity_blocked") {
		t.Errorf("recorded %v", got)
	}
	c.must("the merchant is told", c.told("link.velocity_blocked", id), 1)
	c.must("alarm", len(c.logged("link rests after too many refusals")), 1)
	status, _ := c.api("PATCH", "/v1/links/"+id, map[string]any{"description": "Uyandı"})
	c.must("wake", status, http.StatusOK)
	b = c.open("a", "192.0.2.2", cardWithout)
	c.must("awake", b.status, http.StatusOK)
	b.finish("")
	c.must("paid", heading(b.body), pagePaid)
	c.proven()
}

func TestA30_RefusalsPerAddress(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ one, neighbour, stranger string }{
		"IPv4, by /24": {"203.0.113.%d", "203.0.113.250", "203.0.114.1"},
		"IPv6, by /48": {"2001:db8:1:%d::1", "2001:db8:1:ffff::2", "2001:db8:2::1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTester(t)
			for i := range 10 {
				c.try(fmt.Sprint("link ", i), fmt.Sprintf(tc.one, i+1), bad(i*11))
			}
			c.blocked("fresh", tc.neighbour, cardWithout, 15*time.Minute)
			c.must("elsewhere", c.open("fresh", tc.stranger, cardWithout).status, http.StatusOK)
			c.clock.advance(16 * time.Minute)
			c.must("later", c.open("fresh", tc.neighbour, cardWithout).status, http.StatusOK)
		})
	}
}

func TestA30_RefusalsPerBIN(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	for i := range 30 {
		c.try(fmt.Sprint("link ", i), fmt.Sprintf("10.0.%d.1", i), bad(i%11)) // eleven cards of one BIN, three tries each
	}
	c.blocked("fresh", "10.1.0.1", cardWithout, time.Hour)
	c.must("another BIN", c.open("fresh", "10.1.0.1", banksim.CardNumber("450634", "001")).status, http.StatusOK)
	// Another merchant's payers are not held up by it.
	address, _ := c.shop(otherShop, "FwCX2")
	b := c.browser()
	b.from = "10.1.0.2"
	c.must("another merchant", b.pay(address, cardWithout).status, http.StatusOK)
	c.clock.advance(time.Hour + 5*time.Minute)
	c.must("later", c.open("fresh", "10.1.0.1", cardWithout).status, http.StatusOK)
}

func TestA30_RefusalsPerCard(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	for i := range 5 {
		c.try(fmt.Sprint("link ", i), fmt.Sprintf("10.0.%d.1", i), bad(0))
		c.clock.advance(time.Hour)
	}
	c.blocked("fresh", "10.1.0.1", bad(0), 24*time.Hour)
	c.must("another card of its BIN", c.open("fresh", "10.1.0.1", cardWithout).status, http.StatusOK)
	c.clock.advance(18 * time.Hour)
	c.blocked("fresh", "10.1.0.1", bad(0), 24*time.Hour)
	c.clock.advance(8 * time.Hour)
	c.try("fresh", "10.1.0.1", bad(0))
}

// Cards typed wrongly, payers who give up and payers who came second are no refusals.
func TestA30_WhatIsNoRefusal(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	for range 12 {
		c.must("a wrong digit", c.open("a", "192.0.2.1", "4155650000000008").status, http.StatusUnprocessableEntity)
		b := c.open("a", "192.0.2.1", cardWithout)
		b.post(c.base+"/r/"+b.paymentID()+"/abandon", url.Values{})
	}
	c.must("still open", c.open("a", "192.0.2.1", cardWithout).status, http.StatusOK)
}

// A31: the payer cannot tell a stolen card from a restricted one; the merchant can.
func TestA31_CoarseReasons(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	texts := map[string]bool{}
	for _, code := range []string{"41", "43", "62", "04", "07"} {
		p := r.atBank(nil)
		r.bankFault(banksim.StepProvision, banksim.FaultDecline, `"`+code+`"`, 1)
		p.back().wants(http.StatusOK, pageDeclined)
		r.ended(p.id, checkout.StatusDeclined, checkout.ReasonCardNotUsable, 0)
		api := r.payment(p.id)["decline"].(map[string]any)
		r.must("API", fmt.Sprint(api["code"], api["bank_code"]), "card_not_usable"+code)
		for _, lang := range []string{"tr", "en"} {
			a := r.stranger().get(r.base + "/r/" + p.id + "?lang=" + lang)
			text := strings.NewReplacer(p.id, "ID", p.id[4:14], "REF", p.link["token"].(string), "TOKEN", p.link["order_id"].(string), "ORDER").Replace(a.body)
			texts[lang+text] = true
			for _, word := range []string{"çalıntı", "kayıp", "stolen", "lost", ">" + code + "<", "(" + code + ")"} {
				if strings.Contains(strings.ToLower(a.body), word) {
					t.Errorf("code %s: the page says %q", code, word)
				}
			}
			j := r.stranger("Accept", "application/json").get(r.base + "/r/" + p.id + "/status")
			r.must("status", strings.TrimSpace(j.body), `{"decided":true,"status":"declined"}`)
		}
	}
	r.must("different pages over five codes and two languages", len(texts), 2)
	r.proven()
}

// A32, checklist C13 and C16: a card number where none belongs is refused, and nobody keeps or
// repeats it.
func TestA32_CardNumberInTheWrongPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(map[string]any{"payer_note": true, "installments": []int{1, 3}})["url"].(string)
	open := r.link(map[string]any{"amount": nil, "amount_mode": "open", "min_amount": 1, "max_amount": checkout.MaxPriceMinor})["url"].(string)
	const pan = "4155650000417004" // nobody's: only here, so that a trace of it is this test's
	secret := banksim.CardNumber("415565", "417")
	r.must("the number", len(pan), len(secret))
	forms := map[string]string{"plain": secret, "spaced": secret[:4] + " " + secret[4:8] + " " + secret[8:12] + " " + secret[12:], "dashed": secret[:4] + "-" + secret[4:8] + "-" + secret[8:12] + "-" + secret[12:]}
	scan := new(cardscan.Scanner)
	silent := func(name string, a answer) {
		t.Helper()
		if found := scan.Bytes(name, []byte(a.body)); len(found) > 0 {
			t.Errorf("%s: the answer repeats it: %v", name, found)
		}
		for k, v := range a.header {
			if found := scan.Bytes(name, []byte(strings.Join(v, " "))); len(found) > 0 {
				t.Errorf("%s: header %s repeats it", name, k)
			}
		}
	}
	for form, text := range forms {
		q := url.QueryEscape(text)
		for name, ask := range map[string]func() answer{
			"query":        func() answer { return r.stranger().get(link + "?card=" + q) },
			"query as BIN": func() answer { return r.stranger().get(link + "/installments?bin=" + q) },
			"query of the API": func() answer {
				return r.stranger("Authorization", "Bearer "+demoAPIKey).get(r.base + "/v1/links?q=" + q)
			},
			"path":            func() answer { return r.stranger().get(r.base + "/p/" + url.PathEscape(text)) },
			"path of nothing": func() answer { return r.stranger().get(r.base + "/x/" + url.PathEscape(text) + "/y") },
			"result":          func() answer { return r.stranger().get(r.base + "/r/" + url.PathEscape(text)) },
			"3ds":             func() answer { return r.stranger().post(r.base+"/3ds/"+url.PathEscape(text), nil) },
			"header":          func() answer { return r.stranger("X-Card", text).get(link) },
			"user agent":      func() answer { return r.stranger("User-Agent", "Pay/1 "+text).get(link) },
			"referer":         func() answer { return r.stranger("Referer", "https://shop.example/?c="+text).get(link) },
			"cookie":          func() answer { return r.stranger("Cookie", "c="+text).get(link) },
			"posted query":    func() answer { return r.stranger().post(link+"/pay?card_number="+q, cardForm(cardWithout)) },
		} {
			a := ask()
			silent(name+" "+form, a)
			if name == "query as BIN" {
				r.must("a JSON address, "+form, a.problem(t), "pan_in_wrong_place")
			}
			if a.status != http.StatusBadRequest {
				t.Errorf("%s, %s: %d, want 400", name, form, a.status)
			}
		}
		for field, status := range map[string]int{
			"payer_note": 422, "card_holder": 422, "card_expiry": 422, "card_cvc": 422, "installments": 422, "terms": 409, "seen_total": 409,
		} {
			silent(field, answerOf(r.browser().post(link+"/pay", cardForm(cardWithout, field, text))))
			a := r.stranger().post(link+"/pay", cardForm(cardWithout, field, text))
			silent(field+" "+form, a)
			r.must(field+" "+form, a.status, status)
			silent(field+" "+form+" as JSON", r.stranger("Accept", "application/json").post(link+"/pay", cardForm(cardWithout, field, text)))
		}
		for _, as := range []string{"", "typed"} {
			a := r.stranger().post(open+"/pay", cardForm(cardWithout, "amount", text, "amount_as", as))
			silent("amount "+form, a)
			r.must("amount "+form, a.status, http.StatusUnprocessableEntity)
		}
		for _, field := range []string{"description", "order_id", "category", "return_url"} {
			value := text
			if field == "return_url" {
				value = "https://shop.example/?c=" + q
			}
			raw := fmt.Sprintf(`{"amount":100,"currency":"TRY",%q:%q}`, field, value)
			a := r.stranger("Authorization", "Bearer "+demoAPIKey).send("POST", r.base+"/v1/links", "application/json", raw)
			silent("API "+field+" "+form, a)
			r.must("API "+field+" "+form, a.status, http.StatusUnprocessableEntity)
		}
	}
	r.must("payments", len(r.allPayments()), 0)
	if n := len(r.loggedWith("code", "pan_in_wrong_place")); n < 30 {
		t.Errorf("%d refusals are logged", n)
	}
	// A browser whose name holds one, glued to a letter, is let in without its name.
	b := r.stranger("User-Agent", "Robot"+secret).post(link+"/pay", cardForm(cardWithout))
	r.must("pay", b.status, http.StatusOK)
	silent("user agent", b)
	p := r.atBank(nil)
	form := copied(p.fields)
	form.Set("ErrMsg", "kart "+secret)
	form.Set("3DStatus", "0")
	demoShop.sign(form)
	silent("the bank's text", answerOf(p.post(p.action, form)))
	r.clean()
}

func answerOf(b *browser) answer { return answer{b.status, b.header, b.body} }

// clean scans every byte below the rig's folder: ledger, its log, our log, the bank's books.
func (r *rig) clean() {
	r.t.Helper()
	if err := r.app.log.Flush(); err != nil {
		r.t.Fatal(err)
	}
	known, err := cardscan.Registered()
	if err != nil {
		r.t.Fatal(err)
	}
	found, stats, err := (&cardscan.Scanner{Known: known}).Scan(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	if stats.Files < 3 {
		r.t.Fatalf("the folder holds %d files", stats.Files)
	}
	for _, f := range found {
		r.t.Errorf("written: %s", f)
	}
}

// A33: mistakes in the card's fields are told at the fields; number and code are not shown again.
func TestA33_CardFields(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	link := r.link(nil)["url"].(string)
	ok := cardWithout
	for name, tc := range map[string]struct{ field, value, want string }{
		"no number":                   {"card_number", "", "card_number:required"},
		"a wrong check digit":         {"card_number", ok[:15] + "2", "card_number:luhn"},
		"fifteen digits":              {"card_number", ok[:15], "card_number:length"},
		"seventeen digits":            {"card_number", ok + "0", "card_number:length"},
		"twenty digits":               {"card_number", ok + "0000", "card_number:length"},
		"letters":                     {"card_number", "41556500000X1005", "card_number:luhn"},
		"a thousand digits":           {"card_number", strings.Repeat("4", 1000), "card_number:luhn"},
		"a NUL":                       {"card_number", ok + "\x00", "card_number:luhn"},
		"last month":                  {"card_expiry", "10/26", "card_expiry:expiry_past"},
		"month 13":                    {"card_expiry", "13/29", "card_expiry:expiry_format"},
		"month 00":                    {"card_expiry", "00/29", "card_expiry:expiry_format"},
		"too far":                     {"card_expiry", "12/47", "card_expiry:expiry_far"},
		"no expiry":                   {"card_expiry", "", "card_expiry:required"},
		"words as expiry":             {"card_expiry", "Aralık", "card_expiry:expiry_format"},
		"a code of two digits":        {"card_cvc", "12", "card_cvc:cvc_length"},
		"a code of four on Visa":      {"card_cvc", "1234", "card_cvc:cvc_length"},
		"no code":                     {"card_cvc", "", "card_cvc:required"},
		"letters as code":             {"card_cvc", "12a", "card_cvc:cvc_length"},
		"a holder of controls":        {"card_holder", "A\x07B", "card_holder:name_control"},
		"a holder of bidi marks":      {"card_holder", "A\u202eB", "card_holder:name_control"},
		"a holder of sixty-one":       {"card_holder", strings.Repeat("ğ", 61), "card_holder:name_length"},
		"a scheme nobody takes":       {"card_number", "6011000990139424", "card_number:brand_not_accepted"},
		"spaces":                      {"card_number", "  4155 6500 0000 1005 ", ""},
		"dashes":                      {"card_number", "4155-6500-0000-1005", ""},
		"full-width digits":           {"card_number", "４１５５６５０００００１００５", "card_number:length"},
		"all full-width":              {"card_number", widen(ok), ""},
		"Arabic-Indic digits":         {"card_number", shift(ok, '٠'), ""},
		"nineteen digits":             {"card_number", luhn19("415565000000100512"), ""},
		"this month":                  {"card_expiry", "11/26", ""},
		"an expiry with four digits":  {"card_expiry", "122029", ""},
		"an expiry as HTML writes it": {"card_expiry", "2029-12", ""},
		"full-width code":             {"card_cvc", "１２３", ""},
	} {
		a := r.stranger("Accept", "application/json").post(link+"/pay", cardForm(ok, tc.field, tc.value))
		if tc.want == "" {
			if a.status != http.StatusOK {
				t.Errorf("%s: %d %.200s", name, a.status, a.body)
			}
			continue
		}
		if got := fmt.Sprint(a.status, " ", a.problem(t)); got != "422 validation_failed "+tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
		b := r.browser().pay(link, ok, tc.field, tc.value, "card_holder", cardForm(ok, tc.field, tc.value).Get("card_holder"))
		if b.status != http.StatusUnprocessableEntity || !strings.Contains(b.body, `id="`+tc.field+`-e"`) {
			t.Errorf("%s: page %d without a word at %s", name, b.status, tc.field)
		}
		for _, input := range elements(t, b.body, "input") {
			if n := attr(input, "name"); (n == "card_number" || n == "card_cvc") && attr(input, "value") != "" {
				t.Errorf("%s: %s is shown again", name, n)
			}
		}
		if strings.Contains(b.body, ok) || strings.Contains(b.body, ok[:12]) {
			t.Errorf("%s: the page holds the number", name)
		}
	}
	b := r.browser().pay(link, "", "card_expiry", "", "card_cvc", "", "card_holder", "4155650000000007")
	for _, field := range []string{"card_number", "card_expiry", "card_cvc", "card_holder"} {
		if !strings.Contains(b.body, `id="`+field+`-e"`) {
			t.Errorf("not every mistake is told at once: %s", field)
		}
	}
}

func shift(digits string, zero rune) string {
	return strings.Map(func(c rune) rune { return zero + c - '0' }, digits)
}

func widen(digits string) string { return shift(digits, '０') }

// luhn19 appends a check digit.
func luhn19(body string) string {
	for d := '0'; d <= '9'; d++ {
		if n := body + string(d); checkout.Luhn(n) {
			return n
		}
	}
	return ""
}

// A34, I16: amounts that are none.
func TestA34_I16_Amounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	open := func(currency string) string {
		return r.link(map[string]any{"amount": nil, "currency": currency, "amount_mode": "open", "min_amount": 1, "max_amount": checkout.MaxPriceMinor})["url"].(string)
	}
	lira, yen := open("TRY"), open("JPY")
	never := []string{
		"9223372036854775808", "9223372036854775807", "18446744073709551616", "-1", "+1", "1e3", "1E3", "0x10", "0b1", "NaN", "Inf", "-0", "0", "00", "",
		" ", "1.234,56.7", "1,2,3", "1..2", "1_000", "１e３", "٣x", "1/2", "=1+1", "1;2", "\x00", "1\x00", "999999999999999", strings.Repeat("9", 400),
		"100 USD", "$100", "0.500", "1.23.456",
	}
	form := func(link, amount, as string) answer {
		return r.stranger("Accept", "application/json").post(link+"/pay", cardForm(cardWithout, "amount", amount, "amount_as", as))
	}
	for _, as := range []string{"", "typed"} {
		for _, amount := range never {
			if amount == "-0" && as == "" {
				continue
			}
			a := form(lira, amount, as)
			if a.status != http.StatusUnprocessableEntity || !strings.HasPrefix(a.problem(t), "validation_failed amount:") {
				t.Errorf("%.30q as %q: %d %.200s", amount, as, a.status, a.body)
			}
		}
	}
	for _, amount := range []string{"1.234,56", "12.345", "12,5", "１２", "010", " 12", "12 ", "12TL"} {
		a := form(lira, amount, "")
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("a program's %q: %d", amount, a.status)
		}
	}
	for _, amount := range []string{"12.5", "12,50", "1.5", "12.345.6"} {
		if a := form(yen, amount, "typed"); a.status != http.StatusUnprocessableEntity {
			t.Errorf("yen %q: %d", amount, a.status)
		}
	}
	r.must("payments", len(r.allPayments()), 0)
	// And what people mean is what is charged, to the kuruş.
	for amount, minor := range map[string]int64{"1.234,56": 123456, "12.345": 1234500, "0,01": 1, "1234.5": 123450, "1,234.56": 123456, "12 TL": 1200, "₺12,5": 1250} {
		b := r.browser().pay(lira, cardWithout, "amount", amount, "amount_as", "typed")
		if b.status != http.StatusOK {
			t.Errorf("%q: %d", amount, b.status)
			continue
		}
		r.must(amount, r.ledgerPayment(b.paymentID()).Total.Minor, minor)
	}
	b := r.browser().pay(lira, cardWithout, "amount", "123456")
	r.must("a program's integer", r.ledgerPayment(b.paymentID()).Total.Minor, 123456)
	// The API's amounts are integers of the smallest unit; currencies are those that some account can write.
	for name, body := range map[string]string{
		"a fraction": `{"amount":250.5,"currency":"TRY"}`, "an exponent": `{"amount":1e3,"currency":"TRY"}`, "text": `{"amount":"25000","currency":"TRY"}`,
		"2^63": `{"amount":9223372036854775808,"currency":"TRY"}`, "negative": `{"amount":-1,"currency":"TRY"}`, "nothing": `{"amount":0,"currency":"TRY"}`,
		"NaN": `{"amount":NaN,"currency":"TRY"}`, "null": `{"amount":null,"currency":"TRY"}`,
		"won": `{"amount":100,"currency":"KRW"}`, "dinar": `{"amount":100,"currency":"KWD"}`, "lower case": `{"amount":100,"currency":"try"}`,
	} {
		a := r.stranger("Authorization", "Bearer "+demoAPIKey).send("POST", r.base+"/v1/links", "application/json", body)
		if a.status != http.StatusUnprocessableEntity && a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %.200s", name, a.status, a.body)
		}
	}
	r.booksAgree()
}

// evil is a text that shows itself wherever it is not escaped.
const evil = `"'><xss-probe onxss=1>-->{{.}}]]></script></title></textarea><svg onload=xss()>`

// A35: text of strangers stays text on every page.
func TestA35_ScriptInTexts(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	m, err := r.app.ledger.Merchant(context.Background(), demoMerchant)
	if err != nil {
		t.Fatal(err)
	}
	m.Name, m.LegalName, m.Phone, m.Email, m.Website = "A"+evil, "B"+evil, "+90"+evil, "c@d"+evil, "https://x/"+evil
	m.Version++
	if err := r.app.ledger.SaveMerchant(context.Background(), m, operatorEvent(m.ID, string(m.ID), "merchant.saved", r.clock.Now())); err != nil {
		t.Fatal(err)
	}
	r.app.flow.Forget(demoMerchant)
	link := r.link(map[string]any{"description": "D" + evil, "payer_note": true, "return_url": `https://shop.example/?q="><xss-probe`, "installments": []int{1, 3}, "order_id": "A-1"})
	address := link["url"].(string)
	holds := func(name string, b *browser, texts ...string) {
		t.Helper()
		for _, el := range []string{"xss-probe", "svg"} {
			for _, n := range elements(t, b.body, el) {
				if el == "xss-probe" || attr(n, "onload") != "" {
					t.Errorf("%s: <%s> was injected", name, el)
				}
			}
		}
		for _, script := range elements(t, b.body, "script") {
			if attr(script, "src") == "" || script.FirstChild != nil {
				t.Errorf("%s: an inline script", name)
			}
		}
		if strings.Contains(b.body, "xss-probe onxss") && strings.Contains(b.body, "<xss-probe") {
			t.Errorf("%s: unescaped", name)
		}
		for _, text := range texts {
			if !strings.Contains(plainText(b.body), text) {
				t.Errorf("%s: the text %.20q is not shown as typed: %.300s", name, text, plainText(b.body))
			}
		}
	}
	b := r.browser()
	for _, lang := range []string{"tr", "en"} {
		b.lang = lang
		holds("link page", b.get(address), "A"+evil, "D"+evil, "B"+evil)
		holds("with offers", b.get(address+"?bin=415565"), "D"+evil)
		holds("with a BIN that is none", b.get(address+"?bin="+url.QueryEscape(evil)))
		holds("a mistake", b.pay(address, "", "card_holder", "H"+evil[:40], "payer_note", "N"+evil, "card_expiry", evil, "installments", evil, "amount", evil, "lang", evil))
	}
	b.lang = "tr"
	var typed []string
	for _, n := range append(elements(t, b.body, "input"), elements(t, b.body, "textarea")...) {
		typed = append(typed, attr(n, "value"))
		if n.FirstChild != nil {
			typed = append(typed, n.FirstChild.Data)
		}
	}
	if !slices.Contains(typed, "H"+evil[:40]) || !slices.Contains(typed, "N"+evil) {
		t.Errorf("what was typed is not given back: %q", typed)
	}
	holds("hand-over", b.pay(address, cardWithout, "card_holder", "H"+evil[:40], "payer_note", "N"+evil), "A"+evil)
	id := b.paymentID()
	action, fields := b.callback("")
	forged := copied(fields)
	forged.Set("ErrMsg", evil)
	forged.Set(evil, evil)
	holds("bad return", b.post(action, forged), "A"+evil)
	holds("at the bank", b.get(r.base+"/r/"+id))
	holds("receipt", b.post(action, fields), "A"+evil, "N"+evil)
	for _, a := range elements(t, b.body, "a") {
		if attr(a, "id") == "shop" && attr(a, "href") != "https://shop.example/?q=%22%3e%3cxss-probe" {
			t.Errorf("the way back is %q", attr(a, "href"))
		}
	}
	holds("paid link", b.get(address))
	holds("check", b.get(r.base+"/v/"+checkout.ReceiptCode(checkout.PaymentID(id))), "A"+evil)
	holds("not found", b.get(r.base+"/p/"+url.PathEscape(evil)))
	holds("nothing there", b.get(r.base+"/"+url.PathEscape(evil)+"?lang="+url.QueryEscape(evil)))
	// As typed in the books and the API, where it is JSON.
	r.must("note", r.payment(id)["payer_note"], "N"+evil)
	_, l := r.api("GET", "/v1/links/"+link["id"].(string), nil)
	r.must("description", l["description"], "D"+evil)
	raw := r.stranger("Authorization", "Bearer "+demoAPIKey).get(r.base + "/v1/links/" + link["id"].(string))
	if !strings.HasPrefix(raw.header.Get("Content-Type"), "application/json") || raw.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("JSON that a browser could take for a page: %v", raw.header)
	}
	r.ended(id, checkout.StatusPaid, "", 1)
	r.proven()
}

// A36: texts that look like other texts.
func TestA36_LookAlikeTexts(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for name, text := range map[string]string{
		"two scripts in a word": "Аhşap", // a Cyrillic A
		"bidi":                  "Masa\u202easaM",
		"zero width":            "Ma\u200bsa",
		"isolate":               "Ma\u2066sa",
		"a soft return":         "Ma\u2028sa",
		"control":               "Ma\u0007sa",
	} {
		var out strings.Builder
		if err := merchantCommand(context.Background(), []string{"add", "--name", text}, &out); err == nil || !strings.HasPrefix(err.Error(), "--name: ") {
			t.Errorf("%s as a merchant's name: %v", name, err)
		}
		status, answer := r.api("POST", "/v1/links", map[string]any{"amount": 100, "currency": "TRY", "customer": map[string]any{"name": text}})
		r.must(name+" as a customer's name", status, http.StatusUnprocessableEntity)
		r.must("field", answer["errors"].([]any)[0].(map[string]any)["field"], "customer.name")
		if name != "two scripts in a word" && name != "a soft return" {
			status, _ = r.api("POST", "/v1/links", map[string]any{"amount": 100, "currency": "TRY", "description": text})
			r.must(name+" as a description", status, http.StatusUnprocessableEntity)
		}
	}
	l := r.link(map[string]any{"description": "Cafe\u0301 S\u0327u\u0308kru\u0308", "customer": map[string]any{"name": "Ay\u0073\u0327e"}})
	r.must("NFC stored", l["description"], "Café Şükrü")
	r.must("NFC stored", l["customer"].(map[string]any)["name"], "Ayşe")
	for _, good := range []string{"Ahşap Atölyesi", "Müller & Şükrü 24/7", "Дом и сад", "日本 商店 Ltd"} {
		if code := checkout.CheckName(good); code != "" {
			t.Errorf("%q: %s", good, code)
		}
	}
}

// Where the bank refuses with the opening, the refusal stands in the form that the browser would carry
// back. A thief reads it there and never comes back: he is counted all the same.
func TestA30_RefusalReadInTheForm(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"3dmodel", "3dpay"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			opt := limited()
			opt.mode = mode
			r := newRig(t, opt)
			link := r.link(nil)
			for i := range 5 {
				a := r.stranger("X-Forwarded-For", fmt.Sprintf("10.0.%d.1", i), "Accept", "application/json").post(link["url"].(string)+"/pay", cardForm(banksim.CardNumber([]string{"415565", "450634", "540061"}[i%3], "900")))
				if a.status != http.StatusOK || !strings.Contains(a.body, `"3DStatus":"0"`) {
					t.Fatalf("try %d: %d %.300s", i+1, a.status, a.body)
				}
			}
			a := r.stranger("X-Forwarded-For", "10.1.0.1").post(link["url"].(string)+"/pay", cardForm(cardWithout))
			r.must("the sixth", fmt.Sprint(a.status, " ", heading(a.body)), "429 "+pageTooMany)
			for _, p := range r.allPayments() {
				r.must("recorded", fmt.Sprint(p.Status, " ", p.Decline.Code), "failed authentication_failed")
			}
			// An honest browser carries it back and reads the same.
			r.clock.advance(16 * time.Minute)
			b := r.browser()
			b.from = "10.2.0.1"
			b.pay(link["url"].(string), banksim.CardNumber("415565", "900"))
			id := b.paymentID()
			b.finish("")
			r.must("result", heading(b.body), pageNotVerified)
			r.must("recorded once", r.events(id), []string{"payment.challenged", "payment.failed"})
			// A card that passes without being asked is not paid before its holder comes back.
			b.pay(link["url"].(string), cardWithout)
			if st := r.ledgerPayment(b.paymentID()).Status; st != checkout.StatusChallenged {
				t.Errorf("a card that passed is %s before its browser came back", st)
			}
		})
	}
}
