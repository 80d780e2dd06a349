//go:build !race

package main

import (
	"net/http"
	"testing"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// A link that asks for more, as a person meets it: what is missing is told at its field before the card is sent, or
// by the server where scripts are off, and then the answers stand on the receipt.
func TestUX_AFormThatAsksForMore(t *testing.T) {
	t.Parallel()
	off := desktop()
	off.ScriptsOff = true
	for name, o := range map[string]chrome.Options{"phone": phone(), "desktop, scripts off": off} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			p := r.person(t, o)
			status(t, "the page", p.Open(r.asking(map[string]any{"max_payments": 5})["url"].(string)), http.StatusOK)
			p.want(t, "main", "Kalan ödeme: 5 / 5")
			if !o.ScriptsOff {
				p.WantNoBarriers()
			}
			p.fillCard(card("000"))
			p.Fill("#field_person", "1234")
			if o.ScriptsOff {
				status(t, "mistakes", p.ClickAndLoad("#go"), http.StatusUnprocessableEntity)
			} else {
				p.Click("#go")
				p.WaitVisible("#errors")
			}
			p.want(t, "#errors", "Plaka: Bu alanı doldurun.", "T.C. kimlik no: T.C. kimlik numarası doğru değil")
			p.want(t, "#field_plate-e", "Plaka: Bu alanı doldurun.")
			if p.Value("#field_person") != "1234" || p.Attribute("#field_person", "aria-invalid") != "true" {
				t.Error("what was typed is gone, or not told to be wrong")
			}
			if p.OverflowsSideways() {
				t.Error("it is wider than the screen")
			}
			if o.ScriptsOff {
				p.fillCard(card("000"))
			} else {
				p.WantNoBarriers()
			}
			p.Fill("#field_plate", "34 ĞÜ 12")
			p.Fill("#field_person", "10000000146")
			p.Choose("#field_size", "Orta boy")
			p.toBank()
			p.answer("123456")
			p.want(t, ".receipt", "Plaka 34 ĞÜ 12", "100••••••46", "Beden Orta boy")
			p.quiet(t)
			r.booksAgree()
		})
	}
}
