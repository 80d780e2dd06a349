//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// A link of lines as a person meets it on a phone and at a desk: a table that everybody can read, on the page and on the
// receipt, however long a name is.
func TestUX_APageOfLines(t *testing.T) {
	t.Parallel()
	off, dark := desktop(), phone()
	off.ScriptsOff, dark.Dark = true, true
	for name, o := range map[string]chrome.Options{"phone": phone(), "dark phone": dark, "desktop, scripts off": off} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			p := r.person(t, o)
			link := r.link(map[string]any{"amount": nil, "description": nil, "items": []map[string]any{
				{"product": r.product(demoMerchant), "quantity": 12}, {"name": strings.Repeat("uzunbirad", 13), "unit_amount": 999_999, "quantity": 2}, {"name": "Hediye paketi", "unit_amount": 0},
			}})
			status(t, "the page", p.Open(link["url"].(string)), http.StatusOK)
			p.want(t, "table.lines", "12 × Zeytinyağı 5 l", "Birim fiyatı 125,00 TL", "1.500,00 TL", "0,00 TL")
			if p.OverflowsSideways() {
				t.Error("the page is wider than the screen")
			}
			if !o.ScriptsOff {
				p.WantNoBarriers()
			}
			p.fillCard(card("000"))
			p.toBank()
			p.answer("123456")
			p.want(t, ".receipt table.lines", "12 × Zeytinyağı 5 l", "1.500,00 TL")
			if p.OverflowsSideways() {
				t.Error("the receipt is wider than the screen")
			}
			if !o.ScriptsOff {
				p.WantNoBarriers()
			}
			p.quiet(t)
			r.booksAgree()
		})
	}
}

// A catalogue and a link made of it, from an empty form to the made link, on a phone and at a desk.
func TestPanelProductsJourney(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]chrome.Options{"phone": phone(), "desktop": {Width: 1440, Height: 900, Lang: "tr-TR"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{tame: true})
			p := r.atDesk(t, o)
			sound := func(what string) {
				t.Helper()
				p.WantNoBarriers()
				p.fits(t, what)
			}
			status(t, "the list", p.Open(r.base+"/panel/links/products"), http.StatusOK)
			sound("the list")
			status(t, "the form", p.Open(r.base+"/panel/links/products/new"), http.StatusOK)
			sound("the form")
			p.Fill("#f-name", "Meşe tabure")
			p.Fill("#f-price", "450")
			p.Fill("#f-code", "KRG-1")
			status(t, "a code of another", p.ClickAndLoad("button.main"), http.StatusUnprocessableEntity)
			sound("the form with a mistake")
			p.Fill("#f-code", "TBR-1")
			status(t, "making", p.ClickAndLoad("button.main"), http.StatusOK)
			p.want(t, "main", "Ürün eklendi", "Meşe tabure", "450,00 TL", "Satışta")
			status(t, "the search", p.Open(r.base+"/panel/links/products?q=tabure"), http.StatusOK)
			sound("what was found")
			status(t, "a link of it", p.ClickAndLoad(`tbody a[href*="product="]`), http.StatusOK)
			sound("the link's form")
			p.Fill("#f-item0_quantity", "3")
			p.Fill("#f-item1_name", "KRG-1")
			status(t, "making the link", p.ClickAndLoad("button.main"), http.StatusOK)
			p.want(t, "main", "1.525,00 TL", "Ürün satırları", "Meşe tabure", "1.350,00 TL", "Kargo (Türkiye içi)")
			sound("the made link")
			status(t, "its edit", p.ClickAndLoad(`a[href$="/edit"]`), http.StatusOK)
			sound("its edit")
			p.WantQuiet(strings.TrimPrefix(r.base, "http://"))
		})
	}
}
