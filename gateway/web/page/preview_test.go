package page

import "testing"

func TestCheckoutPageIsWritten(t *testing.T) {
	p, err := New(Options{PublicURL: "http://localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.AppendCheckout(nil, Key{Lang: "tr", Theme: &Theme{ID: "a", Name: "Deniz Kırtasiye"}, Variant: VariantInstallments | VariantUntil}, &Checkout{Token: "abc", AmountMinor: 123456, Currency: "TRY", Rows: 6, Now: 1795342171, Until: 1795342171 + 86400})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", b)
}
