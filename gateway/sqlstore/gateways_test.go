package sqlstore_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
)

// gateways opens one database several times.
func gateways(t *testing.T, url string, n int) ([]*sqlstore.Store, *storetest.Books) {
	t.Helper()
	clock := storetest.NewClock(start)
	out := make([]*sqlstore.Store, n)
	for i := range out {
		out[i] = open(t, url, at(clock))
	}
	return out, storetest.NewBooks(t, out[0], clock)
}

// atOnce calls fn n times at once, each on another gateway than its neighbour, and counts the codes.
func atOnce(stores []*sqlstore.Store, n int, fn func(s *sqlstore.Store, i int) error) map[string]int {
	out, mu := map[string]int{}, sync.Mutex{}
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			err := fn(stores[i%len(stores)], i)
			code := ""
			var known *checkout.Error
			if errors.As(err, &known) {
				code = known.Code
			} else if err != nil {
				code = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			out[code]++
		})
	}
	done.Wait()
	return out
}

func wantTally(t *testing.T, what string, got map[string]int, want string) {
	t.Helper()
	if text := fmt.Sprint(got); text != want {
		t.Errorf("%s: %s, want %s", what, text, want)
	}
}

// TestI02_ThreeGatewaysOneLink: what one process decides in memory, the database decides for several.
func TestI02_ThreeGatewaysOneLink(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		stores, b := gateways(t, url, 3)
		ctx := t.Context()
		single, seven := b.Create(), b.Create(func(l *checkout.Link) { l.Usage, l.MaxPayments = checkout.UsageMulti, 7 })
		for _, l := range []struct {
			link checkout.Link
			want string
		}{{single, "map[:1 link_busy:59]"}, {seven, "map[:7 link_busy:53]"}} {
			moves := make([]checkout.Move, 60)
			for i := range moves {
				moves[i] = b.Authorizing(b.Admit(l.link))
			}
			wantTally(t, "slots", atOnce(stores, 60, func(s *sqlstore.Store, i int) error { _, err := s.Move(ctx, moves[i]); return err }), l.want)
		}
		links := make([]checkout.NewLink, 60)
		for i := range links {
			links[i] = b.New(b.Link(func(l *checkout.Link) { l.Order = "ONE" }))
		}
		wantTally(t, "order number", atOnce(stores, 60, func(s *sqlstore.Store, i int) error { return s.CreateLink(ctx, links[i]) }), "map[:1 order_id_taken:59]")
		for i := range links {
			links[i] = b.New(b.Link())
			links[i].Idem = checkout.Idempotency{Merchant: b.Merchant, Key: "one", Request: []byte("r")}
		}
		wantTally(t, "idempotency key", atOnce(stores, 60, func(s *sqlstore.Store, i int) error { return s.CreateLink(ctx, links[i]) }), "map[:1 idempotency_key_known:59]")
		l := b.Create()
		wantTally(t, "edits", atOnce(stores, 60, func(s *sqlstore.Store, i int) error {
			to := l
			to.Description = fmt.Sprint(i)
			_, err := s.ChangeLink(ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.edited")})
			return err
		}), "map[:1 stale:59]")
		wantTally(t, "a merchant's accounts", atOnce(stores, 30, func(s *sqlstore.Store, i int) error {
			return s.SaveAccount(ctx, checkout.Account{ID: checkout.AccountID(fmt.Sprint("acc_", i)), Merchant: b.Merchant}, b.Event("acquirer.created"))
		}), "map[:30]")
		if got := verify(t, stores[0]); got != nil {
			t.Errorf("found %q", got)
		}
	})
}

// TestOneStepOverGateways: however many start again at once, one attempt stays open.
func TestOneStepOverGateways(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		stores, b := gateways(t, url, 3)
		l := b.Create()
		all := make([]checkout.Payment, 30)
		for i := range all {
			all[i] = b.Payment(l, func(p *checkout.Payment) { p.OneStep = true })
		}
		wantTally(t, "attempts", atOnce(stores, len(all), func(s *sqlstore.Store, i int) error {
			_, err := s.Admit(t.Context(), all[i], b.Event("payment.challenged"))
			return err
		}), "map[:30]")
		open := 0
		for _, p := range all {
			if got := b.Read(p.ID); got.Status == checkout.StatusChallenged {
				open++
			} else if got.Reversal != checkout.ReversalDue {
				t.Errorf("%s: reversal %q", got.Status, got.Reversal)
			}
		}
		if open != 1 {
			t.Errorf("%d attempts are open", open)
		}
	})
}

// TestC28_TwoResolvers lease from one database: each payment goes to one of them.
func TestC28_TwoResolvers(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		stores, b := gateways(t, url, 3)
		l := b.Create(func(l *checkout.Link) { l.Usage = checkout.UsageMulti })
		for range 30 {
			b.Admit(l, func(p *checkout.Payment) { p.DueAt = start })
		}
		var mu sync.Mutex
		times := map[checkout.PaymentID]int{}
		wantTally(t, "leases", atOnce(stores, 30, func(s *sqlstore.Store, _ int) error {
			got, err := s.LeaseDue(t.Context(), start.Add(time.Minute), 4)
			mu.Lock()
			defer mu.Unlock()
			for _, p := range got {
				times[p.ID]++
			}
			return err
		}), "map[:30]")
		for id, n := range times {
			if n != 1 {
				t.Errorf("%s was leased %d times", id, n)
			}
		}
		if len(times) != 30 {
			t.Errorf("%d payments were leased", len(times))
		}
	})
}

// TestI25_TheDatabaseClockDecides: without a test clock, neither the link's nor the payment's own times
// say what time it is.
func TestI25_TheDatabaseClockDecides(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		now, err := s.DatabaseTime(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(now).Abs(); d > 5*time.Second {
			t.Errorf("the database's clock is %s away", d)
		}
		b := storetest.NewBooks(t, s, storetest.NewClock(now))
		for _, row := range []struct {
			from, to time.Duration
			want     error
		}{
			{-time.Hour, time.Hour, nil},
			{-time.Hour, -time.Millisecond, checkout.ErrExpired},
			{time.Hour, 2 * time.Hour, checkout.ErrNotActiveYet},
		} {
			l := b.Create(func(l *checkout.Link) { l.ActiveFrom, l.ExpiresAt = now.Add(row.from), now.Add(row.to) })
			for _, skew := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
				p := b.Payment(l, func(p *checkout.Payment) { p.CreatedAt = now.Add(skew) })
				if _, err := s.Admit(t.Context(), p, b.Event("payment.challenged")); !errors.Is(err, row.want) {
					t.Errorf("open from %s to %s: %v", row.from, row.to, err)
				}
			}
		}
	})
}

// TestI18_TheFeedHasNoGap: three gateways write and place at once, and a reader who goes on behind the last
// event that he read meets every one, once.
func TestI18_TheFeedHasNoGap(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		stores, b := gateways(t, url, 3)
		ctx := t.Context()
		const events = 90
		links := make([]checkout.NewLink, events)
		for i := range links {
			links[i] = b.New(b.Link())
			links[i].Publish = "link.created"
		}
		writing := make(chan struct{})
		go func() {
			defer close(writing)
			wantTally(t, "writes", atOnce(stores, events, func(s *sqlstore.Store, i int) error {
				if err := s.CreateLink(ctx, links[i]); err != nil {
					return err
				}
				all, err := s.Unplaced(ctx, 100)
				if err != nil {
					return err
				}
				return s.Place(ctx, all)
			}), "map[:90]")
		}()
		seen := map[checkout.EventID]int{}
		q := checkout.NoticeQuery{Merchant: b.Merchant, Limit: 7}
		read := func() {
			for more := true; more; {
				page, next, err := stores[1].Notices(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range page {
					seen[n.ID]++
					q.After = n.ID
				}
				more = next
			}
		}
		for over := false; !over; {
			select {
			case <-writing:
				over = true
			default:
			}
			read()
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s was read %d times", id, n)
			}
		}
		if len(seen) != events {
			t.Errorf("%d of %d events were read", len(seen), events)
		}
	})
}

// TestC12_ThreeGatewaysLeaseEachDeliveryOnce: an attempt is one gateway's.
func TestC12_ThreeGatewaysLeaseEachDeliveryOnce(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		stores, b := gateways(t, url, 3)
		e := b.SaveEndpoint()
		for range 30 {
			n := b.New(b.Link())
			n.Publish = "link.created"
			if err := stores[0].CreateLink(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		b.Place()
		var mu sync.Mutex
		times := map[checkout.DeliveryID]int{}
		wantTally(t, "leases", atOnce(stores, 30, func(s *sqlstore.Store, _ int) error {
			got, err := s.LeaseDeliveries(t.Context(), e.ID, start.Add(time.Minute), 4)
			mu.Lock()
			defer mu.Unlock()
			for _, d := range got {
				times[d.ID]++
			}
			return err
		}), "map[:30]")
		for id, n := range times {
			if n != 1 {
				t.Errorf("%s was leased %d times", id, n)
			}
		}
		if len(times) != 30 {
			t.Errorf("%d deliveries were leased", len(times))
		}
	})
}
