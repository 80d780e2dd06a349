//go:build !race

package page

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/browser"
)

var shotDir = flag.String("shots", "", "keep screenshots of every page in this folder")

// site serves the samples as /{lang}/{name} and the files beside them, with the policy that the
// gateway sends, so that an inline script or style would be refused here too.
func site(t *testing.T, p *Pages) *testSite {
	t.Helper()
	mux := http.NewServeMux()
	s := &testSite{}
	s.status.Store(StatusPending)
	mux.HandleFunc(AssetPath, func(w http.ResponseWriter, r *http.Request) {
		a, ok := p.Assets().ByPath(r.URL.Path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", a.ContentType)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(a.Body)
	})
	mux.HandleFunc(ThemePath, func(w http.ResponseWriter, r *http.Request) {
		css, ok := ThemeFile(strings.TrimPrefix(r.URL.Path, ThemePath))
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write(css)
	})
	mux.HandleFunc("GET /p/{token}", func(w http.ResponseWriter, r *http.Request) {
		v, lang := sampleCheckout, r.FormValue("lang")
		if lang == "" {
			lang = "tr"
		}
		body, err := p.AppendCheckout(nil, Key{lang, shop, usual | VariantNote}, &v)
		answer(t, w, body, err)
	})
	mux.HandleFunc("GET /p/{token}/installments", func(w http.ResponseWriter, r *http.Request) {
		s.note("bin " + r.FormValue("bin"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(sampleOffers(r.FormValue("bin"))))
	})
	for _, s := range samples() {
		for _, lang := range p.Languages() {
			mux.HandleFunc("GET /"+lang+"/"+s.name, func(w http.ResponseWriter, r *http.Request) {
				body, err := p.Render(lang, s.view)
				answer(t, w, body, err)
			})
		}
	}
	s.flow(t, p, mux)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// testSite is the sample pages as a web site, with a bank, and a note of what it was asked.
type testSite struct {
	*httptest.Server
	status atomic.Value // of the one payment
	mu     sync.Mutex
	notes  []string
}

func (s *testSite) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, text)
}

// asked lists the notes that begin with prefix, without it.
func (s *testSite) asked(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, n := range s.notes {
		if rest, ok := strings.CutPrefix(n, prefix); ok {
			found = append(found, rest)
		}
	}
	return found
}

// flow is the way of one payment: pay, hand-over, bank, result.
func (s *testSite) flow(t *testing.T, p *Pages, mux *http.ServeMux) {
	id := sampleReceipt.Payment
	mux.HandleFunc("POST /p/{token}/pay", func(w http.ResponseWriter, r *http.Request) {
		s.note("pay " + r.FormValue("installments") + " " + r.FormValue("seen_total") + " " + r.FormValue("card_holder"))
		if r.FormValue("card_holder") == "WRONG" {
			body, err := p.Render("tr", &CheckoutPage{Head: Head{Theme: shop, Self: "/p/Xk3mN8pQ2rTv"}, Variant: usual, Checkout: sampleCheckout,
				Errors: []FieldError{{Field: "card_cvc", Code: "cvc_length", N: 3}}, Typed: Typed{Holder: "WRONG"}})
			answer(t, w, body, err)
			return
		}
		body, err := p.Render("tr", &Handover{Head: Head{Theme: shop, Self: "/r/" + id}, Payment: id, AmountMinor: 25900, Currency: "TRY",
			Bank: "QNB", Method: "POST", Action: s.URL + "/acs", Fields: []Field{{"creq", "abc"}, {"submit", "a field of this name hides form.submit"}}})
		answer(t, w, body, err)
	})
	mux.HandleFunc("POST /acs", func(w http.ResponseWriter, r *http.Request) {
		s.note("acs " + r.FormValue("creq"))
		answer(t, w, []byte("<!doctype html><title>ACS</title><h1>ACS</h1>"), nil)
	})
	mux.HandleFunc("GET /r/{payment}/status", func(w http.ResponseWriter, r *http.Request) {
		s.note("status")
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"status":%q}`, s.status.Load())
	})
	mux.HandleFunc("GET /r/{payment}", func(w http.ResponseWriter, r *http.Request) {
		v := &Result{Head: Head{Theme: shop, Self: "/r/" + id}, Payment: id, Status: s.status.Load().(string)}
		if v.Status == StatusPaid {
			v.Receipt = &sampleReceipt
		}
		body, err := p.Render("tr", v)
		answer(t, w, body, err)
	})
}

func answer(t *testing.T, w http.ResponseWriter, body []byte, err error) {
	if err != nil {
		t.Error(err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	_, _ = w.Write(body)
}

func sampleOffers(bin string) string {
	if strings.HasPrefix(bin, "400709") {
		return `{"bin":"400709","brand":"visa","kind":"debit","issuer":"QNB","program":null,"currency":"TRY","offers":[{"count":1,"total":25000,"monthly":25000}]}`
	}
	return `{"bin":"415565","brand":"visa","kind":"credit","issuer":"QNB","program":"CardFinans","currency":"TRY","offers":[` +
		`{"count":1,"total":25000,"monthly":25000},{"count":2,"total":25000,"monthly":12500},{"count":3,"total":25900,"monthly":8633,"rate":"3.60"},` +
		`{"count":6,"total":26800,"monthly":4467},{"count":9,"total":27700,"monthly":3078},{"count":12,"total":28600,"monthly":2383}]}`
}

// shell is the browser of all tests here, without the network but for the loopback.
var shell = sync.OnceValues(func() (context.Context, error) {
	path, err := testenv.HeadlessPath()
	if err != nil {
		return nil, err
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("hide-scrollbars", true))
	alloc, _ := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, _ := chromedp.NewContext(alloc)
	return ctx, chromedp.Do(ctx)
})

// open opens a page with cookies and a cache of its own, as after a fresh installation.
func open(t *testing.T) context.Context {
	t.Helper()
	parent, err := shell()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	// A page lives as long as the first step's context, so that one has no limit.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// patience bounds each step in the browser.
const patience = 20 * time.Second

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		limited, cancel := context.WithTimeout(ctx, patience)
		err := chromedp.Do(limited, step)
		cancel()
		if err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

// js asks the page once it is whole.
func js[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	until(t, ctx, "true")
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := chromedp.Run(limited, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for the page to be whole and to make an expression true. It asks from here, again and again: where scripts are
// off, the page itself never looks a second time.
func until(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for {
		is, err := chromedp.Run(limited, chromedp.Evaluate[bool](browser.Whole+" && !!("+expression+")"))
		if err == nil && is {
			return
		}
		select {
		case <-pause.C: // an error may be a page that went away under the question
		case <-limited.Done():
			t.Fatalf("waiting for %s: %v", expression, err)
		}
	}
}

// until must see what comes true after its first look, also with scripts off.
func TestUntilLooksAgain(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	for _, off := range []bool{false, true} {
		if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}); err != nil {
			t.Fatal(err)
		}
		do(t, ctx, chromedp.Navigate(srv.URL+"/tr/checkout-twelve"))
		past := js[float64](t, ctx, `performance.now()`) + 200
		until(t, ctx, fmt.Sprintf("performance.now() > %f", past))
	}
}

func screen(t *testing.T, ctx context.Context, width, height int64, dark bool) {
	t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	}
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// shot keeps a picture of the whole page, however long, if pictures are wanted.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if *shotDir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(*shotDir, name+".png"), png, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestA08_NothingIsCutAtAnyWidth(t *testing.T) {
	p := newTestPages(t)
	srv := site(t, p)
	ctx := open(t)
	views := []struct {
		name  string
		w, h  int64
		dark  bool
		langs string
	}{
		{"360", 360, 740, false, "tr en"}, {"320", 320, 640, false, "tr"},
		{"180", 180, 370, false, "tr"}, // 360 px with text of twice the size
		{"1440", 1440, 900, false, "tr"}, {"360-dark", 360, 740, true, "tr"},
	}
	for _, lang := range []string{"tr", "en"} {
		for name, path := range addresses(lang) {
			do(t, ctx, chromedp.Navigate(srv.URL+path))
			for _, view := range views {
				if !strings.Contains(view.langs, lang) {
					continue
				}
				screen(t, ctx, view.w, view.h, view.dark)
				if over := js[int](t, ctx, fmt.Sprintf(`Math.max(...[...document.querySelectorAll("body *")].filter(e=>!e.closest(".vh")).map(e=>e.getBoundingClientRect().right|0))-%d`, view.w)); over > 0 {
					t.Errorf("%s in %s at %s: %d px stick out sideways", name, lang, view.name, over)
				}
				shot(t, ctx, name+"-"+lang+"-"+view.name)
			}
		}
	}
}

// However long the amounts are, none is broken into two lines, and no count either.
func TestA08_NoAmountIsBroken(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	for _, width := range []int64{320, 360, 1280} {
		screen(t, ctx, width, 740, false)
		for _, path := range []string{"/tr/checkout-large", "/en/checkout-large", "/tr/checkout-twelve", "/en/checkout-twelve"} {
			do(t, ctx, chromedp.Navigate(srv.URL+path))
			broken := js[[]string](t, ctx, `[...document.querySelectorAll(".row b,.row i,.row span,.row small,.sum")].flatMap(e=>[...e.childNodes].filter(n=>n.nodeType==3))
				.filter(n=>{const r=document.createRange();r.selectNodeContents(n);return new Set([...r.getClientRects()].map(c=>c.top|0)).size>1}).map(n=>n.textContent)`)
			if len(broken) > 0 {
				t.Errorf("%s at %d px breaks %q", path, width, broken)
			}
		}
	}
}

// A row of three lines keeps its text off its borders, and what a plan costs more stands beside how it is paid.
func TestA08_RowsOfThreeLinesAreNotCramped(t *testing.T) {
	ctx, _ := checkoutPage(t)
	for _, width := range []int64{320, 360} {
		screen(t, ctx, width, 740, false)
		js[any](t, ctx, `card_number.value="4155650000000007",card_number.dispatchEvent(new InputEvent("input",{bubbles:true})),0`)
		until(t, ctx, `document.querySelectorAll("#rows .row").length==6`)
		shot(t, ctx, fmt.Sprintf("rows-%d", width))
		got := js[[]float64](t, ctx, `(row=>{const box=e=>{const r=document.createRange();r.selectNodeContents(e);return r.getBoundingClientRect()},
			[,name,monthly,,extra]=row.children,r=row.getBoundingClientRect(),last=box(monthly.querySelector("small"));
			return [box(name).top-r.top,r.bottom-last.bottom,Math.abs(box(monthly.firstChild).top-box(extra).top)]})(document.querySelectorAll("#rows .row")[2])`)
		if got[0] < 6 || got[1] < 6 || got[2] > 2 {
			t.Errorf("at %d px: %.1f px above, %.1f px below, the extra cost %.1f px beside its line", width, got[0], got[1], got[2])
		}
	}
}

// The number of a payment and the address that proves its receipt stand in one piece on a phone.
func TestJ02_CodesOfAReceiptAreNotBroken(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	do(t, ctx, chromedp.Navigate(srv.URL+"/tr/result-paid"))
	shot(t, ctx, "receipt-360")
	if broken := js[[]string](t, ctx, `[...document.querySelectorAll(".receipt dd[dir],.proof [dir]")].filter(e=>{const r=document.createRange();r.selectNodeContents(e);
		return new Set([...r.getClientRects()].map(c=>c.top|0)).size>1}).map(e=>e.textContent)`); len(broken) > 0 {
		t.Errorf("broken: %q", broken)
	}
}

// Checklist L3: the ring around a field holds the field's hint, and never crosses it.
func TestL03_RingHoldsTheHint(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	for _, path := range []string{"/tr/checkout-open", "/tr/checkout-errors"} {
		do(t, ctx, chromedp.Navigate(srv.URL+path))
		out := js[[]string](t, ctx, `["card_number","card_holder","amount","payer_note"].filter(id=>{const f=document.getElementById(id).getBoundingClientRect();
			return [id+"-h",id+"-e"].map(i=>document.getElementById(i)).filter(e=>e&&e.checkVisibility()).some(e=>{const r=e.getBoundingClientRect();return r.top<f.top||r.bottom>f.bottom+.5})})`)
		if len(out) > 0 {
			t.Errorf("%s: the hints of %v stand outside", path, out)
		}
	}
}

// addresses are the pages that stay where they are, by name.
func addresses(lang string) map[string]string {
	pages := map[string]string{"checkout": "/p/Xk3mN8pQ2rTv?lang=" + lang}
	for _, s := range samples() {
		if s.name != "handover" {
			pages[s.name] = "/" + lang + "/" + s.name
		}
	}
	return pages
}

const (
	visa = "4155650000000007"
	amex = "371449000000006" // American Express: 4-6-5
)

// press writes text into the focused field key by key.
func press(text string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(text) }

// checkoutPage opens the page and waits for its script.
func checkoutPage(t *testing.T) (context.Context, *testSite) {
	t.Helper()
	srv := site(t, newTestPages(t))
	ctx := open(t)
	watch(t, ctx)
	screen(t, ctx, 360, 740, false)
	do(t, ctx, chromedp.Navigate(srv.URL+"/p/Xk3mN8pQ2rTv"))
	until(t, ctx, `document.documentElement.classList.contains("on")`)
	return ctx, srv
}

// watch makes every page of the browser note what the policy refused and what moved by itself, and
// lets a test turn the browser's clock.
func watch(t *testing.T, ctx context.Context) {
	t.Helper()
	_, err := chromedp.Call(ctx, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.refused=[]; addEventListener("securitypolicyviolation",e=>refused.push(e.violatedDirective+" "+e.blockedURI));
		window.moved=0; new PerformanceObserver(l=>l.getEntries().forEach(e=>{if(!e.hadRecentInput)moved+=e.value})).observe({type:"layout-shift",buffered:true});
		window.later=0; const real=Date.now; Date.now=()=>real()+later;`})
	if err != nil {
		t.Fatal(err)
	}
}

// Checklist D3: a mistake in the field that is left for the button does not move it away under the finger.
func TestD03_ButtonStaysUnderTheFinger(t *testing.T) {
	ctx, _ := checkoutPage(t)
	do(t, ctx, chromedp.Focus("#card_number"), press("4155650000000001"), chromedp.Focus("#card_expiry"), press("0120"), chromedp.Focus("#card_cvc"), press("1"))
	js[bool](t, ctx, `(document.getElementById("go").scrollIntoView({block:"end"}), true)`)
	at := js[[]float64](t, ctx, `(r=>[r.left+r.width/2,r.top+3])(document.getElementById("go").getBoundingClientRect())`)
	do(t, ctx, chromedp.MouseClickXY(at[0], at[1]))
	until(t, ctx, `document.activeElement.id=="errors"`)
}

func TestC07_NumberIsGroupedAndTheCaretStays(t *testing.T) {
	ctx, _ := checkoutPage(t)
	value := func() string { return js[string](t, ctx, `card_number.value+"|"+card_number.selectionStart`) }
	clear := func() { js[any](t, ctx, `card_number.value="",card_number.dispatchEvent(new InputEvent("input")),0`) }
	expect := func(what, want string) {
		t.Helper()
		if got := value(); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	do(t, ctx, chromedp.Focus("#card_number"), press(visa))
	expect("typed", "4155 6500 0000 0007|19")
	js[any](t, ctx, `card_number.setSelectionRange(6,6)`)
	do(t, ctx, press("9"))
	expect("a digit put in the middle", "4155 6950 0000 0000 7|7")
	do(t, ctx, press("\b"))
	expect("and taken away", "4155 6500 0000 0007|6")
	js[any](t, ctx, `card_number.setSelectionRange(5,5)`)
	do(t, ctx, press("\b"))
	expect("deleting backwards across a gap takes the digit before it", "4156 5000 0000 007|3")
	clear()
	do(t, ctx, press(amex))
	expect("American Express", "3714 490000 00006|17")
	clear()
	js[any](t, ctx, `document.execCommand("insertText",false,"4155-6500-0000 0007"),0`)
	expect("pasted with dashes", "4155 6500 0000 0007|19")
	clear()
	js[any](t, ctx, `document.execCommand("insertText",false,"４１５５٦٥٠٠0000۰۰۰۷"),0`)
	expect("full-width, Arabic-Indic and Persian digits", "4155 6500 0000 0007|19")
	clear()
	js[any](t, ctx, `card_number.value="4155 6500 0000 0007",card_number.dispatchEvent(new Event("input",{bubbles:true})),0`)
	if got := value(); !strings.HasPrefix(got, "4155 6500 0000 0007|") {
		t.Errorf("autofill with spaces: %q", got)
	}
}

func TestC10_BrandIsShownAndSaid(t *testing.T) {
	ctx, _ := checkoutPage(t)
	do(t, ctx, chromedp.Focus("#card_number"), press("5"), press("1"))
	if got := js[string](t, ctx, `[...document.querySelectorAll(".mk")].filter(m=>m.offsetWidth).map(m=>m.className).join()+"|"+marks.getAttribute("aria-label")+"|"+live.textContent`); got != "mk mastercard hit|Mastercard|Mastercard" {
		t.Errorf("for 51: %s", got)
	}
	do(t, ctx, press("\b"), press("\b"))
	if got := js[int](t, ctx, `[...document.querySelectorAll(".mk")].filter(m=>m.offsetWidth).length`); got != 3 {
		t.Errorf("%d marks with an empty field, want 3", got)
	}
}

func TestD02_MistakesStandAtTheirFieldsAndGo(t *testing.T) {
	ctx, _ := checkoutPage(t)
	state := func(id string) string {
		return js[string](t, ctx, `(e=>[document.getElementById("`+id+`-e")?.textContent||"",e.getAttribute("aria-invalid"),e.getAttribute("aria-describedby")].join("|"))(`+id+`)`)
	}
	type step struct{ id, typed, want string }
	for _, c := range []step{
		{"card_number", "4155650000000008", "Kart numarasında hata var. Rakamları kontrol edin."},
		{"card_number", "41556500", "Kart numarasının uzunluğu doğru değil. Kartınızdaki rakamları kontrol edin."},
		{"card_number", amex, "Bu işyeri American Express kart kabul etmiyor. Başka bir kart kullanın."},
		{"card_expiry", "1326", "Son kullanma tarihini AA/YY biçiminde girin."},
		{"card_expiry", "10/26", "Kartın son kullanma tarihi geçmiş. Tarihi kontrol edin veya başka bir kart kullanın."},
		{"card_expiry", "12/2046", ""},
		{"card_expiry", "11-46", ""},
		{"card_expiry", "12/46", ""},
		{"card_expiry", "1226", ""},
		{"card_expiry", "11 / 26", ""},
		{"card_expiry", "12/47", "Son kullanma tarihi çok ileri bir tarih. Kartınızdaki tarihi kontrol edin."},
		{"card_holder", "4155650000000007", "Ad alanına kart numarası yazmayın. Kart üzerindeki adı girin."},
		{"payer_note", "fatura 123456 ve 789012", ""},
		{"payer_note", "4155 6500-0000.0007", "Not alanına kart numarası yazmayın. Rakamları silin."},
		{"payer_note", "kart ٤١٥٥٦٥٠٠٠٠٠٠", "Not alanına kart numarası yazmayın. Rakamları silin."},
	} {
		js[any](t, ctx, fmt.Sprintf(`%[1]s.focus(),%[1]s.value=%[2]q,%[1]s.dispatchEvent(new InputEvent("input",{bubbles:true})),%[1]s.blur(),0`, c.id, c.typed))
		want := "||" + c.id + "-h"
		if c.want != "" {
			want = c.want + "|true|" + c.id + "-h " + c.id + "-e"
		}
		// December 2046 is more than 20 years after November 2026, the server's month.
		if c.typed == "12/2046" || c.typed == "12/46" {
			want = "Son kullanma tarihi çok ileri bir tarih. Kartınızdaki tarihi kontrol edin.|true|card_expiry-h card_expiry-e"
		}
		if got := state(c.id); got != want {
			t.Errorf("%s %q: %q, want %q", c.id, c.typed, got, want)
		}
	}
	js[any](t, ctx, `card_number.value="4155650000000008",card_number.dispatchEvent(new InputEvent("input")),card_number.focus(),card_number.blur(),card_number.focus(),0`)
	do(t, ctx, press("\b"), press("7"))
	if got := state("card_number"); !strings.HasPrefix(got, "||") {
		t.Errorf("a mistake put right is still there: %s", got)
	}
	// What the server said of the plan goes with the next choice.
	js[any](t, ctx, `(p=>(p.id="installments-e",installments.append(p),installments.setAttribute("aria-invalid","true")))(document.createElement("p")),
		document.querySelector("[name=installments]").dispatchEvent(new Event("change",{bubbles:true})),0`)
	if got := state("installments"); got != "||" {
		t.Errorf("the plan's mistake stays behind another choice: %s", got)
	}
}

func TestC12_SecurityCodeIsCheckedAgainWhenTheBrandChanges(t *testing.T) {
	ctx, _ := checkoutPage(t)
	do(t, ctx, chromedp.Focus("#card_cvc"), press("123"), chromedp.Focus("#card_number"), press(amex))
	if got := js[string](t, ctx, `document.getElementById("card_cvc-e")?.textContent+"|"+document.getElementById("card_cvc-h").textContent`); got != "Güvenlik kodu 4 rakam olmalı.|Kartın ön yüzündeki 4 rakam" {
		t.Error(got)
	}
}

func TestE02_InstalmentsAreAskedOncePerBeginning(t *testing.T) {
	ctx, srv := checkoutPage(t)
	do(t, ctx, chromedp.Focus("#card_number"), press("415565"))
	until(t, ctx, `document.querySelectorAll("#rows .row").length==6`)
	do(t, ctx, press("0000000007"))
	until(t, ctx, `live.textContent=="6 ödeme seçeneği bulundu."`)
	do(t, ctx, press("\b\b\b\b"), press("0007"))
	if got := srv.asked("bin "); !slices.Equal(got, []string{"415565", "41556500"}) {
		t.Errorf("asked for %v", got)
	}
	if got := js[string](t, ctx, `document.querySelectorAll("#rows .row")[2].innerText.replace(/\s+/g," ").trim()+"|"+document.getElementById("card_number-h").textContent`); got != "3 taksit 86,33 TL × 2 + son taksit 86,34 TL 259,00 TL vade farkı 9,00 TL|QNB · CardFinans kredi kartı" {
		t.Error(got)
	}
	shot(t, ctx, "journey-installments")
	do(t, ctx, chromedp.Click("#rows .row:nth-of-type(3)"))
	if got := js[string](t, ctx, `go.textContent`); got != "3 taksitle öde (toplam\u00a0259,00\u00a0TL)" {
		t.Errorf("button: %q", got)
	}
	// Another beginning of the same bank keeps the count (E7) …
	do(t, ctx, chromedp.Focus("#card_number"))
	js[any](t, ctx, `card_number.value="4155660000000006",card_number.dispatchEvent(new InputEvent("input")),0`)
	until(t, ctx, `document.querySelector("#rows :checked").value=="3"`)
	// … and a debit card has no instalments: back to one payment, with a notice.
	js[any](t, ctx, `card_number.value="4007090000000003",card_number.dispatchEvent(new InputEvent("input")),0`)
	until(t, ctx, `document.querySelectorAll("#rows .row").length==1`)
	if got := js[string](t, ctx, `live.textContent+"|"+wait.textContent+"|"+go.textContent`); got != "Seçtiğiniz taksit bu kartta yok; tek çekim seçildi. 1 ödeme seçeneği bulundu.|Banka kartıyla taksit yapılamaz.|250,00\u00a0TL öde" {
		t.Error(got)
	}
	if moved := js[float64](t, ctx, `moved`); moved > 0.02 {
		t.Errorf("the page moved by itself: CLS %.3f", moved)
	}
}

// Rows that do not come are told, and asked for again by themselves.
func TestE02_InstalmentsThatDoNotComeAreAskedAgain(t *testing.T) {
	ctx, _ := checkoutPage(t)
	js[any](t, ctx, `window.asks=fetch,window.fetch=()=>Promise.reject(),0`)
	do(t, ctx, chromedp.Focus("#card_number"), press("4155650000000007"))
	until(t, ctx, `wait.textContent=="Taksitler yüklenemedi."&&!wait.hidden&&document.querySelectorAll("#rows .row").length==1`)
	js[any](t, ctx, `window.fetch=window.asks,0`)
	until(t, ctx, `document.querySelectorAll("#rows .row").length==6&&wait.hidden`)
}

// What the script says of an open amount is what the server does with it: the same digits, the same limits,
// told at the field when it is left, and no row or button of another amount.
func TestB05_OpenAmountIsJudgedAsTheServerDoes(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	do(t, ctx, chromedp.Navigate(srv.URL+"/tr/checkout-open"))
	until(t, ctx, `document.documentElement.classList.contains("on")`)
	for _, c := range []struct{ typed, mistake, button string }{
		{"1234", "", "1.234,00\u00a0TL öde"},
		{"１２３４", "", "1.234,00\u00a0TL öde"},
		{"9,99", "Tutar en az 10,00\u00a0TL, en çok 5.000,00\u00a0TL olabilir.", "Öde"},
		{"5000,01", "Tutar en az 10,00\u00a0TL, en çok 5.000,00\u00a0TL olabilir.", "Öde"},
		{"abc", "Ödemek istediğiniz tutarı girin.", "Öde"},
		{"10", "", "10,00\u00a0TL öde"},
	} {
		js[any](t, ctx, fmt.Sprintf(`amount.focus(),amount.value=%q,amount.dispatchEvent(new InputEvent("input",{bubbles:true})),amount.blur(),0`, c.typed))
		if got := js[string](t, ctx, `(document.getElementById("amount-e")?.textContent||"")+"|"+go.textContent`); got != c.mistake+"|"+c.button {
			t.Errorf("%q: %q, want %q", c.typed, got, c.mistake+"|"+c.button)
		}
	}
	js[any](t, ctx, `card_number.value="4155650000000007",card_number.dispatchEvent(new InputEvent("input",{bubbles:true})),0`)
	until(t, ctx, `document.querySelectorAll("#rows .row").length==6`)
	js[any](t, ctx, `document.querySelectorAll("#rows input")[3].click(),amount.value="3",amount.dispatchEvent(new InputEvent("input",{bubbles:true})),0`)
	if got := js[string](t, ctx, `document.querySelectorAll("#rows .row").length+"|"+go.textContent+"|"+seen.value`); got != "1|Öde|" {
		t.Errorf("rows, button and total after the amount was changed: %q", got)
	}
}

// Checklist B5, E8: with scripts the button names the chosen row of a page whose rows the server wrote.
func TestB05_ScriptNamesTheChosenRow(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	do(t, ctx, chromedp.Navigate(srv.URL+"/tr/checkout-twelve"))
	until(t, ctx, `document.documentElement.classList.contains("on")`)
	if got := js[string](t, ctx, `go.textContent`); got != "6 taksitle öde (toplam\u00a01.296.296,24\u00a0TL)" {
		t.Errorf("button: %q", got)
	}
}

func TestD01_FailedSubmitListsTheMistakes(t *testing.T) {
	ctx, srv := checkoutPage(t)
	do(t, ctx, chromedp.Click("#go"))
	got := js[string](t, ctx, `document.activeElement.id+"|"+document.title+"|"+document.querySelector("#errors h2").textContent+"|"+[...document.querySelectorAll("#errors a")].map(a=>a.getAttribute("href")).join()`)
	if want := "errors|Hata: Ödeme – Çiğdem Kırtasiye|Eksik veya hatalı alanlar var|#card_number,#card_expiry,#card_cvc"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	shot(t, ctx, "journey-errors")
	if n := srv.asked("pay"); len(n) != 0 {
		t.Errorf("a form with mistakes was sent: %v", n)
	}
}

func fillIn(t *testing.T, ctx context.Context, holder string) {
	do(t, ctx, chromedp.Focus("#card_number"), press(visa), chromedp.Focus("#card_expiry"), press("1230"),
		chromedp.Focus("#card_cvc"), press("123"), chromedp.Focus("#card_holder"), press(holder))
}

func TestH02_SecondTapDoesNothingAndTheWayToTheBankIsOneWay(t *testing.T) {
	ctx, srv := checkoutPage(t)
	fillIn(t, ctx, "AYSE YILMAZ")
	if got := js[string](t, ctx, `card_expiry.value`); got != "12/30" {
		t.Errorf("expiry typed without slash: %q", got)
	}
	until(t, ctx, `document.querySelectorAll("#rows .row").length==6`)
	got := js[string](t, ctx, `go.click(),[go.textContent,go.getAttribute("aria-disabled"),go.disabled,(go.click(),pay.classList.contains("busy"))].join("|")`)
	if got != "İşleniyor…|true|false|true" {
		t.Errorf("the busy button: %s", got)
	}
	until(t, ctx, `document.title=="ACS"`)
	if n := srv.asked("pay "); !slices.Equal(n, []string{"1 25000 AYSE YILMAZ"}) {
		t.Errorf("forms sent: %v", n)
	}
	if n := srv.asked("acs "); !slices.Equal(n, []string{"abc"}) {
		t.Errorf("the bank got %v", n)
	}
	do(t, ctx, chromedp.NavigateBack())
	until(t, ctx, `location.pathname=="/r/`+sampleReceipt.Payment+`"`)
	until(t, ctx, `document.title.startsWith("Sonuç bekleniyor")`)
	// Browsers may pass over a page that went on by itself: then 'back' meets the link's page.
	do(t, ctx, chromedp.NavigateBack())
	until(t, ctx, `location.pathname=="/r/`+sampleReceipt.Payment+`"`)
	srv.status.Store(StatusPaid)
	until(t, ctx, `document.title.startsWith("Ödeme tamamlandı")`)
	if n := srv.asked("acs "); len(n) != 1 {
		t.Errorf("going back sent the bank's form again: %v", n)
	}
	until(t, ctx, `document.activeElement.tagName=="H1"`) // browsers focus it when the page is laid out
}

func TestH04_ReloadAfterAMistakeSendsNothingAgain(t *testing.T) {
	ctx, srv := checkoutPage(t)
	fillIn(t, ctx, "WRONG")
	js[any](t, ctx, `go.click(),0`)
	until(t, ctx, `document.title.startsWith("Hata:")`)
	if got := js[string](t, ctx, `location.pathname+"|"+card_number.value+card_cvc.value+"|"+card_holder.value+"|"+document.activeElement.id`); got != "/p/Xk3mN8pQ2rTv||WRONG|errors" {
		t.Error(got)
	}
	do(t, ctx, chromedp.Reload())
	until(t, ctx, `document.title.startsWith("Ödeme")`)
	if n := srv.asked("pay "); len(n) != 1 {
		t.Errorf("forms sent: %v", n)
	}
}

func TestO01_LanguageSwitchKeepsWhatWasTypedAndStoresNothing(t *testing.T) {
	ctx, _ := checkoutPage(t)
	fillIn(t, ctx, "Şükrü Ğ. Işık")
	until(t, ctx, `document.querySelectorAll("#rows .row").length==6`)
	do(t, ctx, chromedp.Click("#rows .row:nth-of-type(3)"), chromedp.Click(".lang a"))
	until(t, ctx, `document.documentElement.lang=="en"&&document.querySelectorAll("#rows .row").length==6`)
	got := js[string](t, ctx, `[card_number.value,card_expiry.value,card_cvc.value,card_holder.value,go.textContent,location.search,localStorage.length+sessionStorage.length,document.cookie].join("|")`)
	if want := "4155 6500 0000 0007|12/30|123|Şükrü Ğ. Işık|Pay in 3 instalments (total\u00a0TRY\u00a0259.00)|?lang=en|0|"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	do(t, ctx, chromedp.Focus("#card_number"), press("1"), chromedp.Focus("#card_cvc"))
	if got := js[string](t, ctx, `document.getElementById("card_number-e").textContent`); !strings.HasPrefix(got, "The card number is not the right length") {
		t.Errorf("after the switch the script says %q", got)
	}
	do(t, ctx, chromedp.Click(".lang a"))
	until(t, ctx, `document.documentElement.lang=="tr"`)
}

func TestI02_TimeIsShownAtTheEndOnlyAndCanBeExtended(t *testing.T) {
	ctx, _ := checkoutPage(t)
	fillIn(t, ctx, "AYSE")
	if js[bool](t, ctx, `!!document.querySelector("#go+p").offsetHeight`) {
		t.Error("the time is shown long before the end")
	}
	js[any](t, ctx, `later=10*60e3+500`)
	until(t, ctx, `/^Bu sayfa 4:5\d sonra kapanacak\.$/.test(document.querySelector("#go+p span").textContent)&&live.textContent=="Bu sayfa 5 dakika sonra kapanacak."`)
	do(t, ctx, chromedp.Click("#go+p button"))
	until(t, ctx, `document.querySelector("#go+p").hidden`)
	js[any](t, ctx, `later=26*60e3`)
	until(t, ctx, `!document.getElementById("pay")`)
	if got := js[string](t, ctx, `document.querySelector("[role=alert]").textContent+"|"+document.querySelector("main a.go").pathname`); got != "Süre doldu. Güvenliğiniz için kart bilgileri silindi.|/p/Xk3mN8pQ2rTv" {
		t.Error(got)
	}
}

func TestA03_OneHostSixRequestsNothingRefused(t *testing.T) {
	ctx, srv := checkoutPage(t)
	fillIn(t, ctx, "AYSE")
	urls := js[[]string](t, ctx, `performance.getEntriesByType("resource").map(e=>e.name).filter(n=>!/installments/.test(n))`)
	if len(urls)+1 > 6 {
		t.Errorf("%d requests: %v", len(urls)+1, urls)
	}
	for _, u := range urls {
		if !strings.HasPrefix(u, srv.URL+"/") {
			t.Errorf("%s is not on this host", u)
		}
	}
	if refused := js[[]string](t, ctx, `refused`); len(refused) > 0 {
		t.Errorf("the content security policy refused %v", refused)
	}
}

func TestK01_ScriptsOffTheInstalmentsAreAskedByForm(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate(srv.URL+"/p/Xk3mN8pQ2rTv"), chromedp.Click("#ask summary"), chromedp.WaitVisible("#bin"))
	shot(t, ctx, "noscript-ask")
	do(t, ctx, chromedp.Focus("#bin"), press("41556500"), chromedp.Click("#ask button"))
	until(t, ctx, `location.href.endsWith("/p/Xk3mN8pQ2rTv?bin=41556500&lang=tr")`)
	do(t, ctx, chromedp.Navigate(srv.URL+"/tr/checkout-twelve"), chromedp.WaitVisible("#rows .row:nth-of-type(12)"))
	shot(t, ctx, "noscript-twelve")
	do(t, ctx, chromedp.Navigate(srv.URL+"/tr/handover"), chromedp.WaitVisible("#bank button"))
	shot(t, ctx, "noscript-handover")
}

// Checklist L3, L4: every control is large enough for a thumb and shows a ring of 3 px when it is
// reached by keyboard.
func TestL04_TargetsAreLargeAndFocusIsSeen(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	for name, path := range addresses("tr") {
		do(t, ctx, chromedp.Navigate(srv.URL+path))
		small := js[[]string](t, ctx, `[...document.querySelectorAll("a,button,summary,input:not([type=hidden],[type=radio]),textarea,.row")]
			.filter(e=>e.checkVisibility()&&!e.closest("details p")).map(e=>[e,(e.type=="checkbox"?e.closest("label"):e).getBoundingClientRect()])
			.filter(([e,r])=>r.height<43.9||r.width<43.9).map(([e,r])=>e.tagName+" "+(e.id||e.textContent.trim())+" "+r.width+"x"+r.height)`)
		if len(small) > 0 {
			t.Errorf("%s: %v", name, small)
		}
		blind := js[[]string](t, ctx, `[...document.querySelectorAll("a,button,summary,input:not([type=hidden]),textarea")].filter(e=>e.checkVisibility()).filter(e=>{
			e.focus({focusVisible:true}); const ring=e.type=="radio"?e.closest(".row"):e, s=getComputedStyle(ring);
			return parseFloat(s.outlineWidth)<3||s.outlineStyle=="none"}).map(e=>e.tagName+" "+(e.id||e.textContent.trim()))`)
		if len(blind) > 0 {
			t.Errorf("%s: no focus ring on %v", name, blind)
		}
	}
}

// Checklist J3: on A4 and on an 80 mm slip the receipt keeps what matters and loses what only a
// screen can use.
func TestJ03_ReceiptPrints(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	do(t, ctx, chromedp.Navigate(srv.URL+"/tr/result-paid"))
	for name, width := range map[string]float64{"a4": 8.27, "slip": 3.15} {
		out, err := chromedp.Call(ctx, cdpage.PrintToPDF, cdpage.PrintToPDFParams{PaperWidth: width, PaperHeight: 11.7})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Data) == 0 {
			t.Errorf("%s: nothing printed", name)
		}
		if *shotDir != "" {
			if err := os.WriteFile(filepath.Join(*shotDir, "receipt-"+name+".pdf"), out.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	if seen := js[[]string](t, ctx, `["nav",".steps",".acts","#soon","form"].filter(s=>document.querySelector(s)?.checkVisibility())`); len(seen) > 0 {
		t.Errorf("printed although only a screen can use it: %v", seen)
	}
	if gone := js[[]string](t, ctx, `["h1","dl",".qr",".proof","footer"].filter(s=>!document.querySelector(s)?.checkVisibility())`); len(gone) > 0 {
		t.Errorf("not printed: %v", gone)
	}
	if width := js[float64](t, ctx, `document.querySelector(".qr").getBoundingClientRect().width/96*25.4`); width < 20 {
		t.Errorf("the code is printed %.0f mm wide, less than 2 cm", width)
	}
}

// Checklist L8: with forced colours the chosen row and the buttons keep a shape.
func TestL08_ForcedColoursAndReducedMotion(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	do(t, ctx, chromedp.Navigate(srv.URL+"/tr/checkout-twelve"))
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "forced-colors", Value: "active"}, {Name: "prefers-reduced-motion", Value: "reduce"}}}); err != nil {
		t.Fatal(err)
	}
	if got := js[string](t, ctx, `getComputedStyle(document.querySelector(".row:has(:checked)")).borderTopWidth+getComputedStyle(go).borderTopWidth`); got != "2px2px" {
		t.Errorf("borders with forced colours: %s", got)
	}
	shot(t, ctx, "forced-colours")
	if n := js[int](t, ctx, `document.getAnimations().length`); n != 0 {
		t.Errorf("%d animations run although the reader wants none", n)
	}
}

func TestN02_AppsThatBreakBankPagesGetAHint(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	hint := `[...document.querySelectorAll("#pay p")].some(p=>p.textContent.startsWith("Banka sayfası bu uygulamada açılmazsa"))`
	for agent, want := range map[string]bool{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 350.0.0": true,
		"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0 Mobile [FBAN/EMA;FBAV/440.0]":    true,
		"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36":                        false,
	} {
		if _, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent}); err != nil {
			t.Fatal(err)
		}
		do(t, ctx, chromedp.Navigate(srv.URL+"/p/Xk3mN8pQ2rTv"))
		if got := js[bool](t, ctx, hint); got != want {
			t.Errorf("%s: hint %v, want %v", agent, got, want)
		}
	}
}

// Checklist A9: without its script file the page works as with scripts off.
func TestA09_ScriptFileThatFailsToLoadBreaksNothing(t *testing.T) {
	p := newTestPages(t)
	delete(p.assets.byPath, p.assets.ByName("app.tr.js").Path)
	srv := site(t, p)
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	do(t, ctx, chromedp.Navigate(srv.URL+"/p/Xk3mN8pQ2rTv"), chromedp.WaitVisible("#ask summary"))
	fillIn(t, ctx, "AYSE")
	do(t, ctx, chromedp.Click("#go"))
	until(t, ctx, `!!document.querySelector("#bank button")?.checkVisibility()`)
	do(t, ctx, chromedp.Click("#bank button"))
	until(t, ctx, `document.title=="ACS"`)
	if n := srv.asked("pay "); !slices.Equal(n, []string{"1  AYSE"}) {
		t.Errorf("forms sent: %q", n)
	}
}

// Checklist O2: a page that reads from right to left, with numbers that do not.
func TestO02_RightToLeftPageIsNotCut(t *testing.T) {
	srv := site(t, newTestPages(t))
	ctx := open(t)
	screen(t, ctx, 360, 740, false)
	do(t, ctx, chromedp.Navigate(srv.URL+"/tr/checkout-twelve"))
	js[any](t, ctx, `document.documentElement.dir="rtl"`)
	shot(t, ctx, "right-to-left")
	if left := js[float64](t, ctx, `Math.min(...[...document.querySelectorAll("body *")].filter(e=>!e.closest(".vh")).map(e=>e.getBoundingClientRect().left))`); left < 0 {
		t.Errorf("%.0f px stick out at the left", -left)
	}
	if got := js[bool](t, ctx, `document.querySelector(".row input").getBoundingClientRect().left>document.querySelector(".row i").getBoundingClientRect().left`); !got {
		t.Error("the rows are not mirrored")
	}
}
