//go:build !race

package api_test

import (
	"strings"
	"testing"
)

// A32: what merchants write about payments, addresses and accounts keeps no card number, wherever it stands in it.
func TestA32_NoObjectKeepsACardNumber(t *testing.T) {
	h, box := open(t), newInbox(t)
	p := h.paid(h.stored(h.make(plainLink).ID))
	pos := func(field string, value any) string {
		return posBody(t, h.bankHere(), func(b map[string]any) { b[field] = value })
	}
	for _, number := range []string{pan("415565", "000"), "4155-6500-0000-0007", "4155.6500.0000.0007"} {
		for _, one := range []struct{ method, target, body, want string }{
			{"POST", "/v1/payments/" + string(p.ID) + "/void", `{"reason":"Kart ` + number + `"}`, "reason: looks_like_card"},
			{"POST", "/v1/payments/" + string(p.ID) + "/refunds", `{"amount":1,"reason":"` + number + `"}`, "reason: looks_like_card"},
			{"POST", "/v1/webhook_endpoints", `{"url":"` + box.URL + `/` + number + `"}`, "url: looks_like_card"},
			{"POST", "/v1/webhook_endpoints", `{"url":"` + box.URL + `","description":"` + number + `"}`, "description: looks_like_card"},
			{"POST", "/v1/offline_links/revoke", `{"order_id":"` + number + `"}`, "order_id: looks_like_card"},
			{"POST", "/v1/acquirers", pos("base_url", h.bankHere()+"/"+number), "base_url: looks_like_card"},
			{"POST", "/v1/acquirers", pos("programmes", []string{number}), "programmes: looks_like_card"},
			{"PATCH", "/v1/branding", `{"email":"ayse@` + number + `.example"}`, "email: looks_like_card"},
			{"PATCH", "/v1/branding", `{"website":"https://shop.example/` + strings.ReplaceAll(number, "5", "%35") + `"}`, "website: looks_like_card"},
			{"POST", "/v1/suppressions", `{"channel":"email","to":"ayse@` + number + `.example"}`, "to: email_format"},
		} {
			a := h.ask(one.method, one.target, one.body)
			h.mistakes(a, one.want)
			if strings.Contains(string(a.body), number) {
				t.Errorf("told back: %s", a.body)
			}
		}
	}
	if bodies, _ := box.take(); len(bodies) > 0 {
		t.Errorf("sent there: %q", bodies)
	}
}
