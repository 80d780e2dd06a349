package sqlstore_test

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
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

// TestCountersAreThoseOfTheWholeRow: a payment writes its link's counters without working out the rest of the row.
func TestCountersAreThoseOfTheWholeRow(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	l := checkout.Link{
		ID: "lnk_1", Rev: 1, SlotsHeld: 2, PaidCount: 3, PaidMinor: 4, PaidBy: "pay_5", PaidAt: at, UpdatedAt: at.Add(time.Second),
	}
	got, want, err := sqlstore.Counters(l, 6, 8, []byte{9})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %v\nwant %v", err, got, want)
	}
}
