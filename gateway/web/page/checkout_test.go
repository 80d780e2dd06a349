package page

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/templates"
)

// both writes a checkout page spliced, spliced and zipped, and through the engine.
func both(t testing.TB, p *Pages, k Key, v *Checkout) (spliced, unzipped, engine string) {
	t.Helper()
	plain, err := p.AppendCheckout([]byte("before"), k, v)
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := p.AppendCheckoutGzip([]byte("before"), k, v)
	if err != nil {
		t.Fatal(err)
	}
	zipped, ok := bytes.CutPrefix(zipped, []byte("before"))
	if !ok {
		t.Fatal("what stood in the buffer was overwritten")
	}
	r := bytes.NewReader(zipped)
	zr, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	zr.Multistream(false)
	out, err := io.ReadAll(zr) // checks CRC-32 and length
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != 0 {
		t.Fatalf("%d bytes behind the gzip member", r.Len())
	}
	whole, err := p.Render(k.Lang, &CheckoutPage{Head: Head{Theme: k.Theme, Test: k.Variant&VariantTest != 0}, Variant: k.Variant, Checkout: *v})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(plain), "before"), string(out), string(whole)
}

func difference(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%d: %.60q and %.60q", i, a[i:], b[i:])
		}
	}
	return fmt.Sprintf("the end: %d and %d bytes", len(a), len(b))
}

func FuzzSplicedPageEqualsTheEngines(f *testing.F) {
	p := newTestPages(f)
	f.Add("Kasım ayı siparişi", "SIP-1", "terms", int64(123456), "TRY", int64(1795342171), uint8(255), 6)
	f.Add("<b>\"&'+\x00", "{{.}}", "q", int64(-1), "JPY", int64(0), uint8(0), -3)
	f.Add(strings.Repeat("ş", 70000), "", "", int64(1<<62), "", int64(-1), uint8(21), 0)
	f.Fuzz(func(t *testing.T, description, order, terms string, minor int64, currency string, until int64, variant uint8, rows int) {
		until %= 1 << 36 // years with four digits
		v := Checkout{Token: "Az09Az09Az09", AmountMinor: minor, Currency: currency, MinMinor: minor / 2, MaxMinor: minor,
			Description: description, OrderID: order, Terms: terms, Rows: rows, Now: until / 2, Until: until}
		for _, lang := range p.Languages() {
			spliced, unzipped, engine := both(t, p, Key{lang, shop, Variant(variant) & (variantEnd - 1)}, &v)
			if spliced != engine || unzipped != engine {
				t.Fatalf("%s: %s; %s", lang, difference(spliced, engine), difference(unzipped, engine))
			}
		}
	})
}

// A value longer than one stored block, and blocks exactly full.
func TestLongValuesAreZippedWhole(t *testing.T) {
	p := newTestPages(t)
	for _, n := range []int{65535 - 200, 65535, 65536, 3*65535 + 7} {
		v := sampleCheckout
		v.Description = strings.Repeat("x", n)
		if _, unzipped, engine := both(t, p, Key{"tr", shop, usual}, &v); unzipped != engine {
			t.Errorf("%d bytes: %s", n, difference(unzipped, engine))
		}
	}
}

// BREACH: the length of the zipped page must not depend on whether a value repeats something else
// on the page.
func TestZippedLengthTellsNothingAboutValues(t *testing.T) {
	p := newTestPages(t)
	length := func(description string) int {
		v := sampleCheckout
		v.Description = description
		out, err := p.AppendCheckoutGzip(nil, Key{"tr", shop, usual}, &v)
		if err != nil {
			t.Fatal(err)
		}
		return len(out)
	}
	secret := sampleCheckout.Terms
	if same, other := length(secret+secret), length("z8y7x6w5v4u3"+"t2s1r0q9p8o7"); same != other {
		t.Errorf("a description that repeats another value makes %d bytes, any other %d", same, other)
	}
}

func TestA35_ValuesCannotBecomeMarkup(t *testing.T) {
	p := newTestPages(t)
	const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	evil := &Theme{ID: "evil", Name: attack, LegalName: attack, Phone: attack, Email: attack, Address: attack,
		Accent: `#fff;}</style>`, Logo: "javascript:alert(1)", NoticeURL: "javascript:alert(1)", Brands: []string{`visa"onclick="x`}}
	receipt := Receipt{Payment: attack, OrderID: attack, Description: attack, Note: attack, Currency: attack, Brand: attack, Last4: attack,
		Issuer: attack, AuthCode: attack, RRN: attack, Code: attack, Installments: 3}
	head := Head{Theme: evil, Self: "/p/x"}
	views := []View{
		&CheckoutPage{Head: head, Variant: variantFull, BIN: attack, Typed: Typed{attack, attack, attack, attack, 3, []string{attack}},
			Checkout: Checkout{Token: "abc", Description: attack, OrderID: attack, Terms: attack, Currency: attack},
			Errors:   []FieldError{{Field: attack, Code: attack, Brand: attack}, {Field: "card_number", Code: "brand_not_accepted", Brand: attack}}},
		&Handover{Head: head, Payment: "pay_1", Bank: attack, Method: "POST", Action: "javascript:alert(1)", Fields: []Field{{attack, attack}}},
		&Result{Head: head, Payment: "pay_1", Status: StatusPaid, Receipt: &receipt, ReturnURL: "javascript:alert(1)", Reference: attack},
		&Result{Head: head, Payment: "pay_1", Status: StatusDeclined, Reason: attack, Reference: attack, RetryURL: "javascript:alert(1)"},
		&Kind{Head: head, State: KindServerError, Token: "abc", Reference: attack, Resend: &Form{"javascript:alert(1)", []Field{{attack, attack}}}},
		&Check{Head: head, Receipt: &receipt},
	}
	for _, v := range views {
		html, err := p.Render("tr", v)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<script>", "<img src=x", "javascript:", `"onclick=`} {
			if bytes.Contains(html, []byte(bad)) {
				t.Errorf("%s holds %s", v.template(), bad)
			}
		}
	}
}

// A bank may refuse anything at the step of the check: the heading says no more than the sentence beneath it (D6).
func TestHeadingAndSentenceOfARefusalBelongTogether(t *testing.T) {
	p := newTestPages(t)
	const check, plain = ">Ödeme alınamadı: doğrulama yapılamadı</h1>", ">Ödeme alınamadı</h1>"
	for reason, want := range map[string][2]string{
		"authentication_failed": {check, "SMS doğrulaması tamamlanmadı."}, "half_secure_refused": {check, "tam doğrulama yapmadı"},
		"amount_not_accepted": {plain, "Banka bu tutarı kabul etmedi."}, "merchant_setup": {plain, "İşyeri şu anda bu ödemeyi alamıyor."}, "": {plain, "Bankanız işlemi onaylamadı."},
	} {
		html, err := p.Render("tr", &Result{Payment: "pay_1", Status: StatusFailed, Reason: reason})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(string(html), part) {
				t.Errorf("%q: no %q", reason, part)
			}
		}
	}
}

// Checklist C13, C16; threat model A32: digits of a card come back on no page.
func TestA32_WhatLooksLikeACardNumberIsNotShownAgain(t *testing.T) {
	p := newTestPages(t)
	for _, typed := range []string{"4155650000000007", "4155 6500 0000 0007", "x41556500y00000007", "٤١٥٥٦٥٠٠٠٠٠٠٠٠٠٧", "４１５５６５００００００"} {
		html, err := p.Render("tr", &CheckoutPage{Variant: variantFull, Checkout: sampleCheckout,
			Typed: Typed{Amount: typed, Expiry: typed, Holder: typed, Note: typed}, Errors: []FieldError{{Field: "card_number", Code: "luhn"}}})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(html), typed) {
			t.Errorf("%q is on the page again", typed)
		}
	}
	html, err := p.Render("tr", &CheckoutPage{Variant: variantFull, Checkout: sampleCheckout,
		Typed: Typed{Amount: "12,50", Expiry: "12/30", Holder: "Şükrü Ğ. Işık", Note: "0212 000 00 00"}, Errors: []FieldError{{Field: "card_number", Code: "luhn"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{"12,50", "12/30", "Şükrü Ğ. Işık", "0212 000 00 00"} {
		if !strings.Contains(string(html), kept) {
			t.Errorf("%q was lost", kept)
		}
	}
	if !strings.Contains(string(html), "Güvenliğiniz için kart bilgilerini yeniden girin.") {
		t.Error("the payer is not told to enter the card again")
	}
}

func TestMarksThatTheEngineChangesStopTheStart(t *testing.T) {
	locales, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	delete(locales, "tr")
	if _, err := newPages(Options{}, locales); err == nil {
		t.Error("starts without Turkish")
	}
	p := newTestPages(t)
	for name, change := range map[string]string{
		"a value in an address":          `<a href="?x={{.F.Description}}">x</a>`,
		"a value without quotes":         `<p title={{.F.Description}}>x</p>`,
		"a value that is cut":            `{{slice .F.Order 1}}`,
		"a value in upper case":          `{{.F.Order | printf "%X"}}`,
		"a value that chooses the page":  `{{if eq .F.Order "x"}}x{{end}}{{if .F.Terms}}{{else}}y{{end}}{{len .F.Order}}`,
		"a page that leaves a value out": "",
	} {
		source, err := templates.Pay.ReadFile("pay/checkout.html")
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(source), `<div id="live"`, change+`<div id="live"`, 1)
		if change == "" {
			text = strings.ReplaceAll(text, "{{.F.Terms}}", "")
		}
		if p.engine.Templates, err = reparse(t, text); err != nil {
			t.Fatal(err)
		}
		if err := p.probe(); err == nil {
			t.Errorf("%s is not found out", name)
		}
	}
	source, err := templates.Pay.ReadFile("pay/checkout.html")
	if err != nil {
		t.Fatal(err)
	}
	if p.engine.Templates, err = reparse(t, string(source)); err != nil {
		t.Fatal(err)
	}
	if err := p.probe(); err != nil {
		t.Errorf("the page as it is: %v", err)
	}
}

func TestThemeChangeIsSeenAtOnceAndTheOldPageIsDropped(t *testing.T) {
	p := newTestPages(t)
	v := sampleCheckout
	old, renamed := *shop, *shop
	renamed.Name, renamed.Version = "Yeni Ad", old.Version+1
	for _, theme := range []*Theme{&old, &renamed} {
		out, err := p.AppendCheckout(nil, Key{"tr", theme, usual}, &v)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(out, []byte("<b>"+theme.Name+"</b>")) {
			t.Errorf("version %d does not show %s", theme.Version, theme.Name)
		}
	}
	if n := len(*p.ready.Load()); n != 1 {
		t.Errorf("%d pages kept, want the newest look alone", n)
	}
}

func TestCacheIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	p, err := New(Options{PublicURL: "https://ode.example.com", MaxCached: 8})
	if err != nil {
		t.Fatal(err)
	}
	v := sampleCheckout
	often := &Theme{ID: "often", Name: "Often"}
	for i := range 40 {
		for _, theme := range []*Theme{{ID: fmt.Sprint("rare", i), Name: "Rare"}, often} {
			if _, err := p.AppendCheckout(nil, Key{"tr", theme, 0}, &v); err != nil {
				t.Fatal(err)
			}
			if n := len(*p.ready.Load()); n > 8 {
				t.Fatalf("%d pages kept", n)
			}
		}
	}
	if (*p.ready.Load())[cacheKey{lang: "tr", theme: "often"}] == nil {
		t.Error("a page in constant use was dropped")
	}
	before := len(*p.ready.Load())
	for i := range 50 {
		if _, err := p.AppendCheckout(nil, Key{fmt.Sprint("x", i), often, 0}, &v); err != nil {
			t.Fatal(err)
		}
	}
	if len(*p.ready.Load()) > before {
		t.Error("unknown languages fill the cache")
	}
}

func TestPagesAreSafeForManyViewersAtOnce(t *testing.T) {
	p, err := New(Options{PublicURL: "https://ode.example.com", MaxCached: 6})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 30 {
				v := sampleCheckout
				v.Description = fmt.Sprintf("payer %d-%d", g, i)
				k := Key{p.Languages()[i%2], &Theme{ID: fmt.Sprint(i % 5), Version: int64(i / 10), Name: "Shop"}, Variant(i) & (variantEnd - 1)}
				if spliced, unzipped, engine := both(t, p, k, &v); spliced != engine || unzipped != engine {
					t.Errorf("%s", difference(spliced, engine))
				}
			}
		})
	}
	all.Wait()
}

func TestViewAllocatesNothing(t *testing.T) {
	p := newTestPages(t)
	v, k, buf := sampleCheckout, Key{"tr", shop, variantFull}, make([]byte, 0, 32<<10)
	for name, view := range map[string]func(){
		"plain": func() { buf, _ = p.AppendCheckout(buf[:0], k, &v) },
		"gzip":  func() { buf, _ = p.AppendCheckoutGzip(buf[:0], k, &v) },
	} {
		view()
		if n := testing.AllocsPerRun(100, view); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestTemplatesCanBeEditedLive(t *testing.T) {
	p, err := New(Options{PublicURL: "https://ode.example.com", LiveTemplates: "../../../templates"})
	if err != nil {
		t.Fatal(err)
	}
	v := sampleCheckout
	spliced, unzipped, engine := both(t, p, Key{"tr", shop, usual}, &v)
	if spliced != engine || unzipped != engine {
		t.Error("pages from the folder differ from the embedded ones")
	}
}

func TestClockTellsTheScriptTheServersTime(t *testing.T) {
	v := Checkout{Currency: "TRY", Now: sampleNow.Unix(), Until: sampleNow.Add(90 * time.Second).Unix()}
	l := newTestPages(t).Locale("tr")
	if got := string(v.append(nil, holeClock, l)); got != "90 202611 TRY" {
		t.Error(got)
	}
	v.Until = v.Now - 5
	if got := string(v.append(nil, holeClock, l)); got != "0 202611 TRY" {
		t.Error(got)
	}
	v.Until = 0
	if got := string(v.append(nil, holeClock, l)); got != "-1 202611 TRY" {
		t.Error(got)
	}
}

func BenchmarkCheckout(b *testing.B) {
	p := newTestPages(b)
	v, k := sampleCheckout, Key{"tr", shop, usual}
	buf := make([]byte, 0, 16<<10)
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendCheckout(buf[:0], k, &v)
		}
	})
	b.Run("gzip", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendCheckoutGzip(buf[:0], k, &v)
		}
	})
	b.Run("engine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Render("tr", &CheckoutPage{Head: Head{Theme: shop}, Variant: usual, Checkout: v}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		newTestPages(b)
	}
}
