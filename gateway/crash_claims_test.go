package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/threeds/banksim"
)

// I2, I26: the quick claim spares losers the database and decides nothing. What it says wrongly (a
// payment that is long over has the link; the link is paid) keeps nobody from paying.
func TestI26_aWrongClaimKeepsNobodyFromPaying(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"memory", "redis"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			var opt rigOptions
			if store == "redis" {
				opt.redis = testenv.Redis(t)
			}
			c := newCrash(t, opt)
			hot := c.app.flow.Hot
			for name, wrong := range map[string]func(checkout.Hot) error{
				"a payment that nobody knows has the link": func(h checkout.Hot) error {
					return hot.Claim(context.Background(), h.Token, "pay_0000000000000000000009", time.Hour)
				},
				"the link is said to be paid": func(h checkout.Hot) error {
					h.State, h.Rev, h.PaidBy, h.PaidAt = checkout.HotSpent, h.Rev+1000, "pay_0000000000000000000009", c.clock.Now()
					return hot.Publish(context.Background(), h)
				},
			} {
				t.Log(name)
				p := c.atBank(nil)
				h, err := hot.Open(context.Background(), checkout.Token(p.link["token"].(string)))
				if err != nil {
					t.Fatal(err)
				}
				if err := wrong(h); err != nil {
					t.Fatal(err)
				}
				p.back().wants(http.StatusOK, pagePaid)
				c.ended(p.id, checkout.StatusPaid, "", 1)
			}
			c.proven()
		})
	}
}

// timedClaims are a hot state that notes how long claims last.
type timedClaims struct {
	checkout.LinkStore
	mu   sync.Mutex
	last []time.Duration
}

func (c *timedClaims) Claim(ctx context.Context, t checkout.Token, p checkout.PaymentID, ttl time.Duration) error {
	c.mu.Lock()
	c.last = append(c.last, ttl)
	c.mu.Unlock()
	return c.LinkStore.Claim(ctx, t, p, ttl)
}

// countedReleases are a hot state that counts what is given back, and learns nothing while it is deaf.
type countedReleases struct {
	checkout.LinkStore
	deaf     atomic.Bool
	released atomic.Int32
}

func (c *countedReleases) Publish(ctx context.Context, h checkout.Hot) error {
	if c.deaf.Load() {
		return checkout.ErrHotAway
	}
	return c.LinkStore.Publish(ctx, h)
}

func (c *countedReleases) Release(ctx context.Context, t checkout.Token, p checkout.PaymentID) error {
	c.released.Add(1)
	return c.LinkStore.Release(ctx, t, p)
}

// I26: a claim ends with the newer copy of its link, so it is given back only where that copy was not taken.
func TestI26_aClaimIsGivenBackOnceAtMost(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	hot := &countedReleases{LinkStore: c.app.flow.Hot}
	c.app.flow.Hot = hot
	for deaf, want := range map[bool]int32{false: 0, true: 1} {
		p := c.atBank(nil)
		hot.released.Store(0)
		hot.deaf.Store(deaf)
		p.back().wants(http.StatusOK, pagePaid)
		hot.deaf.Store(false)
		c.ended(p.id, checkout.StatusPaid, "", 1)
		if got := hot.released.Load(); got != want {
			t.Errorf("deaf %v: given back %d times, want %d", deaf, got, want)
		}
	}
}

// I22, I26: the claim of a gateway that dies in the middle ends with its lease on the payment: until then
// nobody else may charge, and from then on its link must not look busy.
func TestI26_aClaimEndsWithTheLease(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	claims := &timedClaims{LinkStore: c.app.flow.Hot}
	c.app.flow.Hot = claims
	p := c.atBank(nil)
	c.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
	begun := c.clock.Now()
	p.back()
	lease := c.ledgerPayment(p.id).Deadline.Sub(begun)
	c.must("claims", fmt.Sprint(claims.last), fmt.Sprint([]time.Duration{lease}))
	c.must("the lease is the call's time and some", lease > c.opt.timing.Provision && lease < c.opt.timing.Provision+time.Minute, true)
}
