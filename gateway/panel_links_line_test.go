//go:build !race

package main

import (
	"net/http"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// What happened to a link begins with its first opening, and says how often somebody tried to pay, however many of the
// tries the page shows.
func TestPanelLinkTellsOfItsFirstOpeningAndItsTries(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.link(map[string]any{"usage": "multi"})["id"].(string)
	w := r.signedIn()
	page := w.open("/panel/links/"+id, http.StatusOK)
	w.misses(page, "Ödeme sayfası ilk kez açıldı", "0 ödeme denemesi")
	l, err := r.app.ledger.LinkByID(t.Context(), demoMerchant, checkout.LinkID(id))
	r.must("read the link", err, nil)
	r.must("opened", r.app.ledger.NoteOpened(t.Context(), []checkout.Token{l.Token}, r.clock.Now()), nil)
	r.tries(id, 3)
	w.sees(w.open("/panel/links/"+id, http.StatusOK), "Ödeme sayfası ilk kez açıldı", "3 ödeme denemesi")
	r.tries(id, 52)
	w.sees(w.open("/panel/links/"+id, http.StatusOK), "55 ödeme denemesi")
}

// A link that was deleted while its payer was at the bank is paid, and says both.
func TestPanelLinkPaidAfterItWasDeletedSaysBoth(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	l := r.link(nil)
	w := r.signedIn()
	at := "/panel/links/" + l["id"].(string)
	w.misses(w.open(at, http.StatusOK), "silinmişti")
	b := r.browser().pay(l["url"].(string), card("000"))
	w.post(at+"/delete", http.StatusSeeOther)
	r.has("the payer's result", b.finish("123456").body, "Ödeme tamamlandı")
	w.sees(w.open(at, http.StatusOK), "Link ödendi. Son ödeme: 22.11.2026 12:00 (TSİ).", "Link 22.11.2026 12:00 (TSİ) tarihinde silinmişti; bu ödeme o sırada bankadaydı.")
}
