package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/odelink/odelink/checkout"
	chrome "github.com/odelink/odelink/gateway/testenv/browser"
	"github.com/odelink/odelink/threeds/banksim"
)

// The browser tests drive a real Chromium through the whole gateway and the simulated bank's own
// pages. Their names carry the rows of the payment page checklist and of the threat model; what a page
// does by itself, without the gateway behind it, is tested beside the pages (gateway/web/page).

// unhurried gives the bank all the time that a busy machine may need: what these tests look at does
// not depend on it, except where the bank is told never to answer.
var unhurried = checkout.Timing{
	Provision: 12 * time.Second, Answer: 13 * time.Second, Opening: 12 * time.Second, Inquiry: 12 * time.Second,
	Settle: time.Minute, Abandon: 30 * time.Minute,
}

// newSite is a rig whose bank stands on another site than the gateway, as banks do: localhost beside
// 127.0.0.1, so that the browser treats the way back as cross-site.
func newSite(t *testing.T, opt rigOptions) *rig {
	t.Helper()
	if opt.timing.Provision == 0 {
		opt.timing = unhurried
	}
	r := newRig(t, opt)
	r.crossSite()
	return r
}

// crossSite gives the bank its other name.
func (r *rig) crossSite() {
	r.t.Helper()
	r.bankS.URL = strings.Replace(r.bankS.URL, "127.0.0.1", "localhost", 1)
	r.account(func(a *checkout.Account) { a.BaseURL = r.bankS.URL + "/payfor/Gateway/" })
}

// phone and desktop are the two sizes that the pages are judged at.
func phone() chrome.Options   { return chrome.Phone() }
func desktop() chrome.Options { return chrome.Options{Width: 1440, Height: 900} }

// person is a card holder at a browser.
type person struct {
	*chrome.Page
	r          *rig
	scriptsOff bool
}

// person opens a browser of its own: fresh cookies, fresh cache.
func (r *rig) person(t *testing.T, o chrome.Options) *person {
	t.Helper()
	return &person{Page: chrome.New(t, o), r: r, scriptsOff: o.ScriptsOff}
}

// tab is a second tab of the same browser.
func (p *person) tab() *person { return &person{Page: p.Tab(), r: p.r, scriptsOff: p.scriptsOff} }

// call sends the browser a command that the page's own methods do not know.
func call[P, R any](t *testing.T, p *chrome.Page, command cdp.Command[P, R], params P) R {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, 15*time.Second)
	defer cancel()
	answer, err := chromedp.Call(ctx, command, params)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// cards are the scripted test cards of the simulated bank (contract, section 5).
func card(script string) string { return banksim.CardNumber("415565", script) }

// fillCard types a card, key by key.
func (p *person) fillCard(number string) {
	p.Fill("#card_number", number)
	p.Fill("#card_expiry", "1229")
	p.Fill("#card_cvc", "123")
	p.Fill("#card_holder", "Şükrü Ğ. Işık")
}

// toBank presses the pay button and follows the hand-over to the bank's own page.
func (p *person) toBank() {
	if p.scriptsOff {
		p.ClickAndLoad("#go")
		p.ClickAndLoad("#bank button")
	} else {
		p.Click("#go")
	}
	p.WaitURL("/acs/")
	p.WaitVisible("#challenge")
}

// answer types a one-time password at the bank and comes back to the result.
func (p *person) answer(otp string) {
	p.Fill("#otp", otp)
	p.leaveBank("submit")
}

// leaveBank presses one of the two buttons of the bank's page and comes back to the result.
func (p *person) leaveBank(button string) {
	if p.scriptsOff {
		p.ClickAndLoad("#challenge button[value=" + button + "]")
		p.ClickAndLoad("#forward button")
	} else {
		p.Click("#challenge button[value=" + button + "]")
	}
	p.WaitURL("/r/pay_")
	p.WaitVisible(".result h1")
}

// pay goes the whole way with a card and the right password.
func (p *person) pay(address, number string) {
	p.Open(address)
	p.fillCard(number)
	p.toBank()
	p.answer("123456")
}

// says is what can be read in an element, with plain spaces.
func (p *person) says(selector string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(p.Text(selector), "\u00a0", " ")), " ")
}

// want fails the test for each text that cannot be read in the element.
func (p *person) want(t *testing.T, selector string, texts ...string) {
	t.Helper()
	all := p.says(selector)
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%q is not to be read in %s on %s:\n%s", text, selector, p.URL(), all)
		}
	}
}

// reads waits until a text can be read in an element: for pages that change by themselves.
func (p *person) reads(selector, text string) {
	p.WaitFor(`(document.querySelector("` + selector + `")?.innerText ?? "").replace(/\s+/g, " ").includes("` + text + `")`)
}

// until waits for what the browser reports beside the page: log lines, violations, answers.
func (p *person) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); p.WaitFor("document.readyState") { // as long as one round trip
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// quiet holds what a journey must never do: ask a foreign host, report an error, break its policy,
// keep a cookie but the reminder of the link's page (A3, A35, F8, N1).
func (p *person) quiet(t *testing.T) {
	t.Helper()
	p.WantQuiet(strings.TrimPrefix(p.r.base, "http://"), strings.TrimPrefix(p.r.bankS.URL, "http://"))
	if cookies := p.Cookies(); slices.ContainsFunc(cookies, func(name string) bool { return name != "waiting" }) {
		t.Errorf("cookies were set: %v", cookies)
	}
}

// status holds a page's HTTP status.
func status(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: status %d, want %d", what, got, want)
	}
}

// speech is what the paid journey says in one language.
type speech struct {
	accept, lang                                 string
	sum, button, order, testing, steps, handover []string
	paid, receipt, earlier                       []string
	title                                        string
}

var speeches = map[string]speech{
	"turkish": {
		accept: "tr-TR", lang: "tr", sum: []string{"Ödenecek tutar", "1.234,56 TL"}, button: []string{"1.234,56 TL öde"},
		order: []string{"Sipariş no: S-TR", "Son ödeme:"}, testing: []string{"TEST MODU: Bu sayfada gerçek para çekilmez."},
		steps:    []string{"Kart Bilgileri", "SMS Onayı", "Ödeme Tamamlandı"},
		handover: []string{"Bankanızın doğrulama sayfasına yönlendiriliyorsunuz", "1.234,56 TL", "QNB"},
		paid:     []string{"Ödeme tamamlandı", "1.234,56 TL"}, title: "Ödeme tamamlandı",
		receipt: []string{"Sipariş no S-TR", "Tutar 1.234,56 TL", "Tek çekim", "0007", "QNB", "Onay kodu", "22.11.2026 12:00 (TSİ)", "Bu belge mali belge yerine geçmez."},
		earlier: []string{"Bu ödeme 22.11.2026 12:00 (TSİ) tarihinde tamamlandı.", "Yeniden ödemeniz gerekmez."},
	},
	"english": {
		accept: "en-GB", lang: "en", sum: []string{"Amount to pay", "TRY 1,234.56"}, button: []string{"Pay TRY 1,234.56"},
		order: []string{"Order no.: S-EN", "Pay by:"}, testing: []string{"TEST MODE: no real money is taken on this page."},
		steps:    []string{"Card details", "SMS check", "Payment complete"},
		handover: []string{"You are being taken to your bank's verification page", "TRY 1,234.56", "QNB"},
		paid:     []string{"Payment complete", "TRY 1,234.56"}, title: "Payment complete",
		receipt: []string{"Order no. S-EN", "Amount TRY 1,234.56", "Single payment", "0007", "QNB", "Approval code", "22 Nov 2026, 12:00 (UTC+3)", "This document is not a fiscal document."},
		earlier: []string{"This payment was completed on 22 Nov 2026, 12:00 (UTC+3).", "You need not pay again."},
	},
}

// The paid journey, on both sizes, with scripts and without, in both languages: the server's page is
// complete by itself (A1, K1), the bank gets the whole page (G1), the way back needs no cookie (G3,
// A41), and afterwards the link is the receipt for ever (H8).
func TestUX_A1_B1_G1_H8_K1_PaidJourney(t *testing.T) {
	t.Parallel()
	for size, options := range map[string]chrome.Options{"phone": phone(), "desktop": desktop()} {
		for scripts, off := range map[string]bool{"scripts on": false, "scripts off": true} {
			for language, words := range speeches {
				t.Run(size+", "+scripts+", "+language, func(t *testing.T) {
					t.Parallel()
					mine := options // the journeys run side by side
					mine.ScriptsOff, mine.Lang = off, words.accept
					paidJourney(t, mine, words)
				})
			}
		}
	}
}

func paidJourney(t *testing.T, o chrome.Options, w speech) {
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"amount": 123456, "order_id": "S-" + strings.ToUpper(w.lang), "description": "Ğüzel ışık, 1 adet"})
	p := r.person(t, o)
	status(t, "link", p.Open(l["url"].(string)), http.StatusOK)
	if lang := p.Attribute("html", "lang"); lang != w.lang {
		t.Errorf("the page is in %q", lang)
	}
	p.want(t, ".test", w.testing...)
	p.want(t, "header", "Ahşap Atölyesi")
	p.want(t, "h1", w.sum...)
	p.want(t, "main", append(w.order, "Ğüzel ışık, 1 adet")...)
	p.want(t, ".steps", w.steps...)
	p.want(t, "#go", w.button...)
	p.want(t, "footer", "Ahşap Atölyesi Mobilya Ltd. Şti.", "+90 212 555 01 23", "destek@ahsap.example")
	if current := p.says("[aria-current=step]"); current != w.steps[0] {
		t.Errorf("the present step is %q", current)
	}
	p.fillCard(card("000"))
	if p.scriptsOff {
		status(t, "hand-over", p.ClickAndLoad("#go"), http.StatusOK)
		p.want(t, "main", w.handover...)
		p.ClickAndLoad("#bank button")
	} else {
		p.Click("#go")
	}
	p.WaitURL(r.bankS.URL + "/acs/challenge/")
	p.want(t, "main", w.sum[1], "4155 65•• •••• 0007")
	if n := len(p.Hosts()); n != 2 {
		t.Errorf("hosts: %v", p.Hosts())
	}
	p.answer("123456")
	if top := chrome.Eval[bool](p.Page, "window === top && !window.opener"); !top {
		t.Error("the result stands in a frame or in a window of its own")
	}
	p.want(t, ".result", w.paid...)
	p.want(t, ".receipt", w.receipt...)
	if title := p.Title(); !strings.HasPrefix(title, w.title) {
		t.Errorf("title %q", title)
	}
	if p.Focused() != "h1" {
		t.Errorf("the focus is on %q, not on the heading", p.Focused())
	}
	status(t, "the paid link", p.Open(l["url"].(string)), http.StatusGone)
	p.want(t, ".result", w.earlier...)
	if n := p.Count("#pay"); n != 0 {
		t.Error("a paid link shows the form again")
	}
	p.quiet(t)
	r.booksAgree()
}
