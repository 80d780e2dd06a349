//go:build !race

package main

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/panel"
	"github.com/odelink/odelink/threeds/banksim"
)

// sees demands words of a page.
func (w *worker) sees(page string, words ...string) {
	w.r.t.Helper()
	text := plainText(page)
	for _, word := range words {
		if !strings.Contains(text, word) {
			w.r.t.Errorf("%q is not on the page\n%s", word, text)
		}
	}
}

// misses demands that words are not on a page.
func (w *worker) misses(page string, words ...string) {
	w.r.t.Helper()
	for _, word := range words {
		if strings.Contains(page, word) {
			w.r.t.Errorf("%q is on the page", word)
		}
	}
}

// hidden answers the value of a hidden field.
func (w *worker) hidden(page, name string) string {
	w.r.t.Helper()
	_, rest, found := strings.Cut(page, `name="`+name+`" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	if !found {
		w.r.t.Fatalf("no field %s", name)
	}
	return value
}

// Whatever people know of a payment finds it (features 6.1), and the list's files have what the list shows (6.2).
func TestPanelFindsPayments(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	first := r.paidBy(r.link(map[string]any{"order_id": "SIP-77", "customer": map[string]any{"name": "Ayşe Işık"}}), "001")
	other := r.paidBy(r.link(map[string]any{"amount": 123456}), "051")
	p := r.ledgerPayment(first)
	w := r.signedIn()
	for _, typed := range []string{first, p.ID.Reference(), "SIP-77", "ışık", p.RRN, p.AuthCode, "250,00", string(p.Link), string(p.BankOrder)} {
		page := w.open("/panel/payments?q="+url.QueryEscape(typed), http.StatusOK)
		w.sees(page, "SIP-77")
		w.misses(page, other)
	}
	page := w.open("/panel/payments?q=1.234,56", http.StatusOK)
	w.sees(page, "1.234,56 TL", "Yetersiz bakiye")
	w.misses(page, first)
	w.sees(w.open("/panel/payments?status=paid&min=200&max=300&currency=TRY", http.StatusOK), "SIP-77", "250,00 TL", "1 deneme, 1 tahsilat")
	w.sees(w.open("/panel/payments?q=nobody", http.StatusOK), "Bu ölçütlere uyan ödeme yok.")
	for _, wrong := range []string{"status=x", "from=yesterday", "min=a", "currency=XXX"} {
		w.open("/panel/payments?"+wrong, http.StatusUnprocessableEntity)
		w.open("/panel/payments/export.csv?"+wrong, http.StatusUnprocessableEntity)
	}
	for kind, has := range map[string]string{"csv": "SIP-77", "rfc4180.csv": "order_id", "json": `"report":"payments"`, "xlsx": "PK"} {
		file := w.open("/panel/payments/export."+kind+"?q=SIP-77", http.StatusOK)
		if !strings.Contains(file, has) || strings.Contains(file, other) {
			t.Errorf("%s: %.200q", kind, file)
		}
	}
	w.open("/panel/payments/export.exe", http.StatusNotFound)
	w.open("/panel/payments?q=4155+6500+0000+1005", http.StatusBadRequest) // the edge takes no card number in an address
	w.open("/panel/payments?cursor=nonsense", http.StatusSeeOther)
}

// tries admits n payments of a link, of which nobody comes back.
func (r *rig) tries(link string, n int) {
	r.t.Helper()
	l, err := r.app.ledger.LinkByID(r.t.Context(), demoMerchant, checkout.LinkID(link))
	r.must("read the link", err, nil)
	for range n {
		p := checkout.Payment{
			ID: r.app.ids.Payment(), Merchant: l.Merchant, Link: l.ID, Token: l.Token, LinkVersion: l.Version, Order: l.Order, BankOrder: r.app.ids.BankOrder(), Nonce: r.app.ids.Nonce(),
			Amount: l.Amount, Total: l.Amount, Installments: 1, Account: checkout.AccountID(r.payforAccount()), Kind: "payfor", Mode: "3dmodel", Status: checkout.StatusChallenged, Slot: -1, Seq: 1,
			CreatedAt: r.clock.Now(), UpdatedAt: r.clock.Now(),
		}
		_, err := r.app.ledger.Admit(r.t.Context(), p, operatorEvent(l.Merchant, string(p.ID), "payment.challenged", r.clock.Now()))
		r.must("admit", err, nil)
	}
}

// The sums of a list are those of everything that its filter finds, whatever page is in sight.
func TestPanelSumsTheWholeList(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	voided := r.paid()
	r.paid()
	r.back(voided, "void", nil, 201, "status", "voided")
	r.clock.advance(time.Second)
	r.tries(r.link(map[string]any{"usage": "multi", "amount": 1234, "description": "Kasım aidatı"})["id"].(string), 26)
	w := r.signedIn()
	first := w.open("/panel/payments?sums=all", http.StatusOK)
	w.sees(first, "Toplam 28 deneme, 2 tahsilat", "250,00 TL", "500,00 TL − 250,00 TL")
	_, next, _ := strings.Cut(first, `href="/panel/payments?cursor=`)
	next, _, _ = strings.Cut(next, `"`)
	next = html.UnescapeString(next)
	if !strings.HasSuffix(next, "&sums=all") {
		t.Errorf("the next page forgets that the list is to be added up: %s", next)
	}
	w.sees(w.open("/panel/payments?cursor="+next, http.StatusOK), "Toplam 28 deneme, 2 tahsilat")
	w.sees(w.open("/panel/payments?max=100&sums=all", http.StatusOK), "Toplam 26 deneme")
	const ask = "Bütün listeyi topla"
	page := w.open("/panel/payments?q="+url.QueryEscape("aidat"), http.StatusOK)
	w.sees(page, "Bu sayfa 25 deneme", ask) // what a text finds is not added up in passing
	_, all, _ := strings.Cut(page, `<p class="small"><a href="`)
	all, _, _ = strings.Cut(all, `"`)
	if page = w.open(html.UnescapeString(all), http.StatusOK); strings.Contains(page, ask) {
		t.Error("it was added up, and may be asked for again")
	}
	w.sees(page, "Toplam 26 deneme")
}

// A void takes two steps and is done once, however often its button is pressed (features 6.5 to 6.7, 12.12).
func TestPanelVoids(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	w := r.signedIn()
	at := "/panel/payments/" + id
	w.sees(w.open(at, http.StatusOK), "250,00 TL", "İptal et", "Banka onayladı, tahsil edildi", "Kartı veren banka (tam doğrulama)")
	page := w.post(at+"/back", http.StatusOK, "kind", "void", "reason", "Müşteri vazgeçti")
	w.sees(page, "250,00 TL tutarındaki satış iptal edilecek", "Bu işlem geri alınamaz.", "İşlem İptal")
	r.stands(id, checkout.StatusPaid, 0)
	once := w.hidden(page, "once")
	sure := []string{"kind", "void", "reason", "Müşteri vazgeçti", "once", once, "sure", "yes"}
	to := w.post(at+"/back", http.StatusSeeOther, sure...)
	r.must("the same again", w.post(at+"/back", http.StatusSeeOther, sure...), to)
	r.must("calls", r.asked(id, banksim.StepVoid), 1)
	w.sees(w.open(to, http.StatusOK), "250,00 TL iptal edildi.", "İptal edildi", "Müşteri vazgeçti", "Deniz Demir")
	w.post(at+"/back", http.StatusUnprocessableEntity, "kind", "void")
	r.stands(id, checkout.StatusVoided, 25000)
}

// After the day's end money goes back in parts, at most the whole; what the bank refuses is said with the other way.
func TestPanelRefunds(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	w := r.signedIn()
	at := "/panel/payments/" + id
	sure := func(kind, amount string) string {
		page := w.post(at+"/back", http.StatusOK, "kind", kind, "amount", amount)
		return w.post(at+"/back", http.StatusSeeOther, "kind", kind, "amount", amount, "once", w.hidden(page, "once"), "sure", "yes")
	}
	w.sees(w.open(at+"?way=refund", http.StatusOK), "İade tutarı")
	w.sees(w.open(sure("refund", "50,00"), http.StatusOK), "Banka 50,00 TL tutarındaki iadeyi kabul etmedi", "Gün sonu olmadı: iptal edilebilir")
	r.closeDay()
	r.clock.advance(24 * time.Hour)
	w = r.signedIn()
	w.sees(w.open(at, http.StatusOK), "İade et", "Bankanın gün sonu olmadıysa iptal et")
	w.sees(w.open(sure("void", ""), http.StatusOK), "Gün sonu oldu: iade edilebilir")
	w.misses(w.open(at, http.StatusOK), "iptal et<")
	for amount, says := range map[string]string{"": "gerekli", "0": "", "-5": "", "abc": "", "250,01": "kalan tutardan fazla olamaz"} {
		w.sees(w.post(at+"/back", http.StatusUnprocessableEntity, "kind", "refund", "amount", amount), says)
	}
	w.post(at+"/back", http.StatusUnprocessableEntity, "kind", "theft")
	w.sees(w.post(at+"/back", http.StatusOK, "kind", "refund", "amount", "50"), "kartına 50,00 TL iade edilecek", "sizde 200,00 TL kalır", "İşlem İade")
	w.sees(w.open(sure("refund", "50"), http.StatusOK), "50,00 TL iade edildi.", "kalan 200,00 TL", "Kısmen iade edildi")
	w.sees(w.open(sure("refund", "200,00"), http.StatusOK), "200,00 TL iade edildi.")
	r.stands(id, checkout.StatusRefunded, 25000)
	w.misses(w.open(at, http.StatusOK), `name="kind"`)
}

// A row of the list leads to the form that its payment's page offers first, for whoever may give money back; one whose
// money is gone, disputed or on its way back leads to none (features 6.6).
func TestPanelListOffersTheWayBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	open := r.paid()
	none := map[string]string{"declined": r.paidBy(r.link(nil), "051"), "voided": r.paid(), "disputed": r.paid(), "on its way back": r.paid()}
	r.back(none["voided"], "void", nil, 201, "status", "voided")
	status, _ := r.api("POST", "/v1/payments/"+none["disputed"]+"/chargebacks", map[string]any{"amount": 100})
	r.must("a dispute", status, 201)
	r.bankFault(banksim.StepVoid, banksim.FaultTimeoutBefore, "", 1)
	r.back(none["on its way back"], "void", nil, 202, "status", "pending")
	lead := func(id, way string) string { return `href="/panel/payments/` + id + `?way=` + way + `#back"` }
	w := r.signedIn()
	page := w.open("/panel/payments", http.StatusOK)
	r.has("the list", page, lead(open, "void")+">İptal et<")
	for what, id := range none {
		r.has(what, page, "/panel/payments/"+id)
		r.hasNot(what, page, "/panel/payments/"+id+"?way=")
	}
	r.has("where it leads", w.open("/panel/payments/"+open+"?way=void", http.StatusOK), `id="back" open`, `name="kind" value="void"`)
	r.hasNot("a page that nobody came to for it", w.open("/panel/payments/"+open, http.StatusOK), `id="back" open`)
	email, password := r.colleague(checkout.RoleViewer, false)
	page = r.signedInAs(email, password).open("/panel/payments", http.StatusOK)
	r.has("a viewer's list", page, open)
	r.hasNot("a viewer's list", page, "?way=", "İptal et")
	r.clock.advance(24 * time.Hour)
	page = r.signedIn().open("/panel/payments", http.StatusOK)
	r.has("the next day", page, lead(open, "refund")+">İade et<")
}

// What the bank said of its day's end goes before the calendar, on the payment's page and in the list.
func TestPanelOffersWhatTheBankTakes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	w := r.signedIn()
	at := "/panel/payments/" + id
	r.back(id, "refunds", nil, 409, "code", "refund_too_early")
	page := w.open(at, http.StatusOK)
	w.sees(page, "Banka henüz gün sonunu yapmadığı için", "İptal et", "Bankanın gün sonu olduysa iade et")
	r.closeDay()
	r.back(id, "void", nil, 409, "code", "void_too_late")
	page = w.open(at, http.StatusOK)
	w.sees(page, "Banka gün sonunu yaptığı için bu satış artık iptal edilemez, iade edilir.", "İade et")
	w.misses(page, "İptal et<", "iptal et<", "henüz gün sonunu")
	w.sees(w.open(at+"?way=void", http.StatusOK), "İade tutarı") // an address of before
	r.has("the list", w.open("/panel/payments", http.StatusOK), at+`?way=refund#back">İade et<`)
	r.back(id, "refunds", map[string]any{"amount": 5000}, 201, "status", "refunded")
	w.sees(w.open(at, http.StatusOK), "İade et")
}

// What the bank owes an answer for is on the board, and can be asked for at once; who asked is in the trail (I21).
func TestPanelAsksTheBank(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	r.bankFault(banksim.StepProvision, banksim.FaultTimeoutAfter, "", 1)
	id := r.paidBy(r.link(nil), "001")
	r.must("in doubt", r.ledgerPayment(id).Status, checkout.StatusPending)
	w := r.signedIn()
	at := "/panel/payments/" + id
	w.sees(w.open("/panel/payments?status=pending", http.StatusOK), "Sonuç bekleniyor", "saniyedir")
	w.sees(w.open(at, http.StatusOK), "Bankaya şimdi sor", "sonucu bildirmedi")
	r.must("too soon", w.post(at+"/ask", http.StatusSeeOther), at+"?saved=asking")
	r.clock.advance(30 * time.Second)
	r.must("asked", w.post(at+"/ask", http.StatusSeeOther), at+"?saved=asked")
	w.sees(w.open(at+"?saved=asked", http.StatusOK), "Bankaya soruldu", "Bankaya sorulması istendi", "Deniz Demir", "Ödendi")
	r.must("paid", r.ledgerPayment(id).Status, checkout.StatusPaid)
	r.must("decided", w.post(at+"/ask", http.StatusSeeOther), at+"?saved=decided")
	r.must("charged once", len(r.bank.Charges()), 1)
	r.proven()
}

// Roles, other merchants and colleagues' links (I17, A48).
func TestPanelPaymentsAreTheirMerchantsAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	at := "/panel/payments/" + id
	for _, c := range []struct {
		role  checkout.Role
		own   bool
		page  int
		back  int
		table int
	}{
		{checkout.RoleFinance, false, http.StatusOK, http.StatusOK, http.StatusOK},
		{checkout.RoleSupport, false, http.StatusOK, http.StatusForbidden, http.StatusForbidden},
		{checkout.RoleViewer, false, http.StatusOK, http.StatusForbidden, http.StatusForbidden},
		{checkout.RoleFinance, true, http.StatusNotFound, http.StatusNotFound, http.StatusOK},
	} {
		email, password := r.colleague(c.role, c.own)
		w := r.signedInAs(email, password)
		page := w.open("/panel/payments", http.StatusOK)
		r.must("listed", strings.Contains(page, id), !c.own)
		w.open(at, c.page)
		w.post(at+"/back", c.back, "kind", "void")
		if file := w.open("/panel/payments/export.json", c.table); c.table == http.StatusOK {
			r.must("in the file", strings.Contains(file, id), !c.own)
		}
	}
	w := r.signedIn()
	for _, strange := range []string{"pay_2222222222222222222222", "x", "%00"} {
		w.open("/panel/payments/"+strange, http.StatusNotFound)
	}
	email, password := r.neighbour()
	w = r.signedInAs(email, password)
	w.misses(w.open("/panel/payments", http.StatusOK), id)
	w.misses(w.open("/panel/payments?q="+id, http.StatusOK), "250,00")
	w.open(at, http.StatusNotFound)
	w.post(at+"/back", http.StatusNotFound, "kind", "void")
	w.post(at+"/ask", http.StatusNotFound)
	r.stands(id, checkout.StatusPaid, 0)
}

// neighbour is the owner of another merchant.
func (r *rig) neighbour() (email, password string) {
	r.t.Helper()
	ctx, now := context.Background(), r.clock.Now()
	m := checkout.Merchant{ID: r.app.ids.Merchant(), Name: "Komşu", Currencies: []checkout.Currency{checkout.TRY}, Version: 1, CreatedAt: now, UpdatedAt: now}
	r.must("save a merchant", r.app.ledger.SaveMerchant(ctx, m, operatorEvent(m.ID, string(m.ID), "merchant.created", now)), nil)
	email, password = "komsu-"+strings.ToLower(r.app.ids.Secret(6))+"@shop.example", "a sentence to remember"
	u := checkout.User{ID: r.app.ids.User(), Email: email, Name: "Komşu", Password: checkout.Hidden(panel.HashPassword(password)), Version: 1, CreatedAt: now, UpdatedAt: now}
	r.must("save a user", r.app.ledger.SaveUser(ctx, u), nil)
	member := checkout.Member{Merchant: m.ID, User: u.ID, Role: checkout.RoleOwner, CreatedAt: now}
	r.must("save a member", r.app.ledger.SaveMember(ctx, member, operatorEvent(m.ID, string(m.ID), "member.saved", now)), nil)
	return email, password
}
