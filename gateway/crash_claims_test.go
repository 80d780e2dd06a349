package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
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
