package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/odelink/odelink/gateway/testenv/browser"
	"github.com/odelink/odelink/gateway/web/page"
	"github.com/odelink/odelink/threeds/banksim"
)

// Scripted test cards of the simulated bank, by what they play.
var (
	approved  = banksim.CardNumber("415565", "000")
	declined  = banksim.CardNumber("415565", "051")
	uncertain = banksim.CardNumber("415565", "903")
	debit     = banksim.CardNumber("400709", "000")
)

// everyPage takes every picture that needs no limits.
func everyPage(s *studio) {
	checkoutPages(s)
	paidWay(s)
	endings(s)
	comingSecond(s)
	kindPages(s)
	rarePages(s)
	panelPages(s)
}

// checkoutPages are the link's page before anything is sent.
func checkoutPages(s *studio) {
	for _, lang := range []string{"tr", "en"} {
		l := s.link(map[string]any{"order_id": "MASA-2026-0416-" + strings.ToUpper(lang), "payer_note": true})
		for _, v := range bothSizes(lang) {
			p := s.open(v, l.URL)
			s.keep(p, "checkout-"+lang, v)
			typeCard(p, approved)
			p.Click("#rows .row:has([value='3'])")
			s.rest(p)
			s.keep(p, "checkout-card-"+lang, v)

			p = s.open(v, s.link(map[string]any{"amount": 999999999}).URL)
			typeCard(p, approved)
			p.Click("#rows .row:has([value='12'])")
			s.rest(p)
			s.keep(p, "checkout-large-sum-"+lang, v)
		}
	}
	l := s.link(nil)
	for _, v := range []view{phone("tr", true), desktop("tr", true)} {
		p := s.open(v, l.URL)
		s.keep(p, "checkout-dark", v)
		typeCard(p, approved)
		p.Click("#rows .row:has([value='3'])")
		s.rest(p)
		s.keep(p, "checkout-card-dark", v)
	}
	for _, v := range bothSizes("tr") {
		p := s.open(v, l.URL)
		p.Fill("#card_number", approved[:15]+"1")
		p.Fill("#card_expiry", "0120")
		p.Fill("#card_cvc", "1")
		p.Click("#go")
		p.WaitVisible("#errors")
		s.keep(p, "checkout-errors", v)

		p = s.open(v, l.URL)
		typeCard(p, debit)
		p.WaitFor(`document.getElementById("wait").checkVisibility()`)
		s.rest(p)
		s.keep(p, "checkout-debit", v)

		p = s.open(v, s.link(map[string]any{"amount": nil, "amount_mode": "open", "min_amount": 1000, "max_amount": 5000000}).URL)
		s.keep(p, "checkout-open-amount", v)

		basket := s.link(map[string]any{"amount": nil, "description": nil, "items": []map[string]any{
			{"name": "Masif ceviz yemek masası", "code": "MS-180", "quantity": 1, "unit_amount": 1850000},
			{"name": "Ceviz sandalye", "quantity": 6, "unit_amount": 240000}, {"name": "Nakliye", "quantity": 1, "unit_amount": 75000},
		}})
		s.keep(s.open(v, basket.URL), "checkout-lines", v)
		s.keep(s.atBank(v, basket, approved, "123456"), "result-paid-lines", v)

		p = s.open(withoutScripts(v), l.URL+"?bin="+approved[:8])
		s.keep(p, "checkout-scripts-off", v)

		p = s.open(v, l.URL)
		typeCard(p, approved)
		if err := s.ask(http.MethodPatch, s.base+"/v1/links/"+l.ID, map[string]any{"amount": 125000 + len(v.suffix)*100}, nil); err != nil {
			s.Fatal(err)
		}
		p.ClickAndLoad("#go")
		p.WaitVisible("#notice")
		s.keep(p, "checkout-terms-changed", v)
	}
}

// paidWay are the pages between the button and the receipt.
func paidWay(s *studio) {
	for i, v := range bothSizes("tr") {
		l := s.link(map[string]any{"order_id": fmt.Sprintf("MASA-2026-%04d", 417+i), "payer_note": true})
		p := s.open(withoutScripts(v), l.URL+"?bin="+approved[:8])
		typeCard(p, approved)
		p.Fill("#payer_note", "Kapıya bırakabilirsiniz.")
		p.Click("#rows .row:has([value='3'])")
		p.ClickAndLoad("#go")
		s.keep(p, "hand-over", v)
		p.ClickAndLoad("#bank button")
		p.WaitVisible("#challenge")
		s.keep(p, "bank-password", v)
		p.Fill("#otp", "123456")
		p.ClickAndLoad("#challenge button[value=submit]")
		p.ClickAndLoad("#forward button")
		result := p.URL()
		s.keep(s.open(v, result), "result-paid-tr", v)
		english := v
		english.options.Lang = "en"
		s.keep(s.open(english, result+"?lang=en"), "result-paid-en", v)
		s.keep(s.open(v, l.URL), "link-paid-before", v)
		dark := v
		dark.options.Dark = true
		p = s.open(dark, result)
		s.keep(p, "result-paid-dark", v)
		code := browser.Eval[string](p, `document.querySelector(".proof b").textContent`)
		s.keep(s.open(v, s.base+"/v/"+code), "receipt-check", v)
	}
}

// endings are the results other than paid.
func endings(s *studio) {
	s.fault("inquiry", "http_500") // what is uncertain stays so
	for _, v := range bothSizes("tr") {
		s.keep(s.atBank(v, s.link(nil), declined, "123456"), "result-declined", v)
		s.keep(s.atBank(v, s.link(nil), approved, "000000"), "result-not-verified", v)
		unsure := s.link(nil)
		s.keep(s.atBank(v, unsure, uncertain, "123456"), "result-pending", v)
		s.keep(s.open(v, unsure.URL), "kind-busy", v)
		p := s.atBank(v, s.link(nil), approved, "")
		p.WaitFor(`(history.back(), true)`)
		p.WaitVisible("form button.second")
		s.keep(p, "result-waiting-at-bank", v)
		result := p.URL()
		again := s.link(nil)
		p = s.atBank(v, again, approved, "")
		p.Open(again.URL)
		p.WaitVisible("#waiting")
		s.keep(p, "checkout-waiting-at-bank", v)
		p.Open(result)
		p.WaitFor(`(document.body.append(Object.assign(document.createElement("form"), {method: "post", id: "forged", action: location.pathname.replace("/r/", "/3ds/")})), document.getElementById("forged").submit(), true)`)
		p.WaitFor(`location.pathname.startsWith("/r/") && !!document.querySelector(".result.bad")`)
		s.keep(p, "kind-bad-return", v)
	}
	s.fault("", "")
}

// comingSecond are the pages of whoever is not the first at a link.
func comingSecond(s *studio) {
	for _, v := range bothSizes("tr") {
		l := s.link(nil)
		second := s.atBank(v, l, approved, "")
		s.atBank(v, l, approved, "123456")
		second.Fill("#otp", "123456")
		second.Click("#challenge button[value=submit]")
		second.WaitFor(`location.href.startsWith("` + s.base + `/") && !!document.querySelector(".result h1")`)
		s.keep(second, "result-another-was-first", v)

		busy := s.link(nil)
		late := s.open(v, busy.URL)
		typeCard(late, approved)
		s.fault("inquiry", "http_500")
		s.atBank(v, busy, uncertain, "123456")
		late.ClickAndLoad("#go")
		s.keep(late, "kind-in-progress", v)
		s.fault("", "")

		full := s.link(map[string]any{"usage": "multi", "max_payments": 1})
		s.atBank(v, full, approved, "123456")
		s.keep(s.open(v, full.URL), "kind-used-up", v)
	}
}

// kindPages say why a link cannot be paid.
func kindPages(s *studio) {
	soon := time.Now().Add(3 * time.Second).UTC().Format(time.RFC3339)
	expired := s.link(map[string]any{"expires_at": soon})
	later := s.link(map[string]any{"active_from": "2030-01-01T06:00:00Z"})
	deleted := s.link(nil)
	if err := s.ask(http.MethodDelete, s.base+"/v1/links/"+deleted.ID, nil, nil); err != nil {
		s.Fatal(err)
	}
	for _, v := range bothSizes("tr") {
		s.keep(s.open(v, s.base+"/p/AAAAAAAAAAAA"), "kind-not-found", v)
		s.keep(s.open(v, later.URL), "kind-not-active", v)
		s.keep(s.open(v, deleted.URL), "kind-deleted", v)
		s.keep(s.open(v, s.link(map[string]any{"currency": "JPY"}).URL), "kind-no-account", v)
		s.keep(s.open(v, s.base+"/v/AAAAAAAA"), "receipt-check-unknown", v)
		s.fault("open", "reset")
		p := s.open(v, s.link(nil).URL)
		typeCard(p, approved)
		p.ClickAndLoad("#go")
		s.keep(p, "kind-bank-unreachable", v)
		s.fault("", "")
		for p = s.open(v, expired.URL); p.Count("#pay") > 0; p.Reload() {
			time.Sleep(200 * time.Millisecond)
		}
		s.keep(p, "kind-expired", v)
		p.ClickAndLoad("form button.go")
		s.keep(p, "kind-expired-asked", v)
	}
}

// rarePages are of troubles that a demo does not have: the same pages, from a server of their own.
func rarePages(s *studio) {
	pages, err := page.New(page.Options{PublicURL: "https://ode.example.com"})
	if err != nil {
		s.Fatal(err)
	}
	shop := page.Head{Theme: &page.Theme{Name: "Ahşap Atölyesi", LegalName: "Ahşap Atölyesi Mobilya Ltd. Şti.", Phone: "+90 212 555 01 23", Email: "destek@ahsap.example", Accent: "#0b6e5d"}, Test: true}
	const token, payment = "Xk3mN8pQ2rTv", "pay_9f2c4e7a3b3d5f6A7B8293"
	for name, k := range map[string]*page.Kind{
		"kind-server-error":   {Head: shop, State: page.KindServerError, Reference: "7QK2M4ZR9C"},
		"kind-unavailable":    {State: page.KindUnavailable, Token: token},
		"kind-return-waiting": {Head: shop, State: page.KindReturnWaiting, Payment: payment, Resend: &page.Form{Action: "/3ds/" + payment}},
		"kind-no-route":       {Head: shop, State: page.KindNoRoute, Token: token},
	} {
		html, err := pages.Render("tr", k)
		if err != nil {
			s.Fatal(err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, kind := html, "text/html; charset=utf-8"
			if a, ok := pages.Assets().ByPath(r.URL.Path); ok {
				body, kind = a.Body, a.ContentType
			} else if css, ok := page.ThemeFile(strings.TrimPrefix(r.URL.Path, page.ThemePath)); ok {
				body, kind = css, "text/css; charset=utf-8"
			}
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(body) // a browser that went away needs none
		}))
		s.Cleanup(server.Close)
		for _, v := range bothSizes("tr") {
			s.keep(s.open(withoutScripts(v), server.URL), name, v)
		}
	}
}

// tooManyRefusals lets many cards be refused on one link, all at once, until it rests.
func tooManyRefusals(s *studio) {
	l := s.link(nil)
	s.fault("open", "decline")
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			form := url.Values{"card_number": {approved}, "card_expiry": {"12/30"}, "card_cvc": {"123"}}
			if resp, err := http.PostForm(l.URL+"/pay", form); err == nil {
				resp.Body.Close()
			}
		})
	}
	all.Wait()
	s.fault("", "")
	for _, v := range bothSizes("tr") {
		s.keep(s.open(v, l.URL), "kind-resting", v)
	}
}

// tooManyTries guesses addresses until the gateway has enough of it.
func tooManyTries(s *studio) {
	tooManyRefusals(s)
	l := s.link(nil)
	var payers []*browser.Page
	for _, v := range bothSizes("tr") {
		p := s.open(v, l.URL)
		typeCard(p, approved)
		payers = append(payers, p)
	}
	p := s.open(phone("tr", false), l.URL)
	for range 200 {
		if p.Open(s.base+"/p/AAAAAAAAAAAA") == http.StatusTooManyRequests {
			break
		}
	}
	for _, v := range bothSizes("tr") {
		s.keep(s.open(v, l.URL), "kind-too-many", v)
	}
	for i, v := range bothSizes("tr") {
		payers[i].ClickAndLoad("#go")
		s.keep(payers[i], "kind-too-many-payer", v)
	}
}

func withoutScripts(v view) view {
	v.options.ScriptsOff = true
	return v
}

// open shows an address to a fresh browser.
func (s *studio) open(v view, address string) *browser.Page {
	p := browser.New(s, v.options)
	p.Open(address)
	return p
}

// typeCard fills in a card as a person does.
func typeCard(p *browser.Page, number string) {
	p.Fill("#card_number", number)
	p.Fill("#card_expiry", "1230")
	p.Fill("#card_cvc", "123")
	p.Fill("#card_holder", "Zeynep Işık")
}

// rest takes the focus away and lets the rows come.
func (s *studio) rest(p *browser.Page) {
	p.WaitFor(`(document.activeElement.blur(), scrollTo(0, 0), !document.querySelector("#rows.ghost"))`)
}

// atBank pays a link with a card up to the bank, and on with a password if there is one.
func (s *studio) atBank(v view, l link, number, otp string) *browser.Page {
	p := s.open(v, l.URL)
	typeCard(p, number)
	p.Click("#go")
	p.WaitVisible("#challenge")
	if otp == "" {
		return p
	}
	p.Fill("#otp", otp)
	p.Click("#challenge button[value=submit]")
	p.WaitFor(`location.href.startsWith("` + s.base + `/r/") && !!document.querySelector(".result h1")`)
	return p
}

// keep takes the picture of a whole page.
func (s *studio) keep(p *browser.Page, name string, v view) {
	for _, host := range p.Hosts() {
		if !strings.HasPrefix(host, "127.0.0.1:") && !strings.HasPrefix(host, "localhost:") {
			s.Fatalf("%s asks the host %s", name, host)
		}
	}
	path := s.dir + "/" + name + "-" + v.suffix + ".png"
	p.Screenshot(path)
	if err := shrink(path); err != nil {
		s.Fatal(err)
	}
	s.taken++
}
