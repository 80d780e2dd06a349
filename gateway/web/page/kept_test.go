package page

import (
	"strings"
	"testing"

	"rsc.io/qr"

	"github.com/odelink/odelink/templates"
)

// twice renders a view as it is answered and as the engine writes it.
func twice(t *testing.T, p *Pages, l *templates.Locale, v View) (got, want string, ok bool) {
	t.Helper()
	r := root{Head: v.head(), p: p, L: l, V: v}
	_, ok = r.keep()
	page, err := p.Render(l.Code, v)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := p.engineWrites(&r)
	if err != nil {
		t.Fatal(err)
	}
	return string(page), string(plain), ok
}

// Every page is byte for byte what the engine writes, and the two of every payment are kept.
func TestKeptPagesAreWhatTheEngineWrites(t *testing.T) {
	t.Parallel()
	p := newTestPages(t)
	stays := map[string]bool{"handover": true, "result-paid": true, "result-paid-test": true}
	for range 2 { // cut, and joined again
		for _, s := range samples() {
			if _, plain := s.view.(*CheckoutPage); plain {
				continue
			}
			for _, lang := range p.Languages() {
				got, want, ok := twice(t, p, p.Locale(lang), s.view)
				if ok != stays[s.name] {
					t.Errorf("%s is kept: %v", s.name, ok)
				}
				if got != want {
					t.Errorf("%s in %s: %s", s.name, lang, difference(got, want))
				}
			}
		}
	}
	if len(p.kept) != len(stays)*len(p.Languages()) {
		t.Errorf("%d pages are kept", len(p.kept))
	}
}

// Whatever the values are, whichever of them are missing, and whoever's page was cut: the engine's bytes.
func FuzzKeptPagesEqualTheEngines(f *testing.F) {
	p := newTestPages(f)
	f.Add(`<>&"'+`, "https://shop.example/a?b=c", "pay_1", "K7RP29XW", int64(25900), ^uint(0))
	f.Add("", "", "", "", int64(0), uint(0))
	f.Add("x", "javascript:alert(1)", `"><b>`, "a b", int64(-1), uint(1))
	f.Add("ü\x00\u2028", "http://shop.example/?q=a%20b&c", "..//", "+", int64(1)<<60, uint(255))
	f.Add("q", "HTTPS://x", "/", "~", int64(7), uint(64))
	f.Add(`<>&"'+`, `<>&"'+`, "pay_2", `<>&"'+`, int64(7), ^uint(0))
	f.Add(`<>&"'+`, "https://shop.example/", "pay_2", `<>&"'+`, int64(7), ^uint(0)^2)
	f.Fuzz(func(t *testing.T, text, address, path, code string, minor int64, bits uint) {
		if len(code) > 200 {
			return // no address that long has a picture
		}
		on := func(bit uint, s string) string {
			if bits>>bit&1 == 0 {
				return ""
			}
			return s
		}
		head := Head{Self: path, Test: bits&1 != 0}
		if bits&2 != 0 {
			head.Theme = shop
		}
		views := []View{
			&Handover{Head: head, Payment: path, AmountMinor: minor, Currency: "TRY", Bank: on(2, text), Method: on(3, "POST"), Action: address,
				Fields: []Field{{text, address}, {path, code}}},
			&Result{Head: head, Payment: path, Status: StatusPaid, ReturnURL: on(4, address), AutoReturn: bits&32 != 0, OneStep: bits&64 != 0, Reversing: bits&128 != 0,
				Receipt: &Receipt{
					Payment: on(5, path), OrderID: on(6, text), Description: on(7, text), Note: on(8, code), TotalMinor: minor, PriceMinor: minor / 2, Currency: "TRY",
					Installments: int(bits % 13), MonthlyMinor: minor / 3, Brand: on(9, "visa"), Last4: on(10, code), Issuer: on(11, text), AuthCode: on(12, text),
					RRN: on(13, address), PaidAt: sampleNow, RefundedMinor: minor / int64(1+bits%3), Voided: bits&16 != 0, Code: on(14, code),
				}},
		}
		for _, v := range views {
			for _, lang := range p.Languages() {
				if got, want, _ := twice(t, p, p.Locale(lang), v); got != want {
					t.Errorf("%+v in %s: %s", v, lang, difference(got, want))
				}
			}
		}
	})
}

// Keys hold merchants' names and what strangers bring about: what is kept has bounds.
func TestKeptPagesAreBounded(t *testing.T) {
	t.Parallel()
	p, err := New(Options{MaxCached: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(10) {
		theme := *shop
		theme.Version = i
		if _, err := p.Render("tr", &Handover{Head: Head{Theme: &theme}, Payment: "pay_1", Method: "POST", Action: "https://bank.example/"}); err != nil {
			t.Fatal(err)
		}
		if len(p.kept) == 0 || len(p.kept) > 3 {
			t.Fatalf("%d pages are kept", len(p.kept))
		}
	}
}

// The picture is the code that the library draws.
func TestQRIsTheLibrarys(t *testing.T) {
	t.Parallel()
	plans := newPlans()
	for _, n := range []int{1, 20, 40, 100, 400} {
		text := "https://ode.example.com/v/" + strings.Repeat("K", n)
		got, err := plans.draw(text)
		if err != nil {
			t.Fatal(err)
		}
		want, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		if got.Size != want.Size || string(got.Bitmap) != string(want.Bitmap) {
			t.Errorf("%d characters: another code", len(text))
		}
	}
	if _, err := plans.draw(strings.Repeat("k", 4000)); err == nil {
		t.Error("4000 characters were drawn")
	}
}

func BenchmarkReceipt(b *testing.B) {
	p := newTestPages(b)
	c := sampleReceipt
	v := &Result{Head: Head{Theme: shop, Self: "/r/" + c.Payment}, Payment: c.Payment, Status: StatusPaid, Receipt: &c}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Render("tr", v); err != nil {
			b.Fatal(err)
		}
	}
}
