package consent

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

var update = flag.Bool("update", false, "write the golden texts anew, for a person to read")

func facts() checkout.LegalFacts {
	return checkout.LegalFacts{
		Merchant: checkout.Merchant{Name: "Işık Seramik", LegalName: "Işık Seramik Sanayi ve Ticaret A.Ş.", Phone: "+90 212 000 00 00", Email: "destek@isik.example"},
		Seller: checkout.Seller{
			Address: "Çınar Sk. No: 5, 34000 Şişli/İstanbul", TaxOffice: "Şişli V.D.", TaxNumber: "1234567890", MERSIS: "0123456789012345",
			Delivery: "Sipariş üç iş günü içinde anlaşmalı kargoyla gönderilir; gönderi bedeli satıcıya aittir.", Exceptions: "Kişiye özel üretilen ürünlerde cayma hakkı yoktur.",
		},
		Order: "SIP-2026-00123", Subject: "El yapımı vazo {total}", Price: checkout.Money{Minor: 123_456, Currency: checkout.TRY},
		Offers: []checkout.Offer{{Count: 3, Total: 130_200, Monthly: 43_400, Last: 43_400}}, At: time.Date(2026, 11, 5, 11, 30, 0, 0, time.UTC),
	}
}

func texts(t *testing.T) *Texts {
	t.Helper()
	all, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// F4: the texts as a consumer reads them, whole.
func TestUX_F4_FilledInTexts(t *testing.T) {
	all := texts(t)
	for _, lang := range all.Languages() {
		for _, k := range checkout.ConsentKinds {
			t.Run(lang+" "+string(k), func(t *testing.T) {
				got := all.BuiltIn(k, lang).Fill(all.Values(lang, facts())) + "\n"
				path := filepath.Join("testdata", lang+"_"+string(k)+".txt")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("the text is not that of %s:\n%s", path, got)
				}
			})
		}
	}
}

// F4, by its own words: what each required text has to name.
func TestUX_F4_TextsNameWhatTheLawAsksFor(t *testing.T) {
	all, f := texts(t), facts()
	for lang, must := range map[string][]string{
		"tr": {"1.302,00\u00a0TL", "1.234,56\u00a0TL", "3 taksit", "vergiler", "on dört gün", "Tüketici Hakem Heyet", "Tüketici Mahkeme", "ödeme yükümlülüğü doğur"},
		"en": {"TRY\u00a01,302.00", "TRY\u00a01,234.56", "3 instalments", "taxes", "fourteen days", "Consumer Arbitration Committee", "Consumer Court", "obligation"},
	} {
		must = append(must, f.Merchant.LegalName, f.Seller.Address, f.Seller.TaxNumber, f.Seller.MERSIS, f.Merchant.Phone, f.Merchant.Email, f.Subject, string(f.Order), f.Seller.Delivery, f.Seller.Exceptions)
		for _, k := range checkout.ConsentKinds {
			if !k.Required() {
				continue
			}
			text := all.BuiltIn(k, lang).Fill(all.Values(lang, f))
			for _, part := range must {
				if !strings.Contains(text, part) && !(k == checkout.ConsentInformation && part == "obligation") {
					t.Errorf("%s %s does not say %q", lang, k, part)
				}
			}
		}
	}
}

// A payment names the version of a text that it was paid under: whoever changes a text counts it up, here too.
func TestUX_F7_AVersionIsOneText(t *testing.T) {
	known := map[int]map[string]string{1: {
		"en advertising": "eb2ec911f80cc8a6", "en distance_sale": "5320c8e8b3fcbdb4", "en pre_information": "2490afcaf41841d9", "tr advertising": "b80efeb1f47678bc", "tr distance_sale": "6ae293b87d3f42fd", "tr pre_information": "b1a9677ac0539749",
	}, 2: {
		"en advertising": "eb2ec911f80cc8a6", "en distance_sale": "5320c8e8b3fcbdb4", "en pre_information": "2490afcaf41841d9", "tr advertising": "b80efeb1f47678bc", "tr distance_sale": "6ae293b87d3f42fd", "tr pre_information": "803c38518dfc1e63",
	}}
	all, got := texts(t), map[string]string{}
	for _, lang := range all.Languages() {
		for _, k := range checkout.ConsentKinds {
			got[lang+" "+string(k)] = all.BuiltIn(k, lang).Hash()[:16]
		}
	}
	if !maps.Equal(got, known[version]) {
		t.Errorf("the texts of version %d are %q", version, got)
	}
}

// What a merchant or payer typed is no name to be filled, and what is missing leaves a sign and no name.
func TestPlaceholders(t *testing.T) {
	all := texts(t)
	for _, lang := range all.Languages() {
		values := all.Values(lang, checkout.LegalFacts{Price: checkout.Money{Currency: checkout.TRY}, Min: 1000, Max: 50_000, Offers: []checkout.Offer{{Count: 1}}})
		if names := slices.Sorted(maps.Keys(values)); !slices.Equal(names, slices.Sorted(slices.Values(checkout.LegalPlaceholders))) {
			t.Errorf("%s: values of %q", lang, names)
		}
		for _, k := range checkout.ConsentKinds {
			text := all.BuiltIn(k, lang).Fill(values)
			if strings.ContainsAny(text, "{}") || !strings.Contains(text, nothing) {
				t.Errorf("%s %s: %s", lang, k, text)
			}
		}
		if !strings.Contains(values["price"], "10") || !strings.Contains(values["price"], "500") {
			t.Errorf("%s: an open price reads %q", lang, values["price"])
		}
	}
	several := facts()
	several.Offers = append([]checkout.Offer{{Count: 1, Total: 123_456}}, several.Offers...)
	if got, want := all.Values("tr", several)["plan"], "Tek çekim; 3 taksit, aylık 434,00\u00a0TL, toplam 1.302,00\u00a0TL"; got != want {
		t.Errorf("ways to pay: %q, want %q", got, want)
	}
	unknown := facts()
	unknown.Offers, unknown.More = []checkout.Offer{{Count: 1, Total: 123_456}}, true
	if got, want := all.Values("tr", unknown)["plan"], "Tek çekim; taksitli ödemede toplam, seçtiğiniz taksidin karşısında yazan tutardır"; got != want {
		t.Errorf("of a card that is not known: %q, want %q", got, want)
	}
}
