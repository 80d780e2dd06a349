//go:build !race

package page

import "testing"

// Every page in every variant, one after the other: nothing here happens at once, and the race detector would make
// it twenty times as long. TestPagesAreSafeForManyViewersAtOnce is for the detector.

func TestSplicedPagesEqualTheEnginesInEveryVariant(t *testing.T) {
	p := newTestPages(t)
	odd := sampleCheckout
	odd.Description, odd.OrderID, odd.Terms = "<script>alert('x')</script> & \"Ğ\" +\x00\xff", "A+B&C<D>\"'", "a+b<c"
	odd.AmountMinor, odd.Currency, odd.Until, odd.Rows = 0, "JPY", 0, 99
	themes := map[string][]*Theme{"tr": {shop, nil}, "en": {longShop}, "xx": {shop}}
	for lang := range themes {
		for _, theme := range themes[lang] {
			for v := range variantEnd {
				for _, values := range []Checkout{sampleCheckout, odd, {}} {
					spliced, unzipped, engine := both(t, p, Key{lang, theme, v}, &values)
					if spliced != engine {
						t.Fatalf("%s, variant %06b: spliced and engine differ at %s", lang, v, difference(spliced, engine))
					}
					if unzipped != engine {
						t.Fatalf("%s, variant %06b: unzipped and engine differ at %s", lang, v, difference(unzipped, engine))
					}
				}
			}
		}
	}
}

// What the start proves of three variants, of all of them, in every language.
func TestEveryVariantIsProven(t *testing.T) {
	p := newTestPages(t)
	for _, l := range p.locales {
		for v := range variantEnd {
			if err := p.prove(l, v); err != nil {
				t.Error(err)
			}
		}
	}
}
