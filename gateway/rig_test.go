package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/threeds/banksim"
)

// rig is a whole gateway with its bank, on a clock that only the test moves. The gateway listens on
// a real port and is spoken to over HTTP, as strangers do.
type rig struct {
	t     *testing.T
	clock *testClock
	bank  *banksim.Bank
	bankS *httptest.Server
	app   *app
	base  string // of the gateway
	dir   string
	opt   rigOptions
	stop  func()
}

// rigOptions choose what the gateway stands on; the zero value is SQLite and memory.
type rigOptions struct {
	database string                                           // URL; "" = a fresh SQLite file
	redis    string                                           // URL; "" = memory
	mode     string                                           // of the PayFor account; "" = 3dmodel
	half     bool                                             // the account allows half-secure
	limits   bool                                             // rate limits on
	tame     bool                                             // the bank has no hostile habits
	sleep    func(ctx context.Context, d time.Duration) error // how the bank is slow; nil = by a real timer
	fault    func(point string) error
	timing   checkout.Timing
	config   func(*Config)                            // changes the settings before the start
	seams    func(*seams)                             // changes what stands in the place of the world
	seen     func(answer *http.Response, body []byte) // told of every answer to a browser
}

// testClock is moved by hand.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

// testTiming lets calls that never end end soon; what waits for the clock waits for the test's.
var testTiming = checkout.Timing{
	Provision: 1500 * time.Millisecond, Answer: 4 * time.Second, Opening: 3 * time.Second, Inquiry: 1500 * time.Millisecond,
	Settle: time.Minute, Abandon: 30 * time.Minute,
}

func newRig(t *testing.T, opt rigOptions) *rig {
	t.Helper()
	r := &rig{t: t, opt: opt, dir: testenv.Dir(t), clock: &testClock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}
	var err error
	r.bank, err = banksim.New(banksim.Options{
		Now: r.clock.Now, Sleep: opt.sleep, Hostile: !opt.tame, Rand: newSeed(t.Name()), DataFile: filepath.Join(r.dir, "bank.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.bankS = httptest.NewServer(r.bank.Handler())
	t.Cleanup(func() { r.bank.Close(); r.bankS.Close() })
	r.start()
	t.Cleanup(func() { r.stop() })
	return r
}

// start opens and serves the gateway; after r.stop() it can be started again on the same data.
func (r *rig) start() {
	r.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.base = "http://" + listener.Addr().String()
	db := r.opt.database
	if db == "" {
		db = "sqlite:" + filepath.Join(r.dir, "odelink.db")
	}
	timing := r.opt.timing
	if timing.Provision == 0 {
		timing = testTiming
	}
	cfg := Config{
		Demo: true, PublicURL: r.base, DatabaseURL: db, RedisURL: r.opt.redis, MasterKeys: [][]byte{demoMasterKey},
		LogFormat: "json", LogLevel: "debug", LimitsOff: !r.opt.limits,
	}
	logs, err := openAppend(filepath.Join(r.dir, "odelink.log"))
	if err != nil {
		r.t.Fatal(err)
	}
	world := seams{clock: r.clock, timing: timing, fault: r.opt.fault, log: logs}
	if r.opt.config != nil {
		r.opt.config(&cfg)
	}
	if r.opt.seams != nil {
		r.opt.seams(&world)
	}
	a, err := open(context.Background(), cfg, world)
	if err != nil {
		r.t.Fatal(err)
	}
	r.app = a
	if err := a.seedDemo(context.Background(), r.bankS.URL+"/payfor/Gateway/"); err != nil {
		r.t.Fatal(err)
	}
	r.account(func(acc *checkout.Account) {
		acc.HalfSecure = r.opt.half
		if r.opt.mode != "" {
			acc.Mode = r.opt.mode
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.server().Run(ctx, web.Wrap(listener, web.ListenOptions{})) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		a.panel.Stop() // as run does: a browser that is gone is noticed at the second beat of a live page
		<-done
		a.flow.Wait()
		if err := errors.Join(a.close(), logs.Close()); err != nil {
			r.t.Errorf("close: %v", err)
		}
	})
}

// account changes the demo merchant's PayFor account.
func (r *rig) account(change func(*checkout.Account)) {
	r.t.Helper()
	all, err := r.app.ledger.Accounts(context.Background(), demoMerchant)
	if err != nil || len(all) == 0 {
		r.t.Fatalf("accounts: %v, %v", all, err)
	}
	acc := all[0]
	change(&acc)
	acc.Version++
	if err := r.app.ledger.SaveAccount(context.Background(), acc, operatorEvent(demoMerchant, string(acc.ID), "account.saved", r.clock.Now())); err != nil {
		r.t.Fatal(err)
	}
	r.app.flow.Forget(demoMerchant)
}

// api calls the merchant API with the demo key and decodes the answer.
func (r *rig) api(method, path string, body any) (status int, answer map[string]any) {
	r.t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			r.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, r.base+path, in)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+demoAPIKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			r.t.Fatalf("%s %s: %d %q", method, path, resp.StatusCode, raw)
		}
	}
	return resp.StatusCode, answer
}

// link makes a link and answers it.
func (r *rig) link(fields map[string]any) map[string]any {
	r.t.Helper()
	body := map[string]any{"amount": 25000, "currency": "TRY"}
	for k, v := range fields {
		body[k] = v
	}
	status, l := r.api("POST", "/v1/links", body)
	if status != http.StatusCreated {
		r.t.Fatalf("link: %d %v", status, l)
	}
	return l
}

// payment reads a payment by the API.
func (r *rig) payment(id string) map[string]any {
	r.t.Helper()
	status, p := r.api("GET", "/v1/payments/"+id, nil)
	if status != http.StatusOK {
		r.t.Fatalf("payment %s: %d %v", id, status, p)
	}
	return p
}

// events are the types of a payment's audit trail.
func (r *rig) events(id string) []string {
	r.t.Helper()
	list, err := r.app.ledger.Events(context.Background(), demoMerchant, id)
	if err != nil {
		r.t.Fatal(err)
	}
	types := make([]string, len(list))
	for i, e := range list {
		types[i] = e.Type
		if reason := e.Data["reason"]; e.Type == "payment.callback_rejected" {
			types[i] += ":" + reason
		}
	}
	return types
}

// settle runs the settle loop's body until nothing is due.
func (r *rig) settle() {
	r.t.Helper()
	for range 100 {
		n, err := r.app.flow.Settle(context.Background())
		if err != nil {
			r.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	r.t.Fatal("the settle loop finds no end")
}

// settleFor lets time pass in steps and settles at each.
func (r *rig) settleFor(d time.Duration) {
	r.t.Helper()
	for end := r.clock.Now().Add(d); r.clock.Now().Before(end); {
		r.clock.advance(10 * time.Second)
		r.settle()
	}
}

// browser is a payer without scripts and cookies: it fills forms, presses buttons, follows redirects.
type browser struct {
	r      *rig
	lang   string
	from   string // address that a proxy says it has; "" = no proxy
	url    string
	status int
	body   string
	header http.Header
}

func (r *rig) browser() *browser { return &browser{r: r, lang: "tr"} }

// get opens an address, following redirects.
func (b *browser) get(address string) *browser {
	return b.do("GET", address, nil)
}

// post sends a form, following redirects as a browser does.
func (b *browser) post(address string, form url.Values) *browser {
	return b.do("POST", address, form)
}

func (b *browser) do(method, address string, form url.Values) *browser {
	b.r.t.Helper()
	for range 10 {
		var in io.Reader
		if form != nil {
			in = strings.NewReader(form.Encode())
		}
		req, err := http.NewRequest(method, address, in)
		if err != nil {
			b.r.t.Fatal(err)
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		req.Header.Set("Accept-Language", b.lang)
		if b.from != "" {
			req.Header.Set("X-Forwarded-For", b.from)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			b.r.t.Fatalf("%s %s: %v", method, address, err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			b.r.t.Fatal(err)
		}
		b.url, b.status, b.body, b.header = address, resp.StatusCode, string(raw), resp.Header
		if b.r.opt.seen != nil {
			b.r.opt.seen(resp, raw)
		}
		if resp.StatusCode != http.StatusSeeOther && resp.StatusCode != http.StatusFound {
			return b
		}
		next, err := req.URL.Parse(resp.Header.Get("Location"))
		if err != nil {
			b.r.t.Fatal(err)
		}
		method, address, form = "GET", next.String(), nil
	}
	b.r.t.Fatal("redirects without end")
	return b
}

// form finds the first form that posts, with its fields as they stand.
func (b *browser) form() (action string, fields url.Values) {
	b.r.t.Helper()
	doc, err := html.Parse(strings.NewReader(b.body))
	if err != nil {
		b.r.t.Fatal(err)
	}
	fields = url.Values{}
	var walk func(n *html.Node, in bool)
	walk = func(n *html.Node, in bool) {
		if n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") && action == "" {
			base, _ := url.Parse(b.url)
			if u, err := base.Parse(attr(n, "action")); err == nil {
				action, in = u.String(), true
			}
		}
		if in && n.Type == html.ElementNode && n.Data == "input" && attr(n, "name") != "" && attr(n, "type") != "submit" {
			fields.Add(attr(n, "name"), attr(n, "value"))
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, in)
		}
	}
	walk(doc, false)
	if action == "" {
		b.r.t.Fatalf("no form on %s (%d): %.400s", b.url, b.status, b.body)
	}
	return action, fields
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if strings.EqualFold(a.Key, name) {
			return a.Val
		}
	}
	return ""
}

// cardForm is a filled card form.
func cardForm(number string, more ...string) url.Values {
	f := url.Values{"card_number": {number}, "card_expiry": {"12/29"}, "card_cvc": {"123"}, "card_holder": {"Ayşe Işık"}, "installments": {"1"}}
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

// pay posts a card; afterwards the browser stands on the hand-over page, or on what refused it.
func (b *browser) pay(linkURL, number string, more ...string) *browser {
	return b.post(linkURL+"/pay", cardForm(number, more...))
}

// toBank follows the hand-over page to the issuer's page.
func (b *browser) toBank() *browser {
	b.r.t.Helper()
	for range 6 {
		action, fields := b.form()
		if _, asks := fields["otp"]; asks || strings.Contains(action, "/3ds/") {
			return b
		}
		if _, hosted := fields["Pan"]; hosted {
			fields = url.Values{"Pan": {banksim.CardNumber("415565", "000")}, "Expiry": {"1229"}, "Cvv2": {"123"}, "CardHolderName": {"Ayşe Işık"}, "action": {"submit"}}
		}
		b.post(action, fields)
	}
	b.r.t.Fatal("the bank never asks")
	return b
}

// callback is the form with which the bank sends the browser back, not yet sent.
func (b *browser) callback(otp string) (action string, fields url.Values) {
	b.r.t.Helper()
	b.toBank()
	for range 4 {
		action, fields = b.form()
		if strings.Contains(action, "/3ds/") {
			return action, fields
		}
		fields.Set("otp", otp)
		fields.Set("action", "submit")
		b.post(action, fields)
	}
	b.r.t.Fatalf("the bank never sends back: %s", b.url)
	return "", nil
}

// finish goes through the bank with a password and back; the browser stands on the result.
func (b *browser) finish(otp string) *browser {
	b.r.t.Helper()
	return b.post(b.callback(otp))
}

var paymentInURL = regexp.MustCompile(`pay_[0-9A-Za-z]{22}`)

// paymentID is the payment that the page is about.
func (b *browser) paymentID() string {
	b.r.t.Helper()
	for _, text := range []string{b.url, b.body} {
		if id := paymentInURL.FindString(text); id != "" {
			return id
		}
	}
	b.r.t.Fatalf("no payment on %s: %.300s", b.url, b.body)
	return ""
}

// booksAgree holds the ledger against the bank's own books: every charge that stands at the bank is
// paid here exactly once for the same money, and nothing is paid here that the bank does not know
// (I1, I3, I4); and every chain of the audit trail is whole (I20).
func (r *rig) booksAgree() {
	r.t.Helper()
	at := map[string]banksim.Charge{}
	for _, c := range r.bank.Charges() {
		if _, twice := at[c.OrderID]; twice {
			r.t.Errorf("the bank charged order %s twice", c.OrderID)
		}
		at[c.OrderID] = c
	}
	perLink := map[checkout.LinkID]int{}
	for _, p := range r.allPayments() {
		c, charged := at[string(p.BankOrder)]
		delete(at, string(p.BankOrder))
		switch {
		case p.Status == checkout.StatusPaid && (!charged || c.Status != "authorized" || c.Amount != p.Total.Minor || c.Currency != string(p.Total.Currency)):
			r.t.Errorf("payment %s is paid here, at the bank %+v", p.ID, c)
		case p.Status == checkout.StatusVoided && charged && c.Status != "voided" && c.Status != "refunded":
			r.t.Errorf("payment %s is voided here, at the bank %s", p.ID, c.Status)
		case p.Status == checkout.StatusPartiallyRefunded || p.Status == checkout.StatusRefunded:
			if !charged || c.Amount != p.Total.Minor || c.RefundedAmount != p.Refunded {
				r.t.Errorf("of payment %s %d went back here, at the bank %+v", p.ID, p.Refunded, c)
			}
		case charged && c.Status == "authorized" && p.Status != checkout.StatusPaid:
			r.t.Errorf("payment %s is %s here, but the bank holds %d", p.ID, p.Status, c.Amount)
		}
		if p.Status == checkout.StatusPaid && p.SingleUse {
			perLink[p.Link]++
		}
	}
	for order := range at {
		r.t.Errorf("the bank holds order %s, which nobody here made", order)
	}
	for l, n := range perLink {
		if n > 1 {
			r.t.Errorf("single-use link %s was paid %d times", l, n)
		}
	}
	r.trailWhole()
}

func (r *rig) allPayments() []checkout.Payment {
	r.t.Helper()
	var all []checkout.Payment
	q := checkout.PaymentQuery{Merchant: demoMerchant, Limit: 100}
	for {
		page, next, err := r.app.ledger.SearchPayments(context.Background(), q)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, page...)
		if next == "" {
			return all
		}
		q.Cursor = next
	}
}

func (r *rig) trailWhole() {
	r.t.Helper()
	for _, f := range r.app.checkAudit(context.Background()) {
		if f.err != nil {
			r.t.Errorf("audit trail: %v", f.err)
		}
	}
}

// must fails the test unless what was seen is what was wanted.
func (r *rig) must(what string, got, want any) {
	r.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// payments is how many payments there are, and how many forms the gateway took for them.
func (r *rig) payments() int { return len(r.allPayments()) }

// paidBy has a link paid by a program that fills the forms, and answers the payment.
func (r *rig) paidBy(l map[string]any, script string) (payment string) {
	r.t.Helper()
	b := r.browser().pay(l["url"].(string), card(script)).finish("123456")
	return b.paymentID()
}
