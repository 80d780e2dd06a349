package main

import (
	"context"
	"testing"

	"github.com/odelink/odelink/gateway/testenv"
)

// C21: a gateway whose Redis does not answer when it starts says so once, also when nobody opens a page,
// takes payments all the same without a line for each, and says once when it is back.
func TestC21_aRedisThatIsAwayAtTheStart(t *testing.T) {
	t.Parallel()
	server := testenv.NewRedis(t)
	server.Kill(t)
	c := newCrash(t, rigOptions{redis: server.URL()})
	ctx, stop := context.WithCancel(t.Context())
	ended := c.app.startLoops(ctx)
	defer func() { stop(); <-ended }()
	said := func(msg string) int { return len(c.loggedWith("msg", msg)) }
	const away, back = "Redis does not answer: pages and payments go on from the ledger, limits from this process", "Redis answers again"
	c.until("it is said that Redis is away", func() bool { return said(away) > 0 })
	for range 3 {
		p := c.atBank(nil)
		p.back().wants(200, pagePaid)
	}
	c.app.flow.Wait()
	for _, line := range c.loggedWith("level", "WARN") {
		if line["msg"] != away {
			t.Errorf("said beside it: %v", line)
		}
	}
	server.Start(t)
	c.until("it is said that Redis is back", func() bool { return said(back) > 0 })
	c.must("lines that say that it is away", said(away), 1)
	c.must("lines that say that it is back", said(back), 1)
}
