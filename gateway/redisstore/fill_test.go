package redisstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
)

// manyCopies are enough to stand on every master of a Cluster.
func manyCopies() (all []checkout.Hot) {
	for n := range 100 {
		all = append(all, storetest.HotCopy(n, time.Now()))
	}
	return all
}

// fills answers a filling, and counts how often it was called.
func fills(s *Store, all []checkout.Hot) (fill func(context.Context) error, calls *int) {
	calls = new(int)
	return func(ctx context.Context) error { *calls++; return s.Fill(ctx, all) }, calls
}

func here(t *testing.T, s *Store, all []checkout.Hot) (n int) {
	t.Helper()
	for _, h := range all {
		switch _, err := s.Open(t.Context(), h.Token); {
		case err == nil:
			n++
		case !errors.Is(err, checkout.ErrNoLink):
			t.Fatal(err)
		}
	}
	return n
}

func TestARedisThatWasEmptiedIsFilledOnce(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			url := server(t)
			flush(t, url)
			s, all := open(t, Config{URL: url}), manyCopies()
			fill, calls := fills(s, all)
			restore := func(want bool) {
				t.Helper()
				ran, err := s.Restore(t.Context(), fill)
				must(t, err)
				if ran != want {
					t.Fatalf("filled: %v, want %v", ran, want)
				}
			}
			restore(true)
			restore(false)
			flush(t, url)
			restore(true)
			if n := here(t, s, all); n != len(all) || *calls != 2 {
				t.Errorf("%d of %d links are here after %d fillings", n, len(all), *calls)
			}
			for key, life := range allKeys(t, url) {
				if life <= 0 || life > longest {
					t.Errorf("%s lives for %v", key, life)
				}
			}
		})
	}
}

// One master of a Cluster that came back without its data is enough.
func TestAMasterThatLostItsPartIsNoticed(t *testing.T) {
	cluster := testenv.NewRedisCluster(t)
	s, all := open(t, Config{URL: cluster.URL()}), manyCopies()
	fill, _ := fills(s, all)
	_, err := s.Restore(t.Context(), fill)
	must(t, err)
	for n, node := range cluster.Nodes {
		node.Do(t, "FLUSHALL")
		if ran, err := s.Restore(t.Context(), fill); err != nil || !ran {
			t.Fatalf("master %d: filled: %v, %v", n, ran, err)
		}
		if n := here(t, s, all); n != len(all) {
			t.Errorf("%d of %d links are here", n, len(all))
		}
	}
}

// Two gateways notice at the same moment; while one fills, the other does not read the whole ledger as well.
func TestOneGatewayFillsAtATime(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			url := server(t)
			flush(t, url)
			one, other := open(t, Config{URL: url}), open(t, Config{URL: url})
			nothing := func(context.Context) error { return nil }
			ran, err := one.Restore(t.Context(), func(ctx context.Context) error {
				if ran, err := other.Restore(ctx, nothing); ran || err != nil {
					t.Errorf("the other fills, too: %v, %v", ran, err)
				}
				return nil
			})
			if !ran || err != nil {
				t.Fatalf("filled: %v, %v", ran, err)
			}
			if ran, err := other.Restore(t.Context(), nothing); ran || err != nil {
				t.Errorf("filled again: %v, %v", ran, err)
			}
		})
	}
}

func TestAFillingThatDidNotEndWellIsRepeated(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			url := server(t)
			flush(t, url)
			s, cause := open(t, Config{URL: url}), errors.New("the ledger is away")
			ran, err := s.Restore(t.Context(), func(context.Context) error { return cause })
			if !ran || !errors.Is(err, cause) {
				t.Errorf("a filling that failed: %v, %v", ran, err)
			}
			ran, err = s.Restore(t.Context(), func(context.Context) error { flush(t, url); return nil })
			if !ran || !errors.Is(err, errLostAgain) {
				t.Errorf("emptied during a filling: %v, %v", ran, err)
			}
			if ran, err := s.Restore(t.Context(), func(context.Context) error { return nil }); !ran || err != nil {
				t.Errorf("the third time: %v, %v", ran, err)
			}
		})
	}
}

// What is in Redis is as new as the ledger's page that a filling has in its hands, or newer, and may be claimed.
func TestAFillingReplacesNothing(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			url := server(t)
			flush(t, url)
			s, old := open(t, Config{URL: url}), storetest.HotCopy(1, time.Now())
			edited := old
			edited.Rev, edited.Amount.Minor = old.Rev+1, 99
			must(t, s.Publish(t.Context(), edited))
			must(t, s.Claim(t.Context(), edited.Token, "pay_1", time.Minute))
			must(t, s.Fill(t.Context(), []checkout.Hot{old}))
			h, err := s.Open(t.Context(), old.Token)
			must(t, err)
			if h.Rev != edited.Rev || h.Amount.Minor != 99 || h.State != checkout.HotBusy {
				t.Errorf("rev %d, %d, state %q", h.Rev, h.Amount.Minor, h.State)
			}
		})
	}
}

// Beside payers Redis may be too slow twice in a row. A filling of millions waits for the breaker, and does not begin
// anew.
func TestAFillingOutlivesAnOpenBreaker(t *testing.T) {
	s, all := open(t, Config{URL: testenv.Redis(t)}), manyCopies()
	for range tripAfter {
		s.breaker.saw(errSlow)
	}
	if s.breaker.ready() {
		t.Fatal("the breaker is closed: nothing is tried")
	}
	must(t, s.Fill(t.Context(), all))
	if n := here(t, s, all); n != len(all) {
		t.Errorf("%d of %d links are here", n, len(all))
	}
}
