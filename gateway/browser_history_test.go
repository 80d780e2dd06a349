//go:build !race

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// paste puts a text where the focus is, in one piece, as the clipboard or an input method does.
func (p *person) paste(t *testing.T, text string) {
	t.Helper()
	call(t, p.Page, input.InsertText, input.InsertTextParams{Text: text})
}

// tap touches the middle of an element, as often as told, faster than any page can answer.
func (p *person) tap(t *testing.T, selector string, times int) {
	t.Helper()
	p.WaitVisible(selector)
	at := chrome.Eval[[2]float64](p.Page, `(() => { const e = document.querySelector("`+selector+`");
		e.scrollIntoView({block: "center", behavior: "instant"}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	for range times {
		call(t, p.Page, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart,
			TouchPoints: []*input.TouchPoint{{X: at[0], Y: at[1]}}})
		call(t, p.Page, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
	}
}

// heldBank puts the bank behind a door that is closed to browsers until it is opened, so that a test
// can look at a page that waits for it; knock tells that one stands there. The gateway's own calls go
// through.
func heldBank(t *testing.T, r *rig) (knock <-chan struct{}, open func()) {
	t.Helper()
	door, came := make(chan struct{}), make(chan struct{}, 1)
	open = sync.OnceFunc(func() { close(door) })
	bank := r.bank.Handler()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Sec-Fetch-Mode") == "navigate" {
			select {
			case came <- struct{}{}:
			default:
			}
			select {
			case <-door:
			case <-q.Context().Done():
				return
			}
		}
		bank.ServeHTTP(w, q)
	}))
	t.Cleanup(func() { open(); s.Close() })
	r.bankS.Close()
	r.bankS = s
	r.crossSite()
	return came, open
}

// slowly makes everything that the browser asks from now on take a while.
func (p *person) slowly(t *testing.T, latency time.Duration) {
	t.Helper()
	p.network(t, &network.Conditions{Latency: float64(latency.Milliseconds()), DownloadThroughput: -1, UploadThroughput: -1})
}

// network lets the browser meet a network of another kind.
func (p *person) network(t *testing.T, c *network.Conditions) {
	t.Helper()
	call(t, p.Page, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{c}})
}

// A second tap does nothing: one form, one payment, one charge; the button says that it works and
// keeps the focus.
func TestUX_H2_SecondTapDoesNothing(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(nil)
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.fillCard(card("000"))
	p.slowly(t, time.Second)
	// The page that is left cannot be asked any more; it leaves a note.
	p.WaitFor(`(pay.addEventListener("submit", () => setTimeout(() => sessionStorage.seen =
		[go.textContent, go.getAttribute("aria-disabled"), go.disabled, document.activeElement.id].join("|"))), true)`)
	p.tap(t, "#go", 3)
	p.WaitVisible("#challenge")
	p.answer("123456")
	if seen := chrome.Eval[string](p.Page, "sessionStorage.seen"); seen != "İşleniyor…|true|false|go" {
		t.Errorf("the busy button: %s", seen)
	}
	if n := r.payments(); n != 1 {
		t.Errorf("%d payments", n)
	}
	sent := 0
	for _, address := range p.Requests() {
		if strings.HasSuffix(address, "/pay") {
			sent++
		}
	}
	if sent != 1 {
		t.Errorf("the form was sent %d times", sent)
	}
	p.quiet(t)
	r.booksAgree()
}

// Two quick taps without scripts are two forms: the server lets one payment through.
func TestUX_H1_TwoTapsWithoutScriptsChargeOnce(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	o := phone()
	o.ScriptsOff = true
	p := r.person(t, o)
	p.Open(r.link(nil)["url"].(string))
	p.fillCard(card("000"))
	p.slowly(t, time.Second)
	p.tap(t, "#go", 2)
	p.WaitVisible("#bank button, form[action$='/continue'] button")
	if n := r.payments(); n != 1 {
		t.Errorf("%d payments", n)
	}
	if p.Count("#bank") == 0 { // the second form came after the first was answered
		p.want(t, ".result", "Bankanızda bekleyen bir işlem var")
		p.ClickAndLoad("form[action$='/continue'] button")
	}
	p.ClickAndLoad("#bank button")
	p.answer("123456")
	p.want(t, ".result", "Ödeme tamamlandı")
	if c := r.bank.Charges(); len(c) != 1 {
		t.Errorf("the bank holds %+v", c)
	}
	r.booksAgree()
}

// Reloading the result asks for the state and sends nothing again.
func TestUX_H4_ReloadSendsNothingAgain(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(nil)
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.fillCard(card("000"))
	p.toBank()
	p.answer("123456")
	for range 2 {
		status(t, "reload of the result", p.Reload(), http.StatusOK)
		p.want(t, ".result", "Ödeme tamamlandı")
	}
	posts := 0
	for _, a := range p.Responses() {
		if a.Type == "Document" && strings.Contains(a.URL, "/3ds/") {
			posts++
		}
	}
	if n := r.payments(); n != 1 || posts > 1 {
		t.Errorf("%d payments, %d returns", n, posts)
	}
	p.quiet(t)
	r.booksAgree()
}

// A hand-over that is reloaded while the bank is slow asks for the payment's state.
func TestUX_H4_ReloadOfTheHandOverLeadsToTheState(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	knock, open := heldBank(t, r)
	p := r.person(t, phone())
	p.Open(r.link(nil)["url"].(string))
	p.fillCard(card("000"))
	p.Click("#go")
	<-knock
	status(t, "reload", p.Reload(), http.StatusOK)
	p.want(t, ".result", "Bankanızda bekleyen bir işlem var")
	open()
	if n := r.payments(); n != 1 {
		t.Errorf("%d payments", n)
	}
	p.quiet(t)
}

// Back from the bank: the payer is told that something waits there, can look again or give up, and a
// given-up attempt leads to the form. The old attempt can no longer be paid.
func TestUX_H5_BackFromTheBank(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(nil)
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.fillCard(card("051"))
	p.toBank()
	bank := p.URL()
	p.back(t)
	p.reads(".result", "Bankanızda bekleyen bir işlem var")
	p.want(t, "main", "Bankanın sayfasına devam et", "Sonucu kontrol et", "Vazgeç, başka kart kullan", "Kartınızdan henüz para çekilmedi.")
	if p.Count("#pay") != 0 {
		t.Error("the form stands beside a waiting payment")
	}
	// The link opened anew in the same browser tells of it, on another device it does not.
	again, stranger := p.tab(), r.person(t, desktop())
	again.Open(l["url"].(string))
	again.want(t, "#waiting", "Bu linkten başlattığınız bir ödeme bankanızda bekliyor.")
	stranger.Open(l["url"].(string))
	if stranger.Count("#waiting") != 0 || again.Count("#pay") != 1 {
		t.Error("the reminder reaches others, or stands in the way of the form")
	}
	again.ClickAndLoad("#waiting a")
	again.reads(".result", "Bankanızda bekleyen bir işlem var")
	// Going on leads to the bank's page of the same payment, and back from there here again.
	p.Click("form[action$='/continue'] button")
	p.WaitURL("/acs/")
	p.WaitVisible("#challenge")
	if p.URL() != bank || r.payments() != 1 {
		t.Errorf("going on leads to %s, with %d payments", p.URL(), r.payments())
	}
	p.back(t)
	p.reads(".result", "Bankanızda bekleyen bir işlem var")
	if status := p.ClickAndLoad("form[action$='/abandon'] button"); status != http.StatusOK || p.Count("#pay") != 1 {
		t.Fatalf("giving up leads to %s (%d)", p.URL(), status)
	}
	if p.Count("#waiting") != 0 {
		t.Error("a payment that was given up is said to wait")
	}
	if v := p.Value("#card_number") + p.Value("#card_cvc"); v != "" {
		t.Error("the card fields are not empty (A39)")
	}
	p.fillCard(card("000"))
	p.toBank()
	p.answer("123456")
	p.want(t, ".result", "Ödeme tamamlandı")
	// The given-up attempt is taken up again at the bank: it must not become a second payment.
	late := p.tab()
	late.Open(bank)
	late.answer("123456")
	late.reads(".result", "Ödeme alınamadı")
	p.quiet(t)
	r.booksAgree()
}

// back is the back button where a page may send the browser on: only that something else came counts.
func (p *person) back(t *testing.T) {
	t.Helper()
	from := p.URL()
	p.WaitFor(`(history.back(), true)`)
	p.WaitFor(`location.href !== "` + from + `" && document.readyState === "complete"`)
}

// A page that the browser kept in memory asks the server for the state when it is shown again: no dead
// button, no form for a link that was paid meanwhile (H3).
func TestUX_H3_PageFromTheBackForwardCacheAsksForTheState(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(nil)
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.fillCard(card("000"))
	r.person(t, desktop()).pay(l["url"].(string), card("000"))
	// Browsers decide for themselves when they keep a page; the event is what they tell it then.
	p.WaitFor(`(dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true})), true)`)
	p.reads(".result", "Ödeme tamamlandı")
	p.quiet(t)
	r.booksAgree()
}

// A second device on a link that is being paid may try, since the first may never come back; the
// money goes through once, and whoever is late reads so.
func TestUX_H6_SecondDeviceOnALinkBeingPaid(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(nil)
	first, second := r.person(t, phone()), r.person(t, desktop())
	first.Open(l["url"].(string))
	first.fillCard(card("000"))
	first.toBank()
	second.Open(l["url"].(string))
	second.fillCard(card("000"))
	second.toBank()
	second.answer("123456")
	second.want(t, ".result", "Ödeme tamamlandı")
	first.answer("123456")
	first.want(t, ".result", "Ödeme alınamadı", "başka bir ödeme sizden önce geldi", "Bu link için sizden önce başka bir ödeme işleme alındı", "Kartınızdan para çekilmedi.")
	status(t, "reload of the refusal", first.Reload(), http.StatusOK)
	first.want(t, ".result", "Ödeme alınamadı")
	status(t, "second tab", first.tab().Open(l["url"].(string)), http.StatusGone)
	tab := first.tab()
	tab.Open(l["url"].(string))
	tab.want(t, ".result", "Yeniden ödemeniz gerekmez.")
	if c := r.bank.Charges(); len(c) != 1 {
		t.Errorf("the bank holds %+v", c)
	}
	first.quiet(t)
	second.quiet(t)
	r.booksAgree()
}

// A form filled in before somebody else paid is refused with the receipt, and no bank is asked.
func TestUX_H6_FormOfALinkPaidMeanwhile(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(nil)
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.fillCard(card("000"))
	r.person(t, desktop()).pay(l["url"].(string), card("000"))
	status(t, "late form", p.ClickAndLoad("#go"), http.StatusConflict)
	p.want(t, ".result", "Ödeme tamamlandı", "Yeniden ödemeniz gerekmez.")
	if n := r.payments(); n != 1 {
		t.Errorf("%d payments", n)
	}
	p.quiet(t)
	r.booksAgree()
}
