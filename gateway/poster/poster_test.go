package poster_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/sfnt"

	"github.com/odelink/odelink/gateway/poster"
	"github.com/odelink/odelink/templates"
)

func sample() poster.Poster {
	return poster.Poster{
		Merchant: "Ahşap Atölyesi", Contact: "Ahşap Atölyesi Ltd. Şti. · +90 212 555 01 23", Accent: "#0b6b5e", Sum: "1.250,00\u00a0TL", Description: "Deniz manzaralı ahşap masa, 1 adet",
		Order: "SIP-2026-00123", URL: "https://odeme.ornek.com.tr/p/4kXqB7mZpR2n", Until: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
	}
}

func locales(t *testing.T) templates.Locales {
	t.Helper()
	all, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// One page of A6 in each language, the same bytes each time, whatever was typed.
func TestOnePageOfA6(t *testing.T) {
	for name, change := range map[string]func(*poster.Poster){
		"as usual":          func(*poster.Poster) {},
		"test mode, no sum": func(p *poster.Poster) { p.Test, p.Sum = true, "" },
		"very long texts": func(p *poster.Poster) {
			p.Merchant, p.Description, p.Contact = strings.Repeat("Şirket ", 40), strings.Repeat("uzun ", 400), strings.Repeat("x", 300)
		},
		"other scripts": func(p *poster.Poster) {
			p.Merchant, p.Description = "👍 مرحبا 漢字", "👩‍👩‍👧 \u202e ₺"
		},
		"a colour that is none": func(p *poster.Poster) { p.Accent = "red" },
		"a long host":           func(p *poster.Poster) { p.URL = "https://" + strings.Repeat("odeme.", 20) + "example/p/4kXqB7mZpR2n" },
	} {
		for lang, l := range locales(t) {
			p := sample()
			change(&p)
			out, err := poster.PDF(l, p)
			again, err2 := poster.PDF(l, p)
			if err != nil || err2 != nil || !bytes.HasPrefix(out, []byte("%PDF-")) || !bytes.Equal(out, again) {
				t.Fatalf("%s %s: %v %v", name, lang, err, err2)
			}
			if n := bytes.Count(out, []byte("/Type /Page\n")); n != 1 {
				t.Errorf("%s %s: %d pages", name, lang, n)
			}
			if !bytes.Contains(out, []byte("/MediaBox [0 0 297.64 419.53]")) {
				t.Errorf("%s %s: not A6", name, lang)
			}
			if len(out) > 200<<10 {
				t.Errorf("%s %s: %d bytes", name, lang, len(out))
			}
		}
	}
	if _, err := poster.PDF(locales(t)["tr"], poster.Poster{URL: strings.Repeat("x", 5000)}); err == nil {
		t.Error("an address that no code holds is drawn")
	}
}

// The font draws every letter of the poster's own words.
func TestEveryLetterIsDrawn(t *testing.T) {
	face, err := sfnt.Parse(gobold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	for lang, l := range locales(t) {
		for _, key := range []string{"poster.scan", "poster.type", "mail.row.until", "mail.row.order", "mail.test"} {
			if !l.Has(key) {
				t.Errorf("%s has no %s", lang, key)
			}
			for _, r := range l.Raw(key) {
				if n, err := face.GlyphIndex(nil, r); err != nil || n == 0 {
					t.Errorf("%s %s: no %q", lang, key, r)
				}
			}
		}
		for _, key := range l.Keys() {
			if strings.HasPrefix(key, "poster.") && key != "poster.scan" && key != "poster.type" {
				t.Errorf("nothing uses %s", key)
			}
		}
	}
}
