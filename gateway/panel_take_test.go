//go:build !race

package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// madeOf is the link behind an address that a form led to, of either kind.
func (r *rig) madeOf(to string) checkout.Link {
	r.t.Helper()
	token, taken := strings.CutPrefix(to, "/p/")
	if !taken {
		return r.linkNamed(to)
	}
	l, err := r.app.ledger.LinkByToken(context.Background(), checkout.Token(token))
	r.must("read the link", err, nil)
	return l
}

// 6.9: staff take a card at once. The link is as any other, nobody is written to, the payment page opens, and its
// result leads back to the link in the panel.
func TestPanelTakesTheCardNow(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	sent := func(l checkout.Link) int {
		all, _, err := r.app.ledger.SearchMessages(context.Background(), checkout.MessageQuery{Merchant: demoMerchant, Link: l.ID})
		r.must("read messages", err, nil)
		return len(all)
	}
	back := func(l checkout.Link) string { return r.app.cfg.PublicURL + "/panel/links/" + string(l.ID) }
	t.Run("from the card above the list, however often it is pressed", func(t *testing.T) {
		form := []string{"amount", "1.250,50", "phone", "0532 123 45 67", "quick", "on", "take", "on", "once", once(t, w.open("/panel/links", http.StatusOK))}
		to := w.post("/panel/links", http.StatusSeeOther, form...)
		if !strings.HasPrefix(to, "/p/") {
			t.Fatalf("led to %q", to)
		}
		r.must("where the second press leads", w.post("/panel/links", http.StatusSeeOther, form...), to)
		l := r.madeOf(to)
		r.must("what was typed", []any{l.Amount.Minor, l.Usage, l.Customer.Phone, l.ReturnURL, sent(l)}, []any{int64(125050), checkout.UsageSingle, "+905321234567", back(l), 0})
		events, err := r.app.ledger.Events(context.Background(), demoMerchant, string(l.ID))
		if err != nil || len(events) != 1 || events[0].Type != "link.created" || !strings.HasPrefix(events[0].Actor, "user:") {
			t.Errorf("%+v %v", events, err)
		}
		r.has("its payment page", w.open(to, http.StatusOK), "1.250,50 TL", "card_number")
		form[7] = "" // the other button
		if l := r.madeOf(w.post("/panel/links", http.StatusSeeOther, form...)); sent(l) != 1 || l.ReturnURL != "" {
			t.Errorf("the first button sent %d messages, returns to %q", sent(l), l.ReturnURL)
		}
	})
	t.Run("from the whole form, whose boxes for messages count for the other button", func(t *testing.T) {
		whole := func(more ...string) []string {
			return append([]string{"amount", "10", "currency", "TRY", "usage", "single", "phone", "05321234567", "email", "a@b.example", "send_sms", "on", "send_email", "on", "take", "on"}, more...)
		}
		l := r.madeOf(w.post("/panel/links", http.StatusSeeOther, whole("order", "TEL-1", "description", "Ahşap sandalye")...))
		r.must("the link", []any{l.Order, l.Description, sent(l), l.ReturnURL}, []any{checkout.OrderNumber("TEL-1"), "Ahşap sandalye", 0, back(l)})
		l = r.madeOf(w.post("/panel/links", http.StatusSeeOther, whole("return_url", "https://shop.example/ok")...))
		r.must("a return address that was typed", l.ReturnURL, "https://shop.example/ok")
		to := w.post("/panel/links", http.StatusSeeOther, whole("active_from", "2026-12-01T00:00", "expires_at", "2026-12-31T23:59")...)
		r.has("one that nobody can pay yet", w.open(to, http.StatusOK), "Henüz başlamadı")
		page := w.post("/panel/links", http.StatusUnprocessableEntity, whole("order", "TEL-1")...)
		r.has("a used order number", page, "Bu sipariş numarası daha önce kullanıldı", `<button class="main" name="take" value="on"`)
	})
	t.Run("the way there", func(t *testing.T) {
		r.has("payments", w.open("/panel/payments", http.StatusOK), "Tahsilat yap", `href="/panel/links/new?take=1"`)
		r.has("the form", w.open("/panel/links/new?take=1", http.StatusOK), `<button class="main" name="take" value="on"`, "Linki oluştur")
		r.has("the usual form", w.open("/panel/links/new", http.StatusOK), `<button class="main">`, "Kartı şimdi gir")
		email, password := r.colleague(checkout.RoleViewer, false)
		viewer := r.signedInAs(email, password)
		r.hasNot("payments of who makes no links", viewer.open("/panel/payments", http.StatusOK), "Tahsilat yap")
		r.hasNot("his links", viewer.open("/panel/links", http.StatusOK), "Kartı şimdi gir")
	})
	t.Run("the result leads staff into the panel, and tells no other payer of it", func(t *testing.T) {
		l := r.madeOf(w.post("/panel/links", http.StatusSeeOther, "amount", "10", "take", "on"))
		result := "/r/" + r.browser().pay(r.app.flow.LinkURL(l.Token), card("001")).finish("123456").paymentID()
		r.has("of staff", w.open(result, http.StatusOK), `id="shop" href="`+back(l)+`"`, ">Panele dön<", "panele döneceksiniz")
		for _, address := range []string{result, result + "?return_url=https://elsewhere.example", "/p/" + string(l.Token)} {
			r.hasNot("of a payer", r.browser().get(r.base+address).body, "/panel", "Panele dön", "İşyerine dön", "elsewhere.example")
		}
		l = r.madeOf(w.post("/panel/links", http.StatusSeeOther, "amount", "10", "take", "on", "return_url", "https://shop.example/ok"))
		result = "/r/" + r.browser().pay(r.app.flow.LinkURL(l.Token), card("001")).finish("123456").paymentID()
		r.has("to an address that was typed", w.open(result, http.StatusOK), `href="https://shop.example/ok"`, "İşyerine dön")
	})
	t.Run("a copy leads its payer not to us", func(t *testing.T) {
		l := r.madeOf(w.post("/panel/links", http.StatusSeeOther, "amount", "10", "take", "on"))
		r.hasNot("the copy", w.open("/panel/links/new?from="+string(l.ID), http.StatusOK), back(l))
		r.has("the edit", w.open("/panel/links/"+string(l.ID)+"/edit", http.StatusOK), back(l))
	})
	t.Run("a merchant that names where links may return to is not led elsewhere", func(t *testing.T) {
		r.merchant(func(m *checkout.Merchant) { m.ReturnOrigins = []string{"https://shop.example"} })
		if l := r.madeOf(w.post("/panel/links", http.StatusSeeOther, "amount", "10", "take", "on")); l.ReturnURL != "" {
			t.Errorf("returns to %q", l.ReturnURL)
		}
	})
}
