package sqlstore_test

import (
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
)

// F7: nobody who goes by the database's own rules takes a consent away or changes a wording.
func TestUX_F7_ConsentsAndWordingsStay(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		b := storetest.NewBooks(t, s, clock)
		p := b.Payment(b.Create(func(l *checkout.Link) { l.Sale = checkout.SaleConsumer }), func(p *checkout.Payment) { p.Sale = checkout.SaleConsumer })
		if _, err := s.Admit(t.Context(), p, b.Event("payment.challenged"), b.Agreed()...); err != nil {
			t.Fatal(err)
		}
		text := checkout.LegalText{Kind: checkout.ConsentContract, Lang: "tr", Own: true, Words: "{seller}", SavedAt: clock.Now()}
		if _, err := s.SaveLegalText(t.Context(), b.Merchant, text, b.Event("merchant.legal_text")); err != nil {
			t.Fatal(err)
		}
		for _, do := range []string{
			"DELETE FROM consents", "UPDATE consents SET advertising = 1", "DELETE FROM legal_texts", "UPDATE legal_texts SET words = ''",
		} {
			if err := byHand(t, url, do); err == nil {
				t.Errorf("%s: was done", do)
			}
		}
	})
}
