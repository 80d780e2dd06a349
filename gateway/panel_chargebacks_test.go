//go:build !race

package main

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// A dispute is recorded in two steps and once, stops what would give the money back as well, and is followed to its end.
func TestPanelDisputes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paidBy(r.link(map[string]any{"order_id": "SIP-77"}), "000")
	w := r.signedIn()
	at := "/panel/payments/" + id
	today := string(checkout.DayOf(r.clock.Now()))
	w.sees(w.open(at, http.StatusOK), "İtirazlar", "Bu ödemeye itiraz kaydedilmedi.", "İtiraz kaydet", "İptal et")
	w.sees(w.open("/panel/chargebacks", http.StatusOK), "Kayıtlı itiraz yok.")

	form := []string{"disputed", "200,00", "code", "10.4", "received_at", today, "respond_by", string(checkout.DayOf(r.clock.Now().AddDate(0, 0, 2))), "case", "D-1", "words", "Almadım diyor"}
	w.sees(w.post(at+"/chargebacks", http.StatusUnprocessableEntity, "disputed", "300", "received_at", today), "İtiraz edilen tutar ödemenin toplamını aşamaz.")
	w.sees(w.post(at+"/chargebacks", http.StatusUnprocessableEntity, "disputed", "", "received_at", "dün"), "Günü 2026-11-22 gibi yazın.")
	w.sees(w.post(at+"/chargebacks", http.StatusUnprocessableEntity, "disputed", "0", "received_at", today), "Tutar sıfırdan büyük olmalıdır.")
	page := w.post(at+"/chargebacks", http.StatusOK, form...)
	w.sees(page, "200,00 TL tutarında itiraz kaydedilecek", "artık iptal veya iade edilemez")
	r.must("nothing yet", r.ledgerPayment(id).Disputed, int64(0))
	form = append(form, "once", w.hidden(page, "once"), "sure", "yes")
	to := w.post(at+"/chargebacks", http.StatusSeeOther, form...)
	r.must("the same again", w.post(at+"/chargebacks", http.StatusSeeOther, form...), to)
	r.must("once", r.ledgerPayment(id).Disputed, int64(20000))
	page = w.open(to, http.StatusOK)
	w.sees(page, "İtiraz kaydedildi.", "Yanıt bekliyor", "2 gün kaldı", "D-1", "Bu ödemenin 200,00 TL tutarına itiraz var.", "İade et")
	w.misses(page, "İptal et<")
	w.sees(w.post(at+"/back", http.StatusUnprocessableEntity, "kind", "void"), "Bu tutara itiraz var")
	w.sees(w.post(at+"/back", http.StatusUnprocessableEntity, "kind", "refund", "amount", "50,01"), "Bu tutara itiraz var")

	w.sees(w.open("/panel", http.StatusOK), "1 harcama itirazı yanıt bekliyor", "son gün")
	w.sees(w.open("/panel/chargebacks?status=open", http.StatusOK), "SIP-77", "200,00 TL", "2 gün kaldı", "10.4")
	w.sees(w.open("/panel/chargebacks?status=lost", http.StatusOK), "Bu durumda itiraz yok.")
	w.open("/panel/chargebacks?status=x", http.StatusUnprocessableEntity)
	w.open("/panel/chargebacks?cursor=x", http.StatusSeeOther)
	w.sees(w.open("/panel/payments", http.StatusOK), "İtiraz: 200,00 TL")

	found, err := r.app.ledger.ChargebacksOf(t.Context(), demoMerchant, []checkout.PaymentID{checkout.PaymentID(id)})
	r.must("read the dispute", err, nil)
	one := at + "/chargebacks/" + string(found[checkout.PaymentID(id)][0].ID)
	page = w.open(at+"?dispute="+string(found[checkout.PaymentID(id)][0].ID), http.StatusOK)
	w.sees(page, "tutarındaki itiraz", "Belgeler gönderildi")
	seen := w.hidden(page, "seen")
	w.sees(w.post(one, http.StatusUnprocessableEntity, "status", "x"), "Listeden bir değer seçin.")
	w.post(strings.Replace(one, id, r.paid(), 1), http.StatusNotFound, "status", "won") // of another payment
	r.clock.advance(time.Second)
	w.sees(w.post(one, http.StatusUnprocessableEntity, "status", "won"), "İtiraz bu arada değişti") // of no form
	won := []string{"status", "won", "case", "D-1", "words", "Tutanak gönderildi", "respond_by", "", "seen", seen}
	page = w.post(one, http.StatusOK, won...)
	w.sees(page, "200,00 TL tutarındaki itiraz kazanıldı olarak kaydedilecek")
	won = append(won, "sure", "yes")
	to = w.post(one, http.StatusSeeOther, won...)
	r.must("the same change again", w.post(one, http.StatusSeeOther, won...), to)
	w.sees(w.open(to, http.StatusOK), "İtiraz güncellendi.", "Kazanıldı", "Tutanak gönderildi", "İptal et")
	r.must("free again", r.ledgerPayment(id).Disputed, int64(0))
	r.trailWhole()
}

// What somebody read is what he changes: a form or a confirmation from before a colleague's change writes nothing, be
// it a second round that nobody meant, the end of one, or an older note.
func TestPanelDisputesAreChangedAsTheyWereRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	made, err := r.app.flow.RecordChargeback(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, checkout.PaymentID(id), checkout.ChargebackAsk{})
	r.must("record", err, nil)
	w := r.signedIn()
	at := "/panel/payments/" + id
	one := at + "/chargebacks/" + string(made.ID)
	follow := func(to checkout.ChargebackStatus) {
		t.Helper()
		r.clock.advance(time.Second)
		_, err := r.app.flow.ChangeChargeback(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, made.ID, checkout.ChargebackChange{Status: to})
		r.must("a colleague", err, nil)
	}
	stands := func() checkout.Chargeback {
		t.Helper()
		c, err := r.app.ledger.ChargebackOf(t.Context(), demoMerchant, made.ID)
		r.must("read it", err, nil)
		return c
	}
	form := func(status string) []string {
		t.Helper()
		page := w.open(at+"?dispute="+string(made.ID), http.StatusOK)
		return []string{"status", status, "case", "D-9", "words", "", "respond_by", "", "seen", w.hidden(page, "seen")}
	}
	noted := form("open")
	r.must("of the form", w.hidden(w.post(one, http.StatusOK, noted...), "seen"), noted[len(noted)-1])
	follow(checkout.ChargebackWon)
	was := stands()
	w.sees(w.post(one, http.StatusUnprocessableEntity, append(noted, "sure", "yes")...), "İtiraz bu arada değişti")
	w.post(one, http.StatusUnprocessableEntity, noted...)
	r.must("no second round", []any{stands(), r.ledgerPayment(id).Disputed}, []any{was, int64(0)})
	follow(checkout.ChargebackOpen)
	won := append(form("won"), "sure", "yes")
	w.post(one, http.StatusSeeOther, won...)
	follow(checkout.ChargebackOpen)
	was = stands()
	w.sees(w.post(one, http.StatusUnprocessableEntity, won...), "İtiraz bu arada değişti")
	r.must("the round goes on", stands(), was)
	// Between the page's own look and the writing somebody else was faster.
	_, err = r.app.flow.ChangeChargeback(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, made.ID, checkout.ChargebackChange{Status: checkout.ChargebackWon, Seen: made.UpdatedAt})
	r.must("judged again where it is written", errors.Is(err, checkout.ErrChargebackState), true)
	r.trailWhole()
}

// The page of evidence has what answers a dispute, and nothing of the card beyond its ends.
func TestPanelEvidence(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paidBy(r.link(map[string]any{"order_id": "SIP-78", "description": "Ceviz kutu", "customer": map[string]any{"name": "Ayşe Işık"}}), "000")
	p := r.ledgerPayment(id)
	r.closeDay()
	r.back(id, "refunds", map[string]any{"amount": 5000}, 201, "status", "refunded")
	r.clock.advance(time.Second)
	_, err := r.app.flow.RecordChargeback(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, p.ID, checkout.ChargebackAsk{})
	r.must("record", err, nil)
	w := r.signedIn()
	w.sees(w.open("/panel/payments/"+id, http.StatusOK), "50,00 TL tutarı zaten iade edilmiş: bankaya gönderilecek yanıt bu iadedir.")
	page := w.open("/panel/payments/"+id+"/evidence", http.StatusOK)
	w.sees(page, "İtiraz kanıtları", "SIP-78", "Ceviz kutu", "Ayşe Işık", "250,00 TL", "mdStatus 1", "Kart sahibi, kartın bankasında tam olarak doğrulandı.",
		"Sahtecilik itirazında zararı kartı veren banka karşılar.", p.AuthCode, p.RRN, string(p.BankOrder), "50,00 TL", "İtirazdan önce iade edilen: 50,00 TL", "127.0.0.1", "UTC", "Banka onayladı, tahsil edildi", "İtiraz kaydedildi")
	if head := r.ledgerPayment(id).Head; !strings.Contains(page, hex.EncodeToString(head)) {
		t.Error("the last hash of the trail is not on the page")
	}
	w.misses(page, "4155650000000007")
}

// A refund that was on its way when the dispute was recorded is not in what had gone back before, and on the paper it is.
func TestPanelEvidenceListsWhatWasOnItsWay(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	r.closeDay()
	r.bankFault(banksim.StepRefund, banksim.FaultTimeoutAfter, "", 1)
	r.back(id, "refunds", map[string]any{"amount": 5000}, 202, "status", "pending")
	made, err := r.app.flow.RecordChargeback(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, checkout.PaymentID(id), checkout.ChargebackAsk{})
	r.must("record", err, nil)
	w := r.signedIn()
	w.sees(w.open("/panel/payments/"+id+"/evidence", http.StatusOK), "İade Bankadan yanıt bekleniyor")
	r.settleFor(20 * time.Minute)
	one, err := r.app.ledger.ChargebackOf(t.Context(), demoMerchant, made.ID)
	r.must("had gone back", []any{r.ledgerPayment(id).Refunded, one.RefundedBefore, err}, []any{int64(5000), int64(0), nil})
	w = r.signedIn()
	page := w.open("/panel/payments/"+id+"/evidence", http.StatusOK)
	w.sees(page, "Geri verilen 50,00 TL", "İptal ve iadeler", "İade İade edildi")
	w.misses(page, "İtirazdan önce iade edilen")
}

// What was sold is what the payer read: neither an edited link's words nor its lines are on his payment's paper.
func TestPanelEvidenceNamesWhatWasSold(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(map[string]any{"description": "Ceviz kutu", "usage": "multi"})
	lines := r.link(map[string]any{"amount": nil, "description": nil, "items": []map[string]any{{"name": "Sabun", "quantity": 2, "unit_amount": 700}}})
	id, listed := r.paidBy(link, "000"), r.paidBy(lines, "000")
	w := r.signedIn()
	w.sees(w.open("/panel/payments/"+id+"/evidence", http.StatusOK), "Satılan Ceviz kutu")
	w.sees(w.open("/panel/payments/"+listed+"/evidence", http.StatusOK), "Sabun 2 7,00 TL 14,00 TL")
	status, answer := r.api("PATCH", "/v1/links/"+link["id"].(string), map[string]any{"description": "Masa", "customer": map[string]any{"name": "Bora Dağ"}})
	r.must("edited", []any{status, answer["code"]}, []any{http.StatusOK, nil})
	later := r.paidBy(link, "000")
	page := w.open("/panel/payments/"+id+"/evidence", http.StatusOK)
	w.sees(page, "Satılan –")
	w.misses(page, "Masa", "Bora Dağ")
	w.sees(w.open("/panel/payments/"+later+"/evidence", http.StatusOK), "Satılan Masa", "Bora Dağ")
}

// A paper for a bank has of the payer's identity number only its ends, and nobody's address but the payer's.
func TestPanelEvidenceIsForABank(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.browser().pay(r.asking(nil)["url"].(string), card("000"), answered...).finish("123456").paymentID()
	for ip, actor := range map[string]string{"203.0.113.9": "user:usr_x", "203.0.113.10": "api:key_x"} {
		_, err := r.app.flow.RecordChargeback(t.Context(), checkout.By{Actor: actor, IP: ip}, demoMerchant, checkout.PaymentID(id), checkout.ChargebackAsk{Minor: 1})
		r.must("record", err, nil)
	}
	w := r.signedIn()
	w.sees(w.open("/panel/payments/"+id, http.StatusOK), "10000000146", "203.0.113.9", "203.0.113.10")
	page := w.open("/panel/payments/"+id+"/evidence", http.StatusOK)
	w.sees(page, "T.C. kimlik no 100••••••46", "34 ĞÜ 12", "Ödeyen 127.0.0.1", "Banka 127.0.0.1")
	w.misses(page, "10000000146", "203.0.113")
}

// The page of a payment says who was told of its disputes.
func TestPanelSaysWhoWasToldOfADispute(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	newReceiver(r, "chargeback.opened")
	id := r.paid()
	_, err := r.app.flow.RecordChargeback(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, checkout.PaymentID(id), checkout.ChargebackAsk{})
	r.must("record", err, nil)
	r.app.deliver(t)
	w := r.signedIn()
	w.sees(w.open("/panel/payments/"+id, http.StatusOK), "Webhook teslim edildi chargeback.opened")
}

// What was not answered in time is marked, where it is listed and on the first screen.
func TestPanelOverdueDisputes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	last := checkout.DayOf(r.clock.Now().AddDate(0, 0, 10))
	_, err := r.app.flow.RecordChargeback(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, checkout.PaymentID(id), checkout.ChargebackAsk{ChargebackTerms: checkout.ChargebackTerms{RespondBy: last}})
	r.must("record", err, nil)
	for _, c := range []struct {
		days   int
		said   string
		marked bool
	}{{0, "Son gün 02.12.2026", false}, {7, "Son gün 02.12.2026 · 3 gün kaldı", true}, {3, "Son gün bugün, 02.12.2026", true}, {1, "Süresi geçti: 02.12.2026", true}} {
		r.clock.advance(time.Duration(c.days) * 24 * time.Hour)
		w := r.signedIn()
		page := w.open("/panel/chargebacks", http.StatusOK)
		w.sees(page, c.said)
		r.must("marked "+c.said, strings.Contains(page, `<small class="alarm">`), c.marked)
		home := w.open("/panel", http.StatusOK)
		w.sees(home, "1 harcama itirazı yanıt bekliyor · son gün 02.12.2026")
		r.must("marked on the first screen "+c.said, strings.Contains(home, `href="/panel/chargebacks?status=open"><span class="pill bad">`), c.marked)
	}
}

// A second round is a letter of its own day: the form offers no last day of the first one, and it is not overdue at once.
func TestPanelSecondRound(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	by := checkout.By{Actor: "operator"}
	first := checkout.DayOf(r.clock.Now().AddDate(0, 0, 2))
	made, err := r.app.flow.RecordChargeback(t.Context(), by, demoMerchant, checkout.PaymentID(id), checkout.ChargebackAsk{ChargebackTerms: checkout.ChargebackTerms{RespondBy: first}})
	r.must("record", err, nil)
	_, err = r.app.flow.ChangeChargeback(t.Context(), by, demoMerchant, made.ID, checkout.ChargebackChange{Status: checkout.ChargebackWon})
	r.must("won", err, nil)
	r.clock.advance(30 * 24 * time.Hour)
	today := checkout.DayOf(r.clock.Now())
	stands := func() checkout.ChargebackTerms {
		t.Helper()
		c, err := r.app.ledger.ChargebackOf(t.Context(), demoMerchant, made.ID)
		r.must("read it", err, nil)
		return c.ChargebackTerms
	}
	w := r.signedIn()
	at := "/panel/payments/" + id
	send := func(status string) {
		t.Helper()
		page := w.open(at+"?dispute="+string(made.ID), http.StatusOK)
		for _, n := range elements(t, page, "input") {
			if attr(n, "name") == "respond_by" {
				r.must("no day of the first round", attr(n, "value"), "")
			}
		}
		w.post(at+"/chargebacks/"+string(made.ID), http.StatusSeeOther, "status", status, "case", "D-2", "words", "", "respond_by", "", "seen", w.hidden(page, "seen"), "sure", "yes")
	}
	send("won")
	r.must("a note leaves the days", stands(), checkout.ChargebackTerms{Case: "D-2", ReceivedAt: made.ReceivedAt, RespondBy: first})
	r.clock.advance(time.Second)
	send("open")
	r.must("a second round", stands(), checkout.ChargebackTerms{Case: "D-2", ReceivedAt: today})
	w.misses(w.open("/panel", http.StatusOK), "son gün")
	w.misses(w.open("/panel/chargebacks", http.StatusOK), "Süresi geçti")
	r.trailWhole()
}

// What was recorded by mistake is withdrawn, even when it was lost: the money is free again.
func TestPanelWithdrawsADispute(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	by := checkout.By{Actor: "operator"}
	made, err := r.app.flow.RecordChargeback(t.Context(), by, demoMerchant, checkout.PaymentID(id), checkout.ChargebackAsk{})
	r.must("record", err, nil)
	_, err = r.app.flow.ChangeChargeback(t.Context(), by, demoMerchant, made.ID, checkout.ChargebackChange{Status: checkout.ChargebackLost})
	r.must("lost", err, nil)
	w := r.signedIn()
	at := "/panel/payments/" + id
	page := w.open(at+"?dispute="+string(made.ID), http.StatusOK)
	w.sees(page, "Kaybedildi", "Geri çekildi")
	form := []string{"status", "withdrawn", "case", "", "words", "Yanlış ödeme", "respond_by", "", "seen", w.hidden(page, "seen")}
	w.sees(w.post(at+"/chargebacks/"+string(made.ID), http.StatusOK, form...), "250,00 TL tutarındaki itiraz geri çekildi olarak kaydedilecek", "Bu itiraz bir daha açılamaz")
	w.sees(w.open(w.post(at+"/chargebacks/"+string(made.ID), http.StatusSeeOther, append(form, "sure", "yes")...), http.StatusOK), "Geri çekildi", "Yanlış ödeme", "İptal et", "İtiraz kaydet")
	w.sees(w.open("/panel/chargebacks?status=withdrawn", http.StatusOK), "250,00 TL", "Geri çekildi")
	r.must("free again", r.ledgerPayment(id).Disputed, int64(0))
	r.trailWhole()
}

// Who sees only his own links sees no colleague's disputes.
func TestPanelDisputesOfOthersAreHidden(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	_, err := r.app.flow.RecordChargeback(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, checkout.PaymentID(id), checkout.ChargebackAsk{})
	r.must("record", err, nil)
	email, password := r.colleague(checkout.RoleFinance, true)
	own := r.signedInAs(email, password)
	own.sees(own.open("/panel/chargebacks", http.StatusOK), "Kayıtlı itiraz yok.")
	own.misses(own.open("/panel", http.StatusOK), "harcama itirazı")
	own.open("/panel/payments/"+id+"/evidence", http.StatusNotFound)
}
