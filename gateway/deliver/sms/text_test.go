package sms_test

import (
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/deliver/sms"
)

// The vectors of the domain sheet, 4.2.
func TestPartsOfAText(t *testing.T) {
	mixed := "Sayın Ayşe Işık, Ahşap Atölyesi ödeme linkiniz: https://odeme.ornek.com.tr/p/4kXqB7mZpR2n (24 saat) Teşekkürler, iyi günler dileriz. 123"
	for name, c := range map[string]struct {
		text     string
		encoding sms.Encoding
		units    int
		parts    int
		left     int
	}{
		"nothing":                               {"", sms.GSM7, 0, 1, 160},
		"160 plain letters are one part":        {strings.Repeat("a", 160), sms.GSM7, 160, 1, 0},
		"161 are two of 153":                    {strings.Repeat("a", 161), sms.GSM7, 161, 2, 145},
		"306 are two":                           {strings.Repeat("a", 306), sms.GSM7, 306, 2, 0},
		"307 are three":                         {strings.Repeat("a", 307), sms.GSM7, 307, 3, 152},
		"Ç Ö ö Ü ü are in the default":          {"ÇÖöÜüÄäÑñéèàùìò£¥", sms.GSM7, 17, 1, 143},
		"ç is not":                              {"ç", sms.Turkish, 2, 1, 153},
		"every Turkish letter is two septets":   {"ĞİŞçğış", sms.Turkish, 14, 1, 141},
		"153 letters and one Turkish one: one":  {strings.Repeat("a", 153) + "ş", sms.Turkish, 155, 1, 0},
		"154 and one: two of 149":               {strings.Repeat("a", 154) + "ş", sms.Turkish, 156, 2, 142},
		"signs of the extension are two":        {"^{}\\[]~|€", sms.GSM7, 18, 1, 142},
		"80 signs of the extension fill a part": {strings.Repeat("€", 80), sms.GSM7, 160, 1, 0},
		// 152 units and a two-septet sign do not fit into 153: the sign goes to the next part whole.
		"an escape is not cut from its sign":   {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 10), sms.GSM7, 164, 2, 141},
		"the lira sign forces 70":              {"₺", sms.UCS2, 1, 1, 69},
		"70 of them are one part":              {strings.Repeat("₺", 70), sms.UCS2, 70, 1, 0},
		"71 are two of 67":                     {strings.Repeat("₺", 71), sms.UCS2, 71, 2, 63},
		"emoji are two units":                  {strings.Repeat("a", 69) + "👍", sms.UCS2, 71, 2, 63},
		"a pair is not cut":                    {strings.Repeat("a", 66) + "👍👍👍", sms.UCS2, 72, 2, 61},
		"curly quotes, dash and dots force it": {"“a”–…’", sms.UCS2, 6, 1, 64},
		"136 characters with a link: 142":      {mixed, sms.Turkish, 142, 1, 13},
	} {
		got := sms.Measure(c.text)
		if got.Encoding != string(c.encoding) || got.Units != c.units || got.Parts != c.parts || got.Left != c.left {
			t.Errorf("%s: %+v, want %s, %d units, %d parts, %d left", name, got, c.encoding, c.units, c.parts, c.left)
		}
	}
	if got := sms.Measure("₺ ve “tırnak” ₺"); strings.Join(got.Cost, "") != "₺“”" {
		t.Errorf("what it costs: %q", got.Cost)
	}
}

func TestPlainLatinLetters(t *testing.T) {
	for text, want := range map[string]string{
		"çğıİöşüÇĞÖŞÜâîûÂÎÛ":     "cgiIosuCGOSUaiuAIU",
		"Ödeme: 1.234,56 TL, €5": "Odeme: 1.234,56 TL, ?5",
	} {
		if got := sms.Latin(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		if got := sms.Measure(sms.Latin(text)); got.Encoding != string(sms.GSM7) {
			t.Errorf("%q is %s", text, got.Encoding)
		}
	}
}
