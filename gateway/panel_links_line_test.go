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
