package panel

import (
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

func TestAmountsAreReadAsPeopleTypeThem(t *testing.T) {
	for _, c := range []struct {
		text     string
		currency checkout.Currency
		minor    int64
		code     string
	}{
		{"1234,56", checkout.TRY, 123456, ""},
		{"1.234,56", checkout.TRY, 123456, ""},
		{"1234.56", checkout.TRY, 123456, ""},
		{"1,234.56", checkout.TRY, 123456, ""},
		{"1.234", checkout.TRY, 123400, ""},
		{" 1.234,5 TL ", checkout.TRY, 123450, ""},
		{"₺ 1\u00a0234,56", checkout.TRY, 123456, ""},
		{"1.234", checkout.JPY, 1234, ""},
		{"12,50", checkout.JPY, 0, "amount_format_whole"},
		{"12,345,6", checkout.TRY, 0, "amount_format"},
		{"100 TL", checkout.USD, 0, "amount_format"},
		{"-5", checkout.TRY, 0, "amount_format"},
		{"on lira", checkout.TRY, 0, "amount_format"},
		{"=1+1", checkout.TRY, 0, "amount_format"},
		{"99999999999999999999", checkout.TRY, 0, "amount_format"},
		{" ", checkout.TRY, 0, "required"},
	} {
		if minor, code := readAmount(c.text, c.currency); minor != c.minor || code != c.code {
			t.Errorf("%q %s: %d %q, wanted %d %q", c.text, c.currency, minor, code, c.minor, c.code)
		}
	}
}

// What stands in a field when a form is shown again, or a link edited, must not change the amount by itself.
func TestAmountsInFieldsAreReadBackAsTheyWere(t *testing.T) {
	locales, err := templates.LoadPanel()
	if err != nil {
		t.Fatal(err)
	}
	for code, l := range locales {
		for _, c := range checkout.Currencies {
			for _, minor := range []int64{1, 99, 100, 1000, 123456, 123400, 100000000, checkout.MaxPriceMinor} {
				m := checkout.Money{Minor: minor, Currency: c}
				text := typedAmount(l, m)
				if back, wrong := readAmount(text, c); back != minor || wrong != "" {
					t.Errorf("%s: %s stands as %q and is read back as %d %q", code, m, text, back, wrong)
				}
			}
			if text := typedAmount(l, checkout.Money{Currency: c}); text != "" {
				t.Errorf("nothing stands as %q", text)
			}
		}
	}
}
