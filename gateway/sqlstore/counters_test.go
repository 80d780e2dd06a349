package sqlstore_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// TestAnEditAndAPaymentInOneCommit: the merchant edits a link in the very commit in which its payment
// takes a slot, or is paid. Terms and counters are both stored, whichever of the two came first.
func TestAnEditAndAPaymentInOneCommit(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		b, s, f := faulty(t, url)
		for round := range 20 { // in most rounds both wait for the same transaction
			link := b.Create()
			p := b.Admit(link)
			for _, step := range []func(checkout.Payment) checkout.Move{b.Authorizing, b.Approved} {
				note, err := p.Note("payment.callback_rejected", b.Step())
				if err != nil {
					t.Fatal(err)
				}
				// The note holds the link's writer while the two gather behind it; the step follows it.
				move, from := step(p), b.ReadLink(link.ID)
				move.From.Seq, move.To.Seq = move.From.Seq+1, move.To.Seq+1
				to := from
				to.Description, to.Version = to.Description+"+", from.Version+1
				held, let := f.hold()
				var done sync.WaitGroup
				done.Go(func() {
					if _, err := s.Move(t.Context(), note); err != nil {
						t.Error(err)
					}
				})
				<-held
				done.Go(func() {
					if _, err := s.Move(t.Context(), move); err != nil {
						t.Error(err)
					}
				})
				done.Go(func() {
					_, err := s.ChangeLink(t.Context(), checkout.LinkChange{From: from, To: to, Event: b.Event("link.edited")})
					if err != nil && !errors.Is(err, checkout.ErrStale) {
						t.Error(err)
					}
				})
				f.clear()
				let()
				done.Wait()
				p = b.Read(p.ID)
			}
			now := b.ReadLink(link.ID)
			if now.SlotsHeld != 0 || now.PaidCount != 1 || now.PaidMinor != p.Total.Minor || now.PaidBy != p.ID || now.Description != link.Description+"++" {
				t.Fatalf("round %d: slots held %d, paid %d times, %d by %s, %q", round, now.SlotsHeld, now.PaidCount, now.PaidMinor, now.PaidBy, now.Description)
			}
		}
		if got := verify(t, s); got != nil {
			t.Errorf("found %q", got)
		}
	})
}
