//go:build !race

package main

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// Whoever goes back, corrects a form and presses again gets what it says now; the same form twice is done once.
func TestPanelFormsAreDoneOnceEach(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	t.Run("a link of another amount is another link", func(t *testing.T) {
		name := once(t, w.open("/panel/links", http.StatusOK))
		first := w.post("/panel/links", http.StatusSeeOther, "amount", "100", "once", name)
		other := w.post("/panel/links", http.StatusSeeOther, "amount", "200", "once", name)
		r.must("the corrected amount", r.linkNamed(other).Amount.Minor, int64(20000))
		r.must("the first form again", w.post("/panel/links", http.StatusSeeOther, "amount", "100", "once", name), first)
		r.must("the corrected one again", w.post("/panel/links", http.StatusSeeOther, "amount", "200", "once", name), other)
		r.must("links", r.linksThere(), 2)
	})
	t.Run("a message to another number is another message", func(t *testing.T) {
		l := r.linkNamed(r.link(nil)["id"].(string))
		path := "/panel/links/" + string(l.ID)
		name := once(t, w.open(path, http.StatusOK))
		for _, to := range []string{"0532 123 45 67", "0532 123 45 68", "0532 123 45 67", "0532 123 45 68"} {
			w.post(path+"/send", http.StatusSeeOther, "channel", "sms", "sms", to, "once", name)
		}
		r.must("who was written to", r.writtenTo(l.ID), []string{"+905321234567", "+905321234568"})
		next := r.linkNamed(r.link(nil)["id"].(string))
		w.post("/panel/links/"+string(next.ID)+"/send", http.StatusSeeOther, "channel", "sms", "sms", "0532 123 45 67", "once", name)
		r.must("who was written to about another link", r.writtenTo(next.ID), []string{"+905321234567"})
	})
}

// writtenTo answers the recipients of a link's messages, in order.
func (r *rig) writtenTo(id checkout.LinkID) (all []string) {
	r.t.Helper()
	sent, _, err := r.app.ledger.SearchMessages(context.Background(), checkout.MessageQuery{Merchant: demoMerchant, Link: id})
	r.must("read messages", err, nil)
	for _, m := range sent {
		all = append(all, m.To)
	}
	slices.Sort(all)
	return all
}

// A confirmation gives back once, and only what it showed of the payment it showed.
func TestPanelConfirmationsAreTheirPaymentsOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	first, other := r.paid(), r.paid()
	w := r.signedIn()
	back := func(id string) string { return "/panel/payments/" + id + "/back" }
	w.open("/panel/payments/"+first, http.StatusOK)
	for _, none := range []string{"", "x"} {
		page := w.post(back(first), http.StatusUnprocessableEntity, "kind", "void", "sure", "yes", "once", none)
		w.sees(page, "250,00 TL tutarındaki satış iptal edilecek")
		r.stands(first, checkout.StatusPaid, 0)
	}
	name := w.hidden(w.post(back(first), http.StatusOK, "kind", "void"), "once")
	to := w.post(back(first), http.StatusSeeOther, "kind", "void", "once", name, "sure", "yes")
	w.sees(w.open(to, http.StatusOK), "250,00 TL iptal edildi.")
	page := w.post(back(other), http.StatusUnprocessableEntity, "kind", "void", "once", name, "sure", "yes")
	w.sees(page, "250,00 TL tutarındaki satış iptal edilecek")
	r.stands(other, checkout.StatusPaid, 0)
	r.must("calls about the other", r.asked(other, banksim.StepVoid), 0)
	w.post(back(first), http.StatusUnprocessableEntity, "kind", "refund", "amount", "250", "once", name, "sure", "yes")
	r.must("the same again", w.post(back(first), http.StatusSeeOther, "kind", "void", "once", name, "sure", "yes"), to)
	to = w.post(back(other), http.StatusSeeOther, "kind", "void", "once", w.hidden(page, "once"), "sure", "yes")
	w.sees(w.open(to, http.StatusOK), "250,00 TL iptal edildi.")
	r.stands(other, checkout.StatusVoided, 25000)
}

// The batch of a form is never shown for what another content asks, whether of a file or a group.
func TestPanelBatchesAreDoneOnceEach(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	w.open("/panel/links/file", http.StatusOK)
	first := confirmation(w.upload("/panel/links/file", http.StatusOK, "file", "a.csv", []byte("tutar\n10\n20\n")))
	w.open("/panel/links/file", http.StatusOK)
	other := confirmation(w.upload("/panel/links/file", http.StatusOK, "file", "b.csv", []byte("tutar\n30\n40\n50\n")))
	for i := 0; i < len(other); i += 2 {
		if other[i] == "id" {
			other[i+1] = first[slices.Index(first, "id")+1]
		}
	}
	to := w.post("/panel/links/file/make", http.StatusSeeOther, first...)
	r.has("other rows under the same name", w.post("/panel/links/file/make", http.StatusUnprocessableEntity, other...), "Bu form zaten gönderildi")
	r.has("another description", w.post("/panel/links/file/make", http.StatusUnprocessableEntity, append(slices.Clone(first), "description", "x")...), "Bu form zaten gönderildi")
	r.must("the first again", w.post("/panel/links/file/make", http.StatusSeeOther, first...), to)
	r.must("links of the file", r.linksThere(), 2)

	id := w.hidden(w.open("/panel/links/groups/new", http.StatusOK), "id")
	group := func(status int, total string) string {
		return w.post("/panel/links/groups", status, "id", id, "name", "Kira", "currency", "TRY", "life", "7", "total", total, "people", "Ali\nVeli")
	}
	to = group(http.StatusSeeOther, "100")
	r.has("another sum", group(http.StatusUnprocessableEntity, "200"), "Bu form zaten gönderildi")
	r.must("the first group again", group(http.StatusSeeOther, "100"), to)
	r.must("links of both", r.linksThere(), 4)
}

// What is no e-mail address is refused wherever it is typed, whichever way the link is sent.
func TestPanelLinksHaveAddressesThatAreSome(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	w.open("/panel/links/new", http.StatusOK)
	for _, typed := range []string{"notmail", "a b@c", `"x" <a@b.example>, c@d.example`, "a@b.example\r\nBcc: c@d.example"} {
		r.has(typed, w.post("/panel/links", http.StatusUnprocessableEntity, "amount", "10", "email", typed), "Bu bir e-posta adresi değil")
	}
	w.open("/panel/links/file", http.StatusOK)
	page := w.upload("/panel/links/file", http.StatusOK, "file", "a.csv", []byte("tutar;e-posta\n10;notmail\n10;a@b.example\n"))
	r.has("the file's rows", page, "1 satır hazır", "Bu bir e-posta adresi değil")
	r.must("links", r.linksThere(), 0)
}

// Whoever writes an amount behind a name, without the mark between them, is told so before sums are split.
func TestPanelGroupsTellAmountsInNames(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	id := w.hidden(w.open("/panel/links/groups/new", http.StatusOK), "id")
	fields := []string{"id", id, "name", "Kira", "currency", "TRY", "life", "7", "total", "100", "people"}
	for _, people := range []string{"Ali 60\nVeli 40", "Ali\nVeli 1.250,50", "Ali 60 TL\nVeli", "Ali 60₺\nVeli", "Ali, 60\nVeli"} {
		page := w.post("/panel/links/groups", http.StatusUnprocessableEntity, append(fields, people)...)
		r.has(people, page, "bir sayıyla bitiyor", "noktalı virgül")
	}
	r.must("links of mistakes", r.linksThere(), 0)
	w.post("/panel/links/groups", http.StatusSeeOther, append(fields, "Daire 3; 60\nDaire 4; 40")...)
	r.must("links", r.linksThere(), 2)
}
