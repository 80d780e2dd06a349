//go:build !race

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

var onceShown = regexp.MustCompile(`name="once" value="([^"]+)"`)

// once is the name under which the last page's form is done once.
func once(t *testing.T, page string) string {
	t.Helper()
	m := onceShown.FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the form has no name to be done once under")
	}
	return m[1]
}

// linkNamed is the link behind an address of the panel.
func (r *rig) linkNamed(path string) checkout.Link {
	r.t.Helper()
	id, _, _ := strings.Cut(strings.TrimPrefix(path, "/panel/links/"), "?")
	l, err := r.app.ledger.LinkByID(context.Background(), demoMerchant, checkout.LinkID(id))
	r.must("read link "+id, err, nil)
	return l
}

func (r *rig) has(what, page string, want ...string) {
	r.t.Helper()
	text := plainText(page)
	for _, w := range want {
		if !strings.Contains(text, w) && !strings.Contains(page, w) {
			r.t.Errorf("%s: no %q in\n%s", what, w, text)
		}
	}
}

func (r *rig) hasNot(what, page string, unwanted ...string) {
	r.t.Helper()
	for _, w := range unwanted {
		if strings.Contains(page, w) || strings.Contains(plainText(page), w) {
			r.t.Errorf("%s: %q is there", what, w)
		}
	}
}

func TestPanelLinks(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	t.Run("an empty list says how it is filled", func(t *testing.T) {
		r.has("the list", w.open("/panel/links", http.StatusOK), "Henüz link yok", "/panel/links/new")
	})
	t.Run("1.22 two fields make a link that shows itself, however often they are sent", func(t *testing.T) {
		name := once(t, w.open("/panel/links", http.StatusOK))
		to := w.post("/panel/links", http.StatusSeeOther, "amount", "1.250,50", "phone", "0532 123 45 67", "once", name)
		again := w.post("/panel/links", http.StatusSeeOther, "amount", "1.250,50", "phone", "0532 123 45 67", "once", name)
		r.must("where the second press leads", again, to)
		l := r.linkNamed(to)
		r.must("what was typed", []any{l.Amount, l.Customer.Phone, l.ExpiresAt.Sub(l.ActiveFrom), l.Usage}, []any{checkout.Money{Minor: 125050, Currency: checkout.TRY}, "+905321234567", 24 * time.Hour, checkout.UsageSingle})
		page := w.open(to, http.StatusOK)
		r.has("the made link", page, r.app.flow.LinkURL(l.Token), "1.250,50 TL", "Linkiniz hazır", "https://wa.me/905321234567", "sms:&#43;905321234567?body=", "mailto:", "<svg", "23.11.2026 12:00", "Deniz Demir")
		r.has("the list", w.open("/panel/links", http.StatusOK), string(l.Order), "Bu sayfada 1 link")
	})
	t.Run("all terms, typed as people do", func(t *testing.T) {
		page := w.open("/panel/links/new", http.StatusOK)
		r.has("validity before saving", page, "24 saat: 23.11.2026 12:00")
		to := w.post("/panel/links", http.StatusSeeOther, "amount", "", "open", "on", "min", "10", "max", "5.000", "currency", "USD", "description", "Bağış\r\nikinci satır", "order", "BAGIS-1", "life", "7",
			"usage", "multi", "max_payments", "40", "payer_note", "on", "name", "Ayşe Işık", "email", "ayse@ornek.example", "phone", "+90 532 123 45 67", "count1", "on", "count3", "on", "category", "food")
		l := r.linkNamed(to)
		r.must("bounds", []int64{l.MinMinor, l.MaxMinor, l.Amount.Minor}, []int64{1000, 500000, 0})
		r.must("the rest", []any{l.Open, l.Amount.Currency, l.Description, l.Order, l.ExpiresAt.Sub(l.CreatedAt), l.Usage, l.MaxPayments, l.PayerNote, l.Customer.Name, l.Customer.Email, l.Category, len(l.Installments)},
			[]any{true, checkout.USD, "Bağış\nikinci satır", checkout.OrderNumber("BAGIS-1"), 7 * 24 * time.Hour, checkout.UsageMulti, 40, true, "Ayşe Işık", "ayse@ornek.example", "food", 2})
		r.has("its page", w.open(to, http.StatusOK), "10,00 –", "5.000,00 USD", "en çok 40 ödeme", "1, 3")
	})
	t.Run("dates are Istanbul's", func(t *testing.T) {
		to := w.post("/panel/links", http.StatusSeeOther, "amount", "10", "currency", "TRY", "usage", "single", "life", "1", "active_from", "2026-12-01T00:00", "expires_at", "2026-12-31T23:59")
		l := r.linkNamed(to)
		r.must("from and until", []string{l.ActiveFrom.UTC().Format(time.RFC3339), l.ExpiresAt.UTC().Format(time.RFC3339)}, []string{"2026-11-30T21:00:00Z", "2026-12-31T20:59:00Z"})
		r.has("its page", w.open(to, http.StatusOK), "Henüz başlamadı")
	})
	t.Run("mistakes stand at their fields and keep what was typed", func(t *testing.T) {
		page := w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "on lira", "currency", "TRY", "usage", "single", "description", "Masa <b>", "field0_type", "text")
		r.hasNot("what is not wrong stays closed", page, `<details class="more" open>`)
		r.has("a wrong amount", page, "Tutarı rakamla yazın", `value="on lira"`, "Masa &lt;b&gt;")
		page = w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "single", "order", "BAGIS-1")
		r.has("a used order number", page, "Bu sipariş numarası daha önce kullanıldı")
		page = w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "single", "phone", "12", "email", "x", "expires_at", "2026-11-01T00:00", "max_payments", "5")
		r.has("several", page, `id="d-phone"`, `<p class="err" id="d-max_payments"`, "Bitiş, başlangıçtan sonra olmalı")
		w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "multi", "max_payments", "-3")
		w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "0", "currency", "TRY", "usage", "single")
		w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "99999999999", "currency", "TRY", "usage", "single")
		r.has("a message to a number abroad", w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "single", "phone", "+49 151 12345679", "send_sms", "on"), "Linki SMS seçmeden oluşturun")
	})
}

// 2.2, 2.3, 2.4: the list's filters, its files, and changing, doubling and ending a link.
func TestPanelLinksAreManaged(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	make := func(fields map[string]any) checkout.Link {
		l := r.link(fields)
		return r.linkNamed(l["id"].(string))
	}
	first := make(map[string]any{"description": "Işıklı tabela", "order_id": "A-1"})
	r.clock.advance(48 * time.Hour)
	second := make(map[string]any{"description": "=cmd|calc", "order_id": "A-2", "amount": 4990})
	w := r.signedIn()
	t.Run("filters are in the address", func(t *testing.T) {
		for query, want := range map[string][2]string{
			"?q=I%C5%9EIKLI": {"A-1", "A-2"}, "?status=active": {"A-2", "A-1"}, "?status=expired": {"A-1", "A-2"}, "?from=2026-11-24": {"A-2", "A-1"}, "?to=2026-11-22": {"A-1", "A-2"},
		} {
			page := w.open("/panel/links"+query, http.StatusOK)
			r.has(query, page, want[0])
			r.hasNot(query, page, want[1])
		}
		r.has("nothing found", w.open("/panel/links?q=yok", http.StatusOK), "Bu filtreye uyan link yok")
		r.has("a day that is none", w.open("/panel/links?from=2026-13-45", http.StatusUnprocessableEntity), "Geçerli bir tarih seçin")
		w.open("/panel/links?status=x", http.StatusUnprocessableEntity)
		r.must("a strange cursor", w.open("/panel/links?cursor=x", http.StatusSeeOther), "/panel/links")
	})
	t.Run("2.2 files have the filters, and no formula", func(t *testing.T) {
		rows, err := csv.NewReader(strings.NewReader(w.open("/panel/links/export.rfc4180.csv?status=active", http.StatusOK))).ReadAll()
		r.must("read the CSV", err, nil)
		r.must("its rows", len(rows), 2)
		r.has("the other one", w.open("/panel/links/export.csv?q=A-2", http.StatusOK), "'=cmd|calc", ";")
		var list struct{ Data []map[string]any }
		r.must("read the JSON", json.Unmarshal([]byte(w.open("/panel/links/export.json?from=2026-11-24", http.StatusOK)), &list), nil)
		book := []byte(w.open("/panel/links/export.xlsx", http.StatusOK))
		_, err = zip.NewReader(bytes.NewReader(book), int64(len(book)))
		r.must("open the workbook", err, nil)
		w.open("/panel/links/export.exe", http.StatusNotFound)
		w.open("/panel/links/export.csv?status=x", http.StatusUnprocessableEntity)
	})
	t.Run("2.3 an edit keeps the address", func(t *testing.T) {
		path := "/panel/links/" + string(second.ID)
		page := w.open(path+"/edit", http.StatusOK)
		r.has("the form", page, `value="49,90"`, "Adres değişmez", "Aynı kalsın: ", "eski koşullarla öder")
		w.post(path, http.StatusUnprocessableEntity, "amount", "x", "currency", "TRY", "usage", "single", "life", "keep")
		to := w.post(path, http.StatusSeeOther, "amount", "60", "currency", "TRY", "usage", "single", "life", "keep", "description", "Yeni")
		now := r.linkNamed(to)
		r.must("new terms, same link", []any{now.Amount.Minor, now.Description, now.Token, now.Order, now.ExpiresAt.Equal(second.ExpiresAt)}, []any{int64(6000), "Yeni", second.Token, second.Order, true})
		r.has("said", w.open(to, http.StatusOK), "adresi aynı", "Link düzenlendi")
	})
	t.Run("2.3 who comes second learns what the first one changed before it is undone", func(t *testing.T) {
		path := "/panel/links/" + string(second.ID)
		page := w.open(path+"/edit", http.StatusOK)
		mine := []string{"amount", "75", "currency", "TRY", "usage", "single", "life", "keep", "description", "Benim", "phone", "0532 123 45 67"}
		r.hasNot("a form of its own version", page, "kayıtlı olan")
		w.open(path, http.StatusOK)
		w.post(path, http.StatusSeeOther, "amount", "99", "currency", "TRY", "usage", "single", "life", "keep", "description", "Yeni", "phone", "+90 532 123 45 67", "version", w.hidden(page, "version"))
		again := w.post(path, http.StatusUnprocessableEntity, append(slices.Clone(mine[2:]), "amount", "yetmiş beş", "version", w.hidden(page, "version"))...)
		r.must("after a mistake it is still of the version that was seen", w.hidden(again, "version"), w.hidden(page, "version"))
		shown := w.post(path, http.StatusConflict, append(slices.Clone(mine), "version", w.hidden(page, "version"))...)
		r.has("the form", shown, "Bu link siz düzenlerken değiştirildi", "Tutar 99,00 TL", "Açıklama Yeni", `value="75"`, ">Benim</textarea>")
		r.hasNot("what both say", shown, "<dt>Kullanım", "<dt>Müşterinin telefonu")
		r.must("nothing is saved", r.linkNamed(path).Amount.Minor, int64(9900))
		w.post(path, http.StatusUnprocessableEntity, append(slices.Clone(mine), "version", "x")...)
		w.open(path, http.StatusOK)
		w.post(path, http.StatusSeeOther, append(slices.Clone(mine), "version", w.hidden(shown, "version"))...)
		now := r.linkNamed(path)
		r.must("saved again", []any{now.Amount.Minor, now.Description}, []any{int64(7500), "Benim"})
		w.post(path, http.StatusSeeOther, "amount", "60", "currency", "TRY", "usage", "single", "life", "keep", "description", "Yeni")
	})
	t.Run("an expired link lives again", func(t *testing.T) {
		path := "/panel/links/" + string(first.ID)
		r.has("why it does not work", w.open(path, http.StatusOK), "süresi 23.11.2026")
		w.post(path, http.StatusSeeOther, "amount", "250", "currency", "TRY", "usage", "single", "life", "3")
		r.must("its status", r.linkNamed(path).Status(r.clock.Now()), checkout.LinkActive)
	})
	t.Run("a copy has other numbers and dates", func(t *testing.T) {
		page := w.open("/panel/links/new?from="+string(first.ID), http.StatusOK)
		r.has("the form", page, `value="250,00"`)
		r.hasNot("the form", page, `value="A-1"`)
	})
	t.Run("A30 a resting link is woken", func(t *testing.T) {
		l := r.linkNamed(string(second.ID))
		to := l
		to.RestingSince = r.clock.Now()
		_, err := r.app.ledger.ChangeLink(context.Background(), checkout.LinkChange{From: l, To: to, Event: operatorEvent(demoMerchant, string(l.ID), "link.velocity_blocked", r.clock.Now())})
		r.must("put it to rest", err, nil)
		path := "/panel/links/" + string(l.ID)
		r.has("its page", w.open(path, http.StatusOK), "Linki yeniden aç", "Durduruldu")
		w.post(path+"/wake", http.StatusSeeOther)
		r.must("awake", r.linkNamed(path).RestingSince.IsZero(), true)
		r.has("its line", w.open(path, http.StatusOK), "Link yeniden açıldı")
	})
	t.Run("its code is had as pictures and on paper", func(t *testing.T) {
		path := "/panel/links/" + string(second.ID)
		r.has("SVG", w.open(path+"/qr.svg", http.StatusOK), `xmlns="http://www.w3.org/2000/svg"`)
		r.must("PNG", w.open(path+"/qr.png", http.StatusOK)[:4], "\x89PNG")
		r.has("A6", w.open(path+"/print", http.StatusOK), "60,00 TL", "Ahşap Atölyesi")
	})
	t.Run("2.4 a link is deleted after its page has said what that means", func(t *testing.T) {
		path := "/panel/links/" + string(second.ID)
		r.has("before", w.open(path, http.StatusOK), "60,00 TL tutarındaki link hemen geçersiz olur")
		r.has("after", w.open(w.post(path+"/delete", http.StatusSeeOther), http.StatusOK), "Link silindi")
		r.must("its status", r.linkNamed(path).Status(r.clock.Now()), checkout.LinkDeleted)
		w.post(path+"/delete", http.StatusSeeOther) // again is no error
		r.has("an edit", w.post(path, http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "single", "life", "keep"), "Link silindi.")
	})
}

// I17, roles: what is somebody else's is not there, and who may only look changes nothing.
func TestPanelLinksOfOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	l := r.linkNamed(r.link(map[string]any{"description": "Programdan"})["id"].(string))
	path := "/panel/links/" + string(l.ID)
	t.Run("another merchant's link is not found", func(t *testing.T) {
		w := r.signedIn()
		for _, p := range []string{"/panel/links/lnk_AAAAAAAAAAAAAAAAAAAAAA", "/panel/links/x", "/panel/links/batches/bat_AAAAAAAAAAAAAAAAAAAAAA"} {
			w.open(p, http.StatusNotFound)
		}
		w.open("/panel/links", http.StatusOK)
		for _, step := range []string{"", "/delete", "/wake", "/send"} {
			w.post("/panel/links/lnk_AAAAAAAAAAAAAAAAAAAAAA"+step, http.StatusNotFound, "amount", "10", "currency", "TRY", "usage", "single", "channel", "sms", "sms", "05321234567")
		}
	})
	t.Run("who sees his own sees no other", func(t *testing.T) {
		email, password := r.colleague(checkout.RoleSupport, true)
		w := r.signedInAs(email, password)
		r.hasNot("the list", w.open("/panel/links", http.StatusOK), "Programdan")
		for _, p := range []string{path, path + "/edit", path + "/print", path + "/qr.svg", path + "/qr.png", "/panel/links/new?from=" + string(l.ID)} {
			w.open(p, http.StatusNotFound)
		}
		w.open("/panel/links", http.StatusOK)
		w.post(path+"/delete", http.StatusNotFound)
		to := w.post("/panel/links", http.StatusSeeOther, "amount", "10", "description", "Benim linkim", "usage", "single")
		w.open(to, http.StatusOK)
		r.has("his own", w.open("/panel/links", http.StatusOK), "Benim linkim")
		w.open("/panel/links/export.csv", http.StatusForbidden)
	})
	t.Run("a viewer looks", func(t *testing.T) {
		email, password := r.colleague(checkout.RoleViewer, false)
		w := r.signedInAs(email, password)
		page := w.open(path, http.StatusOK)
		r.hasNot("his page", page, "/delete", "/edit")
		for _, p := range []string{"/panel/links/new", path + "/edit", "/panel/links/file", "/panel/links/groups/new"} {
			w.open(p, http.StatusForbidden)
		}
		w.open("/panel/links", http.StatusOK)
		for _, p := range []string{"/panel/links", path, path + "/delete", path + "/wake", path + "/send", "/panel/links/file", "/panel/links/file/make", "/panel/links/groups"} {
			w.post(p, http.StatusForbidden, "amount", "10")
		}
	})
}

// 1.14, 1.23: a link goes out by the channels that are set up, once a press, and its page shows how far it came.
func TestPanelLinksAreSent(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	l := r.linkNamed(r.link(map[string]any{"customer": map[string]any{"phone": "+905321234567"}})["id"].(string))
	path := "/panel/links/" + string(l.ID)
	page := w.open(path, http.StatusOK)
	name := once(t, page)
	for range 2 {
		w.post(path+"/send", http.StatusSeeOther, "channel", "sms", "sms", "0532 123 45 67", "once", name)
	}
	sent, _, err := r.app.ledger.SearchMessages(context.Background(), checkout.MessageQuery{Merchant: demoMerchant, Link: l.ID})
	r.must("read messages", err, nil)
	r.must("messages of two presses", len(sent), 1)
	r.has("its page", w.open(path, http.StatusOK), "+905321234567", "Gönderilen mesajlar")
	r.has("a number abroad", w.post(path+"/send", http.StatusUnprocessableEntity, "channel", "sms", "sms", "+4915112345679"), "SMS yalnızca onlara gider. Linki kopyalayıp kendiniz gönderin.")
	r.has("no address", w.post(path+"/send", http.StatusUnprocessableEntity, "channel", "email", "email", "x"), `id="e-email"`)
	w.post(path+"/send", http.StatusUnprocessableEntity, "channel", "pigeon")
	to := w.post("/panel/links", http.StatusSeeOther, "amount", "10", "usage", "single", "phone", "05321234567", "send_sms", "on")
	sent, _, err = r.app.ledger.SearchMessages(context.Background(), checkout.MessageQuery{Merchant: demoMerchant, Link: r.linkNamed(to).ID})
	r.must("read messages", err, nil)
	r.must("sent with the link", len(sent), 1)
}

// 1.16: a firm's number is its phone, as people dial it, on every form; only a text message asks for a mobile one, and says
// what to do instead.
func TestPanelTakesLandlines(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	w.open("/panel/links", http.StatusOK)
	for typed, want := range map[string]string{"0212 555 11 22": "+902125551122", "0850 222 0 000": "+908502220000"} {
		form := []string{"amount", "10", "usage", "single", "phone", typed}
		l := r.linkNamed(w.post("/panel/links", http.StatusSeeOther, form...))
		r.must("the customer's phone", l.Customer.Phone, want)
		page := w.open("/panel/links/"+string(l.ID), http.StatusOK)
		r.has("its page", page, want, `<input id="s-sms" name="sms" type="tel" value=""`)
		page = w.post("/panel/links", http.StatusUnprocessableEntity, append(form, "send_sms", "on")...)
		r.has("by SMS", page, "cep telefonu değil; SMS gönderilemez. Linki SMS seçmeden oluşturun, sonra kopyalayıp kendiniz gönderin.", `name="phone" value="`+typed+`"`)
		page = w.post("/panel/links", http.StatusUnprocessableEntity, append(form, "quick", "on")...)
		r.has("with the two fields, where a phone means SMS", page, "Linki SMS seçmeden oluşturun")
	}
	to := w.post("/panel/links/groups", http.StatusSeeOther, "id", string(r.app.ids.Batch()), "name", "Yemek", "people", "Ali; 10; 0212 555 11 22\nBerk; 20; 0532 123 45 67\nCan; 30; +49 151 12345679\nDeniz; 40",
		"life", "7", "currency", "TRY", "send_sms", "on")
	page := w.open(to, http.StatusOK)
	rows := strings.Split(page[strings.Index(page, "<tbody>"):], "<tr>")[1:]
	for i, why := range []string{"Sabit hatta SMS gitmez; linki kopyalayıp gönderin.", "", "Yurt dışındaki numaraya SMS gitmez;", ""} {
		r.has("a share", rows[i], "Linki kopyala", why)
		r.must("an excuse", strings.Contains(rows[i], "SMS gitmez"), why != "")
	}
	r.has("WhatsApp of a landline asks for whom", rows[0], "+902125551122", `href="https://wa.me/?text=`)
	r.has("WhatsApp of a mobile", rows[1], `href="https://wa.me/905321234567?text=`)
	sent, _, err := r.app.ledger.SearchMessages(t.Context(), checkout.MessageQuery{Merchant: demoMerchant})
	r.must("read messages", err, nil)
	r.must("messages", len(sent), 1)
	r.must("to", sent[0].To, "+905321234567")
}

// What a link for one payment cannot have is refused and not dropped, as programs are refused; what was typed stays.
func TestPanelRefusesTheMostPaymentsOfASingleUse(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	w.open("/panel/links/new", http.StatusOK)
	page := w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "single", "max_payments", "5", "show_count", "on")
	r.has("both fields", page, `name="max_payments" value="5"`, `<p class="err" id="d-max_payments">Yalnızca çok kullanımlık linkte olur`, `<p class="err" id="d-show_count">Yalnızca çok kullanımlık linkte olur`)
	l := r.linkNamed(w.post("/panel/links", http.StatusSeeOther, "amount", "10", "currency", "TRY", "usage", "multi", "max_payments", "5", "show_count", "on"))
	r.must("many uses", []any{l.MaxPayments, l.ShowCount}, []any{5, true})
	w.open("/panel/links/"+string(l.ID)+"/edit", http.StatusOK)
	w.post("/panel/links/"+string(l.ID), http.StatusUnprocessableEntity, "amount", "10", "currency", "TRY", "usage", "single", "max_payments", "5")
	w.post("/panel/links/"+string(l.ID), http.StatusSeeOther, "amount", "10", "currency", "TRY", "usage", "single")
}
