package page

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// The samples are every page in every state, for the tests that hold for all of them and for
// looking at them (preview_test.go).

var (
	sampleNow = time.Date(2026, 11, 22, 12, 9, 31, 0, time.UTC)

	shop = &Theme{
		ID: "mrc_1", Version: 3, Name: "Çiğdem Kırtasiye", LegalName: "Çiğdem Kırtasiye ve Kağıt San. Tic. Ltd. Şti.",
		Phone: "+90 212 000 00 00", Email: "odeme@cigdem.example", Accent: "#0f766e",
		Address: "Örnek Mah. Deneme Sok. No: 1, Kadıköy / İstanbul",
		Brands:  []string{"visa", "mastercard", "troy"}, NoticeURL: "https://cigdem.example/kvkk",
	}
	longShop = &Theme{
		ID: "mrc_2", Version: 1, Name: "Muvaffakiyetsizleştiricileştiriveremeyebileceklerimizdenmişsinizcesine İthalat İhracat",
		LegalName: "Muvaffakiyetsizleştiricileştiriveremeyebileceklerimizdenmişsinizcesine İthalat İhracat Pazarlama Sanayi ve Dış Ticaret Anonim Şirketi",
		Phone:     "0850 000 00 00", Email: "cok.uzun.bir.eposta.adresi@cok-uzun-bir-alan-adi.example", Accent: "#ffd400",
		Brands: []string{"visa", "mastercard", "troy", "amex"},
	}

	sampleCheckout = Checkout{
		Token: "Xk3mN8pQ2rTv", AmountMinor: 25000, Currency: "TRY", MinMinor: 1000, MaxMinor: 500000,
		Description: "Kasım ayı kırtasiye siparişi", OrderID: "SIP-2026-00417", Terms: "b7c1d2e3f4a5", Rows: 6,
		Now: sampleNow.Unix(), Until: sampleNow.Add(24 * time.Hour).Unix(),
	}
	usual = VariantInstallments | VariantUntil | VariantHolder

	sampleReceipt = Receipt{
		Payment: "pay_9f2c4e7a1b3d5f60718293a4b5c6d7e8", OrderID: "SIP-2026-00417", Description: "Kasım ayı kırtasiye siparişi",
		TotalMinor: 25900, PriceMinor: 25000, Currency: "TRY", Installments: 3, MonthlyMinor: 8633,
		Brand: "visa", Last4: "0007", Issuer: "QNB · CardFinans", AuthCode: "S12345", RRN: "632615098249",
		PaidAt: sampleNow, Code: "K7RP29XW", Note: "Fatura için teşekkürler",
	}
	samplePayment = Receipt{
		OrderID: "SIP-2026-00417", Description: "Kasım ayı kırtasiye siparişi", TotalMinor: 25900, PriceMinor: 25000, Currency: "TRY",
		Installments: 3, MonthlyMinor: 8633, Brand: "visa", Last4: "0007", Issuer: "QNB · CardFinans",
	}
	sampleLink = Receipt{OrderID: "SIP-2026-00417", Description: "Kasım ayı kırtasiye siparişi", TotalMinor: 25000, Currency: "TRY"}
)

var sampleItems = []Item{
	{Name: "A4 fotokopi kâğıdı, 80 g, 500 yaprak", Quantity: 9999, UnitMinor: 123_456_789, TotalMinor: 1_234_444_433_211},
	{Name: strings.Repeat("Muvaffakiyetsizleştirici", 5), Quantity: 1, UnitMinor: 999_999_999_999, TotalMinor: 999_999_999_999}, {Name: "<b>Hediye</b>", Quantity: 2},
}

// twelve are offers of every count for a price; from four on they cost more.
func twelve(price int64) []Offer {
	offers := []Offer{{Count: 1, TotalMinor: price, MonthlyMinor: price}}
	for n := 2; n <= 12; n++ {
		total := price + price/100*int64(n-1)
		if n <= 3 {
			total = price
		}
		offers = append(offers, Offer{Count: n, TotalMinor: total, MonthlyMinor: (total + int64(n)/2) / int64(n)})
	}
	return offers
}

type sample struct {
	name string
	view View
}

func samples() []sample {
	in := Head{Theme: shop, Self: "/p/Xk3mN8pQ2rTv"}
	of := Head{Theme: shop, Self: "/r/pay_9f2c4e7a1b3d5f60718293a4b5c6d7e8"}
	long := sampleCheckout
	long.AmountMinor, long.Description = 123456789, "Kadıköy Moda Şubesi çalışanları için Kasım–Aralık dönemi yemek, kırtasiye ve temizlik malzemesi toplu alımı ile kurulum hizmeti bedeli"
	long.OrderID = "MUSTERI-SIPARIS-NUMARASI-2026-11-22-000000000000417"
	large := sampleCheckout
	large.AmountMinor = 999999999
	every := []FieldError{
		{Field: "amount", Code: "amount_range", Min: 1000, Max: 500000},
		{Field: "card_number", Code: "brand_not_accepted", Brand: "amex"},
		{Field: "card_expiry", Code: "expiry_past"}, {Field: "card_cvc", Code: "cvc_length", N: 4},
		{Field: "card_holder", Code: "name_looks_like_card"},
		{Field: "installments", Code: "installments_not_offered", N: 9},
		{Field: "payer_note", Code: "note_looks_like_card"},
	}
	all := []sample{
		{"checkout-open", &CheckoutPage{Head: in, Variant: usual | VariantOpen | VariantNote, Checkout: sampleCheckout}},
		{"checkout-errors", &CheckoutPage{Head: in, Variant: usual | VariantOpen | VariantNote, Checkout: sampleCheckout, Errors: every,
			Typed: Typed{Amount: "7.500", Expiry: "01/20", Holder: "4155650000000007", Note: "teşekkürler"}}},
		{"checkout-one-error", &CheckoutPage{Head: in, Variant: usual, Checkout: sampleCheckout, Errors: every[2:3], Typed: Typed{Expiry: "01/20", Holder: "Şükrü Ğ. Işık"}}},
		{"checkout-waiting", &CheckoutPage{Head: in, Variant: usual, Checkout: sampleCheckout, Waiting: sampleReceipt.Payment, About: &samplePayment}},
		{"checkout-terms-changed", &CheckoutPage{Head: in, Variant: usual, Checkout: sampleCheckout, TermsChanged: true}},
		{"checkout-consumer", &CheckoutPage{Head: in, Variant: usual | VariantConsumer | VariantAds, Checkout: sampleCheckout}},
		{"checkout-consumer-errors", &CheckoutPage{Head: in, Variant: usual | VariantConsumer, Checkout: sampleCheckout, Typed: Typed{Consents: []string{"pre_information"}},
			Errors: []FieldError{{Field: "consent_distance_sale", Code: "consent_required"}}}},
		{"text", &Text{Head: in, Kind: "distance_sale", Text: "MESAFELİ SATIŞ SÖZLEŞMESİ\n\n1. Taraflar\nSatıcı: Çiğdem", Hash: "5320c8e8b3fcbdb4", Given: sampleReceipt.PaidAt, Yes: true}},
		{"checkout-twelve", &CheckoutPage{Head: Head{Theme: longShop, Self: "/p/Xk3mN8pQ2rTv", Test: true}, Variant: usual | VariantNote, Checkout: long,
			BIN: "41556501", Offers: twelve(123456789), Typed: Typed{Installments: 6}}},
		{"checkout-large", &CheckoutPage{Head: in, Variant: usual, Checkout: large, BIN: "41556501", Offers: twelve(999999999), Typed: Typed{Installments: 12}}},
		{"checkout-debit", &CheckoutPage{Head: in, Variant: usual, Checkout: sampleCheckout, BIN: "40070901", Offers: []Offer{{Count: 1, TotalMinor: 25000, MonthlyMinor: 25000}}, Why: WhyDebit}},
		{"checkout-lines", &CheckoutPage{Head: in, Variant: usual, Checkout: sampleCheckout, Items: sampleItems}},
		{"handover", &Handover{Head: of, Payment: sampleReceipt.Payment, AmountMinor: 25900, Currency: "TRY", Bank: "QNB", Method: "POST",
			Action: "https://acs.bank.example/acs/challenge", Fields: []Field{{"creq", "eyJhIjoxfQ"}, {"threeDSSessionData", ""}}}},
		{"check-genuine", &Check{Head: Head{Theme: shop, Self: "/v/K7RP29XW"}, Receipt: &sampleReceipt}},
		{"check-unknown", &Check{Head: Head{Self: "/v/K7RP29XX"}}},
	}
	return append(append(all, resultSamples(of)...), kindSamples(in)...)
}

func resultSamples(of Head) []sample {
	paid := func(status string, change func(*Receipt)) *Result {
		c := sampleReceipt
		change(&c)
		return &Result{Head: of, Payment: c.Payment, Status: status, Receipt: &c, ReturnURL: "https://cigdem.example/siparis"}
	}
	agreed := paid(StatusPaid, func(*Receipt) {})
	agreed.AskedAt, agreed.Agreed = sampleReceipt.PaidAt, []Agreed{{Kind: "pre_information", Text: "Satıcı: Çiğdem\nToplam: 259,00 TL", Yes: true}, {Kind: "advertising", Text: "Onay"}}
	plain := func(status, reason string) *Result {
		return &Result{Head: of, Payment: sampleReceipt.Payment, Status: status, Reason: reason, Reference: "9F2C-4E7A", About: &samplePayment}
	}
	lines := paid(StatusPaid, func(c *Receipt) { c.Items = sampleItems })
	auto := paid(StatusPaid, func(*Receipt) {})
	auto.AutoReturn = true
	earlier := paid(StatusPaid, func(c *Receipt) { c.Installments, c.TotalMinor = 1, c.PriceMinor })
	earlier.Earlier, earlier.Self = true, "/p/Xk3mN8pQ2rTv"
	test := paid(StatusPaid, func(*Receipt) {})
	test.Test = true
	double, takenBack := plain(StatusVoided, ""), plain(StatusVoided, "")
	double.TakenBack, double.Double, takenBack.TakenBack = true, true, true
	takenBack.RetryURL = "/p/Xk3mN8pQ2rTv"
	declined := plain(StatusDeclined, "insufficient_funds")
	declined.RetryURL = "/p/Xk3mN8pQ2rTv"
	failed := plain(StatusFailed, "half_secure_refused")
	failed.RetryURL = "/p/Xk3mN8pQ2rTv"
	challenged := plain(StatusChallenged, "")
	challenged.CanContinue, challenged.CanAbandon = true, true
	late, reversing := plain(StatusLinkUsed, "link_used"), plain(StatusLinkUsed, "link_used")
	reversing.Reversing = true
	abandoned := plain(StatusAbandoned, "")
	abandoned.RetryURL = "/p/Xk3mN8pQ2rTv"
	return []sample{
		{"result-paid", auto}, {"result-agreed", agreed}, {"result-lines", lines}, {"result-paid-earlier", earlier}, {"result-paid-test", test},
		{"result-partly-refunded", paid(StatusPartiallyRefunded, func(c *Receipt) { c.RefundedMinor = 5000 })},
		{"result-refunded", paid(StatusRefunded, func(c *Receipt) { c.RefundedMinor = c.TotalMinor })},
		{"result-voided", paid(StatusVoided, func(c *Receipt) { c.Voided = true })},
		{"result-double", double}, {"result-taken-back", takenBack}, {"result-declined", declined}, {"result-failed", failed},
		{"result-pending", plain(StatusPending, "")}, {"result-challenged", challenged},
		{"result-abandoned", abandoned}, {"result-superseded", plain(StatusSuperseded, "")},
		{"result-link-used", late}, {"result-reversing", reversing},
	}
}

func kindSamples(in Head) []sample {
	var all []sample
	for state := range kinds {
		k := &Kind{Head: in, State: state, Token: "Xk3mN8pQ2rTv", Payment: sampleReceipt.Payment, Date: sampleNow, Wait: 14 * time.Minute}
		switch state {
		case KindNotFound, KindBadRequest:
			k.Head = Head{Self: in.Self}
		case KindServerError:
			k.Reference, k.Payment = "01HZX3", ""
		case KindBadReturn:
			k.Reference, k.NotYet = "9F2C-4E7A", true
		case KindBankUnreachable:
			k.Reference = "9F2C-4E7A"
		case KindBusy, KindInProgress, KindNoAccount:
			k.About = &sampleLink
		case KindReturnWaiting:
			k.Resend = &Form{Action: "/3ds/" + k.Payment, Fields: []Field{{"OrderId", "LNK-7F3A"}, {"mdStatus", "1"}}}
		case KindTooMany:
			for name, by := range map[string]Kind{
				"card": {Limit: "card", Wait: 23 * time.Hour}, "card-later": {Limit: "card", Wait: 4 * time.Hour, OtherCard: 13*time.Minute + time.Second},
				"bin": {Limit: "bin", Wait: time.Hour}, "link": {Limit: "link", Wait: time.Second}, "address": {Limit: "address", Wait: 15 * time.Minute},
			} {
				stopped := *k
				stopped.Limit, stopped.Wait, stopped.OtherCard, stopped.Now = by.Limit, by.Wait, by.OtherCard, sampleNow
				all = append(all, sample{"kind-too_many-" + name, &stopped})
			}
		case KindExpired:
			asked := *k
			asked.Asked = true
			all = append(all, sample{"kind-expired-asked", &asked})
		}
		all = append(all, sample{"kind-" + state, k})
	}
	return all
}

func newTestPages(t testing.TB) *Pages {
	t.Helper()
	p, err := New(Options{PublicURL: "https://ode.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// everyPage is every sample in every language, "tr/checkout 0000000" (variant) among them, as written.
var everyPage = sync.OnceValues(func() (map[string]string, error) {
	p, err := New(Options{PublicURL: "https://ode.example.com"})
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, lang := range p.Languages() {
		for v := range variantEnd {
			values := sampleCheckout
			html, err := p.AppendCheckout(nil, Key{lang, shop, v}, &values)
			if err != nil {
				return nil, err
			}
			all[fmt.Sprintf("%s/checkout %07b", lang, v)] = string(html)
		}
		for _, s := range samples() {
			html, err := p.Render(lang, s.view)
			if err != nil {
				return nil, err
			}
			all[lang+"/"+s.name] = string(html)
		}
	}
	return all, nil
})

func allPages(t testing.TB) map[string]string {
	t.Helper()
	all, err := everyPage()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// variantFull is the page with every block of its own card form.
const variantFull = (variantEnd - 1) &^ VariantHosted
